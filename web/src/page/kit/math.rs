//! Formulas as MathML.

use yew::prelude::*;

/// δ(τ), the residual of a trajectory.
pub const RESIDUAL: &str = "<math display='block' tabindex='0'><mi>δ</mi><mo stretchy='false'>(</mo><mi>τ</mi><mo stretchy='false'>)</mo><mo>=</mo><mi>log</mi><mi>Z</mi><mo>+</mo>\
<munder><mo>∑</mo><mi>i</mi></munder><mo stretchy='false'>[</mo><mi>log</mi><msub><mi>p</mi><mi>φ</mi></msub><mo stretchy='false'>(</mo><msub><mi>x</mi><mrow><mi>i</mi><mo>+</mo><mn>1</mn></mrow></msub>\
<mo stretchy='false'>|</mo><msub><mi>x</mi><mi>i</mi></msub><mo stretchy='false'>)</mo><mo>−</mo><mi>log</mi><msub><mi>p</mi><mi>θ</mi></msub><mo stretchy='false'>(</mo><msub><mi>x</mi><mrow><mi>i</mi><mo>+</mo><mn>1</mn></mrow></msub>\
<mo stretchy='false'>|</mo><msub><mi>x</mi><mi>i</mi></msub><mo stretchy='false'>)</mo><mo stretchy='false'>]</mo><mo>−</mo><mi>log</mi><mi>r</mi><mo stretchy='false'>(</mo><msub><mi>x</mi><mi>T</mi></msub><mo stretchy='false'>)</mo></math>";

/// The posterior.
pub const POSTERIOR: &str = "<math><msub><mi>p</mi><mi>post</mi></msub><mo stretchy='false'>(</mo><mi>x</mi><mo stretchy='false'>)</mo><mo>=</mo><mi>p</mi><mo stretchy='false'>(</mo><mi>x</mi><mo stretchy='false'>)</mo><mo>·</mo>\
<mi>r</mi><mo stretchy='false'>(</mo><mi>x</mi><mo stretchy='false'>)</mo><mo>/</mo><mi>Z</mi></math>";

/// The loss.
pub const LOSS: &str = "<math><mi>L</mi><mo>=</mo><mi>E</mi><mo stretchy='false'>[</mo><mi>δ</mi><msup><mrow><mo stretchy='false'>(</mo><mi>τ</mi><mo stretchy='false'>)</mo></mrow><mn>2</mn></msup><mo stretchy='false'>]</mo></math>";

/// log Z and its bounds.
pub const BOUNDS: &str = "<math><msub><mi>E</mi><msub><mi>p</mi><mi>φ</mi></msub></msub><mo stretchy='false'>[</mo><mi>log</mi><mi>w</mi><mo stretchy='false'>]</mo>\
<mo>≤</mo><mi>log</mi><mi>Z</mi><mo>≤</mo><msub><mi>E</mi><mi>post</mi></msub><mo stretchy='false'>[</mo><mi>log</mi><mi>w</mi><mo stretchy='false'>]</mo></math> \
<math><mi>w</mi><mo>=</mo><mi>r</mi><mo>·</mo><msub><mi>p</mi><mi>θ</mi></msub><mo stretchy='false'>(</mo><mi>τ</mi><mo stretchy='false'>)</mo><mo>/</mo>\
<msub><mi>p</mi><mi>φ</mi></msub><mo stretchy='false'>(</mo><mi>τ</mi><mo stretchy='false'>)</mo></math>";

/// Effective sample size.
pub const ESS: &str = "<math><mi>ESS</mi><mo>/</mo><mi>N</mi><mo>=</mo><msup><mrow><mo stretchy='false'>(</mo><mo>∑</mo><mi>w</mi><mo stretchy='false'>)</mo></mrow><mn>2</mn></msup><mo>/</mo>\
<mi>N</mi><mo>∑</mo><msup><mi>w</mi><mn>2</mn></msup></math>";

/// Total variation of mode weights.
pub const TOTAL_VARIATION: &str = "<math><mi>TV</mi><mo>=</mo><mfrac><mn>1</mn><mn>2</mn></mfrac><munder><mo>∑</mo><mi>k</mi></munder><mo stretchy='false'>|</mo>\
<msub><mover><mi>w</mi><mo>^</mo></mover><mi>k</mi></msub><mo>−</mo><msub><mi>w</mi><mi>k</mi></msub><mo stretchy='false'>|</mo></math>";

/// A transition of the chain.
pub const CHAIN: &str = "<math><mi>x</mi><mo>′</mo><mo>=</mo><mi>x</mi><mo>+</mo><mi>u</mi><mo stretchy='false'>(</mo><mi>x</mi><mo>,</mo><mi>t</mi><mo stretchy='false'>)</mo><mo>Δ</mo><mi>t</mi>\
<mo>+</mo><mi>N</mi><mo stretchy='false'>(</mo><mn>0</mn><mo>,</mo><msup><mi>σ</mi><mn>2</mn></msup><mo>Δ</mo><mi>t</mi><mo stretchy='false'>)</mo></math>";

/// The tempered reward.
pub const TEMPERED: &str = "<math><mi>β</mi><mo>·</mo><mi>max</mi><mo stretchy='false'>(</mo><mi>log</mi><mi>r</mi><mo>,</mo><mi>floor</mi><mo stretchy='false'>)</mo></math>";

/// The posterior of an annealed reward.
pub const ANNEALED: &str = "<math><mi>r</mi><mo>=</mo><msup><mi>p</mi><mrow><mi>γ</mi><mo>−</mo><mn>1</mn></mrow></msup></math> \
<math><msub><mi>p</mi><mi>post</mi></msub><mo>∝</mo><msup><mi>p</mi><mi>γ</mi></msup></math>";

/// The posterior of a product.
pub const PRODUCT: &str = "<math><mi>r</mi><mo>=</mo><mi>q</mi></math> \
<math><msub><mi>p</mi><mi>post</mi></msub><mo>∝</mo><mi>p</mi><mo>·</mo><mi>q</mi></math>";

/// The optimum of a policy gradient on log r with the KL to the prior.
pub const TILTED: &str =
    "<math><msub><mi>p</mi><mi>φ</mi></msub><mo>∝</mo><mi>p</mi><mo>·</mo><mi>r</mi></math>";

/// The optimum of the paper's policy gradient on r.
pub const PENALISED: &str = "<math><msub><mi>p</mi><mi>φ</mi></msub><mo>∝</mo><mi>p</mi><mo>·</mo><mi>exp</mi><mo stretchy='false'>(</mo><mi>r</mi><mo>/</mo><mn>2</mn><mi>α</mi><mo stretchy='false'>)</mo></math>";

/// A formula, one of this module's.
#[component]
pub fn Math(props: &MathProps) -> Html {
    Html::from_html_unchecked(AttrValue::Static(props.of))
}

#[derive(Properties, PartialEq)]
pub struct MathProps {
    pub of: &'static str,
}
