/* See lineage.h. */
#include "mart/lineage.h"

static struct lineage_node *add(struct lineage *l, const char *layer, const char *name) {
    struct lineage_node *n = &l->n[l->nodes++];
    *n = (struct lineage_node){.layer = layer, .name = name, .id = arena_fmt(&l->a, "%s:%s", layer, name)};
    return n;
}

static void from(struct lineage *l, struct lineage_node *n, const char *id) {
    if (!id || strs_has(n->from, sv_of(id))) return;
    const char **grown = arena_alloc(&l->a, (n->from.n + 1) * sizeof *grown);
    if (n->from.n) memcpy(grown, n->from.s, n->from.n * sizeof *grown);
    grown[n->from.n++] = id;
    n->from.s = grown;
}

/* The node that stands for a name in ref(): a model, or the table that a dataset loads. */
static const char *ref_id(const struct lineage *l, const char *name) {
    static const char *const layers[] = {"mart", "table", "cte", "view", "seed"};
    for (size_t i = 0; i < l->nodes; i++)
        for (size_t k = 0; k < sizeof layers / sizeof *layers; k++)
            if (strcmp(l->n[i].layer, layers[k]) == 0 && strcmp(l->n[i].name, name) == 0) return l->n[i].id;
    return NULL;
}

static const char *source_place(struct lineage *l, const struct pl_source *s) {
    return s->path ? s->path : s->products ? arena_fmt(&l->a, "generator, %s", s->products) : NULL;
}

static void add_dataset(struct lineage *l, const struct pl_dataset *d) {
    struct lineage_node *n = add(l, "source", d->name);
    const char *last = n->id;
    n->title = d->title;
    n->place = source_place(l, &d->source);
    n = add(l, "raw", d->name);
    n->description = d->description;
    from(l, n, last);
    last = n->id;
    for (size_t i = 0; i < d->nsteps; i++) {
        n = add(l, "silver", arena_fmt(&l->a, "%s/%s", d->name, d->steps[i].name));
        from(l, n, last);
        last = n->id;
    }
    if (!d->load) return;
    n = add(l, "table", d->load->table);
    n->title = d->title;
    n->description = d->description;
    n->cols = d->load->cols;
    n->notes = d->notes;
    n->ncols = d->load->ncols;
    from(l, n, last);
}

static void add_model(struct lineage *l, const struct pl_model *m) {
    static const char *const layers[] = {"mart", "mart", "view", "cte", "seed"};
    if (m->kind == MODEL_CHECK) { /* tests belong to the table that they are of */
        for (size_t i = 0; i < l->nodes; i++) {
            if (strcmp(l->n[i].name, m->refs.s[0]) != 0 || strcmp(l->n[i].layer, "table") != 0) continue;
            l->n[i].tests = m->tests;
            l->n[i].ntests = m->ntests;
        }
        return;
    }
    struct lineage_node *n = add(l, layers[m->kind], m->name);
    n->title = m->title;
    n->description = m->description;
    n->place = m->file;
    n->cols = m->cols;
    n->notes = m->notes;
    n->ncols = m->ncols;
    n->tests = m->tests;
    n->ntests = m->ntests;
    n->nunits = m->nunits;
    struct strs refs = sql_refs(&l->a, m->kind == MODEL_SEED ? "" : m->sql); /* its tests' references make nothing */
    for (size_t i = 0; i < refs.n; i++) from(l, n, ref_id(l, refs.s[i]));
}

static void add_query(struct lineage *l, struct lineage_node *n, const struct pl_query *q) {
    struct strs refs = q && q->sql ? sql_refs(&l->a, q->sql) : (struct strs){0};
    for (size_t i = 0; i < refs.n; i++) from(l, n, ref_id(l, refs.s[i]));
}

