/* See collect.h. Which kind of source does what: files here, the generator in clickstream.c. */
#include "collect/collect.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "collect/built_in.h"
#include "collect/clickstream.h"
#include "collect/datasets.h"
#include "collect/web.h"
#include "io/file.h"
#include "json/batch.h"

char *collect_path(const struct pipeline *p, const char *pattern, day_t day, struct arena *a) {
    char date[16], compact[16];
    snprintf(date, sizeof date, "%s", day_text(day).s);
    snprintf(compact, sizeof compact, "%.4s%.2s%.2s", date, date + 5, date + 8);
    const struct {
        const char *word, *value;
        int n;
    } words[] = {{"{date}", date, 10},     {"{yyyymmdd}", compact, 8}, {"{year}", date, 4},
                 {"{month}", date + 5, 2}, {"{day}", date + 8, 2},     {"{definition}", p->dir ? p->dir : ".", -1}};
    struct buf b = {0};
    while (*pattern) {
        size_t k = 0, n = sizeof words / sizeof *words;
        while (k < n && strncmp(pattern, words[k].word, strlen(words[k].word)) != 0) k++;
        if (k == n) {
            buf_chr(&b, *pattern++);
            continue;
        }
        buf_add(&b, words[k].value, words[k].n < 0 ? strlen(words[k].value) : (size_t)words[k].n);
        pattern += strlen(words[k].word);
    }
    char *out = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return out;
}

char collect_column(void *dataset, struct sv name) {
    const struct pl_dataset *d = dataset;
    if (strs_has(d->source.numbers, name)) return 'n';
    for (size_t i = 0; d->load && i < d->load->ncols; i++) {
        const struct column *c = &d->load->cols[i];
        if (!sv_is(name, c->from)) continue;
        if (c->type == COL_INTEGER || c->type == COL_REAL || c->type == COL_NUMBER) return 'n';
        return c->type == COL_BOOLEAN ? 'b' : 't';
    }
    return 't';
}

static bool uses_files(const struct pl_dataset *d, const struct collect_opt *o) {
    bool inside = d->source.kind == SOURCE_DATASET || d->source.kind == SOURCE_SEED; /* --source means what comes in */
    return d->source.kind == SOURCE_FILES || (o->source && !inside);
}

static int find_files(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                      struct arena *a, char ***paths, size_t *n, const char **pattern, struct err *e) {
    *pattern = collect_path(p, o->source ? o->source : d->source.path, day, a);
    return path_glob(*pattern, a, paths, n, e);
}

static uint64_t seed_of(const struct pl_dataset *d, const struct collect_opt *o) {
    return o->seed >= 0 ? (uint64_t)o->seed : d->source.seed;
}
static uint32_t users_of(const struct pl_dataset *d, const struct collect_opt *o) {
    return o->users >= 0 ? (uint32_t)o->users : d->source.users;
}

const char *collect_lacks(const struct pl_dataset *d, const struct collect_opt *o) {
    for (size_t i = 0; i < d->needs.n && !o->source; i++) {
        const char *value = getenv(d->needs.s[i]);
        if (!value || !*value) return d->needs.s[i];
    }
    return NULL;
}

