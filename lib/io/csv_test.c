/* CSV rows as JSON objects, by RFC 4180. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"
#include "io/reader.h"

static int run(const char *text, size_t n, struct reader_opt opt, struct buf *out, struct err *e) {
    static const char *const path = "t.csv";
    struct reader *r;
    struct rblock b = {0};
    bool more = true;
    int rc;
    opt.text = text;
    opt.text_n = n;
    assert_int_equal(reader_open(&r, &path, 1, &opt, e), ERR_OK);
    while ((rc = reader_next(r, &b, &more, e)) == ERR_OK && more) {
        assert_true(b.n > 0);
        for (size_t i = 0; i < b.n; i++) {
            const struct rline *l = &b.l[i];
            assert_true((size_t)l->off + l->len <= b.data.n);
            buf_fmt(out, "%llu:", (unsigned long long)l->line);
            if (l->bad)
                buf_fmt(out, "!");
            else
                buf_add(out, b.data.p + l->off, l->len);
            buf_chr(out, '\n');
        }
    }
    rblock_free(&b);
    reader_close(r);
    return rc;
}

static void expect(const char *text, struct reader_opt opt, const char *want) {
    static const size_t blocks[] = {0, 16, 17, 31, 64, 100, 200};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        struct buf out = {0};
        struct err e = {0};
        opt.block = blocks[i];
        if (run(text, strlen(text), opt, &out, &e)) fail_msg("<%s>: %s", text, e.msg);
        if (strcmp(buf_text(&out), want))
            fail_msg("of <%s>, block %zu\nwanted <%s>\ngot <%s>", text, blocks[i], want, buf_text(&out));
        buf_free(&out);
    }
}

static void rows(void **state) {
    (void)state;
    static const struct {
        const char *text, *want;
    } t[] = {
        {"", ""},
        {"a,b\n", ""},
        {"a,b", ""},
        {"a,b\n1,2\n", "2:{\"a\":\"1\",\"b\":\"2\"}\n"},
        {"a,b\r\n1,2\r\n", "2:{\"a\":\"1\",\"b\":\"2\"}\n"},
        {"a,b\n1,2", "2:{\"a\":\"1\",\"b\":\"2\"}\n"},
        {"\xEF\xBB\xBF"
         "a,b\n1,2",
         "2:{\"a\":\"1\",\"b\":\"2\"}\n"},
        {"\xEF\xBB\xBF\"a\"\n1", "2:{\"a\":\"1\"}\n"},
        {"a\n1\r\n2\n3\r\n", "2:{\"a\":\"1\"}\n3:{\"a\":\"2\"}\n4:{\"a\":\"3\"}\n"},
        /* quotes */
        {"a,b\n\"1\",\"2\"\n", "2:{\"a\":\"1\",\"b\":\"2\"}\n"},
        {"a,b\n\"x,y\",\",\"\n", "2:{\"a\":\"x,y\",\"b\":\",\"}\n"},
        {"a\n\"x\"\"y\"\n", "2:{\"a\":\"x\\\"y\"}\n"},
        {"a,b\n\"\"\"\",\"\"\"\"\"\"\n", "2:{\"a\":\"\\\"\",\"b\":\"\\\"\\\"\"}\n"},
        {"a,b\n\"x\ny\",2\n3,4\n", "2:{\"a\":\"x\\ny\",\"b\":\"2\"}\n4:{\"a\":\"3\",\"b\":\"4\"}\n"},
        {"a,b\n\"x\r\n\r\ny\",2\r\n3,4\r\n", "2:{\"a\":\"x\\r\\n\\r\\ny\",\"b\":\"2\"}\n5:{\"a\":\"3\",\"b\":\"4\"}\n"},
        {"a,b\n1,\"x\n\n\"\n\"3\",4", "2:{\"a\":\"1\",\"b\":\"x\\n\\n\"}\n5:{\"a\":\"3\",\"b\":\"4\"}\n"},
        {"\"a\nb\",c\n1,2\n", "3:{\"a\\nb\":\"1\",\"c\":\"2\"}\n"},
        {"\"a\"\"b\",\"c,d\"\n1,2\n", "2:{\"a\\\"b\":\"1\",\"c,d\":\"2\"}\n"},
        {"a\nx\"y\n", "2:{\"a\":\"x\\\"y\"}\n"},
        /* empty and quoted empty */
        {"a,b\n,\"\"\n", "2:{\"a\":null,\"b\":\"\"}\n"},
        {"a,b\n,\n", "2:{\"a\":null,\"b\":null}\n"},
        {"a,b\n\"\",", "2:{\"a\":\"\",\"b\":null}\n"},
        {"a,b\n\"\",\"\"", "2:{\"a\":\"\",\"b\":\"\"}\n"},
        {"a\n\"\"\n1", "2:{\"a\":\"\"}\n3:{\"a\":\"1\"}\n"},
        {"a,b\n1,2\n\n3,4\n", "2:{\"a\":\"1\",\"b\":\"2\"}\n4:{\"a\":\"3\",\"b\":\"4\"}\n"},
        {"a,b\n 1 , 2\n", "2:{\"a\":\" 1 \",\"b\":\" 2\"}\n"},
        /* width */
        {"a,b\n1\n1,2\n1,2,3\n4,5\n", "2:!\n3:{\"a\":\"1\",\"b\":\"2\"}\n4:!\n5:{\"a\":\"4\",\"b\":\"5\"}\n"},
        {"a,b\n1,2,\n", "2:!\n"},
        {"a,b\n\"x\ny\"\n1,2\n", "2:!\n4:{\"a\":\"1\",\"b\":\"2\"}\n"},
        /* header */
        {"a,,c\n1,2,3\n", "2:{\"a\":\"1\",\"column_2\":\"2\",\"c\":\"3\"}\n"},
        {"\xEC\x9D\xB4\xEB\xA6\x84\n\xED\x95\x9C\n", "2:{\"\xEC\x9D\xB4\xEB\xA6\x84\":\"\xED\x95\x9C\"}\n"},
        /* what JSON must escape */
        {"a\n\"\t\\\"\n", "2:{\"a\":\"\\t\\\\\"}\n"},
        {"a\nx\ry\n", "2:{\"a\":\"x\\ry\"}\n"},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) expect(t[i].text, (struct reader_opt){0}, t[i].want);
}

