//! A reward of a task: its kind, and what belongs to the kind.

use super::product::product;
use crate::kit::field::{Choice, labelled};
use crate::kit::selection::Selection;
use crate::parts::edit::EditProps;
use rtb::run::{ConfigError, Run};
use std::collections::BTreeMap;
use yew::prelude::*;

/// A kind of reward.
pub struct Kind {
    /// As in a run's file.
    pub name: &'static str,
    pub title: &'static str,
    /// Whether it can be a factor of a product.
    pub factor: bool,
}

/// A kind that can be a factor.
pub const fn kind(name: &'static str, title: &'static str) -> Kind {
    Kind {
        name,
        title,
        factor: true,
    }
}

/// A kind that stands alone.
pub const fn alone(name: &'static str, title: &'static str) -> Kind {
    Kind {
        factor: false,
        ..kind(name, title)
    }
}

/// The rewards of a task, each alone or a factor of a product.
pub trait Rewards: Clone + PartialEq + 'static {
    type Reward: Clone + PartialEq + 'static;

    const KINDS: &'static [Kind];

    /// What a reward is.
    const HELP: &'static str =
        "How much each sample is wanted, r from 0 to 1. RTB needs only the values of r, not its gradient.";

    /// The reward of a run.
    fn of(run: &Run) -> &Self::Reward;

    /// Gives a run another reward, and what goes with it.
    fn put(run: &mut Run, reward: Self::Reward);

    /// The name of a reward's kind.
    fn kind(reward: &Self::Reward) -> &'static str;

    /// What a kind starts from.
    fn start(kind: &str) -> Option<Self::Reward>;

    /// What is added to a product.
    fn another() -> Self::Reward;

    /// The factors of a product.
    fn factors(reward: &Self::Reward) -> Option<&[Self::Reward]>;

    fn product(factors: Vec<Self::Reward>) -> Self::Reward;

    /// A reward as the factor that a product begins with.
    fn first(reward: &Self::Reward) -> Self::Reward {
        reward.clone()
    }

    /// The controls of a reward that is no product.
    fn editor(props: &FactorProps<Self>) -> Html;
}

const KIND: &str = "Kind of reward";

/// A reward, or one of a product's.
#[derive(Clone, PartialEq, Properties)]
pub struct FactorProps<R: Rewards> {
    /// Begins the ids of the inputs.
    pub id: AttrValue,
    /// Its name in errors.
    pub field: AttrValue,
    /// Whether it is one of a product's.
    #[prop_or_default]
    pub part: bool,
    pub reward: R::Reward,
    pub set: Callback<R::Reward, Result<(), ConfigError>>,
    pub selection: Selection,
    pub select: Callback<Selection>,
}

/// The controls of a run's reward.
pub fn controls<R: Rewards>(edits: &EditProps) -> Html {
    let reward = R::of(&edits.run).clone();
    let set = {
        let edits = edits.clone();
        Callback::from(move |reward| edits.apply(|run| R::put(run, reward)))
    };
    html! { <Factor<R> id="reward" field="reward" {reward} {set} selection={edits.selection} select={edits.select.clone()} /> }
}

#[component]
pub fn Factor<R: Rewards>(props: &FactorProps<R>) -> Html {
    let FactorProps { id, reward, set, .. } = props;
    // A posterior for each class needs more trajectories than a run may have.
    let refused = use_state_eq(|| None::<AttrValue>);
    let field = format!("{}.kind", props.field);
    // What there was of other kinds.
    let left = use_mut_ref(BTreeMap::<&'static str, R::Reward>::new);
    let choose = {
        let (set, before, refused, field) = (set.clone(), reward.clone(), refused.setter(), field.clone());
        Callback::from(move |kind: String| {
            left.borrow_mut().insert(R::kind(&before), before.clone());
            // Of a product that is left, a factor of the kind stays.
            let factors = R::factors(&before).unwrap_or_default().iter();
            let mut kept = factors.filter(|factor| R::kind(factor) == kind);
            let Some(mut new) = kept.next().cloned().or_else(|| R::start(&kind)) else {
                return;
            };
            // A product begins with what there was.
            if let Some(factors) = R::factors(&new) {
                let others = factors.iter().skip(1).cloned();
                new = R::product([R::first(&before)].into_iter().chain(others).collect());
            } else if R::factors(&before).is_none()
                && let Some(left) = left.borrow().get(&*kind)
                // It may be of another run, in which it is not allowed.
                && set.emit(left.clone()).is_ok()
            {
                return refused.set(None);
            }
            let result = set.emit(new);
            refused.set(result.err().map(|error| labelled(&error, &field, KIND)));
        })
    };
    let kinds = R::KINDS.iter().filter(|kind| kind.factor || !props.part);
    let options: Vec<_> = kinds.map(|kind| (kind.name.into(), kind.title.into())).collect();
    let editor = match R::factors(reward) {
        Some(factors) => product(props, factors),
        None => R::editor(props),
    };
    html! {
        <>
            if options.len() > 1 {
                <Choice id={format!("{id}-kind")} {field} label={KIND} value={R::kind(reward)} set={choose} {options} error={(*refused).clone()}
                help={if props.part { "" } else { R::HELP }} />
            }
            { editor }
        </>
    }
}

/// Fits a run's floor of log r to another kind of reward: a floor that came with the old kind goes with
/// it, the user's own stays.
pub fn refloor(run: &mut Run, [old, new]: [&str; 2], floor: fn(&str) -> Option<f64>) {
    let usual = floor(old).map(|_| run.task().defaults().tempering.floor);
    if let Some(floor) = floor(new).or(usual).filter(|_| old != new) {
        run.tempering.floor = floor;
    }
}
