//! Files of weights (safetensors), for every reader that there is.

use crate::bytes::{Damage, damaged};
use crate::each::each;
use crate::refusal::{is_refusal, is_sentence};
use pollster::block_on;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::Noise;
use rtb::engine::train::Pretrain;
use rtb::engine::train::examples::Recipe;
use rtb::engine::weights::{Weights, read_tensors};
use rtb::network::{DriftNetworkConfig, ResidualConfig, TransformerConfig};
use rtb::run::{Files, Run, shipped_weights};
use rtb::session::Session;
use rtb::task::control::offline::Transitions;
use rtb::task::control::offline::behaviour::{BehaviourShape, BehaviourTraining};
use rtb::task::control::offline::critic::{CriticShape, CriticTraining};
use rtb::task::control::offline::hdf5::Source;
use rtb::task::images::{Autoencoder, PIXELS, Shape, UNetConfig};
use rtb::task::points::Table;
use rtb::task::points::flow::FlowConfig;
use rtb::task::points::pretrain_flow::FlowTraining;
use rtb::task::text::{LanguageModel, Layout, Reader};
use serde_json::{Map, Value, json};
use std::sync::{Arc, LazyLock};

/// A small network of each kind that a run can be given.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// The prior of mixtures.
    Drift,
    /// A posterior of mixtures, to start from.
    Posterior,
    /// The prior of points.
    Flow,
    /// The prior of images of pixels, and of latents.
    UNet,
    Latents,
    Autoencoder,
    /// The prior of stories, and the network of their reward.
    Language,
    Causal,
    Teller,
    /// The prior and the reward above recorded steps.
    Behaviour,
    Critic,
}

const KINDS: [Kind; 11] = [
    Kind::Drift,
    Kind::Posterior,
    Kind::Flow,
    Kind::UNet,
    Kind::Latents,
    Kind::Autoencoder,
    Kind::Language,
    Kind::Causal,
    Kind::Teller,
    Kind::Behaviour,
    Kind::Critic,
];

/// What mixes the runs' description with the file under test.
fn run(text: &str) -> Run {
    let small = "process.steps = 2\nrollout.batch = 4\nevaluation.samples = 100\nevaluation.proposals = 100\n\
                 evaluation.samples_while_training = 16\n";
    Run::from_toml(&format!("{small}{text}")).unwrap_or_else(|e| panic!("{text}: {e}"))
}

const LEARNED: &str = "preset = \"ring-tilt\"\nprior.kind = \"learned\"\nprior.weights = \"mine\"";
const FLOW: &str = "task = \"points\"\nprior = { kind = \"flow\", weights = \"mine\" }\nnetwork.width = 4\n\
                    reward = { kind = \"formula\", expression = \"exp(-x*x)\" }";
const EXACT: &str = "preset = \"ring-tilt\"\nnetwork.width = 4\nnetwork.depth = 1";
const IMAGES: &str = "preset = \"digits-ink\"\nprior.weights = \"mine\"";
const DOG: &str = "preset = \"story-dog\"\nprior.weights = \"mine\"";
const ENDING: &str = "preset = \"story-bike\"\nprior.weights = \"mine\"";

const RECORDED: &str = "task = \"control\"\nprocess.steps = 2\nrollout.batch = 4\nnetwork = { width = 4, depth = 1, langevin = true }\n\
                        environment = { kind = \"recorded\", data = \"mine\" }\nprior = { kind = \"learned\", weights = \"mine\" }\n\
                        reward = { kind = \"learned\", weights = \"mine\", alpha = 1.0 }\nepisodes = { states = 1, looked_at = 1 }";

/// Steps that h5py wrote.
fn steps_file() -> Vec<u8> {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../golden/d4rl/chunked.hdf5");
    std::fs::read(golden).expect("a golden file")
}

fn recorded() -> Transitions {
    let source = Source::open(std::io::Cursor::new(steps_file())).expect("whole");
    source.transitions(None).expect("sound")
}

/// A recipe of one iteration.
const ONCE: Recipe = Recipe {
    iterations: 1,
    batch: 4,
    learning_rate: 0.1,
    ema: 0.0,
    seed: 0,
};

