/*
 * The event generator: plan all sessions, sort, write.
 *
 * A day of three million lines is over a gigabyte and must come out sorted, so the
 * lines cannot be made first and sorted then. What is sorted is a number an event:
 *
 *     second of the day | user | session | step | kind        17 + 20 + 2 + 5 + 3 bits
 *
 * and that by counting: the sessions are simulated once to count the events of each
 * second and once more to put each number in its place, so that one array of
 * eight bytes an event is all there is, and equal seconds stay in the order of
 * user, session and step (the stable sort of the system that this replaces). Every field of an event
 * comes from random numbers keyed by what the event is; a purchase makes its
 * session's plan again to learn what is in the cart.
 */
#include "collect/clickstream.h"

#include "collect/clickstream_event.h"

#define DAY_SECONDS 86400u
#define PRICE_MAX 10000000

#define KEY(name) SV(", \"" name "\": ")
#define STR(text) SV("\"" text "\"")
#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

static const struct sv common_key[CS_OWN] = {SV("{\"event_id\": "), KEY("event_type"), KEY("user_id"),
                                             KEY("session_id"),     KEY("timestamp"),  KEY("platform"),
                                             KEY("device_type"),    KEY("os"),         KEY("browser")};
static const struct sv kind_type[CS_NONE] = {
    [CS_VIEW] = STR("page_view"),    [CS_CLICK] = STR("click"),   [CS_CART] = STR("add_to_cart"),
    [CS_PURCHASE] = STR("purchase"), [CS_SEARCH] = STR("search"), [CS_CHECKOUT] = STR("page_view"),
    [CS_COMPLETE] = STR("page_view")};

enum { PAGE_CHECKOUT = 4, PAGE_COMPLETE = 5 };
static const char *const page_name[7] = {"home", "category", "product", "cart", "checkout", "order_complete", "mypage"};
static const struct sv page_type[7] = {STR("home"),     STR("category"),       STR("product"), STR("cart"),
                                       STR("checkout"), STR("order_complete"), STR("mypage")};

/* Sessions that start in each hour: a peak at noon and one in the evening. */
static const uint8_t hour_weight[24] = {2, 1, 1, 0, 0, 1, 2, 4, 6, 8, 10, 9, 12, 11, 8, 7, 6, 7, 9, 12, 15, 14, 10, 5};
#define HOUR_WEIGHTS 160
/* Percent, from Sunday on. */
static const uint32_t weekday_factor[7] = {120, 80, 85, 90, 90, 100, 130};

/* ---- plan ---- */

/* The share of this day, drawn from 40..70 % once, times the weekday's factor. In whole
 * millionths: products of fractions may differ in the last bit from machine to machine. */
static uint32_t active_share(struct clickstream *g, int weekday) {
    struct rng r;
    rng_seed(&r, g->salt[CS_SALT_DAY]);
    uint32_t share = rng_range(&r, 400000, 700000) / 100 * weekday_factor[weekday];
    return share < 1000000 ? share : 1000000;
}

/* 0 when the user stays away today. */
static uint32_t sessions_of(const struct clickstream *g, uint32_t user) {
    uint64_t h = rng_mix(g->salt[CS_SALT_USER] ^ user);
    if ((uint32_t)(((h >> 32) * 1000000) >> 32) >= g->share) return 0;
    uint32_t tenth = (uint32_t)(((h & 0xffffffff) * 10) >> 32);
    return tenth < 6 ? 1 : tenth < 9 ? 2 : 3;
}

static uint32_t start_second(struct rng *r) {
    uint32_t x = rng_below(r, HOUR_WEIGHTS), hour = 0;
    while (x >= hour_weight[hour]) x -= hour_weight[hour++];
    uint32_t minute = rng_below(r, 60);
    return hour * 3600 + minute * 60 + rng_below(r, 60);
}

/* A step is never at or before the one ahead of it, whatever its jitter: the sequence check sorts
 * by timestamp, and so may a reader whose sort is not stable. */
