//! Links to the page.

use crate::bytes::{Damage, damaged_text};
use crate::each::each;
use crate::refusal::names_field;
use crate::tables::{Changed, PRESETS};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use miniz_oxide::deflate::compress_to_vec_zlib;
use proptest::prelude::*;
use proptest::sample::Index;
use rtb::run::Run;
use rtb::task::link;

/// A checksum tells a damaged link from another run.
#[test]
fn damaged_links_are_refused_or_the_same() {
    let pieces = &["#", "-", "_", "A", "=", "%20", " ", "é"];
    each(900, (any::<Index>(), Damage::some(pieces)), |(preset, damage)| {
        let run = &preset.get(&PRESETS).run;
        match link::decode(&damaged_text(&link::encode(run), &damage)) {
            Ok(opened) => assert_eq!(&opened, run),
            Err(error) => {
                names_field(&error);
                assert_eq!(error.field, "the link");
            }
        }
    });
}

/// Whoever writes a link can write anything into it.
#[test]
fn links_are_read_as_their_text_is() {
    each(600, Changed::any(), |changed| {
        let Ok(text) = toml::to_string(&changed.description().table) else {
            return;
        };
        let opened = link::decode(&URL_SAFE_NO_PAD.encode(compress_to_vec_zlib(text.as_bytes(), 1)));
        match (opened, Run::from_written(&text)) {
            (Err(error), _) if error.field == "the link" => assert!(text.len() > 1 << 20, "{error}"),
            (opened, read) => assert_eq!(opened, read),
        }
    });
}
