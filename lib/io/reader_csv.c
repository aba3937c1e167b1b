/*
 * CSV rows, by RFC 4180: quoted fields may hold the delimiter, line breaks and doubled quotes; LF or CRLF. Here the
 * header is read and rows are found; see csv.h for what becomes of them.
 */
#include "io/csv.h"
#include "io/reader_impl.h"

/* Length of the row at win_at including its line break; 0 when more bytes are needed. *lines counts
 * the line breaks inside it; *open tells of a quote that is not closed at the end of the input. */
static size_t quoted_row(struct reader *r, uint64_t *lines, bool *open) {
    bool quoted = false, at_start = true;
    *lines = 0;
    *open = false;
    for (size_t i = r->win_at; i < r->win_n; i++) {
        char c = r->win[i];
        if (quoted) {
            if (c == '\n') (*lines)++;
            if (c != '"') continue;
            if (i + 1 == r->win_n && !r->eof) return 0; /* doubled or closing: the next byte tells */
            if (i + 1 < r->win_n && r->win[i + 1] == '"')
                i++;
            else
                quoted = false;
        } else if (c == '"' && at_start) {
            quoted = true;
            at_start = false;
        } else if (c == '\n') {
            (*lines)++;
            return i + 1 - r->win_at;
        } else {
            at_start = c == r->opt.delimiter;
        }
    }
    *open = quoted;
    return r->eof ? r->win_n - r->win_at : 0;
}

/* The header itself is over the limit: without it no row means anything. */
static int no_header(const struct reader *r, struct err *e) {
    return err_set(e, ERR_LIMIT, "%s:1: the header is over the size limit of %zu bytes (--max-line)",
                   reader_name(r, r->file), r->opt.max_line);
}

static void add_over_long(struct reader *r, struct rblock *b, size_t n) {
    if (n > 256) n = 256;
    if (n > r->opt.max_line) n = r->opt.max_line;
    struct rline *l = reader_push(b, r, r->win_at, n);
    l->bad = "row is over the size limit";
    l->bad_at = (uint32_t)r->opt.max_line;
}

static int take_header(struct reader *r, const char *text, size_t n, struct err *e) {
    r->have_header = true;
    if (n > r->opt.max_line) return no_header(r, e);
    if (r->csv && sv_eq(r->csv->header, (struct sv){text, n})) return ERR_OK; /* as in the file before */
    csv_shape_leave(r->csv);
    r->csv = NULL;
    return csv_shape_read(&r->csv, text, n, &r->opt, reader_name(r, r->file), e);
}

/* Leave out an over-long row up to its line break outside quotes; false when that is not in the window. */
static bool skip_rest(struct reader *r) {
    struct csv_skip *k = &r->skip;
    while (r->win_at < r->win_n) {
        char c = r->win[r->win_at++];
        if (c == '\n') r->line++;
        if (c == '"' && (k->quoted || k->at_start || k->closed)) { /* a doubled quote closes and opens again */
            k->quoted = !k->quoted;
            k->closed = !k->quoted;
            k->at_start = false;
            continue;
        }
        k->closed = false;
        if (!k->quoted && c == '\n') {
            r->skipping = false;
            return true;
        }
        k->at_start = !k->quoted && c == r->opt.delimiter;
    }
    return false;
}

/* The same. Where no quote stands before the next line break, that is its end; *quote is the next one in the window. */
static size_t row_length(struct reader *r, const char **quote, uint64_t *lines, bool *open) {
    *lines = 0;
    *open = false;
    if (r->win_at == r->win_n) return 0; /* before the first bytes there is no window either */
    const char *p = r->win + r->win_at, *end = r->win + r->win_n;
    if (!*quote || *quote < p) {
        *quote = memchr(p, '"', (size_t)(end - p));
        if (!*quote) *quote = end;
    }
    const char *nl = p < *quote ? memchr(p, '\n', (size_t)(*quote - p)) : NULL;
    if (!nl && *quote < end) return quoted_row(r, lines, open);
    *lines = nl != NULL;
    return nl ? (size_t)(nl + 1 - p) : r->eof ? (size_t)(end - p) : 0;
}

/* What the block will be as JSON, about: control characters, which become six, are not foreseen. */
static size_t will_be(const struct reader *r, size_t row) {
    return row + (r->csv ? r->csv->room : 0);
}

/* The next row of the window, without its line break, or its header. */
static int take_row(struct reader *r, struct rblock *b, size_t n, uint64_t lines, size_t *json, struct err *e) {
    const char *row = r->win + r->win_at;
    bool ended = row[n - 1] == '\n';
    size_t len = ended ? n - 1 : n;
    int rc = ERR_OK;
    if (len && row[len - 1] == '\r') len--;
    r->line++;
    if (len && !r->have_header) {
        rc = take_header(r, row, len, e);
    } else if (len > r->opt.max_line) {
        add_over_long(r, b, len);
    } else if (len) {
        reader_push(b, r, r->win_at, len);
        *json += will_be(r, len);
    }
    if (!ended) r->torn = bytes_is_pipe(r->in);
    r->line += lines > 1 ? lines - 1 : 0;
    if (!ended && lines) r->line++;
    r->win_at += n;
    return rc;
}

static int not_closed(const struct reader *r, struct err *e) {
    return err_set(e, ERR_INCOMPLETE, "%s:%llu: a quoted field is not closed", reader_name(r, r->file),
                   (unsigned long long)r->line + 1);
}

int reader_csv(struct reader *r, struct rblock *b, struct err *e) {
    const char *quote = NULL;
    size_t json = 0;
    int rc = ERR_OK;
    while (json < 2 * r->opt.block && rc == ERR_OK) {
        uint64_t lines;
        bool open;
        size_t n = 0;
        if (!r->skipping || skip_rest(r)) {
            n = row_length(r, &quote, &lines, &open);
        } else if (r->eof) {
            if (r->skip.quoted) rc = not_closed(r, e);
            break;
        }
        if (n && open) {
            rc = not_closed(r, e);
        } else if (n) {
            rc = take_row(r, b, n, lines, &json, e);
        } else if (r->eof) {
            break;
        } else if (!r->skipping && r->win_n - r->win_at > r->opt.max_line + 2) {
            if (!r->have_header) return no_header(r, e);
            r->line++;
            add_over_long(r, b, r->win_n - r->win_at);
            r->line--; /* counted when its end is found */
            r->skipping = true;
            r->skip = (struct csv_skip){.at_start = true};
        } else if (b->n) {
            break; /* deliver what is complete before reading on */
        } else {
            rc = reader_fill(r, e);
            quote = NULL;
        }
    }
    if (rc || !b->n) return rc;
    struct buf was = b->data; /* storage of objects stays with objects, that of rows with rows */
    b->data = b->spare;
    b->spare = was;
    reader_hand_over(r, b, r->win_at);
    b->csv = r->csv;
    csv_shape_join(b->csv);
    return ERR_OK;
}
