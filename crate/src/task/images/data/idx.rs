//! The idx format of MNIST and its relatives: two zero bytes, the kind of number, the number of
//! dimensions, their sizes as big-endian u32, then the numbers.

use super::SIDE;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IdxError(pub(super) String);

/// The kind "unsigned byte".
const BYTES: u8 = 8;

/// The pixels of an idx file of 28×28 images, `[count][28·28]`.
///
/// # Errors
///
/// Says what is wrong with the file.
pub fn read_images(file: &[u8]) -> Result<Vec<u8>, IdxError> {
    let (sizes, numbers) = read(file, 3)?;
    if sizes[1..] != [SIDE, SIDE] {
        return Err(IdxError(format!(
            "the images have {}×{} pixels, but must have {SIDE}×{SIDE}",
            sizes[1], sizes[2]
        )));
    }
    Ok(numbers.to_vec())
}

/// The labels of an idx file, `[count]`.
///
/// # Errors
///
/// Says what is wrong with the file.
pub fn read_labels(file: &[u8]) -> Result<Vec<u8>, IdxError> {
    Ok(read(file, 1)?.1.to_vec())
}

/// Sizes and numbers.
fn read(file: &[u8], dimensions: usize) -> Result<(Vec<usize>, &[u8]), IdxError> {
    let header = 4 + 4 * dimensions;
    if file.len() < header {
        return Err(IdxError(format!(
            "the file has {} bytes; an idx file has at least {header}",
            file.len()
        )));
    }
    let magic = [0, 0, BYTES, dimensions as u8];
    if file[..4] != magic {
        return Err(IdxError(format!(
            "the file begins with {:?}; an idx file of bytes in {dimensions} dimensions begins with {magic:?}",
            &file[..4]
        )));
    }
    let sizes: Vec<usize> = file[4..header]
        .chunks_exact(4)
        .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize)
        .collect();
    let numbers = &file[header..];
    let expected = sizes.iter().try_fold(1usize, |all, size| all.checked_mul(*size));
    if expected != Some(numbers.len()) {
        return Err(IdxError(format!(
            "the file has {} values, but its header says {sizes:?}",
            numbers.len()
        )));
    }
    Ok((sizes, numbers))
}
