//! What a folder is to the library, which touches no file.

/// A folder's files, which a caller reads. Paths have `/` between their names.
pub trait Folder: Send + Sync {
    /// The first `most` bytes of a file, or fewer where it has no more; `None` where there is no such file.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    fn read(&self, path: &str, most: usize) -> Result<Option<Vec<u8>>, String>;

    /// The names of the files in a folder below, or, of `""`, in this one; none where there is no such folder.
    ///
    /// # Errors
    ///
    /// Why they cannot be listed.
    fn files(&self, folder: &str) -> Result<Vec<String>, String>;
}
