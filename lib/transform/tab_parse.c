/* The words of the operations on columns; see tab.h and etl-pipeline(5). */
#include "transform/tab.h"

#include <math.h>

static struct tab_args *begin(struct op_parse *c, enum tab_kind kind) {
    struct tab_args *a = arena_alloc(c->a, sizeof *a);
    a->kind = kind;
    a->above = NAN;
    return a;
}

static struct sv word(struct op_parse *c, const char *key) {
    return sv_of(get_str(c->a, c->v, key, ""));
}

const void *parse_unnest(struct op_parse *c) {
    struct tab_args *a = begin(c, TAB_UNNEST);
    a->field = word(c, "field");
    a->inner = get_sv_map(c, "fields", false);
    a->outer = get_sv_map(c, "outer", false);
    return a;
}

const void *parse_default(struct op_parse *c) {
    struct tab_args *a = begin(c, TAB_DEFAULT);
    a->inner = get_sv_map(c, "fields", true);
    return a;
}

/* {"lon": {"min": 124, "max": 132}, ...} */
void get_ranges(struct op_parse *c, struct tab_args *a, const char *key_of) {
    struct jval v, key, e, x;
    if (!get_val(c->v, key_of, &v) || jv_type(v) != JT_OBJ) return;
    a->ranges = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *a->ranges);
    for (uint32_t pos = 0; jv_each(v, &pos, &key, &e);) {
        struct tab_range *r = &a->ranges[a->nranges++];
        r->name.p = jv_str(key, c->a, &r->name.n);
        r->lo_open = get_val(e, "above", &x);
        r->lo = r->lo_open ? jv_num(x) : get_num(e, "min", NAN);
        r->hi_open = get_val(e, "below", &x);
        r->hi = r->hi_open ? jv_num(x) : get_num(e, "max", NAN);
        r->whole = get_bool(e, "integer", false);
        if (r->lo > r->hi)
            mistake_at(c->m, offset_of(e), "'%.*s': no number is both above %g and below %g", (int)r->name.n, r->name.p,
                       r->lo, r->hi);
    }
}

const void *parse_within(struct op_parse *c) {
    struct tab_args *a = begin(c, TAB_WITHIN);
    get_ranges(c, a, "fields");
    a->warn = get_bool(c->v, "warn", false);
    return a;
}

const void *parse_score(struct op_parse *c) {
    struct tab_args *a = begin(c, TAB_SCORE);
    struct jval v, key, e;
    a->field = word(c, "field");
    a->flag = word(c, "flag");
    a->above = get_num(c->v, "above", NAN);
    a->absolute = get_bool(c->v, "absolute", false);
    if (a->flag.n && isnan(a->above)) mistake_at(c->m, offset_of(c->v), "a \"flag\" needs \"above\"");
    if (!get_val(c->v, "terms", &v) || jv_type(v) != JT_OBJ) return a;
    a->names.s = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *a->names.s);
    a->weights = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *a->weights);
    for (uint32_t pos = 0; jv_each(v, &pos, &key, &e);) {
        struct sv *s = &a->names.s[a->names.n];
        s->p = jv_str(key, c->a, &s->n);
        a->weights[a->names.n++] = jv_num(e);
    }
    return a;
}

static struct tab_args *place(struct op_parse *c, enum tab_kind kind, bool values_are_json) {
    struct tab_args *a = begin(c, kind);
    a->lon = word(c, "lon");
    a->lat = word(c, "lat");
    a->inner = get_sv_map(c, "set", values_are_json);
    struct jval scale;
    bool scaled = get_val(c->v, "scale", &scale);
    a->scale_lon = scaled ? get_num(scale, "lon", 1) : 1;
    a->scale_lat = scaled ? get_num(scale, "lat", 1) : 1;
    a->distance = word(c, "distance");
    parse_points(c, a, kind == TAB_NEAR);
    return a;
}

const void *parse_near(struct op_parse *c) {
    return place(c, TAB_NEAR, true);
}

const void *parse_nearest(struct op_parse *c) {
    return place(c, TAB_NEAREST, false);
}

const void *parse_day(struct op_parse *c) {
    struct tab_args *a = begin(c, TAB_DAY);
    a->field = word(c, "field");
    return a;
}

const void *parse_zscore(struct op_parse *c) {
    struct tab_args *a = begin(c, TAB_ZSCORE);
    a->group = word(c, "group");
    a->inner = get_sv_map(c, "fields", false);
    return a;
}

const void *parse_aggregate(struct op_parse *c) {
    static const char *const how[] = {"count", "sum", "mean", "min", "max"};
    struct tab_args *a = begin(c, TAB_AGGREGATE);
    struct jval v, key, e, k, f;
    a->names = get_svs(c, "by");
    if (!get_val(c->v, "fields", &v) || jv_type(v) != JT_OBJ) return a;
    a->sums = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *a->sums);
    for (uint32_t pos = 0; jv_each(v, &pos, &key, &e);) {
        struct tab_sum_of *s = &a->sums[a->nsums++];
        uint32_t at = 0;
        s->name.p = jv_str(key, c->a, &s->name.n);
        for (size_t i = 0; i < a->names.n; i++)
            if (sv_eq(a->names.s[i], s->name))
                mistake_at(c->m, offset_of(key), "field %.*s is one that the rows are grouped by; give it another name",
                           (int)s->name.n, s->name.p);
        if (jv_type(e) == JT_STR) { /* "count" */
            s->how = TAB_COUNT;
        } else if (jv_type(e) == JT_OBJ && jv_each(e, &at, &k, &f)) {
            s->how = (enum tab_sum)word_index(k, how, 5);
            s->field.p = jv_str(f, c->a, &s->field.n);
        }
    }
    return a;
}
