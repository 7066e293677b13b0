//! A table of samples, which becomes the prior.

use super::{FACTS, problem_mut};
use crate::presets::presets_of;
use gloo::timers::future::TimeoutFuture;
use rtb::run::Run;
use rtb::task::plane::fitted::{self, Fitted, Frame};
use rtb::task::plane::{PlaneProblem, Prior, Reward, Shape};
use rtb::task::points::{MOST_COORDINATES, Table};
use std::cell::Cell;
use std::time::Duration;
use web_time::Instant;

/// How long a fit keeps the thread before others have their turn.
const SLICE: Duration = Duration::from_millis(12);
/// Most letters of a run's name, and of what is repeated of a table.
const NAME: usize = 80;
const COLUMN: usize = 20;

/// The mixture that was fitted to a table of two columns.
pub struct Samples {
    file: String,
    columns: [String; 2],
    rows: usize,
    fitted: Fitted,
}

impl Samples {
    /// Reads a table and fits a mixture to it.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the table, without a full stop.
    pub async fn read(file: &str, bytes: &[u8]) -> Result<Self, String> {
        let table = Table::read(bytes)?;
        let columns = columns(&table)?;
        let rows: Vec<_> = table.values.chunks_exact(2).map(|row| [row[0], row[1]]).collect();
        let since = Cell::new(Instant::now());
        let turn = async || {
            if since.get().elapsed() > SLICE {
                TimeoutFuture::new(0).await;
                since.set(Instant::now());
            }
        };
        Ok(Self {
            file: file.to_owned(),
            columns,
            rows: rows.len(),
            fitted: fitted::fit(&rows, turn).await?,
        })
    }

    /// A run with this prior: the one that is shown where it is of this task, else its first preset. What was
    /// done, in words.
    pub fn put(self, shown: &Run) -> (Run, String) {
        let mut run = match PlaneProblem::of(shown) {
            Ok(_) => shown.clone(),
            Err(_) => presets_of(FACTS.naming.name)
                .next()
                .expect("presets of the plane")
                .run
                .clone(),
        };
        run.name = self.name();
        let mut said = self.said();
        let problem = problem_mut(&mut run);
        // A ratio to the mixture before says nothing about this one.
        if let Reward::Ratio { .. } = problem.reward {
            let offset = self.fitted.median;
            problem.reward = half(offset);
            let [a, _] = &self.columns;
            let median = self.told((offset - self.fitted.frame.shift[0]) / self.fitted.frame.scale);
            said.push_str(&format!(
                " The reward is now 1 where {a} is at least its median {median}, and 0 elsewhere."
            ));
        }
        problem.prior = Prior {
            components: self.fitted.components,
            ..Prior::default()
        };
        (run, said)
    }

    /// The name of a run: the file, and how to come from its numbers to those of the square.
    fn name(&self) -> String {
        let name = format!("{}: {}", self.file, self.maps().join(", "));
        match name.chars().count() <= NAME {
            true => name,
            false => cut(&self.file, NAME),
        }
    }

    /// x and y as functions of the columns.
    fn maps(&self) -> [String; 2] {
        let Frame { scale, shift } = self.fitted.frame;
        [0, 1].map(|axis| {
            let column = &self.columns[axis];
            let moved = match shift[axis] {
                0.0 => String::new(),
                shift if shift < 0.0 => format!(" − {}", -shift),
                shift => format!(" + {shift}"),
            };
            format!("{} = {scale}·{column}{moved}", ["x", "y"][axis])
        })
    }

    fn said(&self) -> String {
        let Self {
            file, rows, fitted, ..
        } = self;
        let count = match fitted.components.len() {
            1 => "one Gaussian".to_owned(),
            count => format!("a mixture of {count} Gaussians"),
        };
        let of = match rows - fitted.outside > fitted.seen {
            true => format!(", fitted to {} of them", fitted.seen),
            false => String::new(),
        };
        let log_likelihood = format!("{:.2}", fitted.held_out).replace('-', "−");
        let maps = self.maps();
        let shows = fitted.frame.shows();
        let [a, b] = [0, 1].map(|axis| {
            let [low, high] = shows[axis].map(|value| self.told(value));
            format!("{} from {low} to {high} ({})", self.columns[axis], maps[axis])
        });
        let outside = match fitted.outside {
            0 => String::new(),
            1 => " One row is outside of it and was left out.".to_owned(),
            count => format!(" {count} rows are outside of it and were left out."),
        };
        format!(
            "Opened {file}: {rows} rows became {count}{of} (held-out log likelihood per point {log_likelihood}). \
             The square shows {a} and {b}.{outside}"
        )
    }

