/* The report definition: a file of its own, checked like the pipeline's, with its queries read in. */
#include "base/hash.h"
#include "base/near.h"
#include "pipeline/pipeline_impl.h"

static const char *const kinds[BLOCKS] = {"cards", "table", "line",   "bar",    "stacked", "funnel",
                                          "heat",  "map",   "checks", "stages", "lineage", "text"};
static const char *const formats[FORMATS] = {"text", "integer", "number", "percent", "krw",  "date",
                                             "time", "seconds", "change", "state",   "bytes"};
static const char *const roles[ROLES] = {"x",      "y",         "by",  "value", "label", "note_column",
                                         "change", "highlight", "lon", "lat",   "lon2",  "lat2"};
/* What a kind cannot do without. */
static const struct {
    enum block_kind kind;
    enum block_role role;
} needed[] = {{BLOCK_LINE, ROLE_X},     {BLOCK_BAR, ROLE_X},   {BLOCK_STACKED, ROLE_X},
              {BLOCK_FUNNEL, ROLE_X},   {BLOCK_HEAT, ROLE_X},  {BLOCK_HEAT, ROLE_Y},
              {BLOCK_HEAT, ROLE_VALUE}, {BLOCK_MAP, ROLE_LON}, {BLOCK_MAP, ROLE_LAT}};

const char *report_word(const struct pl_report *r, const char *key) {
    for (size_t i = 0; i < r->keys.n; i++)
        if (strcmp(r->keys.s[i], key) == 0) return r->words.s[i];
    return NULL;
}

int query_column(const struct pl_query *q, const char *name) {
    for (size_t i = 0; i < q->ncols; i++)
        if (strcmp(q->cols[i].name, name) == 0) return (int)i;
    return -1;
}

bool kind_has_query(enum block_kind k) {
    return k < BLOCK_CHECKS;
}

bool format_is_number(enum value_format f) {
    return f != FORMAT_TEXT && f != FORMAT_DATE && f != FORMAT_TIME && f != FORMAT_STATE;
}

struct reading {
    struct pipeline *p;
    struct pl_report *r;
    struct sha256 *h;
    struct mistakes *m;
};

static void define_columns(struct pl_query *q, struct arena *a, struct jval v) {
    static const char *const good[] = {"down", "neither", "up"};
    struct jval cols, x;
    if (!get_val(v, "columns", &cols)) return;
    q->cols = arena_alloc(a, (jv_tok(cols)->n + 1) * sizeof *q->cols);
    uint32_t pos = 0;
    for (struct jval c; jv_each(cols, &pos, NULL, &c);) {
        struct pl_shown *s = &q->cols[q->ncols++];
        *s = (struct pl_shown){.name = get_str(a, c, "name", ""),
                               .label = get_str(a, c, "label", get_str(a, c, "name", "")),
                               .unit = get_str(a, c, "unit", NULL),
                               .link = get_str(a, c, "link", NULL),
                               .decimals = (int)get_int(c, "decimals", -1),
                               .bar = get_bool(c, "bar", false),
                               .wrap = get_bool(c, "wrap", false),
                               .hide = get_bool(c, "hide", false)};
        if (get_val(c, "format", &x)) s->format = (enum value_format)word_index(x, formats, FORMATS);
        if (get_val(c, "good", &x)) s->good = word_index(x, good, 3) - 1;
    }
}

/* A word of a block that names one of its columns. */
static int column_named(const struct reading *o, const struct pl_query *q, struct jval v) {
    const char *name = jv_str(v, &o->p->a, NULL);
    int i = query_column(q, name);
    if (i >= 0) return i;
    struct near near = near_start(name);
    for (size_t k = 0; k < q->ncols; k++) near_offer(&near, q->cols[k].name);
    mistake_at(o->m, offset_of(v), "'%s' is none of the block's columns%s", name, near_hint(&near, &o->p->a));
    return -1;
}

