//! A list for people, on the terminal or as a workbook, beside the shape that machines read.

use intake::table::{CellIn, ColumnOut, SheetOut};
use serde::Serialize;

use crate::cli::Listed;
use crate::exit::{Exit, Failure, OrExit};
use crate::files::{expect_ending, refuse_existing, save};
use crate::output::{self, Columns};
use crate::shapes::sheets::Purpose;

/// Headers and rows, as they are shown.
pub struct Listing {
    /// Name of the sheet.
    pub name: &'static str,
    pub headers: &'static [&'static str],
    /// Columns of numbers.
    pub numbers: &'static [usize],
    pub rows: Vec<Vec<String>>,
}

impl Listing {
    /// Shows it as asked: `shape` is what `--json` prints under `format`.
    pub fn show<T: Serialize>(self, asked: &Listed, format: &str, shape: &T) -> Result<(), Failure> {
        if let Some(path) = &asked.output {
            expect_ending(path, &["xlsx"])?;
            refuse_existing(path)?;
            save(path, self.name, &[self.sheet()], Purpose::Read)?;
            output::data(path.display().to_string());
        } else if asked.format.json {
            output::json(format, shape).or_exit(Exit::Internal)?;
        } else {
            let columns = Columns { headers: self.headers, numbers: self.numbers };
            output::table(&columns, self.rows);
        }
        Ok(())
    }

    fn sheet(&self) -> SheetOut {
        let column = |(i, header): (usize, &&str)| {
            let widest = self.rows.iter().filter_map(|row| row.get(i)).map(|text| width(text)).max();
            ColumnOut {
                header: (*header).to_owned(),
                width: widest.unwrap_or(0).max(width(header)).clamp(8, 60),
                as_text: !self.numbers.contains(&i),
                wraps: true,
                ..ColumnOut::default()
            }
        };
        let cell = |(i, text): (usize, &String)| match text.parse::<f64>() {
            Ok(number) if self.numbers.contains(&i) => CellIn::Number(number),
            _ if text.is_empty() => CellIn::Empty,
            _ => CellIn::Text(text.clone()),
        };
        SheetOut {
            name: self.name.to_owned(),
            columns: self.headers.iter().enumerate().map(column).collect(),
            rows: self.rows.iter().map(|row| row.iter().enumerate().map(cell).collect()).collect(),
            marks: Vec::new(),
        }
    }
}

/// In characters of half width.
fn width(text: &str) -> u16 {
    let wide: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    u16::try_from(wide + 2).unwrap_or(u16::MAX)
}
