//! Who may do what: every operation of the API by everybody, in every kind of conversation.
//!
//! The table below says what each operation takes. From it the test derives what each person is answered, tries it,
//! and makes sure that what was refused changed nothing, and that whoever is not a member is told the same about a
//! conversation that exists as about one that does not.

use crate::support::on_both_databases;
use anyhow::{Context as _, Result, ensure};
use natter_protocol::{Conversation, Invite, Message};
use natter_testkit::natter::Natter;
use natter_testkit::person::Person;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both_databases! {
    every_operation_decides_right_in_a_group,
    every_operation_decides_right_in_a_channel,
    every_operation_decides_right_in_a_direct_conversation,
    the_table_knows_every_operation,
}

/// An id that was never given out.
const NOBODYS: &str = "0190163d-8694-739b-aea5-000000000000";

/// What an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Member,
    Moderator,
    Admin,
    Owner,
    /// Having written the message.
    Author,
    /// Having written the message, or being a moderator.
    AuthorOrModerator,
    /// Nobody may, although members see it.
    Nobody,
}

/// Somebody who tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Owner,
    Admin,
    Moderator,
    Member,
    /// A member who wrote the message that the room's operations are about.
    Author,
    /// Was a member and left.
    Former,
    Stranger,
    /// An admin of the installation, who is no member.
    PlatformAdmin,
}

const EVERYBODY: [Who; 8] = [
    Who::Owner,
    Who::Admin,
    Who::Moderator,
    Who::Member,
    Who::Author,
    Who::Former,
    Who::Stranger,
    Who::PlatformAdmin,
];

impl Who {
    const fn rank(self) -> u8 {
        match self {
            Self::Owner => 4,
            Self::Admin => 3,
            Self::Moderator => 2,
            Self::Member | Self::Author => 1,
            Self::Former | Self::Stranger | Self::PlatformAdmin => 0,
        }
    }

    const fn is_member(self) -> bool {
        self.rank() > 0
    }

    fn may(self, takes: Takes) -> bool {
        match takes {
            Takes::Member => self.rank() >= 1,
            Takes::Moderator => self.rank() >= 2,
            Takes::Admin => self.rank() >= 3,
            Takes::Owner => self.rank() >= 4,
            Takes::Author => self == Self::Author,
            Takes::AuthorOrModerator => self == Self::Author || self.rank() >= 2,
            Takes::Nobody => false,
        }
    }
}

/// An operation on what belongs to a conversation.
struct Operation {
    method: Method,
    /// As the OpenAPI document spells it.
    path: &'static str,
    body: fn(&Room) -> Option<Value>,
    group: Takes,
    channel: Takes,
    direct: Takes,
}

const fn nothing(_: &Room) -> Option<Value> {
    None
}