static void delimiters(void **state) {
    (void)state;
    static const char *const texts[] = {"a;b\n1,5;2\n\"x;y\";\n", "a\tb\n1,5\t2\n\"x\ty\"\t\n",
                                        "a|b\n1,5|2\n\"x|y\"|\n"};
    for (size_t i = 0; i < 3; i++) {
        char want[128];
        snprintf(want, sizeof want, "2:{\"a\":\"1,5\",\"b\":\"2\"}\n3:{\"a\":\"x%sy\",\"b\":null}\n",
                 i == 0   ? ";"
                 : i == 1 ? "\\t"
                          : "|");
        expect(texts[i], (struct reader_opt){.delimiter = ";\t|"[i]}, want);
    }
}

static char kind(void *ctx, struct sv name) {
    (*(int *)ctx)++;
    return name.p[0] == 'n' ? 'n' : name.p[0] == 'b' ? 'b' : 't';
}

/* Digits stay as they are written; what is no number or boolean stays text for the schema to judge. */
static void typed_columns(void **state) {
    (void)state;
    static const struct {
        const char *in, *n, *b;
    } t[] = {{"1", "1", "\"1\""},
             {"-0", "-0", "\"-0\""},
             {"1.50", "1.50", "\"1.50\""},
             {"1e5", "1e5", "\"1e5\""},
             {"1E-07", "1E-07", "\"1E-07\""},
             {"12345678901234567890.10", "12345678901234567890.10", "\"12345678901234567890.10\""},
             {"01", "\"01\"", "\"01\""},
             {"+1", "\"+1\"", "\"+1\""},
             {".5", "\".5\"", "\".5\""},
             {"1.", "\"1.\"", "\"1.\""},
             {"1e", "\"1e\"", "\"1e\""},
             {"-", "\"-\"", "\"-\""},
             {" 1", "\" 1\"", "\" 1\""},
             {"NaN", "\"NaN\"", "\"NaN\""},
             {"0x1", "\"0x1\"", "\"0x1\""},
             {"true", "\"true\"", "true"},
             {"false", "\"false\"", "false"},
             {"True", "\"True\"", "\"True\""},
             {"", "null", "null"},
             {"\"\"", "\"\"", "\"\""},
             {"\"1,2\"", "\"1,2\"", "\"1,2\""}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        char text[128], want[256];
        struct buf out = {0};
        struct err e = {0};
        int asked = 0;
        snprintf(text, sizeof text, "n,b\n%s,%s\n7,true\n", t[i].in, t[i].in);
        snprintf(want, sizeof want, "2:{\"n\":%s,\"b\":%s}\n3:{\"n\":7,\"b\":true}\n", t[i].n, t[i].b);
        assert_int_equal(run(text, strlen(text), (struct reader_opt){.column = kind, .ctx = &asked}, &out, &e), ERR_OK);
        assert_string_equal(out.p, want);
        assert_int_equal(asked, 2); /* once a column */
        buf_free(&out);
    }
}

