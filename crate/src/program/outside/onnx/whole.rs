//! Whether a file is a whole ONNX model. The reader of models takes one that is cut off between two of its parts
//! for a smaller one, so the lengths of the parts are looked at first.

/// Field numbers of ONNX's `ModelProto`: the graph, and the versions of its operators, which follow it.
const GRAPH: u64 = 7;
const OPERATORS: u64 = 8;

/// Whether the outermost fields of the file fill it exactly, and those that every model has are among them.
pub fn is_whole(mut bytes: &[u8]) -> bool {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let Some((field, rest)) = field(bytes) else {
            return false;
        };
        found.push(field);
        bytes = rest;
    }
    [GRAPH, OPERATORS].iter().all(|field| found.contains(field))
}

/// The number of the first field (protobuf), and what follows the field.
fn field(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (key, rest) = varint(bytes)?;
    let length = match key & 7 {
        0 => return Some((key >> 3, varint(rest)?.1)),
        1 => 8,
        2 => {
            let (length, rest) = varint(rest)?;
            return Some((key >> 3, rest.get(usize::try_from(length).ok()?..)?));
        }
        5 => 4,
        _ => return None,
    };
    Some((key >> 3, rest.get(length..)?))
}

/// A number of seven bits a byte, lowest first, and what follows it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (i, byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 127) << (7 * i);
        if byte & 128 == 0 {
            return Some((number, &bytes[i + 1..]));
        }
    }
    None
}
