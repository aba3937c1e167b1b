/* etl schedule: see commands.def. Cron knows no zone per line, so the lines carry CRON_TZ where cron understands it and
 * the machine's own zone is told apart in a comment; systemd takes the zone in OnCalendar. */
#include <unistd.h>

#include "cmd/cli.h"
#include "io/file.h"
#include "report/sla.h"

/* A word for sh, inside a crontab line (where % must be escaped) or for systemd's own quoting. */
static const char *word(struct arena *a, const char *s, bool cron) {
    if (s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@+-")] == 0) return s;
    struct buf b = {0};
    buf_chr(&b, cron ? '\'' : '"');
    for (; *s; s++) {
        if (cron && *s == '\'')
            buf_str(&b, "'\\''");
        else if (cron && *s == '%')
            buf_str(&b, "\\%");
        else if (!cron && *s == '%')
            buf_str(&b, "%%");
        else if (!cron && (*s == '"' || *s == '\\'))
            buf_fmt(&b, "\\%c", *s);
        else
            buf_chr(&b, *s);
    }
    buf_chr(&b, cron ? '\'' : '"');
    const char *out = arena_strn(a, b.p, b.n);
    buf_free(&b);
    return out;
}

/* The machine's own zone, from TZ or the link /etc/localtime; UTC where neither tells. */
static void machine_zone(struct zone *z) {
    char link[512];
    const char *name = getenv("TZ");
    ssize_t n = name && *name ? -1 : readlink("/etc/localtime", link, sizeof link - 1);
    if (n > 0) {
        link[n] = 0;
        name = strstr(link, "zoneinfo/");
        if (name) name += 9;
    }
    if (!name || !*name || zone_find(*name == ':' ? name + 1 : name, z, NULL)) *z = (struct zone){0};
}

/* Debian's cron does not know CRON_TZ: the same line in the machine's time stands behind it as a comment. */
static void crontab(const struct pipeline *p, const char *self, const char *home, const char *cwd) {
    struct zone here;
    int64_t now = now_utc(), at = zone_to_utc(&p->zone, (int64_t)zone_day(&p->zone, now) * 86400 + p->schedule_at * 60);
    machine_zone(&here);
    int minute = (int)(((at + zone_offset(&here, at)) % 86400 + 86400) % 86400 / 60);
    printf("# %s: daily at %02d:%02d %s, for the day before\nCRON_TZ=%s\n", p->title, p->schedule_at / 60,
           p->schedule_at % 60, p->zone_name, p->zone_name);
    printf("%d %d * * * cd %s && %s run -q -p %s --home %s\n", p->schedule_at % 60, p->schedule_at / 60, cwd, self,
           p->name, home);
    printf("# a cron that ignores CRON_TZ (Debian's): begin the line with  %d %d * * *  instead, the time here%s\n",
           minute % 60, minute / 60, here.has_dst || p->zone.has_dst ? " until the clocks change" : "");
    if (sla_due_minutes(p) >= 0 || p->watch.max_age) /* nobody else tells when nothing ran at all */
        printf("*/15 * * * * cd %s && %s status -q --check --alert -p %s --home %s >/dev/null\n", cwd, self, p->name,
               home);
}

static void systemd(const struct pipeline *p, const char *self, const char *home, const char *cwd) {
    printf(
        "# /etc/systemd/system/etl-%s.service\n[Unit]\nDescription=etl "
        "%s\n\n[Service]\nType=oneshot\nWorkingDirectory=%s\n"
        "ExecStart=%s run -q -p %s --home %s\n# secrets: SLACK_WEBHOOK_URL=...\nEnvironmentFile=-/etc/etl/%s.env\n\n",
        p->name, p->name, cwd, self, p->name, home, p->name);
    printf("# /etc/systemd/system/etl-%s.timer\n[Unit]\nDescription=etl %s, daily\n\n[Timer]\nOnCalendar=*-*-* "
           "%02d:%02d:00 %s\nPersistent=false\n\n"
           "[Install]\nWantedBy=timers.target\n",
           p->name, p->name, p->schedule_at / 60, p->schedule_at % 60, p->zone_name);
    if (sla_due_minutes(p) < 0 && !p->watch.max_age) return;
    printf("\n# /etc/systemd/system/etl-%s-check.service\n[Unit]\nDescription=etl %s, is it "
           "late?\n\n[Service]\nType=oneshot\n"
           "WorkingDirectory=%s\nExecStart=%s status -q --check --alert -p %s --home %s\nSuccessExitStatus=1\n"
           "EnvironmentFile=-/etc/etl/%s.env\n\n",
           p->name, p->name, cwd, self, p->name, home, p->name);
    printf("# /etc/systemd/system/etl-%s-check.timer\n[Unit]\nDescription=etl %s, is it late?\n\n[Timer]\n"
           "OnCalendar=*:0/15\n\n[Install]\nWantedBy=timers.target\n",
           p->name, p->name);
}

int cmd_SCHEDULE(struct cli *c, struct err *e) {
    static const char *const formats[] = {"crontab", "systemd"};
    char self[4096], cwd[4096], **names;
    size_t n;
    int format, rc = cli_choice(c, "format", formats, 2, 0, &format, e);
    if (rc) return rc;
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    snprintf(self + (len > 0 ? len : 0), 5, "%s", len > 0 ? "" : "etl");
    if (!getcwd(cwd, sizeof cwd)) return err_sys(e, ERR_IO, "cannot tell the current directory");
    const char *home =
        c->env.home[0] == '/'
            ? c->env.home
            : arena_fmt(&c->a, "%s/%s", cwd, strncmp(c->env.home, "./", 2) == 0 ? c->env.home + 2 : c->env.home);
    for (const char *s = arena_fmt(&c->a, "%s%s%s", self, home, cwd); *s;
         s++) /* a line break would begin a line of its own */
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            return err_set(e, ERR_USAGE,
                           "a path holds a control character, which no crontab and no unit can carry: choose another "
                           "--home or directory");
    if ((rc = cli_pipelines(c, &names, &n, e))) return rc;
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        struct pipeline *p = NULL;
        rc = cli_pipeline(c, names[i], &p, e);
        if (rc == ERR_OK && p->schedule_at < 0)
            printf("# %s declares no schedule\n", p->name);
        else if (rc == ERR_OK && format == 1)
            systemd(p, word(&c->a, self, false), word(&c->a, home, false), word(&c->a, cwd, false));
        else if (rc == ERR_OK)
            crontab(p, word(&c->a, self, true), word(&c->a, home, true), word(&c->a, cwd, true));
        pipeline_free(p);
    }
    return rc;
}
