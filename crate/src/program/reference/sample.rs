//! Values of the shapes that fields have, some of which a run may hold.

use rtb::run::{Field, Shape, Variant};
use toml::{Table, Value};

/// A value of a shape.
pub fn sample(shape: &Shape) -> Value {
    match shape {
        Shape::Flag => false.into(),
        Shape::Number { whole: true } => 2.into(),
        Shape::Number { whole: false } => 1.0.into(),
        Shape::Text => "1".into(),
        Shape::Choice(choices) => choices[0].name.as_str().into(),
        Shape::Table { fields, .. } => table(fields).into(),
        Shape::Kinds { tag, variants, .. } => kind(tag, &variants[0]),
        Shape::List { of, length } => {
            let elements = (0..length.unwrap_or(1)).map(|at| element(of, at));
            elements.collect::<Vec<_>>().into()
        }
        Shape::Again => Table::new().into(),
    }
}

/// Numbers of a list are 1 and 0 in turn: a covariance `[1, 0, 1]` is one.
fn element(shape: &Shape, at: usize) -> Value {
    match shape {
        Shape::Number { whole: false } => ((at + 1) as f64 % 2.0).into(),
        shape => sample(shape),
    }
}

/// A table with these fields.
pub fn table(fields: &[Field]) -> Table {
    let value = |field: &Field| {
        let default = field.default.as_ref().and_then(|d| Value::try_from(d).ok());
        default.unwrap_or_else(|| sample(&field.shape))
    };
    let is_there = |field: &&Field| !field.optional || field.default.is_some();
    fields
        .iter()
        .filter(is_there)
        .map(|field| (field.name.clone(), value(field)))
        .collect()
}

/// A table of a kind.
pub fn kind(tag: &str, variant: &Variant) -> Value {
    let mut table = table(&variant.fields);
    table.insert(tag.to_owned(), variant.kind.name.as_str().into());
    table.into()
}
