/*
 * The outbox: alerts wait in the ledger until their channel has taken them. See alert.h and sql/ledger.sql.
 *
 * One process at a time sends a pipeline's messages: a lock of its own, since nobody who sends holds the run's (a slow
 * receiver keeps no run waiting). It ends with its holder, however that ends. Who finds it taken leaves its messages to
 * the holder, who looks once more when it has let go: a message put in the box meanwhile waits for nobody. Each is
 * tried as stages.alert says; the first that fails ends the round for its channel, so that a receiver that hangs costs
 * one time limit a run, not one a message. A channel gets at most per_hour messages an hour: the last of them sums up
 * everything else that waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stop.h"
#include "io/file.h"
#include "net/post.h"
#include "report/alert_impl.h"
#include "report/mailbody.h"

#define SECONDS_POST 20
#define SECONDS_MAIL 60
#define KEPT_DAYS 30 /* sent and given-up messages */
#define MORE_LINES 40

static const char *const shown_names[CHANNEL_COUNT] = {"Slack", "mail", "webhook"};

/* What the channel's variables come to. */
struct target {
    char *url, *from, *user, *password;
    struct strs to, headers;
};

/* "a@b, C <c@d>" in one variable is two. */
static void split_to(struct arena *a, struct strs *to, const char *text) {
    size_t most = to->n + 1;
    for (const char *s = text; *s; s++) most += *s == ',';
    const char **list = arena_alloc(a, most * sizeof *list);
    if (to->n) memcpy(list, to->s, to->n * sizeof *list);
    to->s = list;
    while (*text) {
        text += strspn(text, " \t\r\n,");
        size_t n = strcspn(text, ",");
        if (n) to->s[to->n++] = arena_strn(a, text, n);
        text += n;
    }
}

static int expand(const struct pl_alerts *al, enum channel c, struct target *t, struct arena *a, struct err *e) {
    *t = (struct target){0};
    char *text;
    int rc = secret_expand(al->url[c], a, &t->url, e);
    if (rc || c == CHANNEL_SLACK) return rc;
    if (c == CHANNEL_WEBHOOK) {
        t->headers.s = arena_alloc(a, (al->header_names.n + 1) * sizeof(char *));
        for (size_t i = 0; i < al->header_names.n && rc == ERR_OK; i++) {
            rc = secret_expand(al->header_values.s[i], a, &text, e);
            t->headers.s[t->headers.n++] = arena_fmt(a, "%s: %s", al->header_names.s[i], rc ? "" : text);
        }
        return rc;
    }
    const struct {
        const char *from;
        char **to;
    } parts[] = {{al->from, &t->from}, {al->user, &t->user}, {al->password, &t->password}};
    for (int i = 0; i < 3 && rc == ERR_OK; i++)
        if (parts[i].from) rc = secret_expand(parts[i].from, a, parts[i].to, e);
    for (size_t i = 0; i < al->to.n && rc == ERR_OK; i++) {
        rc = secret_expand(al->to.s[i], a, &text, e);
        if (rc == ERR_OK) split_to(a, &t->to, text);
    }
    return rc;
}

bool alert_channel_ready(const struct pipeline *p, enum channel c, bool loud) {
    static bool told[CHANNEL_COUNT];
    struct arena a = {0};
    struct target t;
    struct err e;
    bool ready = expand(&p->alerts, c, &t, &a, &e) == ERR_OK;
    if (!ready && loud)
        log_warn("no %s: %s", shown_names[c], e.msg);
    else if (!ready && !told[c]) /* not set is a choice; a file that cannot be read is not */
        log_line(e.code == ERR_CONFIG ? LOG_DEBUG : LOG_WARN, "no %s: %s", shown_names[c], e.msg);
    if (!ready) told[c] = true;
    arena_free(&a);
    return ready;
}

