/* When days are due, also where clocks change; what an age is called. */
#include "report/sla.h"

#include <setjmp.h>

#include <cmocka.h>

static struct pipeline with(const char *zone, int at, int64_t sla, int done_by) {
    struct pipeline p = {.schedule_at = at, .sla = sla, .watch = {.done_by = done_by}};
    assert_int_equal(zone_find(zone, &p.zone, NULL), ERR_OK);
    return p;
}

static void due(void **state) {
    (void)state;
    day_t d = day_from_civil(2026, 1, 15);
    struct pipeline p = with("Asia/Seoul", 120, 7200, -1);
    assert_string_equal(utc_text(sla_due(&p, d)).s, "2026-01-15T19:00:00Z"); /* 04:00 on the 16th in Seoul */
    assert_string_equal(utc_text(sla_day_end(&p, d)).s, "2026-01-15T15:00:00Z");
    p = with("Asia/Seoul", 120, 7200, 390); /* done_by stands above schedule.sla */
    assert_string_equal(utc_text(sla_due(&p, d)).s, "2026-01-15T21:30:00Z");
    p = with("UTC", 23 * 60, 7200, -1); /* over the next midnight */
    assert_string_equal(utc_text(sla_due(&p, d)).s, "2026-01-17T01:00:00Z");
}

static void said_in_the_zone(void **state) {
    (void)state;
    struct pipeline p = with("Asia/Seoul", 120, 7200, -1);
    p.zone_name = "Asia/Seoul";
    assert_string_equal(sla_when(&p, 1768590000).s, "2026-01-17 04:00 Asia/Seoul");
    p = with("America/New_York", -1, 0, 0);
    p.zone_name = "America/New_York";
    assert_string_equal(sla_when(&p, 1768521600).s, "2026-01-15 19:00 America/New_York");
}

static void not_promised(void **state) {
    (void)state;
    day_t d = day_from_civil(2026, 1, 15);
    struct pipeline p = with("UTC", 120, 0, -1);
    assert_int_equal(sla_due(&p, d), 0);
    assert_string_equal(utc_text(sla_expected(&p, d)).s, "2026-01-16T02:00:00Z"); /* its schedule */
    p = with("UTC", -1, 3600, -1); /* an sla after no schedule promises nothing */
    assert_int_equal(sla_due(&p, d), 0);
    assert_string_equal(utc_text(sla_expected(&p, d)).s, "2026-01-16T00:00:00Z"); /* its end */
}

static void clocks_change(void **state) {
    (void)state;
    struct pipeline p = with("Europe/Berlin", -1, 0, 360);
    assert_string_equal(utc_text(sla_due(&p, day_from_civil(2026, 3, 27))).s, "2026-03-28T05:00:00Z");
    assert_string_equal(utc_text(sla_due(&p, day_from_civil(2026, 3, 28))).s, "2026-03-29T04:00:00Z"); /* summer */
    assert_string_equal(utc_text(sla_due(&p, day_from_civil(2026, 10, 24))).s, "2026-10-25T05:00:00Z");
    p = with("Europe/Berlin", -1, 0, 150); /* 02:30 does not exist on 29 March: then the clock's next */
    int64_t at = sla_due(&p, day_from_civil(2026, 3, 28));
    assert_true(at >= 1774746000 && at <= 1774749600 + 1800);
}

static void spans(void **state) {
    (void)state;
    const struct {
        int64_t s;
        const char *text;
    } rows[] = {{-5, "0s"},   {0, "0s"},       {59, "59s"},    {60, "1m"},          {61, "1m1s"},
                {3600, "1h"}, {5400, "1h30m"}, {86400, "24h"}, {2 * 86400, "2d0h"}, {90000 * 30, "31d6h"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(duration_text(rows[i].s).s, rows[i].text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(due), cmocka_unit_test(said_in_the_zone),
                                       cmocka_unit_test(not_promised), cmocka_unit_test(clocks_change),
                                       cmocka_unit_test(spans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
