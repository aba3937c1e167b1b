/* See upstream.h. */
#include "run/upstream.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"

int64_t pipe_inode(int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) ? (int64_t)st.st_ino : 0;
}

static int64_t inode_of(int pid, int fd) {
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
    return stat(path, &st) == 0 && S_ISFIFO(st.st_mode) ? (int64_t)st.st_ino : 0;
}

static bool known(const struct upstream *u, int pid) {
    for (size_t i = 0; i < u->n; i++)
        if (u->pids[i] == pid) return true;
    return pid == getpid();
}

/* Processes whose standard output is that pipe; each is followed through its own standard input. */
static void walk(struct upstream *u, int64_t pipe, int depth) {
    DIR *d = depth < 16 ? opendir("/proc") : NULL;
    if (!d) return;
    for (struct dirent *de; (de = readdir(d)) && u->n < 64;) {
        int pid = (int)strtol(de->d_name, NULL, 10);
        if (pid <= 0 || known(u, pid) || inode_of(pid, 1) != pipe) continue;
        u->pids[u->n] = pid;
        u->starts[u->n++] = pid_start_ticks(pid);
        int64_t next = inode_of(pid, 0);
        if (next && next != pipe) {
            if (u->npipes < 64) u->pipes[u->npipes++] = next;
            walk(u, next, depth + 1);
        }
    }
    closedir(d);
}

/* Identity of the program that a process runs; false when it is gone. */
static bool program_of(int pid, struct stat *st) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    return stat(path, st) == 0;
}

