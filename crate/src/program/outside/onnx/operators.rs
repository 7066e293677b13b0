//! The operators of a model that cannot be computed.

use rten::ModelOptions;
use rten_onnx::onnx::{GraphProto, ModelProto, NodeProto};
use std::collections::BTreeSet;

/// All operators of a file that the reader of models does not have; it tells only of the first.
pub fn missing(bytes: &[u8]) -> Vec<String> {
    let Ok(model) = ModelProto::parse_buf(bytes) else {
        return Vec::new();
    };
    let mut found = BTreeSet::new();
    model.graph.iter().for_each(|graph| collect(graph, &mut found));
    let unknown = found.into_iter().filter(|operator| !is_known(operator, &model));
    unknown
        .map(|(domain, name)| match &*domain {
            "" | "ai.onnx" => name,
            domain => format!("{domain}.{name}"),
        })
        .collect()
}

/// Domain and name of an operator.
type Operator = (String, String);

/// The operators of a graph, and of those in its loops and branches.
fn collect(graph: &GraphProto, found: &mut BTreeSet<Operator>) {
    for node in &graph.node {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        found.insert((text(&node.domain), text(&node.op_type)));
        let inner = node.attribute.iter().filter_map(|attribute| attribute.g.as_ref());
        inner.for_each(|graph| collect(graph, found));
    }
}

/// Whether the reader has an operator: it is given a file of it alone, which it may refuse for other reasons.
fn is_known((domain, name): &Operator, model: &ModelProto) -> bool {
    let node = NodeProto {
        domain: Some(domain.clone()),
        op_type: Some(name.clone()),
        ..NodeProto::default()
    };
    let alone = ModelProto {
        ir_version: model.ir_version,
        opset_import: model.opset_import.clone(),
        graph: Some(GraphProto {
            node: vec![node],
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    };
    let Ok(bytes) = alone.write_buf() else {
        return true;
    };
    let refused = ModelOptions::with_all_ops()
        .enable_optimization(false)
        .load(bytes)
        .err();
    !refused.is_some_and(|error| {
        let text = error.to_string();
        // The second are operators that cargo features of the reader leave out.
        ["operator not supported", "operator not enabled"]
            .iter()
            .any(|why| text.contains(why))
    })
}
