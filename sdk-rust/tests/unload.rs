//! A library that opts in is really unmapped by dlclose, panics included.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

mod driver;

use std::ffi::{c_char, c_int, c_void, CStr, CString};
use std::path::{Path, PathBuf};
use std::process::Command;

use driver::{Call, Host};
use edge_gateway_sdk::abi::*;

#[link(name = "dl")]
extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlclose(library: *mut c_void) -> c_int;
}

const RTLD_NOW: c_int = 2;

/// Compiles tests/unload as the toolchain would, without a network.
fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unload");
    let patch = format!("patch.crates-io.edge-gateway-sdk.path={root:?}");
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--offline",
            "--locked",
            "--config",
            &patch,
        ])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(root.join("tests/unload"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    target.join("release/libunload.so")
}

fn is_mapped(path: &Path) -> bool {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.contains(path.to_str().unwrap())
}

/// Loads a copy, makes the requests, ends and closes it. Says whether it is
/// gone.
fn leaves(library: &Path, copy: &str, paths: &[&'static str]) -> bool {
    let file = library.with_file_name(copy);
    std::fs::copy(library, &file).unwrap();
    let name = CString::new(file.to_str().unwrap()).unwrap();
    unsafe {
        let handle = dlopen(name.as_ptr(), RTLD_NOW);
        assert!(!handle.is_null());
        let symbol = |name: &CStr| {
            let address = dlsym(handle, name.as_ptr());
            assert!(!address.is_null(), "{name:?}");
            address
        };
        type Start = unsafe extern "C" fn(*const eg_host, *const eg_init, *mut *mut c_void) -> i32;
        type Entry =
            unsafe extern "C" fn(*const eg_host, *const eg_request, *mut eg_response) -> i32;
        type Stop = unsafe extern "C" fn(*const eg_host, *mut c_void);
        let start: Start = std::mem::transmute(symbol(c"handler_init"));
        let entry: Entry = std::mem::transmute(symbol(c"handler_entry"));
        let stop: Stop = std::mem::transmute(symbol(c"handler_shutdown"));

        let host = Host::new();
        let mut this = std::ptr::null_mut();
        let status = start(host.raw(), host.init_memory(0), &mut this);
        assert_eq!(status, EG_OK);
        for path in paths {
            let call = Call {
                here: true, // this thread goes on, as the gateway's do
                ..Call::get(path)
            };
            let outcome = call.run(&host, this, &|host, request, response| {
                entry(host, request, response)
            });
            let want = match *path {
                "/panic" | "/error" => EG_E_INTERNAL,
                "/defer" => EG_PENDING,
                _ => EG_OK,
            };
            assert_eq!(outcome.returned, want, "{path}: {outcome:?}");
        }
        stop(host.raw(), this);
        assert!(is_mapped(&file));
        assert_eq!(dlclose(handle), 0);
    }
    let gone = !is_mapped(&file);
    std::fs::remove_file(file).unwrap();
    gone
}

#[test]
fn a_library_that_opts_in_is_unmapped() {
    let library = build();
    let all = ["/", "/panic", "/error", "/defer", "/panic", "/"];
    for round in 0..5 {
        assert!(leaves(&library, &format!("clean-{round}.so"), &all));
    }
    // The check sees a library that stays.
    assert!(!leaves(&library, "pinned.so", &["/pin"]));
}
