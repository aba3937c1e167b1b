/* Days and instants; see day.h. Zones are in zone.c. */
#include "base/day.h"

#include <errno.h>

day_t day_from_civil(int y, int m, int d) {
    y -= m <= 2;
    int era = (y >= 0 ? y : y - 399) / 400;
    int yoe = y - era * 400;
    int doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void day_to_civil(day_t day, int *y, int *m, int *d) {
    int z = day + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int doe = z - era * 146097;
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;
    *d = doy - (153 * mp + 2) / 5 + 1;
    *m = mp < 10 ? mp + 3 : mp - 9;
    *y = yoe + era * 400 + (*m <= 2);
}

bool day_exists(int y, int m, int d) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (m < 1 || m > 12 || d < 1) return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return d <= days[m - 1] + (m == 2 && leap);
}

int day_weekday(day_t day) {
    int w = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    return w < 0 ? w + 7 : w;
}

/* n digits at *p as a number, -1 if they are not all digits; advances. */
static int digits(const char **p, const char *end, int n) {
    int x = 0;
    if (end - *p < n) return -1;
    for (int k = 0; k < n; k++) {
        unsigned c = (unsigned)((*p)[k] - '0');
        if (c > 9) return -1;
        x = x * 10 + (int)c;
    }
    *p += n;
    return x;
}

static bool take(const char **p, const char *end, char c) {
    if (*p >= end || **p != c) return false;
    (*p)++;
    return true;
}

static bool date_part(const char **p, const char *end, int *y, int *m, int *d) {
    *y = digits(p, end, 4);
    if (*y < 0 || !take(p, end, '-')) return false;
    *m = digits(p, end, 2);
    if (*m < 0 || !take(p, end, '-')) return false;
    *d = digits(p, end, 2);
    return *d >= 0;
}

bool day_parse(struct sv s, day_t *out) {
    const char *p = s.p, *end = s.p + s.n;
    int y, m, d;
    if (!date_part(&p, end, &y, &m, &d) || p != end || !day_exists(y, m, d)) return false;
    *out = day_from_civil(y, m, d);
    return true;
}

int day_read(const char *s, day_t *out, struct err *e) {
    if (day_parse(sv_of(s), out)) return ERR_OK;
    const char *p = s, *end = s + strlen(s);
    int y, m, d;
    if (date_part(&p, end, &y, &m, &d) && p == end)
        return err_set(e, ERR_USAGE, "there is no day %s in the calendar", s);
    return err_set(e, ERR_USAGE, "'%s' is not a day: expected YYYY-MM-DD, as in 2026-01-15", s);
}

struct day_text day_text(day_t day) {
    struct day_text t;
    int y, m, d;
    day_to_civil(day, &y, &m, &d);
    snprintf(t.s, sizeof t.s, "%04d-%02d-%02d", y, m, d);
    return t;
}

/* Zone suffix: nothing, Z, +HH, +HHMM, +HH:MM. */
static bool zone_part(const char **p, const char *end, struct stamp *out) {
    if (*p == end) return true;
    if (take(p, end, 'Z') || take(p, end, 'z')) {
        out->has_zone = true;
        return *p == end;
    }
    int sign = **p == '+' ? 1 : **p == '-' ? -1 : 0;
    if (!sign) return false;
    (*p)++;
    int h = digits(p, end, 2), m = 0;
    if (h < 0 || h > 23) return false;
    if (*p < end) {
        take(p, end, ':');
        m = digits(p, end, 2);
        if (m < 0 || m > 59) return false;
    }
    out->has_zone = true;
    out->zone = sign * (h * 3600 + m * 60);
    return *p == end;
}

bool stamp_parse(struct sv s, struct stamp *out) {
    const char *p = s.p, *end = s.p + s.n;
    int y, mo, d, h = 0, mi = 0, sec = 0;
    int64_t frac = 0;
    *out = (struct stamp){0};
    if (!date_part(&p, end, &y, &mo, &d) || !day_exists(y, mo, d)) return false;
    out->year = y;
    out->day = day_from_civil(y, mo, d);
    out->micros = (int64_t)out->day * 86400000000;
    if (p == end) return true;
    if (!take(&p, end, 'T') && !take(&p, end, ' ') && !take(&p, end, 't')) return false;
    h = digits(&p, end, 2);
    if (h < 0 || h > 23 || !take(&p, end, ':')) return false;
    mi = digits(&p, end, 2);
    if (mi < 0 || mi > 59) return false;
    if (take(&p, end, ':')) {
        sec = digits(&p, end, 2);
        if (sec < 0 || sec > 59) return false;
        if (take(&p, end, '.') || take(&p, end, ',')) {
            int n = 0;
            for (; p < end && (unsigned)(*p - '0') < 10; p++, n++)
                if (n < 6) frac = frac * 10 + (*p - '0');
            if (!n) return false;
            for (; n < 6; n++) frac *= 10;
        }
    }
    out->has_time = true;
    out->micros += (int64_t)(h * 3600 + mi * 60 + sec) * 1000000 + frac;
    return zone_part(&p, end, out);
}

int64_t now_utc(void) {
    const char *fixed = getenv("ETL_NOW");
    struct stamp st;
    if (fixed && stamp_parse(sv_of(fixed), &st)) return st.micros / 1000000 - st.zone;
    return (int64_t)time(NULL);
}

double now_mono(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct stamp_text utc_text(int64_t utc) {
    struct stamp_text t;
    int64_t day = utc / 86400, sec = utc % 86400;
    if (sec < 0) {
        sec += 86400;
        day--;
    }
    int s = (int)sec;
    snprintf(t.s, sizeof t.s, "%sT%02d:%02d:%02dZ", day_text((day_t)day).s, s / 3600, s / 60 % 60, s % 60);
    return t;
}
