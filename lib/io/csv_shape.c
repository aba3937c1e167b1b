/* The header of a CSV file; see csv.h. */
#include "io/csv.h"

/* A header beyond these is nobody's table, but a way to make megabytes of JSON of every short row. */
#define COLUMNS_MAX 100000
#define NAME_MAX_BYTES 1000

static int by_key(const void *x, const void *y) {
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* A name that stands twice, as the JSON key it became; NULL when there is none. */
static const char *named_twice(const struct csv_shape *s) {
    const char **keys = mem_alloc((s->ncols + 1) * sizeof *keys), *twice = NULL;
    for (size_t i = 0; i < s->ncols; i++) keys[i] = s->cols[i].key + 1;
    qsort(keys, s->ncols, sizeof *keys, by_key);
    for (size_t i = 1; i < s->ncols && !twice; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0) twice = keys[i];
    free(keys);
    return twice;
}

static void add_column(struct csv_shape *s, struct sv name, const struct reader_opt *opt, size_t *cap) {
    char unnamed[32];
    struct buf key = {0};
    if (!name.n) {
        snprintf(unnamed, sizeof unnamed, "column_%zu", s->ncols + 1);
        name = sv_of(unnamed);
    }
    buf_chr(&key, s->ncols ? ',' : '{');
    json_quote(&key, name);
    buf_chr(&key, ':');
    if (s->ncols == *cap) {
        *cap = *cap ? *cap * 2 : 16;
        s->cols = mem_grow(s->cols, *cap * sizeof *s->cols);
    }
    char *copy = arena_alloc(&s->a, key.n + CSV_PAD);
    memcpy(copy, key.p, key.n);
    s->cols[s->ncols++] = (struct csv_column){copy, (uint32_t)key.n, opt->column ? opt->column(opt->ctx, name) : 't'};
    s->room += key.n + 4; /* null where there is nothing, else at most two quotes */
    buf_free(&key);
}

static int read_names(struct csv_shape *s, const struct reader_opt *opt, const char *file, struct err *e) {
    struct buf scratch = {0};
    struct csv_field f;
    bool more = true, too_long = false;
    const char *p = s->header.p, *end = p + s->header.n, *twice;
    size_t cap = 0, at;
    if (!csv_utf8(p, s->header.n, &at))
        return err_set(
            e, ERR_DATA,
            "%s:1: byte %zu of the header is not UTF-8; if the file is CP949, declare \"encoding\": \"cp949\"", file,
            at + 1);
    while (!too_long && s->ncols <= COLUMNS_MAX && csv_field_next(s->delimiter, &p, end, &more, &scratch, &f)) {
        add_column(s, csv_field_text(&f, &scratch), opt, &cap);
        too_long = f.n > NAME_MAX_BYTES;
    }
    buf_free(&scratch);
    if (too_long)
        return err_set(e, ERR_LIMIT, "%s:1: the name of column %zu is longer than %d bytes", file, s->ncols,
                       NAME_MAX_BYTES);
    if (s->ncols > COLUMNS_MAX)
        return err_set(e, ERR_LIMIT, "%s:1: the header names more than %d columns", file, COLUMNS_MAX);
    if ((twice = named_twice(s)))
        return err_set(e, ERR_DATA, "%s:1: the header names column %.*s twice", file, (int)strlen(twice) - 1, twice);
    return ERR_OK;
}

int csv_shape_read(struct csv_shape **out, const char *text, size_t n, const struct reader_opt *opt, const char *name,
                   struct err *e) {
    struct csv_shape *s = mem_alloc(sizeof *s);
    s->users = 1;
    s->delimiter = opt->delimiter;
    s->header = (struct sv){arena_strn(&s->a, text, n), n};
    int rc = read_names(s, opt, name, e);
    if (rc)
        csv_shape_leave(s);
    else
        *out = s;
    return rc;
}

void csv_shape_join(struct csv_shape *s) {
    s->users++;
}

void csv_shape_leave(struct csv_shape *s) {
    if (!s || --s->users) return;
    free(s->cols);
    arena_free(&s->a);
    free(s);
}