static uint8_t add_step(struct cs_plan *p, enum cs_kind kind, uint32_t sec) {
    uint32_t n = p->n++;
    if (n && sec <= p->sec[n - 1]) sec = p->sec[n - 1] + 1;
    p->kind[n] = (uint8_t)kind;
    p->sec[n] = sec;
    return (uint8_t)n;
}

/* Some of the clicked products, each click at most once, then perhaps the order. */
static void plan_cart(struct rng *r, struct cs_plan *p, uint32_t first_click, uint32_t clicks, uint32_t at) {
    uint8_t left[CS_CLICKS];
    for (uint32_t i = 0; i < clicks; i++) left[i] = (uint8_t)(first_click + i);
    uint32_t want = rng_range(r, 1, CS_CARTS);
    p->ncart = want < clicks ? want : clicks;
    for (uint32_t i = 0; i < p->ncart; i++) {
        uint32_t j = i + rng_below(r, clicks - i);
        p->pick[i] = left[j];
        left[j] = left[i];
        p->cart[i] = add_step(p, CS_CART, at += 60 * rng_range(r, 1, 3));
    }
    if (rng_below(r, 100) >= 45) return;
    add_step(p, CS_CHECKOUT, at += 60 * rng_range(r, 1, 5));
    add_step(p, CS_PURCHASE, at += 60 * rng_range(r, 1, 3));
    add_step(p, CS_COMPLETE, at + 60 * rng_range(r, 1, 2));
}

static void plan_clicks(struct rng *r, struct cs_plan *p, uint32_t at) {
    uint32_t clicks = rng_range(r, 1, CS_CLICKS), first = p->n;
    for (uint32_t i = 0; i < clicks; i++) add_step(p, CS_CLICK, at += 60 * rng_range(r, 1, 5));
    if (rng_below(r, 100) < 20) add_step(p, CS_SEARCH, at += 60 * rng_range(r, 1, 5));
    if (rng_below(r, 100) < 12) plan_cart(r, p, first, clicks, at);
}

/* The stamps end with the day: what would come later is pushed against 23:59:59, one second for each. */
static void cap_stamps(struct cs_plan *p) {
    for (uint32_t i = 0; i < p->n; i++) {
        uint32_t latest = DAY_SECONDS - (p->n - i);
        if (p->sec[i] > latest) p->sec[i] = latest;
    }
}

void cs_plan(const struct clickstream *g, uint32_t user, uint32_t session, struct cs_plan *p) {
    struct rng r;
    rng_seed(&r, rng_mix(g->salt[CS_SALT_PLAN] ^ cs_key(user, session, CS_WHOLE)));
    p->n = p->ncart = 0;
    uint32_t at = start_second(&r), views = rng_range(&r, 1, CS_VIEWS);
    for (uint32_t i = 0; i < views; i++) {
        at += 60 * rng_range(&r, 1, 8);
        add_step(p, CS_VIEW, at + 60 * rng_below(&r, 6));
    }
    if (rng_below(&r, 100) < 35) plan_clicks(&r, p, at);
    cap_stamps(p);
    if (g->spoilt) cs_spoil_plan(g, user, session, p);
}

static uint64_t pack(const struct cs_plan *p, uint32_t user, uint32_t session, uint32_t step) {
    return (uint64_t)p->sec[step] << 30 | cs_key(user, session, step) << 3 | p->kind[step];
}

static void unpack(uint64_t rec, struct cs_event *e) {
    e->kind = (enum cs_kind)(rec & 7);
    e->step = rec >> 3 & 31;
    e->session = rec >> 8 & 3;
    e->user = rec >> 10 & 0xfffff;
    e->sec = (uint32_t)(rec >> 30);
}

/* Simulate every session of the day. Without an array: count the events of each second in at[].
 * With one: put each event at its second's next place. */
