//! The services of the host: what they get is written down, what they answer is
//! what a test has prepared.

#[path = "services_sql.rs"]
pub mod sql;

use std::any::Any;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::fmt::Write;
use std::ptr;
use std::sync::Mutex;

use edge_gateway_sdk::abi::*;

/// Ids and the local names of the bindings. The timer has none.
const SERVICES: [(&std::ffi::CStr, Option<&str>); 7] = [
    (EG_TIMER, None),
    (EG_SQL, Some("db")),
    (EG_CACHE, Some("cache")),
    (EG_STORAGE, Some("files")),
    (EG_EMAIL, Some("mail")),
    (EG_HTTP, Some("api")),
    (EG_HTTP, Some("http")),
];

static TABLES: [eg_service; 7] = [const {
    eg_service {
        struct_size: size_of::<eg_service>() as u32,
        reserved: 0,
    }
}; 7];

/// The table of a service, or the status of there being none.
pub fn table(id: &std::ffi::CStr, name: Option<&str>) -> Result<*const c_void, i32> {
    if !SERVICES.iter().any(|(known, _)| *known == id) {
        return Err(EG_E_UNSUPPORTED);
    }
    let place = SERVICES.iter().position(|known| *known == (id, name));
    let place = place.ok_or(EG_E_DENIED)?;
    Ok(ptr::from_ref(&TABLES[place]).cast())
}

/// Memory of results, freed when the request has been answered.
#[derive(Default)]
pub struct Memory(Vec<Box<dyn Any>>);

impl Memory {
    pub fn list<T: 'static>(&mut self, values: Vec<T>) -> *const T {
        let values = Box::new(values);
        let place = values.as_ptr();
        self.0.push(values);
        place
    }

    pub fn put<T: 'static>(&mut self, value: T) -> *const T {
        self.list(vec![value])
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> eg_bytes {
        eg_bytes {
            ptr: self.list(bytes.to_vec()),
            len: bytes.len() as u64,
        }
    }

    pub fn text(&mut self, text: &str) -> eg_bytes {
        self.bytes(text.as_bytes())
    }

    pub fn fields(&mut self, list: &[(&str, &str)]) -> *const eg_field {
        let fields = list
            .iter()
            .map(|(name, value)| eg_field {
                name: self.text(name),
                value: self.text(value),
            })
            .collect();
        self.list(fields)
    }
}

type Make = dyn FnOnce(&mut Memory) -> *const c_void + Send;

/// What an operation comes back with.
pub struct Answer(i32, Box<Make>);

impl Answer {
    /// A status without a result.
    pub fn status(status: i32) -> Answer {
        Answer(status, Box::new(|_| ptr::null()))
    }

    /// EG_OK with the struct that `make` returns.
    pub fn result<T: 'static>(make: impl FnOnce(&mut Memory) -> T + Send + 'static) -> Answer {
        let make = |memory: &mut Memory| {
            let result = make(memory);
            memory.put(result).cast()
        };
        Answer(EG_OK, Box::new(make))
    }

    pub fn problem(status: i32, message: &'static str, code: &'static str) -> Answer {
        Answer::problem_about(status, message, code, "the subject")
    }

    pub fn problem_about(
        status: i32,
        message: &'static str,
        code: &'static str,
        subject: &'static str,
    ) -> Answer {
        let make = |memory: &mut Memory| {
            let problem = eg_problem {
                struct_size: size_of::<eg_problem>() as u32,
                position: 3,
                message: memory.text(message),
                code: memory.text(code),
                subject: memory.text(subject),
            };
            memory.put(problem).cast()
        };
        Answer(status, Box::new(make))
    }
}

#[derive(Default)]
pub struct Services {
    /// Every operation that came, as text.
    pub received: Mutex<Vec<String>>,
    pub answers: Mutex<VecDeque<Answer>>,
    memory: Mutex<Memory>,
}

impl Services {
    /// Runs one operation: an answer that was prepared, or EG_OK.
    pub unsafe fn serve(&self, op: &mut eg_op) {
        let text = unsafe { describe(op) };
        self.received.lock().unwrap().push(text);
        let answer = self.answers.lock().unwrap().pop_front();
        let answer = answer.unwrap_or(Answer::status(EG_OK));
        op.status = answer.0;
        op.result = answer.1(&mut self.memory.lock().unwrap());
    }

    pub fn free_results(&self) {
        self.memory.lock().unwrap().0.clear();
    }
}

