//! GPT-2 and SEDD with their published names, against PyTorch (`tests/golden/pretrained.py`).

use crate::support::{Golden, assert_close, numbers, tokens};
use burn::module::Module;
use rtb::engine::device::cpu_device;
use rtb::engine::weights::{Weights, read_tensors};
use rtb::network::{Gpt2, Gpt2Config, Sedd, SeddConfig};
use std::ops::Range;

const GPT2: Gpt2Config = Gpt2Config {
    words: 11,
    positions: 8,
    width: 16,
    heads: 2,
    layers: 2,
};
const SEDD: SeddConfig = SeddConfig {
    words: 11,
    width: 16,
    heads: 2,
    layers: 2,
    condition: 8,
    scale_by_sigma: true,
};
/// Of two blocks of two rows.
const SIGMAS: [f64; 2] = [0.2, 1.5];
const MASKED: Range<usize> = 2..5;
const LENGTH: usize = 6;

fn published(name: &str) -> Weights {
    Golden::read(name).part("published")
}

fn gpt2(weights: &Weights) -> Result<Gpt2, String> {
    GPT2.read(&weights.to_safetensors(false), &cpu_device())
}

fn sedd(config: SeddConfig, weights: &Weights) -> Result<Sedd, String> {
    config.read(&weights.to_safetensors(false), &cpu_device())
}

/// The logits of the golden tokens are PyTorch's.
fn says_what_pytorch_does(network: &Gpt2) {
    let golden = Golden::read("gpt2");
    let logits = network.forward(tokens(&golden.numbers("x"), LENGTH));
    assert_eq!(logits.dims(), [4, LENGTH, GPT2.words]);
    assert_close(&numbers(logits), &golden.numbers("logits"), 1e-4);
}

#[test]
fn gpt2_is_that_of_pytorch() {
    says_what_pytorch_does(&gpt2(&published("gpt2")).expect("whole"));
}

#[test]
fn gpt2_is_read_with_a_prefix_and_its_tied_head() {
    let mut weights = published("gpt2");
    let words = weights.tensors.iter().find(|(name, ..)| name == "wte.weight");
    let head = words.expect("there").clone();
    for (name, ..) in &mut weights.tensors {
        name.insert_str(0, "transformer.");
    }
    weights
        .tensors
        .push(("lm_head.weight".to_owned(), head.1, head.2));
    says_what_pytorch_does(&gpt2(&weights).expect("whole"));

    weights.tensors.last_mut().expect("the head").2[0] += 1.0;
    assert_eq!(
        gpt2(&weights).expect_err("another head"),
        "tensor `lm_head.weight` differs from `transformer.wte.weight`, but both must be the same table"
    );
}

#[test]
fn masks_of_gpt2_may_be_of_any_type() {
    let mut file = published("gpt2").to_safetensors(false);
    let entry = br#""h.0.attn.bias":{"dtype":"F32""#;
    let at = file.windows(entry.len()).position(|part| part == entry);
    let of_type = at.expect("in the header") + entry.len() - 4;
    file[of_type] = b'U';
    let refused = read_tensors(&file).expect_err("not a float");
    assert_eq!(
        refused,
        "tensor `h.0.attn.bias` is U32, but must be F32, F16 or BF16"
    );
    says_what_pytorch_does(&GPT2.read(&file, &cpu_device()).expect("left out"));
}

#[test]
fn sedd_is_that_of_pytorch() {
    let golden = Golden::read("sedd");
    let network = sedd(SEDD, &published("sedd")).expect("whole");
    let x = tokens(&golden.numbers("x"), LENGTH);
    let log_scores = network.forward(&SIGMAS, x.clone());
    assert_eq!(log_scores.dims(), [4, LENGTH, SEDD.words + 1]);
    assert_close(&numbers(log_scores), &golden.numbers("log_scores"), 1e-4);
    let log_probs = network.log_probs(&SIGMAS, x, MASKED);
    assert_eq!(log_probs.dims(), [4, MASKED.len(), SEDD.words]);
    assert_close(&numbers(log_probs), &golden.numbers("log_probs"), 1e-4);
}

