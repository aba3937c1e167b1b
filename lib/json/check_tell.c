/* See check_tell.h: faults as text and JSON. Both are bounded, whatever names and values the data holds. */
#include "json/check_tell.h"

#include "base/log.h"

#define POINTER_TEXT 200  /* bytes of a pointer in text */
#define POINTER_JSON 4096 /* and in JSON */
#define SNIPPET 60        /* bytes of text around a place that is no JSON */

static void add_cut(struct buf *b, const char *s, size_t max) {
    size_t n = strlen(s);
    if (n <= max) {
        buf_add(b, s, n);
        return;
    }
    n = max - 3;
    while (n && ((unsigned char)s[n] & 0xC0) == 0x80) n--;
    buf_add(b, s, n);
    buf_str(b, "...");
}

/* A name or a value may hold line breaks; a fault is one line. */
static void add_line(struct buf *b, struct buf *text) {
    struct buf flat = {0};
    for (size_t i = 0; i < text->n; i++) {
        if (text->p[i] == '\n')
            buf_str(&flat, "\\n");
        else if (text->p[i] == '\t')
            buf_str(&flat, "\\t");
        else
            buf_chr(&flat, text->p[i]);
    }
    log_clean(b, (struct sv){flat.p, flat.n});
    buf_chr(b, '\n');
    buf_free(&flat);
}

void check_tell_text(struct buf *b, const char *file, uint64_t line, const struct schema_fault *f, bool place) {
    struct buf text = {0};
    buf_fmt(&text, "%s:%llu: ", file, (unsigned long long)line);
    add_cut(&text, f->pointer[0] ? f->pointer : "/", POINTER_TEXT);
    buf_fmt(&text, ": %s: expected %s, found %s", f->keyword, f->expected, f->found);
    if (place && f->schema) buf_fmt(&text, " (%s)", f->schema);
    add_line(b, &text);
    buf_free(&text);
}

void check_tell_json(struct buf *b, const char *file, uint64_t line, const struct schema_fault *f) {
    struct buf pointer = {0};
    add_cut(&pointer, f->pointer, POINTER_JSON);
    const struct {
        const char *name, *value;
    } parts[] = {{"pointer", buf_text(&pointer)},
                 {"keyword", f->keyword},
                 {"expected", f->expected},
                 {"found", f->found},
                 {"schema", f->schema}};
    buf_chr(b, '{');
    if (file) {
        buf_str(b, "\"file\":");
        json_text_quote(b, file);
        buf_chr(b, ',');
    }
    buf_fmt(b, "\"line\":%llu", (unsigned long long)line);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i].value) continue;
        buf_fmt(b, ",\"%s\":", parts[i].name);
        json_text_quote(b, parts[i].value);
    }
    buf_chr(b, '}');
    buf_free(&pointer);
}

uint64_t check_tell_line(const struct rec *r, size_t at) {
    uint64_t line = r->line;
    for (const char *p = r->text, *end = p + at; (p = memchr(p, '\n', (size_t)(end - p))); p++) line++;
    return line;
}

/* The text around a place in its line. */
static const char *snippet(const struct rec *r, size_t at, struct arena *a) {
    const char *text = r->text, *end = text + r->len, *here = text + at;
    const char *start = at ? memrchr(text, '\n', at) : NULL,
               *stop = here < end ? memchr(here, '\n', (size_t)(end - here)) : NULL;
    start = start ? start + 1 : text;
    if (!stop) stop = end;
    const char *from = here - start > SNIPPET / 2 ? here - SNIPPET / 2 : start;
    const char *to = stop - from > SNIPPET ? from + SNIPPET : stop;
    while (from > start && from < here && ((unsigned char)*from & 0xC0) == 0x80) from++;
    while (to < stop && to > here && ((unsigned char)*to & 0xC0) == 0x80) to--;
    if (from == to) return "nothing more";
    return arena_fmt(a, "%s%.*s%s", from > start ? "..." : "", (int)(to - from), from, to < stop ? "..." : "");
}

struct schema_fault check_tell_unread(const struct rec *r, struct arena *a) {
    size_t line, column, at = r->bad_at < r->len ? r->bad_at : r->len;
    json_line_col(r->text, r->len, at, &line, &column);
    bool placed = r->bad_at > 0 && r->bad_at <= r->len; /* what concerns the whole line has no place in it */
    return (struct schema_fault){.pointer = "",
                                 .keyword = "parse",
                                 .expected = placed ? arena_fmt(a, "JSON (%s, column %zu)", r->bad, column)
                                                    : arena_fmt(a, "JSON (%s)", r->bad),
                                 .found = snippet(r, at, a)};
}