int collect_digest(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                   char digest[65], bool *present, struct err *e) {
    struct arena a = {0};
    struct sha256 h;
    int rc = ERR_OK;
    *present = true;
    if (!uses_files(d, o) && d->source.kind == SOURCE_DATASET) return datasets_digest(p, d, day, o, digest, present, e);
    sha256_start(&h);
    if (collect_lacks(d, o)) {
        sha256_str(&h, "skipped"); /* with the variable set the day is asked for */
    } else if (uses_files(d, o)) {
        char **paths;
        size_t n;
        const char *pattern;
        rc = find_files(p, d, day, o, &a, &paths, &n, &pattern, e);
        *present = rc == ERR_OK && n;
        for (size_t i = 0; i < n && rc == ERR_OK; i++) {
            struct stat st;
            if (stat(paths[i], &st) != 0) continue;
            sha256_str(&h, paths[i]);
            sha256_add(&h, &st.st_size, sizeof st.st_size);
            sha256_add(&h, &st.st_mtim, sizeof st.st_mtim);
        }
    } else if (d->source.kind == SOURCE_HTTP) {
        sha256_str(&h, "http"); /* what the day's answers are is only known by asking */
    } else if (d->source.kind == SOURCE_TRIPS || d->source.kind == SOURCE_SEED) {
        rc = collect_built_in_digest(p, d, o, &h, e);
    } else {
        uint64_t seed = seed_of(d, o);
        uint32_t users = users_of(d, o);
        const char *text;
        size_t n;
        sha256_add(&h, &seed, sizeof seed);
        sha256_add(&h, &users, sizeof users);
        sha256_add(&h, o->defects ? o->defects : d->source.defects, 7 * sizeof(double));
        rc = pipeline_file(p, &a, d->source.products, &text, &n, e);
        if (rc == ERR_OK) sha256_add(&h, text, n);
    }
    sha256_hex(&h, digest);
    arena_free(&a);
    return rc;
}

/* A row that is no record, as a JSON string that says why. */
static int write_unreadable(const struct reader *r, const struct rblock *b, const struct rline *l, write_fn *write,
                            void *ctx, struct err *e) {
    struct buf text = {0}, out = {0};
    buf_fmt(&text, "%s:%llu: %s: ", reader_name(r, l->file), (unsigned long long)l->line, l->bad);
    buf_add(&text, b->data.p + l->off, l->len);
    json_quote(&out, (struct sv){text.p, text.n});
    buf_chr(&out, '\n');
    int rc = write(ctx, out.p, out.n, 1, e);
    buf_free(&text);
    buf_free(&out);
    return rc;
}

int collect_block(const struct reader *r, const struct rblock *b, write_fn *write, void *ctx, struct err *e) {
    const char *data = b->data.p;
    int rc = ERR_OK;
    for (size_t i = 0; i < b->n && rc == ERR_OK;) {
        if (b->l[i].bad) {
            rc = write_unreadable(r, b, &b->l[i++], write, ctx, e);
            continue;
        }
        size_t from = b->l[i].off, end = from + b->l[i].len, n = 1;
        while (i + n < b->n && !b->l[i + n].bad && data[end] == '\n' && b->l[i + n].off == end + 1) {
            end = b->l[i + n].off + b->l[i + n].len;
            n++;
        }
        rc = write(ctx, data + from, end - from, n, e);
        if (rc == ERR_OK) rc = write(ctx, "\n", 1, 0, e);
        i += n;
    }
    return rc;
}

static void tell_inputs(struct collect_stats *st, char **paths, size_t n) {
    struct buf b = {0};
    buf_chr(&b, '[');
    for (size_t i = 0; i < n && b.n < sizeof st->inputs_json - 512; i++) {
        buf_str(&b, i ? ",{\"file\":" : "{\"file\":");
        json_text_quote(&b, paths[i]);
        buf_fmt(&b, ",\"bytes\":%lld}", (long long)file_size(paths[i]));
    }
    buf_chr(&b, ']');
    snprintf(st->inputs_json, sizeof st->inputs_json, "%s", b.n < sizeof st->inputs_json ? b.p : "[]");
    buf_free(&b);
}

struct files_run {
    const struct collect_opt *o;
    const struct reader *r;
    write_fn *write;
    void *ctx;
    struct collect_stats *st;
};
struct files_seen {
    struct alike like;
    bool sound;
};

/* On any thread: while one hashes what is written, the other has time to look whether these are records, which the next
 * stage then need not ask. */
static void look_at(void *ctx, struct batch *b, void *out) {
    const struct files_run *f = ctx;
    struct files_seen *seen = out;
    size_t longest = f->o->max_line ? f->o->max_line : READER_MAX_LINE;
    seen->sound = f->o->look;
    for (size_t i = 0; i < b->blk.n && seen->sound; i++) {
        const struct rline *l = &b->blk.l[i];
        seen->sound = !l->bad && l->len <= longest && !memchr(b->blk.data.p + l->off, '\n', l->len);
    }
    if (!seen->sound || b->blk.objects) return;
    batch_look(b, &seen->like);
    for (size_t i = 0; i < b->n && seen->sound; i++) seen->sound = !b->r[i].bad && jv_type(b->r[i].v) == JT_OBJ;
}