    /// A number of the table, with three digits of what the square shows.
    fn told(&self, value: f64) -> String {
        let [[low, high], _] = self.fitted.frame.shows();
        let digits = (2.0 - (high - low).log10().floor()).max(0.0) as usize;
        format!("{value:.digits$}").replace('-', "−")
    }
}

/// 1 on the right of this x, 0 elsewhere.
fn half(offset: f64) -> Reward {
    Reward::Mask {
        shape: Shape::HalfPlane {
            normal: [1.0, 0.0],
            offset,
        },
        inside: 1.0,
        outside: 0.0,
    }
}

/// The names of the two columns of a table.
fn columns(table: &Table) -> Result<[String; 2], String> {
    if let [a, b] = &table.names[..] {
        return Ok([cut(a, COLUMN), cut(b, COLUMN)]);
    }
    let s = if table.columns() == 1 { "" } else { "s" };
    Err(format!(
        "it has {} column{s} ({}), and the page takes two columns; the native program takes up to {MOST_COORDINATES}: rtb \
         pretrain points",
        table.columns(),
        cut(&table.names.join(", "), NAME)
    ))
}

/// The beginning of a text that may be long.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most - 1) {
        Some((end, _)) if text.chars().count() > most => format!("{}…", &text[..end]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::{first, preset};
    use crate::tasks::plane::problem;
    use rtb::task::plane::{Component, PriorKind};

    fn samples() -> Samples {
        Samples {
            file: "points.csv".to_owned(),
            columns: ["a", "b"].map(str::to_owned),
            rows: 60,
            fitted: Fitted {
                components: vec![Component::isotropic(1.0, [1.0, 2.0], 9.0)],
                frame: Frame {
                    scale: 3.2,
                    shift: [-10.0, 0.0],
                },
                outside: 0,
                seen: 60,
                held_out: -3.456,
                median: 1.2,
            },
        }
    }

    #[test]
    fn samples_become_the_prior_and_a_ratio_gives_way() {
        let (run, said) = samples().put(&first());
        assert_eq!(run.validate(), Ok(()));
        assert_eq!(run.name, "points.csv: x = 3.2·a − 10, y = 3.2·b");
        assert_eq!(problem(&run).prior.components, samples().fitted.components);
        assert_eq!(problem(&run).reward, half(1.2));
        assert_eq!(
            said,
            "Opened points.csv: 60 rows became one Gaussian (held-out log likelihood per point −3.46). The square shows a \
             from −1.25 to 7.50 (x = 3.2·a − 10) and b from −4.38 to 4.38 (y = 3.2·b). The reward is now 1 where a is \
             at least its median 3.50, and 0 elsewhere."
        );
    }

    #[test]
    fn another_reward_stays_and_another_task_gives_way() {
        let mut shown = preset("ring-tilt").expect("a preset").run.clone();
        shown.seed = 9;
        problem_mut(&mut shown).prior.kind = PriorKind::Learned;
        let (run, said) = samples().put(&shown);
        let reward = |run: &Run| problem(run).reward.clone();
        assert_eq!((reward(&run), run.seed), (reward(&shown), 9));
        assert_eq!(problem(&run).prior.kind, PriorKind::Exact);
        assert!(!said.contains("reward"), "{said}");
        let (run, _) = samples().put(&preset("digit-3").expect("a preset").run);
        assert_eq!(run.task().name(), FACTS.naming.name);
        assert_eq!(run.validate(), Ok(()));
    }

    #[test]
    fn what_was_not_seen_is_told_and_long_names_are_cut() {
        let mut samples = samples();
        (samples.rows, samples.fitted.seen, samples.fitted.outside) = (50_000, 20_000, 3);
        let said = samples.said();
        assert!(
            said.contains("50000 rows became one Gaussian, fitted to 20000 of them"),
            "{said}"
        );
        assert!(
            said.ends_with("3 rows are outside of it and were left out."),
            "{said}"
        );
        samples.file = "é".repeat(90);
        assert_eq!(samples.name(), format!("{}…", "é".repeat(79)));
    }

    #[test]
    fn a_table_has_two_columns() {
        let of = |text: &str| columns(&Table::read(text.as_bytes()).expect("a table"));
        assert_eq!(of("a,b\n1,2\n"), Ok(["a", "b"].map(str::to_owned)));
        assert_eq!(
            of("a,b,c\n1,2,3\n"),
            Err("it has 3 columns (a, b, c), and the page takes two columns; the native program takes up to 64: rtb pretrain points".to_owned())
        );
        assert!(of("a\n1\n").is_err_and(|why| why.starts_with("it has 1 column (a)")));
    }
}
