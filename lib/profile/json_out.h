/* Writing JSON as it comes, with commas and, where pretty, a line a member. Private to the room. */
#ifndef ETL_PROFILE_JSON_OUT_H
#define ETL_PROFILE_JSON_OUT_H

#include "profile/figures.h"

struct json_out {
    struct buf *b;
    bool pretty;
    uint32_t depth;
    bool some, named; /* some: a comma is due; named: the value of a member comes next */
};
void json_open(struct json_out *o, char bracket);
void json_close(struct json_out *o, char bracket);
void json_name(struct json_out *o, struct sv name);
static inline void json_key(struct json_out *o, const char *name) {
    json_name(o, sv_of(name));
}
void json_string(struct json_out *o, struct sv s);
void json_raw(struct json_out *o, struct sv text);
void json_count(struct json_out *o, const char *name, uint64_t n);
void json_figure(struct json_out *o, const char *name, double x);

void profile_put_schema(struct json_out *o, const struct profile *p);
/* One field's object. */
void profile_put_field(struct json_out *o, const struct field *f, const struct figures *g);
/* The whole document. */
void profile_put_document(struct json_out *o, const struct profile *p);

#endif
