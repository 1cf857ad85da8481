//! Previews of links: what is known, which message shows it, and how long its picture stays.

use crate::harness::{Db, World, delete, delete_conversation, edit, new_id, new_message, now, update};
use natter_protocol::{
    ConversationId, EventBody, LinkPreview, Message, PreviewImage, Timestamp, UpdateProfile, User,
};
use natter_store::{
    AttachPreviews, KnownPreview, NewPreview, PreviewPicture, UpdateConversation, Write, Written,
};
use uuid::Uuid;

const BOATS: &str = "https://example.com/boats";
const PIER: &str = "https://example.com/pier";
const DAY: i64 = 24 * 60 * 60;

/// A message of alice's to bob that shows two pages, the pier before the boats.
struct Shown {
    world: World,
    alice: User,
    bob: User,
    group: ConversationId,
    boats: KnownPreview,
    pier: KnownPreview,
    sent: Message,
}

impl Shown {
    async fn new(db: &Db) -> Self {
        let world = db.open().await;
        let (alice, bob) = (world.user("alice").await, world.user("bob").await);
        let group = world.group(&alice, &[&bob]).await;
        let (boats, pier) = (page(BOATS, "Boats"), page(PIER, "Pier"));
        keep(&world, BOATS, &boats).await;
        keep(&world, PIER, &pier).await;
        let content = format!("{PIER} and {BOATS}");
        let sent = world.send(new_message(group, &alice, &content)).await;
        assert!(attach(&world, &sent, &content, &[&pier, &boats]).await);
        Self { world, alice, bob, group, boats, pier, sent }
    }
}

/// A page with a picture.
fn page(url: &str, title: &str) -> KnownPreview {
    let id: Uuid = new_id(|id| id);
    let image = PreviewImage { url: PreviewImage::address(id), width: 640, height: 335, placeholder: None };
    let (url, title) = (url.to_owned(), title.to_owned());
    let preview = LinkPreview { url, title, description: None, site_name: None, image: Some(image) };
    KnownPreview { preview: Some(preview), image_id: Some(id) }
}

fn picture() -> PreviewPicture {
    PreviewPicture { media_type: "image/webp".to_owned(), content: b"picture".to_vec() }
}

/// Keeps what was found for a minute.
async fn keep(world: &World, url: &str, known: &KnownPreview) {
    let image = known.image_id.map(|_| picture());
    let expires_at = now().plus_seconds(60);
    let new = NewPreview { url: url.to_owned(), known: known.clone(), image, expires_at, at: now() };
    assert!(matches!(world.done(Write::KeepPreview(Box::new(new))).await, Written::Done));
}

/// Has a message show these; whether that changed it.
async fn attach(world: &World, message: &Message, content: &str, previews: &[&KnownPreview]) -> bool {
    let previews = previews.iter().map(|known| (*known).clone()).collect();
    let attach = AttachPreviews { message_id: message.id, content: content.to_owned(), previews, at: now() };
    match world.done(Write::AttachPreviews(Box::new(attach))).await {
        Written::Found(found) => found,
        other => panic!("{other:?}"),
    }
}

async fn erase(world: &World, now: Timestamp, rows_max: u32) -> bool {
    match world.done(Write::ErasePreviews { now, rows_max }).await {
        Written::More(more) => more,
        other => panic!("{other:?}"),
    }
}

async fn titles(world: &World, message: &Message, viewer: &User) -> Vec<String> {
    let shown = world.message(message, viewer).await;
    assert_eq!(shown.edited_at.is_some(), message.edited_at.is_some(), "a preview is no edit");
    shown.link_previews.into_iter().map(|preview| preview.title).collect()
}

async fn has_picture(world: &World, known: &KnownPreview) -> bool {
    let found = world.store.preview_image(known.image_id.unwrap()).await.unwrap();
    assert!(found.iter().all(|found| *found == picture()));
    found.is_some()
}

async fn updates(world: &World, id: ConversationId, viewer: &User) -> usize {
    let log = world.log(id, viewer).await;
    log.iter().filter(|event| matches!(event.body, EventBody::MessageUpdated(_))).count()
}

pub(crate) async fn what_was_found_is_known_until_it_expires(db: Db) {
    let world = db.open().await;
    let known = |at: Timestamp| world.store.known_preview(BOATS, at);
    assert_eq!(known(now()).await.unwrap(), None);
    let (boats, nothing) = (page(BOATS, "Boats"), KnownPreview::default());
    keep(&world, BOATS, &boats).await;
    assert_eq!(known(now().plus_seconds(59)).await.unwrap(), Some(boats.clone()));
    assert_eq!(known(now().plus_seconds(60)).await.unwrap(), None);
    assert_eq!(world.store.known_preview(PIER, now()).await.unwrap(), None);
    assert!(has_picture(&world, &boats).await);
    // That there is nothing is known, too, and takes the place of what there was.
    keep(&world, BOATS, &nothing).await;
    assert_eq!(known(now()).await.unwrap(), Some(nothing));
    db.behind().await.check().await;
}

