//! A reward with one value inside a shape and another outside.

use super::Common;
use crate::components::field::{Choice, Number};
use rtb::config::{Reward, Shape};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MaskProps {
    pub common: Common,
    pub shape: Shape,
    pub inside: f64,
    pub outside: f64,
}

/// A number of a mask's shape: the end of its field's name, its label, and the number.
fn shape_parts(shape: &mut Shape) -> Vec<(&'static str, &'static str, &mut f64)> {
    match shape {
        Shape::HalfPlane {
            normal: [a, b],
            offset,
        } => vec![
            ("normal[0]", "Normal x", a),
            ("normal[1]", "Normal y", b),
            ("offset", "Offset", offset),
        ],
        Shape::Disc {
            center: [x, y],
            radius,
        } => vec![
            ("center[0]", "Centre x", x),
            ("center[1]", "Centre y", y),
            ("radius", "Radius", radius),
        ],
        Shape::Ring {
            center: [x, y],
            inner,
            outer,
        } => {
            vec![
                ("center[0]", "Centre x", x),
                ("center[1]", "Centre y", y),
                ("inner", "Inner radius", inner),
                ("outer", "Outer radius", outer),
            ]
        }
        Shape::Box {
            min: [a, b],
            max: [c, d],
        } => vec![
            ("min[0]", "Left", a),
            ("min[1]", "Bottom", b),
            ("max[0]", "Right", c),
            ("max[1]", "Top", d),
        ],
    }
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

#[component]
pub fn Mask(
    MaskProps {
        common,
        shape,
        inside,
        outside,
    }: &MaskProps,
) -> Html {
    let (inside, outside) = (*inside, *outside);
    let choose = {
        let common = common.clone();
        Callback::from(move |form: String| {
            // What a form starts from is allowed.
            let _ = common.set(Reward::Mask {
                shape: shape_of(&form),
                inside,
                outside,
            });
        })
    };
    let set_inside = {
        let (common, shape) = (common.clone(), *shape);
        Callback::from(move |inside| {
            common.set(Reward::Mask {
                shape,
                inside,
                outside,
            })
        })
    };
    let set_outside = {
        let (common, shape) = (common.clone(), *shape);
        Callback::from(move |outside| {
            common.set(Reward::Mask {
                shape,
                inside,
                outside,
            })
        })
    };
    let mut parts = *shape;
    let parts: Vec<_> = shape_parts(&mut parts)
        .into_iter()
        .map(|(end, label, value)| (end, label, *value))
        .collect();
    html! {
        <>
            <Choice id="mask-form" label="Shape" value={form(shape)} set={choose}
                options={["half-plane", "disc", "ring", "box"].map(|f| (f.into(), f.into())).to_vec()}
                help="One reward inside, another outside; drag its handles on the panel or type its numbers." />
            <div class="grid2">
                { for parts.into_iter().enumerate().map(|(at, (end, label, value))| {
                    let (common, shape) = (common.clone(), *shape);
                    let set = Callback::from(move |value| {
                        let mut shape = shape;
                        *shape_parts(&mut shape)[at].2 = value;
                        common.set(Reward::Mask { shape, inside, outside })
                    });
                    html! { <Number key={end} id={format!("mask-{at}")} {label} field={format!("reward.shape.{end}")} {value} {set} /> }
                }) }
                <Number id="mask-inside" label="r inside" field="reward.inside" value={inside} set={set_inside} />
                <Number id="mask-outside" label="r outside" field="reward.outside" value={outside} set={set_outside} />
            </div>
        </>
    }
}
