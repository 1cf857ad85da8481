//! From flags, environment and file to one configuration.

use super::fault::{Fault, Place};
use super::{Config, ConfigError, Rule, Setting};
use config::{FileFormat, Format as _};
use serde::Deserialize as _;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What the command line says about the configuration.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// The file to read.
    pub config: Option<PathBuf>,
    /// Keys such as `data_dir`, each with the text of its flag.
    pub settings: Vec<(&'static str, String)>,
}

const PREFIX: &str = "NATTER_";
/// What Kubernetes sets in every container beside a service that is called natter.
const FOREIGN: [&str; 2] = ["NATTER_PORT", "NATTER_SERVICE_"];
const FILE_SUFFIX: &str = "_FILE";
/// How much alike (0 to 1) a name must be to an unknown one to be suggested.
const LIKENESS_MIN: f64 = 0.6;

/// Names without a prefix that some hosts set, for what this version does not have.
const NOT_YET: [&str; 3] = ["REDIS_URL", "FEATURE_MESSAGING_ENABLED", "MESSAGING_ROLLOUT_PERCENTAGE"];

/// What is set without an effect, so that its owner can be told.
pub fn not_yet(env: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<&'static str> {
    let given: Vec<_> = env.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    NOT_YET.into_iter().filter(|name| given.iter().any(|(given, _)| given == name)).collect()
}

impl Config {
    /// Every setting there is, in the order of the documentation.
    pub fn settings() -> Vec<Setting> {
        Self::settings_in("")
    }

    /// Puts the configuration together, or tells all that is wrong with it.
    pub fn load(
        flags: &Flags,
        env: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers { settings: Self::settings(), tree: Map::new(), faults: Vec::new() };
        if let Some(path) = &flags.config {
            layers.file(path);
        }
        layers.environment(env);
        for (key, text) in &flags.settings {
            layers.flag(key, text);
        }
        layers.finish()
    }
}

/// The configuration while it is put together: later layers cover earlier ones.
struct Layers {
    settings: Vec<Setting>,
    /// What was given so far and is right.
    tree: Map<String, Value>,
    faults: Vec<Fault>,
}

impl Layers {
    fn finish(mut self) -> Result<Config, ConfigError> {
        let config = read(&self.tree).unwrap_or_default();
        // While a value is missing, what conflicts may only seem to.
        if self.faults.is_empty() {
            self.faults = config.conflicts().into_iter().map(Fault::Conflict).collect();
        }
        if self.faults.is_empty() { Ok(config) } else { Err(ConfigError(self.faults)) }
    }

