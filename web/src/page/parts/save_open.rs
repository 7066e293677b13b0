//! Saving weights, samples, config and picture; opening a config, weights or samples.

use crate::engine::Engine;
use crate::kit::color;
use crate::kit::files::{self, save_panels};
use crate::kit::fold::Fold;
use crate::kit::picture::Picture;
use crate::kit::shared::{Fixed, Shared};
use crate::state::{Action, Notice};
use crate::tasks::{read_samples, shown};
use gloo::events::{EventListener, EventListenerOptions};
use rtb::run::Run;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DragEvent, File, FileList, HtmlInputElement};
use yew::prelude::*;

/// Bytes of the largest file that the page opens: many times its largest network, and little enough to
/// be handed to a worker whole.
const LARGEST: f64 = 128.0 * MIB;
/// The same of a table of samples, which the page reads at one go.
const LARGEST_SAMPLES: f64 = 16.0 * MIB;
const MIB: f64 = 1_048_576.0;

/// What can be saved of a task.
pub struct Saved {
    /// Samples in a file, and what its button says.
    pub samples: (usize, &'static str),
    /// The ids and titles of the panels that are pictures.
    pub pictures: &'static [(&'static str, &'static str)],
}

/// A file of samples.
pub enum SampleFile {
    Text { name: &'static str, text: String },
    Picture { name: &'static str, picture: Picture },
}

impl SampleFile {
    /// Hands it to the user.
    pub fn save(&self) {
        match self {
            Self::Text { name, text } => files::save_text(name, text),
            Self::Picture { name, picture } => match picture.render(false) {
                Some(canvas) => files::save_png(name, &canvas),
                None => gloo::console::warn!("there is no image to save"),
            },
        }
    }
}

/// Reads a file and does with it what its name says.
#[derive(Clone, PartialEq)]
struct Opener {
    dispatch: Callback<Action>,
}

impl Opener {
    fn open(&self, list: Option<FileList>) {
        let Some(file) = list.and_then(|l| l.get(0)) else {
            return;
        };
        let opener = self.clone();
        spawn_local(async move {
            let opened = opener.read(file).await;
            opener
                .dispatch
                .emit(opened.unwrap_or_else(|notice| Action::Notice(Some(notice))));
        });
    }

    async fn read(&self, file: File) -> Result<Action, Notice> {
        let name = file.name();
        let kind = kind(&name, file.size()).map_err(Notice::Trouble)?;
        let bytes = gloo::file::futures::read_as_bytes(&file.into())
            .await
            .map_err(|e| Notice::Trouble(format!("{name} cannot be read ({e})")))?;
        match kind {
            Kind::Config => {
                let text =
                    String::from_utf8(bytes).map_err(|_| Notice::Trouble(format!("{name} is not text")))?;
                let run = Run::from_toml(&text)
                    .and_then(shown)
                    .map_err(|error| Notice::Trouble(format!("{name} cannot be opened. {error}")))?;
                Ok(Action::Load(run, Some(Notice::Done(format!("Opened {name}.")))))
            }
            Kind::Samples => {
                let fitting = Notice::Done(format!("Reading {name}…"));
                self.dispatch.emit(Action::Notice(Some(fitting)));
                let change = read_samples(&name, &bytes).await;
                change
                    .map(Action::Samples)
                    .map_err(|why| Notice::Trouble(format!("{name} cannot be opened: {why}.")))
            }
            Kind::Weights => {
                let run = run_of(&bytes);
                let what = match run {
                    Some(_) => format!("Opened {name}: the weights and their run."),
                    None => {
                        format!(
                            "Opened the weights in {name}. The file contains no run, so your settings stay."
                        )
                    }
                };
                Ok(Action::Weights {
                    run,
                    weights: bytes,
                    notice: Notice::Done(what),
                })
            }
        }
    }
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Config,
    Weights,
    Samples,
}

/// What a file holds by the end of its name.
const KINDS: [(&str, Kind); 6] = [
    (".toml", Kind::Config),
    (".safetensors", Kind::Weights),
    (".csv", Kind::Samples),
    (".tsv", Kind::Samples),
    (".txt", Kind::Samples),
    (".npy", Kind::Samples),
];

/// What a file of this name and size in bytes holds, before it is read.
fn kind(name: &str, size: f64) -> Result<Kind, String> {
    let lower = name.to_lowercase();
    let Some((_, kind)) = KINDS.into_iter().find(|(end, _)| lower.ends_with(end)) else {
        return Err(format!(
            "{name} cannot be opened: choose a config (.toml), weights (.safetensors) or samples (.csv, .tsv, .txt, .npy)."
        ));
    };
    let (most, of) = match kind {
        Kind::Samples => (LARGEST_SAMPLES, " of samples"),
        Kind::Config | Kind::Weights => (LARGEST, ""),
    };
    if size > most {
        let (size, most) = (size / MIB, most / MIB);
        return Err(format!(
            "{name} cannot be opened: it has {size:.0} MiB, and the page opens at most {most:.0} MiB{of}."
        ));
    }
    Ok(kind)
}

/// Opens files dropped anywhere on the page.
#[hook]
pub fn use_dropped_files(dispatch: Callback<Action>) {
    use_effect_with(Opener { dispatch }, |opener| {
        let opener = opener.clone();
        let options = EventListenerOptions::enable_prevent_default();
        let window = gloo::utils::window();
        let over =
            EventListener::new_with_options(&window, "dragover", options, |event| event.prevent_default());
        let drop = EventListener::new_with_options(&window, "drop", options, move |event| {
            event.prevent_default();
            let event: &DragEvent = event.unchecked_ref();
            opener.open(event.data_transfer().and_then(|d| d.files()));
        });
        move || std::mem::drop((over, drop))
    });
}

#[derive(Properties, PartialEq)]
pub struct SaveOpenProps {
    pub run: Shared<Run>,
    pub saved: Fixed<Saved>,
    /// What becomes of samples that are to be saved.
    pub keep: Callback<Vec<f32>>,
    pub engine: Engine,
    pub dispatch: Callback<Action>,
    /// Whether the engine holds the run, and so has a network to save.
    pub open: bool,
    pub dark: bool,
}

#[component]
pub fn SaveOpen(props: &SaveOpenProps) -> Html {
    let input = use_node_ref();
    let click = {
        let input = input.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(input) = input.cast::<HtmlInputElement>() {
                input.click();
            }
        })
    };
    let onchange = {
        let opener = Opener {
            dispatch: props.dispatch.clone(),
        };
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            opener.open(input.files());
            // The same file may be chosen again.
            input.set_value("");
        })
    };
    let save = |save: fn(&Run, &Engine)| {
        let (run, engine) = (props.run.clone(), props.engine.clone());
        Callback::from(move |_: MouseEvent| save(&run, &engine))
    };
    let config = save(|run, _| files::save_text("rtb.toml", &run.to_toml()));
    let weights = save(|_, engine| engine.save_weights("posterior.safetensors".to_owned()));
    let (count, form) = props.saved.samples;
    let samples = {
        let (engine, keep) = (props.engine.clone(), props.keep.clone());
        Callback::from(move |_: MouseEvent| engine.save_samples(count, keep.clone()))
    };
    let picture = {
        let (pictures, dark) = (props.saved.pictures, props.dark);
        Callback::from(move |_: MouseEvent| {
            if save_panels(pictures, color::ink(dark)).is_none() {
                gloo::console::warn!("the picture cannot be drawn");
            }
        })
    };
    html! {
        <section class="files" aria-labelledby="files-title">
            <Fold id="files-title" title="Save and share">
            <p class="help">{ "The address of this page contains all settings of the run, but no trained weights. Copy it to share the run. To open a file, you can also drop it anywhere on the page. A table of samples with two columns becomes the prior of Mixtures." }</p>
            <div class="buttons">
                <button type="button" data-testid="save-weights" disabled={!props.open} onclick={weights}>{ "Save weights (.safetensors)" }</button>
                <button type="button" data-testid="save-samples" disabled={!props.open} onclick={samples}>{ form }</button>
                <button type="button" data-testid="save-config" onclick={config}>{ "Save config (.toml)" }</button>
                if !props.saved.pictures.is_empty() {
                    <button type="button" data-testid="save-picture" onclick={picture}>{ "Save picture (.png)" }</button>
                }
                <button type="button" data-testid="open-file" onclick={click}>{ "Open config, weights or samples…" }</button>
                <input ref={input} type="file" class="hidden" data-testid="file-input" tabindex="-1" aria-label="Config, weights or samples file"
                    accept={KINDS.map(|(end, _)| end).join(",")} {onchange} />
            </div>
            </Fold>
        </section>
    }
}

