//! Ends its process in the way that the path names, or tries to: /segv, or with
//! /thread before it on a thread of its own, while the request waits. /wait never
//! answers.

use std::alloc::{alloc, dealloc, Layout};
use std::hint::black_box;
use std::ptr::null_mut;

use edge_gateway_sdk::{handler, info, Request, Response};

handler!(answer);

fn answer(request: &Request) -> Response {
    let path = String::from_utf8_lossy(request.path()).into_owned();
    let kind = path.rsplit('/').next().unwrap_or_default().to_owned();
    if kind == "wait" {
        info!(request, "it waits");
        loop {
            std::thread::park();
        }
    }
    if path.contains("/thread/") {
        let joined = std::thread::spawn(move || fault(&kind)).join();
        return Response::text(if joined.is_err() { "it panicked" } else { "alive" });
    }
    fault(&kind);
    Response::text("alive")
}

fn fault(kind: &str) {
    match kind {
        "segv" => fault_segv(),
        "fpe" => fault_fpe(),
        "ill" => fault_ill(),
        "abort" => fault_abort(),
        "stack" => drop(fault_stack(0)),
        "free" => fault_free(),
        "exit" => fault_exit(),
        "panic" => panic!("a secret of Rust"),
        "drop" => drop(Bomb),
        "payload" => std::panic::panic_any(Bomb),
        "resume" => std::panic::resume_unwind(Box::new("a secret of Rust")),
        "divide" => drop(black_box(1) / black_box(0)),
        "twice" => panic_twice(),
        "foreign" => panic_through_c(),
        _ => {}
    }
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a secret of Rust");
    }
}

#[no_mangle]
#[inline(never)]
fn panic_twice() {
    let _bomb = Bomb;
    panic!("the first");
}

/// A callback of C's, out of which no panic comes.
#[no_mangle]
extern "C" fn panic_through_c() {
    panic!("out of a callback");
}

#[no_mangle]
#[inline(never)]
fn fault_segv() {
    let nowhere = black_box(0x10 as *mut u32);
    unsafe { nowhere.write_volatile(1) };
}

#[cfg(target_arch = "x86_64")]
#[no_mangle]
#[inline(never)]
fn fault_fpe() {
    unsafe { std::arch::asm!("div {0:e}", in(reg) 0, inout("eax") 1 => _, inout("edx") 0 => _) };
}

#[cfg(not(target_arch = "x86_64"))]
fn fault_fpe() {
    fault_ill(); // a division by zero is none there
}

#[no_mangle]
#[inline(never)]
fn fault_ill() {
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::asm!("ud2")
    };
    #[cfg(target_arch = "aarch64")]
    unsafe {
        std::arch::asm!("udf #0")
    };
}

#[no_mangle]
#[inline(never)]
fn fault_abort() {
    std::process::abort();
}

#[no_mangle]
#[inline(never)]
fn fault_stack(n: u64) -> u64 {
    let room = black_box([n; 512]);
    if n == u64::MAX {
        return 0;
    }
    fault_stack(n + 1) + room[(n % 512) as usize]
}

#[no_mangle]
#[inline(never)]
fn fault_free() {
    let layout = Layout::new::<[u64; 3]>();
    unsafe {
        let memory = black_box(alloc(layout));
        assert_ne!(memory, null_mut());
        dealloc(memory, layout);
        dealloc(black_box(memory), layout);
    }
}

#[no_mangle]
#[inline(never)]
fn fault_exit() {
    std::process::exit(3);
}
