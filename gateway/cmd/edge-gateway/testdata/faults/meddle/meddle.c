/* Changes what a process has only one of, by path, and tells what there is: in
 * /ask/... */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "edge_gateway_sdk.h"

enum { most = 1 << 16 };

static int is_listener(int fd) {
  int yes = 0;
  socklen_t size = sizeof yes;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size) == 0 && yes;
}

static int is_client(int fd) {
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  return getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.ss_family != AF_UNIX;
}

static int is_control(int fd) {
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  return getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.ss_family == AF_UNIX;
}

static int is_poller(int fd) {
  char name[32], what[64] = {0};
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  return readlink(name, what, sizeof what - 1) > 0 && strstr(what, "[eventpoll]") != NULL;
}

static int is_any(int fd) { return fd > 2; }

static int is_output(int fd) { return fd == 1 || fd == 2; }

static void close_those(int (*that)(int)) {
  for (int fd = 0; fd < most; fd++)
    if (that(fd)) close(fd);
}

static void write_where_nobody_reads(void) {
  int ends[2];
  if (pipe(ends) != 0) abort();
  close(ends[0]);
  if (write(ends[1], "x", 1) != -1 || errno != EPIPE) abort();
  close(ends[1]);
  if (write(ends[1], "x", 1) != -1 || errno != EBADF) abort();
}

static void set_signals(void (*to)(int), const int *which) {
  for (; *which; which++) signal(*which, to);
}

static void block_signals(void) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static void remove_cwd(void) {
  char dir[] = "/tmp/edge-gateway-meddle-XXXXXX";
  if (mkdtemp(dir) == NULL ? chdir("/proc") != 0 : chdir(dir) != 0 || rmdir(dir) != 0) abort();
}

static void meddle(const char *what) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, 0}, others[] = {SIGURG, SIGPROF, SIGCHLD, SIGUSR1, SIGTERM, SIGHUP, 0},
                   broken_pipe[] = {SIGPIPE, 0};
  if (!strcmp(what, "write")) write_where_nobody_reads();
  if (!strcmp(what, "close-listener")) close_those(is_listener);
  if (!strcmp(what, "close-client")) close_those(is_client);
  if (!strcmp(what, "close-control")) close_those(is_control);
  if (!strcmp(what, "close-poller")) close_those(is_poller);
  if (!strcmp(what, "close-output")) close_those(is_output);
  if (!strcmp(what, "close-all")) close_those(is_any);
  if (!strcmp(what, "signals-default")) set_signals(SIG_DFL, faults);
  if (!strcmp(what, "signals-ignored")) set_signals(SIG_IGN, others);
  if (!strcmp(what, "signals-pipe")) set_signals(SIG_DFL, broken_pipe);
  if (!strcmp(what, "signals-blocked")) block_signals();
  if (!strcmp(what, "alarm")) {
    const struct itimerval soon = {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    setitimer(ITIMER_PROF, &soon, NULL);
  }
  if (!strcmp(what, "cwd")) remove_cwd();
  if (!strcmp(what, "umask-none")) umask(0777);
  if (!strcmp(what, "umask-all")) umask(0);
  if (!strcmp(what, "environment")) {
    clearenv();
    setenv("PATH", "/nowhere", 1);
    setenv("TZ", "nowhere", 1);
    setenv("HOME", "/nowhere", 1);
  }
  if (!strcmp(what, "locale") && setlocale(LC_ALL, "C.UTF-8") == NULL) abort();
  if (!strcmp(what, "rounding")) fesetround(FE_UPWARD);
  if (!strcmp(what, "traps")) feenableexcept(FE_DIVBYZERO | FE_INVALID | FE_INEXACT | FE_OVERFLOW | FE_UNDERFLOW);
  if (!strcmp(what, "segv")) *(volatile int *)8 = 1;
}

static int32_t entry(const eg_host *host, const eg_request *request, eg_response *response) {
  char path[64] = {0};
  memcpy(path, request->path.ptr, request->path.len < 63 ? request->path.len : 63);
  const char *what = strrchr(path, '/') + 1;
  if (strstr(path, "/ask/") == NULL) {
    meddle(what);
    return eg_answer(host, request, response, 200, "text/plain", eg_text("done"));
  }
  char dir[256];
  const char *answer = "";
  if (!strcmp(what, "cwd")) answer = getcwd(dir, sizeof dir) == NULL ? "none" : dir;
  if (!strcmp(what, "environment")) answer = getenv("PATH");
  if (!strcmp(what, "locale")) answer = setlocale(LC_ALL, NULL);
  if (!strcmp(what, "rounding")) answer = fegetround() == FE_TONEAREST ? "nearest" : "upward";
  return eg_answer(host, request, response, 200, "text/plain", eg_copy(host, request, eg_view(answer, strlen(answer))));
}

EG_HANDLER("meddle", "1.0");
EG_ENTRY(entry);
