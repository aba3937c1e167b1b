/* See json_out.h. The document is described in etl-validate(1). */
#include "profile/json_out.h"

#include "profile/width.h"

static void line(struct json_out *o) {
    if (!o->pretty) return;
    buf_chr(o->b, '\n');
    for (uint32_t i = 0; i < o->depth; i++) buf_str(o->b, "  ");
}

/* Before a value or a name. */
static void before(struct json_out *o) {
    if (o->named) {
        o->named = false;
        return;
    }
    if (o->some) buf_chr(o->b, ',');
    if (o->depth) line(o);
}

void json_open(struct json_out *o, char bracket) {
    before(o);
    buf_chr(o->b, bracket);
    o->depth++;
    o->some = false;
}

void json_close(struct json_out *o, char bracket) {
    o->depth--;
    if (o->some) line(o);
    buf_chr(o->b, bracket);
    o->some = true;
}

void json_name(struct json_out *o, struct sv name) {
    before(o);
    json_quote(o->b, name);
    buf_str(o->b, o->pretty ? ": " : ":");
    o->named = true;
}

void json_string(struct json_out *o, struct sv s) {
    before(o);
    json_quote(o->b, s);
    o->some = true;
}

void json_raw(struct json_out *o, struct sv text) {
    before(o);
    buf_sv(o->b, text);
    o->some = true;
}

void json_count(struct json_out *o, const char *name, uint64_t n) {
    json_key(o, name);
    before(o);
    buf_fmt(o->b, "%llu", (unsigned long long)n);
    o->some = true;
}

void json_figure(struct json_out *o, const char *name, double x) {
    json_key(o, name);
    before(o);
    json_double(o->b, x);
    o->some = true;
}

static void put_bool(struct json_out *o, const char *name, bool yes) {
    json_key(o, name);
    json_raw(o, yes ? SV("true") : SV("false"));
}

static void put_kinds(struct json_out *o, const struct tally *t) {
    uint64_t as_text = 0;
    json_key(o, "types");
    json_open(o, '{');
    for (int k = 0; k < KIND_COUNT; k++)
        if (t->kinds[k]) json_count(o, kind_names[k], t->kinds[k]);
    json_close(o, '}');
    for (int k = 0; k <= KIND_BOOLEAN; k++) as_text += t->as_text[k];
    if (!as_text) return;
    json_key(o, "as_text");
    json_open(o, '{');
    for (int k = 0; k <= KIND_BOOLEAN; k++)
        if (t->as_text[k]) json_count(o, kind_names[k], t->as_text[k]);
    json_close(o, '}');
}

static void put_top(struct json_out *o, const struct field *f, const struct figures *g) {
    json_key(o, "top");
    json_open(o, '[');
    for (size_t i = 0; i < g->ntop; i++) {
        const struct value *v = g->top[i];
        struct sv text = top_text(&f->top, v);
        json_open(o, '{');
        json_key(o, "value");
        if (v->quoted || v->len > VALUE_KEEP)
            json_string(o, v->len > VALUE_KEEP ? text_whole(text) : text);
        else
            json_raw(o, text);
        if (v->len > VALUE_KEEP) put_bool(o, "cut", true);
        json_count(o, "count", v->count);
        json_close(o, '}');
    }
    json_close(o, ']');
    if (!g->exact) json_count(o, "top_error", f->top.lost);
}

static void put_extent(struct json_out *o, const char *name, const struct extent *x) {
    if (!x->n) return;
    json_key(o, name);
    json_open(o, '{');
    json_count(o, "min", x->least);
    json_count(o, "max", x->greatest);
    json_figure(o, "mean", (double)x->sum / (double)x->n);
    json_close(o, '}');
}

/* How a figure of a spread is written: a number, or an instant. */
struct style {
    bool time, zoned, dates;
};

static void put_point(struct json_out *o, const char *name, double x, struct style s) {
    if (!s.time) {
        json_figure(o, name, x);
        return;
    }
    struct buf b = {0};
    time_text(x, s.zoned, s.dates, &b);
    json_key(o, name);
    json_string(o, (struct sv){b.p, b.n});
    buf_free(&b);
}

static void put_spread(struct json_out *o, const struct spread *s, struct style y) {
    put_point(o, "mean", s->mean, y);
    if (!y.time) json_figure(o, "stddev", s->stddev);
    json_key(o, "quantiles");
    json_open(o, '{');
    for (int i = 0; i < QUANTILES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%g", quantile_p[i]);
        put_point(o, name, s->q[i], y);
    }
    json_close(o, '}');
    put_bool(o, "exact", s->exact);
    if (!s->exact) json_figure(o, "rank_error", s->rank_error);
    json_key(o, "outliers");
    json_open(o, '{');
    put_point(o, "low", s->low, y);
    put_point(o, "high", s->high, y);
    json_count(o, "below", s->below);
    json_count(o, "above", s->above);
    json_close(o, '}');
}

