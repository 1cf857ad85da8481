//! Examples of bodies, put together from the examples of their fields.

use serde_json::{Map, Value};
use utoipa::openapi::{Components, Content};

/// Knows an example of each type.
pub(in crate::rest) struct Examples(Map<String, Value>);

impl Examples {
    pub(super) fn new(components: &Components) -> Self {
        let schemas = components
            .schemas
            .iter()
            .filter_map(|(name, schema)| Some((name.clone(), serde_json::to_value(schema).ok()?)));
        Self::of_schemas(schemas.collect())
    }

    /// Of types by their names.
    pub(in crate::rest) const fn of_schemas(schemas: Map<String, Value>) -> Self {
        Self(schemas)
    }

    /// The name of a body's type and an example of it. None if a field somewhere inside has none of its own.
    pub(super) fn of(&self, content: &Content) -> Option<(String, Value)> {
        let schema = serde_json::to_value(content.schema.as_ref()?).ok()?;
        // A body that may be absent is either null or of its type.
        let named = match schema.get("oneOf").and_then(Value::as_array) {
            Some(choices) => choices.iter().find(|choice| choice.get("$ref").is_some())?,
            None => &schema,
        };
        let name = target(named)?;
        Some((name.to_owned(), self.example(named)?))
    }

    /// An example of what a schema describes.
    pub(in crate::rest) fn example(&self, schema: &Value) -> Option<Value> {
        if let Some(example) = schema.get("example") {
            return Some(example.clone());
        }
        if let Some(name) = target(schema) {
            return self.example(self.0.get(name)?);
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return values.first().cloned();
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.merged(parts);
        }
        if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
            let null = choices.iter().any(|choice| choice["type"] == "null");
            return if null { Some(Value::Null) } else { self.example(choices.first()?) };
        }
        match &schema["type"] {
            // One of several types, and one of them is null.
            Value::Array(_) => Some(Value::Null),
            Value::String(kind) => match kind.as_str() {
                "object" => self.object(schema),
                "array" => Some(Value::Array(vec![self.example(&schema["items"])?])),
                "boolean" => Some(Value::Bool(false)),
                "integer" => Some(schema.get("minimum").cloned().unwrap_or_else(|| 0.into())),
                _ => None,
            },
            _ => None,
        }
    }

    fn merged(&self, parts: &[Value]) -> Option<Value> {
        let mut whole = Map::new();
        for part in parts {
            match self.example(part)? {
                Value::Object(fields) => whole.extend(fields),
                _ => return None,
            }
        }
        Some(Value::Object(whole))
    }

    /// What is required, and of the rest what has an example of its own.
    fn object(&self, schema: &Value) -> Option<Value> {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
        let mut object = Map::new();
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if is_required(name) || property.get("example").is_some() {
                object.insert(name.clone(), self.example(property)?);
            }
        }
        Some(Value::Object(object))
    }
}

/// The name of the type that a schema refers to.
fn target(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.rsplit('/').next()
}
