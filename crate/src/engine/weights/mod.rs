//! Networks as safetensors files: f32 or f16, and read as bf16 too.

mod load;

pub use load::load_tensors;
pub(crate) use load::{Named, Published, Stored, load_published, load_stored, published_names};

use crate::engine::host::read_all;
use burn::module::Module;
use load::Collector;
pub(crate) use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo, TensorView};
use safetensors::{SafeTensorError, SafeTensors};
use std::collections::BTreeMap;
use std::ops::Range;

/// A module's parameters on the host, named by their paths.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    /// Name, shape and numbers, in the order of rows, of every parameter.
    pub tensors: Vec<(String, Vec<usize>, Vec<f32>)>,
    /// Free text of the file's header.
    pub metadata: BTreeMap<String, String>,
}

impl Weights {
    /// Reads the parameters of a module from its device.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub async fn of<M: Module>(module: &M) -> Result<Self, String> {
        let mut visitor = Collector::default();
        module.visit(&mut visitor);
        let values = read_all(visitor.transaction).await?;
        let named = visitor.names.into_iter().zip(values);
        Ok(Self {
            tensors: named
                .map(|((name, shape), values)| (name, shape, values))
                .collect(),
            metadata: BTreeMap::new(),
        })
    }

    /// The same under the names and in the layout of a published file.
    ///
    /// # Errors
    ///
    /// Where the device fails.
    pub(crate) async fn published<M: Module>(module: &M, published: &Published) -> Result<Self, String> {
        let mut weights = Self::of(module).await?;
        let names = published_names(module, published);
        for ((name, shape, values), named) in weights.tensors.iter_mut().zip(names) {
            if let (true, &[rows, columns]) = (published.turns(name), &shape[..]) {
                *values = transposed(values, [rows, columns]);
                shape.reverse();
            }
            *name = named.name;
        }
        Ok(weights)
    }

    /// Whether there is a tensor of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.iter().any(|(own, ..)| own == name)
    }

    /// Removes and returns the tensors whose names start with a prefix, which their names then lack.
    pub fn take_all(&mut self, prefix: &str) -> Self {
        let all = std::mem::take(&mut self.tensors).into_iter();
        let (taken, left) = all.partition(|(name, ..)| name.starts_with(prefix));
        self.tensors = left;
        let mut taken = Self {
            tensors: taken,
            metadata: BTreeMap::new(),
        };
        for (name, ..) in &mut taken.tensors {
            name.drain(..prefix.len());
        }
        taken
    }

    /// Adds the tensors of another network, with a prefix before their names.
    pub fn add_all(&mut self, prefix: &str, other: Self) {
        let named = other.tensors.into_iter();
        self.tensors
            .extend(named.map(|(name, shape, values)| (format!("{prefix}{name}"), shape, values)));
    }

    /// The shape of a tensor.
    pub(crate) fn shape(&self, name: &str) -> Result<&[usize], String> {
        let named = self.tensors.iter().find(|(own, ..)| own == name);
        let (_, shape, _) = named.ok_or_else(|| format!("tensor `{name}` is missing"))?;
        Ok(shape)
    }

    /// The shape of a matrix.
    pub(crate) fn matrix(&self, name: &str) -> Result<[usize; 2], String> {
        let shape = self.shape(name)?;
        let matrix = shape.try_into();
        matrix.map_err(|_| format!("tensor `{name}` has shape {shape:?}, but must have two dimensions"))
    }

    /// Number of tensors whose name passes a test.
    pub(crate) fn count(&self, like: impl Fn(&str) -> bool) -> usize {
        self.tensors.iter().filter(|(name, ..)| like(name)).count()
    }

    /// Refuses what cannot hold a network of so many numbers, before one is made to read it into: the sizes of a
    /// few small tensors may say that it fills the memory.
    pub(crate) fn can_hold(&self, least: usize) -> Result<(), String> {
        let numbers: usize = self.tensors.iter().map(|(.., values)| values.len()).sum();
        match least <= numbers {
            true => Ok(()),
            false => Err(format!(
                "the file has {numbers} numbers, but a network of its shape has at least {least}"
            )),
        }
    }

    /// The file, with numbers as f32, or as f16 where `half`.
    pub fn to_safetensors(&self, half: bool) -> Vec<u8> {
        let bytes: Vec<Vec<u8>> = self
            .tensors
            .iter()
            .map(|(_, _, values)| {
                if half {
                    values
                        .iter()
                        .flat_map(|v| half::f16::from_f32(*v).to_le_bytes())
                        .collect()
                } else {
                    values.iter().flat_map(|v| v.to_le_bytes()).collect()
                }
            })
            .collect();
        let kind = if half { Dtype::F16 } else { Dtype::F32 };
        let views = self.tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
            (
                name.clone(),
                TensorView::new(kind, shape.clone(), bytes).expect("as many bytes as the shape says"),
            )
        });
        let file = safetensors::serialize(views, None).expect("names and shapes are valid");
        match self.metadata.is_empty() {
            true => file,
            false => with_metadata(&file, &self.metadata),
        }
    }
}

