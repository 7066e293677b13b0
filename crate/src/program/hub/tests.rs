//! A hub on this machine, which a small server plays.

use super::Places;
use crate::program::permission::Permission;
use crate::program::scratch::Scratch;
use hf_hub::Cache;
use hf_hub::api::sync::ApiBuilder;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

const MODEL: &str = "someone/tiny";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// More than a progress bar's step.
const WEIGHTS: usize = 100_000;

/// What a hub has, and what it was asked for.
#[derive(Clone)]
struct Hub {
    /// The content of every file, and whether the listing tells its SHA-256.
    files: Arc<BTreeMap<&'static str, (Vec<u8>, bool)>>,
    /// What it sends in place of the content of a file.
    instead: Arc<Mutex<BTreeMap<&'static str, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Hub {
    /// A pipeline with one network in two files, and much that nobody reads.
    fn tiny() -> Self {
        let index = json!({
            "_class_name": "DDPMPipeline",
            "scheduler": ["diffusers", "DDPMScheduler"],
            "unet": ["diffusers", "UNet2DModel"],
            "safety_checker": [null, null],
        });
        let list = json!({ "weight_map": {
            "a": "diffusion_pytorch_model-00001-of-00002.safetensors",
            "b": "diffusion_pytorch_model-00002-of-00002.safetensors",
        }});
        let text = |value: serde_json::Value| (value.to_string().into_bytes(), false);
        let weights = |byte: u8| (vec![byte; WEIGHTS], true);
        let files = BTreeMap::from([
            ("README.md", (b"# tiny".to_vec(), false)),
            ("model_index.json", text(index)),
            ("tiny.safetensors", weights(9)),
            ("scheduler/scheduler_config.json", text(json!({}))),
            ("unet/config.json", text(json!({}))),
            ("unet/diffusion_pytorch_model.bin", weights(8)),
            ("unet/diffusion_pytorch_model.fp16.safetensors", weights(7)),
            ("unet/diffusion_pytorch_model.safetensors.index.json", text(list)),
            (
                "unet/diffusion_pytorch_model-00001-of-00002.safetensors",
                weights(1),
            ),
            (
                "unet/diffusion_pytorch_model-00002-of-00002.safetensors",
                weights(2),
            ),
            ("vae/config.json", text(json!({}))),
        ]);
        Self {
            files: Arc::new(files),
            instead: Arc::default(),
            asked: Arc::default(),
        }
    }

