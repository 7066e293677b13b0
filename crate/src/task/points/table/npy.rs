//! Arrays as NumPy saves them.

use super::{Table, check_columns};
use crate::engine::beginning;

/// How every such file begins.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

const CUT_SHORT: &str = "the .npy file ends too early; save it again";

/// How a kind of number lies in the file.
struct Kind {
    name: &'static str,
    size: usize,
    read: fn(&[u8]) -> f64,
}

/// The bytes of one number.
fn number<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("as many bytes as the kind has")
}

/// Whole numbers beyond 2⁵³ are rounded.
const KINDS: [Kind; 5] = [
    Kind {
        name: "<f4",
        size: 4,
        read: |bytes| f64::from(f32::from_le_bytes(number(bytes))),
    },
    Kind {
        name: "<f8",
        size: 8,
        read: |bytes| f64::from_le_bytes(number(bytes)),
    },
    Kind {
        name: ">f8",
        size: 8,
        read: |bytes| f64::from_be_bytes(number(bytes)),
    },
    Kind {
        name: "<i4",
        size: 4,
        read: |bytes| f64::from(i32::from_le_bytes(number(bytes))),
    },
    Kind {
        name: "<i8",
        size: 8,
        read: |bytes| i64::from_le_bytes(number(bytes)) as f64,
    },
];

pub(super) fn read(bytes: &[u8]) -> Result<Table, String> {
    let (header, data) = split(bytes)?;
    let kind = kind(header)?;
    let [rows, columns] = shape(header)?;
    check_columns(columns)?;
    if rows == 0 || columns == 0 {
        return Err(format!(
            "the array has {rows} rows and {columns} columns; give at least one of each"
        ));
    }
    let wanted = rows
        .checked_mul(columns)
        .and_then(|count| count.checked_mul(kind.size));
    let data = wanted.and_then(|wanted| data.get(..wanted)).ok_or(CUT_SHORT)?;
    let at = |place: usize| (kind.read)(&data[place * kind.size..][..kind.size]);
    let by_column = field(header, "fortran_order")?.starts_with("True");
    let mut values = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        for column in 0..columns {
            let value = at(if by_column {
                column * rows + row
            } else {
                row * columns + column
            });
            if !value.is_finite() {
                let (row, column) = (row + 1, column + 1);
                return Err(format!(
                    "row {row}, column `x{column}`: {value} is no finite number"
                ));
            }
            values.push(value);
        }
    }
    Ok(Table {
        names: (1..=columns).map(|column| format!("x{column}")).collect(),
        values,
    })
}

/// The header, and the numbers behind it.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), String> {
    let (version, rest) = bytes[MAGIC.len()..].split_at_checked(2).ok_or(CUT_SHORT)?;
    let (length, rest) = match version[0] {
        1 => {
            let (length, rest) = rest.split_at_checked(2).ok_or(CUT_SHORT)?;
            (usize::from(u16::from_le_bytes(number(length))), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_at_checked(4).ok_or(CUT_SHORT)?;
            (u32::from_le_bytes(number(length)) as usize, rest)
        }
        other => {
            return Err(format!(
                "the .npy file has version {other}; versions 1 to 3 are read"
            ));
        }
    };
    let (header, data) = rest.split_at_checked(length).ok_or(CUT_SHORT)?;
    let header = std::str::from_utf8(header).map_err(|_| "the header of the .npy file is no text")?;
    Ok((header, data))
}

/// What stands behind a key of the header, which is a dictionary in Python's notation.
fn field<'a>(header: &'a str, key: &str) -> Result<&'a str, String> {
    let behind = header.split_once(&format!("'{key}':"));
    let (_, value) = behind.ok_or_else(|| format!("the header of the .npy file has no `{key}`"))?;
    Ok(value.trim_start())
}

fn kind(header: &str) -> Result<Kind, String> {
    let descr = field(header, "descr")?;
    let is_named = |kind: &Kind| descr.starts_with(&format!("'{}'", kind.name));
    KINDS.into_iter().find(is_named).ok_or_else(|| {
        let allowed = KINDS.map(|kind| kind.name).join(", ");
        let found = descr.split(", 'fortran_order'").next().unwrap_or(descr);
        let found = beginning(found.trim_end_matches(['}', ' ', '\n', ',']));
        format!("the array has numbers of the kind {found}; save it as array.astype('<f8'), or as one of {allowed}")
    })
}

