/*
 * See cells.h. Members are found by their place in the record before (logs repeat themselves), else by a hash of their
 * name.
 */
#include "store/cells.h"

#include <math.h>

struct shape {
    const struct table_spec *t;
    struct zone zone;
    uint16_t *slots; /* column + 1 by hash of its field, open addressing */
    size_t mask;
    size_t *len;  /* of the fields' names */
    bool *shared; /* another column takes the same field */
    struct stamp_text now;
};

#define GUESSES 64

static size_t name_hash(const char *p, size_t n) {
    uint64_t head = 0, tail = 0;
    memcpy(&head, p, n < 8 ? n : 8);
    if (n > 8) memcpy(&tail, p + n - 8, 8);
    uint64_t h = (head ^ (tail << 7 | tail >> 57) ^ n) * 0x9E3779B97F4A7C15u;
    return (size_t)(h >> 32);
}

struct shape *shape_new(const struct table_spec *t, const struct zone *zone) {
    struct shape *s = mem_alloc(sizeof *s);
    size_t size = 16;
    while (size < t->ncols * 2) size *= 2;
    s->t = t;
    s->zone = *zone;
    s->now = utc_text(now_utc());
    s->mask = size - 1;
    s->slots = mem_alloc(size * sizeof *s->slots);
    s->len = mem_alloc((t->ncols + 1) * sizeof *s->len);
    s->shared = mem_alloc((t->ncols + 1) * sizeof *s->shared);
    for (size_t i = 0; i < t->ncols; i++) {
        for (size_t k = 0; k < i; k++)
            if (strcmp(t->cols[i].from, t->cols[k].from) == 0) s->shared[i] = s->shared[k] = true;
        s->len[i] = strlen(t->cols[i].from);
        size_t k = name_hash(t->cols[i].from, s->len[i]) & s->mask;
        while (s->slots[k]) k = (k + 1) & s->mask;
        s->slots[k] = (uint16_t)(i + 1);
    }
    return s;
}

void shape_free(struct shape *s) {
    if (!s) return;
    free(s->slots);
    free(s->len);
    free(s->shared);
    free(s);
}

void shaper_free(struct shaper *w) {
    free(w->vals);
    free(w->guess);
    *w = (struct shaper){0};
}

static bool is_field(const struct shape *s, size_t col, struct sv name) {
    return s->len[col] == name.n && memcmp(s->t->cols[col].from, name.p, name.n) == 0;
}

static void find_fields(const struct shape *s, struct shaper *w, struct jval rec, struct arena *a) {
    uint32_t pos = 0, place = 0;
    if (!w->vals) {
        w->vals = mem_alloc((s->t->ncols + 1) * sizeof *w->vals);
        w->guess = mem_alloc(GUESSES * sizeof *w->guess);
    }
    memset(w->vals, 0, s->t->ncols * sizeof *w->vals);
    for (struct jval key, val; jv_each(rec, &pos, &key, &val); place++) {
        struct sv name = jv_raw(key);
        if (jv_tok(key)->flags & JF_ESC) name.p = jv_str(key, a, &name.n);
        uint16_t *guess = &w->guess[place % GUESSES];
        if (*guess && is_field(s, *guess - 1u, name)) {
            w->vals[*guess - 1] = val;
            continue;
        }
        /* several columns may take the same field */
        for (size_t k = name_hash(name.p, name.n) & s->mask; s->slots[k]; k = (k + 1) & s->mask) {
            if (!is_field(s, s->slots[k] - 1u, name)) continue;
            if (!s->shared[s->slots[k] - 1]) *guess = s->slots[k]; /* a guess finds one column only */
            w->vals[s->slots[k] - 1] = val;
        }
    }
}

static void put_text(struct cell *c, struct jval v, struct arena *a) {
    c->type = CELL_TEXT;
    c->s = jv_raw(v);
    if (jv_tok(v)->flags & JF_ESC) c->s.p = jv_str(v, a, &c->s.n);
}

