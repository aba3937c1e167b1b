/*
 * Steps on columns of numbers: the second way through this room, for the operations whose records come by the ten
 * million (readings of sensors, prices by the second).
 *
 * The general way (op.h) keeps a record as a list of JSON members from operation to operation. Here only the fields
 * that the step names are read, once, from the scanner's tokens into cells; operations work on the cells; JSON is
 * written once, at the end of the step. A number that nothing changes is written as it came (its digits are kept, not
 * its value alone); a computed one with 15 significant digits.
 *
 *   row   : unnest, default, within, score, near, nearest, day     a row at a time, on the crew's threads
 *   stream: zscore, aggregate                                      need all rows of a group before they can answer
 *
 * The operations between two stream operations are a phase. Before a zscore the rows go, packed (about 60 bytes for a
 * reading), to an unlinked temporary file in the order of the input, while the calling thread gathers each group's
 * moments in that order; then they come back, again on all threads. Where the groups do not fit in the memory, rows are
 * sorted by group on disk instead, and their z sorted back: the same numbers come out. So the result depends neither on
 * threads nor memory, and groups may be scattered over the input in any way.
 *
 * A step that names one of these operations may hold only these and, at its end, select. Private to the room.
 */
#ifndef ETL_TRANSFORM_TAB_H
#define ETL_TRANSFORM_TAB_H

#include "transform/geo.h"
#include "transform/moments.h"
#include "transform/op.h"
#include "json/alike.h"

/* ---- cells (tab_cell.c) ---- */

enum tcell_kind {
    TC_ABSENT,
    TC_NULL,
    TC_DECIMAL, /* number as it was written: mant / 10^scale; num its value */
    TC_REAL,    /* computed */
    TC_NUMBER,  /* a number in any other spelling: its text, and num */
    TC_TEXT     /* any other JSON value: its text, strings with their quotes */
};
struct tcell {
    double num;
    union {
        int64_t mant;
        const char *text;
    };
    uint32_t len;
    uint8_t kind, scale;
};
static inline bool tcell_is_number(const struct tcell *c) {
    return c->kind >= TC_DECIMAL && c->kind <= TC_NUMBER;
}
static inline struct tcell tcell_int(int64_t x) {
    return (struct tcell){.num = (double)x, .mant = x, .kind = TC_DECIMAL};
}
static inline struct tcell tcell_real(double x) {
    return (struct tcell){.num = x, .kind = TC_REAL};
}
#define TCELL_ROOM 32 /* bytes that a number of kind DECIMAL or REAL needs at most, and may overwrite */
struct tcell tcell_read(struct jval v);
struct tcell tcell_alike(const struct alike_value *v);
struct tcell tcell_json(const char *text, size_t n);  /* of one JSON value; text must outlive it */
size_t tcell_number(char *to, const struct tcell *c); /* DECIMAL, REAL: its text */
/* As JSON; absent as null. Both return what follows; first ask how much room they need, at most. */
size_t tcell_written(const struct tcell *c);
char *tcell_write(char *to, const struct tcell *c);
size_t tcell_packed(const struct tcell *c);
char *tcell_pack(char *to, const struct tcell *c);
const char *tcell_unpack(struct tcell *c, const char *p); /* returns what follows; text stays where it is */

/* ---- arguments (tab_parse.c) ---- */

enum tab_kind {
    TAB_UNNEST = 1,
    TAB_DEFAULT,
    TAB_WITHIN,
    TAB_SCORE,
    TAB_NEAR,
    TAB_NEAREST,
    TAB_DAY,
    TAB_ZSCORE,
    TAB_AGGREGATE
};
struct tab_range {
    struct sv name;
    double lo, hi; /* NAN none */
    bool lo_open, hi_open, whole;
};
enum tab_sum { TAB_COUNT, TAB_SUM, TAB_MEAN, TAB_MIN, TAB_MAX };
/* A table of points of the definition, as CSV. */
struct tab_points {
    const char *file;
    size_t n;
    double *lon, *lat, *radius;
    struct tcell *values; /* nearest: n rows of what "set" asks for */
    const char *left_out; /* "11 of 4000 rows of bumps.csv are left out: 9 length, 2 lat", or NULL */
};
struct tab_args {
    enum tab_kind kind;
    struct sv field, lon, lat, group, flag;
    struct sv_map inner,
        outer; /* unnest: names to paths; zscore: z to field; nearest, near: names to columns or JSON */
    struct tab_range *ranges;
    size_t nranges;
    bool warn, absolute;
    double *weights, above;
    double scale_lon, scale_lat; /* nearest */
    struct sv distance;
    struct svs names; /* score: its terms; aggregate: by */
    struct tab_sum_of {
        struct sv name, field;
        enum tab_sum how;
    } * sums;
    size_t nsums;
    struct tab_points points;
};
const void *parse_unnest(struct op_parse *c);
const void *parse_default(struct op_parse *c);
const void *parse_within(struct op_parse *c);
const void *parse_score(struct op_parse *c);
const void *parse_near(struct op_parse *c);
const void *parse_nearest(struct op_parse *c);
const void *parse_day(struct op_parse *c);
const void *parse_zscore(struct op_parse *c);
const void *parse_aggregate(struct op_parse *c);
/* {"lon": {"min": 124, "below": 132}, ...} under that key. */
void get_ranges(struct op_parse *c, struct tab_args *a, const char *key_of);
void parse_points(struct op_parse *c, struct tab_args *a, bool radii); /* tab_points.c */

/* ---- the plan of a step (tab_plan.c) ---- */

#define TAB_SLOTS 64
#define TAB_LIST (-3)

