/*
 * Likeness of two texts as Python's difflib tells it, and names of a vocabulary found by it.
 *
 *   ratio   Ratcliff/Obershelp: 2 M / T, where T is the length of both texts together and M what their matching blocks
 *           have in common: the longest common substring (of equals the one that ends first in a, then in b), and the
 *           same again on both sides of it. Exactly SequenceMatcher(None, a, b, autojunk=False).ratio().
 *   score   0.7 * ratio + 0.2 * Jaccard index of the tokens + 0.1 if one contains the other, of the texts in lower case
 *           with ASCII letters, digits and Hangul syllables only; tokens are the runs of these.
 *
 * A text is matched with the name of the best score, the first of equals, if that reaches min_score. Below it, with the
 * name of the longest keyword that the text contains, then the higher ratio to the name's base, then the first.
 */
#ifndef ETL_TRANSFORM_SIMILAR_H
#define ETL_TRANSFORM_SIMILAR_H

#include "base/mem.h"

/* A text made ready for comparing: of very long ones, the first MAX_LETTERS letters. */
#define MAX_LETTERS 1000
struct letters {
    uint32_t *c;      /* code points that count, in lower case */
    uint32_t *spaced; /* the same with one blank between tokens */
    uint32_t *sorted; /* the same in order */
    uint32_t n, nspaced;
    struct {
        uint32_t at, n; /* in c */
    } * tokens;         /* distinct */
    uint32_t ntokens;
};
void letters_of(struct letters *l, struct sv text, struct arena *a);

struct similar; /* memory of the comparisons; one thread at a time */
struct similar *similar_new(void);
void similar_free(struct similar *s);
double similar_ratio(struct similar *s, const uint32_t *a, uint32_t na, const uint32_t *b, uint32_t nb);
double similar_score(struct similar *s, const struct letters *text, const struct letters *name);

struct vocabulary {
    struct vocabulary_name {
        struct sv name;
        struct letters l, base;
        struct keyword {
            uint32_t *c, n;
        } * keywords; /* tokens parted by one blank */
        size_t nkeywords;
    } * names;
    size_t n;
    double min_score;
};
/* The keywords of one name: its base as it is and without blanks, the words of `codes`, and the base's first word where
 * it has several and the first is none of the variants. A variant is compared in lower case; "*N" means every word that
 * ends so, as it is written. Keywords of one letter are none. */
void vocabulary_keywords(struct vocabulary_name *v, struct sv base, struct sv codes, const struct sv *variants,
                         size_t nvariants, struct arena *a);

struct similar_match {
    size_t at;    /* place in the vocabulary; n: none */
    double score; /* of the name found; 0 for none */
    bool by_keyword;
};
struct similar_match vocabulary_match(const struct vocabulary *v, struct similar *s, const struct letters *text);

#endif