static bool put_number(struct cell *c, struct jval v, enum column_type type) {
    if (jv_type(v) != JT_NUM) return false;
    if (type != COL_REAL && jv_int(v, &c->i)) {
        c->type = CELL_INT;
        return true;
    }
    if (type == COL_INTEGER) return false;
    c->d = jv_num(v);
    c->type = CELL_REAL;
    return isfinite(c->d);
}

static bool digits(const char *p, int n) {
    for (int i = 0; i < n; i++)
        if (p[i] < '0' || p[i] > '9') return false;
    return true;
}

/* YYYY-MM-DDThh:mm:ss as nearly every record has it, and surely a date: no need to read it with all care. */
static bool plain_stamp(struct sv s) {
    const char *p = s.p;
    if (s.n != 19 || p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != ' ') || p[13] != ':' || p[16] != ':')
        return false;
    if (!digits(p, 4) || !digits(p + 5, 2) || !digits(p + 8, 2) || !digits(p + 11, 2) || !digits(p + 14, 2) ||
        !digits(p + 17, 2))
        return false;
    int month = (p[5] - '0') * 10 + p[6] - '0', day = (p[8] - '0') * 10 + p[9] - '0';
    return month >= 1 && month <= 12 && day >= 1 && day <= 28 && (p[11] - '0') * 10 + p[12] - '0' < 24 && p[14] < '6' &&
           p[17] < '6' && p[0] != '0';
}

static bool put_stamp(const struct shape *sh, struct cell *c, struct jval v, enum column_type type, struct arena *a) {
    struct stamp st;
    day_t day;
    if (jv_type(v) != JT_STR) return false;
    struct sv s = jv_raw(v);
    if (type == COL_DATE) {
        if (!day_parse(s, &day)) return false;
    } else if (!plain_stamp(s)) {
        if (!stamp_parse(s, &st)) return false;
        if (st.has_zone) { /* into the pipeline's local time, with the fraction as it was */
            int64_t frac = (st.micros % 1000000 + 1000000) % 1000000; /* before 1970 too the fraction counts forward */
            int64_t utc = (st.micros - frac) / 1000000 - st.zone;
            int64_t local = utc + zone_offset(&sh->zone, utc);
            char *text = arena_alloc(a, 40);
            int n = snprintf(text, 40, "%.19s", utc_text(local).s);
            if (frac) n += snprintf(text + 19, 21, ".%06d", (int)frac);
            c->type = CELL_TEXT;
            c->s = (struct sv){text, (size_t)n};
            return true;
        }
    }
    put_text(c, v, a);
    return true;
}

static bool put_json(struct cell *c, struct jval v, struct arena *a) {
    if (jv_type(v) == JT_OBJ || jv_type(v) == JT_ARR) {
        c->type = CELL_TEXT;
        c->s = jv_raw(v);
        return true;
    }
    if (jv_type(v) != JT_STR) return false;
    put_text(c, v, a);
    if (!c->s.n) {
        c->type = CELL_NULL;
        return true;
    }
    struct jtoks toks = {0};
    struct jerr je;
    bool ok = json_scan(&toks, c->s.p, c->s.n, 0, &je);
    jtoks_free(&toks);
    return ok;
}

static bool put_value(const struct shape *s, struct cell *c, struct jval v, enum column_type type, struct arena *a) {
    enum jtype t = jv_type(v);
    switch (type) {
    case COL_TEXT:
        if (t == JT_ARR || t == JT_OBJ) return false;
        put_text(c, v, a);
        return true;
    case COL_INTEGER:
    case COL_REAL:
    case COL_NUMBER:
        return put_number(c, v, type);
    case COL_BOOLEAN:
        if (t != JT_TRUE && t != JT_FALSE) return false;
        c->type = CELL_INT;
        c->i = t == JT_TRUE;
        return true;
    case COL_DATE:
    case COL_TIMESTAMP:
        return put_stamp(s, c, v, type, a);
    default:
        return put_json(c, v, a);
    }
}

