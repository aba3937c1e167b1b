/* Sources of kind http; see http.h. What the schema cannot say: names in templates, phases, files, pointers. */
#include "base/hash.h"
#include "base/near.h"
#include "extract/extract.h"
#include "pipeline/http.h"
#include "pipeline/pipeline_impl.h"

struct scope { /* of one definition */
    struct pipeline *p;
    struct pl_http *h;
    struct mistakes *m;
};

static struct pl_pairs get_pairs(struct arena *a, struct jval obj, const char *key) {
    struct pl_pairs out = {0};
    struct jval v, k, x;
    if (!get_val(obj, key, &v) || jv_type(v) != JT_OBJ) return out;
    out.names.s = arena_alloc(a, (jv_tok(v)->n + 1) * sizeof(char *));
    out.values.s = arena_alloc(a, (jv_tok(v)->n + 1) * sizeof(char *));
    uint32_t pos = 0;
    while (jv_each(v, &pos, &k, &x)) {
        out.names.s[out.names.n++] = jv_str(k, a, NULL);
        out.values.s[out.values.n++] = jv_type(x) == JT_STR ? jv_str(x, a, NULL) : "";
    }
    return out;
}

static const char *json_text(struct arena *a, struct jval v) {
    struct buf b = {0};
    json_copy(&b, v);
    char *s = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return s;
}

static void get_settings(struct scope *s, struct jval v) {
    struct jval set, k, x;
    if (!get_val(v, "settings", &set) || jv_type(set) != JT_OBJ) return;
    s->h->settings = arena_alloc(&s->p->a, (jv_tok(set)->n + 1) * sizeof *s->h->settings);
    uint32_t pos = 0;
    while (jv_each(set, &pos, &k, &x)) {
        struct pl_setting *t = &s->h->settings[s->h->nsettings++];
        t->name = jv_str(k, &s->p->a, NULL);
        if (jv_type(x) == JT_STR) {
            t->value = jv_str(x, &s->p->a, NULL);
        } else {
            t->env = get_str(&s->p->a, x, "env", NULL);
            t->value = get_str(&s->p->a, x, "default", NULL);
        }
    }
}

static void get_list(struct scope *s, struct pl_bind *b, struct jval v) {
    struct jval x;
    uint32_t pos = 0;
    b->list.s = arena_alloc(&s->p->a, (jv_tok(v)->n + 1) * sizeof(char *));
    while (jv_each(v, &pos, NULL, &x)) b->list.s[b->list.n++] = json_text(&s->p->a, x);
}

static void get_span(struct jval v, const char *key, struct pl_bind *b) {
    struct jval list, x;
    int64_t to[2] = {0, 0};
    uint32_t pos = 0;
    if (get_val(v, key, &list) && jv_type(list) == JT_ARR)
        for (int i = 0; i < 2 && jv_each(list, &pos, NULL, &x); i++)
            if (!jv_int(x, &to[i])) to[i] = 0;
    b->from = to[0];
    b->to = to[1];
    b->step = get_int(v, "step", 1);
}

static void get_from(struct scope *s, struct pl_bind *b, struct jval v, size_t phase) {
    const char *from = get_str(&s->p->a, v, "from", "");
    struct near near = near_start(from);
    for (size_t i = 0; i < phase; i++) {
        near_offer(&near, s->h->requests[i].name);
        if (strcmp(s->h->requests[i].name, from) == 0) {
            b->phase = i;
            return;
        }
    }
    mistake_at(s->m, offset_of(v), "no earlier phase is called '%s'%s", from, near_hint(&near, &s->p->a));
}

/* The file that stands in for a phase without records. */
static void get_otherwise(struct scope *s, struct pl_bind *b, struct jval v) {
    struct err e = {0};
    struct jval x;
    const char *text;
    size_t n;
    if (!get_val(v, "else", &x)) return;
    b->otherwise = get_str(&s->p->a, v, "else", "");
    if (pipeline_file(s->p, &s->p->a, b->otherwise, &text, &n, &e)) mistake_at(s->m, offset_of(x), "%s", e.msg);
}

