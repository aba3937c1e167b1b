/* See journal.h. */
#include "collect/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/log.h"
#include "io/file.h"
#include "json/scan.h"

const char *const entry_state_names[] = {"PENDING", "SUCCESS", "EMPTY", "FAILED"};

/* ---- the index --------------------------------------------------------------------------------------------------- */

static uint64_t hex_word(const char *s) {
    uint64_t v = 0;
    for (int i = 0; i < 16 && s[i]; i++) {
        char c = s[i];
        v = v << 4 | (uint64_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return v;
}

static void grow_table(struct journal *j) {
    j->slots = j->slots ? j->slots * 2 : 4096;
    free(j->table);
    j->table = mem_alloc(j->slots * sizeof *j->table);
    for (size_t i = 0; i < j->n; i++) {
        size_t s = j->e[i].key[0] & (j->slots - 1);
        while (j->table[s]) s = (s + 1) & (j->slots - 1);
        j->table[s] = (uint32_t)i + 1;
    }
}

size_t journal_find(struct journal *j, size_t phase, const char *sha1) {
    uint64_t a = hex_word(sha1) ^ (phase * 0x9E3779B97F4A7C15u), b = hex_word(sha1 + 16);
    if ((j->n + 1) * 2 > j->slots) grow_table(j);
    size_t s = a & (j->slots - 1);
    for (; j->table[s]; s = (s + 1) & (j->slots - 1)) {
        const struct entry *x = &j->e[j->table[s] - 1];
        if (x->key[0] == a && x->key[1] == b) return j->table[s] - 1;
    }
    if (j->n == j->cap) j->e = mem_grow(j->e, (j->cap = j->cap ? j->cap * 2 : 1024) * sizeof *j->e);
    j->e[j->n] = (struct entry){.key = {a, b}};
    j->table[s] = (uint32_t)j->n + 1;
    return j->n++;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static const char *text_at(struct jval v, const char *key, struct arena *a) {
    struct jval x;
    return jv_get(v, sv_of(key), &x) && jv_type(x) == JT_STR ? jv_str(x, a, NULL) : NULL;
}

static enum entry_state state_of(const char *s) {
    for (int i = 1; s && i <= ENTRY_FAILED; i++)
        if (strcmp(entry_state_names[i], s) == 0) return (enum entry_state)i;
    return ENTRY_NONE;
}

/* The header's texts and numbers by name; one walk over the object, for a day has some hundred thousand of them. */
static void read_head(struct jval v, struct arena *a, struct journal_head *h, size_t *bytes) {
    const char *state = NULL, *sum = NULL;
    int64_t no = 0, status = 0, attempts = 0, items = 0, seen = 0, size = 0;
    *h = (struct journal_head){0};
    const struct {
        const char *key;
        const char **text;
        int64_t *number;
        bool *flag;
    } fields[] = {{"no", 0, &no, 0},
                  {"phase", &h->phase, 0, 0},
                  {"sha1", &h->sha1, 0, 0},
                  {"url", &h->url, 0, 0},
                  {"state", &state, 0, 0},
                  {"reason", &h->reason, 0, 0},
                  {"status", 0, &status, 0},
                  {"attempts", 0, &attempts, 0},
                  {"items", 0, &items, 0},
                  {"seen", 0, &seen, 0},
                  {"temporary", 0, 0, &h->temporary},
                  {"extra", 0, 0, &h->extra},
                  {"next", &h->next, 0, 0},
                  {"answer", &h->answer, 0, 0},
                  {"type", &h->type, 0, 0},
                  {"from", &h->from, 0, 0},
                  {"sum", &sum, 0, 0},
                  {"bytes", 0, &size, 0}};
    uint32_t pos = 0;
    size_t f = 0, n = sizeof fields / sizeof *fields;
    for (struct jval k, x; jv_type(v) == JT_OBJ && jv_each(v, &pos, &k, &x);) {
        size_t tries = 0; /* they come in this order, with some left out */
        while (tries < n && !sv_is(jv_raw(k), fields[f].key)) f = (f + 1) % n, tries++;
        if (tries == n) continue;
        if (fields[f].text && jv_type(x) == JT_STR) *fields[f].text = jv_str(x, a, NULL);
        if (fields[f].number && !jv_int(x, fields[f].number)) *fields[f].number = 0;
        if (fields[f].flag) *fields[f].flag = jv_type(x) == JT_TRUE;
        f = (f + 1) % n;
    }
    h->state = state_of(state);
    h->status = (long)status;
    h->attempts = (int)attempts;
    h->phase_no = (size_t)no;
    h->items = (size_t)items;
    h->seen = (size_t)seen;
    h->sum = sum ? hex_word(sum) : 0;
    *bytes = (size_t)size;
}

static void note_entry(struct journal *j, const struct journal_head *h, uint64_t at, size_t head, size_t bytes) {
    size_t i = journal_find(j, h->phase_no, h->sha1); /* may move j->e */
    struct entry *x = &j->e[i];
    x->at = at;
    x->head = (uint32_t)head;
    x->bytes = (uint32_t)bytes;
    x->items = (uint32_t)h->items;
    x->state = (uint8_t)h->state;
    x->temporary = h->temporary;
    x->more = h->next != NULL;
    x->extra = x->extra || h->extra;
}

struct lines {
    FILE *f;
    char *line;
    size_t cap;
    struct jtoks toks;
    struct buf body;
    struct arena a;
};

/* The next entry; false at the end, which is where the journal is whole up to. */
static bool load_entry(struct journal *j, struct lines *l, uint64_t *at) {
    struct journal_head h;
    struct jerr je;
    ssize_t n = getline(&l->line, &l->cap, l->f);
    arena_reset(&l->a);
    l->toks.n = 0;
    if (n <= 0 || l->line[n - 1] != '\n' || !json_scan(&l->toks, l->line, (size_t)n - 1, 0, &je)) return false;
    struct jval v = {l->line, l->toks.t, 0};
    size_t bytes;
    read_head(v, &l->a, &h, &bytes);
    if (!h.sha1 || strlen(h.sha1) != 40 || h.state == ENTRY_NONE || bytes > UINT32_MAX) return false;
    l->body.n = 0;
    char *to = buf_room(&l->body, bytes + 1);
    if (!to || fread(to, 1, bytes, l->f) != bytes || XXH3_64bits(to, bytes) != h.sum) return false;
    note_entry(j, &h, *at, (size_t)n, bytes);
    *at += (uint64_t)n + bytes;
    return true;
}

/* Is the journal to be gone on with? */
static bool same_head(struct lines *l, const char *under, const char *fresh_run, uint64_t *at) {
    struct jerr je;
    ssize_t n = getline(&l->line, &l->cap, l->f);
    if (n <= 0 || l->line[n - 1] != '\n' || !json_scan(&l->toks, l->line, (size_t)n - 1, 0, &je)) return false;
    struct jval v = {l->line, l->toks.t, 0};
    const char *u = text_at(v, "under", &l->a), *run = text_at(v, "run", &l->a);
    *at = (uint64_t)n;
    return u && (!under || strcmp(u, under) == 0) && (!fresh_run || (run && strcmp(run, fresh_run) == 0));
}

static int load(struct journal *j, const char *under, const char *fresh_run, bool *usable, struct err *e) {
    struct lines l = {0};
    uint64_t at = 0;
    *usable = false;
    l.f = fopen(j->path, "re");
    if (!l.f) return errno == ENOENT ? ERR_OK : err_sys(e, ERR_IO, "cannot read %s", j->path);
    *usable = same_head(&l, under, fresh_run, &at);
    while (*usable && load_entry(j, &l, &at)) {
    }
    j->size = at;
    fclose(l.f);
    free(l.line);
    jtoks_free(&l.toks);
    buf_free(&l.body);
    arena_free(&l.a);
    return ERR_OK;
}

int journal_open(struct journal *j, const char *path, const char *under, const char *fresh_run, const char *run,
                 struct err *e) {
    bool usable;
    *j = (struct journal){.fd = -1, .path = mem_str(path)};
    int rc = load(j, under, fresh_run, &usable, e);
    if (rc) return rc;
    if (!usable && file_exists(path)) {
        size_t n = strlen(path) + 8;
        char *old = mem_alloc(n);
        snprintf(old, n, "%s.old", path);
        if (rename(path, old) != 0) rc = err_sys(e, ERR_IO, "cannot move %s", path);
        free(old);
        if (rc) return rc;
        j->n = 0;
        free(j->table);
        j->table = NULL;
        j->slots = 0;
    }
    j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (j->fd < 0) return err_sys(e, ERR_IO, "cannot write %s", path);
    if (!usable) j->size = 0;
    if (ftruncate(j->fd, (off_t)j->size) != 0 || lseek(j->fd, 0, SEEK_END) < 0)
        return err_sys(e, ERR_IO, "cannot write %s", path);
    if (usable) return ERR_OK;
    struct buf b = {0};
    buf_str(&b, "{\"journal\":1,\"under\":");
    json_text_quote(&b, under);
    buf_str(&b, ",\"run\":");
    json_text_quote(&b, run);
    buf_str(&b, "}\n");
    rc = fd_write(j->fd, b.p, b.n, j->path, e);
    j->size = b.n;
    buf_free(&b);
    return rc;
}

int journal_open_old(struct journal *j, const char *path, struct err *e) {
    bool usable;
    *j = (struct journal){.fd = -1, .path = mem_str(path)};
    int rc = load(j, NULL, NULL, &usable, e);
    if (rc == ERR_OK && (j->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) rc = err_sys(e, ERR_IO, "cannot read %s", path);
    return rc;
}

void journal_close(struct journal *j) {
    if (!j->path) return;
    if (j->fd >= 0) close(j->fd);
    free(j->path);
    free(j->e);
    free(j->table);
    buf_free(&j->out);
    *j = (struct journal){.fd = -1};
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void put_text(struct buf *b, const char *key, const char *v) {
    buf_fmt(b, ",\"%s\":", key);
    if (v)
        json_text_quote(b, v);
    else
        buf_str(b, "null");
}

int journal_add(struct journal *j, const struct journal_head *h, struct sv payload, struct err *e) {
    struct buf *b = &j->out;
    struct journal_head done = *h;
    if (payload.n > UINT32_MAX) return err_set(e, ERR_LIMIT, "the records of one answer are larger than 4 GiB");
    done.sum = XXH3_64bits(payload.n ? payload.p : "", payload.n);
    b->n = 0;
    buf_fmt(b, "{\"no\":%zu", h->phase_no);
    put_text(b, "phase", h->phase);
    put_text(b, "sha1", h->sha1);
    put_text(b, "url", h->url);
    put_text(b, "state", entry_state_names[h->state]);
    put_text(b, "reason", h->reason);
    buf_fmt(b, ",\"status\":%ld,\"attempts\":%d,\"items\":%zu,\"seen\":%zu", h->status, h->attempts, h->items, h->seen);
    if (h->temporary) buf_str(b, ",\"temporary\":true");
    if (h->extra) buf_str(b, ",\"extra\":true");
    put_text(b, "next", h->next);
    put_text(b, "answer", h->answer);
    if (h->type) put_text(b, "type", h->type);
    if (h->from) put_text(b, "from", h->from);
    buf_fmt(b, ",\"sum\":\"%016llx\",\"bytes\":%zu}\n", (unsigned long long)done.sum, payload.n);
    size_t head = b->n;
    buf_sv(b, payload);
    int rc = fd_write(j->fd, b->p, b->n, j->path, e);
    if (rc) return rc;
    note_entry(j, &done, j->size, head, payload.n);
    j->size += b->n;
    return ERR_OK;
}

int journal_sync(struct journal *j, struct err *e) {
    return fdatasync(j->fd) == 0 ? ERR_OK : err_sys(e, ERR_IO, "cannot write %s", j->path);
}

static int read_at(struct journal *j, uint64_t at, size_t n, struct buf *out, struct err *e) {
    char *to = buf_room(out, n + 1);
    if (!to) return err_set(e, ERR_LIMIT, "%s: an entry is too large", j->path);
    for (size_t got = 0; got < n;) {
        ssize_t k = pread(j->fd, to + got, n - got, (off_t)(at + got));
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return err_sys(e, ERR_IO, "cannot read %s", j->path);
        got += (size_t)k;
    }
    out->n += n;
    return ERR_OK;
}

int journal_head(struct journal *j, size_t i, struct arena *a, struct journal_head *h, struct err *e) {
    struct buf b = {0};
    struct jtoks toks = {0};
    struct jerr je;
    int rc = read_at(j, j->e[i].at, j->e[i].head, &b, e);
    if (rc == ERR_OK && !json_scan(&toks, b.p, b.n - 1, 0, &je))
        rc = err_set(e, ERR_CORRUPT, "%s: damaged at byte %llu", j->path, (unsigned long long)j->e[i].at);
    size_t bytes;
    if (rc == ERR_OK) read_head((struct jval){b.p, toks.t, 0}, a, h, &bytes);
    jtoks_free(&toks);
    buf_free(&b);
    return rc;
}

int journal_payload(struct journal *j, size_t i, struct buf *out, struct err *e) {
    return read_at(j, j->e[i].at + j->e[i].head, j->e[i].bytes, out, e);
}
