//! Files: what is kept once, who holds it, who may fetch it, and when it goes.

use crate::harness::{
    ALL, Db, NO_QUOTA, World, copying, create, delete, delete_conversation, edit, erase_unsent, finish,
    holding, infected, keyed, leave, new_file, new_id, new_message, new_scheduled, now, pin, remove, send,
};
use natter_protocol::{
    ConversationId, Event, EventBody, File, FileId, FileKind, FileStatus, Message, MessageId, MessageKind,
    ScheduledMessageId, SharedFile, User,
};
use natter_store::{
    Attachments, BlobId, BlobRef, FileOrder, FileQuery, NewFile, NewMessage, NewScheduled, Quota, QuotaOf,
    Range, Refusal, Search, SearchText, StoreError, Usage, Write, Written,
};

/// Erases whatever nothing holds, however young.
pub(crate) async fn sweep(world: &World) -> Vec<BlobRef> {
    let (blobs, more) = world.erased(erase_unsent(now(), ALL)).await;
    assert!(!more);
    blobs.into_iter().map(|erased| erased.blob).collect()
}

async fn may_fetch(world: &World, file: &File, viewer: &User) -> bool {
    let found = world.store.file(file.id, viewer.id).await.unwrap();
    assert!(found.iter().all(|found| found.file == *file), "{found:?}");
    found.is_some()
}

pub(crate) async fn content_is_kept_once(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let first = new_file(&alice, "harbour");
    let (file, kept) = world.keep(&first).await;
    assert_eq!((file.id, &*file.name, &*file.media_type), (first.id, "harbour.jpg", "image/jpeg"));
    assert_eq!((file.status, file.size, &file.look), (FileStatus::Ready, 7, &first.blob.look));
    assert_eq!(kept, BlobRef { id: first.blob.id, sha256: first.blob.sha256 });
    assert_eq!(world.store.file(file.id, alice.id).await.unwrap().unwrap().file, file);

    // The same write again is the same file.
    assert_eq!(world.keep(&first).await, (file.clone(), kept));
    let mut second = new_file(&bob, "harbour");
    "pier.jpg".clone_into(&mut second.name);
    let (other, same) = world.keep(&second).await;
    assert_eq!((&*other.name, same), ("pier.jpg", kept));
    let usage = |user: &User| world.store.usage(user.id);
    let one = Usage { user_bytes: 7, total_bytes: 7, unsent: 1 };
    assert_eq!((usage(&alice).await.unwrap(), usage(&bob).await.unwrap()), (one, one));
    let unused = BlobId::from_uuid(uuid::Uuid::nil());
    let known = world.store.blobs_known(&[kept.id, second.blob.id, unused]).await.unwrap();
    assert_eq!(known, [kept.id]);

    // It goes with the last file that has it.
    let forget = |file: &File, owner: &User| Write::DeleteFile { id: file.id, owner: owner.id };
    assert_eq!(world.erased(forget(&file, &alice)).await, (vec![], false));
    assert_eq!(usage(&alice).await.unwrap(), Usage { user_bytes: 0, total_bytes: 7, unsent: 0 });
    let (gone, _) = world.erased(forget(&other, &bob)).await;
    assert_eq!(
        gone.iter().map(|gone| (gone.blob, &gone.look)).collect::<Vec<_>>(),
        [(kept, &first.blob.look)]
    );
    assert_eq!(usage(&bob).await.unwrap(), Usage::default());
    assert_eq!(world.store.blobs_known(&[kept.id]).await.unwrap(), []);

    // What is put there again is put under another key.
    assert_ne!(world.keep(&new_file(&bob, "harbour")).await.1, kept);
    db.behind().await.check().await;
}

