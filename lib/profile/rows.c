/* A profile as rows of profile_log. */
#include <math.h>

#include "profile/json_out.h"
#include "profile/width.h"

static const char *kept(struct arena *a, struct buf *b) {
    const char *s = arena_strn(a, buf_text(b), b->n);
    buf_free(b);
    return s;
}

/* "integer 5, null 2" */
static const char *kinds(const struct tally *t, struct arena *a) {
    struct buf b = {0};
    for (int k = 0; k < KIND_COUNT; k++)
        if (t->kinds[k]) buf_fmt(&b, "%s%s %llu", b.n ? ", " : "", kind_names[k], (unsigned long long)t->kinds[k]);
    return kept(a, &b);
}

static const char *limit_text(const struct field *f, bool least, struct arena *a) {
    const struct tally *t = &f->t;
    const struct limit *n = least ? &t->least : &t->greatest, *s = least ? &t->least_text : &t->greatest_text;
    if (t->times > t->numbers) {
        struct buf b = {0};
        time_text(least ? t->first : t->last, t->zoned == t->times, !t->kinds[KIND_TIMESTAMP], &b);
        return kept(a, &b);
    }
    if (n->set) return arena_strn(a, n->p, n->n);
    if (!s->set) return NULL;
    struct sv whole = text_whole((struct sv){s->p, s->n});
    return arena_strn(a, whole.p, whole.n);
}

static const char *field_json(const struct profile *p, const struct field *f, const struct figures *g,
                              struct arena *a) {
    struct buf b = {0};
    struct json_out o = {.b = &b};
    if (f == p->fields[0])
        profile_put_document(&o, p);
    else
        profile_put_field(&o, f, g);
    return kept(a, &b);
}

static struct profile_row row_of(const struct profile *p, const struct field *f, struct arena *a) {
    const struct figures *g = figures_of(p, f);
    struct buf pointer = {0};
    const struct tally *t = &f->t;
    field_pointer(f, &pointer);
    bool has = g->numbers.n > 0;
    struct profile_row r = {.field = kept(a, &pointer),
                            .title = f->parent ? f->title : p->title,
                            .types = kinds(t, a),
                            .least = limit_text(f, true, a),
                            .greatest = limit_text(f, false, a),
                            .json = field_json(p, f, g, a),
                            .records = g->of,
                            .present = g->present,
                            .nulls = t->kinds[KIND_NULL],
                            .empties = t->kinds[KIND_EMPTY],
                            .distinct = g->distinct,
                            .distinct_exact = g->exact,
                            .outliers = g->numbers.below + g->numbers.above,
                            .mean = has ? g->numbers.mean : NAN,
                            .stddev = has ? g->numbers.stddev : NAN,
                            .q25 = has ? g->numbers.q[QUARTER] : NAN,
                            .median = has ? g->numbers.q[QUARTER + 1] : NAN,
                            .q75 = has ? g->numbers.q[QUARTER + 2] : NAN,
                            .length_min = t->lengths.n ? (int64_t)t->lengths.least : -1,
                            .length_max = t->lengths.n ? (int64_t)t->lengths.greatest : -1};
    if (g->ntop) {
        struct sv top = text_whole(top_text(&f->top, g->top[0]));
        r.top_value = arena_strn(a, top.p, top.n);
        r.top_count = g->top[0]->count;
    }
    return r;
}

struct profile_row *profile_rows(const struct profile *p, struct arena *a, size_t *n) {
    struct profile_row *rows = arena_alloc(a, (p->nfields + 1) * sizeof *rows);
    *n = 0;
    for (const struct field *f = p->fields[0]; f; f = profile_next(f)) rows[(*n)++] = row_of(p, f, a);
    return rows;
}
