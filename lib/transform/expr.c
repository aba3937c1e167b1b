/* See expr.h. Recursive descent makes a tree; a definition's expressions are short, so the tree is walked as it is. */
#include "transform/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum kind {
    X_NUMBER,
    X_FIELD,
    X_NEG,
    X_NOT,
    X_ADD,
    X_SUB,
    X_MUL,
    X_DIV,
    X_MOD,
    X_LT,
    X_LE,
    X_GT,
    X_GE,
    X_EQ,
    X_NE,
    X_AND,
    X_OR,
    X_CALL
};
enum function { F_FLOOR, F_CEIL, F_ABS, F_SQRT, F_COS, F_SIN, F_EXP, F_LN, F_ROUND, F_MIN, F_MAX, F_COALESCE, F_IF };
static const struct {
    const char *name;
    size_t least, most; /* arguments */
} functions[] = {{"floor", 1, 1}, {"ceil", 1, 1},      {"abs", 1, 1}, {"sqrt", 1, 1},  {"cos", 1, 1},
                 {"sin", 1, 1},   {"exp", 1, 1},       {"ln", 1, 1},  {"round", 1, 2}, {"min", 1, 20},
                 {"max", 1, 20},  {"coalesce", 1, 20}, {"if", 3, 3}};

#define ARGUMENTS 20
#define DEPTH 100

struct expr {
    enum kind kind;
    double number;
    struct sv field;
    enum function f;
    const struct expr **arg;
    size_t n;
};

struct parser {
    struct arena *a;
    const char *s, *p;
    const char *why; /* first mistake */
    int depth;
};

static struct expr *node(struct parser *x, enum kind kind, const struct expr *a, const struct expr *b) {
    struct expr *e = arena_alloc(x->a, sizeof *e);
    e->kind = kind;
    e->arg = arena_alloc(x->a, 2 * sizeof(struct expr *));
    if (a) e->arg[e->n++] = a;
    if (b) e->arg[e->n++] = b;
    return e;
}

static void blanks(struct parser *x) {
    while (*x->p == ' ' || *x->p == '\t' || *x->p == '\n') x->p++;
}

static bool sign(struct parser *x, const char *s) {
    blanks(x);
    size_t n = strlen(s);
    if (strncmp(x->p, s, n) != 0) return false;
    x->p += n;
    return true;
}

static bool is_word(unsigned char c) {
    return isalnum(c) || c == '_' || c >= 0x80;
}

static bool keyword(struct parser *x, const char *s) {
    blanks(x);
    size_t n = strlen(s);
    if (strncmp(x->p, s, n) != 0 || is_word((unsigned char)x->p[n])) return false;
    x->p += n;
    return true;
}

static const struct expr *fail(struct parser *x, const char *why) {
    if (!x->why) x->why = why;
    return node(x, X_NUMBER, NULL, NULL);
}

static const struct expr *any(struct parser *x);

static const struct expr *call(struct parser *x, struct sv name) {
    size_t f = 0, n = sizeof functions / sizeof *functions;
    while (f < n && !sv_is(name, functions[f].name)) f++;
    if (f == n)
        return fail(
            x, "there is no such function (floor, ceil, abs, sqrt, cos, sin, exp, ln, round, min, max, coalesce, if)");
    struct expr *e = node(x, X_CALL, NULL, NULL);
    e->f = (enum function)f;
    e->arg = arena_alloc(x->a, ARGUMENTS * sizeof(struct expr *));
    do {
        if (e->n == ARGUMENTS) return fail(x, "too many arguments");
        e->arg[e->n++] = any(x);
    } while (sign(x, ","));
    if (!sign(x, ")")) return fail(x, "expected ) after the arguments");
    return e->n < functions[f].least || e->n > functions[f].most ? fail(x, "wrong number of arguments") : e;
}

static const struct expr *field(struct parser *x, const char *from, size_t n) {
    struct expr *e = node(x, X_FIELD, NULL, NULL);
    e->field = (struct sv){arena_strn(x->a, from, n), n};
    return e;
}

