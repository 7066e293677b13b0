//! Checkpoints in a frame that shows any damage.
//!
//! | bytes | hold (little-endian) |
//! | --- | --- |
//! | 8 | `rtb-ckpt` |
//! | 4 | version of the frame |
//! | 8 | length of the checkpoint's bytes |
//! | 4 | CRC-32 of everything else |
//! | … | the checkpoint's bytes |

use super::EngineError;
use std::fmt;

const MAGIC: &[u8; 8] = b"rtb-ckpt";
const VERSION: u32 = 1;
const CHECKSUM: std::ops::Range<usize> = 20..24;
const HEADER: usize = CHECKSUM.end;

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It does not begin like a frame.
    Foreign,
    /// Another version of the frame.
    Version(u32),
    /// Bytes are missing, or there are too many.
    Length {
        /// Bytes that there are.
        holds: u64,
        /// Bytes that there should be.
        expected: u64,
    },
    /// A byte is another one.
    Checksum,
}

impl From<Damage> for EngineError {
    fn from(damage: Damage) -> Self {
        Self::Checkpoint(format!("it is damaged, or of another version: {damage}"))
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => write!(f, "it is not a checkpoint"),
            Self::Version(version) => write!(
                f,
                "it has format {version}, but this program reads format {VERSION}"
            ),
            Self::Length { holds, expected } => {
                write!(f, "it has {holds} bytes instead of {expected}")
            }
            Self::Checksum => write!(f, "its checksum does not match its content"),
        }
    }
}

/// Bytes in a frame.
pub fn encode(held: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + held.len());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend((held.len() as u64).to_le_bytes());
    let checksum = checksum(&bytes, held);
    bytes.extend(checksum.to_le_bytes());
    bytes.extend(held);
    bytes
}

/// The bytes in a frame.
///
/// # Errors
///
/// Where the frame is damaged, or of another version.
pub fn decode(bytes: &[u8]) -> Result<&[u8], Damage> {
    if !bytes.starts_with(MAGIC) {
        return Err(Damage::Foreign);
    }
    let (Some(version), Some(length), Some(wanted)) = (
        array(bytes, 8).map(u32::from_le_bytes),
        array(bytes, 12).map(u64::from_le_bytes),
        array(bytes, CHECKSUM.start).map(u32::from_le_bytes),
    ) else {
        return Err(Damage::Length {
            holds: bytes.len() as u64,
            expected: HEADER as u64,
        });
    };
    if version != VERSION {
        return Err(Damage::Version(version));
    }
    let held = &bytes[HEADER..];
    if held.len() as u64 != length {
        return Err(Damage::Length {
            holds: bytes.len() as u64,
            expected: length.saturating_add(HEADER as u64),
        });
    }
    if checksum(&bytes[..CHECKSUM.start], held) != wanted {
        return Err(Damage::Checksum);
    }
    Ok(held)
}

fn checksum(header: &[u8], held: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(header);
    hasher.update(held);
    hasher.finalize()
}

/// The `N` bytes at `at`, if there are so many.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{Damage, HEADER, decode, encode};

    fn sample() -> Vec<u8> {
        (0..=255).collect()
    }

    #[test]
    fn a_frame_gives_back_what_it_holds() {
        assert_eq!(decode(&encode(&sample())), Ok(&sample()[..]));
    }

    #[test]
    fn every_flipped_bit_shows() {
        let whole = encode(&sample());
        for bit in 0..8 * whole.len() {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&damaged).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn every_cut_shows() {
        let whole = encode(&sample());
        for length in 0..whole.len() {
            assert!(decode(&whole[..length]).is_err(), "{length} bytes");
        }
        let cut = Damage::Length {
            holds: HEADER as u64 + 6,
            expected: HEADER as u64 + 256,
        };
        assert_eq!(decode(&whole[..HEADER + 6]), Err(cut));
    }
}