pub(crate) async fn a_message_shows_its_files_wherever_it_is_shown(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[&bob]).await;
    let mut files = Vec::new();
    for content in ["one", "two", "three"] {
        files.push(world.upload(&alice, content).await);
    }
    // In the order of the sender, not in that of their ids.
    files.swap(0, 2);
    let refs: Vec<&File> = files.iter().collect();
    let sent = world.send(holding(new_message(id, &alice, "the harbour"), &refs)).await;
    assert_eq!(sent.attachments, files);
    let spoken = world.upload(&bob, "spoken").await;
    let voice = NewMessage { kind: MessageKind::Voice, ..holding(new_message(id, &bob, ""), &[&spoken]) };
    let voice = world.send(voice).await;
    assert_eq!((voice.kind, &*voice.content, voice.attachments.len()), (MessageKind::Voice, "", 1));

    assert_eq!(world.message(&sent, &bob).await, sent);
    assert_eq!(world.history(id, &bob).await.iter().filter(|it| it.attachments == files).count(), 1);
    let shown = |log: &[Event]| {
        log.iter().filter(|it| matches!(&it.body, EventBody::MessageNew(it) if **it == sent)).count()
    };
    assert_eq!(shown(&world.log(id, &bob).await), 1);
    let range = Range { conversation_id: id, after: 0, upto: 100 };
    assert_eq!(shown(&world.store.replay(bob.id, &[range]).await.unwrap()), 1);
    assert_eq!(world.list(&alice).await[0].last_message.as_ref().unwrap(), &voice);
    world.done(pin(&sent, &bob, true)).await;
    assert_eq!(world.store.pins(id, bob.id).await.unwrap().unwrap()[0].attachments, files);
    for has_file in [false, true] {
        assert_eq!(found(&world, &bob, "harbour", has_file).await[0].attachments, files);
    }
    world.send(new_message(id, &alice, "the harbour without")).await;
    assert_eq!(found(&world, &bob, "harbour", true).await.len(), 1);
    while world.store.index_messages(1).await.unwrap() > 0 {}
    assert_eq!(found(&world, &bob, "harbour", true).await.len(), 1);

    // An edit keeps them, and is told with them.
    let edited = world.change(edit(&sent, &alice, "the pier")).await;
    assert_eq!((&*edited.content, &edited.attachments), ("the pier", &files));
    let told = world.close().await;
    let updates = told.iter().filter_map(|event| match &event.body {
        EventBody::MessageNew(message) => Some(&message.attachments),
        EventBody::MessageUpdated(change) => Some(&change.message.attachments),
        _ => None,
    });
    assert_eq!(updates.filter(|attachments| **attachments == files).count(), 3, "sent, pinned, edited");
    db.behind().await.check().await;
}

async fn found(world: &World, viewer: &User, text: &str, has_file: bool) -> Vec<Message> {
    let search = Search {
        text: SearchText::parse(text).unwrap(),
        conversation_id: None,
        sender_id: None,
        after: None,
        before: None,
        has_file,
        from: None,
        limit: ALL,
    };
    let slice = world.store.search(viewer.id, search).await.unwrap().unwrap();
    slice.hits.into_iter().map(|hit| hit.message).collect()
}

pub(crate) async fn whoever_is_in_a_conversation_that_holds_a_file_may_fetch_it(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (carol, eve) = (world.user("carol").await, world.user("eve").await);
    let (here, there) = (world.group(&alice, &[&bob]).await, world.group(&bob, &[&carol]).await);
    let file = world.upload(&alice, "secret").await;
    let who = async |expected: [bool; 4]| {
        let mut may = Vec::new();
        for viewer in [&alice, &bob, &carol, &eve] {
            may.push(may_fetch(&world, &file, viewer).await);
        }
        assert_eq!(may, expected, "alice, bob, carol, eve");
    };
    // Before it is sent, its owner only, also while it waits to be sent.
    who([true, false, false, false]).await;
    let later = NewScheduled { attachments: vec![file.id], ..new_scheduled(here, &alice, "later") };
    world.done(Write::ScheduleMessage(Box::new(later.clone()))).await;
    who([true, false, false, false]).await;
    let sent = world.send(holding(new_message(here, &alice, ""), &[&file])).await;
    who([true, true, false, false]).await;
    // A copy lets others see it.
    let copy = world.send(copying(new_message(there, &bob, ""), &sent)).await;
    assert_eq!(copy.attachments, sent.attachments);
    who([true, true, true, false]).await;
    // Whoever is removed has seen the last of it there.
    world.done(remove(here, &alice, &bob)).await;
    who([true, true, true, false]).await;
    world.done(leave(there, &bob)).await;
    who([true, false, true, false]).await;
    // It is the owner's no more than the others', as long as others have it.
    world.done(delete(&sent, &alice)).await;
    who([false, false, true, false]).await;
    world.done(delete_conversation(there, &carol)).await;
    who([false, false, false, false]).await;
    world.done(Write::Erase { keys_before: now(), revocations_before: now(), rows_max: ALL }).await;
    who([true, false, false, false]).await;
    let forget = Write::ForgetScheduled { id: later.scheduled.id, user_id: alice.id };
    world.done(forget).await;
    assert_eq!(sweep(&world).await.len(), 1);
    who([false, false, false, false]).await;
    db.behind().await.check().await;
}

