package toolchain_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

// hostile is a crate with a build script: Rust that is run at build time.
func hostile(t *testing.T, script string) string {
	t.Helper()
	need(t, programs[toolchain.Rust]...)
	return project(t,
		"Cargo.toml", "[package]\nname = \"hostile\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"cdylib\"]\n",
		"src/lib.rs", "#[no_mangle]\npub extern \"C\" fn handler_entry() -> i32 { 0 }\n",
		"build.rs", `#![allow(unused)]
use std::{env, fs, io::{Read, Write}, net, os::unix::net::UnixStream, path::Path, process::{Command, Stdio}, thread, time::Duration};
extern "C" { fn setsid() -> i32; fn fork() -> i32; fn kill(pid: i32, signal: i32) -> i32; fn close(fd: i32) -> i32; fn _exit(code: i32) -> !; fn prctl(option: i32, ...) -> i32; }
fn tell<T, E: std::fmt::Display>(what: &str, result: Result<T, E>) {
    match result { Ok(_) => eprintln!("{what} done"), Err(e) => eprintln!("{what} refused: {e}") }
}
fn forever() -> ! { loop { thread::sleep(Duration::from_secs(1)) } }
`+script)
}

// limited gives limits that a test reaches soon, and rustc does not.
func limited(config toolchain.Config) toolchain.Config {
	config.Offline = true
	for _, limit := range []struct{ value *int64 }{{&config.Limits.Memory}, {&config.Limits.Disk}} {
		if *limit.value == 0 {
			*limit.value = 1 << 30
		}
	}
	return config
}

func buildConfined(t *testing.T, config toolchain.Config, dir string) (*toolchain.Library, error) {
	t.Helper()
	return newToolchain(t, limited(config)).BuildRequest(t.Context(), toolchain.Request{Dir: dir, Confined: true})
}

// isolated skips what depends on a mechanism that this machine does not have.
func isolated(t *testing.T, by []string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !slices.Contains(by, word) {
			lack(t, fmt.Sprintf("no %s on this machine, only %v", word, by))
		}
	}
}

