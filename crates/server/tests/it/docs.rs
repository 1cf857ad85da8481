//! `/api/docs` and `/api/openapi.json`

use crate::natter;
use crate::support::{Answer, ask, client};
use anyhow::{Context as _, Result, ensure};
use natter_protocol::ErrorCode;
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

#[tokio::test]
async fn the_document_is_complete_in_itself() -> Result<()> {
    let natter = natter().start().await?;
    let document = document(&natter).await?;
    let typed: utoipa::openapi::OpenApi = serde_json::from_value(document.clone())?;
    assert!(!typed.paths.paths.is_empty());
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').context("a reference to elsewhere")?;
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let mut names = HashSet::new();
    for (path, item) in document["paths"].as_object().context("no paths")? {
        for (method, operation) in item.as_object().context("no methods")? {
            let name = operation["operationId"].as_str().with_context(|| format!("{method} {path}"))?;
            assert!(names.insert(name), "{name} twice");
            for part in ["summary", "tags", "responses"] {
                assert!(operation.get(part).is_some(), "{method} {path} has no {part}");
            }
            assert!(operation["responses"].get("default").is_some(), "{method} {path} never fails");
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
        let path = path.replace("{id}", "0190163d-8694-739b-aea5-966c26f8ad91");
        ensure!(!path.contains('{'), "the test does not know what to put into {path}");
        for (method, operation) in item.as_object().context("no methods")? {
            let method: Method = method.to_uppercase().parse()?;
            for base in ["/api/v1", "/api/chat"] {
                let path = path.replacen("/api/v1", base, 1);
                let answer = ask(&natter, method.clone(), &path).await?;
                // Whoever may ask without a token is told that there is no body.
                let open = operation["security"] == serde_json::json!([{}]);
                let code = if open { ErrorCode::UnsupportedMediaType } else { ErrorCode::Unauthenticated };
                answer.problem(code).with_context(|| format!("{method} {path}"))?;
                asked += 1;
            }
        }
    }
    assert!(asked > 20, "{asked}");
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
            assert!(page.text.contains(part), "the page of {code} does not say {part:?}");
        }
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
