//! An async handler as the host sees it: EG_AWAIT, resume, and the end of its
//! state in every case.

mod driver;

use std::future::{pending, poll_fn, Future};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Mutex;
use std::task::{Poll, Waker};
use std::time::Duration;

use driver::{Call, Host};
use edge_gateway_sdk::abi::*;
use edge_gateway_sdk::{join, join_all, Error, Request, Response};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Counts how many are alive.
struct Alive(&'static AtomicI64);

impl Alive {
    fn new(count: &'static AtomicI64) -> Alive {
        count.fetch_add(1, Ordering::SeqCst);
        Alive(count)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A handler that holds two guards over two awaits in a nested function.
static GUARDS: AtomicI64 = AtomicI64::new(0);

async fn guarded(request: &Request) -> Result<Response, Error> {
    async fn inner(request: &Request) -> Result<usize, Error> {
        let _guard = Alive::new(&GUARDS);
        let buffer = [7u8; 128];
        request.sleep(ms(2)).await?;
        Ok(buffer.iter().filter(|byte| **byte == 7).count())
    }
    let _guard = Alive::new(&GUARDS);
    let path = request.path();
    let count = inner(request).await?;
    request.sleep(ms(3)).await?;
    assert_eq!(GUARDS.load(Ordering::SeqCst), 1);
    Ok(Response::text(format!("{count} {}", path.len())))
}

/// The tests that use GUARDS, one at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn without_an_await_it_answers_at_once() {
    async fn answer(_: &Request) -> Response {
        Response::text("now")
    }
    let outcome = serve!(async_entry, &Host::new(), Call::get("/"), answer);
    assert_eq!((outcome.returned, outcome.body_str()), (EG_OK, "now"));
    assert!(outcome.awaits.is_empty());
}

#[test]
fn five_awaits_are_five_suspensions_and_one_lookup() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        let mut total = 0;
        for round in 1..=5 {
            request.sleep(ms(round)).await?;
            total += round;
        }
        Ok(Response::text(total.to_string()))
    }
    let host = Host::new();
    let outcome = serve!(async_entry, &host, Call::get("/"), answer);
    assert_eq!(outcome.body_str(), "15");
    let want: Vec<_> = (1..=5).map(|round| vec![round]).collect();
    assert_eq!(outcome.awaits, want);
    assert_eq!(*host.lookups.lock().unwrap(), ["eg.timer/1"]);
}

#[test]
fn a_thousand_awaits_in_a_row() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        for _ in 0..1_000 {
            request.sleep(ms(1)).await?;
        }
        Ok(Response::new(204))
    }
    let outcome = serve!(async_entry, &Host::new(), Call::get("/"), answer);
    assert_eq!((outcome.status, outcome.awaits.len()), (204, 1_000));
}

#[test]
fn joined_futures_wait_side_by_side() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        let twice = async {
            request.sleep(ms(1)).await?;
            request.sleep(ms(2)).await
        };
        let (a, b) = join(twice, request.sleep(ms(3))).await;
        a?;
        b?;
        request.sleep(ms(4)).await?;
        Ok(Response::new(204))
    }
    let outcome = serve!(async_entry, &Host::new(), Call::get("/"), answer);
    assert_eq!(outcome.status, 204);
    assert_eq!(outcome.awaits, [vec![1, 3], vec![2], vec![4]]);
}

#[test]
fn more_than_the_host_takes_at_a_time_goes_in_parts() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        let sleeps = (0..600).map(|number| async move {
            request.sleep(ms(number)).await?;
            Ok::<_, Error>(number)
        });
        let all: Result<Vec<_>, _> = join_all(sleeps).await.into_iter().collect();
        Ok(Response::text(all?.iter().sum::<u64>().to_string()))
    }
    let outcome = serve!(async_entry, &Host::new(), Call::get("/"), answer);
    assert_eq!(outcome.body_str(), (0..600).sum::<u64>().to_string());
    let counts: Vec<_> = outcome.awaits.iter().map(Vec::len).collect();
    assert_eq!(counts, [256, 256, 88]);
    let mut all: Vec<_> = outcome.awaits.concat();
    all.sort();
    assert_eq!(all, (0..600).collect::<Vec<_>>());
}

