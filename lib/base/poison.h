/*
 * Calls that have no safe use here are made uncompilable. Included by every
 * header of the house through err.h or mem.h, after the system headers whose
 * own declarations name them.
 */
#ifndef ETL_BASE_POISON_H
#define ETL_BASE_POISON_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets atoi atol atoll atof strncpy strncat
#pragma GCC poison tmpnam mktemp scanf sscanf fscanf rand srand localtime gmtime ctime asctime

#endif
