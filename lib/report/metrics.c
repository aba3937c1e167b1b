/*
 * Prometheus text exposition format 0.0.4; see alert.h. The names and labels are part of what users rely on (etl(1)):
 * more may come, none changes.
 */
#include "base/day.h"
#include "base/log.h"
#include "io/file.h"
#include "report/alert.h"
#include "report/sla.h"
#include "store/warehouse.h"

#define LABELS 4
struct metric {
    const char *name, *type, *help, *sql; /* sql gives value, then label values in the order of labels */
    const char *labels[LABELS];
};

/* Beside MAX() the other columns are those of its row (SQLite: "bare columns in an aggregate query"): one pass over the
 * table, however many years it holds. */
#define LAST_RUN ", MAX(rowid) FROM runs WHERE state<>'running' GROUP BY pipeline ORDER BY 2"

static const struct metric metrics[] = {
    {"etl_build_info", "gauge", "Version of etl that wrote this file", "SELECT 1, '" ETL_VERSION "'", {"version"}},
    {"pipeline_records_processed_total",
     "counter",
     "Records that a stage let through (ok), and those that it rejected or dropped, over all runs",
     "SELECT SUM(rows_out), pipeline, stage, 'ok' FROM tasks WHERE state='done' AND mode='run' AND rows_out IS NOT "
     "NULL "
     "GROUP BY pipeline, stage UNION ALL SELECT SUM(rows_rejected), pipeline, stage, 'rejected' FROM tasks WHERE "
     "mode='run' AND rows_rejected IS NOT NULL GROUP BY pipeline, stage ORDER BY 2,3,4",
     {"pipeline", "stage", "outcome"}},
    {"pipeline_dataset_records_total",
     "counter",
     "The same by dataset, step and model",
     "SELECT SUM(rows_out), pipeline, stage, dataset, 'ok' FROM tasks WHERE state='done' AND mode='run' AND rows_out "
     "IS "
     "NOT NULL GROUP BY pipeline, stage, dataset UNION ALL SELECT SUM(rows_rejected), pipeline, stage, dataset, "
     "'rejected' FROM tasks WHERE mode='run' AND rows_rejected IS NOT NULL GROUP BY pipeline, stage, dataset ORDER BY "
     "2,3,4,5",
     {"pipeline", "stage", "dataset", "outcome"}},
    {"pipeline_processing_duration_seconds",
     "gauge",
     "Seconds that a stage took when it was last done",
     "SELECT seconds, pipeline, stage, dataset, MAX(task_id) FROM tasks WHERE state='done' AND mode='run' GROUP BY "
     "pipeline, "
     "stage, dataset ORDER BY 2,3,4",
     {"pipeline", "stage", "dataset"}},
    {"pipeline_run_duration_seconds",
     "gauge",
     "Seconds of work of the last run that ended",
     "SELECT (SELECT TOTAL(seconds) FROM tasks WHERE run_id=r.id), pipeline FROM (SELECT run_id AS id, "
     "pipeline" LAST_RUN ") AS r",
     {"pipeline"}},
    {"pipeline_runs_total",
     "counter",
     "Runs that ended, by state",
     "SELECT COUNT(*), pipeline, state FROM runs WHERE state<>'running' GROUP BY pipeline, state ORDER BY 2,3",
     {"pipeline", "state"}},
    {"pipeline_retries_total",
     "counter",
     "Attempts of a stage after its first one within a run",
     "SELECT SUM(attempt>1), pipeline, stage FROM tasks WHERE mode='run' GROUP BY pipeline, stage ORDER BY 2,3",
     {"pipeline", "stage"}},
    {"pipeline_health_status",
     "gauge",
     "1 when the last run ended well, else 0",
     "SELECT state='done', pipeline" LAST_RUN,
     {"pipeline"}},
    {"pipeline_last_run_timestamp_seconds",
     "gauge",
     "When the last run ended",
     "SELECT unixepoch(finished_at), pipeline" LAST_RUN,
     {"pipeline"}},
    {"pipeline_last_success_timestamp_seconds",
     "gauge",
     "When a run last ended well",
     "SELECT MAX(unixepoch(finished_at)), pipeline FROM runs WHERE state='done' GROUP BY pipeline ORDER BY 2",
     {"pipeline"}},
    {"pipeline_last_day_timestamp_seconds",
     "gauge",
     "The newest day that is done, as midnight UTC of its date",
     "SELECT MAX(unixepoch(day)), pipeline FROM runs WHERE state='done' GROUP BY pipeline ORDER BY 2",
     {"pipeline"}},
    {"pipeline_freshness_limit_seconds",
     "gauge",
     "How old the newest data may be",
     "SELECT max_age, name FROM pipelines WHERE max_age IS NOT NULL ORDER BY 2",
     {"pipeline"}},
    {"pipeline_sla_missed",
     "gauge",
     "Days of the last seven that are late or had a slow stage, and whether the data is stale, as last noticed",
     "SELECT (SELECT COUNT(*) FROM alert_states WHERE pipeline=p.name AND state='missed' AND (subject=k.column1 OR "
     "subject GLOB k.column1||'.*') AND (subject='stale' OR unixepoch(since)>unixepoch(:now)-7*86400)), p.name, "
     "k.column1 "
     "FROM pipelines AS p, (VALUES ('late'), ('slow'), ('stale')) AS k ORDER BY 2,3",
     {"pipeline", "promise"}},
    {"pipeline_alerts_waiting",
     "gauge",
     "Messages that their channel has not taken yet",
     "SELECT (SELECT COUNT(*) FROM alerts WHERE pipeline=p.name AND state='waiting'), p.name FROM pipelines AS p ORDER "
     "BY "
     "2",
     {"pipeline"}},
};