static void sweep(const struct clickstream *g, uint32_t *at, uint64_t *rec) {
    struct cs_plan p;
    for (uint32_t user = 1; user <= g->users; user++) {
        uint32_t sessions = sessions_of(g, user);
        for (uint32_t s = 0; s < sessions; s++) {
            cs_plan(g, user, s, &p);
            for (uint32_t i = 0; i < p.n; i++) {
                if (p.kind[i] == CS_NONE) continue;
                uint32_t place = at[p.sec[i]]++;
                if (rec) rec[place] = pack(&p, user, s, i);
            }
        }
    }
}

static void plan_day(struct clickstream *g) {
    uint32_t *at = mem_alloc(DAY_SECONDS * sizeof *at);
    uint32_t sum = 0; /* at most 999,999 users * 3 sessions * 17 steps */
    sweep(g, at, NULL);
    for (uint32_t i = 0; i < DAY_SECONDS; i++) {
        uint32_t n = at[i];
        at[i] = sum;
        sum += n;
    }
    g->n = sum;
    g->rec = mem_alloc((sum + 1) * sizeof *g->rec);
    sweep(g, at, g->rec);
    free(at);
}

/* ---- text ---- */

char *cs_put_int(char *p, int64_t v) {
    char t[20];
    size_t n = 0;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    if (v < 0) *p++ = '-';
    do t[n++] = (char)('0' + u % 10);
    while (u /= 10);
    while (n) *p++ = t[--n];
    return p;
}

/* Exactly n digits, leading zeros included. */
static char *put_digits(char *p, uint32_t v, size_t n) {
    for (size_t i = n; i--; v /= 10) p[i] = (char)('0' + v % 10);
    return p + n;
}

/* What was written into the event's text since `from`. */
static struct sv text_since(struct cs_event *e, char *end) {
    struct sv s = {e->at, (size_t)(end - e->at)};
    e->at = end;
    return s;
}

static struct sv text_int(struct cs_event *e, int64_t v) {
    return text_since(e, cs_put_int(e->at, v));
}

/* UUID of version 4. All 64 bits of a bijection of the key are in it (60 in the first half, 4 in the second), so
 * two keys of a day cannot share one; the 58 others tell days and seeds apart. */
static struct sv text_uuid(const struct clickstream *g, struct cs_event *e, uint64_t key) {
    uint64_t a = rng_mix(key ^ g->salt[CS_SALT_ID]), b = rng_mix(key + g->salt[CS_SALT_ID2]);
    uint64_t half[2] = {(a >> 16) << 16 | 0x4000 | (a >> 4 & 0xfff), (uint64_t)1 << 63 | (a & 15) << 58 | b >> 6};
    char *p = e->at;
    *p++ = '"';
    for (size_t i = 0; i < 16; i++) {
        if (i >= 4 && i <= 10 && i % 2 == 0) *p++ = '-';
        memcpy(p, g->hex + 2 * (half[i / 8] >> (56 - 8 * (i % 8)) & 255), 2);
        p += 2;
    }
    *p++ = '"';
    return text_since(e, p);
}

static struct sv text_user(struct cs_event *e) {
    char *p = cs_put(e->at, SV("\"U"));
    p = put_digits(p, e->user, 6);
    *p++ = '"';
    return text_since(e, p);
}

static struct sv text_time(const struct clickstream *g, struct cs_event *e) {
    char *p = cs_put(e->at, SV("\""));
    p = cs_put(p, (struct sv){g->date, 10});
    *p++ = 'T';
    p = put_digits(p, e->sec / 3600, 2);
    *p++ = ':';
    p = put_digits(p, e->sec / 60 % 60, 2);
    *p++ = ':';
    p = put_digits(p, e->sec % 60, 2);
    *p++ = '"';
    return text_since(e, p);
}

/* ---- fields ---- */

static void event_rng(const struct clickstream *g, const struct cs_event *e, uint32_t step, struct rng *r) {
    rng_seed(r, rng_mix(g->salt[CS_SALT_EVENT] ^ cs_key(e->user, e->session, step)));
}

