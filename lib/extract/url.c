/* References as browsers read them, by libcurl's own URL parser; see extract.h. */
#include <curl/curl.h>

#include "extract/extract.h"

/* Bytes that may not stand in a URL are escaped: blanks, controls, what is not ASCII. */
static void escape(struct buf *out, const char *s) {
    static const char hex[] = "0123456789ABCDEF";
    while (*s && strchr(" \t\r\n", *s)) s++;
    size_t n = strlen(s);
    while (n && strchr(" \t\r\n", s[n - 1])) n--;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '\t' || c == '\r' || c == '\n') continue;
        if (c <= ' ' || c >= 0x7F || strchr("\"<>\\^`{|}", c)) {
            buf_chr(out, '%');
            buf_chr(out, hex[c >> 4]);
            buf_chr(out, hex[c & 15]);
        } else {
            buf_chr(out, (char)c);
        }
    }
}

bool url_resolve(const char *base, const char *url, struct buf *out) {
    struct buf b = {0};
    char *whole = NULL;
    CURLU *u = curl_url();
    escape(&b, url);
    bool ok = u && (!base || curl_url_set(u, CURLUPART_URL, base, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) &&
              curl_url_set(u, CURLUPART_URL, buf_text(&b), CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
              curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_URL, &whole, 0) == CURLUE_OK;
    if (ok) buf_str(out, whole);
    curl_free(whole);
    curl_url_cleanup(u);
    buf_free(&b);
    return ok;
}
