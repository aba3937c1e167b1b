/* Values as people read them, in the pipeline's language and zone. */
#include <math.h>

#include "base/log.h"
#include "report/report.h"

const char *report_day_text(const struct report *r, struct arena *a) {
    static const char *const ko[] = {"월", "화", "수", "목", "금", "토", "일"};
    static const char *const en[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    day_t d;
    if (!day_parse(sv_of(r->day), &d)) return r->day;
    return arena_fmt(a, "%s (%s)", r->day, (strcmp(r->p->language, "ko") == 0 ? ko : en)[day_weekday(d)]);
}

const char *report_time_text(const struct report *r, const char *utc, struct arena *a) {
    struct stamp t;
    if (!utc || !stamp_parse(sv_of(utc), &t) || !t.has_time || !t.has_zone) return utc ? utc : "";
    int64_t at = t.micros / 1000000 - t.zone;
    struct stamp_text local = utc_text(at + zone_offset(&r->p->zone, at));
    return arena_fmt(a, "%.10s %.5s", local.s, local.s + 11);
}

static void grouped(struct buf *b, double x, int decimals) {
    char text[64];
    snprintf(text, sizeof text, "%.*f", decimals, fabs(x));
    size_t whole = strcspn(text, ".");
    if (x < 0 && strpbrk(text, "123456789")) buf_chr(b, '-');
    for (size_t i = 0; i < whole; i++) {
        if (i && (whole - i) % 3 == 0) buf_chr(b, ',');
        buf_chr(b, text[i]);
    }
    buf_str(b, text + whole);
}

static void bytes(struct buf *b, double x) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    int k = 0;
    while (fabs(x) >= 1000 && k < 4) x /= 1000, k++;
    grouped(b, x, k && fabs(x) < 100 ? 1 : 0);
    buf_fmt(b, " %s", units[k]);
}

/* decimals -1: what the format has. */
static void number(struct buf *b, double x, enum value_format f, int decimals) {
    int own = x == floor(x) ? 0 : 2;
    switch (f) {
    case FORMAT_INTEGER:
        grouped(b, x, decimals < 0 ? 0 : decimals);
        break;
    case FORMAT_NUMBER:
        grouped(b, x, decimals < 0 ? own : decimals);
        break;
    case FORMAT_SECONDS:
        grouped(b, x, decimals < 0 ? 1 : decimals);
        break;
    case FORMAT_PERCENT:
        grouped(b, x, decimals < 0 ? 2 : decimals);
        buf_str(b, " %");
        break;
    case FORMAT_CHANGE:
        buf_str(b, x > 0 ? "▲ " : x < 0 ? "▼ " : "");
        grouped(b, fabs(x), decimals < 0 ? 1 : decimals);
        buf_str(b, " %");
        break;
    case FORMAT_KRW:
        if (x < 0) buf_chr(b, '-');
        buf_str(b, "₩");
        grouped(b, fabs(x), decimals < 0 ? own : decimals);
        break;
    default:
        bytes(b, x);
    }
}

static void value(struct buf *b, const struct report_cell *c, enum value_format f, int decimals) {
    if (!c->text)
        buf_str(b, "–");
    else if (!format_is_number(f) || isnan(c->num) || fabs(c->num) > 1e15)
        log_clean(b, sv_of(c->text));
    else
        number(b, c->num, f, decimals);
}

void report_value(const struct report_cell *c, enum value_format f, struct buf *b) {
    value(b, c, f, -1);
}

/* A date with its weekday; a time with a zone in the pipeline's own. */
static const char *dated(const struct report *r, const char *text, enum value_format f, struct arena *a) {
    struct report day = {.p = r->p};
    struct stamp t;
    if (f == FORMAT_DATE && strlen(text) == 10) {
        snprintf(day.day, sizeof day.day, "%s", text);
        return arena_str(a, report_day_text(&day, a));
    }
    if (f != FORMAT_TIME || !stamp_parse(sv_of(text), &t) || !t.has_time) return text;
    if (t.has_zone) return report_time_text(r, text, a);
    char *local = arena_str(a, text);
    local[10] = ' ';
    return local;
}

void report_show(const struct report *r, const struct report_cell *c, const struct pl_shown *col, struct buf *b) {
    struct arena a = {0};
    struct report_cell shown = *c;
    if (c->text && col->format == FORMAT_STATE) {
        const char *key = arena_fmt(&a, "state_%s", c->text), *word = report_label(r, key);
        if (word != key) shown.text = word;
    } else if (c->text && (col->format == FORMAT_DATE || col->format == FORMAT_TIME))
        shown.text = dated(r, c->text, col->format, &a);
    value(b, &shown, col->format, col->decimals);
    if (col->unit && c->text) buf_fmt(b, "%s", col->unit);
    arena_free(&a);
}
