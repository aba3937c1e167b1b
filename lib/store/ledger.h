/*
 * The ledger: which step of which day stands where. See sql/ledger.sql for its tables.
 *
 * A step is one stage of one dataset (or model) of one day. Before it works it has a row in state running; after, the
 * row is done, failed, gate_failed, stopped or empty. The latest row of mode `run` decides whether a step must be done
 * again; loads and marts by hand count as well, because they change the same warehouse.
 */
#ifndef ETL_STORE_LEDGER_H
#define ETL_STORE_LEDGER_H

#include "store/db.h"

#define LEDGER_VERSION 2 /* 2: alert_states, alerts, pipelines; requests.run_id, .expires_at */

struct ledger {
    struct db db;
    char *home;
    struct stmt last; /* ledger_task_last's: asked for every step of a plan */
};

/* ERR_VERSION when a newer etl wrote it; ERR_CORRUPT; both leave it alone. */
int ledger_open(struct ledger *l, const char *home, struct err *e);
int ledger_open_read(struct ledger *l, const char *home, struct err *e); /* absent: ERR_NOINPUT */
void ledger_close(struct ledger *l);

struct run_row {
    char run_id[96];
    const char *pipeline, *day, *command;
    int attempt;
};
int ledger_run_start(struct ledger *l, struct run_row *r, struct err *e); /* fills run_id and attempt */
int ledger_run_end(struct ledger *l, const struct run_row *r, const char *state, const char *error, struct err *e);

/* State of the day's last run; "" when there was none. */
int ledger_run_last(struct ledger *l, const char *pipeline, const char *day, char state[16], struct err *e);

struct task_row {
    int64_t id;
    const char *run_id, *pipeline, *day, *stage, *dataset, *mode;
    int attempt;
    int64_t rows_in, rows_out, rows_rejected, bytes; /* -1 unknown */
    double seconds;
    const char *input_digest, *definition_digest, *output_digest;
    int64_t out_pipe, bytes_out; /* 0 none; -1 unknown */
};
int ledger_task_start(struct ledger *l, struct task_row *t, struct err *e);
int ledger_task_end(struct ledger *l, const struct task_row *t, const char *state, const char *error, struct err *e);

/* The latest row of a step that counts. Strings in the arena; found false when there is none. */
struct task_seen {
    bool found;
    int64_t id;
    const char *state, *input_digest, *definition_digest, *output_digest, *version, *finished_at, *run_id;
    int64_t rows_in, rows_out, rows_rejected;
    double seconds;
};
int ledger_task_last(struct ledger *l, struct arena *a, const char *pipeline, const char *day, const char *stage,
                     const char *dataset, struct task_seen *out, struct err *e);

/* Append to events. detail may be NULL. */
int ledger_event(struct ledger *l, const char *pipeline, const char *day, const char *run_id, const char *what,
                 const char *detail, struct err *e);

/* Rows of runs left in state running by processes that are gone become failed ("killed"). Call under the pipeline's
 * lock. */
int ledger_sweep(struct ledger *l, const char *pipeline, struct err *e);
/* Only those of stages by hand, which hold no lock: by their pid, its start and the boot. */
int ledger_sweep_filters(struct ledger *l, const char *pipeline, struct err *e);

int64_t pid_start_ticks(int pid); /* 0 when there is no such process */
bool pid_alive(int pid, int64_t start_ticks);
const char *boot_id(void); /* of the running kernel */

#endif
