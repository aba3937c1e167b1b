/* A document out of an answer: its encoding, its format, JSON made of what is none. See extract.h. */
#include <strings.h>

#include "extract/charset.h"
#include "extract/extract_impl.h"
#include "extract/xml.h"
#include "io/reader.h"

static bool holds(const char *s, const char *word) {
    return s && strcasestr(s, word);
}

static enum ex_format format_found(const struct extractor *x, const char *type) {
    size_t i = 0;
    while (i < x->text.n && strchr(" \t\r\n", x->text.p[i])) i++;
    struct sv t = {x->text.p + i, x->text.n - i};
    if (t.n && (t.p[0] == '{' || t.p[0] == '[')) return EX_JSON;
    if (holds(type, "json")) return EX_JSON;
    if (holds(type, "html") || (t.n > 14 && strncasecmp(t.p, "<!doctype html", 14) == 0)) return EX_HTML;
    if (holds(type, "xml") || (t.n > 5 && memcmp(t.p, "<?xml", 5) == 0)) return EX_XML;
    if (holds(type, "csv")) return EX_CSV;
    return t.n && t.p[0] == '<' ? EX_HTML : EX_TEXT;
}

static bool scan_json(struct extractor *x, struct sv text, char why[EX_WHY]) {
    struct jerr je;
    size_t i = 0;
    x->toks.n = 0;
    if (text.n >= UINT32_MAX / 2) {
        snprintf(why, EX_WHY, "the JSON is too large");
        return false;
    }
    if (!text.p) text = (struct sv){"", 0};
    if (json_scan(&x->toks, text.p, text.n, 0, &je)) {
        x->root.v = (struct jval){text.p, x->toks.t, 0};
        return true;
    }
    while (i < text.n && strchr(" \t\r\n", text.p[i])) i++;
    if (i == text.n)
        snprintf(why, EX_WHY, "expected JSON, the answer is empty");
    else if (text.p[i] == '<')
        snprintf(why, EX_WHY, "expected JSON, the answer is HTML or XML");
    else
        snprintf(why, EX_WHY, "no JSON: %s at byte %zu", je.what, je.at);
    return false;
}

static bool csv_to_json(struct extractor *x, char why[EX_WHY]) {
    struct reader *r = NULL;
    struct rblock b = {0};
    struct err e = {0};
    const char *name = "answer";
    bool more = true, first = true;
    struct reader_opt o = {
        .format = FMT_CSV, .delimiter = x->def->delimiter, .text = x->text.p ? x->text.p : "", .text_n = x->text.n};
    int rc = reader_open(&r, &name, 1, &o, &e);
    buf_chr(&x->json, '[');
    while (rc == ERR_OK && more && (rc = reader_next(r, &b, &more, &e)) == ERR_OK) {
        for (size_t i = 0; i < b.n; i++, first = false) {
            if (!first) buf_chr(&x->json, ',');
            if (b.l[i].bad)
                json_text_quote(&x->json, b.l[i].bad);
            else
                buf_add(&x->json, b.data.p + b.l[i].off, b.l[i].len);
        }
    }
    buf_chr(&x->json, ']');
    if (rc) snprintf(why, EX_WHY, "no CSV: %.150s", e.msg);
    reader_close(r);
    rblock_free(&b);
    return rc == ERR_OK;
}

bool ex_takes_value(const struct ex_take *t, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (const struct ex_take *k = &t[i]; k; k = k->otherwise)
            if (k->kind == EX_AT) return true;
    return false;
}

/* Are the records of a text made of the text itself? */
static bool wants_value(const struct ex_def *d) {
    return d->each || !d->nfields || ex_takes_value(d->fields, d->nfields) || ex_takes_value(d->add, d->nadd);
}

/* The text as one JSON string. */
static bool read_text(struct extractor *x, char why[EX_WHY]) {
    x->unread = false;
    json_quote(&x->json, x->text);
    return scan_json(x, (struct sv){x->json.p, x->json.n}, why);
}

void ex_need(struct extractor *x, enum ex_kind kind) {
    char why[EX_WHY];
    if (!x->unread || kind != EX_AT) return;
    if (!read_text(x, why) || x->json.over) x->root = (struct item){0};
}

static bool open_as(struct extractor *x, enum ex_format f, char why[EX_WHY]) {
    const char *reason;
    x->json.n = 0;
    switch (f) {
    case EX_HTML:
        x->is_html = true;
        if (dom_parse(x->html, x->text, &reason)) {
            x->root.n = dom_root(x->html);
            return true;
        }
        snprintf(why, EX_WHY, "%s", reason);
        return false;
    case EX_XML:
        if (!xml_to_json(x->text, &x->json, why, EX_WHY)) return false;
        break;
    case EX_CSV:
        x->is_csv = true;
        if (!csv_to_json(x, why)) return false;
        break;
    case EX_TEXT:
        x->unread = true;
        return !wants_value(x->def) || read_text(x, why);
    default:
        return scan_json(x, x->text, why);
    }
    return scan_json(x, (struct sv){x->json.p, x->json.n}, why);
}

bool extractor_open(struct extractor *x, const struct ex_def *def, const struct ex_doc *doc, char why[EX_WHY]) {
    x->def = def;
    x->doc = *doc;
    x->is_html = x->is_csv = x->unread = false;
    x->root = (struct item){0};
    x->pairs_of = NULL;
    x->decoded.n = 0;
    x->decoded.over = x->json.over = false;
    x->decoded.max = x->json.max = doc->max * 3;
    charset_decode(doc->body, def->encoding, doc->content_type, &x->decoded, &x->text);
    bool ok = open_as(x, def->format ? def->format : format_found(x, doc->content_type), why);
    if (ok && (x->decoded.over || x->json.over)) {
        snprintf(why, EX_WHY, "the answer is too large");
        ok = false;
    }
    return ok;
}
