/* See regex.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "transform/regex.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>

/* Steps back that a match may take from each place of the text: enough to go over it some times, and for short texts
 * much more; a pattern such as (x+x+)+y, which would take years, ends there. */
#define MATCH_MOST 100000
#define MATCH_ALL 100000000

struct rx {
    pcre2_code *code;
    uint32_t groups;
    size_t nnames;
    struct rx_named {
        const char *name;
        uint32_t group;
    } * names;
};

static void give_back(void *what) {
    pcre2_code_free(((struct rx *)what)->code);
}

static int by_group(const void *x, const void *y) {
    const struct rx_named *a = x, *b = y;
    return a->group < b->group ? -1 : a->group > b->group;
}

static void read_names(struct rx *x, struct arena *a) {
    uint32_t n = 0, size = 0;
    PCRE2_SPTR table;
    pcre2_pattern_info(x->code, PCRE2_INFO_NAMECOUNT, &n);
    pcre2_pattern_info(x->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(x->code, PCRE2_INFO_NAMETABLE, &table);
    x->names = arena_alloc(a, (n + 1) * sizeof *x->names);
    for (x->nnames = 0; x->nnames < n; x->nnames++, table += size)
        x->names[x->nnames] =
            (struct rx_named){arena_str(a, (const char *)table + 2), (uint32_t)(table[0] << 8 | table[1])};
    qsort(x->names, n, sizeof *x->names, by_group);
}

struct rx *rx_new(struct op_parse *c, const char *pattern, struct jval at) {
    int code;
    PCRE2_SIZE where;
    pcre2_code *re =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &code, &where, NULL);
    if (!re && code == PCRE2_ERROR_HEAP_FAILED) mem_die();
    if (!re) {
        char why[200];
        pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
        mistake_at(c->m, offset_of(at), "the pattern '%s' is wrong at character %zu: %s", pattern, (size_t)where + 1,
                   why);
        return NULL;
    }
    pcre2_jit_compile(re, PCRE2_JIT_COMPLETE); /* without it matching is only slower */
    struct rx *x = arena_alloc(c->a, sizeof *x);
    x->code = re;
    pcre2_pattern_info(re, PCRE2_INFO_CAPTURECOUNT, &x->groups);
    read_names(x, c->a);
    pipeline_defer(c->p, give_back, x);
    return x;
}

struct rx **rx_list(struct op_parse *c, const char *key, size_t *n) {
    struct jval v, e;
    *n = 0;
    if (!get_val(c->v, key, &v)) return NULL;
    struct rx **l = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof(struct rx *));
    uint32_t pos = 0;
    if (jv_type(v) == JT_STR && (l[*n] = rx_new(c, jv_str(v, c->a, NULL), v))) ++*n;
    while (jv_type(v) == JT_ARR && jv_each(v, &pos, NULL, &e))
        if ((l[*n] = rx_new(c, jv_str(e, c->a, NULL), e))) ++*n;
    return l;
}

/* What one thread matches with; made at its first match, given back when the thread ends. */
struct room {
    pcre2_match_data *data;
    pcre2_match_context *limits;
    uint32_t groups;
};
static pthread_key_t room_key;
static pthread_once_t room_once = PTHREAD_ONCE_INIT;

static void room_free(void *p) {
    struct room *m = p;
    pcre2_match_data_free(m->data);
    pcre2_match_context_free(m->limits);
    free(m);
}

static void room_init(void) {
    pthread_key_create(&room_key, room_free);
}

static struct room *room_of(const struct rx *x) {
    pthread_once(&room_once, room_init);
    struct room *m = pthread_getspecific(room_key);
    if (!m) {
        m = mem_alloc(sizeof *m);
        m->limits = pcre2_match_context_create(NULL);
        if (!m->limits) mem_die();
        pthread_setspecific(room_key, m);
    }
    if (!m->data || m->groups < x->groups) {
        pcre2_match_data_free(m->data);
        m->data = pcre2_match_data_create(x->groups + 1, NULL);
        if (!m->data) mem_die();
        m->groups = x->groups;
    }
    return m;
}

