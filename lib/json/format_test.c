/* The values of `format`, each against strings that do and strings that do not conform. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/format.h"

#define MAX 60

struct format_cases {
    const char *format;
    const char *good[MAX], *bad[MAX]; /* up to the first NULL */
};

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

static const struct format_cases cases[] = {
    {"date",
     {"1963-06-19", "2020-02-29", "2000-02-29", "2020-12-31"},
     {"06/19/1963", "2013-350", "1998-1-20", "1998-01-1", "2021-02-29", "1900-02-29", "2020-04-31", "2020-13-01",
      "2020-00-01", "2020-01-00", "1963-06-1\xE0\xA7\xAA", "20230328", "2023-W13-2", "2022W52", "", "2020-01-01T",
      "+2020-01-01"}},
    {"time",
     {"08:30:06Z", "23:59:60Z", "23:59:60+00:00", "01:29:60+01:30", "23:29:60+23:30", "15:59:60-08:00",
      "00:29:60-23:30", "23:20:50.52Z", "08:30:06.283185Z", "08:30:06+00:20", "08:30:06-08:00", "08:30:06z",
      "12:00:00.123456789012345Z"},
     {"008:030:006Z",
      "8:3:6Z",
      "8:0030:6Z",
      "22:59:60Z",
      "23:58:60Z",
      "23:59:60+01:00",
      "23:59:60-01:00",
      "08:30:06-8:000",
      "24:00:00Z",
      "00:60:00Z",
      "00:00:61Z",
      "01:02:03+24:00",
      "01:02:03+00:60",
      "01:02:03Z+00:30",
      "08:30:06 PST",
      "01:01:01,1111",
      "12:00:00",
      "12:00:00.52",
      "1\xE0\xA7\xA8:00:00Z",
      "08:30:06#00:20",
      "ab:cd:efZ",
      "08:30:06.Z",
      "12:00Z",
      "08:30:06+0020",
      ""}},
    {"date-time",
     {"1963-06-19T08:30:06.283185Z", "1963-06-19T08:30:06Z", "1937-01-01T12:00:27.87+00:20",
      "1990-12-31T15:59:50.123-08:00", "1998-12-31T23:59:60Z", "1998-12-31T15:59:60.123-08:00",
      "1963-06-19t08:30:06.283185z", "2026-01-15T00:08:03+09:00"},
     {"1998-12-31T23:59:61Z", "1998-12-31T23:58:60Z", "1998-12-31T22:59:60Z", "1990-02-31T15:59:59.123-08:00",
      "1990-12-31T15:59:59-24:00", "1963-06-19T08:30:06.28123+01:00Z", "06/19/1963 08:30:06 PST", "2013-350T01:01:01",
      "1963-6-19T08:30:06.283185Z", "1963-06-1T08:30:06.283185Z", "1963-06-1\xE0\xA7\xAAT00:00:00Z",
      "1963-06-11T0\xE0\xA7\xAA:00:00Z", "2026-01-15T00:08:03", "2026-01-15 00:08:03Z", "", "2026-01-15T"}},
    {"email",
     {"joe.bloggs@example.com", "te~st@example.com", "~test@example.com", "test~@example.com",
      "\"joe bloggs\"@example.com", "\"joe..bloggs\"@example.com", "\"joe@bloggs\"@example.com",
      "joe.bloggs@[127.0.0.1]", "joe.bloggs@[IPv6:::1]", "a@[01.002.0.255]", "\"\"@b.c", "a@[ipv6:::1]",
      "te.s.t@example.com", "riedgar+guidance@redhat.com", "a@localhost", "\"a\\\"b\"@c.d"},
     {"2962",
      ".test@example.com",
      "test.@example.com",
      "te..st@example.com",
      "joe.bloggs@invalid=domain.com",
      "joe.bloggs@[127.0.0.300]",
      "",
      "@",
      "a@",
      "@b",
      "joe bloggs@example.com",
      "a@[1.2.3]",
      "a@[1.2.3.4.5]",
      "a@[]",
      "a@b[1.2.3.4]",
      "a@[1.2.3.4",
      "a@b@c.d",
      "[1.2.3.4]@b.c",
      "a@b.",
      "a@-b.c",
      "user1@oceania.org, user2@oceania.org",
      "\"Winston Smith\" <winston.smith@recdep.minitrue>",
      "\xEC\x8B\xA4\xEB\xA1\x80@example.com",
      "\"a\"b\"@c.d",
      "\"a\\\"@c.d"}},
    {"idn-email",
     {"\xEC\x8B\xA4\xEB\xA1\x80@\xEC\x8B\xA4\xEB\xA1\x80.\xED\x85\x8C\xEC\x8A\xA4\xED\x8A\xB8",
      "joe.bloggs@example.com", "\xCE\xB4@example.com", "\"\xCE\xB4\"@example.com", "u@cafe\xCC\x81.com",
      "\xC2\x85@b.c", "\xEF\xBF\xBF@b.c", "\xF0\x9D\x95\x8F@b.c", "\xCE\xB4@[192.0.2.1]"},
     {"2962", "",
      "u\xEF\xBC\xA0"
      "b.c",
      "\xEF\xBF\xBD@b.c", "\xCE\xB4@-b.c", "\xCE\xB4@b.c."}},
    {"hostname",
     {"www.example.com", "xn--4gbwdl.xn--wgbh1c", "hostname", "host-name", "h0stn4me", "1host", "hostnam3", "a",
      L63 ".com", "xn--ihqwcrb4cv8a8dqg056pqjye", "xn--zca29lwxobi7a", "xn--qmbc", "xn--ll-0ea.test", "xn--wva3je",
      "WWW.EXAMPLE.COM", "ab--cd"},
     {"-a-host-name-that-starts-with--",
      "not_a_valid_host_name",
      "a-vvvvvvvvvvvvvvvveeeeeeeeeeeeeeeerrrrrrrrrrrrrrrryyyyyyyyyyyyyyyy-long-host-name-component",
      "-hostname",
      "hostname-",
      "_hostname",
      "hostname_",
      "host_name",
      "",
      ".",
      ".example",
      "example.",
      "a..b",
      L63 "l.com",
      "xn--X",
      "XN--aa---o47jg78q",
      "xn--hello-txk",
      "xn--hello-zed",
      "xn--hello-6bf",
      "xn--07jceefgh4c",
      "xn--al-0ea",
      "xn--ab-63b",
      "xn--l-fda",
      "host name",
      "\xC3\xA9.com",
      "xn--",
      "1.2.3.4:80"}},
    {"idn-hostname",
     {"\xEC\x8B\xA4\xEB\xA1\x80.\xED\x85\x8C\xEC\x8A\xA4\xED\x8A\xB8", "xn--ihqwcrb4cv8a8dqg056pqjye", "hostname",
      "host-name", "h0stn4me", "1host", "a.b",
      "a\xE3\x80\x82"
      "b",
      "a\xEF\xBC\x8E"
      "b",
      "a\xEF\xBD\xA1"
      "b",
      "\xC3\x9F\xCF\x82\xE0\xBC\x8B\xE3\x80\x87", "\xDB\xBD\xDB\xBE", "l\xC2\xB7l", "\xCE\xB1\xCD\xB5\xCE\xB2",
      "\xD7\x90\xD7\xB3\xD7\x91", "\xD7\x90\xD7\xB4\xD7\x91", "\xE3\x83\xBB\xE3\x81\x81", "\xE3\x83\xBB\xE3\x82\xA1",
      "\xE3\x83\xBB\xE4\xB8\x88", "\xD8\xA8\xD9\xA0\xD8\xA8", "\xDB\xB0\x30",
      "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8C\xE0\xA4\xB7", "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D\xE0\xA4\xB7",
      "\xD8\xA8\xD9\x8A\xE2\x80\x8C\xD8\xA8\xD9\x8A",
      /* mapped first: capitals, full width, ligatures, the ohm sign, what is invisible */
      "\xC3\x89.com", "\xEF\xBC\xA1", "\xE2\x84\xA6", "\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x93",
      "a\xE2\x80\x8B"
      "b",
      "\xEF\xAC\x81x", "\xEF\xBD\x98\xEF\xBD\x8E--nxasmq6b", "xn--NXASMQ6B", "cafe\xCC\x81.com", "\xE1\x8E\xA0",
      "\xD8\xA8\xD9\xA0.\xD8\xA8\xDB\xB0",
      "\xD7\x90"
      "1.\xD7\x91",
      "a.b1"},
     {"\xE3\x80\xAE\xEC\x8B\xA4\xEB\xA1\x80.\xED\x85\x8C\xEC\x8A\xA4\xED\x8A\xB8",
      "\xEC\x8B\xA4\xE3\x80\xAE\xEB\xA1\x80.\xED\x85\x8C\xEC\x8A\xA4\xED\x8A\xB8",
      "\xEC\x8B\xA4\xEC\x8B\xA4\xEC\x8B\xA4\xEC\x8B\xA4\xEC\x8B\xA4\xEC\x8B\xA4\xEC\x8B\xA4\xEC\x8B\xA4\xEC\x8B\xA4\xEC"
      "\x8B\xA4\xEC\x8B\xA4\xEC\x8B\xA4\xEC\x8B\xA4\xEC\x8B\xA4\xEC\x8B\xA4"
      "\xEB\xA1\x80\xEB\xA1\x80\xED\x85\x8C\xEC\x8A\xA4\xED\x8A\xB8\xEB\xA1\x80\xEB\xA1\x80\xEB\xA1\x80\xEB\xA1\x80\xEB"
      "\xA1\x80\xEB\xA1\x80\xEB\xA1\x80\xEB\xA1\x80\xEB\xA1\x80\xEB\xA1\x80\xEB\xA1\x80"
      "\xEC\x8B\xA4\xEB\xA1\x80\xEC\x8B\xA4\xEB\xA1\x80\xEC\x8B\xA4\xEB\xA1\x80\xEC\x8B\xA4\xEB\xA1\x80\xEC\x8B\xA4\xEB"
      "\xA1\x80\xEC\x8B\xA4\xEB\xA1\x80\xEC\x8B\xA4\xEB\xA1\x80\xEC\x8B\xA4\xEB\xA1\x80",
      "-> $1.00 <--",
      "xn--X",
      "XN--aa---o47jg78q",
      "-hello",
      "hello-",
      "-hello-",
      "\xE0\xA4\x83hello",
      "\xCC\x80hello",
      "\xD2\x88hello",
      "\xD9\x80\xDF\xBA",
      "\xE3\x80\xB1\xE3\x80\xB2\xE3\x80\xB3\xE3\x80\xB4\xE3\x80\xB5\xE3\x80\xAE\xE3\x80\xAF\xE3\x80\xBB",
      "a\xC2\xB7l",
      "\xC2\xB7l",
      "l\xC2\xB7"
      "a",
      "l\xC2\xB7",
      "\xCE\xB1\xCD\xB5S",
      "\xCE\xB1\xCD\xB5",
      "A\xD7\xB3\xD7\x91",
      "\xD7\xB3\xD7\x91",
      "A\xD7\xB4\xD7\x91",
      "\xD7\xB4\xD7\x91",
      "def\xE3\x83\xBB"
      "abc",
      "\xE3\x83\xBB",
      "\xD8\xA8\xD9\xA0\xDB\xB0",
      "\xE0\xA4\x95\xE2\x80\x8D\xE0\xA4\xB7",
      "\xE2\x80\x8D\xE0\xA4\xB7",
      "",
      ".",
      "\xE3\x80\x82",
      "\xEF\xBC\x8E",
      "\xEF\xBD\xA1",
      ".example",
      "example.",
      "host_name",
      "0a.\xD7\x90",
      "0\xD8\xA7",
      "a\xD7\x90",
      "\xD7\x90"
      "0\xD9\xA0",
      "\xD9\xA0\xD9\xA1",
      "xn---9uc",
      "xn--7a",
      "xn--0ca24w",
      "xn--example-",
      "xn--XN--4dbc5h",
      "a..b",
      "\xE2\x98\x83.com",
      "\xE1\x84\x80\xE1\x85\xA1",
      "\xE2\x80\x8B",
      "\xE2\x91\xB4",
      "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8C\xE0\xA4\xB7x\xE2\x80\x8Cy",
      L63 "." L63 "." L63 "." L63}},
    {"ipv4",
     {"192.168.0.1", "0.0.0.0", "255.255.255.255", "87.10.0.1"},
     {"127.0.0.0.1", "256.256.256.256", "127.0", "0x7f000001", "2130706433", "087.10.0.1",
      "1\xE0\xA7\xA8"
      "7.0.0.1",
      "192.168.1.0/24", " 192.168.0.1", "192.168.0.1 ", "192.168.0.1\n", "1..2.3", "", "1.2.3."}},
    {"ipv6",
     {"::1", "::", "::abef", "::42:ff:1", "d6::", "1:d6::42", "1::d6:192.168.0.1", "1:2::192.168.0.1",
      "::ffff:192.168.0.1", "1:2:3:4:5:6:7:8", "1000:1000:1000:1000:1000:1000:255.255.255.255", "::2:3:4:5:6:7:8",
      "1:2:3:4:5:6:7::"},
     {"12345::",
      "::abcef",
      "1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1",
      "::laptop",
      ":2:3:4:5:6:7:8",
      "1:2:3:4:5:6:7:",
      ":2:3:4::8",
      "1::d6::42",
      "1::2:192.168.256.1",
      "1::2:192.168.ff.1",
      "::ffff:192.168.0.0.1",
      "1:2:3:4:5:::8",
      "1:2:3:4:5:6:7",
      "1",
      "127.0.0.1",
      "1:2:3:4:1.2.3",
      "  ::1",
      "::1  ",
      "fe80::/64",
      "fe80::a%eth1",
      "1000:1000:1000:1000:1000:255.255.255.255:1000",
      "100:100:100:100:100:100:100:255.255.255.255",
      "1:2:3:4:5:6:7:\xE0\xA7\xAA",
      "1:2::192.16\xE0\xA7\xAA.0.1",
      "",
      "1:2:3:4:5:6:7::8:9",
      "::1::",
      ":"}},
    {"uri",
     {"http://foo.bar/?baz=qux#quux", "http://foo.com/blah_(wikipedia)_blah#cite-1",
      "http://foo.bar/?q=Test%20URL-encoded%20stuff", "http://xn--nw2a.xn--j6w193g/",
      "http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com", "http://223.255.255.254",
      "ftp://ftp.is.co.za/rfc/rfc1808.txt", "http://www.ietf.org/rfc/rfc2396.txt",
      "ldap://[2001:db8::7]/c=GB?objectClass?one", "mailto:John.Doe@example.com",
      "news:comp.infosystems.www.servers.unix", "tel:+1-816-555-1212",
      "urn:oasis:names:specification:docbook:dtd:xml:4.1.2", "http://[v1.a:b]/", "a:", "http://h:/", "file:///x"},
     {"//foo.bar/?baz=qux#quux",
      "/abc",
      "\\\\WINDOWS\\fileshare",
      "abc",
      "http:// shouldfail.com",
      ":// should fail",
      "bar,baz:foo",
      "https://[@example.org/test.txt",
      "https://example.org/foobar\\.txt",
      "https://example.org/foobar<>.txt",
      "https://example.org/foobar{}.txt",
      "https://example.org/foobar^.txt",
      "https://example.org/foobar`.txt",
      "https://example.org/foo bar.txt",
      "https://example.org/foobar|.txt",
      "https://example.org/foobar\".txt",
      "http://h/%2",
      "http://h/%zz",
      "http://[::1",
      "http://[::g]/",
      "http://h:8a/",
      "http://h/#a#b",
      "http://\xC3\xA9/",
      "",
      "1a:b",
      "https://[::1]x/"}},
    {"uri-reference",
     {"http://foo.bar/?baz=qux#quux", "//foo.bar/?baz=qux#quux", "/abc", "abc", "#fragment", "", "?q", "./a:b", "../x"},
     {"\\\\WINDOWS\\fileshare", "#frag\\ment", "a b", "bar,baz:foo", "unn\xC3\xB6t"}},
    {"iri",
     {"http://\xC6\x92\xC3\xB8\xC3\xB8.\xC3\x9F\xC3\xA5r/"
      "?\xE2\x88\x82\xC3\xA9\xC5\x93=\xCF\x80\xC3\xAEx#\xCF\x80\xC3\xAE\xC3\xBCx",
      "http://\xC6\x92\xC3\xB8\xC3\xB8.com/blah_(w\xC3\xAEk\xC3\xAFp\xC3\xA9"
      "di\xC3\xA5)_blah#\xC3\x9Fit\xC3\xA9-1",
      "http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com", "http://[2001:0db8:85a3:0000:0000:8a2e:0370:7334]"},
     {"http://2001:0db8:85a3:0000:0000:8a2e:0370:7334", "/abc", "\\\\WINDOWS\\fil\xC3\xABsh\xC3\xA5r\xC3\xA9",
      "\xC3\xA2\xCF\x80\xCF\x80", "http://a/\xEE\x80\x80"}},
    {"iri-reference",
     {"//\xC6\x92\xC3\xB8\xC3\xB8.\xC3\x9F\xC3\xA5r/?x#\xCF\x80", "/\xC3\xA2\xCF\x80\xCF\x80",
      "\xC3\xA2\xCF\x80\xCF\x80", "#\xC6\x92r\xC3\xA4gm\xC3\xAAnt", "?\xEE\x80\x80"},
     {"\\\\WINDOWS\\fil\xC3\xABsh\xC3\xA5r\xC3\xA9", "#\xC6\x92r\xC3\xA4g\\m\xC3\xAAnt"}},
    {"uri-template",
     {"http://example.com/dictionary/{term:1}/{term}", "http://example.com/dictionary", "dictionary/{term:1}/{term}",
      "{+x,y}", "{/list*}", "{?a.b,c%20d}", "{#x:9999}", ""},
     {"http://example.com/dictionary/{term:1}/{term", "a}b", "{}", "{x:0}", "{x:12345}", "{a b}", "{x,}", "{.}", "a b",
      "%zz", "{a..b}", "{$x}", "{x*y}"}},
    {"json-pointer",
     {"/foo/bar~0/baz~1/%a", "", "/foo", "/foo/0", "/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\"l", "/ ",
      "/m~0n", "/foo//bar", "/foo/bar/", "/~1.1", "/foo/-"},
     {"/foo/bar~", "/~", "/~2", "/~-1", "/~~", "#", "#/", "#a", "a", "0", "a/a", "/~0~"}},
    {"relative-json-pointer",
     {"1", "0/foo/bar", "2/0/baz/1/zip", "0#", "120/foo/bar", "0", "0+1", "0+1/foo", "1-2/bar", "0-0", "0-1#", "100",
      "0//"},
     {"/foo/bar", "-1/foo/bar", "+1/foo/bar", "0##", "01/a", "01#", "", "multi-digit", "0a", "1~", "0+", "0-01", "0++1",
      "0+1x", "1#/a", "0/~2", "1\n"}},
    {"regex",
     {"([abc])+\\s+$", "^\\S+$", "a{1,2}", "\\p{Letter}"},
     {"^(abc]", "\\a", "^\\S(|(.|\\n)*\\S)\\Z", "(?i)x"}},
    {"uuid",
     {"2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380",
      "00000000-0000-0000-0000-000000000000", "98d80576-482e-f27f-8434-7f86890ab222"},
     {"2eb8aa08-aa98-11ea-b4aa-73b441d1638", "2eb8aa08-aa98-11ea-73b441d16380", "2eb8aa08-aa98-11ea-b4ga-73b441d16380",
      "2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08aa98-11ea-b4aa73b441d16380", "2eb8-aa08-aa98-11ea-b4aa73b44-1d16380",
      ""}},
};

