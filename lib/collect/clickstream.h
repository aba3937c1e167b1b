/*
 * The built-in source of the commerce domain: one day of users' clicks, where no
 * real log is at hand, as JSON lines in the order of their timestamps.
 *
 *   {"event_id": "559abf41-cf7f-4ef7-bbbe-62e7cae4c025", "event_type": "page_view",
 *    "user_id": "U000441", "session_id": "5f63d372-79e7-4e65-9477-41ea74f617a4",
 *    "timestamp": "2026-01-15T00:08:03", "platform": "ios", "device_type": "mobile",
 *    "os": "iOS", "browser": "Safari", "page_url": "https://shop.example.com/home",
 *    "page_type": "home", "referrer": "direct"}                      (one line, ended by \n)
 *
 *     struct clickstream *g;
 *     if (clickstream_open(&g, &cfg, e)) return e->code;
 *     for (bool more = true; more;) {
 *         out.n = 0;
 *         if (clickstream_next(g, &out, 1 << 20, &more, e)) break;
 *         ... write out ...
 *     }
 *     clickstream_close(g);
 *
 * The same (seed, day, users, products, queries, base_url, defects) give the same
 * bytes on every machine: no clock, no locale, and no floating point beyond
 * comparing a uniform number of 53 bits with a rate. A user's platform, device, os
 * and browser depend on the seed and the user only, so they stay from day to day.
 *
 * Clean output passes the seven checks at 100 % (days of 2020..2030 only, because
 * the timestamp check asks for that). Within a session the stamps are strictly
 * increasing, a page view comes first, and event_id and order_id are unique: an
 * event_id carries all 64 bits of a bijection of (user, session, event) and 58 more
 * hashed from the day too; an order_id is the date and a running number.
 *
 * Memory is 8 bytes an event and 350 KB. About 4 events a user come out on a mean day,
 * 2.2 to 6.3 by weekday and the day's luck (the active share).
 *
 * Defects, for demos and tests. Each has a rate 0..1 of its own, is chosen by a
 * hash of what it befalls, and keeps out of the other checks' way. Only those of
 * null and range, and an unknown device, also break the schema (and bad timestamps,
 * where `format` is asserted):
 *
 *   null_check         of each event: user_id absent, null or "", or a field that its type
 *                      requires absent or null (never one that another check reads)
 *   duplicate_check    of each event: the same line twice; so the check counts
 *                      rate / (1 + rate) of what it reads
 *   range_check        of each event: quantity, unit_price, total_amount or result_count out of
 *                      range or a string (total_amount: out of range only, with a discount or
 *                      a shipping fee that makes the sum come out); page views and clicks,
 *                      which have no number, get an unknown event_type, but never
 *                      the first event of a session that has a cart
 *   sequence_check     of each session: the add_to_cart events before its purchase are left out; in
 *                      a session without a purchase the first event becomes an add_to_cart
 *   timestamp_check    of each event: "not-a-date", February 30th, or a year of 2019 or 2031. In a
 *                      session with a cart, page views and clicks move to 2019 and carts to
 *                      2031, so that the order stays legal. Lines keep their place
 *   integrity_check    of each purchase: total_amount off by 100 or more, or an extra_data that is not JSON
 *   consistency_check  of each event: a device that its platform does not have, or, after the first event
 *                      of a session, another platform with a device, os and browser that fit it
 *
 * One generator belongs to one thread; several may run at once.
 */
#ifndef ETL_COLLECT_CLICKSTREAM_H
#define ETL_COLLECT_CLICKSTREAM_H

#include "base/err.h"
#include "base/mem.h"

/* user_id has six digits. That is 2.2 to 6.3 million events a day, about 50 MB held. */
#define CLICKSTREAM_USERS_MAX 999999u
#define CLICKSTREAM_ID_MAX 32 /* bytes of a product_id or category_id */

enum clickstream_defect {
    CLICKSTREAM_NULL,
    CLICKSTREAM_DUPLICATE,
    CLICKSTREAM_RANGE,
    CLICKSTREAM_SEQUENCE,
    CLICKSTREAM_TIMESTAMP,
    CLICKSTREAM_INTEGRITY,
    CLICKSTREAM_CONSISTENCY,
    CLICKSTREAM_DEFECTS
};
extern const char *const clickstream_defect_names[CLICKSTREAM_DEFECTS]; /* "null_check", ... */

struct clickstream_product {
    const char *product_id, *category_id; /* letters, digits, - and _ ; the schema asks for P0000 and CAT000 */
    int64_t unit_price;                   /* 1..10,000,000 */
};

struct clickstream_cfg {
    uint64_t seed;
    int32_t day;    /* days since 1970-01-01; years 1..9999 */
    uint32_t users; /* U000001 and up; at most CLICKSTREAM_USERS_MAX */
    const struct clickstream_product *products;
    size_t nproducts; /* at least 1 */
    const char *const *search_queries;
    size_t nqueries;      /* at least 1 */
    const char *base_url; /* "https://shop.example.com", without a slash at the end */
    double defects[CLICKSTREAM_DEFECTS];
};

struct clickstream;
/* Plan the day (about 0.1 us a user). Everything of cfg is copied. ERR_CONFIG for what cannot be
 * used, ERR_LIMIT for too many users; *out is NULL then. */
int clickstream_open(struct clickstream **out, const struct clickstream_cfg *cfg, struct err *e);
/* Append whole lines to out until this call has added want_bytes or more, or the day ends; at
 * least one event is written while there is any. *more tells whether events are left. ERR_LIMIT
 * when out->max is in the way. */
int clickstream_next(struct clickstream *g, struct buf *out, size_t want_bytes, bool *more, struct err *e);
/* Events planned (a duplicate counts once). */
size_t clickstream_count(const struct clickstream *g);
void clickstream_close(struct clickstream *g); /* NULL is fine */

#endif