pub(crate) async fn only_ones_own_files_and_those_that_one_sees_are_sent(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (id, alone) = (world.group(&alice, &[&bob]).await, world.group(&bob, &[]).await);
    let (own, others) = (world.upload(&alice, "own").await, world.upload(&bob, "others").await);
    let hidden = world.send(holding(new_message(alone, &bob, "hidden"), &[&others])).await;
    let seen = world.send(holding(new_message(id, &bob, "seen"), &[&others])).await;
    let refused = async |new| assert_eq!(world.refusal(send(new)).await, Refusal::FileUnknown);
    refused(holding(new_message(id, &alice, "x"), &[&own, &others])).await;
    let unknown = Attachments::Own(vec![new_id(FileId::from_uuid)]);
    refused(NewMessage { attachments: unknown, ..new_message(id, &alice, "x") }).await;
    refused(copying(new_message(id, &alice, "x"), &hidden)).await;
    world.send(copying(new_message(id, &alice, "x"), &seen)).await;
    world.done(delete(&seen, &bob)).await;
    refused(copying(new_message(id, &alice, "x"), &seen)).await;
    let nothing = Attachments::Of(new_id(MessageId::from_uuid));
    refused(NewMessage { attachments: nothing, ..new_message(id, &alice, "x") }).await;

    // A repeat answers with the first result, also when the file is gone since.
    let first = world.send(holding(keyed(id, &alice, "mine", "key"), &[&own])).await;
    let again = send(holding(keyed(id, &alice, "mine", "key"), &[&own]));
    assert!(matches!(world.done(again.clone()).await, Written::MessageRepeat(it) if it == first.id));
    world.done(delete(&first, &alice)).await;
    sweep(&world).await;
    assert!(matches!(world.done(again).await, Written::MessageRepeat(it) if it == first.id));
    db.behind().await.check().await;
}

pub(crate) async fn there_is_as_much_room_as_there_is(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[]).await;
    let with = |quota: Quota, owner: &User, content: &str| NewFile { quota, ..new_file(owner, content) };
    let users = Quota { user_bytes_max: Some(10), ..NO_QUOTA };
    world.keep(&with(users, &alice, "12345")).await;
    let (second, _) = world.keep(&with(users, &alice, "67890")).await;
    let over = create(&with(users, &alice, "x"));
    assert_eq!(world.refusal(over.clone()).await, Refusal::QuotaReached(QuotaOf::User));
    // Each file counts for its owner, though the content is there already.
    let again = create(&with(users, &alice, "12345"));
    assert_eq!(world.refusal(again).await, Refusal::QuotaReached(QuotaOf::User));
    world.keep(&with(users, &bob, "12345")).await;

    // What is kept already takes no more room.
    let total = Quota { total_bytes_max: Some(12), ..NO_QUOTA };
    world.keep(&with(total, &bob, "67890")).await;
    let third = create(&with(total, &bob, "abc"));
    assert_eq!(world.refusal(third).await, Refusal::QuotaReached(QuotaOf::Total));
    world.keep(&with(total, &bob, "ab")).await;

    // What was sent once waits for nothing any more, also when it was taken back.
    let few = Quota { unsent_max: 2, ..NO_QUOTA };
    let another = create(&with(few, &alice, "y"));
    let max = 2;
    let too_many = Refusal::LimitReached { what: "files that are uploaded and not sent", max };
    assert_eq!(world.refusal(another.clone()).await, too_many);
    let sent = world.send(holding(new_message(id, &alice, ""), &[&second])).await;
    world.done(delete(&sent, &alice)).await;
    world.done(another).await;

    // There is room again when something is erased.
    assert!(matches!(world.refusal(over.clone()).await, Refusal::QuotaReached(_)));
    sweep(&world).await;
    assert_eq!(world.store.usage(alice.id).await.unwrap(), Usage::default());
    world.done(over).await;
    db.behind().await.check().await;
}

