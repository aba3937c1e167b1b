/* See reader.h. This file: inputs one after another, the window, and JSONL; the other formats are in
 * reader_json.c and reader_csv.c. */
#include "io/reader.h"

#include <strings.h>

#include "base/progress.h"
#include "base/stop.h"
#include "io/csv.h"
#include "io/reader_impl.h"

int input_format_find(const char *name) {
    static const char *const names[] = {"auto", "jsonl", "json", "csv"};
    for (int i = 1; i < 4; i++)
        if (strcasecmp(name, names[i]) == 0) return i;
    return strcasecmp(name, "ndjson") == 0 ? FMT_JSONL : -1;
}

/* FMT_AUTO when the name tells nothing. */
static enum format format_named(const char *path) {
    static const struct {
        const char *end;
        enum format format;
    } ends[] = {{".csv", FMT_CSV}, {".json", FMT_JSON}, {".jsonl", FMT_JSONL}, {".ndjson", FMT_JSONL}};
    size_t n = path ? strlen(path) : 0;
    if (n > 3 && strcasecmp(path + n - 3, ".gz") == 0) n -= 3;
    for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
        size_t m = strlen(ends[k].end);
        if (n > m && strncasecmp(path + n - m, ends[k].end, m) == 0) return ends[k].format;
    }
    return FMT_AUTO;
}

enum format format_of(const char *path) {
    enum format f = format_named(path);
    return f == FMT_AUTO ? FMT_JSONL : f;
}

void rblock_free(struct rblock *b) {
    csv_shape_leave(b->csv);
    buf_free(&b->spare);
    buf_free(&b->data);
    free(b->l);
    *b = (struct rblock){0};
}

struct rline *reader_push(struct rblock *b, const struct reader *r, size_t off, size_t len) {
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 1024;
        b->l = mem_grow(b->l, b->cap * sizeof *b->l);
    }
    struct rline *l = &b->l[b->n++];
    *l = (struct rline){.off = (uint32_t)off, .len = (uint32_t)len, .file = r->file, .line = r->line};
    return l;
}

int reader_open(struct reader **out, const char *const *paths, size_t n, const struct reader_opt *opt, struct err *e) {
    static const char *const standard_input[] = {"-"};
    (void)e;
    struct reader *r = mem_alloc(sizeof *r);
    r->paths = n ? paths : standard_input;
    r->npaths = n ? n : 1;
    if (opt) r->opt = *opt;
    if (!r->opt.max_line) r->opt.max_line = READER_MAX_LINE;
    if (!r->opt.block) r->opt.block = 1 << 20;
    if (r->opt.block < 32) r->opt.block = 32;
    if (!r->opt.delimiter) r->opt.delimiter = ',';
    *out = r;
    return ERR_OK;
}

static int open_input(struct reader *r, struct err *e) {
    const char *path = r->paths[r->file];
    int rc = r->opt.text ? bytes_open_memory(&r->in, path, r->opt.text, r->opt.text_n, r->opt.enc, e)
                         : bytes_open(&r->in, path, r->opt.enc, e);
    if (rc) return rc;
    if (r->opt.digest) bytes_digest(r->in, r->opt.digest);
    r->format = r->opt.format != FMT_AUTO ? r->opt.format : format_of(path);
    r->line = 0;
    r->win_n = r->win_at = 0;
    r->eof = r->skipping = r->in_array = r->after_array = r->want_value = r->torn = false;
    r->have_header = false;
    if (r->opt.format != FMT_AUTO || !r->opt.documents) return ERR_OK;
    bool document = r->format == FMT_JSON;
    if (format_named(path) == FMT_AUTO) rc = reader_is_document(r, &document, e);
    if (document) r->format = FMT_DOCUMENT;
    return rc;
}

static void close_input(struct reader *r) {
    r->bytes_before += bytes_in(r->in);
    bytes_close(r->in);
    r->in = NULL;
}

int reader_fill(struct reader *r, struct err *e) {
    size_t left = r->win_n - r->win_at;
    int stopped = stop_check(e); /* an input may go on for ever without a record: blank lines, one endless line */
    if (stopped) return stopped;
    if (r->win_at) memmove(r->win, r->win + r->win_at, left);
    r->win_at = 0;
    r->win_n = left;
    size_t want = left + r->opt.block;
    if (r->win_cap < want) {
        r->win_cap = want + r->opt.block;
        r->win = mem_grow(r->win, r->win_cap);
    }
    while (want - r->win_n >= 16 && !r->eof) { /* bytes_read wants room for a character */
        size_t n;
        int rc = bytes_read(r->in, r->win + r->win_n, want - r->win_n, &n, e);
        if (rc) return rc;
        if (!n) r->eof = true;
        r->win_n += n;
        if (n && bytes_is_pipe(r->in)) break; /* pass on what is there: the next stage may run already */
    }
    return ERR_OK;
}

