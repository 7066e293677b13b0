//! `rtb model`: what a folder of diffusers holds.

use crate::program::device::DeviceKind;
use crate::program::error::ProgramError;
use crate::program::folder::Disk;
use crate::program::listing;
use crate::program::output::{bytes, print};
use rtb::engine::EngineError;
use rtb::network::diffusers::{Contents, Pipeline};
use rtb::task::Listing;
use std::path::PathBuf;

/// Show the parts of a pretrained model: the folder of a diffusers pipeline
#[derive(clap::Args)]
pub struct Args {
    /// The folder, with model_index.json in it
    folder: PathBuf,
}

/// Prints the parts.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let within = |error: EngineError| match error {
        EngineError::Config(error) => ProgramError::ConfigFile {
            path: args.folder.clone(),
            error,
        },
        other => other.into(),
    };
    let disk = Disk::open("FOLDER", args.folder.clone())?;
    let pipeline = Pipeline::open(&disk).map_err(within)?;
    let (mut rows, mut refused) = (Vec::new(), String::new());
    for part in &pipeline.parts {
        let contents = match Pipeline::is_used(part) {
            false => Ok(None),
            true => pipeline.contents(part),
        };
        let note = match &contents {
            Ok(Some(contents)) => contents.kinds.join(", "),
            Ok(None) if Pipeline::is_used(part) => String::new(),
            Ok(None) => "not used".to_owned(),
            Err(error) => {
                refused.push_str(&format!("not read: {error}\n"));
                "not read".to_owned()
            }
        };
        let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        let figures = |c: Contents| [c.parameters as f64 / 1e6, mib(c.bytes), mib(4 * c.parameters)];
        let figures = contents.ok().flatten().map_or([f64::NAN; 3], figures);
        rows.push((
            vec![part.name.clone(), part.class.clone(), note],
            figures.to_vec(),
        ));
    }
    let table = Listing {
        name: "parts",
        title: format!("{}: {}", args.folder.display(), pipeline.class),
        headings: [
            vec!["part", "class", "numbers"],
            vec!["parameters, M", "file, MiB", "as f32, MiB"],
        ],
        rows,
    };
    let refused = if refused.is_empty() {
        refused
    } else {
        format!("\n{refused}")
    };
    let memory = memory(&pipeline).unwrap_or_default();
    print(&format!(
        "{}{memory}{refused}",
        listing::text(&table).trim_start()
    ))
}

/// What passes take beside the weights, in a sentence; nothing of a model that cannot be opened.
fn memory(pipeline: &Pipeline) -> Option<String> {
    // Nothing is computed: any device would do.
    let device = DeviceKind::default().open().ok()?;
    let config = pipeline.unet_config().ok()?;
    let sides = config.sides?;
    // A text of CLIP.
    let of_network = config.footprint(1, sides, 77, &device);
    let said = |numbers: usize| bytes(4 * numbers as u64);
    let mut text = format!(
        "\nBeside the weights, a state takes {} in the U-Net, {} with a gradient",
        said(of_network.forward + of_network.weights),
        said(of_network.inputs + of_network.graph + of_network.weights)
    );
    if let Ok(Some(decoder)) = pipeline.autoencoder_config() {
        let of_decoder = decoder.footprint(1, sides, &device);
        let taken = said(of_decoder.forward + of_decoder.weights);
        text.push_str(&format!(", and an image {taken} in the decoder"));
    }
    Some(text + ".\n")
}
