/* The report definition: a file of its own, checked like the pipeline's, with its queries read in. */
#include "base/hash.h"
#include "pipeline/pipeline_impl.h"

const char *report_word(const struct pl_report *r, const char *key) {
    for (size_t i = 0; i < r->keys.n; i++)
        if (strcmp(r->keys.s[i], key) == 0) return r->words.s[i];
    return key;
}

static void define_query(struct pipeline *p, struct pl_query *q, struct jval v, struct sha256 *h, struct mistakes *m) {
    static const char *const formats[] = {"text", "integer", "number", "percent", "krw", "date", "time", "seconds"};
    struct arena *a = &p->a;
    struct err e = {0};
    struct jval cols, x;
    size_t n;
    q->title = get_str(a, v, "title", "");
    q->file = get_str(a, v, "sql", "");
    q->fold = get_bool(v, "fold", false);
    if (pipeline_file(p, a, q->file, &q->sql, &n, &e)) {
        mistake_at(m, offset_of(v), "%s", e.msg);
        return;
    }
    sha256_str(h, q->sql);
    if (!get_val(v, "columns", &cols)) return;
    q->cols = arena_alloc(a, jv_tok(cols)->n * sizeof *q->cols);
    uint32_t pos = 0;
    for (struct jval c; jv_each(cols, &pos, NULL, &c); q->ncols++) {
        q->cols[q->ncols].name = get_str(a, c, "name", "");
        q->cols[q->ncols].label = get_str(a, c, "label", "");
        q->cols[q->ncols].bar = get_bool(c, "bar", false);
        if (get_val(c, "format", &x)) q->cols[q->ncols].format = (enum value_format)word_index(x, formats, 8);
    }
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

static void fill_report(struct pipeline *p, struct pl_report *r, struct jval v, struct mistakes *m) {
    struct jval x;
    struct sha256 h;
    sha256_start(&h);
    digest_value(&h, v);
    r->title = get_str(&p->a, v, "title", "");
    define_words(r, &p->a, v);
    if (get_val(v, "figures", &x)) {
        r->figures = arena_alloc(&p->a, sizeof *r->figures);
        define_query(p, r->figures, x, &h, m);
    }
    if (get_val(v, "tables", &x)) {
        r->tables = arena_alloc(&p->a, (jv_tok(x)->n + 1) * sizeof *r->tables);
        uint32_t pos = 0;
        for (struct jval t; jv_each(x, &pos, NULL, &t);) define_query(p, &r->tables[r->ntables++], t, &h, m);
    }
    sha256_hex(&h, r->digest);
}

void define_report(struct pipeline *p, struct jval v, struct mistakes *m) {
    struct err e = {0};
    struct jtoks toks = {0};
    struct jerr je;
    struct mistakes mine = {0};
    const char *file = jv_str(v, &p->a, NULL), *text;
    size_t n;
    if (pipeline_file(p, &p->a, file, &text, &n, &e)) {
        mistake_at(m, offset_of(v), "%s", e.msg);
        return;
    }
    mine = (struct mistakes){.file = p->dir ? arena_fmt(&p->a, "%s/%s", p->dir, file) : file, .text = text, .len = n};
    struct pl_report *r = p->report = arena_alloc(&p->a, sizeof *r);
    r->file = file;
    if (!json_scan(&toks, text, n, JSON_COMMENTS, &je)) {
        mistake_at(&mine, je.at, "%s", je.what);
    } else {
        struct jval root = {text, toks.t, 0};
        check_shape(&mine, root, "report.schema.json");
        if (!mine.n) fill_report(p, r, root, &mine);
    }
    if (mine.n) mistake(m, "%s", buf_text(&mine.lines));
    m->n += mine.n > 1 ? mine.n - 1 : 0;
    buf_free(&mine.lines);
    jtoks_free(&toks);
}
