/* See block.h. First the outline (which token belongs to which clause), then expressions with the source's columns at
 * hand. */
#include "mart/block.h"

#define MOST_CONJUNCTS 64

/* Value and truth depend on the arguments alone, and none hands on a JSON subtype. min and max are left out: with one
 * argument they are aggregates. */
static const char *const functions[] = {
    "abs",       "ceil",       "ceiling",   "char",   "coalesce", "date",   "datetime",
    "floor",     "format",     "hex",       "ifnull", "iif",      "instr",  "json_array_length",
    "json_type", "json_valid", "julianday", "length", "lower",    "ltrim",  "nullif",
    "printf",    "quote",      "replace",   "round",  "rtrim",    "sign",   "strftime",
    "substr",    "substring",  "time",      "trim",   "trunc",    "typeof", "unicode",
    "unixepoch", "upper"};

/* Words that are part of expressions and no names. */
static const char *const operators[] = {"and",     "or",     "not",     "is",   "in",   "like", "glob",
                                        "between", "escape", "case",    "when", "then", "else", "end",
                                        "null",    "isnull", "notnull", "true", "false"};

static const struct {
    const char *name;
    enum agg_kind kind;
} aggregates[] = {{"count", AGG_COUNT}, {"sum", AGG_SUM}, {"total", AGG_TOTAL},
                  {"avg", AGG_AVG},     {"min", AGG_MIN}, {"max", AGG_MAX}};

static bool in_list(const struct token *t, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (token_is(t, list[i])) return true;
    return false;
}
#define LISTED(t, list) in_list(t, list, sizeof(list) / sizeof *(list))

bool is_function(const struct tokens *t, uint32_t i) {
    return t->t[i + 1].kind == TOK_LP && LISTED(&t->t[i], functions);
}

void span_text(const struct tokens *t, struct span s, struct buf *out) {
    for (uint32_t i = s.a; i < s.b; i++) {
        if (i > s.a) buf_chr(out, ' ');
        buf_add(out, t->t[i].p, t->t[i].n);
    }
}

bool span_same(const struct tokens *t, struct span x, struct span y) {
    if (x.b - x.a != y.b - y.a) return false;
    for (uint32_t i = 0; i < x.b - x.a; i++)
        if (!token_same(&t->t[x.a + i], &t->t[y.a + i])) return false;
    return true;
}

/* ---- outline ---- */

static bool ends_core(const struct token *t, uint32_t depth) {
    static const char *const words[] = {"union", "except", "intersect"};
    return t->kind == TOK_END || (t->kind == TOK_RP && t->depth < depth) || (t->depth == depth && LISTED(t, words));
}

/* FROM source [[AS] alias], and nothing else. */
static bool read_source(const struct tokens *t, struct block *b) {
    static const char *const never[] = {"as",    "where",   "group",  "join",    "cross",  "left", "right", "full",
                                        "inner", "natural", "outer",  "indexed", "not",    "on",   "using", "order",
                                        "limit", "having",  "window", "values",  "select", "with"};
    uint32_t i = b->from.a;
    if (i >= b->from.b) return false;
    b->source = i;
    b->is_name = token_is_name(&t->t[i]);
    if (b->is_name && LISTED(&t->t[i], never)) return false;
    if (b->is_name) b->alias = token_name(&t->t[i]);
    if (t->t[i].kind == TOK_LP) {
        b->inner = i + 1;
        if (!token_is(&t->t[i + 1], "select")) return false;
        b->alias = (struct sv){0};
        i = t->t[i].match;
    } else if (!b->is_name) {
        return false;
    }
    i++;
    bool as = i < b->from.b && token_is(&t->t[i], "as");
    i += as;
    if (i == b->from.b) return !as;
    if (!token_is_name(&t->t[i]) || LISTED(&t->t[i], never)) return false;
    b->alias = token_name(&t->t[i]);
    return i + 1 == b->from.b;
}

