//! What a large file is to the library, which touches none.

use std::io::{Cursor, Read, Seek};

/// What reads a file, anywhere in it.
pub trait Reader: Read + Seek + Send {}

impl<T: Read + Seek + Send> Reader for T {}

/// A file that is read piece by piece, instead of being held in memory.
pub trait LargeFile: Send + Sync {
    /// Begins to read.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    fn reader(&self) -> Result<Box<dyn Reader>, String>;
}

/// A small one, in memory.
impl LargeFile for Vec<u8> {
    fn reader(&self) -> Result<Box<dyn Reader>, String> {
        Ok(Box::new(Cursor::new(self.clone())))
    }
}
