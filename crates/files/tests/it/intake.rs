//! Uploads on their way in, through cuts, restarts and full disks.

use futures_util::future::poll_immediate;
use natter_files::intake::{Intake, IntakeError, Limits, NewUpload};
use natter_files::{Digest, Workshop};
use natter_protocol::{ErrorCode, FileId, Timestamp, UserId};
use proptest::prelude::*;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use uuid::Uuid;

const LIMITS: Limits = Limits { file_bytes_max: 64 * 1024 * 1024, user_uploads_max: 3, free_bytes_min: 0 };
const NOON: Timestamp = Timestamp::from_millis(1_767_268_800_000);

#[tokio::test]
async fn what_is_written_is_there_as_a_whole_with_its_hash() {
    let place = TempDir::new().unwrap();
    let intake = open(place.path(), LIMITS);
    let content = content(5_000_000);
    let new = upload(1, Some(content.len() as u64));
    intake.begin(new.clone()).await.unwrap();
    let mut appending = intake.append(new.id, 0).await.unwrap();
    for piece in content.chunks(12_345) {
        appending.write(piece).await.unwrap();
    }
    assert_eq!(appending.finish().await.unwrap(), content.len() as u64);
    let staged = intake.complete(new.id).await.unwrap();
    assert_eq!(staged.sha256, Digest::of(&content));
    assert_eq!(staged.size, content.len() as u64);
    assert_eq!((staged.owner, staged.name.as_str()), (new.owner, "boats.txt"));
    assert_eq!(std::fs::read(&staged.path).unwrap(), content);
    intake.discard(new.id).await.unwrap();
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    assert!(intake.status(new.id).is_none());
}

#[tokio::test]
async fn an_upload_goes_on_where_it_stands_and_nowhere_else() {
    let place = TempDir::new().unwrap();
    let intake = open(place.path(), LIMITS);
    let new = upload(1, Some(6));
    intake.begin(new.clone()).await.unwrap();
    append(&intake, new.id, 0, b"abc").await.unwrap();
    let error = append(&intake, new.id, 2, b"cdef").await.unwrap_err();
    assert!(matches!(error, IntakeError::Offset { offset: 3 }), "{error}");
    assert_eq!(error.code(), ErrorCode::UploadOffset);
    let error = intake.complete(new.id).await.unwrap_err();
    assert!(matches!(error, IntakeError::Incomplete { offset: 3, length: 6 }), "{error}");
    let error = append(&intake, new.id, 3, b"defg").await.unwrap_err();
    assert!(matches!(error, IntakeError::Overrun { length: 6 }), "{error}");
    append(&intake, new.id, 3, b"def").await.unwrap();
    assert_eq!(intake.complete(new.id).await.unwrap().sha256, Digest::of(b"abcdef"));
}

#[tokio::test]
async fn one_at_a_time_works_on_an_upload() {
    let place = TempDir::new().unwrap();
    let intake = open(place.path(), LIMITS);
    let new = upload(1, None);
    intake.begin(new.clone()).await.unwrap();
    let appending = intake.append(new.id, 0).await.unwrap();
    assert!(matches!(intake.append(new.id, 0).await, Err(IntakeError::Busy)));
    assert!(matches!(intake.begin(new.clone()).await, Err(IntakeError::Busy)), "it has begun already");
    assert!(intake.sweep(NOON.plus_seconds(1_000_000)).await.unwrap().is_empty());
    // Whoever wants its end waits for it.
    let mut completing = pin!(intake.complete(new.id));
    assert!(poll_immediate(&mut completing).await.is_none());
    drop(appending);
    let staged = completing.await.unwrap();
    let mut second = pin!(intake.complete(new.id));
    assert!(poll_immediate(&mut second).await.is_none());
    assert!(matches!(intake.append(new.id, 0).await, Err(IntakeError::Busy)));
    drop(staged);
    drop(second.await.unwrap());
    // Its length was not known before; now it is, and nothing can be added to it.
    let error = append(&intake, new.id, 0, b"more").await.unwrap_err();
    assert!(matches!(error, IntakeError::Overrun { length: 0 }), "{error}");
}

#[tokio::test]
async fn whoever_waits_for_an_upload_that_is_brought_to_its_end_hears_that_it_is_over() {
    let place = TempDir::new().unwrap();
    let intake = open(place.path(), LIMITS);
    let new = upload(1, Some(5));
    intake.begin(new.clone()).await.unwrap();
    append(&intake, new.id, 0, b"hello").await.unwrap();
    let staged = intake.complete(new.id).await.unwrap();
    let mut waiting = pin!(intake.complete(new.id));
    assert!(poll_immediate(&mut waiting).await.is_none());
    intake.discard(new.id).await.unwrap();
    drop(staged);
    assert!(matches!(waiting.await, Err(IntakeError::NotFound)));
}

