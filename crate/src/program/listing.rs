//! Further tables of a finished run: printed, and as CSV in its folder.

use super::error::ProgramError;
use super::output::figure;
use super::storage::RunFolder;
use rtb::task::Listing;

/// Most rows that are printed; the file has them all.
const PRINTED: usize = 36;

/// Writes the tables into a folder; returns them ready to print.
pub fn write(listings: &[Listing], folder: &RunFolder) -> Result<String, ProgramError> {
    let mut printed = String::new();
    for listing in listings {
        let name = format!("{}.csv", listing.name);
        folder.write(&name, comma_separated(listing).as_bytes())?;
        printed.push_str(&shown(listing, Some(&name)));
    }
    Ok(printed)
}

/// A table ready to print, with all of its rows.
pub fn text(listing: &Listing) -> String {
    shown(listing, None)
}

fn comma_separated(listing: &Listing) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let rows = listing.rows.iter().map(|(names, numbers)| {
        let numbers = numbers.iter().map(f64::to_string);
        names.iter().cloned().chain(numbers).collect::<Vec<_>>()
    });
    let headings = listing.headings.concat().into_iter().map(str::to_owned).collect();
    for row in [headings].into_iter().chain(rows) {
        writer.write_record(row).expect("memory takes rows of one length");
    }
    let bytes = writer.into_inner().expect("memory is flushed");
    String::from_utf8(bytes).expect("of texts")
}

/// A table ready to print; where a file has all of its rows, with the first ones.
fn shown(listing: &Listing, file: Option<&str>) -> String {
    let printed = file.map_or(usize::MAX, |_| PRINTED);
    let headings = listing.headings.concat().into_iter().map(str::to_owned).collect();
    let rows = listing.rows.iter().take(printed).map(|(names, numbers)| {
        let numbers = numbers.iter().map(|number| figure(*number));
        names.iter().cloned().chain(numbers).collect::<Vec<_>>()
    });
    let all: Vec<Vec<String>> = std::iter::once(headings).chain(rows).collect();
    let columns = all[0].len();
    let width = |column: usize| {
        all.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let names = listing.headings[0].len();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(at, (cell, width))| match at < names {
            true => format!("{cell:<width$}"),
            false => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let lines: String = all.iter().map(line).collect();
    let more = match (file, listing.rows.len().saturating_sub(printed)) {
        (Some(file), 1..) => format!("… and {} more rows in {file}\n", listing.rows.len() - printed),
        _ => String::new(),
    };
    format!("\n{}\n{lines}{more}", listing.title)
}

#[cfg(test)]
mod tests {
    use super::{comma_separated, shown};
    use rtb::task::Listing;

    #[test]
    fn a_listing_is_a_table_and_a_file() {
        let listing = Listing {
            name: "marginals",
            title: "Title.".to_owned(),
            headings: [vec!["coordinate"], vec!["mean", "±"]],
            rows: vec![(vec!["a".to_owned()], vec![1.5, 0.25])],
        };
        assert_eq!(comma_separated(&listing), "coordinate,mean,±\na,1.5,0.25\n");
        let shown = shown(&listing, Some("marginals.csv"));
        assert!(shown.contains("Title.\ncoordinate   mean"), "{shown}");
        let quoted = Listing {
            rows: vec![(vec!["a, \"b\"".to_owned()], vec![1.5, 0.25])],
            ..listing
        };
        assert_eq!(
            comma_separated(&quoted),
            "coordinate,mean,±\n\"a, \"\"b\"\"\",1.5,0.25\n"
        );
    }
}
