//! The router: one list of everything that the server answers.

mod account;
mod asyncapi;
mod block;
mod body;
mod conversation;
mod docs;
mod draft;
mod failure;
mod file;
mod gate;
mod health;
mod idempotency;
mod invite;
mod ip_rules;
mod member;
mod message;
mod middleware;
mod openapi;
mod pin;
mod preview;
mod reaction;
mod receipt;
mod reply;
mod scheduled;
mod search;
mod session;
mod user;

pub(crate) use body::bearer;
pub(crate) use failure::Failure;
pub(crate) use gate::Toll;
pub(crate) use middleware::Address;

use crate::app::App;
use crate::limit::Rate;
use crate::{assets, socket};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use gate::{Group, anybody, signed_in, signed_in_for_uploads, signed_in_or_linked, signed_in_unkept};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Where the API lives. Some hosts' clients use the second base.
const BASES: [&str; 2] = ["/api/v1", "/api/chat"];

/// Everything that the server answers.
pub fn router(app: App) -> Router {
    let guarded = |api: Router<App>, group: Group| api.merge(group.guarded(&app));
    let api = groups().into_iter().fold(Router::new(), guarded).route("/ws", get(socket::open));
    let mut router = Router::new()
        .route("/metrics", get(health::metrics))
        .route("/api/openapi.json", get(docs::openapi))
        .route("/api/asyncapi.json", get(docs::asyncapi))
        .route("/api/docs", get(docs::redirect))
        .route("/api/docs/", get(docs::swagger_index))
        .route("/api/docs/{*file}", get(docs::swagger_file))
        .route("/api/docs/errors", get(docs::redirect_to_errors))
        .route("/api/docs/errors/", get(docs::error_index))
        .route("/api/docs/errors/{code}", get(docs::error_code));
    for base in BASES {
        router = router.nest(base, api.clone());
    }
    let router = middleware::guard(router.fallback(assets::serve), &app)
        // Whoever watches over the server need not be let in.
        .route("/health", get(health::alive))
        .route("/health/ready", get(health::ready))
        .method_not_allowed_fallback(failure::method_not_allowed);
    let sockets = middleware::guard(socket::socket_io(&app), &app);
    middleware::layer(router, receivers(&app), sockets, &app).with_state(app)
}

/// What takes files.
fn receivers(app: &App) -> Router<App> {
    let guarded = |api: Router<App>, group: Group| api.merge(group.guarded(app));
    let at_once = uploads().into_iter().fold(Router::new(), guarded);
    let in_parts = resumable_uploads().into_iter().fold(Router::new(), guarded);
    let introduce = from_fn_with_state(app.clone(), file::introduce);
    let mut receivers = Router::new();
    for base in BASES {
        let guarded = |part: &Router<App>| {
            middleware::guard(Router::new().nest(base, part.clone()), app)
                .method_not_allowed_fallback(failure::method_not_allowed)
        };
        receivers = receivers
            .merge(middleware::share(guarded(&at_once), app))
            .merge(middleware::share(guarded(&in_parts), app).layer(introduce.clone()));
    }
    receivers.layer(from_fn_with_state(app.clone(), file::hear_out))
}

/// The OpenAPI document.
pub fn openapi() -> OpenApi {
    let all = groups().into_iter().chain(uploads()).chain(resumable_uploads());
    let api = all.fold(OpenApiRouter::new(), |api, group| api.merge(group.open()));
    let (_, api) = OpenApiRouter::<App>::with_openapi(openapi::base()).nest(BASES[0], api).split_for_parts();
    openapi::finish(api)
}

/// The AsyncAPI document.
pub fn asyncapi() -> serde_json::Value {
    asyncapi::document()
}

/// The API: who may come in, what that counts against, and what there is.
fn groups() -> [Group; 10] {
    [
        anybody().counted(Rate::Registrations).routes(routes!(account::register)),
        anybody().counted(Rate::SignIns).routes(routes!(account::login)),
        anybody().routes(routes!(account::refresh)).routes(routes!(account::logout)),
        anybody().routes(routes!(preview::image)),
        signed_in_unkept().counted(Rate::SignIns).routes(routes!(session::change_password)),
        signed_in_unkept().routes(routes!(account::ticket)),
        signed_in()
            .counted(Rate::Sends)
            .routes(routes!(message::send))
            .routes(routes!(message::replace, message::edit))
            .routes(routes!(message::forward))
            .routes(routes!(scheduled::schedule)),
        signed_in_or_linked().routes(routes!(file::download)),
        signed_in().counted(Rate::Conversations).routes(routes!(conversation::create)),
        signed_in()
            .routes(routes!(user::me, user::update_me))
            .routes(routes!(session::list, session::end_others))
            .routes(routes!(session::end))
            .routes(routes!(draft::list))
            .routes(routes!(scheduled::list))
            .routes(routes!(scheduled::cancel))
            .routes(routes!(user::list))
            .routes(routes!(user::online))
            .routes(routes!(user::get))
            .routes(routes!(conversation::list))
            .routes(routes!(conversation::public))
            .routes(routes!(conversation::unread_count))
            .routes(routes!(conversation::with))
            .routes(routes!(
                conversation::get,
                conversation::replace,
                conversation::update,
                conversation::delete
            ))
            .routes(routes!(conversation::update_me))
            .routes(routes!(conversation::events))
            .routes(routes!(member::list, member::add))
            .routes(routes!(member::update, member::remove))
            .routes(routes!(member::join))
            .routes(routes!(member::leave))
            .routes(routes!(invite::list, invite::create))
            .routes(routes!(invite::revoke))
            .routes(routes!(invite::preview, invite::accept))
            .routes(routes!(pin::list))
            .routes(routes!(draft::get, draft::save, draft::delete))
            .routes(routes!(message::list))
            .routes(routes!(receipt::read_conversation))
            .routes(routes!(message::get, message::delete))
            .routes(routes!(message::versions))
            .routes(routes!(reaction::list, reaction::add))
            .routes(routes!(reaction::remove))
            .routes(routes!(receipt::read_message))
            .routes(routes!(receipt::list))
            .routes(routes!(pin::pin, pin::unpin))
            .routes(routes!(block::list, block::add))
            .routes(routes!(block::remove))
            .routes(routes!(block::status))
            .routes(routes!(search::messages))
            .routes(routes!(file::info))
            .routes(routes!(file::thumbnail))
            .routes(routes!(file::delete))
            .routes(routes!(file::links))
            .routes(routes!(file::list))
            .routes(routes!(file::rejected))
            .routes(routes!(ip_rules::list, ip_rules::create))
            .routes(routes!(ip_rules::delete)),
    ]
}

/// What takes files. They may come as slowly as they like, as long as they do.
fn uploads() -> [Group; 1] {
    [signed_in_for_uploads().counted(Rate::Uploads).routes(routes!(file::upload))]
}

/// The same in any number of requests, by the protocol of tus.
fn resumable_uploads() -> [Group; 3] {
    [
        anybody().routes(routes!(file::describe)),
        signed_in_unkept().counted(Rate::Uploads).routes(routes!(file::begin)),
        signed_in_unkept()
            .routes(routes!(file::ask, file::proceed, file::cancel))
            .undescribed("/files/uploads/{id}", post(file::overridden)),
    ]
}