/// The operations that are about a conversation or what is in it.
#[rustfmt::skip]
fn operations() -> Vec<Operation> {
    use Takes::{Admin, Author, AuthorOrModerator, Member, Moderator, Nobody, Owner};
    let get = |path, group, channel, direct| Operation { method: Method::GET, path, body: nothing, group, channel, direct };
    let bare = |method, path, group, channel, direct| Operation { method, path, body: nothing, group, channel, direct };
    let with = |method, path, body, group, channel, direct| Operation { method, path, body, group, channel, direct };
    vec![
        get("/conversations/{id}", Member, Member, Member),
        get("/conversations/{id}/events", Member, Member, Member),
        get("/conversations/{id}/members", Member, Member, Member),
        get("/conversations/{id}/messages", Member, Member, Member),
        get("/conversations/{id}/pins", Member, Member, Member),
        get("/conversations/{id}/files", Member, Member, Member),
        get("/conversations/{id}/invites", Admin, Admin, Nobody),
        get("/messages/{id}", Member, Member, Member),
        get("/messages/{id}/reactions", Member, Member, Member),
        get("/messages/{id}/receipts", Member, Member, Member),
        get("/messages/{id}/versions", Moderator, Moderator, Nobody),
        with(Method::POST, "/conversations/{id}/messages", |_| Some(json!({"content": "hello"})), Member, Member, Member),
        with(Method::POST, "/conversations/{id}/scheduled-messages", |_| Some(json!({"content": "later", "sendAt": soon()})), Member, Member, Member),
        with(Method::PUT, "/conversations/{id}/draft", |_| Some(json!({"content": "almost"})), Member, Member, Member),
        bare(Method::DELETE, "/conversations/{id}/draft", Member, Member, Member),
        with(Method::POST, "/conversations/{id}/read", |_| Some(json!({})), Member, Member, Member),
        with(Method::PATCH, "/conversations/{id}/me", |_| Some(json!({"muted": true})), Member, Member, Member),
        with(Method::PATCH, "/conversations/{id}", |_| Some(json!({"name": "another name"})), Admin, Admin, Nobody),
        with(Method::PATCH, "/conversations/{id}", |_| Some(json!({"status": "archived"})), Admin, Admin, Nobody),
        with(Method::PUT, "/conversations/{id}", |_| Some(json!({"name": "one more name"})), Admin, Admin, Nobody),
        bare(Method::DELETE, "/conversations/{id}", Owner, Owner, Nobody),
        with(Method::POST, "/conversations/{id}/members", |room| Some(json!({"userId": room.newcomer})), Member, Moderator, Nobody),
        with(Method::PATCH, "/conversations/{id}/members/{userId}", |_| Some(json!({"role": "moderator"})), Admin, Admin, Nobody),
        bare(Method::DELETE, "/conversations/{id}/members/{userId}", Moderator, Moderator, Nobody),
        with(Method::POST, "/conversations/{id}/invites", |_| Some(json!({})), Admin, Admin, Nobody),
        bare(Method::DELETE, "/conversations/{id}/invites/{inviteId}", Admin, Admin, Nobody),
        // Whoever is a member has joined; nobody else can.
        bare(Method::POST, "/conversations/{id}/join", Member, Member, Member),
        bare(Method::POST, "/conversations/{id}/leave", Member, Member, Nobody),
        with(Method::PUT, "/messages/{id}", |_| Some(json!({"content": "replaced"})), Author, Author, Author),
        with(Method::PATCH, "/messages/{id}", |_| Some(json!({"content": "changed"})), Author, Author, Author),
        bare(Method::DELETE, "/messages/{id}", AuthorOrModerator, AuthorOrModerator, Author),
        with(Method::POST, "/messages/{id}/reactions", |_| Some(json!({"emoji": "👍"})), Member, Member, Member),
        bare(Method::DELETE, "/messages/{id}/reactions/{emoji}", Member, Member, Member),
        with(Method::POST, "/messages/{id}/read", |_| None, Member, Member, Member),
        with(Method::POST, "/messages/{id}/forward", |room| Some(json!({"conversationIds": [room.id]})), Member, Member, Member),
        bare(Method::PUT, "/messages/{id}/pin", Member, Moderator, Member),
        bare(Method::DELETE, "/messages/{id}/pin", Member, Moderator, Member),
    ]
}

/// The operations that take no account.
const OPEN: [(&str, &str); 5] = [
    // Whoever has the id was shown the message; the picture was public before.
    ("GET", "/link-previews/{id}/image"),
    ("POST", "/auth/register"),
    ("POST", "/auth/login"),
    ("POST", "/auth/refresh"),
    ("POST", "/auth/logout"),
];

