//! `/admin/ip-rules`

use super::Failure;
use super::body::{Answer, Id, Json, PageParameters, Parameters, SignedIn, limit};
use super::middleware::Address;
use crate::access::Cidr;
use crate::app::App;
use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use natter_protocol::{CreateIpRule, FieldError, IpRule, IpRuleId, Page, limits};

/// List the rules about addresses
///
/// Those that admins have made, oldest first. Those of the configuration are not among them.
#[utoipa::path(get, path = "/admin/ip-rules", tag = "admin", operation_id = "listIpRules", params(PageParameters),
    responses((status = 200, description = "A page of rules", body = Page<IpRule>)))]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Answer<Page<IpRule>>, Failure> {
    let limit = limit(page.limit, limits::PAGE_ENTRIES_MAX)?;
    Ok(Answer::ok(app.chat.ip_rules(&actor, page.cursor.as_deref(), limit).await?))
}

/// Make a rule about addresses
///
/// What is blocked is kept out, also where it is allowed; once something is allowed, nothing else gets in. The rule holds
/// at once on this node and within two seconds on all, for requests and for open sockets. A rule that would keep out the
/// address that you ask from is refused.
#[utoipa::path(post, path = "/admin/ip-rules", tag = "admin", operation_id = "createIpRule", request_body = CreateIpRule,
    responses((status = 201, description = "The rule", body = IpRule)))]
pub(super) async fn create(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Extension(Address(address)): Extension<Address>,
    Json(create): Json<CreateIpRule>,
) -> Result<Answer<IpRule>, Failure> {
    let cidr = Cidr::try_from(create.cidr).map_err(|_| {
        let message =
            "must be an address or a range of them, such as 203.0.113.0/24 or 2001:db8::/32".to_owned();
        natter_chat::Error::Validation(vec![FieldError { field: "cidr".to_owned(), message }])
    })?;
    let gets_in = app.access.would_admit_with(address, cidr, create.action);
    let create = CreateIpRule { cidr: cidr.to_string(), ..create };
    let rule = app.chat.create_ip_rule(&actor, create, gets_in).await?;
    app.access.reload(&app.chat, &app.hub).await?;
    Ok(Answer::created(rule, false))
}

/// Delete a rule about addresses
#[utoipa::path(delete, path = "/admin/ip-rules/{id}", tag = "admin", operation_id = "deleteIpRule",
    params(("id" = IpRuleId, Path, description = "The rule")),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn delete(
    State(app): State<App>,
    SignedIn(actor): SignedIn,
    Extension(Address(address)): Extension<Address>,
    Id(id): Id<IpRuleId>,
) -> Result<StatusCode, Failure> {
    let gets_in = app.access.would_admit_without(address, id);
    app.chat.delete_ip_rule(&actor, id, gets_in).await?;
    app.access.reload(&app.chat, &app.hub).await?;
    Ok(StatusCode::NO_CONTENT)
}
