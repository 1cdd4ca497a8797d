/// Exports a function as the handler of this library.
///
/// ```
/// use edge_gateway_sdk::{handler, Request, Response};
///
/// handler!(hello);
///
/// fn hello(request: &Request) -> Response {
///     let name = request.param("name").unwrap_or_default();
///     Response::text([b"Hello, ", name, b"!"].concat())
/// }
/// ```
///
/// The function returns a [`Response`](crate::Response) or a
/// `Result<Response, E>`; a panic or an error is a 500 and a line in the log.
/// It is called from many threads at once.
///
/// Options follow in any order:
///
/// | option | meaning |
/// |---|---|
/// | `name = "..."` | of the handler; the crate's name if not given |
/// | `version = "..."` | free text; the crate's version if not given |
/// | `init = function` | makes the state of an instance, see below |
/// | `unloadable` | the library leaves nothing behind, see below |
///
/// **State.** An endpoint has an instance of its own. `init` names a function
/// `fn(&Init) -> Result<S, E>`; the handler then gets `&S` before the request,
/// and `S` is dropped when the instance ends: join your threads in its `Drop`.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use edge_gateway_sdk::{handler, Error, Init, Request, Response};
///
/// handler!(Counter::answer, init = Counter::start, name = "counter");
///
/// struct Counter {
///     count: AtomicU64,
/// }
///
/// impl Counter {
///     fn start(init: &Init) -> Result<Counter, Error> {
///         let first = init.config_str("first").unwrap_or("0").parse()?;
///         Ok(Counter { count: AtomicU64::new(first) })
///     }
///
///     fn answer(&self, _: &Request) -> Response {
///         let count = self.count.fetch_add(1, Ordering::Relaxed);
///         Response::text(count.to_string())
///     }
/// }
/// ```
///
/// **Unloading.** By default a library stays in memory when a newer version
/// has taken over. `unloadable` vouches that after the end of the instance no
/// thread, no thread-local destructor and no atexit function of it is left, so
/// that it can be unmapped. The SDK leaves none; look out for what `std` and
/// other crates do: `thread_local!` with a type that needs dropping, a thread
/// that is not joined, `std::thread::current()`.
#[macro_export]
macro_rules! handler {
    ($handler:expr $(, $($option:tt)*)?) => {
        $crate::__export! {
            entry, $handler, Plain, $crate::__private::no_state, [], $($($option)*)?
        }
    };
}

/// Exports an `async fn` as the handler of this library.
///
/// Like [`handler!`](crate::handler), with the same options. The request is
/// suspended at each `.await` on something of the host, and holds no thread
/// meanwhile. The future must be `Send`, and can await the host alone: a
/// future that needs a runtime of its own (sockets and timers of other crates)
/// is answered with 500.
///
/// ```
/// use std::time::Duration;
/// use edge_gateway_sdk::{async_handler, join, Error, Request, Response};
///
/// async_handler!(wait);
///
/// async fn wait(request: &Request) -> Result<Response, Error> {
///     let short = request.sleep(Duration::from_millis(10));
///     let long = request.sleep(Duration::from_millis(50));
///     let (short, long) = join(short, long).await; // 50 ms, not 60
///     short?;
///     long?;
///     Ok(Response::text("both over\n"))
/// }
/// ```
#[macro_export]
macro_rules! async_handler {
    ($handler:expr $(, $($option:tt)*)?) => {
        $crate::__export! {
            async_entry, $handler, Plain, $crate::__private::no_state, [], $($($option)*)?
        }
    };
}

