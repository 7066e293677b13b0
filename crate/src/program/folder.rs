//! A folder on this machine, as the library reads it.

use super::error::ProgramError;
use rtb::network::diffusers::Folder;
use rtb::run::ConfigError;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A folder on the disk.
pub struct Disk(PathBuf);

impl Disk {
    /// The folder at a path; `field` is its name in errors.
    pub fn open(field: &str, path: PathBuf) -> Result<Self, ProgramError> {
        match path.is_dir() {
            true => Ok(Self(path)),
            false => Err(ConfigError::new(
                field,
                format!("`{}`", path.display()),
                "a folder that exists, which `DiffusionPipeline.save_pretrained` wrote",
            )
            .into()),
        }
    }

    fn at<T>(&self, path: &str, read: impl FnOnce(&Path) -> io::Result<T>) -> Result<Option<T>, String> {
        let path = self.0.join(path);
        match read(&path) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{}: cannot read: {error}", path.display())),
        }
    }
}

impl Folder for Disk {
    fn read(&self, path: &str, bytes: Range<usize>) -> Result<Option<Vec<u8>>, String> {
        self.at(path, |path| {
            let (mut file, mut read) = (File::open(path)?, Vec::new());
            file.seek(SeekFrom::Start(bytes.start as u64))?;
            file.take(bytes.len() as u64).read_to_end(&mut read)?;
            Ok(read)
        })
    }

    fn files(&self, folder: &str) -> Result<Vec<String>, String> {
        let names = self.at(folder, |path| match path.is_dir() {
            false => Ok(Vec::new()),
            true => fs::read_dir(path)?
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
                .collect(),
        });
        Ok(names?.unwrap_or_default())
    }
}
