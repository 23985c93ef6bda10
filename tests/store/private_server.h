/* A test program that wants PostgreSQL runs itself again below a private server. */
#pragma once

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * With "postgres" as the program's argument and no JIANZAI_POSTGRES: does not return but by the
 * exit status in *ret_status (skipped, or the server does not start). Otherwise false, and the
 * tests run.
 */
static inline bool run_below_private_server(int argc, char **argv, int *ret_status)
{
    if (argc < 2 || strcmp(argv[1], "postgres") != 0 || getenv("JIANZAI_POSTGRES"))
        return false;
    glob_t found = { 0 };
    const bool installed = glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &found) == 0;
    globfree(&found);
    *ret_status = 0;
    if (!installed) {
        puts("1..0 # SKIP PostgreSQL is not installed");
        return true;
    }
    char place[64];
    snprintf(place, sizeof place, "/tmp/jz-pg-%ld", (long)getpid());
    execl(JZ_SOURCE_ROOT "/tools/private-postgres", "private-postgres", "run", place, argv[0],
          "postgres", (char *)NULL);
    perror("tools/private-postgres");
    *ret_status = 1;
    return true;
}
