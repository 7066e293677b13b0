//! Tables as text: names in the first line, then a row a line.

use super::{Table, check_columns};
use crate::engine::beginning;
use csv::{ReaderBuilder, StringRecord, Trim};
use std::collections::HashMap;

/// What may stand between two cells; of equally frequent ones the first counts.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

pub(super) fn read(bytes: &[u8]) -> Result<Table, String> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|e| {
        format!(
            "byte {} is no UTF-8: give a CSV text or a .npy array",
            e.valid_up_to()
        )
    })?;
    let mut reader = ReaderBuilder::new()
        .delimiter(separator(text))
        .has_headers(false)
        // Rows of another length are told below, by their line.
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let mut next = |record: &mut StringRecord| reader.read_record(record).map_err(|e| e.to_string());
    if !next(&mut record)? {
        return Err("the file is empty; the first line must name the columns, for example x1,x2".to_owned());
    }
    let names = names(&record)?;
    let mut values = Vec::new();
    while next(&mut record)? {
        row(&record, line(&record, text), &names, &mut values)?;
    }
    if values.is_empty() {
        return Err("the table has a line of names, but no rows below it".to_owned());
    }
    Ok(Table { names, values })
}

/// The most frequent separator of the first line.
fn separator(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.is_empty()).unwrap_or("");
    let count = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    let best = SEPARATORS
        .into_iter()
        .rev()
        .max_by_key(|separator| count(*separator));
    best.unwrap_or(b',')
}

fn names(header: &StringRecord) -> Result<Vec<String>, String> {
    check_columns(header.len())?;
    if header.iter().all(|cell| cell.parse::<f64>().is_ok()) {
        return Err(format!(
            "the first line must name the columns, for example x1,x2; it has numbers: {}",
            beginning(&header.iter().collect::<Vec<_>>().join(", "))
        ));
    }
    let mut places = HashMap::new();
    for (column, name) in (1..).zip(header) {
        if name.is_empty() {
            return Err(format!("column {column} has no name; name it in the first line"));
        }
        if let Some(first) = places.insert(name, column) {
            let name = beginning(name);
            return Err(format!(
                "columns {first} and {column} are both called `{name}`; give each a name of its own"
            ));
        }
    }
    Ok(header.iter().map(str::to_owned).collect())
}

/// The line that a record of the text is in. The record's own position is before the line breaks that the
/// reader skipped.
fn line(record: &StringRecord, text: &str) -> u64 {
    record.position().map_or(0, |at| {
        let rest = text.as_bytes().iter().skip(at.byte() as usize);
        let skipped = rest.take_while(|byte| b"\r\n".contains(byte));
        at.line() + skipped.filter(|byte| **byte == b'\n').count() as u64
    })
}

fn row(record: &StringRecord, line: u64, names: &[String], values: &mut Vec<f64>) -> Result<(), String> {
    let (cells, columns) = (record.len(), names.len());
    if cells != columns {
        let hint = if cells == 2 * columns {
            "; write numbers with a point, 1.5 instead of 1,5"
        } else {
            ""
        };
        let s = if cells == 1 { "" } else { "s" };
        return Err(format!(
            "line {line} has {cells} cell{s}, but the first line names {columns}{hint}"
        ));
    }
    for (cell, name) in record.iter().zip(names) {
        match cell.parse::<f64>() {
            Ok(value) if value.is_finite() => values.push(value),
            _ => return Err(no_number(line, name, cell)),
        }
    }
    Ok(())
}

fn no_number(line: u64, name: &str, cell: &str) -> String {
    let at = format!("line {line}, column `{}`", beginning(name));
    let point = cell.replacen(',', ".", 1);
    match cell {
        "" => format!("{at} is empty; give a number"),
        _ if point != cell && point.parse::<f64>().is_ok() => {
            format!("{at}: `{cell}` has a decimal comma; write {point}")
        }
        _ => format!("{at}: `{}` is no finite number", beginning(cell)),
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    fn table(names: &[&str], values: &[f64]) -> Table {
        Table {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            values: values.to_vec(),
        }
    }

    #[test]
    fn the_first_line_names_columns_and_shows_the_separator() {
        let wanted = table(&["x1", "x2"], &[1.5, -2.0, 3e-3, 4.0]);
        for text in [
            "x1,x2\n1.5,-2\n3e-3,4\n",
            "\u{feff}x1,x2\r\n1.5,-2\r\n3e-3,4",
            " x1 ;\tx2\n1.5; -2\n\n 3e-3 ;4\n",
            "x1\tx2\n1.5\t-2\n3e-3\t4\n",
            "\"x1\",\"x2\"\n\"1.5\",-2\n0.003,+4\n",
        ] {
            assert_eq!(Table::read(text.as_bytes()), Ok(wanted.clone()), "{text}");
        }
        assert_eq!(Table::read(b"x\n1\n2\n"), Ok(table(&["x"], &[1.0, 2.0])));
        assert_eq!(
            Table::read(b"2019,b\n1,2\n"),
            Ok(table(&["2019", "b"], &[1.0, 2.0])),
            "a name may look like a number if another does not"
        );
    }

    #[test]
    fn what_is_no_table_is_refused_with_a_remedy() {
        let wide: String = (0..4097).map(|column| format!("x{column},")).collect();
        for (text, said) in [
            (
                "",
                "the file is empty; the first line must name the columns, for example x1,x2",
            ),
            (
                "1,2\n3,4\n",
                "the first line must name the columns, for example x1,x2; it has numbers: 1, 2",
            ),
            ("a,b\n", "no rows below"),
            ("a,,c\n1,2,3\n", "column 2 has no name"),
            ("a,b, a\n1,2,3\n", "columns 1 and 3 are both called `a`"),
            ("a,b\n1,2\n3,x\n", "line 3, column `b`: `x` is no finite number"),
            ("a,b\n1,NaN\n", "line 2, column `b`: `NaN` is no finite number"),
            (
                "a,b\n\n-inf,1\n",
                "line 3, column `a`: `-inf` is no finite number",
            ),
            (
                "\r\na,b\r\n1,2\r\n\r\n\r\n3,x\r\n",
                "line 6, column `b`: `x` is no finite number",
            ),
            ("a,b\n1,1e999\n", "`1e999` is no finite number"),
            ("a,b\n1,\n", "line 2, column `b` is empty"),
            ("a,b\n1,2\n3\n", "line 3 has 1 cell, but the first line names 2"),
            ("a,b\n1,2,3\n", "line 2 has 3 cells, but the first line names 2"),
            (
                "a,b\n1,5,2,5\n",
                "line 2 has 4 cells, but the first line names 2; write numbers with a point",
            ),
            (
                "a;b\n1;2,5\n",
                "line 2, column `b`: `2,5` has a decimal comma; write 2.5",
            ),
            (&wide, "4098 columns; at most 4096"),
        ] {
            let error = Table::read(text.as_bytes()).expect_err(text);
            assert!(error.contains(said), "{error}");
        }
        let error = Table::read(b"a,b\n\xff,1\n").expect_err("not UTF-8");
        assert!(error.contains("byte 4 is no UTF-8"), "{error}");
    }
}
