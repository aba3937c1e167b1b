/* See schema_check.h: const, enum, numbers and strings. */
#include "json/schema_check.h"

static bool at_fault(struct checker *c, const struct node *n, const struct op *op, const struct here *h) {
    return schema_check_broken(c, n, op, (struct breach){.at = h->i});
}

bool schema_check_const(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    const struct values *v = op->values;
    if (h->bit == T_STR) {
        if (schema_check_find(c, &v->strings, h->i) != NONE) return true;
    } else {
        const struct doc *d = c->s->docs[n->doc];
        for (uint32_t k = 0; k < v->nother; k++)
            if (schema_value_equal(schema_doc_val(d, v->other[k]), schema_check_val(c, h->i))) return true;
    }
    return at_fault(c, n, op, h);
}

/* ---- numbers ---- */

static struct number number_at(const struct checker *c, uint32_t i) {
    struct number x;
    number_parse(&x, c->text + c->t[i].off, c->t[i].len);
    return x;
}

bool schema_check_multiple(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    int64_t x;
    bool ok;
    if (op->multiple->i && schema_check_small_int(c, h->i, &x)) {
        ok = x % op->multiple->i == 0;
    } else {
        struct number v = number_at(c, h->i);
        ok = number_multiple(&v, &op->multiple->d);
    }
    return ok || at_fault(c, n, op, h);
}

static int compare_to_limit(const struct checker *c, const struct limit *l, uint32_t i) {
    int64_t x;
    if (l->small && schema_check_small_int(c, i, &x)) return (x > l->i) - (x < l->i);
    struct number v = number_at(c, i);
    return number_compare(&v, &l->x);
}

bool schema_check_max(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return compare_to_limit(c, op->limit, h->i) <= 0 || at_fault(c, n, op, h);
}
bool schema_check_exmax(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return compare_to_limit(c, op->limit, h->i) < 0 || at_fault(c, n, op, h);
}
bool schema_check_min(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return compare_to_limit(c, op->limit, h->i) >= 0 || at_fault(c, n, op, h);
}
bool schema_check_exmin(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return compare_to_limit(c, op->limit, h->i) > 0 || at_fault(c, n, op, h);
}

/* ---- strings ---- */

/* Code points of the string. */
static uint64_t length_of(struct checker *c, uint32_t i) {
    const struct jtok *t = &c->t[i];
    if (!(t->flags & (JF_ESC | JF_HIGH))) return t->len;
    struct sv s = schema_check_text(c, i);
    uint64_t n = 0;
    for (size_t k = 0; k < s.n; k++) n += ((unsigned char)s.p[k] & 0xC0) != 0x80;
    return n;
}

bool schema_check_maxlen(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    const struct jtok *t = &c->t[h->i];
    return t->len <= op->n || length_of(c, h->i) <= op->n ||
           at_fault(c, n, op, h); /* never more characters than bytes */
}
bool schema_check_minlen(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return (op->n <= 1 ? c->t[h->i].len : length_of(c, h->i)) >= op->n || at_fault(c, n, op, h);
}
bool schema_check_pattern_op(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return schema_check_pattern(c, n, op, op->pattern, h->i) || c->gave_up || at_fault(c, n, op, h);
}
bool schema_check_format(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    struct sv s = schema_check_text(c, h->i);
    return op->format(s.n ? s.p : "", s.n) || at_fault(c, n, op, h);
}
bool schema_check_encoding(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    struct sv s = schema_check_text(c, h->i);
    return format_base64(s.p, s.n, NULL) || at_fault(c, n, op, h);
}

bool schema_check_media(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    struct scratch *sc = c->sc;
    struct sv s = schema_check_text(c, h->i);
    struct jerr je;
    if (op->decode) {
        sc->text2.n = 0;
        if (!format_base64(s.p, s.n, &sc->text2)) return true; /* contentEncoding says so */
        s = (struct sv){buf_text(&sc->text2), sc->text2.n};
    }
    sc->toks.n = 0;
    return json_scan(&sc->toks, s.n ? s.p : "", s.n, 0, &je) || at_fault(c, n, op, h);
}
