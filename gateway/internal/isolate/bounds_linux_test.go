package isolate_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// tryingInC tries what the query says, with the path, or number, that comes
// after it, and answers with the error's name.
const tryingInC = `#define _GNU_SOURCE
#include "edge_gateway_sdk.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
static void *nothing(void *unused) { return unused; }
static long try(const char *what, const char *at) {
  if (!strcmp(what, "read") || !strcmp(what, "write")) {
    int fd = open(at, !strcmp(what, "read") ? O_RDONLY : O_WRONLY);
    if (fd >= 0) close(fd);
    return fd;
  }
  if (!strcmp(what, "create")) { int fd = open(at, O_WRONLY | O_CREAT, 0600); if (fd >= 0) close(fd); return fd; }
  if (!strcmp(what, "mkdir")) return mkdir(at, 0700);
  if (!strcmp(what, "unlink")) return unlink(at);
  if (!strcmp(what, "exec")) { char *none[] = {(char *)at, 0}; return execv(at, none); }
  if (!strcmp(what, "fork")) { pid_t pid = fork(); if (!pid) _exit(0); if (pid > 0) waitpid(pid, 0, 0); return pid; }
  if (!strcmp(what, "vfork")) { pid_t pid = vfork(); if (!pid) _exit(0); if (pid > 0) waitpid(pid, 0, 0); return pid; }
  if (!strcmp(what, "spawn")) {
    char *args[] = {(char *)at, 0}; pid_t pid;
    int failed = posix_spawn(&pid, at, 0, 0, args, environ);
    if (failed) { errno = failed; return -1; }
    waitpid(pid, 0, 0); return 0;
  }
  if (!strcmp(what, "thread")) { pthread_t t; int failed = pthread_create(&t, 0, nothing, 0); if (failed) { errno = failed; return -1; } return pthread_join(t, 0); }
  if (!strcmp(what, "socket")) { int fd = socket(AF_INET, SOCK_STREAM, 0); if (fd >= 0) close(fd); return fd; }
  if (!strcmp(what, "kill")) return kill(atoi(at), 0);
  if (!strcmp(what, "raise")) { signal(SIGUSR1, SIG_IGN); return raise(SIGUSR1) ? -1 : pthread_kill(pthread_self(), SIGUSR1); }
  if (!strcmp(what, "rlimit")) { struct rlimit l; return getrlimit(RLIMIT_CPU, &l) ? -1 : setrlimit(RLIMIT_CPU, &l); }
  if (!strcmp(what, "prlimit")) { struct rlimit l = {RLIM_INFINITY, RLIM_INFINITY}; return prlimit(atoi(at), RLIMIT_CPU, &l, 0); }
  if (!strcmp(what, "affinity")) { cpu_set_t all; return sched_getaffinity(0, sizeof all, &all) ? -1 : sched_setaffinity(atoi(at), sizeof all, &all); }
  if (!strcmp(what, "scheduler")) { struct sched_param p = {0}; return sched_setscheduler(atoi(at), SCHED_OTHER, &p); }
  if (!strcmp(what, "param")) { struct sched_param p = {0}; return sched_setparam(atoi(at), &p); }
  if (!strcmp(what, "attr")) { unsigned attr[14] = {48}; return syscall(SYS_sched_setattr, atoi(at), attr, 0); }
  if (!strcmp(what, "nice")) return setpriority(PRIO_PROCESS, atoi(at), 0);
  if (!strcmp(what, "nice-group")) return setpriority(PRIO_PGRP, atoi(at), 0);
  if (!strcmp(what, "nice-user")) return setpriority(PRIO_USER, 0, 0);
  if (!strcmp(what, "ioprio")) return syscall(SYS_ioprio_set, 1, atoi(at), 0);
  if (!strcmp(what, "tkill")) return syscall(SYS_tkill, atoi(at), 0);
  if (!strcmp(what, "queue")) { union sigval v = {0}; return sigqueue(atoi(at), 0, v); }
  if (!strcmp(what, "pidfd")) { int fd = syscall(SYS_pidfd_open, atoi(at), 0); if (fd >= 0) close(fd); return fd; }
  if (!strcmp(what, "owner")) { int fd = dup(0), done = fcntl(fd, F_SETOWN, atoi(at)); close(fd); return done; }
  if (!strcmp(what, "tgkill")) return syscall(SYS_tgkill, getppid(), atoi(at), 0);
  if (!strcmp(what, "ptrace")) return ptrace(PTRACE_ATTACH, atoi(at), 0, 0);
  if (!strcmp(what, "mount")) return mount("x", at, "tmpfs", 0, 0);
  if (!strcmp(what, "unshare")) return unshare(CLONE_NEWUSER);
  if (!strcmp(what, "call")) return syscall(atoi(at), 0, 0, 0, 0, 0, 0);
  if (!strcmp(what, "files")) {
    int most = 0, fd;
    while ((fd = dup(0)) >= 0 && most < 100000) most = fd;
    int saved = errno;
    for (int n = 100; n <= most; n++) close(n);
    errno = saved;
    return fd;
  }
  errno = EDOM;
  return -1;
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  static __thread char text[4096];
  char query[2048] = {0};
  memcpy(query, request->query.ptr, request->query.len < 2047 ? request->query.len : 2047);
  char *at = strchr(query, '=');
  if (at) *at++ = 0; else at = "";
  if (!strcmp(query, "env")) {
    size_t n = 0;
    for (char **one = environ; *one && n + strlen(*one) + 2 < sizeof text; one++) n += (size_t)sprintf(text + n, "%s\n", *one);
  } else if (!strcmp(query, "link")) {
    ssize_t n = readlink(at, text, sizeof text - 1);
    if (n < 0) n = sprintf(text, "%s", strerrorname_np(errno));
    text[n] = 0;
  } else {
    errno = 0;
    snprintf(text, sizeof text, "%s", try(query, at) < 0 ? strerrorname_np(errno) : "OK");
  }
  return eg_answer(host, request, response, 200, "text/plain", eg_text(text));
}
EG_HANDLER("trying", "1.0");
EG_ENTRY(answer);
`

