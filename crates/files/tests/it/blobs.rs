//! What every place that keeps files promises, on a disk and with an object store.

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use natter_files::blobs::{BlobsError, Content, FilesUrl, S3Credentials};
use natter_files::{BlobKey, Blobs, Digest};
use natter_protocol::{ErrorCode, ThumbnailSize};
use natter_testkit::s3::{ACCESS_KEY, S3, SECRET_KEY};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

/// Runs each test in every place.
macro_rules! everywhere {
    ($($test:ident)*) => {
        mod disk {
            $(#[tokio::test] async fn $test() { super::$test(&super::Disk::new()).await; })*
        }
        mod s3 {
            $(#[tokio::test] async fn $test() { super::$test(&super::Store::new()).await; })*
        }
    };
}

everywhere! {
    what_is_kept_is_given_out_again_whole_and_in_parts
    a_large_file_is_kept_in_parts
    the_staged_file_stays
    bytes_are_kept_as_thumbnails_are
    what_is_deleted_is_gone_with_its_thumbnails
    all_that_is_kept_is_listed_and_nothing_else
    what_is_not_kept_is_not_found
    reading_goes_on_after_the_content_is_deleted_or_fails
}

trait Place {
    fn blobs(&self) -> Blobs;
    /// Where the objects lie as files.
    fn directory(&self) -> PathBuf;
}

struct Disk(TempDir);

struct Store(S3);

impl Disk {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }
}

impl Store {
    fn new() -> Self {
        Self(S3::start().unwrap())
    }
}

impl Place for Disk {
    fn blobs(&self) -> Blobs {
        Blobs::open(&"file:".parse().unwrap(), &self.directory(), None).unwrap()
    }

    fn directory(&self) -> PathBuf {
        self.0.path().join("kept")
    }
}

impl Place for Store {
    fn blobs(&self) -> Blobs {
        open_s3(&self.0, SECRET_KEY)
    }

    fn directory(&self) -> PathBuf {
        self.0.directory()
    }
}

async fn what_is_kept_is_given_out_again_whole_and_in_parts(place: &impl Place) {
    let blobs = place.blobs();
    blobs.check().await.unwrap();
    let content = content(700_000);
    let key = key(1, &content);
    keep(&blobs, &key, &content).await;
    assert_eq!(read(&blobs, &key, None).await, content);
    for (start, end) in [(0, 1), (0, 700_000), (699_999, 700_000), (262_143, 262_145), (300_000, 650_000)] {
        assert_eq!(
            read(&blobs, &key, Some(start as u64..end as u64)).await,
            content[start..end],
            "{start}..{end}"
        );
    }
    assert_eq!(read(&blobs, &key, Some(699_990..1_000_000)).await, content[699_990..]);
    assert_eq!(read(&blobs, &key, Some(5..5)).await, b"");
    // Opened anew, it is still there.
    assert_eq!(read(&place.blobs(), &key, Some(10..20)).await, content[10..20]);
}

async fn a_large_file_is_kept_in_parts(place: &impl Place) {
    let blobs = place.blobs();
    // Two whole parts of an upload to S3, and a bit.
    let content = content(16 * 1024 * 1024 + 17);
    let key = key(1, &content);
    keep(&blobs, &key, &content).await;
    let read = read(&blobs, &key, None).await;
    assert_eq!((read.len(), Digest::of(&read)), (content.len(), Digest::of(&content)));
}

async fn the_staged_file_stays(place: &impl Place) {
    let (blobs, staged) = (place.blobs(), TempDir::new().unwrap());
    let path = staged.path().join("staged");
    std::fs::write(&path, b"abc").unwrap();
    // As it happens when the first attempt was interrupted after this.
    for id in [1, 2] {
        blobs.keep(&key(id, b"abc"), &path).await.unwrap();
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"abc");
    std::fs::remove_file(&path).unwrap();
    blobs.delete(&key(1, b"abc")).await.unwrap();
    assert_eq!(read(&blobs, &key(2, b"abc"), None).await, b"abc");
}

async fn bytes_are_kept_as_thumbnails_are(place: &impl Place) {
    let blobs = place.blobs();
    let key = key(1, b"a picture").thumbnail(ThumbnailSize::Small).unwrap();
    blobs.put(&key, Bytes::from_static(b"smaller")).await.unwrap();
    assert_eq!(read(&blobs, &key, None).await, b"smaller");
}

async fn what_is_deleted_is_gone_with_its_thumbnails(place: &impl Place) {
    let blobs = place.blobs();
    let (deleted, other) = (key(1, b"abc"), key(2, b"abc"));
    for key in [&deleted, &other] {
        keep(&blobs, key, b"abc").await;
        blobs.put(&key.thumbnail(ThumbnailSize::Small).unwrap(), Bytes::from_static(b"a")).await.unwrap();
    }
    blobs.delete(&deleted).await.unwrap();
    // What is gone already, and what never was, is no fault.
    blobs.delete(&deleted).await.unwrap();
    assert_eq!(files(&place.directory()), 2);
    assert!(matches!(blobs.read(&deleted, None).await, Err(BlobsError::NotFound)));
    assert_eq!(read(&blobs, &other, None).await, b"abc");
}

async fn all_that_is_kept_is_listed_and_nothing_else(place: &impl Place) {
    let blobs = place.blobs();
    assert!(blobs.list().try_collect::<Vec<_>>().await.unwrap().is_empty());
    let (content, thumbnail) = (key(1, b"abc"), key(1, b"abc").thumbnail(ThumbnailSize::Large).unwrap());
    keep(&blobs, &content, b"abc").await;
    blobs.put(&thumbnail, Bytes::from_static(b"smaller")).await.unwrap();
    std::fs::write(place.directory().join("README"), b"written by the operator").unwrap();
    let mut listed: Vec<_> = blobs.list().try_collect().await.unwrap();
    listed.sort_by_key(|kept| kept.size);
    assert_eq!(
        listed.iter().map(|kept| (&kept.key, kept.size)).collect::<Vec<_>>(),
        [(&content, 3), (&thumbnail, 7)]
    );
    // Some time in this century: the clock is that of where it is kept.
    assert!(listed.iter().all(|kept| kept.written_at.millis() > 1_700_000_000_000));
}

async fn what_is_not_kept_is_not_found(place: &impl Place) {
    let blobs = place.blobs();
    let error = blobs.read(&key(1, b"abc"), None).await.err().unwrap();
    assert!(matches!(error, BlobsError::NotFound), "{error}");
    assert_eq!(error.code(), ErrorCode::NotFound);
}

async fn reading_goes_on_after_the_content_is_deleted_or_fails(place: &impl Place) {
    let blobs = place.blobs();
    let content = content(3_000_000);
    let key = key(1, &content);
    keep(&blobs, &key, &content).await;
    let reading = blobs.read(&key, None).await.unwrap();
    blobs.delete(&key).await.unwrap();
    // A part that is taken for the whole would be the one wrong answer.
    if let Ok(read) = collect(reading).await {
        assert_eq!(Digest::of(&read), Digest::of(&content));
    }
}

#[tokio::test]
async fn on_one_file_system_nothing_is_copied() {
    use std::os::unix::fs::MetadataExt as _;
    let place = TempDir::new().unwrap();
    let blobs = Blobs::open(&"file:".parse().unwrap(), &place.path().join("kept"), None).unwrap();
    let staged = place.path().join("staged");
    std::fs::write(&staged, b"abc").unwrap();
    let key = key(1, b"abc");
    blobs.keep(&key, &staged).await.unwrap();
    let kept = place.path().join("kept").join(key.to_string());
    assert_eq!(std::fs::metadata(kept).unwrap().ino(), std::fs::metadata(staged).unwrap().ino());
}

#[tokio::test]
async fn from_another_file_system_it_is_copied() {
    // Linux has this one everywhere, and it is none of those that /tmp is on.
    let staged = tempfile::NamedTempFile::new_in("/dev/shm").unwrap();
    std::fs::write(staged.path(), b"abc").unwrap();
    let disk = Disk::new();
    let blobs = disk.blobs();
    blobs.keep(&key(1, b"abc"), staged.path()).await.unwrap();
    assert_eq!(read(&blobs, &key(1, b"abc"), None).await, b"abc");
    assert_eq!(files(&disk.directory()), 1);
}

#[tokio::test]
async fn a_disk_gives_out_no_addresses() {
    let disk = Disk::new();
    let url = disk.blobs().signed_url(&key(1, b""), Duration::from_mins(1), "inline", "text/plain").await;
    assert!(url.unwrap().is_none());
}

#[tokio::test]
async fn the_object_store_gives_out_content_under_a_signed_address_and_under_no_other() {
    let store = Store::new();
    let blobs = store.blobs();
    let key = key(1, b"abc");
    keep(&blobs, &key, b"abc").await;
    let minute = Duration::from_mins(1);
    let disposition = "attachment; filename=\"b.txt\"";
    let url = blobs.signed_url(&key, minute, disposition, "text/plain").await.unwrap().unwrap();
    let (status, head, body) = get(&url).await;
    assert_eq!((status, body.as_slice()), (200, b"abc".as_slice()));
    assert!(head.contains(disposition), "{head}");
    assert!(head.contains("text/plain"), "{head}");
    for tampered in
        [url.replace("text%2Fplain", "text%2Fhtml"), url.replace("X-Amz-Expires=60", "X-Amz-Expires=99")]
    {
        assert_ne!(tampered, url);
        assert_eq!(get(&tampered).await.0, 403, "{tampered}");
    }
    let unsigned = url.split_once('?').unwrap().0;
    assert_eq!(get(unsigned).await.0, 403);
}

#[tokio::test]
async fn a_wrong_key_shows_at_the_start() {
    let store = Store::new();
    let error = open_s3(&store.0, "another secret").check().await.unwrap_err();
    assert!(matches!(error, BlobsError::Failed(_)), "{error}");
    assert_eq!(error.code(), ErrorCode::Unavailable);
}

#[tokio::test]
async fn an_object_store_may_come_and_go() {
    let mut store = Store::new();
    let blobs = store.blobs();
    let key = key(1, b"abc");
    keep(&blobs, &key, b"abc").await;
    assert_eq!(read(&blobs, &key, None).await, b"abc");
    // The connection that was kept is dead, and nobody has noticed.
    store.0.stop().unwrap();
    store.0.restart().unwrap();
    assert_eq!(read(&blobs, &key, None).await, b"abc");
}

#[tokio::test]
async fn an_object_store_that_is_not_there_is_told_and_nothing_is_half_kept() {
    let mut store = Store::new();
    let blobs = store.blobs();
    let content = content(9 * 1024 * 1024);
    let (staged, key) = (TempDir::new().unwrap(), key(1, &content));
    let path = staged.path().join("staged");
    std::fs::write(&path, &content).unwrap();
    store.0.stop().unwrap();
    let error = blobs.keep(&key, &path).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unavailable, "{error}");
    store.0.restart().unwrap();
    assert!(matches!(blobs.read(&key, None).await, Err(BlobsError::NotFound)));
    blobs.keep(&key, &path).await.unwrap();
    assert_eq!(Digest::of(&read(&blobs, &key, None).await), Digest::of(&content));
}

