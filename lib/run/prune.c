/* See prune.h. */
#include "run/prune.h"

#include "io/file.h"
#include "io/part.h"

struct pruning {
    const struct pipeline *p;
    const char *home;
    struct arena a;
    day_t newest;
    bool any;
    struct ledger *l;
    FILE *dry;
    struct prune_stats *st;
};

typedef int visit_fn(struct pruning *g, const char *dir, day_t day, struct err *e);

static bool day_of(const char *name, day_t *day) {
    return strncmp(name, "dt=", 3) == 0 && day_parse(sv_of(name + 3), day);
}

/* All partitions of the pipeline, of datasets that the definition no longer has too. layer/DATASET/dt= and
 * layer/DATASET/STEP/dt= both come by. */
static int walk(struct pruning *g, const char *dir, int depth, visit_fn *visit, struct err *e) {
    char **names;
    size_t n;
    day_t day;
    int rc = dir_list(dir, &g->a, &names, &n, e);
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        char *path = arena_fmt(&g->a, "%s/%s", dir, names[i]);
        if (day_of(names[i], &day))
            rc = visit(g, path, day, e);
        else if (depth < 3 && names[i][0] != '.')
            rc = walk(g, path, depth + 1, visit, e);
    }
    return rc;
}

static int see(struct pruning *g, const char *dir, day_t day, struct err *e) {
    struct part_info info;
    bool found;
    int rc = part_read(dir, &info, &found, e);
    if (rc == ERR_CORRUPT) return ERR_OK;
    if (rc == ERR_OK && found && (!g->any || day > g->newest)) {
        g->newest = day;
        g->any = true;
    }
    return rc;
}

/* Partitions, and what a killed prune has left of one. */
static int give_back(struct pruning *g, const char *dir, day_t day, struct err *e) {
    struct part_info info = {0};
    bool found = false, pruned = false;
    char **files;
    size_t n;
    if (!g->any || day > g->newest - (day_t)g->p->retention) return ERR_OK;
    int rc = part_read(dir, &info, &found, e);
    if (rc == ERR_CORRUPT) return ERR_OK; /* something is wrong here: people look at it, nobody removes it */
    if (rc == ERR_OK && !found) rc = part_pruned(dir, &info, &pruned, e);
    if (rc == ERR_OK && pruned) rc = part_files(dir, &g->a, &files, &n, e);
    if (rc || (!found && (!pruned || !n))) return rc;
    g->st->partitions++;
    g->st->bytes += info.bytes;
    if (!g->dry) return part_prune(dir, e);
    fprintf(g->dry, "%s  %llu bytes\n", dir + strlen(g->home) + 1, (unsigned long long)info.bytes);
    return ERR_OK;
}

int prune(const struct pipeline *p, const char *home, struct ledger *l, FILE *dry, struct prune_stats *st,
          struct err *e) {
    struct pruning g = {.p = p, .home = home, .l = l, .dry = dry, .st = st};
    *st = (struct prune_stats){0};
    if (!p->retention) return ERR_OK;
    char *lake = arena_fmt(&g.a, "%s/lake/%s", home, p->name);
    int rc = walk(&g, lake, 0, see, e);
    if (rc == ERR_OK) rc = walk(&g, lake, 0, give_back, e);
    if (rc == ERR_OK && l && !dry && st->partitions)
        rc = ledger_event(l, p->name, NULL, NULL, "pruned",
                          arena_fmt(&g.a, "%zu partitions, %llu bytes, older than %lld days before %s", st->partitions,
                                    (unsigned long long)st->bytes, (long long)p->retention, day_text(g.newest).s),
                          e);
    arena_free(&g.a);
    return rc;
}
