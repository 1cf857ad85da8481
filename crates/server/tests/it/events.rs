//! `/conversations/{id}/events`

use crate::support::{on_both_databases, refused};
use anyhow::Result;
use natter_protocol::{Conversation, ErrorCode, Event, EventBody, Page};
use natter_testkit::natter::Natter;
use reqwest::Method;

on_both_databases! {
    the_log_begins_with_the_conversation_and_has_no_gaps,
    pages_of_the_log_follow_one_another,
}

async fn the_log_begins_with_the_conversation_and_has_no_gaps(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let id = ada.group("Harbour", &[&bob]).await?.info.id;
    let sent = [ada.send(id, "one").await?, bob.send(id, "two").await?];

    let log = bob.log(id).await?;
    assert_eq!(log, ada.log(id).await?, "it is the same for everybody");
    assert_eq!(log.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3]);
    let EventBody::ConversationCreated(created) = &log[0].body else { panic!("{log:?}") };
    assert_eq!((created.seq, created.actor_id), (1, ada.id()));
    // The conversation as it is now: two messages later than it was created.
    let now: Conversation = bob.get(&format!("/conversations/{id}")).await?;
    assert_eq!(created.conversation, now.info);
    for (event, message) in log[1..].iter().zip(sent) {
        assert_eq!((event.conversation_id, event.created_at), (id, message.created_at));
        assert_eq!(event.body, EventBody::MessageNew(Box::new(message)));
    }
    Ok(())
}

async fn pages_of_the_log_follow_one_another(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let id = ada.group("Harbour", &[]).await?.info.id;
    for number in 0..60 {
        ada.send(id, &number.to_string()).await?;
    }
    let page =
        async |query: &str| ada.get::<Page<Event>>(&format!("/conversations/{id}/events{query}")).await;
    let first = page("").await?;
    assert_eq!((first.data.len(), first.meta.next_cursor.as_deref()), (50, Some("50")));
    let second = page("?after=50").await?;
    assert_eq!((second.data.len(), second.meta.has_more), (11, false));
    assert_eq!([first.data, second.data].concat(), page("?limit=1000").await?.data);
    for beyond in ["61", "9007199254740993", "9223372036854775807", "18446744073709551615"] {
        assert_eq!(page(&format!("?after={beyond}")).await?.data, [], "after {beyond}");
    }
    for query in ["after=-1", "after=x", "after=1.5", "after=99999999999999999999", "limit=0", "limit=1001"] {
        let path = format!("/conversations/{id}/events?{query}");
        refused(&ada, Method::GET, &path, None, ErrorCode::InvalidParameter).await?;
    }
    Ok(())
}
