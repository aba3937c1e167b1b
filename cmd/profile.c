/* See profile.h. */
#include "cmd/profile.h"

#include "base/near.h"
#include "io/file.h"
#include "json/scan.h"

#define PROFILES_MAX (1 << 20)

struct profiles {
    struct arena *a;
    const char *file, *name; /* name: of the profile */
    struct jval all;
};

static bool is_variable(const char *s) {
    size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return *s && !s[n] && !(*s >= '0' && *s <= '9');
}

/* endpoints, secrets: {"VARIABLE": "text"} */
static int set_variables(const struct profiles *f, struct jval obj, const char *word, bool secret, struct err *e) {
    uint32_t pos = 0;
    if (jv_type(obj) != JT_OBJ)
        return err_set(e, ERR_CONFIG, "%s: %s.%s: expected an object of variables", f->file, f->name, word);
    for (struct jval key, val; jv_each(obj, &pos, &key, &val);) {
        char *name = jv_str(key, f->a, NULL), *value = jv_type(val) == JT_STR ? jv_str(val, f->a, NULL) : NULL;
        if (!value || !is_variable(name) || (secret && !is_variable(value)))
            return err_set(e, ERR_CONFIG,
                           secret ? "%s: %s.%s.%s: expected the name of a variable of the environment"
                                  : "%s: %s.%s.%s: expected a variable's name and a text",
                           f->file, f->name, word, name);
        if (secret) value = getenv(value);
        if (value && *value && setenv(name, value, 0) != 0) return err_sys(e, ERR_INTERNAL, "setenv");
    }
    return ERR_OK;
}

/* Where the lake and the warehouse lie. */
static int check_place(const struct profiles *f, const char *word, const char *value, struct err *e) {
    if (strcmp(value, "home") == 0) return ERR_OK;
    return err_set(e, ERR_CONFIG,
                   "%s: profile %s: %s \"%s\" is not built: this etl keeps lake and warehouse in the home only (say "
                   "\"home\", or leave the word out)",
                   f->file, f->name, word, value);
}

static int apply_word(const struct profiles *f, const char *word, struct jval v, const char **home, struct err *e) {
    static const char *const words[] = {"home", "storage", "warehouse", "endpoints", "secrets", "description"};
    struct near near = near_start(word);
    size_t k = 0;
    for (; k < sizeof words / sizeof *words && strcmp(words[k], word) != 0; k++) near_offer(&near, words[k]);
    if (k == sizeof words / sizeof *words)
        return err_set(e, ERR_CONFIG, "%s: profile %s: unknown word '%s'%s", f->file, f->name, word,
                       near_hint(&near, f->a));
    if (k == 3 || k == 4) return set_variables(f, v, word, k == 4, e);
    if (jv_type(v) != JT_STR || !jv_tok(v)->len)
        return err_set(e, ERR_CONFIG, "%s: %s.%s: expected a text", f->file, f->name, word);
    if (k == 0) *home = jv_str(v, f->a, NULL);
    return k == 1 || k == 2 ? check_place(f, word, jv_str(v, f->a, NULL), e) : ERR_OK;
}

static int apply(const struct profiles *f, const char **home, struct err *e) {
    struct jval profile;
    uint32_t pos = 0;
    int rc = ERR_OK;
    if (jv_type(f->all) != JT_OBJ) return err_set(e, ERR_CONFIG, "%s: expected an object of profiles", f->file);
    if (!jv_get(f->all, sv_of(f->name), &profile)) {
        struct near near = near_start(f->name);
        if (strcmp(f->name, "local") == 0) return ERR_OK;
        for (struct jval key, val; jv_each(f->all, &pos, &key, &val);) near_offer(&near, jv_str(key, f->a, NULL));
        return err_set(e, ERR_CONFIG, "ETL_ENV=%s: %s has no such profile%s", f->name, f->file, near_hint(&near, f->a));
    }
    if (jv_type(profile) != JT_OBJ) return err_set(e, ERR_CONFIG, "%s: %s: expected an object", f->file, f->name);
    for (struct jval key, val; rc == ERR_OK && jv_each(profile, &pos, &key, &val);)
        rc = apply_word(f, jv_str(key, f->a, NULL), val, home, e);
    return rc;
}

int profile_apply(struct arena *a, const char **home, struct err *e) {
    struct profiles f = {.a = a, .file = getenv("ETL_PROFILES"), .name = getenv("ETL_ENV")};
    struct buf b = {0};
    struct jtoks toks = {0};
    struct jerr je;
    if (!f.name || !*f.name) return ERR_OK;
    bool named = f.file && *f.file;
    if (!named) f.file = "profiles.json";
    if (!named && !file_exists(f.file)) {
        if (strcmp(f.name, "local") == 0) return ERR_OK;
        return err_set(e, ERR_CONFIG, "ETL_ENV=%s, but there is no profiles.json here and ETL_PROFILES names none",
                       f.name);
    }
    int rc = file_read(f.file, PROFILES_MAX, &b, e);
    if (rc == ERR_OK && !json_scan(&toks, buf_text(&b), b.n, JSON_COMMENTS, &je)) {
        size_t line, col;
        json_line_col(buf_text(&b), b.n, je.at, &line, &col);
        rc = err_set(e, ERR_CONFIG, "%s:%zu:%zu: %s", f.file, line, col, je.what);
    } else if (rc == ERR_OK) {
        f.all = (struct jval){buf_text(&b), toks.t, 0};
        rc = apply(&f, home, e);
    } else {
        e->code = rc = ERR_CONFIG;
    }
    buf_free(&b);
    jtoks_free(&toks);
    return rc;
}
