//! What the fields of a run mean: their doc comments, read off the types that make up its description.

use super::table::Common;
use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

/// A field of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name, as in the TOML file.
    pub name: String,
    /// What it means, in one line.
    pub meaning: String,
    /// The value that stands for an absent one in any run; most fields have one of their task instead.
    pub default: Option<Value>,
    /// Whether nothing may stand in it.
    pub optional: bool,
    /// What it holds.
    pub shape: Shape,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// true or false.
    Flag,
    /// A number.
    Number {
        /// Whether it is a whole one.
        whole: bool,
    },
    /// Text.
    Text,
    /// One of several words.
    Choice(Vec<Choice>),
    /// A table.
    Table {
        /// What it is.
        meaning: String,
        /// Its fields.
        fields: Vec<Field>,
    },
    /// A table of one of several kinds, each with fields of its own.
    Kinds {
        /// What it is.
        meaning: String,
        /// The field that names the kind.
        tag: String,
        /// The kinds.
        variants: Vec<Variant>,
    },
    /// Several of the same shape.
    List {
        /// The shape.
        of: Box<Shape>,
        /// How many, where that is fixed.
        length: Option<usize>,
    },
    /// A table of a type that this one is part of.
    Again,
}

/// A word that a field may hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The word.
    pub name: String,
    /// What it means, in one line.
    pub meaning: String,
}

/// A kind of table.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// The kind.
    pub kind: Choice,
    /// Its fields, without the one that names the kind.
    pub fields: Vec<Field>,
}

/// The fields that the runs of all tasks have, but for `task` and `preset`.
pub fn common_fields() -> Vec<Field> {
    fields_of::<Common>()
}

/// The fields of a type, in their order.
pub fn fields_of<T: JsonSchema>() -> Vec<Field> {
    // The contract of what is written lists the fields in their order, which a map does not keep.
    let settings = SchemaSettings::draft2020_12().with(|s| s.contract = Contract::Serialize);
    let schema: Schema = settings.into_generator().into_root_schema_for::<T>();
    let root = schema.to_value();
    let definitions = root.get("$defs").and_then(Value::as_object);
    let reader = Reader {
        definitions: definitions.cloned().unwrap_or_default(),
    };
    reader.fields(&root, &[])
}

/// Reads a schema, whose definitions it has.
struct Reader {
    definitions: Map<String, Value>,
}

impl Reader {
    /// The fields of a table, inside of the definitions of these names.
    fn fields(&self, table: &Value, inside: &[&str]) -> Vec<Field> {
        let none = Map::new();
        let properties = table["properties"].as_object().unwrap_or(&none);
        let required: Vec<&str> = words(&table["required"]).collect();
        let optional = properties.keys().map(String::as_str);
        let mut optional: Vec<&str> = optional.filter(|name| !required.contains(name)).collect();
        optional.sort_unstable();
        let names = [&required[..], &optional].concat();
        let of_name = |name: &str| {
            let schema = &properties[name];
            Field {
                name: name.to_owned(),
                meaning: meaning(schema),
                default: schema.get("default").cloned(),
                optional: !required.contains(&name),
                shape: self.shape(schema, inside),
            }
        };
        names.into_iter().map(of_name).collect()
    }

    fn shape(&self, schema: &Value, inside: &[&str]) -> Shape {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or_default();
            if inside.contains(&name) {
                return Shape::Again;
            }
            return self.shape(&self.definitions[name], &[inside, &[name]].concat());
        }
        if let Some(options) = schema["anyOf"].as_array() {
            // What may be absent is a shape or null.
            let some = options.iter().find(|option| option["type"] != "null");
            return self.shape(some.expect("a shape beside null"), inside);
        }
        if let Some(options) = schema["oneOf"].as_array() {
            return self.options(schema, options, inside);
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds[0].as_str(),
            kind => kind.as_str(),
        };
        match kind {
            Some("boolean") => Shape::Flag,
            Some("integer") => Shape::Number { whole: true },
            Some("number") => Shape::Number { whole: false },
            Some("string") => Shape::Text,
            Some("array") => Shape::List {
                of: Box::new(self.shape(&schema["items"], inside)),
                length: schema["minItems"].as_u64().map(|length| length as usize),
            },
            Some("object") => Shape::Table {
                meaning: meaning(schema),
                fields: self.fields(schema, inside),
            },
            _ => unreachable!("no field has the schema {schema}"),
        }
    }

    /// Words, or kinds of tables.
    fn options(&self, schema: &Value, options: &[Value], inside: &[&str]) -> Shape {
        let choice = |name: &Value, option: &Value| Choice {
            name: name.as_str().unwrap_or_default().to_owned(),
            meaning: meaning(option),
        };
        if options.iter().all(|option| option["type"] == "string") {
            // Words without a comment stand in one list.
            let names = |option| words_of(option).map(move |name| choice(name, option));
            return Shape::Choice(options.iter().flat_map(names).collect());
        }
        let tag = words(&options[0]["required"]).next().unwrap_or_default();
        let variants = options.iter().map(|option| Variant {
            kind: choice(&option["properties"][tag]["const"], option),
            fields: self.fields(option, inside).split_off(1),
        });
        Shape::Kinds {
            meaning: meaning(schema),
            tag: tag.to_owned(),
            variants: variants.collect(),
        }
    }
}

fn words(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The words that a schema allows.
fn words_of(schema: &Value) -> impl Iterator<Item = &Value> {
    let several = schema["enum"].as_array().into_iter().flatten();
    schema.get("const").into_iter().chain(several)
}

/// The first paragraph of a doc comment, in one line.
fn meaning(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    let text = text.split("\n\n").next().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
