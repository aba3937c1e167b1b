/*
 * The seven defects of the event generator, one for each check of the quality
 * gate; clickstream.h tells what each does.
 *
 * A check should light up alone: a demo that asks for 5 % broken timestamps and
 * gets a failed sequence check too explains nothing. Hence the detours below, such
 * as a wrong total that brings a discount to match. Each defect draws from a stream
 * of its own, so that switching one on does not move the others.
 */
#include "collect/clickstream_event.h"

#define STR(text) SV("\"" text "\"")
#define PICK(table, r) ((table)[rng_below((r), (uint32_t)(sizeof(table) / sizeof((table)[0])))])

const char *const clickstream_defect_names[CLICKSTREAM_DEFECTS] = {[CLICKSTREAM_NULL] = "null_check",
                                                                   [CLICKSTREAM_DUPLICATE] = "duplicate_check",
                                                                   [CLICKSTREAM_RANGE] = "range_check",
                                                                   [CLICKSTREAM_SEQUENCE] = "sequence_check",
                                                                   [CLICKSTREAM_TIMESTAMP] = "timestamp_check",
                                                                   [CLICKSTREAM_INTEGRITY] = "integrity_check",
                                                                   [CLICKSTREAM_CONSISTENCY] = "consistency_check"};

bool cs_hit(const struct clickstream *g, enum clickstream_defect d, uint64_t key, struct rng *r) {
    if (g->defects[d] <= 0) return false;
    rng_seed(r, rng_mix(g->salt[CS_SALT_DEFECT] ^ (key << 3 | d)));
    return rng_chance(r, g->defects[d]);
}

/* One breach a session: a purchase without a cart, or a cart before anything was looked at. */
void cs_spoil_plan(const struct clickstream *g, uint32_t user, uint32_t session, struct cs_plan *p) {
    struct rng r;
    if (!cs_hit(g, CLICKSTREAM_SEQUENCE, cs_key(user, session, CS_WHOLE), &r)) return;
    bool purchase = false;
    for (uint32_t i = 0; i < p->n; i++) purchase |= p->kind[i] == CS_PURCHASE;
    if (!purchase) {
        p->kind[0] = CS_CART;
        return;
    }
    for (uint32_t i = 0; i < p->ncart; i++) p->kind[p->cart[i]] = CS_NONE;
}

static bool looks(enum cs_kind k) {
    return k != CS_CART && k != CS_PURCHASE && k != CS_SEARCH;
}

static bool has_cart(const struct clickstream *g, const struct cs_event *e) {
    struct cs_plan p;
    cs_plan(g, e->user, e->session, &p);
    return p.ncart > 0;
}

/* A sum that comes out, with a total that cannot be. */
static void range_total(const struct clickstream *g, struct cs_event *e, struct rng *r) {
    static const int64_t totals[3] = {0, -5000, 150000000};
    struct cs_order *o = &e->order;
    int64_t more = PICK(totals, r) - o->total;
    if (more > 0)
        o->shipping += more;
    else
        o->discount -= more;
    o->total += more;
    e->odd_total = true;
    cs_order_text(g, e);
}

/* Without its page views a session with a cart would be out of order too: its first event stays. */
static void range_type(const struct clickstream *g, struct cs_event *e, struct rng *r) {
    static const struct sv types[3] = {STR("wishlist"), STR("pageview"), STR("Click")};
    if (!e->step && has_cart(g, e)) return;
    e->m[CS_TYPE].val = PICK(types, r);
    e->odd_type = true;
}

static void spoil_range(const struct clickstream *g, struct cs_event *e, struct rng *r) {
    static const struct sv quantity[4] = {SV("0"), SV("100"), SV("-1"), STR("two")};
    static const struct sv price[4] = {SV("0"), SV("-100"), SV("10000001"), STR("free")};
    static const struct sv count[3] = {SV("-1"), SV("-20"), STR("many")};
    if (looks(e->kind))
        range_type(g, e, r);
    else if (e->kind == CS_PURCHASE)
        range_total(g, e, r);
    else if (e->kind == CS_SEARCH)
        e->m[CS_OWN + CS_SEARCH_COUNT].val = PICK(count, r);
    else if (rng_below(r, 2))
        e->m[CS_OWN + CS_CART_QUANTITY].val = PICK(quantity, r);
    else
        e->m[CS_OWN + CS_CART_PRICE].val = PICK(price, r);
}

static void spoil_integrity(const struct clickstream *g, struct cs_event *e, struct rng *r) {
    static const struct sv broken[3] = {STR("{\\\"products\\\": [{\\\"product_id\\\": "), STR("not json"),
                                        STR("{\\\"products\\\": [], \\\"discount_amount\\\": }")};
    if (e->kind != CS_PURCHASE) return;
    /* a total that is out of range shall stay so */
    if (e->odd_total || rng_below(r, 2)) {
        e->m[CS_OWN + CS_ORDER_EXTRA].val = PICK(broken, r);
        return;
    }
    e->order.total += 100 * (int64_t)rng_range(r, 1, 100);
    struct sv extra = e->m[CS_OWN + CS_ORDER_EXTRA].val;
    cs_order_text(g, e);
    e->m[CS_OWN + CS_ORDER_EXTRA].val = extra;
}

