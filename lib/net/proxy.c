/*
 * Which proxy of the environment a host is asked through, decided here and not by curl, for two reasons: a request that
 * goes to its host directly has the address that it connects to checked, and one that a proxy makes for us has not, so
 * it must be known which is which; and what is plainly inside (an address that is written out, a name of localhost) is
 * refused before a proxy is asked. Other names are resolved by the proxy, which alone can check where they lead.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>

#include "net/http_impl.h"

struct literal { /* an address as bytes; n 0: it is a name */
    unsigned char b[16];
    size_t n;
};

static struct literal literal_of(const char *host) {
    struct literal l = {.n = 0};
    char text[64];
    size_t n = strlen(host);
    if (*host == '[' && n > 2) host++, n -= 2;
    snprintf(text, sizeof text, "%.*s", (int)(n < 63 ? n : 63), host);
    if (inet_pton(AF_INET, text, l.b) == 1)
        l.n = 4;
    else if (inet_pton(AF_INET6, text, l.b) == 1)
        l.n = 16;
    return l;
}

static bool ends_with(const char *s, size_t n, const char *end, size_t k) {
    return n >= k && strncasecmp(s + n - k, end, k) == 0;
}

bool host_is_inside(const char *host) {
    struct literal l = literal_of(host);
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    size_t n = strlen(host);
    if (l.n == 4) {
        memcpy(&v4.sin_addr, l.b, 4);
        return address_is_private((const struct sockaddr *)&v4);
    }
    if (l.n == 16) {
        memcpy(&v6.sin6_addr, l.b, 16);
        return address_is_private((const struct sockaddr *)&v6);
    }
    if (strchr(host, ':')) return true; /* with a zone, which only link-local ones have */
    if (n && host[n - 1] == '.') n--;
    return (n == 9 && strncasecmp(host, "localhost", 9) == 0) || ends_with(host, n, ".localhost", 10);
}

static bool same_net(const struct literal *a, const struct literal *b, long bits) {
    if (a->n != b->n || bits < 0 || (size_t)bits > a->n * 8) return false;
    size_t whole = (size_t)bits / 8, rest = (size_t)bits % 8;
    if (memcmp(a->b, b->b, whole) != 0) return false;
    return !rest || ((a->b[whole] ^ b->b[whole]) >> (8 - rest)) == 0;
}

/* One entry of no_proxy: "*", a name (which stands for all below it), an address, or a network "10.0.0.0/8". */
static bool excepts(struct sv entry, const char *host, size_t n, const struct literal *l) {
    char text[300];
    if (sv_is(entry, "*")) return true;
    if (entry.n >= sizeof text) return false;
    memcpy(text, entry.p, entry.n);
    text[entry.n] = 0;
    if (l->n) {
        char *slash = strchr(text, '/');
        if (slash) *slash = 0;
        struct literal m = literal_of(text);
        return same_net(l, &m, slash ? strtol(slash + 1, NULL, 10) : (long)m.n * 8);
    }
    const char *name = text[0] == '.' ? text + 1 : text;
    size_t k = strlen(name);
    if (k && name[k - 1] == '.') k--;
    return k && ends_with(host, n, name, k) && (n == k || host[n - k - 1] == '.');
}

static const char *first_set(const char *const *names) {
    for (; *names; names++) {
        const char *v = getenv(*names);
        if (v && *v) return v;
    }
    return NULL;
}

const char *proxy_of(bool https, const char *host) {
    static const char *const plain[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL}; /* HTTP_PROXY is what CGI sets */
    static const char *const secure[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
    static const char *const not [] = {"no_proxy", "NO_PROXY", NULL};
    const char *proxy = first_set(https ? secure : plain), *list = first_set(not );
    struct literal l = literal_of(host);
    size_t n = strlen(host);
    if (n && host[n - 1] == '.') n--;
    while (proxy && list && *list) {
        list += strspn(list, ", \t");
        size_t k = strcspn(list, ", \t");
        if (k && excepts((struct sv){list, k}, host, n, &l)) return NULL;
        list += k;
    }
    return proxy;
}