static const struct expr *primary(struct parser *x) {
    blanks(x);
    if (sign(x, "(")) {
        const struct expr *e = any(x);
        return sign(x, ")") ? e : fail(x, "expected )");
    }
    if (isdigit((unsigned char)*x->p) || *x->p == '.') {
        char *end;
        struct expr *e = node(x, X_NUMBER, NULL, NULL);
        e->number = strtod(x->p, &end);
        if (end == x->p || !isfinite(e->number)) return fail(x, "expected a number");
        x->p = end;
        return e;
    }
    if (*x->p == '[') {
        const char *end = strchr(x->p, ']');
        if (!end || end == x->p + 1) return fail(x, "expected a field's name and ] after [");
        const struct expr *e = field(x, x->p + 1, (size_t)(end - x->p) - 1);
        x->p = end + 1;
        return e;
    }
    const char *from = x->p;
    while (is_word((unsigned char)*x->p)) x->p++;
    size_t n = (size_t)(x->p - from);
    if (!n) return fail(x, *x->p ? "expected a number, a field or (" : "it ends too early");
    return sign(x, "(") ? call(x, (struct sv){from, n}) : field(x, from, n);
}

static const struct expr *unary(struct parser *x) {
    if (x->depth > DEPTH) return fail(x, "it is nested too deep");
    x->depth++;
    const struct expr *e = sign(x, "-") ? node(x, X_NEG, unary(x), NULL) : primary(x);
    x->depth--;
    return e;
}

static const struct expr *product(struct parser *x) {
    const struct expr *e = unary(x);
    for (;;) {
        if (sign(x, "*"))
            e = node(x, X_MUL, e, unary(x));
        else if (sign(x, "/"))
            e = node(x, X_DIV, e, unary(x));
        else if (sign(x, "%"))
            e = node(x, X_MOD, e, unary(x));
        else
            return e;
    }
}

static const struct expr *sum(struct parser *x) {
    const struct expr *e = product(x);
    for (;;) {
        if (sign(x, "+"))
            e = node(x, X_ADD, e, product(x));
        else if (sign(x, "-"))
            e = node(x, X_SUB, e, product(x));
        else
            return e;
    }
}

static const struct expr *comparison(struct parser *x) {
    static const struct {
        const char *sign;
        enum kind kind;
    } signs[] = {{"<=", X_LE}, {">=", X_GE}, {"!=", X_NE}, {"==", X_EQ}, {"<", X_LT}, {">", X_GT}, {"=", X_EQ}};
    if (keyword(x, "not")) {
        if (x->depth++ > DEPTH) return fail(x, "it is nested too deep");
        const struct expr *e = node(x, X_NOT, comparison(x), NULL);
        x->depth--;
        return e;
    }
    const struct expr *e = sum(x);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (sign(x, signs[i].sign)) return node(x, signs[i].kind, e, sum(x));
    return e;
}

static const struct expr *both(struct parser *x) {
    const struct expr *e = comparison(x);
    while (keyword(x, "and")) e = node(x, X_AND, e, comparison(x));
    return e;
}

static const struct expr *any(struct parser *x) {
    if (x->depth > DEPTH) return fail(x, "it is nested too deep");
    x->depth++;
    const struct expr *e = both(x);
    while (keyword(x, "or")) e = node(x, X_OR, e, both(x));
    x->depth--;
    return e;
}

const struct expr *expr_parse(struct op_parse *c, const char *text, struct jval at) {
    struct parser x = {.a = c->a, .s = text, .p = text};
    const struct expr *e = any(&x);
    blanks(&x);
    if (!x.why && *x.p) x.why = "an operator is expected";
    if (strlen(text) > 4000) x.why = "it is longer than 4,000 bytes";
    if (!x.why) return e;
    mistake_at(c->m, offset_of(at), "the expression '%.60s%s' is wrong at character %zu: %s", text,
               strlen(text) > 60 ? "..." : "", (size_t)(x.p - text) + 1, x.why);
    return NULL;
}

/* ---- value ---- */

static double power10(int n) {
    return pow(10, n);
}