#[test]
fn nested_functions_keep_their_state_and_drop_it_once() {
    let _one = ONE_AT_A_TIME.lock();
    let outcome = serve!(async_entry, &Host::new(), Call::get("/abc"), guarded);
    assert_eq!(outcome.body_str(), "128 4");
    assert_eq!(outcome.awaits, [vec![2], vec![3]]);
    assert_eq!(GUARDS.load(Ordering::SeqCst), 0);
}

#[test]
fn a_request_that_is_over_drops_what_the_future_holds() {
    let _one = ONE_AT_A_TIME.lock();
    for reason in [EG_E_DEADLINE, EG_E_CANCELED, EG_E_CLOSING] {
        for at in [0, 1] {
            let call = Call {
                over_at: Some((at, reason)),
                ..Call::get("/")
            };
            let outcome = serve!(async_entry, &Host::new(), call, guarded);
            assert_eq!(outcome.awaits.len(), at + 1);
            assert!(!outcome.released);
            assert_eq!(GUARDS.load(Ordering::SeqCst), 0, "{reason} at {at}");
        }
    }
}

#[test]
fn a_panic_at_any_point_drops_what_the_future_holds() {
    static COUNT: AtomicI64 = AtomicI64::new(0);
    async fn before(request: &Request) -> Result<Response, Error> {
        let _guard = Alive::new(&COUNT);
        assert_eq!(request.method(), "PUT", "wrong method");
        request.sleep(ms(1)).await?;
        Ok(Response::new(204))
    }
    async fn after(request: &Request) -> Result<Response, Error> {
        let _guard = Alive::new(&COUNT);
        request.sleep(ms(1)).await?;
        assert_eq!(request.method(), "PUT", "wrong method");
        Ok(Response::new(204))
    }
    fn at_the_call(_: &Request) -> impl Future<Output = Response> + Send + use<> {
        if COUNT.load(Ordering::SeqCst) == 0 {
            panic!("wrong method");
        }
        async { Response::new(204) }
    }
    let host = Host::new();
    for (awaits, outcome) in [
        (0, serve!(async_entry, &host, Call::get("/"), before)),
        (1, serve!(async_entry, &host, Call::get("/"), after)),
        (0, serve!(async_entry, &host, Call::get("/"), at_the_call)),
    ] {
        assert_eq!(outcome.returned, EG_E_INTERNAL);
        assert_eq!(outcome.awaits.len(), awaits);
        assert!(
            outcome.message.contains("wrong method"),
            "{}",
            outcome.message
        );
        assert_eq!(COUNT.load(Ordering::SeqCst), 0);
    }
}

#[test]
fn a_panic_while_the_future_is_dropped_is_logged() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    async fn answer(request: &Request) -> Result<Response, Error> {
        let _bomb = Bomb;
        request.sleep(ms(1)).await?;
        Ok(Response::new(204))
    }
    let host = Host::new();
    let call = Call {
        over_at: Some((0, EG_E_DEADLINE)),
        ..Call::get("/")
    };
    serve!(async_entry, &host, call, answer);
    let logs = host.logs.lock().unwrap();
    assert_eq!(logs.len(), 1);
    assert!(logs[0].2.ends_with(": in drop"), "{}", logs[0].2);
}

#[test]
fn an_operation_that_fails_is_an_error() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        let error = request.sleep(ms(1)).await.unwrap_err();
        assert_eq!(error.status(), EG_E_OVERLOADED);
        Err(error)
    }
    let call = Call {
        op_status: EG_E_OVERLOADED,
        ..Call::get("/")
    };
    let outcome = serve!(async_entry, &Host::new(), call, answer);
    assert_eq!(outcome.returned, EG_E_OVERLOADED);
    assert_eq!(outcome.message, "sleep: overloaded, try later");
}

#[test]
fn a_host_without_a_timer_is_an_error() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        request.sleep(ms(1)).await?;
        Ok(Response::new(204))
    }
    let mut host = Host::new();
    host.offers_timer = false;
    let outcome = serve!(async_entry, &host, Call::get("/"), answer);
    assert_eq!(outcome.returned, EG_E_UNSUPPORTED);
    let want = "find service eg.timer/1: the host does not offer this";
    assert_eq!(outcome.message, want);
}

