/* Every fsync takes as many milliseconds longer as SLOW_FSYNC_MS says: an ordinary disk without a
   write cache. To be loaded before libc (LD_PRELOAD). */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int slowly(const char *name, int file)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *milliseconds = getenv("SLOW_FSYNC_MS");
    if (milliseconds != NULL)
        usleep((useconds_t)atoi(milliseconds) * 1000);
    return real(file);
}

int fsync(int file)
{
    return slowly("fsync", file);
}

int fdatasync(int file)
{
    return slowly("fdatasync", file);
}
