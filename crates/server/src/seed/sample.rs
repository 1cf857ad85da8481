//! Sample people who talk: 10 of them, 50 conversations, 1,000 messages over the 30 days before the first run.

use super::flight::Flight;
use super::rng::Rng;
use super::texts::{self, PEOPLE, Person};
use super::{Report, Tally};
use anyhow::{Result, bail, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use natter_chat::{Chat, ImportConversation, ImportMessage, Imported};
use natter_protocol::{
    ConversationKind, PlatformRole, RegisterRequest, Timestamp, User, UserId, UserSummary,
};
use std::fmt;

/// The password of every sample person. It is no secret.
const PASSWORD: &str = "natter-demo";
const GROUPS: usize = 14;
const DIRECTS: usize = 24;
const MESSAGES: i64 = 1_000;
const DAYS: i64 = 30;
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// Anything: the same number gives the same conversations.
const SEED: u64 = 7;

/// How to sign in as the sample people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoAccounts {
    /// Everybody's.
    pub password: &'static str,
    /// Who there is.
    pub people: Vec<DemoPerson>,
}

/// One of the sample people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoPerson {
    /// Name to sign in with.
    pub username: &'static str,
    /// Name to show.
    pub display_name: &'static str,
}

impl fmt::Display for DemoAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.people.iter().map(|person| person.username).collect();
        write!(f, "Sign in as {} with the password {}.", names.join(", "), self.password)
    }
}

/// The sample people, for showing how to sign in.
pub fn accounts() -> DemoAccounts {
    let person =
        |person: &Person| DemoPerson { username: person.username, display_name: person.display_name };
    DemoAccounts { password: PASSWORD, people: PEOPLE.iter().map(person).collect() }
}

/// Fills an empty database with the sample people, or completes them. Refuses a database that belongs to others, who
/// would not want accounts whose password everybody knows.
pub async fn demo(chat: &Chat) -> Result<DemoAccounts> {
    if !chat.import().is_empty().await? {
        for person in PEOPLE {
            ensure!(
                known(chat, person).await?.is_some(),
                "this database belongs to others: --demo would add accounts whose password everybody knows. Leave \
                 --demo out, or choose another directory with --data-dir"
            );
        }
    }
    sample(chat).await?;
    Ok(accounts())
}

/// Adds the sample people and what they say.
pub async fn sample(chat: &Chat) -> Result<Report> {
    let mut report = Report::default();
    let people = create_people(chat, &mut report.people).await?;
    let now = chat.import().began("sample").await?;
    let mut rng = Rng::new(SEED);
    let rooms = create_rooms(chat, &people, now, &mut rng, &mut report.conversations).await?;
    let mut flight = Flight::new();
    for number in 0..MESSAGES {
        // The first ones greet every room once, so that none is empty.
        let room = match usize::try_from(number) {
            Ok(number) if number < rooms.len() => &rooms[number],
            _ => &rooms[busy(&mut rng, rooms.len())],
        };
        let step_seconds = DAYS * DAY_SECONDS / MESSAGES;
        let sent = now.plus_seconds((number + 1 - MESSAGES) * step_seconds);
        let jitter_seconds = i64::try_from(rng.below(1_000)).unwrap_or_default() * step_seconds / 1_000;
        let new = ImportMessage {
            key: format!("sample/{number}"),
            conversation_id: room.id,
            sender: rng.pick(&room.members).clone(),
            content: texts::say(&mut rng, room.theme),
            created_at: sent.plus_seconds(-jitter_seconds),
        };
        flight.add(chat.import().message(new).await?).await?;
    }
    report.messages = flight.land().await?;
    Ok(report)
}

/// Rooms at the front are busier.
fn busy(rng: &mut Rng, rooms: usize) -> usize {
    rng.below(rooms).min(rng.below(rooms))
}

/// The user of this name, if it is the sample person and not somebody real.
async fn known(chat: &Chat, person: &Person) -> Result<Option<User>> {
    let user = chat.import().known_user(person.username).await?;
    Ok(user.filter(|user| user.display_name == person.display_name))
}

