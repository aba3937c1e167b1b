/* Calendar, timestamps and zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/day.h"

static void calendar(void **state) {
    (void)state;
    static const struct {
        int y, m, d;
        day_t day;
        int weekday;
    } t[] = {{1970, 1, 1, 0, 3},      {1969, 12, 31, -1, 2},   {2000, 2, 29, 11016, 1},
             {2000, 3, 1, 11017, 2},  {2026, 1, 15, 20468, 3}, {1900, 3, 1, -25508, 3},
             {2100, 2, 28, 47540, 6}, {1, 1, 1, -719162, 0},   {9999, 12, 31, 2932896, 4}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        int y, m, d;
        assert_int_equal(day_from_civil(t[i].y, t[i].m, t[i].d), t[i].day);
        day_to_civil(t[i].day, &y, &m, &d);
        assert_true(y == t[i].y && m == t[i].m && d == t[i].d);
        assert_int_equal(day_weekday(t[i].day), t[i].weekday);
    }
    int n = 0;
    for (day_t x = day_from_civil(1599, 12, 31); x < day_from_civil(2401, 1, 1); x++, n++) {
        int y, m, d;
        day_to_civil(x, &y, &m, &d);
        assert_true(day_exists(y, m, d));
        assert_int_equal(day_from_civil(y, m, d), x);
        assert_int_equal(day_weekday(x + 1), (day_weekday(x) + 1) % 7);
    }
    assert_int_equal(n, 146097 * 2 + 1 + 366);
    static const int no[][3] = {{2023, 2, 29}, {1900, 2, 29}, {2100, 2, 29}, {2024, 2, 30}, {2024, 4, 31},
                                {2024, 0, 1},  {2024, 13, 1}, {2024, 1, 0},  {2024, 1, 32}, {2024, 1, -1}};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_false(day_exists(no[i][0], no[i][1], no[i][2]));
    assert_true(day_exists(2000, 2, 29) && day_exists(2024, 2, 29));
}

static void day_texts(void **state) {
    (void)state;
    day_t d;
    struct err e = {0};
    assert_true(day_parse(SV("2026-01-15"), &d));
    assert_int_equal(d, 20468);
    assert_string_equal(day_text(d).s, "2026-01-15");
    assert_string_equal(day_text(day_from_civil(33, 4, 3)).s, "0033-04-03");
    static const char *const bad[] = {
        "",          "2026-1-15",  "2026-01-5",  "2026/01/15", "2026-01-15 ", " 2026-01-15", "2026-01-15T00:00",
        "20260115",  "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00",  "26-01-15",    "+026-01-15",
        "2026-01-1x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(day_parse(sv_of(bad[i]), &d));
        assert_int_equal(day_read(bad[i], &d, &e), ERR_USAGE);
        assert_non_null(strstr(e.msg, bad[i]));
    }
}

static void stamps(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t micros; /* from 2026-01-15T00:00 local */
        bool time, zoned;
        int32_t zone;
    } good[] = {{"2026-01-15", 0, false, false, 0},
                {"2026-01-15T00:08:03", 483000000, true, false, 0},
                {"2026-01-15 00:08:03", 483000000, true, false, 0},
                {"2026-01-15T00:08", 480000000, true, false, 0},
                {"2026-01-15T23:59:59.999999", 86399999999, true, false, 0},
                {"2026-01-15T00:00:00.5", 500000, true, false, 0},
                {"2026-01-15T00:00:00.1234567", 123456, true, false, 0},
                {"2026-01-15T00:00:01Z", 1000000, true, true, 0},
                {"2026-01-15T00:00:01+09:00", 1000000, true, true, 32400},
                {"2026-01-15T00:00:01+0900", 1000000, true, true, 32400},
                {"2026-01-15T00:00:01+09", 1000000, true, true, 32400},
                {"2026-01-15T00:00:01.25-03:30", 1250000, true, true, -12600},
                {"2026-01-15 00:00Z", 0, true, true, 0},
                {"2026-01-15T00:00-12", 0, true, true, -43200}};
    struct stamp s;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!stamp_parse(sv_of(good[i].text), &s)) fail_msg("%s", good[i].text);
        if (s.micros != 20468 * 86400000000 + good[i].micros || s.has_time != good[i].time ||
            s.has_zone != good[i].zoned || s.zone != good[i].zone || s.day != 20468 || s.year != 2026)
            fail_msg("%s: %lld", good[i].text, (long long)s.micros);
    }
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-01",
                                      "2026-02-30",
                                      "2026-01-15T",
                                      "2026-01-15 ",
                                      "2026-01-15T24:00:00",
                                      "2026-01-15T1:00",
                                      "2026-01-15T00",
                                      "2026-01-15T00:60",
                                      "2026-01-15T00:00:61",
                                      "2026-01-15T00:00:0",
                                      "2026-01-15T00:00:00.",
                                      "2026-01-15T00:00:00.x",
                                      "2026-01-15T00:00:00+",
                                      "2026-01-15T00:00:00+9",
                                      "2026-01-15T00:00:00+24:00",
                                      "2026-01-15T00:00:00+09:60",
                                      "2026-01-15T00:00:00+09:",
                                      "2026-01-15T00:00:00ZZ",
                                      "2026-01-15T00:00:00 Z",
                                      "2026-01-15X00:00:00",
                                      "2026-01-15Z",
                                      "2026-01-15T00:00:00Z ",
                                      "x2026-01-15",
                                      "2026-01-15T00:00:00KST",
                                      "2026-01-15T00:00:00+0",
                                      "2026-01-15  00:00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (stamp_parse(sv_of(bad[i]), &s)) fail_msg("takes <%s>", bad[i]);
    /* NUL is a byte like others, and nothing beyond n is looked at */
    assert_false(stamp_parse((struct sv){"2026-01-15T00:00:00\0", 20}, &s));
    assert_true(stamp_parse((struct sv){"2026-01-15T00:00:00+09:00", 19}, &s) && !s.has_zone);
    assert_true(stamp_parse(SV("1969-12-31T23:59:59.5"), &s));
    assert_int_equal(s.micros, -500000);
    assert_string_equal(utc_text(-1).s, "1969-12-31T23:59:59Z");
    assert_string_equal(utc_text(20468 * 86400LL + 61203).s, "2026-01-15T17:00:03Z");
}

