/*
 * Rows on their way to a zscore; see tab.h. One pass in: rows go to an unlinked file as they come, their groups'
 * moments gather in a table. One pass out: rows come back in the same order with the number of their group, whose mean
 * and deviation give the z.
 *
 * Where the table outgrows its memory (a million trips of a reading each, say), a sorter takes over: rows so far are
 * read back, and every row is sorted as
 *
 *     hash of the group 16 | row number 8, big-endian | values 8 each
 *
 * read twice (moments of each group, then z of each row), and the z sorted back by row number, to be read beside the
 * rows. Moments are gathered in the order of the input both ways, so the same bits come out.
 */
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "base/stop.h"
#include "io/file.h"
#include "io/sorter.h"
#include "transform/tab.h"

#define NONE UINT32_MAX

struct piece { /* of the file: what one batch wrote */
    uint64_t at;
    uint32_t bytes, rows;
};
struct tab_spill {
    const struct tab_op *end;
    size_t nz, memory;
    const char *tmpdir;
    int fd;
    uint64_t size, rows;
    struct piece *pieces;
    size_t npieces, cap, next;
    /* the table: groups by number, numbers by hash */
    struct tab_key *hash;
    uint64_t *n;
    struct moments *m; /* nz a group */
    struct spread *spread;
    size_t ngroups, room;
    uint32_t *slots;
    size_t nslots;
    struct tab_key last;
    uint32_t last_group;
    /* instead of the table */
    struct sorter *by_group, *by_row;
    char *rec;
};

static void forget_table(struct tab_spill *s) {
    free(s->hash);
    free(s->n);
    free(s->m);
    free(s->slots);
    s->hash = NULL, s->n = NULL, s->m = NULL, s->slots = NULL;
    s->nslots = s->room = 0;
}

static void more_slots(struct tab_spill *s) {
    size_t n = s->nslots ? s->nslots * 2 : 1024;
    free(s->slots);
    s->slots = mem_grow(NULL, n * sizeof *s->slots);
    memset(s->slots, 0xff, n * sizeof *s->slots);
    s->nslots = n;
    for (uint32_t g = 0; g < s->ngroups; g++) {
        size_t i = s->hash[g].h[0] & (n - 1);
        while (s->slots[i] != NONE) i = (i + 1) & (n - 1);
        s->slots[i] = g;
    }
}

static size_t group_bytes(const struct tab_spill *s) {
    return sizeof(struct tab_key) + sizeof(uint64_t) + s->nz * sizeof(struct moments) + 4 * sizeof(uint32_t);
}

struct tab_spill *tab_spill_new(const struct tab_op *end, size_t memory, const char *tmpdir) {
    struct tab_spill *s = mem_alloc(sizeof *s);
    s->end = end;
    s->nz = end->a->inner.keys.n;
    s->memory = memory;
    s->tmpdir = tmpdir;
    s->fd = -1;
    s->last_group = NONE;
    return s;
}

static uint32_t new_group(struct tab_spill *s, struct tab_key k) {
    if (s->ngroups == s->room) {
        s->room = s->room ? s->room * 2 : 512;
        s->hash = mem_grow(s->hash, s->room * sizeof *s->hash);
        s->n = mem_grow(s->n, s->room * sizeof *s->n);
        s->m = mem_grow(s->m, s->room * (s->nz + 1) * sizeof *s->m);
    }
    if ((s->ngroups + 1) * 2 > s->nslots) more_slots(s);
    uint32_t g = (uint32_t)s->ngroups++;
    s->hash[g] = k;
    s->n[g] = 0;
    size_t i = k.h[0] & (s->nslots - 1);
    while (s->slots[i] != NONE) i = (i + 1) & (s->nslots - 1);
    s->slots[i] = g;
    return g;
}

/* NONE: it is new, and there is no memory for more. */
static uint32_t group_of(struct tab_spill *s, struct tab_key k) {
    if (s->last_group != NONE && s->last.h[0] == k.h[0] && s->last.h[1] == k.h[1]) return s->last_group;
    uint32_t g = NONE;
    for (size_t i = k.h[0] & (s->nslots - 1); s->nslots && (g = s->slots[i]) != NONE; i = (i + 1) & (s->nslots - 1))
        if (s->hash[g].h[0] == k.h[0] && s->hash[g].h[1] == k.h[1]) break;
    if (g == NONE && s->ngroups == s->room && s->room * 2 * group_bytes(s) > s->memory && s->room) return NONE;
    if (g == NONE) g = new_group(s, k);
    s->last = k;
    s->last_group = g;
    return g;
}

/* ---- the sorter's way ---- */

static void put_number(char *to, uint64_t x) {
    for (int i = 7; i >= 0; i--, x >>= 8) to[i] = (char)x;
}

static int sort_row(struct tab_spill *s, struct tab_key k, uint64_t row, const double *vals, struct err *e) {
    memcpy(s->rec, k.h, 16);
    put_number(s->rec + 16, row);
    if (s->nz) memcpy(s->rec + 24, vals, 8 * s->nz);
    return sorter_add(s->by_group, s->rec, e);
}