/// What is kept is the very same file under a second name. A power cut can bring an older record of the upload back, by
/// which it is not whole yet.
#[tokio::test]
async fn what_is_kept_is_not_touched_by_an_upload_that_a_power_cut_brings_back() {
    let (place, kept) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let kept = kept.path().join("kept");
    let new = upload(1, Some(11));
    let sidecar = place.path().join(format!("{}.json", new.id));
    let intake = open(place.path(), LIMITS);
    intake.begin(new.clone()).await.unwrap();
    append(&intake, new.id, 0, b"fresh").await.unwrap();
    let older = std::fs::read(&sidecar).unwrap();
    append(&intake, new.id, 5, b" tides").await.unwrap();
    std::fs::hard_link(&intake.complete(new.id).await.unwrap().path, &kept).unwrap();
    drop(intake);
    std::fs::write(&sidecar, older).unwrap();
    let intake = open(place.path(), LIMITS);
    assert_eq!(intake.status(new.id).map(|upload| (upload.offset, upload.length)), Some((11, Some(11))));
    append(&intake, new.id, 5, b" winds").await.unwrap_err();
    append(&intake, new.id, 11, b" and more").await.unwrap_err();
    assert_eq!(std::fs::read(&kept).unwrap(), b"fresh tides");
    assert_eq!(intake.complete(new.id).await.unwrap().sha256, Digest::of(b"fresh tides"));
}

#[tokio::test]
async fn a_request_that_breaks_off_keeps_what_arrived() {
    let place = TempDir::new().unwrap();
    let intake = open(place.path(), LIMITS);
    let content = content(1_000_000);
    let new = upload(1, Some(content.len() as u64));
    intake.begin(new.clone()).await.unwrap();
    let mut offset = 0;
    // Each time the line is cut after less than a piece of the disk's.
    while offset < content.len() {
        let mut appending = intake.append(new.id, offset as u64).await.unwrap();
        appending.write(&content[offset..content.len().min(offset + 100_000)]).await.unwrap();
        drop(appending);
        // The bytes are written by a thread; until it is done, nobody else can go on.
        offset = loop {
            match intake.append(new.id, at(&intake, new.id)).await {
                Err(IntakeError::Busy | IntakeError::Offset { .. }) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
                Ok(_) => break usize::try_from(at(&intake, new.id)).unwrap(),
            }
        };
    }
    assert_eq!(intake.complete(new.id).await.unwrap().sha256, Digest::of(&content));
}

#[tokio::test]
async fn a_power_cut_leaves_only_what_is_certain() {
    let place = TempDir::new().unwrap();
    let content = content(300_000);
    let new = upload(1, Some(content.len() as u64));
    let intake = open(place.path(), LIMITS);
    intake.begin(new.clone()).await.unwrap();
    append(&intake, new.id, 0, &content[..200_000]).await.unwrap();
    drop(intake);
    // The length of the file had reached the disk, its last bytes had not.
    let part = place.path().join(format!("{}.part", new.id));
    let mut on_disk = std::fs::read(&part).unwrap();
    on_disk.extend(vec![0; 70_000]);
    std::fs::write(&part, &on_disk).unwrap();
    let intake = open(place.path(), LIMITS);
    assert_eq!(at(&intake, new.id), 200_000);
    append(&intake, new.id, 200_000, &content[200_000..]).await.unwrap();
    let staged = intake.complete(new.id).await.unwrap();
    assert_eq!(staged.sha256, Digest::of(&content));
    assert_eq!(std::fs::read(&staged.path).unwrap(), content);
}

