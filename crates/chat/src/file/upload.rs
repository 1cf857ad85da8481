//! Uploading a file: begin, append, and the end, where it is looked at and kept or refused.

use super::{FileHouse, Files};
use crate::execute::unexpected;
use crate::{Actor, Chat, Error, Result};
use bytes::Bytes;
use natter_files::intake::{Appending, IntakeError, NewUpload, Upload};
use natter_files::{BlobKey, Staged, inspect, name};
use natter_protocol::{ErrorCode, File, FileId, FileStatus, ThumbnailSize, Timestamp, limits};
use natter_store::{BlobId, NewBlob, NewFile, Write, Written};

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uploading {
    /// The upload, and the file that it becomes.
    pub id: FileId,
    /// Bytes in all, if that is known.
    pub length: Option<u64>,
    /// Bytes that are here.
    pub offset: u64,
    /// When it is forgotten unless it has ended; none if it has.
    pub expires_at: Option<Timestamp>,
}

/// How a file comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadWay {
    /// In one request: what is left of one that broke off is of no use.
    AtOnce,
    /// In any number of requests, which may be a while apart.
    InParts,
}

/// Seconds after its beginning until an upload that comes in one request is forgotten, unless somebody is at work on it.
const AT_ONCE_SECONDS: i64 = 60;

impl Chat {
    /// Begins an upload. What can be told to be refused at its end is refused now.
    pub async fn begin_upload(
        &self,
        actor: &Actor,
        name: &str,
        length: Option<u64>,
        way: UploadWay,
    ) -> Result<Uploading> {
        let Files { house, .. } = self.files()?;
        let name = name::safe(name);
        house.types.check_name(&name)?;
        let bytes_max = house.rules.file_bytes_max;
        match length {
            Some(0) => return Err(Error::EmptyFile),
            Some(length) if length > bytes_max => return Err(IntakeError::TooLarge { bytes_max }.into()),
            _ => {}
        }
        self.check_room(actor, length.unwrap_or(1)).await?;
        let expires_at = self.now().plus_seconds(match way {
            UploadWay::AtOnce => AT_ONCE_SECONDS,
            UploadWay::InParts => i64::from(limits::UPLOAD_SECONDS_MAX),
        });
        let id = FileId::from_uuid(self.id_for(actor));
        if let Some(upload) = house.intake.status(id) {
            // An earlier try of the same request, which died on the way unless somebody is still at it.
            match house.intake.append(id, upload.offset).await {
                Ok(appending) => drop(appending),
                Err(IntakeError::Busy) => {
                    return Err(Error::Overloaded("an earlier try of the same upload is still under way"));
                }
                Err(error) => return Err(error.into()),
            }
            house.intake.discard(id).await?;
        }
        house.intake.begin(NewUpload { id, owner: actor.id(), name, length, expires_at }).await?;
        Ok(Uploading { id, length, offset: 0, expires_at: Some(expires_at) })
    }

    /// The file that an earlier try of the same request has uploaded.
    pub async fn uploaded_before(&self, actor: &Actor) -> Result<Option<File>> {
        let Some(request) = actor.request else { return Ok(None) };
        let kept = self.store.file(FileId::from_uuid(request), actor.id()).await?;
        Ok(kept.map(|kept| kept.file))
    }

    /// How far an upload of the actor is. One of which all bytes are here is brought to its end first: whoever was to do
    /// that was interrupted.
    pub async fn upload(&self, actor: &Actor, id: FileId) -> Result<Uploading> {
        match self.own_upload(actor, id) {
            Ok(upload) if upload.length == Some(upload.offset) => {
                Ok(Uploading::over(&self.finish_upload(actor, id).await?))
            }
            Ok(Upload { length, offset, expires_at, .. }) => {
                Ok(Uploading { id, length, offset, expires_at: Some(expires_at) })
            }
            Err(_) => Ok(Uploading::over(&self.uploaded(actor, id).await?)),
        }
    }

    /// What an upload of the actor has become.
    async fn uploaded(&self, actor: &Actor, id: FileId) -> Result<File> {
        let kept = self.store.file(id, actor.id()).await?.ok_or(Error::NotFound("upload"))?;
        Ok(kept.file)
    }

