//! Who has read a message.

use crate::harness::World;
use natter_chat::Actor;
use natter_protocol::{
    Command, ConversationId, ConversationKind, CreateConversation, MarkRead, MessageId, PlatformRole,
    Timestamp, UserId, limits,
};
use natter_store::{NewUser, Write};
use uuid::Uuid;

/// A group of so many, most of whom can never sign in.
async fn crowd(world: &World, owner: &Actor, reader: &Actor, members: u64) -> ConversationId {
    let mut names = vec![reader.id().to_string()];
    for n in 2..members {
        let id = UserId::from_uuid(Uuid::from_u64_pair(members, n));
        let new = NewUser {
            id,
            username: format!("member-{members}-{n}"),
            display_name: "Member".to_owned(),
            email: None,
            role: PlatformRole::User,
            password_hash: None,
            created_at: Timestamp::from_millis(0),
        };
        world.store.queue(Write::CreateUser(Box::new(new))).await.unwrap().await.unwrap();
        names.push(id.to_string());
    }
    let (kind, name) = (ConversationKind::Group, Some("Crowd".to_owned()));
    let create = CreateConversation { kind, name, topic: None, visibility: None, members: names };
    let (conversation, _) = world.create(owner, create).await.unwrap();
    assert_eq!(conversation.member_count, members);
    conversation.info.id
}

async fn readers(world: &World, actor: &Actor, message: MessageId) -> (Vec<UserId>, u64) {
    let page = world.chat.receipts(actor, message, None, 100).await.unwrap();
    assert!(!page.meta.has_more);
    (page.data.iter().map(|receipt| receipt.user.id).collect(), page.read_count)
}

#[tokio::test]
async fn in_a_large_conversation_it_is_only_told_how_many_have_read() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let max = limits::RECEIPT_MEMBERS_MAX;
    for (members, listed) in [(max, vec![bob.id()]), (max + 1, Vec::new())] {
        let id = crowd(&world, &ada, &bob, members).await;
        let sent = world.say(&ada, id, "Who has read this?").await.id;
        assert_eq!(readers(&world, &ada, sent).await, (Vec::new(), 0));
        let mark = MarkRead { conversation_id: Some(id), message_id: None, seq: None };
        world.chat.execute(&bob, Command::MarkRead(mark)).await.unwrap();
        assert_eq!(readers(&world, &ada, sent).await, (listed, 1), "{members} members");
    }
}