impl Kind {
    fn made(self) -> Vec<u8> {
        let (noise, device) = (&Noise::new(0), &cpu_device());
        let residual = |inputs, outputs, embedding| {
            let config = ResidualConfig {
                inputs,
                outputs,
                width: 4,
                blocks: 1,
                embedding,
            };
            block_on(Weights::of(&config.init(noise, device))).expect("the processor answers")
        };
        let language = |causal: bool| {
            let layout = Layout {
                before: 40,
                gap: 3,
                after: 40,
            };
            let reader = Reader::new("<nothing>\n<unknown>\ntom\na\ndog\n.", layout).expect("six words");
            let config = TransformerConfig {
                words: reader.vocabulary.len(),
                width: 4,
                heads: 1,
                layers: 1,
                embedding: if causal { 0 } else { 4 },
                causal,
            };
            let network = config.init(noise, device);
            block_on(LanguageModel { network, reader }.file()).expect("the processor answers")
        };
        match self {
            Self::Drift => {
                let config = DriftNetworkConfig {
                    inputs: 2,
                    outputs: 2,
                    width: 4,
                    depth: 1,
                };
                let weights = block_on(Weights::of(&config.init(noise, device)));
                weights.expect("the processor answers").to_safetensors(false)
            }
            Self::Posterior => {
                let session = block_on(Session::open(run(EXACT), cpu_device(), &Files::default(), None));
                block_on(session.expect("it opens").weights()).expect("the processor answers")
            }
            Self::Flow => {
                let table = Table {
                    names: ["x", "y"].map(str::to_owned).into(),
                    values: (0..40).map(|at| f64::from(at * at % 11)).collect(),
                };
                let shape = FlowConfig {
                    couplings: 2,
                    width: 4,
                };
                let training = FlowTraining::new(("a table", &table), &[], shape, ONCE, device.clone());
                let mut training = training.expect("a table");
                block_on(training.step()).expect("the processor answers");
                block_on(training.weights()).expect("the processor answers")
            }
            Self::UNet => {
                let config = UNetConfig {
                    shape: Shape::MNIST,
                    channels: [4, 32],
                    blocks: [1, 1],
                    embedding: 4,
                };
                let weights = block_on(Weights::of(&config.init(noise, device)));
                weights.expect("the processor answers").to_safetensors(true)
            }
            Self::Latents => {
                let mut weights = residual(3, 3, 4);
                weights.add_all("decoder.", residual(3, PIXELS, 0));
                weights.to_safetensors(false)
            }
            Self::Autoencoder => {
                let network = Autoencoder::new(PIXELS, 3, 4, 1, noise, device);
                let weights = block_on(Weights::of(&network));
                weights.expect("the processor answers").to_safetensors(false)
            }
            Self::Language => language(false),
            Self::Causal | Self::Teller => language(true),
            Self::Behaviour => {
                let shape = BehaviourShape {
                    width: 4,
                    depth: 1,
                    steps: 2,
                };
                let training = BehaviourTraining::new(&recorded(), shape, ONCE, device.clone());
                block_on(training.expect("allowed").weights()).expect("the processor answers")
            }
            Self::Critic => {
                let shape = CriticShape {
                    width: 4,
                    depth: 1,
                    ..CriticShape::IQL
                };
                let training = CriticTraining::new(&recorded(), shape, ONCE, device.clone());
                block_on(training.expect("allowed").weights()).expect("the processor answers")
            }
        }
    }

