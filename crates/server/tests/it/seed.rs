//! Sample people and imported chats.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::cli::{chat, program, run};
use natter_chat::{Actor, Chat, History, ListFilter};
use natter_protocol::{Conversation, ConversationId, ConversationKind, LoginRequest, Message};
use natter_server::seed::{self, Report, Tally};
use natter_testkit::postgres;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use tempfile::TempDir;

const fn tally(added: u64, known: u64) -> Tally {
    Tally { added, known }
}

async fn sign_in(chat: &Chat, username: &str, password: &str) -> Actor {
    let request = LoginRequest { username: username.to_owned(), password: password.to_owned() };
    let signed_in = chat.login(&request).await.unwrap();
    chat.authenticate(&signed_in.tokens.access_token).await.unwrap()
}

async fn conversations(chat: &Chat, actor: &Actor) -> Vec<Conversation> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let page = chat.conversations(actor, ListFilter::default(), cursor.as_deref(), 100).await.unwrap();
        all.extend(page.data);
        cursor = page.meta.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

/// All messages of a conversation, oldest first.
async fn messages(chat: &Chat, actor: &Actor, id: ConversationId) -> Vec<Message> {
    let mut all = Vec::new();
    let mut history = History::Newest;
    loop {
        let mut page = chat.messages(actor, id, None, history, 100).await.unwrap();
        page.data.append(&mut all);
        all = page.data;
        match page.meta.next_cursor {
            Some(cursor) => history = History::Cursor(cursor),
            None => return all,
        }
    }
}