/* Half to even of the decimal value, as Python's round(x, digits): by the correctly rounded decimal text. */
static double round_to(double x, double digits) {
    char text[400];
    int n = digits < -300 ? -300 : digits > 300 ? 300 : (int)digits;
    if (!n) return nearbyint(x);
    if (n < 0) return nearbyint(x / power10(-n)) * power10(-n);
    if (fabs(x) > 1e22) return x;
    snprintf(text, sizeof text, "%.*f", n, x);
    return strtod(text, NULL);
}

static bool least_most(const struct expr *x, const struct trec *r, double *out) {
    bool found = false;
    for (size_t i = 0; i < x->n; i++) {
        double v;
        bool ok = expr_value(x->arg[i], r, &v);
        if (x->f == F_COALESCE) {
            if (ok) return *out = v, true;
            continue;
        }
        if (!ok) return false;
        if (!found || (x->f == F_MIN ? v < *out : v > *out)) *out = v;
        found = true;
    }
    return found;
}

static bool call_value(const struct expr *x, const struct trec *r, double *out) {
    double a, b = 0;
    if (x->f == F_MIN || x->f == F_MAX || x->f == F_COALESCE) return least_most(x, r, out);
    bool ok = expr_value(x->arg[0], r, &a);
    if (x->f == F_IF) return expr_value(x->arg[ok && a != 0 ? 1 : 2], r, out);
    if (!ok || (x->n > 1 && !expr_value(x->arg[1], r, &b))) return false;
    switch (x->f) {
    case F_FLOOR:
        *out = floor(a);
        break;
    case F_CEIL:
        *out = ceil(a);
        break;
    case F_ABS:
        *out = fabs(a);
        break;
    case F_SQRT:
        *out = sqrt(a);
        break;
    case F_COS:
        *out = cos(a);
        break;
    case F_SIN:
        *out = sin(a);
        break;
    case F_EXP:
        *out = exp(a);
        break;
    case F_LN:
        *out = log(a);
        break;
    default:
        *out = round_to(a, b);
    }
    return isfinite(*out);
}

static bool logic(const struct expr *x, const struct trec *r, double *out) {
    double a = 0, b = 0;
    bool has = expr_value(x->arg[0], r, &a);
    bool left = has && a != 0;
    if (x->kind == X_NOT)
        *out = !left;
    else if (x->kind == X_AND)
        *out = left && expr_value(x->arg[1], r, &b) && b != 0;
    else
        *out = left || (expr_value(x->arg[1], r, &b) && b != 0);
    return true;
}

static bool compare(enum kind kind, double a, double b) {
    switch (kind) {
    case X_LT:
        return a < b;
    case X_LE:
        return a <= b;
    case X_GT:
        return a > b;
    case X_GE:
        return a >= b;
    case X_EQ:
        return a == b;
    default:
        return a != b;
    }
}

static bool arithmetic(enum kind kind, double a, double b, double *out) {
    if ((kind == X_DIV || kind == X_MOD) && b == 0) return false;
    *out = kind == X_ADD ? a + b : kind == X_SUB ? a - b : kind == X_MUL ? a * b : kind == X_DIV ? a / b : fmod(a, b);
    return isfinite(*out);
}

bool expr_value(const struct expr *x, const struct trec *r, double *out) {
    double a, b;
    const struct tmember *m;
    switch (x->kind) {
    case X_NUMBER:
        *out = x->number;
        return true;
    case X_FIELD:
        m = trec_find(r, x->field);
        return m && value_number(m->value, out);
    case X_NEG:
        if (!expr_value(x->arg[0], r, &a)) return false;
        *out = -a;
        return true;
    case X_CALL:
        return call_value(x, r, out);
    case X_NOT:
    case X_AND:
    case X_OR:
        return logic(x, r, out);
    default:
        break;
    }
    bool has = expr_value(x->arg[0], r, &a) && expr_value(x->arg[1], r, &b);
    if (x->kind < X_LT) return has && arithmetic(x->kind, a, b, out);
    *out = has && compare(x->kind, a, b);
    return true;
}
