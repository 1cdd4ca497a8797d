//! The Rust mirror against the header, by a C compiler.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use edge_gateway_sdk::abi::*;

/// Static assertions in C with the numbers of Rust.
macro_rules! assertions {
    ($c:ident; $($type:ident { $($field:ident)* })*) => {$(
        let name = stringify!($type);
        writeln!($c, "S(sizeof({name}) == {});", size_of::<$type>()).unwrap();
        $(
            let field = stringify!($field).trim_end_matches('_');
            let offset = std::mem::offset_of!($type, $field);
            writeln!($c, "S(offsetof({name}, {field}) == {offset});").unwrap();
        )*
    )*};
}

macro_rules! constants {
    ($c:ident; $($name:ident)*) => {$(
        writeln!($c, "S({} == {});", stringify!($name), $name).unwrap();
    )*};
}

#[test]
fn structs_and_constants_are_those_of_the_header() {
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("../abi/edge_gateway.h");
    let mut c = format!("#include {header:?}\n#include <stddef.h>\n");
    c.push_str("#define S(what) _Static_assert(what, #what)\n");
    assertions! { c;
        eg_bytes { ptr len }
        eg_field { name value }
        eg_arena { struct_size reserved next end }
        eg_request {
            struct_size body_kind self_ token received deadline method scheme host path
            query peer request_id headers header_count params param_count body arena
        }
        eg_op { service code status args result }
        eg_service { struct_size reserved }
        eg_timer_sleep { struct_size reserved duration }
        eg_response {
            struct_size status headers header_count body message release release_context
            ops op_count resume state
        }
        eg_host {
            struct_size abi_major abi_minor reserved token service call complete
            arena_grow release_results log now config canceled
        }
        eg_info {
            struct_size abi_major abi_minor flags pointer_size reserved name version sdk
            language
        }
        eg_init { struct_size flags endpoint config config_count }
    }
    constants! { c;
        EG_ABI_MAJOR EG_ABI_MINOR EG_OK EG_AWAIT EG_PENDING EG_E_INTERNAL EG_E_INVALID
        EG_E_UNSUPPORTED EG_E_DENIED EG_E_NO_MEMORY EG_E_DEADLINE EG_E_CANCELED
        EG_E_CLOSING EG_E_STALE EG_E_DONE EG_E_OVERLOADED EG_E_NOT_FOUND
        EG_E_UNAVAILABLE EG_E_TOO_LARGE EG_BODY_NONE EG_BODY_WHOLE EG_BODY_STREAM
        EG_LOG_DEBUG EG_LOG_INFO EG_LOG_WARN EG_LOG_ERROR EG_INFO_UNLOADABLE
        EG_INIT_TRIAL EG_TIMER_SLEEP
    }
    let timer = EG_TIMER.to_str().unwrap();
    writeln!(c, "S(sizeof(EG_TIMER) == sizeof({timer:?}));").unwrap();

    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("layout.c");
    std::fs::write(&file, c).unwrap();
    let compiler = std::env::var("CC").unwrap_or("cc".into());
    let output = Command::new(&compiler)
        .args(["-std=c11", "-fsyntax-only"])
        .arg(&file)
        .output();
    match output {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(error) => {
            let required = std::env::var("EDGE_GATEWAY_TEST_REQUIRE_ALL");
            assert_ne!(required.as_deref(), Ok("1"), "run {compiler}: {error}");
            eprintln!("skipped: run {compiler}: {error}");
        }
    }
}
