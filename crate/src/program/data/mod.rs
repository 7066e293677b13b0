//! Datasets: from an offline folder, the user's cache, or their public home.

mod download;
mod pictures;
mod steps;
mod stories;

pub use download::Content;
pub use pictures::Form;
pub use steps::Steps;
pub use stories::{Stories, infillings, stories};

use super::error::ProgramError;
use super::storage;
use flate2::bufread::GzDecoder;
use rtb::run::ConfigError;
use rtb::task::images::data::{Images, read_images, read_labels};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The folder that is read in place of downloads, with one folder a dataset in it.
const OFFLINE: &str = "RTB_DATA";

/// That folder, if it is given.
pub fn offline() -> Option<PathBuf> {
    let folder = std::env::var_os(OFFLINE)?;
    (!folder.is_empty()).then(|| folder.into())
}

/// A file and its MD5.
type Checked = (&'static str, &'static str);

/// A dataset of labelled images, as its home publishes it.
struct Dataset {
    name: &'static str,
    /// Where the files lie, tried in turn.
    homes: &'static [&'static str],
    train: [Checked; 2],
    test: [Checked; 2],
    /// The names of the classes, where they have more than numbers.
    classes: Option<[&'static str; 10]>,
}

const DATASETS: &[Dataset] = &[
    Dataset {
        name: "mnist",
        homes: &[
            "https://ossci-datasets.s3.amazonaws.com/mnist",
            "https://storage.googleapis.com/cvdf-datasets/mnist",
        ],
        train: [
            ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ],
        test: [
            ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
            ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
        ],
        classes: None,
    },
    Dataset {
        name: "fashion-mnist",
        homes: &[
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        ],
        train: [
            ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ],
        test: [
            ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
            ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
        ],
        classes: Some([
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ]),
    },
];

/// Images to learn from, and images to be measured against.
pub struct Labelled {
    pub train: Images,
    pub test: Images,
}

/// The name of a dataset, as the header of weights has it: of a folder its last part.
pub fn name(data: &str) -> String {
    if DATASETS.iter().any(|dataset| dataset.name == data) {
        return data.to_owned();
    }
    let folder = fs::canonicalize(data).ok();
    folder.as_deref().map_or(data.to_owned(), last_part)
}

/// The last part of a path.
fn last_part(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// FNV-1a, which is the same everywhere and always.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The images of a published dataset, of a folder with four files in its layout, or of a folder of pictures, which
/// become images of this form.
pub fn images(name: &str, form: Form) -> Result<Labelled, ProgramError> {
    form.check()?;
    let folder = Path::new(name);
    let dataset = DATASETS.iter().find(|d| d.name == name);
    if dataset.is_none() && folder.is_dir() && !has_layout(folder) {
        return pictures::pictures(&fs::canonicalize(folder).unwrap_or(folder.to_owned()), form);
    }
    for (flag, given) in [("--size", form.size.is_some()), ("--grey", form.grey)] {
        if given {
            let allowed = "a folder of PNG or JPEG files, or omit the flag: the files of MNIST have 28 × 28 grey pixels";
            return Err(ConfigError::new(flag, format!("the data `{name}`"), allowed).into());
        }
    }
    match dataset {
        Some(dataset) => {
            let file = |checked: Checked| dataset.file(checked);
            let images = Labelled {
                train: read(file(dataset.train[0])?, file(dataset.train[1])?)?,
                test: read(file(dataset.test[0])?, file(dataset.test[1])?)?,
            };
            Ok(images.named(dataset))
        }
        None if folder.is_dir() => {
            let own = |file: &str| find(folder, file);
            let images = Labelled {
                train: read(own("train-images-idx3-ubyte")?, own("train-labels-idx1-ubyte")?)?,
                test: read(own("t10k-images-idx3-ubyte")?, own("t10k-labels-idx1-ubyte")?)?,
            };
            // A copy of a published dataset in a folder of its name.
            let copied = self::name(name);
            let copied = DATASETS.iter().find(|dataset| dataset.name == copied);
            Ok(match copied {
                Some(dataset) => images.named(dataset),
                None => images,
            })
        }
        None => {
            let names: Vec<_> = DATASETS.iter().map(|d| d.name).collect();
            Err(ProgramError::Data(format!(
                "--data: `{name}` is not allowed; use one of {}, or a folder that exists",
                names.join(", ")
            )))
        }
    }
}

impl Dataset {
    /// A file's path on this machine, once its checksum is right.
    fn file(&self, (name, md5): Checked) -> Result<PathBuf, ProgramError> {
        if let Some(offline) = offline() {
            let path = offline.join(self.name).join(name);
            let bytes =
                fs::read(&path).map_err(|e| ProgramError::file("read the dataset's file", &path, e))?;
            return download::check(&path.display().to_string(), &bytes, md5).map(|()| path);
        }
        let cache = dirs::cache_dir().ok_or_else(|| {
            ProgramError::Data(format!(
                "this machine has no cache folder; set {OFFLINE} to a folder that holds {}/{name}",
                self.name
            ))
        })?;
        let path = cache.join("rtb").join(self.name).join(name);
        let cached = fs::read(&path).ok();
        if cached.is_some_and(|bytes| download::check("", &bytes, md5).is_ok()) {
            return Ok(path);
        }
        let urls: Vec<_> = self.homes.iter().map(|home| format!("{home}/{name}")).collect();
        let bytes = download::download(&urls, md5).map_err(|error| {
            ProgramError::Data(format!(
                "{error}\nWithout internet access, save the file as {}, or set {OFFLINE} to a folder that holds \
                 {}/{name}.",
                path.display(),
                self.name
            ))
        })?;
        let folder = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder).map_err(|e| ProgramError::file("make the folder", folder, e))?;
        storage::write(&path, &bytes)?;
        Ok(path)
    }
}

