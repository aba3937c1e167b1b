/* JSONL and JSON as records: lines, limits, blocks of any size, damaged ends. CSV is in csv_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"
#include "io/file.h"
#include "io/reader.h"

static char tmp[64] = "/tmp/etl-reader-XXXXXX";

/* What a reader makes of its inputs, as text: "LINE:RECORD\n", "LINE:!\n" for a bad one; "FILE/" in front of all but
 * the first input's. */
static int run(const char *const *paths, size_t n, const struct reader_opt *opt, struct buf *out, struct err *e) {
    struct reader *r;
    struct rblock b = {0};
    bool more = true;
    assert_int_equal(reader_open(&r, paths, n, opt, e), ERR_OK);
    int rc;
    while ((rc = reader_next(r, &b, &more, e)) == ERR_OK && more) {
        assert_true(b.n > 0);
        for (size_t i = 0; i < b.n; i++) {
            const struct rline *l = &b.l[i];
            if ((size_t)l->off + l->len > b.data.n)
                fail_msg("record of line %llu lies outside its block: %u + %u > %zu", (unsigned long long)l->line,
                         l->off, l->len, b.data.n);
            if (l->file) buf_fmt(out, "%u/", l->file);
            buf_fmt(out, "%llu:", (unsigned long long)l->line);
            if (l->bad)
                buf_chr(out, '!');
            else
                buf_add(out, b.data.p + l->off, l->len);
            buf_chr(out, '\n');
        }
    }
    if (rc == ERR_OK) assert_int_equal(b.n, 0);
    rblock_free(&b);
    reader_close(r);
    return rc;
}

static int run_text(const char *name, const char *text, size_t n, struct reader_opt opt, struct buf *out,
                    struct err *e) {
    opt.text = text;
    opt.text_n = n;
    return run(&name, 1, &opt, out, e);
}

static void expect(const char *name, const char *text, struct reader_opt opt, const char *want) {
    struct buf out = {0};
    struct err e = {0};
    if (run_text(name, text, strlen(text), opt, &out, &e)) fail_msg("%s: %s", text, e.msg);
    if (strcmp(buf_text(&out), want)) fail_msg("of <%s>\nwanted <%s>\ngot <%s>", text, want, buf_text(&out));
    buf_free(&out);
}

static void names(void **state) {
    (void)state;
    static const struct {
        const char *path;
        enum format f;
    } t[] = {{"a.csv", FMT_CSV},     {"a.CSV.gz", FMT_CSV}, {"a.json", FMT_JSON}, {"a.json.gz", FMT_JSON},
             {"a.jsonl", FMT_JSONL}, {"a", FMT_JSONL},      {"a.gz", FMT_JSONL},  {"x.csv/part", FMT_JSONL},
             {NULL, FMT_JSONL},      {"-", FMT_JSONL}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) assert_int_equal(format_of(t[i].path), t[i].f);
    assert_int_equal(input_format_find("jsonl"), FMT_JSONL);
    assert_int_equal(input_format_find("json"), FMT_JSON);
    assert_int_equal(input_format_find("csv"), FMT_CSV);
    assert_int_equal(input_format_find("xml"), -1);
    assert_int_equal(input_format_find("auto"), -1);
    assert_int_equal(input_format_find(""), -1);
}

