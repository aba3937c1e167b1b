/* See trips.h. All quantities are whole numbers of a small unit, so that no machine rounds another way. */
#include "collect/trips.h"

#include "base/rng.h"

#define RECORD_ROOM 512 /* bytes that a reading needs at most, with a trip's head */
#define SEGMENT_MM 50000

/* Units: accelerations 1e-4 m/s2, rotations 1e-3 degrees/s, speed 1e-2 km/h, places 1e-6 degrees. */
struct reading {
    int64_t acc[3], gyr[3], speed, lon, lat, hdop, sat;
};

struct trips {
    struct trips_cfg cfg;
    int64_t midnight; /* seconds UTC */
    uint64_t day_salt, road_salt;
    uint32_t next;
    char date[16];
};

enum drive { ACCELERATING, CRUISING, SLOWING, STANDING };
struct trip {
    struct rng r;
    uint32_t id, vehicle, n;
    bool rough; /* device B */
    int64_t start_ms;
    enum drive drive;
    uint32_t left;         /* readings in this part of the drive */
    int64_t speed, cruise; /* 1e-2 km/h */
    size_t segment;
    int64_t mm;        /* into the segment */
    int64_t impact[3]; /* z, x, gyro y at this reading */
    uint32_t shocks;   /* readings that it still decays over */
};

/* About normal with that deviation: twelve uniform numbers. */
static int64_t noise(struct rng *r, int64_t deviation) {
    int64_t sum = 0;
    for (int i = 0; i < 3; i++) { /* four of 16 bits from each number */
        uint64_t x = rng_next(r);
        sum += (int64_t)((x & 0xffff) + (x >> 16 & 0xffff) + (x >> 32 & 0xffff) + (x >> 48));
    }
    return (sum - 6 * 65535) * deviation / 65536;
}

static int64_t between(struct rng *r, int64_t lo, int64_t hi) {
    return lo + rng_below(r, (uint32_t)(hi - lo + 1));
}

static void begin_trip(struct trips *g, struct trip *t) {
    rng_seed(&t->r, rng_mix(g->day_salt ^ g->next));
    t->id = ++g->next;
    t->vehicle = rng_below(&t->r, g->cfg.trips / 3 + 1);
    t->rough = rng_mix(g->road_salt ^ t->vehicle ^ 0xd00d) % 100 < 40;
    t->n = rng_range(&t->r, 400, 500);
    t->start_ms = (g->midnight + rng_below(&t->r, 86400 - 60)) * 1000 + 100 * rng_below(&t->r, 10);
    t->segment = rng_below(&t->r, (uint32_t)g->cfg.nsegments);
    t->mm = rng_below(&t->r, SEGMENT_MM);
    t->speed = between(&t->r, 0, 3000);
    t->cruise = between(&t->r, 3500, 8000);
    t->drive = ACCELERATING;
    t->left = rng_range(&t->r, 30, 80);
    t->shocks = 0;
}

static void next_drive(struct trip *t) {
    t->drive = (enum drive)((t->drive + 1) % 4);
    t->left = t->drive == CRUISING   ? rng_range(&t->r, 120, 260)
              : t->drive == STANDING ? rng_range(&t->r, 10, 40)
                                     : rng_range(&t->r, 30, 80);
    if (t->drive == ACCELERATING) t->cruise = between(&t->r, 3500, 8000);
}

static void change_speed(struct trip *t) {
    if (!t->left--) next_drive(t);
    int64_t want = t->drive == STANDING ? 0 : t->drive == SLOWING ? 600 : t->cruise;
    int64_t step = t->drive == STANDING ? 250 : 110;
    if (t->speed < want) t->speed = t->speed + step < want ? t->speed + step : want;
    if (t->speed > want) t->speed = t->speed - step > want ? t->speed - step : want;
}

static void hit(struct trip *t) {
    t->shocks = rng_range(&t->r, 4, 5);
    int64_t down = between(&t->r, 35000, 90000);
    t->impact[0] = rng_below(&t->r, 2) ? -down : down;
    t->impact[1] = between(&t->r, -12000, 12000);
    t->impact[2] = between(&t->r, 15000, 60000) * (rng_below(&t->r, 2) ? -1 : 1);
}

static void enter_segment(struct trips *g, struct trip *t) {
    t->segment = (t->segment + 1) % g->cfg.nsegments;
    bool bad = rng_mix(g->road_salt ^ t->segment) % 10 == 0;
    if (rng_below(&t->r, 10000) < (bad ? 4190u : 90u)) hit(t);
}

