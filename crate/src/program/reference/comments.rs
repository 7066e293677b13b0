//! A run as TOML, with a comment on every field.

use super::{TASK, place};
use rtb::run::{Field, Run, Shape, common_fields, statements};
use std::collections::HashSet;
use toml::{Table, Value};

const HEAD: &str = "# `rtb list --fields` has all fields, kinds of tables and allowed values.\n\n";

/// The TOML of a run. The first time that a field or a table stands in it, a comment says what it means.
pub fn commented(run: &Run) -> String {
    let toml = run.to_toml();
    let table: Table = toml::from_str(&toml).expect("a run is TOML");
    let fields = [common_fields(), run.task().fields()].concat();
    let (mut inside, mut said) = (Vec::new(), HashSet::new());
    let mut text = HEAD.to_owned();
    for statement in statements(&toml) {
        let path = match statement.strip_prefix('[') {
            Some(head) => {
                let head = head.trim_matches(['[', ']', '\n']);
                inside = head.split('.').map(str::to_owned).collect();
                inside.clone()
            }
            None => {
                let name = statement.split(" = ").next().unwrap_or_default();
                [&inside[..], &[name.to_owned()]].concat()
            }
        };
        let dotted = path.join(".");
        let meaning = match dotted.as_str() {
            "task" => Some(TASK.to_owned()),
            _ => meaning(&fields, &table, &path),
        };
        if let Some(meaning) = meaning.filter(|_| said.insert(path)) {
            text += &format!("# {meaning}\n");
        }
        text += statement;
    }
    text
}

/// What the field or the table at a place means, in a sentence.
fn meaning(fields: &[Field], run: &Table, path: &[String]) -> Option<String> {
    let (name, rest) = path.split_first()?;
    let field = fields.iter().find(|field| field.name == *name)?;
    let value = run.get(name);
    let mut shape = &field.shape;
    while let Shape::List { of, .. } = shape {
        shape = of;
    }
    let inside = |value: Option<&Value>, fields: &[Field]| {
        let first = |list: &Value| list.get(0).cloned();
        let table = value.and_then(|value| {
            value
                .as_table()
                .cloned()
                .or_else(|| first(value)?.as_table().cloned())
        });
        meaning(fields, &table.unwrap_or_default(), rest)
    };
    match shape {
        Shape::Table { meaning, .. } | Shape::Kinds { meaning, .. } if rest.is_empty() => {
            let meanings = [&field.meaning, meaning];
            let said = meanings.into_iter().find(|meaning| !meaning.is_empty());
            said.map(|meaning| first_sentence(meaning).to_owned())
        }
        Shape::Table { fields, .. } => inside(value, fields),
        Shape::Kinds { tag, variants, .. } => {
            let kind = place::get(run, &[name, tag])?.as_str()?;
            let variant = variants.iter().find(|variant| variant.kind.name == kind)?;
            match rest {
                [field] if field == tag => Some(first_sentence(&variant.kind.meaning).to_owned()),
                _ => inside(value, &variant.fields),
            }
        }
        Shape::Choice(choices) if choices.len() > 1 => {
            let names: Vec<_> = choices.iter().map(|c| format!("`{}`", c.name)).collect();
            let said = first_sentence(&field.meaning);
            Some(format!("{said} One of {}.", names.join(", ")))
        }
        _ => Some(first_sentence(&field.meaning).to_owned()),
    }
}

/// Up to the first full stop before a capital letter.
fn first_sentence(text: &str) -> &str {
    let stops = text.match_indices(". ");
    let mut ends = stops.filter(|(at, _)| text[at + 2..].starts_with(char::is_uppercase));
    ends.next().map_or(text, |(at, _)| &text[..=at])
}

#[cfg(test)]
mod tests {
    use super::commented;
    use rtb::run::Run;
    use rtb::task::presets;

    #[test]
    fn a_commented_run_is_the_same_run() {
        for preset in presets() {
            let toml = commented(&preset.run);
            assert_eq!(Run::from_toml(&toml).as_ref(), Ok(&preset.run), "{toml}");
        }
    }

    #[test]
    fn every_table_has_a_comment() {
        for preset in presets() {
            let toml = commented(&preset.run);
            let lines: Vec<_> = toml.lines().collect();
            let heads = lines.windows(2).filter(|pair| pair[1].starts_with('['));
            let mut heads: Vec<_> = heads.collect();
            // One that is said several times has its comment at the first.
            heads.dedup_by_key(|pair| pair[1]);
            for pair in heads {
                assert!(pair[0].starts_with("# "), "{}: {}", preset.name, pair[1]);
            }
            assert!(
                toml.contains("\n# Iterations of the whole run.\niterations = "),
                "{toml}"
            );
        }
    }
}
