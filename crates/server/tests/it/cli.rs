//! The command line, run as a process of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::natter;
use natter_chat::{Chat, Error};
use natter_protocol::{LoginRequest, PlatformRole};
use natter_server::config::Config;
use natter_server::open;
use natter_testkit::person::{PASSWORD, Person};
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// What a verb left behind.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    fn new(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What it printed, if it did what it was told.
    pub(crate) fn text(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""));
        self.stdout
    }

    /// The same, as JSON.
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The sentence that it failed with.
    pub(crate) fn failure(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{}", self.stderr);
        self.stderr
    }
}

/// The program with these arguments and nothing else around it.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_natter"));
    command.args(arguments).env_clear().env("NATTER_LOG_LEVEL", "error").stdin(Stdio::null());
    // Where an instrumented program writes what was executed of it.
    command.envs(std::env::var_os("LLVM_PROFILE_FILE").map(|path| ("LLVM_PROFILE_FILE", path)));
    command
}

/// Runs the program on a data directory, to its end.
pub(crate) fn run(data_dir: &Path, arguments: &[&str]) -> Done {
    Done::new(program(arguments).arg("--data-dir").arg(data_dir).output().unwrap())
}

fn run_with_input(data_dir: &Path, arguments: &[&str], input: &str) -> Done {
    let mut command = program(arguments);
    command.arg("--data-dir").arg(data_dir).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Done::new(child.wait_with_output().unwrap())
}

/// The chat in a data directory, as a second process beside others.
pub(crate) async fn chat(data_dir: &Path) -> Arc<Chat> {
    let config = Config { data_dir: data_dir.to_owned(), ..Config::default() };
    open::chat(&config).await.unwrap().chat
}

