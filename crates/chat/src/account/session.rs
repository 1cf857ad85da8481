//! Signing in, staying signed in, signing out.

use super::jwt::{Jwt, TokenFault};
use crate::execute::unexpected;
use crate::{Actor, Chat, Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use natter_protocol::{CloseCode, LoginRequest, SessionId, SignIn, Timestamp, Tokens, User, UserId};
use natter_store::{NewSession, Session, SessionRotation, Write, Written};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Random bytes in a refresh token.
const SECRET_BYTES: usize = 32;

impl Chat {
    /// Signs in with a password.
    pub async fn login(&self, request: &LoginRequest) -> Result<SignIn> {
        let username = request.username.trim().to_lowercase();
        let credentials = self.store.credentials(&username).await?;
        let known = credentials.as_ref().and_then(|credentials| credentials.password_hash.clone());
        let right = self.passwords.verify(&request.password, known).await?;
        match credentials {
            Some(credentials) if right => self.sign_in(credentials.user).await,
            _ => Err(Error::InvalidCredentials),
        }
    }

    /// Trades a refresh token for the next pair. For a minute, and until the next one is traded in its turn, the answer to
    /// the same token is the same, so that whoever does not get it can ask again. After that, a token that was traded
    /// before ends its session: somebody else has it, and it cannot be told who is who.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens> {
        let presented = RefreshToken::parse(refresh_token).ok_or(Error::SessionEnded)?;
        let live = self.store.session(presented.session, self.now()).await?.ok_or(Error::SessionEnded)?;
        let next =
            RefreshToken { session: presented.session, secret: self.signer.next_secret(&presented.secret) };
        let now = self.now();
        let write = Write::RotateSession(Box::new(SessionRotation {
            id: presented.session,
            presented_hash: presented.hash(),
            next_hash: next.hash(),
            now,
            expires_at: now.plus_seconds(i64::from(self.rules.refresh_token_seconds)),
        }));
        match self.store.queue(write).await?.await? {
            Written::SessionRotated(session) => self.tokens(session.user.id, &next),
            Written::SessionOver => {
                self.close_sockets(&live);
                Err(Error::SessionEnded)
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Ends the session of a refresh token, even of one that was traded before, and closes its sockets; or all sessions
    /// of its user.
    pub async fn logout(&self, refresh_token: &str, everywhere: bool) -> Result<()> {
        // Signing out twice is no mistake: an unreadable or ended token leaves nothing to do.
        let Some(presented) = RefreshToken::parse(refresh_token) else { return Ok(()) };
        let now = self.now();
        let Some(live) = self.store.session(presented.session, now).await? else { return Ok(()) };
        if everywhere {
            return self.end_sessions(live.user.id, None).await;
        }
        self.store.queue(Write::EndSession { id: live.id, now }).await?.await?;
        self.close_sockets(&live);
        Ok(())
    }

    fn close_sockets(&self, session: &Session) {
        self.hub.close_session(session.user.id, session.id, CloseCode::SignedOut, "the session has ended");
    }

    /// Who an access token belongs to, if its session is still on.
    pub async fn authenticate(&self, access_token: &str) -> Result<Actor> {
        let jwt = Jwt::parse(access_token)?;
        match (self.signer.verify(&jwt, self.now()), &self.host) {
            (Ok(claims), _) => self.actor(claims.sub, claims.sid, Some(claims.expires_at())).await,
            // It is not of this installation, so it is the host application's or nobody's.
            (Err(TokenFault::Algorithm | TokenFault::Signature), Some(host)) => {
                self.host_actor(host, &jwt).await
            }
            (Err(fault), _) => Err(fault.into()),
        }
    }

    /// The user as the database knows them now, whatever proved who it is.
    pub(super) async fn actor(
        &self,
        user: UserId,
        session: Option<SessionId>,
        expires_at: Option<Timestamp>,
    ) -> Result<Actor> {
        let found = match session {
            None => self.store.user(user).await?.ok_or(Error::Unauthenticated)?,
            Some(id) => self.store.session(id, self.now()).await?.ok_or(Error::SessionEnded)?.user,
        };
        if found.id != user {
            return Err(Error::Unauthenticated);
        }
        Ok(Actor { user: found, session, expires_at, request: None })
    }

    pub(super) async fn sign_in(&self, user: User) -> Result<SignIn> {
        let refresh =
            RefreshToken { session: SessionId::from_uuid(self.new_id()), secret: self.refresh_secret() };
        let now = self.now();
        let write = Write::CreateSession(Box::new(NewSession {
            id: refresh.session,
            user_id: user.id,
            refresh_hash: refresh.hash(),
            created_at: now,
            expires_at: now.plus_seconds(i64::from(self.rules.refresh_token_seconds)),
        }));
        self.store.queue(write).await?.await?;
        Ok(SignIn { tokens: self.tokens(user.id, &refresh)?, user: self.present(user) })
    }

    fn tokens(&self, user: UserId, refresh: &RefreshToken) -> Result<Tokens> {
        let seconds = self.rules.access_token_seconds;
        Ok(Tokens {
            access_token: self.signer.sign(user, Some(refresh.session), self.now(), seconds)?,
            refresh_token: refresh.to_text(),
            expires_in: seconds,
        })
    }

    fn refresh_secret(&self) -> [u8; SECRET_BYTES] {
        let mut secret = [0; SECRET_BYTES];
        self.random.fill(&mut secret);
        secret
    }
}

/// The session, so that a token that was traded before is still known to be of it, and a secret.
struct RefreshToken {
    session: SessionId,
    secret: [u8; SECRET_BYTES],
}

impl RefreshToken {
    /// Makes a leaked token easy to find by scanners.
    const PREFIX: &str = "natter_rt_";

    fn to_text(&self) -> String {
        let mut bytes = self.session.uuid().as_bytes().to_vec();
        bytes.extend_from_slice(&self.secret);
        format!("{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(bytes))
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(Self::PREFIX)?).ok()?;
        let (session, secret) = bytes.split_at_checked(16)?;
        Some(Self {
            session: SessionId::from_uuid(Uuid::from_slice(session).ok()?),
            secret: secret.try_into().ok()?,
        })
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }
}
