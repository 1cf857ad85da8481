//! Reading messages and events, page by page, against the list that a test keeps itself.

use crate::harness::{World, code};
use natter_chat::{Actor, History, ListFilter};
use natter_protocol::{ConversationId, ErrorCode, Message, MessageId, Page};
use uuid::Uuid;

const MESSAGES: usize = 30;

/// A conversation with other events between its messages, and its messages.
async fn talk(world: &World) -> (Actor, ConversationId, Vec<Message>) {
    let ada = world.actor("ada").await;
    let group = world.group(&ada, &[]).await;
    let mut messages = Vec::new();
    for number in 0..MESSAGES {
        messages.push(world.say(&ada, group, &number.to_string()).await);
    }
    (ada, group, messages)
}

/// Follows the cursors to the end; the pages in the order of reading.
async fn follow(
    world: &World,
    ada: &Actor,
    group: ConversationId,
    start: History,
    limit: u32,
) -> Vec<Vec<Message>> {
    let mut pages = Vec::new();
    let mut next = Some(start);
    while let Some(history) = next {
        let Page { data, meta } = world.chat.messages(ada, group, None, history, limit).await.unwrap();
        assert_eq!(meta.has_more, meta.next_cursor.is_some());
        assert!(data.len() <= limit as usize && data.is_sorted_by_key(|message| message.seq));
        pages.push(data);
        next = meta.next_cursor.map(History::Cursor);
    }
    pages
}

/// The pages of older and older messages, put in order.
fn backwards(mut pages: Vec<Vec<Message>>) -> Vec<Message> {
    pages.reverse();
    pages.concat()
}

#[tokio::test]
async fn pages_put_together_are_the_whole_in_either_direction() {
    let world = World::new().await;
    let (ada, group, messages) = talk(&world).await;
    for limit in [1, 7, 29, 30, 31, 100] {
        let older = follow(&world, &ada, group, History::Newest, limit).await;
        assert_eq!(older.len(), MESSAGES.div_ceil(limit as usize), "no page is empty");
        assert_eq!(backwards(older), messages, "from the newest in pages of {limit}");

        for at in [0, 1, 15, MESSAGES - 1] {
            let anchor = messages[at].id;
            let older = follow(&world, &ada, group, History::Before(anchor), limit).await;
            assert_eq!(backwards(older), messages[..at], "before {at} in pages of {limit}");
            let newer = follow(&world, &ada, group, History::After(anchor), limit).await;
            assert_eq!(newer.concat(), messages[at + 1..], "after {at} in pages of {limit}");
        }
    }
}

#[tokio::test]
async fn around_shows_the_message_in_its_surroundings_and_goes_on_to_older_ones() {
    let world = World::new().await;
    let (ada, group, messages) = talk(&world).await;
    for at in [0, 1, 15, MESSAGES - 1] {
        for limit in [1, 2, 9, 100] {
            let mut pages = follow(&world, &ada, group, History::Around(messages[at].id), limit).await;
            let first = pages.remove(0);
            assert!(first.contains(&messages[at]), "{at} in {limit}");
            let begins = messages.iter().position(|message| message.id == first[0].id).unwrap();
            assert_eq!(first, messages[begins..begins + first.len()], "{at} in {limit}: contiguous");
            assert_eq!(backwards(pages), messages[..begins], "{at} in {limit}: the rest");
        }
    }
}

#[tokio::test]
async fn a_page_that_is_followed_later_misses_nothing() {
    let world = World::new().await;
    let (ada, group, mut messages) = talk(&world).await;
    let page = world.chat.messages(&ada, group, None, History::After(messages[9].id), 10).await.unwrap();
    messages.push(world.say(&ada, group, "meanwhile").await);
    let cursor = History::Cursor(page.meta.next_cursor.unwrap());
    let rest = follow(&world, &ada, group, cursor, 10).await.concat();
    assert_eq!([page.data, rest].concat(), messages[10..]);
}

#[tokio::test]
async fn an_anchor_must_be_of_the_conversation() {
    let world = World::new().await;
    let (ada, group, _) = talk(&world).await;
    let elsewhere = world.group(&ada, &[]).await;
    let other = world.say(&ada, elsewhere, "elsewhere").await.id;
    for anchor in [other, MessageId::from_uuid(Uuid::from_u128(1))] {
        for history in [History::Before(anchor), History::After(anchor), History::Around(anchor)] {
            assert_eq!(code(world.chat.messages(&ada, group, None, history, 10).await), ErrorCode::NotFound);
        }
    }
}

#[tokio::test]
async fn a_cursor_is_of_one_conversation() {
    let world = World::new().await;
    let (ada, group, _) = talk(&world).await;
    let elsewhere = world.group(&ada, &[]).await;
    let page = world.chat.messages(&ada, group, None, History::Newest, 10).await.unwrap();
    let cursor = page.meta.next_cursor.unwrap();
    for (id, text) in [(elsewhere, cursor.as_str()), (group, ""), (group, "AAAA"), (group, &cursor[1..])] {
        let history = History::Cursor(text.to_owned());
        assert_eq!(code(world.chat.messages(&ada, id, None, history, 10).await), ErrorCode::InvalidCursor);
    }
}

#[tokio::test]
async fn events_are_contiguous_from_any_position() {
    let world = World::new().await;
    let (ada, group, messages) = talk(&world).await;
    let last = messages.last().unwrap().seq;
    for limit in [1, 7, 1000] {
        for start in [0, 1, 15, last - 1, last, last + 5, u64::MAX >> 1] {
            let mut after = start;
            loop {
                let page = world.chat.events(&ada, group, after, limit).await.unwrap();
                for event in page.data {
                    assert_eq!((event.conversation_id, event.seq), (group, after + 1));
                    after = event.seq;
                }
                if !page.meta.has_more {
                    break;
                }
                assert_eq!(page.meta.next_cursor, Some(after.to_string()));
            }
            assert_eq!(after, start.max(last), "from {start} in pages of {limit}");
        }
    }
}

#[tokio::test]
async fn pages_have_at_least_one_and_at_most_so_many_entries() {
    let world = World::new().await;
    let (ada, group, _) = talk(&world).await;
    assert_eq!(world.chat.messages(&ada, group, None, History::Newest, 0).await.unwrap().data.len(), 1);
    assert_eq!(world.chat.events(&ada, group, 0, 0).await.unwrap().data.len(), 1);
    assert_eq!(world.chat.conversations(&ada, ListFilter::default(), None, 0).await.unwrap().data.len(), 1);
    let all = world.chat.messages(&ada, group, None, History::Newest, u32::MAX).await.unwrap();
    assert_eq!((all.data.len(), all.meta.next_cursor), (MESSAGES, None));
}
