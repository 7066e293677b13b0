//! The memory that a run is expected to take.

/// What is in memory at once, on the device and, on a processor, beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What takes it, and the bytes.
    pub parts: Vec<(&'static str, usize)>,
    /// The fields of the run that it falls with.
    pub fields: Vec<&'static str>,
}

impl Memory {
    /// Bytes of all parts.
    pub fn total(&self) -> usize {
        self.parts.iter().map(|(_, bytes)| bytes).sum()
    }
}
