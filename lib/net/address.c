/* Which addresses do not belong to the public internet (IANA's special-purpose registries). See http.h. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/http.h"

static bool private4(uint32_t a) {
    static const struct {
        uint32_t net;
        int bits;
    } nets[] = {
        {0x00000000, 8},  {0x0A000000, 8},  {0x64400000, 10}, {0x7F000000, 8},  {0xA9FE0000, 16},
        {0xAC100000, 12}, {0xC0000000, 24}, {0xC0000200, 24}, {0xC0A80000, 16}, {0xC6120000, 15},
        {0xC6336400, 24}, {0xCB007100, 24}, {0xE0000000, 4},  {0xF0000000, 4},
    };
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        if ((a ^ nets[i].net) >> (32 - nets[i].bits) == 0) return true;
    return false;
}

static bool private6(const unsigned char *a) {
    static const unsigned char zero[12], mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF},
                                         nat64[12] = {0, 0x64, 0xFF, 0x9B};
    uint32_t tail = (uint32_t)a[12] << 24 | (uint32_t)a[13] << 16 | (uint32_t)a[14] << 8 | a[15];
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0) return private4(tail);
    if (memcmp(a, zero, 12) == 0) return true; /* unspecified, loopback, the old IPv4-compatible ones */
    if (a[0] == 0x20 && a[1] == 0x02)          /* 6to4 holds an IPv4 address */
        return private4((uint32_t)a[2] << 24 | (uint32_t)a[3] << 16 | (uint32_t)a[4] << 8 | a[5]);
    return (a[0] & 0xE0) != 0x20 || (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0D && a[3] == 0xB8);
}

bool address_is_private(const struct sockaddr *a) {
    if (a->sa_family == AF_INET) return private4(ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr));
    if (a->sa_family == AF_INET6) return private6(((const struct sockaddr_in6 *)(const void *)a)->sin6_addr.s6_addr);
    return true;
}
