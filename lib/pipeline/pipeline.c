/*
 * Reading a definition: text -> tokens -> checked against the schema of definitions -> structs -> checked for what a
 * schema cannot say. See pipeline.h; the structs are filled in define*.c.
 */
#include "pipeline/pipeline.h"

#include "base/embed.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/near.h"
#include "pipeline/pipeline_impl.h"

static const char *const stage_names[STAGE_COUNT] = {"collect", "validate", "transform", "load", "mart", "report"};

const char *stage_name(enum stage s) {
    return stage_names[s];
}

int stage_find(const char *name) {
    for (int i = 0; i < STAGE_COUNT; i++)
        if (strcmp(stage_names[i], name) == 0) return i;
    return -1;
}

static void mistake_va(struct mistakes *m, const char *place, const char *fmt, va_list ap) {
    char msg[600];
    vsnprintf(msg, sizeof msg, fmt, ap);
    m->n++;
    if (m->lines.n < 1200) buf_fmt(&m->lines, "%s%s%s", m->lines.n ? "\n" : "", place, msg);
}

void mistake_at(struct mistakes *m, size_t at, const char *fmt, ...) {
    size_t line, col;
    char place[300];
    json_line_col(m->text, m->len, at, &line, &col);
    snprintf(place, sizeof place, "%s:%zu:%zu: ", m->file, line, col);
    va_list ap;
    va_start(ap, fmt);
    mistake_va(m, place, fmt, ap);
    va_end(ap);
}

void mistake(struct mistakes *m, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    mistake_va(m, "", fmt, ap);
    va_end(ap);
}

int mistakes_end(struct mistakes *m, struct err *e) {
    int rc = ERR_OK;
    if (m->n) rc = err_set(e, ERR_CONFIG, "%s", buf_text(&m->lines));
    if (m->n > 1) {
        size_t n = strlen(e->msg);
        snprintf(e->msg + n, sizeof e->msg - n, "\n%zu mistakes in the definition", m->n);
    }
    buf_free(&m->lines);
    return rc;
}

/* Offer the keys of an object of the meta definition, or the values of an enum, as nearest words. The
 * fault's place in the schema ("#/definitions/check/additionalProperties") leads there. */
static const char *hint_for(struct arena *a, struct jval schema, const struct schema_fault *f) {
    if (!f->word) return "";
    struct jval at = schema;
    char *path = arena_str(a, f->schema[0] == '#' ? f->schema + 1 : f->schema);
    char *last = strrchr(path, '/');
    if (!last) return "";
    bool is_enum = strcmp(last, "/enum") == 0;
    if (!is_enum) *last = 0;
    for (char *p = path; *p == '/';) {
        char *end = strchr(p + 1, '/');
        struct sv key = {p + 1, end ? (size_t)(end - p - 1) : strlen(p + 1)};
        struct jval next;
        if (jv_type(at) == JT_ARR) {
            size_t k = strtoul(p + 1, NULL, 10);
            uint32_t pos = 0;
            for (size_t i = 0; i <= k; i++)
                if (!jv_each(at, &pos, NULL, &next)) return "";
        } else if (!jv_get(at, key, &next)) {
            return "";
        }
        at = next;
        p = end ? end : p + strlen(p);
    }
    if (!is_enum && !get_val(at, "properties", &at)) return "";
    struct near near = near_start(f->word);
    uint32_t pos = 0;
    for (struct jval key = at, val; jv_each(at, &pos, &key, &val);)
        near_offer(&near, jv_str(is_enum ? val : key, a, NULL));
    return near_hint(&near, a);
}

/* What is written in the place of a secret is not repeated, whatever it is. */
static bool is_secret(const char *pointer) {
    static const char *const words[] = {"webhook", "url", "smtp", "user", "password"};
    const char *last = strrchr(pointer, '/');
    if (!last || strncmp(pointer, "/alerts/", 8) != 0) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(last + 1, words[i]) == 0) return true;
    return strncmp(pointer, "/alerts/webhook/headers/", 24) == 0;
}

static void tell_fault(struct mistakes *m, struct arena *a, struct jval meta, const struct schema_fault *f) {
    const char *hint = hint_for(a, meta, f);
    size_t at = offset_of(f->at);
    const char *where = f->pointer[0] ? f->pointer : "/";
    if (strcmp(f->keyword, "additionalProperties") == 0)
        mistake_at(m, at, "unknown word '%s' in %s%s", f->word ? f->word : "", where, hint);
    else if (strcmp(f->keyword, "required") == 0)
        mistake_at(m, at, "%s lacks '%s'", where, f->word ? f->word : "");
    else
        mistake_at(m, at, "%s: expected %s, found %s%s", where, f->expected,
                   is_secret(where) ? "something else (not shown, it may be a secret)" : f->found, hint);
}

/* anyOf, oneOf, allOf and if/then only repeat what the faults below them say. */
static bool is_summary(const struct schema_fault *f, size_t n) {
    static const char *const words[] = {"anyOf", "oneOf", "allOf", "then", "else", "if"};
    for (size_t i = 0; n > 1 && i < sizeof words / sizeof *words; i++)
        if (strcmp(f->keyword, words[i]) == 0) return true;
    return false;
}