static int check(format_fn *fn, const char *name, const char *text, bool want) {
    size_t n = strlen(text);
    char *exact = malloc(n + !n); /* so that the sanitizer sees a step beyond the end */
    memcpy(exact, text, n);
    bool ok = fn(exact, n);
    free(exact);
    if (ok != want) print_error("%s \"%s\" should be %s\n", name, text, want ? "good" : "bad");
    return ok != want;
}

static void all_formats(void **state) {
    (void)state;
    int wrong = 0;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        format_fn *fn = format_find(sv_of(cases[k].format));
        assert_non_null(fn);
        for (size_t j = 0; j < MAX && cases[k].good[j]; j++)
            wrong += check(fn, cases[k].format, cases[k].good[j], true);
        for (size_t j = 0; j < MAX && cases[k].bad[j]; j++) wrong += check(fn, cases[k].format, cases[k].bad[j], false);
    }
    assert_int_equal(wrong, 0);
    assert_null(format_find(SV("no-such")));
}

/* Every beginning of every good string: none may be read beyond its end. */
static void beginnings(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (size_t j = 0; j < MAX && cases[k].good[j]; j++)
            for (size_t n = 0; n < strlen(cases[k].good[j]); n++) {
                if (((unsigned char)cases[k].good[j][n] & 0xC0) == 0x80) continue; /* not valid UTF-8 */
                char *exact = malloc(n + !n);
                memcpy(exact, cases[k].good[j], n);
                format_find(sv_of(cases[k].format))(exact, n);
                free(exact);
            }
}

static void base64(void **state) {
    (void)state;
    struct buf b = {0};
    assert_true(format_base64("Zm9vYg==", 8, &b));
    assert_string_equal(b.p, "foob");
    b.n = 0;
    assert_true(format_base64("Zm9vYmE=", 8, &b));
    assert_string_equal(b.p, "fooba");
    assert_true(format_base64("", 0, &b));
    assert_false(format_base64("Zm9vYg=", 7, NULL));
    assert_false(format_base64("Zm9v====", 8, NULL));
    assert_false(format_base64("Zm=vYg==", 8, NULL));
    assert_false(format_base64("Zm9v\nYg=", 8, NULL));
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_formats), cmocka_unit_test(beginnings),
                                       cmocka_unit_test(base64)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
