//! Tickets for sockets.

use crate::harness::{World, code};
use natter_protocol::{ErrorCode, limits};

#[tokio::test]
async fn a_ticket_works_once() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let ticket = world.chat.issue_ticket(&ada).unwrap();
    assert_eq!(ticket.expires_in, limits::TICKET_SECONDS);

    let actor = world.chat.redeem_ticket(&ticket.ticket).await.unwrap();
    assert_eq!((actor.id(), actor.session), (ada.id(), ada.session));
    assert_eq!(code(world.chat.redeem_ticket(&ticket.ticket).await), ErrorCode::InvalidTicket);
}

#[tokio::test]
async fn a_ticket_expires() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let (early, late) =
        (world.chat.issue_ticket(&ada).unwrap().ticket, world.chat.issue_ticket(&ada).unwrap().ticket);
    world.clock.advance_seconds(i64::from(limits::TICKET_SECONDS) - 1);
    world.chat.redeem_ticket(&early).await.unwrap();
    world.clock.advance_seconds(1);
    assert_eq!(code(world.chat.redeem_ticket(&late).await), ErrorCode::InvalidTicket);
}

#[tokio::test]
async fn a_ticket_ends_with_its_session() {
    let world = World::new().await;
    let sign_in = world.sign_in("ada").await;
    let ada = world.chat.authenticate(&sign_in.tokens.access_token).await.unwrap();
    let ticket = world.chat.issue_ticket(&ada).unwrap().ticket;
    world.chat.logout(&sign_in.tokens.refresh_token, false).await.unwrap();
    assert_eq!(code(world.chat.redeem_ticket(&ticket).await), ErrorCode::SessionEnded);
}

#[tokio::test]
async fn nobody_guesses_a_ticket() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let ticket = world.chat.issue_ticket(&ada).unwrap().ticket;
    assert!(ticket.len() >= 43, "{ticket} has fewer than 256 bits");
    for garbage in ["", "x", &ticket[1..], &ticket.to_lowercase()] {
        assert_eq!(code(world.chat.redeem_ticket(garbage).await), ErrorCode::InvalidTicket);
    }
}

#[tokio::test]
async fn unused_tickets_are_bounded_and_make_room_once_they_are_old() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    for _ in 0..limits::TICKETS_MAX {
        world.chat.issue_ticket(&ada).unwrap();
    }
    assert_eq!(code(world.chat.issue_ticket(&ada)), ErrorCode::Unavailable);
    world.clock.advance_seconds(i64::from(limits::TICKET_SECONDS));
    let ticket = world.chat.issue_ticket(&ada).unwrap().ticket;
    world.chat.redeem_ticket(&ticket).await.unwrap();
}
