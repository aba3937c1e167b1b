/*
 * robots.txt as RFC 9309 has it: the groups of our own agent, else those of *; the longest path that matches decides,
 * Allow before Disallow where two are as long; * and $ in paths. Crawl-delay is no part of it, but is asked for.
 */
#include <strings.h>

#include "net/http.h"

struct robots_rule {
    const char *path;
    bool allow;
};
struct robots {
    struct arena a;
    struct robots_rule *own, *any;
    size_t nown, nany;
    bool has_own;
    double own_delay, any_delay;
};
#define RULES_MAX 20000

static struct sv trim(struct sv s) {
    while (s.n && strchr(" \t\r", s.p[0])) s.p++, s.n--;
    while (s.n && strchr(" \t\r", s.p[s.n - 1])) s.n--;
    return s;
}

static void add_rule(struct robots *r, bool own, struct sv path, bool allow) {
    struct robots_rule **list = own ? &r->own : &r->any;
    size_t *n = own ? &r->nown : &r->nany;
    if (*n >= RULES_MAX || (!allow && !path.n)) return;
    if ((*n & (*n - 1)) == 0) *list = mem_grow(*list, (*n ? *n * 2 : 1) * sizeof **list);
    (*list)[(*n)++] = (struct robots_rule){arena_strn(&r->a, path.p, path.n), allow};
}

struct reading {
    bool own, any, in_rules; /* the group under way is for us, for all; its rules have begun */
};

static void take_line(struct robots *r, struct reading *g, struct sv key, struct sv value, const char *agent) {
    bool is_agent = key.n == 10 && strncasecmp(key.p, "user-agent", 10) == 0;
    if (is_agent) {
        if (g->in_rules) *g = (struct reading){0};
        size_t n = 0;
        while (n < value.n && !strchr(" /\t", value.p[n])) n++;
        if (n == strlen(agent) && strncasecmp(value.p, agent, n) == 0) g->own = r->has_own = true;
        if (sv_is(value, "*")) g->any = true;
        return;
    }
    bool allow = key.n == 5 && strncasecmp(key.p, "allow", 5) == 0;
    bool disallow = key.n == 8 && strncasecmp(key.p, "disallow", 8) == 0;
    if (key.n == 11 && strncasecmp(key.p, "crawl-delay", 11) == 0) {
        char text[32];
        snprintf(text, sizeof text, "%.*s", (int)(value.n < 31 ? value.n : 31), value.p);
        double d = strtod(text, NULL);
        if (!(d > 0)) d = 0;
        if (g->own) r->own_delay = d;
        if (g->any) r->any_delay = d;
        g->in_rules = true;
    }
    if (!allow && !disallow) return;
    g->in_rules = true;
    if (g->own) add_rule(r, true, value, allow);
    if (g->any) add_rule(r, false, value, allow);
}

struct robots *robots_parse(const char *text, size_t n, const char *agent) {
    struct robots *r = mem_alloc(sizeof *r);
    struct reading g = {0};
    if (n > 500 * 1024) n = 500 * 1024; /* as much as the RFC asks for */
    for (const char *p = text, *end = text + n; p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
        const char *hash = memchr(p, '#', (size_t)(stop - p));
        struct sv line = {p, (size_t)((hash ? hash : stop) - p)};
        const char *colon = memchr(line.p, ':', line.n);
        if (colon)
            take_line(r, &g, trim((struct sv){line.p, (size_t)(colon - line.p)}),
                      trim((struct sv){colon + 1, (size_t)(line.p + line.n - colon - 1)}), agent);
        p = nl ? nl + 1 : end;
    }
    return r;
}

/* Does the pattern match a beginning of path? Greedy with one place to come back to, so linear in practice. */
static bool matches(const char *pattern, const char *path) {
    const char *star = NULL, *back = NULL;
    while (*pattern) {
        if (*pattern == '*') {
            star = ++pattern;
            back = path;
            continue;
        }
        if (*pattern == '$' && !pattern[1] && !*path) return true;
        if (*path && *pattern == *path && !(*pattern == '$' && !pattern[1])) {
            pattern++;
            path++;
            continue;
        }
        if (!star || !*back) return false;
        pattern = star;
        path = ++back;
    }
    return true;
}

bool robots_allows(const struct robots *r, const char *path) {
    if (!r || strcmp(path, "/robots.txt") == 0) return true;
    const struct robots_rule *list = r->has_own ? r->own : r->any;
    size_t n = r->has_own ? r->nown : r->nany, longest = 0;
    bool allowed = true, any = false;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(list[i].path);
        if (any && len < longest) continue;
        if (!matches(list[i].path, path)) continue;
        allowed = any && len == longest ? allowed || list[i].allow : list[i].allow;
        longest = len;
        any = true;
    }
    return allowed;
}

double robots_delay(const struct robots *r) {
    return !r ? 0 : r->has_own ? r->own_delay : r->any_delay;
}

void robots_free(struct robots *r) {
    if (!r) return;
    free(r->own);
    free(r->any);
    arena_free(&r->a);
    free(r);
}