static void put_numbers(struct json_out *o, const struct field *f, const struct figures *g) {
    const struct tally *t = &f->t;
    if (!t->numbers && !t->beyond) return;
    json_key(o, "numbers");
    json_open(o, '{');
    json_count(o, "count", t->numbers + t->beyond);
    if (t->beyond) json_count(o, "beyond_double", t->beyond);
    if (t->least.n <= LIMIT_KEEP) {
        json_key(o, "min");
        json_raw(o, (struct sv){t->least.p, t->least.n});
    }
    if (t->greatest.n <= LIMIT_KEEP) {
        json_key(o, "max");
        json_raw(o, (struct sv){t->greatest.p, t->greatest.n});
    }
    if (t->numbers) put_spread(o, &g->numbers, (struct style){0});
    json_close(o, '}');
}

static void put_times(struct json_out *o, const struct field *f, const struct figures *g) {
    const struct tally *t = &f->t;
    if (!t->times) return;
    struct style y = {.time = true, .zoned = t->zoned == t->times, .dates = t->kinds[KIND_TIMESTAMP] == 0};
    json_key(o, "times");
    json_open(o, '{');
    json_count(o, "count", t->times);
    json_count(o, "with_zone", t->zoned);
    put_point(o, "min", t->first, y);
    put_point(o, "max", t->last, y);
    put_spread(o, &g->times, y);
    json_close(o, '}');
}

void profile_put_field(struct json_out *o, const struct field *f, const struct figures *g) {
    const struct tally *t = &f->t;
    struct buf pointer = {0};
    field_pointer(f, &pointer);
    json_open(o, '{');
    json_key(o, "field");
    json_string(o, (struct sv){buf_text(&pointer), pointer.n});
    buf_free(&pointer);
    if (f->title) {
        json_key(o, "title");
        json_string(o, sv_of(f->title));
    }
    json_count(o, "present", g->present);
    json_count(o, "absent", g->of - g->present);
    put_kinds(o, t);
    if (g->values) {
        json_count(o, "distinct", g->distinct);
        put_bool(o, "distinct_exact", g->exact);
        if (!g->exact) json_figure(o, "distinct_error", g->distinct_error);
        put_top(o, f, g);
    }
    put_numbers(o, f, g);
    put_times(o, f, g);
    put_extent(o, "lengths", &t->lengths);
    if (t->least_text.set) {
        json_key(o, "texts");
        json_open(o, '{');
        json_key(o, "min");
        json_string(o, text_whole((struct sv){t->least_text.p, t->least_text.n}));
        json_key(o, "max");
        json_string(o, text_whole((struct sv){t->greatest_text.p, t->greatest_text.n}));
        json_close(o, '}');
    }
    put_extent(o, "items", &t->items);
    if (t->left_out) json_count(o, "values_left_out", t->left_out);
    json_close(o, '}');
}

static void put_head(struct json_out *o, const struct profile *p) {
    if (p->title) {
        json_key(o, "title");
        json_string(o, sv_of(p->title));
    }
    json_key(o, "inputs");
    json_open(o, '[');
    for (size_t i = 0; i < p->ninputs; i++) json_string(o, sv_of(p->inputs[i]));
    json_close(o, ']');
    json_count(o, "bytes", p->bytes);
    json_count(o, "records", p->records);
    json_count(o, "invalid", p->invalid);
    if (p->nbad) {
        json_key(o, "first_invalid");
        json_open(o, '[');
        for (size_t i = 0; i < p->nbad; i++) {
            json_open(o, '{');
            json_key(o, "input");
            json_string(o, sv_of(p->bad[i].file < p->ninputs ? p->inputs[p->bad[i].file] : ""));
            json_count(o, "line", p->bad[i].line);
            json_key(o, "problem");
            json_string(o, sv_of(p->bad[i].problem));
            json_close(o, '}');
        }
        json_close(o, ']');
    }
    if (p->repeated) json_count(o, "repeated_keys", p->repeated);
    json_count(o, "field_limit", p->most);
    json_count(o, "values_left_out", p->left_out);
}

void profile_put_document(struct json_out *o, const struct profile *p) {
    json_open(o, '{');
    put_head(o, p);
    json_key(o, "fields");
    json_open(o, '[');
    for (const struct field *f = p->fields[0]; f; f = profile_next(f)) {
        if (f == p->fields[0] && tally_present(&f->t) == f->t.kinds[KIND_OBJECT]) continue; /* nothing but objects */
        profile_put_field(o, f, figures_of(p, f));
    }
    json_close(o, ']');
    json_key(o, "schema");
    profile_put_schema(o, p);
    json_close(o, '}');
}

void profile_json(const struct profile *p, struct buf *b) {
    struct json_out o = {.b = b, .pretty = true};
    profile_put_document(&o, p);
    buf_chr(b, '\n');
}
