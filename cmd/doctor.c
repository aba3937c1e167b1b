/* etl doctor: see commands.def. Each look prints a line; none stops the others. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/embed.h"
#include "base/log.h"
#include "cmd/cli.h"
#include "collect/collect.h"
#include "io/file.h"
#include "io/part.h"
#include "mart/mart.h"
#include "net/post.h"
#include "pipeline/http.h"
#include "report/alert.h"
#include "store/home.h"
#include "store/warehouse.h"

struct doctor {
    struct cli *c;
    size_t problems;
    bool named; /* the pipeline was asked for: that it cannot run here is a problem */
};

static void say(struct doctor *d, bool ok, const char *what, const char *detail) {
    struct buf b = {0};
    log_clean(&b, sv_of(detail));
    printf("%-6s %-12s %s\n", ok ? "ok" : "WRONG", what, buf_text(&b));
    buf_free(&b);
    d->problems += !ok;
}

static void look_at_home(struct doctor *d) {
    const char *home = d->c->env.home;
    struct err e = {0};
    struct statvfs fs;
    char text[300];
    if (!file_exists(home)) {
        say(d, true, "home", arena_fmt(&d->c->a, "%s does not exist yet; the first run makes it", home));
        home = path_dir(home, &d->c->a);
        if (access(home, W_OK) != 0)
            say(d, false, "home",
                arena_fmt(&d->c->a, "%s cannot be written (%s): choose another --home", home, strerror(errno)));
        return;
    }
    struct stat st;
    if (stat(home, &st) == 0 && !S_ISDIR(st.st_mode)) {
        say(d, false, "home", arena_fmt(&d->c->a, "%s is no directory: choose another --home", home));
        return;
    }
    if (access(home, W_OK) != 0) {
        say(d, false, "home",
            arena_fmt(&d->c->a, "%s cannot be written (%s): choose another --home or mend its rights", home,
                      strerror(errno)));
        return;
    }
    int fd = file_temp(home, &e);
    say(d, fd >= 0, "home", fd >= 0 ? arena_fmt(&d->c->a, "%s can be written", home) : e.msg);
    if (fd >= 0) close(fd);
    const char *net = home_network(home);
    int rc = home_check(home, false, &e);
    if (rc) say(d, false, "home", e.msg);
    if (net)
        say(d, true, "home",
            arena_fmt(&d->c->a, "lies on %s: it belongs to one host (locks/host), and a local disk is faster", net));
    if (statvfs(home, &fs) == 0) {
        double gb = (double)fs.f_bavail * (double)fs.f_frsize / 1e9;
        snprintf(text, sizeof text, "%.1f GB free%s", gb, gb < 1 ? ": make room, or move --home" : "");
        say(d, gb >= 1, "disk", text);
    }
}

#define WAY_OUT                                                                                                        \
    "Move it aside with its -wal and -shm: a new one is made, and `etl run --force` of the days fills it from the "    \
    "sources and the lake; or restore a copy"

/* Its tables and columns, against those that this etl makes: a changed name may still be good SQL. */
static int as_made(struct db *db, const char *sql_file, struct err *e) {
    struct db fresh = {0};
    struct stmt want, have;
    bool row = true;
    int rc = db_open(&fresh, ":memory:", 0, 0, e);
    if (rc == ERR_OK) rc = db_exec(&fresh, e, embed_find(sql_file)->text);
    if (rc == ERR_OK)
        rc =
            stmt_prepare(&want, &fresh,
                         "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c WHERE "
                         "t.type='table' UNION ALL SELECT tbl_name, name FROM sqlite_schema WHERE type='index' AND sql "
                         "IS NOT NULL",
                         "checking", e);
    while (rc == ERR_OK && (rc = stmt_step(&want, &row, e)) == ERR_OK && row) {
        bool found = false;
        rc = stmt_prepare(&have, db,
                          "SELECT 1 FROM pragma_table_xinfo(?1) WHERE name=?2 UNION ALL SELECT 1 FROM sqlite_schema "
                          "WHERE type='index' AND tbl_name=?1 AND name=?2",
                          "checking", e);
        if (rc) break;
        stmt_text(&have, 1, stmt_col(&want, 0));
        stmt_text(&have, 2, stmt_col(&want, 1));
        rc = stmt_step(&have, &found, e);
        stmt_close(&have);
        if (rc == ERR_OK && !found)
            rc = err_set(e, ERR_CORRUPT, "%s is damaged or was changed: its table %s has no %s. " WAY_OUT, db->path,
                         stmt_col(&want, 0), stmt_col(&want, 1));
    }
    if (fresh.h) {
        stmt_close(&want);
        db_close(&fresh);
    }
    return rc;
}

