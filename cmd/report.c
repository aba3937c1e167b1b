/* etl report: see commands.def. */
#include "report/report.h"

#include "base/log.h"
#include "cmd/cli.h"
#include "io/file.h"
#include "io/sink.h"
#include "report/alert.h"
#include "store/warehouse.h"

static int send_slack(const struct cli *c, const struct report *r, struct err *e) {
    struct buf text = {0}, body = {0};
    report_text(r, &text);
    struct alert a = {.kind = r->gate && strcmp(r->gate, "FAIL") == 0 ? ALERT_GATE : ALERT_SUCCESS, .day = r->day, .text = buf_text(&text)};
    (void)e;
    if (cli_has(c, "dry-run")) {
        alert_slack(r->p, &a, &body);
        printf("%s\n", buf_text(&body));
    } else if (!r->p->slack) {
        log_warn("%s has no \"alerts\": {\"slack\": ...}: nothing is sent", r->p->name);
    } else {
        alert_send(r->p, &a);
    }
    buf_free(&text);
    buf_free(&body);
    return ERR_OK;
}

static int write_report(const struct cli *c, const struct report *r, int format, struct err *e) {
    struct buf b = {0};
    struct sink *s = NULL;
    report_render(r, (enum report_format)format, &b);
    int rc = sink_open(&s, cli_get(c, "output"), 0, e);
    if (rc == ERR_OK) rc = sink_write(s, buf_text(&b), b.n, e);
    if (rc == ERR_OK) rc = sink_commit(s, NULL, NULL, e);
    else sink_abort(s);
    buf_free(&b);
    return rc;
}

int cmd_REPORT(struct cli *c, struct err *e) {
    static const char *const formats[] = {"text", "json", "csv", "html", "email"};
    static const char *const sends[] = {"slack"};
    struct pipeline *p = NULL;
    struct ledger l = {0};
    struct db wh = {0};
    struct report *r = NULL;
    day_t day, to;
    int format, send, rc = cli_pipeline(c, NULL, &p, e);
    if (rc) return rc;
    rc = cli_days(c, p, c->noperands ? c->operands[0] : NULL, false, &day, &to, e);
    if (rc == ERR_OK) rc = cli_choice(c, "format", formats, 5, 0, &format, e);
    if (rc == ERR_OK) rc = cli_choice(c, "send", sends, 1, -1, &send, e);
    if (rc == ERR_OK) rc = warehouse_open_read(&wh, c->env.home, e);
    if (rc == ERR_OK) rc = ledger_open_read(&l, c->env.home, e);
    if (rc == ERR_OK) rc = report_gather(&r, p, day, &wh, &l, e);
    if (rc == ERR_OK) rc = send >= 0 ? send_slack(c, r, e) : write_report(c, r, format, e);
    report_free(r);
    ledger_close(&l);
    if (wh.h) db_close(&wh);
    pipeline_free(p);
    return rc;
}