static void own(struct cs_event *e, struct sv key, struct sv val) {
    e->m[e->n++] = (struct cs_member){key, val};
}

/* 16 bits of a hash, drawn into 0..n-1. */
static uint32_t slice(uint64_t h, int shift, uint32_t n) {
    return (uint32_t)((h >> shift & 0xffff) * n >> 16);
}

/* The user's fixed profile: half on the web, a quarter each on ios and android. */
static void set_profile(const struct clickstream *g, struct cs_event *e) {
    static const uint8_t platform[4] = {CS_WEB, CS_WEB, CS_IOS, CS_ANDROID};
    static const struct {
        struct sv name, device[3], os[3], browser[4];
        uint32_t ndevice, nos, nbrowser;
    } table[3] = {
        {STR("web"),
         {STR("desktop"), STR("mobile"), STR("tablet")},
         {STR("Windows"), STR("macOS"), STR("Linux")},
         {STR("Chrome"), STR("Safari"), STR("Firefox"), STR("Edge")},
         3,
         3,
         4},
        {STR("ios"), {STR("mobile")}, {STR("iOS")}, {STR("Safari"), STR("Chrome")}, 1, 1, 2},
        {STR("android"), {STR("mobile")}, {STR("Android")}, {STR("Chrome"), STR("Samsung Internet")}, 1, 1, 2},
    };
    uint64_t h = rng_mix(g->profile ^ e->user);
    uint32_t i = e->platform = platform[h >> 62];
    e->m[CS_PLATFORM].val = table[i].name;
    e->m[CS_DEVICE].val = table[i].device[slice(h, 0, table[i].ndevice)];
    e->m[CS_OS].val = table[i].os[slice(h, 16, table[i].nos)];
    e->m[CS_BROWSER].val = table[i].browser[slice(h, 32, table[i].nbrowser)];
}

/* Any page, as in the real files; around a purchase the two that belong there. */
static void fill_view(struct clickstream *g, struct cs_event *e, struct rng *r) {
    static const struct sv referrer[4] = {STR("https://google.com"), STR("https://naver.com"), STR("direct"),
                                          SV("null")};
    uint32_t page = rng_below(r, COUNT(page_type));
    if (e->kind == CS_CHECKOUT) page = PAGE_CHECKOUT;
    if (e->kind == CS_COMPLETE) page = PAGE_COMPLETE;
    own(e, KEY("page_url"), g->page_url[page]);
    own(e, KEY("page_type"), page_type[page]);
    own(e, KEY("referrer"), referrer[rng_below(r, COUNT(referrer))]);
}

/* What a click was on. Its own stream begins with this, so that carts can ask for it. */
struct clicked {
    uint32_t product, element;
};
enum { ELEMENT_LISTED = 3, ELEMENT_RECOMMENDATION = 5 };

static struct clicked clicked(const struct clickstream *g, struct rng *r) {
    uint32_t product = rng_below(r, g->nproducts);
    return (struct clicked){product, rng_below(r, 6)};
}

static void fill_click(struct clickstream *g, struct cs_event *e, struct rng *r) {
    static const struct sv element[6] = {STR("button"),       STR("link"),          STR("banner"),
                                         STR("product_card"), STR("search_result"), STR("recommendation")};
    struct clicked c = clicked(g, r);
    const struct cs_product *pr = &g->products[c.product];
    char *p = cs_put_int(cs_put(e->at, SV("\"elem_")), rng_range(r, 1, 100));
    *p++ = '"';
    own(e, KEY("page_url"), pr->url);
    own(e, KEY("element_id"), text_since(e, p));
    own(e, KEY("element_type"), element[c.element]);
    own(e, KEY("product_id"), pr->id);
    own(e, KEY("category_id"), pr->category);
    /* only what stands in a list has a place in it */
    if (c.element >= ELEMENT_LISTED) own(e, KEY("position"), text_int(e, rng_below(r, 20)));
}

/* The i-th thing that the session put into its cart: the product of the click, and the quantity,
 * with which the cart event's own stream begins. */
