/* See extract.h. An extractor, and the definitions that it knows: selectors and expressions are compiled once. */
#include "extract/extract_impl.h"

struct extractor *extractor_new(void) {
    struct extractor *x = mem_alloc(sizeof *x);
    x->html = dom_new();
    return x;
}

void extractor_free(struct extractor *x) {
    if (!x) return;
    for (struct known_regex *k = x->regexes, *next; k; k = next) {
        next = k->next;
        match_free(k->r);
        free(k);
    }
    for (size_t i = 0; i < x->cappairs; i++) buf_free(&x->pairs[i].key);
    free(x->pairs);
    dom_free(x->html);
    buf_free(&x->decoded);
    buf_free(&x->json);
    buf_free(&x->ld_text);
    buf_free(&x->key);
    buf_free(&x->tmp);
    jtoks_free(&x->toks);
    jtoks_free(&x->ld);
    free(x);
}

struct match *ex_regex(const struct extractor *x, const char *text) {
    for (struct known_regex *k = x->regexes; k; k = k->next)
        if (k->text == text) return k->r;
    return NULL;
}

static int prepare_regex(struct extractor *x, const char *text, struct err *e) {
    struct match *r;
    if (!text || ex_regex(x, text)) return ERR_OK;
    int rc = match_new(&r, text, e);
    if (rc) return rc;
    struct known_regex *k = mem_alloc(sizeof *k);
    *k = (struct known_regex){text, r, x->regexes};
    x->regexes = k;
    return ERR_OK;
}

static int prepare_selector(struct extractor *x, const char *text, struct err *e) {
    struct dom_selector *s;
    return text ? dom_selector(x->html, text, &s, e) : ERR_OK;
}

int extractor_prepare_take(struct extractor *x, const struct ex_take *t, struct err *e) {
    int rc = ERR_OK;
    for (; t && rc == ERR_OK; t = t->otherwise) {
        if (t->kind == EX_SELECT) rc = prepare_selector(x, t->what, e);
        if (rc == ERR_OK) rc = prepare_regex(x, t->match, e);
    }
    return rc;
}

int extractor_prepare_test(struct extractor *x, const struct ex_test *t, struct err *e) {
    int rc = t->kind == EX_SELECT ? prepare_selector(x, t->what, e) : ERR_OK;
    return rc == ERR_OK ? prepare_regex(x, t->match, e) : rc;
}

int extractor_prepare(struct extractor *x, const struct ex_def *d, struct err *e) {
    int rc = ERR_OK;
    if (d->each && *d->each && *d->each != '/') rc = prepare_selector(x, d->each, e);
    if (rc == ERR_OK) rc = prepare_selector(x, d->pair_each, e);
    if (rc == ERR_OK) rc = prepare_selector(x, d->pair_key, e);
    if (rc == ERR_OK) rc = prepare_selector(x, d->pair_value, e);
    for (size_t i = 0; i < d->nfields && rc == ERR_OK; i++) rc = extractor_prepare_take(x, &d->fields[i], e);
    for (size_t i = 0; i < d->nadd && rc == ERR_OK; i++) rc = extractor_prepare_take(x, &d->add[i], e);
    return rc;
}

struct dom_selector *ex_selector(struct extractor *x, const char *text) {
    struct dom_selector *s = NULL;
    struct err e;
    return dom_selector(x->html, text, &s, &e) == ERR_OK ? s : NULL;
}
