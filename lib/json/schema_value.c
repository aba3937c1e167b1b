/*
 * See schema_check.h: values as JSON means them. Recursion is bounded by
 * JSON_DEPTH. Objects whose keys stand in the same order are compared in one pass, others
 * by searching each name.
 */
#include "json/schema_check.h"

static bool string_equal(struct jval a, struct jval b) {
    if (!((jv_tok(a)->flags | jv_tok(b)->flags) & JF_ESC)) return sv_eq(jv_raw(a), jv_raw(b));
    struct buf x = {0}, y = {0};
    jv_unescape(a, &x);
    jv_unescape(b, &y);
    bool same = sv_eq((struct sv){x.p, x.n}, (struct sv){y.p, y.n});
    buf_free(&x);
    buf_free(&y);
    return same;
}

static bool number_equal(struct jval a, struct jval b) {
    struct number x, y;
    number_parse(&x, jv_raw(a).p, jv_raw(a).n);
    number_parse(&y, jv_raw(b).p, jv_raw(b).n);
    return number_compare(&x, &y) == 0;
}

static bool array_equal(struct jval a, struct jval b) {
    if (jv_tok(a)->n != jv_tok(b)->n) return false;
    uint32_t p = 0, q = 0;
    for (struct jval x, y; jv_each(a, &p, NULL, &x) && jv_each(b, &q, NULL, &y);)
        if (!schema_value_equal(x, y)) return false;
    return true;
}

static bool get_same_key(struct jval obj, struct jval key, struct jval *out) {
    if (!(jv_tok(key)->flags & JF_ESC)) return jv_get(obj, jv_raw(key), out);
    struct buf b = {0};
    jv_unescape(key, &b);
    bool ok = jv_get(obj, (struct sv){b.p, b.n}, out);
    buf_free(&b);
    return ok;
}

/* Every member of a is in b, with an equal value if asked; of a key that occurs twice the last counts. */
static bool is_part_of(struct jval a, struct jval b, bool values) {
    uint32_t pos = 0;
    for (struct jval key, x, y, last; jv_each(a, &pos, &key, &x);) {
        if (!get_same_key(b, key, &y) || !get_same_key(a, key, &last)) return false;
        if (values && last.i == x.i && !schema_value_equal(x, y)) return false;
    }
    return true;
}

static bool same_keys(struct jval a, struct jval b) {
    uint32_t p = 0, q = 0;
    if (jv_tok(a)->n != jv_tok(b)->n) return false;
    for (struct jval k, l, x, y; jv_each(a, &p, &k, &x) && jv_each(b, &q, &l, &y);)
        if (!string_equal(k, l)) return false;
    return true;
}

/* No pair of values is compared twice, or depth would make the work grow exponentially. */
static bool object_equal(struct jval a, struct jval b) {
    if (!same_keys(a, b)) return is_part_of(a, b, true) && is_part_of(b, a, false);
    uint32_t p = 0, q = 0;
    for (struct jval x, y; jv_each(a, &p, NULL, &x) && jv_each(b, &q, NULL, &y);)
        if (!schema_value_equal(x, y)) return false;
    return true;
}

bool schema_value_equal(struct jval a, struct jval b) {
    if (jv_type(a) != jv_type(b)) return false;
    switch (jv_type(a)) {
    case JT_NUM:
        return number_equal(a, b);
    case JT_STR:
        return string_equal(a, b);
    case JT_ARR:
        return array_equal(a, b);
    case JT_OBJ:
        return object_equal(a, b);
    default:
        return true;
    }
}

static uint64_t mix(uint64_t h, uint64_t x) {
    h = (h ^ x) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

static uint64_t string_hash(struct jval v) {
    uint64_t h = JT_STR;
    struct sv s = jv_raw(v);
    struct buf b = {0};
    if (jv_tok(v)->flags & JF_ESC) {
        jv_unescape(v, &b);
        s = (struct sv){b.p, b.n};
    }
    for (; s.n > 8; s.p += 8, s.n -= 8) h = mix(h, schema_set_load(s.p, 8));
    h = mix(mix(h, schema_set_load(s.p, s.n)), s.n);
    buf_free(&b);
    return h;
}

/* Members are added up, as their order does not matter. Objects that differ only in repeated
 * keys that jv_get does not see may get different hashes; uniqueItems then takes them for different. */
uint64_t schema_value_hash(struct jval v) {
    uint64_t h = jv_type(v);
    uint32_t pos = 0;
    struct number x;
    struct jval key, e;
    switch (jv_type(v)) {
    case JT_NUM:
        number_parse(&x, jv_raw(v).p, jv_raw(v).n);
        return mix(h, number_hash(&x));
    case JT_STR:
        return string_hash(v);
    case JT_ARR:
        while (jv_each(v, &pos, NULL, &e)) h = mix(h, schema_value_hash(e));
        return mix(h, jv_tok(v)->n);
    case JT_OBJ:
        while (jv_each(v, &pos, &key, &e)) h += mix(string_hash(key), schema_value_hash(e));
        return h;
    default:
        return mix(h, 1);
    }
}