/// Rows and columns; an array of one dimension is one column.
fn shape(header: &str) -> Result<[usize; 2], String> {
    let value = field(header, "shape")?;
    let inside = value.strip_prefix('(').and_then(|value| value.split_once(')'));
    let (inside, _) = inside.ok_or("the header of the .npy file has no shape in brackets")?;
    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
    let sizes: Result<Vec<usize>, _> = sizes.map(str::parse).collect();
    match sizes.as_deref() {
        Ok([rows]) => Ok([*rows, 1]),
        Ok([rows, columns]) => Ok([*rows, *columns]),
        _ => Err(format!(
            "the array has the shape ({}); give one or two dimensions: rows, and columns",
            beginning(inside)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    /// A file of this version and header, as `numpy.save` writes it but for the padding.
    fn file(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
        let mut file = b"\x93NUMPY".to_vec();
        file.extend([version, 0]);
        match version {
            1 => file.extend((header.len() as u16).to_le_bytes()),
            _ => file.extend((header.len() as u32).to_le_bytes()),
        }
        file.extend(header.as_bytes());
        file.extend(data);
        file
    }

    fn header(descr: &str, order: &str, shape: &str) -> String {
        format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}   \n")
    }

    const NUMBERS: [f64; 6] = [1.0, -2.0, 3.0, 4.0, 5.0, 6.0];

    fn bytes<const N: usize>(of: impl Fn(f64) -> [u8; N]) -> Vec<u8> {
        NUMBERS.iter().flat_map(|number| of(*number)).collect()
    }

    #[test]
    fn every_kind_of_number_is_read() {
        for (descr, data) in [
            ("'<f4'", bytes(|v| (v as f32).to_le_bytes())),
            ("'<f8'", bytes(f64::to_le_bytes)),
            ("'>f8'", bytes(f64::to_be_bytes)),
            ("'<i4'", bytes(|v| (v as i32).to_le_bytes())),
            ("'<i8'", bytes(|v| (v as i64).to_le_bytes())),
        ] {
            for version in [1, 2, 3] {
                let table = Table::read(&file(version, &header(descr, "False", "(3, 2)"), &data));
                let table = table.expect(descr);
                assert_eq!(table.names, ["x1", "x2"]);
                assert_eq!(table.values, NUMBERS, "{descr}");
            }
        }
    }

    #[test]
    fn order_and_dimensions_are_told_by_the_header() {
        let data = bytes(f64::to_le_bytes);
        let table = Table::read(&file(1, &header("'<f8'", "True", "(3, 2)"), &data)).expect("a table");
        assert_eq!(table.values, [1.0, 4.0, -2.0, 5.0, 3.0, 6.0]);
        let table = Table::read(&file(1, &header("'<f8'", "False", "(6,)"), &data)).expect("a table");
        assert_eq!((table.rows(), table.columns()), (6, 1));
        assert_eq!(table.values, NUMBERS);
    }

    #[test]
    fn other_arrays_are_refused() {
        let data = bytes(f64::to_le_bytes);
        let infinite: Vec<u8> = [1.0, f64::INFINITY]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let of = |descr: &str, shape: &str| header(descr, "False", shape);
        for (file, said) in [
            (
                file(1, &of("'<c16'", "(3, 2)"), &data),
                "numbers of the kind '<c16'; save it as array.astype('<f8')",
            ),
            (
                file(1, &of("[('a', '<f8')]", "(6,)"), &data),
                "numbers of the kind [('a', '<f8')]",
            ),
            (file(1, &of("'<f8'", "(1, 2, 3)"), &data), "the shape (1, 2, 3)"),
            (file(1, &of("'<f8'", "()"), &data), "give one or two dimensions"),
            (file(1, &of("'<f8'", "(0, 2)"), &data), "0 rows and 2 columns"),
            (file(1, &of("'<f8'", "(4, 2)"), &data), "ends too early"),
            (
                file(1, &of("'<f8'", "(9999999999999999, 4000)"), &data),
                "ends too early",
            ),
            (
                file(1, &of("'<f8'", "(1, 4097)"), &data),
                "4097 columns; at most 4096",
            ),
            (
                file(1, &of("'<f8'", "(1, 2)"), &infinite),
                "row 1, column `x2`: inf is no finite number",
            ),
            (file(4, &of("'<f8'", "(3, 2)"), &data), "version 4"),
            (file(1, "{'descr': '<f8'}", &data), "no `shape`"),
            (b"\x93NUMPY\x01\x00\xff".to_vec(), "ends too early"),
        ] {
            let error = Table::read(&file).expect_err(said);
            assert!(error.contains(said), "{error}");
        }
    }
}