static void define_roles(const struct reading *o, struct pl_query *q, struct jval v) {
    struct jval x;
    for (int i = 0; i < ROLES; i++) q->role[i] = get_val(v, roles[i], &x) ? column_named(o, q, x) : -1;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (needed[i].kind == q->kind && !get_val(v, roles[needed[i].role], &x))
            mistake_at(o->m, offset_of(v), "a block of kind %s needs \"%s\": the name of a column", kinds[q->kind],
                       roles[needed[i].role]);
    bool far = q->role[ROLE_LON2] >= 0, up = q->role[ROLE_LAT2] >= 0;
    if (far != up) mistake_at(o->m, offset_of(v), "\"lon2\" and \"lat2\" go together");
    for (size_t i = 0; i < q->ncols; i++)
        if (q->cols[i].link && query_column(q, q->cols[i].link) < 0)
            mistake_at(o->m, offset_of(v), "the column '%s' links to '%s', which is none of the block's columns",
                       q->cols[i].name, q->cols[i].link);
}

static bool takes_part(const struct pl_query *q, size_t i) {
    enum value_format f = q->cols[i].format;
    for (int k = 0; k < ROLES; k++)
        if (q->role[k] == (int)i && k != ROLE_VALUE) return false;
    if (q->cols[i].hide) return false;
    return q->kind == BLOCK_FUNNEL ? f == FORMAT_INTEGER : format_is_number(f);
}

/* What a chart draws: the columns named, or every number that has no other part. */
static void define_series(const struct reading *o, struct pl_query *q, struct jval v) {
    struct jval list;
    q->series = arena_alloc(&o->p->a, (q->ncols + 1) * sizeof *q->series);
    if (q->kind < BLOCK_LINE || q->kind > BLOCK_FUNNEL) return;
    if (q->role[ROLE_BY] >= 0 && q->role[ROLE_VALUE] >= 0) {
        q->series[q->nseries++] = q->role[ROLE_VALUE];
    } else if (get_val(v, "series", &list)) {
        uint32_t pos = 0;
        for (struct jval c; jv_each(list, &pos, NULL, &c) && q->nseries < q->ncols;) {
            int i = column_named(o, q, c);
            if (i >= 0) q->series[q->nseries++] = i;
        }
    } else {
        for (size_t i = 0; i < q->ncols; i++)
            if (takes_part(q, i)) q->series[q->nseries++] = (int)i;
    }
    if (!q->nseries) mistake_at(o->m, offset_of(v), "the block has no column of numbers to draw");
    if (q->role[ROLE_BY] >= 0 && q->nseries != 1)
        mistake_at(o->m, offset_of(v), "with \"by\", \"value\" names the one column to draw");
}

static void define_compare(struct pl_query *q, struct arena *a, struct jval v) {
    struct jval list;
    if (!get_val(v, "compare", &list)) return;
    q->compare = arena_alloc(a, (jv_tok(list)->n + 1) * sizeof *q->compare);
    uint32_t pos = 0;
    for (struct jval c; jv_each(list, &pos, NULL, &c);) {
        int64_t days = 0;
        struct pl_compare *k = &q->compare[q->ncompare++];
        k->days = jv_int(c, &days) ? (int)days : (int)get_int(c, "days", 1);
        k->label = jv_type(c) == JT_OBJ ? get_str(a, c, "label", NULL) : NULL;
    }
}

static const char *read_text(const struct reading *o, struct jval v, const char *file) {
    struct err e = {0};
    const char *text = NULL;
    size_t n;
    if (pipeline_file(o->p, &o->p->a, file, &text, &n, &e)) {
        mistake_at(o->m, offset_of(v), "%s", e.msg);
        return NULL;
    }
    sha256_str(o->h, text);
    return text;
}

/* Of report/top.sql: top. Two blocks of one file: top and top-2. */
static const char *block_name(const struct reading *o, const struct pl_query *q) {
    struct arena *a = &o->p->a;
    const char *base = q->file ? q->file : kinds[q->kind], *slash = strrchr(base, '/');
    if (slash) base = slash + 1;
    const char *stem = arena_strn(a, base, strcspn(base, "."));
    for (int k = 1;; k++) {
        const char *name = k == 1 ? stem : arena_fmt(a, "%s-%d", stem, k);
        bool taken = false;
        for (size_t i = 0; i < o->r->nblocks; i++)
            taken = taken || (&o->r->blocks[i] != q && strcmp(o->r->blocks[i].name, name) == 0);
        if (!taken) return name;
    }
}

