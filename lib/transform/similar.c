/*
 * See similar.h. The longest common substring is found by the lengths of common endings, a row at a time, as difflib
 * does it. Names that cannot win are not compared at all: the letters that two texts share, whatever their order, bound
 * the ratio from above, and each step of the score is monotonous in it, also in floating point.
 */
#include "transform/similar.h"

#include <stdlib.h>

struct span {
    uint32_t alo, ahi, blo, bhi;
};
struct similar {
    uint32_t *row;
    size_t row_cap;
    struct span *todo;
    size_t todo_cap;
};

struct similar *similar_new(void) {
    return mem_alloc(sizeof(struct similar));
}

void similar_free(struct similar *s) {
    if (!s) return;
    free(s->row);
    free(s->todo);
    free(s);
}

/* ---- letters ---- */

static uint32_t code_point(const unsigned char *p, size_t left, size_t *n) {
    *n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (*n > left) *n = left;
    if (*n == 1) return p[0];
    uint32_t c = p[0] & (0x3Fu >> (*n - 1));
    for (size_t i = 1; i < *n; i++) c = c << 6 | (p[i] & 0x3F);
    return c;
}

/* The letter in lower case, 0 when it does not count. U+0130 and U+212A have lower cases in ASCII. */
static uint32_t letter(uint32_t c) {
    if (c >= 'A' && c <= 'Z') return c + 32;
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 0xAC00 && c <= 0xD7A3)) return c;
    return c == 0x130 ? 'i' : c == 0x212A ? 'k' : 0;
}

static bool token_is_new(const struct letters *l, uint32_t at, uint32_t n) {
    for (uint32_t i = 0; i < l->ntokens; i++)
        if (l->tokens[i].n == n && memcmp(l->c + l->tokens[i].at, l->c + at, n * sizeof *l->c) == 0) return false;
    return true;
}