static int64_t at(const char *text) {
    struct stamp s;
    assert_true(stamp_parse(sv_of(text), &s));
    return s.micros / 1000000;
}

static void zones(void **state) {
    (void)state;
    static const struct {
        const char *zone, *utc;
        int hours2; /* half hours east */
    } t[] = {{"Asia/Seoul", "2026-01-15T00:00", 18},
             {"Asia/Seoul", "2026-07-15T00:00", 18},
             {"KST-9", "2026-07-15T00:00", 18},
             {"UTC", "2026-07-15T00:00", 0},
             {"Asia/Kolkata", "2026-07-15T00:00", 11},
             {"America/New_York", "2026-01-15T00:00", -10},
             {"America/New_York", "2026-03-08T06:59", -10},
             {"America/New_York", "2026-03-08T07:00", -8},
             {"America/New_York", "2026-11-01T05:59", -8},
             {"America/New_York", "2026-11-01T06:00", -10},
             {"Europe/Berlin", "2026-03-29T00:59", 2},
             {"Europe/Berlin", "2026-03-29T01:00", 4},
             {"Europe/Berlin", "2026-10-25T00:59", 4},
             {"Europe/Berlin", "2026-10-25T01:00", 2},
             {"Europe/London", "2026-07-01T00:00", 2},
             {"Australia/Sydney", "2026-01-15T00:00", 22},
             {"Australia/Sydney", "2026-04-04T15:59", 22},
             {"Australia/Sydney", "2026-04-04T16:00", 20},
             {"Australia/Sydney", "2026-10-03T15:59", 20},
             {"Australia/Sydney", "2026-10-03T16:00", 22},
             {"Australia/Sydney", "2025-12-31T14:00", 22},
             {"EST5EDT,M3.2.0,M11.1.0", "2026-07-15T00:00", -8},
             {"<+0330>-3:30", "2026-07-15T00:00", 7},
             {"XXX3YYY,J60,J300", "2026-07-15T00:00", -4},
             {"XXX3YYY,59,299", "2026-01-15T00:00", -6}};
    struct zone z;
    struct err e = {0};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        if (zone_find(t[i].zone, &z, &e)) fail_msg("%s", e.msg);
        if (zone_offset(&z, at(t[i].utc)) != t[i].hours2 * 1800)
            fail_msg("%s %s: %d", t[i].zone, t[i].utc, zone_offset(&z, at(t[i].utc)));
    }
}

