//! Damaged datasets are refused in a sentence that names the file.

use super::scratch::Scratch;
use super::support::{rtb, stderr};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write;

const IMAGES: &str = "train-images-idx3-ubyte";

/// A file of bytes with these sizes.
fn idx(sizes: &[u32], length: usize) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.resize(file.len() + length, 0);
    file
}

fn packed(file: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(file).expect("packed");
    encoder.finish().expect("packed")
}

#[test]
fn damaged_images_are_refused_by_name() {
    let whole = idx(&[2, 28, 28], 2 * 784);
    let mut flipped = packed(&whole);
    let checksum = flipped.len() - 8;
    flipped[checksum] ^= 1;
    let cut = |file: &[u8], to: usize| file[..to].to_vec();
    let cases = [
        ("", Vec::new(), "0 bytes"),
        ("", cut(&whole, 10), "10 bytes"),
        ("", cut(&whole, 1000), "984 values"),
        ("", idx(&[u32::MAX; 3], 0), "0 values"),
        ("", idx(&[2, 27, 29], 2 * 27 * 29), "27×29"),
        ("", packed(&whole), "begins with"),
        (".gz", packed(&idx(&[0, 28, 28], 0)), "label"),
        (".gz", cut(&packed(&whole), 20), "cannot unpack"),
        (".gz", flipped, "cannot unpack"),
        (".gz", whole, "cannot unpack"),
    ];
    for (ending, file, said) in cases {
        let place = Scratch::new();
        let write = |name: String, bytes: &[u8]| fs::write(place.path().join(name), bytes).expect("written");
        let images = format!("{IMAGES}{ending}");
        write(images.clone(), &file);
        write("train-labels-idx1-ubyte".to_owned(), &idx(&[2], 2));
        write("t10k-images-idx3-ubyte".to_owned(), &idx(&[2, 28, 28], 2 * 784));
        write("t10k-labels-idx1-ubyte".to_owned(), &idx(&[2], 2));
        let line = "pretrain classifier pooled --data . --out c.safetensors --iterations 1 --batch 2 --quiet";
        let output = rtb(line.split(' ')).current_dir(place.path()).output();
        let output = output.expect("the program starts");
        let told = stderr(&output);
        assert!(
            !output.status.success() && !told.contains("panicked"),
            "{images}: {told}"
        );
        assert!(
            told.contains("ubyte") && told.contains(said),
            "{said} is missing from {told}"
        );
    }
}
