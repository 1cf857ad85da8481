//! The commit pipeline: what is queued becomes one transaction, and is answered after its commit.
//!
//! While one transaction is being written to disk, the next batch gathers behind it, so the busier the server is,
//! the more writes share one flush. Nothing waits for a timer. A batch that fails for a reason of one of its
//! writes is undone and its writes are tried one by one, so a poisonous write harms only itself.

use crate::{Notice, Refusal, Result, StoreError, Write, Written};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::{mpsc, oneshot};

/// Writes in one transaction.
pub const BATCH_WRITES_MAX: usize = 512;
/// Writes in line; beyond it, whoever brings one waits.
pub const QUEUE_WRITES_MAX: usize = 4 * BATCH_WRITES_MAX;
/// Batches of committed notices that wait for whoever relays them; beyond it, the pipeline waits.
const COMMITTED_BATCHES_MAX: usize = 64;

/// What others must hear of committed batches, in the order of each conversation's log.
///
/// Dropping it is allowed: a program that serves nobody relays nothing.
pub type Committed = mpsc::Receiver<Vec<Notice>>;

/// A write in line. Resolves once its transaction is on disk, or has failed.
#[derive(Debug)]
pub struct Committing(oneshot::Receiver<Result<Written>>);

impl Future for Committing {
    type Output = Result<Written>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll(context)) {
            Ok(result) => result,
            // The pipeline dropped the write without an answer: it panicked or its process is going down.
            Err(_) => Err(StoreError::OutcomeUnknown("the commit pipeline stopped".to_owned())),
        })
    }
}

/// What a transaction made of one of its writes, and what others must hear of it.
pub(crate) type Outcome = Result<(Written, Vec<Notice>), Refusal>;

/// Why a transaction did not commit.
#[derive(Debug)]
pub(crate) enum Failure {
    /// For a reason that may lie in one of the writes: they are tried one by one. Nothing was committed.
    Poisoned(StoreError),
    /// For a reason that the writes share.
    Shared(StoreError),
}

/// A database's side of the pipeline.
pub(crate) trait Backend: Send {
    /// Does the writes in order in one transaction and commits it; one outcome for each, in the same order.
    fn commit(&mut self, writes: &[Write]) -> impl Future<Output = Result<Vec<Outcome>, Failure>> + Send;
}

struct Job {
    write: Write,
    answer: oneshot::Sender<Result<Written>>,
}

/// Where writes get in line.
#[derive(Clone)]
pub(crate) struct Queue(mpsc::Sender<Job>);

impl Queue {
    pub(crate) async fn push(&self, write: Write) -> Result<Committing> {
        let (answer, committing) = oneshot::channel();
        match self.0.send(Job { write, answer }).await {
            Ok(()) => Ok(Committing(committing)),
            Err(_) => Err(StoreError::Unavailable("the commit pipeline has stopped".to_owned())),
        }
    }
}

/// The pipeline's own end, to be driven by [`Pipeline::run`] until every [`Queue`] is gone.
pub(crate) struct Pipeline {
    jobs: mpsc::Receiver<Job>,
    committed: mpsc::Sender<Vec<Notice>>,
}

/// A pipeline that is not running yet.
pub(crate) fn pipeline() -> (Queue, Pipeline, Committed) {
    let (queue, jobs) = mpsc::channel(QUEUE_WRITES_MAX);
    let (committed, receiver) = mpsc::channel(COMMITTED_BATCHES_MAX);
    (Queue(queue), Pipeline { jobs, committed }, receiver)
}

impl Pipeline {
    /// Commits what is queued until every [`Queue`] is gone; what was queued by then is still committed.
    pub(crate) async fn run(mut self, mut backend: impl Backend) {
        let mut jobs = Vec::with_capacity(BATCH_WRITES_MAX);
        while self.jobs.recv_many(&mut jobs, BATCH_WRITES_MAX).await > 0 {
            metrics::histogram!("natter_commit_batch_writes").record(count(jobs.len()));
            let (writes, answers): (Vec<_>, Vec<_>) =
                jobs.drain(..).map(|job| (job.write, job.answer)).unzip();
            match backend.commit(&writes).await {
                Ok(outcomes) => self.answer(answers, outcomes).await,
                Err(Failure::Poisoned(error)) if writes.len() > 1 => {
                    tracing::warn!(%error, writes = writes.len(), "a batch failed; its writes are tried one by one");
                    self.one_by_one(&mut backend, &writes, answers).await;
                }
                Err(failure) => refuse(answers, failure),
            }
        }
    }