static void refuses(const char *text, int code, const char *words) {
    for (size_t block = 0; block < 100; block += 24) {
        struct buf out = {0};
        struct err e = {0};
        int rc = run(text, strlen(text), (struct reader_opt){.block = block}, &out, &e);
        if (rc != code || !strstr(e.msg, "t.csv") || !strstr(e.msg, words))
            fail_msg("<%s> gives %s: %s", text, err_name(rc), e.msg);
        buf_free(&out);
    }
}

static void refused(void **state) {
    (void)state;
    refuses("a,b,a\n1,2,3\n", ERR_DATA, "\"a\"");
    refuses("a,\"a\"\n1,2\n", ERR_DATA, "\"a\"");
    refuses("\xFF,b\n1,2\n", ERR_DATA, "UTF-8");
    refuses("a\n1\n\"x\n", ERR_INCOMPLETE, ":3:");
    refuses("a\n\"x\n\ny\n", ERR_INCOMPLETE, ":2:");
    refuses("a\n\"", ERR_INCOMPLETE, ":2:");
    refuses("\"a\n", ERR_INCOMPLETE, ":1:");
    refuses("a\n\"x\"\"", ERR_INCOMPLETE, ":2:");
}

/* Names given to unnamed columns must not meet one that is there. */
static void unnamed_meets_named(void **state) {
    (void)state;
    struct buf out = {0};
    struct err e = {0};
    int rc = run("column_2,\n1,2\n", 14, (struct reader_opt){0}, &out, &e);
    if (rc == ERR_OK)
        assert_string_equal(out.p, "2:{\"column_2\":\"1\",\"column_3\":\"2\"}\n");
    else
        assert_int_equal(rc, ERR_DATA);
    buf_free(&out);
}

static void bad_bytes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *want;
    } t[] = {
        {"a\nx\xFFy\n1\n", 8, "2:!\n3:{\"a\":\"1\"}\n"},       {"a\n\xC0\x80\n1\n", 7, "2:!\n3:{\"a\":\"1\"}\n"},
        {"a\n\xED\xA0\x80\n1\n", 8, "2:!\n3:{\"a\":\"1\"}\n"}, {"a\n\xE2\x82\n1\n", 7, "2:!\n3:{\"a\":\"1\"}\n"},
        {"a\nx\0y\n1\n", 8, "2:!\n3:{\"a\":\"1\"}\n"},         {"a\n\"x\ny\xF5\"\n1\n", 11, "2:!\n4:{\"a\":\"1\"}\n"},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        for (size_t block = 0; block < 100; block += 16) {
            struct buf out = {0};
            struct err e = {0};
            assert_int_equal(run(t[i].text, t[i].n, (struct reader_opt){.block = block}, &out, &e), ERR_OK);
            assert_string_equal(out.p, t[i].want);
            buf_free(&out);
        }
}

