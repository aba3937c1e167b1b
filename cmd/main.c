/* etl: parse, call the command, map its result to an exit status. The only exit of the program is here. */
#include <cjson/cJSON.h>
#include <malloc.h>
#include <unistd.h>

#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "cmd/cli.h"

static int (*const commands[CMD_COUNT])(struct cli *c, struct err *e) = {
#define COMMAND(id, name, operands, line, text) cmd_##id,
#include "cmd/commands.def"
};

static void setup_log(const struct cli *c) {
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    bool color = isatty(2) && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
    const char *format = cli_get(c, "log-format");
    progress_enable(c->env.progress && !(format && strcmp(format, "json") == 0));
    log_setup(c->quiet ? LOG_WARN : c->verbose ? LOG_DEBUG : LOG_INFO, format && strcmp(format, "json") == 0, color);
}

static int work(struct cli *c, struct err *e) {
    static const char *const formats[] = {"text", "json"};
    int format;
    if (c->version) {
        cli_version(stdout, c->verbose);
        return ERR_OK;
    }
    if (c->help) {
        cli_help(stdout, c->command == CMD_HELP ? -1 : (int)c->command);
        return ERR_OK;
    }
    int rc = cli_choice(c, "log-format", formats, 2, 0, &format, e);
    if (rc == ERR_OK) rc = cli_env(c, e);
    setup_log(c);
    if (rc) return rc;
    stop_install();
    return commands[c->command](c, e);
}

/* Left alone, glibc raises these limits each time a large block is freed, and from then on large tables lie in the
 * heap, where what a stage has freed is kept between what the next one holds: 290 MiB for a run whose stages need 200.
 * Fixed, every block of a mebibyte is a mapping of its own, given back when it is freed. */
static void setup_memory(void) {
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

/* cJSON leaves out of a document what it has no memory for. */
static void *json_alloc(size_t n) {
    return mem_grow(NULL, n);
}

int main(int argc, char **argv) {
    setup_memory();
    struct cli c;
    struct err e = {0};
    secret_keep_from_cores();
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = json_alloc, .free_fn = free});
    int rc = cli_parse(&c, argc, argv, &e);
    if (rc == ERR_OK) rc = work(&c, &e);
    if (rc == ERR_OK && fflush(stdout) != 0) rc = err_sys(&e, ERR_IO, "cannot write to standard output");
    if (rc && e.msg[0]) log_error("%s", e.msg);
    int status = rc == ERR_STOPPED ? 128 + stop_signal() : err_status(rc);
    cli_free(&c);
    secret_free();
    exit(status);
}