static int by_letter(const void *x, const void *y) {
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

void letters_of(struct letters *l, struct sv text, struct arena *a) {
    size_t most = text.n < MAX_LETTERS ? text.n : MAX_LETTERS;
    *l = (struct letters){.c = arena_alloc(a, (most + 1) * sizeof *l->c),
                          .spaced = arena_alloc(a, (2 * most + 1) * sizeof *l->c),
                          .sorted = arena_alloc(a, (most + 1) * sizeof *l->c)};
    l->tokens = arena_alloc(a, (most / 2 + 1) * sizeof *l->tokens);
    uint32_t from = 0;
    for (size_t i = 0, n; i <= text.n; i += n) {
        n = 1;
        uint32_t c =
            i < text.n && l->n < most ? letter(code_point((const unsigned char *)text.p + i, text.n - i, &n)) : 0;
        if (c) {
            if (l->n == from && l->n) l->spaced[l->nspaced++] = ' ';
            l->c[l->n++] = l->spaced[l->nspaced++] = c;
            continue;
        }
        if (l->n > from && token_is_new(l, from, l->n - from)) {
            l->tokens[l->ntokens].at = from;
            l->tokens[l->ntokens++].n = l->n - from;
        }
        from = l->n;
        if (l->n == most) break;
    }
    if (l->n) memcpy(l->sorted, l->c, l->n * sizeof *l->c);
    qsort(l->sorted, l->n, sizeof *l->sorted, by_letter);
}

/* ---- ratio ---- */

/* Longest common substring of a[alo,ahi) and b[blo,bhi); 0 when there is none. */
static uint32_t longest(struct similar *s, const uint32_t *a, const uint32_t *b, struct span x, uint32_t *ai,
                        uint32_t *bi) {
    uint32_t best = 0, *row = s->row; /* row[j - blo + 1]: length of the common ending at a[i], b[j] */
    memset(row, 0, (x.bhi - x.blo + 1) * sizeof *row);
    for (uint32_t i = x.alo; i < x.ahi; i++) {
        uint32_t diagonal = 0;
        for (uint32_t j = x.blo; j < x.bhi; j++) {
            uint32_t *cell = &row[j - x.blo + 1], k = a[i] == b[j] ? diagonal + 1 : 0;
            diagonal = *cell;
            *cell = k;
            if (k <= best) continue;
            best = k;
            *ai = i + 1 - k;
            *bi = j + 1 - k;
        }
    }
    return best;
}

static uint32_t matching(struct similar *s, const uint32_t *a, uint32_t na, const uint32_t *b, uint32_t nb) {
    uint32_t sum = 0, ai = 0, bi = 0;
    size_t n = 0, most = (na < nb ? na : nb) + 2;
    if (s->row_cap < (size_t)nb + 1) s->row = mem_grow(s->row, (s->row_cap = (size_t)nb + 1) * sizeof *s->row);
    if (s->todo_cap < most) s->todo = mem_grow(s->todo, (s->todo_cap = most) * sizeof *s->todo);
    s->todo[n++] = (struct span){0, na, 0, nb};
    while (n) {
        struct span x = s->todo[--n];
        uint32_t k = longest(s, a, b, x, &ai, &bi);
        if (!k) continue;
        sum += k;
        if (x.alo < ai && x.blo < bi) s->todo[n++] = (struct span){x.alo, ai, x.blo, bi};
        if (ai + k < x.ahi && bi + k < x.bhi) s->todo[n++] = (struct span){ai + k, x.ahi, bi + k, x.bhi};
    }
    return sum;
}

static double ratio_of(uint32_t matches, uint32_t na, uint32_t nb) {
    return na + nb ? 2.0 * matches / ((double)na + nb) : 1.0;
}

double similar_ratio(struct similar *s, const uint32_t *a, uint32_t na, const uint32_t *b, uint32_t nb) {
    return ratio_of(matching(s, a, na, b, nb), na, nb);
}

/* ---- score ---- */

static double jaccard(const struct letters *a, const struct letters *b) {
    uint32_t both = 0;
    for (uint32_t i = 0; i < a->ntokens; i++)
        for (uint32_t k = 0; k < b->ntokens; k++)
            both += a->tokens[i].n == b->tokens[k].n &&
                    memcmp(a->c + a->tokens[i].at, b->c + b->tokens[k].at, a->tokens[i].n * sizeof *a->c) == 0;
    uint32_t any = a->ntokens + b->ntokens - both;
    return any ? (double)both / any : 0;
}

static bool found_in(const uint32_t *a, uint32_t na, const uint32_t *b, uint32_t nb) {
    for (uint32_t i = 0; nb && i + nb <= na; i++)
        if (a[i] == b[0] && memcmp(a + i, b, nb * sizeof *b) == 0) return true;
    return false;
}

static bool contains(const struct letters *a, const struct letters *b) {
    return a->n < b->n ? found_in(b->c, b->n, a->c, a->n) : found_in(a->c, a->n, b->c, b->n);
}

/* Each product and sum rounded by itself, as Python does it: no fused multiply-add. */
static double weigh(double ratio, double tokens, bool inside) {
    volatile double r = 0.7 * ratio, t = 0.2 * tokens;
    volatile double sum = r + t;
    return inside ? sum + 0.1 : sum;
}

double similar_score(struct similar *s, const struct letters *text, const struct letters *name) {
    return weigh(similar_ratio(s, text->c, text->n, name->c, name->n), jaccard(text, name), contains(text, name));
}

/* How many letters they share, each as often as both have it: never fewer than match. */
static uint32_t shared_letters(const struct letters *a, const struct letters *b) {
    uint32_t n = 0;
    for (uint32_t i = 0, k = 0; i < a->n && k < b->n;) {
        if (a->sorted[i] == b->sorted[k])
            n++, i++, k++;
        else if (a->sorted[i] < b->sorted[k])
            i++;
        else
            k++;
    }
    return n;
}

/* ---- keywords ---- */

static void add_keyword(struct vocabulary_name *v, const uint32_t *c, uint32_t n, struct arena *a) {
    if (n < 2) return;
    struct keyword k = {arena_alloc(a, n * sizeof *c), n};
    memcpy(k.c, c, n * sizeof *c);
    v->keywords[v->nkeywords++] = k;
}

static struct sv next_word(struct sv *text) {
    while (text->n && (*text->p == ' ' || *text->p == '\t')) text->p++, text->n--;
    size_t n = 0;
    while (n < text->n && text->p[n] != ' ' && text->p[n] != '\t') n++;
    struct sv w = {text->p, n};
    text->p += n;
    text->n -= n;
    return w;
}

static bool is_variant(struct sv word, const struct sv *variants, size_t n, struct arena *a) {
    struct letters w, x;
    letters_of(&w, word, a);
    for (size_t i = 0; i < n; i++) {
        struct sv v = variants[i];
        if (v.n > 1 && v.p[0] == '*') {
            v.p++, v.n--;
            if (word.n >= v.n && memcmp(word.p + word.n - v.n, v.p, v.n) == 0) return true;
            continue;
        }
        letters_of(&x, v, a);
        if (x.n == w.n && memcmp(x.c, w.c, x.n * sizeof *x.c) == 0) return true;
    }
    return false;
}

void vocabulary_keywords(struct vocabulary_name *v, struct sv base, struct sv codes, const struct sv *variants,
                         size_t nvariants, struct arena *a) {
    struct letters l;
    v->keywords = arena_alloc(a, (codes.n + 4) * sizeof *v->keywords);
    v->nkeywords = 0;
    letters_of(&v->base, base, a);
    add_keyword(v, v->base.spaced, v->base.nspaced, a);
    if (v->base.nspaced != v->base.n) add_keyword(v, v->base.c, v->base.n, a);
    for (struct sv w; (w = next_word(&codes)).n;) {
        letters_of(&l, w, a);
        add_keyword(v, l.spaced, l.nspaced, a);
    }
    struct sv first = next_word(&base), second = next_word(&base);
    if (!second.n || is_variant(first, variants, nvariants, a)) return;
    letters_of(&l, first, a);
    add_keyword(v, l.spaced, l.nspaced, a);
}

static struct similar_match by_keyword(const struct vocabulary *v, struct similar *s, const struct letters *text) {
    struct similar_match best = {.at = v->n};
    uint32_t length = 0;
    for (size_t i = 0; i < v->n; i++) {
        const struct vocabulary_name *x = &v->names[i];
        uint32_t n = 0;
        for (size_t k = 0; k < x->nkeywords; k++)
            if (x->keywords[k].n > n && x->keywords[k].n >= length &&
                found_in(text->spaced, text->nspaced, x->keywords[k].c, x->keywords[k].n))
                n = x->keywords[k].n;
        if (!n) continue;
        double ratio = similar_ratio(s, text->c, text->n, x->base.c, x->base.n);
        if (n == length && ratio <= best.score) continue;
        best = (struct similar_match){i, ratio, true};
        length = n;
    }
    if (best.at < v->n) best.score = similar_score(s, text, &v->names[best.at].l);
    return best;
}

struct similar_match vocabulary_match(const struct vocabulary *v, struct similar *s, const struct letters *text) {
    struct similar_match best = {.at = v->n};
    for (size_t i = 0; i < v->n; i++) {
        const struct letters *l = &v->names[i].l;
        double tokens = jaccard(text, l);
        bool inside = contains(text, l);
        double most = weigh(ratio_of(shared_letters(text, l), text->n, l->n), tokens, inside);
        if (most < v->min_score || (best.at < v->n && most <= best.score)) continue;
        double score = weigh(similar_ratio(s, text->c, text->n, l->c, l->n), tokens, inside);
        if (score >= v->min_score && (best.at == v->n || score > best.score))
            best = (struct similar_match){i, score, false};
    }
    return best.at < v->n ? best : by_keyword(v, s, text);
}
