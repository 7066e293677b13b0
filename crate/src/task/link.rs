//! A run as the fragment of a URL: deflated TOML with a checksum, in URL-safe base64.

use crate::engine::ConfigError;
use crate::run::Run;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use miniz_oxide::{deflate, inflate};

/// Longest run a link may unfold to, bytes; a link is not a way to fill somebody's memory.
const LONGEST: usize = 1 << 20;

/// The fragment, without `#`.
pub fn encode(run: &Run) -> String {
    URL_SAFE_NO_PAD.encode(deflate::compress_to_vec_zlib(run.to_toml().as_bytes(), 9))
}

/// Reads a fragment, with or without `#`, and validates the run in it.
///
/// # Errors
///
/// Says what is wrong with the link, or names the field, its value and what is allowed.
pub fn decode(fragment: &str) -> Result<Run, ConfigError> {
    let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
    let damaged = |why: &str| {
        let shown = format!("`{}…`", fragment.chars().take(24).collect::<String>());
        ConfigError::new(
            "the link",
            shown,
            format!("a whole link, copied from this page ({why})"),
        )
    };
    let packed = URL_SAFE_NO_PAD
        .decode(fragment)
        .map_err(|_| damaged("it is not base64"))?;
    let toml = inflate::decompress_to_vec_zlib_with_limit(&packed, LONGEST)
        .map_err(|_| damaged("it does not unpack"))?;
    Run::from_written(&String::from_utf8(toml).map_err(|_| damaged("it is not text"))?)
}