static int take_block(void *ctx, struct batch *b, void *out, struct err *e) {
    const struct files_run *f = ctx;
    const struct files_seen *seen = out;
    f->st->rows += b->blk.n;
    f->st->sound &= seen->sound;
    return collect_block(f->r, &b->blk, f->write, f->ctx, e);
}

static void forget(void *out) {
    alike_free(&((struct files_seen *)out)->like);
}

static int collect_files(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                         write_fn *write, void *ctx, struct collect_stats *st, struct err *e) {
    struct arena a = {0};
    struct reader *r = NULL;
    char **paths;
    size_t n;
    const char *pattern;
    struct reader_opt opt = {.format = o->source ? FMT_AUTO : d->source.format,
                             .enc = d->source.enc,
                             .delimiter = d->source.delimiter,
                             .max_line = o->max_line,
                             .column = collect_column,
                             .ctx = (void *)(uintptr_t)d};
    int rc = find_files(p, d, day, o, &a, &paths, &n, &pattern, e);
    if (rc) goto out;
    if (!n) {
        char *dir = path_dir(pattern, &a);
        bool unreadable = access(dir, F_OK) == 0 && access(dir, R_OK | X_OK) != 0;
        rc = err_set(e, ERR_NOINPUT, unreadable ? "the directory of %s cannot be read" : "no file matches %s", pattern);
        goto out;
    }
    tell_inputs(st, paths, n);
    for (size_t i = 0; i < n; i++) progress_expect((uint64_t)file_size(paths[i]));
    rc = reader_open(&r, (const char *const *)paths, n, &opt, e);
    struct files_run run = {o, r, write, ctx, st};
    bool work_to_share = o->look;
    for (size_t i = 0; i < n && !work_to_share; i++)
        work_to_share = (opt.format == FMT_AUTO ? format_of(paths[i]) : opt.format) == FMT_CSV;
    struct crew crew = {.threads = work_to_share ? o->threads : 1,
                        .out_size = sizeof(struct files_seen),
                        .ctx = &run,
                        .work = look_at,
                        .take = take_block,
                        .out_free = forget,
                        .unscanned = true};
    st->sound = o->look;
    if (rc == ERR_OK) rc = crew_run(&crew, r, e);
    st->bytes = reader_bytes(r);
out:
    reader_close(r);
    arena_free(&a);
    return rc;
}

static int read_product(const struct pl_dataset *d, const struct rblock *b, const struct rline *l, struct jtoks *toks,
                        struct arena *a, struct clickstream_product *out, struct err *e) {
    struct jerr je;
    struct jval id, category, price;
    const char *s = b->data.p + l->off;
    toks->n = 0;
    bool ok = !l->bad && json_scan(toks, s, l->len, 0, &je);
    struct jval rec = {s, toks->t, 0};
    ok = ok && jv_get(rec, SV("product_id"), &id) && jv_get(rec, SV("category_id"), &category) &&
         jv_get(rec, SV("unit_price"), &price);
    if (!ok)
        return err_set(e, ERR_CONFIG, "%s:%llu: expected product_id, category_id and unit_price", d->source.products,
                       (unsigned long long)l->line);
    *out = (struct clickstream_product){jv_str(id, a, NULL), jv_str(category, a, NULL),
                                        strtoll(jv_str(price, a, NULL), NULL, 10)};
    return ERR_OK;
}

