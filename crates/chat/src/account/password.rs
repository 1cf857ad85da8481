//! Passwords: Argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane).

use crate::{Error, Random, Result};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

/// Hashes that are computed at one time: each takes 19 MiB and one processor.
const HASHES_MAX: usize = 2;
/// Hashes that wait for their turn; beyond it the server is overloaded.
const HASHES_WAITING_MAX: usize = 256;

pub(crate) struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Compared with when there is no such user, so that the time of the answer does not tell. Computed when it is
    /// first needed: a server should start faster than it hashes.
    nobody: Arc<OnceLock<String>>,
    nobody_salt: [u8; 16],
}

impl Passwords {
    pub(crate) fn new(random: &dyn Random) -> Self {
        Self {
            running: Arc::new(Semaphore::new(HASHES_MAX)),
            waiting: Arc::new(Semaphore::new(HASHES_WAITING_MAX)),
            nobody: Arc::default(),
            nobody_salt: salt(random),
        }
    }

    /// The PHC string of a password.
    pub(crate) async fn hash(&self, password: &str, random: &dyn Random) -> Result<String> {
        let (password, salt) = (password.to_owned(), salt(random));
        self.run(move || hash(&password, salt)).await
    }

    /// Whether the password is right; takes as long when there is none.
    pub(crate) async fn verify(&self, password: &str, known: Option<String>) -> Result<bool> {
        let (password, exists) = (password.to_owned(), known.is_some());
        let (nobody, salt) = (Arc::clone(&self.nobody), self.nobody_salt);
        self.run(move || {
            let known = match (known, nobody.get()) {
                (Some(known), _) => known,
                (None, Some(nobody)) => nobody.clone(),
                (None, None) => nobody.get_or_init(|| hash("", salt).unwrap_or_default()).clone(),
            };
            let known = PasswordHash::new(&known)
                .map_err(|error| Error::Internal(format!("a stored password hash is not valid: {error}")))?;
            Ok(exists && Argon2::default().verify_password(password.as_bytes(), &known).is_ok())
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let waiting = Arc::clone(&self.waiting)
            .try_acquire_owned()
            .map_err(|_| Error::Overloaded("too many people sign in right now"))?;
        let closing = |_| Error::Unavailable("the server is shutting down".to_owned());
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(closing)?;
        tokio::task::spawn_blocking(move || {
            // They go with the work, which nobody can call back: a client that hangs up does not make room for more.
            let _permits = (waiting, running);
            work()
        })
        .await
        .unwrap_or_else(|error| Err(Error::Internal(error.to_string())))
    }
}

fn salt(random: &dyn Random) -> [u8; 16] {
    let mut salt = [0; 16];
    random.fill(&mut salt);
    salt
}

fn hash(password: &str, salt: [u8; 16]) -> Result<String> {
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| Error::Internal(format!("a password could not be hashed: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;
    use std::pin::pin;
    use std::sync::{Mutex, mpsc};
    use std::task::{Context, Waker};

    #[tokio::test]
    async fn whoever_hangs_up_makes_no_room_for_more_hashes() {
        let passwords = Passwords::new(&SystemRandom);
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        for _ in 0..HASHES_MAX {
            let held = Arc::clone(&held);
            let abandoned = pin!(passwords.run(move || {
                held.lock().unwrap().recv().unwrap();
                Ok(())
            }));
            assert!(abandoned.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert_eq!(passwords.running.available_permits(), 0, "both are still being computed");
        for _ in 0..HASHES_MAX {
            release.send(()).unwrap();
        }
        passwords.run(|| Ok(())).await.unwrap();
    }
}
