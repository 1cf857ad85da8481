//! What an installation keeps about itself.

use crate::harness::Db;

pub(crate) async fn the_first_secret_wins_for_ever(db: Db) {
    let world = db.open().await;
    assert_eq!(world.store.secret("jwt", "first").await.unwrap(), "first");
    assert_eq!(world.store.secret("jwt", "second").await.unwrap(), "first");
    assert_eq!(world.store.secret("other", "second").await.unwrap(), "second");
    world.close().await;
    let (here, there) = (db.open().await, db.open().await);
    assert_eq!(here.store.secret("jwt", "third").await.unwrap(), "first");
    let (a, b) = tokio::join!(here.store.secret("raced", "a"), there.store.secret("raced", "b"));
    assert_eq!(a.unwrap(), b.unwrap());
}

pub(crate) async fn the_epoch_survives(db: Db) {
    let world = db.open().await;
    let epoch = world.store.epoch().to_owned();
    assert_eq!(epoch, db.options().new_epoch);
    world.close().await;
    let proposal = "fedcba9876543210".to_owned();
    let options = natter_store::OpenOptions { new_epoch: proposal, ..db.options() };
    let opened = natter_store::open(options).await.unwrap();
    assert_eq!(opened.store.epoch(), epoch);
}

pub(crate) async fn the_database_answers(db: Db) {
    db.open().await.store.ping().await.unwrap();
}