static int insert(struct ledger *l, const struct pipeline *p, const cJSON *doc, enum channel c, const char *kind,
                  const char *html, struct err *e) {
    struct stmt s;
    struct stamp_text now = utc_text(now_utc());
    struct buf body = {0};
    int rc =
        stmt_prepare(&s, &l->db,
                     "INSERT OR IGNORE INTO alerts (id, channel, pipeline, day, kind, body, html, state, created_at, "
                     "updated_at) VALUES (?1,?2,?3,?4,?5,?6,?7,'waiting',?8,?8)",
                     "writing the ledger", e);
    if (rc) return rc;
    char *text = cJSON_PrintUnformatted(doc);
    buf_str(&body, text);
    secret_hide(&body, 0);
    stmt_text(&s, 1, doc_str(doc, "id"));
    stmt_text(&s, 2, channel_names[c]);
    stmt_text(&s, 3, p->name);
    stmt_text(&s, 4, doc_str(doc, "day") ? doc_str(doc, "day") : "");
    stmt_text(&s, 5, kind);
    stmt_text(&s, 6, buf_text(&body));
    stmt_text(&s, 7, html);
    stmt_text(&s, 8, now.s);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    buf_free(&body);
    free(text);
    return rc;
}

int outbox_put(struct ledger *l, const struct pipeline *p, cJSON *doc, const struct alert_kinds *kinds, const char *was,
               const char *html, struct err *e) {
    int rc = ERR_OK;
    for (int c = 0; c < CHANNEL_COUNT && rc == ERR_OK; c++) {
        if (!p->alerts.url[c] || !alert_channel_ready(p, (enum channel)c, false)) continue;
        size_t k = 0;
        while (k < kinds->n && !p->alerts.on[c][kinds->k[k]]) k++;
        if (k == kinds->n) continue;
        doc_finish(doc, kinds->k[k], was);
        bool with = c == CHANNEL_EMAIL && (p->alerts.report || kinds->k[k] == ALERT_REPORT);
        rc = insert(l, p, doc, (enum channel)c, alert_kind_names[kinds->k[k]], with ? html : NULL, e);
    }
    return rc;
}

struct waiting {
    int64_t row;
    const char *id, *body, *html, *created_at, *kind;
};

/* One message through its channel, once. */
static int send_once(enum channel c, const struct target *t, const struct waiting *w, const cJSON *doc, bool *again,
                     int64_t *wait, struct err *e) {
    struct buf body = {0}, html = {0};
    struct arena a = {0};
    int rc;
    *wait = 0;
    if (c == CHANNEL_EMAIL) {
        struct mail_result res;
        if (w->html) mail_text(w->html, &body);
        if (w->html) buf_chr(&body, '\n');
        face_text(doc, &body);
        if (!w->html) face_html(doc, &html);
        struct mail m = {.url = t->url,
                         .user = t->user,
                         .password = t->password,
                         .from = t->from,
                         .to = t->to,
                         .subject = doc_str(doc, "headline") ? doc_str(doc, "headline") : "etl",
                         .text = buf_text(&body),
                         .html = w->html ? w->html : buf_text(&html),
                         .id = w->id};
        rc = net_send_mail(&m, SECONDS_MAIL, &res, e);
        *again = res.retry;
    } else {
        struct post_result res;
        if (c == CHANNEL_SLACK)
            face_slack(doc, &body);
        else
            buf_str(&body, w->body);
        secret_hide(&body, 0);
        struct strs headers = {arena_alloc(&a, (t->headers.n + 1) * sizeof(char *)), t->headers.n};
        if (headers.n) memcpy(headers.s, t->headers.s, headers.n * sizeof *headers.s);
        if (c == CHANNEL_WEBHOOK) headers.s[headers.n++] = arena_fmt(&a, "Idempotency-Key: %s", w->id);
        struct post post = {t->url, buf_text(&body), headers, SECONDS_POST};
        rc = net_post(&post, &res, e);
        *again = res.retry;
        *wait = res.retry_after;
    }
    arena_free(&a);
    buf_free(&body);
    buf_free(&html);
    return rc;
}