/* Only named nodes, and those that lead to one or come from one on a way between two of them. */
static void keep(struct lineage *l, struct strs names) {
    bool *down = arena_alloc(&l->a, l->nodes + 1), *up = arena_alloc(&l->a, l->nodes + 1);
    size_t kept = 0;
    for (size_t i = 0; i < l->nodes; i++) {
        down[i] = strs_has(names, sv_of(l->n[i].name));
        for (size_t k = 0; k < i; k++) down[i] = down[i] || (down[k] && strs_has(l->n[i].from, sv_of(l->n[k].id)));
    }
    for (size_t i = l->nodes; i-- > 0;) {
        up[i] = strs_has(names, sv_of(l->n[i].name));
        for (size_t k = i + 1; k < l->nodes; k++) up[i] = up[i] || (up[k] && strs_has(l->n[k].from, sv_of(l->n[i].id)));
    }
    /* a loaded table that is named brings its dataset's way from the source with it */
    for (size_t i = 0; i < l->nodes; i++) {
        bool early = strcmp(l->n[i].layer, "source") == 0 || strcmp(l->n[i].layer, "raw") == 0 ||
                     strcmp(l->n[i].layer, "silver") == 0;
        bool wanted = false;
        for (size_t k = i + 1; early && k < l->nodes; k++)
            wanted = wanted || (strcmp(l->n[k].layer, "table") == 0 && strs_has(names, sv_of(l->n[k].name)) && up[i] &&
                                k - i <= 16 && down[k]);
        if ((down[i] && up[i]) || wanted) l->n[kept++] = l->n[i];
    }
    l->nodes = kept;
    for (size_t i = 0; i < kept; i++) { /* edges to what is gone are gone */
        struct strs *f = &l->n[i].from;
        size_t n = 0;
        for (size_t k = 0; k < f->n; k++)
            for (size_t j = 0; j < kept; j++)
                if (strcmp(l->n[j].id, f->s[k]) == 0) {
                    f->s[n++] = f->s[k];
                    break;
                }
        f->n = n;
    }
}

void lineage_make(struct lineage *l, const struct pipeline *p, struct strs names) {
    size_t most = p->nmodels + 1;
    for (size_t i = 0; i < p->ndatasets; i++) most += 3 + p->datasets[i].nsteps;
    *l = (struct lineage){.p = p};
    l->n = arena_alloc(&l->a, most * sizeof *l->n);
    for (size_t i = 0; i < p->ndatasets; i++) add_dataset(l, &p->datasets[i]);
    for (size_t i = 0; i < p->nmodels; i++) add_model(l, &p->models[i]);
    if (p->report) {
        struct lineage_node *n = add(l, "report", p->name);
        n->title = p->report->title;
        n->place = p->report->file;
        for (size_t i = 0; i < p->report->nblocks; i++)
            if (p->report->blocks[i].sql) add_query(l, n, &p->report->blocks[i]);
    }
    if (names.n) keep(l, names);
}

void lineage_free(struct lineage *l) {
    arena_free(&l->a);
}

void lineage_text(const struct lineage *l, struct buf *out) {
    size_t width = 8;
    for (size_t i = 0; i < l->nodes; i++)
        if (strlen(l->n[i].name) > width) width = strlen(l->n[i].name);
    for (size_t i = 0; i < l->nodes; i++) {
        const struct lineage_node *n = &l->n[i];
        buf_fmt(out, "%-7s %-*s", n->layer, (int)width, n->name);
        for (size_t k = 0; k < n->from.n; k++) buf_fmt(out, "%s%s", k ? ", " : "  <- ", strchr(n->from.s[k], ':') + 1);
        if (strcmp(n->layer, "source") == 0 && n->place) buf_fmt(out, "  (%s)", n->place);
        while (out->n && out->p[out->n - 1] == ' ') out->n--; /* the last column is not padded */
        buf_chr(out, '\n');
    }
}

static void member(struct buf *b, const char *key, const char *value) {
    if (!value || !*value) return;
    buf_fmt(b, ",\"%s\":", key);
    json_text_quote(b, value);
}

static const char *test_name(const struct pl_test *t) {
    static const char *const names[] = {"not_null", "unique", "not_empty", "accepted_values", "no_rows"};
    return names[t->kind];
}

static void test_words(const struct pl_test *t, struct buf *b) {
    buf_str(b, test_name(t));
    for (size_t i = 0; i < t->columns.n; i++) buf_fmt(b, "%s%s", i ? ", " : " ", t->columns.s[i]);
    if (t->file) buf_fmt(b, " %s", t->file);
    if (t->warn) buf_str(b, " (warns)");
}

