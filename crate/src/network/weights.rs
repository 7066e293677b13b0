//! Networks as safetensors files, f32 or f16.

use crate::host::read_all;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData, Transaction};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::collections::HashMap;

/// A module's parameters on the host, named by their paths.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    pub tensors: Vec<(String, Vec<usize>, Vec<f32>)>,
    /// Free text of the file's header.
    pub metadata: HashMap<String, String>,
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
            metadata: HashMap::new(),
        })
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
        let metadata = (!self.metadata.is_empty()).then(|| self.metadata.clone());
        safetensors::serialize(views, metadata).expect("names and shapes are valid")
    }
}

/// Reads a safetensors file.
///
/// # Errors
///
/// Says what is wrong with the file.
pub fn read_tensors(file: &[u8]) -> Result<Weights, String> {
    let (_, header) =
        SafeTensors::read_metadata(file).map_err(|e| format!("not a safetensors file ({e})"))?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let parsed = SafeTensors::deserialize(file).map_err(|e| format!("not a safetensors file ({e})"))?;
    let mut tensors = Vec::new();
    for (name, view) in parsed.tensors() {
        let values: Vec<f32> = match view.dtype() {
            Dtype::F32 => view
                .data()
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
            Dtype::F16 => view
                .data()
                .chunks_exact(2)
                .map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f32())
                .collect(),
            other => {
                return Err(format!("tensor `{name}` is {other:?}; F32 or F16 is expected"));
            }
        };
        if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
            return Err(format!(
                "tensor `{name}` holds {bad}; finite numbers are expected"
            ));
        }
        tensors.push((name, view.shape().to_vec(), values));
    }
    Ok(Weights { tensors, metadata })
}

/// A module with the parameters of a file in place of its own.
///
/// # Errors
///
/// Names the first parameter that is missing, superfluous or of another shape.
pub fn load_tensors<M: Module>(module: M, weights: &Weights) -> Result<M, String> {
    let by_name = weights
        .tensors
        .iter()
        .map(|(n, s, v)| (n.clone(), (s.clone(), v.clone())))
        .collect();
    let mut loader = Loader {
        path: Vec::new(),
        by_name,
        error: None,
    };
    let module = module.map(&mut loader);
    if let Some(error) = loader.error {
        return Err(error);
    }
    match loader.by_name.keys().min() {
        Some(extra) => Err(format!("tensor `{extra}` belongs to no layer of this network")),
        None => Ok(module),
    }
}

#[derive(Default)]
struct Collector {
    path: Vec<String>,
    names: Vec<(String, Vec<usize>)>,
    transaction: Transaction,
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val().without_autodiff();
        self.names.push((self.path.join("."), value.dims().to_vec()));
        self.transaction = std::mem::take(&mut self.transaction).register(value);
    }
}

struct Loader {
    path: Vec<String>,
    by_name: HashMap<String, (Vec<usize>, Vec<f32>)>,
    error: Option<String>,
}

impl ModuleMapper for Loader {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        let own = param.val().dims().to_vec();
        let wrong = match self.by_name.remove(&name) {
            None => format!("tensor `{name}` is missing"),
            Some((shape, _)) if shape != own => {
                format!("tensor `{name}` has shape {shape:?}; {own:?} is expected")
            }
            Some((shape, values)) => {
                return param.map(|old| {
                    let value = Tensor::from_data(TensorData::new(values, shape), &old.device());
                    if old.is_require_grad() {
                        value.require_grad()
                    } else {
                        value
                    }
                });
            }
        };
        self.error.get_or_insert(wrong);
        param
    }
}