static void define_block(const struct reading *o, struct jval v, enum block_kind kind) {
    struct arena *a = &o->p->a;
    struct pl_query *q = &o->r->blocks[o->r->nblocks];
    struct jval x;
    if (get_val(v, "kind", &x)) kind = (enum block_kind)word_index(x, kinds, BLOCKS);
    *q = (struct pl_query){.kind = kind,
                           .title = get_str(a, v, "title", ""),
                           .note = get_str(a, v, "note", NULL),
                           .text = get_str(a, v, "text", ""),
                           .fold = get_bool(v, "fold", false),
                           .half = get_bool(v, "half", false),
                           .days = (int)get_int(v, "days", 30),
                           .mail = (size_t)get_int(v, "mail", MAIL_ROWS),
                           .rows = (size_t)get_int(v, "rows", 300)};
    for (int i = 0; i < ROLES; i++) q->role[i] = -1;
    q->file = get_str(a, v, "sql", NULL);
    q->name = get_str(a, v, "name", NULL);
    if (!q->name) q->name = block_name(o, q);
    for (size_t i = 0; i < o->r->nblocks; i++)
        if (strcmp(o->r->blocks[i].name, q->name) == 0)
            mistake_at(o->m, offset_of(v), "two blocks have the name '%s'", q->name);
    o->r->nblocks++;
    if (!kind_has_query(kind)) return;
    if (!q->file || !get_val(v, "columns", &x)) {
        mistake_at(o->m, offset_of(v), "a block of kind %s needs \"%s\"", kinds[kind], q->file ? "columns" : "sql");
        return;
    }
    q->sql = read_text(o, v, q->file);
    define_columns(q, a, v);
    define_roles(o, q, v);
    define_series(o, q, v);
    define_compare(q, a, v);
    const char *outline = get_str(a, v, "outline", NULL);
    if (outline) q->outline = read_text(o, v, outline);
    q->fit_data = get_bool(v, "fit_data", outline == NULL);
}

static void define_words(struct pl_report *r, struct arena *a, struct jval v) {
    struct jval words, key, val;
    if (!get_val(v, "words", &words)) return;
    r->keys.s = arena_alloc(a, (jv_tok(words)->n + 1) * sizeof(char *));
    r->words.s = arena_alloc(a, (jv_tok(words)->n + 1) * sizeof(char *));
    uint32_t pos = 0;
    while (jv_each(words, &pos, &key, &val)) {
        r->keys.s[r->keys.n++] = jv_str(key, a, NULL);
        r->words.s[r->words.n++] = jv_str(val, a, NULL);
    }
}

static void define_list(const struct reading *o, struct jval list, enum block_kind kind) {
    uint32_t pos = 0;
    for (struct jval b; jv_each(list, &pos, NULL, &b);) define_block(o, b, kind);
}

static void plain_block(const struct reading *o, enum block_kind kind) {
    struct pl_query *q = &o->r->blocks[o->r->nblocks];
    *q = (struct pl_query){.kind = kind, .title = "", .text = ""};
    for (int i = 0; i < ROLES; i++) q->role[i] = -1;
    q->name = block_name(o, q);
    o->r->nblocks++;
}

static size_t blocks_in(struct jval v) {
    struct jval x, y;
    size_t n = 4;
    static const char *const lists[] = {"tables", "blocks"};
    for (int k = 0; k < 2; k++)
        if (get_val(v, lists[k], &x)) n += jv_tok(x)->n;
    uint32_t pos = 0;
    if (get_val(v, "tabs", &x))
        for (struct jval t; jv_each(x, &pos, NULL, &t);)
            if (get_val(t, "blocks", &y)) n += jv_tok(y)->n;
    return n;
}

static void define_tabs(const struct reading *o, struct jval tabs) {
    struct jval x;
    uint32_t pos = 0;
    for (struct jval t; jv_each(tabs, &pos, NULL, &t);) {
        struct pl_tab *tab = &o->r->tabs[o->r->ntabs++];
        *tab = (struct pl_tab){get_str(&o->p->a, t, "title", ""), o->r->nblocks, 0};
        if (get_val(t, "blocks", &x)) define_list(o, x, BLOCK_TABLE);
        tab->count = o->r->nblocks - tab->first;
    }
}

