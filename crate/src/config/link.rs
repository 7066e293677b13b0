//! A run as the fragment of a URL: deflated JSON in URL-safe base64.

use super::{ConfigError, Run};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Longest run a link may unfold to, bytes; a link is not a way to fill somebody's memory.
const LONGEST: usize = 1 << 20;

/// The fragment, without `#`.
pub fn encode(run: &Run) -> String {
    let json = serde_json::to_vec(run).expect("a run is JSON");
    URL_SAFE_NO_PAD.encode(miniz_oxide::deflate::compress_to_vec(&json, 9))
}

/// Reads a fragment, with or without `#`, and validates the run in it.
///
/// # Errors
///
/// Says what is wrong with the link, or names the field, its value and what is allowed.
pub fn decode(fragment: &str) -> Result<Run, ConfigError> {
    let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
    let shown = || format!("`{}…`", fragment.chars().take(24).collect::<String>());
    let damaged = |why: &str| ConfigError::new("the link", shown(), format!("a link copied whole from this page is expected ({why})"));
    let packed = URL_SAFE_NO_PAD.decode(fragment).map_err(|_| damaged("it is not base64"))?;
    let json = miniz_oxide::inflate::decompress_to_vec_with_limit(&packed, LONGEST).map_err(|_| damaged("it does not unpack"))?;
    let run: Run = serde_json::from_slice(&json).map_err(|e| damaged(&e.to_string()))?;
    run.validate()?;
    Ok(run)
}
