//! Runs as TOML text.

use serde::Serialize;
use toml::{Table, Value};

/// Widest line with a list on it, in bytes.
const WIDEST: usize = 100;

/// A value as TOML text, in the order of its fields. Short lists stand on one line, others have a line for
/// each element.
pub(crate) fn toml_text(value: &impl Serialize) -> String {
    let text = toml::to_string(value).expect("a description is a TOML table");
    statements(&text).map(wrapped).collect()
}

/// The statements of TOML text, which are its parts that are TOML themselves: tables' heads, fields with their
/// values, empty lines. Strings may have more than one line, and lists.
pub fn statements(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let ends = rest.match_indices('\n').map(|(at, _)| at + 1);
        let mut ends = ends.filter(|end| toml::from_str::<Table>(&rest[..*end]).is_ok());
        let end = ends.next().unwrap_or(rest.len());
        let (statement, left) = rest.split_at(end);
        rest = left;
        (!statement.is_empty()).then_some(statement)
    })
}

/// A statement whose list, where it has a long one, is on as many lines as it has elements.
fn wrapped(statement: &str) -> String {
    let list = || match toml::from_str::<Table>(statement).ok()?.into_iter().next()? {
        (field, Value::Array(list)) => Some((field, list)),
        _ => None,
    };
    match (statement.len() > WIDEST).then(list).flatten() {
        Some((field, list)) if !statement.starts_with('[') => {
            let lines = list.iter().map(|element| format!("    {element},\n"));
            format!("{field} = [\n{}]\n", lines.collect::<String>())
        }
        _ => statement.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{statements, toml_text};
    use serde::Serialize;
    use toml::Table;

    #[derive(Serialize)]
    struct Described {
        short: Vec<f64>,
        long: Vec<String>,
        text: &'static str,
        parts: Vec<Part>,
    }

    #[derive(Serialize)]
    struct Part {
        mean: [f64; 2],
    }

    fn described() -> Described {
        Described {
            short: vec![0.0, 1.5],
            long: vec!["0123456789".repeat(3); 4],
            text: "a\n[b]\nc = [\n\"\"\" \\ '",
            parts: vec![Part { mean: [0.0, 1.0] }, Part { mean: [2.0, 3.0] }],
        }
    }

    #[test]
    fn short_lists_stand_on_one_line() {
        let text = toml_text(&described());
        assert!(text.contains("short = [0.0, 1.5]\n"), "{text}");
        assert!(text.contains("mean = [2.0, 3.0]\n"), "{text}");
        let long = format!(
            "long = [\n{}]\n",
            format!("    \"{}\",\n", "0123456789".repeat(3)).repeat(4)
        );
        assert!(text.contains(&long), "{text}");
    }

    #[test]
    fn text_with_lines_of_its_own_is_left_alone() {
        let text = toml_text(&described());
        let read: Table = toml::from_str(&text).expect("it is TOML");
        assert_eq!(read, Table::try_from(described()).expect("it is a table"));
        let parts: Vec<&str> = statements(&text).collect();
        assert_eq!(parts.concat(), text);
        let heads = parts.iter().filter(|part| part.starts_with('['));
        assert_eq!(heads.count(), 2, "{parts:?}");
    }
}
