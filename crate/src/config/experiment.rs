//! Named comparisons, each of which answers one question.

use super::{ConfigError, Method, Preset, PriorKind, Run, Task};

/// A named comparison of methods on one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    pub name: &'static str,
    pub title: &'static str,
    /// One sentence: what it asks.
    pub question: &'static str,
    pub run: Run,
    pub methods: Vec<Method>,
    /// A field of the run, and the values it takes in turn, in TOML's notation.
    pub vary: Option<(&'static str, Vec<String>)>,
    pub seeds: Vec<u64>,
}

impl Experiment {
    /// The experiment of that name.
    ///
    /// # Errors
    ///
    /// Lists the names there are.
    pub fn find(name: &str) -> Result<Self, ConfigError> {
        let all = experiments();
        let names: Vec<_> = all.iter().map(|e| e.name).collect();
        all.iter().find(|e| e.name == name).cloned().ok_or_else(|| {
            ConfigError::new(
                "experiment",
                format!("`{name}`"),
                format!("one of {}", names.join(", ")),
            )
        })
    }
}

fn preset(name: &str) -> Run {
    Preset::find(name).expect("experiments use presets").run
}

fn methods(task: Task, names: &[&str]) -> Vec<Method> {
    let find = |name: &&str| task.method(name).expect("experiments use methods");
    names.iter().map(find).collect()
}

fn values(field: &'static str, values: &[&str]) -> Option<(&'static str, Vec<String>)> {
    Some((field, values.iter().map(|v| (*v).to_owned()).collect()))
}

/// The methods that are compared on images: those of the paper's table (arXiv 2405.20971), and SMC.
const IMAGES: &[&str] = &["rtb", "ddpo", "dpok", "dps", "lgd-mc", "smc"];

/// All experiments.
pub fn experiments() -> Vec<Experiment> {
    let experiment = |name, title, question, run, methods, vary| Experiment {
        name,
        title,
        question,
        run,
        methods,
        vary,
        seeds: vec![0, 1, 2],
    };
    let shares = || values("rollout.noised_share", &["0", "0.1", "0.25", "0.5", "0.75", "1"]);

    // Long enough to tell the methods apart, and an experiment takes minutes.
    let shorter = |name| {
        let mut run = preset(name);
        run.training.iterations = 600;
        run
    };
    let mut learned = shorter("25-to-9");
    learned.prior.kind = PriorKind::Learned;
    learned.prior.weights = Some("prior-25".to_owned());

    vec![
        experiment(
            "methods",
            "All methods on the paper's toy",
            "Which methods reach the posterior, how closely, and at what cost?",
            shorter("25-to-9"),
            Task::Mixtures.methods(),
            None,
        ),
        experiment(
            "steps",
            "Number of steps",
            "How does the error of trained and weighted samples fall with the steps T of the chain?",
            shorter("25-to-9"),
            methods(Task::Mixtures, &["rtb", "smc", "importance"]),
            values("process.steps", &["10", "20", "50", "100", "200", "500"]),
        ),
        experiment(
            "on-policy-share",
            "Trajectories from elsewhere",
            "What share of the batch should be noised back from given end points?",
            shorter("25-to-9"),
            methods(Task::Mixtures, &["rtb"]),
            shares(),
        ),
        experiment(
            "on-policy-share-islands",
            "Trajectories from elsewhere, far islands",
            "What share of the batch should be noised back where on-policy training misses modes?",
            shorter("islands"),
            methods(Task::Mixtures, &["rtb"]),
            shares(),
        ),
        experiment(
            "non-differentiable",
            "A reward without a useful gradient",
            "What becomes of each method where the reward jumps between two values?",
            shorter("ring-teeth"),
            Task::Mixtures.methods(),
            None,
        ),
        experiment(
            "hard-mask",
            "A hard constraint",
            "What becomes of each method where the reward is 1 on one side of a line and 0 on the other?",
            shorter("25-half-plane"),
            Task::Mixtures.methods(),
            None,
        ),
        experiment(
            "tempering",
            "Sharper and flatter posteriors",
            "How does RTB's error change with the reward's power β?",
            shorter("25-to-9"),
            methods(Task::Mixtures, &["rtb"]),
            values("tempering.beta", &["0.25", "0.5", "1", "2", "4"]),
        ),
        experiment(
            "learned-prior",
            "A learned prior",
            "Does it matter that a learned prior's chain is not the exact reversal of its noising, \
             and so violates trajectory balance with it?",
            learned,
            methods(
                Task::Mixtures,
                &["rtb", "policy-gradient-kl", "importance", "smc"],
            ),
            None,
        ),
        experiment(
            "digits",
            "One class of digits",
            "How near does each method come to the images of one class?",
            preset("digit-3"),
            methods(Task::Digits, IMAGES),
            values(
                "reward.classes",
                &[
                    "[0]", "[1]", "[2]", "[3]", "[4]", "[5]", "[6]", "[7]", "[8]", "[9]",
                ],
            ),
        ),
        experiment(
            "even-odd",
            "Even or odd digits",
            "Does each method keep all five classes that the reward allows?",
            preset("digits-even"),
            methods(Task::Digits, IMAGES),
            values("reward.classes", &["[0, 2, 4, 6, 8]", "[1, 3, 5, 7, 9]"]),
        ),
    ]
}
