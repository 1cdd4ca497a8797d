package toolchain

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/toolchain/confine"
)

// Limits bound a confined build; see [confine.Limits].
type Limits = confine.Limits

// LimitError tells which limit ended a confined build. It matches [ErrLimit].
type LimitError = confine.LimitError

// ErrLimit tells that a confined build used more than it may.
var ErrLimit = confine.ErrLimit

// withDefaults are limits that let the compilers work.
func withDefaults(l Limits) Limits {
	if l.CPU <= 0 {
		l.CPU = 10 * time.Minute
	}
	if l.Memory <= 0 {
		l.Memory = 2 << 30
	}
	if l.Disk <= 0 {
		l.Disk = 2 << 30
	}
	if l.Processes <= 0 {
		l.Processes = 256
	}
	return l
}

// access is what a command needs beyond what every compiler does.
type access struct {
	read, write []string
	network     bool
}

// What compilers of any language read: the system, without what it knows of
// users and services.
var (
	systemRead = strings.Fields(`
		/usr /bin /sbin /lib /lib32 /lib64 /libx32 /opt /nix /gnu /run/current-system /home/linuxbrew
		/etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d /etc/ld-musl-x86_64.path /etc/ld-musl-aarch64.path
		/etc/alternatives /etc/ssl /etc/pki /etc/ca-certificates /etc/crypto-policies /etc/static
		/etc/resolv.conf /etc/hosts /etc/host.conf /etc/nsswitch.conf /etc/gai.conf /etc/services /etc/protocols
		/run/systemd/resolve /run/resolvconf /etc/passwd /etc/group /etc/localtime /etc/os-release /etc/gitconfig
		/proc /sys/fs/cgroup /sys/devices/system/cpu /sys/kernel/mm/transparent_hugepage
		/dev/random /dev/urandom`)
	systemWrite = strings.Fields(`/dev/null /dev/zero /dev/full`)
	// Lists of paths in the environment that compilers are given.
	pathVariables = strings.Fields(`
		PATH LD_LIBRARY_PATH CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH LIBRARY_PATH PKG_CONFIG_PATH GOROOT
		SSL_CERT_FILE SSL_CERT_DIR NIX_SSL_CERT_FILE CURL_CA_BUNDLE CARGO_HTTP_CAINFO GIT_SSL_CAINFO`)
)

// policy is what a confined command may reach.
func (j *job) policy(program string, need access) confine.Policy {
	hidden := outermost(realPaths(j.config.Exclude))
	read := slices.Concat(systemRead, j.config.Readable)
	for _, name := range pathVariables {
		read = append(read, filepath.SplitList(os.Getenv(name))...)
	}
	read = append(read, prefix(program)...)
	for _, name := range []string{"cc", "gcc", "clang"} { // that other compilers link with
		if path, err := exec.LookPath(name); err == nil {
			read = append(read, prefix(path)...)
		}
	}
	var around []string
	for _, path := range realPaths(read) {
		around = append(around, leaveOut(path, hidden)...)
	}
	own := realPaths(append([]string{j.dir, j.sdk}, need.read...))
	write := realPaths(slices.Concat(systemWrite, []string{j.temp}, need.write))
	return confine.Policy{
		Read: unique(append(around, own...)), Write: unique(write),
		Hide: hidden, Network: need.network,
		Measure: j.measure, Limits: j.config.Limits,
	}
}

// prefix is the folder that a program's own files lie in: .../x of .../x/bin.
// A home folder is none.
func prefix(program string) []string {
	real, err := filepath.EvalSymlinks(program)
	if err != nil || filepath.Base(filepath.Dir(real)) != "bin" {
		return nil
	}
	dir := filepath.Dir(filepath.Dir(real))
	home, _ := os.UserHomeDir()
	if dir == "/" || within(home, dir) || dir == cargoHome("") {
		return nil
	}
	return []string{dir}
}

// leaveOut gives the paths that together are all of path but what is hidden: a
// rule for a folder counts for all within.
func leaveOut(path string, hidden []string) []string {
	if slices.ContainsFunc(hidden, func(h string) bool { return within(path, h) }) {
		return nil
	}
	if !slices.ContainsFunc(hidden, func(h string) bool { return within(h, path) }) {
		return []string{path}
	}
	entries, _ := os.ReadDir(path)
	var paths []string
	for _, entry := range entries {
		paths = append(paths, leaveOut(filepath.Join(path, entry.Name()), hidden)...)
	}
	return paths
}

// within tells whether path is dir or lies in it.
func within(path, dir string) bool {
	relative, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(relative)
}

// realPaths resolves links and leaves out what is not there.
func realPaths(paths []string) []string {
	var real []string
	for _, path := range paths {
		if !filepath.IsAbs(path) {
			continue
		}
		if path, err := filepath.EvalSymlinks(path); err == nil && path != "/" {
			real = append(real, path)
		}
	}
	return real
}

// outermost leaves out what lies in another of the folders.
func outermost(dirs []string) []string {
	dirs = unique(dirs)
	return slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool {
		return slices.ContainsFunc(dirs, func(other string) bool { return other != dir && within(dir, other) })
	})
}

func unique(paths []string) []string {
	slices.Sort(paths)
	return slices.Compact(paths)
}

// confinedEnv is what a confined command gets beside the scrubbed environment.
func (j *job) confinedEnv() []string {
	if runtime.GOOS == "windows" {
		return []string{"TMP=" + j.temp, "TEMP=" + j.temp}
	}
	return []string{"TMPDIR=" + j.temp}
}
