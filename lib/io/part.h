/*
 * Partitions of the lake: one dataset's layer of one day.
 *
 *   HOME/lake/PIPELINE/LAYER/DATASET[/STEP]/dt=2026-01-15/part-00000.jsonl
 *                                                        /_SUCCESS
 *   _SUCCESS: {"rows":1972,"bytes":756950,"sha256":"9f..","xxh128":"c0..","files":["part-00000.jsonl"],
 *              "sound":true,                    (where it is; part_sound)
 *              "made_by":"etl 0.1.0 validate","from":[{"name":"raw/events","sha256":"9f.."}],
 *              "xxh128_of_this":"5b.."}          (the last: of all the text before it)
 *
 * A partition is made in a directory of its own beside its place (.dt=DAY.tmp-PID) and appears by one
 * rename, after all of it is on disk. Its bytes depend on input and definition alone: no time, no run id.
 * One without _SUCCESS is never read.
 */
#ifndef ETL_IO_PART_H
#define ETL_IO_PART_H

#include "base/day.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

/* step may be NULL. In the arena. */
char *part_dir(struct arena *a, const char *home, const char *pipeline, const char *layer, const char *dataset,
               const char *step, day_t day);

struct part_info {
    uint64_t rows, bytes;
    char sha256[65]; /* of the files' bytes, in order */
    char quick[65];  /* XXH3-128 of the same, for who reads them; "" in partitions of older versions */
    bool sound;      /* who wrote it looked: every line is a JSON object */
};

struct part_writer;
/* like (may be NULL): a partition whose very bytes will probably be written, most of the time. As long as they are what
 * it holds, nothing is written; in the end the new partition's file is a second name of the old one's (a hard link:
 * partitions are never changed in place, and taking one name away leaves the other). The first byte that differs ends
 * that: what came before is copied. Who says like has verified it, or will before he publishes; only who takes it
 * unread (part_same) leaves that to the next one. */
struct part_like {
    const char *dir;
    const struct part_info *info;
    bool rewrites; /* part_rewrite will probably be called: what is written before it need not be hashed */
};
int part_begin(struct part_writer **out, const char *dir, const struct part_like *like, struct err *e);
int part_write(struct part_writer *w, const void *p, size_t n, uint64_t rows, struct err *e);
/* All of like, which is not even read: false where it must be (nothing is done then). Before any write. */
bool part_same(struct part_writer *w);
/* For _SUCCESS: every line is a JSON object. */
void part_sound(struct part_writer *w);
/* Asked for each row written so far, in order: is it kept? line has no line break. */
typedef int part_keep_fn(void *ctx, uint64_t row, const char *line, size_t n, bool *keep, struct err *e);
/* Write the rows again without those that are not kept; for duplicates that only show at the end. */
int part_rewrite(struct part_writer *w, part_keep_fn *keep, void *ctx, struct err *e);
/* from_json: a JSON array telling what it was made from. Frees w, also on failure (nothing appears then). */
int part_publish(struct part_writer *w, const char *made_by, const char *from_json, struct part_info *info,
                 struct err *e);
void part_abort(struct part_writer *w); /* NULL is fine */

/* true when there is a complete partition; its _SUCCESS is in *info. A _SUCCESS that cannot be read or files
 * of another size than it says: ERR_CORRUPT, named. */
int part_read(const char *dir, struct part_info *info, bool *found, struct err *e);
/* Take a partition away, its _SUCCESS first, so that no moment shows half of it as whole. Absent is fine. */
int part_remove(const char *dir, struct err *e);
/* Is this the quick digest (of who has read all of it; base/hash.h) that _SUCCESS says? Ends and frees d. */
int part_verify_read(const char *dir, const struct part_info *info, struct digest *d, struct err *e);
/* Compare the files' quick digest, or all of them, with _SUCCESS (reads everything). */
int part_verify(const char *dir, bool all, struct err *e);
int part_files(const char *dir, struct arena *a, char ***paths, size_t *n, struct err *e);
/* Give a partition's bytes back: _SUCCESS becomes _PRUNED (the same text), then its files are removed. It is no
 * partition any more, but it is known what it was: whoever asks whether a day was done need not do it again. */
int part_prune(const char *dir, struct err *e);
int part_pruned(const char *dir, struct part_info *info, bool *pruned, struct err *e);
/* Remove what killed runs left beside the partitions of one dataset directory. Call under the run's lock. */
int part_sweep(const char *dataset_dir, struct err *e);

#endif