static struct cs_item cart_item(const struct clickstream *g, const struct cs_event *e, const struct cs_plan *p,
                                uint32_t i, bool *recommended) {
    struct rng r;
    event_rng(g, e, p->pick[i], &r);
    struct clicked c = clicked(g, &r);
    event_rng(g, e, p->cart[i], &r);
    uint32_t tenth = rng_below(&r, 10);
    *recommended = c.element == ELEMENT_RECOMMENDATION;
    return (struct cs_item){c.product, tenth < 7 ? 1 : tenth < 9 ? 2 : 3};
}

/* A cart that the sequence defect put at the start has no click behind it: any product will do. */
static void fill_cart(struct clickstream *g, struct cs_event *e, struct rng *r) {
    struct cs_plan p;
    struct cs_item item = {rng_below(r, g->nproducts), 1};
    bool recommended = false;
    cs_plan(g, e->user, e->session, &p);
    for (uint32_t i = 0; i < p.ncart; i++)
        if (p.cart[i] == e->step) item = cart_item(g, e, &p, i, &recommended);
    const struct cs_product *pr = &g->products[item.product];
    own(e, KEY("product_id"), pr->id);
    own(e, KEY("category_id"), pr->category);
    own(e, KEY("quantity"), text_int(e, item.quantity));
    own(e, KEY("unit_price"), pr->price);
    if (rng_below(r, 2)) own(e, KEY("source_page"), STR("product"));
    if (recommended) own(e, KEY("is_recommendation"), SV("true"));
}

/* extra_data is JSON inside a JSON string: every quote of it is escaped. */
static char *put_extra(const struct clickstream *g, const struct cs_order *o, char *p) {
    p = cs_put(p, SV("\"{\\\"products\\\": ["));
    for (uint32_t i = 0; i < o->n; i++) {
        const struct cs_product *pr = &g->products[o->item[i].product];
        if (i) p = cs_put(p, SV(", "));
        p = cs_put(cs_put(p, SV("{\\\"product_id\\\": \\\"")), pr->raw);
        p = cs_put_int(cs_put(p, SV("\\\", \\\"quantity\\\": ")), o->item[i].quantity);
        p = cs_put(cs_put(p, SV(", \\\"unit_price\\\": ")), pr->price);
        *p++ = '}';
    }
    p = cs_put_int(cs_put(p, SV("], \\\"discount_amount\\\": ")), o->discount);
    p = cs_put_int(cs_put(p, SV(", \\\"shipping_fee\\\": ")), o->shipping);
    p = cs_put(p, SV(", \\\"coupon_code\\\": "));
    if (!o->coupon) return cs_put(p, SV("null}\""));
    p = cs_put_int(cs_put(p, SV("\\\"COUP")), o->coupon);
    return cs_put(p, SV("\\\"}\""));
}

void cs_order_text(const struct clickstream *g, struct cs_event *e) {
    e->m[CS_OWN + CS_ORDER_TOTAL].val = text_int(e, e->order.total);
    e->m[CS_OWN + CS_ORDER_EXTRA].val = text_since(e, put_extra(g, &e->order, e->at));
}

/* Shipping looks at the goods before the discount, as in the real files. Goods cost at least 1
 * and at most 9 * 10,000,000, so the total stays within 1..100,000,000 by itself. */
static void make_order(const struct clickstream *g, struct cs_event *e, struct rng *r) {
    static const int64_t discounts[7] = {0, 0, 0, 1000, 2000, 3000, 5000};
    struct cs_order *o = &e->order;
    struct cs_plan p;
    bool recommended;
    int64_t goods = 0;
    cs_plan(g, e->user, e->session, &p);
    o->n = p.ncart;
    for (uint32_t i = 0; i < p.ncart; i++) {
        o->item[i] = cart_item(g, e, &p, i, &recommended);
        goods += g->products[o->item[i].product].unit_price * o->item[i].quantity;
    }
    o->discount = discounts[rng_below(r, COUNT(discounts))];
    if (o->discount > goods) o->discount = goods;
    o->shipping = goods < 50000 ? 3000 : 0;
    o->total = goods - o->discount + o->shipping;
    o->coupon = o->discount ? rng_range(r, 100, 999) : 0;
}

