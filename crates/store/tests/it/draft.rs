//! Drafts.

use crate::harness::{ALL, Db, new_draft, new_message, save_draft};
use natter_protocol::Draft;

pub(crate) async fn a_draft_is_kept_until_it_is_empty(db: Db) {
    let world = db.open().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let id = world.group(&alice, &[&bob]).await;
    let sent = world.send(new_message(id, &bob, "well?")).await;
    assert_eq!(world.store.draft(alice.id, id).await.unwrap(), None);
    let first = Draft { reply_to: Some(sent.id), ..new_draft(id, "first") };
    let second = new_draft(id, "second");
    for draft in [first, second] {
        world.done(save_draft(&alice, draft.clone())).await;
        assert_eq!(world.store.draft(alice.id, id).await.unwrap(), Some(draft));
    }
    assert_eq!(world.store.draft(bob.id, id).await.unwrap(), None);
    for _ in 0..2 {
        world.done(save_draft(&alice, new_draft(id, ""))).await;
        assert_eq!(world.store.draft(alice.id, id).await.unwrap(), None);
    }
    // It is nobody else's business.
    assert_eq!(world.conversation(id, &alice).await.last_seq, 2);
    assert_eq!(world.close().await.len(), 2);
}

pub(crate) async fn the_newest_draft_comes_first(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    let mut drafts = Vec::new();
    for n in 0..5 {
        let id = world.group(&alice, &[]).await;
        drafts.push(new_draft(id, &n.to_string()));
    }
    // Two of them at the same time.
    drafts[3].updated_at = drafts[2].updated_at;
    for draft in &drafts {
        world.done(save_draft(&alice, draft.clone())).await;
    }
    drafts.sort_by_key(|draft| std::cmp::Reverse((draft.updated_at, draft.conversation_id)));
    assert_eq!(world.store.drafts(alice.id, None, ALL).await.unwrap(), drafts);
    let mut paged: Vec<Draft> = Vec::new();
    while paged.len() < drafts.len() {
        let after = paged.last().map(|last| (last.updated_at, last.conversation_id));
        let page = world.store.drafts(alice.id, after, 2).await.unwrap();
        assert!(!page.is_empty());
        paged.extend(page);
    }
    assert_eq!(paged, drafts);
}
