//! Pages of lists: one entry more is read than asked for, and tells whether the list goes on.

use crate::{Chat, Error, Result};
use natter_protocol::Page;

impl Chat {
    /// A page from up to one entry more than asked for. The cursor holds the position of the last entry that is given.
    pub(crate) fn page<T>(
        &self,
        list: &str,
        mut entries: Vec<T>,
        limit: u32,
        position: impl FnOnce(&T) -> Vec<u8>,
    ) -> Page<T> {
        let limit = limit as usize;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(|last| self.cursors.seal(list, &position(last)));
        Page::new(entries, next)
    }

    /// The name in the cursor of a list that is in the order of names.
    pub(crate) fn name_in(&self, list: &str, cursor: Option<&str>) -> Result<Option<String>> {
        let Some(cursor) = cursor else { return Ok(None) };
        let position = self.cursors.open(list, cursor)?;
        String::from_utf8(position).map(Some).map_err(|_| Error::InvalidCursor)
    }
}