static void pause_for(int64_t seconds) {
    for (double until = now_mono() + (double)seconds; now_mono() < until && !stop_signal();) usleep(50000);
}

/* As often as stages.alert says, with growing pauses; a receiver that wants a longer pause than backoff_max waits for
 * the next run. */
static int send_again(const struct pipeline *p, enum channel c, const struct target *t, const struct waiting *w,
                      struct err *e) {
    const struct pl_stage *st = &p->alert_stage;
    int64_t pause = st->backoff, asked;
    bool again;
    cJSON *doc = cJSON_Parse(w->body);
    if (!doc) return err_set(e, ERR_CORRUPT, "the message %s in the ledger is no JSON", w->id);
    int rc = send_once(c, t, w, doc, &again, &asked, e);
    for (int k = 0; rc && again && k < st->retries && !stop_signal(); k++) {
        if (st->backoff_max && asked > st->backoff_max) break;
        if (st->backoff_max && pause > st->backoff_max) pause = st->backoff_max;
        log_debug("%s: %s; trying again in %lld s", shown_names[c], e->msg, (long long)(asked > pause ? asked : pause));
        pause_for(asked > pause ? asked : pause);
        if (stop_signal()) break;
        rc = send_once(c, t, w, doc, &again, &asked, e);
        pause *= 2;
    }
    cJSON_Delete(doc);
    return rc;
}

static int mark(struct ledger *l, int64_t row, const char *state, const char *error, struct err *e) {
    struct stmt s;
    struct buf clean = {0};
    struct stamp_text now = utc_text(now_utc());
    int rc = stmt_prepare(&s, &l->db,
                          "UPDATE alerts SET state=?2, attempts=attempts+1, updated_at=?3, error=?4, html=CASE ?2 WHEN "
                          "'waiting' THEN html END WHERE alert_id=?1",
                          "writing the ledger", e);
    if (rc) return rc;
    if (error) log_clean(&clean, sv_of(error));
    stmt_int(&s, 1, row);
    stmt_text(&s, 2, state);
    stmt_text(&s, 3, now.s);
    stmt_text(&s, 4, error ? buf_text(&clean) : NULL);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    buf_free(&clean);
    return rc;
}

static int64_t count(struct ledger *l, const struct pipeline *p, enum channel c, const char *sql, int64_t since,
                     struct err *e) {
    struct stmt s;
    bool row;
    int64_t n = -1;
    struct stamp_text t = utc_text(since);
    if (stmt_prepare(&s, &l->db, sql, "reading the ledger", e)) return -1;
    stmt_text(&s, 1, p->name);
    stmt_text(&s, 2, channel_names[c]);
    stmt_text(&s, 3, t.s);
    if (stmt_step(&s, &row, e) == ERR_OK && row) n = stmt_col_int(&s, 0);
    stmt_close(&s);
    return n;
}

