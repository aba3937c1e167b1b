/* Reading checked values out of a definition; see pipeline_impl.h. */
#include "base/hash.h"
#include "pipeline/pipeline_impl.h"

bool get_val(struct jval obj, const char *key, struct jval *out) {
    return jv_get(obj, sv_of(key), out);
}

const char *get_str(struct arena *a, struct jval obj, const char *key, const char *absent) {
    struct jval v;
    return get_val(obj, key, &v) && jv_type(v) == JT_STR ? jv_str(v, a, NULL) : absent;
}

int64_t get_int(struct jval obj, const char *key, int64_t absent) {
    struct jval v;
    int64_t x;
    return get_val(obj, key, &v) && jv_int(v, &x) ? x : absent;
}

double get_num(struct jval obj, const char *key, double absent) {
    struct jval v;
    return get_val(obj, key, &v) && jv_type(v) == JT_NUM ? jv_num(v) : absent;
}

bool get_bool(struct jval obj, const char *key, bool absent) {
    struct jval v;
    return get_val(obj, key, &v) ? jv_type(v) == JT_TRUE : absent;
}

int64_t get_duration(struct jval obj, const char *key, int64_t absent) {
    struct jval v;
    if (!get_val(obj, key, &v) || jv_type(v) != JT_STR || !jv_tok(v)->len) return absent;
    struct sv s = jv_raw(v);
    int64_t x = 0;
    for (size_t i = 0; i + 1 < s.n; i++) x = x * 10 + (s.p[i] - '0');
    switch (s.p[s.n - 1]) {
    case 'm':
        return x * 60;
    case 'h':
        return x * 3600;
    case 'd':
        return x * 86400;
    default:
        return x;
    }
}

static const char *scalar_text(struct arena *a, struct jval v) {
    return jv_str(v, a, NULL);
}

struct strs strs_of(struct arena *a, struct jval v) {
    struct strs l = {0};
    if (jv_type(v) != JT_ARR) {
        l.s = arena_alloc(a, sizeof *l.s);
        l.s[l.n++] = scalar_text(a, v);
        return l;
    }
    l.s = arena_alloc(a, (jv_tok(v)->n + 1) * sizeof *l.s);
    uint32_t pos = 0;
    for (struct jval e; jv_each(v, &pos, NULL, &e);) l.s[l.n++] = scalar_text(a, e);
    return l;
}

struct strs get_strs(struct arena *a, struct jval obj, const char *key) {
    struct jval v;
    return get_val(obj, key, &v) ? strs_of(a, v) : (struct strs){0};
}

struct strs *get_name_lists(struct arena *a, struct jval obj, const char *key, size_t *n) {
    struct jval v;
    *n = 0;
    if (!get_val(obj, key, &v)) return NULL;
    struct strs *l = arena_alloc(a, (jv_tok(v)->n + 1) * sizeof *l);
    uint32_t pos = 0;
    for (struct jval e; jv_each(v, &pos, NULL, &e);) l[(*n)++] = strs_of(a, e);
    return l;
}

int word_index(struct jval v, const char *const *words, int n) {
    for (int i = 0; i < n; i++)
        if (sv_is(jv_raw(v), words[i])) return i;
    return 0;
}

bool word_known(struct jval v, const char *const *words, int n) {
    return sv_is(jv_raw(v), words[word_index(v, words, n)]);
}

struct column *get_columns(struct arena *a, struct jval obj, size_t *n) {
    struct jval v, type;
    *n = 0;
    if (!get_val(obj, "columns", &v)) return NULL;
    struct column *cols = arena_alloc(a, (jv_tok(v)->n + 1) * sizeof *cols);
    uint32_t pos = 0;
    for (struct jval e; jv_each(v, &pos, NULL, &e);) {
        struct column *c = &cols[(*n)++];
        c->name = get_str(a, e, "name", "");
        c->from = get_str(a, e, "from", c->name);
        c->not_null = get_bool(e, "not_null", false);
        c->now = get_bool(e, "now", false);
        if (get_val(e, "type", &type)) c->type = (enum column_type)word_index(type, column_type_names, COLUMN_TYPES);
    }
    return cols;
}

const char **get_column_notes(struct arena *a, struct jval obj) {
    struct jval v;
    if (!get_val(obj, "columns", &v)) return NULL;
    const char **notes = arena_alloc(a, (jv_tok(v)->n + 1) * sizeof *notes);
    uint32_t pos = 0;
    size_t n = 0;
    for (struct jval e; jv_each(v, &pos, NULL, &e);) notes[n++] = get_str(a, e, "description", NULL);
    return notes;
}

struct pl_when get_when(struct arena *a, struct jval obj) {
    struct pl_when w = {0};
    struct jval v, key, val;
    if (!get_val(obj, "when", &v)) return w;
    w.c = arena_alloc(a, jv_tok(v)->n * sizeof *w.c);
    uint32_t pos = 0;
    while (jv_each(v, &pos, &key, &val)) {
        w.c[w.n].field = jv_str(key, a, NULL);
        w.c[w.n++].in = strs_of(a, val);
    }
    return w;
}

size_t offset_of(struct jval v) {
    return jv_tok(v)->off - (jv_type(v) == JT_STR ? 1 : 0);
}

void digest_value(struct sha256 *h, struct jval v) {
    for (uint32_t i = v.i; i < jv_tok(v)->next; i++) {
        const struct jtok *t = &v.t[i];
        sha256_add(h, &t->type, 1);
        sha256_add(h, &t->n, sizeof t->n);
        if (t->type != JT_ARR && t->type != JT_OBJ) {
            sha256_add(h, &t->len, sizeof t->len);
            sha256_add(h, v.text + t->off, t->len);
        }
    }
}

void digest_meaning(struct sha256 *h, struct jval v) {
    static const char *const words[] = {"title", "description", "unit_tests"};
    enum jtype type = jv_type(v);
    uint32_t pos = 0;
    if (type != JT_OBJ && type != JT_ARR) {
        digest_value(h, v);
        return;
    }
    sha256_add(h, type == JT_OBJ ? "{" : "[", 1);
    for (struct jval key, val; jv_each(v, &pos, type == JT_OBJ ? &key : NULL, &val);) {
        if (type == JT_OBJ) {
            if (word_known(key, words, 3)) continue;
            digest_value(h, key);
        }
        digest_meaning(h, val);
    }
    sha256_add(h, "]", 1);
}