pub(crate) async fn what_nothing_holds_is_erased_in_the_end(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let id = world.group(&alice, &[]).await;
    let mut files = Vec::new();
    for n in 0..6 {
        files.push(world.keep(&new_file(&alice, &n.to_string())).await);
    }
    let contents: Vec<BlobRef> = files.iter().map(|(_, content)| *content).collect();
    let files: Vec<File> = files.into_iter().map(|(file, _)| file).collect();
    let [sent, deleted, later, forgotten, ..] = &files[..] else { panic!() };
    world.send(holding(new_message(id, &alice, "sent"), &[sent])).await;
    let regretted = world.send(holding(new_message(id, &alice, "regretted"), &[deleted, sent])).await;
    let regretted = world.change(delete(&regretted, &alice)).await;
    assert_eq!(regretted.attachments, []);
    for (file, forget) in [(later, false), (forgotten, true)] {
        let new = NewScheduled { attachments: vec![file.id], ..new_scheduled(id, &alice, "later") };
        world.done(Write::ScheduleMessage(Box::new(new.clone()))).await;
        if forget {
            world.done(Write::ForgetScheduled { id: new.scheduled.id, user_id: alice.id }).await;
        }
    }
    let midnight = now();
    let last = world.upload(&alice, "6").await;

    // A few at a time, the oldest first.
    let gone = async |rows_max| {
        let (blobs, more) = world.erased(erase_unsent(midnight, rows_max)).await;
        (blobs.into_iter().map(|erased| erased.blob).collect::<Vec<_>>(), more)
    };
    assert_eq!(gone(1).await, (vec![contents[1]], true));
    assert_eq!(gone(2).await, (contents[3..=4].to_vec(), true));
    assert_eq!(gone(2).await, (vec![contents[5]], false));
    assert_eq!(gone(2).await, (vec![], false));
    for (file, there) in [(sent, true), (deleted, false), (later, true), (&last, true)] {
        assert_eq!(may_fetch(&world, file, &alice).await, there);
    }
    let forget = |file: &File| Write::DeleteFile { id: file.id, owner: alice.id };
    assert_eq!(world.refusal(forget(sent)).await, Refusal::FileHeld);
    assert_eq!(world.refusal(forget(later)).await, Refusal::FileHeld);
    assert_eq!(world.refusal(forget(deleted)).await, Refusal::FileUnknown);

    // Nothing is held by what is erased.
    world.done(delete_conversation(id, &alice)).await;
    sweep(&world).await;
    assert_eq!(world.store.usage(alice.id).await.unwrap().user_bytes, 2, "sent, and later");
    while let Written::More(true) =
        world.done(Write::Erase { keys_before: now(), revocations_before: now(), rows_max: 3 }).await
    {}
    assert_eq!(sweep(&world).await.len(), 2);
    assert_eq!(world.store.usage(alice.id).await.unwrap(), Usage::default());
    db.behind().await.check().await;
}

pub(crate) async fn a_message_may_wait_with_its_files(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[]).await;
    let (one, two) = (world.upload(&alice, "one").await, world.upload(&alice, "two").await);
    let mut new = NewScheduled { attachments: vec![two.id, one.id], ..new_scheduled(id, &alice, "") };
    new.scheduled.kind = MessageKind::Voice;
    let Written::Scheduled(scheduled) = world.done(Write::ScheduleMessage(Box::new(new.clone()))).await
    else {
        panic!()
    };
    assert_eq!((scheduled.kind, &scheduled.attachments), (MessageKind::Voice, &vec![two, one]));
    assert_eq!(world.store.scheduled(alice.id).await.unwrap(), [*scheduled.clone()]);
    let due = world.store.due(scheduled.send_at, ALL).await.unwrap();
    assert_eq!(due.iter().map(|due| &due.scheduled).collect::<Vec<_>>(), [&*scheduled]);
    let foreign = world.upload(&bob, "foreign").await;
    new.attachments = vec![foreign.id];
    new.scheduled.id = new_id(ScheduledMessageId::from_uuid);
    assert_eq!(world.refusal(Write::ScheduleMessage(Box::new(new))).await, Refusal::FileUnknown);
    db.behind().await.check().await;
}