func TestAHandlerCanDoWhatItIsForAndLittleElse(t *testing.T) {
	library := build(t, tryingInC)
	open := isolated("open", library)
	open.Process.Open = true
	s := start(t, isolated("closed", library), open)
	outside := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(outside, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(s.dir, "secret")
	if err := os.WriteFile(secret, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	self := fmt.Sprint(os.Getpid())
	for _, test := range []struct{ try, closed, open string }{
		{"socket", "OK", "OK"},
		{"thread", "OK", "OK"},
		{"read=/etc/hostname", "OK", "OK"},
		{"read=/proc/self/status", "OK", "OK"},
		{"write=/dev/null", "OK", "OK"},
		{"read=" + secret, "EACCES", "OK"},
		{"read=" + s.dir + "/lock", "EACCES", "OK"},
		{"write=" + secret, "EACCES", "OK"},
		{"write=/etc/hostname", "EACCES", ""},
		{"create=" + outside + "-new", "EACCES", "OK"},
		{"create=/tmp/edge-gateway-new", "EACCES", ""},
		{"mkdir=" + outside + "-dir", "EACCES", "OK"},
		{"unlink=" + outside, "EACCES", ""},
		{"exec=/bin/true", "EPERM", ""},
		{"spawn=/bin/true", "EPERM", "OK"},
		{"fork", "EPERM", "OK"},
		{"vfork", "EPERM", "OK"},
		{"kill=" + self, "EPERM", "OK"},
		{"kill=0", "EPERM", ""},
		{"kill=-1", "EPERM", ""},
		{"raise", "OK", "OK"},
		{"rlimit", "OK", "OK"},
		{"prlimit=0", "OK", "OK"},
		{"prlimit=" + self, "EPERM", ""},
		{"affinity=0", "OK", "OK"},
		{"affinity=" + self, "EPERM", "OK"},
		{"scheduler=0", "OK", "OK"},
		{"scheduler=" + self, "EPERM", "OK"},
		{"param=0", "OK", "OK"},
		{"param=" + self, "EPERM", "OK"},
		{"attr=0", "OK", "OK"},
		{"attr=" + self, "EPERM", "OK"},
		{"nice=0", "OK", "OK"},
		{"nice=" + self, "EPERM", "OK"},
		{"nice-group=0", "EPERM", "OK"},
		{"nice-user", "EPERM", ""},
		{"ioprio=0", "OK", "OK"},
		{"ioprio=" + self, "EPERM", "OK"},
		{"tkill=" + self, "EPERM", "OK"},
		{"queue=" + self, "EPERM", "OK"},
		{"pidfd=" + self, "EPERM", "OK"},
		{"owner=" + self, "EPERM", "OK"},
		{"ptrace=" + self, "EPERM", ""},
		{"read=/proc/" + self + "/mem", "EACCES", ""},
		{"read=/proc/" + self + "/environ", "EACCES", ""},
		{"mount=/tmp", "EPERM", ""},
		{"unshare", "EPERM", ""},
		{fmt.Sprintf("call=%d", syscall.SYS_KEYCTL), "EPERM", ""},
		{fmt.Sprintf("call=%d", syscall.SYS_SHMGET), "EPERM", ""},
		{"files", "EMFILE", "EMFILE"},
	} {
		if test.closed != "" {
			if got := s.want("/closed?"+test.try, 200); got != test.closed {
				t.Errorf("%s: %s, want %s", test.try, got, test.closed)
			}
		}
		if test.open != "" {
			if got := s.want("/open?"+test.try, 200); got != test.open {
				t.Errorf("%s in one that is open: %s, want %s", test.try, got, test.open)
			}
		}
	}
	// Not one of the gateway's threads can be reached, although it has started them.
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		for _, try := range []string{"read=/proc/" + self + "/task/" + thread.Name() + "/mem", "tgkill=" + thread.Name()} {
			if got := s.want("/closed?"+try, 200); got == "OK" {
				t.Errorf("%s: %s", try, got)
			}
		}
	}
	for _, endpoint := range []string{"closed", "open"} {
		p := s.process(endpoint)
		t.Logf("%s:\n\t%s", endpoint, strings.Join(p.Bounds, "\n\t"))
		if p.Restarts != 0 {
			t.Errorf("%+v", p)
		}
	}
	wantBound(t, s.process("closed"), "system calls: none that", "files: written nowhere", "privileges: none", "descriptors: 256")
	wantBound(t, s.process("open"), "not bounded, by its settings", "descriptors: 256")
}

func wantBound(t *testing.T, p gateway.IsolationReport, parts ...string) {
	t.Helper()
	all := strings.Join(p.Bounds, "\n")
	for _, part := range parts {
		if !strings.Contains(all, part) {
			t.Errorf("%q is not among the bounds:\n%s", part, all)
		}
	}
}

// A process gets the standard descriptors, its connections with the gateway, and
// none of what libraries in the gateway, or the program, have open.
func TestNothingOfTheGatewayIsInherited(t *testing.T) {
	leak, err := syscall.Open(os.DevNull, syscall.O_RDONLY, 0) // as a library does that knows nothing of others
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(leak)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	t.Setenv("EDGE_GATEWAY_TOKEN", "secret")
	t.Setenv("FOR_HANDLERS", "told")
	e := isolated("trying", build(t, tryingInC))
	s := start(t, e)
	pid := s.process("trying").Pid
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, entry.Name()))
		all = append(all, entry.Name()+" "+target)
		switch {
		case strings.HasPrefix(target, "socket:"), strings.HasPrefix(target, "pipe:"), strings.HasPrefix(target, "/memfd:edge-gateway-"),
			strings.HasPrefix(target, "anon_inode:"), target == os.DevNull, strings.HasPrefix(target, s.dir+"/instances/"),
			strings.HasPrefix(target, "/sys/fs/cgroup/"): // what the runtime looks at
		default:
			if fd := entry.Name(); fd != "1" && fd != "2" {
				t.Errorf("descriptor %s is %s", fd, target)
			}
		}
	}
	t.Log(strings.Join(all, ", "))
	if len(entries) > 14 {
		t.Errorf("%d descriptors", len(entries))
	}
	env := s.want("/trying?env", 200)
	if strings.Contains(env, "EDGE_GATEWAY_") || !strings.Contains(env, "FOR_HANDLERS=told\n") {
		t.Error(env)
	}
	if in := s.want("/trying?link=/proc/self/fd/0", 200); in != os.DevNull {
		t.Errorf("standard input is %s", in)
	}
	if cwd := s.want("/trying?link=/proc/self/cwd", 200); cwd != s.dir+"/instances" {
		t.Errorf("it is in %s", cwd)
	}
	if group, err := syscall.Getpgid(pid); err != nil || group != pid {
		t.Errorf("its group is %d, %v", group, err)
	}
}