#define NEWEST_CHECKS                                                                                                  \
    "FROM quality_check_log AS q WHERE check_date=(SELECT MAX(check_date) FROM quality_check_log WHERE "               \
    "pipeline=q.pipeline AND dataset=q.dataset) "

static const struct metric quality[] = {
    {"pipeline_quality_pass_rate",
     "gauge",
     "Lowest pass rate of the checks of the newest day, percent",
     "SELECT MIN(pass_rate), pipeline, dataset " NEWEST_CHECKS "GROUP BY pipeline, dataset ORDER BY 2,3",
     {"pipeline", "dataset"}},
    {"pipeline_quality_check_pass_rate",
     "gauge",
     "Pass rate of each check of the newest day, percent",
     "SELECT pass_rate, pipeline, dataset, check_name, check_no " NEWEST_CHECKS "ORDER BY 2,3,check_no",
     {"pipeline", "dataset", "check", "no"}},
    {"pipeline_quality_failed_records",
     "gauge",
     "Records of the newest day that broke a check",
     "SELECT failed_records, pipeline, dataset, check_name, check_no " NEWEST_CHECKS "ORDER BY 2,3,check_no",
     {"pipeline", "dataset", "check", "no"}},
    {"pipeline_quality_checks_failed",
     "gauge",
     "Checks of the newest day that failed",
     "SELECT SUM(status='FAIL'), pipeline, dataset " NEWEST_CHECKS "GROUP BY pipeline, dataset ORDER BY 2,3",
     {"pipeline", "dataset"}},
};

static void head(struct buf *b, const struct metric *m) {
    buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
}

/* Label values may hold anything but must escape three characters; control characters are made visible. */
static void label(struct buf *b, const char *name, const char *value, bool first) {
    struct buf clean = {0};
    if (value) log_clean(&clean, sv_of(value));
    buf_fmt(b, "%c%s=\"", first ? '{' : ',', name);
    for (size_t i = 0; i < clean.n; i++) {
        if (clean.p[i] == '\\' || clean.p[i] == '"') buf_chr(b, '\\');
        if (clean.p[i] == '\n')
            buf_str(b, "\\n");
        else
            buf_chr(b, clean.p[i]);
    }
    buf_chr(b, '"');
    buf_free(&clean);
}