pub(crate) async fn the_files_of_a_conversation_come_in_pages(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[&bob]).await;
    let elsewhere = world.group(&alice, &[]).await;
    let mut sent = Vec::new();
    for n in 0..12 {
        let mut files = Vec::new();
        for place in 0..n % 3 {
            let mut new = new_file(&alice, &format!("{n} {place}"));
            ["image/png", "application/pdf", "audio/ogg", "video/mp4"][n % 4].clone_into(&mut new.media_type);
            files.push(world.keep(&new).await.0);
        }
        let refs: Vec<&File> = files.iter().collect();
        let message = world.send(holding(new_message(id, &alice, "x"), &refs)).await;
        sent.extend(files.into_iter().zip(0..).map(|(file, place)| (file, message.clone(), place)));
    }
    let far = world.upload(&alice, "far").await;
    world.send(holding(new_message(elsewhere, &alice, "x"), &[&far])).await;

    assert_eq!(
        world.store.conversation_files(elsewhere, bob.id, FileQuery::default(), ALL).await.unwrap(),
        None
    );
    let kinds = [FileKind::Image, FileKind::Document, FileKind::Audio, FileKind::Video];
    for kind in kinds.map(Some).into_iter().chain([None]) {
        let mut expected: Vec<_> =
            sent.iter().filter(|(file, ..)| kind.is_none_or(|kind| file.kind() == kind)).collect();
        for order in [FileOrder::Oldest, FileOrder::Newest] {
            if order == FileOrder::Newest {
                expected.reverse();
            }
            for limit in [1, 2, 3, ALL] {
                let shown = all_files(&world, id, &bob, kind, order, limit).await;
                assert_eq!(shown.len(), expected.len(), "{kind:?}, {order:?}, {limit}");
                for (shown, (file, message, place)) in shown.iter().zip(&expected) {
                    assert_eq!((&shown.file, shown.position), (file, *place));
                    assert_eq!((shown.message_id, shown.message_seq), (message.id, message.seq));
                    assert_eq!((&shown.sender, shown.created_at), (&message.sender, message.created_at));
                }
            }
        }
    }
    world.done(delete(&sent[0].1, &alice)).await;
    let left = all_files(&world, id, &bob, None, FileOrder::Oldest, ALL).await;
    assert_eq!(left.len(), sent.len() - 1);
}

async fn all_files(
    world: &World,
    id: ConversationId,
    viewer: &User,
    kind: Option<FileKind>,
    order: FileOrder,
    limit: u32,
) -> Vec<SharedFile> {
    let mut shown: Vec<SharedFile> = Vec::new();
    loop {
        let after = shown.last().map(|last| (last.message_seq, last.position));
        let query = FileQuery { kind, order, after };
        let page = world.store.conversation_files(id, viewer.id, query, limit).await.unwrap().unwrap();
        let last = page.len() < limit as usize;
        shown.extend(page);
        if last {
            return shown;
        }
    }
}

/// Several who bring the same content at once, while others let go of it.
pub(crate) async fn content_that_comes_and_goes_at_once_is_kept_once(db: Db) {
    // Two nodes, or two programs on one file.
    let (one, other) = (db.open().await, db.open().await);
    let (alice, bob) = (one.user("alice").await, one.user("bob").await);
    let id = one.group(&alice, &[&bob]).await;
    let work = async |world: &World, user: &User| {
        for round in 0..40 {
            let content = format!("{}", round % 3);
            let (file, _) = world.keep(&new_file(user, &content)).await;
            let sent = world.write(send(holding(new_message(id, user, "x"), &[&file]))).await;
            let erase = world.store.queue(erase_unsent(now(), 3)).await.unwrap();
            match sent {
                Ok(Written::Message(message)) if round % 2 == 0 => {
                    world.done(delete(&*message, user)).await;
                }
                // It stays, or the other one has erased it before it was sent.
                Ok(Written::Message(_)) | Err(StoreError::Refused(Refusal::FileUnknown)) => {}
                other => panic!("{other:?}"),
            }
            erase.await.unwrap();
        }
    };
    tokio::join!(work(&one, &alice), work(&other, &bob));
    db.behind().await.check().await;
    one.done(delete_conversation(id, &alice)).await;
    one.done(Write::Erase { keys_before: now(), revocations_before: now(), rows_max: ALL }).await;
    sweep(&one).await;
    assert_eq!(one.store.usage(alice.id).await.unwrap(), Usage::default());
    assert_eq!(db.behind().await.rows("SELECT CAST(count(*) AS text) FROM blobs").await, ["0"]);
    // Nothing is left to be found in it either.
    one.scanned(finish(BlobRef { id: BlobId::from_uuid(uuid::Uuid::nil()), sha256: [0; 32] }, infected()))
        .await;
    db.behind().await.check().await;
}
