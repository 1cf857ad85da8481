//! Messages per second through the commit pipeline on PostgreSQL, and what bare batched inserts of the same rows do.
//!
//! `cargo run --release -p natter-store --example postgres_throughput`: starts a server of its own, with fsync on.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use anyhow::{Context as _, Result};
use natter_protocol::{
    ConversationId, ConversationInfo, ConversationKind, ConversationStatus, MessageId, MessageKind,
    PlatformRole, Timestamp, UserId, UserSummary, Visibility,
};
use natter_store::{
    BATCH_WRITES_MAX, DatabaseUrl, NewConversation, NewMessage, NewUser, OpenOptions, Opened, Write,
};
use natter_testkit::postgres::Server;
use sqlx::{Connection as _, PgConnection};
use std::time::Instant;
use tokio::sync::mpsc;
use uuid::Uuid;

const MESSAGES: usize = 100 * BATCH_WRITES_MAX;
const CONVERSATIONS: usize = 50;
const TEXT: &str = "The ferry leaves at ten past six; bring the long rope and tell Maren about the engine.";
const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

const BARE: &str = "
    INSERT INTO messages (id, conversation_id, seq, sender_id, kind, content, client_message_id, fingerprint, created_at)
    SELECT id, conversation_id, seq, $1, 'text', $2, key, 0, now()
      FROM UNNEST($3::uuid[], $4::uuid[], $5::bigint[], $6::text[]) AS new (id, conversation_id, seq, key)";

#[tokio::main]
async fn main() -> Result<()> {
    let server = Server::start_with(&[])?;
    let bare = bare(&server.create_database()?).await?;
    let pipeline = pipeline(&server.create_database()?).await?;
    println!("bare batched inserts  {bare:>9.0} messages/s");
    println!("commit pipeline       {pipeline:>9.0} messages/s, {:.0} % of it", 100.0 * pipeline / bare);
    Ok(())
}

/// All messages, queued as fast as the pipeline takes them, each answered after its commit.
async fn pipeline(url: &str) -> Result<f64> {
    let (opened, conversations, sender) = open(url).await?;
    let Opened { store, mut committed } = opened;
    let relay = tokio::spawn(async move { while committed.recv().await.is_some() {} });
    let (line, mut waiting) = mpsc::channel(4 * BATCH_WRITES_MAX);
    let answers = tokio::spawn(async move {
        let mut answers = 0;
        while let Some(committing) = waiting.recv().await {
            let committing: natter_store::Committing = committing;
            committing.await?;
            answers += 1;
        }
        Ok::<usize, natter_store::StoreError>(answers)
    });
    let start = Instant::now();
    for n in 0..MESSAGES {
        let new = NewMessage {
            id: MessageId::from_uuid(id(n)),
            conversation_id: conversations[n % CONVERSATIONS],
            sender: sender.clone(),
            kind: MessageKind::Text,
            content: TEXT.to_owned(),
            client_message_id: Some(id(n).to_string()),
            fingerprint: 0,
            reply_to: None,
            thread_id: None,
            created_at: NOW,
        };
        line.send(store.queue(Write::SendMessage(Box::new(new))).await?).await?;
    }
    drop(line);
    anyhow::ensure!(answers.await?? == MESSAGES, "not every message was answered");
    let rate = per_second(start);
    drop(store);
    relay.await?;
    Ok(rate)
}

/// The same rows and the same batches, but nothing is locked, looked up, logged or answered.
async fn bare(url: &str) -> Result<f64> {
    let (opened, conversations, sender) = open(url).await?;
    drop(opened);
    let mut connection = PgConnection::connect(url).await?;
    let start = Instant::now();
    for batch in 0..MESSAGES / BATCH_WRITES_MAX {
        let rows = batch * BATCH_WRITES_MAX..(batch + 1) * BATCH_WRITES_MAX;
        sqlx::query(BARE)
            .bind(sender.id.uuid())
            .bind(TEXT)
            .bind(rows.clone().map(id).collect::<Vec<_>>())
            .bind(rows.clone().map(|n| conversations[n % CONVERSATIONS].uuid()).collect::<Vec<_>>())
            .bind(rows.clone().map(|n| i64::try_from(n / CONVERSATIONS + 2)).collect::<Result<Vec<_>, _>>()?)
            .bind(rows.map(|n| id(n).to_string()).collect::<Vec<_>>())
            .execute(&mut connection)
            .await?;
    }
    Ok(per_second(start))
}

async fn open(url: &str) -> Result<(Opened, Vec<ConversationId>, UserSummary)> {
    let options = OpenOptions {
        url: DatabaseUrl::Postgres(url.to_owned()),
        data_dir: std::env::temp_dir(),
        readers_max: 1,
        new_epoch: "0123456789abcdef".to_owned(),
    };
    let opened = natter_store::open(options).await.context("opening the database")?;
    let sender = UserSummary {
        id: UserId::from_uuid(id(0)),
        username: "maren".to_owned(),
        display_name: "Maren".to_owned(),
        avatar_url: None,
    };
    let user = NewUser {
        id: sender.id,
        username: sender.username.clone(),
        display_name: sender.display_name.clone(),
        email: None,
        role: PlatformRole::User,
        password_hash: None,
        created_at: NOW,
    };
    opened.store.queue(Write::CreateUser(Box::new(user))).await?.await?;
    let mut conversations = Vec::new();
    for n in 0..CONVERSATIONS {
        let info = ConversationInfo {
            id: ConversationId::from_uuid(id(n)),
            kind: ConversationKind::Group,
            name: Some(format!("Group {n}")),
            topic: None,
            visibility: Visibility::Private,
            status: ConversationStatus::Active,
            created_by: sender.id,
            created_at: NOW,
            updated_at: NOW,
        };
        conversations.push(info.id);
        let new = NewConversation { info, members: Vec::new() };
        opened.store.queue(Write::CreateConversation(Box::new(new))).await?.await?;
    }
    Ok((opened, conversations, sender))
}

/// As they are drawn: ascending in time, with a random rest.
fn id(n: usize) -> Uuid {
    let n = n as u64;
    Uuid::from_u64_pair(0x0190_163d_0000_7000 + (n << 16), n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << 63)
}

#[expect(clippy::cast_precision_loss, reason = "a rate to be read by people")]
fn per_second(start: Instant) -> f64 {
    MESSAGES as f64 / start.elapsed().as_secs_f64()
}
