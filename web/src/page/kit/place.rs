//! Numbers of a value, each to be read and changed at its place.

use super::field::{Amount, Number};
use rtb::run::ConfigError;
use yew::prelude::*;

/// Where a number stands.
pub enum Place<'a> {
    Real(&'a mut f64),
    Whole(&'a mut usize),
    /// A number that need not be there.
    Optional(&'a mut Option<f64>),
}

impl Place<'_> {
    pub fn value(&self) -> f64 {
        match self {
            Self::Real(value) => **value,
            Self::Whole(value) => **value as f64,
            Self::Optional(value) => value.unwrap_or(f64::NAN),
        }
    }
}

/// A number of a value: its field, its label, what it is, and its place.
pub struct Part<'a> {
    pub field: &'static str,
    pub label: &'static str,
    pub help: &'static str,
    pub place: Place<'a>,
}

impl<'a> Part<'a> {
    pub fn new(field: &'static str, label: &'static str, help: &'static str, place: Place<'a>) -> Self {
        Self {
            field,
            label,
            help,
            place,
        }
    }
}

/// Inputs for the numbers of a value.
pub struct Numbers<'a, T> {
    pub value: &'a T,
    pub parts: fn(&mut T) -> Vec<Part<'_>>,
    /// Tells values of different kinds apart, whose numbers are not the same ones.
    pub kind: &'static str,
    /// Begins the ids of the inputs.
    pub id: &'a str,
    /// The value's name in errors.
    pub field: &'a str,
    pub set: &'a Callback<T, Result<(), ConfigError>>,
}

impl<T: Clone + 'static> Numbers<'_, T> {
    pub fn html(&self) -> Html {
        let number = |(at, part): (usize, Part)| {
            let Part {
                field,
                label,
                help,
                place,
            } = part;
            match place {
                Place::Real(value) => self.number(at, [field, label, help], *value, |place, value| {
                    if let Place::Real(place) = place {
                        *place = value;
                    }
                }),
                Place::Whole(value) => self.number(at, [field, label, help], *value, |place, value| {
                    if let Place::Whole(place) = place {
                        *place = value;
                    }
                }),
                Place::Optional(value) => self.number(at, [field, label, help], *value, |place, value| {
                    if let Place::Optional(place) = place {
                        *place = value;
                    }
                }),
            }
        };
        let mut value = self.value.clone();
        html! { <div class="numbers">{ for (self.parts)(&mut value).into_iter().enumerate().map(number) }</div> }
    }

    fn number<A: Amount>(
        &self,
        at: usize,
        [field, label, help]: [&'static str; 3],
        value: A,
        put: fn(Place, A),
    ) -> Html {
        let (parts, set, before) = (self.parts, self.set.clone(), self.value.clone());
        let set = Callback::from(move |value: A| {
            let mut changed = before.clone();
            put(parts(&mut changed).swap_remove(at).place, value);
            set.emit(changed)
        });
        html! {
            <Number<A> key={format!("{}-{field}", self.kind)} id={format!("{}-{}", self.id, field.replace('_', "-"))}
                field={format!("{}.{field}", self.field)} {label} {help} {value} {set} />
        }
    }
}
