/*
 * The built-in source of the pothole domain: a day of trips along a road's segments, where no sensor data is at hand.
 *
 *   {"trip_id":"T20260115-000017","vin":"KMHE0000000000042","device_type":"B","start_time":1768440012300,
 *    "end_time":1768440057200,"records":[{"ts":1768440012300,"acc":[0.0213,-0.0482,9.8241],"gyr":[0.121,-0.803,0.094],
 *    "spd":12.41,"gps":{"lng":127.583861,"lat":34.774059,"hdop":1.2,"sat":9}},...]}          (one line, ended by \n)
 *
 * or, flat, a line for each reading:
 *
 *   {"timestamp":1768440012300,"trip_id":"T20260115-000017","vehicle_id":"KMHE0000000000042","accel_x":0.0213,...,
 *    "gyro_x":0.121,...,"velocity":12.41,"lon":127.583861,"lat":34.774059,"hdop":1.2,"satellites":9}
 *
 * A trip has 400 to 500 readings, ten a second, and begins at any time of the pipeline's day. It follows the segments
 * in the order of the table from a random one on; the next row of the table that does not begin where the last one
 * ended is another road. Speed: accelerating, cruising, slowing, standing, and again. Two kinds of device: B is three
 * times as noisy as A. Gravity 9.81 on z. A segment that is entered has a hole with a chance of 5 % on the average: 42
 * % where the road is bad (one segment in ten, the same ones every day of a seed), 0.9 % elsewhere; the impact decays
 * over 4 or 5 readings. One reading in 2,000 is a spike. hdop 0.8 to 3.0, satellites 6 to 12.
 *
 * The same (seed, day, zone, trips, segments, flat) give the same bytes on every machine: whole numbers throughout.
 * One generator belongs to one thread.
 */
#ifndef ETL_COLLECT_TRIPS_H
#define ETL_COLLECT_TRIPS_H

#include "base/day.h"
#include "base/err.h"
#include "base/mem.h"

#define TRIPS_MAX 10000000u

struct trips_segment { /* millionths of a degree */
    int32_t lon1, lat1, lon2, lat2;
};
struct trips_cfg {
    uint64_t seed;
    day_t day;
    const struct zone *zone;
    uint32_t trips;
    bool flat;
    const struct trips_segment *segments; /* must outlive the generator */
    size_t nsegments;
};
struct trips;
/* ERR_CONFIG for what cannot be used. */
int trips_open(struct trips **out, const struct trips_cfg *cfg, struct err *e);
/* Append whole trips to out until this call has added want_bytes or more, or the day ends; *rows gets the lines. */
void trips_next(struct trips *g, struct buf *out, size_t want_bytes, uint64_t *rows, bool *more);
void trips_close(struct trips *g); /* NULL is fine */

#endif
