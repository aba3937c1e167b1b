/* Shared by scan.c, scan_tables.c and scan_block.c only. */
#ifndef ETL_MART_SCAN_IMPL_H
#define ETL_MART_SCAN_IMPL_H

#include "mart/eval.h"
#include "mart/scan.h"
#include "mart/scan_vtab.h"

struct seen_pred { /* a condition that was worked out for all values before */
    struct seen_pred *next;
    const char *text;
    struct group_pred pred;
};

struct loaded { /* a loaded table's day */
    const char *name;
    bool fits;
    struct day_table t;
    struct names names;
    bool *want; /* by column: what all models ask */
    struct seen_pred *seen;
};

struct node { /* a SELECT of the SQL under way */
    struct node *next;
    uint32_t at;
    struct block b;
    struct loaded *table; /* its source, where that is one */
    struct relation rel;  /* BLOCK_WHOLE: keys, aggregates, then what was worked out of them */
    int *item_col;        /* by item: its column in rel, -1: item_sql */
    char **item_sql;
    struct names names; /* of its items */
    bool pure;          /* all items are columns, so a SELECT around it can be a block too */
    uint32_t *rows;     /* BLOCK_FILTERED */
    size_t nrows;
};

struct mart_scan {
    const struct pipeline *p;
    struct strs only;
    int threads;
    size_t memory;
    bool off;
    /* the columns, and what they are columns of */
    struct arena a;
    struct keep kept;
    struct loaded *tables;
    size_t ntables;
    sqlite3 *h;
    int64_t version;
    char day[16];
    /* the SQL under way */
    struct arena sql;
    struct tokens toks;
    struct node *nodes;
    struct eval ev;
    struct keep keep;
    struct scan_view **views;
    size_t nviews;
    int replaced, depth;
    bool locked;
    int rc;
    struct err *e;
};

/* ---- scan_tables.c: loaded tables, and what all models ask of them ---- */

/* See that what was read still holds, else forget it and look at the tables anew. */
int scan_refresh(struct mart_scan *s, struct db *wh, const char *ds, struct err *e);
void scan_forget(struct mart_scan *s);
/* The table of that name, if it is one of ours and no CTE is called so. */
struct loaded *scan_table(struct mart_scan *s, const struct tokens *t, struct sv name);
bool scan_has_word(const struct tokens *t, const char *word);
int scan_day_column(const struct loaded *l);
/* The SELECT in the CTE of that name, if the statement's own WITH defines it, once and before token `at`. 0: none. */
uint32_t scan_cte(const struct tokens *t, struct sv name, uint32_t at);
/* Note what the SELECT at token `at` asks of a table. */
void scan_want(struct mart_scan *s, const struct tokens *t, uint32_t at);

/* ---- scan_block.c: one block over a relation ---- */

/* Conditions of n over `in`, all but `but`, into the SQL's arena. false: not all can be worked out. */
bool scan_preds(struct mart_scan *s, const struct node *n, const struct relation *in, const struct expr *x, size_t nx,
                const struct expr *but, struct group_pred **out, size_t *nout);
/* n->rel: keys and aggregates. *fits false: SQLite's business. */
int scan_group(struct mart_scan *s, struct node *n, const struct relation *in, const struct expr *day, bool *fits,
               struct err *e);
/* n's items out of n->rel. */
void scan_items(struct mart_scan *s, struct node *n);
/* Append a column's name as an operand; inside: for eval, which sees to the missing affinity itself. */
void scan_put_column(const struct node *n, int col, bool inside, struct buf *out);

#endif