static void get_bind(struct scope *s, struct pl_request *r, struct jval key, struct jval v, size_t phase) {
    struct pl_bind *b = &r->binds[r->nbinds++];
    struct jval x;
    *b = (struct pl_bind){.name = jv_str(key, &s->p->a, NULL), .step = 1};
    if (jv_type(v) == JT_ARR) {
        get_list(s, b, v);
    } else if (get_val(v, "range", &x)) {
        b->kind = BIND_RANGE;
        get_span(v, "range", b);
    } else if (get_val(v, "days", &x)) {
        b->kind = BIND_DAYS;
        get_span(v, "days", b);
        b->compact = strcmp(get_str(&s->p->a, v, "format", "date"), "yyyymmdd") == 0;
    } else if (get_val(v, "csv", &x)) {
        struct err e = {0};
        const char *text;
        size_t n;
        b->kind = BIND_CSV;
        b->csv = get_str(&s->p->a, v, "csv", "");
        if (pipeline_file(s->p, &s->p->a, b->csv, &text, &n, &e)) mistake_at(s->m, offset_of(x), "%s", e.msg);
    } else if (get_val(v, "from", &x)) {
        b->kind = BIND_FROM;
        b->split = get_str(&s->p->a, v, "split", NULL);
        b->by = get_str(&s->p->a, v, "by", ",");
        get_otherwise(s, b, v);
        get_from(s, b, v, phase);
        for (size_t i = 0; i + 1 < r->nbinds; i++)
            if (r->binds[i].kind == BIND_FROM)
                mistake_at(s->m, offset_of(v), "'%s': a phase can draw on one earlier phase only", b->name);
    }
}

static void get_binds(struct scope *s, struct pl_request *r, struct jval v, size_t phase) {
    struct jval list, k, x;
    if (!get_val(v, "for", &list) || jv_type(list) != JT_OBJ) return;
    r->binds = arena_alloc(&s->p->a, (jv_tok(list)->n + 1) * sizeof *r->binds);
    uint32_t pos = 0;
    while (jv_each(list, &pos, &k, &x)) get_bind(s, r, k, x, phase);
}

static bool is_pointer(const char *s) {
    return !*s || *s == '/';
}

static void get_take(struct scope *s, struct ex_take *t, struct jval v) {
    static const struct {
        const char *word;
        enum ex_kind kind;
    } kinds[] = {{"at", EX_AT}, {"select", EX_SELECT}, {"json_ld", EX_JSON_LD}, {"var", EX_VAR}};
    struct arena *a = &s->p->a;
    struct jval x;
    if (jv_type(v) == JT_STR) {
        t->what = jv_str(v, a, NULL);
        t->kind = is_pointer(t->what) ? EX_AT : EX_SELECT;
        return;
    }
    int n = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!get_val(v, kinds[i].word, &x)) continue;
        t->kind = kinds[i].kind;
        t->what = get_str(a, v, kinds[i].word, "");
        n++;
        if ((t->kind == EX_AT || t->kind == EX_JSON_LD) && !is_pointer(t->what))
            mistake_at(s->m, offset_of(x), "'%s' is no JSON pointer: it must be empty or begin with /", t->what);
    }
    if (get_val(v, "pair", &x)) {
        t->kind = EX_PAIR;
        t->labels = strs_of(a, x);
        n++;
    }
    if (get_val(v, "value", &x)) {
        t->kind = EX_VALUE;
        t->what = json_text(a, x);
        n++;
    }
    if (n != 1)
        mistake_at(s->m, offset_of(v), "a value comes from one of at, select, pair, json_ld, var, value; here are %d",
                   n);
    t->attr = get_str(a, v, "attr", NULL);
    t->match = get_str(a, v, "match", NULL);
    t->br = get_str(a, v, "break", NULL);
    t->html = get_bool(v, "html", false);
    t->all = get_bool(v, "all", false);
    t->root = get_bool(v, "root", false);
    t->url = get_bool(v, "url", false);
    t->required = get_bool(v, "required", false);
    if (get_val(v, "else", &x)) {
        t->otherwise = arena_alloc(a, sizeof *t->otherwise);
        get_take(s, t->otherwise, x);
    }
}

static struct ex_take *get_takes(struct scope *s, struct jval obj, const char *key, size_t *n) {
    struct jval v, k, x;
    *n = 0;
    if (!get_val(obj, key, &v) || jv_type(v) != JT_OBJ) return NULL;
    struct ex_take *list = arena_alloc(&s->p->a, (jv_tok(v)->n + 1) * sizeof *list);
    uint32_t pos = 0;
    while (jv_each(v, &pos, &k, &x)) {
        list[*n].name = jv_str(k, &s->p->a, NULL);
        get_take(s, &list[(*n)++], x);
    }
    return list;
}