void check_shape(struct mistakes *m, struct jval root, const char *schema) {
    const struct embedded *f = embed_find(schema);
    struct schema *s = NULL;
    struct schema_run run = {.max_faults = 50};
    struct arena a = {0};
    struct jtoks toks = {0};
    struct err e = {0};
    struct jerr je;
    if (schema_compile(&s, schema, f->text, f->n, NULL, 0, &e) || !json_scan(&toks, f->text, f->n, 0, &je)) {
        mistake(m, "%s", e.msg);
        goto out;
    }
    if (!schema_validate(s, root, &run))
        for (size_t i = 0; i < run.nfaults; i++)
            if (!is_summary(&run.faults[i], run.nfaults))
                tell_fault(m, &a, (struct jval){f->text, toks.t, 0}, &run.faults[i]);
out:
    schema_run_free(&run);
    schema_free(s);
    jtoks_free(&toks);
    arena_free(&a);
}

/* From text to a checked pipeline; name NULL: whatever it calls itself. */
static int read_definition(struct pipeline *p, const char *name, const char *text, size_t len, struct err *e) {
    struct jtoks toks = {0};
    struct jerr je;
    struct mistakes m = {.file = p->file, .text = text, .len = len};
    if (!json_scan(&toks, text, len, JSON_COMMENTS, &je)) {
        mistake_at(&m, je.at, "%s", je.what);
        jtoks_free(&toks);
        return mistakes_end(&m, e);
    }
    struct jval root = {text, toks.t, 0};
    check_shape(&m, root, "pipeline.schema.json");
    if (jv_type(root) == JT_OBJ) define_pipeline(p, root, &m); /* also after mistakes of shape: all are told at once */
    if (!m.n && name && strcmp(p->name, name) != 0)
        mistake_at(&m, 0, "the pipeline calls itself '%s' but lies in the directory '%s'", p->name, name);
    jtoks_free(&toks);
    return mistakes_end(&m, e);
}

/* Known from the start, so that no line of the log shows them; that one is not set is told when it is needed. */
static void know_secrets(struct pipeline *p) {
    const struct pl_alerts *al = &p->alerts;
    const char *parts[] = {al->from, al->user, al->password};
    struct err e;
    char *text;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i]) secret_expand(parts[i], &p->a, &text, &e);
    for (size_t i = 0; i < al->header_names.n; i++) secret_expand(al->header_values.s[i], &p->a, &text, &e);
    for (int c = 0; c < CHANNEL_COUNT; c++) {
        if (!al->url[c]) continue;
        secret_expand(al->url[c], &p->a, &text, &e);
        if (c != CHANNEL_EMAIL && !strstr(al->url[c], "${")) secret_add(al->url[c]); /* a webhook's URL is one */
    }
}

int pipeline_load(struct pipeline **out, const char *name, const char *home, struct err *e) {
    struct pipeline *p = mem_alloc(sizeof *p);
    struct buf text = {0};
    int rc = pipeline_find(p, name, home, &text, e);
    if (rc == ERR_OK) rc = read_definition(p, name, buf_text(&text), text.n, e);
    if (rc == ERR_OK) know_secrets(p);
    buf_free(&text);
    if (rc)
        pipeline_free(p);
    else
        *out = p;
    return rc;
}

int pipeline_parse(struct pipeline **out, const char *dir, const char *text, size_t n, struct err *e) {
    struct pipeline *p = mem_alloc(sizeof *p);
    p->dir = arena_str(&p->a, dir);
    p->file = arena_fmt(&p->a, "%s/pipeline.json", dir);
    int rc = read_definition(p, NULL, text, n, e);
    if (rc)
        pipeline_free(p);
    else
        *out = p;
    return rc;
}

struct pl_defer {
    struct pl_defer *next;
    void (*give_back)(void *);
    void *what;
};

void pipeline_defer(struct pipeline *p, void (*give_back)(void *), void *what) {
    struct pl_defer *d = arena_alloc(&p->a, sizeof *d);
    *d = (struct pl_defer){p->defers, give_back, what};
    p->defers = d;
}

void pipeline_free(struct pipeline *p) {
    if (!p) return;
    for (struct pl_defer *d = p->defers; d; d = d->next) d->give_back(d->what);
    for (size_t i = 0; i < p->ndatasets; i++) schema_free(p->datasets[i].schema);
    arena_free(&p->a);
    free(p);
}

struct pl_dataset *pipeline_dataset(const struct pipeline *p, const char *name) {
    for (size_t i = 0; i < p->ndatasets; i++)
        if (strcmp(p->datasets[i].name, name) == 0) return &p->datasets[i];
    return NULL;
}

struct pl_model *pipeline_model(const struct pipeline *p, const char *name) {
    for (size_t i = 0; i < p->nmodels; i++)
        if (strcmp(p->models[i].name, name) == 0) return &p->models[i];
    return NULL;
}

struct pl_dataset *pipeline_loader_of(const struct pipeline *p, const char *table) {
    for (size_t i = 0; i < p->ndatasets; i++)
        if (p->datasets[i].load && strcmp(p->datasets[i].load->table, table) == 0) return &p->datasets[i];
    return NULL;
}
