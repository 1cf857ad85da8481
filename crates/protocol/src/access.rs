//! Who is let near the server at all.

use crate::{IpRuleId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// What becomes of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = "block")]
pub enum IpAction {
    /// Once there is such a rule, only addresses of such rules get in.
    Allow,
    /// Keeps them out, also when another rule lets them in.
    Block,
}

/// A rule about addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IpRule {
    /// The rule's id.
    pub id: IpRuleId,
    /// The addresses, such as `203.0.113.0/24` or `2001:db8::/32`.
    #[schema(example = "203.0.113.0/24")]
    pub cidr: String,
    /// What becomes of them.
    pub action: IpAction,
    /// Why, up to 256 characters.
    #[schema(required, example = "A scraper")]
    pub note: Option<String>,
    /// Who made the rule.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
}

/// Makes a rule about addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateIpRule {
    /// The addresses, such as `203.0.113.0/24` or `2001:db8::/32`; a single address is a rule of its own.
    #[schema(min_length = 1, max_length = 64, example = "203.0.113.0/24")]
    pub cidr: String,
    /// What becomes of them.
    pub action: IpAction,
    /// Why, up to 256 characters.
    #[serde(default)]
    #[schema(max_length = 256, example = "A scraper")]
    pub note: Option<String>,
}
