/*
 * See pattern.h. Plain is: an `^`, then ASCII characters, \d, \w and [sets],
 * each with a count, then an optional `$`. A step of variable length must be
 * last or be followed by a step that shares no byte with it, so taking as much
 * as possible is always right and no way back is needed.
 *
 *   ^ORD\d{13,}$   ->   O R D [0-9]{13,} end
 */
#include "json/pattern.h"

#define MANY UINT32_MAX

struct reader {
    const char *p, *end;
};

static void set_add(uint64_t set[2], unsigned from, unsigned to) {
    for (unsigned c = from; c <= to; c++) set[c >> 6] |= (uint64_t)1 << (c & 63);
}

static bool set_has(const uint64_t set[2], unsigned char c) {
    return c < 128 && (set[c >> 6] >> (c & 63) & 1);
}

/* \d, \w or an escaped punctuation mark. */
static bool read_escape(struct reader *r, uint64_t set[2], unsigned *one) {
    if (r->p >= r->end) return false;
    char c = *r->p++;
    *one = 0;
    if (c == 'd') {
        set_add(set, '0', '9');
        return true;
    }
    if (c == 'w') {
        set_add(set, '0', '9');
        set_add(set, 'A', 'Z');
        set_add(set, 'a', 'z');
        set_add(set, '_', '_');
        return true;
    }
    if (!c || !strchr("^$\\.*+?()[]{}|/-", c)) return false;
    *one = (unsigned char)c;
    set_add(set, *one, *one);
    return true;
}

static bool read_class(struct reader *r, uint64_t set[2]) {
    if (r->p < r->end && *r->p == '^') return false;
    while (r->p < r->end && *r->p != ']') {
        unsigned from = (unsigned char)*r->p++;
        if (from >= 128 || from == '[' || from == 0) return false;
        if (from == '\\') {
            if (!read_escape(r, set, &from)) return false;
            if (!from || (r->p < r->end && *r->p == '-')) {
                if (r->p < r->end && *r->p == '-') return false;
                continue;
            }
        }
        if (r->end - r->p >= 2 && r->p[0] == '-' && r->p[1] != ']') {
            unsigned to = (unsigned char)r->p[1];
            if (to >= 128 || to < from || to == '\\' || to == '[') return false;
            r->p += 2;
            set_add(set, from, to);
        } else {
            set_add(set, from, from);
        }
    }
    if (r->p >= r->end || (!set[0] && !set[1])) return false;
    r->p++;
    return true;
}

static bool read_int(struct reader *r, uint32_t *x) {
    const char *from = r->p;
    *x = 0;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && r->p - from < 5) *x = *x * 10 + (uint32_t)(*r->p++ - '0');
    return r->p > from;
}

/* The count behind a step; none means once. */
static bool read_count(struct reader *r, uint32_t *min, uint32_t *max) {
    *min = *max = 1;
    char c = r->p < r->end ? *r->p : 0;
    if (c == '*' || c == '+' || c == '?') {
        *min = c == '+';
        *max = c == '?' ? 1 : MANY;
        r->p++;
    } else if (c == '{') {
        r->p++;
        if (!read_int(r, min)) return false;
        *max = *min;
        if (r->p < r->end && *r->p == ',') {
            r->p++;
            if (r->p < r->end && *r->p == '}')
                *max = MANY;
            else if (!read_int(r, max))
                return false;
        }
        if (r->p >= r->end || *r->p++ != '}' || *max < *min || *min > 65535 || (*max != MANY && *max > 65535))
            return false;
    } else {
        return true;
    }
    return r->p >= r->end || !strchr("*+?{", *r->p); /* lazy or doubled: not plain */
}

static bool deterministic(const struct plain *p) {
    for (uint32_t k = 0; k + 1 < p->n; k++) {
        if (p->step[k].min == p->step[k].max) continue;
        /* a following step that may be empty lets the one after it meet this one */
        if (p->step[k + 1].min == 0) return false;
        for (int w = 0; w < 2; w++)
            if (p->step[k].set[w] & p->step[k + 1].set[w]) return false;
    }
    return true;
}

bool pattern_plain_parse(struct plain *p, const char *text, size_t n) {
    *p = (struct plain){0};
    struct reader r = {text, text + n};
    if (n == 0 || *r.p++ != '^') return false;
    while (r.p < r.end) {
        unsigned char c = (unsigned char)*r.p++;
        if (c == '$') {
            p->to_end = true;
            break;
        }
        if (p->n == PLAIN_STEPS || c >= 128 || c == 0 || strchr("^.*+?()]{}|", c)) return false;
        uint64_t *set = p->step[p->n].set;
        unsigned one;
        if (c == '[' ? !read_class(&r, set) : c == '\\' && !read_escape(&r, set, &one)) return false;
        if (c != '[' && c != '\\') set_add(set, c, c);
        if (!read_count(&r, &p->step[p->n].min, &p->step[p->n].max)) return false;
        p->n++;
    }
    return r.p == r.end && deterministic(p);
}

bool pattern_plain_match(const struct plain *p, const char *s, size_t n) {
    const char *end = s + n;
    for (uint32_t k = 0; k < p->n; k++) {
        size_t most = (size_t)(end - s);
        if (most > p->step[k].max) most = p->step[k].max;
        size_t got = 0;
        while (got < most && set_has(p->step[k].set, (unsigned char)s[got])) got++;
        if (got < p->step[k].min) return false;
        s += got;
    }
    return !p->to_end || s == end;
}
