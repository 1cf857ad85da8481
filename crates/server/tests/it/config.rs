//! The configuration: which source wins, what is refused and in which words, and that the documents are up to date.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use natter_files::kind::Types;
use natter_server::config::{self, Config, Flags, LogFormat, Rule};
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What is said in each place.
#[derive(Default)]
struct Sources<'a> {
    /// Name and content.
    file: Option<(&'a str, &'a str)>,
    env: &'a [(&'a str, &'a str)],
    flags: &'a [(&'static str, &'a str)],
}

impl Sources<'_> {
    /// The configuration, or all that is wrong, with the directory of the file spelled `DIR`.
    fn load(&self) -> Result<Config, String> {
        let dir = TempDir::new().unwrap();
        let config = self.file.map(|(name, text)| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        });
        let flags = Flags {
            config,
            settings: self.flags.iter().map(|(key, text)| (*key, (*text).to_owned())).collect(),
        };
        let here = dir.path().to_str().unwrap();
        let env = self
            .env
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value.replace("DIR", here))));
        Config::load(&flags, env).map_err(|error| error.to_string().replace(here, "DIR"))
    }

    fn faults(&self) -> String {
        self.load().unwrap_err()
    }
}

#[test]
fn without_anything_the_defaults_hold() {
    assert_eq!(Sources::default().load(), Ok(Config::default()));
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let file = Some(("natter.toml", "data_dir = 'from-file'"));
    let env = &[("NATTER_DATA_DIR", "from-env")][..];
    let flags = &[("data_dir", "from-flag")][..];
    let cases = [
        (None, &[][..], &[][..], "./data"),
        (file, &[], &[], "from-file"),
        (None, env, &[], "from-env"),
        (None, &[], flags, "from-flag"),
        (file, env, &[], "from-env"),
        (file, &[], flags, "from-flag"),
        (None, env, flags, "from-flag"),
        (file, env, flags, "from-flag"),
    ];
    for (file, env, flags, expected) in cases {
        let config = Sources { file, env, flags }.load().unwrap();
        assert_eq!(config.data_dir, PathBuf::from(expected), "{file:?} {env:?} {flags:?}");
    }
}

const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
";

/// A value other than the default, as the environment spells it and as a file does.
fn another(key: &str, rule: &Rule) -> (String, Value) {
    let texts = [
        ("listen", "0.0.0.0:9000"),
        ("data_dir", "/elsewhere"),
        ("database.url", "sqlite:/elsewhere/chat.db"),
        ("files.url", "s3://chat/files?endpoint=http://localhost:9000"),
        ("files.types_allowed", "pdf"),
        ("clamd.addr", "tcp://localhost:3310"),
        ("clamd.unavailable", "allow-with-flag"),
        ("link_previews.addresses_allowed", "10.1.0.0/16"),
        ("auth.jwt_public_key", PUBLIC_KEY),
        ("auth.jwks_url", "http://localhost:8000/keys"),
        ("access.ip_allow", "203.0.113.0/24"),
        ("access.ip_block", "2001:db8::/32"),
        ("access.trusted_proxies", "10.0.0.1/32"),
        ("cors.origins", "https://a.example"),
        ("socket_io.path", "/chat/socket.io"),
        ("socket_io.cors_origin", "*"),
        ("tls.certificate_path", "/elsewhere/chain.pem"),
        ("tls.key_path", "/elsewhere/key.pem"),
        ("log.format", "json"),
        ("log.level", "warn,natter_store=debug"),
    ];
    let text = texts.iter().find(|(name, _)| *name == key).map(|(_, text)| (*text).to_owned());
    match (rule, text) {
        (Rule::List(_), Some(text)) => (text.clone(), vec![text].into()),
        (_, Some(text)) => (text.clone(), text.into()),
        (Rule::Whole(range), None) => {
            let number = *range.end();
            (number.to_string(), number.into())
        }
        (Rule::Switch, None) if key == "files.redirect" => ("true".to_owned(), true.into()),
        (Rule::Switch, None) => ("false".to_owned(), false.into()),
        (_, None) if key.starts_with("auth.jwt_") => ("another".to_owned(), "another".into()),
        (rule, None) => panic!("{key} ({rule:?}) has no example here"),
    }
}

