//! Files, and what they look like before they are opened.

use crate::{ConversationId, FileId, MessageId, Seq, Timestamp, UserSummary};
use serde::{Deserialize, Serialize};

/// Whether a file can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FileStatus {
    /// It is here, and is looked through for viruses first.
    Scanning,
    /// It can be fetched.
    Ready,
    /// A virus was found, and its content is deleted.
    Rejected,
}

/// A file. Everything but its name and id follows from its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// The file's id.
    pub id: FileId,
    /// What it is called, without any path, safe to show and to save under.
    #[schema(example = "harbour.jpg")]
    pub name: String,
    /// What it is, as its content says.
    #[schema(example = "image/jpeg")]
    pub media_type: String,
    /// Bytes.
    #[schema(example = 48_213)]
    pub size: u64,
    /// Digest of the content (SHA-256), 64 hexadecimal digits.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub sha256: String,
    /// Whether it can be fetched.
    pub status: FileStatus,
    /// True when it can be fetched although the virus scanner could not be asked yet; absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unscanned: bool,
    /// What can be told about its content.
    #[serde(flatten)]
    pub look: FileLook,
}

/// What can be told about the content of a file without showing it, so that its place on the screen has its size
/// before the content is there. What does not apply to a file is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileLook {
    /// Pixels across, as it is to be shown: a picture's orientation is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 1200)]
    pub width: Option<u32>,
    /// Pixels down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 800)]
    pub height: Option<u32>,
    /// Whether a picture moves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub animated: bool,
    /// A few bytes from which a blurred picture is made while the real one loads: `ThumbHash`, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "3OcRJYB4d3h/iIeHeEh3eIhw+j2w")]
    pub placeholder: Option<String>,
    /// Milliseconds that sound or a film lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// How loud sound is over its time: 64 values from 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waveform: Option<Vec<u8>>,
    /// Smaller pictures of it that can be fetched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thumbnails: Vec<Thumbnail>,
}

/// A smaller picture of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Thumbnail {
    /// Which.
    pub size: ThumbnailSize,
    /// Pixels across.
    #[schema(example = 320)]
    pub width: u32,
    /// Pixels down.
    #[schema(example = 213)]
    pub height: u32,
}

/// How large a thumbnail is: its longer side.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum ThumbnailSize {
    /// At most 320 pixels: for a tile.
    #[default]
    Small,
    /// At most 1,280 pixels: for a screen.
    Large,
}

/// A file where it was sent. For the gallery of a conversation, and for taking its files out together with its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SharedFile {
    /// The file.
    pub file: File,
    /// The message that it is attached to.
    pub message_id: MessageId,
    /// The message's position.
    #[schema(value_type = u64, example = 17)]
    pub message_seq: Seq,
    /// Its place among the files of the message, from 0.
    #[schema(example = 0)]
    pub position: u32,
    /// Who sent it.
    pub sender: UserSummary,
    /// When it was sent.
    pub created_at: Timestamp,
}

/// What a file is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FileKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Sound.
    Audio,
    /// Anything else.
    Document,
}

impl PreviewImage {
    /// Where the picture of this id is.
    pub fn address(id: uuid::Uuid) -> String {
        format!("/api/v1/link-previews/{id}/image")
    }

    /// The id of this picture, which its address has.
    pub fn id(&self) -> Option<uuid::Uuid> {
        self.url.strip_prefix("/api/v1/link-previews/")?.strip_suffix("/image")?.parse().ok()
    }
}

impl File {
    /// What it is shown as.
    pub fn kind(&self) -> FileKind {
        FileKind::of(&self.media_type)
    }
}

impl FileKind {
    /// What content of this media type is shown as.
    pub fn of(media_type: &str) -> Self {
        match media_type.split_once('/').map(|(kind, _)| kind) {
            Some("image") => Self::Image,
            Some("video") => Self::Video,
            Some("audio") => Self::Audio,
            _ => Self::Document,
        }
    }
}

/// What of a file an address leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FileVariant {
    /// The file itself.
    #[default]
    Original,
    /// Its small thumbnail.
    Small,
    /// Its large thumbnail.
    Large,
}

/// An address at which a file can be fetched for a while without a token, for `<img>` and its like. It stops working
/// when its time is over, and when the user for whom it was made may not see the file any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileLink {
    /// Which file.
    pub file_id: FileId,
    /// What of it.
    pub variant: FileVariant,
    /// The address, relative to the server.
    #[schema(
        example = "/api/v1/files/0190a5d2-7b6c-7c3e-8f00-5b6c7d8e9f00?variant=small&user=…&expires=…&signature=…"
    )]
    pub url: String,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// A file in which a virus was found. Its content is deleted; this is for its owner and for moderators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileRejection {
    /// The file.
    pub file: File,
    /// Who uploaded it.
    pub owner: UserSummary,
    /// What was found, as the scanner names it.
    #[schema(example = "Win.Test.EICAR_HDB-1")]
    pub signature: String,
    /// The conversations in which a message holds it.
    pub conversation_ids: Vec<ConversationId>,
    /// When it was found.
    pub rejected_at: Timestamp,
}

/// What is behind a link of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkPreview {
    /// The link as it is written in the message.
    #[schema(example = "https://example.com/boats")]
    pub url: String,
    /// The title of the page.
    #[schema(example = "Boats of the harbour")]
    pub title: String,
    /// What the page says about itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The name of the website.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Example")]
    pub site_name: Option<String>,
    /// The picture of the page, kept and served by this server, so that nobody's browser asks the other website.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<PreviewImage>,
}

/// The picture of a [`LinkPreview`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewImage {
    /// Where it is, relative to the server; needs no token and never changes.
    #[schema(example = "/api/v1/link-previews/0190a5d2-7b6c-7c3e-8f00-5b6c7d8e9f00/image")]
    pub url: String,
    /// Pixels across.
    #[schema(example = 640)]
    pub width: u32,
    /// Pixels down.
    #[schema(example = 335)]
    pub height: u32,
    /// As in a [`File`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
}