static void jsonl_lines(void **state) {
    (void)state;
    static const struct {
        const char *text, *want;
    } t[] = {
        {"", ""},
        {"\n", ""},
        {"\n\r\n  \n\t\r\n", ""},
        {"1\n", "1:1\n"},
        {"1", "1:1\n"},
        {"1\r\n2\r\n", "1:1\n2:2\n"},
        {"1\n\n\n2", "1:1\n4:2\n"},
        {"\n\n{\"a\":1}\r\n\n[2]\r\n", "3:{\"a\":1}\n5:[2]\n"},
        {"no json\n}\n", "1:no json\n2:}\n"},
        {"1\n2\r", "1:1\n2:2\n"},
        {"\xEF\xBB\xBF{}\n", "1:{}\n"},
        {"\xEF\xBB\xBF", ""},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        for (size_t block = 0; block < 80; block += 16)
            expect("a.jsonl", t[i].text, (struct reader_opt){.block = block}, t[i].want);
}

/* A NUL is a byte of its line like others; the scanner says what is wrong with it. */
static void jsonl_nul(void **state) {
    (void)state;
    struct buf out = {0};
    struct err e = {0};
    assert_int_equal(run_text("a", "a\0b\nc", 5, (struct reader_opt){0}, &out, &e), ERR_OK);
    assert_int_equal(out.n, 4 + 2 + 4);
    assert_memory_equal(out.p, "1:a\0b\n2:c\n", out.n);
    buf_free(&out);
}

static void jsonl_limit(void **state) {
    (void)state;
    static const size_t limits[] = {16, 50, 300, 1000}, blocks[] = {16, 64, 100, 299, 4096};
    for (size_t k = 0; k < 4; k++)
        for (size_t b = 0; b < 5; b++)
            for (int end = 0; end < 3; end++) { /* newline; CRLF; end of the input */
                struct reader_opt opt = {.max_line = limits[k], .block = blocks[b]};
                static const char *const ends[] = {"\n", "\r\n", ""};
                for (size_t n = limits[k] - 1; n <= limits[k] * 5; n += n > limits[k] ? 97 : 1) {
                    struct buf text = {0}, want = {0};
                    buf_str(&text, "1\n");
                    for (size_t i = 0; i < n; i++) buf_chr(&text, (char)('2' + i % 7));
                    buf_str(&want, "1:1\n2:");
                    if (n > limits[k])
                        buf_chr(&want, '!');
                    else
                        buf_add(&want, text.p + 2, n);
                    buf_chr(&want, '\n');
                    buf_str(&text, ends[end]);
                    if (end < 2) {
                        buf_str(&text, "3\n4");
                        buf_str(&want, "3:3\n4:4\n");
                    }
                    expect("a", text.p, opt, want.p);
                    buf_free(&text);
                    buf_free(&want);
                }
            }
}

/* Whatever the block, the records are the same. */
static void any_block_same_records(void **state) {
    (void)state;
    static const char *const bits[] = {"\n",
                                       "\r\n",
                                       "\n\n",
                                       "{\"a\":1}",
                                       " ",
                                       "\"x\\\"y\"",
                                       "[1,[2],{\"b\":\"]\"}]",
                                       "123456789",
                                       "\xED\x95\x9C",
                                       "\r",
                                       "null",
                                       "}",
                                       "\\",
                                       "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"};
    struct rng r;
    rng_seed(&r, 20260115);
    for (int round = 0; round < 300; round++) {
        struct buf text = {0}, whole = {0};
        struct err e = {0};
        for (uint32_t i = rng_below(&r, 120); i; i--) buf_str(&text, bits[rng_below(&r, sizeof bits / sizeof *bits)]);
        size_t max = round % 2 ? 100 : 0;
        assert_int_equal(
            run_text("a", buf_text(&text), text.n, (struct reader_opt){.max_line = max, .block = 1 << 20}, &whole, &e),
            ERR_OK);
        for (size_t block = 64; block <= 200; block += 17) {
            struct buf got = {0};
            assert_int_equal(
                run_text("a", buf_text(&text), text.n, (struct reader_opt){.max_line = max, .block = block}, &got, &e),
                ERR_OK);
            if (strcmp(buf_text(&got), buf_text(&whole)))
                fail_msg("block %zu, of\n%s\ngot\n%s\nnot\n%s", block, buf_text(&text), buf_text(&got),
                         buf_text(&whole));
            buf_free(&got);
        }
        buf_free(&text);
        buf_free(&whole);
    }
}

static void several_files(void **state) {
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct buf out = {0};
    const char *paths[] = {arena_fmt(&a, "%s/1.jsonl", tmp), arena_fmt(&a, "%s/2.json", tmp),
                           arena_fmt(&a, "%s/3.csv", tmp), arena_fmt(&a, "%s/empty.jsonl", tmp),
                           arena_fmt(&a, "%s/4.jsonl", tmp)};
    static const char *const texts[] = {"1\n2", "[3,\n4]", "n\nfive\n", "", "\n6\n"};
    for (size_t i = 0; i < 5; i++) assert_int_equal(file_publish(paths[i], texts[i], strlen(texts[i]), &e), ERR_OK);
    for (size_t block = 0; block < 60; block += 20) {
        out.n = 0;
        assert_int_equal(run(paths, 5, &(struct reader_opt){.block = block}, &out, &e), ERR_OK);
        assert_string_equal(out.p, "1:1\n2:2\n1/1:3\n1/2:4\n2/2:{\"n\":\"five\"}\n4/2:6\n");
    }
    struct reader *r;
    struct rblock b = {0};
    bool more;
    assert_int_equal(reader_open(&r, paths, 5, NULL, &e), ERR_OK);
    while (reader_next(r, &b, &more, &e) == ERR_OK && more) {
    }
    assert_string_equal(reader_name(r, 4), paths[4]);
    assert_int_equal(reader_bytes(r), 3 + 6 + 7 + 0 + 3);
    assert_false(reader_torn(r)); /* a file is no pipe */
    reader_close(r);
    rblock_free(&b);
    /* one that is not there is found when its turn comes, and named */
    paths[1] = arena_fmt(&a, "%s/none.jsonl", tmp);
    out.n = 0;
    assert_int_equal(run(paths, 5, NULL, &out, &e), ERR_NOINPUT);
    assert_string_equal(out.p, "1:1\n2:2\n");
    assert_non_null(strstr(e.msg, paths[1]));
    buf_free(&out);
    arena_free(&a);
}

/* A pipe on standard input that ends within a line is torn. */
static void torn_pipe(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool torn;
    } t[] = {{"1\n2", true}, {"1\n2\n", false}, {"", false}, {"{\"a\":", true}};
    for (size_t i = 0; i < 4; i++) {
        int p[2], keep = dup(0);
        assert_int_equal(pipe(p), 0);
        assert_true(write(p[1], t[i].text, strlen(t[i].text)) >= 0);
        close(p[1]);
        dup2(p[0], 0);
        close(p[0]);
        struct reader *r;
        struct rblock b = {0};
        struct err e = {0};
        bool more;
        assert_int_equal(reader_open(&r, NULL, 0, NULL, &e), ERR_OK);
        while (reader_next(r, &b, &more, &e) == ERR_OK && more) {
        }
        assert_int_equal(e.code, 0);
        assert_string_equal(reader_name(r, 0), "standard input");
        assert_int_equal(reader_torn(r), t[i].torn);
        reader_close(r);
        rblock_free(&b);
        dup2(keep, 0);
        close(keep);
    }
}

