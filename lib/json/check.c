/*
 * See check.h. Batches are checked by several threads; what each has to say is put together in the order of the input,
 * where max_errors cuts it: the same input gives the same lines with any number of threads.
 */
#include "json/check.h"

#include <unistd.h>

#include "base/log.h"
#include "io/file.h"
#include "io/sink.h"
#include "json/check_tell.h"

#define FAULTS_OF_RECORD 20     /* told of one record */
#define FAULTS_OF_DOCUMENT 1000 /* and of a document, which may be many records in fact */

struct wrong { /* one invalid record */
    uint32_t rec;
    size_t text, rejects; /* length of these after it */
    size_t ntold;         /* number of rules told up to its end */
    bool full;
};
struct told {
    const char *keyword, *path;
    uint64_t line;
};
struct verdicts {
    struct schema_run run;
    struct arena a;
    struct buf text, rejects, good;
    struct wrong *wrong;
    size_t nwrong, cap_wrong;
    struct told *told;
    size_t ntold, cap_told;
};
struct checker {
    const struct json_check_opt *o;
    struct schema *s;
    struct reader *r;
    FILE *faults;
    struct sink *out, *rejects;
    struct check_sum sum;
    bool array_for_object; /* a document that is an array broke a rule of the root */
};

/* ---- on several threads ---- */

/* The run's own strings do not last. */
static void add_told(struct verdicts *v, const struct schema_fault *f, uint64_t line) {
    if (v->ntold == v->cap_told) {
        v->cap_told = v->cap_told ? v->cap_told * 2 : 64;
        v->told = mem_grow(v->told, v->cap_told * sizeof *v->told);
    }
    v->told[v->ntold++] = (struct told){arena_str(&v->a, f->keyword), check_sum_path(&v->a, f), line};
}

static void tell(const struct checker *c, struct verdicts *v, const struct rec *r, const struct schema_fault *f,
                 bool first) {
    const char *file = reader_name(c->r, r->file);
    size_t at = r->bad ? r->bad_at : jv_tok(f->at)->off;
    uint64_t line = check_tell_line(r, at < r->len ? at : r->len);
    if (c->o->json) {
        check_tell_json(&v->text, file, line, f);
        buf_chr(&v->text, '\n');
    } else {
        check_tell_text(&v->text, file, line, f, c->o->places);
    }
    if (c->rejects) {
        buf_str(&v->rejects, first ? "" : ",");
        check_tell_json(&v->rejects, NULL, line, f);
    }
    add_told(v, f, line);
}

static bool is_document(const struct checker *c, const struct rec *r) {
    return !c->o->records && (format_of(reader_name(c->r, r->file)) == FMT_JSON || memchr(r->text, '\n', r->len));
}

static void tell_all(const struct checker *c, struct verdicts *v, const struct rec *r, bool *full) {
    if (r->bad) {
        struct schema_fault f = check_tell_unread(r, &v->a);
        tell(c, v, r, &f, true);
        return;
    }
    bool first = true;
    v->run.max_faults = is_document(c, r) ? FAULTS_OF_DOCUMENT : FAULTS_OF_RECORD;
    schema_validate(c->s, r->v, &v->run);
    *full = v->run.nfaults == v->run.max_faults;
    for (size_t i = 0; i < v->run.nfaults; i++) {
        const struct schema_fault *f = &v->run.faults[i];
        if (f->told_below && v->run.nfaults > 1) continue;
        tell(c, v, r, f, first);
        first = false;
    }
}

/* The record on one line: a document's line breaks, which stand between values only, become blanks. */
static void add_record(struct buf *b, const struct rec *r) {
    size_t from = b->n;
    buf_add(b, r->text, r->len);
    for (size_t i = from; i < b->n; i++)
        if (b->p[i] == '\n' || b->p[i] == '\r') b->p[i] = ' ';
}

static void end_reject(struct verdicts *v, const struct rec *r) {
    buf_str(&v->rejects, r->bad ? "],\"raw\":" : "],\"record\":");
    if (r->bad)
        json_quote(&v->rejects, (struct sv){r->text, r->len});
    else
        add_record(&v->rejects, r);
    buf_str(&v->rejects, "}\n");
}