/// Where only one value is allowed, there is no other to try; and some are not shown.
const LEFT_OUT: [&str; 4] = ["bus.url", "auth.jwt_secret", "files.s3_access_key", "files.s3_secret_key"];

/// What must be said beside a setting, so that the two make sense together.
fn beside(key: &str) -> Option<(&'static str, Value)> {
    match key {
        "auth.jwt_public_key" | "auth.jwks_url" => None,
        key if key.starts_with("auth.jwt_") => Some(("jwks_url", "https://a.example/keys".into())),
        // A longer life than any that is tried for the other token.
        key if key.starts_with("auth.") => Some(("refresh_token_seconds", 86_400.into())),
        "files.redirect" => Some(("url", "s3://chat".into())),
        "tls.certificate_path" => Some(("key_path", "/another/key.pem".into())),
        "tls.key_path" => Some(("certificate_path", "/another/chain.pem".into())),
        _ => None,
    }
}

#[test]
fn every_setting_can_be_given_in_file_and_environment() {
    let defaults = serde_json::to_value(Config::default()).unwrap();
    for setting in Config::settings() {
        let key = setting.key();
        if LEFT_OUT.contains(&key.as_str()) {
            continue;
        }
        let (text, value) = another(&key, &setting.rule);
        let mut expected = defaults.clone();
        let branch = if setting.section.is_empty() { &mut expected } else { &mut expected[setting.section] };
        assert_ne!(branch[setting.name], value, "{key}: the example is the default");
        let mut toml = String::new();
        let mut yaml =
            if setting.section.is_empty() { String::new() } else { format!("{}:\n", setting.section) };
        if let Some((name, value)) = beside(&key).filter(|(name, _)| *name != setting.name) {
            toml = format!("[{}]\n{name} = {value}\n", setting.section);
            yaml = format!("{yaml}  {name}: {value}\n");
            branch[name] = value;
        }
        let indent = if setting.section.is_empty() { "" } else { "  " };
        yaml = format!("{yaml}{indent}{}: {value}\n", setting.name);
        branch[setting.name] = value;

        let shown = |sources: Sources<'_>| sources.load().map(|config| serde_json::to_value(config).unwrap());
        let env = &[(&*setting.variable(), &*text)];
        let by_env = shown(Sources { file: Some(("natter.toml", &toml)), env, flags: &[] });
        assert_eq!(by_env, Ok(expected.clone()), "{key}");
        let by_file = shown(Sources { file: Some(("natter.yaml", &yaml)), ..Sources::default() });
        assert_eq!(by_file, Ok(expected), "{key}");
    }
}

#[test]
fn what_is_printed_can_be_read_again() {
    let env = &[
        ("NATTER_LISTEN", "[::]:80"),
        ("NATTER_CORS_ORIGINS", "https://a.example, http://b.example:8080"),
        (
            "NATTER_ACCESS_TRUSTED_PROXIES",
            "10.1.2.3, 10.4.5.6/8, ::ffff:192.0.2.1, ::ffff:10.1.0.0/112, ::/0",
        ),
        ("NATTER_LOG_FORMAT", "pretty"),
        ("NATTER_AUTH_REGISTRATION", "false"),
    ];
    let config = Sources { env, ..Sources::default() }.load().unwrap();
    assert_eq!(config.log.format, LogFormat::Pretty);
    assert_eq!(config.cors.origins[1].as_str(), "http://b.example:8080");
    let proxies: Vec<_> = config.access.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.1.2.3/32", "10.0.0.0/8", "192.0.2.1/32", "10.1.0.0/16", "::/0"]);
    let file = config::toml(&config);
    assert_eq!(Sources { file: Some(("again.toml", &file)), ..Sources::default() }.load(), Ok(config));
}

