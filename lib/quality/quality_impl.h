/* The compiled checks of a dataset and what the files of lib/quality share. Private to the room. */
#ifndef ETL_QUALITY_IMPL_H
#define ETL_QUALITY_IMPL_H

#include "io/sorter.h"
#include "quality/keytable.h"
#include "quality/quality.h"
#include "quality/word.h"

#define NO_SLOT UINT32_MAX

/* Fields that any check looks at get a slot; a record's values are found by one walk over its members. */
struct fields {
    struct word *name;
    uint32_t n, cap;
    uint16_t *table; /* slot + 1 by hash, 0 free */
    uint32_t mask;
};
/* What stood at a place of the record before, by place: records of one kind name their members in one order. */
#define GUESSES 64
struct guess {
    uint64_t a, b;
    uint32_t n, slot; /* length; NO_SLOT for a name that no check looks at */
};
uint32_t fields_slot(struct fields *f, const char *name); /* adds; NO_SLOT for NULL */
void fields_index(struct fields *f);
/* at[slot] is the value's token, 0 when absent. The last of repeated members counts, as in most readers. */
void fields_find(const struct fields *f, struct jval rec, uint32_t *at, struct guess guess[GUESSES], struct arena *a);

/* All words that rules compare a field with: which of them it holds is found once a record, as a bit. */
#define SET_WORDS 64
struct wordset {
    uint32_t slot;
    struct words words;
};
/* The value of a field is one of these; in: all of them, where the field's set has no room for more words. */
struct oneof {
    uint32_t slot, set; /* NO_SLOT: no set, compare with `in` */
    uint64_t mask;
    struct words in;
};
/* Nearly all conditions are about one field: that one lies flat, the others behind it. */
struct when {
    uint32_t set; /* of the first; where there is no condition, the set that is always full */
    uint64_t mask;
    struct oneof *c; /* all of them when the first alone does not decide, else none */
    size_t n;
};
struct rule {
    const struct pl_rule *src;
    struct when when;
    uint32_t slot, *slots;
    size_t nslots;
    struct oneof in;
    uint64_t has, first, others; /* sequence: bits of events */
    size_t block;                /* sequence: where in the check's part of a key's slot the rule keeps its minima */
    const char *expected;
};
struct check {
    const struct pl_check *src; /* NULL never */
    enum check_kind kind;
    bool per_row; /* its total is the number of records */
    struct rule *rules;
    size_t nrules;
    uint32_t slot, group, order, constant, total, document;
    struct when when;
    struct strs events;  /* sequence: names of bits */
    struct oneof *event; /* each of them */
    uint64_t ordered;    /* sequence: events whose order matters */
    size_t part;         /* where its part of a key's payload begins */
    struct words product, minus, plus;
    struct sorter *sorter; /* for the keys that the table has no room for; NULL without */
    const char *expected;
};

/*
 * A sequence check's part of a slot: flags, a mask of the events seen, and for each rule with `first` a block:
 *   late 1 byte (set when the two minima are equal and one of the others came first), minimum of the first-event
 *   12 bytes, minimum of the others 12 bytes; each there when the event was seen
 * A constant check's part: the key of the first value, as in the sorter.
 */
#define SEQ_SEEN 1
#define SEQ_BLOCK 25
#define SEQ_FORM 7    /* flags: form of the order texts; FORM_EMPTY until one came */
#define SEQ_EVICTED 8 /* the group has gone to the sorter */

