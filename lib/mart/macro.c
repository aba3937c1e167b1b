/* See macro.h. One table of macros by dialect; CTE models are put in place as subqueries. */
#include "mart/macro.h"

#include "base/near.h"

static const struct {
    const char *name;
    int nargs;
    const char *text[1]; /* by dialect; $1 $2 are the arguments */
} macros[] = {
    {"day_of", 1, {"substr($1, 1, 10)"}},
    {"seconds_between",
     2,
     {"CASE WHEN instr($1, '.') + instr($2, '.') = 0 THEN unixepoch($2) - unixepoch($1)"
      " ELSE ROUND((julianday($2) - julianday($1)) * 86400.0, 3) END"}},
    {"percent", 2, {"ROUND(($1) * 100.0 / NULLIF(($2), 0), 2)"}},
    {"json_text", 2, {"json_extract($1, '$.$2')"}},
    {"json_number", 2, {"json_extract($1, '$.$2')"}},
    {"json_length", 2, {"json_array_length($1, '$.$2')"}},
    {"json_items", 2, {"json_each($1, '$.$2')"}},
};
#define MACROS (sizeof macros / sizeof *macros)

struct call {
    char name[64];
    struct sv args[2];
    int nargs;
};

static const char *skip(const char *p) {
    while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r') p++;
    return p;
}

/* Text after "{{": a call, up to and with "}}". NULL when it is not one. */
static const char *parse_call(const char *p, struct call *c) {
    *c = (struct call){0};
    p = skip(p);
    size_t n = 0;
    while (((*p >= 'a' && *p <= 'z') || *p == '_') && n < sizeof c->name - 1) c->name[n++] = *p++;
    p = skip(p);
    if (*p == '(') {
        p = skip(p + 1);
        while (*p == '\'' || *p == '"') {
            const char *end = strchr(p + 1, *p);
            if (!end || c->nargs == 2) return NULL;
            c->args[c->nargs++] = (struct sv){p + 1, (size_t)(end - p - 1)};
            p = skip(end + 1);
            if (*p == ',') p = skip(p + 1);
        }
        if (*p++ != ')') return NULL;
        p = skip(p);
    }
    return n && p[0] == '}' && p[1] == '}' ? p + 2 : NULL;
}

struct expansion {
    const struct pipeline *p;
    const char *file, *sql, *this_sql;
    enum dialect d;
    struct buf *out;
    struct err *e;
};

static int fail(const struct expansion *x, const char *at, const char *fmt, const char *what, const char *hint) {
    size_t line, col;
    json_line_col(x->sql, strlen(x->sql), (size_t)(at - x->sql), &line, &col);
    err_set(x->e, ERR_CONFIG, fmt, what, hint);
    return err_in(x->e, "%s:%zu:%zu", x->file, line, col);
}

static int put_ref(const struct expansion *x, const struct call *c, const char *at) {
    struct arena a = {0};
    const char *name = arena_strn(&a, c->args[0].p, c->args[0].n);
    const struct pl_model *m = pipeline_model(x->p, name);
    int rc = ERR_OK;
    if (m && m->kind == MODEL_CTE) {
        buf_str(x->out, "(");
        rc = macro_expand(x->p, m->file, m->sql, x->d, NULL, x->out, x->e);
        buf_str(x->out, "\n)");
    } else if (m || pipeline_loader_of(x->p, name)) {
        sql_name(x->out, name);
    } else {
        rc = fail(x, at, "ref('%s') is neither a model nor a loaded table%s", name, "");
    }
    arena_free(&a);
    return rc;
}

static int put_macro(const struct expansion *x, const struct call *c, const char *at) {
    struct near near = near_start(c->name);
    size_t i = 0;
    while (i < MACROS && strcmp(macros[i].name, c->name) != 0) near_offer(&near, macros[i++].name);
    if (i == MACROS) {
        struct arena a = {0};
        near_offer(&near, "ref");
        near_offer(&near, "this");
        int rc = fail(x, at, "no macro '%s'%s", c->name, near_hint(&near, &a));
        arena_free(&a);
        return rc;
    }
    if (c->nargs != macros[i].nargs) return fail(x, at, "macro %s: wrong number of arguments%s", c->name, "");
    for (const char *t = macros[i].text[x->d]; *t; t++) {
        if (t[0] == '$' && (t[1] == '1' || t[1] == '2'))
            buf_sv(x->out, c->args[*++t - '1']);
        else
            buf_chr(x->out, *t);
    }
    return ERR_OK;
}

int macro_expand(const struct pipeline *p, const char *file, const char *sql, enum dialect d, const char *this_sql,
                 struct buf *out, struct err *e) {
    struct expansion x = {p, file, sql, this_sql, d, out, e};
    size_t n = strlen(sql);
    while (n && strchr("; \t\r\n", sql[n - 1])) n--; /* a closing semicolon would end the statement around it */
    const char *end = sql + n;
    for (const char *s = sql; s < end;) {
        if (s[0] != '{' || s[1] != '{') {
            buf_chr(out, *s++);
            continue;
        }
        struct call c;
        const char *after = parse_call(s + 2, &c);
        int rc;
        if (!after)
            rc = fail(&x, s, "cannot read this macro%s%s: expected {{ name('argument') }}", "", "");
        else if (strcmp(c.name, "ref") == 0 && c.nargs == 1)
            rc = put_ref(&x, &c, s);
        else if (strcmp(c.name, "this") == 0 && this_sql)
            buf_str(out, this_sql), rc = ERR_OK;
        else
            rc = put_macro(&x, &c, s);
        if (rc) return rc;
        s = after;
    }
    return ERR_OK;
}