    /// Its address; it answers as long as the tests run.
    fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let hub = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                hub.answer(stream.expect("a client"));
            }
        });
        format!("http://{address}")
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let (mut range, mut whole) = (None, true);
        for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
            if let Some(bytes) = line.to_lowercase().strip_prefix("range: bytes=") {
                whole = bytes.ends_with('-');
                range = bytes
                    .split('-')
                    .next()
                    .and_then(|from| from.parse::<usize>().ok());
            }
        }
        let _ = match path.strip_prefix(&format!("/{MODEL}/resolve/main/")) {
            Some(name) => self.send(&mut stream, name, range.unwrap_or(0), whole),
            None => self.list(&mut stream, &path),
        };
    }

    fn list(&self, stream: &mut TcpStream, path: &str) -> std::io::Result<()> {
        if path != format!("/api/models/{MODEL}/revision/main?blobs=true") {
            return write!(
                stream,
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
        let siblings: Vec<_> = self
            .files
            .iter()
            .map(|(name, (content, large))| {
                let mut file = json!({ "rfilename": name, "size": content.len() });
                if *large {
                    file["lfs"] = json!({ "sha256": sha256(content) });
                }
                file
            })
            .collect();
        let body = json!({ "sha": COMMIT, "siblings": siblings }).to_string();
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    }

    /// A part of a file, from a byte to the end or that byte alone.
    fn send(&self, stream: &mut TcpStream, name: &str, from: usize, whole: bool) -> std::io::Result<()> {
        self.asked.lock().expect("no panic").push(name.to_owned());
        let instead = self.instead.lock().expect("no panic").get(name).cloned();
        let content = instead.unwrap_or_else(|| self.files[name].0.clone());
        let to = if whole { content.len() } else { from + 1 };
        write!(
            stream,
            "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{}/{}\r\nETag: \"{}\"\r\n\
             X-Repo-Commit: {COMMIT}\r\nConnection: close\r\n\r\n",
            to - from,
            to - 1,
            content.len(),
            sha256(&self.files[name].0),
        )?;
        stream.write_all(&content[from..to])
    }

    fn asked_for(&self, name: &str) -> bool {
        self.asked
            .lock()
            .expect("no panic")
            .iter()
            .any(|asked| asked == name)
    }
}

/// The folder that a hub's model gets in a cache, or why there is none.
fn folder(hub: &str, cache: &Scratch, download: bool) -> Result<PathBuf, String> {
    let cache = Cache::new(cache.path().to_owned());
    let places = Places {
        offline: None,
        hub: ApiBuilder::from_cache(cache.clone())
            .with_endpoint(hub.to_owned())
            .with_progress(false),
        cache,
    };
    let permission = Permission {
        download,
        ..Permission::default()
    };
    let folder = places.folder("prior.hub", MODEL, None, &permission);
    folder.map_err(|error| error.to_string())
}

#[test]
fn what_is_read_is_fetched_once_and_found_without_the_hub() {
    let (hub, cache) = (Hub::tiny(), Scratch::new());
    let address = hub.serve();
    let found = folder(&address, &cache, true).expect("it is fetched");
    let read = [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model-00001-of-00002.safetensors",
        "unet/diffusion_pytorch_model-00002-of-00002.safetensors",
    ];
    for name in hub.files.keys().copied() {
        let is_read = read.contains(&name) || name == "vae/config.json" || name.ends_with("index.json");
        assert_eq!(hub.asked_for(name), is_read, "{name}");
        if is_read {
            assert_eq!(
                fs::read(found.join(name)).expect(name),
                hub.files[name].0,
                "{name}"
            );
        }
    }
    let again = folder("http://127.0.0.1:1", &cache, false).expect("it is in the cache");
    assert_eq!(again, found);

    // A file that is gone makes the model incomplete, and only it is fetched.
    fs::remove_file(found.join(read[4])).expect("removed");
    let lost = folder("http://127.0.0.1:1", &cache, true).expect_err("nobody answers");
    assert!(
        lost.contains("prior.hub") && lost.contains(MODEL) && lost.contains("prior.folder"),
        "{lost}"
    );
    hub.asked.lock().expect("no panic").clear();
    assert_eq!(folder(&address, &cache, true).expect("it is fetched"), found);
    let asked = hub.asked.lock().expect("no panic").clone();
    assert!(
        asked.iter().all(|name| name == read[4]) && !asked.is_empty(),
        "{asked:?}"
    );
}

#[test]
fn nothing_is_fetched_without_a_yes_which_knows_the_size() {
    // Tests are not asked: cargo's output is a terminal perhaps, but then this would wait for an answer.
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        return;
    }
    let (hub, cache) = (Hub::tiny(), Scratch::new());
    let refused = folder(&hub.serve(), &cache, false).expect_err("nobody said yes");
    assert!(
        refused.contains("200.") && refused.contains("kB") && refused.contains("--download"),
        "{refused}"
    );
    assert!(
        refused.contains("unet/diffusion_pytorch_model-00001-of-00002.safetensors"),
        "{refused}"
    );
    assert!(hub.asked.lock().expect("no panic").is_empty());
}

#[test]
fn other_content_than_promised_is_refused_and_forgotten() {
    let (hub, cache) = (Hub::tiny(), Scratch::new());
    let address = hub.serve();
    let name = "unet/diffusion_pytorch_model-00002-of-00002.safetensors";
    for (content, why) in [(vec![5; WEIGHTS], "SHA-256"), (vec![2; WEIGHTS - 1], "bytes")] {
        hub.instead.lock().expect("no panic").insert(name, content);
        let refused = folder(&address, &cache, true).expect_err("another file");
        assert!(refused.contains(name) && refused.contains(why), "{refused}");
    }
    hub.instead.lock().expect("no panic").clear();
    let found = folder(&address, &cache, true).expect("the right file");
    assert_eq!(
        fs::read(found.join(name)).expect("it is there"),
        hub.files[name].0
    );
}

#[test]
fn models_without_safetensors_or_index_say_what_to_do() {
    for (gone, wanted) in [
        (".safetensors", "save_pretrained"),
        ("model_index.json", "format of diffusers"),
    ] {
        let mut hub = Hub::tiny();
        let files = (*hub.files).clone().into_iter();
        hub.files = Arc::new(files.filter(|(name, _)| !name.ends_with(gone)).collect());
        let refused = folder(&hub.serve(), &Scratch::new(), true).expect_err(gone);
        assert!(
            refused.contains("prior.hub") && refused.contains(wanted),
            "{refused}"
        );
    }
}

#[test]
fn names_that_are_paths_or_addresses_are_refused() {
    let places = || Places {
        offline: Some("/nowhere".into()),
        cache: Cache::new("/nowhere".into()),
        hub: ApiBuilder::from_cache(Cache::new("/nowhere".into())),
    };
    let ask = |model: &str| {
        let refused = places().folder("prior.hub", model, None, &Permission::default());
        refused.expect_err(model).to_string()
    };
    for model in ["", "a/b/c", "../secrets", "https://a.org/b", "a/..", "a b"] {
        let refused = ask(model);
        assert!(
            refused.contains("prior.hub") && refused.contains("prior.folder"),
            "{refused}"
        );
    }
    let absent = ask("google/ddpm-cifar10-32");
    assert!(
        absent.contains("/nowhere/google/ddpm-cifar10-32") && absent.contains("RTB_DATA"),
        "{absent}"
    );
}
