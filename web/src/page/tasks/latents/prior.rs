//! The generator: a decoder that ships, or a diffusion model of digits as a flow.

use super::{problem, problem_mut};
use crate::kit::field::Choice;
use crate::parts::edit::EditProps;
use crate::tasks::common::prior::replaced;
use rtb::run::Run;
use rtb::task::Task;
use rtb::task::images::{DescribedPrior, Generator};
use yew::prelude::*;

/// Steps of a flow where none are named.
const STEPS: usize = 20;

/// Gives a run the first generator that ships, where it has another one. Says what changed.
pub fn adopt(run: &mut Run) -> Option<String> {
    let prior = &mut problem_mut(run).prior;
    if prior.ships() {
        return None;
    }
    let shipped = Generator::shipped();
    let name = shipped.name().to_owned();
    let before = std::mem::replace(prior, shipped);
    replaced(before.name().to_owned(), &name)
}

/// What a generator is chosen by.
fn key(generator: &Generator) -> String {
    match generator {
        Generator::Flow { weights, .. } => format!("flow:{weights}"),
        other => other.name().to_owned(),
    }
}

/// All that ship, each with what it is called.
fn generators(run: &Run) -> Vec<(Generator, String)> {
    let decoders = run.task().priors().iter().map(|prior| {
        let weights = prior.name.to_owned();
        (Generator::Decoder { weights }, prior.title.to_owned())
    });
    let models = Task::find("digits").map(|task| task.priors()).unwrap_or_default();
    let flows = models.iter().map(|prior| {
        let (weights, steps) = (prior.name.to_owned(), STEPS);
        (
            Generator::Flow { weights, steps },
            format!("flow of a diffusion, {}", prior.title),
        )
    });
    decoders.chain(flows).collect()
}

pub fn choice(edits: &EditProps) -> Html {
    let all = generators(&edits.run);
    let options: Vec<_> = all
        .iter()
        .map(|(generator, title)| (key(generator).into(), title.clone().into()))
        .collect();
    let value = key(&problem(&edits.run).prior);
    let set = edits.changes(move |run, chosen: String| {
        let mut found = all.iter().map(|(generator, _)| generator);
        if let Some(generator) = found.find(|generator| key(generator) == chosen) {
            problem_mut(run).prior = generator.clone();
        }
    });
    html! {
        <Choice id="prior-network" field="prior.weights" label="Generator" {options} {value} {set}
            help="What makes an image f(z) of standard normal noise z: the decoder of an autoencoder that was trained on MNIST’s digits, or the flow of a diffusion model of them, whose z is larger and which takes longer." />
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::run::Preset;

    #[test]
    fn a_generator_that_does_not_ship_gives_way_and_those_that_ship_are_allowed() {
        let mut run = Preset::find("latents-3").unwrap().run;
        for (generator, _) in generators(&run) {
            problem_mut(&mut run).prior = generator.clone();
            assert_eq!((run.validate(), adopt(&mut run)), (Ok(()), None), "{generator:?}");
        }
        problem_mut(&mut run).prior = Generator::Decoder {
            weights: "mine".to_owned(),
        };
        assert!(adopt(&mut run).is_some_and(|said| said.contains("not provide mine")));
        assert_eq!(problem(&run).prior, Generator::shipped());
    }
}
