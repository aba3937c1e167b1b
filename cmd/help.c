/* etl help: made from the table; examples first. */
#include "base/embed.h"
#include "cmd/cli.h"

static void wrapped(FILE *out, const char *text, int indent, int width) {
    int col = indent;
    fprintf(out, "%*s", indent, "");
    while (*text) {
        size_t n = strcspn(text, " \n");
        if (col > indent && col + 1 + (int)n > width) {
            fprintf(out, "\n%*s", indent, "");
            col = indent;
        } else if (col > indent) {
            fputc(' ', out);
            col++;
        }
        fwrite(text, 1, n, out);
        col += (int)n;
        text += n;
        if (*text == '\n') {
            fprintf(out, "\n%*s", indent, "");
            col = indent;
        }
        if (*text) text++;
    }
    fputc('\n', out);
}

static void list(FILE *out) {
    fputs("etl runs daily batch data pipelines: collect -> validate -> transform -> load -> mart -> report\n\n"
          "  etl run -p commerce 2026-01-15          a whole day\n"
          "  etl status -p commerce                  what is done, what is missing\n"
          "  etl collect -p commerce | etl validate -p commerce | etl load -p commerce\n\n"
          "Commands:\n",
          out);
    for (int i = 0; i < CMD_COUNT; i++) fprintf(out, "  %-10s %s\n", cli_commands[i].name, cli_commands[i].line);
    fputs("\netl help COMMAND explains one; etl --version --verbose shows versions and licences.\n"
          "Exit status: 0 success, 1 failed, 2 usage or configuration, 3 gate failed or invalid records,\n"
          "4 incomplete input, 75 another run is active, 128+n ended by signal n.\n",
          out);
}

void cli_help(FILE *out, int command) {
    if (command < 0) {
        list(out);
        return;
    }
    const struct command_row *c = &cli_commands[command];
    fprintf(out, "etl %s: %s\n\nExamples:\n", c->name, c->line);
    for (size_t i = 0; i < cli_nexamples; i++)
        if ((int)cli_examples[i].command == command)
            fprintf(out, "  %s\n      %s\n", cli_examples[i].line, cli_examples[i].what);
    fprintf(out, "\nUsage: etl %s [options] %s\n\n", c->name, c->operands);
    wrapped(out, c->text, 0, 100);
    fputs("\nOptions:\n", out);
    for (size_t i = 0; i < cli_noptions; i++) {
        const struct option_row *o = &cli_options[i];
        if (!(o->commands >> command & 1)) continue;
        char head[96];
        snprintf(head, sizeof head, "%s%c%s--%s%s%s", o->letter ? "-" : " ", o->letter ? o->letter : ' ',
                 o->letter ? ", " : "  ", o->name, o->value ? " " : "", o->value ? o->value : "");
        fprintf(out, "  %s\n", head);
        wrapped(out, o->text, 8, 100);
    }
}

void cli_version(FILE *out, bool verbose) {
    fprintf(out, "etl %s\n", ETL_VERSION);
    if (!verbose) return;
    const struct embedded *v = embed_find("versions.txt"), *mine = embed_find("LICENSE");
    fprintf(out, "\nLinked in:\n%s\n\netl itself:\n\n%s", v ? v->text : "", mine ? mine->text : "");
    for (size_t i = 0; i < embedded_count; i++)
        if (strncmp(embedded_files[i].path, "licenses/", 9) == 0)
            fprintf(out, "\n---- %s ----\n\n%s\n", embedded_files[i].path + 9, embedded_files[i].text);
}

int cmd_HELP(struct cli *c, struct err *e) {
    if (!c->noperands) {
        cli_help(stdout, -1);
        return ERR_OK;
    }
    for (int i = 0; i < CMD_COUNT; i++)
        if (strcmp(cli_commands[i].name, c->operands[0]) == 0) {
            cli_help(stdout, i);
            return ERR_OK;
        }
    return cli_unknown_command(c->operands[0], e);
}