bool block_outline(const struct tokens *t, uint32_t at, struct block *b) {
    static const char *const tails[] = {"having", "window", "order", "limit"};
    uint32_t depth = t->t[at].depth, from = 0, where = 0, group = 0, tail = 0, i = at + 1;
    *b = (struct block){0};
    b->distinct = token_is(&t->t[i], "distinct") || token_is(&t->t[i], "all");
    for (; !ends_core(&t->t[i], depth); i++) {
        const struct token *k = &t->t[i];
        if (k->depth != depth) continue;
        if (k->kind == TOK_DOT && t->t[i + 1].kind == TOK_WORD) {
            i++; /* a column that is called like a keyword */
        } else if (token_is(k, "from")) {
            if (from || where || group || tail) return false;
            from = i;
        } else if (token_is(k, "where")) {
            if (!from || where || group || tail) return false;
            where = i;
        } else if (token_is(k, "group")) {
            if (!from || group || tail || !token_is(&t->t[i + 1], "by")) return false;
            group = i;
        } else if (LISTED(k, tails)) {
            if (!from) return false;
            tail = tail ? tail : i;
        } else if (token_is(k, "select") || token_is(k, "with") || token_is(k, "values")) {
            return false;
        }
    }
    if (!from) return false;
    uint32_t clauses_end = tail ? tail : i;
    b->s = (struct span){at, clauses_end};
    b->tail = (struct span){clauses_end, i};
    b->group = group ? (struct span){group + 2, clauses_end} : (struct span){0, 0};
    b->where = where ? (struct span){where + 1, group ? group : clauses_end} : (struct span){0, 0};
    b->from = (struct span){from + 1, where ? where : group ? group : clauses_end};
    b->nitems = from; /* until block_read: where the list of items ends */
    return read_source(t, b);
}

/* ---- expressions ---- */

struct reading {
    const struct tokens *t;
    struct block *b;
    const struct names *names;
    struct arena *a;
};

static int find_column(const struct reading *r, struct sv name) {
    for (size_t i = 0; i < r->names->ncols; i++)
        if (name_eq(r->names->col[i], name)) return (int)i;
    return -1;
}

/* The column that token i (with a qualifier before it, from *i on) names; leaves *i on its last token. -1: none. */
static int column_at(const struct reading *r, uint32_t *i, uint32_t end) {
    const struct token *t = &r->t->t[*i];
    if (*i + 2 < end && t[1].kind == TOK_DOT) {
        if (!name_eq(token_name(t), r->b->alias) || !token_is_name(&t[2])) return -1;
        if (*i + 3 < end && t[3].kind == TOK_DOT) return -1;
        *i += 2;
        return find_column(r, token_name(&t[2]));
    }
    return find_column(r, token_name(t));
}

/* A date function without a time: date(), strftime('%s'). */
static bool means_now(const struct tokens *t, uint32_t i) {
    if (!token_is(&t->t[i], "strftime")) return t->t[i + 2].kind == TOK_RP;
    for (uint32_t k = i + 2; k < t->t[i + 1].match; k++)
        if (t->t[k].kind == TOK_COMMA && t->t[k].depth == t->t[i].depth + 1) return false;
    return true;
}

/* An expression without aggregates over at most one column. */
static bool read_expr(const struct reading *r, struct span s, struct expr *out) {
    *out = (struct expr){s, -1};
    if (s.a >= s.b) return false;
    for (uint32_t i = s.a; i < s.b; i++) {
        const struct token *t = &r->t->t[i];
        bool named = t->kind == TOK_WORD && find_column(r, token_name(t)) >= 0;
        switch (t->kind) {
        case TOK_NUMBER:
        case TOK_PARAM:
        case TOK_OP:
        case TOK_LP:
        case TOK_RP:
            continue;
        case TOK_COMMA:
            if (t->depth == r->t->t[s.a].depth) return false;
            continue;
        case TOK_STRING:
            if (t->n == 5 && name_eq((struct sv){t->p + 1, 3}, SV("now"))) return false; /* date('now') */
            continue;
        case TOK_WORD:
            if (LISTED(t, operators)) {
                if (named) return false; /* a column of that name: who knows which is meant */
                continue;
            }
            if (t[1].kind == TOK_LP) {
                if (!LISTED(t, functions) || means_now(r->t, i)) return false;
                continue;
            }
            break;
        case TOK_NAME:
            if (t[1].kind == TOK_LP) return false;
            break;
        default:
            return false;
        }
        int col = column_at(r, &i, s.b);
        if (col < 0 || (out->col >= 0 && out->col != col)) return false;
        out->col = col;
    }
    return true;
}

