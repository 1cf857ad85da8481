//! Users: how they are found and shown, where they come from, and when they are shut out.

use crate::harness::{ALL, Db, World, block, new_group, new_session, new_user, now, send, summary};
use crate::variants::provision;
use natter_protocol::{PlatformRole, UpdateProfile, User, UserId};
use natter_store::{NewUser, ProvisionUser, Refusal, Write, Written};

async fn create(world: &World, username: &str, display_name: &str) -> User {
    let new = NewUser { display_name: display_name.to_owned(), ..new_user(username) };
    let id = new.id;
    world.done(Write::CreateUser(Box::new(new))).await;
    world.store.user(id).await.unwrap().unwrap()
}

async fn like(world: &World, viewer: &User, prefix: &str) -> Vec<String> {
    let users = world.store.users_like(viewer.id, prefix, None, ALL).await.unwrap();
    users.into_iter().map(|user| user.username).collect()
}

pub(crate) async fn people_are_found_by_the_beginning_of_a_name(db: Db) {
    let world = db.open().await;
    let viewer = create(&world, "zoe", "Zoe").await;
    for (username, display_name) in [
        ("anna", "Anna Álvarez"),
        ("ben_a", "Ärger Benno"),
        ("b%n", "100% real"),
        ("carla", "Carla von der Anna"),
        ("dave", "Hannah"),
        ("иван", "Иван Петров"),
    ] {
        create(&world, username, display_name).await;
    }
    for (prefix, expected) in [
        ("an", vec!["anna", "carla"]),
        ("anna", vec!["anna", "carla"]),
        ("anna á", vec!["anna"]),
        ("ä", vec!["ben_a"]),
        ("ben", vec!["ben_a"]),
        // What others take for a pattern is what it is.
        ("b%", vec!["b%n"]),
        ("be__a", vec![]),
        ("100%", vec!["b%n"]),
        ("\\", vec![]),
        ("петр", vec!["иван"]),
        ("иван", vec!["иван"]),
        ("nna", vec![]),
        ("zo", vec!["zoe"]),
        ("nobody", vec![]),
    ] {
        assert_eq!(like(&world, &viewer, prefix).await, expected, "{prefix}");
    }
}

pub(crate) async fn who_is_found_comes_in_pages(db: Db) {
    let world = db.open().await;
    let viewer = create(&world, "viewer", "Viewer").await;
    for n in [3, 1, 4, 0, 2] {
        create(&world, &format!("user{n}"), "Somebody").await;
    }
    let mut names: Vec<String> = Vec::new();
    for expected in [2, 2, 1, 0] {
        let after = names.last().cloned();
        let page = world.store.users_like(viewer.id, "some", after.as_deref(), 2).await.unwrap();
        assert_eq!(page.len(), expected);
        names.extend(page.into_iter().map(|user| user.username));
    }
    assert_eq!(names, ["user0", "user1", "user2", "user3", "user4"]);
}

pub(crate) async fn who_keeps_away_is_not_found(db: Db) {
    let world = db.open().await;
    let mut people = Vec::new();
    for name in ["alice", "bob", "carol", "dave"] {
        people.push(world.user(name).await);
    }
    let [alice, bob, carol, dave] = <[User; 4]>::try_from(people).unwrap();
    world.done(block(&alice, &bob)).await;
    world.done(block(&carol, &alice)).await;
    world.done(Write::SetDisabled { user_id: dave.id, disabled: true, now: now() }).await;
    for (viewer, name, found) in [
        (&alice, "bob", false),
        (&bob, "alice", false),
        (&alice, "carol", false),
        (&carol, "alice", false),
        (&bob, "carol", true),
        (&bob, "dave", false),
    ] {
        assert_eq!(!like(&world, viewer, name).await.is_empty(), found, "{} and {name}", viewer.username);
    }
}

pub(crate) async fn acquaintances_share_a_conversation(db: Db) {
    let world = db.open().await;
    let mut people = Vec::new();
    for name in ["alice", "bob", "carol", "dave", "erin"] {
        people.push(world.user(name).await);
    }
    let [alice, bob, carol, dave, erin] = <[User; 5]>::try_from(people).unwrap();
    // Twice with bob: he is one all the same.
    world.group(&alice, &[&carol, &bob]).await;
    world.group(&bob, &[&alice, &dave]).await;
    world.done(block(&dave, &alice)).await;
    let among: Vec<UserId> = [&erin, &dave, &carol, &bob].iter().map(|user| user.id).collect();
    let names = async |among: &[UserId], after, limit| -> Vec<String> {
        let users = world.store.acquaintances(alice.id, among, after, limit).await.unwrap();
        users.into_iter().map(|user| user.username).collect()
    };
    assert_eq!(names(&among, None, ALL).await, ["bob", "carol"]);
    assert_eq!(names(&among, None, 1).await, ["bob"]);
    assert_eq!(names(&among, Some("bob"), 1).await, ["carol"]);
    assert_eq!(names(&among[..3], None, ALL).await, ["carol"]);
    assert_eq!(names(&[], None, ALL).await, [""; 0]);
}