/* All checks that look at records with the same value of one field share one table. */
struct grouping {
    uint32_t slot, *checks;
    size_t n, payload;
    struct keytable table;
    size_t cost; /* bytes a key */
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
/* An event; or what the table knew of a group that had to leave it, all of it older than any event. */
enum made { MADE_EVENT, MADE_SEEN, MADE_FIRST, MADE_OTHERS };
struct sequence_entry {
    uint8_t key[KEY_SIZE], order[ORDER_SIZE], seq[8];
    uint8_t made;
    uint16_t rule; /* MADE_FIRST, MADE_OTHERS */
    uint32_t file;
    uint64_t line, event; /* bit of its event, 0 for others; MADE_SEEN: all that were seen */
} __attribute__((packed));
struct constant_entry {
    uint8_t key[KEY_SIZE], seq[8], value[KEY_SIZE];
    uint32_t file;
    uint64_t line;
} __attribute__((packed));
struct drop_entry {
    uint8_t ordinal[8], check[4]; /* sorted by these */
    uint32_t file;
    uint64_t line, first;
} __attribute__((packed));
#define DROP_KEY 12

/*
 * The text that orders a group's events, packed so that numbers compare as the texts do, within one form:
 *   FORM_T, FORM_BLANK   2026-01-15T10:00:00.123456+09:00, with a T or a blank: 40 bits of fields, 14 nibbles
 *   FORM_WORD            up to 24 signs of "+-.0123456789:Z": numbers, dates
 *   FORM_EMPTY           absent or empty: before all others in any form
 *   FORM_ODD             anything else
 */
enum order_form { FORM_EMPTY, FORM_T, FORM_BLANK, FORM_WORD, FORM_ODD };
struct order {
    uint64_t hi;
    uint32_t lo;
    uint8_t form;
};
/* The digits of 2026-01-15T10:00:00, with a T or a blank, whatever follows; false for any other form. */
struct stamp_fields {
    unsigned year, month, day, hour, minute, second;
};
bool stamp_fields(const char *p, size_t n, struct stamp_fields *f);
struct order order_pack(const char *p, size_t n, const struct stamp_fields *f); /* f: NULL when it has none */
void order_text(struct order o, uint8_t text[ORDER_SIZE]);

void key_of(struct jval v, struct key *k);
void key_bytes(const struct key *k, uint8_t to[KEY_SIZE]);
const char *key_text(const struct key *k, struct buf *b); /* in b, which is emptied */
void put_be64(uint8_t to[8], uint64_t x);
uint64_t get_be64(const uint8_t from[8]);

/* One broken rule of one record. */
struct reason {
    uint32_t rec, check;
    const char *field, *expected, *found, *keyword, *pointer; /* the last two of schema faults only */
};
/* What group checks want to know of a record, made on the worker. */
struct hashed {
    struct key key;
    uint64_t hash;
};
struct event {
    uint64_t bit;
    struct order order;
    uint32_t n;
    const char *text; /* of the order; lives as long as the batch */
};
union item {
    struct event event;
    struct key value;
};
/* The timestamp of the record that was read last: several checks look at the same one. */
struct last_stamp {
    uint32_t token; /* 0 none */
    bool ok;
    struct stamp_fields f;
};
/* What a thread makes of a batch. */
struct qout {
    struct arena a;
    struct schema_run run;
    struct alike like; /* objects_only */
    struct jval rec;   /* the record at hand */
    uint32_t *at;      /* its values by slot */
    uint64_t *bits;    /* which words it holds, by set */
    struct guess guess[GUESSES];
    struct last_stamp stamp;
    struct jtoks toks; /* of a document inside a record */
    bool *bad;
    struct reason *reasons;
    size_t cap, nreasons, rcap;
    uint64_t *total, *failed;    /* per check */
    uint32_t *objects, nobjects; /* records that are objects */
    struct hashed **keys;        /* per grouping, per object */
    union item **items;          /* per sequence and constant check, per object */
    size_t nchecks, ngroupings;
};
static inline struct jval value_at(const struct qout *o, uint32_t slot) {
    uint32_t i = o->at[slot];
    return i ? (struct jval){o->rec.text, o->rec.t, i} : (struct jval){0};
}
static inline const struct jtok *token_at(const struct qout *o, uint32_t slot) {
    uint32_t i = o->at[slot];
    return i ? &o->rec.t[i] : NULL;
}
/* The value as text to compare with words: strings by what they mean, other scalars as written. */
struct word escaped_word(struct jval v, struct arena *a);
static inline struct word value_word(struct jval v, struct arena *a) {
    const struct jtok *t = jv_tok(v);
    if (t->type == JT_STR && t->flags & JF_ESC) return escaped_word(v, a);
    return word_of(v.text + t->off, t->len);
}
/* The fields of the text of this slot's value; NULL when it has another form. */
static inline const struct stamp_fields *stamp_of(struct qout *o, uint32_t slot, const struct word *text) {
    struct last_stamp *s = &o->stamp;
    if (s->token != o->at[slot]) {
        s->token = o->at[slot];
        s->ok = stamp_fields(text->p, text->n, &s->f);
    }
    return s->ok ? &s->f : NULL;
}
bool list_has(const struct oneof *x, const struct qout *o); /* where there is no set */
static inline bool is_one_of(const struct oneof *x, const struct qout *o) {
    return x->set == NO_SLOT ? list_has(x, o) : (o->bits[x->set] & x->mask) != 0;
}
static inline bool holds(const struct when *w, const struct qout *o) {
    if (!(o->bits[w->set] & w->mask)) return false;
    for (size_t i = 0; i < w->n; i++)
        if (!is_one_of(&w->c[i], o)) return false;
    return true;
}

/* A record whose key was already there (in the table: now; in the sorter: when all is read). */
struct dup {
    uint32_t rec, check;
    uint64_t first;
};
/* Where a sample stands among the others: by the record's place in the input. */
struct rank {
    uint64_t w[3];
};

struct quality {
    struct quality_cfg cfg;
    struct arena a;
    struct fields fields;
    struct check *checks;
    size_t nchecks;
    uint32_t *rowchecks; /* those that look at each record alone */
    size_t nrowchecks;
    struct wordset *sets;
    size_t nsets;
    struct grouping *groupings;
    size_t ngroupings;
    int64_t room; /* bytes that the tables may still take; below a key's cost they are frozen */
    struct quality_check *results;
    struct rank (*ranks)[QUALITY_SAMPLES]; /* of the results' samples */
    uint32_t parse_check;                  /* the check that malformed lines count in */
    bool objects_only;                     /* no rule but that a record is an object */
    const struct quality_out *out;
    struct reader *reader;
    struct buf line, shown[2];
    uint64_t rows_in, accepted, rejected, duplicates;
    bool last_bad;
    struct dup *dups, *late; /* of a batch: duplicates known now; unique keys that went to the sorter */
    size_t ndups, nlate, dcap, lcap;
    size_t nunique; /* unique checks */
    struct sorter *drops;
    const struct drop_entry *next_drop;
    struct reason *drop_reasons;
};

void plan_checks(struct quality *q);
/* Judge one record (an object): totals, failures and reasons into out. */
void row_check(const struct quality *q, struct jval rec, uint32_t index, struct qout *out);
void add_reason(struct qout *out, struct reason r);

/* Keys, events and values of one record into out. */
void group_collect(const struct quality *q, uint32_t index, struct qout *out);
/* A batch, on the calling thread in the order of the input: tables, or sorters; fills q->dups and q->late, by record.
 */
int group_take(struct quality *q, const struct batch *b, struct qout *o, struct err *e);
/* A unique key that went to the sorter, once it is known whether its record is accepted, and as which. */
int group_late(struct quality *q, const struct dup *late, const struct batch *b, const struct qout *o, uint64_t ordinal,
               struct err *e);
int group_drop(struct quality *q, uint32_t check, const struct rec *r, uint64_t first, uint64_t ordinal, struct err *e);
/* After all records: what the tables still hold, then what the sorted keys tell. */
int group_finish(struct quality *q, struct err *e);
int group_judge(struct quality *q, struct err *e);
void judge_session(struct quality *q, uint32_t check, uint64_t seen, uint64_t broken, const struct key *key,
                   uint64_t line, uint32_t file);

bool sample_wanted(const struct quality *q, uint32_t check, struct rank at);
void sample_add(struct quality *q, uint32_t check, struct rank at, struct quality_sample s); /* copies its texts */
void samples_free(struct quality *q);
const char *show(struct jval v, struct arena *a); /* value as written, cut; "absent" when v.t is NULL */

/* Lines for what is accepted and what is not. */
const char *input_name(const struct quality *q, uint32_t file);
int send_accepted(struct quality *q, const struct batch *b, size_t from, size_t to, struct err *e);
struct reason duplicate_of(const struct quality *q, uint32_t check, uint64_t first, uint32_t rec, struct arena *a);
int send_reject(struct quality *q, const struct rec *r, const struct reason *reasons, size_t n, struct err *e);

#endif
