/* See select.h. */
#include "mart/select.h"

#include "base/near.h"

struct selection {
    const struct pipeline *p;
    struct strs *out;
};

static void take(struct selection *s, const char *name) {
    if (!strs_has(*s->out, sv_of(name))) s->out->s[s->out->n++] = name;
}

static void above(struct selection *s, const char *name) {
    const struct pl_model *m = pipeline_model(s->p, name);
    take(s, name);
    for (size_t i = 0; m && i < m->refs.n; i++) above(s, m->refs.s[i]);
}

static void below(struct selection *s, const char *name) {
    take(s, name);
    for (size_t i = 0; i < s->p->nmodels; i++)
        if (strs_has(s->p->models[i].refs, sv_of(name))) below(s, s->p->models[i].name);
}

static int unknown(const struct pipeline *p, const char *name, struct arena *a, struct err *e) {
    struct near near = near_start(name);
    for (size_t i = 0; i < p->nmodels; i++) near_offer(&near, p->models[i].name);
    for (size_t i = 0; i < p->ndatasets; i++)
        if (p->datasets[i].load) near_offer(&near, p->datasets[i].load->table);
    return err_set(e, ERR_USAGE, "%s has no model '%s'%s", p->name, name, near_hint(&near, a));
}

int mart_select(const struct pipeline *p, const char *text, struct arena *a, struct strs *out, struct err *e) {
    struct selection s = {p, out};
    out->s = arena_alloc(a, (p->nmodels + p->ndatasets + 1) * sizeof *out->s);
    out->n = 0;
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, ","), len = n;
        const char *word = at;
        bool up = len && word[0] == '+', down = len > 1 && word[len - 1] == '+';
        if (!len) return err_set(e, ERR_USAGE, "--select: a name is missing in '%s'", text);
        if (up) word++, len--;
        if (down) len--;
        const char *name = arena_strn(a, word, len);
        if (!pipeline_model(p, name) && !pipeline_loader_of(p, name)) return unknown(p, name, a, e);
        take(&s, name);
        if (up) above(&s, name);
        if (down) below(&s, name);
        at += n + (at[n] == ',');
    }
    return out->n ? ERR_OK : err_set(e, ERR_USAGE, "--select: a name is missing");
}