func TestBuildScriptReachesNothingOfTheGateway(t *testing.T) {
	data := t.TempDir()
	secret := filepath.Join(data, "secret.key")
	write(t, secret, "the secret key")
	write(t, filepath.Join(data, "services/orders.db"), "orders")
	outside := t.TempDir()
	write(t, filepath.Join(outside, "notes"), "a user's notes")
	home := t.TempDir()
	write(t, filepath.Join(home, ".ssh/id"), "a user's key")
	cargoHome := t.TempDir()
	write(t, filepath.Join(cargoHome, "credentials.toml"), "a token")
	write(t, filepath.Join(cargoHome, "registry/index"), "an index")
	socket, err := net.Listen("unix", filepath.Join(data, "admin.sock"))
	must(t, err)
	defer socket.Close()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer tcp.Close()
	rustup := os.Getenv("RUSTUP_HOME")
	if rustup == "" {
		rustup = filepath.Join(os.Getenv("HOME"), ".rustup")
	}
	t.Setenv("RUSTUP_HOME", rustup)
	t.Setenv("HOME", home)
	t.Setenv("EDGE_GATEWAY_TOKEN", "a token")

	dir := hostile(t, fmt.Sprintf(`fn main() {
    let (data, outside, home, cargo, tcp, gateway) = (%q, %q, %q, %q, %q, %d);
    let at = |dir: &str, name: &str| Path::new(dir).join(name);
    tell("read secret", fs::read(at(data, "secret.key")));
    tell("read service", fs::read(at(data, "services/orders.db")));
    tell("read notes", fs::read(at(outside, "notes")));
    tell("read key", fs::read(at(home, ".ssh/id")));
    tell("read credentials", fs::read(at(cargo, "credentials.toml")));
    tell("read environment", fs::read(format!("/proc/{gateway}/environ")));
    tell("read memory", fs::File::open(format!("/proc/{gateway}/mem")));
    tell("read shadow", fs::read("/etc/shadow"));
    tell("write secret", fs::write(at(data, "secret.key"), "mine"));
    tell("write data", fs::write(at(data, "new"), "mine"));
    tell("write outside", fs::write(at(outside, "new"), "mine"));
    tell("write home", fs::write(at(home, ".profile"), "mine"));
    tell("write registry", fs::write(at(cargo, "registry/index"), "mine"));
    tell("write tmp", fs::write("/tmp/edge-gateway-hostile", "mine"));
    tell("write source", fs::write(at(&env::var("EDGE_TEST_DIR").unwrap_or(%q.into()), "src/lib.rs"), "mine"));
    tell("connect socket", UnixStream::connect(at(data, "admin.sock")));
    tell("connect tcp", net::TcpStream::connect(tcp));
    tell("signal gateway", if unsafe { kill(gateway, 0) } == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) });
    tell("write own", fs::write(at(&env::var("OUT_DIR").unwrap(), "own"), "mine"));
    tell("write temp", fs::write(env::temp_dir().join("own"), "mine"));
    for (name, value) in env::vars() { eprintln!("variable {name}={value}"); }
    std::process::exit(1) // or cargo keeps all of it to itself
}`, data, outside, home, cargoHome, tcp.Addr(), os.Getpid(), "/nowhere"))
	text, err := os.ReadFile(filepath.Join(dir, "build.rs"))
	must(t, err)
	write(t, filepath.Join(dir, "build.rs"), strings.Replace(string(text), "/nowhere", dir, 1))

	config := toolchain.Config{CacheDir: filepath.Join(data, "build"), Exclude: []string{data}, CargoHome: cargoHome}
	_, err = buildConfined(t, config, dir)
	var failed *toolchain.BuildError
	if !errors.As(err, &failed) {
		t.Fatalf("error %v", err)
	}
	isolated(t, failed.Isolation, "landlock", "namespaces")
	for _, refused := range strings.Split("read secret,read service,read notes,read key,read credentials,"+
		"read environment,read memory,read shadow,write secret,write data,write outside,write home,write registry,"+
		"write tmp,write source,connect socket,connect tcp,signal gateway", ",") {
		contains(t, failed.Output, refused+" refused")
	}
	contains(t, failed.Output, "write own done", "write temp done", "variable PATH=", "variable HOME="+home)
	for _, unwanted := range []string{"EDGE_GATEWAY_", "a token"} {
		if strings.Contains(failed.Output, unwanted) {
			t.Errorf("the build script sees %q: %s", unwanted, failed.Output)
		}
	}
	if got, _ := os.ReadFile(secret); string(got) != "the secret key" {
		t.Errorf("the secret is %q", got)
	}
}