/// What everybody says everywhere, by the key of each message.
async fn everything(chat: &Chat) -> BTreeMap<String, (String, Message)> {
    let accounts = seed::accounts();
    let mut all = BTreeMap::new();
    for person in &accounts.people {
        let actor = sign_in(chat, person.username, accounts.password).await;
        for conversation in conversations(chat, &actor).await {
            for message in messages(chat, &actor, conversation.info.id).await {
                let key = format!(
                    "{} {}",
                    conversation.info.id,
                    message.client_message_id.clone().unwrap_or_default()
                );
                all.insert(key, (message.sender.username.clone(), message));
            }
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_there_once() {
    let dir = TempDir::new().unwrap();
    let first = run(dir.path(), &["seed"]).text();
    assert!(first.starts_with("Added 10 people, 50 conversations and 1000 messages.\n"), "{first}");
    assert!(first.ends_with(&format!("{}\n", seed::accounts())), "{first}");
    let second = run(dir.path(), &["seed"]).text();
    let nothing = "Nothing to add: 10 people, 50 conversations and 1000 messages are there already.\n";
    assert!(second.starts_with(nothing), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_plausible() {
    let dir = TempDir::new().unwrap();
    let chat = chat(dir.path()).await;
    seed::sample(&chat).await.unwrap();
    let all = everything(&chat).await;
    assert_eq!(all.len(), 1_000);

    let texts: String = all.values().map(|(_, message)| message.content.as_str()).collect();
    for part in ["صباح", "おはよう", "🎉", "```rust\n"] {
        assert!(texts.contains(part), "{part}");
    }
    let distinct: BTreeSet<_> = all.values().map(|(_, message)| &message.content).collect();
    assert!(distinct.len() > 600, "{} of 1,000 texts differ", distinct.len());
    assert!(distinct.iter().any(|text| text.chars().count() > 500));
    let senders: BTreeSet<_> = all.values().map(|(sender, _)| sender).collect();
    assert_eq!(senders.len(), 10);

    let accounts = seed::accounts();
    let somebody = sign_in(&chat, accounts.people[0].username, accounts.password).await;
    let mut kinds: Vec<_> = Vec::new();
    for conversation in conversations(&chat, &somebody).await {
        kinds.push(conversation.info.kind);
        let times: Vec<_> = messages(&chat, &somebody, conversation.info.id)
            .await
            .iter()
            .map(|message| message.created_at)
            .collect();
        assert!(!times.is_empty() && times.is_sorted(), "{}", conversation.title);
    }
    for kind in [ConversationKind::Direct, ConversationKind::Group, ConversationKind::Channel] {
        assert!(kinds.contains(&kind), "{kind:?}");
    }
    let times = all.values().map(|(_, message)| message.created_at.seconds());
    let days = (times.clone().max().unwrap() - times.min().unwrap()) / 86_400;
    assert!((28..=30).contains(&days), "{days} days");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_samples_say_the_same() {
    let mut said = Vec::new();
    for _ in 0..2 {
        let dir = TempDir::new().unwrap();
        let chat = chat(dir.path()).await;
        seed::sample(&chat).await.unwrap();
        let mut all: Vec<_> = everything(&chat)
            .await
            .into_values()
            .map(|(sender, message)| (message.client_message_id, sender, message.content))
            .collect();
        all.sort();
        said.push(all);
    }
    assert_eq!(said[0], said[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_fills_an_empty_database_and_leaves_others_alone() {
    let empty = TempDir::new().unwrap();
    let demo = chat(empty.path()).await;
    let accounts = seed::demo(&demo).await.unwrap();
    assert_eq!(accounts.people.len(), 10);
    let person = accounts.people[0];
    sign_in(&demo, person.username, accounts.password).await;
    assert_eq!(seed::demo(&demo).await.unwrap(), accounts);

    let real = TempDir::new().unwrap();
    let name = person.username;
    run(real.path(), &["user", "create", name, "--display-name", "Somebody real"]).text();
    let chat = chat(real.path()).await;
    let refused = seed::demo(&chat).await.unwrap_err().to_string();
    assert!(refused.starts_with("this database belongs to others"), "{refused}");
    assert_eq!(seed::demo(&chat).await.unwrap_err().to_string(), refused);
    let refused = run(real.path(), &["seed"]).failure(1);
    assert!(refused.contains(&format!("{name} is the name of somebody here")), "{refused}");
}

/// A corpus of so many messages in 7 channels by 5 people.
fn corpus(messages: usize) -> String {
    (0..messages).fold(String::new(), |mut text, number| {
        let (channel, sender) = (number % 7, number % 5);
        let sent_at = 1_500_000_000 + number;
        writeln!(
            text,
            r#"{{"conversation": "channel {channel}", "sender": "person{sender}", "sentAt": {sent_at}, "text": "number {number}"}}"#
        )
        .unwrap();
        text
    })
}

/// Everything in the channels of a corpus, as the guest sees it: each channel's texts in their order.
async fn channels(data_dir: &Path, guest: &str) -> BTreeMap<String, Vec<String>> {
    let chat = chat(data_dir).await;
    let token = chat.mint_token(guest, 60).await.unwrap();
    let actor = chat.authenticate(&token).await.unwrap();
    let mut channels = BTreeMap::new();
    for conversation in conversations(&chat, &actor).await {
        let texts = messages(&chat, &actor, conversation.info.id).await;
        channels.insert(conversation.title, texts.into_iter().map(|message| message.content).collect());
    }
    channels
}

fn expected_channels(messages: usize) -> BTreeMap<String, Vec<String>> {
    let mut channels = BTreeMap::<String, Vec<String>>::new();
    for number in 0..messages {
        channels.entry(format!("channel {}", number % 7)).or_default().push(format!("number {number}"));
    }
    channels
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corpus_is_imported_once() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chat.jsonl");
    fs::write(&path, corpus(3_000)).unwrap();
    let data = dir.path().join("data");
    run(&data, &["user", "create", "guest"]).text();
    let arguments = ["seed", "--corpus", path.to_str().unwrap(), "--member", "guest", "--json"];
    let report = run(&data, &arguments).json()["report"].clone();
    let expected = Report { people: tally(5, 0), conversations: tally(7, 0), messages: tally(3_000, 0) };
    assert_eq!(report, serde_json::to_value(expected).unwrap());
    let report = run(&data, &arguments).json()["report"].clone();
    let expected = Report { people: tally(0, 5), conversations: tally(0, 7), messages: tally(0, 3_000) };
    assert_eq!(report, serde_json::to_value(expected).unwrap());
    assert_eq!(channels(&data, "guest").await, expected_channels(3_000));
}

#[test]
fn postgres_takes_the_same_corpus_and_sample() {
    let database = postgres::database().unwrap();
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chat.jsonl");
    fs::write(&path, corpus(3_000)).unwrap();
    let arguments = ["seed", "--json", "--database-url", database.url(), "--corpus", path.to_str().unwrap()];
    for (added, known) in [(3_000, 0), (0, 3_000)] {
        let report = run(dir.path(), &arguments).json()["report"].clone();
        assert_eq!(report["messages"], serde_json::to_value(tally(added, known)).unwrap());
    }
    for (added, known) in [(1_000, 0), (0, 1_000)] {
        let report = run(dir.path(), &arguments[..4]).json()["report"].clone();
        assert_eq!(report["messages"], serde_json::to_value(tally(added, known)).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_corpus_keeps_its_times() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chat.jsonl.xz");
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(corpus(100).as_bytes()).unwrap();
    fs::write(&path, encoder.finish().unwrap()).unwrap();
    let chat = chat(dir.path()).await;
    let report = seed::import_corpus(&chat, &path, None).await.unwrap();
    assert_eq!(report.messages, tally(100, 0));
    let actor = chat.authenticate(&chat.mint_token("person0", 60).await.unwrap()).await.unwrap();
    let all = conversations(&chat, &actor).await;
    let channel = all.iter().find(|conversation| conversation.title == "channel 0").unwrap();
    assert_eq!(channel.info.kind, ConversationKind::Channel);
    let first = &messages(&chat, &actor, channel.info.id).await[0];
    assert_eq!((first.content.as_str(), first.created_at.seconds()), ("number 0", 1_500_000_000));
}

/// The process is killed at whatever moment it has got to once the first messages are in.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_killed_can_be_repeated() {
    const MESSAGES: usize = 20_000;
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chat.jsonl");
    fs::write(&path, corpus(MESSAGES)).unwrap();
    let data = dir.path().join("data");
    run(&data, &["user", "create", "guest"]).text();
    let arguments = ["seed", "--corpus", path.to_str().unwrap(), "--member", "guest", "--json"];
    let mut import =
        program(&arguments).arg("--data-dir").arg(&data).stdout(std::process::Stdio::null()).spawn().unwrap();
    while import.try_wait().unwrap().is_none() && channels(&data, "guest").await.values().all(Vec::is_empty) {
    }
    import.kill().unwrap();
    import.wait().unwrap();
    let report = run(&data, &arguments).json()["report"].clone();
    let count = |name: &str| report["messages"][name].as_u64().unwrap();
    assert_eq!(count("added") + count("known"), MESSAGES as u64, "{report}");
    assert!(count("known") > 0, "{report}");
    assert_eq!(channels(&data, "guest").await, expected_channels(MESSAGES));
}

#[test]
fn a_corpus_with_a_mistake_is_refused_before_anything_is_written() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chat.jsonl");
    let mut sentences = Vec::new();
    let long = "a".repeat(300_000);
    let bad_lines = [
        "no JSON",
        "{\"conversation\": \"a\", \"sender\": \"bob\", \"sentAt\": 1}",
        "{\"conversation\": \"a\", \"sender\": \"bob\", \"sentAt\": \"1\", \"text\": \"\"}",
        "{\"conversation\": \"\", \"sender\": \"bob\", \"sentAt\": 1, \"text\": \"a\"}",
        "{\"conversation\": \"a\", \"sender\": \"Bob B\", \"sentAt\": 1, \"text\": \"a\"}",
        "{\"conversation\": \"a\", \"sender\": \"bob\", \"sentAt\": 1, \"text\": \"\\u0000\"}",
        long.as_str(),
        "",
    ];
    for bad in bad_lines {
        let corpus = format!("{}{bad}\n{}", corpus(3), corpus(3));
        fs::write(&path, corpus).unwrap();
        let data = dir.path().join("data");
        sentences.push(run(&data, &["seed", "--corpus", path.to_str().unwrap()]).failure(1));
        let missing = run(&data, &["token", "mint", "--user", "person0"]).failure(1);
        assert!(missing.contains("there is no user person0"), "{missing}");
    }
    let data = dir.path().join("data");
    sentences.push(run(&data, &["seed", "--corpus", "/nowhere/chat.jsonl"]).failure(1));
    sentences
        .push(run(&data, &["seed", "--corpus", path.to_str().unwrap(), "--member", "nobody"]).failure(1));
    sentences.push(run(&data, &["seed", "--member", "nobody"]).failure(2));
    insta::assert_snapshot!(sentences.join("\n").replace(dir.path().to_str().unwrap(), "DIR"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_there_takes_nobody_in() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chat.jsonl");
    fs::write(&path, corpus(5)).unwrap();
    let data = dir.path().join("data");
    run(&data, &["seed", "--corpus", path.to_str().unwrap()]).text();
    run(&data, &["user", "create", "late"]).text();
    let refused = run(&data, &["seed", "--corpus", path.to_str().unwrap(), "--member", "late"]).failure(1);
    assert!(refused.contains("is there already without some of them"), "{refused}");
    assert!(channels(&data, "late").await.is_empty());
}
