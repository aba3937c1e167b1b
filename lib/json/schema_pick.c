/*
 * See schema_node.h: telling the branches of oneOf or anyOf apart without
 * trying them.
 *
 *   oneOf: [{properties: {kind: {const: "a"}}}, {properties: {kind: {const: "b"}}}]
 *
 * When the instance has a string under "kind", a branch whose const or enum
 * does not hold it fails for certain, so only the others need a try. What a
 * branch asks of the property is looked for in its `properties`, also through
 * allOf and $ref. This changes no result, only which branches are tried.
 */
#include "json/schema_build.h"

#define BRANCHES_MAX 64
#define LEVELS_MAX 8
#define RULES_MAX 4096
#define VISITS_MAX 20000 /* nodes looked at for one oneOf */
#define STRINGS_MAX 100000

struct rule { /* branch k takes only these strings under gid */
    uint32_t gid, branch;
    const struct values *values;
};

struct rules {
    struct rule *of;
    uint32_t n, visits;
};

static void add_rule(struct rules *r, uint32_t gid, uint32_t branch, const struct values *values) {
    if (r->n == RULES_MAX) return; /* fewer rules only mean more tries */
    if (r->n % 64 == 0) r->of = mem_grow(r->of, (r->n + 64) * sizeof *r->of);
    r->of[r->n++] = (struct rule){gid, branch, values};
}

static void find_rules(const struct schema *s, uint32_t node, uint32_t branch, int level, struct rules *r) {
    const struct node *n = &s->nodes[node];
    for (uint32_t k = 0; k < n->nops && level < LEVELS_MAX && r->visits++ < VISITS_MAX; k++) {
        const struct op *op = &n->ops[k];
        if (op->code == OP_ALLOF)
            for (uint32_t j = 0; j < op->list->n && r->visits < VISITS_MAX; j++)
                find_rules(s, op->list->of[j], branch, level + 1, r);
        if (op->code != OP_PROPS) continue;
        for (uint32_t j = 0; j < op->props->n; j++) {
            const struct node *p = &s->nodes[op->props->of[j].node];
            for (uint32_t i = 0; i < p->nops; i++)
                if (p->ops[i].code == OP_CONST || p->ops[i].code == OP_ENUM)
                    add_rule(r, op->props->of[j].gid, branch, p->ops[i].values);
        }
    }
}

static uint64_t branches_of(const struct rules *r, uint32_t gid) {
    uint64_t mask = 0;
    for (uint32_t k = 0; k < r->n; k++)
        if (r->of[k].gid == gid) mask |= (uint64_t)1 << r->of[k].branch;
    return mask;
}

/* Branches that take the string. */
static uint64_t takers(const struct rules *r, uint32_t gid, struct sv string, uint64_t all) {
    for (uint32_t k = 0; k < r->n; k++)
        if (r->of[k].gid == gid && schema_set_find(&r->of[k].values->strings, string) == NONE)
            all &= ~((uint64_t)1 << r->of[k].branch);
    return all;
}

/* How many branches are tried on average over the strings the rules name; gives the picker too. */
static double make_picker(struct schema *s, const struct rules *r, uint32_t gid, uint64_t all, struct picker *p) {
    uint32_t room = 0, tries = 0;
    for (uint32_t k = 0; k < r->n; k++)
        if (r->of[k].gid == gid) room += r->of[k].values->strings.n;
    if (room > STRINGS_MAX) return BRANCHES_MAX + 1;
    *p = (struct picker){.gid = gid, .rest = all & ~branches_of(r, gid)};
    p->masks = arena_alloc(&s->a, (room + 1) * sizeof *p->masks);
    for (uint32_t k = 0; k < r->n; k++) {
        const struct strset *set = &r->of[k].values->strings;
        if (r->of[k].gid != gid || !set->n) continue;
        for (uint32_t j = 0; j <= set->mask; j++) {
            struct sv string = {set->slots[j].p, set->slots[j].n};
            if (!string.p || !schema_set_add(&p->strings, &s->a, string, p->strings.n)) continue;
            p->masks[p->strings.n - 1] = takers(r, gid, string, all);
            tries += (uint32_t)__builtin_popcountll(p->masks[p->strings.n - 1]);
        }
    }
    return p->strings.n ? (double)tries / p->strings.n : BRANCHES_MAX + 1;
}

const struct picker *schema_pick_build(struct schema *s, const struct list *branches) {
    if (branches->n < 2 || branches->n > BRANCHES_MAX) return NULL;
    struct rules r = {0};
    for (uint32_t k = 0; k < branches->n; k++) find_rules(s, branches->of[k], k, 0, &r);
    uint64_t all = branches->n == 64 ? UINT64_MAX : ((uint64_t)1 << branches->n) - 1;
    double best = branches->n;
    struct picker *picked = NULL;
    for (uint32_t k = 0; k < r.n; k++) {
        uint32_t j = 0;
        while (j < k && r.of[j].gid != r.of[k].gid) j++;
        if (j < k || __builtin_popcountll(branches_of(&r, r.of[k].gid)) < 2) continue; /* seen, or no use */
        struct picker p;
        double tries = make_picker(s, &r, r.of[k].gid, all, &p);
        if (tries >= best) continue;
        best = tries;
        picked = arena_alloc(&s->a, sizeof *picked);
        *picked = p;
    }
    if (picked) schema_set_settle(&picked->strings, &s->a);
    free(r.of);
    return picked;
}
