//! Which digits there are: the share of every class.

use crate::kit::number::percent;
use rtb::task::images::CLASSES;
use rtb::task::images::Reward;
use yew::prelude::*;

/// The share of every class, by a classifier.
type Classes = Option<Vec<f64>>;

/// The shares of the learned and of the exact posterior, beside what is wanted.
pub fn shares(reward: &Reward, learned: Classes, exact: Classes) -> Html {
    let spoken = spoken(&learned, &exact);
    let shares = [("learned", "first", learned), ("exact", "rule", exact)];
    let all = || shares.iter().filter_map(|s| s.2.as_ref()).flatten().copied();
    let most = all().fold(0.1, f64::max);
    let bar = |class: usize, (name, color, shares): &(&str, &'static str, Classes)| {
        let share = shares.as_ref().and_then(|s| s.get(class)).copied().unwrap_or(0.0);
        html! { <i class={*color} style={format!("height: {:.1}%", 100.0 * share / most)} title={format!("{class}, {name}: {}", percent(share))}></i> }
    };
    html! {
        <figure class="chart classes">
            <h3>{ "Classes" }</h3>
            <div class="bars" role="img" aria-label={spoken} data-testid="classes">
                { for (0..CLASSES).map(|class| html! {
                    <div class={classes!((reward.wants(class) == Some(true)).then_some("wanted"))}>
                        <div>{ for shares.iter().map(|s| bar(class, s)) }</div>
                        <span>{ class }</span>
                    </div>
                }) }
            </div>
            <p class="keys">
                <span class="key first block">{ "learned" }</span>
                <span class="key rule block">{ "exact" }</span>
                if all().next().is_some() { <span class="at">{ format!("full height: {}", percent(most)) }</span> }
            </p>
            <figcaption class="help">{ "Share of each class, judged by a classifier that no reward uses. Among images of equal reward, the posterior keeps the proportions of the prior." }</figcaption>
        </figure>
    }
}

fn spoken(learned: &Classes, exact: &Classes) -> String {
    let of = |name: &str, shares: &Classes| {
        let Some(shares) = shares else {
            return format!("{name}: no images yet");
        };
        let each: Vec<_> = shares
            .iter()
            .enumerate()
            .map(|(class, share)| format!("{class} {}", percent(*share)))
            .collect();
        format!("{name}: {}", each.join(", "))
    };
    format!(
        "Share of each class. {}. {}.",
        of("Learned", learned),
        of("Exact", exact)
    )
}