#[test]
fn a_url_says_where_files_are_kept() {
    let bucket = |url: &str| match url.parse() {
        Ok(FilesUrl::S3(bucket)) => (bucket.name, bucket.prefix, bucket.endpoint, bucket.region),
        other => panic!("{url}: {other:?}"),
    };
    assert_eq!("file:".parse(), Ok(FilesUrl::Directory(None)));
    assert_eq!("file:/srv/files".parse(), Ok(FilesUrl::Directory(Some("/srv/files".into()))));
    assert_eq!("file:///srv/files".parse(), Ok(FilesUrl::Directory(Some("/srv/files".into()))));
    assert_eq!(bucket("s3://chat"), ("chat".to_owned(), String::new(), None, None));
    assert_eq!(
        bucket("s3://chat/a/b/?endpoint=https%3A%2F%2Fs3.example.com&region=eu-central-1"),
        (
            "chat".to_owned(),
            "a/b".to_owned(),
            Some("https://s3.example.com".to_owned()),
            Some("eu-central-1".to_owned())
        )
    );
    for wrong in [
        "",
        "files",
        "file:files",
        "s3:",
        "s3://",
        "s3:///a",
        "s3://a?endpont=https://b",
        "s3://a?endpoint=b",
        "https://a",
    ] {
        assert!(wrong.parse::<FilesUrl>().is_err(), "{wrong}");
    }
}

