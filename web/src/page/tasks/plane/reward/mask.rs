//! A reward with one value inside a shape and another outside.

use super::set;
use crate::kit::field::{Choice, Number};
use crate::parts::edit::EditProps;
use rtb::task::plane::{Reward, Shape};
use yew::prelude::*;

/// A number of a mask: its field's name, its label, and the number.
type Part<'a> = (&'static str, &'static str, &'a mut f64);

fn shape_parts(shape: &mut Shape) -> Vec<Part<'_>> {
    match shape {
        Shape::HalfPlane {
            normal: [a, b],
            offset,
        } => vec![
            ("shape.normal[0]", "Normal x", a),
            ("shape.normal[1]", "Normal y", b),
            ("shape.offset", "Offset", offset),
        ],
        Shape::Disc {
            center: [x, y],
            radius,
        } => vec![
            ("shape.center[0]", "Centre x", x),
            ("shape.center[1]", "Centre y", y),
            ("shape.radius", "Radius", radius),
        ],
        Shape::Ring {
            center: [x, y],
            inner,
            outer,
        } => vec![
            ("shape.center[0]", "Centre x", x),
            ("shape.center[1]", "Centre y", y),
            ("shape.inner", "Inner radius", inner),
            ("shape.outer", "Outer radius", outer),
        ],
        Shape::Box {
            min: [a, b],
            max: [c, d],
        } => vec![
            ("shape.min[0]", "Left", a),
            ("shape.min[1]", "Bottom", b),
            ("shape.max[0]", "Right", c),
            ("shape.max[1]", "Top", d),
        ],
    }
}

/// All numbers of a mask, those of its shape first.
fn parts(mask: &mut Reward) -> Vec<Part<'_>> {
    let Reward::Mask {
        shape,
        inside,
        outside,
    } = mask
    else {
        return Vec::new();
    };
    let mut all = shape_parts(shape);
    all.push(("inside", "r inside", inside));
    all.push(("outside", "r outside", outside));
    all
}

fn form(shape: &Shape) -> &'static str {
    match shape {
        Shape::HalfPlane { .. } => "half-plane",
        Shape::Disc { .. } => "disc",
        Shape::Ring { .. } => "ring",
        Shape::Box { .. } => "box",
    }
}

fn shape_of(form: &str) -> Shape {
    match form {
        "half-plane" => Shape::HalfPlane {
            normal: [0.0, 1.0],
            offset: 0.0,
        },
        "ring" => Shape::Ring {
            center: [0.0, 0.0],
            inner: 4.0,
            outer: 9.0,
        },
        "box" => Shape::Box {
            min: [-6.0, -6.0],
            max: [6.0, 6.0],
        },
        _ => Shape::Disc {
            center: [0.0, 0.0],
            radius: 6.0,
        },
    }
}

pub fn mask(edits: &EditProps, mask: &Reward) -> Html {
    let Reward::Mask {
        shape,
        inside,
        outside,
    } = *mask
    else {
        return Html::default();
    };
    let choose = {
        let edits = edits.clone();
        Callback::from(move |form: String| {
            // What a form starts from is allowed.
            let _ = set(
                &edits,
                Reward::Mask {
                    shape: shape_of(&form),
                    inside,
                    outside,
                },
            );
        })
    };
    let number = |(at, (field, label, value)): (usize, Part)| {
        let (edits, mask) = (edits.clone(), mask.clone());
        let set = Callback::from(move |value| {
            let mut mask = mask.clone();
            *parts(&mut mask)[at].2 = value;
            set(&edits, mask)
        });
        html! { <Number<f64> key={field} id={format!("mask-{at}")} {label} field={format!("reward.{field}")} value={*value} {set} /> }
    };
    html! {
        <>
            <Choice id="mask-form" label="Shape" value={form(&shape)} set={choose}
                options={["half-plane", "disc", "ring", "box"].map(|f| (f.into(), f.into())).to_vec()}
                help="One reward inside the shape, another outside. Drag the handles on the panel or type the numbers." />
            <div class="grid2">{ for parts(&mut mask.clone()).into_iter().enumerate().map(number) }</div>
        </>
    }
}