static void place_of_bad_byte(void **state) {
    (void)state;
    static const char *const path = "t.csv", text[] = "a,b\nxy,z\xFF\n1\n";
    struct reader *r;
    struct rblock b = {0};
    struct err e = {0};
    bool more;
    assert_int_equal(reader_open(&r, &path, 1, &(struct reader_opt){.text = text, .text_n = sizeof text - 1}, &e),
                     ERR_OK);
    assert_int_equal(reader_next(r, &b, &more, &e), ERR_OK);
    assert_int_equal(b.n, 2);
    assert_non_null(strstr(b.l[0].bad, "UTF-8"));
    assert_int_equal(b.l[0].bad_at, 4);
    assert_non_null(strstr(b.l[1].bad, "fewer"));
    rblock_free(&b);
    reader_close(r);
}

/* A row over the limit is bad, whatever the block, and the rows around it are read. */
static void row_limit(void **state) {
    (void)state;
    for (size_t n = 90; n <= 700; n += n > 104 ? 120 : 1)
        for (int quoted = 0; quoted < 2; quoted++)
            for (size_t block = 16; block < 5000; block *= 4) {
                struct buf text = {0}, want = {0}, out = {0};
                struct err e = {0};
                buf_str(&text, quoted ? "a\n1\n\"" : "a\n1\n");
                for (size_t i = 0; i < n - 2 * (size_t)quoted; i++) buf_chr(&text, 'x');
                buf_str(&want, "2:{\"a\":\"1\"}\n3:");
                if (n > 100)
                    buf_chr(&want, '!');
                else
                    buf_fmt(&want, "{\"a\":\"%s\"}", text.p + 4 + quoted);
                buf_str(&text, quoted ? "\"\n2\n" : "\n2\n");
                buf_str(&want, "\n4:{\"a\":\"2\"}\n");
                int rc = run(text.p, text.n, (struct reader_opt){.max_line = 100, .block = block}, &out, &e);
                if (rc || strcmp(buf_text(&out), want.p))
                    fail_msg("row of %zu bytes, limit 100, block %zu: %s <%s>, wanted <%s>", n, block, err_name(rc),
                             buf_text(&out), want.p);
                buf_free(&text);
                buf_free(&want);
                buf_free(&out);
            }
}

static void any_block_same_rows(void **state) {
    (void)state;
    static const char *const bits[] = {",",
                                       ",",
                                       "\n",
                                       "\r\n",
                                       "\"a,\"\"b\n\"",
                                       "x",
                                       "\"\"",
                                       "12",
                                       "\xED\x95\x9C",
                                       "\n1,2,3\n",
                                       "\n\"q\r\nq\",,\"\"\"\"\n",
                                       " ",
                                       "\xFF"};
    struct rng r;
    rng_seed(&r, 4180);
    for (int round = 0; round < 300; round++) {
        struct buf text = {0}, whole = {0};
        struct err e = {0};
        buf_str(&text, "a,b,c\n");
        for (uint32_t i = rng_below(&r, 100); i; i--) buf_str(&text, bits[rng_below(&r, sizeof bits / sizeof *bits)]);
        int want = run(text.p, text.n, (struct reader_opt){0}, &whole, &e);
        for (size_t block = 16; block <= 200; block += 23) {
            struct buf got = {0};
            assert_int_equal(run(text.p, text.n, (struct reader_opt){.block = block}, &got, &e), want);
            /* before an error a small block may have given away more rows than a large one */
            if (!want && strcmp(buf_text(&got), buf_text(&whole)))
                fail_msg("block %zu of\n%s\n%s\n--\n%s", block, text.p, buf_text(&got), buf_text(&whole));
            buf_free(&got);
        }
        buf_free(&text);
        buf_free(&whole);
    }
}

