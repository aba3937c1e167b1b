/*
 * CSV rows as JSON objects, by RFC 4180: quoted fields may hold the delimiter, line breaks and
 * doubled quotes; LF or CRLF. The header names the columns. An empty unquoted field is null; a
 * quoted empty one is "". A column declared as a number keeps the digits as they were written where
 * they are a JSON number, and the text where they are not, so that the schema can say what is wrong.
 */
#include "io/reader_impl.h"

/* A header beyond these is nobody's table, but a way to make megabytes of JSON of every short row. */
#define COLUMNS_MAX 100000
#define NAME_MAX_BYTES 1000

void reader_csv_reset(struct reader *r) {
    arena_free(&r->keys);
    free(r->cols);
    r->cols = NULL;
    r->ncols = 0;
    r->have_header = false;
}

/* Length of the row at win_at including its line break; 0 when more bytes are needed. *lines counts
 * the line breaks inside it; *open tells of a quote that is not closed at the end of the input. */
static size_t row_length(struct reader *r, uint64_t *lines, bool *open) {
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

struct field {
    const char *p;
    size_t n;
    bool quoted;
};

/* Next field of the row [*p, end); a quoted one is unfolded into scratch where it holds doubled quotes. */
static bool next_field(struct reader *r, const char **p, const char *end, bool *more, struct buf *scratch,
                       struct field *f) {
    const char *s = *p;
    if (!*more) return false;
    f->quoted = s < end && *s == '"';
    if (f->quoted) {
        size_t from = scratch->n;
        s++;
        while (s < end) {
            const char *q = memchr(s, '"', (size_t)(end - s));
            if (!q) q = end;
            buf_add(scratch, s, (size_t)(q - s));
            s = q < end ? q + 1 : end;
            if (s < end && *s == '"') {
                buf_chr(scratch, '"');
                s++;
                continue;
            }
            break;
        }
        const char *tail = s;
        while (s < end && *s != r->opt.delimiter) s++;
        buf_add(scratch, tail, (size_t)(s - tail)); /* text after the closing quote is kept, as written */
        f->n = scratch->n - from;
        f->p = (const char *)from; /* an offset until the scratch stands still */
    } else {
        const char *q = memchr(s, r->opt.delimiter, (size_t)(end - s));
        s = q ? q : end;
        f->p = *p;
        f->n = (size_t)(s - *p);
    }
    *more = s < end;
    *p = s < end ? s + 1 : s;
    return true;
}

static bool json_number(const char *p, size_t n) {
    size_t i = 0;
#define DIGITS(first)                                                                                                  \
    do {                                                                                                               \
        size_t from = i;                                                                                               \
        while (i < n && (unsigned)(p[i] - '0') < 10) i++;                                                              \
        if (i == from) return false;                                                                                   \
        if (first && p[from] == '0' && i - from > 1) return false;                                                     \
    } while (0)
    if (i < n && p[i] == '-') i++;
    DIGITS(true);
    if (i < n && p[i] == '.') {
        i++;
        DIGITS(false);
    }
    if (i < n && (p[i] == 'e' || p[i] == 'E')) {
        i++;
        if (i < n && (p[i] == '+' || p[i] == '-')) i++;
        DIGITS(false);
    }
#undef DIGITS
    return i == n;
}

static void add_value(struct buf *b, const struct csv_column *c, struct sv v, bool quoted) {
    if (!v.n && !quoted)
        buf_str(b, "null");
    else if (c->kind == 'n' && json_number(v.p, v.n))
        buf_sv(b, v);
    else if (c->kind == 'b' && (sv_is(v, "true") || sv_is(v, "false")))
        buf_sv(b, v);
    else
        json_quote(b, v);
}

static bool valid_utf8(const char *p, size_t n, size_t *at) {
    const unsigned char *u = (const unsigned char *)p;
    for (size_t i = 0; i < n;) {
        size_t k = u[i] < 0x80                    ? 1
                   : u[i] >= 0xC2 && u[i] <= 0xDF ? 2
                   : (u[i] & 0xF0) == 0xE0        ? 3
                   : u[i] >= 0xF0 && u[i] <= 0xF4 ? 4
                                                  : 0;
        bool ok = k && i + k <= n && u[i];
        for (size_t j = 1; ok && j < k; j++) ok = (u[i + j] & 0xC0) == 0x80;
        if (ok && k == 3) ok = !(u[i] == 0xE0 && u[i + 1] < 0xA0) && !(u[i] == 0xED && u[i + 1] > 0x9F);
        if (ok && k == 4) ok = !(u[i] == 0xF0 && u[i + 1] < 0x90) && !(u[i] == 0xF4 && u[i + 1] > 0x8F);
        if (!ok) {
            *at = i;
            return false;
        }
        i += k;
    }
    return true;
}

static int by_key(const void *x, const void *y) {
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* A name that stands twice, as the JSON key it became; NULL when there is none. */
static const char *named_twice(const struct reader *r) {
    const char **keys = mem_alloc((r->ncols + 1) * sizeof *keys), *twice = NULL;
    for (size_t i = 0; i < r->ncols; i++) keys[i] = r->cols[i].key;
    qsort(keys, r->ncols, sizeof *keys, by_key);
    for (size_t i = 1; i < r->ncols && !twice; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0) twice = keys[i];
    free(keys);
    return twice;
}

static void add_column(struct reader *r, struct sv name, size_t *cap) {
    char unnamed[32];
    struct buf key = {0};
    if (!name.n) {
        snprintf(unnamed, sizeof unnamed, "column_%zu", r->ncols + 1);
        name = sv_of(unnamed);
    }
    json_quote(&key, name);
    buf_chr(&key, ':');
    if (r->ncols == *cap) {
        *cap = *cap ? *cap * 2 : 16;
        r->cols = mem_grow(r->cols, *cap * sizeof *r->cols);
    }
    r->cols[r->ncols++] =
        (struct csv_column){arena_strn(&r->keys, key.p, key.n), r->opt.column ? r->opt.column(r->opt.ctx, name) : 't'};
    buf_free(&key);
}

static int read_header(struct reader *r, const char *row, size_t n, struct err *e) {
    struct buf scratch = {0};
    struct field f;
    bool more = true;
    const char *p = row, *end = row + n, *name = reader_name(r, r->file), *twice;
    size_t cap = 0, at;
    if (!valid_utf8(row, n, &at))
        return err_set(
            e, ERR_DATA,
            "%s:1: byte %zu of the header is not UTF-8; if the file is CP949, declare \"encoding\": \"cp949\"", name,
            at + 1);
    bool too_long = false;
    while (!too_long && r->ncols <= COLUMNS_MAX && next_field(r, &p, end, &more, &scratch, &f)) {
        add_column(r, f.quoted ? (struct sv){buf_text(&scratch) + (uintptr_t)f.p, f.n} : (struct sv){f.p, f.n}, &cap);
        too_long = f.n > NAME_MAX_BYTES;
    }
    buf_free(&scratch);
    r->have_header = true;
    if (too_long)
        return err_set(e, ERR_LIMIT, "%s:1: the name of column %zu is longer than %d bytes", name, r->ncols,
                       NAME_MAX_BYTES);
    if (r->ncols > COLUMNS_MAX)
        return err_set(e, ERR_LIMIT, "%s:1: the header names more than %d columns", name, COLUMNS_MAX);
    if ((twice = named_twice(r)))
        return err_set(e, ERR_DATA, "%s:1: the header names column %.*s twice", name, (int)strlen(twice) - 1, twice);
    return ERR_OK;
}

/* The header itself is over the limit: without it no row means anything. */
static int no_header(const struct reader *r, struct err *e) {
    return err_set(e, ERR_LIMIT, "%s:1: the header is over the size limit of %zu bytes (--max-line)",
                   reader_name(r, r->file), r->opt.max_line);
}

static void add_over_long(struct reader *r, struct rblock *b, const char *row, size_t n) {
    size_t off = b->data.n;
    if (n > 256) n = 256;
    if (n > r->opt.max_line) n = r->opt.max_line;
    buf_add(&b->data, row, n);
    struct rline *l = reader_push(b, r, off, n);
    l->bad = "row is over the size limit";
    l->bad_at = (uint32_t)r->opt.max_line;
}

static void add_row(struct reader *r, struct rblock *b, const char *row, size_t n, struct buf *scratch) {
    size_t off = b->data.n, at;
    if (n > r->opt.max_line) {
        add_over_long(r, b, row, n);
        return;
    }
    if (!valid_utf8(row, n, &at)) {
        buf_add(&b->data, row, n);
        struct rline *l = reader_push(b, r, off, n);
        l->bad = row[at] ? "invalid UTF-8" : "NUL byte";
        l->bad_at = (uint32_t)at;
        return;
    }
    if (n >= 3 && memcmp(row, "\xEF\xBB\xBF", 3) == 0) { /* it would become a letter of the first value, unseen */
        buf_add(&b->data, row, n);
        reader_push(b, r, off, n)->bad = "byte order mark in the middle of the input (files put together?)";
        return;
    }
    struct field f;
    bool more = true;
    const char *p = row, *end = row + n;
    size_t k = 0;
    scratch->n = 0;
    buf_chr(&b->data, '{');
    while (next_field(r, &p, end, &more, scratch, &f)) {
        if (k < r->ncols) {
            if (k) buf_chr(&b->data, ',');
            buf_str(&b->data, r->cols[k].key);
            struct sv v = f.quoted ? (struct sv){buf_text(scratch) + (uintptr_t)f.p, f.n} : (struct sv){f.p, f.n};
            add_value(&b->data, &r->cols[k], v, f.quoted);
        }
        k++;
    }
    buf_chr(&b->data, '}');
    if (k == r->ncols) {
        reader_push(b, r, off, b->data.n - off);
        return;
    }
    b->data.n = off;
    buf_add(&b->data, row, n);
    reader_push(b, r, off, n)->bad =
        k < r->ncols ? "row has fewer fields than the header" : "row has more fields than the header";
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

int reader_csv(struct reader *r, struct rblock *b, struct err *e) {
    struct buf scratch = {0};
    int rc = ERR_OK;
    while (b->data.n < r->opt.block && rc == ERR_OK) {
        uint64_t lines;
        bool open;
        if (r->skipping && !skip_rest(r)) {
            if (r->eof && r->skip.quoted)
                rc = err_set(e, ERR_INCOMPLETE, "%s:%llu: a quoted field is not closed", reader_name(r, r->file),
                             (unsigned long long)r->line + 1);
            if (r->eof || b->n) break;
            rc = reader_fill(r, e);
            continue;
        }
        size_t n = row_length(r, &lines, &open);
        if (!n && r->eof) break;
        if (!n && r->win_n - r->win_at > r->opt.max_line + 2) {
            if (!r->have_header) {
                rc = no_header(r, e);
                break;
            }
            r->line++;
            add_over_long(r, b, r->win + r->win_at, r->win_n - r->win_at);
            r->line--; /* counted when its end is found */
            r->skipping = true;
            r->skip = (struct csv_skip){.at_start = true};
            continue;
        }
        if (!n) {
            if (b->n) break; /* deliver what is complete before reading on */
            rc = reader_fill(r, e);
            continue;
        }
        const char *row = r->win + r->win_at;
        size_t len = n;
        bool ended = row[n - 1] == '\n';
        if (open) {
            rc = err_set(e, ERR_INCOMPLETE, "%s:%llu: a quoted field is not closed", reader_name(r, r->file),
                         (unsigned long long)r->line + 1);
            break;
        }
        if (ended) len--;
        if (len && row[len - 1] == '\r') len--;
        r->line++;
        if (len && !r->have_header)
            rc = len > r->opt.max_line ? no_header(r, e) : read_header(r, row, len, e);
        else if (len)
            add_row(r, b, row, len, &scratch);
        if (!ended) r->torn = bytes_is_pipe(r->in);
        r->line += lines > 1 ? lines - 1 : 0;
        if (!ended && lines) r->line++;
        r->win_at += n;
    }
    buf_free(&scratch);
    return rc;
}