#[test]
fn a_key_is_written_in_one_way() {
    let key = key(7, b"abc");
    let text = key.to_string();
    assert_eq!(
        text,
        "ba/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad-00000000-0000-0000-0000-000000000007"
    );
    assert_eq!(text.parse(), Ok(key.clone()));
    let thumbnail = key.thumbnail(ThumbnailSize::Large).unwrap();
    assert_eq!(thumbnail.to_string(), format!("{text}-large"));
    assert_eq!(format!("{text}-large").parse(), Ok(thumbnail.clone()));
    assert_eq!(thumbnail.thumbnail(ThumbnailSize::Small), None);
    for wrong in [
        format!("{text}-huge"),
        format!("bb{}", &text[2..]),
        text.to_uppercase(),
        text[3..].to_owned(),
        format!("../{text}"),
    ] {
        assert!(wrong.parse::<BlobKey>().is_err(), "{wrong}");
    }
}

fn open_s3(store: &S3, secret_key: &str) -> Blobs {
    let credentials = S3Credentials { access_key: ACCESS_KEY.to_owned(), secret_key: secret_key.to_owned() };
    Blobs::open(&store.url().parse().unwrap(), Path::new("unused"), Some(&credentials)).unwrap()
}

async fn keep(blobs: &Blobs, key: &BlobKey, content: &[u8]) {
    let staged = TempDir::new().unwrap();
    let path = staged.path().join("staged");
    std::fs::write(&path, content).unwrap();
    blobs.keep(key, &path).await.unwrap();
}

async fn read(blobs: &Blobs, key: &BlobKey, range: Option<std::ops::Range<u64>>) -> Vec<u8> {
    collect(blobs.read(key, range).await.unwrap()).await.unwrap()
}

async fn collect(content: Content) -> std::io::Result<Vec<u8>> {
    content
        .try_fold(Vec::new(), |mut all, piece| async move {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await
}

fn key(id: u128, content: &[u8]) -> BlobKey {
    BlobKey::new(Digest::of(content), Uuid::from_u128(id))
}

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes as u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56).to_le_bytes()[0]).collect()
}

/// How many files are in a directory and below it.
fn files(directory: &Path) -> usize {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { files(&path) } else { 1 })
        .sum()
}

/// As a browser would: status, head and body.
async fn get(url: &str) -> (u16, String, Vec<u8>) {
    let answer = reqwest::get(url).await.unwrap();
    let (status, head) = (answer.status().as_u16(), format!("{:?}", answer.headers()).replace('\\', ""));
    (status, head, answer.bytes().await.unwrap().to_vec())
}