unsafe fn args<'a, T>(op: &eg_op) -> &'a T {
    unsafe {
        let args = op.args;
        assert_eq!(args as usize % 8, 0, "not aligned");
        assert_eq!(*args.cast::<u32>() as usize, size_of::<T>(), "struct_size");
        &*args.cast::<T>()
    }
}

unsafe fn list<'a, T>(list: *const T, count: u64) -> &'a [T] {
    match count {
        0 => &[],
        count => unsafe { std::slice::from_raw_parts(list, count as usize) },
    }
}

/// Bytes as they are; absent ones are a dash.
fn show(bytes: eg_bytes) -> String {
    match unsafe { bytes.get() } {
        Some(bytes) => format!("\"{}\"", bytes.escape_ascii()),
        None => {
            assert_eq!(bytes.len, 0);
            "-".to_owned()
        }
    }
}

unsafe fn show_list(values: *const eg_bytes, count: u64) -> String {
    let values: Vec<_> = unsafe { list(values, count) }
        .iter()
        .map(|v| show(*v))
        .collect();
    format!("[{}]", values.join(", "))
}

unsafe fn show_fields(fields: *const eg_field, count: u64) -> String {
    let show = |field: &eg_field| format!("{}: {}", show(field.name), show(field.value));
    let fields: Vec<_> = unsafe { list(fields, count) }.iter().map(show).collect();
    format!("[{}]", fields.join(", "))
}

unsafe fn describe(op: &eg_op) -> String {
    unsafe {
        let place = TABLES
            .iter()
            .position(|table| ptr::from_ref(table).cast() == op.service);
        match SERVICES[place.expect("a table of the host's")].0 {
            id if id == EG_SQL => database(op),
            id if id == EG_CACHE => cache(op),
            id if id == EG_STORAGE => storage(op),
            id if id == EG_EMAIL => email(op),
            id if id == EG_HTTP => http(op),
            _ => format!("sleep {}", args::<eg_timer_sleep>(op).duration),
        }
    }
}

unsafe fn statement(statement: &eg_sql_statement) -> String {
    let mut text = show(statement.text);
    for value in unsafe { list(statement.params, statement.param_count) } {
        assert_eq!(value.reserved, 0);
        let (number, bytes) = (value.number, show(value.bytes));
        write!(text, " {}:{number}:{bytes}", value.type_).unwrap();
    }
    match statement.flags {
        0 => {}
        EG_SQL_ONE => text.push_str(" one"),
        flags => panic!("flags {flags}"),
    }
    if statement.page > 0 {
        write!(text, " page {}", statement.page).unwrap();
    }
    text
}

unsafe fn database(op: &eg_op) -> String {
    unsafe {
        match op.code {
            EG_SQL_QUERY => format!("query {}", statement(args(op))),
            EG_SQL_BATCH => {
                let batch: &eg_sql_batch = args(op);
                let show = |one: &*const eg_sql_statement| {
                    assert_eq!((**one).struct_size as usize, size_of::<eg_sql_statement>());
                    statement(&**one)
                };
                let all: Vec<_> = list(batch.statements, batch.count)
                    .iter()
                    .map(show)
                    .collect();
                format!("batch {}", all.join("; "))
            }
            EG_SQL_NEXT => format!("next {}", args::<eg_sql_cursor>(op).cursor),
            EG_SQL_CLOSE => format!("close {}", args::<eg_sql_cursor>(op).cursor),
            EG_SQL_BEGIN => {
                let begin: &eg_sql_begin = args(op);
                format!("begin {} {}", begin.isolation, begin.flags)
            }
            EG_SQL_COMMIT | EG_SQL_ROLLBACK => {
                assert!(op.args.is_null());
                ["commit", "rollback"][(op.code - EG_SQL_COMMIT) as usize].to_owned()
            }
            code => panic!("operation {code}"),
        }
    }
}

