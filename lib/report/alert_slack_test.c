/* A message stays within what Slack takes, and no text of ours becomes markup, whatever the document holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/alert_impl.h"

static char *repeat(struct arena *a, const char *s, size_t n) {
    struct buf b = {0};
    for (size_t i = 0; i < n; i++) buf_str(&b, s);
    char *out = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return out;
}

static void check_text(const cJSON *t, size_t most) {
    const char *s = cJSON_GetObjectItem(t, "text")->valuestring;
    assert_true(*s && strlen(s) <= most); /* bytes: never fewer than characters */
    assert_null(strstr(s, "<!"));
    assert_null(strstr(s, "<http"));
    for (const char *p = strchr(s, '&'); p; p = strchr(p + 1, '&')) /* entities are never cut */
        assert_true(strncmp(p, "&amp;", 5) == 0 || strncmp(p, "&lt;", 4) == 0 || strncmp(p, "&gt;", 4) == 0);
}

static void check_message(const cJSON *doc) {
    struct buf out = {0};
    const cJSON *b, *f;
    face_slack(doc, &out);
    cJSON *m = cJSON_Parse(buf_text(&out));
    assert_non_null(m);
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(m, "blocks")) <= 50);
    check_text(m, 1000);
    cJSON_ArrayForEach(b, cJSON_GetObjectItem(m, "blocks")) {
        if (cJSON_GetObjectItem(b, "text")) check_text(cJSON_GetObjectItem(b, "text"), 3000);
        assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(b, "fields")) <= 10);
        cJSON_ArrayForEach(f, cJSON_GetObjectItem(b, "fields")) check_text(f, 2000);
    }
    cJSON_Delete(m);
    buf_free(&out);
}

static cJSON *document(struct arena *a, const char *text) {
    static const char *const keys[] = {"headline", "pipeline", "day",  "stage", "dataset", "run_id",
                                       "log",      "error",    "text", "was",   "command", "gate"};
    cJSON *doc = cJSON_CreateObject(), *list;
    cJSON_AddStringToObject(doc, "kind", "gate");
    cJSON_AddStringToObject(doc, "state", "done");
    cJSON_AddNumberToObject(doc, "attempts", 4);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) cJSON_AddStringToObject(doc, keys[i], text);
    static const char *const lists[] = {"missed", "more"};
    for (int k = 0; k < 2; k++) {
        list = cJSON_AddArrayToObject(doc, lists[k]);
        for (int i = 0; i < 50; i++) cJSON_AddItemToArray(list, cJSON_CreateString(text));
    }
    static const char *const rows[] = {"steps", "retried", "requests", "checks"};
    for (int k = 0; k < 4; k++) {
        list = cJSON_AddArrayToObject(doc, rows[k]);
        for (int i = 0; i < 60; i++) {
            cJSON *o = cJSON_CreateObject();
            cJSON_AddStringToObject(o, "stage", "collect");
            cJSON_AddStringToObject(o, "dataset", text);
            cJSON_AddStringToObject(o, "name", text);
            cJSON_AddStringToObject(o, "error", text);
            cJSON_AddNumberToObject(o, "rows_out", 1e15);
            cJSON_AddNumberToObject(o, "rows_rejected", 1e15);
            cJSON *samples = cJSON_AddArrayToObject(o, "samples"), *s = cJSON_CreateObject();
            cJSON_AddStringToObject(s, "field", text);
            cJSON_AddStringToObject(s, "found", text);
            cJSON_AddItemToArray(samples, s);
            cJSON_AddNumberToObject(cJSON_AddObjectToObject(o, "reasons"), "timeout", 3);
            cJSON_AddItemToArray(list, o);
        }
    }
    (void)a;
    return doc;
}

static void within_limits(void **state) {
    (void)state;
    struct arena a = {0};
    static const char *const units[] = {"x",  "&",     "<!channel>",      "<http://evil|click>",
                                        "가", "a&가<", "\xF0\x9F\x98\x80"};
    static const size_t counts[] = {1, 70, 3000};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            cJSON *doc = document(&a, repeat(&a, units[i], counts[k]));
            check_message(doc);
            cJSON_DeleteItemFromObject(doc, "checks"); /* then the error is shown in their place */
            check_message(doc);
            cJSON_Delete(doc);
        }
    arena_free(&a);
}

static void nothing_known(void **state) {
    (void)state;
    cJSON *doc = cJSON_CreateObject();
    struct buf out = {0};
    cJSON_AddStringToObject(doc, "headline", "shop: SLA missed");
    cJSON_AddStringToObject(doc, "kind", "of a later version");
    cJSON_AddStringToObject(doc, "pipeline", "shop");
    check_message(doc);
    face_text(doc, &out);
    face_html(doc, &out);
    assert_non_null(strstr(buf_text(&out), "shop: SLA missed"));
    buf_free(&out);
    cJSON_Delete(doc);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(within_limits), cmocka_unit_test(nothing_known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