static void fill_purchase(struct clickstream *g, struct cs_event *e, struct rng *r) {
    static const struct sv method[5] = {STR("credit_card"), STR("bank_transfer"), STR("kakao_pay"), STR("naver_pay"),
                                        STR("toss_pay")};
    make_order(g, e, r);
    uint32_t number = ++g->purchases;
    char *p = cs_put(cs_put(e->at, SV("\"ORD")), (struct sv){g->digits, 8});
    p = number < 100000 ? put_digits(p, number, 5) : cs_put_int(p, number);
    *p++ = '"';
    own(e, KEY("order_id"), text_since(e, p));
    own(e, KEY("total_amount"), (struct sv){0});
    own(e, KEY("payment_method"), method[rng_below(r, COUNT(method))]);
    own(e, KEY("extra_data"), (struct sv){0});
    cs_order_text(g, e);
}

static void fill_search(struct clickstream *g, struct cs_event *e, struct rng *r) {
    static const struct sv sort[5] = {STR("relevance"), STR("price_asc"), STR("price_desc"), STR("latest"),
                                      STR("popular")};
    own(e, KEY("search_query"), g->queries[rng_below(r, g->nqueries)]);
    own(e, KEY("result_count"), text_int(e, rng_below(r, 151)));
    own(e, KEY("page_url"), g->search_url);
    if (rng_below(r, 2)) return; /* half the searches are plain */
    uint32_t filter = rng_below(r, g->nproducts);
    own(e, KEY("category_filter"), rng_below(r, 2) ? SV("null") : g->products[filter].category);
    own(e, KEY("sort_type"), sort[rng_below(r, COUNT(sort))]);
    own(e, KEY("page_number"), text_int(e, rng_range(r, 1, 3)));
}

static void make_event(struct clickstream *g, uint64_t rec, struct cs_event *e) {
    static void (*const fill[CS_NONE])(struct clickstream *, struct cs_event *, struct rng *) = {
        [CS_VIEW] = fill_view,     [CS_CLICK] = fill_click,   [CS_CART] = fill_cart,    [CS_PURCHASE] = fill_purchase,
        [CS_SEARCH] = fill_search, [CS_CHECKOUT] = fill_view, [CS_COMPLETE] = fill_view};
    struct rng r;
    unpack(rec, e);
    e->at = e->text;
    e->n = CS_OWN;
    e->odd_type = e->odd_total = false;
    for (size_t i = 0; i < CS_OWN; i++) e->m[i].key = common_key[i];
    e->m[CS_ID].val = text_uuid(g, e, cs_key(e->user, e->session, e->step));
    e->m[CS_TYPE].val = kind_type[e->kind];
    e->m[CS_USER].val = text_user(e);
    e->m[CS_SESSION].val = text_uuid(g, e, cs_key(e->user, e->session, CS_WHOLE));
    e->m[CS_TIME].val = text_time(g, e);
    set_profile(g, e);
    event_rng(g, e, e->step, &r);
    fill[e->kind](g, e, &r);
    if (g->spoilt) cs_spoil_event(g, e);
}

/* ---- output ---- */

static char *put_line(char *p, const struct cs_event *e) {
    for (size_t i = 0; i < e->n; i++) {
        const struct cs_member *m = &e->m[i];
        if (!m->val.p) continue;
        p = cs_put(cs_put(p, m->key), m->val);
    }
    return cs_put(p, SV("}\n"));
}