#[test]
fn what_kubernetes_says_of_a_service_called_natter_is_no_setting() {
    let env = &[
        ("NATTER_PORT", "tcp://10.0.0.7:8080"),
        ("NATTER_PORT_8080_TCP_ADDR", "10.0.0.7"),
        ("NATTER_SERVICE_HOST", "10.0.0.7"),
    ];
    assert_eq!(Sources { env, ..Sources::default() }.load(), Ok(Config::default()));
}

#[test]
fn names_that_hosts_set_already_count_unless_there_is_a_better_one() {
    let load = |env| Sources { env, ..Sources::default() }.load();
    let config =
        load(&[("SOCKET_IO_PATH", "/ws/chat/"), ("SOCKET_IO_CORS_ORIGIN", "https://A.example,*")]).unwrap();
    assert_eq!(config.socket_io.path.as_str(), "/ws/chat");
    assert!(config.socket_io.allows("https://a.example") && config.socket_io.allows("https://b.example"));
    let one = load(&[("SOCKET_IO_CORS_ORIGIN", "https://a.example")]).unwrap();
    assert!(one.socket_io.allows("https://a.example") && !one.socket_io.allows("https://b.example"));
    let both = load(&[("NATTER_SOCKET_IO_PATH", "/better"), ("SOCKET_IO_PATH", "/worse")]).unwrap();
    assert_eq!(both.socket_io.path.as_str(), "/better");
    assert_eq!(load(&[("SOCKET_IO_PATH", ""), ("SOCKET_IO_CORS_ORIGIN", "")]), Ok(Config::default()));
    let files = load(&[("MAX_FILE_SIZE", "1048576"), ("ALLOWED_FILE_TYPES", "pdf, .PNG")]).unwrap().files;
    assert_eq!((files.size_bytes_max, files.types().unwrap()), (1_048_576, Types::parse("pdf,png").unwrap()));
    let others = [("REDIS_URL", "redis://cache"), ("FEATURE_MESSAGING_ENABLED", "")];
    assert_eq!(load(&others), Ok(Config::default()));
    let others = others.map(|(name, value)| (name.into(), value.into()));
    assert_eq!(config::not_yet(others), ["REDIS_URL"]);
}

#[test]
fn socket_io_is_where_nothing_else_is() {
    let load = |path| Sources { env: &[("SOCKET_IO_PATH", path)], ..Sources::default() }.load();
    for path in ["/socket.io", "/api/socket.io", "/healthy", "/a/b-c_d~e/", "/api/v10"] {
        let config = load(path).unwrap();
        assert_eq!(config.socket_io.path.as_str(), path.trim_end_matches('/'));
    }
    for path in [
        "/",
        "//",
        "socket.io",
        "/a//b",
        "/a/..",
        "/./a",
        "/{a}",
        "/a b",
        "/a?b",
        "/ä",
        "/api/v1",
        "/api/v1/ws/",
        "/api/docs/x",
        "/metrics",
        "/health/ready",
        "/assets/a",
    ] {
        let error = load(path).unwrap_err();
        assert!(
            error.contains("it must be a path such as /socket.io that nothing else is at"),
            "{path}: {error}"
        );
    }
}

#[test]
fn a_secret_can_be_read_from_a_file() {
    let dir = TempDir::new().unwrap();
    let secret = dir.path().join("url");
    fs::write(&secret, "postgres://ada:pass word@db.example/natter\n").unwrap();
    let env = &[("NATTER_DATABASE_URL_FILE", secret.to_str().unwrap())];
    let config = Sources { env, ..Sources::default() }.load().unwrap();
    let expected = "postgres://ada:pass word@db.example/natter".parse().unwrap();
    assert_eq!(config.database.url, expected);
    for shown in [config::toml(&config), serde_json::to_string(&config).unwrap()] {
        assert!(shown.contains("postgres://db.example/natter"), "{shown}");
        assert!(!shown.contains("pass word"), "{shown}");
    }
}

