//! Bytes that this tab keeps over a reload, in the browser's cache storage: some MB are too many for the
//! session storage. Where storage is blocked nothing is kept.

use super::storage;
use js_sys::{Array, ArrayBuffer, Date, Math, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The cache, and the key of the tab's name in the session storage, which lives as long as the tab.
const NAME: &str = "rtb-kept";
/// How long bytes of another tab stay, which may be closed by now, ms.
const LONGEST: f64 = 24.0 * 3600.0 * 1000.0;

#[wasm_bindgen]
extern "C" {
    type Caches;
    #[wasm_bindgen(method, catch)]
    async fn open(this: &Caches, name: &str) -> Result<JsValue, JsValue>;

    type Cache;
    #[wasm_bindgen(method, catch)]
    async fn put(this: &Cache, key: &str, response: &Response) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = match)]
    async fn find(this: &Cache, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn delete(this: &Cache, key: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn keys(this: &Cache) -> Result<JsValue, JsValue>;

    type Response;
    #[wasm_bindgen(constructor)]
    fn new(body: &Uint8Array) -> Response;
    #[wasm_bindgen(method, js_name = arrayBuffer)]
    fn bytes(this: &Response) -> js_sys::Promise;

    type Request;
    #[wasm_bindgen(method, getter)]
    fn url(this: &Request) -> String;
}

/// Keeps bytes in the place of those before.
pub async fn keep(bytes: &[u8]) {
    // Nobody waits for it, and nothing depends on it.
    let _ = try_to_keep(bytes).await;
}

/// The bytes that were kept, if there are any.
pub async fn kept() -> Option<Vec<u8>> {
    try_to_read().await.ok().flatten()
}

/// Keeps nothing any more.
pub async fn drop_kept() {
    let _ = try_to_drop().await;
}

async fn try_to_keep(bytes: &[u8]) -> Result<(), JsValue> {
    let cache = cache().await?;
    cache
        .put(&key(&tab()?), &Response::new(&Uint8Array::from(bytes)))
        .await?;
    Ok(())
}

async fn try_to_read() -> Result<Option<Vec<u8>>, JsValue> {
    let (cache, tab) = (cache().await?, tab()?);
    for request in Array::from(&cache.keys().await?) {
        let url = request.unchecked_ref::<Request>().url();
        let of = url.rsplit('/').next().unwrap_or_default();
        let began = of.split('-').next().and_then(|began| began.parse().ok());
        if of != tab && Date::now() - began.unwrap_or(0.0) > LONGEST {
            cache.delete(&request).await?;
        }
    }
    let found = cache.find(&key(&tab)).await?;
    if found.is_undefined() {
        return Ok(None);
    }
    let bytes = JsFuture::from(found.unchecked_into::<Response>().bytes()).await?;
    Ok(Some(
        Uint8Array::new(bytes.unchecked_ref::<ArrayBuffer>()).to_vec(),
    ))
}

async fn try_to_drop() -> Result<(), JsValue> {
    cache().await?.delete(&key(&tab()?).into()).await?;
    Ok(())
}

async fn cache() -> Result<Cache, JsValue> {
    let caches = Reflect::get(&gloo::utils::window(), &"caches".into())?;
    if !caches.is_object() {
        return Err(JsValue::NULL);
    }
    Ok(caches
        .unchecked_into::<Caches>()
        .open(NAME)
        .await?
        .unchecked_into())
}

/// The address under which a tab's bytes lie.
fn key(tab: &str) -> String {
    format!("{NAME}/{tab}")
}

/// The name of this tab, which begins with the time when it got it.
fn tab() -> Result<String, JsValue> {
    let new = || format!("{:.0}-{:.0}", Date::now(), 1e9 * Math::random());
    storage::of_tab(NAME, new).ok_or(JsValue::NULL)
}
