/* POSIX TZ rules and the built-in names; see day.h. Grammar: POSIX.1-2017, 8.3 "TZ". */
#include "base/day.h"
#include "base/near.h"

static const struct {
    const char *name, *rule;
} zones[] = {
#define ZONE(n, r) {n, r},
#include "base/zones.def"
#undef ZONE
};

static bool abbreviation(const char **p) {
    const char *s = *p;
    if (*s == '<') {
        while (*s && *s != '>') s++;
        if (*s != '>') return false;
        *p = s + 1;
        return true;
    }
    while ((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z')) s++;
    if (s - *p < 3) return false;
    *p = s;
    return true;
}

static bool number(const char **p, int *out) {
    int n = 0, x = 0;
    while (**p >= '0' && **p <= '9' && n < 4) {
        x = x * 10 + (**p - '0');
        (*p)++;
        n++;
    }
    *out = x;
    return n > 0;
}

/* [+-]h[h[h]][:mm[:ss]] in seconds */
static bool clock_time(const char **p, int32_t *out) {
    int sign = 1, h, m = 0, s = 0;
    if (**p == '+' || **p == '-') sign = *(*p)++ == '-' ? -1 : 1;
    if (!number(p, &h) || h > 167) return false;
    if (**p == ':') {
        (*p)++;
        if (!number(p, &m) || m > 59) return false;
        if (**p == ':') {
            (*p)++;
            if (!number(p, &s) || s > 59) return false;
        }
    }
    *out = sign * (h * 3600 + m * 60 + s);
    return true;
}

static bool rule_date(const char **p, struct zone_rule *r) {
    *r = (struct zone_rule){.at = 7200};
    if (**p == 'M') {
        (*p)++;
        if (!number(p, &r->month) || r->month < 1 || r->month > 12 || *(*p)++ != '.') return false;
        if (!number(p, &r->week) || r->week < 1 || r->week > 5 || *(*p)++ != '.') return false;
        if (!number(p, &r->wday) || r->wday > 6) return false;
    } else {
        r->week = -2;
        if (**p == 'J') {
            (*p)++;
            r->week = -1;
        }
        if (!number(p, &r->wday) || r->wday > 366) return false;
    }
    if (**p == '/') {
        (*p)++;
        return clock_time(p, &r->at);
    }
    return true;
}

static bool rule_parse(const char *s, struct zone *z) {
    *z = (struct zone){0};
    int32_t off;
    if (!abbreviation(&s) || !clock_time(&s, &off)) return false;
    z->std = -off;
    z->dst = z->std + 3600;
    if (!*s) return true;
    if (!abbreviation(&s)) return false;
    if (*s && *s != ',') {
        if (!clock_time(&s, &off)) return false;
        z->dst = -off;
    }
    z->has_dst = true;
    if (*s++ != ',' || !rule_date(&s, &z->from)) return false;
    if (*s++ != ',' || !rule_date(&s, &z->to)) return false;
    return *s == 0;
}

int zone_find(const char *name, struct zone *z, struct err *e) {
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (strcmp(zones[i].name, name) == 0 && rule_parse(zones[i].rule, z)) return ERR_OK;
    if (rule_parse(name, z)) return ERR_OK;
    struct near n = near_start(name);
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) near_offer(&n, zones[i].name);
    struct arena a = {0};
    err_set(e, ERR_CONFIG, "unknown time zone '%s'%s: expected a name such as Asia/Seoul or a POSIX rule such as KST-9",
            name, near_hint(&n, &a));
    arena_free(&a);
    return ERR_CONFIG;
}

/* Local seconds since the epoch at which the rule takes effect in year y. */
static int64_t rule_local(const struct zone_rule *r, int y) {
    day_t d;
    if (r->month) {
        day_t first = day_from_civil(y, r->month, 1);
        int wday = (r->wday + 6) % 7; /* Monday 0 */
        d = first + (wday - day_weekday(first) + 7) % 7 + (r->week - 1) * 7;
        day_t next = r->month == 12 ? day_from_civil(y + 1, 1, 1) : day_from_civil(y, r->month + 1, 1);
        while (d >= next) d -= 7;
    } else if (r->week == -1) { /* Jn: 1..365, 29 February never counted */
        d = day_from_civil(y, 1, 1) + r->wday - 1;
        if (day_exists(y, 2, 29) && r->wday > 59) d++;
    } else {
        d = day_from_civil(y, 1, 1) + r->wday;
    }
    return (int64_t)d * 86400 + r->at;
}

int32_t zone_offset(const struct zone *z, int64_t utc) {
    if (!z->has_dst) return z->std;
    int64_t local = utc + z->std;
    day_t day = (day_t)((local - (local % 86400 + 86400) % 86400) / 86400);
    int y, m, d;
    day_to_civil(day, &y, &m, &d);
    int64_t from = rule_local(&z->from, y) - z->std, to = rule_local(&z->to, y) - z->dst;
    bool dst = from < to ? utc >= from && utc < to : utc >= from || utc < to;
    return dst ? z->dst : z->std;
}

int64_t zone_to_utc(const struct zone *z, int64_t local) {
    int64_t utc = local - z->std;
    if (!z->has_dst) return utc;
    int64_t first = local - (z->dst > z->std ? z->dst : z->std);
    int32_t off = zone_offset(z, first);
    if (first + off == local) return first;
    return utc;
}

day_t zone_day(const struct zone *z, int64_t utc) {
    int64_t local = utc + zone_offset(z, utc);
    int64_t rest = local % 86400;
    if (rest < 0) rest += 86400;
    return (day_t)((local - rest) / 86400);
}
