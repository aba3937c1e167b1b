/* See pattern_ecma.h: groups and their names. PCRE2 takes fewer names than ECMA-262, so only numbers are passed on. */
#include "json/format.h"
#include "json/pattern_ecma.h"

size_t pattern_group_name(const char *p, const char *end) {
    const char *s = p;
    while (s < end && *s != '>') {
        uint32_t c = format_next(&s); /* beyond ASCII every character is taken for a letter */
        bool letter = c >= 0x80 || c == '$' || c == '_' || format_is_alpha((char)c);
        if (!letter && !(format_is_digit((char)c) && s - p > 1)) return 0;
    }
    return s < end ? (size_t)(s - p) : 0;
}

uint32_t pattern_group_number(const struct groups *g, struct sv name) {
    for (uint32_t k = 0; k < g->n; k++)
        if (g->names[k].n && sv_eq(g->names[k], name)) return k + 1;
    return 0;
}

static bool add(struct groups *g, struct sv name, const char **why) {
    if (name.n && pattern_group_number(g, name)) {
        *why = "two groups of the same name";
        return false;
    }
    if (g->n == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 8;
        g->names = mem_grow(g->names, g->cap * sizeof *g->names);
    }
    g->names[g->n++] = name;
    return true;
}

bool pattern_groups_find(struct groups *g, const char *text, size_t n, const char **why) {
    bool set = false;
    for (const char *p = text, *end = text + n; p < end; p++) {
        if (*p == '\\') {
            p++;
        } else if (set) {
            set = *p != ']';
        } else if (*p == '[') {
            set = true;
        } else if (*p == '(') {
            size_t left = (size_t)(end - p);
            bool named = left > 3 && p[1] == '?' && p[2] == '<' && p[3] != '=' && p[3] != '!';
            size_t len = named ? pattern_group_name(p + 3, end) : 0;
            if (named && !len) {
                *why = "the name of a group must be an identifier in <>";
                return false;
            }
            if ((named || left < 2 || p[1] != '?') && !add(g, (struct sv){len ? p + 3 : p, len}, why)) return false;
        }
    }
    return true;
}
