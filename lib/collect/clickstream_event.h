/*
 * Private to the event generator: what clickstream.c makes and
 * clickstream_defect.c spoils.
 *
 * An event on its way out is a list of members in file order; key holds the
 * separators too, val is the value as JSON:
 *
 *     key `, "quantity": `   val `2`
 *
 * so leaving a field out, or giving it a value of the wrong type, is one assignment.
 */
#ifndef ETL_COLLECT_CLICKSTREAM_EVENT_H
#define ETL_COLLECT_CLICKSTREAM_EVENT_H

#include "base/rng.h"
#include "collect/clickstream.h"

enum cs_kind { CS_VIEW, CS_CLICK, CS_CART, CS_PURCHASE, CS_SEARCH, CS_CHECKOUT, CS_COMPLETE, CS_NONE };

enum { CS_VIEWS = 6, CS_CLICKS = 4, CS_CARTS = 3, CS_STEPS = CS_VIEWS + CS_CLICKS + 1 + CS_CARTS + 3 };

/* One session: what happens when. Made again from its key whenever it is needed. */
struct cs_plan {
    uint32_t n;
    uint8_t kind[CS_STEPS]; /* enum cs_kind; CS_NONE: left out */
    uint32_t sec[CS_STEPS]; /* second of the day, strictly increasing */
    uint32_t ncart;         /* carts as planned, left out or not */
    uint8_t cart[CS_CARTS]; /* their steps */
    uint8_t pick[CS_CARTS]; /* the click each puts into the cart, as a step */
};

enum { CS_ID, CS_TYPE, CS_USER, CS_SESSION, CS_TIME, CS_PLATFORM, CS_DEVICE, CS_OS, CS_BROWSER, CS_OWN };
#define CS_MEMBERS (CS_OWN + 7)

struct cs_member {
    struct sv key, val; /* val.p NULL: absent */
};

struct cs_item {
    uint32_t product, quantity;
};

struct cs_order {
    struct cs_item item[CS_CARTS];
    uint32_t n, coupon; /* coupon 0: none */
    int64_t discount, shipping, total;
};

struct cs_event {
    uint32_t user, sec, session, step;
    enum cs_kind kind;
    uint32_t platform; /* enum cs_platform */
    bool odd_type;     /* event_type is not one of the five */
    bool odd_total;    /* total_amount is out of range */
    struct cs_order order;
    size_t n;
    struct cs_member m[CS_MEMBERS];
    char *at; /* next free byte of text */
    char text[2560];
};

enum cs_platform { CS_WEB, CS_IOS, CS_ANDROID };

/* Own members, by their place after CS_OWN. */
enum { CS_VIEW_URL, CS_VIEW_TYPE };
enum { CS_CLICK_URL, CS_CLICK_ELEMENT, CS_CLICK_TYPE };
enum { CS_CART_PRODUCT, CS_CART_CATEGORY, CS_CART_QUANTITY, CS_CART_PRICE };
enum { CS_ORDER_ID, CS_ORDER_TOTAL, CS_ORDER_METHOD, CS_ORDER_EXTRA };
enum { CS_SEARCH_QUERY, CS_SEARCH_COUNT };

/* Streams of random numbers: each purpose has a salt of its own. */
enum cs_salt {
    CS_SALT_DAY,
    CS_SALT_USER,
    CS_SALT_PLAN,
    CS_SALT_EVENT,
    CS_SALT_ID,
    CS_SALT_ID2,
    CS_SALT_DEFECT,
    CS_SALTS
};

struct cs_product { /* JSON strings, quotes included, but for raw */
    struct sv raw, id, category, url, price;
    int64_t unit_price;
};

struct clickstream {
    uint32_t users, nproducts, nqueries;
    uint32_t share; /* millionths of the users that are active today */
    uint64_t salt[CS_SALTS], profile;
    bool spoilt; /* any defect has a rate */
    double defects[CLICKSTREAM_DEFECTS];
    struct cs_product *products;
    struct sv *queries;
    struct sv page_url[7], search_url;
    char date[11], digits[9]; /* 2026-01-15, 20260115 */
    char hex[512];            /* 000102..ff */
    uint64_t *rec;            /* packed events by second */
    size_t n, i, line_max;
    uint32_t purchases; /* written so far */
    struct arena mem;
};

/* What a step is keyed by: 20 bits of user, 2 of session, 5 of step; no step is 31. */
#define CS_WHOLE 31u
static inline uint64_t cs_key(uint32_t user, uint32_t session, uint32_t step) {
    return (uint64_t)user << 7 | session << 5 | step;
}

static inline char *cs_put(char *p, struct sv s) {
    memcpy(p, s.p, s.n);
    return p + s.n;
}
char *cs_put_int(char *p, int64_t v);

void cs_plan(const struct clickstream *g, uint32_t user, uint32_t session, struct cs_plan *p);
/* Write total_amount and extra_data anew from e->order. */
void cs_order_text(const struct clickstream *g, struct cs_event *e);

/* Does this defect befall the step (CS_WHOLE: the session)? r goes on with the choices. */
bool cs_hit(const struct clickstream *g, enum clickstream_defect d, uint64_t key, struct rng *r);
/* Make a session out of order, if it is to be. */
void cs_spoil_plan(const struct clickstream *g, uint32_t user, uint32_t session, struct cs_plan *p);
/* Spoil the members of an event, as far as the rates want it. */
void cs_spoil_event(const struct clickstream *g, struct cs_event *e);

#endif
