/* Parsing the command line by the table; see cli.h. */
#include "cmd/cli.h"

#include <unistd.h>

#include "base/day.h"
#include "base/near.h"
#include "cmd/profile.h"
#include "collect/clickstream.h"
#include "collect/trips.h"
#include "io/bytes.h"
#include "io/file.h"
#include "io/gzip.h"

const struct command_row cli_commands[CMD_COUNT] = {
#define COMMAND(id, name, operands, line, text) {name, operands, line, text},
#include "cmd/commands.def"
};
const struct example_row cli_examples[] = {
#define EXAMPLE(id, line, what) {CMD_##id, line, what},
#include "cmd/commands.def"
};
const size_t cli_nexamples = sizeof cli_examples / sizeof *cli_examples;

enum {
#define COMMAND(id, name, operands, line, text) id = 1 << CMD_##id,
#include "cmd/commands.def"
    ALL = (1 << CMD_COUNT) - 1
};
const struct option_row cli_options[] = {
#define OPTION(ids, letter, name, value, text) {ids, letter, name, value, text},
#include "cmd/commands.def"
};
const size_t cli_noptions = sizeof cli_options / sizeof *cli_options;

int cli_unknown_command(const char *word, struct err *e) {
    struct near n = near_start(word);
    struct arena a = {0};
    for (int i = 0; i < CMD_COUNT; i++) near_offer(&n, cli_commands[i].name);
    int rc = err_set(e, ERR_USAGE, "no command '%s'%s; see etl help", word, near_hint(&n, &a));
    arena_free(&a);
    return rc;
}

static bool fits(const struct option_row *o, const struct cli *c) {
    return (o->commands >> c->command & 1) != 0;
}

static int unknown_option(const struct cli *c, const char *word, struct err *e) {
    struct near n = near_start(word);
    struct arena a = {0};
    for (size_t i = 0; i < cli_noptions; i++)
        if (fits(&cli_options[i], c)) near_offer(&n, arena_fmt(&a, "--%s", cli_options[i].name));
    int rc = err_set(e, ERR_USAGE, "etl %s: no option '%s'%s; see etl help %s", cli_commands[c->command].name, word,
                     near_hint(&n, &a), cli_commands[c->command].name);
    arena_free(&a);
    return rc;
}

static int set_value(struct cli *c, size_t i, const char *value, struct err *e) {
    if (c->values[i] && strcmp(cli_options[i].name, "verbose") != 0 && cli_options[i].value)
        return err_set(e, ERR_USAGE, "option --%s is given twice", cli_options[i].name);
    c->values[i] = value;
    return ERR_OK;
}

static int long_option(struct cli *c, const char *arg, const char *next, bool *took, struct err *e) {
    const char *eq = strchr(arg, '=');
    struct sv name = {arg + 2, eq ? (size_t)(eq - arg - 2) : strlen(arg + 2)};
    for (size_t i = 0; i < cli_noptions; i++) {
        if (!fits(&cli_options[i], c) || !sv_is(name, cli_options[i].name)) continue;
        if (!cli_options[i].value && eq)
            return err_set(e, ERR_USAGE, "option --%s takes no value", cli_options[i].name);
        *took = cli_options[i].value && !eq;
        if (*took && !next)
            return err_set(e, ERR_USAGE, "option --%s needs a value: %s", cli_options[i].name, cli_options[i].value);
        return set_value(c, i, !cli_options[i].value ? "" : eq ? eq + 1 : next, e);
    }
    return unknown_option(c, arena_strn(&c->a, arg, name.n + 2), e);
}

/* -qv, -p NAME, -pNAME */
static int short_options(struct cli *c, const char *arg, const char *next, bool *took, struct err *e) {
    for (const char *s = arg + 1; *s; s++) {
        size_t i = 0;
        while (i < cli_noptions && !(fits(&cli_options[i], c) && cli_options[i].letter == *s)) i++;
        if (i == cli_noptions) return unknown_option(c, arena_fmt(&c->a, "-%c", *s), e);
        if (!cli_options[i].value) {
            int rc = set_value(c, i, "", e);
            if (rc) return rc;
            continue;
        }
        *took = !s[1];
        if (*took && !next) return err_set(e, ERR_USAGE, "option -%c needs a value: %s", *s, cli_options[i].value);
        return set_value(c, i, s[1] ? s + 1 : next, e);
    }
    return ERR_OK;
}

