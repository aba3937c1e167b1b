/* See home.h. */
#include "store/home.h"

#include <sys/statfs.h>
#include <unistd.h>

#include "io/file.h"

const char *home_network(const char *home) {
    static const struct {
        unsigned long magic;
        const char *name;
    } kinds[] = {{0x6969, "NFS"},      {0xFF534D42, "CIFS"},  {0xFE534D42, "SMB"},  {0x517B, "SMB"},
                 {0x00C36400, "Ceph"}, {0x5346414F, "AFS"},   {0x01021997, "9P"},   {0x0BD00BD0, "Lustre"},
                 {0x47504653, "GPFS"}, {0x7461636F, "OCFS2"}, {0x01161970, "GFS2"}, {0x65735546, "FUSE"}};
    struct statfs fs;
    if (statfs(home, &fs) != 0) return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (((unsigned long)fs.f_type & 0xFFFFFFFF) == kinds[i].magic) return kinds[i].name;
    return NULL;
}

/* "NAME MACHINE-ID", without blanks elsewhere. */
static const char *who_we_are(struct arena *a) {
    const char *told = getenv("ETL_HOST");
    char host[128] = "";
    struct buf id = {0};
    gethostname(host, sizeof host - 1);
    if (told && *told) return arena_str(a, told);
    if (file_read("/etc/machine-id", 4096, &id, NULL) != ERR_OK) id.n = 0;
    const char *text = arena_fmt(a, "%s %.32s", host, buf_text(&id));
    buf_free(&id);
    return text;
}

/* Machine-ids tell, where both have one; else the names. */
static bool same_host(const char *a, const char *b) {
    const char *x = strchr(a, ' '), *y = strchr(b, ' ');
    if (x && y && strlen(x) == 33 && strlen(y) == 33) return strcmp(x, y) == 0;
    size_t n = strcspn(a, " "), m = strcspn(b, " ");
    return n == m && memcmp(a, b, n) == 0;
}

int home_check(const char *home, bool claim, struct err *e) {
    struct arena a = {0};
    struct buf b = {0};
    const char *path = arena_fmt(&a, "%s/locks/host", home), *us = who_we_are(&a);
    int rc = ERR_OK;
    if (file_exists(path)) {
        rc = file_read(path, 4096, &b, e);
        while (b.n && b.p[b.n - 1] == '\n') b.p[--b.n] = 0;
        if (rc == ERR_OK && b.n && !same_host(buf_text(&b), us))
            rc = err_set(e, ERR_BUSY,
                         "%s belongs to the host %.*s, this is %.*s: ledger and warehouse cannot be shared between "
                         "hosts (SQLite's write-ahead log needs one memory). Work there, use another --home, or remove "
                         "%s when that host works here no more",
                         home, (int)strcspn(b.p, " "), b.p, (int)strcspn(us, " "), us, path);
    } else if (claim && home_network(home)) {
        rc = dir_make(path_dir(path, &a), e);
        if (rc == ERR_OK) {
            const char *line = arena_fmt(&a, "%s\n", us);
            rc = file_publish(path, line, strlen(line), e);
            if (rc == ERR_OK) rc = home_check(home, false, e); /* another may have been quicker */
        }
    }
    buf_free(&b);
    arena_free(&a);
    return rc;
}