pub(crate) async fn a_message_shows_what_is_behind_its_links(db: Db) {
    let Shown { world, bob, group, boats, pier, sent, .. } = Shown::new(&db).await;
    let content = &*sent.content;
    assert_eq!(titles(&world, &sent, &bob).await, ["Pier", "Boats"]);
    assert_eq!(world.history(group, &bob).await.last().unwrap().link_previews.len(), 2);
    assert_eq!(updates(&world, group, &bob).await, 1);
    assert!(!attach(&world, &sent, content, &[&pier, &boats]).await, "nothing is different");
    assert_eq!(updates(&world, group, &bob).await, 1);
    assert!(attach(&world, &sent, content, &[&boats]).await);
    assert_eq!(titles(&world, &sent, &bob).await, ["Boats"]);
    assert!(attach(&world, &sent, content, &[]).await);
    assert!(titles(&world, &sent, &bob).await.is_empty());
    db.behind().await.check().await;
}

pub(crate) async fn nothing_is_shown_of_links_that_are_there_no_more(db: Db) {
    let Shown { world, alice, bob, group, sent, .. } = Shown::new(&db).await;
    let edited = world.change(edit(&sent, &alice, BOATS)).await;
    assert_eq!(edited.link_previews.len(), 1);
    assert_eq!(titles(&world, &edited, &bob).await, ["Boats"]);
    let deleted = world.change(delete(&sent, &alice)).await;
    assert!(deleted.link_previews.is_empty(), "{deleted:?}");
    assert!(titles(&world, &deleted, &bob).await.is_empty());
    let told = world.log(group, &bob).await;
    let EventBody::MessageDeleted(told) = &told.last().unwrap().body else { panic!("{told:?}") };
    assert!(told.message.link_previews.is_empty());
    let told = world.close().await;
    let EventBody::MessageDeleted(told) = &told.last().unwrap().body else { panic!("{told:?}") };
    assert!(told.message.link_previews.is_empty(), "{told:?}");
    db.behind().await.check().await;
}

pub(crate) async fn what_comes_too_late_changes_nothing(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let group = world.group(&alice, &[]).await;
    let boats = page(BOATS, "Boats");
    keep(&world, BOATS, &boats).await;
    let [edited, deleted, gone] =
        [0; 3].map(|_| new_message(group, &alice, BOATS)).map(|new| world.send(new));
    let (edited, deleted, gone) = (edited.await, deleted.await, gone.await);
    world.change(edit(&edited, &alice, "something else")).await;
    assert!(!attach(&world, &edited, BOATS, &[&boats]).await, "the text is another by now");
    world.change(delete(&deleted, &alice)).await;
    assert!(!attach(&world, &deleted, BOATS, &[&boats]).await);
    world.done(delete_conversation(group, &alice)).await;
    assert!(!attach(&world, &gone, BOATS, &[&boats]).await);
    db.behind().await.check().await;
}

pub(crate) async fn a_picture_is_there_as_long_as_something_shows_it(db: Db) {
    let Shown { world, alice, boats, pier, sent, .. } = Shown::new(&db).await;
    // What is known is forgotten row by row; what a message shows stays.
    let later = now().plus_seconds(2 * DAY);
    assert!(
        !erase(&world, now(), 100).await && world.store.known_preview(PIER, now()).await.unwrap().is_some()
    );
    while erase(&world, later, 1).await {}
    assert_eq!(world.store.known_preview(PIER, now()).await.unwrap(), None);
    assert!(has_picture(&world, &boats).await && has_picture(&world, &pier).await);

    world.change(edit(&sent, &alice, BOATS)).await;
    while erase(&world, later, 1).await {}
    assert!(has_picture(&world, &boats).await && !has_picture(&world, &pier).await);
    world.change(delete(&sent, &alice)).await;
    while erase(&world, now().plus_seconds(DAY - 1), 1).await {}
    assert!(has_picture(&world, &boats).await, "whoever has just brought it may be about to show it");
    while erase(&world, later, 1).await {}
    assert!(!has_picture(&world, &boats).await);
    db.behind().await.check().await;
}

pub(crate) async fn nobody_looks_who_does_not_want_to(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (group, other) = (world.group(&alice, &[&bob]).await, world.group(&alice, &[&bob]).await);
    let wanted =
        async |id: ConversationId, sender: &User| world.store.previews_wanted(id, sender.id).await.unwrap();
    assert!(wanted(group, &alice).await && wanted(other, &bob).await);
    let off = UpdateConversation { link_previews: Some(false), ..update(group, &alice) };
    world.done(Write::UpdateConversation(Box::new(off))).await;
    assert!(!wanted(group, &alice).await && wanted(other, &alice).await);
    let update = Box::new(UpdateProfile { link_previews: Some(false), ..UpdateProfile::default() });
    world.done(Write::UpdateProfile { user_id: bob.id, update }).await;
    assert!(!wanted(other, &bob).await && wanted(other, &alice).await);
    world.done(delete_conversation(other, &alice)).await;
    assert!(!wanted(other, &alice).await, "what is deleted is nobody's any more");
    assert!(!wanted(new_id(ConversationId::from_uuid), &alice).await);
}