static int write_event(struct clickstream *g, struct buf *out, struct err *e) {
    struct cs_event ev;
    struct rng r;
    /* room for the longest line, twice: asked for before anything changes, so that a
     * caller may empty the buffer and go on */
    char *p = buf_room(out, 2 * g->line_max);
    if (!p)
        return err_set(e, ERR_LIMIT, "clickstream: no room for another event after %zu bytes; use a larger buffer",
                       out->n);
    make_event(g, g->rec[g->i++], &ev);
    char *end = put_line(p, &ev);
    uint64_t key = cs_key(ev.user, ev.session, ev.step);
    if (g->spoilt && cs_hit(g, CLICKSTREAM_DUPLICATE, key, &r)) end = cs_put(end, (struct sv){p, (size_t)(end - p)});
    *end = 0;
    out->n += (size_t)(end - p);
    return ERR_OK;
}

int clickstream_next(struct clickstream *g, struct buf *out, size_t want_bytes, bool *more, struct err *e) {
    size_t from = out->n;
    int rc = ERR_OK;
    while (!rc && g->i < g->n && (out->n == from || out->n - from < want_bytes)) rc = write_event(g, out, e);
    *more = g->i < g->n;
    return rc;
}

size_t clickstream_count(const struct clickstream *g) {
    return g->n;
}

/* ---- opening ---- */

static bool id_ok(const char *s) {
    size_t n = s ? strlen(s) : 0;
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return n && n <= CLICKSTREAM_ID_MAX && strspn(s, allowed) == n;
}

static int check_products(const struct clickstream_cfg *cfg, struct err *e) {
    for (size_t i = 0; i < cfg->nproducts; i++) {
        const struct clickstream_product *p = &cfg->products[i];
        if (!id_ok(p->product_id) || !id_ok(p->category_id))
            return err_set(
                e, ERR_CONFIG,
                "clickstream: product %zu: product_id and category_id must be 1 to %d letters, digits, - or _", i + 1,
                CLICKSTREAM_ID_MAX);
        if (p->unit_price < 1 || p->unit_price > PRICE_MAX)
            return err_set(e, ERR_CONFIG, "clickstream: product %s: unit_price must be within 1..%d", p->product_id,
                           PRICE_MAX);
    }
    return ERR_OK;
}

static int check_cfg(const struct clickstream_cfg *cfg, struct err *e) {
    if (cfg->users > CLICKSTREAM_USERS_MAX)
        return err_set(e, ERR_LIMIT, "clickstream: %u users, at most %u are possible (user_id has six digits)",
                       cfg->users, CLICKSTREAM_USERS_MAX);
    if (!cfg->nproducts || !cfg->nqueries)
        return err_set(e, ERR_CONFIG, "clickstream: at least one product and one search query are needed");
    if (cfg->nproducts > INT32_MAX || cfg->nqueries > INT32_MAX)
        return err_set(e, ERR_LIMIT, "clickstream: more than %d products or search queries", INT32_MAX);
    if (!cfg->base_url || !*cfg->base_url) return err_set(e, ERR_CONFIG, "clickstream: base_url is missing");
    if (cfg->day < -719162 || cfg->day > 2932896)
        return err_set(e, ERR_CONFIG, "clickstream: day %d is not within the years 1 to 9999", cfg->day);
    for (size_t i = 0; i < cfg->nqueries; i++)
        if (!cfg->search_queries[i] || !*cfg->search_queries[i])
            return err_set(e, ERR_CONFIG, "clickstream: search query %zu is empty", i + 1);
    for (size_t i = 0; i < CLICKSTREAM_DEFECTS; i++)
        if (!(cfg->defects[i] >= 0 && cfg->defects[i] <= 1))
            return err_set(e, ERR_CONFIG, "clickstream: the rate of %s must be within 0..1",
                           clickstream_defect_names[i]);
    return check_products(cfg, e);
}

/* base ++ "/" ++ rest as a JSON string. The longest value so far settles how long a line can get. */
static struct sv quoted(struct clickstream *g, const char *base, const char *rest) {
    struct buf b = {0};
    char *s = rest ? arena_fmt(&g->mem, "%s/%s", base, rest) : arena_str(&g->mem, base);
    json_quote(&b, sv_of(s));
    struct sv v = {arena_strn(&g->mem, b.p, b.n), b.n};
    if (v.n > g->line_max) g->line_max = v.n;
    buf_free(&b);
    return v;
}

