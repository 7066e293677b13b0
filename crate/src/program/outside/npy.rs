//! Arrays in NumPy's format .npy, in a stream.

use std::io::{self, BufRead, ErrorKind, Read};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Most characters of text that an error repeats.
const REPEATED: usize = 200;
/// Longest header that is read; NumPy's own are below 200 bytes.
const LONGEST: usize = 1 << 16;

/// What is in front of the numbers, version 1.0 of the format, C order.
pub fn header(kind: &str, shape: &[usize]) -> Vec<u8> {
    header_of(&format!("'{kind}'"), shape)
}

/// Sizes as Python writes a tuple.
fn tuple(shape: &[usize]) -> String {
    let sizes: Vec<_> = shape.iter().map(|size| format!("{size},")).collect();
    format!("({})", sizes.join(" "))
}

/// The same of items that NumPy describes so.
fn header_of(described: &str, shape: &[usize]) -> Vec<u8> {
    /// The data begins at a multiple of this.
    const ALIGNED: usize = 64;
    let shape = tuple(shape);
    let text = format!("{{'descr': {described}, 'fortran_order': False, 'shape': {shape}, }}");
    // Two bytes each for the version and the header's length, one for the line break that ends it.
    let before = MAGIC.len() + 4;
    let length = (before + text.len() + 1).next_multiple_of(ALIGNED) - before;
    let mut bytes = [MAGIC, &[1, 0], &(length as u16).to_le_bytes()].concat();
    bytes.extend(format!("{text:<width$}\n", width = length - 1).into_bytes());
    bytes
}

/// Samples of this shape as an array, the first axis of which goes over them.
pub fn array(samples: &[f64], shape: &[usize]) -> Vec<u8> {
    let size: usize = shape.iter().product();
    let mut bytes = header("<f8", &[&[samples.len() / size.max(1)], shape].concat());
    bytes.extend(samples.iter().flat_map(|x| x.to_le_bytes()));
    bytes
}

/// A sample, and the text that it was made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told<'a> {
    pub sample: &'a [f64],
    pub text: &'a str,
}

/// Samples of this shape as a structured array of the fields `prompt` and `image`.
pub fn told(samples: &[Told], shape: &[usize]) -> Vec<u8> {
    let length = |told: &Told| told.text.chars().count();
    // NumPy has no strings of no length.
    let longest = samples.iter().map(length).max().unwrap_or(0).max(1);
    let kind = format!("[('prompt', '<U{longest}'), ('image', '<f8', {})]", tuple(shape));
    let mut bytes = header_of(&kind, &[samples.len()]);
    for Told { sample, text } in samples {
        let characters = text.chars().map(u32::from).chain(std::iter::repeat(0));
        bytes.extend(characters.take(longest).flat_map(u32::to_le_bytes));
        bytes.extend(sample.iter().flat_map(|x| x.to_le_bytes()));
    }
    bytes
}

/// Why there is no array.
#[derive(Debug, PartialEq)]
pub enum Unread {
    /// The stream has ended, or cannot be read.
    Ended,
    /// Something else than an array; its first line.
    Text(String),
    /// An array of another shape or kind, or a damaged one: completes "an array …".
    Array(String),
    /// A value that is no number: completes "answered …".
    Value(String),
}

impl Unread {
    /// Something else than an answer, of which an error repeats the first line.
    pub fn text(text: &str) -> Self {
        let line = text.trim().lines().next().unwrap_or_default();
        Self::Text(line.chars().take(REPEATED).collect())
    }

    /// A value, and what it is told for.
    pub fn value(value: &str, place: &str) -> Self {
        let value: String = value.chars().take(REPEATED).collect();
        Self::Value(format!("`{value}` {place}"))
    }
}

impl From<io::Error> for Unread {
    fn from(_: io::Error) -> Self {
        Self::Ended
    }
}

/// The next array of a stream, which must hold `rows` numbers.
pub fn read(stream: &mut impl BufRead, rows: usize) -> Result<Vec<f64>, Unread> {
    magic(stream)?;
    let [version, _minor] = bytes(stream)?;
    let length = match version {
        1 => usize::from(u16::from_le_bytes(bytes(stream)?)),
        2 | 3 => u32::from_le_bytes(bytes(stream)?) as usize,
        other => return Err(Unread::Array(format!("of version {other} of the format .npy"))),
    };
    if length > LONGEST {
        return Err(Unread::Array(format!("with a header of {length} bytes")));
    }
    let mut text = vec![0; length];
    stream.read_exact(&mut text)?;
    let width = width(&String::from_utf8_lossy(&text), rows)?;
    let mut data = vec![0; rows * width];
    stream.read_exact(&mut data)?;
    let number = |bytes: &[u8]| match width {
        4 => f64::from(f32::from_le_bytes(bytes.try_into().expect("four bytes"))),
        _ => f64::from_le_bytes(bytes.try_into().expect("eight bytes")),
    };
    Ok(data.chunks_exact(width).map(number).collect())
}

/// Reads the bytes with which every array begins. What is not an array is seen at its first byte: a program that
/// has printed a word may not print another, so that waiting for more of it would not end.
fn magic(stream: &mut impl BufRead) -> Result<(), Unread> {
    for &expected in MAGIC {
        let ready = ready(stream)?;
        match ready.first() {
            None => return Err(Unread::Ended),
            Some(byte) if *byte == expected => stream.consume(1),
            Some(_) => {
                let shown = &ready[..ready.len().min(REPEATED)];
                return Err(Unread::text(&String::from_utf8_lossy(shown)));
            }
        }
    }
    Ok(())
}