static void json_documents(void **state) {
    (void)state;
    static const struct {
        const char *text, *want;
    } t[] = {
        {"", ""},
        {" \n ", ""},
        {"[]", ""},
        {" [ \n ] \n", ""},
        {"[1,2,3]", "1:1\n1:2\n1:3\n"},
        {"[\n1,\n2\n,\n3]", "2:1\n3:2\n5:3\n"},
        {"{}{}", "1:{}\n1:{}\n"},
        {"{}\n{} [1]", "1:{}\n2:{}\n2:[1]\n"},
        {"1 2\n\"a b\"true", "1:1\n1:2\n2:\"a b\"\n2:true\n"},
        {"[\"],[\",\"\\\"]\",\"}{\\\\\"]", "1:\"],[\"\n1:\"\\\"]\"\n1:\"}{\\\\\"\n"},
        {"[[1,2],{\"a\":[3,4]}]", "1:[1,2]\n1:{\"a\":[3,4]}\n"},
        {"{\n\"a\": 1\n}\n{\"b\":2}", "1:{ \"a\": 1 }\n4:{\"b\":2}\n"},
        {"[\n {\n  \"a\": [\n 1\n]}\n,\n {\"b\": 2}\n]\n", "2:{   \"a\": [  1 ]}\n7:{\"b\": 2}\n"},
        {"\xEF\xBB\xBF[1]", "1:1\n"},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        for (size_t block = 0; block < 100; block += 16)
            expect("a.json", t[i].text, (struct reader_opt){.block = block}, t[i].want);
}

static void json_cut_off(void **state) {
    (void)state;
    static const char array[] = "[{\"a\":\"x]\\\"\"}, [1, 2], \"s\", 12 ]", object[] = "{\"a\": [1, {\"b\": \"}\"}]}";
    for (size_t n = 1; n < sizeof array - 1; n++)
        for (size_t block = 16; block < 64; block += 16) {
            struct buf out = {0};
            struct err e = {0};
            int rc = run_text("cut.json", array, n, (struct reader_opt){.block = block}, &out, &e);
            if (rc != ERR_INCOMPLETE) fail_msg("%.*s: %s", (int)n, array, err_name(rc));
            assert_non_null(strstr(e.msg, "cut.json"));
            buf_free(&out);
        }
    for (size_t n = 1; n < sizeof object - 1; n++) {
        struct buf out = {0};
        struct err e = {0};
        assert_int_equal(run_text("cut.json", object, n, (struct reader_opt){0}, &out, &e), ERR_INCOMPLETE);
        buf_free(&out);
    }
}

/* Runs fn in a process of its own that may use 2 s of the processor: what never ends is a failure, not a hanging test.
 */
static void bounded(const char *text, int want, const char *words) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        setitimer(ITIMER_PROF, &(struct itimerval){.it_value = {.tv_usec = 200000}}, NULL);
        struct buf out = {0};
        struct err e = {0};
        int rc = run_text("a.json", text, strlen(text), (struct reader_opt){0}, &out, &e);
        bool good = rc == want && (!rc || (strstr(e.msg, "a.json:") && strstr(e.msg, words)));
        if (!good) fprintf(stderr, "<%s> gives %s: %s\n%s", text, err_name(rc), e.msg, buf_text(&out));
        buf_free(&out);
        _exit(good ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status)) fail_msg("<%s>: ended by signal %d (it never ends)", text, WTERMSIG(status));
    if (WEXITSTATUS(status)) fail_msg("<%s>", text);
}

