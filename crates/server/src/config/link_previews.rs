//! `link_previews.*`

use super::setting::{Rule, settings};
use crate::access::Cidr;

settings! {
    /// What is shown of the pages behind links.
    pub struct LinkPreviews {
        /// Whether the server looks at the pages that messages link to, and shows their titles and pictures. Conversations
        /// and users can switch it off for themselves.
        pub enabled: bool = true, Rule::Switch;
        /// Addresses that may be asked besides those of the public internet, on any port: everybody who can send a
        /// message can have the server ask them.
        pub addresses_allowed: Vec<Cidr> = Vec::new(), Rule::List("addresses such as 10.1.0.0/16");
    }
}
