//! Places in the table of a run: the names on the way to a field; an element of a list has its number.

use toml::{Table, Value};

/// A place as errors have it.
pub fn dotted(path: &[&str]) -> String {
    let mut said = String::new();
    for name in path {
        match name.parse::<usize>() {
            Ok(index) => said += &format!("[{index}]"),
            Err(_) if said.is_empty() => said += name,
            Err(_) => said += &format!(".{name}"),
        }
    }
    said
}

/// The value at a place.
pub fn get<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(table.get(*first)?, |value, name| match value {
            Value::Array(list) => list.get(name.parse::<usize>().ok()?),
            value => value.get(*name),
        })
}

/// Puts a value at a place; the tables on the way are made where they are missing.
pub fn set(table: &mut Table, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let mut place = table.entry(*first).or_insert_with(|| Table::new().into());
    for name in rest {
        place = match place {
            Value::Array(list) => &mut list[name.parse::<usize>().expect("the number of an element")],
            Value::Table(table) => table.entry(*name).or_insert_with(|| Table::new().into()),
            _ => return,
        };
    }
    *place = value;
}