/// The bytes that can be read without waiting, at least one unless the stream has ended.
fn ready(stream: &mut impl BufRead) -> io::Result<&[u8]> {
    loop {
        match stream.fill_buf() {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
            Ok(_) => break,
        }
    }
    // What is in the buffer already.
    stream.fill_buf()
}

fn bytes<const N: usize>(stream: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Bytes of a number, from a header that must be of `rows` numbers.
fn width(header: &str, rows: usize) -> Result<usize, Unread> {
    let header = header.replace('"', "'");
    let damaged = || {
        let shown: String = header.trim().chars().take(REPEATED).collect();
        Unread::Array(format!("with a header that is not NumPy's: `{shown}`"))
    };
    let shape = value(&header, "shape")
        .and_then(|rest| rest.strip_prefix('('))
        .and_then(|rest| rest.split_once(')'))
        .map(|(sizes, _)| sizes.split(',').map(str::trim).filter(|size| !size.is_empty()));
    let shape: Vec<&str> = shape.ok_or_else(damaged)?.collect();
    let sizes: Option<Vec<usize>> = shape.iter().map(|size| size.parse().ok()).collect();
    // In one column, C's order and Fortran's are the same.
    if !matches!(sizes.ok_or_else(damaged)?[..], [n] | [n, 1] if n == rows) {
        let comma = if shape.len() == 1 { "," } else { "" };
        let found = shape.join(", ");
        return Err(Unread::Array(format!(
            "of shape ({found}{comma}) for {rows} samples; its shape must be ({rows},) or ({rows}, 1)"
        )));
    }
    let kind = value(&header, "descr").ok_or_else(damaged)?;
    match kind.strip_prefix('\'').and_then(|rest| rest.split_once('\'')) {
        Some(("<f8", _)) => Ok(8),
        Some(("<f4", _)) => Ok(4),
        Some((other, _)) => Err(Unread::Array(format!(
            "of the type `{other}`; it must be of float64 (`<f8`) or float32 (`<f4`)"
        ))),
        None => Err(Unread::Array("of records; it must be of float64".to_owned())),
    }
}

/// What follows this key in a header.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(&format!("'{key}'"))?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

#[cfg(test)]
mod tests {
    use super::{Unread, array, header, read};

    fn answer(kind: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
        [&header(kind, shape), data].concat()
    }

    #[test]
    fn arrays_follow_each_other() {
        let one = answer(
            "<f8",
            &[2],
            &[1.5f64.to_le_bytes(), (-0.25f64).to_le_bytes()].concat(),
        );
        let two = answer("<f4", &[1, 1], &3.5f32.to_le_bytes());
        let stream = [one, two].concat();
        let mut stream = stream.as_slice();
        assert_eq!(read(&mut stream, 2), Ok(vec![1.5, -0.25]));
        assert_eq!(read(&mut stream, 1), Ok(vec![3.5]));
        assert_eq!(read(&mut stream, 1), Err(Unread::Ended));
    }

    #[test]
    fn samples_are_an_array_of_their_shape() {
        let bytes = array(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2]);
        assert_eq!(bytes.len(), 128 + 48);
        assert!(
            String::from_utf8_lossy(&bytes)
                .contains("'descr': '<f8', 'fortran_order': False, 'shape': (3, 2,)")
        );
        assert_eq!(bytes[128..136], 1.0f64.to_le_bytes());
        let images = array(&[0.0; 12], &[1, 2, 3]);
        assert!(String::from_utf8_lossy(&images).contains("'shape': (2, 1, 2, 3,)"));
    }

    #[test]
    fn headers_of_other_writers_are_read() {
        let text = "{\"descr\":\"<f8\",\"shape\":(1,),\"fortran_order\":True}\n";
        let head = [
            b"\x93NUMPY\x02\x00".as_slice(),
            &(text.len() as u32).to_le_bytes(),
        ]
        .concat();
        let bytes = [&head, text.as_bytes(), &7.0f64.to_le_bytes()].concat();
        assert_eq!(read(&mut bytes.as_slice(), 1), Ok(vec![7.0]));
    }

    #[test]
    fn what_is_no_answer_is_named() {
        let said = |bytes: &[u8]| match read(&mut &*bytes, 3) {
            Err(Unread::Text(text) | Unread::Array(text)) => text,
            other => format!("{other:?}"),
        };
        assert_eq!(said(b"debug 3\n"), "debug 3");
        assert_eq!(said(b"\x93NUMPY\x01"), "Err(Ended)");
        assert_eq!(said(&answer("<f8", &[3], &[0; 23])), "Err(Ended)");
        let cases = [
            (answer("<f8", &[3, 2], &[]), "of shape (3, 2) for 3 samples"),
            (answer("<f8", &[2], &[]), "of shape (2,) for 3 samples"),
            (answer("<f8", &[], &[]), "of shape () for 3 samples"),
            (answer("<i8", &[3], &[]), "of the type `<i8`"),
            (answer("|O", &[3], &[]), "of the type `|O`"),
            (b"\x93NUMPY\x09\x00".to_vec(), "of version 9"),
            (
                b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(),
                "with a header of 4294967295 bytes",
            ),
            (
                b"\x93NUMPY\x01\x00\x02\x00{}".to_vec(),
                "header that is not NumPy's: `{}`",
            ),
        ];
        for (bytes, expected) in cases {
            assert!(said(&bytes).contains(expected), "{}", said(&bytes));
        }
    }
}