#[tokio::test]
async fn what_is_complete_can_be_completed_again_after_a_crash() {
    let place = TempDir::new().unwrap();
    let new = upload(1, None);
    let intake = open(place.path(), LIMITS);
    intake.begin(new.clone()).await.unwrap();
    append(&intake, new.id, 0, b"with the place where it was taken").await.unwrap();
    let mut staged = intake.complete(new.id).await.unwrap();
    std::fs::write(staged.replacement_path(), b"without").unwrap();
    staged.replace().unwrap();
    assert_eq!((staged.sha256, staged.size), (Digest::of(b"without"), 7));
    assert_eq!(std::fs::read(&staged.path).unwrap(), b"without");
    drop((staged, intake));
    let intake = open(place.path(), LIMITS);
    let staged = intake.complete(new.id).await.unwrap();
    assert_eq!(staged.sha256, Digest::of(b"with the place where it was taken"));
    intake.discard(new.id).await.unwrap();
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn limits_are_kept() {
    let place = TempDir::new().unwrap();
    let intake = open(place.path(), Limits { file_bytes_max: 10, ..LIMITS });
    let error = intake.begin(upload(1, Some(11))).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::FileTooLarge);
    let unknown = upload(1, None);
    intake.begin(unknown.clone()).await.unwrap();
    append(&intake, unknown.id, 0, b"0123456789").await.unwrap();
    let error = append(&intake, unknown.id, 10, b"!").await.unwrap_err();
    assert!(matches!(error, IntakeError::TooLarge { bytes_max: 10 }), "{error}");
    intake.begin(upload(1, None)).await.unwrap();
    intake.begin(upload(1, None)).await.unwrap();
    assert_eq!(intake.count(unknown.owner), 3);
    let error = intake.begin(upload(1, None)).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::LimitReached);
    intake.begin(upload(2, None)).await.unwrap();
    intake.discard(unknown.id).await.unwrap();
    intake.begin(upload(1, None)).await.unwrap();
}

#[tokio::test]
async fn the_disk_is_not_filled_to_its_end() {
    let place = TempDir::new().unwrap();
    let intake = open(place.path(), Limits { free_bytes_min: u64::MAX, ..LIMITS });
    let error = intake.begin(upload(1, None)).await.unwrap_err();
    assert!(matches!(error, IntakeError::StorageFull), "{error}");
    assert_eq!(error.code(), ErrorCode::StorageFull);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    assert_eq!(intake.count(upload(1, None).owner), 0);
}

#[tokio::test]
async fn what_nobody_goes_on_with_is_swept_away() {
    let place = TempDir::new().unwrap();
    let intake = open(place.path(), LIMITS);
    let later = NOON.plus_seconds(7_200);
    let (left, lasting) = (upload(1, None), NewUpload { expires_at: later, ..upload(1, None) });
    for new in [&left, &lasting] {
        intake.begin(new.clone()).await.unwrap();
    }
    drop(intake);
    let intake = open(place.path(), LIMITS);
    assert!(intake.sweep(NOON.plus_seconds(3_599)).await.unwrap().is_empty());
    assert_eq!(intake.sweep(NOON.plus_seconds(3_600)).await.unwrap(), [left.id]);
    assert!(intake.status(left.id).is_none());
    assert_eq!(intake.status(lasting.id).unwrap().expires_at, later);
    assert_eq!(intake.sweep(later).await.unwrap(), [lasting.id]);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_came_with_a_wrong_checksum_is_thrown_away() {
    let place = TempDir::new().unwrap();
    let intake = open(place.path(), LIMITS);
    let content = content(1_500_000);
    let new = upload(1, Some(content.len() as u64));
    intake.begin(new.clone()).await.unwrap();
    append(&intake, new.id, 0, &content[..600_000]).await.unwrap();
    let mut appending = intake.append(new.id, 600_000).await.unwrap();
    appending.write(&vec![b'?'; 800_000]).await.unwrap();
    appending.undo().await.unwrap();
    assert_eq!(at(&intake, new.id), 600_000);
    append(&intake, new.id, 600_000, &content[600_000..]).await.unwrap();
    let staged = intake.complete(new.id).await.unwrap();
    assert_eq!(staged.sha256, Digest::of(&content));
    assert_eq!(std::fs::read(&staged.path).unwrap(), content);
}

#[tokio::test]
async fn a_limit_that_was_lowered_since_is_kept_too() {
    let place = TempDir::new().unwrap();
    let new = upload(1, None);
    let intake = open(place.path(), LIMITS);
    intake.begin(new.clone()).await.unwrap();
    append(&intake, new.id, 0, b"0123456789").await.unwrap();
    drop(intake);
    let intake = open(place.path(), Limits { file_bytes_max: 5, ..LIMITS });
    let error = append(&intake, new.id, 10, b"!").await.unwrap_err();
    assert!(matches!(error, IntakeError::TooLarge { bytes_max: 5 }), "{error}");
}

#[tokio::test]
async fn an_upload_that_is_ended_from_elsewhere_takes_no_more() {
    let place = TempDir::new().unwrap();
    let intake = open(place.path(), LIMITS);
    let new = upload(1, None);
    intake.begin(new.clone()).await.unwrap();
    let mut appending = intake.append(new.id, 0).await.unwrap();
    appending.write(b"abc").await.unwrap();
    intake.discard(new.id).await.unwrap();
    let error = appending.finish().await.unwrap_err();
    assert!(matches!(error, IntakeError::NotFound), "{error}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_belongs_to_no_upload_goes_at_the_start() {
    let place = TempDir::new().unwrap();
    let stray = FileId::from_uuid(Uuid::from_u128(99));
    for extension in ["part", "draft", "replaced"] {
        std::fs::write(place.path().join(format!("{stray}.{extension}")), b"{").unwrap();
    }
    std::fs::write(place.path().join(format!("{}.json", Uuid::from_u128(98))), b"{\"owner\":").unwrap();
    // What somebody else has put there is not touched.
    let foreign = ["README", "backup.part", "settings.json"].map(|name| place.path().join(name));
    for path in &foreign {
        std::fs::write(path, b"{").unwrap();
    }
    drop(open(place.path(), LIMITS));
    assert!(foreign.iter().all(|path| path.exists()));
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), foreign.len());
}

