//! Bad input is refused in one message that names it.

use super::scratch::Scratch;
use super::support::{rtb, stderr};
use std::fs;

/// What is typed, and what the message must hold.
const REFUSED: &[(&str, &str)] = &[
    ("run 25-to-8", "25-to-8 | 25-to-9 | islands"),
    ("run missing.toml", "missing.toml | cannot read the run"),
    ("run syntax.toml", "syntax.toml | line 2 | name = ]"),
    ("run unknown.toml", "unknown.toml | 25-to-8 | 25-to-9"),
    ("run field.toml", "field.toml | rollout | batsh | batch"),
    (
        "run value.toml",
        "value.toml | process.steps | 1 | from 2 to 1000",
    ),
    ("run folder", "folder | cannot read the run"),
    ("--set rollout.batch", "--set | rollout.batch | FIELD=VALUE"),
    ("--set rollout.batsh=5", "rollout | batsh | batch"),
    ("--set rollout.batch=many", "rollout.batch | many"),
    ("--set preset=islands", "preset | reward"),
    ("--batch 1", "rollout.batch | 1 | from 2 to 100000"),
    ("--batch many", "--batch | many | use a whole number"),
    ("--learning-rate 0,5", "--learning-rate | 0,5 | use a number"),
    ("--log-z guessed", "objective.log_z | guessed | vargrad"),
    ("--learning-rate=-1", "optimizer.learning_rate | -1 | above 0"),
    ("--seed=-1", "--seed | -1"),
    ("--device abacus", "--device | abacus"),
    (
        "--set reward.kind=formula --set reward.expression=sin(",
        "reward.expression | sin(",
    ),
    (
        "--set prior.kind=learned --set prior.weights=nowhere",
        "prior.weights | nowhere",
    ),
    (
        "--set prior.kind=learned --set prior.weights=value.toml",
        "weights",
    ),
    (
        "--set prior.kind=learned --set prior.weights=prior-digits",
        "prior.weights | prior-digits | mixtures",
    ),
    (
        "--set reward.kind=symmetry --set reward.deviation=0.1",
        "reward.kind | symmetry | ratio, formula",
    ),
    (
        "run digit-3 --set reward.kind=painted --set reward.rows=[]",
        "reward.kind | painted | classes, each_class, ink",
    ),
    (
        "run digit-3 --set reward.classes=[3,11]",
        "reward.classes[1] | 11 | from 0 to 9",
    ),
    (
        "run digit-3 --set network.rank=65",
        "network.rank | 65 | from 0 to 64",
    ),
    (
        "run digit-3 --set prior.weights=prior-25",
        "prior.weights | prior-25 | digits",
    ),
    (
        "run digit-3 --set prior.weights=nowhere",
        "prior.weights | nowhere | prior-digits",
    ),
    (
        "run digit-3 --set prior.kind=exact",
        "prior.kind | exact | learned",
    ),
    ("run 25-to-9 --set task=digits", "task | digits | mixtures"),
    ("run 25-to-9 --set task=letters", "task | letters | digits"),
    ("density digit-3", "task | digits | mixtures"),
    ("energy digit-3", "task | digits | mixtures"),
    ("pretrain mixture digit-3 --out prior", "task | digits | mixtures"),
    (
        "run --resume folder",
        "folder | not the folder of a run | config.toml",
    ),
    ("run --resume nowhere", "nowhere | not the folder of a run"),
    ("run --resume folder islands", "--resume"),
    ("--out taken", "taken | --out | --resume"),
    ("--out value.toml", "value.toml | --out"),
    (
        "--out value.toml/below",
        "value.toml/below | cannot make the folder",
    ),
    // Before any work: the weights are not looked for.
    (
        "--out taken --set prior.kind=learned --set prior.weights=nowhere",
        "taken | --out | --resume",
    ),
    (
        "compare --out value.toml/below --set prior.kind=learned --set prior.weights=nowhere",
        "value.toml/below | cannot make the folder",
    ),
    (
        "pretrain autoencoder --data nowhere --out folder",
        "folder | cannot write",
    ),
    (
        "pretrain digits --data nowhere --out prior --picture folder",
        "folder | cannot write",
    ),
    (
        "pretrain digits --data nowhere --out prior --picture prior",
        "--picture | prior | a file of its own",
    ),
    (
        "pretrain autoencoder --data nowhere --out weights.JSON",
        "--out | weights.JSON | .json",
    ),
    (
        "pretrain autoencoder --data nowhere --out new/",
        "new/ | cannot write",
    ),
    ("sample folder", "folder | not the folder of a run"),
    ("sample folder --count 0", "--count | 0"),
    ("sample folder --candidates 0", "--candidates | 0 | 1000"),
    (
        "run --set evaluation.candidates=0",
        "evaluation.candidates | 0 | 1 to 1000",
    ),
    ("evaluate folder", "folder | not the folder of a run"),
    ("evaluate folder --samples 99", "--samples | 99"),
    (
        "pretrain mixture 25-to-9 --out value.toml/prior.safetensors",
        "value.toml/prior.safetensors | cannot write",
    ),
    (
        "pretrain mixture 25-to-9 --out prior --width 2",
        "network.width | 2 | from 4",
    ),
    ("pretrain mixture nothing --out prior", "nothing | 25-to-9"),
    (
        "compare nothing",
        "nothing | 25-to-9 | experiment | on-policy-share",
    ),
    ("compare --method rtv", "--method | rtv | rtb, trust-pcl"),
    (
        "compare --method rtb --vary problem=25-to-9,unseen-1",
        "--vary problem | unseen-1 | 25-to-9 | unseen-1-1",
    ),
    (
        "compare --method rtb --vary problem=story-bike",
        "--vary problem | story-bike | stories | mixtures",
    ),
    (
        "compare --resume folder",
        "folder/trials.toml | cannot read the comparison",
    ),
    ("compare --resume folder --seeds 1", "--resume | --seeds"),
    (
        "compare --resume folder --iterations 7",
        "--resume | --iterations",
    ),
    ("run unseen-1", "unseen-1 | 25-to-9 | unseen-1-1 | TOML file"),
    (
        "compare --method dps:scle=1",
        "--method dps | scle | normalized, scale",
    ),
    ("compare --method rtb:scale=1", "--method rtb | scale | no fields"),
    ("compare --method dps:scale", "--method dps | scale | FIELD=VALUE"),
    (
        "compare --method dps:scale=500",
        "--method dps:scale | 500 | from 0 to 100",
    ),
    (
        "compare --method dps:scale=abc",
        "--method dps:scale | abc | a number",
    ),
    (
        "compare story-bike --method dps",
        "--method | `dps` for the task stories | rtb, trust-pcl",
    ),
    (
        "run untasked.toml",
        "untasked.toml | task is missing | task = \"digits\" | reward.kind",
    ),
    (
        "run vague.toml",
        "vague.toml | reward is missing; give what the run is about | preset = \"NAME\"",
    ),
    (
        "run digit-3 --width 32",
        "network.width | 32 | the task mixtures or points or latents or images or control only: digits ignores it",
    ),
    (
        "compare digit-3 --vary process.variance=1,2",
        "process.variance: 1 | the task mixtures only",
    ),
    (
        "run story-bike --set process.steps=2.5",
        "process.steps | 2.5 | a whole number",
    ),
    (
        "run story-dog --set story.beginning=Zorblax_liked_Tom.",
        "story.beginning | `zorblax` | the models do not know",
    ),
    ("compare --vary process.steps", "--vary | FIELD=VALUE"),
    (
        "compare --vary process.stps=10,20",
        "process.stps | unknown field | steps",
    ),
    (
        "compare --vary process.steps=10,1",
        "process.steps | 1 | from 2 to 1000",
    ),
    ("compare --vary seed=1,2", "--vary | seed | --seeds"),
    (
        "compare --vary method.scale=1,2",
        "--vary | method.scale | --method",
    ),
    ("compare --seeds 1,2,1", "--seeds | 1 twice"),
    ("compare --vary process.steps=5,5", "--vary | 5 twice"),
    (
        "compare --method rtb --method dps --method dps:scale=1.0",
        "--method | `dps` twice",
    ),
    ("compare --seeds 1 --seed 2", "--seeds | --seed"),
    (
        "compare --set prior.kind=learned --set prior.weights=value.toml",
        "prior.weights | value.toml",
    ),
    (
        "compare --method importance --out taken",
        "taken | a folder with files | --out",
    ),
    ("density --count 0", "--count | 0"),
    (
        "energy --consistency nan",
        "--consistency | nan | a number from 0",
    ),
    ("energy --consistency -1", "--consistency | -1 | a number from 0"),
    ("energy --out taken.png", "taken.png | cannot write"),
    ("energy --out energy.gif", "--out | energy.gif | .png or .svg"),
    (
        "pretrain digits --out d.safetensors --picture d.jpg",
        "--picture | d.jpg | .png or .svg",
    ),
    ("bench --until nan", "--until | nan | a number, 0 or more"),
    ("numbers --batch 1", "--batch | 1 | from 2 to 100000"),
    ("numbers --iterations 0", "--iterations | 0 | from 1 to 1000000"),
    ("numbers --seed=-1", "--seed | -1"),
    (
        "numbers --noised-share 1.5",
        "--noised-share | 1.5 | a number from 0 to 1",
    ),
    ("numbers --objective tb", "--objective | tb | rtb, subtb"),
    (
        "numbers --out value.toml/numbers.csv",
        "value.toml/numbers.csv | cannot write",
    ),
    ("list --toml nothing", "nothing | 25-to-9"),
    #[cfg(not(feature = "cuda"))]
    ("--device cuda", "cuda | cargo build --release --features cuda"),
];