static void get_test(struct scope *s, struct ex_test *t, struct jval v) {
    struct arena *a = &s->p->a;
    struct jval x;
    *t = (struct ex_test){.exists = -1};
    if (get_val(v, "at", &x)) {
        t->kind = EX_AT;
        t->what = get_str(a, v, "at", "");
        if (!is_pointer(t->what)) mistake_at(s->m, offset_of(x), "'%s' is no JSON pointer", t->what);
    } else if (get_val(v, "select", &x)) {
        t->kind = EX_SELECT;
        t->what = get_str(a, v, "select", "");
    }
    t->in = get_strs(a, v, "in");
    t->match = get_str(a, v, "match", NULL);
    if (get_val(v, "exists", &x)) t->exists = jv_type(x) == JT_TRUE;
}

static void get_pages(struct scope *s, struct pl_request *r, struct jval obj) {
    struct pl_pages *g = &r->pages;
    struct jval v, x, t;
    if (!get_val(obj, "pages", &v)) return;
    g->name = get_str(&s->p->a, v, "name", "cursor");
    g->kind = PAGES_COUNT;
    g->first = get_int(v, "first", 1);
    g->step = get_int(v, "step", 1);
    g->max = get_int(v, "max", 1000);
    if (get_val(v, "cursor", &x)) {
        g->kind = PAGES_CURSOR;
        get_take(s, &g->find, x);
    } else if (get_val(v, "next", &x)) {
        g->kind = PAGES_NEXT;
        if (jv_type(x) != JT_OBJ || jv_tok(x)->n) get_take(s, &g->find, x); /* {}: the Link header only */
        g->find.url = true;
    }
    if (get_val(v, "total", &x)) get_take(s, &g->total, x);
    if (!get_val(v, "until", &x) || jv_type(x) != JT_ARR) return;
    g->until = arena_alloc(&s->p->a, (jv_tok(x)->n + 1) * sizeof *g->until);
    uint32_t pos = 0;
    while (jv_each(x, &pos, NULL, &t)) get_test(s, &g->until[g->nuntil++], t);
}

static void get_verdicts(struct scope *s, struct pl_request *r, struct jval obj) {
    static const char *const words[] = {"ok", "empty", "failed", "retry", "fatal"};
    struct jval v, x, is;
    if (!get_val(obj, "answer", &v) || jv_type(v) != JT_ARR) return;
    r->verdicts = arena_alloc(&s->p->a, (jv_tok(v)->n + 1) * sizeof *r->verdicts);
    uint32_t pos = 0;
    while (jv_each(v, &pos, NULL, &x)) {
        struct pl_verdict *d = &r->verdicts[r->nverdicts++];
        get_test(s, &d->test, x);
        if (get_val(x, "is", &is)) d->is = (unsigned)word_index(is, words, 5);
        d->say = get_str(&s->p->a, x, "say", NULL);
    }
}

static void get_extract(struct scope *s, struct ex_def *d, struct jval obj) {
    static const char *const formats[] = {"", "json", "html", "xml", "csv", "text"};
    struct arena *a = &s->p->a;
    struct jval v, x;
    if (!get_val(obj, "extract", &v)) return;
    if (get_val(v, "format", &x)) d->format = (enum ex_format)word_index(x, formats, 6);
    d->encoding = get_str(a, v, "encoding", NULL);
    d->delimiter = get_str(a, v, "delimiter", "")[0];
    d->each = get_str(a, v, "each", NULL);
    if (get_val(v, "pairs", &x)) {
        d->pair_each = get_str(a, x, "each", "");
        d->pair_key = get_str(a, x, "key", "");
        d->pair_value = get_str(a, x, "value", "");
        d->pair_break = get_str(a, x, "break", NULL);
    }
    d->fields = get_takes(s, v, "fields", &d->nfields);
    d->add = get_takes(s, v, "add", &d->nadd);
}

/* ---- names in templates ---------------------------------------------------------------------------------------- */

static const char *const always[] = {"date", "yyyymmdd", "year", "month", "day", "fetched_day", "url"};

static bool name_known(const struct scope *s, const struct pl_request *r, struct sv name, struct near *near) {
    const char *dot = memchr(name.p, '.', name.n);
    struct sv head = {name.p, dot ? (size_t)(dot - name.p) : name.n};
    bool known = false;
#define OFFER(word)                                                                                                    \
    do {                                                                                                               \
        near_offer(near, word);                                                                                        \
        known = known || sv_is(head, word);                                                                            \
    } while (0)
    for (size_t i = 0; i < sizeof always / sizeof *always; i++) OFFER(always[i]);
    for (size_t i = 0; i < s->h->nsettings; i++) OFFER(s->h->settings[i].name);
    for (size_t i = 0; i < r->nbinds; i++) OFFER(r->binds[i].name);
    if (r->pages.kind == PAGES_COUNT || r->pages.kind == PAGES_CURSOR) OFFER(r->pages.name);
#undef OFFER
    return known;
}

