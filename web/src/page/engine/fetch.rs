//! Files that stand beside the page.

use gloo::file::{Blob, ObjectUrl};
use gloo::net::http::{Request, Response};
use js_sys::{Reflect, Uint8Array};
use rtb::run::{ConfigError, FileKind, Files, Run};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Url};

/// The absolute address of a file beside the page.
pub fn address(file: &str) -> String {
    let base = gloo::utils::document()
        .base_uri()
        .ok()
        .flatten()
        .unwrap_or_default();
    Url::new_with_base(file, &base).map_or_else(|_| file.to_owned(), |url| url.href())
}

async fn get(file: &str) -> Result<Response, String> {
    let response = Request::get(&address(file))
        .send()
        .await
        .map_err(|e| format!("{file} cannot be downloaded ({e})"))?;
    if !response.ok() {
        return Err(format!(
            "{file} cannot be downloaded (HTTP status {})",
            response.status()
        ));
    }
    Ok(response)
}

/// The bytes of a file.
async fn bytes(file: &str) -> Result<Vec<u8>, String> {
    get(file)
        .await?
        .binary()
        .await
        .map_err(|e| format!("the download of {file} stopped ({e})"))
}

/// The files that a run needs.
pub async fn files(run: &Run) -> Result<Files, ConfigError> {
    let mut files = Files::default();
    for need in run.files() {
        let refused = |allowed| ConfigError::new(need.field, format!("`{}`", need.name), allowed);
        if let FileKind::Corpus { .. } = need.kind {
            let allowed = "a single story on the page; the native program can use a corpus";
            return Err(refused(allowed.to_owned()));
        }
        let fetched = bytes(&format!("assets/{}.safetensors", need.name)).await;
        let fetched =
            fetched.map_err(|why| refused(format!("the name of weights that this page provides ({why})")))?;
        files = files.with(need.role, fetched);
    }
    Ok(files)
}

/// Fetches a wasm file into memory and tells of its progress: bytes so far, and in all where the
/// server says so.
pub async fn wasm(file: &str, progress: impl Fn(f64, Option<f64>)) -> Result<ObjectUrl, String> {
    let response = get(file).await?;
    let headers = response.headers();
    // The length of a compressed answer says nothing about the bytes that come out of it.
    let plain = headers.get("content-encoding").is_none();
    let total = headers
        .get("content-length")
        .filter(|_| plain)
        .and_then(|l| l.parse().ok());
    let broken = |e: JsValue| format!("the download of {file} stopped ({e:?})");
    let body = response.body().ok_or_else(|| format!("{file} is empty"))?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let (mut bytes, mut told) = (Vec::new(), 0);
    loop {
        let part = JsFuture::from(reader.read()).await.map_err(broken)?;
        if Reflect::get(&part, &"done".into()).map_err(broken)?.is_truthy() {
            break;
        }
        let part: Uint8Array = Reflect::get(&part, &"value".into())
            .map_err(broken)?
            .unchecked_into();
        bytes.extend(part.to_vec());
        if bytes.len() - told > 100_000 {
            told = bytes.len();
            progress(told as f64, total);
        }
    }
    Ok(ObjectUrl::from(Blob::new_with_options(
        bytes.as_slice(),
        Some("application/wasm"),
    )))
}
