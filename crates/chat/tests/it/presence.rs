//! Who is shown to be there, and to whom.

use crate::device::{Device, StandStill};
use crate::harness::{World, fields};
use natter_chat::{Actor, Clock as _};
use natter_protocol::{Command, Presence, PresenceChange, Timestamp, UpdateProfile, UserId, limits};
use serde_json::Value;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

const KIND: &str = "presence.changed";
const ROUND_MS: u64 = limits::PRESENCE_COALESCE_MS;
/// Until somebody who left is offline, and the round after it.
const GRACE_SECONDS: u64 = limits::PRESENCE_GRACE_SECONDS as u64 + 2;

fn change(user: &Actor, status: Presence, last_seen: Option<Timestamp>) -> Value {
    serde_json::to_value(PresenceChange { user_id: user.id(), status, last_seen }).unwrap()
}

/// What a device is told of those whom it watches from now on.
async fn watch(
    world: &World,
    watcher: &Actor,
    device: &Device,
    people: &[&Actor],
) -> Vec<(UserId, Presence)> {
    let ids = people.iter().map(|person| person.id()).collect();
    let state = world.chat.watch_presence(watcher, &device.handle, ids).await.unwrap();
    let mut shown: Vec<_> = state.users.into_iter().map(|user| (user.user_id, user.status)).collect();
    shown.sort_unstable_by_key(|(id, _)| *id);
    shown
}

async fn show_presence(world: &World, user: &Actor, visible: bool) {
    let update = UpdateProfile { presence_visible: Some(visible), ..UpdateProfile::default() };
    world.chat.execute(user, Command::UpdateProfile(update)).await.unwrap();
    // The server does so every second: it may have been changed by another process.
    world.chat.revoke().await.unwrap();
}

#[tokio::test]
async fn those_who_watch_hear_who_comes_and_goes() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.actor("ada").await, world.actor("bob").await, world.actor("eve").await);
    world.group(&ada, &[&bob, &eve]).await;
    let time = StandStill::begin();
    let (mut adas, mut eves) = (Device::connect(&world, &ada), Device::connect(&world, &eve));
    assert_eq!(watch(&world, &ada, &adas, &[&bob]).await, [(bob.id(), Presence::Offline)]);

    let bobs = Device::connect(&world, &bob);
    time.pass(ROUND_MS).await;
    assert_eq!(adas.next_of(KIND).await, change(&bob, Presence::Online, None));
    bobs.handle.set_status(Presence::Busy);
    time.pass(ROUND_MS).await;
    assert_eq!(adas.next_of(KIND).await, change(&bob, Presence::Busy, None));

    // Another device does not make it more, and one that comes back in time was never gone.
    let second = Device::connect(&world, &bob);
    second.disconnect().await;
    bobs.disconnect().await;
    let left = world.clock.now();
    time.pass(ROUND_MS).await;
    world.clock.advance_seconds(3);
    time.pass_seconds(3).await;
    let bobs = Device::connect(&world, &bob);
    bobs.handle.set_status(Presence::Busy);
    time.pass(ROUND_MS).await;
    time.pass_seconds(GRACE_SECONDS).await;
    assert!(adas.heard(&world, KIND).await.is_empty());

    bobs.disconnect().await;
    time.pass(ROUND_MS).await;
    let left_again = world.clock.now();
    assert_ne!(left, left_again);
    world.clock.advance_seconds(5);
    time.pass_seconds(GRACE_SECONDS).await;
    // When they went, not when that was noticed.
    assert_eq!(adas.next_of(KIND).await, change(&bob, Presence::Offline, Some(left_again)));
    let seen = world.chat.user(&ada, "bob").await.unwrap();
    assert_eq!((seen.presence, seen.last_seen), (Presence::Offline, Some(left_again)));
    assert!(eves.heard(&world, KIND).await.is_empty(), "who does not watch hears nothing");
}

