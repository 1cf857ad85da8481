//! Previews of links: what is behind the links of a message is looked up after it was sent, and told as a change of it.
//!
//! Nobody waits for it and nothing depends on it: what does not fit into the line, or is on its way when the process ends,
//! stays without a preview.

use crate::execute::unexpected;
use crate::text::link;
use crate::{Chat, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt as _;
use natter_files::inspect;
use natter_protocol::{ConversationId, LinkPreview, Message, MessageId, PreviewImage, UserId, limits};
use natter_store::{AttachPreviews, KnownPreview, NewPreview, PreviewPicture, Write, Written};
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};
use uuid::Uuid;

/// Messages whose links wait to be looked up; more stay without previews.
const WAITING_MAX: usize = 1_000;
/// Messages whose links are looked up at one time.
const LOOKED_UP_MAX: usize = 4;
/// Seconds for which what was found is believed, and that there was nothing, and that a website did not answer.
const FOUND_SECONDS: i64 = 24 * 60 * 60;
const NOTHING_SECONDS: i64 = 60 * 60;
const UNAVAILABLE_SECONDS: i64 = 60;
/// Rows that are erased in one go.
const ERASED_ROWS_MAX: u32 = 500;

/// The web, as far as previews need it. Whoever implements this bounds time and bytes, and asks no private address.
#[async_trait]
pub trait Pages: Send + Sync + 'static {
    /// What a page says about itself.
    async fn page(&self, url: &str) -> Result<WebPage, PageFault>;

    /// A picture, as it is there.
    async fn picture(&self, url: &str) -> Result<Bytes, PageFault>;
}

/// What a page says about itself: lines of text without anything that could disguise them, cut to a length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebPage {
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// The name of its website.
    pub site_name: Option<String>,
    /// Where its picture is.
    pub image: Option<String>,
}

/// Why there is no page, or no picture.
#[derive(Debug, thiserror::Error)]
pub enum PageFault {
    /// There is nothing to show, or it must not be asked for.
    #[error("{0}")]
    Nothing(String),
    /// There may be something a little later.
    #[error("{0}")]
    Unavailable(String),
}

/// The previews of a chat that makes them.
pub(crate) struct LinkPreviews {
    pages: Arc<dyn Pages>,
    line: mpsc::Sender<Job>,
    waiting: Mutex<mpsc::Receiver<Job>>,
}

/// A message with links.
struct Job {
    message_id: MessageId,
    conversation_id: ConversationId,
    sender: UserId,
    content: String,
    links: Vec<String>,
    /// Whether it shows something already, which may be of a link that is there no more.
    shows_any: bool,
}

impl Chat {
    /// The same domain, which shows what is behind links.
    #[must_use]
    pub fn with_previews(mut self, pages: Arc<dyn Pages>) -> Self {
        let (line, waiting) = mpsc::channel(WAITING_MAX);
        self.previews = Some(LinkPreviews { pages, line, waiting: Mutex::new(waiting) });
        self
    }

    /// Has the links of a message looked up that was sent or edited just now.
    pub(crate) fn preview_later(&self, message: &Message) {
        let Some(previews) = &self.previews else { return };
        let mut links = link::links(&message.content);
        links.truncate(limits::LINK_PREVIEWS_MAX);
        let shows_any = !message.link_previews.is_empty();
        if links.is_empty() && !shows_any {
            return;
        }
        let job = Job {
            message_id: message.id,
            conversation_id: message.conversation_id,
            sender: message.sender.id,
            content: message.content.clone(),
            links,
            shows_any,
        };
        if previews.line.try_send(job).is_err() {
            metrics::counter!("natter_link_previews_dropped_total").increment(1);
        }
    }

    /// Looks up the links of messages, as they come, for ever. One call at a time does so.
    pub async fn preview_links(&self) {
        let Some(previews) = &self.previews else { return std::future::pending().await };
        let mut waiting = previews.waiting.lock().await;
        let jobs = futures_util::stream::poll_fn(|cx| waiting.poll_recv(cx));
        jobs.for_each_concurrent(LOOKED_UP_MAX, async |job| {
            if let Err(error) = self.preview(&*previews.pages, &job).await {
                tracing::warn!(%error, message = %job.message_id, "a message stays without previews of its links");
            }
        })
        .await;
    }

