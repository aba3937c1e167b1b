/* etl report: see commands.def. */
#include "report/report.h"

#include "base/log.h"
#include "base/near.h"
#include "cmd/cli.h"
#include "io/file.h"
#include "io/sink.h"
#include "mart/mart.h"
#include "report/alert.h"
#include "report/mailbody.h"
#include "store/warehouse.h"

/* What each channel would get: with headers, so that several can be told apart. */
static void show(const struct report *r, const struct alert_report *a) {
    for (int k = 0; k < CHANNEL_COUNT; k++)
        if (a->to[k]) alert_show(r->p, a, (enum channel)k, stdout);
}

static int send_to(struct cli *c, const struct report *r, const bool to[CHANNEL_COUNT], struct err *e) {
    struct buf text = {0}, html = {0};
    struct ledger l = {0};
    report_text(r, &text);
    report_mail(r, &html);
    struct alert_report a = {
        .home = c->env.home, .day = r->day, .gate = r->gate, .text = buf_text(&text), .html = buf_text(&html)};
    int rc = ERR_OK;
    bool any = false;
    for (int k = 0; k < CHANNEL_COUNT; k++) {
        if (!to[k]) continue;
        if (!r->p->alerts.url[k])
            log_warn("%s has no \"alerts\": {\"%s\": ...}: nothing is sent", r->p->name, channel_names[k]);
        else if (cli_has(c, "dry-run") || alert_channel_ready(r->p, (enum channel)k, true))
            a.to[k] = any = true;
    }
    if (cli_has(c, "dry-run")) {
        show(r, &a);
    } else if (any) {
        rc = ledger_open(&l, c->env.home, e);
        if (rc == ERR_OK) rc = alert_report(&l, r->p, &a, e);
        if (rc == ERR_OK) alert_flush(&l, r->p, c->env.home);
        ledger_close(&l);
    }
    buf_free(&text);
    buf_free(&html);
    return rc;
}

/* slack,email,webhook: each word is checked before anything is sent. */
static int read_channels(struct cli *c, bool send[CHANNEL_COUNT], bool *any, struct err *e) {
    const char *s = cli_get(c, "send");
    while (s && *s) {
        size_t n = strcspn(s, ",");
        const char *word = arena_strn(&c->a, s, n);
        struct near near = near_start(word);
        int k = channel_find(word);
        for (int i = 0; i < CHANNEL_COUNT; i++) near_offer(&near, channel_names[i]);
        if (k < 0)
            return err_set(e, ERR_USAGE, "--send: expected slack, email or webhook, found '%s'%s", word,
                           near_hint(&near, &c->a));
        send[k] = *any = true;
        s += n + (s[n] == ',');
    }
    return ERR_OK;
}

static int write_out(const struct cli *c, struct buf *b, struct err *e) {
    struct sink *s = NULL;
    int rc = sink_open(&s, cli_get(c, "output"), 0, e);
    if (rc == ERR_OK) rc = sink_write(s, buf_text(b), b->n, e);
    if (rc == ERR_OK)
        rc = sink_commit(s, NULL, e);
    else
        sink_abort(s);
    return rc;
}

static int write_report(const struct cli *c, const struct report *r, int format, struct err *e) {
    struct buf b = {0};
    report_render(r, (enum report_format)format, &b);
    int rc = write_out(c, &b, e);
    buf_free(&b);
    return rc;
}

/* --all */
static int write_all(struct cli *c, int format, struct err *e) {
    struct operator_page *o = NULL;
    struct buf b = {0};
    if (cli_has(c, "pipeline") || cli_has(c, "day") || c->noperands || cli_has(c, "send") || cli_has(c, "block"))
        return err_set(e, ERR_USAGE, "--all takes no pipeline, day, block or channel");
    int rc = operator_gather(&o, c->env.home, e);
    if (rc) return rc;
    if (format == REPORT_HTML || format == REPORT_EMAIL)
        operator_html(o, &b);
    else
        report_render(operator_report(o), (enum report_format)format, &b);
    rc = write_out(c, &b, e);
    buf_free(&b);
    operator_free(o);
    return rc;
}

/* --block: all rows of one, whatever the page shows of them. */
static int write_block(struct cli *c, const struct report *r, struct db *wh, const struct ledger *l, struct err *e) {
    const struct pl_report *d = r->p->report;
    const struct pl_query *q = NULL;
    const char *name = cli_get(c, "block");
    struct near near = near_start(name);
    struct sink *s = NULL;
    for (size_t i = 0; d && i < d->nblocks; i++) {
        if (!kind_has_query(d->blocks[i].kind)) continue;
        near_offer(&near, d->blocks[i].name);
        if (strcmp(d->blocks[i].name, name) == 0) q = &d->blocks[i];
    }
    if (!q) return err_set(e, ERR_USAGE, "--block: the page has no block '%s'%s", name, near_hint(&near, &c->a));
    int rc = sink_open(&s, cli_get(c, "output"), 0, e);
    if (rc == ERR_OK && (rc = report_block_csv(r, q, wh, l, s, e)))
        sink_abort(s);
    else if (rc == ERR_OK)
        rc = sink_commit(s, NULL, e);
    return rc;
}

/* An empty page is no answer without the reason. */
static void tell_empty(const struct report *r) {
    bool any = r->nchecks || r->nstages || r->figures.nrows;
    for (size_t i = 0; i < r->ntables; i++) any = any || r->tables[i].nrows;
    if (!any)
        log_warn("nothing is known of %s %s: it has not been run (etl run -p %s %s)", r->p->name, r->day, r->p->name,
                 r->day);
}

int cmd_REPORT(struct cli *c, struct err *e) {
    static const char *const formats[] = {"text", "json", "csv", "html", "email"};
    struct pipeline *p = NULL;
    struct ledger l = {0};
    struct db wh = {0};
    struct report *r = NULL;
    day_t day, to;
    bool send[CHANNEL_COUNT] = {false}, any = false;
    int format, rc = cli_choice(c, "format", formats, 5, 0, &format, e);
    if (rc == ERR_OK && cli_has(c, "all")) return write_all(c, format, e);
    if (rc == ERR_OK) rc = cli_pipeline(c, NULL, &p, e);
    if (rc) return rc;
    rc = cli_days(c, p, c->noperands ? c->operands[0] : NULL, false, &day, &to, e);
    if (rc == ERR_OK && cli_has(c, "block") && format != REPORT_CSV)
        rc = err_set(e, ERR_USAGE, "--block goes with --format csv");
    if (rc == ERR_OK) rc = read_channels(c, send, &any, e);
    if (rc == ERR_OK) rc = warehouse_open_read(&wh, c->env.home, e);
    if (rc == ERR_OK) rc = ledger_open_read(&l, c->env.home, e);
    const char *no_model[] = {""};
    struct mart_scan *scan = mart_scan_new(p, (struct strs){no_model, 1}, c->env.threads, c->env.memory);
    if (rc == ERR_OK) rc = report_gather(&r, p, day, &wh, &l, scan, e);
    if (rc == ERR_OK) tell_empty(r);
    if (rc == ERR_OK && any) rc = send_to(c, r, send, e);
    if (rc == ERR_OK && !any) rc = cli_has(c, "block") ? write_block(c, r, &wh, &l, e) : write_report(c, r, format, e);
    report_free(r);
    mart_scan_free(scan);
    ledger_close(&l);
    if (wh.h) db_close(&wh);
    pipeline_free(p);
    return rc;
}
