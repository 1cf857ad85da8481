//! What a scan finds in files, and who is told.

use crate::harness::{
    ALL, Db, World, copying, create, delete, delete_conversation, erase_unsent, finish, holding, infected,
    new_id, new_message, now, send, suspect,
};
use natter_protocol::{
    ConversationId, Event, EventBody, File, FileId, FileStatus, MessageChange, MessageId, Timestamp, User,
};
use natter_store::{
    BlobRef, DueScan, NewFile, Quota, Refusal, SCAN_MESSAGES_MAX, ScanQueue, ScanVerdict, Scanned, Usage,
    Write, Written,
};

/// A file that is looked through, in a message of alice's that bob sees.
struct Scene {
    alice: User,
    bob: User,
    group: ConversationId,
    file: File,
    blob: BlobRef,
    new: NewFile,
    sent: MessageId,
}

impl Scene {
    async fn new(world: &World) -> Self {
        let (alice, bob) = (world.user("alice").await, world.user("bob").await);
        let group = world.group(&alice, &[&bob]).await;
        let new = suspect(&alice, "suspect");
        let (file, content) = world.keep(&new).await;
        let sent = world.send(holding(new_message(group, &alice, "look"), &[&file])).await.id;
        Self { alice, bob, group, file, blob: content, new, sent }
    }

    async fn shown(&self, world: &World) -> File {
        let message = world.store.message(self.sent, self.bob.id).await.unwrap().unwrap();
        assert_eq!(message.edited_at, None);
        let kept = world.store.file(self.file.id, self.bob.id).await.unwrap().unwrap();
        assert_eq!(message.attachments, std::slice::from_ref(&kept.file));
        kept.file
    }

    async fn updates(&self, world: &World) -> Vec<Event> {
        let log = world.log(self.group, &self.bob).await;
        log.into_iter().filter(|event| matches!(event.body, EventBody::MessageUpdated(_))).collect()
    }
}

fn change(event: &Event) -> &MessageChange {
    match &event.body {
        EventBody::MessageUpdated(change) => change,
        other => panic!("not a change of a message: {other:?}"),
    }
}

fn nothing() -> Scanned {
    Scanned { files: Vec::new(), more: false }
}

pub(crate) async fn what_is_clean_can_be_fetched(db: Db) {
    let world = db.open().await;
    let scene = Scene::new(&world).await;
    assert_eq!(scene.file.status, FileStatus::Scanning);
    let unsent = suspect(&scene.bob, "suspect");
    assert_eq!(world.keep(&unsent).await.1, scene.blob);
    assert_eq!(world.store.next_scan().await.unwrap(), Some(scene.new.at));
    let waiting = ScanQueue { blobs: 1, oldest: Some(scene.new.at) };
    assert_eq!(world.store.scan_queue().await.unwrap(), waiting);

    // One of those who want to look takes it, until it counts as given up.
    let (then, lease) = (now(), now().plus_seconds(60));
    let due = DueScan { blob: scene.blob, size: 7, attempts: 0, signature: None };
    assert_eq!(world.claim(scene.new.at.plus_seconds(-1), lease, 10).await, []);
    assert_eq!(world.claim(then, lease, 10).await, std::slice::from_ref(&due));
    assert_eq!(world.claim(then, lease, 10).await, []);
    assert_eq!(world.store.next_scan().await.unwrap(), Some(lease));
    assert_eq!(world.store.scan_queue().await.unwrap(), waiting, "it waits until there is a verdict");
    assert_eq!(world.claim(lease, lease.plus_seconds(60), 10).await, [due]);

    let scanned = world.scanned(finish(scene.blob, ScanVerdict::Clean)).await;
    assert!(!scanned.more);
    let told: Vec<_> = scanned
        .files
        .iter()
        .map(|it| (it.file.id, it.file.status, it.owner.id, &it.conversation_ids[..], it.blob))
        .collect();
    let ready = FileStatus::Ready;
    assert_eq!(
        told,
        [
            (scene.file.id, ready, scene.alice.id, &[scene.group][..], scene.blob),
            (unsent.id, ready, scene.bob.id, &[][..], scene.blob)
        ]
    );
    assert_eq!(scene.shown(&world).await, File { status: ready, ..scene.file.clone() });
    let updates = scene.updates(&world).await;
    let [update] = &updates[..] else { panic!("{updates:?}") };
    assert_eq!((change(update).actor_id, change(update).message.id), (scene.alice.id, scene.sent));
    assert_eq!(world.store.next_scan().await.unwrap(), None);
    assert_eq!(world.store.scan_queue().await.unwrap(), ScanQueue::default());
    assert_eq!(world.scanned(finish(scene.blob, ScanVerdict::Clean)).await, nothing());
    db.behind().await.check().await;
    let (group, told) = (scene.group, world.close().await);
    assert!(told.iter().any(|event| event == update && event.conversation_id == group), "{told:?}");
}

