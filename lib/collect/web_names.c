/* Names and templates of a crawl: what stands for {name} and ${SECRET}, and what is asked of them before the first
 * request. */
#include <ctype.h>

#include "base/hash.h"
#include "base/log.h"
#include "collect/web_impl.h"

/* ---- names and templates ----------------------------------------------------------------------------------------- */

static const char *setting(const struct crawl *c, struct sv name) {
    for (size_t i = 0; i < c->h->nsettings; i++) {
        const struct pl_setting *s = &c->h->settings[i];
        if (!sv_is(name, s->name)) continue;
        const char *v = s->env ? getenv(s->env) : NULL;
        v = v && *v ? v : s->value ? s->value : "";
        return strcmp(v, "{date}") == 0 ? c->date : strcmp(v, "{yyyymmdd}") == 0 ? c->compact : v;
    }
    return NULL;
}

static const char *fixed_name(const struct crawl *c, struct sv name, char room[8]) {
    if (sv_is(name, "date")) return c->date;
    if (sv_is(name, "yyyymmdd")) return c->compact;
    int from = sv_is(name, "year") ? 0 : sv_is(name, "month") ? 5 : sv_is(name, "day") ? 8 : -1;
    if (from < 0) return NULL;
    snprintf(room, 8, "%.*s", from ? 2 : 4, c->date + from);
    return room;
}

/* "cate.no" in {"cate":{"no":177}} */
bool plan_lookup(struct jval vars, struct sv name, struct jval *out) {
    const char *dot = memchr(name.p, '.', name.n);
    if (!jv_get(vars, (struct sv){name.p, dot ? (size_t)(dot - name.p) : name.n}, out)) return false;
    return !dot || jv_get(*out, (struct sv){dot + 1, (size_t)(name.p + name.n - dot - 1)}, out);
}

bool plan_scan(struct crawl *c, const char *vars, struct jval *v) {
    struct jerr je;
    c->toks.n = 0;
    if (!json_scan(&c->toks, vars, strlen(vars), 0, &je)) return false;
    *v = (struct jval){vars, c->toks.t, 0};
    return true;
}

int plan_var(struct crawl *c, const char *vars, const char *url, const char *name, struct buf *out) {
    struct jval root, v;
    char room[8];
    struct sv n = sv_of(name);
    if (plan_scan(c, vars, &root) && plan_lookup(root, n, &v)) {
        json_copy(out, v);
        return 1;
    }
    const char *s = strcmp(name, "url") == 0 ? url : fixed_name(c, n, room);
    if (!s && strcmp(name, "fetched_day") == 0) {
        struct buf b = {0};
        buf_add(&b, utc_text(now_utc()).s, 10);
        json_text_quote(out, buf_text(&b));
        buf_free(&b);
        return 1;
    }
    if (!s) s = setting(c, n);
    if (s) json_text_quote(out, s);
    return s != NULL;
}

void plan_percent(struct buf *out, struct sv s) {
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        if ((ch < 0x80 && isalnum(ch)) || (ch && strchr("-._~", ch))) {
            buf_chr(out, (char)ch);
        } else {
            buf_chr(out, '%');
            buf_chr(out, hex[ch >> 4]);
            buf_chr(out, hex[ch & 15]);
        }
    }
}

/* A secret stands in URLs in its escaped form, which must not be shown either. */
static int put_secret(const char *name, int how, struct buf *out, struct err *e) {
    const char *v = getenv(name);
    struct buf b = {0};
    if (!v || !*v) return err_set(e, ERR_CONFIG, "environment variable %s is not set", name);
    plan_percent(&b, sv_of(v));
    secret_add(v);
    secret_add(buf_text(&b));
    buf_str(out, how ? buf_text(&b) : v);
    buf_free(&b);
    return ERR_OK;
}

static bool put_name(struct crawl *c, struct jval vars, bool has_vars, struct sv name, bool raw, int how,
                     struct buf *out) {
    struct buf b = {0};
    struct jval v;
    char room[8];
    bool there = true;
    if (has_vars && plan_lookup(vars, name, &v)) {
        there = jv_type(v) != JT_NULL;
        if (there) jv_unescape(v, &b);
        if (there && jv_type(v) != JT_STR && !b.n) buf_sv(&b, jv_raw(v));
    } else {
        const char *s = fixed_name(c, name, room);
        if (!s) s = setting(c, name);
        there = s != NULL;
        if (s) buf_str(&b, s);
    }
    if (how && !raw)
        plan_percent(out, (struct sv){buf_text(&b), b.n});
    else
        buf_add(out, buf_text(&b), b.n);
    buf_free(&b);
    return there;
}

