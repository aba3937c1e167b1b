/*
 * A source of kind http as its definition says it; see etl-pipeline(5), "Collecting from the web". Everything hangs in
 * the pipeline's arena. Templates are kept as written: secrets (${NAME}) are read from the environment by whoever asks.
 */
#ifndef ETL_PIPELINE_HTTP_H
#define ETL_PIPELINE_HTTP_H

#include "extract/def.h"

struct pl_pairs {
    struct strs names, values;
};

enum pl_bind_kind { BIND_LIST, BIND_RANGE, BIND_DAYS, BIND_CSV, BIND_FROM };
struct pl_bind {
    const char *name;
    enum pl_bind_kind kind;
    struct strs list;       /* JSON texts */
    int64_t from, to, step; /* range; days counted from the day */
    bool compact;           /* days as 20260115 */
    const char *csv;        /* file of the definition */
    size_t phase;           /* whose records these are */
    const char *split, *by; /* from: a field that holds a list, such as "04,05": a value for each; NULL none */
    const char *otherwise;  /* from: a CSV file to use where that phase gave no record; NULL none */
};

struct pl_verdict {
    enum { VERDICT_OK, VERDICT_EMPTY, VERDICT_FAILED, VERDICT_RETRY, VERDICT_FATAL } is;
    struct ex_test test;
    const char *say; /* NULL */
};

enum pl_pages_kind { PAGES_NONE, PAGES_COUNT, PAGES_CURSOR, PAGES_NEXT };
struct pl_pages {
    enum pl_pages_kind kind;
    const char *name; /* of the variable: the counter's, or "cursor" */
    int64_t first, step, max;
    struct ex_take find; /* cursor, next */
    struct ex_test *until;
    size_t nuntil;
    struct ex_take total; /* kind EX_NONE: not told */
};

struct pl_request {
    const char *name, *url, *body; /* body NULL: GET */
    struct pl_bind *binds;
    size_t nbinds;
    struct pl_pairs params, headers, echo;
    struct pl_pages pages;
    struct pl_verdict *verdicts;
    size_t nverdicts;
    struct ex_def extract;
    bool collect;
    const char *partition; /* template of a path below the day, where kept answers lie as well; NULL none */
};

struct pl_setting {
    const char *name, *env, *value; /* env NULL: only value; value NULL: the variable must be set */
};

struct pl_http {
    struct pl_setting *settings;
    size_t nsettings;
    struct pl_request *requests;
    size_t nrequests;
    int concurrency, per_host;
    double rate;                                 /* a second and host; 0 no limit */
    int64_t connect, first_byte, stalled, whole; /* seconds */
    size_t max_bytes;
    int max_redirects;
    bool other_hosts, private_addresses, robots, cookies;
    bool alone;             /* never side by side with other datasets: its limits are those of the service */
    const char *user_agent; /* NULL: our own */
    struct pl_pairs headers, auth_query, auth_header;
    const char *user, *password, *bearer; /* NULL: none */
    int attempts, rounds;
    int64_t backoff, backoff_max, pause;
    int breaker_failures, breaker_openings;
    int64_t breaker_pause;
    int64_t budget_requests, budget_bytes, budget_time; /* 0 none */
    double max_failed;                                  /* percent */
    int64_t keep;                                       /* seconds */
    bool keep_answers;
    char requests_digest[65]; /* of what decides which requests there are and what is taken out of answers */
};

#endif