static int integrity(struct db *db, const char *sql_file, int version, struct err *e) {
    int64_t is = 0;
    struct stmt s;
    bool row;
    int rc = stmt_prepare(&s, db, "PRAGMA integrity_check(1)", "checking", e);
    if (rc == ERR_OK) rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK && strcmp(stmt_col(&s, 0), "ok") != 0)
        rc = err_set(e, ERR_CORRUPT, "%s is damaged (%s). " WAY_OUT, db->path, stmt_col(&s, 0));
    stmt_close(&s);
    if (rc == ERR_OK) rc = db_version(db, version, &is, e);
    return rc || is != version ? rc : as_made(db, sql_file, e); /* the next run makes an older one new */
}

static void look_at_databases(struct doctor *d) {
    struct ledger l;
    struct db wh;
    struct err e = {0};
    if (file_exists(arena_fmt(&d->c->a, "%s/ledger.db", d->c->env.home))) {
        int rc = ledger_open_read(&l, d->c->env.home, &e);
        if (rc == ERR_OK) rc = integrity(&l.db, "sql/ledger.sql", LEDGER_VERSION, &e);
        say(d, rc == ERR_OK, "ledger", rc ? e.msg : "whole");
        if (rc == ERR_OK || l.db.h) ledger_close(&l);
    }
    if (file_exists(arena_fmt(&d->c->a, "%s/warehouse.db", d->c->env.home))) {
        int rc = warehouse_open_read(&wh, d->c->env.home, &e);
        if (rc == ERR_OK) rc = integrity(&wh, "sql/warehouse.sql", WAREHOUSE_VERSION, &e);
        say(d, rc == ERR_OK, "warehouse", rc ? e.msg : "whole");
        if (wh.h) db_close(&wh);
    }
}

static void look_at_layer(struct doctor *d, const char *dir, size_t *seen, size_t *bad) {
    char **names;
    size_t n;
    struct err e = {0};
    if (dir_list(dir, &d->c->a, &names, &n, &e)) return;
    for (size_t j = 0; j < n; j++) {
        if (strncmp(names[j], "dt=", 3) != 0) continue;
        (*seen)++;
        if (part_verify(arena_fmt(&d->c->a, "%s/%s", dir, names[j]), true, &e) == ERR_OK) continue;
        (*bad)++;
        say(d, false, "lake", e.msg);
    }
}

static void look_at_lake(struct doctor *d, const struct pipeline *p) {
    static const char *const layers[] = {"raw", "valid", "rejected"};
    size_t seen = 0, bad = 0;
    for (size_t i = 0; i < p->ndatasets; i++) {
        const struct pl_dataset *ds = &p->datasets[i];
        const char *lake = arena_fmt(&d->c->a, "%s/lake/%s", d->c->env.home, p->name);
        for (int k = 0; k < 3; k++)
            look_at_layer(d, arena_fmt(&d->c->a, "%s/%s/%s", lake, layers[k], ds->name), &seen, &bad);
        for (size_t k = 0; k < ds->nsteps; k++)
            look_at_layer(d, arena_fmt(&d->c->a, "%s/silver/%s/%s", lake, ds->name, ds->steps[k].name), &seen, &bad);
    }
    if (seen && !bad) say(d, true, "lake", arena_fmt(&d->c->a, "%zu partitions, every digest right", seen));
}

static void look_at_channels(struct doctor *d, const struct pipeline *p) {
    bool any = false;
    for (int c = 0; c < CHANNEL_COUNT; c++) {
        if (!p->alerts.url[c]) continue;
        bool set = alert_channel_ready(p, (enum channel)c, false);
        say(d, true, channel_names[c],
            set ? "what it needs is set" : "a variable it names is not set: no alerts will be sent (-v says which)");
        any = any || set;
    }
    if (any && !net_ca_bundle())
        say(d, false, "tls", "no bundle of CA certificates found: install ca-certificates, or set SSL_CERT_FILE");
}

/* ${NAME} in a text: what is not set is a problem of its own. */
static void look_at_names(struct doctor *d, const struct pl_dataset *ds, const char *text, size_t *bad) {
    char *unused;
    struct err e = {0};
    if (!text || secret_expand(text, &d->c->a, &unused, &e) == ERR_OK) return;
    say(d, !d->named, "source", arena_fmt(&d->c->a, "%s: %s", ds->name, e.msg));
    ++*bad;
}

