/*
 * The text part of a mail from its HTML, so that both say the same: blocks become lines, cells are parted by two
 * blanks, character references become what they stand for. For the HTML that mailbody.c writes (its text is escaped: a
 * < begins a tag), not for anybody's.
 */
#include "report/mailbody.h"

struct plain {
    struct buf *b;
    bool line; /* something stands in this line */
};

static void new_line(struct plain *t, bool blank) {
    struct buf *b = t->b;
    while (b->n && b->p[b->n - 1] == ' ') b->n--;
    if (t->line) buf_chr(b, '\n');
    if (blank && b->n > 1 && !(b->p[b->n - 1] == '\n' && b->p[b->n - 2] == '\n')) buf_chr(b, '\n');
    t->line = false;
}

static bool is_tag(const char *p, const char *name) {
    size_t n = strlen(name);
    return strncmp(p, name, n) == 0 && (p[n] == '>' || p[n] == ' ' || p[n] == '/');
}

/* p behind the <; behind the > */
static const char *tag(struct plain *t, const char *p) {
    static const char *const blocks[] = {"p", "h1", "h2", "h3", "table"};
    const char *name = p + (*p == '/');
    if (is_tag(p, "head") || is_tag(p, "style")) { /* its title stands in the body again */
        const char *end = strstr(p, is_tag(p, "head") ? "</head>" : "</style>");
        if (end) p = end;
    }
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (is_tag(name, blocks[i])) new_line(t, true);
    if (is_tag(name, "tr") || is_tag(name, "br") || is_tag(name, "div")) new_line(t, false);
    if ((is_tag(p, "td") || is_tag(p, "th")) && t->line) buf_str(t->b, "  ");
    p = strchr(p, '>');
    return p ? p + 1 : NULL;
}

/* p at the &; behind it, or behind what it stands for */
static const char *reference(struct plain *t, const char *p) {
    static const struct {
        const char *name, *is;
    } known[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&nbsp;", " "}};
    t->line = true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t n = strlen(known[i].name);
        if (strncmp(p, known[i].name, n) != 0) continue;
        buf_str(t->b, known[i].is);
        return p + n;
    }
    buf_chr(t->b, '&');
    return p + 1;
}

void mail_text(const char *html, struct buf *b) {
    struct plain t = {.b = b};
    for (const char *p = html; p && *p;) {
        if (*p == '<') {
            p = tag(&t, p + 1);
        } else if (*p == '&') {
            p = reference(&t, p);
        } else if (*p == ' ' || *p == '\n' || *p == '\t') {
            if (t.line && b->p[b->n - 1] != ' ') buf_chr(b, ' ');
            p++;
        } else {
            t.line = true;
            buf_chr(b, *p++);
        }
    }
    new_line(&t, false);
    while (b->n > 1 && b->p[b->n - 1] == '\n' && b->p[b->n - 2] == '\n') b->p[--b->n] = 0;
}
