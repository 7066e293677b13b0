//! Reading configurations: every field is known, or refused by its name.

use crate::engine::ConfigError;
use serde_json::{Map, Value};

/// The fields of a configuration that have not been read yet.
pub(super) struct Fields {
    /// The file's path in its folder.
    file: String,
    left: Map<String, Value>,
}

type Read<T> = Result<T, ConfigError>;

impl Fields {
    /// The fields of a file that is named so.
    pub fn new(file: &str, json: &[u8]) -> Read<Self> {
        let refused = |what: &str| ConfigError::new(file, what, "an object in JSON");
        let value: Value = serde_json::from_slice(json).map_err(|e| refused(&e.to_string()))?;
        let Value::Object(left) = value else {
            return Err(refused("something else"));
        };
        Ok(Self {
            file: file.to_owned(),
            left,
        })
    }

    fn path(&self, field: &str) -> String {
        format!("{}: {field}", self.file)
    }

    /// Refuses a field's value.
    pub fn refused(
        &self,
        field: &str,
        value: impl std::fmt::Display,
        allowed: impl Into<String>,
    ) -> ConfigError {
        ConfigError::new(self.path(field), value, allowed)
    }

    /// A field's value as `of` reads it; `None` where it is absent or null.
    fn read<T>(&mut self, field: &str, allowed: &str, of: impl Fn(&Value) -> Option<T>) -> Read<Option<T>> {
        match self.left.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => of(&value)
                .map(Some)
                .ok_or_else(|| self.refused(field, &value, allowed)),
        }
    }

    /// A whole number from 1 to `most`, if there is one.
    pub fn whole_if_any(&mut self, field: &str, most: usize) -> Read<Option<usize>> {
        let allowed = format!("a whole number from 1 to {most}");
        self.read(field, &allowed, |value| whole(value, most))
    }

    /// A whole number from 1 to `most`.
    pub fn whole(&mut self, field: &str, default: usize, most: usize) -> Read<usize> {
        Ok(self.whole_if_any(field, most)?.unwrap_or(default))
    }

    /// A whole number from 0, which it is by default, to `most`.
    pub fn whole_from_0(&mut self, field: &str, most: usize) -> Read<usize> {
        let allowed = format!("a whole number from 0 to {most}");
        let of = |value: &Value| value.as_u64().filter(|n| *n <= most as u64).map(|n| n as usize);
        Ok(self.read(field, &allowed, of)?.unwrap_or_default())
    }

    /// The same as [`Fields::whole_if_any`], where null says that there is none, and an absent field has the default.
    pub fn whole_or_null(&mut self, field: &str, default: usize, most: usize) -> Read<Option<usize>> {
        match self.left.get(field) {
            None => Ok(Some(default)),
            Some(_) => self.whole_if_any(field, most),
        }
    }

    /// One of these numbers.
    pub fn one_of(&mut self, field: &str, default: usize, numbers: &[usize]) -> Read<usize> {
        let texts: Vec<String> = numbers.iter().map(usize::to_string).collect();
        let of = |value: &Value| {
            numbers
                .iter()
                .copied()
                .find(|n| value.as_u64() == Some(*n as u64))
        };
        Ok(self.read(field, &texts.join(" or "), of)?.unwrap_or(default))
    }

    /// Whether a field has this name, as an absent one has, or null.
    pub fn present(&mut self, field: &str, name: &str) -> Read<bool> {
        match self.left.remove(field) {
            None => Ok(true),
            Some(Value::Null) => Ok(false),
            Some(value) if value == name => Ok(true),
            Some(value) => Err(self.refused(field, value, format!("\"{name}\""))),
        }
    }

    /// Whole numbers from 1 to `most`, one to 16 of them; `None` where there are none.
    pub fn wholes(&mut self, field: &str, most: usize) -> Read<Option<Vec<usize>>> {
        let allowed = format!("a list of whole numbers from 1 to {most}");
        let all = |value: &Value| {
            value
                .as_array()?
                .iter()
                .map(|v| whole(v, most))
                .collect::<Option<Vec<_>>>()
        };
        self.read(field, &allowed, |value| {
            all(value).filter(|list| (1..=16).contains(&list.len()))
        })
    }

    /// A whole number for each of `count` blocks: one for all, or a list.
    pub fn whole_each(&mut self, field: &str, default: usize, most: usize, count: usize) -> Read<Vec<usize>> {
        let allowed = format!("a whole number from 1 to {most}, or a list of {count}");
        let each = |value: &Value| match value {
            Value::Array(list) if list.len() == count => list.iter().map(|v| whole(v, most)).collect(),
            value => Some(vec![whole(value, most)?; count]),
        };
        Ok(self
            .read(field, &allowed, each)?
            .unwrap_or_else(|| vec![default; count]))
    }

    /// Height and width: one number for both, or both.
    pub fn sides(&mut self, field: &str) -> Read<Option<[usize; 2]>> {
        let of = |value: &Value| match value {
            Value::Array(sides) => match &sides[..] {
                [height, width] => Some([whole(height, 8192)?, whole(width, 8192)?]),
                _ => None,
            },
            side => Some([whole(side, 8192)?; 2]),
        };
        self.read(field, "a whole number from 1 to 8192, or height and width", of)
    }

    /// A finite number.
    pub fn number(&mut self, field: &str, default: f64) -> Read<f64> {
        let of = |value: &Value| value.as_f64().filter(|number| number.is_finite());
        Ok(self.read(field, "a number", of)?.unwrap_or(default))
    }

    /// A number above 0.
    pub fn positive(&mut self, field: &str, default: f64) -> Read<f64> {
        let of = |value: &Value| {
            value
                .as_f64()
                .filter(|number| number.is_finite() && *number > 0.0)
        };
        Ok(self.read(field, "a number above 0", of)?.unwrap_or(default))
    }

    /// True or false.
    pub fn flag(&mut self, field: &str, default: bool) -> Read<bool> {
        Ok(self
            .read(field, "true or false", Value::as_bool)?
            .unwrap_or(default))
    }

    /// What one of these names stands for.
    pub fn choice<T: Copy>(&mut self, field: &str, default: T, names: &[(&str, T)]) -> Read<T> {
        Ok(self
            .read(field, &listed(names), |value| named(value, names))?
            .unwrap_or(default))
    }

    /// What each of `count` names stands for; `None` where there are none.
    pub fn choices<T: Copy>(
        &mut self,
        field: &str,
        count: usize,
        names: &[(&str, T)],
    ) -> Read<Option<Vec<T>>> {
        let allowed = format!("a list of {count}, each {}", listed(names));
        let all = |value: &Value| {
            value
                .as_array()?
                .iter()
                .map(|v| named(v, names))
                .collect::<Option<Vec<T>>>()
        };
        self.read(field, &allowed, |value| {
            all(value).filter(|list| list.len() == count)
        })
    }

    /// Refuses all values of a field but these; an absent one is allowed.
    pub fn only(&mut self, field: &str, values: &[Value]) -> Read<()> {
        match self.left.remove(field) {
            Some(value) if !values.iter().any(|allowed| same(allowed, &value)) => {
                let texts: Vec<String> = values.iter().map(Value::to_string).collect();
                Err(self.refused(field, value, texts.join(" or ")))
            }
            _ => Ok(()),
        }
    }

    /// Leaves out fields that change nothing here.
    pub fn without(&mut self, fields: &[&str]) {
        for field in fields {
            self.left.remove(*field);
        }
    }

    /// Refuses what is left, but for notes of the programs that wrote the file.
    pub fn finish(self) -> Read<()> {
        let unknown = self.left.keys().find(|field| !field.starts_with('_'));
        match unknown {
            None => Ok(()),
            Some(field) => Err(self.refused(
                field,
                ConfigError::UNKNOWN,
                "a model whose configuration does without it",
            )),
        }
    }
}

/// 1 and 1.0 are the same.
fn same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|number| Some(number) == other.as_f64())
}

fn whole(value: &Value, most: usize) -> Option<usize> {
    let number = value.as_u64()?;
    usize::try_from(number)
        .ok()
        .filter(|number| (1..=most).contains(number))
}

fn named<T: Copy>(value: &Value, names: &[(&str, T)]) -> Option<T> {
    let text = value.as_str()?;
    names.iter().find(|(name, _)| *name == text).map(|(_, of)| *of)
}

fn listed<T>(names: &[(&str, T)]) -> String {
    let quoted: Vec<String> = names.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    quoted.join(" or ")
}