#[test]
fn the_secret_of_the_host_application_is_known_and_never_shown() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("secret");
    let secret = "0123456789abcdef0123456789abcdef";
    fs::write(&file, format!("{secret}\n")).unwrap();
    let by_file = [("NATTER_AUTH_JWT_SECRET_FILE", file.to_str().unwrap())];
    for env in [&[("NATTER_AUTH_JWT_SECRET", secret)], &by_file] {
        let config = Sources { env, ..Sources::default() }.load().unwrap();
        assert_eq!(config.auth.jwt_secret.as_ref().map(config::Secret::reveal), Some(secret));
        for shown in [config::toml(&config), serde_json::to_string(&config).unwrap(), format!("{config:?}")] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    let env = &[("NATTER_AUTH_JWT_SECRET", "")];
    assert_eq!(Sources { env, ..Sources::default() }.load(), Ok(Config::default()));
}

#[test]
fn keys_are_fetched_where_nobody_can_put_in_another() {
    let load = |url: &str| Sources { env: &[("NATTER_AUTH_JWKS_URL", url)], ..Sources::default() }.load();
    for safe in [
        "https://host.example/.well-known/jwks.json",
        "https://host.example:8443/keys?tenant=1",
        "http://localhost:8000/keys",
        "http://127.0.0.1/keys",
        "http://[::1]:8000/keys",
    ] {
        let config = load(safe).unwrap();
        assert_eq!(config.auth.jwks_url.map(|url| url.uri().to_string()).as_deref(), Some(safe));
    }
    for unsafe_or_wrong in [
        "http://host.example/keys",
        "http://10.0.0.1/keys",
        "http://localhost.evil.example/keys",
        "http://[::2]/keys",
        "https://user:password@host.example/keys",
        "ftp://localhost/keys",
        "file:///etc/keys",
        "//localhost/keys",
        "/keys",
        "keys",
        "https://",
        "https://host.example/a b",
    ] {
        let error = load(unsafe_or_wrong).unwrap_err();
        assert!(error.contains("it must be empty or an address that begins with https://"), "{error}");
    }
}