    /// A transaction for each write. Should the database go away meanwhile, the rest is not tried.
    async fn one_by_one(
        &self,
        backend: &mut impl Backend,
        writes: &[Write],
        answers: Vec<oneshot::Sender<Result<Written>>>,
    ) {
        let mut answers = answers.into_iter();
        for (write, answer) in writes.iter().zip(answers.by_ref()) {
            match backend.commit(std::slice::from_ref(write)).await {
                Ok(outcomes) => self.answer(vec![answer], outcomes).await,
                Err(failure @ Failure::Poisoned(_)) => refuse(vec![answer], failure),
                Err(failure @ Failure::Shared(_)) => {
                    refuse(vec![answer], failure);
                    break;
                }
            }
        }
        let gone = StoreError::Unavailable("the database went away before this was tried".to_owned());
        refuse(answers.collect(), Failure::Shared(gone));
    }

    /// Tells everybody in a committed batch, then hands on what others must hear.
    async fn answer(&self, answers: Vec<oneshot::Sender<Result<Written>>>, outcomes: Vec<Outcome>) {
        let mut notices = Vec::with_capacity(outcomes.len());
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            let written = outcome.map(|(written, of_write)| {
                notices.extend(of_write);
                written
            });
            // Whoever asked may have gone away; what is committed stays committed.
            drop(answer.send(written.map_err(StoreError::Refused)));
        }
        let in_log = |notice: &&Notice| matches!(notice, Notice::Event(_) | Notice::Deleted { .. });
        let events = notices.iter().filter(in_log).count();
        metrics::counter!("natter_committed_events_total").increment(events as u64);
        if !notices.is_empty() {
            // Nobody relays in a program that serves nobody.
            drop(self.committed.send(notices).await);
        }
    }
}

fn refuse(answers: Vec<oneshot::Sender<Result<Written>>>, failure: Failure) {
    if answers.is_empty() {
        return;
    }
    let (Failure::Poisoned(error) | Failure::Shared(error)) = failure;
    tracing::error!(%error, writes = answers.len(), "writes were not committed");
    metrics::counter!("natter_commit_failures_total").increment(answers.len() as u64);
    for answer in answers {
        drop(answer.send(Err(error.clone())));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a batch has at most BATCH_WRITES_MAX writes")]
fn count(writes: usize) -> f64 {
    writes as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use natter_protocol::{SessionId, Timestamp};
    use uuid::Uuid;

    /// Fails every batch, and goes away at the third write that comes alone.
    struct Failing {
        alone: u32,
    }

    impl Backend for Failing {
        async fn commit(&mut self, writes: &[Write]) -> Result<Vec<Outcome>, Failure> {
            if writes.len() > 1 {
                return Err(Failure::Poisoned(StoreError::Broken("one of them".to_owned())));
            }
            self.alone += 1;
            match self.alone {
                1 => Ok(vec![Ok((Written::Done, Vec::new()))]),
                2 => Err(Failure::Poisoned(StoreError::Broken("this one".to_owned()))),
                3 => Err(Failure::Shared(StoreError::OutcomeUnknown("it left".to_owned()))),
                _ => panic!("asked again after it went away"),
            }
        }
    }

    #[tokio::test]
    async fn a_poisoned_batch_is_tried_one_by_one_until_the_database_goes_away() {
        let (queue, pipeline, _committed) = pipeline();
        let mut committing = Vec::new();
        for number in 0..5 {
            let id = SessionId::from_uuid(Uuid::from_u128(number));
            let write = Write::EndSession { id, now: Timestamp::from_millis(0) };
            committing.push(queue.push(write).await.unwrap());
        }
        drop(queue);
        pipeline.run(Failing { alone: 0 }).await;

        let mut answers = Vec::new();
        for committing in committing {
            answers.push(committing.await);
        }
        assert!(matches!(answers[0], Ok(Written::Done)), "{answers:?}");
        assert!(matches!(answers[1], Err(StoreError::Broken(_))), "{answers:?}");
        assert!(matches!(answers[2], Err(StoreError::OutcomeUnknown(_))), "{answers:?}");
        // Nothing was done for these, and they are told so.
        assert!(matches!(answers[3], Err(StoreError::Unavailable(_))), "{answers:?}");
        assert!(matches!(answers[4], Err(StoreError::Unavailable(_))), "{answers:?}");
    }
}