    /// Does with a file of this kind what the program does with it.
    fn read(self, file: Vec<u8>) {
        let shipped = |name| shipped_weights(name).expect("it ships").to_vec();
        let prior = |file: Vec<u8>| Files::default().with("prior", file);
        match self {
            Self::Drift => open(run(LEARNED), &prior(file), None),
            Self::Posterior => open(run(EXACT), &Files::default(), Some(&file)),
            Self::Flow => open(run(FLOW), &prior(file), None),
            Self::UNet | Self::Latents => {
                let files = prior(file).with("reward", shipped("classifier"));
                let files = files.with("judge", shipped("classifier-evaluation"));
                open(run(IMAGES), &files, None);
            }
            Self::Autoencoder => {
                let network = read_tensors(&file).and_then(|w| Autoencoder::read(w, &cpu_device()));
                if let Err(error) = network {
                    is_sentence(&error);
                }
            }
            Self::Language | Self::Causal => open(run(DOG), &prior(file), None),
            Self::Teller => open(
                run(ENDING),
                &prior(file_of(Self::Language).clone()).with("reward", file),
                None,
            ),
            Self::Behaviour | Self::Critic => {
                let (behaviour, critic) = match self {
                    Self::Behaviour => (file, file_of(Self::Critic).clone()),
                    _ => (file_of(Self::Behaviour).clone(), file),
                };
                let files = prior(behaviour).with("critic", critic);
                let files = files.with_large_file("steps", Arc::new(steps_file()));
                open(Run::from_toml(RECORDED).expect("a run"), &files, None);
            }
        }
    }
}

fn file_of(kind: Kind) -> &'static Vec<u8> {
    static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| KINDS.map(Kind::made).into());
    let at = KINDS.iter().position(|other| *other == kind);
    &FILES[at.expect("it is listed")]
}

/// Opens a run, and trains it where it opens.
fn open(run: Run, files: &Files, weights: Option<&[u8]>) {
    let session = block_on(Session::open(run, cpu_device(), files, weights));
    let trained = session.and_then(|mut session| block_on(session.step()));
    if let Err(error) = trained {
        is_refusal(&error);
    }
}

#[test]
fn whole_files_are_read() {
    for kind in KINDS {
        kind.read(file_of(kind).clone());
        let tensors = read_tensors(file_of(kind)).unwrap_or_else(|e| panic!("{kind:?}: {e}"));
        assert!(!tensors.tensors.is_empty(), "{kind:?}");
    }
}