#[test]
fn a_future_of_somebody_else_is_refused() {
    const REFUSED: &str = "await on a future that is not the host's";
    static COUNT: AtomicI64 = AtomicI64::new(0);
    async fn at_once(_: &Request) -> Response {
        let _guard = Alive::new(&COUNT);
        pending().await
    }
    async fn later(request: &Request) -> Response {
        let _guard = Alive::new(&COUNT);
        let _ = request.sleep(ms(1)).await;
        pending().await
    }
    async fn beside(request: &Request) -> Response {
        let _guard = Alive::new(&COUNT);
        join(request.sleep(ms(1)), pending::<Response>()).await.1
    }
    let host = Host::new();
    for (awaits, outcome) in [
        (0, serve!(async_entry, &host, Call::get("/"), at_once)),
        (1, serve!(async_entry, &host, Call::get("/"), later)),
        (1, serve!(async_entry, &host, Call::get("/"), beside)),
    ] {
        assert_eq!(
            (outcome.returned, &*outcome.message),
            (EG_E_INTERNAL, REFUSED)
        );
        assert_eq!(outcome.awaits.len(), awaits);
        assert_eq!(COUNT.load(Ordering::SeqCst), 0);
    }
}

#[test]
fn a_future_that_wakes_itself_is_polled_again() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        let mut left = 1000;
        let spin = poll_fn(move |cx| {
            left -= 1;
            if left == 0 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        join(spin, request.sleep(ms(1))).await.1?;
        Ok(Response::new(204))
    }
    let outcome = serve!(async_entry, &Host::new(), Call::get("/"), answer);
    assert_eq!((outcome.status, outcome.awaits), (204, vec![vec![1]]));
}

/// Polls its future only when the waker it gave it was used, as the sets of
/// futures in other crates do.
struct Lazy<F> {
    future: Pin<Box<F>>,
    flag: std::sync::Arc<Flag>,
}

struct Flag {
    woken: std::sync::atomic::AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl std::task::Wake for Flag {
    fn wake(self: std::sync::Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        if let Some(outer) = self.outer.lock().unwrap().take() {
            outer.wake();
        }
    }
}

impl<F: Future> Future for Lazy<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<F::Output> {
        *self.flag.outer.lock().unwrap() = Some(cx.waker().clone());
        if !self.flag.woken.swap(false, Ordering::SeqCst) {
            return Poll::Pending;
        }
        let waker = Waker::from(self.flag.clone());
        let mut inner = std::task::Context::from_waker(&waker);
        self.future.as_mut().poll(&mut inner)
    }
}

#[test]
fn a_result_wakes_the_waker_it_was_polled_with() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        let lazy = |future| Lazy {
            future: Box::pin(future),
            flag: std::sync::Arc::new(Flag {
                woken: true.into(),
                outer: Mutex::default(),
            }),
        };
        let (a, b) = join(lazy(request.sleep(ms(1))), lazy(request.sleep(ms(2)))).await;
        a?;
        b?;
        Ok(Response::new(204))
    }
    let outcome = serve!(async_entry, &Host::new(), Call::get("/"), answer);
    assert_eq!((outcome.status, outcome.awaits), (204, vec![vec![1, 2]]));
}

#[test]
fn an_operation_that_is_given_up_is_not_sent() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        let mut given_up = Box::pin(request.sleep(ms(1)));
        poll_fn(|cx| {
            assert!(given_up.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(given_up);
        request.sleep(ms(2)).await?;
        Ok(Response::new(204))
    }
    let outcome = serve!(async_entry, &Host::new(), Call::get("/"), answer);
    assert_eq!((outcome.status, outcome.awaits), (204, vec![vec![2]]));
}

#[test]
fn a_waker_may_outlive_its_request_on_another_thread() {
    static KEPT: Mutex<Vec<Waker>> = Mutex::new(Vec::new());
    async fn answer(request: &Request) -> Result<Response, Error> {
        poll_fn(|cx| {
            KEPT.lock().unwrap().push(cx.waker().clone());
            Poll::Ready(())
        })
        .await;
        request.sleep(ms(1)).await?;
        Ok(Response::new(204))
    }
    let outcome = serve!(async_entry, &Host::new(), Call::get("/"), answer);
    assert_eq!(outcome.status, 204);
    let wakers = std::mem::take(&mut *KEPT.lock().unwrap());
    assert_eq!(wakers.len(), 1);
    std::thread::spawn(move || wakers.into_iter().for_each(Waker::wake))
        .join()
        .unwrap();
}