/* Split at AND outside parentheses, CASE and BETWEEN; OR there makes one piece of all. false: too many. */
static bool split_and(const struct tokens *t, struct span s, struct span *out, size_t *n) {
    uint32_t depth = t->t[s.a].depth, cases = 0, betweens = 0, from = s.a;
    *n = 0;
    for (uint32_t i = s.a; i < s.b; i++) {
        const struct token *k = &t->t[i];
        if (k->depth != depth || k->kind != TOK_WORD) continue;
        if (i > s.a && t->t[i - 1].kind == TOK_DOT) continue;
        if (token_is(k, "case")) {
            cases++;
        } else if (token_is(k, "end")) {
            if (!cases--) return false;
        } else if (cases) {
            continue;
        } else if (token_is(k, "or")) {
            out[0] = s;
            *n = 1;
            return true;
        } else if (token_is(k, "between")) {
            betweens++;
        } else if (token_is(k, "and") && betweens) {
            betweens--;
        } else if (token_is(k, "and")) {
            if (*n + 1 == MOST_CONJUNCTS) return false;
            out[(*n)++] = (struct span){from, i};
            from = i + 1;
        }
    }
    if (cases || betweens) return false;
    out[(*n)++] = (struct span){from, s.b};
    return true;
}

/* Pieces between commas outside parentheses. */
static struct span *split_commas(const struct reading *r, struct span s, size_t *n) {
    struct span *out = arena_alloc(r->a, (s.b - s.a + 2) * sizeof *out);
    uint32_t from = s.a, depth = s.a < s.b ? r->t->t[s.a].depth : 0;
    *n = 0;
    for (uint32_t i = s.a; i < s.b; i++) {
        if (r->t->t[i].kind != TOK_COMMA || r->t->t[i].depth != depth) continue;
        out[(*n)++] = (struct span){from, i};
        from = i + 1;
    }
    out[(*n)++] = (struct span){from, s.b};
    return out;
}

static bool read_where(const struct reading *r) {
    struct block *b = r->b;
    struct span parts[MOST_CONJUNCTS];
    size_t n = 0;
    b->all_conj = true;
    if (b->where.a == b->where.b) return true;
    if (!split_and(r->t, b->where, parts, &n)) return false;
    b->conj = arena_alloc(r->a, n * sizeof *b->conj);
    for (size_t i = 0; i < n; i++) {
        struct expr x;
        if (read_expr(r, parts[i], &x) && x.col >= 0)
            b->conj[b->nconj++] = x;
        else
            b->all_conj = false;
    }
    return true;
}

/* ---- aggregates ---- */

/* CASE WHEN p AND p THEN x [ELSE constant] END and no second WHEN. */
static bool read_case(const struct reading *r, struct span s, struct block_agg *g) {
    const struct tokens *t = r->t;
    uint32_t depth = t->t[s.a].depth, then = 0, otherwise = 0, cases = 0;
    struct span parts[MOST_CONJUNCTS];
    if (s.b - s.a < 6 || !token_is(&t->t[s.a], "case") || !token_is(&t->t[s.a + 1], "when") ||
        !token_is(&t->t[s.b - 1], "end"))
        return false;
    for (uint32_t i = s.a + 2; i < s.b - 1; i++) {
        const struct token *k = &t->t[i];
        if (k->depth != depth || t->t[i - 1].kind == TOK_DOT) continue;
        if (token_is(k, "case")) {
            cases++;
        } else if (token_is(k, "end")) {
            if (!cases--) return false; /* CASE .. END + CASE .. END */
        } else if (cases) {
            continue;
        } else if (token_is(k, "when")) {
            return false;
        } else if (token_is(k, "then")) {
            if (then) return false;
            then = i;
        } else if (token_is(k, "else")) {
            if (!then || otherwise) return false;
            otherwise = i;
        }
    }
    if (!then || cases || then == s.a + 2) return false;
    if (!split_and(t, (struct span){s.a + 2, then}, parts, &g->nwhen)) return false;
    g->when = arena_alloc(r->a, g->nwhen * sizeof *g->when);
    for (size_t i = 0; i < g->nwhen; i++)
        if (!read_expr(r, parts[i], &g->when[i]) || g->when[i].col < 0) return false;
    if (!read_expr(r, (struct span){then + 1, otherwise ? otherwise : s.b - 1}, &g->value)) return false;
    if (!otherwise) return true;
    struct expr constant;
    g->otherwise = (struct span){otherwise + 1, s.b - 1};
    return read_expr(r, g->otherwise, &constant) && constant.col < 0;
}

