//! Descriptions of runs with some fields changed.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rtb::run::Preset;
use rtb::task::presets;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use toml::{Table, Value};

pub static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(presets);

/// The tables of all presets, as they are written.
static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let table = |preset: &Preset| toml::from_str(&preset.run.to_toml()).expect("a run is TOML");
    PRESETS.iter().map(table).collect()
});

/// The dotted paths of the fields of all presets.
pub fn paths() -> Vec<String> {
    let dotted = |place: Place| {
        let keys = place.into_iter().map(|step| match step {
            Step::Key(key) => Some(key),
            Step::At(_) => None,
        });
        Some(keys.collect::<Option<Vec<_>>>()?.join("."))
    };
    let all: BTreeSet<String> = TABLES.iter().flat_map(places).filter_map(dotted).collect();
    all.into_iter().collect()
}

/// A place in a table: keys and positions in lists.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Key(String),
    At(usize),
}

type Place = Vec<Step>;

/// A change of one place.
#[derive(Clone, Debug)]
pub enum Change {
    Set(Value),
    /// The value of a place of any preset.
    Copy(Index, Index),
    Remove,
    /// A list, or a text, several times in a row.
    Repeat(usize),
    Shorten(Index),
    /// A field beside it.
    Add(String, Value),
}

/// A preset and what is changed in it.
#[derive(Clone, Debug)]
pub struct Changed {
    preset: Index,
    changes: Vec<(Index, Change)>,
}

/// A changed description, and the changed fields: the keys on the way to each.
pub struct Description {
    pub table: Table,
    pub fields: Vec<Vec<String>>,
    /// Whether there are fields that nobody knows.
    pub has_more: bool,
}

const TEXTS: &[&str] = &[
    "",
    " ",
    "\n",
    "\t",
    "\"",
    "'",
    "\\",
    "\u{0}",
    "é",
    "🦀",
    "0",
    "nan",
    "true",
    "[]",
    "x",
    "sin(x",
    "exact",
    "learned",
    "prior-25",
    "nowhere",
    "ratio",
    "formula",
    "mask",
    "painted",
    "product",
    "all",
    "classes",
    "each_class",
    "ending",
    "mention",
    "disc",
    "ring",
    "box",
    "vargrad",
    "linear",
    "rtb",
    "smc",
    "mixtures",
    "digits",
    "stories",
    "held_out",
    "0123",
    "a b",
    "\r\n",
];
const WHOLE: &[i64] = &[
    0,
    1,
    -1,
    2,
    3,
    7,
    10,
    28,
    81,
    100,
    1_000,
    10_000_001,
    1 << 32,
    i64::MAX,
    i64::MIN,
];
const REAL: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    14.0,
    1e6,
    1e308,
    -1e308,
    5e-324,
    1e-320,
    1e-9,
    f64::EPSILON,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(TEXTS).prop_map(str::to_owned),
        1 => (select(TEXTS), 2..20_000usize).prop_map(|(text, times)| text.repeat(times)),
        1 => "\\PC{0,12}",
    ]
}

fn numbers() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(WHOLE).prop_map(Value::from),
        select(REAL).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
    ]
}

fn plain() -> impl Strategy<Value = Value> {
    let date = "1979-05-27T07:32:00Z".parse().expect("a date");
    prop_oneof![
        6 => numbers(),
        4 => texts().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Datetime(date)),
    ]
}

/// A value of any kind.
fn values() -> impl Strategy<Value = Value> {
    let deep = (1..70usize).prop_map(|depth| (0..depth).fold(Value::from(1), |v, _| Value::Array(vec![v])));
    let table = (texts(), plain()).prop_map(|(key, value)| Value::Table(Table::from_iter([(key, value)])));
    prop_oneof![
        12 => plain(),
        2 => vec(plain(), 0..4).prop_map(Value::Array),
        1 => deep,
        1 => table,
    ]
}

impl Changed {
    /// One to three changes of any preset.
    pub fn any() -> impl Strategy<Value = Self> {
        let change = prop_oneof![
            8 => values().prop_map(Change::Set),
            2 => any::<(Index, Index)>().prop_map(|(table, place)| Change::Copy(table, place)),
            2 => Just(Change::Remove),
            1 => (2..300usize).prop_map(Change::Repeat),
            1 => any::<Index>().prop_map(Change::Shorten),
            1 => (texts(), plain()).prop_map(|(key, value)| Change::Add(key, value)),
        ];
        let changes = vec((any::<Index>(), change), 1..=3);
        (any::<Index>(), changes).prop_map(|(preset, changes)| Self { preset, changes })
    }