/// The operations that are about the caller alone, or about what everybody with an account may see.
const PERSONAL: [(&str, &str); 35] = [
    // Who may fetch which file is tried in `files/fetch.rs`.
    ("POST", "/files"),
    ("GET", "/files/{id}"),
    ("DELETE", "/files/{id}"),
    ("GET", "/files/{id}/info"),
    ("GET", "/files/{id}/thumbnail"),
    ("POST", "/files/links"),
    ("POST", "/files/uploads"),
    ("PATCH", "/files/uploads/{id}"),
    ("DELETE", "/files/uploads/{id}"),
    ("POST", "/auth/ticket"),
    ("GET", "/users"),
    ("GET", "/users/me"),
    ("PATCH", "/users/me"),
    ("PUT", "/users/me/password"),
    ("GET", "/users/me/sessions"),
    ("DELETE", "/users/me/sessions"),
    ("DELETE", "/users/me/sessions/{id}"),
    ("GET", "/users/me/drafts"),
    ("GET", "/users/me/scheduled-messages"),
    ("DELETE", "/users/me/scheduled-messages/{id}"),
    ("GET", "/users/online"),
    ("GET", "/users/{username}"),
    ("GET", "/conversations"),
    ("POST", "/conversations"),
    ("GET", "/conversations/public"),
    ("GET", "/conversations/unread-count"),
    ("GET", "/conversations/with/{username}"),
    // What is there belongs to the caller alone: whoever has none is told so.
    ("GET", "/conversations/{id}/draft"),
    ("GET", "/invites/{code}"),
    ("POST", "/invites/{code}"),
    ("GET", "/search/messages"),
    ("GET", "/blocks"),
    ("POST", "/blocks"),
    ("DELETE", "/blocks/{username}"),
    ("GET", "/blocks/status/{username}"),
];

/// The operations that take being an admin of the installation.
const OPERATORS: [(&str, &str); 4] = [
    ("GET", "/admin/ip-rules"),
    ("POST", "/admin/ip-rules"),
    ("DELETE", "/admin/ip-rules/{id}"),
    // A moderator of the installation is enough.
    ("GET", "/files/rejected"),
];

/// A conversation with something of everything in it.
struct Room {
    id: String,
    message: String,
    invite: String,
    /// The member whom member operations are about.
    target: String,
    /// Somebody who can be added.
    newcomer: String,
}

impl Room {
    fn path(&self, template: &str) -> String {
        let id = if template.starts_with("/messages/") { &self.message } else { &self.id };
        template
            .replace("{id}", id)
            .replace("{userId}", &self.target)
            .replace("{inviteId}", &self.invite)
            .replace("{emoji}", "%F0%9F%91%8D")
    }

    /// The same with ids that were never given out.
    fn nowhere(&self) -> Self {
        Self {
            id: NOBODYS.to_owned(),
            message: NOBODYS.to_owned(),
            invite: self.invite.clone(),
            target: self.target.clone(),
            newcomer: self.newcomer.clone(),
        }
    }
}

struct World {
    people: Vec<(Who, Person)>,
    target: Person,
    newcomer: Person,
}

impl World {
    async fn new(natter: &Natter) -> Result<Self> {
        let mut people = Vec::new();
        for who in EVERYBODY {
            let name = format!("{who:?}").to_lowercase();
            people.push((who, Person::register(natter.address(), &name).await?));
        }
        natter.run(&["user", "role", "platformadmin", "admin"]).await?;
        let target = Person::register(natter.address(), "target").await?;
        let newcomer = Person::register(natter.address(), "newcomer").await?;
        Ok(Self { people, target, newcomer })
    }

    fn person(&self, who: Who) -> &Person {
        self.people.iter().find(|(other, _)| *other == who).map_or(&self.target, |(_, person)| person)
    }

    async fn room(&self, kind: &str) -> Result<Room> {
        let owner = self.person(Who::Owner);
        let conversation: Conversation = if kind == "direct" {
            let author = self.person(Who::Author);
            owner.post("/conversations", json!({"type": "direct", "members": [author.id()]})).await?
        } else {
            let members: Vec<_> = [Who::Admin, Who::Moderator, Who::Member, Who::Author, Who::Former]
                .map(|who| self.person(who).id())
                .into_iter()
                .chain([self.target.id()])
                .collect();
            let room: Conversation = owner
                .post("/conversations", json!({"type": kind, "name": "room", "members": members}))
                .await?;
            for (who, role) in [(Who::Admin, "admin"), (Who::Moderator, "moderator")] {
                let path = format!("/conversations/{}/members/{}", room.info.id, self.person(who).id());
                done(owner, Method::PATCH, &path, Some(json!({"role": role}))).await?;
            }
            let path = format!("/conversations/{}/leave", room.info.id);
            done(self.person(Who::Former), Method::POST, &path, None).await?;
            room
        };
        let id = conversation.info.id;
        let message: Message = self.person(Who::Author).send(id, "the message").await?;
        let invite = if kind == "direct" {
            NOBODYS.to_owned()
        } else {
            let invite: Invite = owner.post(&format!("/conversations/{id}/invites"), json!({})).await?;
            invite.id.to_string()
        };
        Ok(Room {
            id: id.to_string(),
            message: message.id.to_string(),
            invite,
            target: self.target.id().to_string(),
            newcomer: self.newcomer.id().to_string(),
        })
    }

