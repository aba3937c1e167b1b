/* See check_tell.h: the summary. Paths come from the data, so the table has an end; what is beyond it is counted only.
 */
#include "json/check_tell.h"

#include "base/log.h"

#define ROWS_MAX 10000
#define ROWS_LOGGED 20
#define PATH_MAX_KEPT 1000 /* bytes */
#define PATH_MAX_TOLD 60

static void add_segment(struct buf *b, const char *name) {
    buf_chr(b, '/');
    for (const char *p = name; *p; p++) {
        if (*p == '~' || *p == '/')
            buf_str(b, *p == '~' ? "~0" : "~1");
        else
            buf_chr(b, *p);
    }
}

const char *check_sum_path(struct arena *a, const struct schema_fault *f) {
    struct buf b = {0};
    for (const char *p = f->pointer; *p;) {
        buf_chr(&b, *p++); /* the slash */
        size_t n = strcspn(p, "/");
        bool index = n > 0 && strspn(p, "0123456789") >= n;
        if (index)
            buf_chr(&b, '*');
        else
            buf_add(&b, p, n);
        p += n;
    }
    if (f->word && strcmp(f->keyword, "enum") != 0) add_segment(&b, f->word);
    const char *path = arena_strn(a, buf_text(&b), b.n < PATH_MAX_KEPT ? b.n : PATH_MAX_KEPT);
    buf_free(&b);
    return path;
}

void check_sum_add(struct check_sum *s, const char *keyword, const char *path, const char *file, uint64_t line) {
    struct arena key = {0};
    const char *text = arena_fmt(&key, "%s %s", keyword, path);
    uint32_t k = schema_set_find(&s->known, sv_of(text));
    s->faults++;
    if (k == UINT32_MAX && s->n < ROWS_MAX) {
        k = s->n++;
        if (k == s->cap) {
            s->cap = s->cap ? s->cap * 2 : 64;
            s->rows = mem_grow(s->rows, s->cap * sizeof *s->rows);
        }
        schema_set_add(&s->known, &s->a, sv_of(arena_str(&s->a, text)), k);
        s->rows[k] = (struct check_row){.keyword = arena_str(&s->a, keyword),
                                        .path = arena_str(&s->a, path),
                                        .file = arena_str(&s->a, file),
                                        .line = line};
    }
    if (k == UINT32_MAX)
        s->others++;
    else
        s->rows[k].count++;
    arena_free(&key);
}

/* The most frequent first; of equals the one that came first, which stands first in the table too. */
static int by_count(const void *x, const void *y) {
    const struct check_row *a = x, *b = y;
    if (a->count != b->count) return a->count > b->count ? -1 : 1;
    int c = strcmp(a->file, b->file);
    if (c == 0) c = (a->line > b->line) - (a->line < b->line);
    if (c == 0) c = strcmp(a->path, b->path);
    return c ? c : strcmp(a->keyword, b->keyword);
}

static void sort(struct check_sum *s) {
    if (s->n) qsort(s->rows, s->n, sizeof *s->rows, by_count);
    s->known = (struct strset){0}; /* the numbers in it hold no more */
}

static const char *path_told(struct arena *a, const char *path) {
    size_t n = strlen(path);
    if (n == 0) return "/";
    if (n <= PATH_MAX_TOLD) return path;
    for (n = PATH_MAX_TOLD - 3; n && ((unsigned char)path[n] & 0xC0) == 0x80;) n--;
    return arena_fmt(a, "%.*s...", (int)n, path);
}

void check_sum_log(struct check_sum *s) {
    log_info("%llu record%s, %llu invalid", (unsigned long long)s->records, s->records == 1 ? "" : "s",
             (unsigned long long)s->invalid);
    if (!s->n) return;
    sort(s);
    size_t width = strlen("path");
    uint32_t rows = s->n < ROWS_LOGGED ? s->n : ROWS_LOGGED;
    for (uint32_t k = 0; k < rows; k++) {
        size_t n = strlen(path_told(&s->a, s->rows[k].path));
        if (n > width) width = n;
    }
    log_info("%8s  %-20s  %-*s  first at", "times", "keyword", (int)width, "path");
    for (uint32_t k = 0; k < rows; k++) {
        const struct check_row *r = &s->rows[k];
        log_info("%8llu  %-20s  %-*s  %s:%llu", (unsigned long long)r->count, r->keyword, (int)width,
                 path_told(&s->a, r->path), r->file, (unsigned long long)r->line);
    }
    if (s->n > rows) log_info("and %u more kinds", s->n - rows);
    if (s->full) log_info("%llu records break more rules than are told of one record", (unsigned long long)s->full);
}

void check_sum_json(struct check_sum *s, struct buf *b, const char *schema, bool whole) {
    sort(s);
    buf_str(b, "{\"schema\":");
    json_text_quote(b, schema);
    buf_fmt(b, ",\"whole\":%s,\"records\":%llu,\"valid\":%llu,\"invalid\":%llu,\"broken_rules\":%llu,\"rules\":[",
            whole ? "true" : "false", (unsigned long long)s->records, (unsigned long long)(s->records - s->invalid),
            (unsigned long long)s->invalid, (unsigned long long)s->faults);
    for (uint32_t k = 0; k < s->n; k++) {
        const struct check_row *r = &s->rows[k];
        buf_fmt(b, "%s\n {\"count\":%llu,\"keyword\":", k ? "," : "", (unsigned long long)r->count);
        json_text_quote(b, r->keyword);
        buf_str(b, ",\"path\":");
        json_text_quote(b, r->path);
        buf_str(b, ",\"first\":{\"file\":");
        json_text_quote(b, r->file);
        buf_fmt(b, ",\"line\":%llu}}", (unsigned long long)r->line);
    }
    buf_fmt(b, "%s],\"others\":%llu}\n", s->n ? "\n" : "", (unsigned long long)s->others);
}

void check_sum_free(struct check_sum *s) {
    free(s->rows);
    arena_free(&s->a);
    *s = (struct check_sum){0};
}