pub(crate) async fn what_is_infected_is_told_to_those_who_hold_it(db: Db) {
    let world = db.open().await;
    let scene = Scene::new(&world).await;
    let carol = world.user("carol").await;
    let other = world.group(&scene.bob, &[&carol]).await;
    let gone = world.group(&scene.bob, &[]).await;
    let sent = world.message_of(scene.sent, &scene.bob).await;
    world.send(copying(new_message(other, &scene.bob, "fw"), &sent)).await;
    world.send(copying(new_message(gone, &scene.bob, "fw"), &sent)).await;
    let deleted = world.send(copying(new_message(other, &scene.bob, "fw"), &sent)).await;
    world.done(delete(&deleted, &scene.bob)).await;
    world.done(delete_conversation(gone, &scene.bob)).await;
    let before = world.store.usage(scene.alice.id).await.unwrap();
    assert_eq!(before, Usage { user_bytes: 7, total_bytes: 7, unsent: 0 });

    let found = finish(scene.blob, infected());
    let scanned = world.scanned(found.clone()).await;
    let [file] = &scanned.files[..] else { panic!("{scanned:?}") };
    let mut places = vec![scene.group, other];
    places.sort_unstable();
    assert_eq!((file.file.status, &file.conversation_ids), (FileStatus::Rejected, &places));
    assert_eq!(scene.shown(&world).await.status, FileStatus::Rejected);
    assert_eq!((scene.updates(&world).await.len(), updates(&world, other, &carol).await), (1, 1));
    // Whose room it took has it again.
    assert_eq!(world.store.usage(scene.alice.id).await.unwrap(), Usage::default());
    assert_eq!(world.store.blobs_known(&[scene.blob.id]).await.unwrap(), []);
    assert_eq!(world.scanned(found).await, nothing());
    // What was found stays found.
    assert_eq!(world.scanned(finish(scene.blob, ScanVerdict::Clean)).await, nothing());
    let again = holding(new_message(scene.group, &scene.alice, "again"), &[&scene.file]);
    assert_eq!(world.refusal(send(again)).await, Refusal::FileRejected);

    // The same content comes as another, and is looked through anew.
    let (file, blob) = world.keep(&suspect(&carol, "suspect")).await;
    assert!(blob != scene.blob && blob.sha256 == scene.blob.sha256 && file.status == FileStatus::Scanning);
    world.scanned(finish(blob, infected())).await;
    let list = async |after, limit| world.store.rejected_files(after, limit).await.unwrap();
    let all = list(None, ALL).await;
    let expected = [(file.id, carol.id, vec![]), (scene.file.id, scene.alice.id, places)];
    let shown: Vec<_> = all.iter().map(|it| (it.file.id, it.owner.id, it.conversation_ids.clone())).collect();
    assert_eq!(shown, expected);
    assert!(
        all.iter().all(|it| it.signature == "Win.Test.EICAR_HDB-1" && it.file.status == FileStatus::Rejected)
    );
    assert_eq!(list(None, 1).await, all[..1]);
    assert_eq!(list(Some((all[0].rejected_at, all[0].file.id)), 1).await, all[1..]);
    assert_eq!(list(Some((all[1].rejected_at, all[1].file.id)), 1).await, []);

    // The rows go as those of other files do.
    world.erased(erase_unsent(now(), ALL)).await;
    assert_eq!(list(None, ALL).await, all[1..]);
    db.behind().await.check().await;
}

async fn updates(world: &World, id: ConversationId, viewer: &User) -> usize {
    let log = world.log(id, viewer).await;
    log.iter().filter(|event| matches!(event.body, EventBody::MessageUpdated(_))).count()
}

pub(crate) async fn a_scanner_that_is_away_is_asked_again(db: Db) {
    let world = db.open().await;
    let scene = Scene::new(&world).await;
    let away = |retry_at, allow| finish(scene.blob, ScanVerdict::Unavailable { retry_at, allow });
    let (first, second, third) = (now().plus_seconds(10), now().plus_seconds(20), now().plus_seconds(30));
    // Each lease is longer than the retry that it ends in.
    let lease = |at: Timestamp| at.plus_seconds(100);
    world.claim(now(), lease(first), 1).await;
    assert_eq!(world.scanned(away(first, false)).await, nothing());
    assert_eq!(scene.shown(&world).await.status, FileStatus::Scanning);
    let due = world.claim(first, lease(first), 1).await;
    assert_eq!(due.iter().map(|due| due.attempts).collect::<Vec<_>>(), [1]);

    // Meanwhile it may be fetched, with a note that says so.
    let scanned = world.scanned(away(second, true)).await;
    assert_eq!(scanned.files.len(), 1);
    let shown = scene.shown(&world).await;
    assert_eq!((shown.status, shown.unscanned), (FileStatus::Ready, true));
    assert_eq!(scene.updates(&world).await.len(), 1);
    let due = world.claim(second, lease(second), 1).await;
    assert_eq!(due.iter().map(|due| due.attempts).collect::<Vec<_>>(), [2]);
    assert_eq!(world.scanned(away(third, false)).await, nothing());
    assert_eq!(scene.shown(&world).await, shown, "what may be fetched stays so");

    assert_eq!(world.scanned(finish(scene.blob, ScanVerdict::Clean)).await.files.len(), 1);
    let shown = scene.shown(&world).await;
    assert_eq!((shown.status, shown.unscanned), (FileStatus::Ready, false));
    assert_eq!(scene.updates(&world).await.len(), 2);
    // Who could not ask comes too late.
    assert_eq!(world.scanned(away(third, true)).await, nothing());
    assert_eq!((scene.shown(&world).await, world.store.next_scan().await.unwrap()), (shown, None));
    // A virus that is found later is found.
    assert_eq!(world.scanned(finish(scene.blob, infected())).await.files.len(), 1);
    assert_eq!(scene.shown(&world).await.status, FileStatus::Rejected);
    db.behind().await.check().await;
}