    /// All that an operation could change, as its owner sees it.
    async fn state(&self, room: &Room) -> Result<Vec<Value>> {
        let mut state = Vec::new();
        for part in ["", "/members", "/messages", "/pins", "/invites"] {
            let path = format!("/conversations/{}{part}", room.id);
            state.push(self.person(Who::Owner).request(Method::GET, &path, None).await?.1);
        }
        // Each answer has its own.
        for part in &mut state {
            if let Some(problem) = part.as_object_mut() {
                problem.remove("requestId");
            }
        }
        Ok(state)
    }
}

async fn done(person: &Person, method: Method, path: &str, body: Option<Value>) -> Result<()> {
    let (status, answer) = person.request(method, path, body).await?;
    ensure!(status.is_success(), "{path}: {status} {answer}");
    Ok(())
}

fn soon() -> String {
    let soon = std::time::SystemTime::now() + std::time::Duration::from_hours(24);
    let seconds = soon.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    natter_protocol::Timestamp::from_millis(i64::try_from(seconds).unwrap_or_default() * 1_000).to_string()
}

async fn every_operation_decides_right_in_a_group(natter: Natter) -> Result<()> {
    every_operation_decides_right(&natter, "group", |operation| operation.group).await
}

async fn every_operation_decides_right_in_a_channel(natter: Natter) -> Result<()> {
    every_operation_decides_right(&natter, "channel", |operation| operation.channel).await
}

async fn every_operation_decides_right_in_a_direct_conversation(natter: Natter) -> Result<()> {
    every_operation_decides_right(&natter, "direct", |operation| operation.direct).await
}

async fn every_operation_decides_right(
    natter: &Natter,
    kind: &str,
    takes: fn(&Operation) -> Takes,
) -> Result<()> {
    let world = World::new(natter).await?;
    let mut room = world.room(kind).await?;
    for operation in operations() {
        for who in EVERYBODY {
            // Nobody is an admin of a direct conversation, and nobody leaves it.
            let here = kind != "direct"
                || matches!(who, Who::Owner | Who::Author | Who::Stranger | Who::PlatformAdmin);
            if !here {
                continue;
            }
            // The two of a direct conversation are equal.
            let rank = if kind == "direct" && who == Who::Owner { Who::Member } else { who };
            let takes = takes(&operation);
            let expected = match (rank.is_member(), rank.may(takes)) {
                (false, _) => Expected::Hidden,
                (true, false) => Expected::Forbidden,
                (true, true) => Expected::Done,
            };
            let changed = attempt(&world, &room, &operation, who, expected)
                .await
                .with_context(|| format!("{} {} by {who:?} in a {kind}", operation.method, operation.path))?;
            if changed {
                room = fresh(&world, kind, room).await?;
            }
        }
        anonymous(natter, &room, &operation).await?;
    }
    Ok(())
}

/// Another room; a direct conversation stays the only one of its two, with another message.
async fn fresh(world: &World, kind: &str, room: Room) -> Result<Room> {
    if kind == "direct" {
        let author = world.person(Who::Author);
        let message: Message = author
            .post(&format!("/conversations/{}/messages", room.id), json!({"content": "one more"}))
            .await?;
        return Ok(Room { message: message.id.to_string(), ..room });
    }
    world.room(kind).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Done,
    Forbidden,
    Hidden,
}