    pub fn description(&self) -> Description {
        let mut table = self.preset.get(&TABLES).clone();
        let mut fields = Vec::new();
        for (at, change) in &self.changes {
            let places = places(&table);
            if places.is_empty() {
                break;
            }
            let place = at.get(&places);
            change.at(&mut table, place);
            let keys = place.iter().filter_map(|step| match step {
                Step::Key(key) => Some(key.clone()),
                Step::At(_) => None,
            });
            fields.push(keys.collect());
        }
        let adds = |(_, change): &(Index, Change)| matches!(change, Change::Add(..));
        Description {
            table,
            fields,
            has_more: self.changes.iter().any(adds),
        }
    }
}

impl Change {
    fn at(&self, table: &mut Table, place: &[Step]) {
        let (last, way) = place.split_last().expect("a place has at least one step");
        let Some(inside) = inside(table, way) else {
            return;
        };
        match (inside, last) {
            (Inside::Table(table), Step::Key(key)) => match self {
                Self::Remove => drop(table.remove(key)),
                Self::Add(name, value) => drop(table.insert(name.clone(), value.clone())),
                other => {
                    let old = table.get(key).cloned();
                    table.extend(old.map(|old| (key.clone(), other.value(old))));
                }
            },
            (Inside::List(list), Step::At(at)) => match self {
                Self::Remove => drop(list.remove(*at)),
                other => list[*at] = other.value(list[*at].clone()),
            },
            _ => {}
        }
    }

    /// What stands there instead of `old`.
    fn value(&self, old: Value) -> Value {
        match (self, old) {
            (Self::Set(value) | Self::Add(_, value), _) => value.clone(),
            (Self::Copy(table, place), _) => {
                let table = table.get(&TABLES);
                let places = places(table);
                at(table, place.get(&places).as_slice()).clone()
            }
            (Self::Repeat(times), Value::Array(list)) => {
                let length = times * list.len();
                Value::Array(list.into_iter().cycle().take(length).collect())
            }
            (Self::Repeat(times), Value::String(text)) => Value::String(text.repeat(*times)),
            (Self::Repeat(_), Value::Integer(number)) => Value::Integer(number.wrapping_neg()),
            (Self::Repeat(_), Value::Float(number)) => Value::Float(-number),
            (Self::Shorten(to), Value::Array(mut list)) => {
                list.truncate(to.index(list.len() + 1));
                Value::Array(list)
            }
            (Self::Shorten(to), Value::String(text)) => {
                let length = to.index(text.chars().count() + 1);
                Value::String(text.chars().take(length).collect())
            }
            (_, old) => old,
        }
    }
}

enum Inside<'a> {
    Table(&'a mut Table),
    List(&'a mut Vec<Value>),
}

/// The table or the list at the end of a way.
fn inside<'a>(table: &'a mut Table, way: &[Step]) -> Option<Inside<'a>> {
    let mut inside = Inside::Table(table);
    for step in way {
        let value = match (inside, step) {
            (Inside::Table(table), Step::Key(key)) => table.get_mut(key),
            (Inside::List(list), Step::At(at)) => list.get_mut(*at),
            _ => None,
        };
        inside = match value? {
            Value::Table(table) => Inside::Table(table),
            Value::Array(list) => Inside::List(list),
            _ => return None,
        };
    }
    Some(inside)
}

fn at<'a>(table: &'a Table, place: &[Step]) -> &'a Value {
    let (first, rest) = place.split_first().expect("a place has at least one step");
    let Step::Key(key) = first else {
        unreachable!("the outermost is a table")
    };
    rest.iter().fold(&table[key], |value, step| match step {
        Step::Key(key) => &value[key.as_str()],
        Step::At(at) => &value[*at],
    })
}

/// All places of a table, and of what is in it.
fn places(table: &Table) -> Vec<Place> {
    let mut found = Vec::new();
    for (key, value) in table {
        collect(vec![Step::Key(key.clone())], value, &mut found);
    }
    found
}

fn collect(place: Place, value: &Value, found: &mut Vec<Place>) {
    let below = |step| [&place[..], &[step]].concat();
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                collect(below(Step::Key(key.clone())), value, found);
            }
        }
        // Of a long list, its ends.
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                if at < 2 || at + 1 == list.len() {
                    collect(below(Step::At(at)), value, found);
                }
            }
        }
        _ => {}
    }
    found.push(place);
}
