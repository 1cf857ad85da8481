//! A database of its own for each test, and a small world in it.

use natter_protocol::{
    Conversation, ConversationId, ConversationInfo, ConversationKind, ConversationStatus, Event, Message,
    MessageId, MessageKind, PlatformRole, SessionId, Timestamp, User, UserId, UserSummary, Visibility,
};
use natter_store::{
    DatabaseUrl, NewConversation, NewMessage, NewUser, OpenError, OpenOptions, Opened, Result, Store, Write,
    Written,
};
use sqlx::Connection as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// The end of each list that a test reads whole.
pub(crate) const ALL: u32 = 1_000;

/// An empty database that goes away with the test.
pub(crate) struct Db {
    url: DatabaseUrl,
    directory: TempDir,
    _server: Option<natter_testkit::postgres::Database>,
}

impl Db {
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { url: DatabaseUrl::Sqlite(None), directory, _server: None }
    }

    pub(crate) fn postgres() -> Self {
        let database = natter_testkit::postgres::database().unwrap();
        let url = DatabaseUrl::Postgres(database.url().to_owned());
        Self { url, directory: tempfile::tempdir().unwrap(), _server: Some(database) }
    }

    /// A database of a server that the test starts and stops itself.
    pub(crate) fn at(url: String) -> Self {
        Self { url: DatabaseUrl::Postgres(url), directory: tempfile::tempdir().unwrap(), _server: None }
    }

    pub(crate) fn options(&self) -> OpenOptions {
        OpenOptions {
            url: self.url.clone(),
            data_dir: self.directory.path().to_owned(),
            readers_max: 4,
            new_epoch: "0123456789abcdef".to_owned(),
        }
    }

    pub(crate) async fn try_open(&self) -> Result<Opened, OpenError> {
        natter_store::open(self.options()).await
    }

    pub(crate) async fn open(&self) -> World {
        World::new(self.try_open().await.unwrap())
    }

    /// Runs statements behind the store's back.
    pub(crate) async fn execute(&self, sql: &'static str) {
        match &self.url {
            DatabaseUrl::Sqlite(_) => {
                rusqlite::Connection::open(self.file()).unwrap().execute_batch(sql).unwrap();
            }
            DatabaseUrl::Postgres(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            }
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("natter.db")
    }
}

/// An open database, and the feed of what it commits.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    feed: JoinHandle<Vec<Event>>,
}

impl World {
    pub(crate) fn new(opened: Opened) -> Self {
        let mut committed = opened.committed;
        let feed = tokio::spawn(async move {
            let mut events = Vec::new();
            while let Some(batch) = committed.recv().await {
                events.extend(batch);
            }
            events
        });
        Self { store: opened.store, feed }
    }

    /// Closes the store; answers everything it committed, once its pipeline has ended.
    pub(crate) async fn close(self) -> Vec<Event> {
        drop(self.store);
        self.feed.await.unwrap()
    }

    pub(crate) async fn write(&self, write: Write) -> Result<Written> {
        self.store.queue(write).await?.await
    }

    /// Puts all of the writes in line before it waits for any.
    pub(crate) async fn write_all(&self, writes: Vec<Write>) -> Vec<Result<Written>> {
        let mut line = Vec::with_capacity(writes.len());
        for write in writes {
            line.push(self.store.queue(write).await.unwrap());
        }
        let mut results = Vec::with_capacity(line.len());
        for committing in line {
            results.push(committing.await);
        }
        results
    }

    pub(crate) async fn user(&self, username: &str) -> User {
        let new = new_user(username);
        let id = new.id;
        let written = self.write(Write::CreateUser(Box::new(new))).await.unwrap();
        assert!(matches!(written, Written::Done), "{written:?}");
        self.store.user(id).await.unwrap().unwrap()
    }

    pub(crate) async fn group(&self, owner: &User, members: &[&User]) -> ConversationId {
        self.create(new_group(owner, members)).await
    }

    pub(crate) async fn create(&self, new: NewConversation) -> ConversationId {
        let id = new.info.id;
        let written = self.write(Write::CreateConversation(Box::new(new))).await.unwrap();
        assert!(
            matches!(written, Written::Conversation { id: there, existed: false } if there == id),
            "{written:?}"
        );
        id
    }

    pub(crate) async fn send(&self, new: NewMessage) -> Message {
        match self.write(send(new)).await.unwrap() {
            Written::Message(message) => *message,
            other => panic!("not a message: {other:?}"),
        }
    }

