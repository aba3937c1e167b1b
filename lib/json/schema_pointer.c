/* See schema_build.h: RFC 6901 pointers. */
#include "json/schema_build.h"

static void add_segment(struct buf *b, struct jval key) {
    struct buf name = {0};
    jv_unescape(key, &name);
    buf_chr(b, '/');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '~')
            buf_str(b, "~0");
        else if (name.p[i] == '/')
            buf_str(b, "~1");
        else
            buf_chr(b, name.p[i]);
    }
    buf_free(&name);
}

void schema_pointer_add(struct buf *b, struct jval root, uint32_t target) {
    struct jval v = root;
    while (v.i < target && (jv_type(v) == JT_OBJ || jv_type(v) == JT_ARR)) {
        uint32_t pos = 0, index = 0;
        struct jval key, e;
        bool inside = false;
        while (jv_each(v, &pos, &key, &e) && !(inside = target < jv_tok(e)->next)) index++;
        if (!inside) return;
        if (jv_type(v) == JT_OBJ)
            add_segment(b, key);
        else
            buf_fmt(b, "/%u", index);
        v = e;
    }
}
