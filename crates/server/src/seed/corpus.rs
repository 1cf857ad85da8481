//! `natter seed --corpus`: a chat that happened elsewhere, with its own times.

use super::Report;
use super::flight::Flight;
use super::lines::{Line, Lines};
use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use natter_chat::{Chat, ImportConversation, ImportMessage};
use natter_protocol::{ConversationId, ConversationKind, Timestamp, User, UserId, UserSummary};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// People or conversations that are created at one time, so that many share a flush of the disk.
const CREATED_AT_ONCE_MAX: usize = 512;

/// Imports a file of messages: each conversation becomes a public channel with all who wrote in it, and the guest.
///
/// The file is read twice. The first time it is checked to its end, so that a mistake in it is found before anything
/// is written, and it is learnt who has to be in which channel.
pub async fn import_corpus(chat: &Chat, path: &Path, guest: Option<&User>) -> Result<Report> {
    import_copies(chat, path, guest, 1).await
}

/// The same, so many times over: what was said is said again and again within the same span of time.
pub async fn import_copies(chat: &Chat, path: &Path, guest: Option<&User>, copies: u32) -> Result<Report> {
    let survey = Survey::of(path)?;
    let mut report = Report::default();
    let people = create_people(chat, &survey, &mut report).await?;
    let channels = create_channels(chat, &survey, &people, guest, &mut report).await?;
    let mut flight = Flight::new();
    for copy in 0..copies {
        for line in Lines::open(path)? {
            let line = line?;
            let missing = || format!("{} has changed while it was read", path.display());
            let sender = people.get(&line.sender).with_context(missing)?;
            let again = if copy > 0 { format!("/{copy}") } else { String::new() };
            let new = ImportMessage {
                key: format!("corpus/{}{again}", line.number),
                conversation_id: *channels.get(&line.conversation).with_context(missing)?,
                sender: sender.clone(),
                created_at: Timestamp::from_millis(0).plus_seconds(survey.time(line.sent_at, copy, copies)),
                content: line.text,
            };
            flight.add(chat.import().message(new).await?).await?;
        }
    }
    report.messages = flight.land().await?;
    Ok(report)
}

/// Who is in which channel.
#[derive(Default)]
struct Survey {
    people: BTreeSet<String>,
    /// Unix seconds of the first message and the last.
    span: Option<(i64, i64)>,
    channels: HashMap<String, Channel>,
}

struct Channel {
    /// Who wrote first.
    owner: String,
    others: BTreeSet<String>,
    /// When.
    began: Timestamp,
}

impl Survey {
    fn of(path: &Path) -> Result<Self> {
        let mut survey = Self::default();
        for line in Lines::open(path)? {
            survey.add(line.context("nothing was imported")?);
        }
        Ok(survey)
    }

    fn add(&mut self, line: Line) {
        let Line { conversation, sender, sent_at, .. } = line;
        let channel = self.channels.entry(conversation).or_insert_with(|| Channel {
            owner: sender.clone(),
            others: BTreeSet::new(),
            began: Timestamp::from_millis(0).plus_seconds(sent_at),
        });
        if channel.owner != sender && !channel.others.contains(&sender) {
            channel.others.insert(sender.clone());
        }
        self.people.insert(sender);
        let (first, last) = self.span.unwrap_or((sent_at, sent_at));
        self.span = Some((first.min(sent_at), last.max(sent_at)));
    }

    /// When something was said, if each of the copies takes its share of the whole time.
    fn time(&self, sent_at: i64, copy: u32, copies: u32) -> i64 {
        let (first, last) = self.span.unwrap_or((sent_at, sent_at));
        let length = last - first + 1;
        first + (sent_at - first + i64::from(copy) * length) / i64::from(copies)
    }
}

async fn create_people(
    chat: &Chat,
    survey: &Survey,
    report: &mut Report,
) -> Result<HashMap<String, UserSummary>> {
    let created: Vec<_> = stream::iter(&survey.people)
        .map(|name| async move { chat.import().user(name).await })
        .buffer_unordered(CREATED_AT_ONCE_MAX)
        .try_collect()
        .await?;
    let mut people = HashMap::with_capacity(created.len());
    for (user, imported) in created {
        report.people.count(imported);
        people.insert(user.username.clone(), summary(user));
    }
    Ok(people)
}

async fn create_channels(
    chat: &Chat,
    survey: &Survey,
    people: &HashMap<String, UserSummary>,
    guest: Option<&User>,
    report: &mut Report,
) -> Result<HashMap<String, ConversationId>> {
    let id = |name: &String| people.get(name).map(|person| person.id).context("somebody is missing");
    let create = |(name, channel): (&String, &Channel)| {
        let name = name.clone();
        let owner = id(&channel.owner);
        let members = channel.others.iter().map(id).collect::<Result<Vec<UserId>>>();
        let created_at = channel.began;
        async move {
            let (owner, mut members) = (owner?, members?);
            if let Some(guest) = guest.filter(|guest| guest.id != owner && !members.contains(&guest.id)) {
                members.push(guest.id);
            }
            let new = ImportConversation {
                key: format!("corpus/{name}"),
                kind: ConversationKind::Channel,
                name: Some(name.clone()),
                topic: None,
                owner,
                members,
                created_at,
            };
            let (id, imported) = chat.import().conversation(new).await?;
            anyhow::Ok((name, id, imported))
        }
    };
    let created: Vec<_> = stream::iter(survey.channels.iter().map(create))
        .buffer_unordered(CREATED_AT_ONCE_MAX)
        .try_collect()
        .await?;
    let mut channels = HashMap::with_capacity(created.len());
    for (name, id, imported) in created {
        report.conversations.count(imported);
        channels.insert(name, id);
    }
    Ok(channels)
}

/// A user, as a message shows its sender.
pub(crate) fn summary(user: User) -> UserSummary {
    UserSummary {
        id: user.id,
        username: user.username,
        display_name: user.display_name,
        avatar_url: user.avatar_url,
    }
}
