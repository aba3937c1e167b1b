/*
 * strike: runs a command and does one thing to it, at its n-th system call that changes anything below a directory.
 * The hand of scripts/torture.py.
 *
 *   strike -u DIR [-n N -a ACTION] [-k KINDS] [-O BYTES | -I BYTES] [-c FILE] [-r FILE] [-s FILE] -- COMMAND...
 *
 *   -u DIR     calls count whose file lies below DIR
 *   -k KINDS   of these kinds only: write,sync,truncate,rename,unlink,mkdir,create,link (all of them), read (only if
 *              named)
 *   -a ACTION  kill     SIGKILL, the call is not made
 *              torn     half of the write is made, then SIGKILL (other calls are made, then SIGKILL)
 *              short    half of the write is made, and the caller told so; the command goes on
 *              ENOSPC, EIO, EINTR, ...    the call fails so and is not made; with + all such calls from there on
 *              TERM, INT, HUP, PIPE       this signal, and the call is made; with 2 again at the call after it
 *   -O, -I     SIGKILL once so many bytes went to standard output, came from standard input
 *   -c FILE    the counted calls, a line each: "N call path"
 *   -r FILE    record: what was done to the files, as JSON lines (see record below); the bytes go to FILE.data
 *   -s FILE    afterwards: "total N struck M call path"
 *
 * The command is the shipped static binary; nothing is built into it. A seccomp filter stops it at the calls in
 * question only, so it runs nearly at full speed; threads and children are followed and count together. Ends as the
 * command ended, by signal too. Linux on x86-64.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "strike knows the registers of x86-64 only"
#endif

enum kind { WRITE, SYNC, TRUNCATE, RENAME, UNLINK, MKDIR, CREATE, LINK, READ, KINDS };
static const char *const kind_names[KINDS] = {"write", "sync",   "truncate", "rename", "unlink",
                                              "mkdir", "create", "link",     "read"};
/* Where the file is: a descriptor, a path, or a directory's descriptor and a path (args at and at + 1). */
enum where { FD, PATH, AT };
static const struct call {
    int nr;
    const char *name;
    enum kind kind;
    enum where where;
    int at;
} calls[] = {
    {SYS_write, "write", WRITE, FD, 0},
    {SYS_pwrite64, "pwrite", WRITE, FD, 0},
    {SYS_writev, "writev", WRITE, FD, 0},
    {SYS_pwritev, "pwritev", WRITE, FD, 0},
    {SYS_pwritev2, "pwritev2", WRITE, FD, 0},
    {SYS_copy_file_range, "copy_file_range", WRITE, FD, 2},
    {SYS_sendfile, "sendfile", WRITE, FD, 0},
    {SYS_fsync, "fsync", SYNC, FD, 0},
    {SYS_fdatasync, "fdatasync", SYNC, FD, 0},
    {SYS_ftruncate, "ftruncate", TRUNCATE, FD, 0},
    {SYS_fallocate, "fallocate", TRUNCATE, FD, 0},
    {SYS_truncate, "truncate", TRUNCATE, PATH, 0},
    {SYS_rename, "rename", RENAME, PATH, 0},
    {SYS_renameat, "renameat", RENAME, AT, 0},
    {SYS_renameat2, "renameat2", RENAME, AT, 0},
    {SYS_unlink, "unlink", UNLINK, PATH, 0},
    {SYS_unlinkat, "unlinkat", UNLINK, AT, 0},
    {SYS_rmdir, "rmdir", UNLINK, PATH, 0},
    {SYS_mkdir, "mkdir", MKDIR, PATH, 0},
    {SYS_mkdirat, "mkdirat", MKDIR, AT, 0},
    {SYS_open, "open", CREATE, PATH, 0},
    {SYS_openat, "openat", CREATE, AT, 0},
    {SYS_creat, "creat", CREATE, PATH, 0},
    {SYS_link, "link", LINK, PATH, 1},
    {SYS_linkat, "linkat", LINK, AT, 2},
    {SYS_symlink, "symlink", LINK, PATH, 1},
    {SYS_symlinkat, "symlinkat", LINK, AT, 1},
    {SYS_read, "read", READ, FD, 0},
    {SYS_pread64, "pread", READ, FD, 0},
};
#define NCALLS (sizeof calls / sizeof *calls)

static const struct {
    const char *name;
    int value;
} errors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EINTR", EINTR},   {"EACCES", EACCES},
              {"EROFS", EROFS},   {"EMFILE", EMFILE}, {"EDQUOT", EDQUOT}, {"ENOENT", ENOENT}},
  signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT}, {"HUP", SIGHUP}, {"PIPE", SIGPIPE}};

