/* The operations of steps, by name; see op.h. Their words stand in schemas/pipeline.schema.json and etl-pipeline(5). */
#include "transform/tab.h"

const struct op_kind op_kinds[] = {
    /* op_fields.c */
    {.name = "select", .parse = parse_fields, .apply = apply_select},
    {.name = "remove", .parse = parse_fields, .apply = apply_remove},
    {.name = "rename", .parse = parse_map, .apply = apply_rename},
    {.name = "set", .parse = parse_set, .apply = apply_set},
    /* op_text.c */
    {.name = "trim", .parse = parse_fields, .apply = apply_trim},
    {.name = "number", .parse = parse_fields, .apply = apply_number},
    /* op_filter.c */
    {.name = "keep", .parse = parse_filter, .apply = apply_keep, .own_when = true},
    {.name = "drop", .parse = parse_filter, .apply = apply_drop, .own_when = true},
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
