/* Fuzz target: records through every operation. Whatever comes in, what goes out is JSON, the counts add up, and it is
 * the same however the input is cut into blocks. */
#include "transform/fuzz_transform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char definition[] =
    "{\"name\":\"fuzz\",\"zone\":\"UTC\",\"datasets\":[{\"name\":\"d\",\"source\":{\"kind\":\"files\",\"path\":\"x\"},"
    "\"transform\":[{\"name\":\"s\",\"do\":["
    "{\"op\":\"trim\",\"fields\":[\"a\",\"b\"]},"
    "{\"op\":\"extract\",\"field\":\"a\",\"patterns\":[\"^(?<x>\\\\w+)x(?<n>[0-9]+)$\",\"(?<x>\\\\p{L})\"]},"
    "{\"op\":\"replace\",\"fields\":[\"a\",\"b\"],\"patterns\":{\"[0-9]+|$\":\"<$0>\",\"(.)(.)\":\"$2${1}$$\"}},"
    "{\"op\":\"split\",\"field\":\"b\",\"to\":\"l\",\"pattern\":\"[,;]|x*\",\"unique\":true,\"without\":\"^q\","
    "\"empty\":\"e\"},"
    "{\"op\":\"explode\",\"field\":\"l\",\"keep_empty\":true},"
    "{\"op\":\"number\",\"fields\":[\"n\"]},"
    "{\"op\":\"compute\",\"fields\":{\"c\":\"round(n / coalesce(c, 3), 2) + min(n, a) % 7\"}},"
    "{\"op\":\"map\",\"field\":\"a\",\"to\":\"m\",\"vocabulary\":\"car_types.csv\",\"base\":\"base\",\"keywords\":"
    "\"codes\",\"score\":\"s\","
    "\"how\":\"h\"},"
    "{\"op\":\"lookup\",\"seed\":\"car_types.csv\",\"on\":{\"m\":\"name\"},\"fields\":{\"k\":\"base\"}},"
    "{\"op\":\"recode\",\"field\":\"k\",\"values\":{\"K5\":[1]},\"absent\":{}},"
    "{\"op\":\"template\",\"fields\":{\"t\":\"{a}{{{m}{:day}\"}},"
    "{\"op\":\"case\",\"fields\":[\"t\"],\"to\":\"upper\"},"
    "{\"op\":\"date\",\"field\":\"d\",\"fields\":{\"w\":\"week\",\"y\":\"week_year\",\"e\":\"weekend\"}},"
    "{\"op\":\"drop\",\"if\":\"c > 1000\"},{\"op\":\"rename\",\"fields\":{\"d\":\"z\"}},"
    "{\"op\":\"sort\",\"by\":[\"-a\",\"b\",\"l\"]},{\"op\":\"dedupe\",\"by\":[\"a\",\"l\"],\"order\":\"c\"},"
    "{\"op\":\"group\",\"by\":[\"a\",\"z\"],\"fields\":{\"lo\":{\"min\":\"c\"},\"hi\":{\"max\":\"l\"},\"s\":{\"sum\":"
    "\"c\"},"
    "\"avg\":{\"mean\":\"n\"},\"q\":{\"count\":\"*\"},\"f\":{\"frequent\":\"l\"}},\"prefer\":{\"field\":\"h\","
    "\"order\":[\"score\"]}}"
    "]}]}]}";

static int once(const struct pl_dataset *d, const uint8_t *data, size_t n, size_t block, struct buf *out) {
    struct transform_stats st;
    return fuzz_run(d, (struct reader_opt){.block = block, .text = (const char *)data, .text_n = n}, 0, &st, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static struct pipeline *p;
    struct buf one = {0}, two = {0};
    struct err e = {0};
    if (!p && pipeline_parse(&p, "schemas/parts", definition, sizeof definition - 1, &e)) {
        fprintf(stderr, "%s\n", e.msg);
        abort();
    }
    int a = once(p->datasets, data, n, 0, &one), b = once(p->datasets, data, n, 64, &two);
    fuzz_compare(a, &one, b, &two);
    buf_free(&one);
    buf_free(&two);
    return 0;
}