int plan_expand(struct crawl *c, const char *vars, const char *t, int how, bool *null, struct buf *out, struct err *e) {
    struct jval root = {0};
    bool has = vars && plan_scan(c, vars, &root);
    *null = false;
    while (*t) {
        const char *end = t[0] == '{' || (t[0] == '$' && t[1] == '{') ? strchr(t, '}') : NULL;
        if (!end) {
            buf_chr(out, *t++);
            continue;
        }
        if (*t == '$') {
            char name[128];
            snprintf(name, sizeof name, "%.*s", (int)(end - t - 2), t + 2);
            int rc = put_secret(name, how, out, e);
            if (rc) return rc;
        } else {
            bool raw = t[1] == '+';
            const char *from = t + 1 + raw;
            if (!put_name(c, root, has, (struct sv){from, (size_t)(end - from)}, raw, how, out)) *null = true;
        }
        t = end + 1;
    }
    return ERR_OK;
}

/* ---- before the first request ------------------------------------------------------------------------------------ */

static int check_secrets(struct crawl *c, const char *t, struct err *e) {
    struct buf b = {0};
    bool null;
    int rc = ERR_OK;
    if (t && strstr(t, "${")) {
        c->secrets = true;
        rc = plan_expand(c, NULL, t, 0, &null, &b, e);
        buf_free(&b);
        if (rc == ERR_OK) rc = plan_expand(c, NULL, t, 1, &null, &b, e); /* so that both forms are known as secrets */
    }
    buf_free(&b);
    return rc;
}

static int check_pairs(struct crawl *c, const struct pl_pairs *l, struct err *e) {
    int rc = ERR_OK;
    for (size_t i = 0; i < l->values.n && rc == ERR_OK; i++) rc = check_secrets(c, l->values.s[i], e);
    return rc;
}

int plan_prepare(struct crawl *c, struct err *e) {
    const struct pl_http *h = c->h;
    int rc = ERR_OK;
    for (size_t i = 0; i < h->nsettings && rc == ERR_OK; i++) {
        const struct pl_setting *s = &h->settings[i];
        const char *v = s->env ? getenv(s->env) : s->value;
        if ((!v || !*v) && !s->value)
            rc = err_set(e, ERR_CONFIG, "environment variable %s is not set (setting '%s' has no default)", s->env,
                         s->name);
    }
    if (rc == ERR_OK) rc = check_pairs(c, &h->headers, e);
    if (rc == ERR_OK) rc = check_pairs(c, &h->auth_query, e);
    if (rc == ERR_OK) rc = check_pairs(c, &h->auth_header, e);
    if (rc == ERR_OK) rc = check_secrets(c, h->user, e);
    if (rc == ERR_OK) rc = check_secrets(c, h->password, e);
    if (rc == ERR_OK) rc = check_secrets(c, h->bearer, e);
    for (size_t i = 0; i < h->nrequests && rc == ERR_OK; i++) {
        const struct pl_request *r = &h->requests[i];
        rc = check_secrets(c, r->url, e);
        if (rc == ERR_OK) rc = check_secrets(c, r->body, e);
        if (rc == ERR_OK) rc = check_pairs(c, &r->params, e);
        if (rc == ERR_OK) rc = check_pairs(c, &r->headers, e);
    }
    return rc;
}

/* Only what requests and records are made of counts: manners may change while a crawl is under way. */
char *plan_under(struct crawl *c) {
    struct sha256 h;
    char hex[65];
    sha256_start(&h);
    sha256_str(&h, c->h->requests_digest);
    for (size_t i = 0; i < c->h->nsettings; i++) sha256_str(&h, setting(c, sv_of(c->h->settings[i].name)));
    for (size_t i = 0; i < c->h->nrequests; i++)
        for (size_t k = 0; k < c->h->requests[i].nbinds; k++) {
            const struct pl_bind *b = &c->h->requests[i].binds[k];
            const char *text;
            size_t n;
            struct err e;
            const char *file = b->kind == BIND_CSV ? b->csv : b->kind == BIND_FROM ? b->otherwise : NULL;
            if (file && pipeline_file(c->p, &c->a, file, &text, &n, &e) == ERR_OK) sha256_add(&h, text, n);
        }
    sha256_hex(&h, hex);
    return arena_str(&c->a, hex);
}

/* Hosts that the definition and its settings name, not answers. */
struct strs plan_trusted(struct crawl *c) {
    struct strs l = {arena_alloc(&c->a, (c->h->nrequests + 1) * sizeof(char *)), 0};
    for (size_t i = 0; i < c->h->nrequests; i++) {
        struct buf b = {0};
        char origin[300];
        const char *t = c->h->requests[i].url;
        while (*t) {
            const char *end = *t == '{' ? strchr(t, '}') : NULL;
            size_t skip = end && t[1] == '+' ? 2 : 1;
            const char *s = end ? setting(c, (struct sv){t + skip, (size_t)(end - t) - skip}) : NULL;
            if (end && !s) break; /* from here on it depends on answers or lists */
            if (s)
                buf_str(&b, s);
            else
                buf_chr(&b, *t);
            t = end ? end + 1 : t + 1;
        }
        /* an authority that goes on into such a name is not known whole */
        const char *slashes = strstr(buf_text(&b), "://");
        bool whole = slashes && (!*t || strpbrk(slashes + 3, "/?#"));
        if (whole && http_origin(buf_text(&b), origin, sizeof origin)) l.s[l.n++] = arena_str(&c->a, origin);
        buf_free(&b);
    }
    return l;
}
