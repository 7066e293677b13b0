//! A table of a run, with the tables inside of it.

use super::place::dotted;
use super::probe::Probe;
use super::rows::{self, Row};
use super::table;
use rtb::run::{Field, Method, Shape, Variant};
use rtb::task::Task;
use toml::Table;

/// Prints tables of runs, each shape once.
pub struct Section {
    /// The tasks whose runs have them.
    probes: Vec<(Task, Probe)>,
    /// Whether the fields belong to a kind of table or an element of a list, not to the runs that tasks start
    /// from.
    of_kind: bool,
    /// What was printed, and where it stands.
    seen: Vec<(Shape, String)>,
    /// Tables that stand in others, printed after them.
    after: String,
}

impl Section {
    /// Of the tables that all tasks have.
    pub fn common() -> Self {
        Self::new(Task::all())
    }

    /// Of the tables that a task has.
    pub fn of_task(task: Task) -> Self {
        Self::new(std::iter::once(task))
    }

    fn new(tasks: impl Iterator<Item = Task>) -> Self {
        Self {
            probes: tasks.map(|task| (task, Probe::new(task))).collect(),
            of_kind: false,
            seen: Vec::new(),
            after: String::new(),
        }
    }

    /// The table of a field, or one of its tables, and the tables inside of it.
    pub fn of(&mut self, path: &[&str], field: &Field) -> String {
        self.table(path, field) + &std::mem::take(&mut self.after)
    }

    fn table(&mut self, path: &[&str], field: &Field) -> String {
        let (head, shape, place) = match &field.shape {
            Shape::List { of, .. } => (format!("[[{}]]", dotted(path)), &**of, [path, &["0"]].concat()),
            shape => (format!("[{}]", dotted(path)), shape, path.to_vec()),
        };
        self.seen.push((shape.clone(), head.clone()));
        let of_kind = self.of_kind || place.len() > path.len();
        let has_it = |probe: &Probe| probe.with(&place, shape);
        self.inside(of_kind, has_it, |section| {
            let said = |of_shape: &str| match field.meaning.as_str() {
                "" => of_shape.to_owned(),
                of_field => of_field.to_owned(),
            };
            match shape {
                Shape::Table { meaning, fields } => {
                    let fields = section.fields(&place, fields);
                    format!("\n### `{head}`\n\n{}\n\n{fields}", said(meaning))
                }
                Shape::Kinds {
                    meaning,
                    tag,
                    variants,
                } => {
                    let usual = section.usual(&place, tag);
                    let kinds = variants.iter().map(|variant| section.kind(&place, tag, variant));
                    let kinds: String = kinds.collect();
                    format!("\n### `{head}`\n\n{}{usual}\n{kinds}", said(meaning))
                }
                _ => String::new(),
            }
        })
    }

    /// Prints with other runs at hand.
    fn inside(
        &mut self,
        of_kind: bool,
        find: impl Fn(&Probe) -> Probe,
        print: impl FnOnce(&mut Self) -> String,
    ) -> String {
        let probes = self.probes.iter().map(|(task, probe)| (*task, find(probe)));
        let probes = probes.collect();
        let before = (
            std::mem::replace(&mut self.probes, probes),
            std::mem::replace(&mut self.of_kind, of_kind),
        );
        let text = print(self);
        (self.probes, self.of_kind) = before;
        text
    }

    /// Which kind there is by default.
    fn usual(&self, path: &[&str], tag: &str) -> String {
        if let [table] = path
            && self.probes.iter().all(|(_, probe)| probe.is_required(table))
        {
            return " It is required.".to_owned();
        }
        let at = [path, &[tag]].concat();
        let kinds = self.probes.iter().map(|(_, probe)| probe.value(&at));
        let kinds: Vec<_> = kinds.flatten().collect();
        match kinds.first() {
            Some(kind) if !self.of_kind && kinds.iter().all(|other| other == kind) => {
                format!(" The default is `{tag} = {kind}`.")
            }
            _ => String::new(),
        }
    }

    /// A kind of table.
    fn kind(&mut self, path: &[&str], tag: &str, variant: &Variant) -> String {
        let of_kind = |probe: &Probe| probe.with_kind(path, tag, variant);
        self.inside(true, of_kind, |section| {
            let remarks = match path {
                ["method"] => not_for(&variant.kind.name),
                _ => String::new(),
            };
            let head = format!("`{tag} = \"{}\"`", variant.kind.name);
            let mut text = format!("\n#### {head}\n\n{}{remarks}\n", variant.kind.meaning);
            if !variant.fields.is_empty() {
                text += &format!("\n{}", section.fields(path, &variant.fields));
            }
            text
        })
    }

    /// The fields of a table, and after them the tables among them.
    fn fields(&mut self, path: &[&str], fields: &[Field]) -> String {
        let mut rows = Vec::new();
        for field in fields {
            let place = [path, &[field.name.as_str()]].concat();
            let mut row = rows::of(&self.probes, self.of_kind, &place, field);
            if let Some(shape) = table_in(&field.shape) {
                let seen = self.seen.iter().find(|(other, _)| shape == other);
                let head = match seen {
                    Some((_, head)) => format!("like `{head}`"),
                    None => {
                        let nested = self.table(&place, field);
                        self.after += &nested;
                        "below".to_owned()
                    }
                };
                row.allowed += &format!(", {head}");
            } else if holds_again(&field.shape) {
                row.allowed += &format!(" like `[{}]`", path[0]);
            }
            rows.push(row);
        }
        lines(&rows)
    }
}

/// The table that a field holds, or several of.
fn table_in(shape: &Shape) -> Option<&Shape> {
    match shape {
        Shape::Table { .. } | Shape::Kinds { .. } => Some(shape),
        Shape::List { of, .. } => table_in(of),
        _ => None,
    }
}

/// Whether a field holds tables like one that it stands in.
fn holds_again(shape: &Shape) -> bool {
    matches!(shape, Shape::List { of, .. } if **of == Shape::Again)
}

/// The tasks that a kind of method is not for.
fn not_for(kind: &str) -> String {
    let is_kind = |method: &Method| {
        let table = Table::try_from(method).expect("a method is a TOML table");
        table["kind"].as_str() == Some(kind)
    };
    let lacking = Task::all().filter(|task| !task.methods().iter().any(is_kind));
    lacking.map(|task| format!(" Not for {}.", task.name())).collect()
}

/// Rows as a table, with a column for tasks where it says something.
fn lines(rows: &[Row]) -> String {
    let has_tasks = rows.iter().any(|row| !row.tasks.is_empty());
    let shown = if has_tasks { 5 } else { 4 };
    let cells = |row: &Row| {
        let cells = [&row.name, &row.meaning, &row.default, &row.allowed, &row.tasks];
        cells[..shown].iter().map(|cell| (*cell).clone()).collect()
    };
    table(shown, rows.iter().map(cells).collect())
}