    /// Erases some of what was found behind links and is not shown any more; answers whether there is more.
    pub async fn erase_previews(&self) -> Result<bool> {
        let write = Write::ErasePreviews { now: self.now(), rows_max: ERASED_ROWS_MAX };
        match self.store.queue(write).await?.await? {
            Written::More(more) => Ok(more),
            other => Err(unexpected(&other)),
        }
    }

    /// The picture of a preview. Its id is all that it takes: it comes from a public place, and cannot be guessed.
    pub async fn preview_image(&self, id: Uuid) -> Result<PreviewPicture> {
        self.store.preview_image(id).await?.ok_or(crate::Error::NotFound("picture"))
    }

    async fn preview(&self, pages: &dyn Pages, job: &Job) -> Result<()> {
        if !self.store.previews_wanted(job.conversation_id, job.sender).await? {
            return Ok(());
        }
        let mut found = Vec::with_capacity(job.links.len());
        for url in &job.links {
            let known = match self.store.known_preview(url, self.now()).await? {
                Some(known) => known,
                None => self.look_up(pages, url).await?,
            };
            found.extend(Some(known).filter(|known| known.preview.is_some()));
        }
        if found.is_empty() && !job.shows_any {
            return Ok(());
        }
        let (message_id, content) = (job.message_id, job.content.clone());
        let attach = AttachPreviews { message_id, content, previews: found, at: self.now() };
        match self.store.queue(Write::AttachPreviews(Box::new(attach))).await?.await? {
            Written::Found(_) => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    /// Finds out what is behind a link, and keeps it for the next who has the same.
    async fn look_up(&self, pages: &dyn Pages, url: &str) -> Result<KnownPreview> {
        let (outcome, seconds, page) = match pages.page(url).await {
            Ok(page) => ("found", FOUND_SECONDS, Some(page)),
            Err(PageFault::Nothing(why)) => {
                tracing::debug!(why, "there is nothing behind a link");
                ("nothing", NOTHING_SECONDS, None)
            }
            Err(PageFault::Unavailable(why)) => {
                tracing::debug!(why, "it is not known what is behind a link");
                ("unavailable", UNAVAILABLE_SECONDS, None)
            }
        };
        metrics::counter!("natter_link_previews_total", "outcome" => outcome).increment(1);
        let (mut known, mut image) = (KnownPreview::default(), None);
        if let Some(page) = page {
            let pictured = self.pictured(pages, page.image.as_deref()).await;
            if let Some((id, _, picture)) = &pictured {
                known.image_id = Some(*id);
                image = Some(picture.clone());
            }
            known.preview = Some(LinkPreview {
                url: url.to_owned(),
                title: page.title,
                description: page.description,
                site_name: page.site_name,
                image: pictured.map(|(_, shown, _)| shown),
            });
        }
        let at = self.now();
        let expires_at = at.plus_seconds(seconds);
        let new = NewPreview { url: url.to_owned(), known: known.clone(), image, expires_at, at };
        match self.store.queue(Write::KeepPreview(Box::new(new))).await?.await? {
            Written::Done => Ok(known),
            other => Err(unexpected(&other)),
        }
    }

    /// The picture of a page, made small and new, so that nothing of what strangers made is given to anybody.
    async fn pictured(
        &self,
        pages: &dyn Pages,
        url: Option<&str>,
    ) -> Option<(Uuid, PreviewImage, PreviewPicture)> {
        let (url, files) = (url?, self.files.as_ref()?);
        let bytes = pages
            .picture(url)
            .await
            .inspect_err(|why| tracing::debug!(%why, "a page has no picture"))
            .ok()?;
        let picture = files.looked_into(move || inspect::picture(&bytes)).await?;
        let id = self.new_id();
        let shown = PreviewImage {
            url: PreviewImage::address(id),
            width: picture.width,
            height: picture.height,
            placeholder: Some(picture.placeholder),
        };
        let kept =
            PreviewPicture { media_type: picture.media_type.to_owned(), content: picture.bytes.to_vec() };
        Some((id, shown, kept))
    }
}