static void add_wrong(const struct checker *c, struct verdicts *v, const struct rec *r, uint32_t index) {
    bool full = false;
    if (c->rejects) {
        buf_str(&v->rejects, "{\"file\":");
        json_text_quote(&v->rejects, reader_name(c->r, r->file));
        buf_fmt(&v->rejects, ",\"line\":%llu,\"reasons\":[", (unsigned long long)r->line);
    }
    tell_all(c, v, r, &full);
    if (c->rejects) end_reject(v, r);
    if (v->nwrong == v->cap_wrong) {
        v->cap_wrong = v->cap_wrong ? v->cap_wrong * 2 : 64;
        v->wrong = mem_grow(v->wrong, v->cap_wrong * sizeof *v->wrong);
    }
    v->wrong[v->nwrong++] = (struct wrong){index, v->text.n, v->rejects.n, v->ntold, full};
}

static void work(void *ctx, struct batch *b, void *out) {
    const struct checker *c = ctx;
    struct verdicts *v = out;
    v->text.n = v->rejects.n = v->good.n = 0;
    v->nwrong = v->ntold = 0;
    arena_reset(&v->a);
    for (size_t i = 0; i < b->n; i++) {
        const struct rec *r = &b->r[i];
        v->run.max_faults = 0;
        if (r->bad || !schema_validate(c->s, r->v, &v->run)) {
            add_wrong(c, v, r, (uint32_t)i);
        } else if (c->out) {
            add_record(&v->good, r);
            buf_chr(&v->good, '\n');
        }
    }
}

/* ---- in order ---- */

static int write_all(struct checker *c, const struct verdicts *v, const struct wrong *last, struct err *e) {
    size_t n = last ? last->text : 0;
    int rc = ERR_OK;
    if (n && fwrite(v->text.p, 1, n, c->faults) != n) rc = err_sys(e, ERR_IO, "cannot write the faults");
    if (rc == ERR_OK && c->rejects && last) rc = sink_write(c->rejects, v->rejects.p, last->rejects, e);
    if (rc == ERR_OK && c->out && v->good.n) rc = sink_write(c->out, v->good.p, v->good.n, e);
    return rc;
}

static int take(void *ctx, struct batch *b, void *out, struct err *e) {
    struct checker *c = ctx;
    const struct verdicts *v = out;
    struct check_sum *s = &c->sum;
    uint64_t most = c->o->max_errors;
    bool full = most && s->invalid + v->nwrong >= most;
    size_t n = full ? most - s->invalid : v->nwrong, told = 0;
    for (size_t i = 0; i < n; i++) {
        const struct rec *r = &b->r[v->wrong[i].rec];
        s->full += v->wrong[i].full;
        for (; told < v->wrong[i].ntold; told++) {
            const struct told *t = &v->told[told];
            check_sum_add(s, t->keyword, t->path, reader_name(c->r, r->file), t->line);
            bool array = !r->bad && jv_type(r->v) == JT_ARR && is_document(c, r);
            if (array && !*t->path && strcmp(t->keyword, "type") == 0) c->array_for_object = true;
        }
    }
    s->records += full ? v->wrong[n - 1].rec + 1 : b->n;
    s->invalid += n;
    int rc = write_all(c, v, n ? &v->wrong[n - 1] : NULL, e);
    if (rc || !full) return rc;
    return err_set(e, ERR_INVALID, "stopped after %llu invalid record%s (--max-errors)", (unsigned long long)most,
                   most == 1 ? "" : "s");
}

static void out_free(void *p) {
    struct verdicts *v = p;
    schema_run_free(&v->run);
    arena_free(&v->a);
    buf_free(&v->text);
    buf_free(&v->rejects);
    buf_free(&v->good);
    free(v->wrong);
    free(v->told);
}

/* ---- the whole ---- */

