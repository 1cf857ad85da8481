//! A domain of its own for each test.

use natter_chat::{Actor, Chat, Error, HostTokens, Rules};
use natter_protocol::{
    Command, Conversation, ConversationId, ConversationKind, CreateConversation, ErrorCode, Message,
    MessageDraft, MessageKind, RegisterRequest, Reply, SendMessage, SignIn, limits,
};
use natter_realtime::{Hub, Limits};
use natter_store::{DatabaseUrl, OpenOptions, Opened, Store};
use natter_testkit::clock::FakeClock;
use natter_testkit::random::SeededRandom;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The domain on an SQLite database in a directory that goes away with the test.
pub(crate) struct World {
    pub(crate) chat: Arc<Chat>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hub: Hub,
    pub(crate) clock: FakeClock,
    stop_keeping: Arc<Notify>,
    keeper: JoinHandle<()>,
    directory: TempDir,
}

/// What holds unless a test says otherwise.
pub(crate) fn rules() -> Rules {
    Rules {
        registration: true,
        access_token_seconds: limits::ACCESS_TOKEN_SECONDS,
        refresh_token_seconds: limits::REFRESH_TOKEN_SECONDS,
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(rules(), 1).await
    }

    pub(crate) async fn with(rules: Rules, seed: u64) -> Self {
        Self::at(tempfile::tempdir().unwrap(), FakeClock::default(), rules, seed, None).await
    }

    /// One that takes the tokens of a host application.
    pub(crate) async fn with_host(tokens: HostTokens) -> Self {
        Self::at(tempfile::tempdir().unwrap(), FakeClock::default(), rules(), 1, Some(tokens)).await
    }

    async fn at(
        directory: TempDir,
        clock: FakeClock,
        rules: Rules,
        seed: u64,
        host: Option<HostTokens>,
    ) -> Self {
        let options = OpenOptions {
            url: DatabaseUrl::Sqlite(None),
            data_dir: directory.path().to_owned(),
            readers_max: 2,
            new_epoch: "0123456789abcdef".to_owned(),
        };
        let Opened { store, committed } = natter_store::open(options).await.unwrap();
        let hub = Hub::start(Limits::default());
        let random = Arc::new(SeededRandom::new(seed));
        let chat =
            Chat::new(Arc::clone(&store), hub.clone(), Arc::new(clock.clone()), random, rules).await.unwrap();
        let chat = match host {
            Some(tokens) => Arc::new(chat.with_host(tokens)),
            None => Arc::new(chat),
        };
        tokio::spawn(chat.relay().run(committed));
        let stop_keeping = Arc::new(Notify::new());
        let stopped = Arc::clone(&stop_keeping);
        let keeper = tokio::spawn(chat.keeper().run(async move { stopped.notified().await }));
        Self { chat, store, hub, clock, stop_keeping, keeper, directory }
    }

    /// The same installation after a restart, drawing other random numbers.
    pub(crate) async fn restart(self) -> Self {
        let Self { chat, store, hub, clock, stop_keeping, keeper, directory } = self;
        stop_keeping.notify_one();
        keeper.await.unwrap();
        drop((chat, store, hub));
        Self::at(directory, clock, rules(), 2, None).await
    }

    /// Signs somebody up.
    pub(crate) async fn sign_in(&self, username: &str) -> SignIn {
        self.chat.register(request(username)).await.unwrap()
    }

    /// Somebody who has signed up.
    pub(crate) async fn actor(&self, username: &str) -> Actor {
        let access_token = self.sign_in(username).await.tokens.access_token;
        self.chat.authenticate(&access_token).await.unwrap()
    }

    /// So many people who have no password, which makes them quickly.
    pub(crate) async fn crowd(&self, count: usize) -> Vec<Actor> {
        let mut crowd = Vec::new();
        for number in 0..count {
            let (user, _) = self.chat.import().user(&format!("member-{number}")).await.unwrap();
            crowd.push(Actor { user, session: None, expires_at: None, request: None });
        }
        crowd
    }

    pub(crate) async fn create(
        &self,
        actor: &Actor,
        create: CreateConversation,
    ) -> Result<(Conversation, bool), Error> {
        match self.chat.execute(actor, Command::CreateConversation(create)).await? {
            Reply::Conversation { conversation, existed } => Ok((*conversation, existed)),
            other => panic!("not a conversation: {other:?}"),
        }
    }

    pub(crate) async fn group(&self, owner: &Actor, members: &[&Actor]) -> ConversationId {
        let members: Vec<_> = members.iter().map(|member| member.id().to_string()).collect();
        let create = CreateConversation {
            kind: ConversationKind::Group,
            name: Some("Harbour".to_owned()),
            topic: None,
            visibility: None,
            members,
        };
        self.create(owner, create).await.unwrap().0.info.id
    }

    /// The message, and whether it had been there before.
    pub(crate) async fn send(
        &self,
        actor: &Actor,
        conversation_id: ConversationId,
        draft: MessageDraft,
    ) -> Result<(Message, bool), Error> {
        let command = Command::SendMessage(SendMessage { conversation_id, draft });
        match self.chat.execute(actor, command).await? {
            Reply::Message { message, repeat } => Ok((*message, repeat)),
            other => panic!("not a message: {other:?}"),
        }
    }

    pub(crate) async fn say(&self, actor: &Actor, id: ConversationId, content: &str) -> Message {
        self.send(actor, id, draft(content)).await.unwrap().0
    }
}

pub(crate) fn request(username: &str) -> RegisterRequest {
    RegisterRequest {
        username: username.to_owned(),
        password: PASSWORD.to_owned(),
        display_name: None,
        email: None,
    }
}

pub(crate) fn draft(content: &str) -> MessageDraft {
    MessageDraft {
        content: content.to_owned(),
        client_message_id: None,
        reply_to: None,
        thread_id: None,
        attachments: Vec::new(),
        kind: MessageKind::Text,
    }
}

/// The same, under a key of the sender's own.
pub(crate) fn keyed(content: &str, key: &str) -> MessageDraft {
    MessageDraft { client_message_id: Some(key.to_owned()), ..draft(content) }
}

/// The code of a refusal.
#[track_caller]
pub(crate) fn code<T>(result: Result<T, Error>) -> ErrorCode {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.code(),
    }
}

/// The fields that a refusal complains about, each once.
#[track_caller]
pub(crate) fn fields<T>(result: Result<T, Error>) -> Vec<String> {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => {
            assert_eq!(error.code(), ErrorCode::ValidationFailed, "{error}");
            let mut fields: Vec<_> = error.problem("").errors.into_iter().map(|error| error.field).collect();
            fields.dedup();
            fields
        }
    }
}
