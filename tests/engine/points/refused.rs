//! What descriptions of points and their files are refused for, by the names of fields.

use super::{CONJUGATE, open, run_of};
use rtb::message::Files;
use rtb::run::Run;

#[test]
fn bad_descriptions_are_refused_by_name() {
    let refused = |from: &str, to: &str| {
        Run::from_toml(&CONJUGATE.replacen(from, to, 1))
            .expect_err("refused")
            .to_string()
    };
    for (from, to, named) in [
        ("name = \"a\"", "name = \"exp\"", "the name of coordinate 1"),
        (
            "name = \"a\"",
            "name = \"b\"",
            "that no other coordinate or column has",
        ),
        ("name = \"a\"", "name = \"1a\"", "begins with a letter"),
        (
            "deviation = 0.31622776601683794",
            "deviation = 0.0",
            "prior.coordinates[0].deviation: 0 for `a` is not allowed",
        ),
        (
            "family = \"normal\"",
            "family = \"truncated_normal\"\nlow = 2.0\nhigh = 1.0",
            "prior.coordinates[0]: `low` 2 and `high` 1 for `a` is not allowed; use a `low` below `high`",
        ),
        (
            "mean = 0.0",
            "mean = \"zero\"",
            "prior.coordinates[0].mean: \"zero\" is not allowed",
        ),
        ("family = \"normal\"", "family = \"gauss\"", "one of `normal`"),
        ("kind = \"formula\"", "kind = \"classifier\"", "reward.kind"),
    ] {
        let error = refused(from, to);
        assert!(error.contains(named), "{to}: {error}");
    }
    let infinite = run_of(&CONJUGATE.replace("-((a - 0.5)^2", "1/(a > 0) + ((a - 0.5)^2"));
    let error = open(infinite, &Files::default())
        .err()
        .expect("refused")
        .to_string();
    assert!(
        error.starts_with("reward.expression: infinite at a = "),
        "{error}"
    );
    let many: String = (0..65)
        .map(|i| {
            format!(
                "[[prior.coordinates]]\nfamily = \"normal\"\nname = \"x{i}\"\nmean = 0.0\ndeviation = 1.0\n"
            )
        })
        .collect();
    let text = format!(
        "task = \"points\"\n[prior]\nkind = \"marginals\"\n{many}[reward]\nkind = \"formula\"\nexpression = \"1\"\n"
    );
    let error = Run::from_toml(&text).expect_err("65 coordinates").to_string();
    assert!(error.contains("from 1 to 64"), "{error}");
}

/// At opening, before anything is trained.
#[test]
fn samples_that_are_no_reference_are_refused() {
    let refused = |reference: &str| {
        let run = run_of(&format!(
            "{CONJUGATE}\n[reference]\nsamples = \"reference.csv\"\n"
        ));
        let files = Files::default().with("reference", reference.as_bytes().to_vec());
        open(run, &files).err().expect(reference).to_string()
    };
    let rows = |row: &str| format!("a,b,c\n{}", format!("{row}\n").repeat(20));
    for (reference, said) in [
        ("a,b,c\n1,2,3\n", "at least 10 whole rows of 3"),
        (&rows("1,2,3"), "coordinate 1 of the reference"),
        ("a,b\n1,2\n", "has no column `c`"),
    ] {
        let error = refused(reference);
        assert!(
            error.starts_with("reference.samples: `reference.csv` is not allowed") && error.contains(said),
            "{said}: {error}"
        );
    }
}
