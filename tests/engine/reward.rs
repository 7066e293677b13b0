//! Rewards: what a description means at a point, and what is refused.

use crate::support::{compiled, preset, problem, problem_mut};
use rtb::run::Run;
use rtb::task::plane::picture::center_of;
use rtb::task::plane::{Component, HALF_WIDTH, Mixture, POLE, PlaneProblem, Reward, Shape, Truth};
use rtb::task::presets;

/// Below all that formulas are asked for, but 0.
const FLOOR: f64 = -60.0;

fn with(reward: Reward) -> Run {
    let mut run = preset("25-to-9");
    problem_mut(&mut run).reward = reward;
    run.tempering.floor = FLOOR;
    run
}

fn formula(expression: &str) -> Run {
    with(Reward::Formula {
        expression: expression.into(),
        logarithm: false,
    })
}

fn value(expression: &str, x: [f64; 2]) -> f64 {
    compiled(&formula(expression))
        .unwrap_or_else(|e| panic!("{expression}: {e}"))
        .log_r(x)
        .exp()
}

#[test]
fn formulas_mean_what_mathematics_says() {
    let at = [1.5, -2.0];
    let (x, y) = (at[0], at[1]);
    let cases: [(&str, f64); 48] = [
        ("9 - x^2", 9.0 - x * x),
        ("10 + -x^2", 10.0 - x * x),
        ("exp(-x^2-y^2)", (-x * x - y * y).exp()),
        ("10 + 2*-x^2", 10.0 - 2.0 * x * x),
        ("x^-2", 1.0 / (x * x)),
        ("2^3^2", 512.0),
        ("7/-x + 9", -7.0 / x + 9.0),
        ("min(3, max(x, 2))", 2.0),
        ("1e2 + 2.5e-1 + .5", 100.75),
        ("mod(-1, 3)", 2.0),
        ("(2 < 3) == 1", 1.0),
        // Chains of comparisons.
        ("1 + (0 < x < 6)", 2.0),
        ("1 + (0 < x < 1)", 1.0),
        ("1 + (-3 < y <= -2 < x)", 2.0),
        ("1 + (3 > x > 2)", 1.0),
        ("1 + (2 < 3 == 1)", 1.0),
        ("1 + (x == 1.5 && 0 ≤ -y ≤ 2)", 2.0),
        ("1 + ((x > 0) == (y < 0))", 2.0),
        // As in a text.
        ("x² + y²", x * x + y * y),
        ("10 − x²", 10.0 - x * x),
        ("−y³", 8.0),
        ("x⁻² + x¹⁰", 1.0 / (x * x) + x.powi(10)),
        ("2^-x² + 1", 2f64.powf(-x * x) + 1.0),
        ("x**2", x * x),
        ("2·3×x⋅2÷4", 3.0 * x),
        ("x ≠ y", 1.0),
        // Products without a sign.
        ("2x", 2.0 * x),
        ("9 - 2x² + 3(x + 1)", 9.0 - 2.0 * x * x + 3.0 * (x + 1.0)),
        ("2exp(x)", 2.0 * x.exp()),
        ("(x + 1)(x - 1)", x * x - 1.0),
        ("x²(1 - y)", x * x * (1.0 - y)),
        ("exp(-2x^2)", (-2.0 * x * x).exp()),
        ("x", x),
        ("2*x + 10 - y", 2.0 * x + 10.0 - y),
        ("20 - x - y - 1", 20.0 - x - y - 1.0),
        ("12/2/3", 2.0),
        ("2^3^1", 8.0),
        ("(-y)^2", 4.0),
        ("exp(-(x^2 + y^2)/4)", (-(x * x + y * y) / 4.0).exp()),
        ("abs(y)", 2.0),
        ("max(x, y) + min(x, y) + 1", x + y + 1.0),
        ("hypot(x, y)", 2.5),
        ("2 + sin(6*atan2(y, x))", 2.0 + (6.0 * y.atan2(x)).sin()),
        ("x > 1", 1.0),
        ("1 + (x + 1 > 3)", 1.0),
        ("1 + (x > 1 && y < 0)", 2.0),
        ("1 + (x < 1 || y < 0)", 2.0),
        ("floor(x) + round(1.6)*PI/PI", 3.0),
    ];
    for (expression, expected) in cases {
        let value = value(expression, at);
        assert!(
            (value - expected).abs() < 1e-9,
            "{expression} is {value}, {expected} expected"
        );
    }
}

