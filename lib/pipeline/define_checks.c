/* The checks of a dataset; see define.c. Fields that the record schema does not know are mistakes: a
 * misspelt one would make a check that always passes or always fails. */
#include <math.h>

#include "base/near.h"
#include "pipeline/pipeline_impl.h"

struct field_search {
    const char *want;
    bool found;
    struct near near;
};

static bool see_property(void *ctx, const char *name) {
    struct field_search *s = ctx;
    if (strcmp(name, s->want) == 0) s->found = true;
    near_offer(&s->near, name);
    return !s->found;
}

static void check_field(struct pl_dataset *d, const char *field, struct jval at, struct mistakes *m) {
    if (!field || !d->schema) return;
    struct field_search s = {.want = field, .near = near_start(field)};
    struct arena a = {0};
    schema_each_property(d->schema, see_property, &s);
    if (!s.found) mistake_at(m, offset_of(at), "no field '%s' in %s%s", field, d->schema_file, near_hint(&s.near, &a));
    arena_free(&a);
}

static void define_rule(struct pipeline *p, struct pl_dataset *d, struct pl_rule *r, struct jval v,
                        struct mistakes *m) {
    struct arena *a = &p->a;
    struct jval x;
    r->when = get_when(a, v);
    r->field = get_str(a, v, "field", NULL);
    r->fields = get_strs(a, v, "fields");
    r->empty_is_missing = strcmp(get_str(a, v, "missing", "null"), "empty") == 0;
    r->min_open = get_val(v, "above", &x);
    r->min = r->min_open ? jv_num(x) : get_num(v, "min", NAN);
    r->max_open = get_val(v, "below", &x);
    r->max = r->max_open ? jv_num(x) : get_num(v, "max", NAN);
    r->in = get_strs(a, v, "in");
    r->has_absent = get_val(v, "absent", &x);
    r->absent = get_num(v, "absent", 0);
    r->has = get_str(a, v, "if", NULL);
    r->first = get_str(a, v, "first", NULL);
    r->others = get_strs(a, v, r->has ? "needs" : "after");
    for (size_t i = 0; i < r->when.n; i++) check_field(d, r->when.c[i].field, v, m);
    for (size_t i = 0; i < r->fields.n; i++) check_field(d, r->fields.s[i], v, m);
    check_field(d, r->field, v, m);
}

static void define_rules(struct pipeline *p, struct pl_dataset *d, struct pl_check *c, struct jval v, const char *key,
                         struct mistakes *m) {
    struct jval list;
    if (!get_val(v, key, &list)) return;
    c->rules = arena_alloc(&p->a, (jv_tok(list)->n + 1) * sizeof *c->rules);
    uint32_t pos = 0;
    for (struct jval e; jv_each(list, &pos, NULL, &e);) define_rule(p, d, &c->rules[c->nrules++], e, m);
}

static void define_check(struct pipeline *p, struct pl_dataset *d, struct pl_check *c, struct jval v,
                         struct mistakes *m) {
    static const char *const kinds[] = {"schema",    "not_null", "unique",      "range",    "sequence",
                                        "timestamp", "balance",  "consistency", "row_count"};
    struct arena *a = &p->a;
    struct jval x;
    c->name = c->type = "";
    if (!get_val(v, "kind", &x) || !word_known(x, kinds, 9)) return;
    c->kind = (enum check_kind)word_index(x, kinds, 9);
    c->name = get_str(a, v, "name", "");
    c->type = get_str(a, v, "type", kinds[c->kind]);
    c->min_pass_rate = get_num(v, "min_pass_rate", d->min_pass_rate);
    c->gate = get_bool(v, "gate", true);
    c->reject = get_bool(v, "reject", true);
    c->field = get_str(a, v, "field", NULL);
    c->group = get_str(a, v, "group", NULL);
    c->order = get_str(a, v, "order", NULL);
    c->event = get_str(a, v, "event", NULL);
    c->min_year = (int)get_int(v, "min_year", 0);
    c->max_year = (int)get_int(v, "max_year", 9999);
    c->when = get_when(a, v);
    c->total = get_str(a, v, "total", NULL);
    c->document = get_str(a, v, "document", NULL);
    c->items = get_str(a, v, "items", NULL);
    c->product = get_strs(a, v, "product");
    c->minus = get_strs(a, v, "minus");
    c->plus = get_strs(a, v, "plus");
    c->tolerance = get_num(v, "tolerance", 0);
    c->min_rows = get_int(v, "min", -1);
    c->max_rows = get_int(v, "max", -1);
    if (get_val(v, "constant", &x)) {
        c->group = get_str(a, x, "group", NULL);
        c->constant = get_str(a, x, "field", NULL);
    }
    define_rules(p, d, c, v, c->kind == CHECK_CONSISTENCY ? "allowed" : "rules", m);
    const char *fields[] = {c->field, c->group, c->order, c->event, c->constant, c->total, c->document};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) check_field(d, fields[i], v, m);
    if (c->kind == CHECK_SCHEMA && !d->schema_file)
        mistake_at(m, offset_of(v), "a schema check needs the dataset's \"schema\"");
    if (c->kind == CHECK_SEQUENCE && c->nrules > 32) mistake_at(m, offset_of(v), "at most 32 sequence rules");
}

void define_checks(struct pipeline *p, struct pl_dataset *d, struct jval v, struct mistakes *m) {
    d->checks = arena_alloc(&p->a, (jv_tok(v)->n + 1) * sizeof *d->checks);
    uint32_t pos = 0;
    for (struct jval e; jv_each(v, &pos, NULL, &e);) define_check(p, d, &d->checks[d->nchecks++], e, m);
}
