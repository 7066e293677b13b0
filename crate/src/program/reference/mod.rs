//! The reference of a run's fields: what each means, what it holds by default and what may stand in it, read
//! off the types, the defaults of the tasks and the validator.

mod comments;
mod place;
mod probe;
mod rows;
mod sample;
mod section;

pub use comments::commented;

use crate::program::grid::Grid;
use probe::Probe;
use rtb::run::{Field, Shape, common_fields};
use rtb::task::{Task, presets};
use section::Section;

/// What the field `task` means, which is no field of a type.
const TASK: &str = "The task, which decides the state space, the prior and the rewards.";

const HEAD: &str = "\
# The fields of a run

A run is described by a TOML file. An absent field has the default of the run's task, or, with
`preset = \"NAME\"`, the preset's value. A file without a preset must have a `[reward]`, and every field whose default
is called required. A `[reward]` or a `[method]` of another kind than the preset's replaces the whole table, and its
absent fields have the defaults named here. A field that the run's task does not use is refused.

`rtb list --toml PRESET` prints a whole file to start from, and `--set FIELD=VALUE` sets any field on the command
line by its dotted path: `--set optimizer.ema=0.99`. Values that are not allowed are refused before the run starts.

`rtb list --fields > docs/write-a-run.md` writes this page.
";

/// The whole page, in Markdown.
pub fn page() -> String {
    let common = common_fields();
    let (tables, top): (Vec<_>, Vec<_>) = common.iter().partition(|field| is_table(&field.shape));
    let mut page = HEAD.to_owned();
    page += "\n## Fields of all tasks\n\n";
    page += &top_level(&top);
    for field in tables {
        page += &Section::common().of(&[&field.name], field);
    }
    for task in Task::all() {
        let name = task.name();
        page += &format!("\n## Fields of the task `{name}`\n");
        let mut section = Section::of_task(task);
        for field in task.fields() {
            page += &section.of(&[&field.name], &field);
        }
    }
    page
}

fn is_table(shape: &Shape) -> bool {
    matches!(shape, Shape::Table { .. } | Shape::Kinds { .. })
}

/// The fields outside of tables. The first two choose what the others stand on, and are no fields of a type.
fn top_level(fields: &[&Field]) -> String {
    let names = |names: Vec<&str>| {
        let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(", ")
    };
    let presets = presets();
    let chosen = [
        [
            "`preset`".to_owned(),
            "The preset from which the run takes the values of absent fields.".to_owned(),
            "none".to_owned(),
            names(presets.iter().map(|preset| preset.name).collect()),
        ],
        [
            "`task`".to_owned(),
            TASK.to_owned(),
            names(vec![Task::default().name()]),
            names(Task::all().map(Task::name).collect()),
        ],
    ];
    let probes: Vec<_> = Task::all().map(|task| (task, Probe::new(task))).collect();
    let others = fields.iter().map(|field| {
        let row = rows::of(&probes, false, &[&field.name], field);
        vec![row.name, row.meaning, row.default, row.allowed]
    });
    table(4, chosen.map(Vec::from).into_iter().chain(others).collect())
}

/// A table in Markdown, of so many columns.
fn table(columns: usize, rows: Vec<Vec<String>>) -> String {
    let headings = ["field", "meaning", "default", "allowed", "tasks"];
    let grid = Grid {
        headings: headings[..columns].iter().map(|h| (*h).to_owned()).collect(),
        rows,
        words: columns,
    };
    grid.markdown()
}

#[cfg(test)]
mod tests {
    use super::page;
    use rtb::run::{Shape, common_fields};
    use rtb::task::Task;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/write-a-run.md");

    #[test]
    fn the_page_is_in_the_repository() {
        let page = page();
        let file = std::fs::read_to_string(FILE).unwrap_or_else(|e| panic!("{FILE}: {e}"));
        assert!(
            file == page,
            "{FILE} is not what the program says; `rtb list --fields > docs/write-a-run.md` writes it anew"
        );
    }

    #[test]
    fn what_a_task_ignores_is_a_field() {
        let fields = common_fields();
        let is_field = |path: &str| {
            let (table, name) = path.split_once('.').unwrap_or_default();
            fields.iter().any(|field| match &field.shape {
                Shape::Table { fields, .. } => field.name == table && fields.iter().any(|f| f.name == name),
                _ => false,
            })
        };
        for task in Task::all() {
            for path in task.room().ignores() {
                assert!(is_field(path), "{}: {path}", task.name());
            }
        }
    }

    #[test]
    fn every_number_has_a_range_but_the_seed() {
        let page = page();
        assert!(!page.contains("any number"), "{page}");
        assert_eq!(page.matches("0 or more").count(), 1, "{page}");
    }
}