/* The catalogue of products from the definition's CSV. */
static int read_products(const struct pipeline *p, const struct pl_dataset *d, struct arena *a,
                         struct clickstream_product **out, size_t *n, struct err *e) {
    const char *text;
    size_t len, cap = 0;
    struct rblock b = {0};
    struct jtoks toks = {0};
    struct reader *r = NULL;
    bool more = true;
    struct clickstream_product *list = NULL;
    int rc = pipeline_file(p, a, d->source.products, &text, &len, e);
    if (rc) return rc;
    struct reader_opt opt = {.format = FMT_CSV, .text = text, .text_n = len};
    *n = 0;
    rc = reader_open(&r, &d->source.products, 1, &opt, e);
    while (rc == ERR_OK && more) {
        rc = reader_next(r, &b, &more, e);
        for (size_t i = 0; i < b.n && rc == ERR_OK; i++) {
            if (*n == cap) list = mem_grow(list, (cap = cap ? cap * 2 : 64) * sizeof *list);
            rc = read_product(d, &b, &b.l[i], &toks, a, &list[(*n)++], e);
        }
    }
    *out = arena_alloc(a, (*n + 1) * sizeof **out);
    if (*n) memcpy(*out, list, *n * sizeof **out);
    free(list);
    reader_close(r);
    rblock_free(&b);
    jtoks_free(&toks);
    return rc;
}

static uint64_t count_lines(const struct buf *b) {
    uint64_t n = 0;
    for (const char *p = b->p, *end = b->p + b->n; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++) n++;
    return n;
}

static int collect_clickstream(const struct pipeline *p, const struct pl_dataset *d, day_t day,
                               const struct collect_opt *o, write_fn *write, void *ctx, struct collect_stats *st,
                               struct err *e) {
    static const char *const no_queries[] = {"search"};
    struct arena a = {0};
    struct buf b = {0};
    struct clickstream *g = NULL;
    struct clickstream_product *products;
    size_t nproducts;
    bool more = true;
    int rc = read_products(p, d, &a, &products, &nproducts, e);
    if (rc) goto out;
    struct clickstream_cfg cfg = {.seed = seed_of(d, o),
                                  .day = day,
                                  .users = users_of(d, o),
                                  .products = products,
                                  .nproducts = nproducts,
                                  .search_queries = d->source.queries.n ? d->source.queries.s : no_queries,
                                  .nqueries = d->source.queries.n ? d->source.queries.n : 1,
                                  .base_url = d->source.base_url};
    memcpy(cfg.defects, o->defects ? o->defects : d->source.defects, sizeof cfg.defects);
    snprintf(st->inputs_json, sizeof st->inputs_json, "[{\"generator\":\"clickstream\",\"seed\":%llu,\"users\":%u}]",
             (unsigned long long)cfg.seed, cfg.users);
    rc = clickstream_open(&g, &cfg, e);
    while (rc == ERR_OK && more) {
        b.n = 0;
        rc = stop_check(e);
        if (rc == ERR_OK) rc = clickstream_next(g, &b, 1 << 20, &more, e);
        if (rc || !b.n) continue;
        uint64_t n = count_lines(&b);
        progress_add(b.n);
        st->rows += n;
        st->bytes += b.n;
        rc = write(ctx, b.p, b.n, n, e);
    }
out:
    clickstream_close(g);
    buf_free(&b);
    arena_free(&a);
    return rc;
}

int collect_run(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                write_fn *write, void *ctx, struct collect_stats *st, struct err *e) {
    *st = (struct collect_stats){.inputs_json = "[]"};
    const char *lacks = collect_lacks(d, o);
    if (lacks) {
        log_warn("skipped: %s is not set", lacks);
        return ERR_OK;
    }
    if (!uses_files(d, o) && (d->source.kind == SOURCE_TRIPS || d->source.kind == SOURCE_SEED))
        return collect_built_in(p, d, day, o, write, ctx, st, e);
    if (!uses_files(d, o) && d->source.kind == SOURCE_DATASET) return datasets_collect(p, d, day, o, write, ctx, st, e);
    if (!uses_files(d, o) && d->source.kind == SOURCE_HTTP) return web_collect(p, d, day, o, write, ctx, st, e);
    return uses_files(d, o) ? collect_files(p, d, day, o, write, ctx, st, e)
                            : collect_clickstream(p, d, day, o, write, ctx, st, e);
}