const char *shape_cells(const struct shape *s, struct shaper *w, struct jval rec, struct cell *cells, struct arena *a) {
    if (jv_type(rec) != JT_OBJ) return "the record is not an object";
    find_fields(s, w, rec, a);
    for (size_t i = 0; i < s->t->ncols; i++) {
        const struct column *c = &s->t->cols[i];
        struct jval v = w->vals[i];
        cells[i].type = CELL_NULL;
        if (c->now)
            cells[i] = (struct cell){.type = CELL_TEXT, .s = sv_of(s->now.s)};
        else if (!v.t || jv_type(v) == JT_NULL) {
            if (c->not_null) return arena_fmt(a, "column %s must not be null", c->name);
        } else if (!put_value(s, &cells[i], v, c->type, a)) {
            struct sv raw = jv_raw(v);
            return arena_fmt(a, "column %s: expected %s, found %.*s", c->name, column_type_names[c->type],
                             (int)(raw.n > 60 ? 60 : raw.n), raw.p);
        } else if (cells[i].type == CELL_NULL && c->not_null) {
            return arena_fmt(a, "column %s must not be null", c->name);
        }
    }
    return NULL;
}

/* ---- SQLite's record format: a header of serial types, then the values ---- */

static uint8_t *put_varint(uint8_t *p, uint64_t v) {
    if (v < 0x80) {
        *p++ = (uint8_t)v;
    } else if (v < 0x4000) {
        *p++ = (uint8_t)(v >> 7 | 0x80);
        *p++ = (uint8_t)(v & 0x7F);
    } else { /* up to 2^56, far above any text here */
        int groups = 3;
        while (groups < 8 && v >> (7 * groups)) groups++;
        for (int i = groups - 1; i >= 0; i--) *p++ = (uint8_t)((v >> (7 * i) & 0x7F) | (i ? 0x80 : 0));
    }
    return p;
}

static const uint8_t int_bytes[7] = {0, 1, 2, 3, 4, 6, 8};

/* Serial type of an integer, and its length in bytes by int_bytes; 8 and 9 are the numbers 0 and 1 themselves. */
static unsigned int_type(int64_t i) {
    if (i == 0 || i == 1) return i ? 9 : 8;
    uint64_t u = i < 0 ? ~(uint64_t)i : (uint64_t)i;
    return u < 1u << 7 ? 1 : u < 1u << 15 ? 2 : u < 1u << 23 ? 3 : u < 1u << 31 ? 4 : u < (uint64_t)1 << 47 ? 5 : 6;
}

static uint8_t *put_big_endian(uint8_t *p, uint64_t v, unsigned n) {
    while (n) *p++ = (uint8_t)(v >> (8 * --n));
    return p;
}

void cells_record(const struct cell *cells, size_t n, struct buf *out) {
    size_t body = 0;
    for (size_t i = 0; i < n; i++) body += cells[i].type == CELL_TEXT ? cells[i].s.n : cells[i].type ? 8 : 0;
    uint8_t *start = (uint8_t *)buf_room(out, 10 + 9 * n + body);
    if (!start) return;
    uint8_t *head = start + 1, *p = head;
    for (size_t i = 0; i < n; i++) {
        const struct cell *c = &cells[i];
        if (c->type == CELL_TEXT)
            p = put_varint(p, c->s.n * 2 + 13);
        else
            *p++ = (uint8_t)(c->type == CELL_NULL ? 0 : c->type == CELL_REAL ? 7 : int_type(c->i));
    }
    size_t len = (size_t)(p - start); /* with one byte for the length itself */
    if (len < 0x80) {
        *start = (uint8_t)len;
    } else {
        memmove(start + 2, head, len - 1);
        put_varint(start, len + 1);
        p++;
    }
    for (size_t i = 0; i < n; i++) {
        const struct cell *c = &cells[i];
        if (c->type == CELL_TEXT) {
            memcpy(p, c->s.p, c->s.n);
            p += c->s.n;
        } else if (c->type == CELL_REAL) {
            uint64_t bits;
            memcpy(&bits, &c->d, 8);
            p = put_big_endian(p, bits, 8);
        } else if (c->type == CELL_INT && int_type(c->i) < 7) {
            p = put_big_endian(p, (uint64_t)c->i, int_bytes[int_type(c->i)]);
        }
    }
    out->n += (size_t)((char *)p - (char *)start);
}
