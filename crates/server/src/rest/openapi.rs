//! What the OpenAPI document says beside the operations themselves.

use natter_protocol::{Problem, Ready, SendMessage, SyncLagging};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi as _};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Natter",
        description = "Real-time messaging. Errors are `application/problem+json` (RFC 9457) with a stable `code`; \
            `/api/docs/errors/{code}` explains each. Lists answer `{data, meta: {nextCursor, hasMore}}`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "auth", description = "Signing up, signing in, staying signed in"),
        (name = "users", description = "People"),
        (name = "conversations", description = "Direct, group and channel conversations"),
        (name = "messages", description = "Messages")
    ),
    // What only sockets carry: clients generate their types from this document.
    components(schemas(Problem, Ready, SendMessage, SyncLagging)),
    security(("token" = [])),
    modifiers(&Token)
)]
struct Base;

struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut OpenApi) {
        let token = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        openapi
            .components
            .get_or_insert_default()
            .security_schemes
            .insert("token".to_owned(), SecurityScheme::Http(token).into());
    }
}

pub(super) fn base() -> OpenApi {
    Base::openapi()
}

/// Adds to each operation that it can also answer with a problem.
pub(super) fn finish(mut openapi: OpenApi) -> OpenApi {
    let problem = ResponseBuilder::new()
        .description("What went wrong")
        .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
        .build();
    for item in openapi.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("default".to_owned(), RefOr::T(problem.clone()));
        }
    }
    openapi
}
