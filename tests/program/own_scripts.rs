//! Rewards of stories that scripts of the user's compute.

use super::pretraining::at;
use super::scratch::Scratch;
use super::stories::TINY;
use super::support::{has_python, metrics, report, stderr, succeed};
use std::fs;

/// Answers as the reward `mention` of a dog does.
const DOG: &str = r#"
import json, re, sys

for line in sys.stdin:
    answers = []
    for story in json.loads(line):
        assert sorted(story) == ["beginning", "ending", "middle"], story
        assert story["beginning"] == "Tom was walking home from school.", story
        words = re.findall(r"[a-z0-9']+", story["middle"].lower())
        answers.append(0.0 if "dog" in words else MISSING)
    print(json.dumps(answers), flush=True)
"#;

#[test]
fn a_script_is_a_reward_of_stories() {
    if !has_python() {
        return;
    }
    let place = Scratch::new();
    let write = |name: &str, content: &str| fs::write(place.path().join(name), content).expect("written");
    let rewarded = |script: &str| {
        format!("preset = \"story-dog\"\n[reward]\nkind = \"command\"\nrun = [\"python3\", \"{script}\"]\n")
    };
    for (name, missing) in [("dog", "-6.0"), ("above", "0.5"), ("nan", "float('nan')")] {
        write(&format!("{name}.py"), &DOG.replace("MISSING", missing));
        write(&format!("{name}.toml"), &rewarded(&format!("{name}.py")));
    }
    let run = |what: &str| {
        let mut run = at(&place, &format!("run {what}"));
        run.args(TINY);
        run
    };
    succeed(&mut run("story-dog --out mention"));
    succeed(&mut run("dog.toml --allow-commands --out script"));
    let [mention, script] = ["mention", "script"].map(|name| place.path().join(name));
    assert_eq!(metrics(&mention), metrics(&script));
    // The weighted stories of the prior, and what is learned, know no other reward.
    assert_eq!(report(&mention), report(&script));
    assert!(
        report(&script)["log_z_exact"]
            .as_f64()
            .is_some_and(|log_z| -6.0 < log_z && log_z < 0.0)
    );

    let refused = |what: &str| stderr(&run(what).output().expect("the program starts"));
    let text = refused("dog.toml --out unasked");
    assert!(text.contains("use --allow-commands to run it"), "{text}");
    let text = refused("above.toml --allow-commands --out above");
    let said = "reward.run: `python3 above.py`: log r is 0.5, above 0; a story is kept";
    assert!(text.contains(said), "{text}");
    let text = refused("nan.toml --allow-commands --out nan");
    let said = "`python3 nan.py` answered NaN for the sample {\"beginning\":\"Tom was walking";
    assert!(text.contains(said), "{text}");
}