static int write_metric(struct db *db, const struct metric *m, struct buf *b, struct err *e) {
    struct stmt s;
    bool row, any = false;
    struct stamp_text now = utc_text(now_utc());
    int rc = stmt_prepare(&s, db, m->sql, "metrics", e);
    if (rc) return rc;
    stmt_name(&s, ":now", now.s);
    while ((rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        if (sqlite3_column_type(s.h, 0) == SQLITE_NULL) continue;
        if (!any) head(b, m);
        any = true;
        buf_str(b, m->name);
        for (int i = 0; i < LABELS && m->labels[i]; i++) label(b, m->labels[i], stmt_col(&s, i + 1), i == 0);
        buf_fmt(b, "} %.15g\n", sqlite3_column_double(s.h, 0));
    }
    stmt_close(&s);
    return rc;
}

/* What the zone must be known for: when the newest data ends, and when the day after it is due. */
static const struct metric times[] = {
    {"pipeline_data_end_timestamp_seconds", "gauge", "End of the newest day that is done", NULL, {"pipeline"}},
    {"pipeline_due_timestamp_seconds",
     "gauge",
     "When the day after the newest that is done must be done",
     NULL,
     {"pipeline"}},
};

static int write_times(struct ledger *l, struct buf *b, struct err *e) {
    struct stmt s;
    bool row;
    struct buf out[2] = {{0}, {0}};
    int rc =
        stmt_prepare(&s, &l->db,
                     "SELECT name, zone, due, (SELECT MAX(day) FROM runs WHERE pipeline=name AND state='done') FROM "
                     "pipelines ORDER BY name",
                     "metrics", e);
    if (rc) return rc;
    while ((rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        struct zone z;
        day_t day;
        if (!stmt_col(&s, 3) || !day_parse(sv_of(stmt_col(&s, 3)), &day) || zone_find(stmt_col(&s, 1), &z, NULL))
            continue;
        int64_t at[2] = {zone_to_utc(&z, ((int64_t)day + 1) * 86400),
                         zone_to_utc(&z, ((int64_t)day + 2) * 86400 + stmt_col_int(&s, 2) * 60)};
        for (int k = 0; k < 2; k++) {
            if (k == 1 && sqlite3_column_type(s.h, 2) == SQLITE_NULL) continue;
            buf_str(&out[k], times[k].name);
            label(&out[k], "pipeline", stmt_col(&s, 0), true);
            buf_fmt(&out[k], "} %lld\n", (long long)at[k]);
        }
    }
    stmt_close(&s);
    for (int k = 0; k < 2; k++) {
        if (out[k].n) head(b, &times[k]);
        buf_add(b, buf_text(&out[k]), out[k].n);
        buf_free(&out[k]);
    }
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
    if (rc == ERR_OK) rc = write_times(l, &b, e);
    if (rc == ERR_OK && warehouse_open_read(&wh, home, NULL) == ERR_OK) {
        for (size_t i = 0; i < sizeof quality / sizeof *quality && rc == ERR_OK; i++)
            rc = write_metric(&wh, &quality[i], &b, e);
        db_close(&wh);
    }
    if (rc == ERR_OK) rc = file_publish(arena_fmt(&a, "%s/etl.prom", dir), buf_text(&b), b.n, e);
    buf_free(&b);
    arena_free(&a);
    return rc;
}

int sla_register(struct ledger *l, const struct pipeline *p, struct err *e) {
    struct stmt s;
    struct stamp_text now = utc_text(now_utc());
    int rc = stmt_prepare(
        &s, &l->db,
        "INSERT INTO pipelines (name, title, zone, due, max_age, updated_at) VALUES (?1,?2,?3,?4,?5,?6) ON "
        "CONFLICT DO UPDATE SET title=?2, zone=?3, due=?4, max_age=?5, updated_at=?6",
        "writing the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, p->name);
    stmt_text(&s, 2, p->title);
    stmt_text(&s, 3, p->zone_name);
    if (sla_due_minutes(p) >= 0) stmt_int(&s, 4, sla_due_minutes(p));
    if (p->watch.max_age) stmt_int(&s, 5, p->watch.max_age);
    stmt_text(&s, 6, now.s);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    return rc;
}
