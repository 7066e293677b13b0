//! A class of samples, as a run names it.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A class: its number, or its name in the header of the prior's weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Class {
    /// Its number, from 0.
    Number(usize),
    /// Its name.
    Name(String),
}

impl Class {
    /// Classes by their numbers.
    pub fn numbered(numbers: impl IntoIterator<Item = usize>) -> Vec<Self> {
        numbers.into_iter().map(Self::Number).collect()
    }

    /// Its number, if it is known by that.
    pub fn number(&self) -> Option<usize> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Name(_) => None,
        }
    }
}

/// Of a text that is no number, the class of that name.
impl From<&str> for Class {
    fn from(typed: &str) -> Self {
        match typed.parse() {
            Ok(number) => Self::Number(number),
            Err(_) => Self::Name(typed.to_owned()),
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => write!(f, "`{name}`"),
        }
    }
}

/// By hand, as the error of an untagged enum does not tell what is allowed.
impl<'de> Deserialize<'de> for Class {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Class;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("the number or the name of a class")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Class, E> {
                let refused = || E::invalid_value(Unexpected::Unsigned(number), &self);
                usize::try_from(number).map(Class::Number).map_err(|_| refused())
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Class, E> {
                let refused = || E::invalid_value(Unexpected::Signed(number), &self);
                usize::try_from(number).map(Class::Number).map_err(|_| refused())
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Class, E> {
                Ok(Class::Name(name.to_owned()))
            }
        }

        deserializer.deserialize_any(Either)
    }
}
