/* See pattern_ecma.h: \p{...}, from the names of ECMA-262 to those of PCRE2. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "json/pattern_ecma.h"

#include <pcre2.h>

static const char *const categories[][2] = {
    {"Letter", "L"},
    {"Cased_Letter", "L&"},
    {"LC", "L&"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Surrogate", "Cs"},
    {"Private_Use", "Co"},
    {"Unassigned", "Cn"},
};

static const char *const property_prefixes[][2] = {
    {"General_Category=", ""},      {"gc=", ""},      {"Script=", "sc:"}, {"sc=", "sc:"},
    {"Script_Extensions=", "scx:"}, {"scx=", "scx:"},
};

/* Whether PCRE2 knows it is asked of PCRE2. */
static bool known(const struct buf *b, size_t from) {
    int num;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)b->p + from, b->n - from, PCRE2_UTF, &num, &at, NULL);
    if (!code && num == PCRE2_ERROR_HEAP_FAILED) mem_die();
    pcre2_code_free(code);
    return code != NULL;
}

bool pattern_property(struct buf *out, struct sv name, bool negative) {
    const char *prefix = "";
    size_t from = out->n;
    for (size_t k = 0; k < sizeof property_prefixes / sizeof *property_prefixes; k++) {
        struct sv x = sv_of(property_prefixes[k][0]);
        if (name.n > x.n && memcmp(name.p, x.p, x.n) == 0) {
            prefix = property_prefixes[k][1];
            name = (struct sv){name.p + x.n, name.n - x.n};
            break;
        }
    }
    if (sv_is(name, "Assigned")) {
        negative = !negative;
        name = SV("Cn");
    }
    for (size_t k = 0; !*prefix && k < sizeof categories / sizeof *categories; k++)
        if (sv_is(name, categories[k][0])) name = sv_of(categories[k][1]);
    buf_fmt(out, "\\%c{%s%.*s}", negative ? 'P' : 'p', prefix, (int)name.n, name.p);
    return known(out, from);
}
