//! `/api/docs`, `/api/openapi.json` and `/api/asyncapi.json`

use crate::natter;
use crate::support::{Answer, ask, client};
use anyhow::{Context as _, Result, ensure};
use natter_protocol::catalogue::{CLIENT_TYPES, SERVER_TYPES};
use natter_protocol::{ErrorCode, limits};
use natter_testkit::natter::Natter;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::collections::HashSet;

async fn document(natter: &Natter) -> Result<Value> {
    ask(natter, Method::GET, "/api/openapi.json").await?.json()
}

/// Every `$ref`, wherever it is.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(entries) => entries.iter().for_each(|entry| references(entry, found)),
        _ => {}
    }
}

/// Every `$ref` leads somewhere within the document.
fn check_references(document: &Value) -> Result<()> {
    let mut found = Vec::new();
    references(document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').context("a reference to elsewhere")?;
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    Ok(())
}

/// `web/e2e/docs.test.ts` looks at its form, and at its examples.
#[tokio::test]
async fn the_document_of_the_sockets_is_complete_in_itself() -> Result<()> {
    let natter = natter().start().await?;
    let document = ask(&natter, Method::GET, "/api/asyncapi.json").await?.json()?;
    check_references(&document)?;
    let operations = document["operations"].as_object().context("no operations")?;
    for kind in CLIENT_TYPES {
        let operation = operations.get(kind.name).with_context(|| kind.name.to_owned())?;
        assert_eq!(operation["action"], "receive", "{}", kind.name);
        assert_eq!(operation["reply"]["messages"].as_array().map(Vec::len), Some(2), "{}", kind.name);
    }
    for kind in SERVER_TYPES {
        let message = &document["components"]["messages"][kind.name];
        let frame = &message["examples"][0]["payload"];
        assert_eq!(frame["type"], kind.name);
        kind.payload.read(&frame["payload"].to_string()).with_context(|| kind.name.to_owned())?;
    }
    Ok(())
}

#[tokio::test]
async fn the_document_is_complete_in_itself() -> Result<()> {
    let natter = natter().start().await?;
    let document = document(&natter).await?;
    let typed: utoipa::openapi::OpenApi = serde_json::from_value(document.clone())?;
    assert!(!typed.paths.paths.is_empty());
    check_references(&document)?;
    let mut names = HashSet::new();
    for (path, item) in document["paths"].as_object().context("no paths")? {
        for (method, operation) in item.as_object().context("no methods")? {
            let name = operation["operationId"].as_str().with_context(|| format!("{method} {path}"))?;
            assert!(names.insert(name), "{name} twice");
            for part in ["summary", "tags", "responses"] {
                assert!(operation.get(part).is_some(), "{method} {path} has no {part}");
            }
            check_answers(&document, method, operation).with_context(|| format!("{method} {path}"))?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_documented_operation_is_there_and_needs_a_sign_in_unless_it_says_otherwise() -> Result<()> {
    let natter = natter().start().await?;
    let document = document(&natter).await?;
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().context("no paths")? {
        let mut path = path.clone();
        for name in ["{id}", "{userId}", "{inviteId}", "{username}", "{code}", "{emoji}"] {
            path = path.replace(name, "0190163d-8694-739b-aea5-966c26f8ad91");
        }
        ensure!(!path.contains('{'), "the test does not know what to put into {path}");
        for (method, operation) in item.as_object().context("no methods")? {
            let method: Method = method.to_uppercase().parse()?;
            for base in ["/api/v1", "/api/chat"] {
                let path = path.replacen("/api/v1", base, 1);
                let answer = ask(&natter, method.clone(), &path).await?;
                asked += 1;
                let open = operation["security"] == serde_json::json!([{}]);
                // Whoever may ask without a token is told that there is no body, or that there is no such thing.
                let code = match (open, operation.get("requestBody")) {
                    (false, _) => ErrorCode::Unauthenticated,
                    (true, Some(_)) => ErrorCode::UnsupportedMediaType,
                    (true, None) if answer.status.is_success() => continue,
                    (true, None) => ErrorCode::NotFound,
                };
                if method == Method::HEAD {
                    assert_eq!(answer.status.as_u16(), code.status(), "{method} {path}");
                } else {
                    answer.problem(code).with_context(|| format!("{method} {path}"))?;
                }
            }
        }
    }
    assert!(asked > 120, "{asked}");
    Ok(())
}

/// Each body has an example, and each failure says which codes it can have.
fn check_answers(document: &Value, method: &str, operation: &Value) -> Result<()> {
    let asked = operation["requestBody"].get("content");
    let mut contents: Vec<&Value> = asked.into_iter().collect();
    let responses = operation["responses"].as_object().context("no responses")?;
    assert!(responses.keys().any(|status| status.starts_with('2')), "it never succeeds");
    for (status, response) in responses {
        let response = follow(document, response)?;
        assert!(response["headers"].get("x-request-id").is_some(), "{status} has no x-request-id");
        let content = response.get("content");
        // What is moved, not changed, or just begun is told by headers.
        let bodiless = ["204", "302", "304"].contains(&&**status)
            || response["headers"].get("location").is_some()
            || (method == "head" && status.starts_with('2'));
        assert_eq!(content.is_none(), bodiless, "{status}");
        contents.extend(content);
        if status.starts_with(['2', '3']) {
            continue;
        }
        let codes = &response["content"]["application/problem+json"]["schema"]["allOf"][1];
        let codes = codes["properties"]["code"]["enum"].as_array().context("no codes")?;
        for code in codes {
            let code: ErrorCode = serde_json::from_value(code.clone())?;
            assert_eq!(status.parse::<u16>()?, code.status(), "{code}");
            assert!(response["description"].as_str().is_some_and(|text| text.contains(code.title())));
        }
    }
    for content in contents {
        for (kind, body) in content.as_object().context("no bodies")? {
            // What is no JSON is a file.
            if !kind.ends_with("json") {
                continue;
            }
            let examples = body["examples"].as_object().context("no examples")?;
            assert!(!examples.is_empty(), "{body}");
            for example in examples.values() {
                assert!(!follow(document, example)?["value"].is_null(), "{example}");
            }
        }
    }
    Ok(())
}

/// What a `$ref` leads to, if it is one.
fn follow<'a>(document: &'a Value, value: &'a Value) -> Result<&'a Value> {
    let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(value) };
    reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer)).context("leads nowhere")
}

/// The bounds of fields, which attributes cannot take from the constants that are the bounds.
#[tokio::test]
async fn the_document_promises_the_limits_that_there_are() -> Result<()> {
    let natter = natter().start().await?;
    let document = document(&natter).await?;
    for (field, keyword, limit) in [
        ("MessageDraft/content", "maxLength", limits::MESSAGE_CHARS_MAX),
        ("MessageDraft/clientMessageId", "maxLength", limits::CLIENT_MESSAGE_ID_CHARS_MAX),
        ("MessageDraft/attachments", "maxItems", limits::MESSAGE_ATTACHMENTS_MAX),
        ("NewContent/content", "maxLength", limits::MESSAGE_CHARS_MAX),
        ("Later/content", "maxLength", limits::MESSAGE_CHARS_MAX),
        ("Unsent/content", "maxLength", limits::MESSAGE_CHARS_MAX),
        ("Destinations/conversationIds", "maxItems", limits::FORWARD_CONVERSATIONS_MAX),
        ("Destinations/clientMessageId", "maxLength", limits::FORWARD_KEY_CHARS_MAX),
        ("Choice/emoji", "maxLength", limits::EMOJI_BYTES_MAX),
        ("CreateConversation/name", "maxLength", limits::CONVERSATION_NAME_CHARS_MAX),
        ("CreateConversation/topic", "maxLength", limits::CONVERSATION_TOPIC_CHARS_MAX),
        ("CreateConversation/members", "maxItems", limits::CONVERSATION_MEMBERS_ADDED_MAX),
        ("UpdateConversation/name", "maxLength", limits::CONVERSATION_NAME_CHARS_MAX),
        ("UpdateConversation/topic", "maxLength", limits::CONVERSATION_TOPIC_CHARS_MAX),
        ("CreateInvite/expiresIn", "minimum", limits::INVITE_SECONDS_MIN as usize),
        ("CreateInvite/expiresIn", "maximum", limits::INVITE_SECONDS_MAX as usize),
        ("CreateInvite/usesMax", "maximum", limits::INVITE_USES_MAX as usize),
        ("RegisterRequest/username", "minLength", limits::USERNAME_CHARS_MIN),
        ("RegisterRequest/username", "maxLength", limits::USERNAME_CHARS_MAX),
        ("RegisterRequest/password", "minLength", limits::PASSWORD_CHARS_MIN),
        ("RegisterRequest/password", "maxLength", limits::PASSWORD_CHARS_MAX),
        ("RegisterRequest/displayName", "maxLength", limits::DISPLAY_NAME_CHARS_MAX),
        ("RegisterRequest/email", "maxLength", limits::EMAIL_CHARS_MAX),
        ("ChangePassword/newPassword", "minLength", limits::PASSWORD_CHARS_MIN),
        ("ChangePassword/newPassword", "maxLength", limits::PASSWORD_CHARS_MAX),
        ("UpdateProfile/displayName", "maxLength", limits::DISPLAY_NAME_CHARS_MAX),
        ("UpdateProfile/avatarUrl", "maxLength", limits::AVATAR_URL_CHARS_MAX),
    ] {
        let (schema, property) = field.split_once('/').context("a schema and a field")?;
        let promised = &document["components"]["schemas"][schema]["properties"][property][keyword];
        assert_eq!(promised.as_u64(), Some(limit as u64), "{keyword} of {field}");
    }
    for (path, name, keyword, limit) in [
        ("/users", "query", "maxLength", limits::DISPLAY_NAME_CHARS_MAX),
        ("/users", "limit", "default", limits::PAGE_ENTRIES_DEFAULT as usize),
        ("/conversations", "limit", "maximum", limits::PAGE_ENTRIES_MAX as usize),
        ("/conversations/public", "query", "maxLength", limits::CONVERSATION_NAME_CHARS_MAX),
        ("/conversations/{id}/messages", "limit", "maximum", limits::PAGE_ENTRIES_MAX as usize),
        ("/conversations/{id}/events", "limit", "maximum", limits::EVENTS_PAGE_ENTRIES_MAX as usize),
        ("/search/messages", "q", "maxLength", limits::SEARCH_QUERY_CHARS_MAX),
    ] {
        let operation = &document["paths"][&format!("/api/v1{path}")]["get"];
        let parameters = operation["parameters"].as_array().context("parameters")?;
        let parameter = parameters.iter().find(|one| one["name"] == name).context("the parameter")?;
        assert_eq!(
            parameter["schema"][keyword].as_u64(),
            Some(limit as u64),
            "{keyword} of {name} at {path}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn swagger_ui_needs_nothing_from_elsewhere() -> Result<()> {
    let natter = natter().start().await?;
    let bare = ask(&natter, Method::GET, "/api/docs").await?;
    assert_eq!((bare.status, bare.header("location")), (StatusCode::PERMANENT_REDIRECT, "/api/docs/"));
    let page = ask(&natter, Method::GET, "/api/docs/").await?;
    assert!(page.status.is_success() && page.header("content-type").starts_with("text/html"), "{page:?}");
    let mut files: Vec<&str> = ["src=\"", "href=\""]
        .iter()
        .flat_map(|attribute| page.text.split(attribute).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    files.dedup();
    assert!(files.len() >= 3, "{}", page.text);
    for file in files {
        assert!(!file.contains("//"), "{file} is somewhere else");
        let path = if file.starts_with('/') { file.to_owned() } else { format!("/api/docs/{file}") };
        let answer = ask(&natter, Method::GET, &path).await?;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!answer.text.is_empty() && !answer.header("content-type").is_empty(), "{path}");
        // And should a file ask for more, the browser does not let it.
        let policy = answer.header("content-security-policy").to_owned();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("connect-src 'self'"),
            "{policy}"
        );
        assert!(!policy.contains("http:") && !policy.contains("https:"), "{policy}");
    }
    let start = ask(&natter, Method::GET, "/api/docs/swagger-initializer.js").await?;
    assert!(start.text.contains("\"/api/openapi.json\"") && !start.text.contains("://"), "{}", start.text);
    ask(&natter, Method::GET, "/api/docs/nothing.js").await?.problem(ErrorCode::NotFound)?;
    Ok(())
}

#[tokio::test]
async fn every_code_has_a_page() -> Result<()> {
    let natter = natter().start().await?;
    for code in ErrorCode::ALL {
        let page = ask(&natter, Method::GET, &format!("/api/docs/errors/{code}")).await?;
        assert_eq!(page.status, StatusCode::OK, "{code}");
        assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
        for part in [code.as_str(), code.title(), code.help(), &code.status().to_string()] {
            // What stands between backticks is shown as code.
            for words in part.split('`') {
                assert!(page.text.contains(words), "the page of {code} does not say {words:?}");
            }
        }
        let example = format!("\"code\": \"{code}\"");
        assert!(page.text.contains(&example), "the page of {code} has no example");
        assert!(!page.text.contains("script") && page.text.contains("href=\"./\""), "{page:?}");
    }
    let bare = ask(&natter, Method::GET, "/api/docs/errors").await?;
    assert_eq!((bare.status, bare.header("location")), (StatusCode::PERMANENT_REDIRECT, "/api/docs/errors/"));
    let index = ask(&natter, Method::GET, "/api/docs/errors/").await?;
    assert_eq!(index.status, StatusCode::OK);
    for code in ErrorCode::ALL {
        assert!(index.text.contains(&format!("href=\"{code}\"")), "{code} is not listed");
    }
    for unknown in ["nothing", "%3Cscript%3E", "not_found%00", "..%2fnot_found"] {
        let path = format!("/api/docs/errors/{unknown}");
        ask(&natter, Method::GET, &path).await?.problem(ErrorCode::NotFound)?;
    }
    Ok(())
}

#[tokio::test]
async fn the_types_of_problems_lead_to_their_pages() -> Result<()> {
    let natter = natter().start().await?;
    let problem = ask(&natter, Method::GET, "/api/v1/users/me").await?.problem(ErrorCode::Unauthenticated)?;
    let page = Answer::to(client()?.get(natter.url(&problem.kind))).await?;
    assert_eq!(page.status, StatusCode::OK);
    Ok(())
}
