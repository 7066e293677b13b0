//! Tables of numbers with named columns: CSV text or an array of NumPy.

mod npy;
mod text;

use crate::engine::beginning;

/// A table of finite numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The names of the columns, all different.
    pub names: Vec<String>,
    /// `[rows][columns]`, at least one row.
    pub values: Vec<f64>,
}

/// Most bytes of a file. It is held in memory whole, its numbers beside it.
const MOST_BYTES: usize = 2 << 30;
/// Most columns. Beyond it, rows and columns are probably swapped.
const MOST_COLUMNS: usize = 4096;

impl Table {
    /// Reads a file: an array of NumPy by its first bytes, else CSV with names in the first line. The columns of
    /// an array are called x1, x2, ….
    ///
    /// # Errors
    ///
    /// Where the file is no table of finite numbers: a sentence that says where, and what to do.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        check_size(bytes.len())?;
        if bytes.starts_with(npy::MAGIC) {
            return npy::read(bytes);
        }
        if bytes.starts_with(b"PK\x03\x04") {
            return Err(
                "the file is an archive (.npz, .zip or .xlsx); save one array with numpy.save, or a CSV file"
                    .to_owned(),
            );
        }
        text::read(bytes)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns()
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.names.len()
    }

    /// The values of a column, if there is one of this name.
    pub fn column(&self, name: &str) -> Option<Vec<f64>> {
        let place = self.place(name)?;
        Some(
            self.values
                .iter()
                .skip(place)
                .step_by(self.columns())
                .copied()
                .collect(),
        )
    }

    /// These columns in this order, `[rows][names]`.
    ///
    /// # Errors
    ///
    /// Where the table lacks one.
    pub fn pick(&self, names: &[String]) -> Result<Vec<f64>, String> {
        let missing = |name: &String| {
            let there = beginning(&self.names.join(", "));
            format!("the table has no column `{}`; it has {there}", beginning(name))
        };
        let place = |name: &String| self.place(name).ok_or_else(|| missing(name));
        let places = names.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let rows = self.values.chunks_exact(self.columns());
        Ok(rows
            .flat_map(|row| places.iter().map(|place| row[*place]))
            .collect())
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|one| one == name)
    }
}

fn check_size(bytes: usize) -> Result<(), String> {
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    Err(format!(
        "the file has {bytes} bytes; at most {MOST_BYTES} (2 GiB) are read, so leave out rows or columns"
    ))
}

fn check_columns(columns: usize) -> Result<(), String> {
    if columns <= MOST_COLUMNS {
        return Ok(());
    }
    Err(format!(
        "the table has {columns} columns; at most {MOST_COLUMNS} are allowed, one a coordinate"
    ))
}

#[cfg(test)]
mod tests {
    use super::{MOST_BYTES, Table, check_size};

    #[test]
    fn columns_are_found_by_name() {
        let table = Table::read(b"a,b,c\n1,2,3\n4,5,6\n").expect("a table");
        assert_eq!((table.rows(), table.columns()), (2, 3));
        assert_eq!(table.column("b"), Some(vec![2.0, 5.0]));
        assert_eq!(table.column("d"), None);
        let names = ["c", "a"].map(str::to_owned);
        assert_eq!(table.pick(&names), Ok(vec![3.0, 1.0, 6.0, 4.0]));
        let error = table.pick(&["a".to_owned(), "d".to_owned()]).expect_err("no d");
        assert_eq!(error, "the table has no column `d`; it has a, b, c");
    }

    #[test]
    fn archives_and_large_files_are_refused() {
        let error = Table::read(b"PK\x03\x04rest").expect_err("an archive");
        assert!(error.contains("numpy.save"), "{error}");
        assert_eq!(check_size(MOST_BYTES), Ok(()));
        let error = check_size(MOST_BYTES + 1).expect_err("too large");
        assert!(
            error.contains("2147483649 bytes") && error.contains("2 GiB"),
            "{error}"
        );
    }
}
