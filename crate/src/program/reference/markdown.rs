//! Tables in Markdown.

/// A row of a table.
pub fn row(cells: &[&str]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// A table.
pub fn table(heads: &[&str], rows: &[String]) -> String {
    let rule = "|---".repeat(heads.len());
    format!("{}{rule}|\n{}", row(heads), rows.concat())
}
