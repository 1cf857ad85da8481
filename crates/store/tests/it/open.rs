//! Databases that cannot be used: each is refused with a sentence that says what to do.

use crate::harness::Db;
use natter_store::{DatabaseUrl, OpenError};
use natter_testkit::postgres;
use std::path::PathBuf;

async fn refusal(url: &str) -> OpenError {
    let url: DatabaseUrl = match url.parse() {
        Ok(url) => url,
        Err(error) => return error,
    };
    let mut options = Db::sqlite().options();
    options.url = url;
    let opened = natter_store::open(options.clone()).await.err();
    let migrating = natter_store::migrator(&options).await.err();
    let opened = opened.expect("must be refused");
    assert_eq!(opened.to_string(), migrating.expect("must be refused").to_string());
    opened
}

fn assert_says(error: &OpenError, parts: &[&str]) {
    let sentence = error.to_string();
    for part in parts {
        assert!(sentence.contains(part), "{sentence:?} does not say {part:?}");
    }
    assert!(!sentence.contains("s3cret"), "{sentence:?} tells the password");
}

#[tokio::test]
async fn a_url_that_no_database_speaks() {
    for url in ["", "mysql://root:s3cret@host/db", "natter.db", "postgres:host"] {
        let error = refusal(url).await;
        assert!(matches!(error, OpenError::UnknownUrl(_)), "{error:?}");
        assert_says(&error, &["sqlite:", "postgres://"]);
    }
}

#[tokio::test]
async fn a_postgresql_url_that_cannot_be_read() {
    for url in
        ["postgres://u:s3cret@host:port/db", "postgres://u:s3cret@host/db?sslmode=perhaps", "postgres://["]
    {
        let error = refusal(url).await;
        assert!(matches!(error, OpenError::Unreachable(_)), "{error:?}");
        assert_says(&error, &["database.url", "postgres://user:password@host"]);
    }
}

#[tokio::test]
async fn a_postgresql_server_that_is_not_there() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = refusal(&format!("postgres://u:s3cret@127.0.0.1:{port}/db")).await;
    assert!(matches!(error, OpenError::Unreachable(_)), "{error:?}");
    assert_says(&error, &["cannot connect", &format!("127.0.0.1:{port}"), "Check"]);
}

#[tokio::test]
async fn a_postgresql_server_without_the_database_or_the_user() {
    let database = postgres::database().unwrap();
    let (server, _) = database.url().rsplit_once('/').unwrap();
    let error = refusal(&format!("{server}/nonesuch")).await;
    assert!(matches!(error, OpenError::Unreachable(_)), "{error:?}");
    assert_says(&error, &["no database \"nonesuch\"", "createdb"]);

    let url = database.url().replace("//postgres@", "//mallory:s3cret@");
    let error = refusal(&url).await;
    assert!(matches!(error, OpenError::Unreachable(_)), "{error:?}");
    assert_says(&error, &["\"mallory\"", "password", "pg_hba.conf"]);
}

#[tokio::test]
async fn a_postgresql_database_that_would_lose_or_mangle_messages() {
    for setting in ["off", "local", "remote_write"] {
        let database = postgres::database().unwrap();
        let name = database.url().rsplit('/').next().unwrap();
        database.run_sql(&format!("ALTER DATABASE {name} SET synchronous_commit = {setting}")).unwrap();
        let error = refusal(database.url()).await;
        assert!(matches!(error, OpenError::Unsafe(_)), "{error:?}");
        assert_says(&error, &[&format!("synchronous_commit = {setting}"), "Set it to on"]);
    }
    let database = postgres::database().unwrap();
    database
        .run_sql("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        .unwrap();
    let (server, _) = database.url().rsplit_once('/').unwrap();
    let error = refusal(&format!("{server}/ascii")).await;
    assert!(matches!(error, OpenError::Unsafe(_)), "{error:?}");
    assert_says(&error, &["SQL_ASCII", "createdb --encoding=UTF8"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_created_or_is_no_database() {
    let error = refusal("sqlite:/nonexistent/directory/natter.db").await;
    assert!(matches!(error, OpenError::Unreachable(_)), "{error:?}");
    assert_says(&error, &["/nonexistent/directory/natter.db", "Check"]);

    let directory = tempfile::tempdir().unwrap();
    let file: PathBuf = directory.path().join("notes.txt");
    let text = "This is a letter, not a database, and it must still be one afterwards. ".repeat(100);
    std::fs::write(&file, &text).unwrap();
    let error = refusal(&format!("sqlite:{}", file.display())).await;
    assert_says(&error, &["notes.txt"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_url_is_shown_without_its_password() {
    for (url, shown) in [
        ("postgres://u:s3cret@host:5432/db", "postgres://host:5432/db"),
        ("postgres://u:p@s3cret@host/db", "postgres://host/db"),
        ("postgresql://host/db?password=s3cret", "postgresql://host/db"),
        ("sqlite:/var/lib/natter.db", "sqlite:/var/lib/natter.db"),
        ("sqlite:", "sqlite:"),
    ] {
        assert_eq!(url.parse::<DatabaseUrl>().unwrap().to_string(), shown);
    }
}
