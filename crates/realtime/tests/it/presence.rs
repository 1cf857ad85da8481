//! Whether people can be reached, as their connections say.

use crate::support::*;
use natter_protocol::{Presence, limits};
use natter_realtime::{Handle, Hub, Limits, Registration};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

const GRACE: u64 = limits::PRESENCE_GRACE_SECONDS as u64;

/// Time stands still otherwise; the sweep is at work before this returns.
async fn seconds(count: u64) {
    for _ in 0..count {
        tokio::time::sleep(Duration::from_secs(1)).await;
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_several_devices_the_one_counts_that_asks_for_most() {
    let hub = Hub::start(Limits::default());
    assert_eq!(hub.presence(user(1)), Presence::Offline);
    let devices: Vec<_> = (0..4).map(|_| register(&hub, 1)).collect();
    assert_eq!(hub.presence(user(1)), Presence::Online, "who is there can be reached");
    for device in &devices {
        device.handle().set_status(Presence::Away);
    }
    for (device, status) in devices.iter().zip([Presence::Online, Presence::Busy, Presence::Offline]) {
        assert_ne!(hub.presence(user(1)), status);
        device.handle().set_status(status);
        assert_eq!(hub.presence(user(1)), status);
    }
    // Each of them takes back what it said when it goes.
    let mut devices = devices.into_iter().rev();
    let away = devices.next();
    assert_eq!(hub.presence(user(1)), Presence::Offline);
    for left in [Presence::Busy, Presence::Online] {
        drop(devices.next());
        assert_eq!(hub.presence(user(1)), left);
    }
    drop(devices);
    assert_eq!(hub.presence(user(1)), Presence::Away);
    drop(away);
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_back_in_time_was_never_gone() {
    let hub = Hub::start(Limits::default());
    seconds(1).await;
    let device = register(&hub, 1);
    device.handle().set_status(Presence::Busy);
    drop(device);
    seconds(GRACE).await;
    assert_eq!((hub.presence(user(1)), hub.is_online(user(1))), (Presence::Busy, false));
    let device = register(&hub, 1);
    assert_eq!(hub.presence(user(1)), Presence::Online, "a new connection speaks for itself");
    seconds(2 * GRACE).await;
    assert_eq!(hub.presence(user(1)), Presence::Online);

    drop(device);
    hub.take_presence_news();
    seconds(GRACE + 1).await;
    within_a_minute(hub.presence_news()).await;
    assert!(hub.take_presence_news().changed.contains(&user(1)));
    assert_eq!(hub.presence(user(1)), Presence::Offline);

    // Who was not shown is not missed.
    let device = register(&hub, 1);
    device.handle().set_status(Presence::Offline);
    drop(device);
    assert_eq!(hub.presence(user(1)), Presence::Offline);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_has_left_watches_nobody() {
    let hub = Hub::start(Limits::default());
    let device = register(&hub, 1);
    let handle = device.handle();
    handle.watch(vec![user(2), user(3), user(2)]);
    assert_eq!((watchers(&hub, 2), watchers(&hub, 3)), (vec![1], vec![1]));
    handle.watch(vec![user(3), user(4)]);
    assert_eq!((watchers(&hub, 2), watchers(&hub, 3), watchers(&hub, 4)), (vec![], vec![1], vec![1]));
    assert!(!hub.is_watched(user(2)) && hub.is_watched(user(3)));
    handle.unwatch(user(4));
    handle.unwatch(user(2));
    assert_eq!((watchers(&hub, 3), watchers(&hub, 4)), (vec![1], vec![]));
    drop(device);
    // What was on its way when the connection went comes too late.
    handle.watch(vec![user(2)]);
    assert!((2..5).all(|number| !hub.is_watched(user(number))));

    let device = register(&hub, 1);
    device.handle().watch((0..2_000).map(user).collect());
    let watched = (0..2_000).filter(|number| hub.is_watched(user(*number))).count();
    assert_eq!(watched, limits::PRESENCE_WATCHED_MAX);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_is_looked_at_if_they_may_watch_or_be_watched() {
    let hub = Hub::start(Limits::default());
    let device = register(&hub, 1);
    device.handle().watch(vec![user(2)]);
    // The third may be about to watch somebody; the fourth is neither there nor watched.
    let _idle = register(&hub, 3);
    for number in 1..=4 {
        hub.check_watches(user(number));
    }
    assert_eq!(hub.take_presence_news().estranged, (1..=3).map(user).collect());
}

#[tokio::test(start_paused = true)]
async fn watchers_are_told_what_is_meant_for_them() {
    let hub = Hub::start(Limits::default());
    let mut clients = Vec::new();
    for number in 1..=3 {
        let registration = register(&hub, number);
        registration.handle().watch(vec![user(9)]);
        clients.push(serve_in_memory(registration, 4_096, echo()).await.0);
    }
    let (shown, hidden) = (ephemeral("shown"), ephemeral("hidden"));
    let count = hub.tell_watchers(user(9), |watcher| {
        [(user(1), &shown), (user(2), &hidden)].into_iter().find(|(user, _)| *user == watcher).map(|(_, f)| f)
    });
    assert_eq!(count, 3);
    hub.deliver_to_user(user(3), &ephemeral("nothing before this")).await;
    for (client, text) in clients.iter_mut().zip(["text shown", "text hidden", "text nothing before this"]) {
        assert_eq!(within_a_minute(client.next()).await, text);
    }
}

/// The users, by number, who watch a user; one entry for each of their connections.
fn watchers(hub: &Hub, number: u128) -> Vec<u128> {
    let found = RefCell::new(Vec::new());
    hub.tell_watchers(user(number), |watcher| {
        found.borrow_mut().push(watcher.uuid().as_u128());
        None
    });
    let mut found = found.into_inner();
    found.sort_unstable();
    found
}

const PEOPLE: u128 = 3;

#[derive(Debug, Clone)]
enum Step {
    Connect(u128),
    Disconnect(usize),
    Say(usize, Presence),
    Watch(usize, BTreeSet<u128>),
    Second,
}

fn step() -> impl Strategy<Value = Step> {
    let status =
        prop::sample::select(vec![Presence::Online, Presence::Away, Presence::Busy, Presence::Offline]);
    prop_oneof![
        (0..PEOPLE).prop_map(Step::Connect),
        any::<usize>().prop_map(Step::Disconnect),
        (any::<usize>(), status).prop_map(|(index, status)| Step::Say(index, status)),
        (any::<usize>(), prop::collection::btree_set(0..PEOPLE, 0..3))
            .prop_map(|(index, people)| Step::Watch(index, people)),
        Just(Step::Second),
    ]
}

struct Device {
    registration: Registration,
    owner: u128,
    status: Presence,
    watched: BTreeSet<u128>,
}

impl Device {
    fn handle(&self) -> Handle {
        self.registration.handle()
    }
}

/// What is known of somebody whose last device has gone: what it said, and the seconds since.
type Leaving = HashMap<u128, (Presence, u64)>;

/// Counted from scratch: the first of these that any device says.
fn recount(devices: &[Device], leaving: &Leaving, owner: u128) -> Presence {
    let said: Vec<_> = devices.iter().filter(|device| device.owner == owner).map(|d| d.status).collect();
    [Presence::Offline, Presence::Busy, Presence::Online, Presence::Away]
        .into_iter()
        .find(|status| said.contains(status))
        .or_else(|| leaving.get(&owner).map(|(status, _)| *status))
        .unwrap_or(Presence::Offline)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn presence_after_any_history_is_what_a_recount_gives(steps in prop::collection::vec(step(), 1..120)) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let hub = Hub::start(Limits::default());
            seconds(1).await;
            let mut devices: Vec<Device> = Vec::new();
            let mut leaving = Leaving::new();
            for step in steps {
                let before: Vec<_> =
                    (0..PEOPLE).map(|owner| recount(&devices, &leaving, owner)).collect();
                let at = |index: usize| index.checked_rem(devices.len());
                match step {
                    Step::Connect(owner) => {
                        leaving.remove(&owner);
                        let registration = register(&hub, owner);
                        let status = Presence::Online;
                        devices.push(Device { registration, owner, status, watched: BTreeSet::new() });
                    }
                    Step::Disconnect(index) => if let Some(index) = at(index) {
                        let Device { owner, status, .. } = devices.swap_remove(index);
                        let last = devices.iter().all(|device| device.owner != owner);
                        if last && status != Presence::Offline {
                            leaving.insert(owner, (status, 0));
                        }
                    },
                    Step::Say(index, status) => if let Some(index) = at(index) {
                        devices[index].status = status;
                        devices[index].handle().set_status(status);
                    },
                    Step::Watch(index, people) => if let Some(index) = at(index) {
                        devices[index].handle().watch(people.iter().copied().map(user).collect());
                        devices[index].watched = people;
                    },
                    Step::Second => {
                        seconds(1).await;
                        leaving.retain(|_, (_, seconds)| {
                            *seconds += 1;
                            *seconds <= GRACE
                        });
                    }
                }
                let news = hub.take_presence_news();
                for (owner, before) in (0..PEOPLE).zip(before) {
                    let now = recount(&devices, &leaving, owner);
                    prop_assert_eq!(hub.presence(user(owner)), now);
                    prop_assert!(now == before || news.changed.contains(&user(owner)), "nobody heard of it");
                    let watching = devices.iter().filter(|device| device.watched.contains(&owner));
                    let mut watching: Vec<_> = watching.map(|device| device.owner).collect();
                    watching.sort_unstable();
                    prop_assert_eq!(watchers(&hub, owner), watching);
                }
            }
            Ok(())
        })?;
    }
}
