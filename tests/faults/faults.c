/* Lets the n-th call on chosen files fail, or kills the process there, and sets the clock.

   Preloaded into a process (LD_PRELOAD), it follows a plan: a file named by $FAULTS, which the test
   maps too, and so may change while the process runs. inject.py has the same fields. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPEN = 1, WRITE = 2, SYNC = 4, TRUNCATE = 8, LINK = 16, UNLINK = 32, SEND = 64 };
enum { NOTHING, HALF, ALL };

static struct plan {
    int64_t calls;        /* which calls are counted: a sum of the kinds above */
    int64_t first, last;  /* those that are struck, counted from 1 */
    int64_t error;        /* what a call that is struck fails with; 0: the process is killed there */
    int64_t done;         /* how much of the call is done before that; half is for writes */
    int64_t seen, struck; /* how many calls there were, and how many of them were struck */
    int64_t clock;        /* how many seconds the clock is ahead of the true one */
    char path[1024];      /* a pattern for the paths of the files */
} *plan;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("FAULTS");
    int fd = name ? REAL(open)(name, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    plan = map == MAP_FAILED ? NULL : map;
    close(fd);
}

static int strikes(int call, const char *path)
{
    if (!plan || !(plan->calls & call) || fnmatch(plan->path, path, 0))
        return 0;
    int64_t n = __atomic_add_fetch(&plan->seen, 1, __ATOMIC_SEQ_CST);
    if (n < plan->first || n > plan->last)
        return 0;
    __atomic_add_fetch(&plan->struck, 1, __ATOMIC_SEQ_CST);
    return 1;
}

static int strikes_file(int call, int fd)
{
    char link[32], path[4096];
    if (!plan || !(plan->calls & call))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    return strikes(call, path);
}

/* What wakes the threads of the process itself is sent through sockets too. */
static int strikes_client(int fd)
{
    int domain = AF_UNIX;
    socklen_t size = sizeof domain;
    if (!plan || !(plan->calls & SEND))
        return 0;
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    return domain != AF_UNIX && strikes(SEND, "client");
}

static int fail(void)
{
    if (!plan->error)
        kill(getpid(), SIGKILL);
    errno = plan->error;
    return -1;
}

/* What is done of a call, and what it returns. */
#define DO(struck, call) \
    int struck_ = (struck); \
    if (struck_ && plan->done == NOTHING) \
        return fail(); \
    __typeof__(call) result = (call); \
    return struck_ ? fail() : result
#define PART(size) (struck_ && plan->done == HALF ? (size) / 2 : (size))

#define WRAP_OPEN(name) \
    int name(const char *path, int flags, ...) \
    { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        DO(strikes(OPEN, path), REAL(name)(path, flags, mode)); \
    }
WRAP_OPEN(open)
WRAP_OPEN(open64)

ssize_t write(int fd, const void *bytes, size_t size)
{
    DO(strikes_file(WRITE, fd) || strikes_client(fd), REAL(write)(fd, bytes, PART(size)));
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    DO(strikes_file(WRITE, fd), REAL(pwrite64)(fd, bytes, PART(size), at));
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    DO(strikes_client(fd), REAL(writev)(fd, parts, count));
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    DO(strikes_client(fd), REAL(send)(fd, bytes, PART(size), flags));
}

/* The system goes on where a process is killed: then a true sync makes no difference but in time. */
int fsync(int fd) { DO(strikes_file(SYNC, fd), plan ? 0 : REAL(fsync)(fd)); }

int fdatasync(int fd) { DO(strikes_file(SYNC, fd), plan ? 0 : REAL(fdatasync)(fd)); }

int ftruncate64(int fd, off64_t size) { DO(strikes_file(TRUNCATE, fd), REAL(ftruncate64)(fd, size)); }

int link(const char *from, const char *to) { DO(strikes(LINK, to), REAL(link)(from, to)); }

int rename(const char *from, const char *to) { DO(strikes(LINK, to), REAL(rename)(from, to)); }

int unlink(const char *path) { DO(strikes(UNLINK, path), REAL(unlink)(path)); }

int clock_gettime(clockid_t id, struct timespec *now)
{
    int result = REAL(clock_gettime)(id, now);
    if (plan && id == CLOCK_REALTIME)
        now->tv_sec += plan->clock;
    return result;
}

int gettimeofday(struct timeval *now, void *zone)
{
    int result = REAL(gettimeofday)(now, zone);
    if (plan)
        now->tv_sec += plan->clock;
    return result;
}