#[test]
fn undefined_negative_and_zero_rewards_are_floored_and_poles_bounded() {
    for (expression, x) in [
        ("sqrt(x)", [-1.0, 0.0]),
        ("x", [-3.0, 0.0]),
        ("x > 0", [-1.0, 0.0]),
        ("log(x)", [-1.0, 1.0]),
    ] {
        let reward = compiled(&formula(expression)).expect(expression);
        let floor = reward.largest() + FLOOR;
        assert_eq!(reward.log_r(x), floor, "{expression}");
        assert!(reward.is_floored(x));
    }
    let pole = compiled(&formula("1/(x^2)")).expect("it compiles");
    assert_eq!(pole.log_r([0.0, 0.0]), pole.largest() + POLE);
    assert!(!pole.is_floored([1.0, 1.0]));
}

/// A constant added to log r moves log Z by that constant, and nothing else.
#[test]
fn a_factor_of_the_reward_moves_log_z_alone() {
    let logarithm = |expression: &str| Reward::Formula {
        expression: expression.into(),
        logarithm: true,
    };
    let truth = |expression: &str| {
        let run = with(logarithm(expression));
        let mixture = Mixture::new(&problem(&run).prior.components);
        Truth::quadrature(&mixture, &compiled(&run).expect(expression), 1.0)
    };
    // Floored in half of the plane.
    let plain = truth("-3*abs(x)");
    for (shifted, by) in [("100 - 3*abs(x)", 100.0), ("-3*abs(x) - 4000", -4000.0)] {
        let moved = truth(shifted);
        assert!(
            (moved.log_z - plain.log_z - by).abs() < 1e-9,
            "{shifted}: {}",
            moved.log_z
        );
        assert!((moved.floored_mass - plain.floored_mass).abs() < 1e-12);
        for (a, b) in moved.cells.iter().zip(&plain.cells) {
            assert!((a - b).abs() < 1e-12, "{shifted}");
        }
    }
}

/// The floor is relative to the largest reward where the prior is: what r is elsewhere does not count.
#[test]
fn the_largest_reward_is_looked_for_where_the_prior_is() {
    let mut run = with(Reward::Formula {
        expression: "3*x - 400*((x-0.513)^2 + (y+0.2)^2)*(x < 4)".into(),
        logarithm: true,
    });
    problem_mut(&mut run).prior.components = vec![Component::isotropic(1.0, [0.0, 0.0], 0.25)];
    let largest = compiled(&run).expect("it compiles").largest();
    // The peak is at x = 0.513 + 3/800; 3·14 in the corner of the square is higher.
    let exact = 3.0 * 0.513 + 9.0 / 1600.0;
    assert!((largest - exact).abs() < 1e-3, "{largest} for {exact}");
}

/// The message says what to write instead.
#[test]
fn bad_formulas_are_refused_by_name() {
    let cases = [
        ("x +", "it ends too early"),
        ("sin(", "it ends too early"),
        ("z + 1", "`z` is unknown"),
        ("hello", "`hello` is unknown"),
        ("x y", "an operator is missing before `y`"),
        ("xy", "`x*y`"),
        ("x(y + 1)", "an operator is missing before `(`"),
        ("", "1 to 500"),
        ("(x", "`)` is missing"),
        ("1 2", "an operator is missing before `2`"),
        ("foo(x)", "`foo` is unknown"),
        ("x = 2", "`==`"),
        ("\"x\"", "not a symbol"),
        ("x % 2", "`mod(a, b)`"),
        ("50%", "`a/100`"),
        ("0,5*x", "a decimal number has a point"),
        ("exp(0,5*x)", "a decimal number has a point"),
        ("min(0,5, x)", "a decimal number has a point"),
        ("sin(x, y)", "`sin` takes one argument"),
        ("min(x)", "`min` takes two arguments"),
        ("min(x, y, 1)", "`min` takes two arguments"),
        ("|x|", "`abs(a)`"),
        ("x > 0 and y > 0", "`and` is unknown: write `a && b`"),
        ("(x > 0) or (y > 0)", "`or` is unknown: write `a || b`"),
        ("not x", "`not` is unknown: write `a == 0`"),
        ("pow(x, 2)", "`pow` is unknown: write `a^b`"),
        ("y2 + 1", "`y^2` or `y*2`"),
        ("1/2x", "`a/(2*b)` or `(a/2)*b`"),
        ("2^2x", "`a^(2*b)`"),
        ("1/(x + 1)(x - 1)", "`a/(2*b)`"),
        ("sin²(x)", "`sin(x)^2`"),
        ("1e400*x", "`1e400` is too large: the largest number is 1.8e308"),
    ];
    for (expression, said) in cases {
        let run = formula(expression);
        let error = match run.validate() {
            Err(error) => error,
            Ok(()) => compiled(&run).expect_err(expression),
        };
        assert!(error.field.contains("reward.expression"), "{expression}: {error}");
        assert!(error.to_string().contains("not allowed"), "{error}");
        assert!(
            error.to_string().contains(said),
            "{expression}: {said} is missing from {error}"
        );
    }
    let nowhere = compiled(&formula("0*x")).expect_err("r is 0 everywhere");
    assert!(
        nowhere.to_string().contains("where the prior has mass"),
        "{nowhere}"
    );
}

