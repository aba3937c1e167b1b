/* The table of all fields: the widest columns give way until it fits the terminal. */
#include "profile/say.h"

#define COLUMNS 7
enum column { COL_FIELD, COL_TYPE, COL_FILLED, COL_DISTINCT, COL_MIN, COL_MEAN, COL_MAX };
static const struct {
    const char *head;
    size_t least, most; /* columns of the terminal */
    bool right;
} columns[COLUMNS] = {{"Field", 20, 48, false},  {"Type", 9, 20, false}, {"Filled", 7, 7, true},
                      {"Distinct", 8, 14, true}, {"Min", 19, 26, true},  {"Mean", 5, 14, true},
                      {"Max", 19, 26, true}};

static void limit_cell(struct buf *b, const struct tally *t, bool least) {
    const struct limit *n = least ? &t->least : &t->greatest, *s = least ? &t->least_text : &t->greatest_text;
    if (mostly_times(t))
        time_text(least ? t->first : t->last, times_of(t).zoned, times_of(t).dates, b);
    else if (mostly_numbers(t) && n->n > 21)
        say_number(b, n->num); /* its digits are told below */
    else if (mostly_numbers(t))
        text_show(b, (struct sv){n->p, n->n}, columns[COL_MIN].most);
    else if (s->set)
        text_show(b, text_whole((struct sv){s->p, s->n}), columns[COL_MIN].most);
}

static void cell(struct buf *b, enum column c, const struct field *f, const struct figures *g) {
    const struct tally *t = &f->t;
    switch (c) {
    case COL_FIELD:
        say_name(b, f, columns[COL_FIELD].most);
        break;
    case COL_TYPE:
        say_kinds(b, t);
        break;
    case COL_FILLED:
        say_percent(b, g->filled, g->of);
        break;
    case COL_DISTINCT:
        if (!g->values) break;
        if (!g->exact) buf_chr(b, '~');
        say_count(b, g->distinct);
        break;
    case COL_MEAN:
        if (t->numbers && mostly_numbers(t)) say_number(b, g->numbers.mean);
        break;
    default:
        limit_cell(b, t, c == COL_MIN);
    }
}

struct table {
    char **cells; /* rows of COLUMNS */
    size_t rows, width[COLUMNS];
};

static void fit(struct table *t) {
    size_t all = GAP * (COLUMNS - 1);
    for (int c = 0; c < COLUMNS; c++) all += t->width[c];
    while (all > LINE) { /* what is farthest over its least gives a column */
        int widest = -1;
        for (int c = 0; c < COLUMNS; c++) {
            size_t over = t->width[c] > columns[c].least ? t->width[c] - columns[c].least : 0;
            if (over && (widest < 0 || over > t->width[widest] - columns[widest].least)) widest = c;
        }
        if (widest < 0) return;
        t->width[widest]--;
        all--;
    }
}

static void put_table(struct buf *b, const struct table *t) {
    for (size_t r = 0; r < t->rows; r++) {
        for (int c = 0; c < COLUMNS; c++) {
            size_t from = b->n;
            text_show(b, sv_of(t->cells[r * COLUMNS + (size_t)c]), t->width[c]);
            text_pad(b, from, t->width[c], columns[c].right);
            if (c + 1 < COLUMNS) text_pad(b, b->n, GAP, false);
        }
        while (b->n && b->p[b->n - 1] == ' ') b->n--;
        buf_chr(b, '\n');
    }
}

void say_table(struct buf *b, const struct profile *p) {
    struct arena a = {0};
    struct table t = {.cells = arena_alloc(&a, (p->nfields + 1) * COLUMNS * sizeof(char *)), .rows = 1};
    for (int c = 0; c < COLUMNS; c++) t.cells[c] = arena_str(&a, columns[c].head);
    for (const struct field *f = p->fields[0]; f; f = profile_next(f)) {
        if (!is_shown(p, f)) continue;
        for (int c = 0; c < COLUMNS; c++) {
            struct buf text = {0};
            cell(&text, (enum column)c, f, figures_of(p, f));
            t.cells[t.rows * COLUMNS + (size_t)c] = arena_strn(&a, buf_text(&text), text.n);
            buf_free(&text);
        }
        t.rows++;
    }
    for (size_t r = 0; r < t.rows; r++)
        for (int c = 0; c < COLUMNS; c++) {
            size_t w = text_width(sv_of(t.cells[r * COLUMNS + (size_t)c]));
            if (w > columns[c].most) w = columns[c].most;
            if (w > t.width[c]) t.width[c] = w;
        }
    fit(&t);
    put_table(b, &t);
    arena_free(&a);
}
