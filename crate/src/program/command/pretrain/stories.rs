//! `rtb pretrain stories`: the language models of infilling.

use super::common::{Common, Record, Stepped};
use crate::program::data::{Stories, stories};
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::quoted;
use burn::module::Module;
use burn::tensor::Device;
use clap::ValueEnum;
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::noise::Noise;
use rtb::engine::train::examples::{Pretraining, Recipe};
use rtb::network::{Transformer, TransformerConfig};
use rtb::run::ConfigError;
use rtb::task::text::train::{self, Ending, Texts};
use rtb::task::text::{LanguageModel, Layout, Reader, Vocabulary};
use serde::Serialize;

const AFTER_HELP: &str = "\
Defaults: --iterations 5000 (prior) or 3000 (reward) --batch 64 --learning-rate 0.002 --ema 0.999
Each story has five sentences and gives three training texts: the second, third or fourth sentence is
the gap, the text before it is the beginning, and the sentence after it is the ending. One story in
twenty is held out. Whatever the loss, a prior is measured by its negative ELBO on the held-out stories.

Example:
  rtb pretrain stories prior --out prior-stories.safetensors";

/// The places of a story's parts.
const LAYOUT: Layout = Layout {
    before: 40,
    gap: 16,
    after: 16,
};
/// Sentences that are a gap in turn.
const GAPS: std::ops::Range<usize> = 1..4;

/// Train a language model of stories: a prior that fills gaps, or a reward that scores endings
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// What the model is for
    #[arg(value_enum)]
    kind: Kind,
    /// `stories` (read from the folder $RTB_DATA), or a text file with one story per line
    #[arg(long, value_name = "NAME|FILE", default_value = "stories")]
    data: String,
    /// Number of words in the vocabulary
    #[arg(long, value_name = "N", default_value_t = 4000, value_parser = whole::<usize>(0, u64::MAX))]
    words: usize,
    /// Training loss of a prior [default: elbo]
    #[arg(long, value_enum)]
    loss: Option<Loss>,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Loss {
    /// The negative evidence lower bound, as in MDLM
    Elbo,
    /// Denoising score entropy, as in SEDD
    ScoreEntropy,
}

impl From<Loss> for train::Loss {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::Elbo => Self::Elbo,
            Loss::ScoreEntropy => Self::ScoreEntropy,
        }
    }
}

impl Args {
    /// What the network is trained by; a reward's has no choice.
    fn loss(&self) -> Result<Loss, ConfigError> {
        match (self.kind, self.loss) {
            (Kind::Reward, Some(loss)) => {
                let allowed = "no --loss for `reward`, which is always trained by −log p of each word";
                Err(ConfigError::new("--loss", format!("`{}`", name(loss)), allowed))
            }
            (_, loss) => Ok(loss.unwrap_or(Loss::Elbo)),
        }
    }
}

/// A value as it is typed.
fn name(value: impl ValueEnum) -> String {
    let value = value.to_possible_value().expect("no value is skipped");
    value.get_name().to_owned()
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A masked diffusion model of the gap, with attention in both directions
    Prior,
    /// A causal language model, which reads a story word by word
    Reward,
}

impl Kind {
    fn config(self, words: usize) -> TransformerConfig {
        TransformerConfig {
            words,
            width: 128,
            heads: 4,
            layers: 4,
            embedding: if self == Self::Prior { 64 } else { 0 },
            causal: self == Self::Reward,
        }
    }
}

#[derive(Serialize)]
struct Figures {
    /// What it was trained by, where that is not the negative ELBO.
    #[serde(skip_serializing_if = "Option::is_none")]
    loss: Option<String>,
    parameters: usize,
    words: usize,
    stories: usize,
    held_out_stories: usize,
    texts: usize,
    held_out_texts: usize,
    /// Share of the held-out texts' words that are not in the vocabulary.
    unknown: f64,
    /// Nats a word on the held-out texts: the negative ELBO of the gap without and with sight of the
    /// ending, or −log p of the ending.
    #[serde(skip_serializing_if = "Option::is_none")]
    ending_hidden: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ending_shown: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ending: Option<f64>,
}