static void copy_cfg(struct clickstream *g, const struct clickstream_cfg *cfg) {
    g->users = cfg->users;
    g->nproducts = (uint32_t)cfg->nproducts;
    g->nqueries = (uint32_t)cfg->nqueries;
    g->products = arena_alloc(&g->mem, cfg->nproducts * sizeof *g->products);
    g->queries = arena_alloc(&g->mem, cfg->nqueries * sizeof *g->queries);
    for (size_t i = 0; i < cfg->nproducts; i++) {
        const struct clickstream_product *p = &cfg->products[i];
        const char *path = arena_fmt(&g->mem, "product/%s", p->product_id);
        g->products[i] = (struct cs_product){.raw = sv_of(arena_str(&g->mem, p->product_id)),
                                             .id = quoted(g, p->product_id, NULL),
                                             .category = quoted(g, p->category_id, NULL),
                                             .url = quoted(g, cfg->base_url, path),
                                             .price = sv_of(arena_fmt(&g->mem, "%lld", (long long)p->unit_price)),
                                             .unit_price = p->unit_price};
    }
    for (size_t i = 0; i < cfg->nqueries; i++) g->queries[i] = quoted(g, cfg->search_queries[i], NULL);
    for (size_t i = 0; i < COUNT(page_name); i++) g->page_url[i] = quoted(g, cfg->base_url, page_name[i]);
    g->search_url = quoted(g, cfg->base_url, "search");
    for (size_t i = 0; i < CLICKSTREAM_DEFECTS; i++) {
        g->defects[i] = cfg->defects[i];
        g->spoilt |= cfg->defects[i] > 0;
    }
    /* a search has both a query and a URL; the rest of a line, extra_data included, is well under this */
    g->line_max = 2 * g->line_max + 2048;
}

static void set_salts(struct clickstream *g, uint64_t seed, int32_t day) {
    uint64_t state = seed;
    g->profile = rng_splitmix(&state); /* of the seed alone */
    state = rng_mix(rng_splitmix(&state) ^ (uint64_t)(uint32_t)day);
    for (size_t i = 0; i < CS_SALTS; i++) g->salt[i] = rng_splitmix(&state);
}

/* Returns the weekday, 0 for Sunday. */
static int set_date(struct clickstream *g, int32_t day) {
    struct tm tm = {0};
    time_t t = (time_t)day * 86400;
    gmtime_r(&t, &tm);
    char *p = put_digits(g->digits, (uint32_t)(tm.tm_year + 1900), 4);
    p = put_digits(p, (uint32_t)tm.tm_mon + 1, 2);
    put_digits(p, (uint32_t)tm.tm_mday, 2);
    memcpy(g->date, g->digits, 4);
    g->date[4] = g->date[7] = '-';
    memcpy(g->date + 5, g->digits + 4, 2);
    memcpy(g->date + 8, g->digits + 6, 2);
    return tm.tm_wday;
}

int clickstream_open(struct clickstream **out, const struct clickstream_cfg *cfg, struct err *e) {
    *out = NULL;
    int rc = check_cfg(cfg, e);
    if (rc) return rc;
    struct clickstream *g = mem_alloc(sizeof *g);
    for (size_t i = 0; i < sizeof g->hex; i++) g->hex[i] = "0123456789abcdef"[(i % 2 ? i / 2 : i / 32) & 15];
    copy_cfg(g, cfg);
    set_salts(g, cfg->seed, cfg->day);
    g->share = active_share(g, set_date(g, cfg->day));
    plan_day(g);
    *out = g;
    return ERR_OK;
}

void clickstream_close(struct clickstream *g) {
    if (!g) return;
    free(g->rec);
    arena_free(&g->mem);
    free(g);
}
