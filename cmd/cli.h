/* The command line: the table of commands.def as data, parsed options, and help. */
#ifndef ETL_CMD_CLI_H
#define ETL_CMD_CLI_H

#include "base/err.h"
#include "base/mem.h"
#include "run/env.h"

enum command {
#define COMMAND(id, name, operands, line, text) CMD_##id,
#include "cmd/commands.def"
    CMD_COUNT
};
struct command_row {
    const char *name, *operands, *line, *text;
};
extern const struct command_row cli_commands[CMD_COUNT];
struct example_row {
    enum command command;
    const char *line, *what;
};
extern const struct example_row cli_examples[];
extern const size_t cli_nexamples;
struct option_row {
    unsigned commands; /* bits 1 << enum command */
    char letter;
    const char *name, *value, *text;
};
extern const struct option_row cli_options[];
extern const size_t cli_noptions;

/* What was typed. Strings belong to argv. */
struct cli {
    struct arena a;
    enum command command;
    bool help, version, quiet, verbose;
    const char **operands;
    size_t noperands;
    const char *values[96]; /* by row of cli_options; "" for options without a value that are set */
    char *line;             /* the command line as typed, for ledger and lock */
    struct run_env env;     /* filled by cli_env */
};
/* ERR_USAGE with the nearest word for a wrong one. */
int cli_parse(struct cli *c, int argc, char **argv, struct err *e);
int cli_unknown_command(const char *word, struct err *e);     /* ERR_USAGE with the nearest */
const char *cli_get(const struct cli *c, const char *option); /* NULL when not given */
bool cli_has(const struct cli *c, const char *option);
/* Numbers, choices: ERR_USAGE says what was expected. */
int cli_int(const struct cli *c, const char *option, int64_t least, int64_t most, int64_t absent, int64_t *out,
            struct err *e);
int cli_choice(const struct cli *c, const char *option, const char *const *words, int n, int absent, int *out,
               struct err *e);
int cli_env(struct cli *c, struct err *e);
int cli_pipeline(const struct cli *c, const char *name, struct pipeline **p,
                 struct err *e); /* name NULL: -p, $ETL_PIPELINE, ./pipeline.json */
/* The pipelines of a command that may be about several: one NULL where one is named (as for cli_pipeline), else those
 * that are defined or were used here; here.c. */
int cli_pipelines(struct cli *c, char ***names, size_t *n, struct err *e);
/* -d or operand, "FROM..TO" where range; yesterday in the pipeline's zone without. Future days are ERR_USAGE. */
int cli_days(const struct cli *c, const struct pipeline *p, const char *text, bool range, day_t *from, day_t *to,
             struct err *e);
int cli_dataset(const struct cli *c, const struct pipeline *p, const struct pl_dataset **d, struct err *e);
void cli_free(struct cli *c);

void cli_help(FILE *out, int command); /* -1: the list */
void cli_version(FILE *out, bool verbose);

/* One function per command, each in its own file. */
#define COMMAND(id, name, operands, line, text) int cmd_##id(struct cli *c, struct err *e);
#include "cmd/commands.def"

#endif