/// A change of a file that stays a file of weights.
#[derive(Clone, Debug)]
enum Change {
    Drop(Index),
    Copy(Index, String),
    Rename(Index, String),
    Shape(Index, Vec<usize>),
    Turn(Index),
    Type(Index, &'static str),
    Number(Index, f32),
    /// Tensors of almost nothing under the name of one in another layer.
    Layers(Index, usize),
    Header(Index, String),
    Unheaded(Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let place = any::<Index>;
    let name = || {
        prop_oneof![
            select(
                &[
                    "",
                    "x",
                    "tokens",
                    "time.weight",
                    "time.bias",
                    "stem.weight",
                    "conditions",
                    "langevin.weight"
                ][..]
            )
            .prop_map(str::to_owned),
            "\\PC{0,12}"
        ]
    };
    let side = select(
        &[
            0,
            1,
            2,
            3,
            4,
            8,
            32,
            784,
            1024,
            4096,
            1 << 20,
            1 << 40,
            usize::MAX,
        ][..],
    );
    let value = prop_oneof![
        select(
            &[
                "",
                "0",
                "-1",
                "1",
                "2",
                "3 3",
                "0 0 0",
                "1 1 1",
                "0 1 0",
                "60 9 60",
                "99999999999999999999",
                "true",
                "false",
                "<nothing>\n<unknown>\na\nb\nc\nd",
                "name = ]"
            ][..]
        )
        .prop_map(str::to_owned),
        "\\PC{0,12}"
    ];
    let change = prop_oneof![
        1 => place().prop_map(Change::Drop),
        1 => (place(), name()).prop_map(|(at, name)| Change::Copy(at, name)),
        1 => (place(), name()).prop_map(|(at, name)| Change::Rename(at, name)),
        3 => (place(), vec(side, 0..4)).prop_map(|(at, shape)| Change::Shape(at, shape)),
        1 => place().prop_map(Change::Turn),
        1 => (place(), select(&["F16", "BF16", "F64", "I32", "BOOL", "x"][..])).prop_map(|(at, kind)| Change::Type(at, kind)),
        1 => (place(), select(&[f32::NAN, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE, 0.0][..]))
            .prop_map(|(at, number)| Change::Number(at, number)),
        1 => (place(), 1..100usize).prop_map(|(at, count)| Change::Layers(at, count)),
        2 => (place(), value).prop_map(|(at, value)| Change::Header(at, value)),
        1 => place().prop_map(Change::Unheaded),
    ];
    vec(change, 1..=4)
}

/// Name, type, shape and bytes of a tensor.
#[derive(Clone)]
struct Tensor {
    name: String,
    kind: &'static str,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// A file with these changes. It is whole in itself, unless a shape or a type does not go with its bytes.
fn changed(file: &[u8], changes: &[Change]) -> Vec<u8> {
    let whole = read_tensors(file).expect("a whole file");
    let mut metadata = whole.metadata;
    let mut tensors: Vec<Tensor> = whole
        .tensors
        .into_iter()
        .map(|(name, shape, values)| Tensor {
            name,
            kind: "F32",
            shape,
            bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        })
        .collect();
    // The reader's order is that of a hash table.
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    for change in changes {
        if tensors.is_empty() {
            break;
        }
        let count = tensors.len();
        match change {
            Change::Drop(at) => drop(tensors.remove(at.index(count))),
            Change::Copy(at, name) => {
                let copy = Tensor {
                    name: name.clone(),
                    ..at.get(&tensors).clone()
                };
                tensors.push(copy);
            }
            Change::Rename(at, name) => tensors[at.index(count)].name.clone_from(name),
            Change::Shape(at, shape) => {
                let tensor = &mut tensors[at.index(count)];
                tensor.shape.clone_from(shape);
                let numbers = shape.iter().try_fold(1usize, |all, side| all.checked_mul(*side));
                if let Some(numbers) = numbers.filter(|numbers| *numbers <= 1 << 15) {
                    tensor.bytes.resize(4 * numbers, 0);
                }
            }
            Change::Turn(at) => tensors[at.index(count)].shape.reverse(),
            Change::Type(at, kind) => tensors[at.index(count)].kind = kind,
            Change::Number(at, number) => {
                let bytes = &mut tensors[at.index(count)].bytes;
                if let Some(first) = bytes.first_chunk_mut() {
                    *first = number.to_le_bytes();
                }
            }
            Change::Layers(at, layers) => {
                let like = at.get(&tensors).clone();
                for layer in 1..=*layers {
                    let name = like
                        .name
                        .replace(|c: char| c.is_ascii_digit(), &layer.to_string());
                    tensors.push(Tensor {
                        name,
                        shape: vec![1],
                        bytes: vec![0; 4],
                        ..like.clone()
                    });
                }
            }
            Change::Header(at, value) => {
                if let Some(old) = metadata.values_mut().nth(at.index(4)) {
                    old.clone_from(value);
                }
            }
            Change::Unheaded(at) => {
                let key = metadata.keys().nth(at.index(4)).cloned();
                key.map(|key| metadata.remove(&key));
            }
        }
    }
    let mut header = Map::new();
    header.insert("__metadata__".to_owned(), json!(metadata));
    let mut body = Vec::new();
    for Tensor {
        name,
        kind,
        shape,
        bytes,
    } in tensors
    {
        let from = body.len();
        body.extend(bytes);
        let entry = json!({"dtype": kind, "shape": shape, "data_offsets": [from, body.len()]});
        header.insert(name, entry);
    }
    let header = Value::Object(header).to_string();
    [
        &(header.len() as u64).to_le_bytes()[..],
        header.as_bytes(),
        &body[..],
    ]
    .concat()
}

#[test]
fn changed_files_are_read_or_refused_in_a_sentence() {
    each(900, (select(&KINDS[..]), changes()), |(kind, changes)| {
        kind.read(changed(file_of(kind), &changes));
    });
}

#[test]
fn damaged_files_are_read_or_refused_in_a_sentence() {
    let pieces = &[
        "\"shape\":[",
        "\"data_offsets\":[0,4]",
        "\"dtype\":\"F32\"",
        "{",
        "}",
        "[",
        "]",
        "9",
        "\u{0}",
    ];
    each(
        500,
        (select(&KINDS[..]), Damage::some(pieces)),
        |(kind, damage)| {
            kind.read(damaged(file_of(kind), &damage));
        },
    );
}

/// A file of one kind in the place of another.
#[test]
fn files_of_another_kind_are_refused_in_a_sentence() {
    each(60, (select(&KINDS[..]), select(&KINDS[..])), |(kind, of)| {
        kind.read(file_of(of).clone());
    });
}