bool rx_find(const struct rx *x, struct sv s, size_t from, struct arena *a, struct rx_match *out) {
    struct room *m = room_of(x);
    uint32_t how = PCRE2_NO_UTF_CHECK;
    size_t limit = MATCH_ALL / (s.n + 1);
    limit = limit > MATCH_MOST ? MATCH_MOST : limit;
    pcre2_set_match_limit(m->limits, (uint32_t)(limit > 4 * s.n + 500 ? limit : 4 * s.n + 500));
    int rc = pcre2_match(x->code, (PCRE2_SPTR)s.p, s.n, from, how, m->data, m->limits);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT) /* the machine's code has 32 KiB; the interpreter takes what it needs */
        rc = pcre2_match(x->code, (PCRE2_SPTR)s.p, s.n, from, how | PCRE2_NO_JIT, m->data, m->limits);
    if (rc == PCRE2_ERROR_NOMEMORY) mem_die();
    if (rc < 0) return false;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(m->data);
    out->n = x->groups + 1;
    out->group =
        out->n <= RX_ROOM ? memset(out->room, 0, sizeof out->room) : arena_alloc(a, out->n * sizeof *out->group);
    for (size_t i = 0; i < (size_t)rc; i++)
        if (at[2 * i] != PCRE2_UNSET && at[2 * i + 1] >= at[2 * i])
            out->group[i] = (struct sv){s.p + at[2 * i], at[2 * i + 1] - at[2 * i]};
    return true;
}

/* ---- replacing ---- */

static const struct rx_named *find_name(const struct rx *x, struct sv name) {
    for (size_t i = 0; i < x->nnames; i++)
        if (sv_is(name, x->names[i].name)) return &x->names[i];
    return NULL;
}

/* The reference at s.p ("$..."): its group and how many bytes it takes; 0 bytes: not one. group SIZE_MAX: a dollar. */
static size_t reference(const struct rx *x, struct sv s, size_t *group) {
    if (s.n < 2) return 0;
    if (s.p[1] == '$') {
        *group = SIZE_MAX;
        return 2;
    }
    bool braced = s.p[1] == '{';
    size_t from = braced ? 2 : 1, n = 0;
    while (from + n < s.n && (braced ? s.p[from + n] != '}' : s.p[from + n] >= '0' && s.p[from + n] <= '9')) n++;
    if (!n || (braced && from + n == s.n)) return 0;
    struct sv name = {s.p + from, n};
    if (name.p[0] >= '0' && name.p[0] <= '9') {
        *group = strtoul(name.p, NULL, 10);
        if (*group > x->groups) return 0;
    } else {
        const struct rx_named *g = find_name(x, name);
        if (!g) return 0;
        *group = g->group;
    }
    return from + n + braced;
}

const char *rx_check_with(const struct rx *x, const char *with) {
    for (struct sv s = sv_of(with); s.n;) {
        size_t group, n = *s.p == '$' ? reference(x, s, &group) : 1;
        if (!n) return "a $ must stand before a group of the pattern ($1, ${name}) or another $";
        s.p += n;
        s.n -= n;
    }
    return NULL;
}

static void put_with(const struct rx *x, struct buf *b, struct sv with, const struct rx_match *m) {
    while (with.n) {
        size_t group, n = *with.p == '$' ? reference(x, with, &group) : 0;
        if (!n) {
            buf_chr(b, *with.p);
            n = 1;
        } else if (group == SIZE_MAX) {
            buf_chr(b, '$');
        } else if (m->group[group].p) {
            buf_sv(b, m->group[group]);
        }
        with.p += n;
        with.n -= n;
    }
}

static size_t char_length(struct sv s, size_t at) {
    size_t n = 1;
    while (at + n < s.n && ((unsigned char)s.p[at + n] & 0xC0) == 0x80) n++;
    return n;
}

bool rx_replace(const struct rx *x, struct sv s, struct sv with, struct arena *a, struct buf *out) {
    struct rx_match m;
    size_t at = 0, from = 0;
    if (!rx_find(x, s, 0, a, &m)) return false;
    do {
        size_t start = (size_t)(m.group[0].p - s.p), end = start + m.group[0].n;
        buf_add(out, s.p + from, start - from);
        put_with(x, out, with, &m);
        from = end;
        at = end;
        if (!m.group[0].n) { /* an empty match: the next one begins a character later */
            if (end >= s.n) break;
            at = end + char_length(s, end);
        }
    } while (at <= s.n && rx_find(x, s, at, a, &m));
    buf_add(out, s.p + from, s.n - from);
    return true;
}

size_t rx_names(const struct rx *x) {
    return x->nnames;
}

const char *rx_name(const struct rx *x, size_t i, uint32_t *group) {
    *group = x->names[i].group;
    return x->names[i].name;
}
