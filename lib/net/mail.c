/* See mail.h. libcurl speaks SMTP and builds the MIME body. */
#include "net/mail.h"

#include <curl/curl.h>

#include "base/day.h"
#include "base/stop.h"
#include "net/post.h"

/* RFC 2047 encoded word, so that a subject in any language passes every server. */
static const char *encoded(struct arena *a, const char *s) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buf b = {0};
    size_t n = strlen(s);
    const unsigned char *u = (const unsigned char *)s;
    bool plain = n < 70 && !strstr(s, "=?");
    for (size_t i = 0; i < n; i++) plain = plain && u[i] >= 0x20 && u[i] < 0x7F;
    if (plain) return s;
    for (size_t i = 0; i < n;) { /* at most 45 bytes a word, cut between characters */
        size_t k = n - i < 45 ? n - i : 45;
        while (k && i + k < n && (u[i + k] & 0xC0) == 0x80) k--;
        buf_str(&b, i ? "\r\n =?UTF-8?B?" : "=?UTF-8?B?");
        for (size_t j = 0; j < k; j += 3) {
            unsigned x = (unsigned)u[i + j] << 16 | (j + 1 < k ? (unsigned)u[i + j + 1] << 8 : 0) |
                         (j + 2 < k ? u[i + j + 2] : 0);
            buf_chr(&b, digits[x >> 18]);
            buf_chr(&b, digits[x >> 12 & 63]);
            buf_chr(&b, j + 1 < k ? digits[x >> 6 & 63] : '=');
            buf_chr(&b, j + 2 < k ? digits[x & 63] : '=');
        }
        buf_str(&b, "?=");
        i += k;
    }
    char *out = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return out;
}

/* A header's value must not bring further headers with it. */
static const char *one_line(struct arena *a, const char *s) {
    char *p = arena_str(a, s);
    for (char *c = p; *c; c++)
        if (*c == '\r' || *c == '\n') *c = ' ';
    return p;
}

/* The address alone, for the envelope: a@b out of "Name <a@b>". */
static const char *bare(struct arena *a, const char *s) {
    const char *open = strrchr(s, '<'), *close = open ? strchr(open, '>') : NULL;
    if (!close) return one_line(a, s);
    return one_line(a, arena_strn(a, open + 1, (size_t)(close - open - 1)));
}

/* The same for the header: the name before <a@b> may be in any language. */
static const char *named(struct arena *a, const char *s) {
    const char *line = one_line(a, s), *open = strrchr(line, '<');
    if (!open || open == line) return line;
    size_t n = (size_t)(open - line);
    while (n && line[n - 1] == ' ') n--;
    return arena_fmt(a, "%s %s", encoded(a, arena_strn(a, line, n)), open);
}

static const char *message_id(struct arena *a, const char *id) {
    char *s = arena_fmt(a, "%s", id);
    for (char *c = s; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-' ||
              *c == '_'))
            *c = '.';
    return arena_fmt(a, "Message-ID: <%s@etl.invalid>", s);
}

static struct curl_slist *headers(const struct mail *m, struct arena *a) {
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t now = now_utc();
    day_t day = (day_t)(now / 86400);
    int y, mo, d, s = (int)(now % 86400);
    day_to_civil(day, &y, &mo, &d);
    struct buf to = {0};
    for (size_t i = 0; i < m->to.n; i++) buf_fmt(&to, "%s%s", i ? ",\r\n " : "", named(a, m->to.s[i]));
    struct curl_slist *l = NULL;
    l = curl_slist_append(l, arena_fmt(a, "Date: %s, %d %s %d %02d:%02d:%02d +0000", days[day_weekday(day)], d,
                                       months[mo - 1], y, s / 3600, s / 60 % 60, s % 60));
    l = curl_slist_append(l, arena_fmt(a, "From: %s", named(a, m->from)));
    l = curl_slist_append(l, arena_fmt(a, "To: %s", buf_text(&to)));
    l = curl_slist_append(l, arena_fmt(a, "Subject: %s", encoded(a, one_line(a, m->subject))));
    l = curl_slist_append(l, "Auto-Submitted: auto-generated"); /* RFC 3834: nobody's absence note comes back */
    if (m->id) l = curl_slist_append(l, message_id(a, m->id));
    buf_free(&to);
    return l;
}

static void add_body(CURL *c, curl_mime *whole, const struct mail *m) {
    curl_mime *both = curl_mime_init(c);
    curl_mimepart *part = curl_mime_addpart(both);
    curl_mime_data(part, m->text, CURL_ZERO_TERMINATED);
    curl_mime_type(part, "text/plain; charset=utf-8");
    curl_mime_encoder(part, "base64");
    if (m->html) {
        part = curl_mime_addpart(both);
        curl_mime_data(part, m->html, CURL_ZERO_TERMINATED);
        curl_mime_type(part, "text/html; charset=utf-8");
        curl_mime_encoder(part, "base64");
    }
    part = curl_mime_addpart(whole);
    curl_mime_subparts(part, both);
    curl_mime_type(part, "multipart/alternative");
}

static int stopped(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)ctx, (void)a, (void)b, (void)c, (void)d;
    return stop_signal() != 0;
}

static void set_options(CURL *c, const struct mail *m, int seconds, struct arena *a) {
    curl_easy_setopt(c, CURLOPT_URL, m->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(net_is_local(m->url) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    if (m->user) curl_easy_setopt(c, CURLOPT_USERNAME, m->user);
    if (m->password) curl_easy_setopt(c, CURLOPT_PASSWORD, m->password);
    curl_easy_setopt(c, CURLOPT_MAIL_FROM, bare(a, m->from));
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)(seconds < 20 ? seconds : 20));
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)seconds);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, stopped);
    if (net_ca_bundle()) curl_easy_setopt(c, CURLOPT_CAINFO, net_ca_bundle());
}

int net_send_mail(const struct mail *m, int seconds, struct mail_result *r, struct err *e) {
    struct arena a = {0};
    *r = (struct mail_result){.retry = true};
    CURL *c = curl_easy_init();
    if (!c) return err_set(e, ERR_NET, "libcurl does not start");
    struct curl_slist *head = headers(m, &a), *to = NULL;
    for (size_t i = 0; i < m->to.n; i++) to = curl_slist_append(to, bare(&a, m->to.s[i]));
    curl_mime *mime = curl_mime_init(c);
    add_body(c, mime, m);
    set_options(c, m, seconds, &a);
    curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, head);
    curl_easy_setopt(c, CURLOPT_MIMEPOST, mime);
    CURLcode rc = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &r->status);
    curl_mime_free(mime);
    curl_slist_free_all(head);
    curl_slist_free_all(to);
    curl_easy_cleanup(c);
    arena_free(&a);
    if (rc == CURLE_OK) return ERR_OK;
    r->retry = !(r->status >= 500 && r->status <= 599) && rc != CURLE_URL_MALFORMAT;
    if (r->status >= 400)
        return err_set(e, ERR_NET, "the mail server answered %ld (%s)", r->status, curl_easy_strerror(rc));
    return err_set(e, ERR_NET, "sending the mail failed: %s", curl_easy_strerror(rc));
}
