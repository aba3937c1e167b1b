/* etl report: see commands.def. */
#include "report/report.h"

#include "base/near.h"
#include "cmd/cli.h"
#include "io/file.h"
#include "io/sink.h"
#include "mart/mart.h"
#include "report/alert.h"
#include "store/warehouse.h"

static void send_to(const struct cli *c, const struct report *r, bool slack) {
    struct buf text = {0}, html = {0}, body = {0};
    report_text(r, &text);
    report_html(r, true, &html);
    struct alert a = {.kind = r->gate && strcmp(r->gate, "FAIL") == 0 ? ALERT_GATE : ALERT_SUCCESS,
                      .day = r->day,
                      .text = buf_text(&text),
                      .html = buf_text(&html)};
    if (cli_has(c, "dry-run")) {
        if (slack) alert_slack(r->p, &a, &body);
        printf("%s\n", slack ? buf_text(&body) : buf_text(&html));
    } else if (slack) {
        alert_send_slack(r->p, &a);
    } else {
        alert_send_email(r->p, &a);
    }
    buf_free(&body);
    buf_free(&text);
    buf_free(&html);
}

/* slack,email: each word is checked before anything is sent. */
static int read_channels(struct cli *c, bool send[2], struct err *e) {
    static const char *const words[] = {"slack", "email"};
    const char *s = cli_get(c, "send");
    while (s && *s) {
        size_t n = strcspn(s, ",");
        const char *word = arena_strn(&c->a, s, n);
        struct near near = near_start(word);
        int k = 0;
        for (; k < 2 && strcmp(words[k], word) != 0; k++) near_offer(&near, words[k]);
        if (k == 2)
            return err_set(e, ERR_USAGE, "--send: expected slack or email, found '%s'%s", word,
                           near_hint(&near, &c->a));
        send[k] = true;
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

int cmd_REPORT(struct cli *c, struct err *e) {
    static const char *const formats[] = {"text", "json", "csv", "html", "email"};
    struct pipeline *p = NULL;
    struct ledger l = {0};
    struct db wh = {0};
    struct report *r = NULL;
    day_t day, to;
    bool send[2] = {false};
    int format, rc = cli_choice(c, "format", formats, 5, 0, &format, e);
    if (rc == ERR_OK && cli_has(c, "all")) return write_all(c, format, e);
    if (rc == ERR_OK) rc = cli_pipeline(c, NULL, &p, e);
    if (rc) return rc;
    rc = cli_days(c, p, c->noperands ? c->operands[0] : NULL, false, &day, &to, e);
    if (rc == ERR_OK && cli_has(c, "block") && format != REPORT_CSV)
        rc = err_set(e, ERR_USAGE, "--block goes with --format csv");
    if (rc == ERR_OK) rc = read_channels(c, send, e);
    if (rc == ERR_OK) rc = warehouse_open_read(&wh, c->env.home, e);
    if (rc == ERR_OK) rc = ledger_open_read(&l, c->env.home, e);
    const char *no_model[] = {""};
    struct mart_scan *scan = mart_scan_new(p, (struct strs){no_model, 1}, c->env.threads, c->env.memory);
    if (rc == ERR_OK) rc = report_gather(&r, p, day, &wh, &l, scan, e);
    for (int k = 0; k < 2 && rc == ERR_OK; k++)
        if (send[k]) send_to(c, r, k == 0);
    if (rc == ERR_OK && cli_has(c, "block"))
        rc = write_block(c, r, &wh, &l, e);
    else if (rc == ERR_OK && !send[0] && !send[1])
        rc = write_report(c, r, format, e);
    report_free(r);
    mart_scan_free(scan);
    ledger_close(&l);
    if (wh.h) db_close(&wh);
    pipeline_free(p);
    return rc;
}