    fn file(&mut self, path: &Path) {
        let format = match path.extension().and_then(|ending| ending.to_str()) {
            Some("toml") => FileFormat::Toml,
            Some("yaml" | "yml") => FileFormat::Yaml,
            _ => return self.faults.push(Fault::UnknownFormat(path.to_owned())),
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let place = Place::Flag("--config".to_owned());
                return self.faults.push(Fault::Unreadable { place, path: path.to_owned(), error });
            }
        };
        let tree = format.parse(None, &text).and_then(|table| {
            let value = config::Value::new(None, table);
            Ok(value.try_deserialize::<Value>()?)
        });
        match tree {
            Ok(tree) => self.branch(&Place::File(path.to_owned()), "", tree),
            Err(error) => {
                self.faults.push(Fault::Syntax { path: path.to_owned(), error: error.to_string() });
            }
        }
    }

    /// Takes a value of the file, or all the values below it.
    fn branch(&mut self, place: &Place, key: &str, value: Value) {
        if let Some(setting) = self.find(|setting| setting.key() == key) {
            return self.set(place.clone(), &setting, &value);
        }
        match value {
            Value::Object(table) => {
                for (name, value) in table {
                    let key = if key.is_empty() { name } else { format!("{key}.{name}") };
                    self.branch(place, &key, value);
                }
            }
            // In YAML, a section whose settings are all commented out.
            Value::Null if Config::SECTIONS.iter().any(|(section, _)| *section == key) => {}
            _ => {
                let nearest = nearest(key, self.settings.iter().map(Setting::key));
                self.faults.push(Fault::UnknownKey { place: place.clone(), name: key.to_owned(), nearest });
            }
        }
    }

    fn environment(&mut self, env: impl IntoIterator<Item = (OsString, OsString)>) {
        let mut variables = BTreeMap::new();
        let plain: BTreeMap<_, _> = self
            .settings
            .iter()
            .filter_map(|setting| Some((setting.plain_variable()?, setting.clone())))
            .collect();
        for (name, value) in env {
            // A name that is no text is none of ours.
            let Some(name) = name.to_str() else { continue };
            if let Some(setting) = plain.get(name) {
                // Those with the prefix come later and cover it.
                match value.to_str() {
                    Some("") => {}
                    Some(value) => self.text(Place::Variable(name.to_owned()), setting, value),
                    None => self.faults.push(Fault::NotText(name.to_owned())),
                }
                continue;
            }
            if !name.starts_with(PREFIX) {
                continue;
            }
            if FOREIGN.iter().any(|prefix| name.starts_with(prefix)) {
                continue;
            }
            match value.into_string() {
                Ok(value) => drop(variables.insert(name.to_owned(), value)),
                Err(_) => self.faults.push(Fault::NotText(name.to_owned())),
            }
        }
        for (name, value) in &variables {
            if let Some(setting) = self.find(|setting| setting.variable() == *name) {
                self.text(Place::Variable(name.clone()), &setting, value);
                continue;
            }
            let plain = name.strip_suffix(FILE_SUFFIX).unwrap_or(name);
            match self.find(|setting| setting.variable() == plain) {
                Some(_) if variables.contains_key(plain) => {
                    self.faults.push(Fault::Twice { name: plain.to_owned() });
                }
                Some(setting) => self.text_from_file(name, &setting, Path::new(value)),
                None => {
                    let nearest = nearest(name, self.settings.iter().map(Setting::variable));
                    self.faults.push(Fault::UnknownVariable { name: name.clone(), nearest });
                }
            }
        }
    }

    fn text_from_file(&mut self, variable: &str, setting: &Setting, path: &Path) {
        let place = Place::Variable(variable.to_owned());
        match std::fs::read_to_string(path) {
            Ok(text) => self.text(place, setting, text.trim_end_matches(['\n', '\r'])),
            Err(error) => self.faults.push(Fault::Unreadable { place, path: path.to_owned(), error }),
        }
    }

    fn flag(&mut self, key: &str, text: &str) {
        if let Some(setting) = self.find(|setting| setting.key() == key) {
            self.text(Place::Flag(setting.flag()), &setting, text);
        }
    }

    fn text(&mut self, place: Place, setting: &Setting, text: &str) {
        self.set(place, setting, &setting.rule.read(text));
    }

    /// Covers what earlier layers said. The whole tree is read again, so that a failure is this value's.
    fn set(&mut self, place: Place, setting: &Setting, value: &Value) {
        let mut tree = self.tree.clone();
        let branch = match setting.section {
            "" => Some(&mut tree),
            section => tree.entry(section).or_insert_with(|| Map::new().into()).as_object_mut(),
        };
        if let Some(branch) = branch {
            branch.insert(setting.name.to_owned(), value.clone());
        }
        if setting.rule.allows(value) && read(&tree).is_some() {
            self.tree = tree;
            return;
        }
        let shown = match setting.rule {
            Rule::Secret(_) => "not valid".to_owned(),
            _ => value.to_string(),
        };
        self.faults.push(Fault::Invalid {
            place,
            key: setting.key(),
            shown,
            expected: setting.rule.expected(),
        });
    }

    fn find(&self, is_it: impl Fn(&Setting) -> bool) -> Option<Setting> {
        self.settings.iter().find(|setting| is_it(setting)).cloned()
    }
}

fn read(tree: &Map<String, Value>) -> Option<Config> {
    Config::deserialize(Value::Object(tree.clone())).ok()
}

fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    known
        .map(|known| (strsim::normalized_damerau_levenshtein(name, &known), known))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}
