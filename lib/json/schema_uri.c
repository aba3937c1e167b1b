/* See schema_uri.h. */
#include "json/schema_uri.h"

static bool is_scheme_char(char c, bool first) {
    if ((c | 32) >= 'a' && (c | 32) <= 'z') return true;
    return !first && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.');
}

/* Cut s at the first of the characters; the rest, with that character, is left in s. */
static struct sv take_until(struct sv *s, const char *stop) {
    size_t k = 0;
    while (k < s->n && (!s->p[k] || !strchr(stop, s->p[k]))) k++;
    struct sv head = {s->p, k};
    *s = (struct sv){s->p + k, s->n - k};
    return head;
}

static void skip(struct sv *s, size_t n) {
    s->p += n;
    s->n -= n;
}

struct uri schema_uri_split(struct sv s) {
    struct uri u = {0};
    if (!s.p) s.p = "";
    size_t k = 0;
    while (k < s.n && is_scheme_char(s.p[k], k == 0)) k++;
    if (k && k < s.n && s.p[k] == ':') {
        u.scheme = (struct sv){s.p, k};
        skip(&s, k + 1);
    }
    if (s.n >= 2 && s.p[0] == '/' && s.p[1] == '/') {
        skip(&s, 2);
        u.authority = take_until(&s, "/?#");
    }
    u.path = take_until(&s, "?#");
    if (s.n && *s.p == '?') {
        skip(&s, 1);
        u.query = take_until(&s, "#");
    }
    if (s.n) {
        skip(&s, 1);
        u.fragment = s;
    }
    return u;
}

/* The path without its "." and ".." segments. */
static void add_normal_path(struct buf *out, struct sv path) {
    size_t start = out->n;
    bool rooted = path.n && path.p[0] == '/';
    while (path.n) {
        size_t lead = path.p[0] == '/';
        struct sv rest = {path.p + lead, path.n - lead};
        struct sv segment = take_until(&rest, "/");
        bool last = rest.n == 0;
        if (sv_is(segment, "..")) {
            while (out->n > start && out->p[out->n - 1] != '/') out->n--;
            if (out->n > start) out->n--;
            if (last && (rooted || out->n > start)) buf_chr(out, '/');
        } else if (sv_is(segment, ".")) {
            if (last && (rooted || out->n > start)) buf_chr(out, '/');
        } else {
            if (lead && (rooted || out->n > start)) buf_chr(out, '/');
            buf_sv(out, segment);
        }
        path = rest;
    }
}

static void add_merged_path(struct buf *out, const struct uri *base, struct sv path) {
    struct buf merged = {0};
    if (base->authority.p && !base->path.n) {
        buf_chr(&merged, '/');
    } else {
        size_t keep = base->path.n;
        while (keep && base->path.p[keep - 1] != '/') keep--;
        buf_add(&merged, base->path.p, keep);
    }
    buf_sv(&merged, path);
    add_normal_path(out, (struct sv){merged.p, merged.n});
    buf_free(&merged);
}

void schema_uri_resolve(struct buf *out, struct sv base_text, struct sv ref_text) {
    struct uri base = schema_uri_split(base_text), ref = schema_uri_split(ref_text);
    struct sv scheme = ref.scheme.p ? ref.scheme : base.scheme;
    bool own_authority = ref.scheme.p || ref.authority.p;
    struct sv authority = own_authority ? ref.authority : base.authority, query = ref.query;
    if (scheme.p) {
        buf_sv(out, scheme);
        buf_chr(out, ':');
    }
    if (authority.p) {
        buf_str(out, "//");
        buf_sv(out, authority);
    }
    if (own_authority || (ref.path.n && ref.path.p[0] == '/')) {
        add_normal_path(out, ref.path);
    } else if (ref.path.n) {
        add_merged_path(out, &base, ref.path);
    } else {
        buf_sv(out, base.path);
        if (!ref.query.p) query = base.query;
    }
    if (query.p) {
        buf_chr(out, '?');
        buf_sv(out, query);
    }
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void schema_uri_unescape(struct buf *out, struct sv s) {
    for (size_t i = 0; i < s.n; i++) {
        int hi = -1, lo = -1;
        if (s.p[i] == '%' && i + 2 < s.n) {
            hi = hex_value(s.p[i + 1]);
            lo = hex_value(s.p[i + 2]);
        }
        if (hi < 0 || lo < 0) {
            buf_chr(out, s.p[i]);
            continue;
        }
        buf_chr(out, (char)(hi * 16 + lo));
        i += 2;
    }
}