static void check_name(struct scope *s, const struct pl_request *r, struct sv name, size_t at) {
    char *text = arena_strn(&s->p->a, name.p, name.n);
    struct near near = near_start(text);
    if (!name_known(s, r, name, &near))
        mistake_at(s->m, at, "request '%s': nothing is called '%s' here%s", r->name, text, near_hint(&near, &s->p->a));
}

static void check_template(struct scope *s, const struct pl_request *r, const char *t, size_t at) {
    for (; t && *t; t++) {
        if (t[0] == '$' && t[1] == '{') {
            const char *end = strchr(t, '}');
            if (!end) break;
            t = end;
            continue;
        }
        if (*t != '{') continue;
        const char *end = strchr(t, '}');
        if (!end) {
            mistake_at(s->m, at, "request '%s': a { without its } in '%s'", r->name, t);
            return;
        }
        t += 1 + (t[1] == '+');
        check_name(s, r, (struct sv){t, (size_t)(end - t)}, at);
        t = end;
    }
}

static void check_takes(struct scope *s, const struct pl_request *r, const struct ex_take *t, size_t n, size_t at) {
    for (size_t i = 0; i < n; i++)
        for (const struct ex_take *x = &t[i]; x; x = x->otherwise) {
            if (x->kind == EX_VAR) check_name(s, r, sv_of(x->what), at);
            if (x->kind == EX_PAIR && !r->extract.pair_each)
                mistake_at(s->m, at,
                           "request '%s': a field is taken from pairs, and 'pairs' does not say what they are",
                           r->name);
        }
}

/* Selectors and patterns: the first that is none. */
static void check_extraction(struct scope *s, const struct pl_request *r, size_t at) {
    struct extractor *x = extractor_new();
    struct err e = {0};
    int rc = extractor_prepare(x, &r->extract, &e);
    if (rc == ERR_OK) rc = extractor_prepare_take(x, &r->pages.find, &e);
    if (rc == ERR_OK) rc = extractor_prepare_take(x, &r->pages.total, &e);
    for (size_t i = 0; i < r->pages.nuntil && rc == ERR_OK; i++) rc = extractor_prepare_test(x, &r->pages.until[i], &e);
    for (size_t i = 0; i < r->nverdicts && rc == ERR_OK; i++) rc = extractor_prepare_test(x, &r->verdicts[i].test, &e);
    if (rc) mistake_at(s->m, at, "request '%s': %s", r->name, e.msg);
    extractor_free(x);
}

static void check_request(struct scope *s, const struct pl_request *r, struct jval v) {
    size_t at = offset_of(v);
    const struct pl_pairs *lists[] = {&r->params,     &r->headers,       &r->echo,
                                      &s->h->headers, &s->h->auth_query, &s->h->auth_header};
    check_template(s, r, r->url, at);
    check_template(s, r, r->body, at);
    check_template(s, r, r->partition, at);
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < lists[i]->values.n; k++) check_template(s, r, lists[i]->values.s[k], at);
    check_takes(s, r, r->extract.fields, r->extract.nfields, at);
    check_takes(s, r, r->extract.add, r->extract.nadd, at);
    check_extraction(s, r, at);
}

static void get_request(struct scope *s, struct jval v) {
    struct pl_request *r = &s->h->requests[s->h->nrequests];
    struct arena *a = &s->p->a;
    r->name = get_str(a, v, "name", "");
    for (size_t i = 0; i < s->h->nrequests; i++)
        if (strcmp(s->h->requests[i].name, r->name) == 0)
            mistake_at(s->m, offset_of(v), "request '%s' is defined twice", r->name);
    r->url = get_str(a, v, "url", "");
    r->body = get_str(a, v, "body", NULL);
    r->partition = get_str(a, v, "partition", NULL);
    r->params = get_pairs(a, v, "params");
    r->headers = get_pairs(a, v, "headers");
    r->echo = get_pairs(a, v, "echo");
    get_binds(s, r, v, s->h->nrequests);
    get_pages(s, r, v);
    get_verdicts(s, r, v);
    get_extract(s, &r->extract, v);
    check_request(s, r, v);
    s->h->nrequests++;
}

