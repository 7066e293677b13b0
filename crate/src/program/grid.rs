//! Tables of many columns, for the terminal and as Markdown.

/// Headings, which may be broken into lines, and rows of cells. The last cell of a row that is
/// shorter than the headings is a remark and may be of any length.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    pub headings: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Columns of words, on the left; all others hold figures.
    pub words: usize,
}

const GAP: &str = "  ";

impl Grid {
    /// The table with its columns aligned.
    pub fn text(&self) -> String {
        let height = self.headings.iter().map(|h| h.lines().count()).max().unwrap_or(1);
        let headings = (0..height).map(|line| self.heading_line(line, height));
        let lines: Vec<Vec<String>> = headings.chain(self.rows.iter().cloned()).collect();
        let width = |column: usize| {
            let counted = lines.iter().filter(|cells| !self.is_remark(cells, column));
            let cells = counted.filter_map(|cells| cells.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.headings.len()).map(width).collect();
        let aligned = |cells: &Vec<String>| {
            let padded = cells
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, &width))| {
                    if column < self.words || self.is_remark(cells, column) {
                        format!("{cell:<width$}")
                    } else {
                        format!("{cell:>width$}")
                    }
                });
            padded.collect::<Vec<_>>().join(GAP).trim_end().to_owned() + "\n"
        };
        lines.iter().map(aligned).collect()
    }

    /// A line of the headings, which all end on the last one.
    fn heading_line(&self, line: usize, height: usize) -> Vec<String> {
        let part = |heading: &String| {
            let own = line.checked_sub(height - heading.lines().count())?;
            heading.lines().nth(own).map(str::to_owned)
        };
        self.headings
            .iter()
            .map(|h| part(h).unwrap_or_default())
            .collect()
    }

    /// The table as Markdown.
    pub fn markdown(&self) -> String {
        let columns = self.headings.len();
        let line = |cells: &[String]| {
            let escaped = cells.iter().map(|c| c.replace('\n', " ").replace('|', "\\|"));
            let blank = std::iter::repeat_n(String::new(), columns.saturating_sub(cells.len()));
            format!("| {} |\n", escaped.chain(blank).collect::<Vec<_>>().join(" | "))
        };
        let rule: Vec<_> = (0..columns)
            .map(|c| if c < self.words { "---" } else { "---:" }.to_owned())
            .collect();
        let rows = self.rows.iter().map(|row| line(row));
        line(&self.headings) + &line(&rule) + &rows.collect::<String>()
    }

    fn is_remark(&self, cells: &[String], column: usize) -> bool {
        cells.len() < self.headings.len() && column + 1 == cells.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Grid;

    fn grid() -> Grid {
        let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        Grid {
            headings: row(&["method", "|log Z −\nexact|", "n"]),
            rows: vec![row(&["RTB", "0.5", "7"]), row(&["DPS", "a long reason"])],
            words: 1,
        }
    }

    #[test]
    fn columns_are_aligned() {
        let wanted = "        |log Z −\nmethod    exact|  n\nRTB          0.5  7\nDPS     a long reason\n";
        assert_eq!(grid().text(), wanted);
    }

    #[test]
    fn markdown_has_its_bars_escaped() {
        let wanted = "| method | \\|log Z − exact\\| | n |\n| --- | ---: | ---: |\n\
                      | RTB | 0.5 | 7 |\n| DPS | a long reason |  |\n";
        assert_eq!(grid().markdown(), wanted);
    }
}