enum action { NOTHING, KILL, TORN, SHORT, FAIL, SIGNAL };
static const char *under = "/";
static long nth = -1, total, struck_at;
static enum action action = NOTHING;
static int action_value;
static bool action_on, action_twice, kinds_on[KINDS];
static long long most_out = -1, most_in = -1, went_out, came_in;
static FILE *list, *record, *record_data;
static long long data_at;
static char struck_what[PATH_MAX + 64];
static pid_t child;

static void die(const char *what) {
    fprintf(stderr, "strike: %s: %s\n", what, strerror(errno));
    exit(125);
}

/* ---- a stopped thread ---- */

struct stop {
    pid_t tid;
    const struct call *call;
    uint64_t args[6];
    char path[PATH_MAX], to[PATH_MAX];
    long long pos;
    bool existed, executing; /* executing: stopped again when the call is done */
    bool kill_after;
};
#define MOST_THREADS 512
static struct stop stops[MOST_THREADS];

static struct stop *stop_of(pid_t tid) {
    struct stop *unused = NULL;
    for (int i = 0; i < MOST_THREADS; i++) {
        if (stops[i].tid == tid) return &stops[i];
        if (!stops[i].tid && !unused) unused = &stops[i];
    }
    if (!unused) die("too many threads");
    memset(unused, 0, offsetof(struct stop, path));
    unused->tid = tid;
    unused->executing = false;
    return unused;
}

static size_t peek(pid_t tid, uint64_t from, void *to, size_t n) {
    struct iovec here = {to, n}, there = {(void *)from, n};
    ssize_t got = process_vm_readv(tid, &here, 1, &there, 1, 0);
    return got > 0 ? (size_t)got : 0;
}

static void peek_text(pid_t tid, uint64_t from, char *to, size_t n) {
    size_t got = 0;
    while (got + 1 < n) { /* page by page: what follows may not be mapped */
        size_t page = 4096 - (from + got) % 4096, take = page < n - 1 - got ? page : n - 1 - got;
        size_t k = peek(tid, from + got, to + got, take);
        if (!k) break;
        if (memchr(to + got, 0, k)) return;
        got += k;
    }
    to[got] = 0;
}

static void fd_path(pid_t tid, int fd, char *to) {
    char link[64];
    if (fd == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/%d/cwd", tid);
    else
        snprintf(link, sizeof link, "/proc/%d/fd/%d", tid, fd);
    ssize_t n = readlink(link, to, PATH_MAX - 1);
    to[n > 0 ? n : 0] = 0;
}

static void full_path(pid_t tid, int dirfd, uint64_t text, char *to) {
    char name[PATH_MAX], dir[PATH_MAX];
    peek_text(tid, text, name, sizeof name);
    if (name[0] == '/') {
        snprintf(to, PATH_MAX, "%s", name);
        return;
    }
    fd_path(tid, dirfd, dir);
    if (snprintf(to, PATH_MAX, "%s/%s", dir, name[0] == '.' && name[1] == '/' ? name + 2 : name) >= PATH_MAX) to[0] = 0;
}

static void look(struct stop *s) {
    const struct call *c = s->call;
    s->to[0] = 0;
    if (c->where == FD)
        fd_path(s->tid, (int)s->args[c->at], s->path);
    else
        full_path(s->tid, c->where == AT ? (int)s->args[c->at] : AT_FDCWD, s->args[c->at + (c->where == AT)], s->path);
    if (c->nr == SYS_link) full_path(s->tid, AT_FDCWD, s->args[0], s->to); /* the name it had */
    if (c->kind != RENAME) return;
    if (c->where == PATH)
        full_path(s->tid, AT_FDCWD, s->args[1], s->to);
    else
        full_path(s->tid, (int)s->args[2], s->args[3], s->to);
}

static bool is_under(const char *path) {
    size_t n = strlen(under);
    return strncmp(path, under, n) == 0 && (path[n] == '/' || !path[n] || under[n - 1] == '/');
}

static uint64_t open_flags(const struct stop *s) {
    if (s->call->nr == SYS_creat) return O_CREAT | O_TRUNC;
    return s->args[s->call->where == AT ? 2 : 1];
}

static void set_regs(struct stop *s, bool skip, long result, int count_arg, uint64_t count) {
    struct user_regs_struct r;
    if (ptrace(PTRACE_GETREGS, s->tid, 0, &r)) return;
    if (skip) {
        r.orig_rax = (unsigned long long)-1;
        r.rax = (unsigned long long)result;
    } else if (count_arg == 2) {
        r.rdx = count;
    }
    ptrace(PTRACE_SETREGS, s->tid, 0, &r);
}

/* ---- recording ---- */

/*
 * {"o":"c","i":7,"a":PATH}                created           {"o":"w","i":7,"p":POS,"n":BYTES,"d":AT}   written
 * {"o":"t","i":7,"n":SIZE}                truncated         {"o":"s","i":7} / {"o":"S","a":PATH}       file, directory
 * synced
 * {"o":"r","a":FROM,"b":TO,"x":0|1}       renamed, exchanged    {"o":"u","a":PATH} removed    {"o":"m","a":PATH} made
 * {"o":"l","a":PATH,"b":OTHER}            one more name of the file OTHER
 * i: inode number. Each with "n" of the counted call in "k".
 */
static void quoted(const char *key, const char *text) {
    fprintf(record, ",\"%s\":\"", key);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', record);
        fputc(*text, record);
    }
    fputc('"', record);
}