/// Takes one option after the other, then writes the exports.
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($entry:ident, $handler:expr, $kind:ident, $new:expr, [$($info:tt)*],
     name = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__export! {
            $entry, $handler, $kind, $new, [$($info)* .name($value)], $($($rest)*)?
        }
    };
    ($entry:ident, $handler:expr, $kind:ident, $new:expr, [$($info:tt)*],
     version = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__export! {
            $entry, $handler, $kind, $new, [$($info)* .version($value)], $($($rest)*)?
        }
    };
    ($entry:ident, $handler:expr, $kind:ident, $new:expr, [$($info:tt)*],
     unloadable $(, $($rest:tt)*)?) => {
        $crate::__export! {
            $entry, $handler, $kind, $new, [$($info)* .unloadable()], $($($rest)*)?
        }
    };
    ($entry:ident, $handler:expr, $kind:ident, $new:expr, [$($info:tt)*],
     init = $init:expr $(, $($rest:tt)*)?) => {
        $crate::__export! {
            $entry, $handler, WithState, $init, [$($info)*], $($($rest)*)?
        }
    };
    ($entry:ident, $handler:expr, $kind:ident, $new:expr, [$($info:tt)*],) => {
        // Names of items are no matter of hygiene: what is declared or imported
        // here must not be what a handler may be called. The functions are
        // safe by name alone, for what the macro was given must not be
        // evaluated where unsafe is allowed; nobody but the host can call them.
        #[allow(unsafe_code)]
        const _: () = {
            static __EG_INFO: $crate::__private::Info = $crate::__private::Info::new(
                env!("CARGO_PKG_NAME"),
                env!("CARGO_PKG_VERSION"),
            )
            $($info)*;

            #[unsafe(export_name = "handler_info")]
            extern "C" fn __eg_info() -> *const $crate::abi::eg_info {
                __EG_INFO.as_ptr()
            }

            #[unsafe(export_name = "handler_init")]
            extern "C" fn __eg_init(
                host: *const $crate::abi::eg_host,
                init: *const $crate::abi::eg_init,
                this: *mut *mut $crate::__private::c_void,
            ) -> i32 {
                let new = &$new;
                // SAFETY: called by the host as the header says.
                unsafe { $crate::__private::start(host, init, this, new) }
            }

            #[unsafe(export_name = "handler_entry")]
            extern "C" fn __eg_entry(
                host: *const $crate::abi::eg_host,
                request: *const $crate::abi::eg_request,
                response: *mut $crate::abi::eg_response,
            ) -> i32 {
                let (handler, new) = (&$handler, &$new);
                // SAFETY: called by the host as the header says.
                unsafe {
                    $crate::__private::$entry::<_, _, $crate::__private::$kind>(
                        host, request, response, handler, new,
                    )
                }
            }

            #[unsafe(export_name = "handler_shutdown")]
            extern "C" fn __eg_shutdown(
                host: *const $crate::abi::eg_host,
                this: *mut $crate::__private::c_void,
            ) {
                let new = &$new;
                // SAFETY: called by the host as the header says.
                unsafe { $crate::__private::stop(host, this, new) }
            }

            #[unsafe(export_name = "handler_abi_0_2")]
            extern "C" fn __eg_abi() {}
        };
    };
    ($entry:ident, $handler:expr, $kind:ident, $new:expr, [$($info:tt)*], $($unknown:tt)+) => {
        compile_error!(concat!(
            "options are name = \"...\", version = \"...\", init = function, unloadable; found: ",
            stringify!($($unknown)+)
        ));
    };
}

/// Writes a debug line to the gateway's log: `debug!(request, "{} left", n)`.
/// Takes a [`Request`](crate::Request), [`Init`](crate::Init) or
/// [`Context`](crate::Context).
#[macro_export]
macro_rules! debug {
    ($to:expr, $($text:tt)+) => { $to.log($crate::Level::Debug, format_args!($($text)+)) };
}

/// Writes a line to the gateway's log, see [`debug!`](crate::debug).
#[macro_export]
macro_rules! info {
    ($to:expr, $($text:tt)+) => { $to.log($crate::Level::Info, format_args!($($text)+)) };
}

/// Writes a warning to the gateway's log, see [`debug!`](crate::debug).
#[macro_export]
macro_rules! warn {
    ($to:expr, $($text:tt)+) => { $to.log($crate::Level::Warn, format_args!($($text)+)) };
}

/// Writes an error to the gateway's log, see [`debug!`](crate::debug).
#[macro_export]
macro_rules! error {
    ($to:expr, $($text:tt)+) => { $to.log($crate::Level::Error, format_args!($($text)+)) };
}