#[tokio::test]
async fn a_burst_is_told_once_as_it_ends() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    world.group(&ada, &[&bob]).await;
    let time = StandStill::begin();
    let (mut adas, bobs) = (Device::connect(&world, &ada), Device::connect(&world, &bob));
    time.pass(ROUND_MS).await;
    assert_eq!(watch(&world, &ada, &adas, &[&bob]).await, [(bob.id(), Presence::Online)]);
    for status in [Presence::Busy, Presence::Away, Presence::Online, Presence::Busy, Presence::Away] {
        bobs.handle.set_status(status);
    }
    time.pass(ROUND_MS).await;
    assert_eq!(adas.next_of(KIND).await, change(&bob, Presence::Away, None));
    // There and back again is nothing.
    bobs.handle.set_status(Presence::Busy);
    bobs.handle.set_status(Presence::Away);
    time.pass(4 * ROUND_MS).await;
    assert!(adas.heard(&world, KIND).await.is_empty());
}

#[tokio::test]
async fn only_people_with_whom_one_talks_can_be_watched() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.actor("ada").await, world.actor("bob").await, world.actor("eve").await);
    world.group(&ada, &[&bob]).await;
    let adas = Device::connect(&world, &ada);
    let _devices = [Device::connect(&world, &bob), Device::connect(&world, &eve)];
    assert_eq!(watch(&world, &ada, &adas, &[&bob, &eve]).await, [(bob.id(), Presence::Online)]);
    assert!(!world.hub.is_watched(eve.id()));
    assert_eq!(watch(&world, &ada, &adas, &[]).await, []);
    assert!(!world.hub.is_watched(bob.id()));

    let many = (0..=limits::PRESENCE_WATCHED_MAX).map(|_| bob.id()).collect();
    assert_eq!(fields(world.chat.watch_presence(&ada, &adas.handle, many).await), ["userIds"]);
}

#[tokio::test]
async fn who_shares_no_conversation_any_more_is_not_watched_any_more() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.actor("ada").await, world.actor("bob").await, world.actor("eve").await);
    let (both, all) = (world.group(&ada, &[&bob]).await, world.group(&ada, &[&bob, &eve]).await);
    let (mut adas, mut bobs, mut eves) =
        (Device::connect(&world, &ada), Device::connect(&world, &bob), Device::connect(&world, &eve));
    watch(&world, &ada, &adas, &[&ada, &bob, &eve]).await;
    watch(&world, &bob, &bobs, &[&eve]).await;
    watch(&world, &eve, &eves, &[&eve, &ada]).await;
    // Bob and ada still have the other conversation, bob and eve none.
    world.chat.execute(&ada, Command::RemoveMember(all, bob.id())).await.unwrap();
    assert_eq!(bobs.next_of(KIND).await, change(&eve, Presence::Offline, None));
    assert!(world.hub.is_watched(bob.id()) && world.hub.watch_partners(bob.id()).contains(&ada.id()));
    assert!(!world.hub.watch_partners(bob.id()).contains(&eve.id()));

    // A conversation that is deleted is left by all who were in it; what they see of themselves stays.
    world.chat.execute(&ada, Command::DeleteConversation(all)).await.unwrap();
    while adas.next_of(KIND).await != change(&eve, Presence::Offline, None) {}
    while eves.next_of(KIND).await != change(&ada, Presence::Offline, None) {}
    assert_eq!(world.hub.watch_partners(eve.id()), [].into());
    assert!(world.hub.is_watched(eve.id()), "by themselves");
    world.chat.execute(&bob, Command::LeaveConversation(both)).await.unwrap();
    while adas.next_of(KIND).await != change(&bob, Presence::Offline, None) {}
    assert!(!world.hub.is_watched(bob.id()));
}

/// Whether somebody who waits could go on.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn who_leaves_while_it_is_asked_about_them_is_not_watched() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.actor("ada").await, world.actor("bob").await, world.actor("eve").await);
    let group = world.group(&ada, &[&bob, &eve]).await;
    let adas = Device::connect(&world, &ada);
    let mut watching = pin!(world.chat.watch_presence(&ada, &adas.handle, vec![bob.id(), eve.id()]));
    // The database has answered that they know each other, and nothing has come of it yet.
    let woken = Arc::new(Woken::default());
    assert!(watching.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&woken)))).is_pending());
    while !woken.0.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    world.chat.execute(&ada, Command::RemoveMember(group, bob.id())).await.unwrap();
    let shown: Vec<_> = watching.await.unwrap().users.into_iter().map(|user| user.user_id).collect();
    assert_eq!(shown, [eve.id()]);
    assert!(!world.hub.is_watched(bob.id()) && world.hub.is_watched(eve.id()));
}