static int read_piece(struct tab_spill *s, const struct piece *p, struct buf *b, struct err *e) {
    b->n = 0;
    char *to = buf_room(b, p->bytes);
    for (size_t n = 0; n < p->bytes;) {
        ssize_t got = pread(s->fd, to + n, p->bytes - n, (off_t)(p->at + n));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return err_sys(e, ERR_IO, "cannot reread a temporary file");
        n += (size_t)got;
    }
    b->n = p->bytes;
    return ERR_OK;
}

/* The rows that are in the file already: the cells that the operation looks at are live, so they are there. */
static int sort_so_far(struct tab_spill *s, const struct tab_phase *from, struct err *e) {
    struct buf b = {0};
    uint64_t row = 0;
    double *vals = mem_alloc((s->nz + 1) * sizeof *vals);
    int rc = ERR_OK;
    for (size_t i = 0; i < s->npieces && rc == ERR_OK; i++) {
        rc = read_piece(s, &s->pieces[i], &b, e);
        const char *p = b.p;
        for (uint32_t k = 0; k < s->pieces[i].rows && rc == ERR_OK; k++, row++) {
            struct tab_head h;
            struct tcell c;
            memcpy(&h, p, sizeof h);
            const char *q = p + sizeof h;
            for (size_t l = 0; l < from->nlive; l++) {
                q = tcell_unpack(&c, q);
                for (size_t z = 0; z < s->nz; z++)
                    if (s->end->names[z] == from->live[l]) vals[z] = c.num;
            }
            rc = sort_row(s, s->hash[h.group], row, vals, e);
            p += h.len;
        }
    }
    free(vals);
    buf_free(&b);
    return rc;
}

static int leave_table(struct tab_spill *s, const struct tab_phase *from, struct err *e) {
    size_t rec = 24 + 8 * s->nz;
    s->rec = mem_alloc(rec);
    s->by_group = sorter_new(rec, 24, s->memory / 2, s->tmpdir);
    int rc = sort_so_far(s, from, e);
    forget_table(s);
    return rc;
}

int tab_spill_take(struct tab_spill *s, const struct tab_phase *from, struct tab_worker *w, struct err *e) {
    int rc = ERR_OK;
    char *p = w->text.p;
    if (!w->n) return ERR_OK;
    if (s->fd < 0 && (s->fd = file_temp(s->tmpdir, e)) < 0) return e->code;
    if (s->npieces == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 256;
        s->pieces = mem_grow(s->pieces, s->cap * sizeof *s->pieces);
    }
    for (size_t i = 0; i < w->n && rc == ERR_OK; i++, s->rows++) {
        const double *v = w->vals + i * s->nz;
        uint32_t g = s->by_group ? NONE : group_of(s, w->keys[i]);
        if (g == NONE && !s->by_group) { /* this batch's rows before it are not in the file yet */
            rc = leave_table(s, from, e);
            for (size_t k = 0; k < i && rc == ERR_OK; k++)
                rc = sort_row(s, w->keys[k], s->rows - i + k, w->vals + k * s->nz, e);
        }
        if (rc == ERR_OK && g == NONE) rc = sort_row(s, w->keys[i], s->rows, v, e);
        if (g == NONE) continue;
        uint32_t len;
        memcpy(&len, p, sizeof len);
        memcpy(p + offsetof(struct tab_head, group), &g, sizeof g);
        p += len;
        for (size_t z = 0; z < s->nz; z++) moments_add(&s->m[g * s->nz + z], s->n[g], v[z]);
        s->n[g]++;
    }
    s->pieces[s->npieces++] = (struct piece){s->size, (uint32_t)w->text.n, (uint32_t)w->n};
    s->size += w->text.n;
    return rc ? rc : fd_write(s->fd, w->text.p, w->text.n, "a temporary file", e);
}

/* ---- all came ---- */

/* Group by group: moments into a file of spreads, in the order of the hashes. */
static int spreads_of(struct tab_spill *s, int fd, struct err *e) {
    struct moments *m = mem_alloc((s->nz + 1) * sizeof *m);
    struct spread *sp = mem_alloc((s->nz + 1) * sizeof *sp);
    struct buf out = {0};
    struct tab_key k = {0};
    uint64_t n = 0;
    int rc = ERR_OK;
    for (const char *r; rc == ERR_OK;) {
        r = sorter_next(s->by_group, &rc, e);
        if (n && (!r || memcmp(r, k.h, 16) != 0)) {
            for (size_t z = 0; z < s->nz; z++) sp[z] = moments_spread(&m[z], n);
            buf_add(&out, sp, s->nz * sizeof *sp);
            n = 0;
        }
        if (out.n && (!r || out.n > 1 << 18)) {
            if (rc == ERR_OK) rc = fd_write(fd, out.p, out.n, "a temporary file", e);
            if (rc == ERR_OK) rc = stop_check(e);
            out.n = 0;
        }
        if (!r) break;
        memcpy(k.h, r, 16);
        for (size_t z = 0; z < s->nz; z++) {
            double v;
            memcpy(&v, r + 24 + 8 * z, 8);
            moments_add(&m[z], n, v);
        }
        n++;
    }
    buf_free(&out);
    free(m);
    free(sp);
    return rc;
}

