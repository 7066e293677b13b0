//! A module's parameters and their names.

use super::Weights;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData, Transaction};
use std::collections::{BTreeMap, BTreeSet};

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
    load_parts(module, [Ok(weights)], published)
}

/// The same of several files, which are held in memory one after the other.
///
/// # Errors
///
/// As [`load_published`], or what is wrong with a part.
pub(crate) fn load_parts<M: Module>(
    mut module: M,
    parts: impl IntoIterator<Item = Result<Weights, String>>,
    published: &Published,
) -> Result<M, String> {
    let mut loader = Loader {
        path: Vec::new(),
        by_name: BTreeMap::new(),
        published,
        loaded: BTreeSet::new(),
        missing: None,
        error: None,
    };
    let mut extra = None;
    for part in parts {
        let tensors = part?.tensors.into_iter();
        loader.by_name = tensors.map(|(n, s, v)| (n, (s, v))).collect();
        loader.missing = None;
        module = module.map(&mut loader);
        if let Some(error) = loader.error.take() {
            return Err(error);
        }
        extra = extra.or(loader.by_name.pop_first());
    }
    match (loader.missing, extra) {
        (Some(missing), _) => Err(format!("tensor `{missing}` is missing")),
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
    by_name: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    published: &'a Published,
    /// Of the files so far.
    loaded: BTreeSet<String>,
    missing: Option<String>,
    error: Option<String>,
}

impl ModuleMapper for Loader<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        enter(&mut self.path, name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        exit(&mut self.path, container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.published.name(&self.path);
        let turned = D == 2 && self.path.last().is_some_and(|last| self.published.turns(last));
        // Neither asks for the numbers that are about to be replaced.
        let (mut own, device) = (param.lazy_shape().to_vec(), param.lazy_device());
        if turned {
            own.reverse();
        }
        match self.by_name.remove(&name) {
            None if self.loaded.contains(&name) => {}
            None => drop(self.missing.get_or_insert(name)),
            Some((shape, _)) if shape != own => {
                let wrong = format!("tensor `{name}` has shape {shape:?}, but must have {own:?}");
                self.error.get_or_insert(wrong);
            }
            Some((shape, values)) => {
                self.loaded.insert(name);
                let value = Tensor::from_data(TensorData::new(values, shape), &device);
                let value = if turned { value.transpose() } else { value };
                let id = param.id;
                return param.transform_for_load(value, id);
            }
        }
        param
    }
}