/* figures, checks, tables, stages in this order; or blocks, or tabs of blocks, as they are written. */
static void define_blocks(const struct reading *o, struct jval v) {
    struct pl_report *r = o->r;
    struct jval x, tabs = {0};
    bool in_tabs = get_val(v, "tabs", &tabs), free_order = in_tabs || get_val(v, "blocks", &x);
    r->blocks = arena_alloc(&o->p->a, blocks_in(v) * sizeof *r->blocks);
    r->tabs = arena_alloc(&o->p->a, (1 + (in_tabs ? jv_tok(tabs)->n : 0)) * sizeof *r->tabs);
    if (in_tabs) {
        static const char *const others[] = {"figures", "tables", "blocks"};
        for (int k = 0; k < 3; k++)
            if (get_val(v, others[k], &x))
                mistake_at(o->m, offset_of(x), "\"%s\" beside \"tabs\": put it into a tab's blocks", others[k]);
        define_tabs(o, tabs);
        return;
    }
    r->tabs[r->ntabs++].title = "";
    if (get_val(v, "figures", &x)) define_block(o, x, BLOCK_CARDS);
    if (!free_order) plain_block(o, BLOCK_CHECKS);
    if (get_val(v, "tables", &x)) define_list(o, x, BLOCK_TABLE);
    if (get_val(v, "blocks", &x)) define_list(o, x, BLOCK_TABLE);
    if (!free_order) plain_block(o, BLOCK_STAGES);
    r->tabs[0].count = r->nblocks;
}

static void define_choosers(const struct reading *o, struct jval v) {
    struct pl_report *r = o->r;
    struct jval list;
    if (!get_val(v, "choosers", &list)) return;
    r->choosers = arena_alloc(&o->p->a, (jv_tok(list)->n + 1) * sizeof *r->choosers);
    uint32_t pos = 0;
    for (struct jval c; jv_each(list, &pos, NULL, &c);) {
        struct pl_chooser *k = &r->choosers[r->nchoosers++];
        *k = (struct pl_chooser){get_str(&o->p->a, c, "column", ""), get_str(&o->p->a, c, "label", ""),
                                 get_str(&o->p->a, c, "start", NULL)};
        bool used = false;
        for (size_t i = 0; i < r->nblocks; i++) used = used || query_column(&r->blocks[i], k->column) >= 0;
        if (!used) mistake_at(o->m, offset_of(c), "no block has a column '%s' to choose by", k->column);
    }
}

static void fill_report(struct pipeline *p, struct pl_report *r, struct jval v, struct mistakes *m) {
    struct sha256 h;
    struct reading o = {p, r, &h, m};
    sha256_start(&h);
    digest_value(&h, v);
    r->title = get_str(&p->a, v, "title", "");
    define_words(r, &p->a, v);
    define_blocks(&o, v);
    define_choosers(&o, v);
    sha256_hex(&h, r->digest);
}

static void read_report(struct pipeline *p, const char *file, const char *text, size_t n, struct mistakes *mine) {
    struct jtoks toks = {0};
    struct jerr je;
    *mine = (struct mistakes){.file = p->dir ? arena_fmt(&p->a, "%s/%s", p->dir, file) : file, .text = text, .len = n};
    struct pl_report *r = p->report = arena_alloc(&p->a, sizeof *r);
    r->file = file;
    if (!json_scan(&toks, text, n, JSON_COMMENTS, &je)) {
        mistake_at(mine, je.at, "%s", je.what);
    } else {
        struct jval root = {text, toks.t, 0};
        check_shape(mine, root, "report.schema.json");
        if (!mine->n) fill_report(p, r, root, mine);
    }
    jtoks_free(&toks);
}

void define_report(struct pipeline *p, struct jval v, struct mistakes *m) {
    struct err e = {0};
    struct mistakes mine = {0};
    const char *file = jv_str(v, &p->a, NULL), *text;
    size_t n;
    if (pipeline_file(p, &p->a, file, &text, &n, &e)) {
        mistake_at(m, offset_of(v), "%s", e.msg);
        return;
    }
    read_report(p, file, text, n, &mine);
    if (mine.n) mistake(m, "%s", buf_text(&mine.lines));
    m->n += mine.n > 1 ? mine.n - 1 : 0;
    buf_free(&mine.lines);
}

int report_define(struct pipeline *p, const char *file, struct err *e) {
    struct mistakes mine = {0};
    const char *text;
    size_t n;
    int rc = pipeline_file(p, &p->a, file, &text, &n, e);
    if (rc == ERR_OK) {
        read_report(p, file, text, n, &mine);
        rc = mistakes_end(&mine, e);
    }
    return rc;
}