/// Trains the model and writes its two files.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    args.common.probe(None)?;
    let loss = args.loss()?;
    let iterations = match args.kind {
        Kind::Prior => 5000,
        Kind::Reward => 3000,
    };
    let numbers = args.common.numbers(iterations, 64, 2e-3, 0.999);
    let device = args.common.device()?;
    let Stories { train, held_out } = stories(&args.data)?;
    let sentences = train.iter().flatten().map(String::as_str);
    let vocabulary = Vocabulary::of(sentences, args.words)
        .map_err(|error| ProgramError::Data(format!("--words {}: {error}", args.words)))?;
    let texts = |stories: &[Vec<String>]| {
        let tokens = stories.iter().flat_map(|story| gaps(story, &vocabulary));
        Texts::new(LAYOUT, &vocabulary, tokens.collect()).ok_or_else(|| {
            ProgramError::Data(format!("{}: every story is too long for the model", args.data))
        })
    };
    let (learned, measured) = (texts(&train)?, texts(&held_out)?);

    let network = args
        .kind
        .config(vocabulary.len())
        .init(&Noise::new(numbers.seed), &device);
    let other_loss = (loss != Loss::Elbo).then(|| name(loss));
    let what = format!(
        "stories {} --data {} --words {}{}",
        name(args.kind),
        quoted(&args.data),
        args.words,
        other_loss
            .as_ref()
            .map_or(String::new(), |loss| format!(" --loss {loss}"))
    );
    let mut figures = Figures {
        loss: other_loss,
        parameters: Module::num_params(&network),
        words: vocabulary.len(),
        stories: train.len(),
        held_out_stories: held_out.len(),
        texts: learned.len(),
        held_out_texts: measured.len(),
        unknown: unknown(&held_out, &vocabulary),
        ending_hidden: None,
        ending_shown: None,
        ending: None,
    };
    let training = Pretraining::new(network, learned, Recipe::from(&numbers), device.clone());
    let mut stepped = Stepped {
        training: training.map_err(EngineError::from)?,
        step: async |training: &mut Pretraining<_, _>| match args.kind {
            Kind::Prior => training.unmask(loss.into()).await,
            Kind::Reward => training.continue_texts().await,
        },
    };
    let seconds = args.common.train(&what, &numbers, &mut stepped)?;
    let network = stepped.training.network();
    measure(&mut figures, args.kind, &measured, network, &device)?;

    let model = LanguageModel {
        network: network.clone(),
        reader: Reader {
            vocabulary,
            layout: LAYOUT,
        },
    };
    let weights = block_on(model.file()).map_err(EngineError::Device)?;
    let text = summary(&figures);
    let record = Record {
        command: args.common.command(&what, &numbers),
        from: None,
        seed: numbers.seed,
        seconds,
        figures,
    };
    args.common.finish(&weights, &record, &text)
}

/// The tokens of a story with each of its gaps, where they fit.
fn gaps<'a>(story: &'a [String], vocabulary: &'a Vocabulary) -> impl Iterator<Item = Vec<usize>> + 'a {
    GAPS.filter_map(|gap| {
        let before = story[..gap].join(" ");
        let parts = [before.as_str(), story[gap].as_str(), story[gap + 1].as_str()];
        LAYOUT.tokens(vocabulary, parts).ok()
    })
}

fn unknown(stories: &[Vec<String>], vocabulary: &Vocabulary) -> f64 {
    let encoded = stories
        .iter()
        .flatten()
        .map(|sentence| vocabulary.encode(sentence));
    let (unknown, all) = encoded.fold((0, 0), |(unknown, all), sentence| {
        (unknown + sentence.unknown.len(), all + sentence.tokens.len())
    });
    unknown as f64 / all.max(1) as f64
}

fn measure(
    figures: &mut Figures,
    kind: Kind,
    texts: &Texts,
    network: &Transformer,
    device: &Device,
) -> Result<(), ProgramError> {
    let unmasking = |ending| block_on(texts.unmasking_loss(network, ending, &Noise::new(0), device));
    match kind {
        Kind::Prior => {
            figures.ending_hidden = Some(unmasking(Ending::Hidden)?);
            figures.ending_shown = Some(unmasking(Ending::Shown)?);
        }
        Kind::Reward => figures.ending = Some(block_on(texts.ending_loss(network, device))?),
    }
    Ok(())
}

fn summary(f: &Figures) -> String {
    let nats = |name: &str, value: Option<f64>| {
        value.map_or(String::new(), |v| {
            format!("{name}: {v:.3} nats per word, perplexity {:.1}\n", v.exp())
        })
    };
    format!(
        "{} held-out texts from {} stories; {:.1} % of their words are outside the vocabulary of {} words\n{}{}{}",
        f.held_out_texts,
        f.held_out_stories,
        100.0 * f.unknown,
        f.words,
        nats("gap, ending hidden (upper bound)", f.ending_hidden),
        nats("gap, ending shown (upper bound)", f.ending_shown),
        nats("ending", f.ending)
    )
}