static bool stat_fd(const struct stop *s, int fd, struct stat *st) {
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", s->tid, fd);
    return stat(link, st) == 0;
}

static long long fd_pos(const struct stop *s, int fd) {
    char name[64], line[128];
    long long pos = 0, flags = 0;
    struct stat st;
    snprintf(name, sizeof name, "/proc/%d/fdinfo/%d", s->tid, fd);
    FILE *f = fopen(name, "r");
    while (f && fgets(line, sizeof line, f)) {
        sscanf(line, "pos: %lld", &pos);
        sscanf(line, "flags: %llo", (unsigned long long *)&flags);
    }
    if (f) fclose(f);
    return flags & O_APPEND && stat_fd(s, fd, &st) ? st.st_size : pos;
}

/* Before the call: what cannot be seen afterwards. */
static void record_before(struct stop *s) {
    struct stat st;
    s->existed = s->call->kind == CREATE && lstat(s->path, &st) == 0;
    s->pos = s->call->nr == SYS_pwrite64 ? (long long)s->args[3]
             : s->call->nr == SYS_write  ? fd_pos(s, (int)s->args[0])
                                         : 0;
}

static void record_bytes(const struct stop *s, long n) {
    char *bytes = malloc((size_t)n + 1);
    if (!bytes || peek(s->tid, s->args[1], bytes, (size_t)n) != (size_t)n) die("reading what is written");
    if (fwrite(bytes, 1, (size_t)n, record_data) != (size_t)n) die("recording");
    fprintf(record, ",\"p\":%lld,\"n\":%ld,\"d\":%lld", s->pos, n, data_at);
    data_at += n;
    free(bytes);
}

static void record_after(struct stop *s, long result) {
    struct stat st = {0};
    int fd = s->call->kind == CREATE ? (int)result : (int)s->args[0];
    if (result < 0) return;
    if (s->call->where == FD || s->call->kind == CREATE)
        if (!stat_fd(s, fd, &st)) return;
    unsigned long long ino = (unsigned long long)st.st_ino;
    switch (s->call->kind) {
    case WRITE:
        if (s->call->nr != SYS_write && s->call->nr != SYS_pwrite64) {
            errno = ENOSYS;
            die(s->call->name);
        }
        fprintf(record, "{\"o\":\"w\",\"k\":%ld,\"i\":%llu", total, ino);
        record_bytes(s, result);
        break;
    case SYNC:
        fprintf(record, "{\"o\":\"%s\",\"k\":%ld,\"i\":%llu", S_ISDIR(st.st_mode) ? "S" : "s", total, ino);
        quoted("a", s->path);
        break;
    case TRUNCATE:
        fprintf(record, "{\"o\":\"t\",\"k\":%ld,\"i\":%llu,\"n\":%lld", total, ino, (long long)s->args[1]);
        break;
    case CREATE:
        if (open_flags(s) & __O_TMPFILE & ~(uint64_t)O_DIRECTORY) return; /* it has no name */
        if (s->existed && !(open_flags(s) & O_TRUNC)) return;
        fprintf(record, s->existed ? "{\"o\":\"t\",\"k\":%ld,\"i\":%llu,\"n\":0" : "{\"o\":\"c\",\"k\":%ld,\"i\":%llu",
                total, ino);
        quoted("a", s->path);
        break;
    case RENAME:
        fprintf(record, "{\"o\":\"r\",\"k\":%ld,\"x\":%d", total, s->call->nr == SYS_renameat2 && (s->args[4] & 2));
        quoted("a", s->path);
        quoted("b", s->to);
        break;
    case UNLINK:
    case MKDIR:
        fprintf(record, "{\"o\":\"%s\",\"k\":%ld", s->call->kind == MKDIR ? "m" : "u", total);
        quoted("a", s->path);
        break;
    case LINK:
        if (s->call->nr == SYS_link) {
            fprintf(record, "{\"o\":\"l\",\"k\":%ld", total);
            quoted("a", s->path);
            quoted("b", s->to);
            break;
        }
        /* fall through */
    default:
        errno = ENOSYS;
        die(s->call->name);
    }
    fputs("}\n", record);
}

