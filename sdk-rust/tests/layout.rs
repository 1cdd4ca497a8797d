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
    let mut c = String::from("#include <stddef.h>\n");
    let mut headers = String::new();
    for kind in ["", "_sql", "_cache", "_storage", "_email", "_http"] {
        let header = format!("../abi/edge_gateway{kind}.h");
        let header = Path::new(env!("CARGO_MANIFEST_DIR")).join(header);
        headers.push_str(&std::fs::read_to_string(&header).unwrap());
        writeln!(c, "#include {header:?}").unwrap();
    }
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
        eg_problem { struct_size position message code subject }
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
        eg_sql_value { type_ reserved number bytes }
        eg_sql_statement { struct_size flags text params param_count page }
        eg_sql_batch { struct_size reserved statements count }
        eg_sql_cursor { struct_size reserved cursor }
        eg_sql_begin { struct_size flags isolation reserved }
        eg_sql_column { name native type_ reserved }
        eg_sql_result {
            struct_size flags affected last_id columns column_count values row_count cursor
        }
        eg_sql_results { struct_size reserved results count }
        eg_cache_keys { struct_size reserved keys count }
        eg_cache_entry { value version }
        eg_cache_entries { struct_size reserved entries count }
        eg_cache_put { struct_size mode key value ttl version }
        eg_cache_key { struct_size reserved key }
        eg_cache_count { struct_size flags key delta initial ttl }
        eg_cache_number { struct_size reserved value }
        eg_cache_touch { struct_size reserved key ttl }
        eg_storage_key { struct_size reserved key }
        eg_storage_get { struct_size reserved key offset length etag }
        eg_storage_put { struct_size flags key content_type metadata metadata_count body }
        eg_storage_upload { struct_size reserved upload }
        eg_storage_write { struct_size reserved upload bytes }
        eg_storage_list { struct_size reserved prefix delimiter after limit }
        eg_storage_copy { struct_size reserved from to }
        eg_storage_presign { struct_size kind key lifetime }
        eg_storage_object {
            struct_size reserved size offset body etag content_type modified metadata
            metadata_count
        }
        eg_storage_entry { key etag size modified }
        eg_storage_page { struct_size reserved entries count next }
        eg_storage_url { struct_size reserved url }
        eg_email_attachment { name content_type content content_id }
        eg_email_message {
            struct_size reserved from to to_count cc cc_count bcc bcc_count reply_to
            reply_to_count subject text html attachments attachment_count transaction
        }
        eg_email_accepted { struct_size reserved message_id }
        eg_email_query { struct_size reserved message_id }
        eg_email_state { struct_size state attempts accepted next reason }
        eg_http_request {
            struct_size flags method url headers header_count body timeout max_body
        }
        eg_http_response { struct_size status headers header_count body url elapsed }
    }
    constants! { c;
        EG_ABI_MAJOR EG_ABI_MINOR EG_OK EG_AWAIT EG_PENDING EG_E_INTERNAL EG_E_INVALID
        EG_E_UNSUPPORTED EG_E_DENIED EG_E_NO_MEMORY EG_E_DEADLINE EG_E_CANCELED
        EG_E_CLOSING EG_E_STALE EG_E_DONE EG_E_OVERLOADED EG_E_NOT_FOUND
        EG_E_UNAVAILABLE EG_E_TOO_LARGE EG_E_TX_GONE EG_E_UNKNOWN_OUTCOME EG_E_CONFLICT
        EG_E_REFUSED EG_BODY_NONE EG_BODY_WHOLE EG_BODY_STREAM
        EG_LOG_DEBUG EG_LOG_INFO EG_LOG_WARN EG_LOG_ERROR EG_INFO_UNLOADABLE
        EG_INIT_TRIAL EG_TIMER_SLEEP
        EG_SQL_QUERY EG_SQL_BATCH EG_SQL_NEXT EG_SQL_CLOSE EG_SQL_BEGIN EG_SQL_COMMIT
        EG_SQL_ROLLBACK EG_SQL_NULL EG_SQL_BOOL EG_SQL_INT64 EG_SQL_FLOAT64 EG_SQL_TEXT
        EG_SQL_BYTES EG_SQL_TIMESTAMP EG_SQL_JSON EG_SQL_ONE EG_SQL_ISOLATION_DEFAULT
        EG_SQL_READ_COMMITTED EG_SQL_REPEATABLE_READ EG_SQL_SERIALIZABLE
        EG_SQL_READ_ONLY EG_SQL_HAS_LAST_ID EG_CACHE_GET EG_CACHE_PUT EG_CACHE_DELETE
        EG_CACHE_EXISTS EG_CACHE_COUNT EG_CACHE_TOUCH EG_CACHE_SET EG_CACHE_ADD
        EG_CACHE_REPLACE EG_CACHE_SWAP EG_CACHE_CREATE EG_STORAGE_GET EG_STORAGE_HEAD
        EG_STORAGE_PUT EG_STORAGE_START EG_STORAGE_WRITE EG_STORAGE_FINISH
        EG_STORAGE_ABORT EG_STORAGE_DELETE EG_STORAGE_LIST EG_STORAGE_COPY
        EG_STORAGE_PRESIGN EG_STORAGE_CREATE EG_STORAGE_READ_URL EG_STORAGE_WRITE_URL
        EG_EMAIL_SEND EG_EMAIL_STATE EG_EMAIL_QUEUED EG_EMAIL_DELIVERED EG_EMAIL_FAILED
        EG_HTTP_FETCH EG_HTTP_NO_REDIRECTS
    }
    for (name, id) in [
        ("EG_TIMER", EG_TIMER),
        ("EG_SQL", EG_SQL),
        ("EG_CACHE", EG_CACHE),
        ("EG_STORAGE", EG_STORAGE),
        ("EG_EMAIL", EG_EMAIL),
        ("EG_HTTP", EG_HTTP),
    ] {
        // To a compiler the bytes of a string literal are no constants.
        let definition = format!("#define {name} {:?}", id.to_str().unwrap());
        assert!(headers.contains(&definition), "{definition}");
    }

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
