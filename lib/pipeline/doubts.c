/*
 * Fields that a check names and that, as far as the definition tells, no record has; see pipeline_doubts() in
 * pipeline.h.
 *
 * With a schema the schema knows, and an unknown field is a mistake (define_checks.c). Without one there are two cases.
 * Where the definition says all fields that records can have (a source over HTTP that takes named fields out of its
 * answers, a CSV file of the definition with its header), one that is none of them is doubtful. Else records may have
 * what they like, and one is doubtful only when it looks like the misspelling of a column that is loaded.
 */
#include "base/near.h"
#include "pipeline/http.h"
#include "pipeline/pipeline_impl.h"

struct known {
    struct strs names;
    size_t cap;
    bool all; /* there are no others */
    const char *from;
};

static void know(struct known *k, struct arena *a, const char *name) {
    if (k->names.n == k->cap) {
        size_t cap = k->cap ? k->cap * 2 : 16;
        const char **list = arena_alloc(a, cap * sizeof *list);
        if (k->names.n) memcpy(list, k->names.s, k->names.n * sizeof *list);
        k->names.s = list;
        k->cap = cap;
    }
    ((const char **)k->names.s)[k->names.n++] = name;
}

static void know_takes(struct known *k, struct arena *a, const struct ex_take *t, size_t n) {
    for (size_t i = 0; i < n; i++) know(k, a, t[i].name);
}

static void know_http(struct known *k, struct arena *a, const struct pl_http *h) {
    k->all = true;
    k->from = "what its requests extract";
    for (size_t i = 0; i < h->nrequests; i++) {
        const struct pl_request *r = &h->requests[i];
        if (!r->collect) continue;
        k->all = k->all && r->extract.nfields && !r->extract.pair_each; /* else the answer names them */
        know_takes(k, a, r->extract.fields, r->extract.nfields);
        know_takes(k, a, r->extract.add, r->extract.nadd);
    }
}

/* The header of a CSV file of the definition, where it is a plain one. */
static void know_header(const struct pipeline *p, struct known *k, struct arena *a, const char *file) {
    const char *text;
    size_t n, at = 0;
    struct err e;
    if (!file || pipeline_file(p, a, file, &text, &n, &e) || memchr(text, '"', n)) return;
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) at = 3;
    while (at < n && text[at] != '\n' && text[at] != '\r') {
        size_t end = at;
        while (end < n && !strchr(",\r\n", text[end])) end++;
        know(k, a, arena_strn(a, text + at, end - at));
        at = end + (end < n && text[end] == ',');
    }
    k->all = k->names.n > 0;
    k->from = "the header of its file";
}

/* "a.b" and "/a/0" name something inside of a: only the first part is known. */
static bool has(const struct known *k, const char *field) {
    size_t n = strcspn(field, "./");
    for (size_t i = 0; i < k->names.n; i++)
        if (strcmp(k->names.s[i], field) == 0 ||
            (n && strlen(k->names.s[i]) == n && strncmp(k->names.s[i], field, n) == 0))
            return true;
    return false;
}

struct doubting {
    const struct pl_dataset *d;
    const struct pl_check *c;
    struct known *k;
    struct arena *a;
    void (*say)(void *ctx, const char *words);
    void *ctx;
};

static void doubt(const struct doubting *x, const char *field) {
    if (!field || has(x->k, field)) return;
    struct near near = near_start(field);
    for (size_t i = 0; i < x->k->names.n; i++) near_offer(&near, x->k->names.s[i]);
    if (!x->k->all && !near.best) return;
    x->say(x->ctx, arena_fmt(x->a, "%s: check '%s' names the field '%s', which is not among %s%s", x->d->name,
                             x->c->name, field, x->k->from, near_hint(&near, x->a)));
}

static void doubt_list(const struct doubting *x, struct strs fields) {
    for (size_t i = 0; i < fields.n; i++) doubt(x, fields.s[i]);
}

static void doubt_check(const struct doubting *x) {
    const struct pl_check *c = x->c;
    const char *fields[] = {c->field, c->group, c->order, c->event, c->constant, c->total, c->document};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) doubt(x, fields[i]);
    for (size_t i = 0; i < c->when.n; i++) doubt(x, c->when.c[i].field);
    for (size_t i = 0; i < c->nrules; i++) {
        const struct pl_rule *r = &c->rules[i];
        doubt(x, r->field);
        doubt_list(x, r->fields);
        for (size_t k = 0; k < r->when.n; k++) doubt(x, r->when.c[k].field);
    }
}

void pipeline_doubts(const struct pipeline *p, struct arena *a, void (*say)(void *ctx, const char *words), void *ctx) {
    for (size_t i = 0; i < p->ndatasets; i++) {
        const struct pl_dataset *d = &p->datasets[i];
        struct known k = {.from = "the columns that are loaded"};
        if (d->schema) continue;
        if (d->source.kind == SOURCE_HTTP) know_http(&k, a, d->source.http);
        if (d->source.kind == SOURCE_SEED) know_header(p, &k, a, d->source.file);
        if (!k.all) k.from = "the columns that are loaded";
        for (size_t c = 0; !k.all && !d->nsteps && d->load && c < d->load->ncols; c++)
            know(&k, a, d->load->cols[c].from);
        for (size_t c = 0; c < d->nchecks; c++) {
            struct doubting x = {d, &d->checks[c], &k, a, say, ctx};
            doubt_check(&x);
        }
    }
}
