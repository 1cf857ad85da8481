//! What stands before the routes of the API: who is asking, and whether they ask too often.

use super::body::{self, Id, SignedIn, bearer};
use super::failure::Failure;
use super::middleware::Address;
use super::{idempotency, openapi};
use crate::app::App;
use crate::limit::{Rate, Standing, Who};
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use axum::{Extension, Router};
use natter_chat::{Actor, LinkProof};
use natter_protocol::{FileId, FileVariant, UserId};
use serde::Deserialize;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// Routes that are behind the same gate.
pub(super) struct Group {
    gate: Gate,
    /// What their requests count against, besides the requests as such.
    rate: Option<Rate>,
    routes: OpenApiRouter<App>,
}

#[derive(Clone, Copy)]
enum Gate {
    Anybody,
    /// Who has signed in. With an `Idempotency-Key`, a write is carried out once.
    SignedIn,
    /// The same for uploads, whose bodies are not read to recognise a repeat.
    SignedInForUploads,
    /// Who has signed in, but nothing of the requests and answers is kept: they hold secrets, or a repeat does no harm.
    SignedInUnkept,
    /// Who has signed in, or has a link to the file that is asked for.
    SignedInOrLinked,
}

/// Routes for everybody.
pub(super) fn anybody() -> Group {
    Group { gate: Gate::Anybody, rate: None, routes: OpenApiRouter::new() }
}

/// Routes for those who have signed in.
pub(super) fn signed_in() -> Group {
    Group { gate: Gate::SignedIn, rate: None, routes: OpenApiRouter::new() }
}

/// Routes for those who have signed in, that take a file.
pub(super) fn signed_in_for_uploads() -> Group {
    Group { gate: Gate::SignedInForUploads, ..signed_in() }
}

/// Routes for those who have signed in, that take or give secrets, or know a repeat by themselves.
pub(super) fn signed_in_unkept() -> Group {
    Group { gate: Gate::SignedInUnkept, ..signed_in() }
}

/// Routes for those who have signed in or have a link to the file.
pub(super) fn signed_in_or_linked() -> Group {
    Group { gate: Gate::SignedInOrLinked, ..signed_in() }
}

impl Group {
    /// The requests of these routes count against this, too.
    pub(super) fn counted(self, rate: Rate) -> Self {
        Self { rate: Some(rate), ..self }
    }

    /// Adds what is at one path.
    pub(super) fn routes(self, routes: UtoipaMethodRouter<App>) -> Self {
        Self { routes: self.routes.routes(routes), ..self }
    }

    /// Adds what is at a path and is not described.
    pub(super) fn undescribed(self, path: &str, routes: MethodRouter<App>) -> Self {
        Self { routes: self.routes.route(path, routes), ..self }
    }

    /// The routes without the gate, for whoever wants to describe them.
    pub(super) fn open(mut self) -> OpenApiRouter<App> {
        if matches!(self.gate, Gate::SignedIn | Gate::SignedInForUploads) {
            openapi::take_key(self.routes.get_openapi_mut());
        }
        self.routes
    }

    /// The routes behind their gate.
    pub(super) fn guarded(self, app: &App) -> Router<App> {
        let (routes, _) = self.routes.split_for_parts();
        let state = (app.clone(), self.rate);
        let (anybody, signed_in) =
            (from_fn_with_state(state.clone(), pass_anybody), from_fn_with_state(state, pass_signed_in));
        match self.gate {
            Gate::Anybody => routes.route_layer(anybody),
            Gate::SignedInOrLinked => routes.route_layer(from_fn_with_state(app.clone(), pass_linked)),
            Gate::SignedInForUploads => {
                let once = from_fn_with_state(app.clone(), idempotency::once_by_size);
                routes.route_layer(once).route_layer(signed_in)
            }
            // The layer that comes last is passed first: a repeat counts like any other request.
            Gate::SignedIn => {
                let once = from_fn_with_state(app.clone(), idempotency::once);
                routes.route_layer(once).route_layer(signed_in)
            }
            Gate::SignedInUnkept => routes.route_layer(signed_in),
        }
    }
}

async fn pass_anybody(
    State((app, rate)): State<(App, Option<Rate>)>,
    Extension(Address(address)): Extension<Address>,
    request: Request,
    next: Next,
) -> Response {
    let mut toll = Toll::of(&app);
    let passed = async {
        toll.pay(Rate::AnonymousRequests, Who::at(address))?;
        let mut request = request;
        if let Some(rate) = rate {
            toll.pay(rate, Who::at(address))?;
        }
        // Otherwise one account could be tried from many addresses.
        if let (Some(Rate::SignIns), Some(username)) = (rate, username(&app, &mut request).await?) {
            toll.pay(Rate::SignIns, app.limiter.name(&username))?;
        }
        Ok::<_, Failure>(next.run(request).await)
    };
    let response = passed.await.into_response();
    toll.tell(response)
}