async fn create_people(chat: &Chat, tally: &mut Tally) -> Result<Vec<UserSummary>> {
    let created: Vec<_> = stream::iter(PEOPLE)
        .map(|person| create_person(chat, person))
        .buffered(PEOPLE.len())
        .try_collect()
        .await?;
    let mut people = Vec::with_capacity(created.len());
    for (user, imported) in created {
        tally.count(imported);
        people.push(UserSummary {
            id: user.id,
            username: user.username,
            display_name: user.display_name,
            avatar_url: user.avatar_url,
        });
    }
    Ok(people)
}

async fn create_person(chat: &Chat, person: &Person) -> Result<(User, Imported)> {
    if let Some(user) = known(chat, person).await? {
        return Ok((user, Imported::Known));
    }
    let request = RegisterRequest {
        username: person.username.to_owned(),
        password: PASSWORD.to_owned(),
        display_name: Some(person.display_name.to_owned()),
        email: None,
    };
    match chat.create_user(request, PlatformRole::User).await {
        Ok(user) => Ok((user, Imported::New)),
        Err(natter_chat::Error::UsernameTaken) => bail!(
            "{} is the name of somebody here who is not one of the sample people; seed an empty database, try: \
             natter seed --data-dir ./sample",
            person.username
        ),
        Err(error) => Err(error.into()),
    }
}

/// A conversation and what it is about.
struct Room {
    id: natter_protocol::ConversationId,
    members: Vec<UserSummary>,
    theme: usize,
}

async fn create_rooms(
    chat: &Chat,
    people: &[UserSummary],
    now: Timestamp,
    rng: &mut Rng,
    tally: &mut Tally,
) -> Result<Vec<Room>> {
    let created_at = now.plus_seconds(-DAYS * DAY_SECONDS);
    let mut rooms = Vec::new();
    for (number, plan) in plans(people, rng).into_iter().enumerate() {
        let [owner, others @ ..] = plan.members.as_slice() else { continue };
        let new = ImportConversation {
            key: format!("sample/{number}"),
            kind: plan.kind,
            name: plan.name,
            topic: plan.topic,
            owner: owner.id,
            members: others.iter().map(|member| member.id).collect::<Vec<UserId>>(),
            created_at,
        };
        let (id, imported) = chat.import().conversation(new).await?;
        tally.count(imported);
        rooms.push(Room { id, members: plan.members, theme: plan.theme });
    }
    Ok(rooms)
}

struct Plan {
    kind: ConversationKind,
    name: Option<String>,
    topic: Option<String>,
    members: Vec<UserSummary>,
    theme: usize,
}

fn plans(people: &[UserSummary], rng: &mut Rng) -> Vec<Plan> {
    let mut plans = Vec::new();
    for (theme, about) in texts::THEMES.iter().enumerate() {
        let mut members = people.to_vec();
        rng.shuffle(&mut members);
        plans.push(Plan {
            kind: ConversationKind::Channel,
            name: Some(about.channel.to_owned()),
            topic: Some(about.topic.to_owned()),
            members,
            theme,
        });
    }
    for group in 0..GROUPS {
        let mut members = people.to_vec();
        rng.shuffle(&mut members);
        members.truncate(3 + rng.below(4));
        let theme = group % texts::THEMES.len();
        plans.push(Plan {
            kind: ConversationKind::Group,
            name: Some(texts::GROUPS[group % texts::GROUPS.len()].to_owned()),
            topic: None,
            members,
            theme,
        });
    }
    let mut pairs: Vec<_> =
        (0..people.len()).flat_map(|first| (0..first).map(move |second| (first, second))).collect();
    rng.shuffle(&mut pairs);
    for (first, second) in pairs.into_iter().take(DIRECTS) {
        plans.push(Plan {
            kind: ConversationKind::Direct,
            name: None,
            topic: None,
            members: vec![people[first].clone(), people[second].clone()],
            theme: rng.below(texts::THEMES.len()),
        });
    }
    plans
}