/* Where fields lie in a record: a tree by member name or array index. */
struct tab_node {
    struct sv key;
    uint32_t index; /* in an array; UINT32_MAX: not a number */
    int slot;       /* -1: look below; TAB_LIST: the list to unnest */
    struct tab_node *kids;
    size_t nkids;
    size_t id; /* for the worker's guesses */
};
struct tab_op {
    const struct tab_args *a;
    const struct pl_op *op;
    int field, lon, lat, group, flag, distance; /* slots; -1 none */
    int *names, *outs;                          /* terms, ranges, by, z fields; what they become */
    int *when;
    struct tcell *cells; /* default, near: values */
    struct geo_near *grid;
    double *x, *y; /* nearest: the points, scaled */
    struct geo_radii *radii;
    size_t reasons; /* its first counter */
};
struct tab_phase {
    size_t from, to;     /* operations */
    struct tab_op *ends; /* zscore or aggregate; NULL: the last phase, rows are written */
    int live[TAB_SLOTS]; /* slots that later phases read */
    size_t nlive;
};
struct tab_plan {
    struct arena a;
    const struct pl_step *step;
    struct sv names[TAB_SLOTS];
    struct buf keys[TAB_SLOTS]; /* ,"name": as it is written */
    size_t nslots;
    struct tab_op *ops;
    size_t nops;
    struct tab_phase phases[8];
    size_t nphases;
    struct tab_node flat, inner, outer; /* unnest: inner and outer; flat: records that are rows */
    struct sv unnest;                   /* n 0 none */
    size_t nnodes;
    int out[TAB_SLOTS];
    size_t nout;
    const char **reasons;
    bool *warns; /* counted, not dropped */
    size_t nreasons;
};
/* ERR_CONFIG: what such a step cannot hold. */
int tab_plan_make(struct tab_plan *p, const struct pl_step *step, struct err *e);
void tab_plan_free(struct tab_plan *p);
/* Has the step an operation on columns? */
bool tab_step(const struct pl_step *s);

/* ---- the run (tab_run.c, tab_ops.c, tab_spill.c, tab_group.c) ---- */

struct tab_key {
    uint64_t h[2];
};
struct tab_worker {
    const struct tab_plan *p;
    const char *day;
    struct tcell row[TAB_SLOTS];
    uint32_t guess[TAB_SLOTS * 4];
    struct buf text; /* rows written, or packed */
    uint32_t list;   /* token of the list to unnest; 0: there is none */
    uint64_t rows, in, made;
    uint64_t *reasons;
    /* for the operation that ends the phase, by row */
    struct tab_key *keys;
    double *vals;
    size_t n, cap;
    struct buf by;   /* aggregate: length (4 bytes) and packed cells of each row's key */
    struct buf last; /* the key hashed last */
    struct tab_key last_hash;
    struct rec bad; /* bad.line 0: none */
    struct alike like;
    int like_slots[ALIKE_MOST]; /* -1: nobody asks for that member */
};
/* The worker's row through the operations of a phase: false when it is dropped. */
bool tab_ops(struct tab_worker *w, const struct tab_phase *ph);
/* The row, to what the phase's end takes. */
void tab_put(struct tab_worker *w, const struct tab_phase *ph);
void tab_record(struct tab_worker *w, const struct tab_phase *ph, struct jval rec);
/* A record that looks like the one before, without tokens; false, and nothing was done, when it does not. */
bool tab_alike(struct tab_worker *w, const struct tab_phase *ph, const char *text, size_t n);
void tab_learn(struct tab_worker *w, struct jval rec);

struct tab_run {
    const struct transform_cfg *cfg;
    struct tab_plan plan;
    struct transform_stats *st;
    struct reader *reader;
    uint64_t *reasons;
    char day[16];
    size_t phase;
    struct tab_spill *spill, *source; /* being written; being read */
    struct tab_groups *groups;
};
int tab_run(const struct transform_cfg *cfg, const struct pl_step *step, struct reader *r, struct transform_stats *st,
            struct err *e);

/* Rows on their way to a zscore. */
struct tab_spill;
struct tab_spill *tab_spill_new(const struct tab_op *end, size_t memory, const char *tmpdir);
int tab_spill_take(struct tab_spill *s, const struct tab_phase *from, struct tab_worker *w, struct err *e);
int tab_spill_finish(struct tab_spill *s, struct err *e);
/* The next piece: packed rows, each with head.group, and, where z was sorted, z values after them. */
int tab_spill_next(struct tab_spill *s, struct batch *b, bool *more, struct err *e);
/* One row of a piece into the worker's cells, z included. */
const char *tab_spill_row(const struct tab_spill *s, struct tab_worker *w, const struct tab_phase *from, const char *p,
                          const double *z);
/* Where z was sorted: the values of the piece, row by row; else NULL. */
const double *tab_spill_sorted(const struct tab_spill *s, const struct batch *b);
void tab_spill_free(struct tab_spill *s);
struct tab_head { /* of a packed row */
    uint32_t len, group;
};

struct tab_groups;
struct tab_groups *tab_groups_new(const struct tab_op *end, size_t memory, const char *tmpdir);
int tab_groups_take(struct tab_groups *g, struct tab_worker *w, struct err *e);
int tab_groups_finish(struct tab_groups *g, struct err *e);
/* The next group into the worker's cells, in the order of its key; false at the end or on failure. */
bool tab_groups_next(struct tab_groups *g, struct tab_worker *w, uint64_t *rows, int *rc, struct err *e);
void tab_groups_free(struct tab_groups *g);

#endif
