//! A database of its own for each test, and a small world in it.

mod behind;
mod make;
mod upload;

pub(crate) use behind::Behind;
pub(crate) use make::*;
pub(crate) use upload::*;

use natter_protocol::{Conversation, ConversationId, Event, Member, Message, MessageId, User};
use natter_store::{
    DatabaseUrl, ListFilter, NewConversation, NewMessage, Notice, OpenError, OpenOptions, Opened, Refusal,
    Result, Store, StoreError, Write, Written,
};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::task::JoinHandle;

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
        self.behind().await.execute(sql).await;
    }

    /// A connection of its own, past the store.
    pub(crate) async fn behind(&self) -> Behind {
        match &self.url {
            DatabaseUrl::Sqlite(_) => Behind::sqlite(&self.file()),
            DatabaseUrl::Postgres(url) => Behind::postgres(url).await,
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("natter.db")
    }
}

/// An open database, and the feed of what it commits.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    feed: JoinHandle<Vec<Notice>>,
}

impl World {
    pub(crate) fn new(opened: Opened) -> Self {
        let mut committed = opened.committed;
        let feed = tokio::spawn(async move {
            let mut notices = Vec::new();
            while let Some(batch) = committed.recv().await {
                notices.extend(batch);
            }
            notices
        });
        Self { store: opened.store, feed }
    }

    /// Closes the store; answers every entry of a log that it committed, once its pipeline has ended.
    pub(crate) async fn close(self) -> Vec<Event> {
        let events = self.notices().await.into_iter().filter_map(|notice| match notice {
            Notice::Event(event) | Notice::Deleted { event, .. } => Some(event),
            Notice::Read(_) | Notice::Own(..) => None,
        });
        events.collect()
    }

    /// Closes the store; answers everything that others were to hear of.
    pub(crate) async fn notices(self) -> Vec<Notice> {
        drop(self.store);
        self.feed.await.unwrap()
    }

    pub(crate) async fn write(&self, write: Write) -> Result<Written> {
        self.store.queue(write).await?.await
    }

    /// Does what cannot fail.
    pub(crate) async fn done(&self, write: Write) -> Written {
        let text = format!("{write:?}");
        self.write(write).await.unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Does what must be refused.
    pub(crate) async fn refusal(&self, write: Write) -> Refusal {
        match self.write(write).await {
            Err(StoreError::Refused(refusal)) => refusal,
            other => panic!("not refused: {other:?}"),
        }
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

    /// A change of a message.
    pub(crate) async fn change(&self, write: Write) -> Message {
        match self.done(write).await {
            Written::Message(message) => *message,
            other => panic!("not a message: {other:?}"),
        }
    }

    pub(crate) async fn message(&self, of: &Message, viewer: &User) -> Message {
        self.store.message(of.id, viewer.id).await.unwrap().unwrap()
    }

    pub(crate) async fn message_of(&self, id: MessageId, viewer: &User) -> Message {
        self.store.message(id, viewer.id).await.unwrap().unwrap()
    }

    pub(crate) async fn members(&self, id: ConversationId, viewer: &User) -> Vec<Member> {
        self.store.members(id, viewer.id, None, ALL).await.unwrap().unwrap()
    }

    /// Unread messages, and those of them that mention the viewer.
    pub(crate) async fn unread(&self, id: ConversationId, viewer: &User) -> (u64, u64) {
        let state = self.store.read_state(id, viewer.id).await.unwrap().unwrap();
        (state.unread_count, state.mention_count)
    }

    pub(crate) async fn list(&self, viewer: &User) -> Vec<Conversation> {
        self.store.conversations(viewer.id, ListFilter::default(), None, ALL).await.unwrap()
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
            let slice = self.store.messages(id, viewer.id, None, window, ALL).await.unwrap().unwrap();
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