/* The call at token i. false: none that is understood. */
static bool read_aggregate(const struct reading *r, uint32_t i, struct block_agg *g) {
    const struct tokens *t = r->t;
    size_t k = 0;
    while (k < sizeof aggregates / sizeof *aggregates && !token_is(&t->t[i], aggregates[k].name)) k++;
    if (k == sizeof aggregates / sizeof *aggregates || t->t[i + 1].kind != TOK_LP) return false;
    *g = (struct block_agg){.kind = aggregates[k].kind, .call = {i, t->t[i + 1].match + 1}, .value = {{0, 0}, -1}};
    struct span arg = {i + 2, t->t[i + 1].match};
    if (arg.a == arg.b) return false;
    if (arg.b - arg.a == 1 && t->t[arg.a].kind == TOK_OP && t->t[arg.a].n == 1 && *t->t[arg.a].p == '*')
        return g->kind == AGG_COUNT;
    if (token_is(&t->t[arg.a], "distinct")) {
        if (g->kind != AGG_COUNT) return false;
        g->distinct = true;
        arg.a++;
    }
    if (read_expr(r, arg, &g->value)) return true;
    return arg.a < arg.b && read_case(r, arg, g);
}

static bool is_aggregate(const struct tokens *t, uint32_t i) {
    if (t->t[i + 1].kind != TOK_LP) return false;
    for (size_t k = 0; k < sizeof aggregates / sizeof *aggregates; k++)
        if (token_is(&t->t[i], aggregates[k].name)) return true;
    return false;
}

/* ---- items and keys ---- */

static bool read_keys(const struct reading *r) {
    struct block *b = r->b;
    size_t n;
    if (b->group.a == b->group.b) return true;
    struct span *parts = split_commas(r, b->group, &n);
    b->keys = arena_alloc(r->a, n * sizeof *b->keys);
    for (size_t i = 0; i < n; i++)
        if (!read_expr(r, parts[i], &b->keys[b->nkeys]) || b->keys[b->nkeys++].col < 0) return false;
    return n <= 8;
}

int block_key_at(const struct tokens *t, const struct block *b, struct span item, uint32_t i, uint32_t *end) {
    for (size_t k = 0; k < b->nkeys; k++) {
        struct span key = b->keys[k].s, here = {i, i + key.b - key.a};
        if (here.b > item.b || !span_same(t, key, here)) continue;
        bool call = is_function(t, i) && t->t[i + 1].match + 1 == here.b;
        bool name =
            token_is_name(&t->t[i]) && (key.b - key.a == 1 || (key.b - key.a == 3 && t->t[i + 1].kind == TOK_DOT));
        if (!call && !name && (here.a != item.a || here.b != item.b)) continue;
        if (here.b < item.b && t->t[here.b].kind == TOK_DOT) continue;
        *end = here.b;
        return (int)k;
    }
    return -1;
}

static void add_aggregate(const struct reading *r, const struct block_agg *g) {
    for (size_t i = 0; i < r->b->naggs; i++)
        if (span_same(r->t, r->b->aggs[i].call, g->call)) return;
    r->b->aggs[r->b->naggs++] = *g;
}

/* Nothing but keys, aggregates, constants and what may stand around them. */
static bool read_item_expr(const struct reading *r, struct span s) {
    struct span rest = s;
    for (uint32_t i = s.a; i < s.b; i++) {
        uint32_t end;
        struct block_agg g;
        struct expr constant;
        if (block_key_at(r->t, r->b, s, i, &end) >= 0) {
            i = end - 1;
        } else if (is_aggregate(r->t, i)) {
            if (!read_aggregate(r, i, &g)) return false;
            add_aggregate(r, &g);
            i = g.call.b - 1;
        } else if (token_is_name(&r->t->t[i]) && !LISTED(&r->t->t[i], operators) && !is_function(r->t, i)) {
            return false;
        } else if (is_function(r->t, i)) {
            if (means_now(r->t, i)) return false;
        } else if (!read_expr(r, (struct span){i, i + 1}, &constant)) {
            if (r->t->t[i].kind != TOK_COMMA || r->t->t[i].depth == r->t->t[s.a].depth) return false;
        }
    }
    return rest.a < rest.b;
}

