//! A module's parameters and their names.

use super::Weights;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData, Transaction};
use std::collections::BTreeMap;

/// How the authors of a published file name and lay out what we read from it.
pub(crate) struct Published {
    /// Path segments of our parameters, each with its name in their file.
    pub names: &'static [(&'static str, &'static str)],
    /// Prefix of all names in their file.
    pub prefix: &'static str,
    /// Whether the weights of layers are `[outputs, inputs]`, as those of PyTorch's `Linear`.
    pub outputs_first: bool,
}

impl Published {
    const OURS: Self = Self {
        names: &[],
        prefix: "",
        outputs_first: false,
    };

    /// Whether their matrix of our parameter is turned; tables of words and positions have other names.
    pub fn turns(&self, path: &str) -> bool {
        self.outputs_first && path.rsplit('.').next() == Some("weight")
    }

    fn name(&self, path: &[String]) -> String {
        let step = |own: &String| {
            let named = self.names.iter().find(|(ours, _)| ours == own);
            named.map_or(own.clone(), |(_, theirs)| (*theirs).to_owned())
        };
        let steps: Vec<String> = path.iter().map(step).collect();
        format!("{}{}", self.prefix, steps.join("."))
    }
}

/// Replaces the parameters of a module by those of a file.
///
/// # Errors
///
/// Names the first parameter that is missing, superfluous or of another shape.
pub fn load_tensors<M: Module>(module: M, weights: &Weights) -> Result<M, String> {
    load_published(module, weights.clone(), &Published::OURS)
}

/// Replaces the parameters of a module by those of a published file with these names and layout.
///
/// # Errors
///
/// Names the first parameter that is missing, superfluous or of another shape, as the file does.
pub(crate) fn load_published<M: Module>(
    module: M,
    weights: Weights,
    published: &Published,
) -> Result<M, String> {
    let stored = weights.tensors.into_iter().map(|(name, shape, values)| {
        let data = TensorData::new(values, shape.clone());
        let read: Read = Box::new(move |_| Ok(data));
        (name, Stored { shape, read })
    });
    load_stored(module, stored.collect(), published)
}

/// What reads a tensor's numbers, of the type that they are kept in; it is told whether they are the weights of a
/// layer, a matrix or a convolution.
type Read<'a> = Box<dyn FnOnce(bool) -> Result<TensorData, String> + 'a>;

/// A tensor of a published file, which is read when its parameter is met.
pub(crate) struct Stored<'a> {
    pub shape: Vec<usize>,
    pub read: Read<'a>,
}

/// As [`load_published`], of tensors by their names that are read one after the other.
///
/// # Errors
///
/// As [`load_published`], or why a tensor cannot be read.
pub(crate) fn load_stored<M: Module>(
    module: M,
    by_name: BTreeMap<String, Stored>,
    published: &Published,
) -> Result<M, String> {
    let mut loader = Loader {
        path: Vec::new(),
        by_name,
        published,
        error: None,
    };
    let module = module.map(&mut loader);
    match (loader.error, loader.by_name.pop_first()) {
        (Some(error), _) => Err(error),
        (None, Some((extra, _))) => Err(format!("tensor `{extra}` belongs to no layer of this network")),
        (None, None) => Ok(module),
    }
}

/// A parameter of a module: its name in a published file, its id, and its shape in the module.
pub(crate) struct Named {
    pub name: String,
    pub id: ParamId,
    pub shape: Vec<usize>,
}

/// The parameters of a module under the names of a published file, in the module's order.
pub(crate) fn published_names<M: Module>(module: &M, published: &Published) -> Vec<Named> {
    struct Names<'a> {
        path: Vec<String>,
        published: &'a Published,
        found: Vec<Named>,
    }
    impl ModuleVisitor for Names<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            enter(&mut self.path, name, container);
        }

        fn exit_module(&mut self, _name: &str, container: &str) {
            exit(&mut self.path, container);
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.found.push(Named {
                name: self.published.name(&self.path),
                id: param.id,
                shape: param.lazy_shape().to_vec(),
            });
        }
    }
    let mut names = Names {
        path: Vec::new(),
        published,
        found: Vec::new(),
    };
    module.visit(&mut names);
    names.found
}

/// Appends a name to a path. Variants of an enum add no name, so a file does not depend on the enum that its
/// network is in.
fn enter(path: &mut Vec<String>, name: &str, container: &str) {
    if !is_enum(container) {
        path.push(name.to_owned());
    }
}

fn exit(path: &mut Vec<String>, container: &str) {
    if !is_enum(container) {
        path.pop();
    }
}

/// By what burn says a module is.
fn is_enum(container: &str) -> bool {
    container.starts_with("Enum:")
}

/// Reads all parameters at once.
#[derive(Default)]
pub(super) struct Collector {
    path: Vec<String>,
    pub names: Vec<(String, Vec<usize>)>,
    pub transaction: Transaction,
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, container: &str) {
        enter(&mut self.path, name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        exit(&mut self.path, container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val().without_autodiff();
        self.names.push((self.path.join("."), value.dims().to_vec()));
        self.transaction = std::mem::take(&mut self.transaction).register(value);
    }
}

struct Loader<'a> {
    path: Vec<String>,
    by_name: BTreeMap<String, Stored<'a>>,
    published: &'a Published,
    error: Option<String>,
}

impl Loader<'_> {
    /// The numbers of a parameter of this shape in the file.
    fn take(&mut self, name: &str, shape: &[usize], is_layer: bool) -> Result<TensorData, String> {
        let stored = self.by_name.remove(name);
        let stored = stored.ok_or_else(|| format!("tensor `{name}` is missing"))?;
        match stored.shape == shape {
            true => (stored.read)(is_layer),
            false => Err(format!(
                "tensor `{name}` has shape {:?}, but must have {shape:?}",
                stored.shape
            )),
        }
    }
}

impl ModuleMapper for Loader<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        enter(&mut self.path, name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        exit(&mut self.path, container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.error.is_some() {
            return param;
        }
        let name = self.published.name(&self.path);
        let last = self.path.last();
        // Tables of words and positions have other names.
        let is_layer = D > 1 && last.is_some_and(|last| last == "weight");
        let turned = D == 2 && last.is_some_and(|last| self.published.turns(last));
        // Neither asks for the numbers that are about to be replaced.
        let (mut shape, device) = (param.lazy_shape().to_vec(), param.lazy_device());
        if turned {
            shape.reverse();
        }
        match self.take(&name, &shape, is_layer) {
            Err(error) => {
                self.error = Some(error);
                param
            }
            Ok(data) => {
                let dtype = data.dtype();
                let value = Tensor::from_data(data, (&device, dtype));
                let value = if turned { value.transpose() } else { value };
                let id = param.id;
                param.transform_for_load(value, id)
            }
        }
    }
}
