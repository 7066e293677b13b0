//! Which methods are compared, with what settings, and how long.

use super::Compared;
use crate::kit::field::{Check, Number};
use crate::kit::shared::{Fixed, Shared};
use crate::parts::method;
use rtb::run::{ConfigError, Method, Run};
use rtb::task::Task;
use std::collections::BTreeMap;
use yew::prelude::*;

/// What is chosen where the user has not chosen.
const CHOSEN: [&str; 6] = [
    "rtb",
    "policy-gradient-kl",
    "policy-gradient-reward",
    "dps",
    "importance",
    "smc",
];

/// Least and most samples of a method.
pub type Limits = (usize, usize);

/// What the outcomes of a method cost while it trains, beside its iterations.
const BESIDE: f64 = 1.25;
/// What a transition of the chain costs in training, as often as in sampling.
const TRAINING: f64 = 4.0;

/// What the user has chosen; the rest is as it comes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chosen {
    /// Whether a method is wanted, by its name.
    wants: BTreeMap<&'static str, bool>,
    /// Methods with other settings, by the task and their name.
    settings: BTreeMap<[&'static str; 2], Method>,
    /// Where they are not the run's.
    samples: Option<usize>,
    iterations: Option<usize>,
}

/// About how long the parts of a comparison take, s: the samples of the prior, then every method.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    pub prepared: f64,
    pub methods: Vec<f64>,
}

impl Work {
    pub fn seconds(&self) -> f64 {
        self.prepared + self.methods.iter().sum::<f64>()
    }
}

impl Chosen {
    /// The methods of a task with their settings, and whether each is wanted.
    fn methods(&self, task: Task) -> Vec<(Method, bool)> {
        let chosen = |method: Method| {
            let name = method.info().name;
            let set = self.settings.get(&[task.name(), name]);
            let wanted = self.wants.get(name).copied();
            (
                set.copied().unwrap_or(method),
                wanted.unwrap_or(CHOSEN.contains(&name)),
            )
        };
        task.methods().into_iter().map(chosen).collect()
    }

    /// The methods wanted on a task: first those that need no training, whose answers come soon.
    pub fn wanted(&self, task: Task) -> Vec<Method> {
        let wanted = self.methods(task).into_iter().filter(|(_, on)| *on);
        let mut wanted: Vec<_> = wanted.map(|(m, _)| m).collect();
        wanted.sort_by_key(Method::is_trained);
        wanted
    }

    fn want(&mut self, method: Method, on: bool) {
        self.wants.insert(method.info().name, on);
    }

    fn set(&mut self, task: Task, method: Method) {
        self.settings.insert([task.name(), method.info().name], method);
    }

    /// The run with the comparison's own numbers.
    pub fn run(&self, run: &Run, compared: &Compared) -> Run {
        let mut run = run.clone();
        run.evaluation.samples_while_training = self.samples(&run, compared.limits);
        run.training.iterations = self.iterations(&run, compared);
        run
    }

    /// Those of the run, but few enough for an answer in minutes.
    fn iterations(&self, run: &Run, compared: &Compared) -> usize {
        self.iterations
            .unwrap_or(run.training.iterations.min(compared.iterations))
    }

    /// What there is to do, where an iteration of the run takes so long, s.
    pub fn work(&self, run: &Run, compared: &Compared, pace: f64) -> Work {
        let run = self.run(run, compared);
        // Batches that are sampled, of a network and of the prior.
        let batches = |samples: usize| pace * samples as f64 / run.rollout.batch as f64;
        let sampled = batches(run.evaluation.samples_while_training);
        let trained = pace * run.training.iterations as f64 * BESIDE;
        let method = |m: &Method| sampled + if m.is_trained() { trained } else { 0.0 };
        Work {
            prepared: batches(run.evaluation.proposals) / TRAINING,
            methods: self.wanted(run.task()).iter().map(method).collect(),
        }
    }

    fn samples(&self, run: &Run, (least, most): Limits) -> usize {
        let own = run.evaluation.samples_while_training;
        self.samples.unwrap_or(own).clamp(least, most)
    }
}

#[derive(Properties, PartialEq)]
pub struct ChooseProps {
    pub run: Shared<Run>,
    pub compared: Fixed<Compared>,
    pub chosen: Chosen,
    pub set: Callback<Chosen>,
}

#[component]
pub fn Choose(props: &ChooseProps) -> Html {
    let group = |trained: bool, title: &'static str, help: &'static str| {
        let all = props.chosen.methods(props.run.task()).into_iter();
        let mine = all.filter(|(m, _)| m.is_trained() == trained);
        html! {
            <fieldset>
                <legend>{ title }</legend>
                <p class="help">{ help }</p>
                <div class="methods">{ for mine.map(|(method, on)| one(props, method, on)) }</div>
            </fieldset>
        }
    };
    html! {
        <>
            { group(true, "Trained", "These methods train a copy of the prior. After training they sample as fast as the prior.") }
            { group(false, "Training-free", "These methods sample from the prior and guide, weight or select its samples.") }
            <div class="numbers amounts">
                <Number<usize> id="compare-samples" label="Samples per method" field="samples" value={props.chosen.samples(&props.run, props.compared.limits)}
                    help="Number of samples for every metric and picture; more samples are less noisy but take longer."
                    set={within(props, "samples", props.compared.limits, |chosen, value| chosen.samples = Some(value))} />
                <Number<usize> id="compare-iterations" label="Training iterations" field="iterations"
                    value={props.chosen.iterations(&props.run, &props.compared)}
                    help={format!("For every trained method. The default is the run’s own number, but at most {}.", props.compared.iterations)}
                    set={within(props, "iterations", (1, 1_000_000), |chosen, value| chosen.iterations = Some(value))} />
            </div>
        </>
    }
}