static bool read_item(const struct reading *r, struct span s) {
    struct block_item *it = &r->b->items[r->b->nitems++];
    const struct token *last = &r->t->t[s.b - 1];
    *it = (struct block_item){.s = s};
    if (s.b - s.a >= 3 && token_is_name(last) && token_is(last - 1, "as") && last->depth == r->t->t[s.a].depth) {
        it->s.b -= 2;
        it->name = token_name(last);
    } else {
        uint32_t i = s.a;
        int col = token_is_name(last) ? column_at(r, &i, s.b) : -1;
        if (col < 0 || i + 1 != s.b) return false;
        it->name = r->names->col[col];
    }
    for (size_t i = 0; i + 1 < r->b->nitems; i++)
        if (name_eq(r->b->items[i].name, it->name)) return false;
    return read_item_expr(r, it->s);
}

static bool read_items(const struct reading *r, uint32_t end) {
    struct block *b = r->b;
    size_t n;
    struct span *parts = split_commas(r, (struct span){b->s.a + 1, end}, &n);
    b->items = arena_alloc(r->a, n * sizeof *b->items);
    b->aggs = arena_alloc(r->a, (b->s.b - b->s.a) * sizeof *b->aggs);
    b->nitems = 0;
    for (size_t i = 0; i < n; i++)
        if (parts[i].a >= parts[i].b || !read_item(r, parts[i])) return false;
    return n <= 500 && (b->nkeys || b->naggs);
}

/* ORDER BY name [ASC | DESC], ... [LIMIT number]: names of items mean the items, whatever SELECT they belong to. */
static bool read_tail(const struct reading *r) {
    const struct token *t = r->t->t;
    uint32_t i = r->b->tail.a, end = r->b->tail.b;
    if (i == end) return true;
    if (!token_is(&t[i], "order") || !token_is(&t[i + 1], "by")) return false;
    for (i += 2;; i++) {
        size_t k = 0;
        if (i >= end || !token_is_name(&t[i])) return false;
        while (k < r->b->nitems && !name_eq(r->b->items[k].name, token_name(&t[i]))) k++;
        if (k == r->b->nitems) return false;
        i++;
        if (i < end && (token_is(&t[i], "asc") || token_is(&t[i], "desc"))) i++;
        if (i == end || t[i].kind != TOK_COMMA) break;
    }
    if (i == end) return true;
    return i + 2 == end && token_is(&t[i], "limit") && t[i + 1].kind == TOK_NUMBER;
}

void block_read(const struct tokens *t, struct block *b, const struct names *names, struct arena *a) {
    struct reading r = {t, b, names, a};
    uint32_t items_end = (uint32_t)b->nitems;
    b->level = BLOCK_NOT;
    bool where = read_where(&r);
    if (!where) {
        b->nconj = 0;
        b->all_conj = false;
    }
    bool whole = !b->distinct && where && b->all_conj && read_keys(&r) && read_items(&r, items_end) && read_tail(&r);
    b->level = whole ? BLOCK_WHOLE : b->is_name && b->nconj ? BLOCK_FILTERED : BLOCK_NOT;
}

const struct expr *block_day(const struct tokens *t, const struct block *b, int col) {
    for (size_t i = 0; i < b->nconj; i++) {
        struct span s = b->conj[i].s;
        const struct token *k = &t->t[s.a];
        if (b->conj[i].col != col || (s.b - s.a != 3 && s.b - s.a != 5)) continue;
        bool op = k[s.b - s.a - 2].kind == TOK_OP && k[s.b - s.a - 2].n == 1 && *k[s.b - s.a - 2].p == '=';
        const struct token *last = &k[s.b - s.a - 1];
        if (op && token_is_name(k) && (s.b - s.a == 3 || k[1].kind == TOK_DOT) && last->kind == TOK_PARAM &&
            last->n == 3 && memcmp(last->p, ":ds", 3) == 0)
            return &b->conj[i];
    }
    return NULL;
}
