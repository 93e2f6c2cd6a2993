//! CSV as spreadsheets open it: UTF-8 with a byte order mark, CRLF, quoted where needed.
//!
//! It must not let a cell start with a sign that spreadsheets take for a formula; the guard is an apostrophe, which
//! [`crate::read::read_csv`] takes off again.

use super::{CellDoc, SheetDoc};

/// The header and the rows; the title and the marks have no place in CSV.
pub fn write_csv(sheet: &SheetDoc) -> Vec<u8> {
    let mut text = String::from("\u{feff}");
    push_record(&mut text, sheet.columns.iter().map(|column| guarded(&column.header)));
    for row in &sheet.rows {
        let filled = row.iter().map(field).chain(std::iter::repeat_with(String::new));
        push_record(&mut text, filled.take(sheet.columns.len().max(row.len())));
    }
    text.into_bytes()
}

/// Takes the guard off a field that was written with one.
pub(crate) fn unguarded(field: &str) -> &str {
    match field.strip_prefix('\'') {
        Some(rest) if starts_like_formula(rest) => rest,
        _ => field,
    }
}

fn field(cell: &CellDoc) -> String {
    match cell {
        CellDoc::Empty => String::new(),
        CellDoc::Text(text) | CellDoc::Severity(_, text) => guarded(text),
        CellDoc::Integer(number) => number.to_string(),
        CellDoc::Decimal(number) => number.to_string(),
        CellDoc::Bool(flag) => if *flag { "TRUE" } else { "FALSE" }.to_owned(),
        CellDoc::Date(date) => date.format("%Y-%m-%d").to_string(),
        CellDoc::DateTime(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
    }
}

fn guarded(text: &str) -> String {
    // An apostrophe of the text's own gets one too where taking it off would otherwise lose it.
    if starts_like_formula(text) || unguarded(text) != text { format!("'{text}") } else { text.to_owned() }
}

/// The full-width signs count as well: spreadsheets in Chinese and Japanese turn them into formulas on entry. An
/// apostrophe before such a sign counts so that guards can be nested.
fn starts_like_formula(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

fn push_record(text: &mut String, fields: impl Iterator<Item = String>) {
    let mut first = true;
    for field in fields {
        if !first {
            text.push(',');
        }
        first = false;
        if field.contains([',', '"', '\r', '\n', ';', '\t']) || field.trim() != field {
            text.push('"');
            text.push_str(&field.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&field);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_what_a_spreadsheet_would_take_for_a_formula() {
        for text in ["=1+1", "+86", "-1", "@SUM(A1)", "＝1", "\t=1", "'=1", "''=1"] {
            let written = guarded(text);
            assert!(written.starts_with('\''), "{text:?}");
            assert_eq!(unguarded(&written), text);
        }
        for text in ["", "'s", "1-2", "虚构局", "'"] {
            assert_eq!(guarded(text), text);
            assert_eq!(unguarded(text), text);
        }
    }
}