impl Labelled {
    /// The same images with the classes of a dataset.
    fn named(self, dataset: &Dataset) -> Self {
        match &dataset.classes {
            None => self,
            Some(names) => Self {
                train: self.train.named(names),
                test: self.test.named(names),
            },
        }
    }
}

/// Whether a folder has any file of MNIST's layout.
fn has_layout(folder: &Path) -> bool {
    ["train", "t10k"].iter().any(|part| {
        let kinds = ["images-idx3-ubyte", "labels-idx1-ubyte"];
        kinds
            .iter()
            .any(|kind| find(folder, &format!("{part}-{kind}")).is_ok())
    })
}

/// A file of a folder, packed or not.
fn find(folder: &Path, name: &str) -> Result<PathBuf, ProgramError> {
    let (plain, packed) = (folder.join(name), folder.join(format!("{name}.gz")));
    match (plain.is_file(), packed.is_file()) {
        (true, _) => Ok(plain),
        (_, true) => Ok(packed),
        _ => Err(ProgramError::Data(format!(
            "{}: {name} is missing, plain or as {name}.gz; use a folder with the four files of MNIST",
            folder.display()
        ))),
    }
}

/// Images with their labels.
fn read(images: PathBuf, labels: PathBuf) -> Result<Images, ProgramError> {
    let refused = |path: &Path, error| ProgramError::Data(format!("{}: {error}", path.display()));
    let pixels = read_images(&unpacked(&images)?).map_err(|e| refused(&images, e))?;
    let classes = read_labels(&unpacked(&labels)?).map_err(|e| refused(&labels, e))?;
    let made = Images::new(pixels, classes).map_err(|e| refused(&labels, e))?;
    if made.is_empty() {
        return Err(ProgramError::Data(format!(
            "{}: the file holds no image",
            images.display()
        )));
    }
    Ok(made)
}

/// A file's content, unpacked where its name ends in .gz.
fn unpacked(path: &Path) -> Result<Vec<u8>, ProgramError> {
    let bytes = fs::read(path).map_err(|e| ProgramError::file("read the images", path, e))?;
    if storage::extension(path) != "gz" {
        return Ok(bytes);
    }
    gunzipped(&bytes).map_err(|e| ProgramError::file("unpack the images", path, e))
}

/// What `zcat` makes of a file: members follow each other, and what stands behind the last is no part of it.
fn gunzipped(mut packed: &[u8]) -> io::Result<Vec<u8>> {
    const START: &[u8] = &[0x1f, 0x8b];
    let mut content = Vec::new();
    loop {
        GzDecoder::new(&mut packed).read_to_end(&mut content)?;
        if !packed.starts_with(START) {
            return Ok(content);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{gunzipped, hash};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn member(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).expect("packed");
        encoder.finish().expect("packed")
    }

    #[test]
    fn members_follow_each_other() {
        let both = [member("one "), member("two")].concat();
        assert_eq!(gunzipped(&both).expect("two members"), b"one two");
        let padded = [&both[..], &[0; 512]].concat();
        assert_eq!(gunzipped(&padded).expect("padding is no part"), b"one two");
        assert!(gunzipped(&both[..both.len() - 1]).is_err(), "cut");
        assert!(gunzipped(b"junk").is_err());
    }

    #[test]
    fn the_hash_is_that_of_its_authors() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }
}