static void move(struct trips *g, struct trip *t) {
    t->mm += t->speed * 1000 / 3600; /* 1e-2 km/h for 0.1 s, in mm */
    while (t->mm >= SEGMENT_MM) {
        t->mm -= SEGMENT_MM;
        enter_segment(g, t);
    }
}

static void read_sensors(const struct trips *g, struct trip *t, struct reading *x) {
    const struct trips_segment *s = &g->cfg.segments[t->segment];
    int64_t k = t->rough ? 3 : 1, speed = t->speed + noise(&t->r, 30);
    for (int i = 0; i < 3; i++) {
        x->acc[i] = noise(&t->r, 400 * k) + (i == 2 ? 98100 : 0);
        x->gyr[i] = noise(&t->r, 500 * k);
    }
    if (t->drive == ACCELERATING || t->drive == SLOWING) x->acc[0] += t->drive == SLOWING ? -12000 : 9000;
    if (t->shocks) {
        x->acc[2] += t->impact[0];
        x->acc[0] += t->impact[1];
        x->gyr[1] += t->impact[2];
        for (int i = 0; i < 3; i++) t->impact[i] = -t->impact[i] * 6 / 10;
        t->shocks--;
    }
    if (!rng_below(&t->r, 2000)) x->acc[2] += between(&t->r, 100000, 200000) * (rng_below(&t->r, 2) ? -1 : 1);
    x->speed = speed < 0 ? 0 : speed;
    x->lon = s->lon1 + (s->lon2 - s->lon1) * t->mm / SEGMENT_MM + noise(&t->r, 12);
    x->lat = s->lat1 + (s->lat2 - s->lat1) * t->mm / SEGMENT_MM + noise(&t->r, 12);
    x->hdop = between(&t->r, 8, 30);
    x->sat = between(&t->r, 6, 12);
}

/* ---- text ---- */

static char *put(char *p, struct sv s) {
    memcpy(p, s.p, s.n);
    return p + s.n;
}
#define PUT(p, lit) put(p, SV(lit))

static char *put_number(char *p, uint64_t x, int least) {
    char tmp[20];
    int n = 0;
    do tmp[n++] = (char)('0' + x % 10);
    while (x /= 10);
    while (n < least) tmp[n++] = '0';
    while (n) *p++ = tmp[--n];
    return p;
}

/* x / 10^places without zeros at the end, but one digit behind the point. */
static char *put_fixed(char *p, int64_t x, int places) {
    static const uint64_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    uint64_t a = x < 0 ? (uint64_t)-x : (uint64_t)x;
    if (x < 0) *p++ = '-';
    p = put_number(p, a / tens[places], 1);
    *p++ = '.';
    p = put_number(p, a % tens[places], places);
    while (p[-1] == '0' && p[-2] != '.') p--;
    return p;
}

static char *put_three(char *p, const int64_t v[3], int places) {
    for (int i = 0; i < 3; i++) {
        p = put_fixed(p, v[i], places);
        if (i < 2) *p++ = ',';
    }
    return p;
}

static char *put_ids(char *p, const struct trips *g, const struct trip *t, struct sv vehicle_key) {
    p = PUT(p, "\"trip_id\":\"T");
    p = put(p, sv_of(g->date));
    *p++ = '-';
    p = put_number(p, t->id, 6);
    p = put(p, vehicle_key);
    p = put_number(p, t->vehicle, 13);
    *p++ = '"';
    return p;
}

static char *put_flat(char *p, const struct trips *g, const struct trip *t, int64_t ms, const struct reading *x) {
    static const struct sv acc[3] = {SV(",\"accel_x\":"), SV(",\"accel_y\":"), SV(",\"accel_z\":")};
    static const struct sv gyr[3] = {SV(",\"gyro_x\":"), SV(",\"gyro_y\":"), SV(",\"gyro_z\":")};
    p = put_number(PUT(p, "{\"timestamp\":"), (uint64_t)ms, 1);
    *p++ = ',';
    p = put_ids(p, g, t, SV("\",\"vehicle_id\":\"KMHE"));
    for (int i = 0; i < 3; i++) p = put_fixed(put(p, acc[i]), x->acc[i], 4);
    for (int i = 0; i < 3; i++) p = put_fixed(put(p, gyr[i]), x->gyr[i], 3);
    p = put_fixed(PUT(p, ",\"velocity\":"), x->speed, 2);
    p = put_fixed(PUT(p, ",\"lon\":"), x->lon, 6);
    p = put_fixed(PUT(p, ",\"lat\":"), x->lat, 6);
    p = put_fixed(PUT(p, ",\"hdop\":"), x->hdop, 1);
    p = put_number(PUT(p, ",\"satellites\":"), (uint64_t)x->sat, 1);
    return PUT(p, "}\n");
}