static void json_junk(void **state) {
    (void)state;
    static const struct {
        const char *text, *place;
    } t[] = {{"[1]\n2", ":2:"}, {"[1][2]", ":1:"}, {"[1,]", ":1:"},    {"[,1]", ":1:"},   {"[\n1,\n,2]", ":3:"},
             {"[1\n}]", ":2:"}, {",", ":1:"},      {"{}\n,{}", ":2:"}, {"[1]\n]", ":2:"}, {"[\n\n}", ":3:"}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) bounded(t[i].text, ERR_DATA, t[i].place);
}

static void json_stray_bracket(void **state) {
    (void)state;
    bounded("}", ERR_DATA, ":1:");
    bounded("]", ERR_DATA, ":1:");
    bounded("{}\n}", ERR_DATA, ":2:");
    bounded("1]", ERR_DATA, ":1:");
}

static void json_limit(void **state) {
    (void)state;
    struct buf text = {0}, want = {0};
    for (size_t n = 98; n <= 1000; n += n > 102 ? 150 : 1) {
        text.n = want.n = 0;
        buf_str(&text, "[1,\"");
        buf_str(&want, "1:1\n1:");
        for (size_t i = 2; i < n; i++) buf_chr(&text, 'x');
        buf_str(&text, "\",2]");
        if (n > 100)
            buf_chr(&want, '!');
        else
            buf_add(&want, text.p + 3, n);
        buf_str(&want, "\n1:2\n");
        for (size_t block = 16; block < 500; block *= 3)
            expect("a.json", text.p, (struct reader_opt){.max_line = 100, .block = block}, want.p);
    }
    buf_free(&text);
    buf_free(&want);
}

static void json_any_block(void **state) {
    (void)state;
    static const char *const bits[] = {"{\"a\":[1,{\"b\":\"}]\"}]}",     "\"x\\\\\"", "[[],[{}]]", "12", "true",
                                       "{\n  \"k\": \"\xED\x95\x9C\"\n}"};
    struct rng r;
    rng_seed(&r, 7);
    for (int round = 0; round < 200; round++) {
        struct buf text = {0}, whole = {0};
        struct err e = {0};
        bool array = round % 2;
        if (array) buf_str(&text, "[");
        for (uint32_t i = 0, n = rng_below(&r, 40); i < n; i++) {
            if (i)
                buf_str(&text, array ? rng_below(&r, 2) ? "," : " ,\n" : "\n");
            else if (!array)
                buf_str(&text, "0 "); /* else a first [ would begin an array */
            buf_str(&text, bits[rng_below(&r, sizeof bits / sizeof *bits)]);
        }
        if (array) buf_str(&text, "]");
        assert_int_equal(run_text("a.json", buf_text(&text), text.n, (struct reader_opt){0}, &whole, &e), ERR_OK);
        for (size_t block = 16; block <= 200; block += 23) {
            struct buf got = {0};
            assert_int_equal(run_text("a.json", buf_text(&text), text.n, (struct reader_opt){.block = block}, &got, &e),
                             ERR_OK);
            assert_string_equal(buf_text(&got), buf_text(&whole));
            buf_free(&got);
        }
        buf_free(&text);
        buf_free(&whole);
    }
}

static void long_value(struct rng *r, int depth, struct buf *b) {
    static const char *const strings[] = {"\"\"",     "\"]}\"",         "\"{[{\"",       "\"\\\"]\"",
                                          "\"\\\\\"", "\"plain text\"", "\"a\\\\\\\"}\""};
    uint32_t n = depth < 5 ? rng_below(r, 6) : 0;
    bool list = rng_below(r, 2);
    buf_chr(b, list ? '[' : '{');
    for (uint32_t i = 0; i < n; i++) {
        if (i) buf_str(b, rng_below(r, 9) ? "," : ",\n ");
        if (!list) buf_fmt(b, "\"%u\":", i);
        if (rng_below(r, 2))
            long_value(r, depth + 1, b);
        else
            buf_str(b, rng_below(r, 3) ? "-127.581271" : strings[rng_below(r, sizeof strings / sizeof *strings)]);
    }
    buf_chr(b, list ? ']' : '}');
}

