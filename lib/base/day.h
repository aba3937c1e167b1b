/*
 * Calendar days, instants and zones.
 *
 * A day is the number of days since 1970-01-01 (proleptic Gregorian). An instant is
 * seconds since the epoch, UTC. A zone is a POSIX TZ rule ("KST-9",
 * "CET-1CEST,M3.5.0,M10.5.0/3"); the IANA names are built in (zones.def), so a machine
 * without time zone data gives the same days. A rule describes the present: for
 * instants before a zone's last change of rules the present rule is used.
 *
 * Conversion of days: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
#ifndef ETL_BASE_DAY_H
#define ETL_BASE_DAY_H

#include "base/err.h"
#include "base/mem.h"

typedef int32_t day_t;

day_t day_from_civil(int y, int m, int d);
void day_to_civil(day_t day, int *y, int *m, int *d);
bool day_exists(int y, int m, int d);
int day_weekday(day_t day); /* Monday 0 .. Sunday 6 */
/* "2026-01-15" exactly; false for anything else and for days that do not exist. */
bool day_parse(struct sv s, day_t *out);
/* As day_parse with ERR_USAGE saying what is wrong with it. */
int day_read(const char *s, day_t *out, struct err *e);
struct day_text {
    char s[16];
};
struct day_text day_text(day_t day); /* "2026-01-15" */

struct zone_rule {
    int month, week, wday; /* Mm.w.d; month 0: Julian day in `wday` (Jn: week -1, n: week -2) */
    int32_t at;            /* seconds of local time */
};
struct zone {
    int32_t std, dst; /* seconds east of UTC */
    bool has_dst;
    struct zone_rule from, to;
};
/* IANA name or POSIX rule. ERR_CONFIG names the nearest known zone. */
int zone_find(const char *name, struct zone *z, struct err *e);
int32_t zone_offset(const struct zone *z, int64_t utc); /* seconds east of UTC then */
int64_t zone_to_utc(const struct zone *z,
                    int64_t local);                /* local seconds -> UTC; in a gap the later, in a fold the first */
day_t zone_day(const struct zone *z, int64_t utc); /* local calendar day */

/* Timestamp text: an existing date alone, or with 'T' or a blank and HH:MM[:SS[.fraction]], zone Z or
 * +-HH[:]MM optional. micros counts from the epoch in the text's own local time, without its zone. */
struct stamp {
    int year;
    day_t day;
    int64_t micros;
    bool has_time, has_zone;
    int32_t zone; /* seconds east of UTC */
};
bool stamp_parse(struct sv s, struct stamp *out);

int64_t now_utc(void); /* seconds; ETL_NOW (ISO 8601, Z) stands in for the clock where it is set (tests) */
double now_mono(void); /* seconds of a clock that never goes back */
struct stamp_text {
    char s[32];
};
struct stamp_text utc_text(int64_t utc); /* "2026-01-15T17:00:03Z" */

#endif