#[test]
fn bad_input_is_refused_with_a_reason() {
    let place = Scratch::new();
    let files = [
        ("syntax.toml", "seed = 1\nname = ]"),
        ("unknown.toml", "preset = \"25-to-8\""),
        ("field.toml", "[rollout]\nbatsh = 3"),
        ("value.toml", "[process]\nsteps = 1"),
        ("vague.toml", "[rollout]\nbatch = 16"),
        ("untasked.toml", "[reward]\nkind = \"classes\"\nclasses = [3]"),
        ("taken/file", ""),
    ];
    for folder in ["folder", "taken", "taken.png"] {
        fs::create_dir(place.path().join(folder)).expect("made");
    }
    for (name, contents) in files {
        fs::write(place.path().join(name), contents).expect("written");
    }
    let entries = || fs::read_dir(place.path()).expect("a folder").count();
    let before = entries();

    for (typed, parts) in REFUSED {
        let mut command = rtb(typed.split(' '));
        let output = command.current_dir(place.path()).output();
        let output = output.expect("the program starts");
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "rtb {typed}: {said}");
        for part in parts.split(" | ") {
            assert!(said.contains(part), "rtb {typed}: {part} is missing from {said}");
        }
        assert!(!said.contains("panicked"), "rtb {typed}: {said}");
    }
    assert_eq!(entries(), before, "a refused command left something behind");
}