static void local_time(void **state) {
    (void)state;
    static const struct {
        const char *zone, *local, *utc;
    } t[] = {{"Asia/Seoul", "2026-01-15T00:00", "2026-01-14T15:00"},
             {"America/New_York", "2026-03-08T01:59", "2026-03-08T06:59"},
             {"America/New_York", "2026-03-08T03:00", "2026-03-08T07:00"},
             {"America/New_York", "2026-03-08T02:30", "2026-03-08T07:30"}, /* in the gap: the later */
             {"America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"}, /* in the fold: the first */
             {"America/New_York", "2026-11-01T02:00", "2026-11-01T07:00"},
             {"America/New_York", "2026-11-01T00:59", "2026-11-01T04:59"},
             {"Australia/Sydney", "2026-04-05T02:30", "2026-04-04T15:30"},
             {"Australia/Sydney", "2026-10-04T02:30", "2026-10-03T16:30"},
             {"Australia/Sydney", "2026-01-01T00:00", "2025-12-31T13:00"}};
    struct zone z;
    struct err e = {0};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        assert_int_equal(zone_find(t[i].zone, &z, &e), ERR_OK);
        if (zone_to_utc(&z, at(t[i].local)) != at(t[i].utc))
            fail_msg("%s %s: %s", t[i].zone, t[i].local, utc_text(zone_to_utc(&z, at(t[i].local))).s);
    }
    assert_int_equal(zone_find("Asia/Seoul", &z, &e), ERR_OK);
    assert_int_equal(zone_day(&z, at("2026-01-15T14:59")), 20468);
    assert_int_equal(zone_day(&z, at("2026-01-15T15:00")), 20469);
    assert_int_equal(zone_find("America/New_York", &z, &e), ERR_OK);
    assert_int_equal(zone_day(&z, at("1970-01-01T04:59")), -1);
    /* there and back, every half hour of two years but the gaps */
    for (int64_t utc = at("2025-01-01"); utc < at("2027-01-01"); utc += 1800) {
        int64_t back = zone_to_utc(&z, utc + zone_offset(&z, utc));
        if (back != utc) assert_int_equal(back, utc - 3600); /* the second time around in the fold */
    }
}

static void unknown_zones(void **state) {
    (void)state;
    struct zone z;
    struct err e = {0};
    assert_int_equal(zone_find("Asia/Soul", &z, &e), ERR_CONFIG);
    assert_non_null(strstr(e.msg, "Asia/Seoul"));
    assert_int_equal(zone_find("Europe/Berln", &z, &e), ERR_CONFIG);
    assert_non_null(strstr(e.msg, "Europe/Berlin"));
    static const char *const bad[] = {"",
                                      "X",
                                      "KST",
                                      "KST-",
                                      "KST-999",
                                      "EST5EDT,M3.2.0",
                                      "EST5EDT,M13.2.0,M11.1.0",
                                      "EST5EDT,M3.6.0,M11.1.0",
                                      "EST5EDT,M3.2.7,M11.1.0",
                                      "KST-9x",
                                      "<KST-9",
                                      "EST5EDT,M3.2.0,M11.1.0x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (zone_find(bad[i], &z, &e) != ERR_CONFIG) fail_msg("takes <%s>", bad[i]);
}

static void clock_stand_in(void **state) {
    (void)state;
    setenv("ETL_NOW", "2026-01-16T02:00:03Z", 1);
    assert_string_equal(utc_text(now_utc()).s, "2026-01-16T02:00:03Z");
    unsetenv("ETL_NOW");
    assert_true(now_utc() > at("2025-01-01"));
    double a = now_mono();
    assert_true(now_mono() >= a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(calendar),      cmocka_unit_test(day_texts),
                                       cmocka_unit_test(stamps),        cmocka_unit_test(zones),
                                       cmocka_unit_test(local_time),    cmocka_unit_test(unknown_zones),
                                       cmocka_unit_test(clock_stand_in)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