unsafe fn cache(op: &eg_op) -> String {
    unsafe {
        let key = || show(args::<eg_cache_key>(op).key);
        match op.code {
            EG_CACHE_GET => {
                let keys: &eg_cache_keys = args(op);
                format!("get {}", show_list(keys.keys, keys.count))
            }
            EG_CACHE_PUT => {
                let put: &eg_cache_put = args(op);
                let mode = ["set", "add", "replace", "swap"][put.mode as usize];
                let (key, value) = (show(put.key), show(put.value));
                format!("{mode} {key} {value} {} {}", put.ttl, put.version)
            }
            EG_CACHE_DELETE => format!("delete {}", key()),
            EG_CACHE_EXISTS => format!("exists {}", key()),
            EG_CACHE_COUNT => {
                let count: &eg_cache_count = args(op);
                let (delta, initial, ttl) = (count.delta, count.initial, count.ttl);
                let (key, flags) = (show(count.key), count.flags);
                format!("count {key} {delta} {initial} {ttl} {flags}")
            }
            EG_CACHE_TOUCH => {
                let touch: &eg_cache_touch = args(op);
                format!("touch {} {}", show(touch.key), touch.ttl)
            }
            code => panic!("operation {code}"),
        }
    }
}

unsafe fn storage(op: &eg_op) -> String {
    unsafe {
        let key = || show(args::<eg_storage_key>(op).key);
        let put = || {
            let put: &eg_storage_put = args(op);
            let (key, body) = (show(put.key), show(put.body));
            let (kind, flags) = (show(put.content_type), put.flags);
            let metadata = show_fields(put.metadata, put.metadata_count);
            format!("{key} {kind} {metadata} {body} {flags}")
        };
        let write = || {
            let write: &eg_storage_write = args(op);
            format!("{} {}", write.upload, show(write.bytes))
        };
        match op.code {
            EG_STORAGE_GET => {
                let get: &eg_storage_get = args(op);
                let (key, etag) = (show(get.key), show(get.etag));
                format!("get {key} {} {} {etag}", get.offset, get.length)
            }
            EG_STORAGE_HEAD => format!("head {}", key()),
            EG_STORAGE_PUT => format!("put {}", put()),
            EG_STORAGE_START => format!("start {}", put()),
            EG_STORAGE_WRITE => format!("write {}", write()),
            EG_STORAGE_FINISH => format!("finish {}", write()),
            EG_STORAGE_ABORT => format!("abort {}", write()),
            EG_STORAGE_DELETE => format!("delete {}", key()),
            EG_STORAGE_LIST => {
                let of: &eg_storage_list = args(op);
                let (prefix, delimiter) = (show(of.prefix), show(of.delimiter));
                format!("list {prefix} {delimiter} {} {}", show(of.after), of.limit)
            }
            EG_STORAGE_COPY => {
                let copy: &eg_storage_copy = args(op);
                format!("copy {} {}", show(copy.from), show(copy.to))
            }
            EG_STORAGE_PRESIGN => {
                let presign: &eg_storage_presign = args(op);
                let (key, kind) = (show(presign.key), presign.kind);
                format!("presign {kind} {key} {}", presign.lifetime)
            }
            code => panic!("operation {code}"),
        }
    }
}

unsafe fn email(op: &eg_op) -> String {
    unsafe {
        match op.code {
            EG_EMAIL_SEND => {
                let mail: &eg_email_message = args(op);
                let mut text = format!(
                    "send from {} to {} cc {} bcc {} reply_to {} subject {} text {} html {}",
                    show(mail.from),
                    show_list(mail.to, mail.to_count),
                    show_list(mail.cc, mail.cc_count),
                    show_list(mail.bcc, mail.bcc_count),
                    show_list(mail.reply_to, mail.reply_to_count),
                    show(mail.subject),
                    show(mail.text),
                    show(mail.html),
                );
                for file in list(mail.attachments, mail.attachment_count) {
                    let (name, kind) = (show(file.name), show(file.content_type));
                    let (content, id) = (show(file.content), show(file.content_id));
                    write!(text, " file {name} {kind} {content} {id}").unwrap();
                }
                if !mail.transaction.is_null() {
                    assert_eq!(mail.transaction, ptr::from_ref(&TABLES[1]).cast());
                    text.push_str(" in db");
                }
                text
            }
            EG_EMAIL_STATE => format!("state {}", show(args::<eg_email_query>(op).message_id)),
            code => panic!("operation {code}"),
        }
    }
}

unsafe fn http(op: &eg_op) -> String {
    unsafe {
        assert_eq!(op.code, EG_HTTP_FETCH);
        let request: &eg_http_request = args(op);
        let (method, url) = (show(request.method), show(request.url));
        let headers = show_fields(request.headers, request.header_count);
        let (timeout, max, flags) = (request.timeout, request.max_body, request.flags);
        let body = show(request.body);
        format!("fetch {method} {url} {headers} {body} {timeout} {max} {flags}")
    }
}
