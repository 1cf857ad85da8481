//! What another process does to somebody is heard of by their connections here.

use crate::device::Device;
use crate::harness::World;
use natter_chat::{Actor, Clock as _};
use natter_store::Write;
use std::time::Duration;

/// As another process would, which knows nothing of the connections here.
async fn disable(world: &World, whom: &Actor, disabled: bool) {
    let write = Write::SetDisabled { user_id: whom.id(), disabled, now: world.clock.now() };
    world.store.queue(write).await.unwrap().await.unwrap();
}

#[tokio::test]
async fn whoever_is_disabled_is_disconnected() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let mut adas = Device::connect(&world, &ada);
    let _bobs = Device::connect(&world, &bob);
    disable(&world, &bob, true).await;
    assert!(world.hub.is_online(bob.id()), "nobody has said so here");
    world.chat.revoke().await.unwrap();
    let gone = async {
        while world.hub.is_online(bob.id()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
    assert!(adas.heard(&world, "error").await.is_empty(), "nothing was said of her");
}

async fn stays(world: &World, who: &Actor) {
    let mut device = Device::connect(world, who);
    world.chat.revoke().await.unwrap();
    // What waits for a connection that is to close is still said on it, and nothing after that.
    for _ in 0..2 {
        assert!(device.heard(world, "error").await.is_empty());
    }
    device.disconnect().await;
}

#[tokio::test]
async fn whoever_is_enabled_again_stays() {
    let world = World::new().await;
    let bob = world.actor("bob").await;
    disable(&world, &bob, true).await;
    disable(&world, &bob, false).await;
    // Back before it was heard here that they were disabled; and after a restart, when that is heard once more.
    stays(&world, &bob).await;
    stays(&world.restart().await, &bob).await;
}