#[test]
fn masks_hold_inside_and_outside() {
    let reward = |shape| {
        compiled(&with(Reward::Mask {
            shape,
            inside: 2.0,
            outside: 0.0,
        }))
        .expect("it compiles")
    };
    let cases = [
        (
            Shape::HalfPlane {
                normal: [1.0, 1.0],
                offset: 1.0,
            },
            [1.0, 1.0],
            [0.0, 0.0],
        ),
        (
            Shape::Disc {
                center: [1.0, 0.0],
                radius: 2.0,
            },
            [2.5, 0.0],
            [-1.5, 0.0],
        ),
        (
            Shape::Ring {
                center: [0.0, 0.0],
                inner: 1.0,
                outer: 2.0,
            },
            [0.0, 1.5],
            [0.0, 0.5],
        ),
        (
            Shape::Box {
                min: [-1.0, -2.0],
                max: [1.0, 2.0],
            },
            [0.9, 1.9],
            [1.1, 0.0],
        ),
    ];
    for (shape, inside, outside) in cases {
        assert_eq!(reward(shape).log_r(inside), 2.0f64.ln(), "{shape:?}");
        assert!(reward(shape).is_floored(outside), "{shape:?}");
    }
}

#[test]
fn painted_rewards_are_the_picture() {
    let mut rows = vec!["0".repeat(56); 56];
    rows[0] = "9".repeat(56);
    rows[40].replace_range(10..11, "3");
    let reward = compiled(&with(Reward::Painted { rows })).expect("it compiles");
    let cell = 2.0 * HALF_WIDTH / 56.0;
    let center = |row: f64, column: f64| {
        [
            -HALF_WIDTH + (column + 0.5) * cell,
            HALF_WIDTH - (row + 0.5) * cell,
        ]
    };
    assert!(
        (reward.log_r(center(0.0, 20.0)) - 0.0).abs() < 1e-12,
        "the first row is the top"
    );
    assert!((reward.log_r(center(40.0, 10.0)).exp() - 3.0 / 9.0).abs() < 1e-12);
    assert!(
        (reward.log_r(center(40.0, 10.5)).exp() - 1.5 / 9.0).abs() < 1e-12,
        "linear in between"
    );
    assert!(reward.is_floored(center(20.0, 20.0)));
    assert!(
        (reward.log_r([0.0, 100.0]) - 0.0).abs() < 1e-12,
        "constant beyond the edge"
    );
}

#[test]
fn a_ratio_without_denominator_is_over_the_prior() {
    let run = preset("25-to-9");
    let PlaneProblem { prior, reward } = problem(&run);
    let Reward::Ratio { numerator, .. } = reward else {
        panic!("the paper's reward is a ratio")
    };
    let (above, below) = (Mixture::new(numerator), Mixture::new(&prior.components));
    let reward = compiled(&run).expect("it compiles");
    for x in [[0.0, 0.0], [5.0, 0.3], [-10.2, -5.1]] {
        assert!((reward.log_r(x) - (above.log_prob(x) - below.log_prob(x))).abs() < 1e-9);
    }
    assert!((reward.log_r([5.0, 0.0]) - (15.0f64 / 61.0 * 25.0).ln()).abs() < 1e-6);
}

#[test]
fn the_gradient_table_is_the_gradient() {
    let run = with(Reward::Formula {
        expression: "0.5*x*y - x^2/8".into(),
        logarithm: true,
    });
    let mut run = run;
    run.tempering.floor = -200.0;
    let reward = compiled(&run).expect("it compiles");
    let side = 32;
    let table = reward.gradient_table(side, 1e9);
    for cell in [0, 17, 500, 1023] {
        let [x, y] = center_of(cell, side);
        let expected = [0.5 * y - x / 4.0, 0.5 * x];
        for d in 0..2 {
            assert!(
                (f64::from(table[2 * cell + d]) - expected[d]).abs() < 1e-4,
                "cell {cell}"
            );
        }
    }
    for g in reward.gradient_table(side, 0.5).chunks_exact(2) {
        assert!(g[0].hypot(g[1]) <= 0.5 + 1e-5);
    }
}

#[test]
fn every_preset_compiles() {
    for preset in presets() {
        preset
            .run
            .validate()
            .unwrap_or_else(|e| panic!("{}: {e}", preset.name));
        if PlaneProblem::of(&preset.run).is_ok() {
            compiled(&preset.run).unwrap_or_else(|e| panic!("{}: {e}", preset.name));
        }
    }
}