static void node_json(const struct lineage_node *n, struct buf *b) {
    buf_str(b, "{\"id\":");
    json_text_quote(b, n->id);
    member(b, "layer", n->layer);
    member(b, "name", n->name);
    member(b, "title", n->title);
    member(b, "description", n->description);
    member(b, "place", n->place);
    for (size_t i = 0; i < n->ncols; i++) {
        buf_str(b, i ? ",{\"name\":" : ",\"columns\":[{\"name\":");
        json_text_quote(b, n->cols[i].name);
        member(b, "type", column_type_names[n->cols[i].type]);
        member(b, "description", n->notes ? n->notes[i] : NULL);
        buf_str(b, i + 1 == n->ncols ? "}]" : "}");
    }
    for (size_t i = 0; i < n->ntests; i++) {
        struct buf words = {0};
        test_words(&n->tests[i], &words);
        buf_str(b, i ? "," : ",\"tests\":[");
        json_text_quote(b, buf_text(&words));
        if (i + 1 == n->ntests) buf_chr(b, ']');
        buf_free(&words);
    }
    buf_chr(b, '}');
}

void lineage_json(const struct lineage *l, struct buf *out) {
    bool first = true;
    buf_str(out, "{\"pipeline\":");
    json_text_quote(out, l->p->name);
    buf_str(out, ",\"nodes\":[");
    for (size_t i = 0; i < l->nodes; i++) {
        buf_str(out, i ? ",\n" : "\n");
        node_json(&l->n[i], out);
    }
    buf_str(out, "],\n\"edges\":[");
    for (size_t i = 0; i < l->nodes; i++)
        for (size_t k = 0; k < l->n[i].from.n; k++) {
            buf_str(out, first ? "\n{\"from\":" : ",\n{\"from\":");
            first = false;
            json_text_quote(out, l->n[i].from.s[k]);
            member(out, "to", l->n[i].id);
            buf_chr(out, '}');
        }
    buf_str(out, "]}\n");
}

/* A cell of a Markdown table: bars and line breaks would end it. */
static void cell(struct buf *b, const char *s) {
    for (; s && *s; s++) buf_str(b, *s == '|' ? "\\|" : *s == '\n' ? " " : (char[]){*s, 0});
}

void lineage_markdown(const struct lineage *l, struct buf *out) {
    buf_fmt(out, "# %s\n", l->p->title);
    for (size_t i = 0; i < l->nodes; i++) {
        const struct lineage_node *n = &l->n[i];
        if (strcmp(n->layer, "source") == 0 || strcmp(n->layer, "raw") == 0 || strcmp(n->layer, "silver") == 0)
            continue;
        buf_fmt(out, "\n## %s (%s)\n\n", n->name, n->layer);
        if (n->title && strcmp(n->title, n->name) != 0) buf_fmt(out, "%s. ", n->title);
        if (n->description) buf_fmt(out, "%s", n->description);
        buf_str(out, "\n");
        if (n->from.n) {
            buf_str(out, "\nMade from");
            for (size_t k = 0; k < n->from.n; k++) buf_fmt(out, "%s `%s`", k ? "," : "", strchr(n->from.s[k], ':') + 1);
            buf_str(out, ".\n");
        }
        if (n->ncols) buf_str(out, "\n| column | type | meaning |\n|---|---|---|\n");
        for (size_t k = 0; k < n->ncols; k++) {
            buf_fmt(out, "| %s | %s | ", n->cols[k].name, column_type_names[n->cols[k].type]);
            cell(out, n->notes ? n->notes[k] : NULL);
            buf_str(out, " |\n");
        }
        if (n->ntests) buf_str(out, "\nTests:");
        for (size_t k = 0; k < n->ntests; k++) {
            buf_str(out, k ? "; " : " ");
            test_words(&n->tests[k], out);
        }
        if (n->ntests) buf_str(out, ".\n");
        if (n->nunits) buf_fmt(out, "\nUnit tests: %zu.\n", n->nunits);
    }
}
