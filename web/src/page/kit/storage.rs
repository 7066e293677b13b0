//! What the browser keeps for the page. It may keep nothing: where storage is blocked, even the question
//! is refused.

use gloo::utils::window;
use web_sys::Storage;

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// What is kept under a key.
pub fn kept(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Keeps a text under a key, where the browser lets it.
pub fn keep(key: &str, text: &str) {
    if let Some(storage) = storage() {
        // A full storage keeps what it has.
        let _ = storage.set_item(key, text);
    }
}

/// A text that a tab has as long as it is open, over reloads: the one that it has under a key, or this new one.
pub fn of_tab(key: &str, new: impl FnOnce() -> String) -> Option<String> {
    let storage = window().session_storage().ok().flatten()?;
    if let Some(text) = storage.get_item(key).ok()? {
        return Some(text);
    }
    let text = new();
    storage.set_item(key, &text).ok()?;
    Some(text)
}