/* Long elements, which are read 64 bytes at a time, come out as they are; elements end where they end. */
static void json_long_values(void **state) {
    struct rng r;
    (void)state;
    rng_seed(&r, 64);
    for (int round = 0; round < 400; round++) {
        struct buf text = {0}, want = {0};
        buf_chr(&text, '[');
        for (uint32_t i = 0, n = 1 + rng_below(&r, 8); i < n; i++) {
            struct buf one = {0};
            uint32_t lines = 0;
            for (size_t k = 0; k < text.n; k++) lines += text.p[k] == '\n';
            buf_str(&text, i ? "," : "");
            long_value(&r, 0, &one);
            buf_add(&text, one.p, one.n);
            for (size_t k = 0; k < one.n; k++)
                if (one.p[k] == '\n') one.p[k] = ' ';
            buf_fmt(&want, "%u:%s\n", lines + 1, one.p);
            buf_free(&one);
        }
        buf_chr(&text, ']');
        expect("a.json", text.p, (struct reader_opt){0}, want.p);
        buf_free(&text);
        buf_free(&want);
    }
}

/* One text, one record, with its line breaks; and what is taken for one where the name says nothing. */
static void documents(void **state) {
    (void)state;
    static const struct {
        const char *name, *text, *want;
    } t[] = {
        {"a.json", "{\n \"a\": 1\n}\n", "1:{\n \"a\": 1\n}\n\n"},
        {"a.json", "[1,\n2]", "1:[1,\n2]\n"},
        {"a.json", "[] []", "1:[] []\n"},
        {"a.json", "", "1:\n"},
        {"a.json.GZ", " \n", "1: \n\n"},
        {"a.jsonl", "{\n}", "1:{\n2:}\n"},
        {"a.csv", "a\n1\n", "2:{\"a\":\"1\"}\n"},
        {"-", "{\"a\":1}\n{\"a\":2}", "1:{\"a\":1}\n2:{\"a\":2}\n"},
        {"-", "{\n}", "1:{\n}\n"},
        {"-", "\n\n [\r\n1]", "3:[\r\n1]\n"},
        {"-", "{ \"a\": [1,2],\n\"b\":1}", "1:{ \"a\": [1,2],\n\"b\":1}\n"},
        {"-", "[1\n]", "1:[1\n]\n"},
        {"-", "[1\n  ,2]", "1:[1\n  ,2]\n"},
        {"-", "{\"a\":1\n{\"b\":2}", "1:{\"a\":1\n2:{\"b\":2}\n"},     /* a record that was cut */
        {"-", "{\"a\":\"[\n{\"b\":2}", "1:{\"a\":\"[\n2:{\"b\":2}\n"}, /* in a string */
        {"-", "[1]\n  \n[2]", "1:[1]\n3:[2]\n"},
        {"-", "{", "1:{\n"},
        {"-", "", ""},
        {"x", "1\n2", "1:1\n2:2\n"},
    };
    for (size_t k = 0; k < sizeof t / sizeof *t; k++)
        for (size_t block = 16; block < 80; block += 21)
            expect(t[k].name, t[k].text, (struct reader_opt){.documents = true, .block = block}, t[k].want);
    expect("a.json", "[\n1]", (struct reader_opt){0}, "2:1\n");
    expect("-", "{\n}", (struct reader_opt){0}, "1:{\n2:}\n");
    expect("a.json", "[111111,\n222222,\n333333]", (struct reader_opt){.documents = true, .max_line = 20}, "1:!\n");
}

static int first(void **state) {
    (void)state;
    return mkdtemp(tmp) ? 0 : 1;
}
static int last(void **state) {
    (void)state;
    return dir_remove(tmp, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(jsonl_lines),
        cmocka_unit_test(jsonl_nul),
        cmocka_unit_test(jsonl_limit),
        cmocka_unit_test(any_block_same_records),
        cmocka_unit_test(several_files),
        cmocka_unit_test(torn_pipe),
        cmocka_unit_test(json_documents),
        cmocka_unit_test(json_cut_off),
        cmocka_unit_test(json_junk),
        cmocka_unit_test(json_stray_bracket),
        cmocka_unit_test(json_limit),
        cmocka_unit_test(json_any_block),
        cmocka_unit_test(json_long_values),
        cmocka_unit_test(documents),
    };
    return cmocka_run_group_tests(tests, first, last);
}