#[test]
fn an_empty_section_of_yaml_changes_nothing() {
    let file = Some(("natter.yml", "database:\nlog:\n  level: debug\n"));
    let config = Sources { file, ..Sources::default() }.load().unwrap();
    assert_eq!(serde_json::to_value(config.log.level).unwrap(), "debug");
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let toml = |text| Sources { file: Some(("natter.toml", text)), ..Sources::default() };
    let env = |env| Sources { env, ..Sources::default() };
    let private_key = PUBLIC_KEY.replace("PUBLIC", "PRIVATE");
    let private_key = [("NATTER_AUTH_JWT_PUBLIC_KEY", private_key.as_str())];
    let cases = [
        ("unknown key", toml("[database]\nulr = 'sqlite:'")),
        ("unknown section", toml("[databse]\nurl = 'sqlite:'")),
        ("unlike anything", toml("zzz = 1")),
        ("section without braces", toml("database = 'sqlite:'")),
        ("unknown variable", env(&[("NATTER_LISTN", "x")])),
        ("variable unlike anything", env(&[("NATTER_ZZZZZZZZZZZZ", "x")])),
        ("unknown file variable", env(&[("NATTER_LOG_LEVLE_FILE", "x")])),
        ("no address", env(&[("NATTER_LISTEN", "here")])),
        ("no port", toml("listen = '127.0.0.1'")),
        ("wrong type", toml("listen = 8080")),
        ("no number", env(&[("NATTER_DATABASE_READERS_MAX", "many")])),
        ("too large", toml("database.readers_max = 65")),
        ("negative", toml("database.readers_max = -1")),
        ("fraction", toml("limits.connections_max = 1.5")),
        ("no switch", env(&[("NATTER_AUTH_REGISTRATION", "yes")])),
        ("no list", toml("cors.origins = 'https://a.example'")),
        ("origin with path", env(&[("NATTER_CORS_ORIGINS", "https://a.example/")])),
        ("origin without scheme", toml("cors.origins = ['a.example']")),
        ("unknown format", toml("log.format = 'xml'")),
        ("unknown level", env(&[("NATTER_LOG_LEVEL", "inof")])),
        ("unknown database", env(&[("NATTER_DATABASE_URL", "mysql://ada:s3cr3t@db/natter")])),
        ("flag", Sources { flags: &[("data_dir", "x"), ("listen", "x")], ..Sources::default() }),
        ("both ways", env(&[("NATTER_LOG_LEVEL", "info"), ("NATTER_LOG_LEVEL_FILE", "DIR/level")])),
        ("no such file", env(&[("NATTER_LOG_LEVEL_FILE", "DIR/level")])),
        ("no TOML", toml("listen = ")),
        ("no YAML", Sources { file: Some(("natter.yaml", "a: [")), ..Sources::default() }),
        ("no table", Sources { file: Some(("natter.yaml", "- a")), ..Sources::default() }),
        ("no known file type", Sources { file: Some(("natter.ini", "")), ..Sources::default() }),
        ("cluster on SQLite", env(&[("NATTER_BUS_URL", "redis://10.0.0.1")])),
        (
            "cluster on PostgreSQL",
            env(&[("NATTER_BUS_URL", "nats://x"), ("NATTER_DATABASE_URL", "postgres://db/natter")]),
        ),
        ("no range of addresses", env(&[("NATTER_ACCESS_IP_BLOCK", "203.0.113.0/24,203.0.113.0/33")])),
        ("a name instead of an address", toml("access.trusted_proxies = ['proxy.example']")),
        ("short session", toml("auth.refresh_token_seconds = 60")),
        ("guessable secret", env(&[("NATTER_AUTH_JWT_SECRET", "a s3cr3t of thirty-one bytes...")])),
        ("private key", env(&private_key)),
        ("keys in the clear", env(&[("NATTER_AUTH_JWKS_URL", "http://host.example/keys")])),
        ("keys with a password", env(&[("NATTER_AUTH_JWKS_URL", "https://ada:s3cr3t@host.example/keys")])),
        ("claim without a name", toml("auth.jwt_claim_id = ''")),
        ("host without a key", toml("auth.jwt_audience = 'chat'")),
        (
            "host with two keys",
            env(&[("NATTER_AUTH_JWT_PUBLIC_KEY", PUBLIC_KEY), ("NATTER_AUTH_JWKS_URL", "https://a.example")]),
        ),
        ("several at once", toml("listen = 'x'\nzzz = 1\n[log]\nlevel = 'loud'")),
    ];
    let sentences: Vec<_> =
        cases.iter().map(|(name, case)| format!("{name}:\n{}\n", case.faults())).collect();
    insta::assert_snapshot!(sentences.join("\n"));
    for secret in ["s3cr3t", "MCowBQYDK2VwAyEA"] {
        assert!(!sentences.concat().contains(secret), "{secret}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let bytes = OsString::from_vec(vec![0xff]);
    let load = |name: &str| Config::load(&Flags::default(), [(OsString::from(name), bytes.clone())]);
    assert_eq!(
        load("NATTER_DATA_DIR").unwrap_err().to_string(),
        "NATTER_DATA_DIR: the value is not UTF-8 text"
    );
    assert!(load("OTHER_DATA_DIR").is_ok());
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let flags = Flags { config: Some("/nowhere/natter.toml".into()), settings: Vec::new() };
    let error = Config::load(&flags, []).unwrap_err().to_string();
    assert!(
        error.starts_with("--config names the file /nowhere/natter.toml, which cannot be read: "),
        "{error}"
    );
}

#[test]
fn the_documents_are_what_the_declarations_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let documents = [
        ("natter.example.toml", "--example", config::example()),
        ("docs/operate/configuration.md", "--docs", config::markdown()),
    ];
    for (path, flag, expected) in documents {
        let found = fs::read_to_string(root.join(path)).unwrap_or_default();
        assert_eq!(found, expected, "run: natter config print {flag} > {path}");
    }
}

#[test]
fn the_example_uncommented_is_the_default() {
    let example: String = config::example()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') => format!("{setting}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let file = Some(("natter.toml", example.as_str()));
    assert_eq!(Sources { file, ..Sources::default() }.load(), Ok(Config::default()));
    assert!(example.contains("heartbeat_seconds = 25"), "{example}");
}