static int read_spread(FILE *f, struct spread *sp, size_t n, struct err *e) {
    return !n || fread(sp, sizeof *sp, n, f) == n ? ERR_OK : err_sys(e, ERR_IO, "cannot reread a temporary file");
}

static int sort_back(struct tab_spill *s, FILE *f, struct err *e) {
    size_t rec = 8 + 8 * s->nz;
    struct spread *sp = mem_alloc((s->nz + 1) * sizeof *sp);
    char *to = mem_alloc(rec), first[16];
    bool any = false;
    int rc = ERR_OK;
    sorter_rewind(s->by_group);
    for (const char *r; rc == ERR_OK && (r = sorter_next(s->by_group, &rc, e));) {
        if (!any || memcmp(first, r, 16) != 0) rc = read_spread(f, sp, s->nz, e);
        any = true;
        memcpy(first, r, 16);
        memcpy(to, r + 16, 8);
        for (size_t z = 0; z < s->nz; z++) {
            double v;
            memcpy(&v, r + 24 + 8 * z, 8);
            v = spread_z(&sp[z], v);
            memcpy(to + 8 + 8 * z, &v, 8);
        }
        if (rc == ERR_OK) rc = sorter_add(s->by_row, to, e);
    }
    free(to);
    free(sp);
    return rc;
}

static int finish_sorted(struct tab_spill *s, struct err *e) {
    int fd = file_temp(s->tmpdir, e), rc = fd < 0 ? e->code : sorter_finish(s->by_group, e);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
    if (rc == ERR_OK) rc = spreads_of(s, fd, e);
    s->by_row = sorter_new(8 + 8 * s->nz, 8, s->memory / 2, s->tmpdir);
    if (rc == ERR_OK && (!f || fseek(f, 0, SEEK_SET))) rc = err_sys(e, ERR_IO, "cannot reread a temporary file");
    if (rc == ERR_OK) rc = sort_back(s, f, e);
    sorter_free(s->by_group);
    s->by_group = NULL;
    if (rc == ERR_OK) rc = sorter_finish(s->by_row, e);
    if (f) fclose(f);
    return rc;
}

int tab_spill_finish(struct tab_spill *s, struct err *e) {
    if (s->by_group) return finish_sorted(s, e);
    s->spread = mem_alloc((s->ngroups * s->nz + 1) * sizeof *s->spread);
    for (size_t g = 0; g < s->ngroups; g++)
        for (size_t z = 0; z < s->nz; z++) s->spread[g * s->nz + z] = moments_spread(&s->m[g * s->nz + z], s->n[g]);
    forget_table(s);
    return ERR_OK;
}

/* ---- out again ---- */

int tab_spill_next(struct tab_spill *s, struct batch *b, bool *more, struct err *e) {
    *more = s->next < s->npieces;
    b->n = b->blk.n = 0;
    if (!*more) return ERR_OK;
    const struct piece *p = &s->pieces[s->next++];
    struct buf *d = &b->blk.data;
    int rc = read_piece(s, p, d, e);
    b->n = p->rows;
    while (s->by_row && d->n % 8) buf_chr(d, 0);
    for (uint32_t i = 0; s->by_row && i < p->rows && rc == ERR_OK; i++) {
        const char *r = sorter_next(s->by_row, &rc, e);
        if (r)
            buf_add(d, r + 8, 8 * s->nz);
        else if (rc == ERR_OK)
            rc = err_set(e, ERR_INTERNAL, "rows are missing after sorting");
    }
    return rc;
}

const double *tab_spill_sorted(const struct tab_spill *s, const struct batch *b) {
    return s->by_row ? (const double *)(const void *)(b->blk.data.p + b->blk.data.n - 8 * s->nz * b->n) : NULL;
}

const char *tab_spill_row(const struct tab_spill *s, struct tab_worker *w, const struct tab_phase *from, const char *p,
                          const double *z) {
    struct tab_head h;
    memcpy(&h, p, sizeof h);
    const char *q = p + sizeof h;
    for (size_t i = 0; i < from->nlive; i++) q = tcell_unpack(&w->row[from->live[i]], q);
    double x[TAB_SLOTS]; /* a z may take the name of another one's field */
    for (size_t k = 0; k < s->nz; k++)
        x[k] = z ? z[k] : spread_z(&s->spread[h.group * s->nz + k], w->row[s->end->names[k]].num);
    for (size_t k = 0; k < s->nz; k++) w->row[s->end->outs[k]] = tcell_real(x[k]);
    return p + h.len;
}

void tab_spill_free(struct tab_spill *s) {
    if (!s) return;
    forget_table(s);
    free(s->spread);
    free(s->pieces);
    free(s->rec);
    sorter_free(s->by_group);
    sorter_free(s->by_row);
    if (s->fd >= 0) close(s->fd);
    free(s);
}