/* ---- striking ---- */

static void now_struck(const struct stop *s) {
    if (struck_at) return;
    struck_at = total;
    snprintf(struck_what, sizeof struck_what, "%s %s", s->call->name, s->path);
}

/* true: the call goes on and is to be seen again when it is done. */
static bool strike(struct stop *s) {
    uint64_t n = s->args[2];
    bool data = s->call->nr == SYS_write || s->call->nr == SYS_pwrite64;
    switch (action) {
    case KILL:
        now_struck(s);
        kill(child, SIGKILL);
        return false;
    case TORN:
        now_struck(s);
        if (data && n > 1) set_regs(s, false, 0, 2, n / 2);
        s->kill_after = true;
        return true;
    case SHORT:
        if (!data || n < 2) return false;
        now_struck(s);
        set_regs(s, false, 0, 2, n / 2);
        return false;
    case FAIL:
        now_struck(s);
        set_regs(s, true, -action_value, 0, 0);
        return false;
    case SIGNAL:
        now_struck(s);
        kill(child, action_value);
        return false;
    default:
        return false;
    }
}

static bool streams(const struct stop *s) {
    if (s->call->kind == WRITE && s->args[0] == 1 && most_out >= 0) {
        went_out += (long long)s->args[2];
        if (went_out > most_out) return true;
    }
    if (s->call->kind == READ && s->args[0] == 0 && most_in >= 0) return came_in >= most_in;
    return false;
}

/* At a call. How to go on. */
static enum __ptrace_request at_call(struct stop *s) {
    if (streams(s)) {
        now_struck(s);
        kill(child, SIGKILL);
        return PTRACE_CONT;
    }
    if (s->call->kind == READ && s->args[0] == 0 && most_in >= 0) return PTRACE_SYSCALL; /* how much comes? */
    if (!kinds_on[s->call->kind] || (s->call->where == FD && s->args[s->call->at] <= 2)) return PTRACE_CONT;
    if (s->call->kind == CREATE && !(open_flags(s) & (O_CREAT | O_TRUNC | (__O_TMPFILE & ~(uint64_t)O_DIRECTORY))))
        return PTRACE_CONT;
    look(s);
    if (!is_under(s->path)) return PTRACE_CONT;
    total++;
    if (list) fprintf(list, "%ld %s %s\n", total, s->call->name, s->path);
    if (record) {
        record_before(s);
        return PTRACE_SYSCALL;
    }
    if (nth > 0 && (total == nth || (action_on && total > nth) || (action_twice && total == nth + 1)))
        return strike(s) ? PTRACE_SYSCALL : PTRACE_CONT;
    return PTRACE_CONT;
}

static void after_call(struct stop *s) {
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, s->tid, sizeof info, &info) <= 0) return;
    if (s->kill_after) kill(child, SIGKILL);
    if (s->call->kind == READ && info.exit.rval > 0) came_in += info.exit.rval;
    if (record && s->call->kind != READ) record_after(s, info.exit.rval);
}

static void on_stop(pid_t tid, int status) {
    struct stop *s = stop_of(tid);
    int sig = WSTOPSIG(status), event = status >> 16;
    enum __ptrace_request how = PTRACE_CONT;
    if (event == PTRACE_EVENT_SECCOMP) {
        struct __ptrace_syscall_info info;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) <= 0) return;
        s->call = NULL;
        for (size_t i = 0; i < NCALLS; i++)
            if (calls[i].nr == (int)info.seccomp.nr) s->call = &calls[i];
        for (int i = 0; i < 6; i++) s->args[i] = info.seccomp.args[i];
        if (s->call) how = at_call(s);
        s->executing = how == PTRACE_SYSCALL;
        sig = 0;
    } else if (sig == (SIGTRAP | 0x80)) {
        if (s->executing) after_call(s);
        s->executing = false;
        sig = 0;
    } else if (event == PTRACE_EVENT_STOP && sig != SIGTRAP) {
        ptrace(PTRACE_LISTEN, tid, 0, 0);
        return;
    } else if (event) {
        sig = 0;
    }
    ptrace(how, tid, 0, sig);
}

