//! `natter bench`, each scenario in its smallest size: that it runs to its end means that everything which was sent was
//! acknowledged and received by everybody once and in order.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::cli::run;
use natter_testkit::postgres;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tempfile::TempDir;

#[test]
fn sends_are_measured_beside_bare_inserts() {
    let figures = bench(&["send", "--connections", "4", "--window", "2", "--members", "2", "--seconds", "1"]);
    sends_are_complete(&figures);
}

#[test]
fn sends_are_measured_on_postgres_in_a_database_that_is_removed() {
    let database = postgres::database().unwrap();
    let figures = bench(&[
        "send",
        "--connections",
        "4",
        "--processes",
        "2",
        "--members",
        "2",
        "--seconds",
        "1",
        "--database-url",
        database.url(),
    ]);
    sends_are_complete(&figures);
    let status = |url: &str| {
        let directory = TempDir::new().unwrap();
        run(directory.path(), &["migrate", "status", "--json", "--database-url", url])
    };
    let (server, _) = database.url().rsplit_once('/').unwrap();
    let left = status(&format!("{server}/natter_bench")).failure(1);
    assert!(left.contains("has no database"), "{left}");
    let steps = status(database.url()).json()["migrations"].as_array().unwrap().clone();
    assert!(
        steps.iter().all(|step| step["applied"] == false),
        "the given database is not touched: {steps:?}"
    );
}

fn sends_are_complete(figures: &BTreeMap<String, f64>) {
    let sends = figures["durable sends, full path"];
    assert!(sends > 0.0 && figures["bare batched inserts"] > 0.0 && figures["commit pipeline alone"] > 0.0);
    let ratio = figures["full path / bare inserts"];
    assert!((ratio - sends / figures["bare batched inserts"]).abs() < 1e-9, "{ratio}");
    assert!(figures["deliveries meanwhile"] > sends, "both members receive each message");
    assert!(figures["acknowledgement at this load, p50"] <= figures["acknowledgement at this load, p99"]);
    assert!(figures["acknowledgement at light load, p50"] > 0.0);
}

#[test]
fn a_message_reaches_all_receivers() {
    for transport in [&[][..], &["--tls"]] {
        let size = ["fanout", "--receivers", "5", "--rate", "20", "--seconds", "1"];
        let figures = bench(&[&size, transport].concat());
        assert!(figures["deliveries"] > 0.0 && figures["delivery, p50"] > 0.0);
    }
}

#[test]
fn idle_connections_are_weighed() {
    for way in [&[][..], &["--tls"], &["--way", "socket-io-upgrade"]] {
        let size = ["idle", "--connections", "20", "--messages", "10", "--starts", "2"];
        let figures = bench(&[&size, way].concat());
        assert!(figures["start to first answer"] > 0.0);
        assert!(figures["resident memory at rest"] >= figures["anonymous memory at rest"]);
        assert!(figures["resident memory with all connections"] > 0.0);
    }
}

#[test]
fn a_large_room_is_measured() {
    let figures = bench(&["room", "--members", "30", "--online", "5", "--rate", "20", "--seconds", "1"]);
    assert!(figures["deliveries"] > 0.0 && figures["joining the large room, p50"] > 0.0);
}

/// What is sent is a few times what the kernel takes at both ends.
#[test]
fn who_does_not_read_loses_the_queue_and_gets_everything_in_the_end() {
    let size =
        ["--stalled", "3", "--others", "2", "--content-chars", "16000", "--rate", "60", "--seconds", "2"];
    let figures = bench(&[&["stalled"], &size[..]].concat());
    assert!(figures["queues that were dropped / stalled connections"] >= 1.0);
}

#[test]
fn everybody_comes_back_after_each_cut() {
    let figures = bench(&["storm", "--connections", "38", "--again", "1", "--seconds", "6"]);
    assert!(figures["back, the last"] >= figures["back, p50"] && figures["back, p50"] > 0.0);
    let stayed = |what: &str| figures[&format!("delivery to those who stayed, {what}")];
    assert!(stayed("p50") > 0.0 && stayed("p50") <= stayed("p99") && stayed("p99") <= stayed("the longest"));
}

/// What arrives is compared with what was sent, also of a file that is cut off and comes through a restart.
#[test]
fn uploads_are_measured_beside_a_conversation() {
    let size = ["--uploads", "3", "--mib", "1", "--members", "2", "--rate", "50", "--seconds", "1"];
    let figures = bench(&[&["upload"], &size[..], &["--large-mib", "4", "--piece-mib", "1"]].concat());
    assert!(figures["uploads"] > 0.0 && figures["plain copies with SHA-256 and fsync"] > 0.0);
    assert!(figures["acknowledgement alone, p99"] > 0.0 && figures["delivery beside uploads, p99"] > 0.0);
    assert!(figures["by POST"] > 0.0 && figures["by tus"] > 0.0 && figures["fetched in ranges"] > 0.0);
}

#[test]
fn searches_are_measured_on_both_databases() {
    let directory = TempDir::new().unwrap();
    let corpus = directory.path().join("chat.jsonl");
    let line = |number: u32| {
        let text = format!("the boat_{number} of harbour {number} → 東京");
        json!({ "conversation": "Boats", "sender": format!("p{}", number % 3), "sentAt": number, "text": text })
    };
    let lines: Vec<String> = (0..40).map(|number| line(number).to_string()).collect();
    std::fs::write(&corpus, lines.join("\n")).unwrap();
    let database = postgres::database().unwrap();
    for url in ["sqlite:", database.url()] {
        let corpus = corpus.to_str().unwrap();
        let figures =
            bench(&["search", "--corpus", corpus, "--copies", "3", "--queries", "2", "--database-url", url]);
        assert!(figures["messages indexed"] > 0.0 && figures["index, for each message"] > 0.0);
        assert!(figures["all, p50"] > 0.0 && figures["all, p50"] <= figures["all, p95"]);
        assert!(figures["second and third pages, p95"] > 0.0, "there are more than 50");
    }
}

#[test]
fn a_load_is_started_by_nobody_else() {
    let failure = run(TempDir::new().unwrap().path(), &["bench", "load"]).failure(1);
    assert!(failure.contains("natter bench"), "{failure}");
}

/// Runs a scenario once; answers the medians by name.
fn bench(scenario: &[&str]) -> BTreeMap<String, f64> {
    let directory = TempDir::new().unwrap();
    let arguments = [&["bench"], scenario, &["--runs", "1", "--json"]].concat();
    let report = run(directory.path(), &arguments).json();
    assert_eq!(report["scenario"], scenario[0]);
    assert_eq!(directory.path().read_dir().unwrap().count(), 0, "nothing stays behind");
    let figure = |figure: &Value| Some((figure["name"].as_str()?.to_owned(), figure["median"].as_f64()?));
    report["figures"].as_array().unwrap().iter().map(|entry| figure(entry).unwrap()).collect()
}