/// Tries; answers whether the room is not what it was before.
async fn attempt(
    world: &World,
    room: &Room,
    operation: &Operation,
    who: Who,
    expected: Expected,
) -> Result<bool> {
    let person = world.person(who);
    let before = world.state(room).await?;
    let (status, answer) =
        person.request(operation.method.clone(), &room.path(operation.path), (operation.body)(room)).await?;
    match expected {
        Expected::Done => ensure!(status.is_success(), "{status} {answer}"),
        Expected::Forbidden => {
            ensure!(status == StatusCode::FORBIDDEN && answer["code"] == "forbidden", "{status} {answer}");
        }
        Expected::Hidden => {
            ensure!(status == StatusCode::NOT_FOUND && answer["code"] == "not_found", "{status} {answer}");
            let nowhere = room.nowhere();
            let (method, path) = (operation.method.clone(), nowhere.path(operation.path));
            let (missing, other) = person.request(method, &path, (operation.body)(&nowhere)).await?;
            ensure!(missing == status && same(&answer, &other), "hidden: {answer}, missing: {other}");
        }
    }
    if expected == Expected::Done {
        return Ok(operation.method != Method::GET);
    }
    ensure!(world.state(room).await? == before, "it was refused and changed something");
    Ok(false)
}

/// Whether two problems tell the same.
fn same(one: &Value, other: &Value) -> bool {
    let strip = |problem: &Value| {
        let mut problem = problem.clone();
        if let Some(problem) = problem.as_object_mut() {
            problem.remove("requestId");
        }
        problem
    };
    strip(one) == strip(other)
}

async fn anonymous(natter: &Natter, room: &Room, operation: &Operation) -> Result<()> {
    let path = format!("/api/v1{}", room.path(operation.path));
    let mut request = crate::support::client()?.request(operation.method.clone(), natter.url(&path));
    if let Some(body) = (operation.body)(room) {
        request = request.json(&body);
    }
    let status = request.send().await?.status();
    ensure!(status == StatusCode::UNAUTHORIZED, "{} {path} without a token: {status}", operation.method);
    Ok(())
}

async fn the_table_knows_every_operation(natter: Natter) -> Result<()> {
    let document: Value = reqwest::get(natter.url("/api/openapi.json")).await?.json().await?;
    let paths = document["paths"].as_object().context("the document has no paths")?;
    let documented: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, item)| {
            let path = path.trim_start_matches("/api/v1").to_owned();
            let methods = item.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase());
            methods
                .filter(|method| ["GET", "PUT", "POST", "PATCH", "DELETE"].contains(&method.as_str()))
                .map(move |method| (method, path.clone()))
        })
        .collect();
    let listed = OPEN.iter().chain(&PERSONAL).chain(&OPERATORS);
    let known: BTreeSet<(String, String)> = listed
        .map(|(method, path)| ((*method).to_owned(), (*path).to_owned()))
        .chain(operations().iter().map(|operation| (operation.method.to_string(), operation.path.to_owned())))
        .collect();
    let missing: Vec<_> = documented.difference(&known).collect();
    let gone: Vec<_> = known.difference(&documented).collect();
    ensure!(missing.is_empty() && gone.is_empty(), "not in the table: {missing:?}; not in the API: {gone:?}");

    // What takes an account is refused without one, and what takes an operator to everybody else.
    let somebody = Person::register(natter.address(), "somebody").await?;
    for (method, path) in PERSONAL.iter().chain(&OPERATORS) {
        let path = path.replace("{id}", NOBODYS).replace("{username}", "somebody");
        let request =
            crate::support::client()?.request(method.parse()?, natter.url(&format!("/api/v1{path}")));
        let status = request.json(&json!({})).send().await?.status();
        ensure!(status == StatusCode::UNAUTHORIZED, "{method} {path} without a token: {status}");
    }
    for (method, path) in OPERATORS {
        let path = path.replace("{id}", NOBODYS);
        let body = (method == "POST").then(|| json!({"cidr": "203.0.113.0/24", "action": "block"}));
        let (status, answer) = somebody.request(method.parse()?, &path, body).await?;
        ensure!(status == StatusCode::FORBIDDEN, "{method} {path} by a user: {status} {answer}");
    }
    Ok(())
}
