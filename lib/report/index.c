/*
 * The indexes: reports/PIPELINE/index.html, a calendar of the pipeline's days with their states, each leading to its
 * page; and reports/index.html, the operator's page. Both are made anew from the ledger after every run.
 */
#include "io/file.h"
#include "report/html.h"

struct index_day {
    day_t day;
    const char *state;
    bool page;
};
struct index_days {
    struct index_day *d;
    size_t n, cap;
};

static struct index_day *add_day(struct index_days *x, day_t day) {
    if (x->n == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 64;
        x->d = mem_grow(x->d, x->cap * sizeof *x->d);
    }
    x->d[x->n] = (struct index_day){.day = day};
    return &x->d[x->n++];
}

/* Days that the ledger knows, with the state of the last run, and days that only have a page. */
static int find_days(struct index_days *x, const struct pipeline *p, const char *dir, struct ledger *l, struct arena *a,
                     struct err *e) {
    struct stmt s;
    bool row;
    char **names;
    size_t n;
    day_t day;
    int rc = dir_list(dir, a, &names, &n, e);
    if (rc == ERR_OK)
        rc = stmt_prepare(
            &s, &l->db,
            "SELECT day, state FROM runs WHERE pipeline=?1 AND rowid IN (SELECT MAX(rowid) FROM runs WHERE "
            "pipeline=?1 GROUP BY day) ORDER BY day",
            "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, p->name);
    while ((rc = stmt_step(&s, &row, e)) == ERR_OK && row)
        if (day_parse(sv_of(stmt_col(&s, 0)), &day)) add_day(x, day)->state = arena_str(a, stmt_col(&s, 1));
    stmt_close(&s);
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        if (strlen(names[i]) != 15 || strcmp(names[i] + 10, ".html") != 0) continue;
        if (!day_parse((struct sv){names[i], 10}, &day)) continue;
        size_t k = 0;
        while (k < x->n && x->d[k].day != day) k++;
        (k < x->n ? &x->d[k] : add_day(x, day))->page = true;
    }
    return rc;
}

static int by_day(const void *a, const void *b) {
    const struct index_day *x = a, *y = b;
    return x->day < y->day ? -1 : x->day > y->day;
}

static void day_cell(struct buf *b, const struct report *r, const struct index_day *d, day_t day, int date) {
    const char *state = d ? d->state ? d->state : "done" : NULL;
    struct buf word = {0};
    buf_fmt(b, "<td id=d%s>", day_text(day).s);
    if (!d) {
        buf_fmt(b, "<span class=flat>%d</span></td>", date);
        return;
    }
    struct pl_shown col = {.format = FORMAT_STATE};
    report_show(r, &(struct report_cell){state, 0}, &col, &word);
    if (d->page)
        buf_fmt(b, "<a class=\"state s-%s\" href=\"%s.html\" title=\"", state, day_text(d->day).s);
    else
        buf_fmt(b, "<span class=\"state s-%s\" title=\"", state);
    html_text(b, buf_text(&word));
    buf_fmt(b, "\">%d<span class=sr> ", date);
    html_text(b, buf_text(&word));
    buf_str(b, d->page ? "</span></a></td>" : "</span></span></td>");
    buf_free(&word);
}

/* Weeks begin on Sunday in Korea, on Monday elsewhere. */
static void month(struct buf *b, const struct report *r, const struct index_day *d, size_t n, int y, int m) {
    static const char *const ko[] = {"일", "월", "화", "수", "목", "금", "토"};
    static const char *const en[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    bool korean = strcmp(r->p->language, "ko") == 0;
    day_t first = day_from_civil(y, m, 1);
    int skip = (day_weekday(first) + (korean ? 1 : 0)) % 7, at = 0;
    buf_fmt(b, "<div class=\"wrap\"><table class=month><caption>%04d-%02d</caption><thead><tr>", y, m);
    for (int i = 0; i < 7; i++) html_head_cell(b, korean ? ko[i] : en[i], false);
    buf_str(b, "</tr></thead><tbody><tr>");
    for (; at < skip; at++) buf_str(b, "<td></td>");
    for (int date = 1; date <= 31 && day_exists(y, m, date); date++, at++) {
        const struct index_day *found = NULL;
        for (size_t i = 0; i < n; i++)
            if (d[i].day == first + date - 1) found = &d[i];
        if (at && at % 7 == 0) buf_str(b, "</tr><tr>");
        day_cell(b, r, found, first + date - 1, date);
    }
    for (; at % 7; at++) buf_str(b, "<td></td>");
    buf_str(b, "</tr></tbody></table></div>\n");
}

static void index_html(struct buf *b, const struct report *r, const struct index_days *x) {
    const char *title = r->p->report ? r->p->report->title : r->p->title;
    struct html_frame f = {.language = r->p->language, .title = title};
    html_begin(b, &f);
    buf_str(b, "<header>");
    html_element(b, "h1", title);
    buf_str(b, "<p>");
    html_text(b, report_label(r, "days"));
    buf_str(b, "</p><nav class=days><a href=\"../index.html\">");
    html_text(b, report_label(r, "operator"));
    buf_str(b, "</a></nav></header>\n<div class=months>\n");
    for (size_t i = x->n; i > 0;) { /* newest month first */
        int y, m, date;
        day_to_civil(x->d[i - 1].day, &y, &m, &date);
        day_t first = day_from_civil(y, m, 1);
        size_t from = i;
        while (from > 0 && x->d[from - 1].day >= first) from--;
        month(b, r, x->d + from, i - from, y, m);
        i = from;
    }
    buf_str(b, "</div>\n");
    if (!x->n) html_element(b, "p class=none", report_label(r, "no_data"));
    html_end(b, &f);
}

int report_write_index(const struct pipeline *p, const char *home, struct ledger *l, struct err *e) {
    struct report r = {.p = p};
    struct index_days x = {0};
    struct buf b = {0};
    char *dir = arena_fmt(&r.a, "%s/reports/%s", home, p->name);
    int rc = dir_make(dir, e);
    if (rc == ERR_OK) rc = find_days(&x, p, dir, l, &r.a, e);
    if (rc == ERR_OK) {
        if (x.n) qsort(x.d, x.n, sizeof *x.d, by_day);
        index_html(&b, &r, &x);
        rc = file_publish(arena_fmt(&r.a, "%s/index.html", dir), buf_text(&b), b.n, e);
    }
    buf_free(&b);
    free(x.d);
    arena_free(&r.a);
    return rc;
}

int report_write_indexes(const struct pipeline *p, const char *home, struct ledger *l, struct err *e) {
    struct operator_page *o = NULL;
    struct buf b = {0}, path = {0};
    int rc = report_write_index(p, home, l, e);
    if (rc == ERR_OK) rc = operator_gather(&o, home, e);
    if (rc == ERR_OK) {
        operator_html(o, &b);
        buf_fmt(&path, "%s/reports/index.html", home);
        rc = file_publish(buf_text(&path), buf_text(&b), b.n, e);
    }
    operator_free(o);
    buf_free(&b);
    buf_free(&path);
    return rc;
}