/// More messages than one write tells of, and somebody who stops in the middle.
pub(crate) async fn what_is_found_is_told_bit_by_bit(db: Db) {
    let world = db.open().await;
    let scene = Scene::new(&world).await;
    let all = SCAN_MESSAGES_MAX as usize * 2 + 7;
    let copies = (1..all).map(|_| send(holding(new_message(scene.group, &scene.alice, "x"), &[&scene.file])));
    for sent in world.write_all(copies.collect()).await {
        assert!(matches!(sent, Ok(Written::Message(_))), "{sent:?}");
    }
    let lease = now().plus_seconds(60);
    assert_eq!(world.claim(now(), lease, 1).await.len(), 1);
    let first = world.scanned(finish(scene.blob, infected())).await;
    assert!(first.more && first.files.len() == 1);
    assert_eq!(scene.shown(&world).await.status, FileStatus::Rejected, "what it is, it is at once");
    assert_eq!(scene.updates(&world).await.len(), SCAN_MESSAGES_MAX as usize);
    // What is sent from now on says itself what was found.
    let sent = world.message_of(scene.sent, &scene.bob).await;
    let later = world.send(copying(new_message(scene.group, &scene.bob, "late"), &sent)).await;
    assert_eq!(later.attachments[0].status, FileStatus::Rejected);

    // Whoever takes it then only has to go on.
    let signature = Some("Win.Test.EICAR_HDB-1".to_owned());
    let due = DueScan { blob: scene.blob, size: 7, attempts: 0, signature };
    assert_eq!(world.claim(lease, lease.plus_seconds(60), 1).await, [due]);
    while world.scanned(finish(scene.blob, infected())).await.more {}
    assert_eq!(world.store.next_scan().await.unwrap(), None);
    let told: Vec<MessageId> =
        scene.updates(&world).await.iter().map(|event| change(event).message.id).collect();
    let distinct: std::collections::HashSet<_> = told.iter().collect();
    assert_eq!(told.len(), distinct.len(), "nothing is told twice");
    assert!((all..=all + 1).contains(&told.len()), "{} of {all}", told.len());
    assert_eq!(world.scanned(finish(scene.blob, infected())).await, nothing());
    db.behind().await.check().await;
}

/// The same content twice in one message is told of once.
pub(crate) async fn a_message_is_told_of_once(db: Db) {
    let world = db.open().await;
    let scene = Scene::new(&world).await;
    let (twin, _) = world.keep(&suspect(&scene.alice, "suspect")).await;
    let both =
        world.send(holding(new_message(scene.group, &scene.alice, "both"), &[&twin, &scene.file])).await;
    let scanned = world.scanned(finish(scene.blob, ScanVerdict::Clean)).await;
    assert_eq!(scanned.files.len(), 2);
    assert!(scanned.files.iter().all(|it| it.conversation_ids == [scene.group]));
    let updates = scene.updates(&world).await;
    let told: Vec<MessageId> = updates.iter().map(|event| change(event).message.id).collect();
    assert_eq!(told, [scene.sent, both.id]);
    // What became of a blob that is erased is nobody's business.
    let erased = BlobRef { id: new_id(natter_store::BlobId::from_uuid), ..scene.blob };
    assert_eq!(world.scanned(finish(erased, infected())).await, nothing());
    let unsent_max = 0;
    let none = NewFile { quota: Quota { unsent_max, ..scene.new.quota }, ..suspect(&scene.alice, "suspect") };
    assert!(matches!(world.refusal(create(&none)).await, Refusal::LimitReached { .. }));
    let unknown = Write::DeleteFile { id: new_id(FileId::from_uuid), owner: scene.alice.id };
    assert_eq!(world.refusal(unknown).await, Refusal::FileUnknown);
    db.behind().await.check().await;
}
