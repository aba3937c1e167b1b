/*
 * Who writes into our standard input? A stage in a pipe commits only when the etl stages before it have ended well.
 *
 * Every stage notes in the ledger its pid (with its start time) and, when its standard output is a pipe, that pipe's
 * inode. A stage that reads a pipe finds the stages before it in three ways: by the inode of its own standard input
 * (the direct neighbour, whenever it started or ended); by walking /proc from the pipe to its writers and on through
 * theirs, which sees through foreign programs such as jq; and, where a foreign program was gone before we looked, by
 * the process group that a shell gives to the members of one pipe.
 */
#ifndef ETL_RUN_UPSTREAM_H
#define ETL_RUN_UPSTREAM_H

#include "pipeline/pipeline.h"
#include "store/ledger.h"

struct upstream {
    bool is_pipe;
    int64_t in_pipe;   /* inode of the pipe on standard input */
    int64_t pipes[64]; /* those further up, read by the processes found */
    size_t npipes;
    int pids[64];
    int64_t starts[64];
    bool is_etl[64]; /* runs our own program: when nothing comes, it must have a row in the ledger that says so */
    size_t n;
};
int64_t pipe_inode(int fd); /* 0 when it is no pipe */
/* Look who is there; call at the start, before reading. */
void upstream_look(struct upstream *u);
/* After the end of the input. ERR_INCOMPLETE when a stage before us failed, was killed, or wrote more than came.
 * any (may be NULL): an etl stage was found. */
int upstream_check(const struct upstream *u, struct ledger *l, const char *pipeline, enum stage mine, uint64_t bytes_in,
                   bool *any, struct err *e);

#endif