// A build script that wants too much is ended, whichever way it goes about it,
// and the error says what it wanted too much of.
func TestBuildPastALimitIsEnded(t *testing.T) {
	small := int64(600 << 20)
	for _, test := range []struct {
		name   string
		limits toolchain.Limits
		limit  string
		script string
	}{
		{"memory", toolchain.Limits{Memory: small}, "Memory",
			`fn main() { let mut all = vec![]; loop { all.push(vec![1u8; 16 << 20]); thread::sleep(Duration::from_millis(2)); } }`},
		{"memory of many", toolchain.Limits{Memory: small}, "Memory",
			`fn main() { for _ in 0..20 { if unsafe { fork() } == 0 { let all = vec![1u8; 60 << 20]; forever() } } forever() }`},
		{"a file", toolchain.Limits{Disk: small}, "Disk",
			`fn main() { let mut f = fs::File::create(Path::new(&env::var("OUT_DIR").unwrap()).join("f")).unwrap(); let b = vec![1u8; 1 << 20]; loop { if f.write_all(&b).is_err() { forever() } } }`},
		{"a file without a name", toolchain.Limits{Disk: small}, "Disk",
			`fn main() { let p = env::temp_dir().join("f"); let mut f = fs::File::create(&p).unwrap(); fs::remove_file(&p).unwrap(); let b = vec![1u8; 1 << 20]; loop { if f.write_all(&b).is_err() { forever() } } }`},
		{"processes", toolchain.Limits{Processes: 60}, "Processes",
			`fn main() { for _ in 0..100 { if unsafe { fork() } == 0 { unsafe { setsid() }; forever() } } forever() }`},
		{"a fork bomb", toolchain.Limits{Processes: 60}, "Processes",
			`fn main() { loop { if unsafe { fork() } < 0 { thread::sleep(Duration::from_millis(1)) } } }`},
		{"processor time", toolchain.Limits{CPU: 2 * time.Second}, "CPU",
			`fn main() { for _ in 0..3 { thread::spawn(|| loop {}); } loop {} }`},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := hostile(t, test.script)
			start := time.Now()
			cache := t.TempDir()
			_, err := buildConfined(t, toolchain.Config{CacheDir: cache, Limits: test.limits}, dir)
			var limit *toolchain.LimitError
			var failed *toolchain.BuildError
			if !errors.As(err, &failed) || !errors.As(err, &limit) || !errors.Is(err, toolchain.ErrLimit) {
				t.Fatalf("error %v", err)
			}
			if limit.Limit != test.limit || len(failed.Isolation) == 0 {
				t.Errorf("limit %s, isolation %v", limit.Limit, failed.Isolation)
			}
			contains(t, err.Error(), dir, limit.Used, limit.Allowed, "Limits."+test.limit)
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			nothingLeft(t, cache)
		})
	}
}

// nothingLeft waits until no program runs that a build in this cache made.
func nothingLeft(t *testing.T, cache string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		left := madeIn(cache)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			end(left)
			t.Fatalf("still running: %v", left)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func madeIn(cache string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		program, err := os.Readlink(filepath.Join("/proc", entry.Name(), "exe"))
		if pid, notPID := strconv.Atoi(entry.Name()); notPID == nil && err == nil && strings.HasPrefix(program, cache) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func end(pids []int) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

func TestBuildThatPrintsForEverIsCutAndEnds(t *testing.T) {
	dir := hostile(t, `fn main() { loop { println!("cargo:warning=and on and on and on"); } }`)
	cache := t.TempDir()
	_, err := buildConfined(t, toolchain.Config{CacheDir: cache, Timeout: 4 * time.Second, OutputLimit: 4096}, dir)
	// Cargo keeps what a build script prints in its own memory: either ends it.
	if !errors.Is(err, toolchain.ErrTimeout) && !errors.Is(err, toolchain.ErrLimit) {
		t.Fatalf("error %v", err)
	}
	var failed *toolchain.BuildError
	if !errors.As(err, &failed) || len(failed.Output) > 5000 {
		t.Errorf("output has %d bytes", len(failed.Output))
	}
	nothingLeft(t, cache)
}

// What a build script leaves behind ends with the build, also as an orphan in a
// session of its own. It closes its output, or cargo would wait for it.
func TestDaemonOfABuildEndsWithIt(t *testing.T) {
	dir := hostile(t, `fn main() { unsafe {
    if fork() == 0 { setsid(); for fd in 0..100 { close(fd); } if fork() == 0 { setsid(); forever() } _exit(0) }
} }`)
	for _, confined := range []bool{false, true} {
		cache := t.TempDir()
		tc := newToolchain(t, toolchain.Config{CacheDir: cache, Offline: true})
		_, err := tc.BuildRequest(t.Context(), toolchain.Request{Dir: dir, Confined: confined})
		must(t, err)
		if confined {
			nothingLeft(t, cache)
		} else if left := madeIn(cache); len(left) != 1 { // or this test would see nothing
			t.Errorf("an unconfined build left %v", left)
		} else {
			end(left)
		}
	}
}
