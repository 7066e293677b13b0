//! What a folder is to the library, which touches no file.

use std::ops::Range;

/// All bytes of a file.
pub(super) const WHOLE: Range<usize> = 0..usize::MAX;

/// A folder's files, which a caller reads. Paths have `/` between their names.
pub trait Folder: Send + Sync {
    /// These bytes of a file, or fewer where it has no more; `None` where there is no such file.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    fn read(&self, path: &str, bytes: Range<usize>) -> Result<Option<Vec<u8>>, String>;

    /// The names of the files in a folder below, or, of `""`, in this one; none where there is no such folder.
    ///
    /// # Errors
    ///
    /// Why they cannot be listed.
    fn files(&self, folder: &str) -> Result<Vec<String>, String>;
}
