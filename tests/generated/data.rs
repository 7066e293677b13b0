//! Images in the idx format, lists of words, stories.

use crate::bytes::{Damage, damaged, damaged_text};
use crate::each::each;
use crate::refusal::is_sentence;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rtb::task::images::data::{Images, read_images, read_labels};
use rtb::task::images::{CLASSES, PIXELS};
use rtb::task::text::words::{sentences, words};
use rtb::task::text::{Layout, Reader, Vocabulary};

/// A file of bytes with these sizes.
fn idx(sizes: &[u32], numbers: &[u8]) -> Vec<u8> {
    let sizes_there = sizes.iter().flat_map(|size| size.to_be_bytes());
    let head = [0, 0, 8, sizes.len() as u8].into_iter();
    head.chain(sizes_there).chain(numbers.iter().copied()).collect()
}

#[test]
fn images_are_read_as_they_were_written() {
    let image = vec(any::<u8>(), PIXELS);
    let labelled = vec((image, 0..CLASSES as u8), 0..4);
    each(300, labelled, |labelled| {
        let (images, labels): (Vec<Vec<u8>>, Vec<u8>) = labelled.into_iter().unzip();
        let count = labels.len() as u32;
        let pixels = read_images(&idx(&[count, 28, 28], &images.concat())).expect("images");
        assert_eq!(pixels, images.concat());
        assert_eq!(read_labels(&idx(&[count], &labels)).expect("labels"), labels);
        let made = Images::new(pixels, labels.clone()).expect("a label each");
        let classes: Vec<usize> = (0..made.len()).map(|at| made.label(at)).collect();
        assert_eq!(classes, labels.into_iter().map(usize::from).collect::<Vec<_>>());
    });
}

#[test]
fn damaged_images_are_refused_in_a_sentence() {
    let sizes = select(&[0, 1, 2, 27, 28, 255, 1 << 16, u32::MAX][..]);
    let file = (vec(sizes, 0..5), any::<Index>(), 0..3 * PIXELS).prop_map(|(sizes, truthful, length)| {
        let product = sizes
            .iter()
            .fold(1u64, |all, size| all.saturating_mul((*size).into()));
        // Half of the files are as long as they say, where that is possible.
        let length = match product {
            said if said < 5000 && truthful.index(2) == 0 => said as usize,
            _ => length,
        };
        idx(&sizes, &vec![7; length])
    });
    each(
        800,
        (file, vec(Damage::any(&["\0\0\u{8}\u{3}"]), 0..3)),
        |(file, damage)| {
            let file = damaged(&file, &damage);
            let (images, labels) = (read_images(&file), read_labels(&file));
            for error in [images.as_ref().err(), labels.as_ref().err()]
                .into_iter()
                .flatten()
            {
                is_sentence(&error.to_string());
            }
            match Images::new(images.unwrap_or_default(), labels.unwrap_or_default()) {
                Ok(made) => assert_eq!(made.pixels(3).len(), made.len().min(3) * PIXELS),
                Err(error) => is_sentence(&error.to_string()),
            }
        },
    );
}

const WORDS: &str = "<nothing>\n<unknown>\n.\ntom\nhad\na\ndog\nran\n";

#[test]
fn lists_of_words_are_read_or_refused_in_a_sentence() {
    let pieces = &[
        "\n",
        "\r\n",
        " ",
        "\n\n",
        "tom\n",
        "<nothing>\n",
        "é\n",
        "\u{feff}",
        "\t",
    ];
    each(400, Damage::some(pieces), |damage| {
        match Vocabulary::read(&damaged_text(WORDS, &damage)) {
            Ok(vocabulary) => {
                assert_eq!(Vocabulary::read(&vocabulary.file()), Ok(vocabulary.clone()));
                let encoded = vocabulary.encode("Tom ran. Why?");
                assert!(encoded.tokens.iter().all(|token| *token < vocabulary.len()));
            }
            Err(error) => is_sentence(&error.to_string()),
        }
    });
}

/// Texts of any characters, with much of what separates words, sentences and columns.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => select(&["tom", "had", "a", "dog", "ran", ".", " ", "\t", "\n", "i'm", "'", "İ", "ß", "“", "!", "(", "\r"][..])
            .prop_map(str::to_owned),
        1 => "\\PC{0,4}",
    ];
    vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

#[test]
fn any_text_is_words_and_stories() {
    each(
        700,
        (texts(), 0..4usize, 1..5usize, 0..4usize),
        |(text, before, gap, after)| {
            let found = words(&text);
            assert!(
                found
                    .iter()
                    .all(|word| !word.is_empty() && !word.contains(char::is_whitespace))
            );
            let said: String = sentences(&text).concat();
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(letters(&said), letters(&text));
            let layout = Layout { before, gap, after };
            let reader = Reader::new(WORDS, layout).expect("the words are whole");
            for story in reader.stories(&text) {
                assert_eq!(story.len(), layout.length());
                let story: Vec<f32> = story.iter().map(|token| *token as f32).collect();
                assert!(reader.pieces(&story).len() <= gap);
                assert_eq!(reader.wholes(&story).len(), 1);
            }
            if let Err(error) = layout.tokens(&reader.vocabulary, [&text, "", &text]) {
                is_sentence(&error.to_string());
            }
        },
    );
}
