/*
 * What the operations of this room share: a record as a list of members, the thread that works on it, and the table
 * that names the operations. A family of operations is one file (op_*.c) and some lines in table.c.
 *
 * An operation comes in one of two forms.
 *   record   apply() sees one record at a time, on many threads: it changes it, drops it, or hands on several by
 * top_pass stream   needs all records before it can answer (groups, sorting): pack() makes of each record, on many
 * threads, a key and a load; io/runs.h sorts them by key within the memory given; unpack() reads them in order, on one
 *            thread, and emits the new records. Records with equal keys come in the order of the input.
 */
#ifndef ETL_TRANSFORM_OP_H
#define ETL_TRANSFORM_OP_H

#include "io/runs.h"
#include "pipeline/op.h"
#include "transform/transform.h"

struct tmember {
    struct sv key;   /* decoded */
    struct sv value; /* JSON text, strings with their quotes */
};
/* Views; everything lives in the worker's arena or in the input, until the record is done. */
struct trec {
    struct tmember *m;
    size_t n, cap;
    struct arena *a;
};

/* An operation in a run. */
struct top {
    const struct pl_op *op;
    const void *args; /* op->args */
    void *shared;     /* what kind->share made for this run */
    const char *step; /* the step's name */
    size_t at;        /* place among the operations of the run */
};

struct trun; /* transform.c */
/* One thread at a time. */
struct tworker {
    const struct trun *run;
    struct arena a; /* emptied after each record of the input */
    struct buf text, key;
    uint64_t rows, made; /* written; more than were read, from operations that hand on several */
    uint64_t passed;     /* by the operation under way */
    uint64_t *dropped;   /* by operation */
    size_t end;          /* the operation on the stream that takes what comes out, or the number of operations */
    struct jtoks toks;
    const struct rec *bad; /* first record that is no object, or that made the fault */
    char fault[300];
};

/* From inside apply: r goes on to the operations after o. Any number of times; then return OP_PASSED. */
void top_pass(struct tworker *w, const struct top *o, struct trec *r);
/* The stage fails at this record, with this message. */
void worker_fault(struct tworker *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const struct transform_cfg *worker_cfg(const struct tworker *w);

/* ---- operations on the stream ---- */
struct stream;
struct whole_kind {
    /* Append to key what the record is sorted by and to load what unpack needs of it. Records that must come together
     * have keys that begin with the same bytes; unpack finds where that ends. */
    void (*pack)(struct tworker *w, const void *args, struct trec *r, struct buf *key, struct buf *load);
    int (*unpack)(struct stream *s, const void *args, struct runs *in, struct err *e);
};
/* One record as JSON text. */
int stream_emit(struct stream *s, struct sv text, struct err *e);

/* ---- records (record.c) ---- */
void trec_read(struct trec *r, struct jval object);
void trec_write(const struct trec *r, struct buf *out);         /* without a line break */
struct tmember *trec_find(const struct trec *r, struct sv key); /* NULL when absent */
void trec_set(struct trec *r, struct sv key, struct sv value);  /* in its place, or at the end */
void trec_remove(struct trec *r, struct sv key);
struct trec trec_copy(const struct trec *r); /* may be changed without changing r */

bool value_is_text(struct sv value);
bool value_is_null(struct sv value);
/* What a string says, unescaped (in the arena where that takes a copy); other values as they are written. */
struct sv value_text(struct sv value, struct arena *a);
struct sv value_of_text(struct sv text, struct arena *a); /* quoted and escaped */
bool value_number(struct sv value, double *out);          /* a JSON number, or a string that is one */
struct sv value_of_double(double x, struct arena *a);     /* shortest that reads back the same; not finite: null */
/* Text of a field, "" when absent or null. */
struct sv trec_text(const struct trec *r, struct sv key);
/* Absent, null, or a string of nothing but blanks. */
bool trec_missing(const struct trec *r, struct sv key);

bool when_holds(const struct pl_when *w, const struct trec *r);

/* Append a value so that memcmp sorts: null and absent, then false, true, numbers by size, then strings by code point,
 * then arrays and objects by their text. Self-delimiting: values one after another never run into each other. */
void key_add(struct buf *key, struct sv value);

/* ---- arguments that many operations have ---- */
struct svs {
    struct sv *s;
    size_t n;
};
struct svs get_svs(struct op_parse *c, const char *key);
/* {"target": "source", ...} as two lists. */
struct sv_map {
    struct svs keys, values;
};
struct sv_map get_sv_map(struct op_parse *c, const char *key, bool json); /* json: values as JSON text */

/* ---- the families: what table.c names ---- */
#define OP_PARSE(name) const void *parse_##name(struct op_parse *c)
#define OP_APPLY(name) enum op_verdict apply_##name(struct tworker *w, const struct top *o, struct trec *r)
#define OP_STREAM(name)                                                                                                \
    void pack_##name(struct tworker *w, const void *args, struct trec *r, struct buf *key, struct buf *load);          \
    int unpack_##name(struct stream *s, const void *args, struct runs *in, struct err *e)
/* op_fields.c */
OP_PARSE(fields);
OP_PARSE(map);
OP_PARSE(set);
OP_APPLY(select);
OP_APPLY(remove);
OP_APPLY(rename);
OP_APPLY(set);
/* op_text.c */
OP_APPLY(trim);
OP_APPLY(number);
/* op_filter.c */
OP_PARSE(filter);
OP_APPLY(keep);
OP_APPLY(drop);
/* op_regex.c */
OP_PARSE(extract);
OP_PARSE(replace);
OP_APPLY(extract);
OP_APPLY(replace);
/* op_rows.c */
OP_PARSE(split);
OP_PARSE(explode);
OP_APPLY(split);
OP_APPLY(explode);
/* op_compute.c */
OP_PARSE(compute);
OP_APPLY(compute);
/* op_map.c */
OP_PARSE(vocabulary);
OP_APPLY(vocabulary);
/* op_lookup.c */
OP_PARSE(lookup);
OP_PARSE(recode);
OP_APPLY(lookup);
OP_APPLY(recode);
/* op_template.c */
OP_PARSE(template);
OP_PARSE(case);
OP_APPLY(template);
OP_APPLY(case);
/* op_clean.c, op_month_day.c */
OP_PARSE(clean);
OP_PARSE(month_day);
OP_APPLY(clean);
OP_APPLY(month_day);
/* op_date.c */
OP_PARSE(date);
OP_APPLY(date);
void *map_share(const void *args);
void map_unshare(void *shared);
/* op_group.c, op_order.c */
OP_PARSE(group);
OP_STREAM(group);
OP_PARSE(order);
OP_PARSE(sort);
OP_STREAM(sort);
OP_STREAM(dedupe);

#endif