    /// Goes on with an upload of the actor where it stands.
    pub async fn append_upload(&self, actor: &Actor, id: FileId, offset: u64) -> Result<Receiving<'_>> {
        let upload = self.own_upload(actor, id)?;
        let house = &self.files()?.house;
        Ok(Receiving { house, id, name: upload.name, appending: house.intake.append(id, offset).await? })
    }

    /// Forgets an upload of the actor.
    pub async fn cancel_upload(&self, actor: &Actor, id: FileId) -> Result<()> {
        self.own_upload(actor, id)?;
        Ok(self.files()?.house.intake.discard(id).await?)
    }

    /// Ends an upload of the actor: looks at what came, and keeps it or refuses it. What is refused is forgotten.
    pub async fn finish_upload(&self, actor: &Actor, id: FileId) -> Result<File> {
        match self.end_upload(actor, id).await {
            // Another request has brought it to its end: whoever asks how far it is does that, too.
            Err(Error::NotFound(_)) => self.uploaded(actor, id).await,
            ended => ended,
        }
    }

    async fn end_upload(&self, actor: &Actor, id: FileId) -> Result<File> {
        self.own_upload(actor, id)?;
        let files = self.files()?;
        let staged = files.house.intake.complete(id).await?;
        let taken = match self.store.file(id, actor.id()).await? {
            // It was kept, and whoever was to be told was interrupted.
            Some(kept) => Ok(kept.file),
            None => self.take_in(files, staged).await,
        };
        let file = match taken {
            Err(error) if error.code().retriable() => return Err(error),
            taken => {
                files.house.intake.discard(id).await?;
                taken?
            }
        };
        metrics::counter!("natter_files_uploaded_total").increment(1);
        metrics::counter!("natter_files_uploaded_bytes_total").increment(file.size);
        if file.status == FileStatus::Scanning {
            files.scan_due.notify_one();
        }
        Ok(file)
    }

    async fn take_in(&self, files: &Files, staged: Staged) -> Result<File> {
        let house = &files.house;
        let types = house.types.clone();
        let looking = house.workshop.run(move || {
            let mut staged = staged;
            let kind = types.check(&staged.name, &staged.path)?;
            let seen = inspect::look(&mut staged, &kind)?;
            Ok::<_, natter_files::Refused>((staged, kind, seen))
        });
        let (staged, kind, seen) = looking.await.map_err(IntakeError::from)??;
        let blob_id = BlobId::from_uuid(self.new_id());
        let key = BlobKey::new(staged.sha256, blob_id.uuid());
        if let Err(error) = house.keep(&key, &staged, seen.thumbnails).await {
            house.give_up(&key).await;
            return Err(error);
        }
        let write = Write::CreateFile(Box::new(NewFile {
            id: staged.id,
            owner: staged.owner,
            name: staged.name.clone(),
            media_type: kind.media_type.to_owned(),
            blob: NewBlob {
                id: blob_id,
                sha256: *staged.sha256.bytes(),
                size: staged.size,
                look: seen.look,
                scan: house.scanner.is_some(),
            },
            quota: house.rules.quota(),
            at: self.now(),
        }));
        let (kept, file) = match self.store.queue(write).await?.await.map_err(Error::from) {
            Ok(Written::File { file, blob }) => (blob.id == blob_id, Ok(*file)),
            Ok(other) => (true, Err(unexpected(&other))),
            // Whether it is kept is not known, so its content stays.
            Err(error) => (error.code() == ErrorCode::OutcomeUnknown, Err(error)),
        };
        if !kept {
            house.give_up(&key).await;
        }
        file
    }

    /// Refuses what there is no room for. The write of the file refuses it again: others upload at the same time.
    async fn check_room(&self, actor: &Actor, bytes: u64) -> Result<()> {
        let Files { house, .. } = self.files()?;
        let (usage, quota) = (self.store.usage(actor.id()).await?, house.rules.quota());
        let over = |used: u64, max: Option<u64>| max.is_some_and(|max| used.saturating_add(bytes) > max);
        if over(usage.user_bytes, quota.user_bytes_max) {
            return Err(Error::QuotaReached("for your files"));
        }
        // The same content may be kept already, and then takes no room.
        if over(usage.total_bytes.saturating_sub(bytes), quota.total_bytes_max) {
            return Err(Error::QuotaReached("for anybody's files"));
        }
        if usage.unsent + house.intake.count(actor.id()) >= quota.unsent_max {
            let what = "files that are uploaded and not sent, or on their way";
            return Err(Error::LimitReached { what, max: quota.unsent_max });
        }
        Ok(())
    }

    fn own_upload(&self, actor: &Actor, id: FileId) -> Result<Upload> {
        let upload = self.files()?.house.intake.status(id);
        upload.filter(|upload| upload.owner == actor.id()).ok_or(Error::NotFound("upload"))
    }
}

impl FileHouse {
    /// Keeps content and its thumbnails. What is left of it when a process dies meanwhile, the collection finds.
    async fn keep(
        &self,
        key: &BlobKey,
        staged: &Staged,
        thumbnails: Vec<(ThumbnailSize, Bytes)>,
    ) -> Result<()> {
        self.blobs.keep(key, &staged.path).await?;
        for (size, bytes) in thumbnails {
            if let Some(key) = key.thumbnail(size) {
                self.blobs.put(&key, bytes).await?;
            }
        }
        Ok(())
    }

    /// Deletes content that gets no row, so that a disk that is full does not stay so.
    async fn give_up(&self, key: &BlobKey) {
        if let Err(error) = self.blobs.delete(key).await {
            tracing::warn!(%error, %key, "content that is not used stays until the collection finds it");
        }
    }
}

/// An upload whose bytes are arriving.
pub struct Receiving<'a> {
    house: &'a FileHouse,
    id: FileId,
    name: String,
    appending: Appending,
}

impl Receiving<'_> {
    /// Takes some bytes. As soon as they show that the file is none that is taken, it is refused and forgotten.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.appending.write(bytes).await?;
        let Some(beginning) = self.appending.beginning() else { return Ok(()) };
        if let Err(refused) = self.house.types.check_beginning(&self.name, &beginning) {
            self.house.intake.discard(self.id).await?;
            return Err(refused.into());
        }
        Ok(())
    }

    /// Where the upload stands, once all that was taken is on the disk.
    pub async fn finish(self) -> Result<u64> {
        Ok(self.appending.finish().await?)
    }

    /// Throws away all that was taken.
    pub async fn undo(self) -> Result<()> {
        Ok(self.appending.undo().await?)
    }
}

impl Uploading {
    /// What is stripped of a file is not counted any more, neither here nor there.
    const fn over(file: &File) -> Self {
        Self { id: file.id, length: Some(file.size), offset: file.size, expires_at: None }
    }
}