/// What happens to an upload on its way.
#[derive(Debug, Clone)]
enum Step {
    /// A request brings so many bytes and ends as it should.
    Bring(usize),
    /// A request is cut after so many bytes.
    Cut(usize),
    /// The server is started anew.
    Restart,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn an_upload_survives_cuts_and_restarts_at_any_point(steps in prop::collection::vec(step(), 1..12)) {
        tokio::runtime::Runtime::new().unwrap().block_on(survive(steps));
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..700_000_usize).prop_map(Step::Bring),
        (0..700_000_usize).prop_map(Step::Cut),
        Just(Step::Restart)
    ]
}

async fn survive(steps: Vec<Step>) {
    let place = TempDir::new().unwrap();
    let content = content(2_000_000);
    let new = upload(1, Some(content.len() as u64));
    let mut intake = open(place.path(), LIMITS);
    intake.begin(new.clone()).await.unwrap();
    // What was acknowledged by the end of a request must be there for ever.
    let mut acknowledged = 0;
    for step in steps.into_iter().chain([Step::Bring(content.len())]) {
        let (mut appending, from) = loop {
            let from = at(&intake, new.id);
            match intake.append(new.id, from).await {
                Ok(appending) => break (appending, usize::try_from(from).unwrap()),
                // A thread is at work on what came before.
                Err(IntakeError::Busy | IntakeError::Offset { .. }) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        };
        assert!(from as u64 >= acknowledged, "{from} is less than {acknowledged}");
        let to = |bytes| content.len().min(from + bytes);
        match step {
            Step::Bring(bytes) => {
                appending.write(&content[from..to(bytes)]).await.unwrap();
                acknowledged = appending.finish().await.unwrap();
                assert_eq!(acknowledged, to(bytes) as u64);
            }
            Step::Cut(bytes) => appending.write(&content[from..to(bytes)]).await.unwrap(),
            Step::Restart => {
                drop(appending);
                intake = open(place.path(), LIMITS);
            }
        }
    }
    let staged = intake.complete(new.id).await.unwrap();
    assert_eq!(staged.sha256, Digest::of(&content));
    assert_eq!(std::fs::read(&staged.path).unwrap(), content);
}

fn open(place: &Path, limits: Limits) -> Intake {
    Intake::open(place, limits, Workshop::start(2).unwrap()).unwrap()
}

/// An upload of a user, which expires an hour after noon.
fn upload(owner: u128, length: Option<u64>) -> NewUpload {
    static NEXT: AtomicU64 = AtomicU64::new(1000);
    NewUpload {
        id: FileId::from_uuid(Uuid::from_u128(NEXT.fetch_add(1, Ordering::Relaxed).into())),
        owner: UserId::from_uuid(Uuid::from_u128(owner)),
        name: "boats.txt".to_owned(),
        length,
        expires_at: NOON.plus_seconds(3_600),
    }
}

async fn append(intake: &Intake, id: FileId, offset: u64, bytes: &[u8]) -> Result<u64, IntakeError> {
    let mut appending = intake.append(id, offset).await?;
    appending.write(bytes).await?;
    appending.finish().await
}

fn at(intake: &Intake, id: FileId) -> u64 {
    intake.status(id).unwrap().offset
}

/// Bytes that repeat nowhere.
fn content(bytes: usize) -> Vec<u8> {
    (0..bytes as u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56).to_le_bytes()[0]).collect()
}