pub(crate) async fn a_profile_is_changed_in_part(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let sent = world.send(crate::harness::new_message(id, &alice, "hello")).await;
    let update = |display_name: Option<&str>, avatar_url: Option<&str>| Write::UpdateProfile {
        user_id: alice.id,
        update: Box::new(UpdateProfile {
            display_name: display_name.map(str::to_owned),
            avatar_url: avatar_url.map(str::to_owned),
            presence_visible: None,
            link_previews: None,
        }),
    };
    let picture = "https://example.com/a.png";
    for (write, name, avatar) in [
        (update(None, Some(picture)), "alice by name", Some(picture)),
        (update(Some("Alice"), None), "Alice", Some(picture)),
        (update(None, None), "Alice", Some(picture)),
        (update(None, Some("")), "Alice", None),
    ] {
        assert!(matches!(world.done(write).await, Written::Done));
        let user = world.store.user(alice.id).await.unwrap().unwrap();
        assert_eq!((user.display_name.as_str(), user.avatar_url.as_deref()), (name, avatar));
        // What they wrote is shown with it.
        assert_eq!(world.message(&sent, &alice).await.sender, summary(&user));
    }
}

pub(crate) async fn the_user_of_a_host_is_made_at_first_sight(db: Db) {
    let world = db.open().await;
    world.user("ada").await;
    let provisioned =
        async |new: &ProvisionUser| match world.done(Write::ProvisionUser(Box::new(new.clone()))).await {
            Written::User(user) => *user,
            other => panic!("{other:?}"),
        };
    let profile = UpdateProfile { display_name: Some("Ada".to_owned()), ..UpdateProfile::default() };
    let first = ProvisionUser {
        usernames: vec!["ada".to_owned(), "ada-2".to_owned(), "ada-3".to_owned()],
        profile,
        ..provision("ada")
    };
    let ada = provisioned(&first).await;
    assert_eq!((ada.id, ada.username.as_str(), ada.display_name.as_str()), (first.id, "ada-2", "Ada"));
    assert_eq!(ada.role, PlatformRole::User);

    // The second time it is the same one, under the same name; what is said is changed, and nothing else.
    let again = ProvisionUser { id: crate::harness::new_user_id(), ..first.clone() };
    assert_eq!(provisioned(&again).await, ada);
    let picture = "https://example.com/ada.png".to_owned();
    let admin = ProvisionUser {
        usernames: vec!["countess".to_owned()],
        profile: UpdateProfile { avatar_url: Some(picture.clone()), ..UpdateProfile::default() },
        role: Some(PlatformRole::Admin),
        ..again.clone()
    };
    let expected = User { avatar_url: Some(picture), role: PlatformRole::Admin, ..ada.clone() };
    assert_eq!(provisioned(&admin).await, expected);
    assert_eq!(provisioned(&ProvisionUser { role: None, ..admin.clone() }).await, expected);

    // Another subject is somebody else; where every name is taken, nobody is made.
    let mut other = ProvisionUser {
        external_id: "https://host.example.com|another".to_owned(),
        usernames: vec!["ada".to_owned(), "ada-2".to_owned()],
        ..provision("ada")
    };
    assert_eq!(world.refusal(Write::ProvisionUser(Box::new(other.clone()))).await, Refusal::UsernameTaken);
    other.usernames.push("ada-3".to_owned());
    assert_eq!(provisioned(&other).await.username, "ada-3");
    // Nobody signs in with a password there.
    assert_eq!(world.store.credentials("ada-2").await.unwrap().unwrap().password_hash, None);
}

pub(crate) async fn many_see_the_user_of_a_host_at_once(db: Db) {
    let world = db.open().await;
    let other = db.open().await;
    for round in 0..5 {
        let new = provision(&format!("ada{round}"));
        let second = ProvisionUser { id: crate::harness::new_user_id(), ..new.clone() };
        let (one, two) = tokio::join!(
            world.write(Write::ProvisionUser(Box::new(new))),
            other.write(Write::ProvisionUser(Box::new(second)))
        );
        let id = |written| match written {
            Ok(Written::User(user)) => user.id,
            other => panic!("{other:?}"),
        };
        assert_eq!(id(one), id(two));
    }
}

pub(crate) async fn who_is_disabled_is_shut_out(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.create(new_group(&alice, &[&bob])).await;
    let mut sessions = Vec::new();
    for n in 0..2 {
        let session = new_session(&bob, [n; 32]);
        world.done(Write::CreateSession(Box::new(session.clone()))).await;
        sessions.push(session.id);
    }
    let set = |disabled| Write::SetDisabled { user_id: bob.id, disabled, now: now() };
    let written = world.done(set(true)).await;
    let Written::SessionsEnded(mut ended) = written else { panic!("{written:?}") };
    ended.sort_unstable();
    assert_eq!(ended, sessions);
    assert_eq!(world.store.user(bob.id).await.unwrap(), None);
    assert!(world.store.credentials("bob").await.unwrap().unwrap().disabled);
    assert!(world.store.session(sessions[0], now()).await.unwrap().is_none());
    assert!(world.store.sessions(bob.id, now()).await.unwrap().is_empty());
    // What they wrote and where they were stays.
    assert_eq!(world.conversation(id, &alice).await.member_count, 2);
    assert_eq!(world.store.users_named(&["bob".to_owned()]).await.unwrap().len(), 1);

    // Enabled again, they may sign in again.
    assert!(matches!(world.done(set(false)).await, Written::Done));
    assert_eq!(world.store.user(bob.id).await.unwrap(), Some(bob.clone()));
    assert!(!world.store.credentials("bob").await.unwrap().unwrap().disabled);
    assert!(world.store.session(sessions[0], now()).await.unwrap().is_none());
    world.done(send(crate::harness::new_message(id, &bob, "back"))).await;
}