static int parse_rest(struct cli *c, int argc, char **argv, int from, struct err *e) {
    bool only_operands = false;
    for (int i = from; i < argc; i++) {
        const char *arg = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
        bool took = false;
        int rc = ERR_OK;
        if (only_operands || arg[0] != '-' || !arg[1])
            c->operands[c->noperands++] = arg;
        else if (strcmp(arg, "--") == 0)
            only_operands = true;
        else if (arg[1] == '-')
            rc = long_option(c, arg, next, &took, e);
        else
            rc = short_options(c, arg, next, &took, e);
        if (rc) return rc;
        if (took) i++;
    }
    c->help = cli_has(c, "help");
    c->quiet = cli_has(c, "quiet");
    c->verbose = cli_has(c, "verbose");
    return ERR_OK;
}

static char *typed(struct cli *c, int argc, char **argv) {
    struct buf b = {.max = 4000};
    for (int i = 0; i < argc; i++) buf_fmt(&b, "%s%s", i ? " " : "", i ? argv[i] : "etl");
    char *s = arena_strn(&c->a, buf_text(&b), b.n);
    buf_free(&b);
    return s;
}

int cli_parse(struct cli *c, int argc, char **argv, struct err *e) {
    *c = (struct cli){.command = CMD_HELP};
    c->operands = arena_alloc(&c->a, ((size_t)argc + 1) * sizeof *c->operands);
    c->line = typed(c, argc, argv);
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) { /* before the command: --version, --help, -v */
        if (strcmp(argv[i], "--version") == 0)
            c->version = true;
        else if (strcmp(argv[i], "--verbose") == 0 || strcmp(argv[i], "-v") == 0)
            c->verbose = true;
        else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            c->help = true;
        else
            break;
    }
    if (c->version) {
        for (; i < argc; i++)
            if (strcmp(argv[i], "--verbose") == 0 || strcmp(argv[i], "-v") == 0) c->verbose = true;
        return ERR_OK;
    }
    if (c->help || i == argc) return i < argc && !c->help ? cli_unknown_command(argv[i], e) : ERR_OK;
    /* options may stand before the command too: the command is the first word that is one */
    int at = i;
    if (argv[i][0] == '-') {
        for (at = i; at < argc; at++)
            for (int k = 0; k < CMD_COUNT; k++)
                if (strcmp(argv[at], cli_commands[k].name) == 0) goto found;
        return err_set(e, ERR_USAGE, "no option '%s' without a command; see etl help", argv[i]);
    }
found:
    for (int k = 0; k < CMD_COUNT; k++) {
        if (strcmp(argv[at], cli_commands[k].name) != 0) continue;
        c->command = (enum command)k;
        for (int j = at; j > i; j--) argv[j] = argv[j - 1];
        return parse_rest(c, argc, argv, i + 1, e);
    }
    return cli_unknown_command(argv[at], e);
}

const char *cli_get(const struct cli *c, const char *option) {
    for (size_t i = 0; i < cli_noptions; i++)
        if (c->values[i] && strcmp(cli_options[i].name, option) == 0) return c->values[i];
    return NULL;
}

bool cli_has(const struct cli *c, const char *option) {
    return cli_get(c, option) != NULL;
}

int cli_int(const struct cli *c, const char *option, int64_t least, int64_t most, int64_t absent, int64_t *out,
            struct err *e) {
    const char *s = cli_get(c, option);
    *out = absent;
    if (!s) return ERR_OK;
    char *end;
    long long x = strtoll(s, &end, 10);
    if (!*s || *end || x < least || x > most)
        return err_set(e, ERR_USAGE, "--%s: expected a whole number from %lld to %lld, found '%s'", option,
                       (long long)least, (long long)most, s);
    *out = x;
    return ERR_OK;
}