/// The run that the header of a weights file (safetensors) names, if it does.
pub fn run_of(weights: &[u8]) -> Option<Run> {
    let (length, rest) = weights.split_first_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let header: serde_json::Value = serde_json::from_slice(rest.get(..length)?).ok()?;
    let run = Run::from_written(header["__metadata__"]["run"].as_str()?);
    run.and_then(shown).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &serde_json::Value) -> Vec<u8> {
        let header = header.to_string().into_bytes();
        [&(header.len() as u64).to_le_bytes()[..], &header, &[0; 8]].concat()
    }

    #[test]
    fn a_file_is_judged_by_its_name_and_size() {
        assert_eq!(kind("RUN.TOML", 10.0), Ok(Kind::Config));
        assert_eq!(kind("a.b.SafeTensors", LARGEST), Ok(Kind::Weights));
        assert_eq!(kind("points.CSV", LARGEST_SAMPLES), Ok(Kind::Samples));
        assert!(kind("a.pdf", 10.0).is_err_and(|why| why.contains(".toml") && why.contains(".npy")));
        assert!(
            kind("a.npy", LARGEST)
                .is_err_and(|why| why.contains("128 MiB") && why.contains("16 MiB of samples"))
        );
        assert!(
            kind("a.safetensors", 1.5e9)
                .is_err_and(|why| why.contains("1431 MiB") && why.contains("128 MiB"))
        );
    }

    #[test]
    fn a_weights_file_names_its_run_or_none() {
        let run = Run {
            seed: 17,
            ..Run::default()
        };
        let metadata = |run: &str| serde_json::json!({ "__metadata__": { "run": run } });
        assert_eq!(run_of(&file(&metadata(&run.to_toml()))), Some(run));
        assert_eq!(run_of(&file(&metadata("seed = -1"))), None);
        assert_eq!(run_of(&file(&serde_json::json!({}))), None);
        assert_eq!(run_of(b"nonsense"), None);
        assert_eq!(run_of(b"short"), None);
    }
}
