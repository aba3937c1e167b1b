/*
 * Filling a table; see table.h. One prepared INSERT with a value per column and the day; a record's fields are found
 * by one walk over its members with a small hash of the column names.
 */
#include <math.h>

#include "base/hash.h"
#include "base/log.h"
#include "store/table.h"

struct loader {
    struct db *db;
    const struct table_spec *t;
    struct zone zone;
    char day[16];
    struct stmt insert;
    struct loader_stats st;
    struct arena a;
    struct jval *vals; /* per column; t NULL when absent */
    struct {
        uint64_t hash;
        size_t col;
        bool used;
    } * slots; /* open addressing over the columns' field names */
    size_t nslots;
    int64_t rows_before;
    bool begun, digesting;
    struct sha256 sha;
};

static uint64_t name_hash(struct sv s) {
    uint64_t h = 1469598103934665603u; /* FNV-1a */
    for (size_t i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
    return h;
}

static void make_slots(struct loader *l) {
    l->nslots = 16;
    while (l->nslots < l->t->ncols * 2) l->nslots *= 2;
    l->slots = mem_alloc(l->nslots * sizeof *l->slots);
    for (size_t i = 0; i < l->t->ncols; i++) {
        uint64_t h = name_hash(sv_of(l->t->cols[i].from));
        size_t k = h & (l->nslots - 1);
        while (l->slots[k].used) k = (k + 1) & (l->nslots - 1);
        l->slots[k].hash = h;
        l->slots[k].col = i;
        l->slots[k].used = true;
    }
}

static void insert_sql(const struct table_spec *t, struct buf *b) {
    buf_str(b, "INSERT INTO ");
    sql_name(b, t->table);
    buf_str(b, " (");
    for (size_t i = 0; i < t->ncols; i++) {
        sql_name(b, t->cols[i].name);
        buf_str(b, ", ");
    }
    buf_str(b, "\"dt\") VALUES (");
    for (size_t i = 0; i < t->ncols; i++) buf_fmt(b, "?%zu,", i + 1);
    buf_fmt(b, "?%zu)", t->ncols + 1);
    if (!t->key.n) return;
    if (t->mode != LOAD_UPSERT) {
        buf_str(b, " ON CONFLICT DO NOTHING");
        return;
    }
    buf_str(b, " ON CONFLICT (");
    for (size_t i = 0; i < t->key.n; i++) {
        if (i) buf_chr(b, ',');
        sql_name(b, t->key.s[i]);
    }
    buf_str(b, ") DO UPDATE SET ");
    for (size_t i = 0; i <= t->ncols; i++) {
        const char *name = i < t->ncols ? t->cols[i].name : "dt";
        if (strs_has(t->key, sv_of(name))) continue;
        sql_name(b, name);
        buf_str(b, "=excluded.");
        sql_name(b, name);
        if (i < t->ncols) buf_chr(b, ',');
    }
}

/* What the mode takes away before the new rows come. */
static int clear_old(struct loader *l, struct err *e) {
    if (l->t->mode != LOAD_REPLACE_DAY && l->t->mode != LOAD_FULL) return ERR_OK;
    struct buf b = {0};
    struct stmt s;
    buf_str(&b, "DELETE FROM ");
    sql_name(&b, l->t->table);
    if (l->t->mode == LOAD_REPLACE_DAY) buf_str(&b, " WHERE \"dt\"=?1");
    int rc = stmt_prepare(&s, l->db, b.p, l->t->table, e);
    if (rc == ERR_OK) {
        if (l->t->mode == LOAD_REPLACE_DAY) stmt_text(&s, 1, l->day);
        rc = stmt_run(&s, e);
        stmt_close(&s);
    }
    buf_free(&b);
    return rc;
}

static int64_t count_rows(struct loader *l) {
    struct buf b = {0};
    struct stmt s;
    struct err e;
    bool row;
    int64_t n = 0;
    buf_str(&b, "SELECT COUNT(*) FROM ");
    sql_name(&b, l->t->table);
    if (stmt_prepare(&s, l->db, b.p, l->t->table, &e) == ERR_OK && stmt_step(&s, &row, &e) == ERR_OK)
        n = stmt_col_int(&s, 0);
    stmt_close(&s);
    buf_free(&b);
    return n;
}

int loader_open(struct loader **out, struct db *db, const struct table_spec *t, day_t day, const struct zone *zone,
                struct err *e) {
    struct loader *l = mem_alloc(sizeof *l);
    (void)e;
    l->db = db;
    l->t = t;
    l->zone = *zone;
    snprintf(l->day, sizeof l->day, "%s", day_text(day).s);
    l->vals = mem_alloc(t->ncols * sizeof *l->vals);
    make_slots(l);
    *out = l;
    return ERR_OK;
}

/* Not before the first record: a load at the end of a pipe must not hold the warehouse while the stage before it writes
 * its quality results there. */
static int begin(struct loader *l, struct err *e) {
    struct buf sql = {0};
    if (l->begun) return ERR_OK;
    l->begun = true;
    int rc = db_exec(l->db, e, "BEGIN IMMEDIATE");
    if (rc == ERR_OK) rc = table_ensure(l->db, l->t, true, e);
    if (rc == ERR_OK) rc = clear_old(l, e);
    if (rc == ERR_OK && l->t->mode == LOAD_UPSERT) l->rows_before = count_rows(l);
    insert_sql(l->t, &sql);
    if (rc == ERR_OK) rc = stmt_prepare(&l->insert, l->db, sql.p, l->t->table, e);
    buf_free(&sql);
    return rc;
}

static void find_fields(struct loader *l, struct jval rec) {
    uint32_t pos = 0;
    memset(l->vals, 0, l->t->ncols * sizeof *l->vals);
    for (struct jval key, val; jv_each(rec, &pos, &key, &val);) {
        struct sv name = jv_raw(key);
        if (jv_tok(key)->flags & JF_ESC) {
            size_t n;
            name.p = jv_str(key, &l->a, &n);
            name.n = n;
        }
        uint64_t h = name_hash(name);
        for (size_t k = h & (l->nslots - 1); l->slots[k].used; k = (k + 1) & (l->nslots - 1))
            if (l->slots[k].hash == h && sv_is(name, l->t->cols[l->slots[k].col].from)) l->vals[l->slots[k].col] = val;
    }
}

static void bind_text(struct loader *l, int i, struct jval v) {
    size_t n;
    if (jv_tok(v)->flags & JF_ESC) {
        const char *s = jv_str(v, &l->a, &n);
        stmt_textn(&l->insert, i, s, n);
    } else {
        struct sv s = jv_raw(v);
        stmt_textn(&l->insert, i, s.p, s.n);
    }
}

static bool bind_number(struct loader *l, int i, struct jval v, enum column_type type) {
    int64_t x;
    if (jv_type(v) != JT_NUM) return false;
    if (type != COL_REAL && jv_int(v, &x)) {
        stmt_int(&l->insert, i, x);
        return true;
    }
    if (type == COL_INTEGER) return false;
    double d = jv_num(v);
    if (!isfinite(d)) return false;
    stmt_real(&l->insert, i, d);
    return true;
}

static bool bind_stamp(struct loader *l, int i, struct jval v, enum column_type type) {
    struct stamp st;
    day_t day;
    if (jv_type(v) != JT_STR) return false;
    struct sv s = jv_raw(v);
    if (type == COL_DATE) {
        if (!day_parse(s, &day)) return false;
    } else {
        if (!stamp_parse(s, &st)) return false;
        if (st.has_zone) { /* into the pipeline's local time, with the fraction as it was */
            int64_t frac = (st.micros % 1000000 + 1000000) % 1000000; /* before 1970 too the fraction counts forward */
            int64_t utc = (st.micros - frac) / 1000000 - st.zone;
            int64_t local = utc + zone_offset(&l->zone, utc);
            char *text = arena_alloc(&l->a, 40);
            snprintf(text, 40, "%.19s", utc_text(local).s);
            if (frac) snprintf(text + 19, 21, ".%06d", (int)frac);
            stmt_text(&l->insert, i, text);
            return true;
        }
    }
    bind_text(l, i, v);
    return true;
}

static bool bind_json(struct loader *l, int i, struct jval v) {
    if (jv_type(v) == JT_OBJ || jv_type(v) == JT_ARR) {
        struct sv s = jv_raw(v);
        stmt_textn(&l->insert, i, s.p, s.n);
        return true;
    }
    if (jv_type(v) != JT_STR) return false;
    size_t n;
    const char *s = jv_str(v, &l->a, &n);
    if (!n) {
        stmt_text(&l->insert, i, NULL);
        return true;
    }
    struct jtoks toks = {0};
    struct jerr je;
    bool ok = json_scan(&toks, s, n, 0, &je);
    jtoks_free(&toks);
    if (ok) stmt_textn(&l->insert, i, s, n);
    return ok;
}

static bool bind_value(struct loader *l, int i, struct jval v, enum column_type type) {
    enum jtype t = jv_type(v);
    switch (type) {
    case COL_TEXT:
        if (t == JT_ARR || t == JT_OBJ) return false;
        bind_text(l, i, v);
        return true;
    case COL_INTEGER:
    case COL_REAL:
    case COL_NUMBER:
        return bind_number(l, i, v, type);
    case COL_BOOLEAN:
        if (t != JT_TRUE && t != JT_FALSE) return false;
        stmt_int(&l->insert, i, t == JT_TRUE);
        return true;
    case COL_DATE:
    case COL_TIMESTAMP:
        return bind_stamp(l, i, v, type);
    default:
        return bind_json(l, i, v);
    }
}

static const char *drop(struct loader *l, const char *why) {
    l->st.dropped++;
    sqlite3_clear_bindings(l->insert.h);
    return why;
}

static int loader_add(struct loader *l, struct jval rec, const char **why, struct err *e) {
    *why = NULL;
    l->st.rows_in++;
    arena_reset(&l->a);
    if (jv_type(rec) != JT_OBJ) {
        *why = drop(l, "the record is not an object");
        return ERR_OK;
    }
    find_fields(l, rec);
    for (size_t i = 0; i < l->t->ncols; i++) {
        const struct column *c = &l->t->cols[i];
        struct jval v = l->vals[i];
        bool null = !v.t || jv_type(v) == JT_NULL;
        if (null && c->not_null) {
            *why = drop(l, arena_fmt(&l->a, "column %s must not be null", c->name));
            return ERR_OK;
        }
        if (null) {
            stmt_text(&l->insert, (int)i + 1, NULL);
        } else if (!bind_value(l, (int)i + 1, v, c->type)) {
            struct sv raw = jv_raw(v);
            *why = drop(l, arena_fmt(&l->a, "column %s: expected %s, found %.*s", c->name, column_type_names[c->type],
                                     (int)(raw.n > 60 ? 60 : raw.n), raw.p));
            return ERR_OK;
        }
    }
    stmt_text(&l->insert, (int)l->t->ncols + 1, l->day);
    bool row;
    int rc = stmt_step(&l->insert, &row, e);
    if (rc) return rc;
    sqlite3_reset(l->insert.h);
    if (sqlite3_changes(l->db->h) == 0)
        *why = drop(l, "its key is in the table already");
    else
        l->st.written++;
    return ERR_OK;
}

struct load_ctx {
    struct loader *l;
    struct reader *r;
    size_t told;
    bool last_bad; /* the record seen last is no JSON */
};

static void only_scan(void *ctx, struct batch *b, void *out) {
    (void)ctx;
    (void)b;
    (void)out;
}

static int add_batch(void *ctx, struct batch *b, void *out, struct err *e) {
    struct load_ctx *c = ctx;
    (void)out;
    int begun = begin(c->l, e);
    if (begun) return begun;
    for (size_t i = 0; i < b->n; i++) {
        const struct rec *r = &b->r[i];
        const char *why = NULL;
        int rc = ERR_OK;
        c->last_bad = r->bad != NULL;
        if (c->l->digesting) {
            sha256_add(&c->l->sha, r->text, r->len);
            sha256_add(&c->l->sha, "\n", 1);
        }
        if (r->bad) {
            c->l->st.rows_in++;
            why = drop(c->l, rec_problem(r, &c->l->a));
        } else {
            rc = loader_add(c->l, r->v, &why, e);
        }
        if (rc) return err_in(e, "%s:%llu", reader_name(c->r, r->file), (unsigned long long)r->line);
        if (why && c->told++ < 10)
            log_warn("%s:%llu: dropped: %s", reader_name(c->r, r->file), (unsigned long long)r->line, why);
    }
    return ERR_OK;
}

int load_records(struct loader *l, struct reader *r, int threads, struct err *e) {
    struct load_ctx c = {l, r, 0, false};
    struct crew crew = {.threads = threads, .out_size = 1, .ctx = &c, .work = only_scan, .take = add_batch};
    int rc = crew_run(&crew, r, e);
    if (rc == ERR_OK && c.told > 10) log_warn("%zu more records dropped", c.told - 10);
    if (rc == ERR_OK && c.last_bad && reader_torn(r))
        rc = err_set(e, ERR_INCOMPLETE, "the input ends in the middle of a record: nothing is loaded");
    return rc;
}

void loader_digest_start(struct loader *l) {
    sha256_start(&l->sha);
    l->digesting = true;
}

void loader_digest(struct loader *l, char out[65]) {
    sha256_hex(&l->sha, out);
    l->digesting = false;
}

uint64_t loader_rows_in(const struct loader *l) {
    return l->st.rows_in;
}

int loader_commit(struct loader *l, const struct warehouse_mark *mark, struct loader_stats *st, struct err *e) {
    int rc = begin(l, e);
    stmt_close(&l->insert);
    uint64_t excused = l->t->mode == LOAD_IGNORE ? l->st.dropped : 0;
    if (rc == ERR_OK && l->st.rows_in &&
        (double)(l->st.dropped - excused) * 100 > l->t->max_dropped * (double)l->st.rows_in)
        rc = err_set(e, ERR_DATA, "table %s: %llu of %llu records do not fit (more than %g %%); nothing is loaded",
                     l->t->table, (unsigned long long)l->st.dropped, (unsigned long long)l->st.rows_in,
                     l->t->max_dropped);
    if (rc == ERR_OK && l->t->mode == LOAD_UPSERT)
        l->st.updated = l->st.written - (uint64_t)(count_rows(l) - l->rows_before);
    if (rc == ERR_OK && mark) rc = warehouse_note(l->db, mark, e);
    if (rc == ERR_OK) rc = db_exec(l->db, e, "COMMIT");
    if (st) *st = l->st;
    loader_abort(l);
    return rc;
}

void loader_abort(struct loader *l) {
    char unused[65];
    if (!l) return;
    if (l->digesting) loader_digest(l, unused);
    stmt_close(&l->insert);
    if (!sqlite3_get_autocommit(l->db->h)) sqlite3_exec(l->db->h, "ROLLBACK", NULL, NULL, NULL);
    free(l->vals);
    free(l->slots);
    arena_free(&l->a);
    free(l);
}
