/*
 * Man pages and completions from the one table of the command line, cmd/commands.def, so that what is printed, what is
 * completed and what is parsed cannot drift apart. Run by the host at build time; its output is committed and compared
 * by `make lint`.
 *
 *   gendoc OUTDIR VERSION       in the root of the tree
 *
 *   OUTDIR/etl.1                man/parts/etl.mdoc with the table's lists in place of its @WORD@ lines
 *   OUTDIR/etl-COMMAND.1        the table, with man/parts/etl-COMMAND.mdoc (where there is one) closing its DESCRIPTION
 *   OUTDIR/completions/         etl.bash, _etl, etl.fish: scripts/completions/NAME.in with its @WORD@ lines replaced
 *
 * The output depends on the tree and VERSION alone: the date is a constant, directories are read in order of name.
 * etl-pipeline(5) is written by hand and not touched. Pages are mdoc(7).
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATE "November 21, 2026" /* of the last change of the wording; not the clock's */

enum command {
#define COMMAND(id, name, operands, line, text) CMD_##id,
#include "cmd/commands.def"
    CMD_COUNT
};
enum {
#define COMMAND(id, name, operands, line, text) id = 1 << CMD_##id,
#include "cmd/commands.def"
    ALL = (1 << CMD_COUNT) - 1
};
static const struct {
    const char *name, *operands, *line, *text;
} commands[CMD_COUNT] = {
#define COMMAND(id, name, operands, line, text) {name, operands, line, text},
#include "cmd/commands.def"
};
static const struct {
    enum command command;
    const char *line, *what;
} examples[] = {
#define EXAMPLE(id, line, what) {CMD_##id, line, what},
#include "cmd/commands.def"
};
struct option {
    int commands;
    char letter;
    const char *name, *value, *text;
};
static const struct option options[] = {
#define OPTION(ids, letter, name, value, text) {ids, letter, name, value, text},
#include "cmd/commands.def"
};