#[tokio::test]
async fn a_block_ends_it_for_both_also_while_they_watch_and_its_end_brings_it_back() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    world.group(&ada, &[&bob]).await;
    let time = StandStill::begin();
    let (mut adas, mut bobs) = (Device::connect(&world, &ada), Device::connect(&world, &bob));
    time.pass(ROUND_MS).await;
    watch(&world, &ada, &adas, &[&bob]).await;
    watch(&world, &bob, &bobs, &[&ada]).await;

    world.chat.execute(&ada, Command::BlockUser("bob".to_owned())).await.unwrap();
    time.pass(ROUND_MS).await;
    assert_eq!(adas.next_of(KIND).await, change(&bob, Presence::Offline, None));
    assert_eq!(bobs.next_of(KIND).await, change(&ada, Presence::Offline, None));
    for device in [&adas, &bobs] {
        device.handle.set_status(Presence::Busy);
    }
    time.pass(4 * ROUND_MS).await;
    for device in [&mut adas, &mut bobs] {
        assert!(device.heard(&world, KIND).await.is_empty());
    }
    assert_eq!(watch(&world, &bob, &bobs, &[&ada]).await, []);
    // The one whose watch was there before hears again; the other has to ask.
    world.chat.execute(&ada, Command::UnblockUser("bob".to_owned())).await.unwrap();
    time.pass(ROUND_MS).await;
    assert_eq!(adas.next_of(KIND).await, change(&bob, Presence::Busy, None));
    assert_eq!(watch(&world, &bob, &bobs, &[&ada]).await, [(ada.id(), Presence::Busy)]);
}

#[tokio::test]
async fn who_does_not_want_to_be_seen_is_offline_for_all_but_themselves() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let group = world.group(&ada, &[&bob]).await;
    let time = StandStill::begin();
    let (mut adas, mut bobs) = (Device::connect(&world, &ada), Device::connect(&world, &bob));
    time.pass(ROUND_MS).await;
    for (actor, device) in [(&ada, &adas), (&bob, &bobs)] {
        assert_eq!(watch(&world, actor, device, &[&bob]).await, [(bob.id(), Presence::Online)]);
    }
    show_presence(&world, &bob, false).await;
    time.pass(ROUND_MS).await;
    assert_eq!(adas.next_of(KIND).await, change(&bob, Presence::Offline, None));
    assert_eq!(bobs.next_of(KIND).await, change(&bob, Presence::Online, None));
    bobs.handle.set_status(Presence::Away);
    time.pass(ROUND_MS).await;
    assert_eq!(bobs.next_of(KIND).await, change(&bob, Presence::Away, None));
    assert!(adas.heard(&world, KIND).await.is_empty());
    assert_eq!(watch(&world, &ada, &adas, &[&bob]).await, [(bob.id(), Presence::Offline)]);
    assert_eq!(world.chat.user(&ada, "bob").await.unwrap().presence, Presence::Offline);
    let online = world.chat.users_online(&ada, None, 50).await.unwrap().data;
    assert!(online.iter().all(|user| user.id != bob.id()));
    assert_eq!(world.chat.me(&bob).await.unwrap().user.presence, Presence::Away);
    let names = ["bob".to_owned()];
    let found = [
        world.chat.user(&bob, "bob").await.unwrap(),
        world.chat.users_by_name(&bob, &names).await.unwrap().remove(0),
        world.chat.users_online(&bob, None, 50).await.unwrap().data.pop().unwrap(),
    ];
    for himself in found {
        assert_eq!((himself.id, himself.presence), (bob.id(), Presence::Away));
    }
    let members = async |viewer| world.chat.members(viewer, group, None, 50).await.unwrap().data;
    for (viewer, status) in [(&ada, Presence::Offline), (&bob, Presence::Away)] {
        let members = members(viewer).await;
        assert!(members.iter().any(|member| (member.user.id, member.user.presence) == (bob.id(), status)));
    }

    show_presence(&world, &bob, true).await;
    time.pass(ROUND_MS).await;
    assert_eq!(adas.next_of(KIND).await, change(&bob, Presence::Away, None));
}

