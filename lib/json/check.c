/* See check.h. */
#include "json/check.h"

#include "base/log.h"
#include "io/file.h"

struct verdicts {
    struct schema_run run;
    struct arena a;
    struct buf text;
    uint64_t invalid;
    size_t *ends; /* text length after each invalid record */
    size_t cap;
};
struct checker {
    const struct json_check_opt *o;
    struct schema *s;
    struct reader *r;
    uint64_t records, invalid;
};

static void tell(const struct checker *c, struct verdicts *v, const struct rec *r, const struct schema_fault *f) {
    const char *file = reader_name(c->r, r->file);
    struct buf *b = &v->text;
    if (!c->o->json) {
        struct buf line = {0};
        buf_fmt(&line, "%s:%llu: %s: %s: expected %s, found %s", file, (unsigned long long)r->line,
                f->pointer[0] ? f->pointer : "/", f->keyword, f->expected, f->found);
        log_clean(b, (struct sv){line.p, line.n});
        buf_chr(b, '\n');
        buf_free(&line);
        return;
    }
    const struct {
        const char *name, *value;
    } parts[] = {{"file", file},
                 {"pointer", f->pointer},
                 {"keyword", f->keyword},
                 {"expected", f->expected},
                 {"found", f->found}};
    buf_fmt(b, "{\"line\":%llu", (unsigned long long)r->line);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        buf_fmt(b, ",\"%s\":", parts[i].name);
        json_text_quote(b, parts[i].value ? parts[i].value : "");
    }
    buf_str(b, "}\n");
}

static bool conforms(const struct checker *c, struct verdicts *v, const struct rec *r) {
    if (r->bad) {
        struct schema_fault f = {.pointer = "", .keyword = "parse", .expected = "JSON", .found = rec_problem(r, &v->a)};
        tell(c, v, r, &f);
        return false;
    }
    v->run.max_faults = 0;
    if (schema_validate(c->s, r->v, &v->run)) return true;
    v->run.max_faults = 20;
    schema_validate(c->s, r->v, &v->run);
    for (size_t i = 0; i < v->run.nfaults; i++) tell(c, v, r, &v->run.faults[i]);
    return false;
}

static void work(void *ctx, struct batch *b, void *out) {
    const struct checker *c = ctx;
    struct verdicts *v = out;
    v->text.n = 0;
    v->invalid = 0;
    arena_reset(&v->a);
    for (size_t i = 0; i < b->n; i++) {
        if (conforms(c, v, &b->r[i])) continue;
        if (v->invalid == v->cap) {
            v->cap = v->cap ? v->cap * 2 : 64;
            v->ends = mem_grow(v->ends, v->cap * sizeof *v->ends);
        }
        v->ends[v->invalid++] = v->text.n;
    }
}

static int take(void *ctx, struct batch *b, void *out, struct err *e) {
    struct checker *c = ctx;
    struct verdicts *v = out;
    uint64_t most = c->o->max_errors;
    size_t n = v->text.n;
    bool full = most && c->invalid + v->invalid >= most;
    if (full) {
        v->invalid = most - c->invalid;
        n = v->ends[v->invalid - 1];
    }
    c->records += b->n;
    c->invalid += v->invalid;
    if (n && fwrite(v->text.p, 1, n, stdout) != n) return err_sys(e, ERR_IO, "cannot write to standard output");
    return full ? err_set(e, ERR_INVALID, "stopped after %llu invalid records (--max-errors)", (unsigned long long)most)
                : ERR_OK;
}

static void out_free(void *p) {
    struct verdicts *v = p;
    schema_run_free(&v->run);
    arena_free(&v->a);
    buf_free(&v->text);
    free(v->ends);
}

int json_check(const struct json_check_opt *o, struct err *e) {
    struct checker c = {.o = o};
    struct buf text = {0};
    struct reader_opt ro = {.block = o->block, .max_line = o->max_line};
    int rc = file_read(o->schema, 64 << 20, &text, e);
    if (rc) e->code = rc = ERR_CONFIG;
    if (rc == ERR_OK)
        rc = schema_compile(&c.s, o->schema, buf_text(&text), text.n, o->dir,
                            o->assert_format ? SCHEMA_ASSERT_FORMAT : 0, e);
    if (rc == ERR_OK) rc = reader_open(&c.r, o->files, o->nfiles, &ro, e);
    struct crew crew = {.threads = o->threads,
                        .out_size = sizeof(struct verdicts),
                        .ctx = &c,
                        .work = work,
                        .take = take,
                        .out_free = out_free};
    if (rc == ERR_OK) rc = crew_run(&crew, c.r, e);
    if (rc == ERR_OK || rc == ERR_INVALID)
        log_info("%llu records, %llu invalid", (unsigned long long)c.records, (unsigned long long)c.invalid);
    if (rc == ERR_OK && c.invalid)
        rc = err_set(e, ERR_INVALID, "%llu of %llu records do not conform to %s", (unsigned long long)c.invalid,
                     (unsigned long long)c.records, o->schema);
    reader_close(c.r);
    schema_free(c.s);
    buf_free(&text);
    return rc;
}