/* Rows without quotes go another way than quoted ones, and become the same objects. */
static void quotes_change_nothing(void **state) {
    (void)state;
    static const char *const bits[] = {
        "x", "abcdefgh", "0123456789abcdef0", "\xED\x95\x9C", "\\", "\t", "-12", "\x7F", " ", "{}", "'", "n,"};
    struct rng r;
    int asked = 0;
    rng_seed(&r, 2);
    for (int round = 0; round < 500; round++) {
        struct buf plain = {0}, quoted = {0}, one = {0}, two = {0};
        struct err e = {0};
        buf_str(&plain, "a,n,b,tt\n");
        buf_str(&quoted, "a,n,b,tt\n");
        for (uint32_t row = 0; row < 20; row++)
            for (uint32_t k = 0; k < 4; k++) {
                struct buf f = {0};
                for (uint32_t i = 1 + rng_below(&r, 4); i; i--)
                    buf_str(&f, bits[rng_below(&r, sizeof bits / sizeof *bits - 1)]);
                buf_fmt(&plain, "%s%s", f.p, k < 3 ? "," : "\n");
                buf_fmt(&quoted, "\"%s\"%s", f.p, k < 3 ? "," : "\n");
                buf_free(&f);
            }
        struct reader_opt opt = {.column = kind, .ctx = &asked};
        assert_int_equal(run(plain.p, plain.n, opt, &one, &e), ERR_OK);
        assert_int_equal(run(quoted.p, quoted.n, opt, &two, &e), ERR_OK);
        assert_string_equal(one.p, two.p);
        buf_free(&plain);
        buf_free(&quoted);
        buf_free(&one);
        buf_free(&two);
    }
}

/* What a header says is asked once, also where many files have it; another header is another table. */
static void headers_of_files(void **state) {
    (void)state;
    char dir[] = "/tmp/etl-csv-XXXXXX", paths[3][64];
    static const char *const texts[] = {"n,b\n1,true\n", "n,b\n2,false\n", "b,n\nx,3\n"};
    const char *names[3];
    struct buf out = {0};
    struct reader *r;
    struct rblock b = {0};
    struct err e = {0};
    int asked = 0;
    assert_non_null(mkdtemp(dir));
    for (int i = 0; i < 3; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%d.csv", dir, i);
        names[i] = paths[i];
        FILE *f = fopen(paths[i], "w");
        assert_non_null(f);
        fputs(texts[i], f);
        fclose(f);
    }
    assert_int_equal(reader_open(&r, names, 3, &(struct reader_opt){.column = kind, .ctx = &asked}, &e), ERR_OK);
    for (bool more = true; reader_next_raw(r, &b, &more, &e) == ERR_OK && more;) {
        rblock_convert(&b);
        assert_true(b.objects && b.n == 1);
        buf_add(&out, b.data.p + b.l[0].off, b.l[0].len);
    }
    assert_string_equal(out.p, "{\"n\":1,\"b\":true}{\"n\":2,\"b\":false}{\"b\":\"x\",\"n\":3}");
    assert_int_equal(asked, 4);
    for (int i = 0; i < 3; i++) unlink(paths[i]);
    rmdir(dir);
    rblock_free(&b);
    reader_close(r);
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(delimiters),
        cmocka_unit_test(typed_columns),
        cmocka_unit_test(refused),
        cmocka_unit_test(unnamed_meets_named),
        cmocka_unit_test(bad_bytes),
        cmocka_unit_test(place_of_bad_byte),
        cmocka_unit_test(row_limit),
        cmocka_unit_test(any_block_same_rows),
        cmocka_unit_test(quotes_change_nothing),
        cmocka_unit_test(headers_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
