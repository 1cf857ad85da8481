//! Connections by WebSocket: from the beginning, or in the place of polling.

use super::pipe::Pipe;
use super::refusal::Refusal;
use super::{Engine, Frames, Greeting, Packet, Place, new_sid};
use crate::app::App;
use crate::rest::Address;
use crate::serve::ConnectionPermit;
use crate::socket::{accept, proof, socketio, switching_protocols, transport};
use axum::extract::Request;
use axum::response::Response;
use natter_realtime::Io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// For a client that polls, to prove that it can use a WebSocket and to go over to it.
const UPGRADE_TIME_MAX: Duration = Duration::from_secs(10);
/// Between two answers that make a client cease to poll: it may have asked again before it knew.
const NUDGE: Duration = Duration::from_millis(100);

/// A new connection.
pub(super) fn open(
    app: App,
    address: Address,
    place: Place,
    mut request: Request,
) -> Result<Response, Refusal> {
    let accept = accept(&request).map_err(|_| Refusal::BadRequest)?;
    let proof = proof(&request).map_err(|_| Refusal::BadRequest)?;
    let permit = request.extensions_mut().remove::<ConnectionPermit>();
    let upgrade = hyper::upgrade::on(&mut request);
    app.connections.clone().spawn(async move {
        let Some((transport, early)) = transport(upgrade).await else { return };
        let mut frames = Frames::new(transport, early);
        let greeting = Greeting::new(&app, &new_sid(), &[]).packet();
        if frames.send(&greeting).await.is_ok() {
            socketio::serve(app, address, proof, place, frames).await;
        }
        drop(permit);
    });
    Ok(switching_protocols(accept))
}

/// A WebSocket for a client that polls.
pub(super) fn take_over(
    app: &App,
    engine: Engine,
    sid: String,
    pipe: Arc<Pipe>,
    mut request: Request,
) -> Result<Response, Refusal> {
    let accept = accept(&request).map_err(|_| Refusal::BadRequest)?;
    let permit = request.extensions_mut().remove::<ConnectionPermit>();
    let upgrade = hyper::upgrade::on(&mut request);
    app.connections.spawn(async move {
        let Some((transport, early)) = transport(upgrade).await else { return };
        let frames = Frames::new(transport, early);
        let switched = timeout(UPGRADE_TIME_MAX, async {
            let (transport, early) = probe(&pipe, frames).await?.into_parts();
            pipe.switch(transport, early, permit).await.ok()
        });
        // The client that does not get so far polls on.
        if let Ok(Some(())) = switched.await {
            engine.remove(&sid);
        }
    });
    Ok(switching_protocols(accept))
}

/// Lets the client see that the WebSocket works, until it wants to go on there.
async fn probe(pipe: &Pipe, mut frames: Frames<Io>) -> Option<Frames<Io>> {
    let ping = frames.next().await?;
    let Some(Packet::Ping("probe")) = Packet::read(&ping) else { return None };
    frames.send(&Packet::Pong("probe").to_string()).await.ok()?;
    let mut nudge = interval(NUDGE);
    nudge.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            packet = frames.next() => {
                return (Packet::read(&packet?) == Some(Packet::Upgrade)).then_some(frames);
            }
            _ = nudge.tick() => pipe.nudge(),
        }
    }
}
