/* Prometheus text exposition format 0.0.4; see alert.h. */
#include "base/day.h"
#include "io/file.h"
#include "report/alert.h"
#include "store/ledger.h"
#include "store/warehouse.h"

struct metric {
    const char *name, *type, *help, *sql; /* sql gives value, then label values in the order of labels */
    const char *labels[3];
};
static const struct metric metrics[] = {
    {"pipeline_records_processed_total",
     "counter",
     "Records that left a stage, over all runs",
     "SELECT SUM(rows_out), pipeline, stage, dataset FROM tasks WHERE state='done' AND mode='run' AND rows_out IS NOT "
     "NULL GROUP BY pipeline, stage, dataset ORDER BY 2,3,4",
     {"pipeline", "stage", "dataset"}},
    {"pipeline_records_rejected_total",
     "counter",
     "Records that a stage rejected or dropped, over all runs",
     "SELECT SUM(rows_rejected), pipeline, stage, dataset FROM tasks WHERE mode='run' AND rows_rejected IS NOT NULL "
     "GROUP BY pipeline, stage, dataset ORDER BY 2,3,4",
     {"pipeline", "stage", "dataset"}},
    {"pipeline_processing_duration_seconds",
     "gauge",
     "Seconds that a stage took when it was last done",
     "SELECT seconds, pipeline, stage, dataset FROM tasks AS t WHERE task_id=(SELECT MAX(task_id) FROM tasks WHERE "
     "pipeline=t.pipeline AND stage=t.stage"
     " AND dataset=t.dataset AND state='done' AND mode='run') ORDER BY 2,3,4",
     {"pipeline", "stage", "dataset"}},
    {"pipeline_health_status",
     "gauge",
     "1 when the last run ended well, else 0",
     "SELECT state='done', pipeline FROM runs AS r WHERE state<>'running' AND rowid=(SELECT MAX(rowid) FROM runs WHERE "
     "pipeline=r.pipeline AND state<>'running') ORDER BY 2",
     {"pipeline"}},
    {"pipeline_last_success_timestamp_seconds",
     "gauge",
     "When a run last ended well",
     "SELECT MAX(unixepoch(finished_at)), pipeline FROM runs WHERE state='done' GROUP BY pipeline ORDER BY 2",
     {"pipeline"}},
    {"pipeline_last_day_timestamp_seconds",
     "gauge",
     "The newest day that is done (freshness), as midnight UTC of its date",
     "SELECT MAX(unixepoch(day)), pipeline FROM runs WHERE state='done' GROUP BY pipeline ORDER BY 2",
     {"pipeline"}},
};
static const struct metric quality = {
    "pipeline_quality_pass_rate",
    "gauge",
    "Lowest pass rate of the checks of the newest day, percent",
    "SELECT MIN(pass_rate), pipeline, dataset FROM quality_check_log AS q WHERE check_date=(SELECT MAX(check_date) "
    "FROM quality_check_log WHERE pipeline=q.pipeline)"
    " GROUP BY pipeline, dataset ORDER BY 2,3",
    {"pipeline", "dataset"}};

static int write_metric(struct db *db, const struct metric *m, struct buf *b, struct err *e) {
    struct stmt s;
    bool row;
    int rc = stmt_prepare(&s, db, m->sql, "metrics", e);
    if (rc) return rc;
    buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
    while ((rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        buf_str(b, m->name);
        for (int i = 0; i < 3 && m->labels[i]; i++) {
            buf_fmt(b, "%c%s=", i ? ',' : '{', m->labels[i]);
            json_text_quote(b, stmt_col(&s, i + 1)); /* names hold nothing that the two quotings treat differently */
        }
        buf_fmt(b, "} %.15g\n", sqlite3_column_double(s.h, 0));
    }
    stmt_close(&s);
    return rc;
}

int metrics_write(struct ledger *l, const char *home, struct err *e) {
    struct arena a = {0};
    struct buf b = {0};
    struct db wh = {0};
    char *dir = arena_fmt(&a, "%s/metrics", home);
    int rc = dir_make(dir, e);
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics && rc == ERR_OK; i++)
        rc = write_metric(&l->db, &metrics[i], &b, e);
    if (rc == ERR_OK && warehouse_open_read(&wh, home, NULL) == ERR_OK) {
        rc = write_metric(&wh, &quality, &b, e);
        db_close(&wh);
    }
    if (rc == ERR_OK) rc = file_publish(arena_fmt(&a, "%s/etl.prom", dir), buf_text(&b), b.n, e);
    buf_free(&b);
    arena_free(&a);
    return rc;
}