async fn pass_signed_in(
    State((app, rate)): State<(App, Option<Rate>)>,
    Extension(Address(address)): Extension<Address>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut toll = Toll::of(&app);
    let passed = async {
        let proof = match bearer(request.headers()) {
            Some(token) => app.chat.authenticate(token).await,
            None => Err(natter_chat::Error::Unauthenticated),
        };
        let actor = toll.admit(Address(address), proof)?;
        if let Some(rate) = rate {
            toll.pay(rate, Who::User(actor.id()))?;
        }
        request.extensions_mut().insert(SignedIn(actor));
        Ok::<_, Failure>(next.run(request).await)
    };
    let response = passed.await.into_response();
    toll.tell(response)
}

/// What the query of a link to a file says.
#[derive(Deserialize)]
struct Linked {
    #[serde(default)]
    variant: FileVariant,
    user: UserId,
    expires: i64,
    signature: String,
}

async fn pass_linked(
    State(app): State<App>,
    Extension(Address(address)): Extension<Address>,
    Id(file_id): Id<FileId>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut toll = Toll::of(&app);
    let passed = async {
        let linked = Query::<Linked>::try_from_uri(request.uri());
        let proof = match (bearer(request.headers()), linked) {
            (Some(token), _) => app.chat.authenticate(token).await,
            (None, Ok(Query(Linked { variant, user, expires, signature }))) => {
                let link = LinkProof { file_id, variant, user_id: user, expires, signature };
                app.chat.follow_link(&link).await
            }
            (None, Err(_)) => Err(natter_chat::Error::Unauthenticated),
        };
        let actor = toll.admit(Address(address), proof)?;
        request.extensions_mut().insert(SignedIn(actor));
        Ok::<_, Failure>(next.run(request).await)
    };
    let response = passed.await.into_response();
    toll.tell(response)
}

/// What a request counts against on its way in.
pub(crate) struct Toll<'a> {
    app: &'a App,
    /// Of what was counted, that of which the least is left.
    tightest: Option<Standing>,
}

impl<'a> Toll<'a> {
    pub(crate) const fn of(app: &'a App) -> Self {
        Self { app, tightest: None }
    }

    /// Lets in whoever has proved who they are. Who has not counts as their address, so that nobody can try tokens
    /// without end.
    pub(crate) fn admit(
        &mut self,
        Address(address): Address,
        proof: Result<Actor, natter_chat::Error>,
    ) -> Result<Actor, Failure> {
        match proof {
            Ok(actor) => {
                self.pay(Rate::Requests, Who::User(actor.id()))?;
                Ok(actor)
            }
            // A fault of the server is counted against nobody.
            Err(error) if error.code().status() >= 500 => Err(error.into()),
            Err(error) => {
                self.pay(Rate::AnonymousRequests, Who::at(address))?;
                Err(error.into())
            }
        }
    }

    /// Counts once more, and refuses what is once too often.
    pub(super) fn pay(&mut self, rate: Rate, who: Who) -> Result<(), Failure> {
        let Some(standing) = self.app.limiter.count(rate, who) else { return Ok(()) };
        // Of two that are equally tight, the one that was asked for specifically comes later.
        if self.tightest.is_none_or(|tightest| standing.remaining() <= tightest.remaining()) {
            self.tightest = Some(standing);
        }
        if standing.exceeded() { Err(Failure::Limited(standing)) } else { Ok(()) }
    }

    /// Tells in the answer where that leaves whoever asked.
    pub(crate) fn tell(&self, mut response: Response) -> Response {
        if let Some(standing) = self.tightest {
            standing.write(response.headers_mut());
        }
        response
    }
}

/// The username in the body, if that is where one is. The body is put back.
async fn username(app: &App, request: &mut Request) -> Result<Option<String>, Failure> {
    #[derive(Deserialize)]
    struct Named {
        username: String,
    }
    let body = std::mem::take(request.body_mut());
    let bytes = body::read(body, app.config.limits.body_bytes_max).await?;
    let named = serde_json::from_slice(&bytes).ok();
    *request.body_mut() = Body::from(bytes);
    Ok(named.map(|Named { username }| username))
}