async fn can_sign_in(chat: &Chat, username: &str, password: &str) -> bool {
    let request = LoginRequest { username: username.to_owned(), password: password.to_owned() };
    match chat.login(&request).await {
        Ok(_) => true,
        Err(Error::InvalidCredentials) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_verb_has_help_with_an_example() {
    fn check(command: &clap::Command, path: &str) {
        let help = command.clone().render_long_help().to_string();
        assert!(command.get_about().is_some(), "{path} does not say what it is for");
        assert!(help.contains("Example"), "{path} has no example:\n{help}");
        let called =
            |line: &str| line.starts_with(&format!("  {path}")) || line.contains(&format!("$({path}"));
        assert!(help.lines().any(called), "{path} is not called in its example:\n{help}");
        for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
            check(verb, &format!("{path} {}", verb.get_name()));
        }
    }
    let mut command = natter_server::cli::command();
    command.build();
    check(&command, "natter");
}

#[test]
fn exit_codes_tell_done_from_failed_from_used_wrongly() {
    let dir = TempDir::new().unwrap();
    let cases: [(&[&str], i32); 13] = [
        (&["--help"], 0),
        (&["--version"], 0),
        (&["user", "create", "--help"], 0),
        (&["config", "check"], 0),
        (&["migrate", "status"], 0),
        (&["migrate", "up"], 0),
        (&["user", "role", "nobody", "admin"], 1),
        (&["token", "mint", "--user", "nobody"], 1),
        (&["user", "role", "nobody", "king"], 2),
        (&["token", "mint", "--user", "nobody", "--ttl", "1 hour"], 2),
        (&["frobnicate"], 2),
        (&["serve", "--listen", "here"], 2),
        (&["config", "check", "--database-url", "mysql://"], 2),
    ];
    for (arguments, code) in cases {
        let done = run(dir.path(), arguments);
        assert_eq!(done.code, Some(code), "{arguments:?}: {}", done.stderr);
        assert_eq!(done.stderr.is_empty(), code == 0, "{arguments:?}: {}", done.stderr);
    }
    let bare = Done::new(program(&[]).output().unwrap());
    assert_eq!(bare.code, Some(2), "{}", bare.stderr);
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = program(&["config", "print"]).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let done = Done::new(output.wait_with_output().unwrap());
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
}

#[test]
fn version_and_configuration_are_printed_for_people_and_programs() {
    let dir = TempDir::new().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(run(dir.path(), &["version"]).text(), format!("natter {version}\n"));
    assert_eq!(run(dir.path(), &["version", "--json"]).json()["version"], version);
    assert_eq!(run(dir.path(), &["config", "check"]).text(), "The configuration is right.\n");
    assert_eq!(run(dir.path(), &["config", "check", "--json"]).json()["valid"], true);
    let printed = run(dir.path(), &["config", "print", "--json"]).json();
    assert_eq!(printed["data_dir"], dir.path().to_str().unwrap());
    assert_eq!(run(dir.path(), &["config", "print", "--example"]).text(), natter_server::config::example());
    assert_eq!(run(dir.path(), &["config", "print", "--docs"]).text(), natter_server::config::markdown());
    assert!(run(dir.path(), &["config", "print"]).text().contains("\n[database]\n"));
}

#[test]
fn the_api_document_is_printed() {
    let document = Done::new(program(&["openapi"]).output().unwrap()).json();
    assert!(document["paths"].as_object().is_some_and(|paths| !paths.is_empty()), "{document}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_managed() {
    let dir = TempDir::new().unwrap();
    let created = run(dir.path(), &["user", "create", "Ada", "--display-name", "Ada L.", "--json"]).json();
    let drawn = created["password"].as_str().unwrap().to_owned();
    assert_eq!((&created["user"]["username"], &created["user"]["role"]), (&"ada".into(), &"user".into()));
    assert_eq!(created["user"]["displayName"], "Ada L.");

    let file = dir.path().join("password");
    std::fs::write(&file, "from a file\nsecond line\n").unwrap();
    let file = file.to_str().unwrap();
    let told = run(dir.path(), &["user", "create", "bob", "--role", "admin", "--password-file", file]).text();
    assert_eq!(told, "Created bob.\n");
    let told = run_with_input(dir.path(), &["user", "create", "carol"], "from stdin\n").text();
    assert_eq!(told, "Created carol.\n");

    let chat = chat(dir.path()).await;
    for (name, password) in [("ada", drawn.as_str()), ("bob", "from a file"), ("carol", "from stdin")] {
        assert!(can_sign_in(&chat, name, password).await, "{name}");
    }

    let told = run(dir.path(), &["user", "passwd", "ada"]).text();
    let (first, second) = told.split_once('\n').unwrap();
    assert_eq!(first, "Replaced the password of ada and ended all sessions.");
    let renewed = second.trim_end().strip_prefix("Password: ").unwrap();
    assert!(!can_sign_in(&chat, "ada", &drawn).await);
    assert!(can_sign_in(&chat, "ada", renewed).await);

    run(dir.path(), &["user", "role", "ada", "moderator"]).text();
    let token = run(dir.path(), &["token", "mint", "--user", "ada", "--ttl", "15m", "--json"]).json();
    assert_eq!(token["expiresIn"], 900);
    let actor = chat.authenticate(token["accessToken"].as_str().unwrap()).await.unwrap();
    assert_eq!((actor.user.username.as_str(), actor.role()), ("ada", PlatformRole::Moderator));
}

#[test]
fn what_is_wrong_with_an_account_is_said() {
    let dir = TempDir::new().unwrap();
    run(dir.path(), &["user", "create", "ada"]).text();
    let empty = dir.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    let empty = empty.to_str().unwrap();
    let sentences = [
        run(dir.path(), &["user", "create", "ada"]).failure(1),
        run(dir.path(), &["user", "create", "a b"]).failure(1),
        run_with_input(dir.path(), &["user", "create", "bob"], "short\n").failure(1),
        run(dir.path(), &["user", "create", "bob", "--password-file", empty]).failure(1),
        run(dir.path(), &["user", "create", "bob", "--password-file", "/nowhere/password"]).failure(1),
        run(dir.path(), &["user", "passwd", "nobody"]).failure(1),
        run(dir.path(), &["token", "mint", "--user", "nobody"]).failure(1),
        run(dir.path(), &["token", "mint", "--user", "ada", "--ttl", "366d"]).failure(2),
        run(dir.path(), &["token", "mint", "--user", "ada", "--ttl", ""]).failure(2),
    ];
    insta::assert_snapshot!(sentences.join("\n").replace(dir.path().to_str().unwrap(), "DIR"));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_tokens_are_made_beside_a_running_server() {
    let server = natter().start().await.unwrap();
    let done = run_with_input(server.data_dir(), &["user", "create", "ada"], &format!("{PASSWORD}\n"));
    assert_eq!(done.text(), "Created ada.\n");
    let ada = Person::login(server.address(), "ada").await.unwrap();
    let token = run(server.data_dir(), &["token", "mint", "--user", "ada"]).text();
    let actor = chat(server.data_dir()).await.authenticate(token.trim_end()).await.unwrap();
    assert_eq!(actor.id(), ada.id());
    assert_eq!(
        run(server.data_dir(), &["migrate", "status", "--json"]).json()["migrations"][0]["applied"],
        true
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_belongs_to_one_process() {
    let mut server = natter().start().await.unwrap();
    let dir = server.data_dir().to_owned();
    let expected = format!(
        "natter: {} is in use by another natter (pid {}): stop it, or choose another directory with --data-dir; \
         several nodes need PostgreSQL, and a directory each\n",
        dir.display(),
        server.pid().unwrap(),
    );
    for verb in
        [&["serve", "--listen", "127.0.0.1:0"][..], &["seed"], &["migrate", "up"], &["migrate", "down"]]
    {
        assert_eq!(run(&dir, verb).failure(1), expected, "{verb:?}");
    }
    let other = TempDir::new().unwrap();
    let url = format!("sqlite:{}", dir.join("natter.db").display());
    assert_eq!(run(other.path(), &["seed", "--database-url", &url]).failure(1), expected);
    server.kill().await.unwrap();
    assert_eq!(run(&dir, &["migrate", "up"]).text(), "The schema is up to date.\n");
}

#[test]
fn a_data_directory_that_cannot_be_used_is_refused() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "kept").unwrap();
    let here = dir.path().to_str().unwrap();
    let sentence =
        |path: &Path| run(path, &["serve", "--listen", "127.0.0.1:0"]).failure(1).replace(here, "DIR");
    assert_eq!(
        sentence(&file),
        "natter: DIR/file is not a directory: move it away, or choose another directory with --data-dir\n"
    );
    assert_eq!(
        sentence(&file.join("below")),
        "natter: cannot create the directory DIR/file/below: Not a directory (os error 20). Choose another with \
         --data-dir\n"
    );
    // Nobody may create a file there, not even root.
    let unwritable = sentence(Path::new("/proc"));
    assert!(unwritable.starts_with("natter: cannot write to /proc/natter.db: "), "{unwritable}");
    assert!(unwritable.ends_with("or choose another directory with --data-dir\n"), "{unwritable}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept");
}

#[cfg(unix)]
#[test]
fn what_is_created_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("a/b");
    run(&data, &["migrate", "up"]).text();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(data.parent().unwrap())), (0o700, 0o700));
    for file in std::fs::read_dir(&data).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

/// The steps of the schema, oldest first.
const STEPS: [&str; 6] =
    ["0001_foundation", "0002_messaging", "0003_search", "0004_realtime", "0005_files", "0006_link_previews"];

#[test]
fn the_schema_goes_up_and_down() {
    let dir = TempDir::new().unwrap();
    let status = |word: &str| STEPS.map(|step| format!("{word}  {step}\n")).concat();
    assert_eq!(run(dir.path(), &["migrate", "status"]).text(), status("missing"));
    assert_eq!(run(dir.path(), &["migrate", "up"]).text(), format!("Applied {}.\n", STEPS.join(", ")));
    assert_eq!(run(dir.path(), &["migrate", "status"]).text(), status("applied"));
    assert_eq!(run(dir.path(), &["migrate", "up", "--json"]).json()["applied"], Value::Array(Vec::new()));
    for step in STEPS.iter().rev() {
        assert_eq!(run(dir.path(), &["migrate", "down", "--json"]).json()["reverted"], *step);
    }
    assert_eq!(run(dir.path(), &["migrate", "down"]).text(), "No step is applied.\n");
}

#[test]
fn an_older_schema_is_left_to_the_server() {
    let dir = TempDir::new().unwrap();
    run(dir.path(), &["migrate", "up"]).text();
    run(dir.path(), &["migrate", "down"]).text();
    // A server of the version before may be at work.
    for verb in [&["user", "create", "ada"][..], &["token", "mint", "--user", "ada"]] {
        let failure = run(dir.path(), verb).failure(1);
        assert!(failure.contains("the schema of an older natter"), "{verb:?}: {failure}");
    }
    assert!(run(dir.path(), &["migrate", "status"]).text().contains("missing"));
    run(dir.path(), &["migrate", "up"]).text();
    run(dir.path(), &["user", "create", "ada"]).text();
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let dir = TempDir::new().unwrap();
    run(dir.path(), &["migrate", "up"]).text();
    let path = dir.path().join("natter.db");
    // What a newer natter would have left.
    let newer = "insert into schema_migrations (version, name, checksum) values (9999, '9999_future', '')";
    rusqlite::Connection::open(&path).unwrap().execute(newer, []).unwrap();
    let before = std::fs::read(&path).unwrap();
    let expected = "natter: the database has schema version 9999, but this program knows only up to 6. Use the newer \
                    natter that wrote it, or restore a backup from before the upgrade. Nothing was changed.\n";
    for verb in
        [&["serve", "--listen", "127.0.0.1:0"][..], &["seed"], &["migrate", "up"], &["user", "create", "ada"]]
    {
        assert_eq!(run(dir.path(), verb).failure(1), expected, "{verb:?}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_database_that_cannot_be_reached_is_named() {
    let dir = TempDir::new().unwrap();
    let here = dir.path().to_str().unwrap();
    std::fs::write(dir.path().join("text.db"), "this is no database, and long enough to see it").unwrap();
    let with = |url: &str| {
        let url = url.replace("DIR", here);
        let done = run(dir.path(), &["user", "create", "ada", "--database-url", &url]);
        done.failure(1).replace(here, "DIR")
    };
    let sentences = [
        with("sqlite:DIR/nowhere/natter.db"),
        with("sqlite:DIR/text.db"),
        with("postgres://ada:secret@127.0.0.1:1/natter"),
        with("postgres://ada:secret@127.0.0.1:notaport/natter"),
    ];
    insta::assert_snapshot!(sentences.join("\n"));
    assert!(!sentences.concat().contains("secret"));
}