#[tokio::test]
async fn those_who_are_not_to_be_seen_leave_no_gaps_in_the_pages() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let crowd = world.crowd(9).await;
    world.group(&ada, &crowd.iter().collect::<Vec<_>>()).await;
    let _devices: Vec<Device> = crowd.iter().map(|person| Device::connect(&world, person)).collect();
    let (seen, unseen): (Vec<_>, Vec<_>) = (0..9).partition(|number| [2, 7].contains(number));
    for number in unseen {
        show_presence(&world, &crowd[number], false).await;
    }
    let (mut listed, mut cursor) = (Vec::new(), None);
    loop {
        let page = world.chat.users_online(&ada, cursor.as_deref(), 1).await.unwrap();
        assert_eq!(page.data.len(), 1);
        listed.extend(page.data.into_iter().map(|user| user.id));
        cursor = page.meta.next_cursor;
        assert_eq!(page.meta.has_more, cursor.is_some());
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed, seen.into_iter().map(|number| crowd[number].id()).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_says_offline_seems_to_have_gone_then_and_not_when_they_really_go() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    world.group(&ada, &[&bob]).await;
    let time = StandStill::begin();
    let (mut adas, bobs) = (Device::connect(&world, &ada), Device::connect(&world, &bob));
    time.pass(ROUND_MS).await;
    watch(&world, &ada, &adas, &[&bob]).await;
    let seemed_to_go = world.clock.now();
    bobs.handle.set_status(Presence::Offline);
    time.pass(ROUND_MS).await;
    assert_eq!(adas.next_of(KIND).await, change(&bob, Presence::Offline, Some(seemed_to_go)));
    assert!(
        world.chat.users_online(&ada, None, 50).await.unwrap().data.iter().all(|user| user.id != bob.id())
    );
    world.clock.advance_seconds(60);
    bobs.disconnect().await;
    time.pass_seconds(GRACE_SECONDS).await;
    assert!(adas.heard(&world, KIND).await.is_empty());
    assert_eq!(world.chat.user(&ada, "bob").await.unwrap().last_seen, Some(seemed_to_go));
}

#[tokio::test]
async fn a_server_that_stops_notes_that_everybody_was_there() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.actor("ada").await, world.actor("bob").await, world.actor("eve").await);
    world.clock.advance_seconds(100);
    let _stays = Device::connect(&world, &ada);
    Device::connect(&world, &bob).disconnect().await;
    let now = world.clock.now();
    let world = world.restart().await;
    for (name, seen) in [("ada", Some(now)), ("bob", Some(now)), ("eve", None)] {
        assert_eq!(world.chat.user(&eve, name).await.unwrap().last_seen, seen, "{name}");
    }
}

#[tokio::test]
async fn a_thousand_who_go_at_once_are_all_told_of_and_noted() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    // More than one round tells of and one write notes.
    let crowd = world.crowd(1_200).await;
    let first: Vec<&Actor> = crowd.iter().take(400).collect();
    world.group(&ada, &first).await;
    let time = StandStill::begin();
    let mut adas = Device::connect(&world, &ada);
    let devices: Vec<Device> = crowd.iter().map(|person| Device::connect(&world, person)).collect();
    time.pass(ROUND_MS).await;
    assert_eq!(watch(&world, &ada, &adas, &first).await.len(), first.len());
    for device in devices {
        device.disconnect().await;
    }
    let left = world.clock.now();
    time.pass(ROUND_MS).await;
    world.clock.advance_seconds(10);
    time.pass_seconds(GRACE_SECONDS).await;
    let mut gone: Vec<UserId> = Vec::new();
    for _ in &first {
        let told: PresenceChange = serde_json::from_value(adas.next_of(KIND).await).unwrap();
        assert_eq!((told.status, told.last_seen), (Presence::Offline, Some(left)));
        gone.push(told.user_id);
    }
    gone.sort_unstable();
    let mut expected: Vec<UserId> = first.iter().map(|person| person.id()).collect();
    expected.sort_unstable();
    assert_eq!(gone, expected);
    let world = world.restart().await;
    for person in &crowd {
        let seen = world.chat.user(&ada, &person.user.username).await.unwrap().last_seen;
        assert_eq!(seen, Some(left), "{}", person.user.username);
    }
}