enum { STAMP_2019, STAMP_2031, STAMP_FEB30, STAMP_TEXT, STAMPS };

/* A session that has a cart gets only stamps whose place in time is beyond doubt, on the side
 * where it does no harm; what is not a date may be sorted anywhere. */
static uint32_t stamp_choice(const struct clickstream *g, const struct cs_event *e, struct rng *r) {
    uint32_t any = rng_below(r, STAMPS);
    if (e->kind == CS_PURCHASE || e->kind == CS_SEARCH) return any;
    if (e->kind == CS_CART) return STAMP_2031;
    return has_cart(g, e) ? STAMP_2019 : any;
}

static void spoil_timestamp(const struct clickstream *g, struct cs_event *e, struct rng *r) {
    struct sv old = e->m[CS_TIME].val; /* "2026-01-15T00:08:03", in this event's own text */
    char *p = e->at;
    memcpy(p, old.p, old.n);
    e->at += old.n;
    e->m[CS_TIME].val.p = p;
    switch (stamp_choice(g, e, r)) {
    case STAMP_2019:
        memcpy(p + 1, "2019-03-15", 10);
        break;
    case STAMP_2031:
        memcpy(p + 1, "2031-03-15", 10);
        break;
    case STAMP_FEB30:
        memcpy(p + 6, "02-30T10:00:00", 14);
        break;
    default:
        e->m[CS_TIME].val = STR("not-a-date");
    }
}

/* The first event says which platform the session is on; switched there, all the others would be wrong. */
static void spoil_consistency(const struct clickstream *g, struct cs_event *e, struct rng *r) {
    static const struct sv device[3][2] = {[CS_WEB] = {STR("smart_tv"), STR("console")},
                                           [CS_IOS] = {STR("desktop"), STR("tablet")},
                                           [CS_ANDROID] = {STR("desktop"), STR("tablet")}};
    static const struct sv ios[4] = {STR("ios"), STR("mobile"), STR("iOS"), STR("Safari")};
    static const struct sv android[4] = {STR("android"), STR("mobile"), STR("Android"), STR("Chrome")};
    (void)g;
    if (!e->step || rng_below(r, 2)) {
        e->m[CS_DEVICE].val = PICK(device[e->platform], r);
        return;
    }
    const struct sv *to = e->platform == CS_IOS ? android : ios;
    for (size_t i = 0; i < 4; i++) e->m[CS_PLATFORM + i].val = to[i];
}

/* Required fields that the null check alone reads. Of quantity and the other numbers an absent one is a
 * breach of the range too. */
static void spoil_null(const struct clickstream *g, struct cs_event *e, struct rng *r) {
    static const uint8_t field[CS_NONE][2] = {
        [CS_VIEW] = {CS_VIEW_URL, CS_VIEW_TYPE},          [CS_CLICK] = {CS_CLICK_ELEMENT, CS_CLICK_TYPE},
        [CS_CART] = {CS_CART_PRODUCT, CS_CART_PRODUCT},   [CS_PURCHASE] = {CS_ORDER_ID, CS_ORDER_METHOD},
        [CS_SEARCH] = {CS_SEARCH_QUERY, CS_SEARCH_QUERY}, [CS_CHECKOUT] = {CS_VIEW_URL, CS_VIEW_TYPE},
        [CS_COMPLETE] = {CS_VIEW_URL, CS_VIEW_TYPE}};
    static const struct sv missing[3] = {{0}, SV("null"), STR("")}; /* the first: absent */
    (void)g;
    uint32_t which = rng_below(r, 3);
    /* an unknown event_type requires nothing of its own; "" is missing in a common field only */
    if (which == 2 || e->odd_type)
        e->m[CS_USER].val = PICK(missing, r);
    else
        e->m[CS_OWN + field[e->kind][which]].val = missing[rng_below(r, 2)];
}

/* In this order: range before integrity, which leaves its total alone, and the null last, which
 * asks whether the type is odd. Duplicates are made by the writer, sequences in the plan. */
void cs_spoil_event(const struct clickstream *g, struct cs_event *e) {
    static const struct {
        enum clickstream_defect d;
        void (*spoil)(const struct clickstream *, struct cs_event *, struct rng *);
    } table[] = {{CLICKSTREAM_RANGE, spoil_range},
                 {CLICKSTREAM_INTEGRITY, spoil_integrity},
                 {CLICKSTREAM_TIMESTAMP, spoil_timestamp},
                 {CLICKSTREAM_CONSISTENCY, spoil_consistency},
                 {CLICKSTREAM_NULL, spoil_null}};
    uint64_t key = cs_key(e->user, e->session, e->step);
    struct rng r;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (cs_hit(g, table[i].d, key, &r)) table[i].spoil(g, e, &r);
}