#[test]
fn probabilities_of_sedd_sum_to_1() {
    let golden = Golden::read("sedd");
    let network = sedd(SEDD, &published("sedd")).expect("whole");
    let x = tokens(&golden.numbers("x"), LENGTH);
    let sums = network.log_probs(&SIGMAS, x, 0..LENGTH).exp().sum_dim(2);
    assert_close(&numbers(sums), &[1.0; 4 * LENGTH], 1e-5);
}

#[test]
fn scores_of_sedd_are_scaled_by_sigma() {
    let (golden, weights) = (Golden::read("sedd"), published("sedd"));
    let unscaled = SeddConfig {
        scale_by_sigma: false,
        ..SEDD
    };
    let seen = golden.numbers("x");
    let log_scores = |config| {
        let network = sedd(config, &weights).expect("whole");
        numbers(network.forward(&SIGMAS, tokens(&seen, LENGTH)))
    };
    let scaled = log_scores(SEDD);
    let kinds = SEDD.words + 1;
    for (at, unscaled) in log_scores(unscaled).into_iter().enumerate() {
        let (token, kind) = (at / kinds, at % kinds);
        let sigma = SIGMAS[token / (2 * LENGTH)];
        let own = seen[token] as usize == kind;
        let less = (sigma.exp_m1() * SEDD.words as f64).ln();
        let expected = if own { 0.0 } else { unscaled - less };
        assert!((scaled[at] - expected).abs() < 1e-5, "token {token}, kind {kind}");
    }
}

#[test]
fn noise_of_sedd_masks_in_proportion_to_time() {
    for time in [0.0, 0.001, 0.5, 1.0f64] {
        let masked = 1.0 - (-Sedd::sigma(time)).exp();
        assert!((masked - 0.999 * time).abs() < 1e-12);
    }
}

/// What is said of a file without this tensor, with it in another shape, and with one more.
fn refusals(name: &str, tensor: &str, read: impl Fn(&Weights) -> Option<String>) -> [String; 3] {
    let whole = published(name);
    let at = whole.tensors.iter().position(|(n, ..)| n == tensor);
    let at = at.expect("in the file");
    let mut missing = whole.clone();
    missing.tensors.remove(at);
    let mut turned = whole.clone();
    turned.tensors[at].1.reverse();
    let mut extra = whole.clone();
    extra.tensors.push((format!("{tensor}.more"), vec![1], vec![0.0]));
    [missing, turned, extra].map(|weights| read(&weights).expect("refused"))
}

#[test]
fn the_tensor_that_is_wrong_is_named_as_in_the_file() {
    let of_gpt2 = refusals("gpt2", "h.1.mlp.c_fc.weight", |weights| gpt2(weights).err());
    assert_eq!(
        of_gpt2,
        [
            "tensor `h.1.mlp.c_fc.weight` is missing",
            "tensor `h.1.mlp.c_fc.weight` has shape [64, 16], but must have [16, 64]",
            "tensor `h.1.mlp.c_fc.weight.more` belongs to no layer of this network",
        ]
    );
    let of_sedd = refusals("sedd", "blocks.0.attn_qkv.weight", |weights| {
        sedd(SEDD, weights).err()
    });
    assert_eq!(
        of_sedd,
        [
            "tensor `blocks.0.attn_qkv.weight` is missing",
            "tensor `blocks.0.attn_qkv.weight` has shape [16, 48], but must have [48, 16]",
            "tensor `blocks.0.attn_qkv.weight.more` belongs to no layer of this network",
        ]
    );
}

/// GPT-2's count is its authors', SEDD's that of the authors' code.
#[test]
fn small_networks_have_as_many_parameters_as_published() {
    let device = cpu_device();
    assert_eq!(Gpt2Config::SMALL.blank(&device).num_params(), 124_439_808);
    let whole = SeddConfig::SMALL.blank(&device).num_params();
    let no_blocks = SeddConfig {
        layers: 0,
        ..SeddConfig::SMALL
    };
    let blocks = whole - no_blocks.blank(&device).num_params();
    assert_eq!([whole, blocks], [169_627_218, 92_132_352]);
}

#[test]
fn files_of_bf16_are_read() {
    let header = br#"{"x":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}}"#;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend([0x80, 0x3f, 0x20, 0xc0, 0x00, 0x3e]);
    let weights = read_tensors(&file).expect("a file");
    assert_eq!(
        weights.tensors,
        [("x".to_owned(), vec![3], vec![1.0, -2.5, 0.125])]
    );
}