static bool same_program(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int parent_of(int pid) {
    char path[64];
    struct buf b = {0};
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (file_read(path, 8192, &b, NULL) == ERR_OK && b.n) {
        const char *p = strrchr(b.p, ')'); /* ") S 123": state and parent follow the name */
        if (p && strlen(p) > 4) parent = (int)strtol(p + 4, NULL, 10);
    }
    buf_free(&b);
    return parent;
}

/* A helper process that a stage has forked (a leak checker's, say) holds the pipe too, but is no stage. */
static bool child_of_writer(const struct upstream *u, size_t i) {
    int parent = parent_of(u->pids[i]);
    for (size_t k = 0; k < u->n; k++)
        if (k != i && u->pids[k] == parent) return true;
    return false;
}

/* Which of the writers are etl? The shell forks all members of a pipe before they become what they are: one that still
 * looks like our parent (the shell) gets up to 50 ms. */
static void see_programs(struct upstream *u) {
    struct stat mine, shell, his;
    bool have_shell = program_of(getppid(), &shell);
    if (!program_of(getpid(), &mine)) return;
    for (size_t i = 0; i < u->n; i++) {
        bool there = program_of(u->pids[i], &his);
        for (int k = 0; k < 50 && there && have_shell && same_program(&his, &shell) && !same_program(&his, &mine);
             k++) {
            usleep(1000);
            there = program_of(u->pids[i], &his);
        }
        u->is_etl[i] = there && same_program(&his, &mine) && !child_of_writer(u, i);
    }
}

void upstream_look(struct upstream *u) {
    *u = (struct upstream){.in_pipe = pipe_inode(0)};
    u->is_pipe = u->in_pipe != 0;
    if (u->is_pipe) walk(u, u->in_pipe, 0);
    see_programs(u);
}

struct found {
    int64_t id, bytes_out;
    int pid;
    int64_t start;
    char state[16], stage[16];
};

#define FOUND_COLUMNS                                                                                                  \
    "SELECT task_id, pid, pid_start, state, stage, COALESCE(bytes_out, -1) FROM tasks WHERE mode='filter' AND "        \
    "pid<>?1 AND boot=?5 AND "

static int query(struct ledger *l, const char *sql, int64_t a, int64_t b, const char *text, struct found *f, bool *any,
                 struct err *e) {
    struct stmt s;
    int rc = stmt_prepare(&s, &l->db, sql, "reading the ledger", e);
    if (rc) return rc;
    stmt_int(&s, 1, getpid());
    stmt_int(&s, 2, a);
    stmt_int(&s, 3, b);
    if (text) stmt_text(&s, 4, text);
    stmt_text(&s, 5, boot_id());
    rc = stmt_step(&s, any, e);
    if (rc == ERR_OK && *any) {
        *f = (struct found){.id = stmt_col_int(&s, 0),
                            .pid = (int)stmt_col_int(&s, 1),
                            .start = stmt_col_int(&s, 2),
                            .bytes_out = stmt_col_int(&s, 5)};
        snprintf(f->state, sizeof f->state, "%s", stmt_col(&s, 3));
        snprintf(f->stage, sizeof f->stage, "%s", stmt_col(&s, 4));
    }
    stmt_close(&s);
    return rc;
}

/* Its final word: a stage that has closed its output may still be writing the ledger, or noticing a broken pipe. */
static int settle(struct ledger *l, struct found *f, struct err *e) {
    for (int i = 0; strcmp(f->state, "running") == 0 && i < 3000; i++) {
        bool any, alive = pid_alive(f->pid, f->start); /* asked before reading, so that a last word is not missed */
        int rc = query(l, FOUND_COLUMNS "task_id=?2 AND ?3=0", f->id, 0, NULL, f, &any, e);
        if (rc || !alive) return rc;
        if (strcmp(f->state, "running") == 0) usleep(20000);
    }
    return ERR_OK;
}

static int judge(struct ledger *l, struct found *f, int64_t bytes_in, struct err *e) {
    int rc = settle(l, f, e);
    if (rc) return rc;
    if (strcmp(f->state, "running") == 0)
        return err_set(e, ERR_INCOMPLETE,
                       "the input is incomplete: etl %s before us (pid %d) was killed; nothing was changed", f->stage,
                       f->pid);
    if (strcmp(f->state, "done") != 0 && strcmp(f->state, "empty") != 0)
        return err_set(e, ERR_INCOMPLETE,
                       "the input is incomplete: etl %s before us (pid %d) ended as %s; nothing was changed", f->stage,
                       f->pid, f->state);
    if (bytes_in >= 0 && f->bytes_out >= 0 && f->bytes_out != bytes_in)
        return err_set(e, ERR_INCOMPLETE,
                       "the input is incomplete: etl %s before us wrote %lld bytes, %lld came; nothing was changed",
                       f->stage, (long long)f->bytes_out, (long long)bytes_in);
    return ERR_OK;
}

/* All writers were gone when we looked: who started within two seconds of us, in our process group, after the last
 * stage of our kind there had started? A shell starts the members of a pipe from left to right, and the next pipe when
 * the last member has ended: so what started before that stage was of its pipe, however late it wrote its row. All of
 * them are of our pipe, and any that failed makes it incomplete: which of them stood last in it is not the one that
 * wrote its row last. */
static int judge_group(struct ledger *l, const char *pipeline, enum stage mine, bool *seen, struct err *e) {
    struct stmt s;
    struct found all[16];
    size_t n = 0;
    bool row = true;
    int rc = stmt_prepare(
        &s, &l->db,
        "SELECT task_id, pid, pid_start, state, stage FROM tasks WHERE mode='filter' AND pid<>?1 AND "
        "boot=?5 AND process_group=?2 AND pid_start>=?3 AND pipeline=?4 AND out_pipe IS NOT NULL AND "
        "pid_start > (SELECT COALESCE(MAX(pid_start), 0) FROM tasks WHERE mode='filter' AND pid<>?1 AND "
        "boot=?5 AND process_group=?2 AND pipeline=?4 AND stage=?6 AND pid_start<?7) ORDER BY task_id DESC",
        "reading the ledger", e);
    if (rc) return rc;
    stmt_int(&s, 1, getpid());
    stmt_int(&s, 2, getpgrp());
    stmt_int(&s, 3, pid_start_ticks(getpid()) - 2 * sysconf(_SC_CLK_TCK));
    stmt_text(&s, 4, pipeline);
    stmt_text(&s, 5, boot_id());
    stmt_text(&s, 6, stage_name(mine));
    stmt_int(&s, 7, pid_start_ticks(getpid()));
    while (n < 16 && (rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        struct found *f = &all[n];
        *f = (struct found){
            .id = stmt_col_int(&s, 0), .pid = (int)stmt_col_int(&s, 1), .start = stmt_col_int(&s, 2), .bytes_out = -1};
        snprintf(f->state, sizeof f->state, "%s", stmt_col(&s, 3));
        snprintf(f->stage, sizeof f->stage, "%s", stmt_col(&s, 4));
        if (stage_find(f->stage) < (int)mine) n++;
    }
    stmt_close(&s);
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        *seen = true;
        rc = judge(l, &all[i], -1, e);
    }
    return rc;
}

int upstream_check(const struct upstream *u, struct ledger *l, const char *pipeline, enum stage mine, uint64_t bytes_in,
                   bool *found_any, struct err *e) {
    struct found f;
    bool any = false, seen = false;
    if (found_any) *found_any = false;
    if (!u->is_pipe) return ERR_OK;
    int rc =
        query(l, FOUND_COLUMNS "out_pipe=?2 AND ?3=0 ORDER BY task_id DESC LIMIT 1", u->in_pipe, 0, NULL, &f, &any, e);
    if (rc == ERR_OK && any) {
        seen = true;
        rc = judge(l, &f, (int64_t)bytes_in, e);
    }
    for (size_t i = 0; i < u->n && rc == ERR_OK; i++) {
        rc = query(l, FOUND_COLUMNS "pid=?2 AND pid_start=?3 ORDER BY task_id DESC LIMIT 1", u->pids[i], u->starts[i],
                   NULL, &f, &any, e);
        if (rc == ERR_OK && any) {
            seen = true;
            rc = judge(l, &f, -1, e);
        } else if (rc == ERR_OK && u->is_etl[i] && !bytes_in) { /* with another --home its row is elsewhere */
            rc = err_set(e, ERR_INCOMPLETE,
                         "the input is incomplete: an etl stage before us (pid %d) ended before it had begun; nothing "
                         "was changed",
                         u->pids[i]);
        }
    }
    for (size_t i = 0; i < u->npipes && rc == ERR_OK; i++) {
        rc = query(l, FOUND_COLUMNS "out_pipe=?2 AND ?3=0 ORDER BY task_id DESC LIMIT 1", u->pipes[i], 0, NULL, &f,
                   &any, e);
        if (rc == ERR_OK && any) {
            seen = true;
            rc = judge(l, &f, -1, e);
        }
    }
    if (rc == ERR_OK && !seen && !u->n && mine != STAGE_COLLECT) rc = judge_group(l, pipeline, mine, &seen, e);
    if (found_any) *found_any = seen;
    return rc;
}