static char *put_record(char *p, int64_t ms, const struct reading *x) {
    p = put_number(PUT(p, "{\"ts\":"), (uint64_t)ms, 1);
    p = put_three(PUT(p, ",\"acc\":["), x->acc, 4);
    p = put_three(PUT(p, "],\"gyr\":["), x->gyr, 3);
    p = put_fixed(PUT(p, "],\"spd\":"), x->speed, 2);
    p = put_fixed(PUT(p, ",\"gps\":{\"lng\":"), x->lon, 6);
    p = put_fixed(PUT(p, ",\"lat\":"), x->lat, 6);
    p = put_fixed(PUT(p, ",\"hdop\":"), x->hdop, 1);
    p = put_number(PUT(p, ",\"sat\":"), (uint64_t)x->sat, 1);
    return PUT(p, "}}");
}

static char *put_head(char *p, const struct trips *g, const struct trip *t) {
    *p++ = '{';
    p = put_ids(p, g, t, SV("\",\"vin\":\"KMHE"));
    p = PUT(p, ",\"device_type\":\"");
    *p++ = t->rough ? 'B' : 'A';
    p = put_number(PUT(p, "\",\"start_time\":"), (uint64_t)t->start_ms, 1);
    p = put_number(PUT(p, ",\"end_time\":"), (uint64_t)t->start_ms + 100 * (t->n - 1), 1);
    return PUT(p, ",\"records\":[");
}

static void write_trip(struct trips *g, struct buf *out) {
    struct trip t;
    struct reading x;
    begin_trip(g, &t);
    char *from = buf_room(out, (size_t)(t.n + 1) * RECORD_ROOM), *p = from;
    if (!p) return;
    if (!g->cfg.flat) p = put_head(p, g, &t);
    for (uint32_t i = 0; i < t.n; i++) {
        int64_t ms = t.start_ms + 100 * (int64_t)i;
        change_speed(&t);
        move(g, &t);
        read_sensors(g, &t, &x);
        if (g->cfg.flat) {
            p = put_flat(p, g, &t, ms, &x);
        } else {
            if (i) *p++ = ',';
            p = put_record(p, ms, &x);
        }
    }
    if (!g->cfg.flat) p = PUT(p, "]}\n");
    *p = 0;
    out->n += (size_t)(p - from);
}

static uint64_t lines(const struct buf *b, size_t from) {
    uint64_t n = 0;
    for (const char *p = b->p + from, *end = b->p + b->n; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++) n++;
    return n;
}

void trips_next(struct trips *g, struct buf *out, size_t want_bytes, uint64_t *rows, bool *more) {
    size_t from = out->n;
    while (g->next < g->cfg.trips && out->n - from < want_bytes && !out->over) write_trip(g, out);
    *rows = lines(out, from);
    *more = g->next < g->cfg.trips;
}

int trips_open(struct trips **out, const struct trips_cfg *cfg, struct err *e) {
    *out = NULL;
    if (!cfg->nsegments || cfg->nsegments > UINT32_MAX)
        return err_set(e, ERR_CONFIG, "trips: the table of segments holds no segment");
    if (cfg->trips > TRIPS_MAX) return err_set(e, ERR_LIMIT, "trips: at most %u trips a day", TRIPS_MAX);
    struct trips *g = mem_alloc(sizeof *g);
    uint64_t state = cfg->seed;
    g->cfg = *cfg;
    g->road_salt = rng_splitmix(&state);
    state = rng_mix(rng_splitmix(&state) ^ (uint64_t)(uint32_t)cfg->day);
    g->day_salt = rng_splitmix(&state);
    g->midnight = zone_to_utc(cfg->zone, (int64_t)cfg->day * 86400);
    const char *d = day_text(cfg->day).s;
    char date[16];
    snprintf(date, sizeof date, "%s", d);
    snprintf(g->date, sizeof g->date, "%.4s%.2s%.2s", date, date + 5, date + 8);
    *out = g;
    return ERR_OK;
}

void trips_close(struct trips *g) {
    free(g);
}
