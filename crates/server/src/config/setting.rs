//! How a setting is declared.

use serde_json::Value;
use std::ops::RangeInclusive;

/// What a setting may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// A whole number within bounds.
    Whole(RangeInclusive<u64>),
    /// `true` or `false`.
    Switch,
    /// A text that its type understands; the words finish the sentence "it must be …".
    Text(&'static str),
    /// The same, but what it is must not be shown.
    Secret(&'static str),
    /// A list of such texts; in the environment they are separated by commas.
    List(&'static str),
}

impl Rule {
    /// Finishes the sentence "it must be …".
    pub fn expected(&self) -> String {
        match self {
            Self::Whole(range) => format!("a whole number from {} to {}", range.start(), range.end()),
            Self::Switch => "true or false".to_owned(),
            Self::Text(expected) | Self::Secret(expected) => (*expected).to_owned(),
            Self::List(expected) => format!("a list: {expected}"),
        }
    }

    /// Whether a value is of the right kind and within bounds; its type decides about the rest.
    pub(super) fn allows(&self, value: &Value) -> bool {
        match self {
            Self::Whole(range) => value.as_u64().is_some_and(|number| range.contains(&number)),
            Self::Switch => value.is_boolean(),
            Self::Text(_) | Self::Secret(_) => value.is_string(),
            Self::List(_) => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
        }
    }

    /// The value that a flag or variable spells. What makes no sense stays text, which [`Rule::allows`] refuses.
    pub(super) fn read(&self, text: &str) -> Value {
        let read = match self {
            Self::Whole(_) => text.parse::<u64>().ok().map(Value::from),
            Self::Switch => text.parse::<bool>().ok().map(Value::from),
            Self::Text(_) | Self::Secret(_) => None,
            Self::List(_) => Some(text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect()),
        };
        read.unwrap_or_else(|| text.into())
    }
}

/// Names without a prefix, each with the key of the setting that it is.
const PLAIN_VARIABLES: [(&str, &str); 4] = [
    ("SOCKET_IO_PATH", "socket_io.path"),
    ("SOCKET_IO_CORS_ORIGIN", "socket_io.cors_origin"),
    ("MAX_FILE_SIZE", "files.size_bytes_max"),
    ("ALLOWED_FILE_TYPES", "files.types_allowed"),
];

/// A setting, as its section declares it.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its section; empty for those that stand on top.
    pub section: &'static str,
    /// Its name in the section.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// What it may be.
    pub rule: Rule,
}

impl Setting {
    /// Its name in the file and in messages, such as `database.url`.
    pub fn key(&self) -> String {
        match self.section {
            "" => self.name.to_owned(),
            section => format!("{section}.{}", self.name),
        }
    }

    /// Its name in the environment, such as `NATTER_DATABASE_URL`.
    pub fn variable(&self) -> String {
        format!("NATTER_{}", self.key().replace('.', "_").to_uppercase())
    }

    /// The name without a prefix that some hosts set already for what they embed.
    pub fn plain_variable(&self) -> Option<&'static str> {
        let known = PLAIN_VARIABLES.iter().find(|(_, key)| *key == self.key())?;
        Some(known.0)
    }

    /// Its name on the command line, for those that have one, such as `--database-url`.
    pub fn flag(&self) -> String {
        format!("--{}", self.key().replace(['.', '_'], "-"))
    }
}

/// Declares a structure of settings and lists them.
macro_rules! settings {
    (
        $(#[doc = $about:literal])+
        pub struct $Name:ident {
            $(
                $(#[doc = $doc:literal])+
                $(#[serde($($serde:tt)*)])?
                pub $key:ident: $Type:ty = $default:expr, $rule:expr;
            )*
        }
        $(sections { $( $(#[doc = $section_doc:literal])+ $section:ident: $Section:ty, )* })?
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $Name {
            $( $(#[doc = $doc])+ $(#[serde($($serde)*)])? pub $key: $Type, )*
            $($( $(#[doc = $section_doc])+ pub $section: $Section, )*)?
        }

        impl Default for $Name {
            fn default() -> Self {
                Self { $( $key: $default, )* $($( $section: <$Section>::default(), )*)? }
            }
        }

        impl $Name {
            /// The settings in here, in the order of their declaration.
            pub(super) fn settings_in(section: &'static str) -> Vec<$crate::config::Setting> {
                let settings = vec![ $($crate::config::Setting {
                    section,
                    name: stringify!($key),
                    doc: concat!($($doc),+).trim_ascii_start(),
                    rule: $rule,
                },)* ];
                $( let settings = [settings $(, <$Section>::settings_in(stringify!($section)))*].concat(); )?
                settings
            }

            $(
                /// The sections, each with what it is about.
                pub(super) const SECTIONS: &[(&str, &str)] =
                    &[$( (stringify!($section), concat!($($section_doc),+).trim_ascii_start()), )*];
            )?
        }
    };
}
pub(super) use settings;

/// What is empty is not there.
pub(super) mod optional {
    use serde::{Deserialize as _, Deserializer, Serialize, Serializer, de::Error as _};
    use std::fmt::Display;

    #[expect(clippy::ref_option, reason = "serde passes the field")]
    pub(in crate::config) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => value.serialize(serializer),
            None => serializer.serialize_str(""),
        }
    }

    pub(in crate::config) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: TryFrom<String, Error: Display>,
        D: Deserializer<'de>,
    {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() { Ok(None) } else { T::try_from(text).map(Some).map_err(D::Error::custom) }
    }
}