/* Settings and secrets of a web source; nothing is asked. */
static void look_at_web(struct doctor *d, const struct pl_dataset *ds) {
    const struct pl_http *h = ds->source.http;
    const char *lacks = collect_lacks(ds, &d->c->env.collect);
    const struct pl_pairs *pairs[] = {&h->headers, &h->auth_query, &h->auth_header};
    const char *words[] = {h->user, h->password, h->bearer};
    size_t bad = 0;
    if (lacks) {
        say(d, true, "source", arena_fmt(&d->c->a, "%s: left out, for %s is not set", ds->name, lacks));
        return;
    }
    for (size_t i = 0; i < h->nsettings; i++) {
        const struct pl_setting *s = &h->settings[i];
        const char *v = s->env ? getenv(s->env) : s->value;
        if ((v && *v) || s->value) continue;
        say(d, !d->named, "source",
            arena_fmt(&d->c->a, "%s: environment variable %s is not set (setting '%s' has no default)", ds->name,
                      s->env, s->name));
        bad++;
    }
    for (int i = 0; i < 3; i++) {
        look_at_names(d, ds, words[i], &bad);
        for (size_t k = 0; k < pairs[i]->values.n; k++) look_at_names(d, ds, pairs[i]->values.s[k], &bad);
    }
    for (size_t r = 0; r < h->nrequests; r++)
        for (size_t k = 0; k < h->requests[r].headers.values.n + h->requests[r].params.values.n; k++)
            look_at_names(d, ds,
                          k < h->requests[r].headers.values.n
                              ? h->requests[r].headers.values.s[k]
                              : h->requests[r].params.values.s[k - h->requests[r].headers.values.n],
                          &bad);
    if (!bad) say(d, true, "source", arena_fmt(&d->c->a, "%s: what it needs is set", ds->name));
}

/* What may be meant so, and mostly is not. */
static void say_doubt(void *ctx, const char *words) {
    struct buf b = {0};
    (void)ctx;
    log_clean(&b, sv_of(words));
    printf("%-6s %-12s %s\n", "DOUBT", "check", buf_text(&b));
    buf_free(&b);
}

static void look_at_pipeline(struct doctor *d, const char *name) {
    struct pipeline *p = NULL;
    struct err e = {0};
    struct db wh = {0};
    if (cli_pipeline(d->c, name, &p, &e)) {
        say(d, false, name ? name : "pipeline", e.msg);
        return;
    }
    say(d, true, p->name,
        arena_fmt(&d->c->a, "%s: %zu dataset%s, %zu model%s", p->file, p->ndatasets, &"s"[p->ndatasets == 1],
                  p -> nmodels, &"s"[p->nmodels == 1]));
    pipeline_doubts(p, &d->c->a, say_doubt, NULL);
    for (size_t i = 0; i < p->ndatasets; i++) {
        if (p->datasets[i].source.kind == SOURCE_HTTP) look_at_web(d, &p->datasets[i]);
        if (p->datasets[i].source.kind != SOURCE_FILES) continue;
        char **paths,
            *pattern = collect_path(p, p->datasets[i].source.path, zone_day(&p->zone, now_utc()) - 1, &d->c->a);
        size_t n;
        int rc = path_glob(pattern, &d->c->a, &paths, &n, &e);
        if (rc)
            say(d, false, "source", e.msg);
        else
            say(d, true, "source",
                n ? arena_fmt(&d->c->a, "%s: %zu files for yesterday", pattern, n)
                  : arena_fmt(&d->c->a, "%s: no file for yesterday (yet)", pattern));
    }
    look_at_channels(d, p);
    if (file_exists(arena_fmt(&d->c->a, "%s/warehouse.db", d->c->env.home)) &&
        warehouse_open_read(&wh, d->c->env.home, &e) == ERR_OK) {
        size_t bad = 0;
        for (size_t i = 0; i < p->nmodels; i++) {
            int rc = mart_check(&wh, p, &p->models[i], &e);
            if (rc && !strstr(e.msg, "no such table"))
                say(d, false, "model", e.msg), bad++; /* tables come with the first load */
        }
        if (p->nmodels && !bad) say(d, true, "models", "compile");
        db_close(&wh);
    }
    look_at_lake(d, p);
    pipeline_free(p);
}

int cmd_DOCTOR(struct cli *c, struct err *e) {
    struct doctor d = {.c = c, .named = cli_has(c, "pipeline") || getenv("ETL_PIPELINE")};
    char **names;
    size_t n;
    say(&d, true, "etl", ETL_VERSION);
    look_at_home(&d);
    look_at_databases(&d);
    int rc = cli_pipelines(c, &names, &n, e);
    if (rc) return rc;
    for (size_t i = 0; i < n; i++) look_at_pipeline(&d, names[i]);
    if (!d.problems) return ERR_OK;
    return err_set(e, ERR_DATA, d.problems == 1 ? "%zu thing is wrong" : "%zu things are wrong", d.problems);
}
