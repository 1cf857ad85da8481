//! Admission: how many clients get in at one time.
//!
//! When a network was away, everybody comes back at the same moment. Each of them is looked up in the database and made
//! known to the hub, and whoever is in already would wait behind all of that. So a few get in at one time, the others stand
//! in line, and whoever finds the line full is told when to come again.
//!
//! A place is for what the server has to do. It is never held while a client is waited for: before it, the whole request
//! was read, and what the client is told is written after it. A slow client therefore keeps nobody out.

use crate::rest::Failure;
use http::{HeaderValue, header};
use metrics::{Counter, Gauge};
use natter_chat::{Random as _, SystemRandom};
use natter_protocol::ErrorCode;
use tokio::sync::Semaphore;

/// Clients that get in at one time. More would only wait inside, before the few connections that read the database.
const PLACES: usize = 16;
/// Clients in line. Two processors admit some thousands in a second, so whoever is the last one does not stand there for
/// longer than a request may take.
const LINE_MAX: usize = 20_000;
/// Seconds over which those who find the line full spread their return.
const RETURN_SECONDS_MAX: u64 = 10;

/// The way in.
pub(crate) struct Admission {
    places: Semaphore,
    line: Semaphore,
    waiting: Gauge,
    refused: Counter,
}

impl Admission {
    /// Takes its metrics from the recorder that is installed by now.
    pub(crate) fn new() -> Self {
        metrics::describe_gauge!("natter_admissions_waiting", "Clients that stand in line to get in.");
        metrics::describe_counter!("natter_admissions_refused_total", "Clients that found the line full.");
        Self {
            places: Semaphore::new(PLACES),
            line: Semaphore::new(LINE_MAX),
            waiting: metrics::gauge!("natter_admissions_waiting"),
            refused: metrics::counter!("natter_admissions_refused_total"),
        }
    }

    /// Lets a client in once it is its turn. Whoever drops this leaves the line, or the place.
    pub(crate) async fn admit<T>(
        &self,
        enter: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let _place = match self.places.try_acquire() {
            Ok(place) => place,
            Err(_taken) => {
                let _spot = self.line.try_acquire().map_err(|_full| self.refuse())?;
                let _waiting = Counted::on(&self.waiting);
                self.places.acquire().await.map_err(|_closed| self.refuse())?
            }
        };
        enter.await
    }

    fn refuse(&self) -> Failure {
        self.refused.increment(1);
        let seconds = return_in_seconds();
        Failure::Http {
            code: ErrorCode::Unavailable,
            detail: format!("too many clients want to get in at one time; come again in {seconds} seconds"),
            header: Some((header::RETRY_AFTER, HeaderValue::from(seconds))),
        }
    }
}

/// Seconds until a client comes again that was not let in. Each draws its own, so that they do not find the line full
/// once more.
fn return_in_seconds() -> u64 {
    let mut bytes = [0; 8];
    SystemRandom.fill(&mut bytes);
    1 + u64::from_le_bytes(bytes) % RETURN_SECONDS_MAX
}

/// One more in a gauge, for as long as it is there.
struct Counted<'a>(&'a Gauge);

impl<'a> Counted<'a> {
    fn on(gauge: &'a Gauge) -> Self {
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::pin::Pin;
    use std::task::{Context, Waker};
    use tokio::sync::Notify;

    type Client<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + 'a>>;

    /// A client that says when it gets in, and stays there until it is told that it is through.
    fn client<'a>(admission: &'a Admission, inside: &'a Cell<usize>, through: &'a Notify) -> Client<'a> {
        Box::pin(admission.admit(async {
            inside.set(inside.get() + 1);
            through.notified().await;
            inside.set(inside.get() - 1);
            Ok(())
        }))
    }

    fn waits(client: &mut Client<'_>) -> bool {
        client.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[test]
    fn so_many_get_in_at_one_time_and_the_others_in_their_turn() {
        let (admission, inside, through) = (Admission::new(), Cell::new(0), Notify::new());
        let mut clients: Vec<_> = (0..3 * PLACES).map(|_| client(&admission, &inside, &through)).collect();
        assert!(clients.iter_mut().all(waits));
        assert_eq!(inside.get(), PLACES);
        // One after the other is through, and the next one gets in.
        for done in 0..3 * PLACES {
            through.notify_one();
            assert!(!waits(&mut clients[done]), "client {done} is not through");
            assert!(clients[done + 1..].iter_mut().all(waits));
            assert_eq!(inside.get(), PLACES.min(3 * PLACES - done - 1));
        }
    }

    #[test]
    fn whoever_leaves_takes_no_place_and_no_spot_in_the_line() {
        let (admission, inside, through) = (Admission::new(), Cell::new(0), Notify::new());
        let mut clients: Vec<_> =
            (0..PLACES + LINE_MAX).map(|_| client(&admission, &inside, &through)).collect();
        assert!(clients.iter_mut().all(waits));
        assert!(!waits(&mut client(&admission, &inside, &through)), "the line is full");
        clients.pop();
        let mut last = client(&admission, &inside, &through);
        assert!(waits(&mut last), "there is room for one");
        assert!(!waits(&mut client(&admission, &inside, &through)), "and for no other");
        // Everybody leaves, from inside and out of the line, but for the last one.
        drop(clients);
        inside.set(0);
        assert!(waits(&mut last));
        assert_eq!(inside.get(), 1);
    }

    #[test]
    fn whoever_finds_the_line_full_is_told_when_to_come_again() {
        let admission = Admission::new();
        let seconds: std::collections::BTreeSet<_> = (0..1_000)
            .map(|_| match admission.refuse() {
                Failure::Http { code: ErrorCode::Unavailable, header: Some((name, seconds)), .. } => {
                    assert_eq!(name, header::RETRY_AFTER);
                    seconds.to_str().unwrap().parse::<u64>().unwrap()
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(seconds, (1..=RETURN_SECONDS_MAX).collect(), "not all at once");
    }
}