/* What the table does not say: term, commands it concerns, explanation. The explanations are mdoc text. */
struct term {
    int commands;
    const char *mark; /* macro and argument of the list item */
    const char *text;
};
#define LEDGERED (COLLECT + VALIDATE + TRANSFORM + LOAD + MART + RUN)
#define WITH_PIPELINE (ALL & ~(HELP + INIT))
static const struct term exits[] = {
    {ALL, "0", "Success."},
    {ALL, "1", "Failed; the message says at what."},
    {ALL, "2", "The command line, a definition, a schema or a model is wrong."},
    {RUN + VALIDATE, "3", "The quality gate failed, or\n.Cm validate Fl -schema\nfound records that do not conform."},
    {RUN + COLLECT + VALIDATE + TRANSFORM + LOAD, "4", "The input ended before it was complete; nothing was changed."},
    {RUN, "75", "Another run of the pipeline is active; the message names it."},
    {ALL, "128+n", "Ended by signal\n.Ar n ."},
};
static const struct term environment[] = {
    {ALL & ~(HELP), "ETL_ENV", "The profile to work under, see Profiles in etl(1)."},
    {ALL & ~(HELP), "ETL_PROFILES", "The file of profiles;\n.Pa profiles.json\nunless set."},
    {ALL & ~(HELP + INIT), "ETL_HOME", "The home, where\n.Fl -home\nis not given."},
    {WITH_PIPELINE, "ETL_PIPELINE",
     "The pipeline, where\n.Fl p\nis not given; for\n.Cm run\nseveral, separated by commas."},
    {ALL, "NO_COLOR", "Set to anything but the empty string: no colour on standard error."},
    {ALL, "TERM", ".Dq dumb :\nno colour either."},
    {RUN + REPORT + STATUS + DOCTOR, "SLACK_WEBHOOK_URL",
     "Only as a definition names it, normally as\n.Ql ${SLACK_WEBHOOK_URL} ;\nso with every other variable that a "
     "definition "
     "names.\nA message whose variables are not set is not sent, and that fails nothing."},
    {RUN + REPORT + STATUS + DOCTOR, "SLACK_WEBHOOK_URL_FILE",
     "A file that holds the value instead, without the line breaks at its end; so with\n.Ev _FILE\nbehind every other "
     "variable that a definition names.\nHooks then do not find the secret in their environment."},
    {ALL & ~(HELP + INIT), "ETL_HOST",
     "A name that stands for this machine in\n.Pa HOME/locks/host :\na home on a network file system belongs to one "
     "host, "
     "and containers that take turns there must have one name."},
    {RUN + REPORT + STATUS + DOCTOR, "SSL_CERT_FILE",
     "Bundle of CA certificates in PEM form for sending alerts; else the usual places of Debian, Red Hat, SUSE and "
     "Alpine are "
     "tried."},
    {RUN, "OPENLINEAGE_NAMESPACE", "Namespace of the jobs in OpenLineage events;\n.Ql etl\nunless set."},
    {RUN, "USER", "Who did it, for the ledger's\n.Li events ."},
    {MART + RUN + REPORT, "ETL_MART_SCAN",
     "To look into a doubt:\n.Ql off\nhas SQLite run the SQL of models and reports as it is, without columns in "
     "memory.\nThe results are the same; only the time differs."},
    {WITH_PIPELINE, "ETL_NOW",
     "For tests: an instant in ISO 8601 form\n.Pq Ql 2026\\-01\\-16T02:00:03Z\nthat stands in for the clock."},
};
static const struct term files[] = {
    {RUN + DOCTOR, "HOME/locks/host",
     "The host that a home on a network file system belongs to, by name and machine-id; others are refused, since "
     "SQLite's write-ahead log cannot be shared between hosts."},
    {ALL & ~(HELP + INIT), "./schemas/PIPELINE/pipeline.json",
     "A pipeline's definition, see\n.Xr etl-pipeline 5 ;\nthen\n.Pa HOME/schemas/PIPELINE ,\nthen the one inside the "
     "binary."},
    {INIT, "DIR/schemas/PIPELINE/",
     "What is written; with\n.Pa pipeline.schema.json\nand\n.Pa report.schema.json\nbeside it."},
    {RUN + DOCTOR, "HOME/lake/PIPELINE/LAYER/DATASET/dt=DAY/",
     "A partition; the layers are raw, valid, rejected and silver."},
    {VALIDATE + LOAD + MART + REPORT + RUN + DOCTOR, "HOME/warehouse.db",
     "Tables, marts,\n.Li quality_check_log :\nan SQLite database."},
    {LEDGERED + REPORT + STATUS + DOCTOR, "HOME/ledger.db",
     "What was done, when, with what result: an SQLite database."},
    {VALIDATE, "HOME/logs/PIPELINE/DAY/rejects\\-DATASET.jsonl",
     "Rejected records, where\n.Fl -rejects\nis not given."},
    {RUN, "HOME/reports/PIPELINE/DAY.html",
     "The day's page;\n.Pa DAY.json ,\na\n.Pa DAY.BLOCK.csv\nfor every table that the page cuts, and a calendar of "
     "days,\n.Pa "
     "index.html ,\nlie beside it."},
    {RUN, "HOME/reports/index.html", "The operator's page over all pipelines."},
    {RUN, "HOME/logs/PIPELINE/DAY/RUN.jsonl", "The log of a run, JSON lines."},
    {RUN, "HOME/metrics/etl.prom", "Metrics for the textfile collector of Prometheus' node exporter."},
    {INIT, "DIR/grafana\\-dashboard.json, DIR/prometheus\\-rules.yml", "With\n.Fl -monitoring ."},
    {RUN + REPORT + STATUS, "HOME/locks/PIPELINE.alerts.lock", "Held while a pipeline's messages are sent."},
    {RUN, "HOME/locks/PIPELINE.lock", "Held while a run is active; says by whom."},
    {LEDGERED, "HOME/tmp/", "Scratch files, already removed while in use."},
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static _Noreturn void die(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fputs("gendoc: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

static FILE *create(const char *dir, const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (!f) die("cannot write %s: %s", path, strerror(errno));
    return f;
}

static void finish(FILE *f, const char *name) {
    bool bad = ferror(f) != 0;
    if (fclose(f) != 0 || bad) die("cannot write %s", name);
}

/* ---- mdoc ---------------------------------------------------------------------------------------------------------
 */

static bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One character of text. What roff would change is written by its name; a hyphen inside a word stays one, all others
 * are to be copied into a shell and become minus signs. */
static void put_char(FILE *f, char before, char c, char after) {
    static const struct {
        char c;
        const char *roff;
    } special[] = {{'\\', "\\e"}, {'\'', "\\(aq"}, {'`', "\\(ga"}, {'^', "\\(ha"}, {'~', "\\(ti"}, {'"', "\\(dq"}};
    if (c == '-' && !(letter(before) && letter(after))) {
        fputs("\\-", f);
        return;
    }
    for (size_t i = 0; i < COUNT(special); i++)
        if (special[i].c == c) {
            fputs(special[i].roff, f);
            return;
        }
    fputc(c, f);
}

/* Text lines: escaped, a sentence a line, and no line that begins as a macro does. */
static void put_text(FILE *f, const char *s) {
    bool start = true;
    for (char before = 0; *s; before = *s++) {
        bool sentence = *s == ' ' && before == '.' && s[1] >= 'A' && s[1] <= 'Z';
        if (sentence || *s == '\n') {
            fputs(sentence ? "\n" : "\n.Pp\n", f);
            start = true;
            continue;
        }
        if (start && (*s == '.' || *s == '\'')) fputs("\\&", f);
        put_char(f, before, *s, s[1]);
        start = false;
    }
    fputc('\n', f);
}

/* A word as a macro's argument: quoted where it holds blanks. */
static void put_argument(FILE *f, const char *s) {
    bool quote = strpbrk(s, " \t") != NULL || !*s;
    if (quote) fputc('"', f);
    for (char before = 0; *s; before = *s++) put_char(f, before, *s, s[1]);
    if (quote) fputc('"', f);
}

static void page_head(FILE *f, const char *title, const char *version) {
    fputs(".\\\" Made by scripts/gendoc.c from cmd/commands.def and man/parts; change those and run \"make docs\".\n",
          f);
    fprintf(f, ".Dd %s\n.Dt %s 1\n.Os etl %s\n", DATE, title, version);
}

static void option_head(FILE *f, const struct option *o, const char *between) {
    if (o->letter)
        fprintf(f, "Fl %c%s", o->letter, between);
    else
        fputs("Fl -", f);
    if (o->letter && *between) fputs("Fl -", f);
    if (!o->letter || *between) fputs(o->name, f);
    if (!o->value) return;
    fputs(" Ar ", f);
    put_argument(f, o->value);
}

/* general: those of all commands, which come after the command's own. */
static void option_list(FILE *f, enum command c, bool general) {
    fputs(".Bl -tag -width Ds\n", f);
    for (size_t i = 0; i < COUNT(options); i++) {
        const struct option *o = &options[i];
        if (!(o->commands >> c & 1) || (o->commands == ALL) != general) continue;
        fputs(".It ", f);
        option_head(f, o, " , ");
        fputc('\n', f);
        put_text(f, o->text);
    }
    fputs(".El\n", f);
}

static void term_list(FILE *f, const struct term *t, size_t n, const char *macro, int bits) {
    fprintf(f, ".Bl -tag -width %s\n", strcmp(macro, "Li") == 0 ? "128+n" : "Ds");
    for (size_t i = 0; i < n; i++)
        if (t[i].commands & bits) fprintf(f, ".It %s %s\n%s\n", macro, t[i].mark, t[i].text);
    fputs(".El\n", f);
}

static bool any_term(const struct term *t, size_t n, int bits) {
    for (size_t i = 0; i < n; i++)
        if (t[i].commands & bits) return true;
    return false;
}

static void put_examples(FILE *f, enum command c) {
    for (size_t i = 0, n = 0; i < COUNT(examples); i++) {
        if (examples[i].command != c) continue;
        if (n++) fputs(".Pp\n", f);
        char what[400];
        snprintf(what, sizeof what, "%s:", examples[i].what);
        if (what[0] >= 'a' && what[0] <= 'z') what[0] = (char)(what[0] - 'a' + 'A');
        put_text(f, what);
        fputs(".Bd -literal -offset indent\n", f);
        put_text(f, examples[i].line);
        fputs(".Ed\n", f);
    }
}

static void command_list(FILE *f) {
    fputs(".Bl -tag -width transform\n", f);
    for (int c = 0; c < CMD_COUNT; c++) {
        fprintf(f, ".It Cm %s\n", commands[c].name);
        char line[400];
        snprintf(line, sizeof line, "%s; see", commands[c].line);
        if (line[0] >= 'a' && line[0] <= 'z') line[0] = (char)(line[0] - 'a' + 'A');
        put_text(f, line);
        fprintf(f, ".Xr etl-%s 1 .\n", commands[c].name);
    }
    fputs(".El\n", f);
}

static void synopsis(FILE *f, enum command c) {
    fprintf(f, ".Sh SYNOPSIS\n.Nm etl\n.Cm %s\n", commands[c].name);
    for (size_t i = 0; i < COUNT(options); i++) {
        if (!(options[i].commands >> c & 1) || options[i].commands == ALL) continue;
        fputs(".Op ", f);
        option_head(f, &options[i], "");
        fputc('\n', f);
    }
    fputs(".Op Ar general options\n", f);
    const char *o = commands[c].operands;
    size_t n = strlen(o);
    if (!n) return;
    if (o[0] != '[') {
        fprintf(f, ".Ar %s\n", o);
        return;
    }
    fprintf(f, ".Op Ar %.*s\n", (int)n - 2, o + 1);
}

/* ---- completions --------------------------------------------------------------------------------------------------
 */

/* Kinds of values that a shell can complete, by the word that the table uses for them. */
enum kind { KIND_NONE, KIND_FILE, KIND_DIR, KIND_PIPELINE, KIND_STAGE, KIND_WORDS, KIND_LIST };
static enum kind kind_of(const struct option *o) {
    if (!o->value) return KIND_NONE;
    if (strcmp(o->name, "pipeline") == 0) return KIND_PIPELINE;
    if (strcmp(o->value, "FILE") == 0 || strcmp(o->name, "source") == 0) return KIND_FILE;
    if (strcmp(o->value, "DIR") == 0) return KIND_DIR;
    if (strcmp(o->value, "STAGE") == 0) return KIND_STAGE;
    if (strchr(o->value, '|')) return KIND_WORDS;
    return strchr(o->value, ',') && o->value[0] >= 'a' ? KIND_LIST : KIND_NONE;
}

/* What an operand is. */
static enum kind operand_kind(enum command c) {
    const char *o = commands[c].operands;
    return strstr(o, "FILE") ? KIND_FILE : strstr(o, "DIR") ? KIND_DIR : strstr(o, "COMMAND") ? KIND_WORDS : KIND_NONE;
}

/* a|b, or a,b, as "a b" */
static void put_words(FILE *f, const char *s) {
    for (; *s; s++) fputc(*s == '|' || *s == ',' ? ' ' : *s, f);
}

/* The explanation's first clause, without brackets, fit to stand between single quotes; colons mean something to zsh.
 */
static void put_short(FILE *f, const char *s, const char *quote) {
    int depth = 0;
    for (; *s && *s != ';'; s++) {
        if (s[0] == ' ' && s[1] == '(') depth++;
        if (!depth) {
            if (*s == '\'')
                fputs(quote, f);
            else
                fputc(*s == ':' ? ',' : *s == '[' || *s == ']' || *s == '`' ? ' ' : *s, f);
        }
        if (*s == ')' && depth) depth--;
    }
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The pipelines that travel inside the binary: those of schemas/. The template of `etl init --new` is none. */
static void put_builtins(FILE *f) {
    struct dirent **list;
    int n = scandir("schemas", &list, NULL, by_name);
    if (n < 0) die("cannot read schemas: %s (call it in the root of the tree)", strerror(errno));
    const char *between = "";
    for (int i = 0; i < n; i++) {
        char path[512];
        snprintf(path, sizeof path, "schemas/%.255s/pipeline.json", list[i]->d_name);
        if (list[i]->d_name[0] != '.' && access(path, R_OK) == 0) {
            fprintf(f, "%s%s", between, list[i]->d_name);
            between = " ";
        }
        free(list[i]);
    }
    free(list);
}

static void put_stages(FILE *f) {
    fputs("collect validate transform load mart report", f);
}

static void bash_commands(FILE *f) {
    fputs("_etl_commands='", f);
    for (int c = 0; c < CMD_COUNT; c++) fprintf(f, "%s%s", c ? " " : "", commands[c].name);
    fputs("'\n_etl_stages='", f);
    put_stages(f);
    fputs("'\n_etl_builtin='", f);
    put_builtins(f);
    fputs("'\n", f);
}

static void bash_options(FILE *f) {
    for (int c = 0; c < CMD_COUNT; c++) {
        fprintf(f, "    %s) echo '", commands[c].name);
        const char *between = "";
        for (size_t i = 0; i < COUNT(options); i++) {
            if (!(options[i].commands >> c & 1)) continue;
            if (options[i].letter) fprintf(f, "%s-%c", between, options[i].letter), between = " ";
            fprintf(f, "%s--%s", between, options[i].name);
            between = " ";
        }
        fputs("' ;;\n", f);
    }
}

static void bash_values(FILE *f) {
    static const char *const names[] = {"none", "file", "dir", "pipeline", "stage", "words", "list"};
    for (int c = 0; c < CMD_COUNT; c++)
        for (size_t i = 0; i < COUNT(options); i++) {
            const struct option *o = &options[i];
            if (!o->value || !(o->commands >> c & 1)) continue;
            fprintf(f, "    %s:--%s", commands[c].name, o->name);
            if (o->letter) fprintf(f, " | %s:-%c", commands[c].name, o->letter);
            fprintf(f, ") echo '%s", names[kind_of(o)]);
            if (kind_of(o) >= KIND_WORDS) fputc(' ', f), put_words(f, o->value);
            fputs("' ;;\n", f);
        }
}

static void bash_operands(FILE *f) {
    static const char *const names[] = {"none", "file", "dir", "", "", "commands", ""};
    for (int c = 0; c < CMD_COUNT; c++)
        if (operand_kind((enum command)c))
            fprintf(f, "    %s) echo %s ;;\n", commands[c].name, names[operand_kind((enum command)c)]);
}

static void zsh_commands(FILE *f) {
    for (int c = 0; c < CMD_COUNT; c++) {
        fprintf(f, "    '%s:", commands[c].name);
        put_short(f, commands[c].line, "'\\''");
        fputs("'\n", f);
    }
}

static void zsh_builtins(FILE *f) {
    fputs("_etl_builtin=(", f);
    put_builtins(f);
    fputs(")\n", f);
}

static void zsh_value(FILE *f, const struct option *o) {
    static const char *const actions[] = {" ", "_files", "_files -/", "_etl_pipelines", NULL, NULL, NULL};
    enum kind k = kind_of(o);
    fputc(':', f);
    for (const char *s = k >= KIND_WORDS ? o->name : o->value; *s; s++) fputc(*s == ':' ? ',' : *s, f);
    fputc(':', f);
    if (k == KIND_LIST) {
        fputs("_values -s , ", f);
        fprintf(f, "%s ", o->name);
        put_words(f, o->value);
    } else if (actions[k]) {
        fputs(actions[k], f);
    } else {
        fputc('(', f);
        if (k == KIND_STAGE)
            put_stages(f);
        else
            put_words(f, o->value);
        fputc(')', f);
    }
}

static void zsh_specs(FILE *f) {
    static const char *const operands[] = {
        NULL, "'*:file:_files'", "'1:directory:_files -/'", NULL, NULL, "'1:command:_etl_command'", NULL};
    for (int c = 0; c < CMD_COUNT; c++) {
        fprintf(f, "    %s)\n        _arguments -s -S", commands[c].name);
        for (size_t i = 0; i < COUNT(options); i++) {
            const struct option *o = &options[i];
            if (!(o->commands >> c & 1)) continue;
            fputs(" \\\n            ", f);
            if (o->letter)
                fprintf(f, "'(-%c --%s)'{-%c%s,--%s%s}", o->letter, o->name, o->letter, o->value ? "+" : "", o->name,
                        o->value ? "=" : "");
            else
                fprintf(f, "'--%s%s", o->name, o->value ? "=" : "");
            fputs(o->letter ? "'[" : "[", f);
            put_short(f, o->text, "'\\''");
            fputc(']', f);
            if (o->value) zsh_value(f, o);
            fputc('\'', f);
        }
        const char *operand = operands[operand_kind((enum command)c)];
        if (operand)
            fprintf(f, " \\\n            %s", operand);
        else if (*commands[c].operands)
            fputs(" \\\n            '1:day: '", f);
        fputs("\n        ;;\n", f);
    }
}

static void fish_commands(FILE *f) {
    fputs("set -g __etl_commands", f);
    for (int c = 0; c < CMD_COUNT; c++) fprintf(f, " %s", commands[c].name);
    fputs("\nset -g __etl_builtin ", f);
    put_builtins(f);
    fputs("\n", f);
}

static void fish_value(FILE *f, const struct option *o) {
    switch (kind_of(o)) {
    case KIND_FILE:
        fputs(" -r -F", f);
        break;
    case KIND_DIR:
        fputs(" -x -a '(__fish_complete_directories)'", f);
        break;
    case KIND_PIPELINE:
        fputs(" -x -a '(__etl_pipelines)'", f);
        break;
    case KIND_STAGE:
        fputs(" -x -a '", f);
        put_stages(f);
        fputc('\'', f);
        break;
    case KIND_WORDS:
    case KIND_LIST:
        fputs(" -x -a '", f);
        put_words(f, o->value);
        fputc('\'', f);
        break;
    default:
        fputs(" -x", f);
    }
}

static void fish_specs(FILE *f) {
    for (int c = 0; c < CMD_COUNT; c++) {
        fprintf(f, "complete -c etl -n __etl_needs_command -a %s -d '", commands[c].name);
        put_short(f, commands[c].line, "\\'");
        fputs("'\n", f);
    }
    for (int c = 0; c < CMD_COUNT; c++) {
        fputc('\n', f);
        for (size_t i = 0; i < COUNT(options); i++) {
            const struct option *o = &options[i];
            if (!(o->commands >> c & 1)) continue;
            fprintf(f, "complete -c etl -n '__etl_using %s'", commands[c].name);
            if (o->letter) fprintf(f, " -s %c", o->letter);
            fprintf(f, " -l %s", o->name);
            if (o->value) fish_value(f, o);
            fputs(" -d '", f);
            put_short(f, o->text, "\\'");
            fputs("'\n", f);
        }
        enum kind k = operand_kind((enum command)c);
        if (k)
            fprintf(f, "complete -c etl -n '__etl_using %s' %s\n", commands[c].name,
                    k == KIND_FILE  ? "-F"
                    : k == KIND_DIR ? "-a '(__fish_complete_directories)'"
                                    : "-a \"$__etl_commands\"");
    }
}

/* ---- files from parts ---------------------------------------------------------------------------------------------
 */

static void etl_options(FILE *f) {
    option_list(f, CMD_HELP, true);
}
static void etl_exits(FILE *f) {
    term_list(f, exits, COUNT(exits), "Li", ALL);
}
static void etl_environment(FILE *f) {
    term_list(f, environment, COUNT(environment), "Ev", ALL);
}

static const struct {
    const char *word;
    void (*put)(FILE *f);
} inserts[] = {
    {"@COMMANDS@", command_list},       {"@OPTIONS@", etl_options},         {"@EXITS@", etl_exits},
    {"@ENVIRONMENT@", etl_environment}, {"@BASH_COMMANDS@", bash_commands}, {"@BASH_OPTIONS@", bash_options},
    {"@BASH_VALUES@", bash_values},     {"@BASH_OPERANDS@", bash_operands}, {"@ZSH_COMMANDS@", zsh_commands},
    {"@ZSH_BUILTIN@", zsh_builtins},    {"@ZSH_SPECS@", zsh_specs},         {"@FISH_COMMANDS@", fish_commands},
    {"@FISH_SPECS@", fish_specs}};

/* Copy a part; a line that is one of the words above is replaced. false when there is no such file. */
static bool put_part(FILE *f, const char *path) {
    FILE *in = fopen(path, "r");
    if (!in) return false;
    char line[4096];
    while (fgets(line, sizeof line, in)) {
        size_t n = strcspn(line, "\n"), i = 0;
        if (!line[n]) die("%s: a line is too long or lacks its end", path);
        while (i < COUNT(inserts) && !(strlen(inserts[i].word) == n && strncmp(inserts[i].word, line, n) == 0)) i++;
        if (i < COUNT(inserts))
            inserts[i].put(f);
        else if (line[0] == '@' && n > 2 && line[n - 1] == '@')
            die("%s: unknown word %.*s", path, (int)n, line);
        else
            fputs(line, f);
    }
    fclose(in);
    return true;
}

static void need_part(FILE *f, const char *path) {
    if (!put_part(f, path)) die("cannot read %s: %s (call it in the root of the tree)", path, strerror(errno));
}

static void command_page(const char *dir, enum command c, const char *version) {
    char name[64], part[128], title[64];
    snprintf(name, sizeof name, "etl-%s.1", commands[c].name);
    snprintf(part, sizeof part, "man/parts/etl-%s.mdoc", commands[c].name);
    snprintf(title, sizeof title, "ETL-%s", commands[c].name);
    for (char *s = title; *s; s++)
        if (*s >= 'a' && *s <= 'z') *s = (char)(*s - 'a' + 'A');
    FILE *f = create(dir, name);
    page_head(f, title, version);
    fprintf(f, ".Sh NAME\n.Nm etl-%s\n.Nd ", commands[c].name);
    put_text(f, commands[c].line);
    synopsis(f, c);
    fputs(".Sh DESCRIPTION\n", f);
    put_text(f, commands[c].text);
    put_part(f, part);
    fputs(".Sh OPTIONS\n", f);
    if (c != CMD_HELP) option_list(f, c, false);
    fputs(".Ss General options\n", f);
    option_list(f, c, true);
    fputs(".Sh ENVIRONMENT\n", f);
    term_list(f, environment, COUNT(environment), "Ev", 1 << c);
    if (any_term(files, COUNT(files), 1 << c)) {
        fputs(".Sh FILES\n.Em HOME\nstands for the home, see\n.Xr etl 1 .\n", f);
        term_list(f, files, COUNT(files), "Pa", 1 << c);
    }
    fputs(".Sh EXIT STATUS\n", f);
    term_list(f, exits, COUNT(exits), "Li", 1 << c);
    fputs(".Sh EXAMPLES\n", f);
    put_examples(f, c);
    fputs(".Sh SEE ALSO\n.Xr etl 1 ,\n.Xr etl-pipeline 5\n", f);
    finish(f, name);
}

int main(int argc, char **argv) {
    static const char *const completions[] = {"etl.bash", "_etl", "etl.fish"};
    if (argc != 3) die("usage: gendoc OUTDIR VERSION");
    char dir[900];
    snprintf(dir, sizeof dir, "%s/completions", argv[1]);
    if ((mkdir(argv[1], 0755) != 0 && errno != EEXIST) || (mkdir(dir, 0755) != 0 && errno != EEXIST))
        die("cannot make %s: %s", dir, strerror(errno));
    FILE *f = create(argv[1], "etl.1");
    page_head(f, "ETL", argv[2]);
    need_part(f, "man/parts/etl.mdoc");
    finish(f, "etl.1");
    for (int c = 0; c < CMD_COUNT; c++) command_page(argv[1], (enum command)c, argv[2]);
    for (size_t i = 0; i < COUNT(completions); i++) {
        char part[128];
        snprintf(part, sizeof part, "scripts/completions/%s.in", completions[i]);
        f = create(dir, completions[i]);
        need_part(f, part);
        finish(f, completions[i]);
    }
    return 0;
}
