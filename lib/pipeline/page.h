/*
 * What the report definition says: the blocks of a pipeline's page, each fed by one SELECT, the tabs and choosers
 * around them, and the words. Read by define_report.c, shown by lib/report. Part of pipeline.h; everything hangs in the
 * pipeline's arena.
 */
#ifndef ETL_PIPELINE_PAGE_H
#define ETL_PIPELINE_PAGE_H

#include "base/mem.h"

enum value_format {
    FORMAT_TEXT,
    FORMAT_INTEGER,
    FORMAT_NUMBER,
    FORMAT_PERCENT,
    FORMAT_KRW,
    FORMAT_DATE,
    FORMAT_TIME,
    FORMAT_SECONDS,
    FORMAT_CHANGE, /* percent with sign and arrow */
    FORMAT_STATE,  /* done, failed, gate_failed, ...: a mark with a colour */
    FORMAT_BYTES,
    FORMATS
};

enum block_kind {
    BLOCK_CARDS,
    BLOCK_TABLE,
    BLOCK_LINE,
    BLOCK_BAR,
    BLOCK_STACKED,
    BLOCK_FUNNEL,
    BLOCK_HEAT,
    BLOCK_MAP,
    BLOCK_CHECKS,  /* the day's checks with samples */
    BLOCK_STAGES,  /* what the day's run did */
    BLOCK_LINEAGE, /* from source to report, drawn */
    BLOCK_TEXT,
    BLOCKS
};

/* What a column is for, besides being shown. */
enum block_role {
    ROLE_X,         /* charts: along the bottom; heat: across; funnel: its name */
    ROLE_Y,         /* heat: down */
    ROLE_BY,        /* charts: a line of its own for each value */
    ROLE_VALUE,     /* heat, map: what is coloured; cards: each row is a card; charts with by */
    ROLE_LABEL,     /* map, cards: what it is called */
    ROLE_NOTE,      /* cards: small print */
    ROLE_CHANGE,    /* cards: change in percent */
    ROLE_HIGHLIGHT, /* rows in which it is true stand out */
    ROLE_LON,
    ROLE_LAT,
    ROLE_LON2, /* map: the other end of a segment */
    ROLE_LAT2,
    ROLES
};

struct pl_shown {
    const char *name, *label, *unit; /* unit: behind the value, or NULL */
    const char *link;                /* column with where the value leads to, or NULL */
    enum value_format format;
    int decimals; /* -1: as the format has it */
    int good;     /* 1: more is better, -1: less is, 0: neither */
    bool bar;     /* drawn as a bar too */
    bool wrap;    /* a long text runs over several lines */
    bool hide;    /* there for choosers and roles, not shown */
};
struct pl_compare {
    int days;
    const char *label; /* NULL: told from days */
};
struct pl_query {
    enum block_kind kind;
    const char *name;         /* of its CSV; unique in the report */
    const char *title, *note; /* "" and NULL: none */
    const char *file, *sql;   /* NULL: of kinds that have no query */
    const char *text;         /* BLOCK_TEXT */
    struct pl_shown *cols;
    size_t ncols;
    int role[ROLES]; /* place of the column, -1 none */
    int *series;     /* columns that a chart or funnel draws */
    size_t nseries;
    struct pl_compare *compare; /* cards of one row: with earlier days */
    size_t ncompare;
    const char *outline; /* map: text of a GeoJSON or CSV file, or NULL */
    bool fit_data;       /* map: shows the data rather than the outline */
    bool fold;           /* closed until the reader opens it, and not there without rows */
    bool half;           /* beside the next one where there is room */
    int days;            /* :from is the first of so many days that end with :ds */
    size_t mail;         /* rows in the mail; 0: it is left out there */
    size_t rows;         /* a table's rows on the page; the rest is in its CSV */
};
#define MAIL_ROWS 100 /* of a table, unless the definition says */
struct pl_tab {
    const char *title;   /* "" where the page has no tabs */
    size_t first, count; /* of blocks */
};
struct pl_chooser {
    const char *column, *label, *start; /* start: what is chosen first, or NULL for all */
};
struct pl_report {
    const char *title, *file;
    struct strs keys, words; /* words.s[i] is what the page says for keys.s[i] */
    struct pl_query *blocks;
    size_t nblocks;
    struct pl_tab *tabs; /* at least one */
    size_t ntabs;
    struct pl_chooser *choosers;
    size_t nchoosers;
    char digest[65];
};
struct pipeline;
struct err;
/* Reads a report definition into p->report; p has an arena, a name and where its files lie. ERR_CONFIG: mistakes. */
int report_define(struct pipeline *p, const char *file, struct err *e);
/* The definition's word, or NULL where it has none of its own. */
const char *report_word(const struct pl_report *r, const char *key);
/* Place of a column, -1: the query has none of that name. */
int query_column(const struct pl_query *q, const char *name);
bool kind_has_query(enum block_kind k);
bool format_is_number(enum value_format f);

#endif
