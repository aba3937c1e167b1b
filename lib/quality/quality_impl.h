/* The compiled checks of a dataset and what the files of lib/quality share. Private to the room. */
#ifndef ETL_QUALITY_IMPL_H
#define ETL_QUALITY_IMPL_H

#include "io/sorter.h"
#include "quality/quality.h"

#define NO_SLOT UINT32_MAX

/* Fields that any check looks at get a slot; a record's values are found by one walk over its members. */
struct fields {
    const char **name;
    uint32_t n, cap;
    uint16_t *table; /* slot + 1 by hash, 0 free */
    uint32_t mask;
};
uint32_t fields_slot(struct fields *f, const char *name); /* adds; NO_SLOT for NULL */
void fields_index(struct fields *f);
/* vals[slot].t NULL when absent. The last of repeated members counts, as in most readers. */
void fields_find(const struct fields *f, struct jval rec, struct jval *vals, struct arena *a);

struct when {
    struct {
        uint32_t slot;
        struct strs in;
    } * c;
    size_t n;
};
struct rule {
    const struct pl_rule *src;
    struct when when;
    uint32_t slot, *slots;
    uint64_t has, first, others; /* sequence: bits of events */
    const char *expected;
};
struct check {
    const struct pl_check *src; /* NULL never */
    struct rule *rules;
    size_t nrules;
    uint32_t slot, group, order, event, constant, total, document;
    struct when when;
    struct strs events; /* sequence: names of bits */
    struct sorter *sorter;
    size_t entry; /* size of its sorter's records, 0 without */
    const char *expected;
};

/*
 * Sorter entries. A key is 16 bytes of value and one of kind, so that equal values have equal keys and the value can be
 * shown again where it is a UUID or short.
 */
#define KEY_SIZE 17
#define ORDER_SIZE 48 /* bytes of the text that decide; a timestamp with nanoseconds and zone has 35 */
struct unique_entry {
    uint8_t key[KEY_SIZE], seq[8]; /* sorted by these */
    uint8_t good;
    uint32_t file;
    uint64_t line, ordinal; /* ordinal among the accepted when good */
} __attribute__((packed));
struct sequence_entry {
    uint8_t key[KEY_SIZE], order[ORDER_SIZE], seq[8];
    uint32_t file;
    uint64_t line, event; /* bit of its event, 0 for others */
} __attribute__((packed));
struct constant_entry {
    uint8_t key[KEY_SIZE], seq[8], value[KEY_SIZE];
    uint32_t file;
    uint64_t line;
} __attribute__((packed));
struct drop_entry {
    uint8_t ordinal[8];
    uint32_t file, check;
    uint64_t line, first;
} __attribute__((packed));

void key_of(struct jval v, uint8_t key[KEY_SIZE]);
const char *key_text(const uint8_t key[KEY_SIZE], struct arena *a);
void order_of(struct jval v, uint8_t order[ORDER_SIZE]);
void put_be64(uint8_t to[8], uint64_t x);
uint64_t get_be64(const uint8_t from[8]);

/* One broken rule of one record. */
struct reason {
    uint32_t rec, check;
    const char *field, *expected, *found, *keyword, *pointer; /* the last two of schema faults only */
};
/* What a thread makes of a batch. */
struct qout {
    struct arena a;
    struct schema_run run;
    struct jval *vals;
    bool *bad;
    size_t cap;
    struct reason *reasons;
    size_t nreasons, rcap;
    uint64_t *total, *failed; /* per check */
    uint8_t **entries;        /* per check: one sorter entry per record that is an object */
    size_t *ecap, *nentries, nchecks;
};

struct quality {
    struct quality_cfg cfg;
    struct arena a;
    struct fields fields;
    struct check *checks;
    size_t nchecks;
    struct quality_check *results;
    uint32_t parse_check; /* the check that malformed lines count in */
    const struct quality_out *out;
    struct reader *reader;
    struct buf line;
    uint64_t rows_in, accepted, rejected, duplicates;
    bool last_bad;
    struct sorter *drops;
    const struct drop_entry *next_drop;
};

void plan_checks(struct quality *q);
bool when_holds(const struct when *w, const struct jval *vals, struct arena *a);
/* Judge one record (an object): totals, failures and reasons into out. */
void row_check(const struct quality *q, struct jval rec, uint32_t index, struct qout *out);
void add_reason(struct qout *out, struct reason r);
/* Sorter entries of one record into out. */
void group_collect(const struct quality *q, const struct rec *r, uint64_t seq, struct qout *out);
/* After all records: count what the sorted keys tell. */
int group_judge(struct quality *q, struct err *e);
void add_sample(struct quality *q, uint32_t check, struct quality_sample s);
const char *show(struct jval v, struct arena *a); /* value as written, cut; "absent" when v.t is NULL */
void reject_line(struct buf *b, const char *file, uint64_t line, const struct quality *q, const struct reason *r,
                 size_t n, const char *text, size_t len, bool is_json);

#endif