static int oldest(struct ledger *l, const struct pipeline *p, enum channel c, struct arena *a, struct waiting *w,
                  bool *any, struct err *e) {
    struct stmt s;
    int rc =
        stmt_prepare(&s, &l->db,
                     "SELECT alert_id, id, body, html, created_at, kind FROM alerts WHERE pipeline=?1 AND channel=?2 "
                     "AND state='waiting' ORDER BY alert_id LIMIT 1",
                     "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, p->name);
    stmt_text(&s, 2, channel_names[c]);
    rc = stmt_step(&s, any, e);
    if (rc == ERR_OK && *any) {
        w->row = stmt_col_int(&s, 0);
        const char **to[] = {&w->id, &w->body, &w->html, &w->created_at, &w->kind};
        for (int i = 0; i < 5; i++) *to[i] = arena_str(a, stmt_col(&s, i + 1));
    }
    stmt_close(&s);
    return rc;
}

/* The last message that the hour allows tells of all that wait behind it, and they count as sent with it. */
static int add_more(struct ledger *l, const struct pipeline *p, enum channel c, struct waiting *w, int64_t *last,
                    struct arena *a, struct err *e) {
    struct stmt s;
    bool row;
    int64_t n = 0;
    int rc = stmt_prepare(&s, &l->db,
                          "SELECT alert_id, body FROM alerts WHERE pipeline=?1 AND channel=?2 AND state='waiting' AND "
                          "alert_id>?3 ORDER BY alert_id",
                          "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, p->name);
    stmt_text(&s, 2, channel_names[c]);
    stmt_int(&s, 3, w->row);
    cJSON *doc = cJSON_Parse(w->body), *more = cJSON_CreateArray();
    while ((rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        *last = stmt_col_int(&s, 0);
        if (n++ >= MORE_LINES) continue;
        cJSON *other = cJSON_Parse(stmt_col(&s, 1));
        if (other && doc_str(other, "headline"))
            cJSON_AddItemToArray(more, cJSON_CreateString(doc_str(other, "headline")));
        cJSON_Delete(other);
    }
    stmt_close(&s);
    if (n > MORE_LINES)
        cJSON_AddItemToArray(more, cJSON_CreateString(arena_fmt(a, "and %lld more", (long long)(n - MORE_LINES))));
    if (n && doc) {
        cJSON_AddItemToObject(doc, "more", more);
        char *text = cJSON_PrintUnformatted(doc);
        w->body = arena_str(a, text);
        free(text);
    } else {
        cJSON_Delete(more);
    }
    cJSON_Delete(doc);
    return rc;
}

static int mark_more(struct ledger *l, const struct pipeline *p, enum channel c, const struct waiting *w, int64_t last,
                     struct err *e) {
    struct stmt s;
    struct stamp_text now = utc_text(now_utc());
    int rc =
        stmt_prepare(&s, &l->db,
                     "UPDATE alerts SET state='sent', updated_at=?5, html=NULL, error='summed up in another message' "
                     "WHERE pipeline=?1 AND channel=?2 AND state='waiting' AND alert_id>?3 AND alert_id<=?4",
                     "writing the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, p->name);
    stmt_text(&s, 2, channel_names[c]);
    stmt_int(&s, 3, w->row);
    stmt_int(&s, 4, last);
    stmt_text(&s, 5, now.s);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    return rc;
}

/* ERR_OK: go on with the next. *done: nothing more for this channel now. */
static int send_next(struct ledger *l, const struct pipeline *p, enum channel c, const struct target *t, bool *done,
                     struct err *e) {
    static const char sent_sql[] = "SELECT COUNT(*) FROM alerts WHERE pipeline=?1 AND channel=?2 AND state='sent' AND "
                                   "attempts>0 AND updated_at>?3";
    struct arena a = {0};
    struct waiting w;
    bool any = false;
    int64_t last = 0, sent = count(l, p, c, sent_sql, now_utc() - 3600, e);
    int rc = sent < 0 ? e->code : oldest(l, p, c, &a, &w, &any, e);
    *done = rc || !any || sent >= p->alerts.per_hour;
    if (rc == ERR_OK && any && *done)
        log_info("%s: %d messages in the last hour are enough; what is left waits", shown_names[c], p->alerts.per_hour);
    if (*done) goto out;
    if (sent + 1 == p->alerts.per_hour) rc = add_more(l, p, c, &w, &last, &a, e);
    if (rc) goto out;
    struct err mine = {0};
    if (send_again(p, c, t, &w, &mine) == ERR_OK) {
        rc = mark(l, w.row, "sent", NULL, e);
        if (rc == ERR_OK && last) rc = mark_more(l, p, c, &w, last, e);
        log_info("%s sent: %s", shown_names[c], w.kind);
    } else {
        *done = true;
        struct stamp made;
        bool old = stamp_parse(sv_of(w.created_at), &made) && now_utc() - made.micros / 1000000 >= p->alerts.keep;
        log_warn("the %s message could not be sent: %s; %s (%s)", shown_names[c], mine.msg,
                 old ? "it is given up" : "the next run tries again", w.id);
        rc = mark(l, w.row, old ? "dropped" : "waiting", mine.msg, e);
        if (old) *done = mine.code == ERR_NET; /* the one that cannot be read does not stand in the others' way */
    }
out:
    arena_free(&a);
    return rc;
}

static int lock_outbox(const char *home, const char *pipeline) {
    struct arena a = {0};
    struct err e;
    char *dir = arena_fmt(&a, "%s/locks", home);
    int fd = dir_make(dir, &e)
                 ? -1
                 : open(arena_fmt(&a, "%s/%s.alerts.lock", dir, pipeline), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        fd = -1;
    }
    arena_free(&a);
    return fd;
}

static int sweep(struct ledger *l, const struct pipeline *p, struct err *e) {
    struct stmt s;
    struct stamp_text then = utc_text(now_utc() - (int64_t)KEPT_DAYS * 86400);
    int rc = stmt_prepare(&s, &l->db, "DELETE FROM alerts WHERE pipeline=?1 AND state<>'waiting' AND updated_at<?2",
                          "writing the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, p->name);
    stmt_text(&s, 2, then.s);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    return rc;
}

/* The newest message that waits, 0 none; -1 cannot be read. */
static int64_t newest(struct ledger *l, const struct pipeline *p, struct err *e) {
    struct stmt s;
    bool row;
    int64_t n = -1;
    if (stmt_prepare(&s, &l->db, "SELECT COALESCE(MAX(alert_id), 0) FROM alerts WHERE pipeline=?1 AND state='waiting'",
                     "reading the ledger", e))
        return -1;
    stmt_text(&s, 1, p->name);
    if (stmt_step(&s, &row, e) == ERR_OK && row) n = stmt_col_int(&s, 0);
    stmt_close(&s);
    return n;
}

/* All channels once, under the outbox's lock. */
static int flush_once(struct ledger *l, const struct pipeline *p, struct err *e) {
    static const char waiting_sql[] =
        "SELECT COUNT(*) FROM alerts WHERE pipeline=?1 AND channel=?2 AND state='waiting' AND created_at>=?3";
    int rc = ERR_OK;
    for (int c = 0; c < CHANNEL_COUNT && rc == ERR_OK && !stop_signal(); c++) {
        struct arena a = {0};
        struct target t;
        struct err unset;
        int64_t n = p->alerts.url[c] ? count(l, p, (enum channel)c, waiting_sql, 0, e) : 0;
        if (n < 0) rc = e->code;
        if (n > 0 && expand(&p->alerts, (enum channel)c, &t, &a, &unset) == ERR_OK)
            for (bool done = false; rc == ERR_OK && !done && !stop_signal();)
                rc = send_next(l, p, (enum channel)c, &t, &done, e);
        arena_free(&a);
    }
    return rc == ERR_OK ? sweep(l, p, e) : rc;
}

bool alert_flush(struct ledger *l, const struct pipeline *p, const char *home) {
    struct err e = {0};
    bool any = false;
    int64_t seen = 0, top = newest(l, p, &e);
    int rc = ERR_OK;
    while (top > seen && rc == ERR_OK && !stop_signal()) {
        int lock = lock_outbox(home, p->name);
        if (lock < 0) break; /* another process sends them */
        any = true;
        seen = newest(l, p, &e);
        rc = seen < 0 ? e.code : flush_once(l, p, &e);
        close(lock);
        if (rc == ERR_OK) top = newest(l, p, &e);
    }
    if (rc || top < 0) log_warn("alerts: %s", e.msg);
    return any;
}
