/*
 * Fuzz target: the schema compiler and validator. The input is a schema, a NUL byte, and an instance. What must hold of
 * any of them:
 *
 *   the verdict is the same however many faults are asked for, and there are faults exactly when it is bad
 *   a fault's pointer leads to a value of the instance
 *   {"allOf": [S]} says what S says, {"not": S} the contrary, unless S looks outside itself or gives up
 */
#include "json/check_tell.h"
#include "json/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool ok) {
    if (!ok) abort();
}

/* Follow a pointer; keys that occur twice are found by their last value, which is the one that counts. */
static bool leads(struct jval v, const char *p) {
    struct buf key = {0};
    bool ok = true;
    while (ok && *p) {
        uint32_t pos = 0, want = 0;
        for (p++, key.n = 0; *p && *p != '/'; p++) {
            if (*p == '~')
                buf_chr(&key, *++p == '1' ? '/' : '~');
            else
                buf_chr(&key, *p);
            want = want * 10 + (uint32_t)(*p - '0');
        }
        struct jval e = v;
        if (jv_type(v) == JT_OBJ)
            ok = jv_get(v, (struct sv){buf_text(&key), key.n}, &e);
        else
            for (ok = jv_type(v) == JT_ARR && want < jv_tok(v)->n; ok && jv_each(v, &pos, NULL, &e) && want--;)
                continue;
        v = e;
    }
    buf_free(&key);
    return ok;
}

static bool gave_up(const struct schema_run *r) {
    return r->nfaults &&
           (strstr(r->faults[0].expected, "recursion too deep") || strstr(r->faults[0].expected, "too many steps") ||
            strstr(r->faults[0].expected, "reasonable time"));
}

static void look_at_faults(const struct schema_run *r, struct jval v, const char *text, size_t n) {
    struct rec rec = {.v = v, .text = text, .len = (uint32_t)n, .line = 1};
    struct buf b = {0};
    for (size_t k = 0; k < r->nfaults; k++) {
        const struct schema_fault *f = &r->faults[k];
        must(f->keyword && *f->keyword && f->expected && *f->expected && f->found && f->schema);
        must(leads(v, f->pointer));
        must(check_tell_line(&rec, jv_tok(f->at)->off) >= 1);
        check_tell_text(&b, "f", 1, f, true);
        must(b.p[b.n - 1] == '\n' && !memchr(b.p, '\n', b.n - 1));
        check_tell_json(&b, "f", 1, f);
        b.n = 0;
    }
    buf_free(&b);
}

/* The verdict on the instance of the schema with something before and behind it. */
static bool verdict(const char *before, const char *schema, size_t n, const char *behind, struct jval v, bool *known) {
    struct buf text = {0};
    struct schema *s = NULL;
    struct schema_run r = {.max_faults = 1};
    struct err e;
    buf_str(&text, before);
    buf_add(&text, schema, n);
    buf_str(&text, behind);
    *known = schema_compile(&s, "fuzz", text.p, text.n, NULL, SCHEMA_ASSERT_FORMAT, &e) == ERR_OK;
    bool ok = *known && schema_validate(s, v, &r);
    if (gave_up(&r)) *known = false;
    schema_run_free(&r);
    schema_free(s);
    buf_free(&text);
    return ok;
}

static bool each(void *ctx, const char *name) {
    return schema_column_kind(ctx, sv_of(name)) != 0;
}

static void look(struct schema *s, const char *schema, size_t len, struct jval v, const char *text, size_t n) {
    static const size_t most[] = {0, 1, 2, 20, 1000};
    struct schema_run r = {0};
    bool first = false, known;
    for (size_t k = 0; k < sizeof most / sizeof *most; k++) {
        r.max_faults = most[k];
        bool ok = schema_validate(s, v, &r);
        if (k == 0) first = ok;
        must(ok == first && (most[k] == 0 || ok == (r.nfaults == 0)) && r.nfaults <= most[k]);
        look_at_faults(&r, v, text, n);
    }
    bool limited = gave_up(&r);
    schema_run_free(&r);
    schema_each_property(s, each, s);
    if (limited || memmem(schema, len, "$", 1) || memmem(schema, len, "\\u", 2)) return; /* $ref, $id, also as \u0024 */
    bool same = verdict("{\"allOf\":[", schema, len, "]}", v, &known);
    must(!known || same == first);
    bool other = verdict("{\"not\":", schema, len, "}", v, &known);
    must(!known || other != first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const uint8_t *nul = n ? memchr(data, 0, n) : NULL;
    size_t len = nul ? (size_t)(nul - data) : n;
    struct schema *s = NULL;
    struct err e;
    if (schema_compile(&s, "fuzz", (const char *)data, len, NULL, SCHEMA_ASSERT_FORMAT, &e)) return 0;
    struct jtoks toks = {0};
    struct jerr je;
    size_t tn = nul ? n - len - 1 : 2;
    char *text = mem_alloc(tn + !tn); /* its own allocation, so that reading past the end is seen */
    memcpy(text, nul ? (const char *)nul + 1 : "{}", tn);
    if (json_scan(&toks, text, tn, 0, &je)) look(s, (const char *)data, len, (struct jval){text, toks.t, 0}, text, tn);
    free(text);
    jtoks_free(&toks);
    schema_free(s);
    return 0;
}
