/* Where records go: accepted ones in runs, a line for each rejected one, and duplicates that come out late. */
#include "quality/quality_impl.h"

static void reject_line(struct buf *b, const char *file, uint64_t line, const struct quality *q, const struct reason *r,
                        size_t n, const char *text, size_t len, bool is_json) {
    buf_str(b, "{\"file\":");
    json_text_quote(b, file);
    buf_fmt(b, ",\"line\":%llu,\"reasons\":[", (unsigned long long)line);
    for (size_t i = 0; i < n; i++) {
        buf_fmt(b, "%s{\"check\":", i ? "," : "");
        json_text_quote(b, q->checks[r[i].check].src->type);
        const struct {
            const char *name, *value;
        } parts[] = {{"field", r[i].field},
                     {"pointer", r[i].pointer},
                     {"keyword", r[i].keyword},
                     {"expected", r[i].expected},
                     {"found", r[i].found}};
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            if (!parts[k].value || (!*parts[k].value && k != 1)) continue;
            buf_fmt(b, ",\"%s\":", parts[k].name);
            json_text_quote(b, parts[k].value);
        }
        buf_chr(b, '}');
    }
    if (is_json) {
        buf_str(b, "],\"record\":");
        buf_add(b, text, len);
    } else {
        buf_str(b, "],\"raw\":");
        json_quote(b, (struct sv){text, len > 65536 ? 65536 : len});
    }
    buf_str(b, "}\n");
}

const char *input_name(const struct quality *q, uint32_t file) {
    const char *name = q->reader ? reader_name(q->reader, file) : "";
    size_t n = q->cfg.home ? strlen(q->cfg.home) : 0;
    return n && strncmp(name, q->cfg.home, n) == 0 && name[n] == '/' ? name + n + 1 : name;
}

int send_reject(struct quality *q, const struct rec *r, const struct reason *reasons, size_t n, struct err *e) {
    q->line.n = 0;
    q->rejected++;
    reject_line(&q->line, input_name(q, r->file), r->line, q, reasons, n, r->text, r->len, !r->bad);
    return q->out->reject(q->out->ctx, q->line.p, q->line.n, e);
}

/* Send a run of accepted records; those that lie one after another in the block go in one piece. */
int send_accepted(struct quality *q, const struct batch *b, size_t from, size_t to, struct err *e) {
    while (from < to) {
        const char *start = b->r[from].text, *end = start + b->r[from].len;
        size_t n = 1;
        while (from + n < to && *end == '\n' && b->r[from + n].text == end + 1) {
            end += 1 + b->r[from + n].len;
            n++;
        }
        bool whole = *end == '\n'; /* the line break comes along where the block has it */
        int rc = q->out->accept(q->out->ctx, start, (size_t)(end - start) + whole, n, e);
        if (rc == ERR_OK && !whole) rc = q->out->accept(q->out->ctx, "\n", 1, 0, e);
        if (rc) return rc;
        from += n;
        q->accepted += n;
    }
    return ERR_OK;
}

struct reason duplicate_of(const struct quality *q, uint32_t check, uint64_t first, uint32_t rec, struct arena *a) {
    return (struct reason){.rec = rec,
                           .check = check,
                           .field = q->checks[check].src->field,
                           .found = "",
                           .expected = arena_fmt(a, "unique (line %llu)", (unsigned long long)first)};
}

int quality_keep(void *quality, uint64_t row, const char *line, size_t n, bool *keep, struct err *e) {
    struct quality *q = quality;
    int rc = ERR_OK;
    *keep = true;
    /* several unique checks may name the same row: one reject line, all of its reasons */
    struct reason *reasons = q->drop_reasons;
    size_t k = 0;
    uint64_t at = 0;
    uint32_t file = 0;
    struct arena a = {0};
    while (q->next_drop && get_be64(q->next_drop->ordinal) == row) {
        const struct drop_entry *d = q->next_drop;
        uint32_t check = 0;
        for (int i = 0; i < 4; i++) check = check << 8 | d->check[i];
        at = d->line;
        file = d->file;
        reasons[k++] = duplicate_of(q, check, d->first, 0, &a);
        q->next_drop = sorter_next(q->drops, &rc, e);
        if (rc) break;
    }
    if (k && rc == ERR_OK) {
        *keep = false;
        q->line.n = 0;
        reject_line(&q->line, input_name(q, file), at, q, reasons, k, line, n, true);
        rc = q->out->reject(q->out->ctx, q->line.p, q->line.n, e);
    }
    arena_free(&a);
    return rc;
}