int cli_choice(const struct cli *c, const char *option, const char *const *words, int n, int absent, int *out,
               struct err *e) {
    const char *s = cli_get(c, option);
    *out = absent;
    if (!s) return ERR_OK;
    struct near near = near_start(s);
    struct buf all = {0};
    for (int i = 0; i < n; i++) {
        if (strcmp(words[i], s) == 0) {
            *out = i;
            buf_free(&all);
            return ERR_OK;
        }
        near_offer(&near, words[i]);
        buf_fmt(&all, "%s%s", i ? ", " : "", words[i]);
    }
    struct arena a = {0};
    int rc = err_set(e, ERR_USAGE, "--%s: expected one of %s, found '%s'%s", option, buf_text(&all), s,
                     near_hint(&near, &a));
    arena_free(&a);
    buf_free(&all);
    return rc;
}

/* DEFECT=RATE,DEFECT=RATE */
static int parse_inject(struct cli *c, struct err *e) {
    const char *s = cli_get(c, "inject");
    if (!s) return ERR_OK;
    double *rates = arena_alloc(&c->a, CLICKSTREAM_DEFECTS * sizeof *rates);
    while (*s) {
        size_t n = strcspn(s, ",");
        char *item = arena_strn(&c->a, s, n), *eq = strchr(item, '=');
        if (eq) *eq = 0;
        struct near near = near_start(item);
        int k = 0;
        for (; k < CLICKSTREAM_DEFECTS && strcmp(clickstream_defect_names[k], item) != 0; k++)
            near_offer(&near, clickstream_defect_names[k]);
        if (k == CLICKSTREAM_DEFECTS)
            return err_set(e, ERR_USAGE, "--inject: no defect '%s'%s", item, near_hint(&near, &c->a));
        char *end = NULL;
        double x = eq ? strtod(eq + 1, &end) : -1;
        if (!eq || end == eq + 1 || *end || !(x >= 0 && x <= 1))
            return err_set(e, ERR_USAGE, "--inject: expected %s=RATE with a rate from 0 to 1", item);
        rates[k] = x;
        s += n + (s[n] == ',');
    }
    c->env.collect.defects = rates;
    return ERR_OK;
}

int cli_env(struct cli *c, struct err *e) {
    struct run_env *env = &c->env;
    int64_t memory, threads, line, retries, seed, users, trips, ratio, unpacked;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    const char *home = cli_get(c, "home");
    const char *chosen = NULL;
    int rc = profile_apply(&c->a, &chosen, e);
    if (!home || !*home) home = getenv("ETL_HOME");
    if (!home || !*home) home = chosen;
    if (!home || !*home) home = "./etl-data";
    if (rc == ERR_OK) rc = cli_int(c, "memory", 16, 1 << 20, 256, &memory, e);
    if (rc == ERR_OK) rc = cli_int(c, "threads", 1, 256, cpus > 0 ? cpus : 1, &threads, e);
    if (rc == ERR_OK) rc = cli_int(c, "max-line", 1, 1024, 16, &line, e);
    if (rc == ERR_OK) rc = cli_int(c, "max-ratio", 0, 2000, BYTES_RATIO, &ratio, e);
    if (rc == ERR_OK) rc = cli_int(c, "max-unpacked", 0, 1 << 20, BYTES_UNPACKED >> 30, &unpacked, e);
    if (rc == ERR_OK) rc = cli_int(c, "retries", 0, 100, -1, &retries, e);
    if (rc == ERR_OK) rc = cli_int(c, "seed", 0, INT64_MAX, -1, &seed, e);
    if (rc == ERR_OK) rc = cli_int(c, "users", 1, CLICKSTREAM_USERS_MAX, -1, &users, e);
    if (rc == ERR_OK) rc = cli_int(c, "trips", 1, TRIPS_MAX, -1, &trips, e);
    if (rc == ERR_OK) rc = parse_inject(c, e);
    if (rc) return rc;
    env->home = arena_str(&c->a, home);
    size_t n = strlen(env->home);
    while (n > 1 && env->home[n - 1] == '/') n--;
    env->home = arena_strn(&c->a, env->home, n);
    env->tmpdir = arena_fmt(&c->a, "%s/tmp", env->home);
    env->collect.lake = env->home;
    env->command = c->line;
    env->memory = (size_t)memory << 20;
    /* each thread's batches take memory: with little of it there are fewer (the result is the same) */
    env->threads = (int)(threads < memory / 8 ? threads : memory / 8);
    gzip_threads_set(env->threads);
    bytes_limits_set((uint64_t)ratio, (uint64_t)unpacked << 30);
    env->retries = (int)retries;
    env->max_line = (size_t)line << 20;
    env->collect.seed = seed;
    env->collect.users = users;
    env->collect.trips = trips;
    env->collect.source = cli_get(c, "source");
    env->collect.urls = cli_get(c, "urls");
    env->collect.max_line = env->max_line;
    env->progress = isatty(2) && !c->quiet;
    return ERR_OK;
}

