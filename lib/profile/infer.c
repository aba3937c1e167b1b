/*
 * A draft-07 schema to which the profiled records conform: types, required, least and greatest numbers, the values of
 * fields with few of them, formats that all texts have. What cannot be told for certain is left out. The texts of
 * CSV stay texts.
 */
#include "profile/json_out.h"

#define ENUM_MOST 20    /* values */
#define ENUM_REPEATED 5 /* times each, on average */

static void types(struct json_out *o, const struct tally *t) {
    const char *list[6];
    size_t n = 0;
    uint64_t whole = t->kinds[KIND_INTEGER] - t->as_text[KIND_INTEGER];
    uint64_t number = t->kinds[KIND_NUMBER] - t->as_text[KIND_NUMBER];
    if (t->kinds[KIND_NULL]) list[n++] = "null";
    if (t->kinds[KIND_BOOLEAN] - t->as_text[KIND_BOOLEAN]) list[n++] = "boolean";
    if (whole || number) list[n++] = number ? "number" : "integer";
    if (tally_strings(t)) list[n++] = "string";
    if (t->kinds[KIND_ARRAY]) list[n++] = "array";
    if (t->kinds[KIND_OBJECT]) list[n++] = "object";
    if (!n) return;
    json_key(o, "type");
    if (n == 1) {
        json_string(o, sv_of(list[0]));
        return;
    }
    json_open(o, '[');
    for (size_t i = 0; i < n; i++) json_string(o, sv_of(list[i]));
    json_close(o, ']');
}

static bool put_format(struct json_out *o, const struct tally *t) {
    int k = 0;
    if (!tally_strings(t) || !t->forms) return false;
    while (!(t->forms & 1u << k)) k++;
    json_key(o, "format");
    json_string(o, sv_of(form_names[k]));
    return true;
}

static void put_enum(struct json_out *o, const struct field *f, const struct figures *g) {
    const struct tally *t = &f->t;
    if (!g->exact || !g->distinct || g->distinct > ENUM_MOST || g->values < g->distinct * ENUM_REPEATED) return;
    if (tally_strings(t) + t->kinds[KIND_NULL] != g->present) return;
    const struct value *all[ENUM_MOST];
    size_t n = top_list(&f->top, all, ENUM_MOST);
    for (size_t i = 0; i < n; i++)
        if (all[i]->len > VALUE_KEEP) return;
    json_key(o, "enum");
    json_open(o, '[');
    for (size_t i = 0; i < n; i++) json_string(o, top_text(&f->top, all[i]));
    if (t->kinds[KIND_NULL]) json_raw(o, SV("null"));
    json_close(o, ']');
}

static void put_limits(struct json_out *o, const struct tally *t) {
    uint64_t numbers = t->kinds[KIND_INTEGER] + t->kinds[KIND_NUMBER];
    if (numbers == t->as_text[KIND_INTEGER] + t->as_text[KIND_NUMBER] || t->long_number) return;
    json_key(o, "minimum");
    json_raw(o, (struct sv){t->least.p, t->least.n});
    json_key(o, "maximum");
    json_raw(o, (struct sv){t->greatest.p, t->greatest.n});
}

static void put_schema(struct json_out *o, const struct profile *p, const struct field *f);

static void put_members(struct json_out *o, const struct profile *p, const struct field *f) {
    uint64_t objects = f->t.kinds[KIND_OBJECT];
    bool any = false;
    for (const struct field *m = f->first; m; m = m->next) {
        if (m->item) continue;
        if (!any) {
            json_key(o, "properties");
            json_open(o, '{');
        }
        any = true;
        json_name(o, (struct sv){m->key, m->keylen});
        put_schema(o, p, m);
    }
    if (!any) return;
    json_close(o, '}');
    any = false;
    for (const struct field *m = f->first; m; m = m->next) {
        if (m->item || tally_present(&m->t) != objects) continue;
        if (!any) {
            json_key(o, "required");
            json_open(o, '[');
        }
        any = true;
        json_string(o, (struct sv){m->key, m->keylen});
    }
    if (any) json_close(o, ']');
}

static void put_body(struct json_out *o, const struct profile *p, const struct field *f) {
    if (f->title) {
        json_key(o, "title");
        json_string(o, sv_of(f->title));
    }
    types(o, &f->t);
    if (!put_format(o, &f->t)) put_enum(o, f, figures_of(p, f));
    put_limits(o, &f->t);
    put_members(o, p, f);
    for (const struct field *m = f->first; m; m = m->next) {
        if (!m->item) continue;
        json_key(o, "items");
        put_schema(o, p, m);
    }
}

static void put_schema(struct json_out *o, const struct profile *p, const struct field *f) {
    json_open(o, '{');
    put_body(o, p, f);
    json_close(o, '}');
}

void profile_put_schema(struct json_out *o, const struct profile *p) {
    json_open(o, '{');
    json_key(o, "$schema");
    json_string(o, SV("http://json-schema.org/draft-07/schema#"));
    if (p->title) {
        json_key(o, "title");
        json_string(o, sv_of(p->title));
    }
    put_body(o, p, p->fields[0]);
    json_close(o, '}');
}

void profile_schema(const struct profile *p, struct buf *b) {
    struct json_out o = {.b = b, .pretty = true};
    profile_put_schema(&o, p);
    buf_chr(b, '\n');
}