static int compile(struct checker *c, struct err *e) {
    const struct json_check_opt *o = c->o;
    struct buf text = {0};
    struct arena a = {0};
    int flags = (o->assert_format ? SCHEMA_ASSERT_FORMAT : 0) | (o->dir ? 0 : SCHEMA_NO_SEARCH);
    const char *dir = o->dir ? o->dir : path_dir(o->schema, &a);
    int rc = file_read(o->schema, 64 << 20, &text, e);
    if (rc) e->code = rc = ERR_CONFIG;
    if (rc == ERR_OK) rc = schema_compile(&c->s, o->schema, buf_text(&text), text.n, dir, flags, e);
    if (rc == ERR_OK && schema_draft(c->s))
        log_warn("%s declares JSON Schema %s; it is read as draft-07, where what it uses means the same", o->schema,
                 schema_draft(c->s));
    buf_free(&text);
    arena_free(&a);
    return rc;
}

/* A column that the schema does not let be a string is read as what it may be. */
static char column_kind(void *ctx, struct sv name) {
    return schema_column_kind(((struct checker *)ctx)->s, name);
}

static int open_all(struct checker *c, struct err *e) {
    const struct json_check_opt *o = c->o;
    struct reader_opt ro = {
        .block = o->block, .max_line = o->max_line, .column = column_kind, .ctx = c, .documents = !o->records};
    if (!o->nfiles && isatty(0)) log_info("reading records from the terminal; end with Ctrl-D");
    c->faults = o->out && strcmp(o->out, "-") == 0 ? stderr : stdout;
    int rc = reader_open(&c->r, o->files, o->nfiles, &ro, e);
    if (rc == ERR_OK && o->out) rc = sink_open(&c->out, o->out, 0, e);
    if (rc == ERR_OK && o->rejects) rc = sink_open(&c->rejects, o->rejects, 0, e);
    return rc;
}

static int commit(struct sink **s, struct err *e) {
    struct sink *mine = *s;
    *s = NULL;
    return mine ? sink_commit(mine, NULL, e) : ERR_OK;
}

/* After the input: rc tells whether all of it was seen. */
static int finish(struct checker *c, int rc, struct err *e) {
    const struct json_check_opt *o = c->o;
    bool whole = rc == ERR_OK;
    struct buf summary = {0};
    if (rc && rc != ERR_INVALID) return rc;
    struct err mine = {0};
    check_sum_log(&c->sum);
    check_sum_json(&c->sum, &summary, o->schema, whole);
    int wrote = fflush(c->faults) ? err_sys(&mine, ERR_IO, "cannot write the faults") : ERR_OK;
    if (wrote == ERR_OK && whole) wrote = commit(&c->out, &mine);
    if (wrote == ERR_OK && whole) wrote = commit(&c->rejects, &mine);
    if (wrote == ERR_OK && o->summary) wrote = file_publish(o->summary, summary.p, summary.n, &mine);
    buf_free(&summary);
    if (wrote) {
        *e = mine;
        return wrote;
    }
    if (!whole || !c->sum.invalid) return rc;
    return err_set(e, ERR_INVALID, "%llu of %llu record%s do%s not conform to %s%s", (unsigned long long)c->sum.invalid,
                   (unsigned long long)c->sum.records, c->sum.records == 1 ? "" : "s", c->sum.records == 1 ? "es" : "",
                   o->schema,
                   c->array_for_object ? "; if the array is a list of records, --records checks each of them" : "");
}

int json_check(const struct json_check_opt *o, struct err *e) {
    struct checker c = {.o = o};
    struct crew crew = {.threads = o->threads,
                        .out_size = sizeof(struct verdicts),
                        .ctx = &c,
                        .work = work,
                        .take = take,
                        .out_free = out_free};
    int rc = compile(&c, e);
    if (rc == ERR_OK) rc = open_all(&c, e);
    if (rc == ERR_OK) rc = finish(&c, crew_run(&crew, c.r, e), e);
    sink_abort(c.out);
    sink_abort(c.rejects);
    check_sum_free(&c.sum);
    reader_close(c.r);
    schema_free(c.s);
    return rc;
}
