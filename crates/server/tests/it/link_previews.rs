//! What is shown of the pages behind links: `message.updated` once it is known, `/link-previews/{id}/image`.

use crate::support::{Answer, answered, ask};
use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use futures_util::StreamExt as _;
use natter_protocol::{Conversation, LinkPreview, Message, MessageChange, OwnUser};
use natter_testkit::natter::{Builder, Natter};
use natter_testkit::person::{Person, Socket};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;

/// A picture of 800 × 600 pixels.
const PICTURE: &[u8] = include_bytes!("files/harbour.png");

/// `<title>Packed</title>`, packed by gzip.
const PACKED: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 179, 41, 201, 44, 201, 73, 181, 11, 72, 76, 206, 78, 77, 177, 209, 135,
    240, 0, 226, 119, 89, 165, 21, 0, 0, 0,
];

/// A website, which remembers what it was asked for. It listens on every address of the loopback.
struct Website {
    port: u16,
    asked: Asked,
}

type Asked = Arc<Mutex<Vec<String>>>;

impl Website {
    async fn open() -> Result<Self> {
        let asked = Asked::default();
        let listener = TcpListener::bind("0.0.0.0:0").await?;
        let port = listener.local_addr()?.port();
        let site = Router::new().route("/{page}", get(page)).with_state((port, Arc::clone(&asked)));
        tokio::spawn(async move { axum::serve(listener, site).await });
        Ok(Self { port, asked })
    }

    /// A page of it, at the address that the operator allows.
    fn link(&self, page: &str) -> String {
        self.at("127.0.0.1", page)
    }

    fn at(&self, host: &str, page: &str) -> String {
        format!("http://{host}:{}/{page}", self.port)
    }

    /// How often something was asked for.
    fn hits(&self, page: &str) -> usize {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .filter(|asked| *asked == page)
            .count()
    }
}

