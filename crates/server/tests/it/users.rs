//! `/users`

use crate::support::{eventually, on_both_databases};
use anyhow::Result;
use natter_protocol::{PlatformRole, Presence, User};
use natter_testkit::natter::Natter;

on_both_databases! {
    you_are_who_you_signed_up_as,
    presence_follows_the_sockets,
}

async fn you_are_who_you_signed_up_as(natter: Natter) -> Result<()> {
    let ada = natter.person("ada").await?;
    let me: User = ada.get("/users/me").await?;
    assert_eq!(me, ada.sign_in().user);
    assert_eq!((me.id, &*me.username, me.role), (ada.id(), "ada", PlatformRole::User));
    Ok(())
}

async fn presence_follows_the_sockets(natter: Natter) -> Result<()> {
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let presence = async || anyhow::Ok(ada.get::<User>("/users/me").await?.presence);
    let _bobs = bob.socket().await?;
    assert_eq!(presence().await?, Presence::Offline);
    let (first, second) = (ada.socket().await?, ada.socket().await?);
    assert_eq!(presence().await?, Presence::Online);
    drop(first);
    drop(second);
    eventually(async || Ok((presence().await? == Presence::Offline).then_some(()))).await
}