static bool is_blank(const char *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r') return false;
    return true;
}

static void add_line(struct reader *r, struct rblock *b, const char *p, size_t n) {
    r->line++;
    if (n && p[n - 1] == '\r') n--;
    if (is_blank(p, n)) return;
    reader_push(b, r, (size_t)(p - r->win), n);
}

/* A line over the limit: its first bytes stay for the message, the rest is skipped. */
static void add_over_long(struct reader *r, struct rblock *b, size_t from) {
    r->line++;
    struct rline *l = reader_push(b, r, from, r->opt.max_line < 256 ? r->opt.max_line : 256);
    l->bad = "line is over the size limit";
    l->bad_at = (uint32_t)r->opt.max_line;
}

/* The window itself becomes the block, and the caller's old storage becomes the next window. */
void reader_hand_over(struct reader *r, struct rblock *b, size_t upto) {
    size_t rest = r->win_n - upto;
    char *old = b->data.p;
    size_t old_cap = b->data.cap;
    if (old_cap < rest + r->opt.block + 1) {
        old_cap = rest + r->opt.block + 1;
        free(old);
        old = mem_grow(NULL, old_cap);
    }
    if (rest) memcpy(old, r->win + upto, rest);
    b->data.p = r->win;
    b->data.cap = r->win_cap;
    b->data.n = upto;
    r->win = old;
    r->win_cap = old_cap;
    r->win_at = 0;
    r->win_n = rest;
}

int reader_jsonl(struct reader *r, struct rblock *b, struct err *e) {
    while (!b->n) {
        if (r->eof && r->win_at == r->win_n) return ERR_OK;
        int rc = r->eof ? ERR_OK : reader_fill(r, e);
        if (rc) return rc;
        size_t at = r->win_at;
        while (at < r->win_n) {
            const char *p = r->win + at;
            const char *nl = memchr(p, '\n', r->win_n - at);
            if (!nl && !r->eof) break;
            size_t n = nl ? (size_t)(nl - p) : r->win_n - at;
            if (r->skipping) {
                r->skipping = false;
            } else if (n > r->opt.max_line + (n && p[n - 1] == '\r')) {
                add_over_long(r, b, at);
            } else {
                add_line(r, b, p, n);
            }
            if (!nl) r->torn = bytes_is_pipe(r->in);
            at += n + (nl ? 1 : 0);
        }
        size_t rest = r->win_n - at;
        if (r->skipping) { /* still inside: nothing of it is kept */
            at = r->win_n;
        } else if (rest > r->opt.max_line + 1) { /* one more: it may be the CR of a line that just fits */
            add_over_long(r, b, at);
            r->skipping = true;
            reader_hand_over(r, b, r->win_n);
            return ERR_OK;
        }
        if (b->n)
            reader_hand_over(r, b, at);
        else
            r->win_at = at;
    }
    return ERR_OK;
}

int reader_next(struct reader *r, struct rblock *b, bool *more, struct err *e) {
    int rc = reader_next_raw(r, b, more, e);
    if (rc == ERR_OK) rblock_convert(b);
    return rc;
}

int reader_next_raw(struct reader *r, struct rblock *b, bool *more, struct err *e) {
    static int (*const formats[])(struct reader *, struct rblock *, struct err *) = {
        [FMT_JSONL] = reader_jsonl, [FMT_JSON] = reader_json, [FMT_CSV] = reader_csv, [FMT_DOCUMENT] = reader_document};
    uint64_t before = reader_bytes(r);
    b->n = 0;
    b->data.n = 0;
    csv_shape_leave(b->csv); /* who did not convert the last one does not want it */
    b->csv = NULL;
    b->objects = false;
    *more = true;
    while (!r->end) {
        if (!r->in) {
            int rc = open_input(r, e);
            if (rc) return rc;
        }
        int rc = formats[r->format](r, b, e);
        if (rc) return rc;
        progress_add(reader_bytes(r) - before);
        before = reader_bytes(r);
        if (b->n) return ERR_OK;
        close_input(r);
        if (++r->file == r->npaths) r->end = true;
    }
    *more = false;
    return ERR_OK;
}

const char *reader_name(const struct reader *r, uint32_t file) {
    const char *p = file < r->npaths ? r->paths[file] : "";
    return strcmp(p, "-") == 0 ? "standard input" : p;
}

uint64_t reader_bytes(const struct reader *r) {
    return r->bytes_before + (r->in ? bytes_in(r->in) : 0);
}

bool reader_torn(const struct reader *r) {
    return r->torn;
}

void reader_close(struct reader *r) {
    if (!r) return;
    if (r->in) bytes_close(r->in);
    csv_shape_leave(r->csv);
    free(r->win);
    free(r);
}