/* Records of phases on which another draws are not collected, unless the definition says so. */
static void settle_collect(struct pl_http *h, struct jval list) {
    struct jval v, x;
    uint32_t pos = 0;
    for (size_t i = 0; i < h->nrequests && jv_each(list, &pos, NULL, &v); i++) {
        bool drawn = false;
        for (size_t k = i + 1; k < h->nrequests; k++)
            for (size_t b = 0; b < h->requests[k].nbinds; b++)
                drawn = drawn || (h->requests[k].binds[b].kind == BIND_FROM && h->requests[k].binds[b].phase == i);
        h->requests[i].collect = get_val(v, "collect", &x) ? jv_type(x) == JT_TRUE : !drawn;
    }
}

static void get_manners(struct scope *s, struct jval v) {
    struct pl_http *h = s->h;
    struct arena *a = &s->p->a;
    struct jval x = v, none = v;
    bool has = get_val(v, "timeouts", &x);
    h->concurrency = (int)get_int(v, "concurrency", 4);
    h->per_host = (int)get_int(v, "per_host", 4);
    h->rate = get_num(v, "rate", 2);
    h->connect = has ? get_duration(x, "connect", 10) : 10;
    h->first_byte = has ? get_duration(x, "first_byte", 60) : 60;
    h->stalled = has ? get_duration(x, "stalled", 30) : 30;
    h->whole = has ? get_duration(x, "whole", 120) : 120;
    h->max_bytes = (size_t)(get_num(v, "max_mib", 16) * 1048576);
    has = get_val(v, "redirects", &x);
    h->max_redirects = has ? (int)get_int(x, "max", 5) : 5;
    h->other_hosts = has ? get_bool(x, "other_hosts", true) : true;
    h->private_addresses = get_bool(v, "private_addresses", false);
    h->robots = get_bool(v, "robots", false);
    h->alone = get_bool(v, "alone", false);
    h->cookies = get_bool(v, "cookies", false);
    h->user_agent = get_str(a, v, "user_agent", NULL);
    h->headers = get_pairs(a, v, "headers");
    if (get_val(v, "auth", &x)) {
        h->auth_query = get_pairs(a, x, "query");
        h->auth_header = get_pairs(a, x, "header");
        h->bearer = get_str(a, x, "bearer", NULL);
        if (get_val(x, "basic", &none)) {
            h->user = get_str(a, none, "user", "");
            h->password = get_str(a, none, "password", "");
        }
    }
}

static void get_limits(struct scope *s, struct jval v) {
    struct pl_http *h = s->h;
    struct jval x = v;
    bool has = get_val(v, "retry", &x);
    h->attempts = has ? (int)get_int(x, "attempts", 6) : 6;
    h->backoff = has ? get_duration(x, "backoff", 2) : 2;
    h->backoff_max = has ? get_duration(x, "backoff_max", 120) : 120;
    h->rounds = has ? (int)get_int(x, "rounds", 1) : 1;
    h->pause = has ? get_duration(x, "pause", 60) : 60;
    has = get_val(v, "breaker", &x);
    h->breaker_failures = has ? (int)get_int(x, "failures", 20) : 20;
    h->breaker_pause = has ? get_duration(x, "pause", 60) : 60;
    h->breaker_openings = has ? (int)get_int(x, "openings", 3) : 3;
    if (get_val(v, "budget", &x)) {
        h->budget_requests = get_int(x, "requests", 0);
        h->budget_bytes = get_int(x, "mib", 0) * 1048576;
        h->budget_time = get_duration(x, "time", 0);
    }
    h->max_failed = get_num(v, "max_failed", 5);
    h->keep = get_duration(v, "keep", 30 * 86400);
    h->keep_answers = get_bool(v, "keep_answers", false);
}

struct pl_http *define_http(struct pipeline *p, struct jval v, struct mistakes *m) {
    struct scope s = {p, arena_alloc(&p->a, sizeof *s.h), m};
    struct jval list, x;
    struct sha256 digest;
    static const char *const parts[] = {"requests", "settings", "auth", "headers"};
    sha256_start(&digest);
    for (int i = 0; i < 4; i++)
        if (get_val(v, parts[i], &x)) digest_value(&digest, x);
    sha256_hex(&digest, s.h->requests_digest);
    get_settings(&s, v);
    get_manners(&s, v);
    get_limits(&s, v);
    if (!get_val(v, "requests", &list) || jv_type(list) != JT_ARR) return s.h;
    s.h->requests = arena_alloc(&p->a, (jv_tok(list)->n + 1) * sizeof *s.h->requests);
    uint32_t pos = 0;
    while (jv_each(list, &pos, NULL, &x)) get_request(&s, x);
    settle_collect(s.h, list);
    return s.h;
}
