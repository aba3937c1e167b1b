/* Operations on texts: trim, number. */
#include "transform/op.h"

/* Does the text end in an escape of white space (\\t, \\n, \\r) whose backslash is not itself escaped? */
static bool blank_escape_at_end(struct sv s) {
    if (s.n < 2 || s.p[s.n - 2] != '\\' || !strchr("tnr", s.p[s.n - 1])) return false;
    size_t slashes = 0;
    while (slashes < s.n - 1 && s.p[s.n - 2 - slashes] == '\\') slashes++;
    return slashes % 2 == 1;
}

/* Blanks and NBSP (C2 A0) off both ends of the text inside the quotes, and white space that is written as an escape. */
static struct sv trimmed(struct sv v) {
    struct sv s = {v.p + 1, v.n - 2};
    for (;;) {
        if (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
            s.p++, s.n--;
        } else if (s.n > 1 && (memcmp(s.p, "\xC2\xA0", 2) == 0 || (s.p[0] == '\\' && strchr("tnr", s.p[1])))) {
            s.p += 2, s.n -= 2;
        } else if (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
            s.n--;
        } else if (s.n > 1 && (memcmp(s.p + s.n - 2, "\xC2\xA0", 2) == 0 || blank_escape_at_end(s))) {
            s.n -= 2;
        } else {
            return s;
        }
    }
}

static struct sv quoted(struct trec *r, struct sv inside) {
    char *p = arena_alloc(r->a, inside.n + 3);
    p[0] = '"';
    if (inside.n) memcpy(p + 1, inside.p, inside.n);
    p[inside.n + 1] = '"';
    return (struct sv){p, inside.n + 2};
}

enum op_verdict apply_trim(struct tworker *w, const struct top *o, struct trec *r) {
    const struct svs *fields = o->args;
    (void)w;
    for (size_t i = 0; i < fields->n; i++) {
        struct tmember *m = trec_find(r, fields->s[i]);
        if (!m || !value_is_text(m->value)) continue;
        struct sv s = trimmed(m->value);
        if (s.n != m->value.n - 2) m->value = quoted(r, s);
    }
    return OP_NEXT;
}

/* "1,234.50" -> 1234.50 */
static struct sv number_of(struct trec *r, struct sv text) {
    struct sv s = trimmed(text);
    char *p = arena_alloc(r->a, s.n + 1);
    size_t n = 0;
    double x;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ',' && s.p[i] != ' ') p[n++] = s.p[i];
    return p[0] != '"' && value_number((struct sv){p, n}, &x) ? (struct sv){p, n} : SV("null");
}

enum op_verdict apply_number(struct tworker *w, const struct top *o, struct trec *r) {
    const struct svs *fields = o->args;
    (void)w;
    for (size_t i = 0; i < fields->n; i++) {
        struct tmember *m = trec_find(r, fields->s[i]);
        if (m && value_is_text(m->value)) m->value = number_of(r, m->value);
    }
    return OP_NEXT;
}
