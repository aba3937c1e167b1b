/* etl init: see commands.def. */
#include "base/embed.h"
#include "base/near.h"
#include "cmd/cli.h"
#include "io/file.h"

static int put(struct cli *c, const char *path, const char *text, size_t n, struct err *e) {
    if (file_exists(path)) return err_set(e, ERR_USAGE, "%s is there already and is not overwritten", path);
    int rc = dir_make(path_dir(path, &c->a), e);
    return rc ? rc : file_publish(path, text, n, e);
}

/* NAME in the template's texts and paths becomes the new pipeline's name. */
static const char *renamed(struct cli *c, const char *text, const char *name) {
    struct buf b = {0};
    for (const char *at; (at = strstr(text, "NAME")); text = at + 4) {
        buf_add(&b, text, (size_t)(at - text));
        buf_str(&b, name);
    }
    buf_str(&b, text);
    const char *out = arena_strn(&c->a, buf_text(&b), b.n);
    buf_free(&b);
    return out;
}

static int unknown(struct cli *c, const char *name, struct err *e) {
    struct near near = near_start(name);
    for (size_t i = 0; i < embedded_count; i++) {
        const char *slash = strchr(embedded_files[i].path, '/');
        if (slash && strcmp(slash, "/pipeline.json") == 0)
            near_offer(&near, arena_strn(&c->a, embedded_files[i].path, (size_t)(slash - embedded_files[i].path)));
    }
    return err_set(e, ERR_USAGE, "no built-in pipeline '%s'%s", name, near_hint(&near, &c->a));
}

static int copy_files(struct cli *c, const char *dir, const char *prefix, const char *name, struct err *e) {
    size_t n = strlen(prefix), copied = 0;
    int rc = ERR_OK;
    for (size_t i = 0; i < embedded_count && rc == ERR_OK; i++) {
        const struct embedded *f = &embedded_files[i];
        if (strncmp(f->path, prefix, n) != 0) continue;
        const char *text = f->text, *rest = f->path + n;
        if (name) {
            text = renamed(c, text, name);
            rest = strcmp(rest, "definition.json") == 0 ? "pipeline.json" : renamed(c, rest, name);
        }
        rc = put(c, arena_fmt(&c->a, "%s/schemas/%s%s", dir, name ? arena_fmt(&c->a, "%s/", name) : prefix, rest), text,
                 strlen(text), e);
        copied++;
    }
    return rc == ERR_OK && !copied ? unknown(c, arena_strn(&c->a, prefix, n - 1), e) : rc;
}

static bool good_name(const char *s) {
    if (*s < 'a' || *s > 'z' || strlen(s) > 62) return false;
    for (; *s; s++)
        if (!((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '_')) return false;
    return true;
}

static int schemas(struct cli *c, const char *dir, struct err *e) {
    static const char *const names[] = {"pipeline.schema.json", "report.schema.json"};
    int rc = ERR_OK;
    for (int i = 0; i < 2 && rc == ERR_OK; i++) {
        const char *path = arena_fmt(&c->a, "%s/schemas/%s", dir, names[i]);
        const struct embedded *f = embed_find(names[i]);
        if (!file_exists(path)) rc = put(c, path, f->text, f->n, e);
    }
    return rc;
}

/* What other programs need to show and watch the metrics. */
static int monitoring(struct cli *c, const char *dir, struct err *e) {
    static const char *const names[] = {"grafana-dashboard.json", "prometheus-rules.yml"};
    int rc = ERR_OK;
    for (int i = 0; i < 2 && rc == ERR_OK; i++) {
        const struct embedded *f = embed_find(arena_fmt(&c->a, "monitoring/%s", names[i]));
        const char *path = arena_fmt(&c->a, "%s/%s", dir, names[i]);
        rc = put(c, path, f->text, f->n, e);
        if (rc == ERR_OK) printf("%s is written\n", path);
    }
    return rc;
}

int cmd_INIT(struct cli *c, struct err *e) {
    const char *name = cli_get(c, "new"), *copy = cli_get(c, "pipeline");
    if (c->noperands != 1) return err_set(e, ERR_USAGE, "etl init needs one directory: etl init DIR");
    const char *dir = c->operands[0];
    if (cli_has(c, "monitoring")) return monitoring(c, dir, e);
    if (name && !good_name(name))
        return err_set(e, ERR_USAGE,
                       "'%s' is no name for a pipeline: small letters, digits and _, beginning with a letter", name);
    for (const char *s = dir; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            return err_set(e, ERR_USAGE, "the directory's name holds a control character: %s", dir);
    int rc = name ? copy_files(c, dir, "template/", name, e)
                  : copy_files(c, dir, arena_fmt(&c->a, "%s/", copy ? copy : "commerce"), NULL, e);
    if (rc == ERR_OK) rc = schemas(c, dir, e);
    if (rc == ERR_OK && name)
        printf("%s/schemas/%s is written. Next:\n  cd %s\n  etl doctor -p %s\n  etl run -p %s 2026-01-15\n", dir, name,
               dir, name, name);
    else if (rc == ERR_OK)
        printf("%s/schemas is written. In %s, etl uses these definitions instead of the built-in ones.\n", dir, dir);
    return rc;
}
