//! Files that stand beside the page.

use futures::future::{Either, select};
use gloo::file::Blob;
use gloo::net::http::{Request, Response};
use gloo::timers::future::TimeoutFuture;
use js_sys::{Reflect, Uint8Array};
use rtb::run::{ConfigError, FileKind, Files, Run};
use rtb::task::ships;
use std::fmt::{self, Display, Formatter};
use std::pin::pin;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Url};

/// The status of an answer that there is no such file.
const NOT_FOUND: u16 = 404;

/// How long a download may stand still, s.
pub const PATIENCE: u32 = 30;

/// The build that the page is of.
pub const BUILD: &str = env!("RTB_BUILD");

/// Why a run's files are not there.
pub enum Missing {
    /// There are none of that name.
    Refused(ConfigError),
    /// The network failed, how.
    Lost(String),
}

impl Display for Missing {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Lost(why) => f.write_str(why),
        }
    }
}

/// The absolute address of a part of this build of the page, which no cache mistakes for another's.
pub fn part(file: &str) -> String {
    address(&format!("{file}?{BUILD}"))
}

/// The absolute address of a file beside the page.
fn address(file: &str) -> String {
    let base = gloo::utils::document()
        .base_uri()
        .ok()
        .flatten()
        .unwrap_or_default();
    Url::new_with_base(file, &base).map_or_else(|_| file.to_owned(), |url| url.href())
}

/// The next part of a download, unless it stands still for too long.
async fn patient<T>(part: impl Future<Output = T>) -> Result<T, String> {
    match select(pin!(part), TimeoutFuture::new(1000 * PATIENCE)).await {
        Either::Left((part, _)) => Ok(part),
        Either::Right(_) => Err(format!("nothing came for {PATIENCE} s")),
    }
}

/// The answer to a request for an address, whatever it says.
async fn ask(address: &str) -> Result<Response, String> {
    let response = patient(Request::get(address).send()).await?;
    response.map_err(|error| format!("the network failed ({error})"))
}

fn accept(response: Response) -> Result<Response, String> {
    if response.ok() {
        return Ok(response);
    }
    Err(format!(
        "the server answered with HTTP status {}",
        response.status()
    ))
}

/// The bytes of weights, unless there are none of that name.
async fn weights(name: &str) -> Result<Option<Vec<u8>>, String> {
    let response = ask(&address(&format!("assets/{name}.safetensors"))).await?;
    if response.status() == NOT_FOUND {
        return Ok(None);
    }
    read(&accept(response)?, |_| ()).await.map(Some)
}

/// The bytes of an answer; tells how many there are by now.
async fn read(response: &Response, mut tell: impl FnMut(usize)) -> Result<Vec<u8>, String> {
    let broken = |e: JsValue| format!("it broke off ({e:?})");
    let body = response.body().ok_or("it is empty")?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut bytes = Vec::new();
    loop {
        let part = patient(JsFuture::from(reader.read())).await;
        if part.is_err() {
            // What stands still would keep its line to the server.
            let _ = reader.cancel();
        }
        let part = part?.map_err(broken)?;
        if Reflect::get(&part, &"done".into()).map_err(broken)?.is_truthy() {
            return Ok(bytes);
        }
        let part: Uint8Array = Reflect::get(&part, &"value".into())
            .map_err(broken)?
            .unchecked_into();
        bytes.extend(part.to_vec());
        tell(bytes.len());
    }
}

/// The files that a run needs.
pub async fn files(run: &Run) -> Result<Files, Missing> {
    let mut files = Files::default();
    for need in run.files() {
        let refused =
            |allowed| Missing::Refused(ConfigError::new(need.field, format!("`{}`", need.name), allowed));
        match need.kind {
            // A file of the user's own is not asked for.
            FileKind::Weights if !ships(need.name) => {
                return Err(refused(
                    "the name of weights that this page provides: the native program can use a file",
                ));
            }
            FileKind::Weights | FileKind::ShippedWeights => {}
            FileKind::Corpus { .. } => {
                return Err(refused(
                    "a single story on the page; the native program can use a corpus",
                ));
            }
            FileKind::Denoiser(_) | FileKind::Generator(_) | FileKind::Folder { .. } => {
                return Err(refused(
                    "a prior that needs no file: the native program can use this one",
                ));
            }
            FileKind::Table
            | FileKind::Text
            | FileKind::Steps
            | FileKind::Pretrained { .. }
            | FileKind::Command(_)
            | FileKind::TextCommand(_)
            | FileKind::Onnx(_) => {
                return Err(refused(
                    "nothing that needs a file or a program: the native program can use this one",
                ));
            }
        }
        let fetched = weights(need.name).await;
        let fetched = fetched.map_err(|why| {
            Missing::Lost(format!("The weights {} cannot be downloaded: {why}.", need.name))
        })?;
        let fetched = fetched.ok_or_else(|| refused("the name of weights that this page provides"))?;
        files = files.with(need.role, fetched);
    }
    Ok(files)
}

/// Fetches a wasm file of this build into memory and tells of its progress: bytes so far, and in all
/// where the server says so.
pub async fn wasm(file: &str, progress: impl Fn(f64, Option<f64>)) -> Result<web_sys::Blob, String> {
    let failed = |why| format!("{file} cannot be downloaded: {why}.");
    let response = ask(&part(file)).await.and_then(accept).map_err(failed)?;
    let headers = response.headers();
    // The length of a compressed answer says nothing about the bytes that come out of it.
    let plain = headers.get("content-encoding").is_none();
    let total = headers
        .get("content-length")
        .filter(|_| plain)
        .and_then(|l| l.parse().ok());
    let mut told = 0;
    let tell = |count: usize| {
        if count - told > 100_000 {
            told = count;
            progress(count as f64, total);
        }
    };
    let bytes = read(&response, tell).await.map_err(failed)?;
    Ok(Blob::new_with_options(bytes.as_slice(), Some("application/wasm")).into())
}