/* ---- the command ---- */

static void filter_calls(void) {
    struct sock_filter f[NCALLS * 2 + 4];
    unsigned short n = 0;
    bool reads = kinds_on[READ] || most_in >= 0;
    f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < NCALLS; i++) {
        if (calls[i].kind == READ && !reads) continue;
        f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].nr, 0, 1);
        f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    }
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog prog = {n, f};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog)) die("seccomp");
}

static void start(char **argv) {
    int gate[2];
    char c;
    if (pipe2(gate, O_CLOEXEC)) die("pipe");
    child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        close(gate[1]);
        if (read(gate[0], &c, 1) != 1) _exit(125);
        filter_calls();
        for (int i = 0; i < 4; i++)
            signal((int[]){SIGHUP, SIGINT, SIGTERM, SIGPIPE}[i], SIG_DFL); /* nohup, a shell's &: ignored there */
        execvp(argv[0], argv);
        die(argv[0]);
    }
    close(gate[0]);
    if (ptrace(PTRACE_SEIZE, child, 0,
               PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
        die("ptrace");
    close(0); /* the ends of pipes belong to the command alone */
    close(1);
    if (write(gate[1], "", 1) != 1) die("pipe");
    close(gate[1]);
}

static int run(void) {
    int status, mine = 0;
    for (pid_t tid; (tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR;) {
        if (tid < 0) continue;
        if (WIFSTOPPED(status)) {
            on_stop(tid, status);
            continue;
        }
        stop_of(tid)->tid = 0;
        if (tid == child) mine = status;
    }
    return mine;
}

/* ---- options ---- */

static void read_action(const char *s) {
    size_t n = strlen(s);
    char name[32];
    snprintf(name, sizeof name, "%s", s);
    if (n && n < sizeof name && (s[n - 1] == '+' || s[n - 1] == '2')) {
        action_on = s[n - 1] == '+';
        action_twice = !action_on;
        name[n - 1] = 0;
    }
    static const char *const words[] = {"", "kill", "torn", "short"};
    for (int i = 1; i < 4; i++)
        if (strcmp(name, words[i]) == 0) action = (enum action)i;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(name, errors[i].name) == 0) action = FAIL, action_value = errors[i].value;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strcmp(name, signals[i].name) == 0) action = SIGNAL, action_value = signals[i].value;
    errno = EINVAL;
    if (action == NOTHING) die(s);
}

static void read_kinds(char *s) {
    for (char *w = strtok(s, ","); w; w = strtok(NULL, ",")) {
        int k = 0;
        while (k < KINDS && strcmp(kind_names[k], w) != 0) k++;
        errno = EINVAL;
        if (k == KINDS) die(w);
        kinds_on[k] = true;
    }
}

static FILE *make(const char *path) {
    FILE *f = fopen(path, "we");
    if (!f) die(path);
    return f;
}

int main(int argc, char **argv) {
    const char *summary = NULL;
    char data[PATH_MAX];
    bool any = false;
    for (int o; (o = getopt(argc, argv, "+u:n:a:k:O:I:c:r:s:")) != -1;) {
        if (o == 'u') under = optarg;
        if (o == 'n') nth = atol(optarg);
        if (o == 'a') read_action(optarg);
        if (o == 'k') read_kinds(optarg), any = true;
        if (o == 'O') most_out = atoll(optarg);
        if (o == 'I') most_in = atoll(optarg);
        if (o == 'c') list = make(optarg);
        if (o == 's') summary = optarg;
        if (o == 'r') {
            record = make(optarg);
            snprintf(data, sizeof data, "%s.data", optarg);
            record_data = make(data);
        }
        if (o == '?') return 125;
    }
    if (optind == argc) return 125;
    for (int k = 0; k < READ && !any; k++) kinds_on[k] = true;
    start(argv + optind);
    int status = run();
    if (list) fclose(list);
    if (record && (fclose(record) || fclose(record_data))) die("recording");
    if (summary) {
        FILE *f = make(summary);
        fprintf(f, "total %ld struck %ld %s\n", total, struck_at, struck_what);
        fclose(f);
    }
    if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
    return 128 + WTERMSIG(status);
}
