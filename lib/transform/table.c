/* The operations of steps, by name; see op.h. Their words stand in schemas/pipeline.schema.json and etl-pipeline(5). */
#include "transform/tab.h"

#define RECORD(word, parse_name, apply_name)                                                                           \
    { .name = word, .parse = parse_##parse_name, .apply = apply_##apply_name }
#define STREAM(word, parse_name, of)                                                                                   \
    { .name = word, .parse = parse_##parse_name, .whole = &of }

static const struct whole_kind sorting = {pack_sort, unpack_sort}, deduping = {pack_dedupe, unpack_dedupe},
                               grouping = {pack_group, unpack_group};

const struct op_kind op_kinds[] = {
    /* op_fields.c */
    RECORD("select", fields, select),
    RECORD("remove", fields, remove),
    RECORD("rename", map, rename),
    RECORD("set", set, set),
    /* op_text.c */
    RECORD("trim", fields, trim),
    RECORD("number", fields, number),
    /* op_filter.c */
    {.name = "keep", .parse = parse_filter, .apply = apply_keep, .own_when = true},
    {.name = "drop", .parse = parse_filter, .apply = apply_drop, .own_when = true},
    /* op_regex.c */
    RECORD("extract", extract, extract),
    RECORD("replace", replace, replace),
    /* op_rows.c */
    RECORD("split", split, split),
    RECORD("explode", explode, explode),
    /* op_compute.c */
    RECORD("compute", compute, compute),
    /* op_map.c */
    {.name = "map", .parse = parse_vocabulary, .apply = apply_vocabulary, .share = map_share, .unshare = map_unshare},
    /* op_lookup.c */
    RECORD("lookup", lookup, lookup),
    RECORD("recode", recode, recode),
    /* op_template.c */
    RECORD("template", template, template),
    RECORD("case", case, case),
    /* op_clean.c */
    RECORD("clean", clean, clean),
    /* op_date.c, op_month_day.c */
    RECORD("date", date, date),
    RECORD("month_day", month_day, month_day),
    /* op_group.c */
    STREAM("group", group, grouping),
    /* op_order.c */
    STREAM("sort", sort, sorting),
    STREAM("dedupe", order, deduping),
    /* tab.h: on columns of numbers */
    {.name = "unnest", .parse = parse_unnest, .columns = true},
    {.name = "default", .parse = parse_default, .columns = true},
    {.name = "within", .parse = parse_within, .columns = true},
    {.name = "score", .parse = parse_score, .columns = true},
    {.name = "near", .parse = parse_near, .columns = true},
    {.name = "nearest", .parse = parse_nearest, .columns = true},
    {.name = "day", .parse = parse_day, .columns = true},
    {.name = "zscore", .parse = parse_zscore, .columns = true},
    {.name = "aggregate", .parse = parse_aggregate, .columns = true},
};
const size_t op_kinds_n = sizeof op_kinds / sizeof *op_kinds;