/* What only a generator knows would be passed over in silence. */
static int check_generator(const struct cli *c, const struct pipeline *p, struct err *e) {
    static const char *const words[] = {"users", "trips", "inject"};
    static const enum source_kind kinds[] = {SOURCE_CLICKSTREAM, SOURCE_TRIPS, SOURCE_CLICKSTREAM};
    const char *list = cli_get(c, "pipeline");
    if (!list) list = getenv("ETL_PIPELINE");
    if (list && strchr(list, ',')) return ERR_OK; /* it is for one of them */
    for (int i = 0; i < 3; i++) {
        bool any = false;
        for (size_t k = 0; k < p->ndatasets; k++) any = any || p->datasets[k].source.kind == kinds[i];
        if (cli_has(c, words[i]) && !any)
            return err_set(e, ERR_USAGE, "--%s: pipeline %s has no source that generates %s", words[i], p->name,
                           kinds[i] == SOURCE_TRIPS ? "trips" : "events");
    }
    return ERR_OK;
}

int cli_pipeline(const struct cli *c, const char *name, struct pipeline **p, struct err *e) {
    if (!name) name = cli_get(c, "pipeline");
    if (!name) name = getenv("ETL_PIPELINE");
    if (name && !*name) name = NULL;
    if (!name && !file_exists("pipeline.json"))
        return err_set(e, ERR_USAGE,
                       "which pipeline? Give -p NAME, set ETL_PIPELINE, or stand in a directory with a pipeline.json");
    int rc = pipeline_load(p, name, c->env.home, e);
    return rc ? rc : check_generator(c, *p, e);
}

int cli_days(const struct cli *c, const struct pipeline *p, const char *text, bool range, day_t *from, day_t *to,
             struct err *e) {
    day_t today = zone_day(&p->zone, now_utc());
    if (text && cli_has(c, "day"))
        return err_set(e, ERR_USAGE, "--day %s and '%s': one day is enough", cli_get(c, "day"), text);
    if (!text) text = cli_get(c, "day");
    *from = *to = today - 1;
    if (!text) return ERR_OK;
    const char *dots = strstr(text, "..");
    struct arena a = {0};
    int rc;
    if (dots && range) {
        rc = day_read(arena_strn(&a, text, (size_t)(dots - text)), from, e);
        if (rc == ERR_OK) rc = day_read(dots + 2, to, e);
        if (rc == ERR_OK && *from > *to) rc = err_set(e, ERR_USAGE, "%s: the range ends before it begins", text);
    } else {
        rc = day_read(text, from, e);
        *to = *from;
    }
    if (rc == ERR_OK && *to > today)
        rc = err_set(e, ERR_USAGE, "%s is in the future: today is %s in %s", day_text(*to).s, day_text(today).s,
                     p->zone_name);
    arena_free(&a);
    return rc;
}

int cli_dataset(const struct cli *c, const struct pipeline *p, const struct pl_dataset **d, struct err *e) {
    const char *name = cli_get(c, "dataset");
    if (name && (*d = pipeline_dataset(p, name))) return ERR_OK;
    if (!name && p->ndatasets == 1) {
        *d = &p->datasets[0];
        return ERR_OK;
    }
    struct buf all = {0};
    struct near near = near_start(name ? name : "");
    struct arena a = {0};
    for (size_t i = 0; i < p->ndatasets; i++) {
        buf_fmt(&all, "%s%s", i ? ", " : "", p->datasets[i].name);
        near_offer(&near, p->datasets[i].name);
    }
    int rc = name
                 ? err_set(e, ERR_USAGE, "%s has no dataset '%s'%s; there are: %s", p->name, name, near_hint(&near, &a),
                           buf_text(&all))
                 : err_set(e, ERR_USAGE, "%s has several datasets: give --dataset, one of %s", p->name, buf_text(&all));
    buf_free(&all);
    arena_free(&a);
    return rc;
}

void cli_free(struct cli *c) {
    arena_free(&c->a);
}
