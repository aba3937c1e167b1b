/* What came of a crawl: the counts, failed.jsonl, whether too much failed; and the records in the order of the
 * definition. */
#include <unistd.h>

#include "base/log.h"
#include "collect/web_impl.h"
#include "io/file.h"

struct reasons {
    const char *name[64];
    size_t count[64], n;
};

static void count_reason(struct reasons *r, const char *name) {
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->name[i], name) == 0) {
            r->count[i]++;
            return;
        }
    if (r->n == 64) return;
    r->name[r->n] = name;
    r->count[r->n++] = 1;
}

static void put_failed(struct buf *out, const struct journal_head *h) {
    buf_str(out, "{\"url\":");
    json_text_quote(out, h->url ? h->url : "");
    buf_str(out, ",\"state\":\"FAILED\",\"reason\":");
    json_text_quote(out, h->reason ? h->reason : "");
    buf_fmt(out, ",\"http_status\":%ld,\"attempts\":%d}\n", h->status, h->attempts);
}

/* Entries that --urls asked for in this or an earlier run stand behind those of the plan. */
static void place_extra(struct crawl *c) {
    for (size_t i = 0; i < c->j.n; i++)
        if (c->j.e[i].extra && c->j.e[i].pass != c->pass && c->j.e[i].state != ENTRY_NONE)
            crawl_place(c, c->h->nrequests - 1, UINT32_MAX, UINT32_MAX, i);
}

/* Links and other items of a phase that only feeds others, which lacked what they need: the lines that are texts. */
static int put_skipped(struct crawl *c, size_t entry, struct buf *room, struct buf *out, struct err *e) {
    room->n = 0;
    int rc = journal_payload(&c->j, entry, room, e);
    for (const char *p = room->p, *end = room->p + room->n; rc == ERR_OK && p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        if (*p == '"') {
            buf_str(out, "{\"state\":\"SKIPPED\",\"reason\":");
            buf_add(out, p, (size_t)((nl ? nl : end) - p));
            buf_str(out, "}\n");
            c->t.skipped++;
        }
        p = nl ? nl + 1 : end;
    }
    return rc;
}

static int count_all(struct crawl *c, struct reasons *r, struct buf *failed, struct err *e) {
    int rc = ERR_OK;
    struct tally *t = &c->t;
    struct buf room = {0};
    place_extra(c);
    for (size_t k = 0; k < c->h->nrequests && rc == ERR_OK; k++) {
        const struct phase *f = &c->phases[k];
        crawl_order(c, k);
        for (size_t i = 0; i < f->n && rc == ERR_OK; i++) {
            const struct entry *x = &c->j.e[f->order[i].entry];
            t->planned += x->state != ENTRY_NONE;
            t->success += x->state == ENTRY_SUCCESS;
            t->empty += x->state == ENTRY_EMPTY;
            if (x->state == ENTRY_SUCCESS && !f->r->collect && x->bytes)
                rc = put_skipped(c, f->order[i].entry, &room, failed, e);
            if (x->state != ENTRY_FAILED) continue;
            t->failed++;
            struct journal_head h;
            struct arena a = {0};
            rc = journal_head(&c->j, f->order[i].entry, &a, &h, e);
            if (rc == ERR_OK) {
                count_reason(r, arena_str(&c->a, h.reason ? h.reason : "?"));
                put_failed(failed, &h);
            }
            arena_free(&a);
        }
    }
    buf_free(&room);
    return rc;
}

static void tell(struct crawl *c, const struct reasons *r, char *note, size_t n) {
    double seconds = now_mono() - c->started;
    struct buf b = {0};
    const struct tally *t = &c->t;
    buf_fmt(&b, "%s: %llu URLs, %llu succeeded, %llu empty, %llu failed", c->d->name, (unsigned long long)t->planned,
            (unsigned long long)t->success, (unsigned long long)t->empty, (unsigned long long)t->failed);
    for (size_t i = 0; i < r->n; i++) buf_fmt(&b, "%s%s %zu", i ? ", " : " (", r->name[i], r->count[i]);
    if (r->n) buf_chr(&b, ')');
    if (t->skipped) buf_fmt(&b, ", %llu links skipped", (unsigned long long)t->skipped);
    snprintf(note, n, "%s", buf_text(&b));
    buf_fmt(&b, "; %llu requests, %.1f MB in %.1f s, %.1f requests/s", (unsigned long long)t->sent,
            (double)t->bytes / 1e6, seconds, seconds > 0 ? (double)t->sent / seconds : 0);
    log_info("%s", buf_text(&b));
    buf_free(&b);
}

/* failed.jsonl, the summary, and whether too much failed. */
int crawl_settle(struct crawl *c, struct collect_stats *st, struct err *e) {
    struct reasons r = {0};
    struct buf failed = {0};
    char *path = arena_fmt(&c->a, "%s/failed.jsonl", c->dir);
    int rc = count_all(c, &r, &failed, e);
    const struct tally *t = &c->t;
    if (rc == ERR_OK && c->durable) {
        if (failed.n)
            rc = file_publish(path, failed.p, failed.n, e);
        else
            unlink(path);
    }
    buf_free(&failed);
    if (rc) return rc;
    tell(c, &r, st->note, sizeof st->note);
    snprintf(st->inputs_json, sizeof st->inputs_json,
             "[{\"http\":\"%s\",\"urls\":%llu,\"succeeded\":%llu,\"empty\":%llu,\"failed\":%llu}]", c->d->name,
             (unsigned long long)t->planned, (unsigned long long)t->success, (unsigned long long)t->empty,
             (unsigned long long)t->failed);
    double percent = t->planned ? (double)t->failed * 100 / (double)t->planned : 0;
    if (t->failed && (percent > c->h->max_failed || t->failed == t->planned))
        rc = err_set(
            e, ERR_NET,
            "%s: that is more than \"max_failed\" allows (%.4g %%). What came is kept; the next run asks for the "
            "rest (etl status -p %s %s --failed lists it)",
            st->note, c->h->max_failed, c->p->name, c->date);
    return rc;
}

static uint64_t count_lines(const struct buf *b) {
    uint64_t n = 0;
    for (const char *p = b->p, *end = b->p + b->n; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++) n++;
    return n;
}

int crawl_assemble(struct crawl *c, web_write_fn *write, void *ctx, struct collect_stats *st, struct err *e) {
    struct buf b = {0};
    int rc = ERR_OK;
    for (size_t k = 0; k < c->h->nrequests && rc == ERR_OK; k++) {
        const struct phase *f = &c->phases[k];
        if (!f->r->collect) continue;
        for (size_t i = 0; i < f->n && rc == ERR_OK; i++) {
            size_t entry = f->order[i].entry;
            if (c->j.e[entry].state == ENTRY_NONE || !c->j.e[entry].bytes) continue;
            b.n = 0;
            rc = journal_payload(&c->j, entry, &b, e);
            if (rc) break;
            uint64_t rows = count_lines(&b);
            st->rows += rows;
            st->bytes += b.n;
            rc = write(ctx, b.p, b.n, rows, e);
        }
    }
    buf_free(&b);
    return rc;
}
