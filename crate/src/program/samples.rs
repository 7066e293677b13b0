//! Samples as a file: text, tensors, an array or a sheet of images.

use crate::program::outside::npy_header;
use crate::program::storage;
use rtb::engine::weights::Weights;
use rtb::run::ConfigError;
use rtb::task::Task;
use std::path::Path;

/// How samples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Safetensors,
    Npy,
    Sheet,
}

impl Format {
    /// The format that the extension of a file asks for; without one it is text.
    ///
    /// # Errors
    ///
    /// Where there is no such format for the samples of this task.
    pub fn of(path: Option<&Path>, task: Task) -> Result<Self, ConfigError> {
        let ending = path.map(storage::extension).unwrap_or_default();
        let (sheet, refused) = (task.room().sheet(), |value: String, why: &str| {
            Err(ConfigError::new(
                "--out",
                value,
                format!("a file name that ends in {}{why}", endings(task)),
            ))
        });
        match ending.as_str() {
            "" | "txt" => Ok(Self::Text),
            text if text == sheet.text_file => Ok(Self::Text),
            "safetensors" => Ok(Self::Safetensors),
            "npy" => Ok(Self::Npy),
            "png" if sheet.draws_samples => Ok(Self::Sheet),
            "png" => refused(
                format!("a picture of {}", task.name()),
                "; only images can be drawn",
            ),
            "npz" => refused(
                "a file of the kind .npz".to_owned(),
                "; samples are a single array, which .npy holds",
            ),
            other => refused(format!("a file of the kind .{other}"), ""),
        }
    }
}

/// The extensions that a task's samples can have.
fn endings(task: Task) -> String {
    let sheet = task.room().sheet();
    let text = match sheet.text_file {
        "txt" => ".txt".to_owned(),
        other => format!(".{other}, .txt"),
    };
    let drawn = if sheet.draws_samples { ", .png" } else { "" };
    format!("{text}, .npy{drawn} or .safetensors")
}

/// Numbers beside the samples.
pub struct Column {
    pub name: String,
    pub values: Vec<f64>,
}

/// A text of samples, one a line, with columns behind: of CSV below its header, else after a tab.
pub fn text(samples: &str, columns: &[Column], task: Task) -> String {
    let is_csv = task.room().sheet().text_file == "csv";
    let between = if is_csv { "," } else { "\t" };
    let mut text = String::with_capacity(samples.len());
    let mut lines = samples.lines();
    if let Some(header) = is_csv.then(|| lines.next()).flatten() {
        let names = columns.iter().map(|column| column.name.as_str());
        text += &std::iter::once(header)
            .chain(names)
            .collect::<Vec<_>>()
            .join(between);
        text.push('\n');
    }
    for (row, line) in lines.enumerate() {
        text += line;
        for column in columns {
            text += between;
            text += &column.values[row].to_string();
        }
        text.push('\n');
    }
    text
}

/// Samples of a shape as tensors: `samples`, and one for each column.
pub fn safetensors(samples: Vec<f32>, shape: &[usize], columns: &[Column]) -> Vec<u8> {
    let beside = columns.iter().map(|column| {
        let values: Vec<f32> = column.values.iter().map(|value| *value as f32).collect();
        (column.name.clone(), vec![values.len()], values)
    });
    let all = ("samples".to_owned(), whole_shape(&samples, shape), samples);
    let file = Weights {
        tensors: std::iter::once(all).chain(beside).collect(),
        ..Weights::default()
    };
    file.to_safetensors(false)
}

/// Samples of a shape as an array of NumPy, version 1.0 of its format.
pub fn npy(samples: &[f32], shape: &[usize]) -> Vec<u8> {
    let mut file = npy_header("<f4", &whole_shape(samples, shape));
    file.extend(samples.iter().flat_map(|value| value.to_le_bytes()));
    file
}

/// The shape of all samples.
fn whole_shape(samples: &[f32], shape: &[usize]) -> Vec<usize> {
    let size: usize = shape.iter().product();
    [&[samples.len() / size], shape].concat()
}

#[cfg(test)]
mod tests {
    use super::{Column, Format, npy, text};
    use rtb::task::Task;
    use std::path::Path;

    fn task(name: &str) -> Task {
        Task::find(name).expect("a task")
    }

    #[test]
    fn extensions_choose_the_format() {
        let of = |name: &str, file: &str| Format::of(Some(Path::new(file)), task(name));
        assert_eq!(Format::of(None, task("digits")), Ok(Format::Text));
        for (file, format) in [
            ("a.csv", Format::Text),
            ("A.CSV", Format::Text),
            ("a.txt", Format::Text),
            ("/dev/fd/63", Format::Text),
            ("a.npy", Format::Npy),
            ("a.safetensors", Format::Safetensors),
        ] {
            assert_eq!(of("mixtures", file), Ok(format), "{file}");
        }
        assert_eq!(of("digits", "a.png"), Ok(Format::Sheet));
        for (name, file, said) in [
            ("mixtures", "a.npz", "a single array, which .npy holds"),
            (
                "mixtures",
                "a.parquet",
                "ends in .csv, .txt, .npy or .safetensors",
            ),
            ("mixtures", "a.png", "a picture of mixtures"),
            (
                "digits",
                "a.jpg",
                "ends in .csv, .txt, .npy, .png or .safetensors",
            ),
            ("stories", "a.csv", "ends in .txt, .npy or .safetensors"),
        ] {
            let error = of(name, file).expect_err(file).to_string();
            assert!(
                error.starts_with("--out: ") && error.contains(said),
                "{file}: {error}"
            );
        }
    }

    #[test]
    fn columns_stand_behind_samples() {
        let column = |name: &str, values: &[f64]| Column {
            name: name.to_owned(),
            values: values.to_vec(),
        };
        let columns = [column("class", &[3.0, 4.0]), column("log_weight", &[-0.5, 1e-7])];
        let points = text("x,y\n1,2\n3,4\n", &columns, task("mixtures"));
        assert_eq!(points, "x,y,class,log_weight\n1,2,3,-0.5\n3,4,4,0.0000001\n");
        let stories = text("One, two.\nThree.\n", &columns[1..], task("stories"));
        assert_eq!(stories, "One, two.\t-0.5\nThree.\t0.0000001\n");
        assert_eq!(text("x,y\n1,2\n", &[], task("mixtures")), "x,y\n1,2\n");
    }

    /// As `numpy.save` writes it.
    #[test]
    fn arrays_are_read_by_numpy() {
        let file = npy(&[1.0, -2.5, 3.0, 4.0, 5.0, 6.0], &[2]);
        let header = b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2,), }";
        assert!(file.starts_with(header), "{:?}", &file[..128]);
        assert!(file[header.len()..127].iter().all(|byte| *byte == b' ') && file[127] == b'\n');
        assert_eq!(file.len(), 128 + 6 * 4);
        assert_eq!(file[132..136], (-2.5f32).to_le_bytes());
    }
}