async fn page(State((port, asked)): State<(u16, Asked)>, Path(page): Path<String>) -> Response {
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(page.clone());
    let html = |head: String| ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], head).into_response();
    let titled = |title: &str| html(format!("<head><meta property='og:title' content='{title}'></head>"));
    match &*page {
        "boats" => html(
            "<title>x</title><meta property=og:title content='Boats &amp; tides'>\
             <meta property=og:description content='All of them'><meta property=og:site_name content=Harbour>\
             <meta property=og:image content=/boat.png>"
                .to_owned(),
        ),
        "boat.png" => ([(header::CONTENT_TYPE, "image/png")], PICTURE).into_response(),
        "plain" => titled("Plain"),
        "tricked" => html("<title>Tricked</title><meta property=og:image content=/script.svg>".to_owned()),
        "script.svg" => {
            ([(header::CONTENT_TYPE, "image/svg+xml")], "<svg><script>1</script></svg>").into_response()
        }
        "moved" => Redirect::to("/plain").into_response(),
        "round" => Redirect::to("/round").into_response(),
        "away" => Redirect::to(&format!("http://127.0.0.2:{port}/secret")).into_response(),
        "sideways" => Redirect::to(&format!("//0x7f.2:{port}/secret")).into_response(),
        "refreshed" => {
            html(format!("<meta http-equiv=refresh content='0; url=http://127.0.0.2:{port}/secret'>"))
        }
        // Whoever sends what was not asked for is not unpacked.
        "packed" => ([(header::CONTENT_TYPE, "text/html"), (header::CONTENT_ENCODING, "gzip")], PACKED)
            .into_response(),
        // Its beginning comes and its end never does.
        "endless" => {
            let drops = futures_util::stream::iter([Ok::<_, Infallible>("<title>Endless</title>")]);
            let body = Body::from_stream(drops.chain(futures_util::stream::pending()));
            ([(header::CONTENT_TYPE, "text/html")], body).into_response()
        }
        "spying" => html(format!(
            "<title>Spying</title><meta property=og:image content=http://127.0.0.2:{port}/secret>"
        )),
        "elsewhere" => Redirect::to("file:///etc/passwd").into_response(),
        // What it says comes after more than is read.
        "long" => html(format!("<head>{}<title>Late</title>", " ".repeat(1024 * 1024))),
        "secret" => titled("Secret"),
        "binary" => ([(header::CONTENT_TYPE, "application/zip")], "<title>Zip</title>").into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn curious() -> Builder {
    crate::natter()
        .env("NATTER_LINK_PREVIEWS_ENABLED", "true")
        .env("NATTER_LINK_PREVIEWS_ADDRESSES_ALLOWED", "127.0.0.1/32")
}

/// Sends links, of which the last one leads to something, and waits for all that is shown of them.
async fn shown(
    ada: &Person,
    socket: &mut Socket,
    chat: &Conversation,
    links: &[String],
) -> Result<Vec<LinkPreview>> {
    let sent = ada.send(chat.info.id, &links.join(" ")).await?;
    ensure!(sent.link_previews.is_empty(), "nobody waits for previews: {sent:?}");
    loop {
        let change = socket.next_of("message.updated").await?;
        let change: MessageChange = serde_json::from_value(change["payload"].clone())?;
        if change.message.id == sent.id {
            let kept: Message = ada.get(&format!("/messages/{}", sent.id)).await?;
            ensure!(kept.link_previews == change.message.link_previews && kept.edited_at.is_none());
            return Ok(kept.link_previews);
        }
    }
}

async fn titles(
    ada: &Person,
    socket: &mut Socket,
    chat: &Conversation,
    links: &[String],
) -> Result<Vec<String>> {
    Ok(shown(ada, socket, chat, links).await?.into_iter().map(|preview| preview.title).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_behind_a_link_is_shown_once_it_is_known() -> Result<()> {
    for natter in [
        curious().start().await?,
        curious().database(natter_testkit::postgres::database()?.url()).start().await?,
    ] {
        what_is_behind_a_link(&natter).await?;
    }
    Ok(())
}

async fn what_is_behind_a_link(natter: &Natter) -> Result<()> {
    let site = Website::open().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let chat = ada.group("Harbour", &[&bob]).await?;
    let mut socket = bob.socket().await?;
    let previews = shown(&ada, &mut socket, &chat, &[site.link("boats"), site.link("moved")]).await?;
    let [boats, moved] = &*previews else { anyhow::bail!("{previews:?}") };
    assert_eq!(boats.url, site.link("boats"));
    assert_eq!(boats.title, "Boats & tides");
    assert_eq!(boats.description.as_deref(), Some("All of them"));
    assert_eq!(boats.site_name.as_deref(), Some("Harbour"));
    assert_eq!((&*moved.url, &*moved.title, &moved.image), (&*site.link("moved"), "Plain", &None));

    // The picture is a new one, small, and at hand without a token.
    let image = boats.image.as_ref().context("a picture")?;
    assert_eq!((image.width, image.height), (640, 480));
    assert!(image.placeholder.is_some());
    let path = image.url.strip_prefix("/api/v1").context("an address of this server")?;
    let answer = ask(natter, Method::GET, &image.url).await?;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "image/jpeg"));
    assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox");
    assert!(answer.header("cache-control").contains("immutable"), "{answer:?}");
    let unknown = path.replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(ask(natter, Method::GET, &format!("/api/v1{unknown}")).await?.status, StatusCode::NOT_FOUND);

    // What was found is kept for the next message with the same link.
    assert_eq!(titles(&bob, &mut socket, &chat, &[site.link("boats")]).await?, ["Boats & tides"]);
    assert_eq!((site.hits("boats"), site.hits("boat.png")), (1, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_private_is_asked() -> Result<()> {
    let site = Website::open().await?;
    let natter = curious().start().await?;
    let ada = natter.person("ada").await?;
    let chat = ada.group("Harbour", &[]).await?;
    let mut socket = ada.socket().await?;
    // Each with a link that leads to something, so that the test knows when all were looked at.
    for private in [
        site.at("127.0.0.2", "secret"),
        site.at("2130706434", "secret"),
        site.at("0x7f.0.0.2", "secret"),
        site.at("0177.0.0.02", "secret"),
        site.at("127.2", "secret"),
        site.at("[::ffff:127.0.0.2]", "secret"),
        site.at("0.0.0.0", "secret"),
        site.at("localhost", "secret"),
        site.at("127.0.0.2.", "secret"),
        site.at("0x7f000002", "secret"),
        site.at("017700000002", "secret"),
        site.at("%31%32%37.0.0.2", "secret"),
        site.at("\u{ff11}\u{ff12}\u{ff17}.0.0.2", "secret"),
        site.at("\u{2460}\u{2461}\u{2466}.0.0.2", "secret"),
        site.at("127\u{3002}0\u{3002}0\u{3002}2", "secret"),
        site.at("[::ffff:7f00:2]", "secret"),
        site.at("[::127.0.0.2]", "secret"),
        site.at("[64:ff9b::127.0.0.2]", "secret"),
        site.at("[::1]", "secret"),
        site.at("ada:secret@127.0.0.1", "secret"),
        site.link("away"),
        site.link("sideways"),
        site.link("refreshed"),
        site.link("packed"),
        site.link("elsewhere"),
        site.link("round"),
        site.link("long"),
        site.link("binary"),
        site.link("missing"),
    ] {
        let found = titles(&ada, &mut socket, &chat, &[private.clone(), site.link("plain")]).await?;
        assert_eq!(found, ["Plain"], "{private}");
    }
    let spying = shown(&ada, &mut socket, &chat, &[site.link("spying")]).await?;
    assert!(spying.iter().all(|preview| preview.image.is_none()), "{spying:?}");
    assert_eq!(site.hits("secret"), 0);
    assert_eq!(site.hits("round"), 4, "the link and three redirects");
    // A picture that is none leaves the rest.
    let tricked = shown(&ada, &mut socket, &chat, &[site.link("tricked")]).await?;
    assert!(
        tricked.iter().all(|preview| preview.title == "Tricked" && preview.image.is_none()),
        "{tricked:?}"
    );
    assert_eq!(site.hits("script.svg"), 1);
    Ok(())
}

/// However long a website takes, others are looked at meanwhile, and it is given up in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_without_an_end_is_given_up() -> Result<()> {
    let site = Website::open().await?;
    let natter = curious().start().await?;
    let ada = natter.person("ada").await?;
    let chat = ada.group("Harbour", &[]).await?;
    let mut socket = ada.socket().await?;
    let stuck = ada.send(chat.info.id, &format!("{} {}", site.link("endless"), site.link("moved"))).await?;
    assert_eq!(titles(&ada, &mut socket, &chat, &[site.link("plain")]).await?, ["Plain"]);
    let change = socket.next_of("message.updated").await?;
    let change: MessageChange = serde_json::from_value(change["payload"].clone())?;
    let shown: Vec<_> = change.message.link_previews.iter().map(|preview| &*preview.url).collect();
    assert_eq!((change.message.id, shown), (stuck.id, vec![&*site.link("moved")]));
    Ok(())
}

/// A link of which another is the beginning is another link.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_to_a_longer_link_shows_nothing_of_the_shorter() -> Result<()> {
    let site = Website::open().await?;
    let natter = curious().start().await?;
    let ada = natter.person("ada").await?;
    let chat = ada.group("Harbour", &[]).await?;
    let mut socket = ada.socket().await?;
    let sent = ada.send(chat.info.id, &site.link("plain")).await?;
    socket.next_of("message.updated").await?;
    let path = format!("/messages/{}", sent.id);
    let longer = json!({ "content": site.link("plain-and-missing") });
    answered::<Message>(&ada, Method::PATCH, &path, Some(longer), StatusCode::OK).await?;
    loop {
        let change = socket.next_of("message.updated").await?;
        if change["payload"]["linkPreviews"].is_null() {
            break;
        }
    }
    assert!(ada.get::<Message>(&path).await?.link_previews.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_changes_what_is_shown_and_a_deleted_message_shows_nothing() -> Result<()> {
    let site = Website::open().await?;
    let natter = curious().start().await?;
    let ada = natter.person("ada").await?;
    let chat = ada.group("Harbour", &[]).await?;
    let mut socket = ada.socket().await?;
    let sent = ada.send(chat.info.id, &site.link("boats")).await?;
    socket.next_of("message.updated").await?;
    let path = format!("/messages/{}", sent.id);
    let edit = async |content: &str| -> Result<Message> {
        answered(&ada, Method::PATCH, &path, Some(json!({ "content": content })), StatusCode::OK).await
    };
    // A link that is there no more shows nothing at once; a new one follows.
    assert!(edit(&site.link("plain")).await?.link_previews.is_empty());
    for of_the_edit in [true, false] {
        let change = socket.next_of("message.updated").await?;
        assert_eq!(change["payload"]["linkPreviews"].is_null(), of_the_edit, "{change}");
    }
    let kept = edit(&format!("see {}", site.link("plain"))).await?;
    assert_eq!(kept.link_previews.len(), 1);
    let gone: Message = answered(&ada, Method::DELETE, &path, None, StatusCode::OK).await?;
    assert!(gone.link_previews.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_users_and_operators_can_switch_it_off() -> Result<()> {
    let site = Website::open().await?;
    let natter = curious().start().await?;
    let (ada, bob) = (natter.person("ada").await?, natter.person("bob").await?);
    let quiet = ada.group("Quiet", &[&bob]).await?;
    let open = ada.group("Open", &[&bob]).await?;
    let mut socket = bob.socket().await?;
    let path = format!("/conversations/{}", quiet.info.id);
    let off = Some(json!({ "linkPreviews": false }));
    let refused = Answer::to(bob.http(Method::PATCH, &path).json(&off)).await?;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let quiet: Conversation = answered(&ada, Method::PATCH, &path, off.clone(), StatusCode::OK).await?;
    assert!(!quiet.info.link_previews && open.info.link_previews);
    let me: OwnUser = answered(&bob, Method::PATCH, "/users/me", off, StatusCode::OK).await?;
    assert!(!me.link_previews);

    ada.send(quiet.info.id, &site.link("boats")).await?;
    bob.send(open.info.id, &site.link("boats")).await?;
    // Those before were looked at by the time that this one is.
    assert_eq!(titles(&ada, &mut socket, &open, &[site.link("plain")]).await?, ["Plain"]);
    assert_eq!(site.hits("boats"), 0);

    let uninterested = crate::natter().start().await?;
    let eve = uninterested.person("eve").await?;
    let chat = eve.group("Harbour", &[]).await?;
    eve.send(chat.info.id, &site.link("boats")).await?;
    eve.send(chat.info.id, "later").await?;
    assert_eq!(site.hits("boats"), 0);
    Ok(())
}