/// A safetensors file with its metadata in the order of the keys. The library writes them in random order, so
/// equal weights would give different files.
fn with_metadata(file: &[u8], metadata: &BTreeMap<String, String>) -> Vec<u8> {
    let (length, rest) = file.split_at(8);
    let length = u64::from_le_bytes(length.try_into().expect("eight bytes")) as usize;
    let (header, tensors) = rest.split_at(length);
    let mut header: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(header).expect("the library has just written it");
    header.insert("__metadata__".to_owned(), serde_json::json!(metadata));
    let mut header = serde_json::to_vec(&header).expect("text and numbers");
    // As the library does: tensors start at a multiple of eight bytes.
    header.resize(header.len().next_multiple_of(8), b' ');
    [&(header.len() as u64).to_le_bytes(), &header[..], tensors].concat()
}

/// Reads a safetensors file.
///
/// # Errors
///
/// Says what is wrong with the file.
pub fn read_tensors(file: &[u8]) -> Result<Weights, String> {
    read_tensors_where(file, |_| true)
}

/// Reads the free text of the header of a safetensors file.
///
/// # Errors
///
/// Where it is none.
pub fn read_metadata(file: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let (_, header) = SafeTensors::read_metadata(file).map_err(refused)?;
    Ok(header
        .metadata()
        .clone()
        .unwrap_or_default()
        .into_iter()
        .collect())
}

/// A tensor as the header of its file has it.
pub(crate) struct Header {
    pub name: String,
    pub kind: Dtype,
    pub shape: Vec<usize>,
    /// Its bytes in the file.
    pub range: Range<usize>,
}

/// The tensors of a safetensors file, of its beginning with the header.
///
/// # Errors
///
/// Where it is none.
pub(crate) fn headers(beginning: &[u8]) -> Result<Vec<Header>, String> {
    let length = beginning.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    let length = length.and_then(|length| usize::try_from(length).ok());
    // After the length of the header and the header. The library wants the whole file.
    let start = length.and_then(|length| length.checked_add(8));
    let header = start.and_then(|start| Some((start, beginning.get(8..start)?)));
    let (start, header) = header.ok_or_else(damaged)?;
    let metadata: Metadata = serde_json::from_slice(header).map_err(|_| damaged())?;
    let header = |(name, info): (String, &TensorInfo)| Header {
        name,
        kind: info.dtype,
        shape: info.shape.clone(),
        range: start + info.data_offsets.0..start + info.data_offsets.1,
    };
    Ok(metadata.tensors().into_iter().map(header).collect())
}

fn refused(_: SafeTensorError) -> String {
    damaged()
}

fn damaged() -> String {
    "not a safetensors file, or a damaged one".to_owned()
}

/// Reads the tensors of these names; others may be of any type.
///
/// # Errors
///
/// Says what is wrong with the file.
pub(crate) fn read_tensors_where(file: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Weights, String> {
    let metadata = read_metadata(file)?;
    let parsed = SafeTensors::deserialize(file).map_err(refused)?;
    let mut tensors = Vec::new();
    for (name, view) in parsed.tensors().into_iter().filter(|(name, _)| wanted(name)) {
        let values: Vec<f32> = match view.dtype() {
            Dtype::F32 => view
                .data()
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
            Dtype::F16 => halves(view.data(), |b| half::f16::from_le_bytes(b).to_f32()),
            Dtype::BF16 => halves(view.data(), |b| half::bf16::from_le_bytes(b).to_f32()),
            other => {
                return Err(format!(
                    "tensor `{name}` is {other:?}, but must be F32, F16 or BF16"
                ));
            }
        };
        if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
            return Err(format!(
                "tensor `{name}` holds {bad}, but all values must be finite"
            ));
        }
        tensors.push((name, view.shape().to_vec(), values));
    }
    Ok(Weights { tensors, metadata })
}

/// `[rows][columns]` → `[columns][rows]`.
pub(crate) fn transposed(values: &[f32], [rows, columns]: [usize; 2]) -> Vec<f32> {
    let of_column = |column: usize| (0..rows).map(move |row| values[row * columns + column]);
    (0..columns).flat_map(of_column).collect()
}

fn halves(bytes: &[u8], number: fn([u8; 2]) -> f32) -> Vec<f32> {
    bytes.chunks_exact(2).map(|b| number([b[0], b[1]])).collect()
}

#[cfg(test)]
mod tests {
    use super::{Weights, headers};

    #[test]
    fn tensors_are_read_of_the_beginning_of_a_file() {
        let weights = Weights {
            tensors: vec![
                ("a".to_owned(), vec![2, 3], vec![0.5; 6]),
                ("b".to_owned(), vec![1], vec![2.0]),
            ],
            ..Weights::default()
        };
        let file = weights.to_safetensors(false);
        let beginning = &file[..file.len() - 20];
        let mut found = headers(beginning).expect("the header is whole");
        found.sort_by(|a, b| a.name.cmp(&b.name));
        for (found, (name, shape, values)) in found.iter().zip(&weights.tensors) {
            assert_eq!((&found.name, &found.shape), (name, shape));
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            let end = found.range.end.min(file.len());
            assert_eq!(file[found.range.start..end], bytes);
        }
        for damaged in [&file[..7], &file[..20], &[255; 64]] {
            assert!(headers(damaged).is_err());
        }
    }
}