/// A method's box, and its settings while it is wanted.
fn one(props: &ChooseProps, method: Method, on: bool) -> Html {
    let info = method.info();
    let id = format!("compare-{}", info.name);
    let want = {
        let (chosen, set) = (props.chosen.clone(), props.set.clone());
        Callback::from(move |on| {
            let mut chosen = chosen.clone();
            chosen.want(method, on);
            set.emit(chosen);
        })
    };
    let set = {
        let (run, chosen, set) = (props.run.clone(), props.chosen.clone(), props.set.clone());
        Callback::from(move |new: Method| {
            Run {
                method: new,
                ..(*run).clone()
            }
            .validate()?;
            if new.info().name != info.name {
                return Err(ConfigError::new(
                    "method.kl_weight",
                    0,
                    "a number above 0; for 0, choose “Policy gradient, log r”",
                ));
            }
            let mut chosen = chosen.clone();
            chosen.set(run.task(), new);
            set.emit(chosen);
            Ok(())
        })
    };
    // The policy gradient without a penalty has no weight of one.
    let settings = on && info.name != "policy-gradient";
    html! {
        <div class="method" key={info.name}>
            <Check id={id.clone()} label={info.title} help={info.description} checked={on} set={want} />
            if settings { { method::numbers(&id, method, &set) } }
        </div>
    }
}

/// A whole number of the comparison itself.
fn within(
    props: &ChooseProps,
    field: &'static str,
    (low, high): Limits,
    write: fn(&mut Chosen, usize),
) -> Callback<usize, Result<(), ConfigError>> {
    let (chosen, set) = (props.chosen.clone(), props.set.clone());
    Callback::from(move |value: usize| {
        if !(low..=high).contains(&value) {
            return Err(ConfigError::new(
                field,
                value,
                format!("a whole number from {low} to {high}"),
            ));
        }
        let mut chosen = chosen.clone();
        write(&mut chosen, value);
        set.emit(chosen);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::run::Preset;
    use rtb::task::presets;

    /// The methods that are wanted of themselves.
    fn names(task: Task) -> Vec<&'static str> {
        let wanted = Chosen::default().wanted(task);
        wanted.iter().map(|m| m.info().name).collect()
    }

    #[test]
    fn the_first_choice_is_there_and_quick_methods_come_first() {
        for task in presets().iter().map(|p| p.run.task()) {
            let wanted = Chosen::default().wanted(task);
            assert!(wanted.is_sorted_by_key(Method::is_trained));
            assert!(wanted.last().is_some_and(Method::is_trained));
            let of_task = task.methods().into_iter();
            let there = of_task.filter(|m| CHOSEN.contains(&m.info().name));
            assert_eq!(wanted.len(), there.count());
        }
    }

    #[test]
    fn what_is_wanted_holds_for_every_task_and_settings_for_their_own() {
        let mut chosen = Chosen::default();
        let smc = |chosen: &Chosen, task| {
            let wanted = chosen.wanted(task).into_iter();
            wanted.filter(|m| m.info().name == "smc").collect::<Vec<_>>()
        };
        let usual = |task: Task| vec![task.method("smc").unwrap()];
        let task = |preset| Preset::find(preset).unwrap().run.task();
        let (points, words) = (task("25-to-9"), task("story-bike"));
        assert_eq!(smc(&chosen, words), usual(words));
        assert_ne!(usual(words), usual(points));
        let other = Method::Smc {
            particles: 100,
            resample_below: 0.9,
            points: 4,
            guidance: 0.0,
        };
        chosen.set(points, other);
        assert_eq!(smc(&chosen, points), [other]);
        assert_eq!(smc(&chosen, words), usual(words));
        chosen.want(other, false);
        assert!(smc(&chosen, points).is_empty() && smc(&chosen, words).is_empty());
        // Words have no gradient for DPS to follow.
        let rest: Vec<_> = names(points).into_iter().filter(|name| *name != "dps").collect();
        assert_eq!(names(words), rest);
    }

    #[test]
    fn a_run_lends_its_numbers_until_others_are_chosen() {
        let compared = Compared {
            limits: (500, 20_000),
            iterations: 300,
            pace: |_| 0.0,
            columns: &[],
            error: "",
            kept: "",
            picture: |_| Html::default(),
        };
        let mut run = Run::default();
        run.evaluation.samples_while_training = 100;
        let mut chosen = Chosen::default();
        let lent = chosen.run(&run, &compared);
        assert_eq!(lent.evaluation.samples_while_training, 500);
        assert_eq!(lent.training.iterations, 300, "few enough to wait for");
        run.training.iterations = 12;
        assert_eq!(chosen.run(&run, &compared).training.iterations, 12);

        // Twice the iterations take nearly twice as long; a method fewer takes less.
        chosen.iterations = Some(1000);
        let short = chosen.work(&run, &compared, 0.2).seconds();
        let trained = CHOSEN
            .iter()
            .filter(|name| Method::find(name).is_ok_and(|m| m.is_trained()));
        assert!(short > 0.2 * 1000.0 * trained.count() as f64);
        chosen.iterations = Some(2000);
        let long = chosen.work(&run, &compared, 0.2).seconds();
        assert!((1.9..2.0).contains(&(long / short)));
        chosen.want(Method::Rtb {}, false);
        assert!(chosen.work(&run, &compared, 0.2).seconds() < 0.7 * long);
    }
}