    pub(crate) async fn conversation(&self, id: ConversationId, viewer: &User) -> Conversation {
        self.store.conversation(id, viewer.id).await.unwrap().unwrap()
    }

    /// The whole history of a conversation.
    pub(crate) async fn history(&self, id: ConversationId, viewer: &User) -> Vec<Message> {
        let mut history: Vec<Message> = Vec::new();
        loop {
            let after = history.last().map_or(0, |message| message.seq);
            let window = natter_store::Window::After(natter_store::Anchor::Seq(after));
            let slice = self.store.messages(id, viewer.id, window, ALL).await.unwrap().unwrap();
            history.extend(slice.messages);
            if !slice.newer {
                return history;
            }
        }
    }

    /// The whole log of a conversation.
    pub(crate) async fn log(&self, id: ConversationId, viewer: &User) -> Vec<Event> {
        let mut log: Vec<Event> = Vec::new();
        loop {
            let after = log.last().map_or(0, |event| event.seq);
            let page = self.store.events(id, viewer.id, after, ALL).await.unwrap().unwrap();
            if page.is_empty() {
                return log;
            }
            log.extend(page);
        }
    }
}

pub(crate) fn send(new: NewMessage) -> Write {
    Write::SendMessage(Box::new(new))
}

/// Each call draws another id; ids are unique over all tests.
pub(crate) fn new_id<T>(wrap: impl FnOnce(Uuid) -> T) -> T {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    wrap(Uuid::from_u64_pair(
        0x0190_163d_8694_739b,
        0xaea5_0000_0000_0000 + NEXT.fetch_add(1, Ordering::Relaxed),
    ))
}

pub(crate) fn new_user_id() -> UserId {
    new_id(UserId::from_uuid)
}

pub(crate) fn new_session_id() -> SessionId {
    new_id(SessionId::from_uuid)
}

/// A clock that ticks when it is read.
pub(crate) fn now() -> Timestamp {
    static MILLIS: AtomicI64 = AtomicI64::new(1_795_000_000_000);
    Timestamp::from_millis(MILLIS.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn new_user(username: &str) -> NewUser {
    NewUser {
        id: new_user_id(),
        username: username.to_owned(),
        display_name: format!("{username} by name"),
        email: Some(format!("{username}@example.com")),
        role: PlatformRole::User,
        password_hash: Some(format!("hash of {username}")),
        created_at: now(),
    }
}

pub(crate) fn new_group(owner: &User, members: &[&User]) -> NewConversation {
    let created_at = now();
    NewConversation {
        info: ConversationInfo {
            id: new_id(ConversationId::from_uuid),
            kind: ConversationKind::Group,
            name: Some("Harbour".to_owned()),
            topic: Some("Boats".to_owned()),
            visibility: Visibility::Private,
            status: ConversationStatus::Active,
            created_by: owner.id,
            created_at,
            updated_at: created_at,
        },
        members: members.iter().map(|member| member.id).collect(),
    }
}

pub(crate) fn new_direct(creator: &User, peer: &User) -> NewConversation {
    let mut new = new_group(creator, &[peer]);
    new.info.kind = ConversationKind::Direct;
    new.info.name = None;
    new.info.topic = None;
    new
}

pub(crate) fn new_message(conversation_id: ConversationId, sender: &User, content: &str) -> NewMessage {
    NewMessage {
        id: new_id(MessageId::from_uuid),
        conversation_id,
        sender: summary(sender),
        kind: MessageKind::Text,
        content: content.to_owned(),
        client_message_id: None,
        fingerprint: fingerprint(content),
        reply_to: None,
        thread_id: None,
        created_at: now(),
    }
}

/// The same, under a key of the sender's own.
pub(crate) fn keyed(conversation_id: ConversationId, sender: &User, content: &str, key: &str) -> NewMessage {
    NewMessage { client_message_id: Some(key.to_owned()), ..new_message(conversation_id, sender, content) }
}

/// Another number for another text; that is all the store relies on.
fn fingerprint(content: &str) -> i64 {
    content.bytes().fold(7, |sum, byte| i64::from(byte).wrapping_add(sum.wrapping_mul(31)))
}

pub(crate) fn summary(user: &User) -> UserSummary {
    UserSummary {
        id: user.id,
        username: user.username.clone(),
        display_name: user.display_name.clone(),
        avatar_url: user.avatar_url.clone(),
    }
}
