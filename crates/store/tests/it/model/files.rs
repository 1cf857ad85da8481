//! Files: who may attach and fetch them, and what becomes of them once they were scanned.

use super::{Chat, Expected, Model};
use natter_protocol::{FileId, FileStatus, UserId};
use natter_store::{Attachments, BlobId, Refusal, ScanVerdict};

/// A file, each with content of its own.
pub(crate) struct Uploaded {
    pub(crate) id: FileId,
    pub(crate) owner: UserId,
    pub(crate) blob: BlobId,
    pub(crate) status: FileStatus,
}

impl Model {
    fn file(&self, id: FileId) -> Option<&Uploaded> {
        self.files.iter().find(|file| file.id == id)
    }

    /// Those with a message that holds the file see it, and as long as there is none its owner.
    pub(crate) fn may_fetch(&self, file: &Uploaded, viewer: UserId) -> bool {
        let holds = |chat: &Chat| chat.messages.iter().any(|message| message.files.contains(&file.id));
        let mut holding = self.chats.iter().filter(|chat| holds(chat)).peekable();
        if holding.peek().is_none() {
            return file.owner == viewer;
        }
        holding.any(|chat| !chat.deleted && chat.members.contains_key(&viewer))
    }

    pub(super) fn files_of(&self, sender: UserId, attachments: &Attachments) -> Result<Vec<FileId>, Refusal> {
        let ids = match attachments {
            Attachments::Own(ids) => ids,
            Attachments::Of(id) => {
                let (at, place) = self.find(*id, sender).map_err(|_| Refusal::FileUnknown)?;
                let message = &self.chats[at].messages[place];
                return if message.deleted { Err(Refusal::FileUnknown) } else { Ok(message.files.clone()) };
            }
        };
        for id in ids {
            match self.file(*id).filter(|file| file.owner == sender) {
                None => return Err(Refusal::FileUnknown),
                Some(file) if file.status == FileStatus::Rejected => return Err(Refusal::FileRejected),
                Some(_) => {}
            }
        }
        Ok(ids.clone())
    }

    /// What is found is told in every conversation that holds the file.
    pub(super) fn finish_scan(&mut self, blob: BlobId, verdict: &ScanVerdict) -> Expected {
        let status = if *verdict == ScanVerdict::Clean { FileStatus::Ready } else { FileStatus::Rejected };
        let scanned = self.files.iter_mut().find(|file| file.blob == blob);
        // What was found stays found.
        let changing = |file: &&mut Uploaded| file.status != status && file.status != FileStatus::Rejected;
        if let Some(file) = scanned.filter(changing) {
            file.status = status;
            for chat in self.chats.iter_mut().filter(|chat| !chat.deleted) {
                let holding = chat.messages.iter().filter(|message| message.files.contains(&file.id));
                for id in holding.map(|message| message.id).collect::<Vec<_>>() {
                    chat.append(("message.updated", Some(id), None, None));
                }
            }
        }
        Expected::Done
    }
}
