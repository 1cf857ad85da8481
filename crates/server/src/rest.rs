//! The router: one list of everything that the server answers.

mod account;
mod body;
mod conversation;
mod docs;
mod failure;
mod health;
mod message;
mod middleware;
mod openapi;

pub(crate) use body::bearer;
pub(crate) use failure::Failure;

use crate::app::App;
use crate::{assets, socket};
use axum::Router;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Where the API lives. Some hosts' clients use the second base.
const BASES: [&str; 2] = ["/api/v1", "/api/chat"];

/// Everything that the server answers.
pub fn router(app: App) -> Router {
    let (api, _) = api().split_for_parts();
    let api = api.route("/ws", get(socket::open));
    let mut router = Router::new()
        .route("/health", get(health::alive))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/api/openapi.json", get(docs::openapi))
        .route("/api/docs", get(docs::redirect))
        .route("/api/docs/", get(docs::swagger_index))
        .route("/api/docs/{*file}", get(docs::swagger_file))
        .route("/api/docs/errors/{code}", get(docs::error_code));
    for base in BASES {
        router = router.nest(base, api.clone());
    }
    let router = router.fallback(assets::serve).method_not_allowed_fallback(failure::method_not_allowed);
    middleware::layer(router, &app).with_state(app)
}

/// The OpenAPI document.
pub fn openapi() -> OpenApi {
    let (_, api) =
        OpenApiRouter::<App>::with_openapi(openapi::base()).nest(BASES[0], api()).split_for_parts();
    openapi::finish(api)
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(account::register))
        .routes(routes!(account::login))
        .routes(routes!(account::refresh))
        .routes(routes!(account::logout))
        .routes(routes!(account::ticket))
        .routes(routes!(account::me))
        .routes(routes!(conversation::list, conversation::create))
        .routes(routes!(conversation::get))
        .routes(routes!(conversation::events))
        .routes(routes!(message::list, message::send))
        .routes(routes!(message::get))
}
