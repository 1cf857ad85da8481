//! Rules about addresses.

use crate::harness::{Db, new_id};
use crate::variants::new_ip_rule;
use natter_protocol::{IpAction, IpRuleId};
use natter_store::{Write, Written};

pub(crate) async fn rules_are_listed_oldest_first(db: Db) {
    let world = db.open().await;
    let alice = world.user("alice").await;
    assert_eq!(world.store.ip_rules().await.unwrap(), []);
    let mut rules = Vec::new();
    for (action, note) in [(IpAction::Block, None), (IpAction::Allow, Some("the office".to_owned()))] {
        let mut new = new_ip_rule(&alice, action);
        new.0.note = note;
        let written = world.done(Write::CreateIpRule(Box::new(new.clone()))).await;
        assert!(matches!(&written, Written::IpRule(rule) if **rule == new.0), "{written:?}");
        rules.push(new.0);
    }
    assert_eq!(world.store.ip_rules().await.unwrap(), rules);
    for (id, found) in [(rules[0].id, true), (rules[0].id, false), (new_id(IpRuleId::from_uuid), false)] {
        let written = world.done(Write::DeleteIpRule(id)).await;
        assert!(matches!(written, Written::Found(there) if there == found), "{written:?}");
    }
    assert_eq!(world.store.ip_rules().await.unwrap(), rules[1..]);
}

pub(crate) async fn the_same_rule_again_is_the_first_one(db: Db) {
    let world = db.open().await;
    let [alice, bob] = [world.user("alice").await, world.user("bob").await];
    let first = new_ip_rule(&alice, IpAction::Block);
    world.done(Write::CreateIpRule(Box::new(first.clone()))).await;
    let again = |action| {
        let mut new = new_ip_rule(&bob, action);
        new.0.cidr.clone_from(&first.0.cidr);
        Write::CreateIpRule(Box::new(new))
    };
    let written = world.done(again(IpAction::Block)).await;
    assert!(matches!(&written, Written::IpRule(rule) if **rule == first.0), "{written:?}");
    assert_eq!(world.store.ip_rules().await.unwrap(), std::slice::from_ref(&first.0));
    world.done(again(IpAction::Allow)).await;
    assert_eq!(world.store.ip_rules().await.unwrap().len(), 2, "another one of the same addresses");
}
