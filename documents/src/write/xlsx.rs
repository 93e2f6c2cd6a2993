//! Workbooks by rust_xlsxwriter.
//!
//! It must not call the writer's guessing methods (`write`), which turn text into links and formulas.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{
    DataValidation, DocProperties, Format, FormatAlign, FormatBorder, Formula, Note, Workbook, Worksheet,
    XlsxError,
};

use super::{CellDoc, ColumnDoc, ColumnKind, SheetDoc, WorkbookDoc};
use crate::palette;

const FONT: &str = "宋体";
const A4: u8 = 9;
/// In points, of the font's size.
const LINE_HEIGHT: f64 = 15.0;
/// The spreadsheets' own limit is 409.
const HIGHEST_ROW: f64 = 408.0;
/// The writer takes at most this many characters (UTF-16 units) of choices inside a cell's rule.
const LONGEST_INLINE_CHOICES: usize = 255;
/// Long lists of choices live here, out of sight.
const CHOICES_SHEET: &str = "_choices";

/// Ours or the caller's fault, never a reader's.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("sheet {sheet:?}, row {row}: {cells} cells under {columns} columns")]
    RowTooWide { sheet: String, row: usize, cells: usize, columns: usize },
    #[error("sheet {sheet:?}: a mark points at row {row}, column {column}, which do not exist")]
    MarkOutside { sheet: String, row: usize, column: usize },
    #[error("sheet {sheet:?}: more rows or columns than a workbook holds")]
    TooLarge { sheet: String },
    #[error("sheet {sheet:?} could not be written")]
    Sheet {
        sheet: String,
        #[source]
        source: XlsxError,
    },
    #[error("the workbook could not be put together")]
    Workbook(#[source] XlsxError),
}

pub fn write_workbook(doc: &WorkbookDoc) -> Result<Vec<u8>, WriteError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(
        &DocProperties::new()
            .set_title(&doc.title)
            .set_author(&doc.creator)
            .set_creation_datetime(&doc.created_at),
    );
    let mut choices = ChoiceLists::default();
    for sheet in &doc.sheets {
        check(sheet)?;
        write_sheet(workbook.add_worksheet(), sheet, &mut choices)
            .map_err(|source| WriteError::Sheet { sheet: sheet.name.clone(), source })?;
    }
    choices.write_to(&mut workbook).map_err(WriteError::Workbook)?;
    workbook.save_to_buffer().map_err(WriteError::Workbook)
}

fn check(sheet: &SheetDoc) -> Result<(), WriteError> {
    let columns = sheet.columns.len();
    let wide = sheet.rows.iter().enumerate().find(|(_, row)| row.len() > columns);
    if let Some((row, cells)) = wide {
        return Err(WriteError::RowTooWide { sheet: sheet.name.clone(), row, cells: cells.len(), columns });
    }
    if let Some(mark) = sheet.marks.iter().find(|mark| mark.row >= sheet.rows.len() || mark.column >= columns)
    {
        return Err(WriteError::MarkOutside {
            sheet: sheet.name.clone(),
            row: mark.row,
            column: mark.column,
        });
    }
    let rows = sheet.rows.len().saturating_add(sheet.spare_rows as usize);
    if rows > 1_048_000 || columns > 16_384 {
        return Err(WriteError::TooLarge { sheet: sheet.name.clone() });
    }
    Ok(())
}

fn write_sheet(out: &mut Worksheet, sheet: &SheetDoc, choices: &mut ChoiceLists) -> Result<(), XlsxError> {
    out.set_name(&sheet.name)?;
    let last_column = to_column(sheet.columns.len().saturating_sub(1));
    let header_row = sheet.header_row();
    let first_row = header_row + 1;
    let end_row = first_row + to_row(sheet.rows.len());

    if let Some(title) = &sheet.title {
        if last_column > 0 {
            out.merge_range(0, 0, 0, last_column, title, &title_format())?;
        } else {
            out.write_string_with_format(0, 0, title, &title_format())?;
        }
        out.set_row_height(0, 28)?;
    }
    let header = header_format();
    for (column, doc) in sheet.columns.iter().enumerate() {
        let column = to_column(column);
        out.set_column_width(column, f64::from(width_of(doc)))?;
        out.write_string_with_format(header_row, column, &doc.header, &header)?;
        if let Some(note) = &doc.note {
            out.insert_note(header_row, column, &note_of(note))?;
        }
    }

    let marks: HashMap<(usize, usize), &str> =
        sheet.marks.iter().map(|mark| ((mark.row, mark.column), mark.note.as_str())).collect();
    let formats: Vec<ColumnFormat> =
        sheet.columns.iter().map(|column| ColumnFormat::of(column.kind)).collect();
    for (index, row) in sheet.rows.iter().enumerate() {
        let n_lines = lines_of(&sheet.columns, row);
        if n_lines > 1 {
            // Not every spreadsheet fits the height by itself when it opens a file.
            let height = (f64::from(n_lines) * LINE_HEIGHT).min(HIGHEST_ROW);
            out.set_row_height(first_row + to_row(index), height)?;
        }
        for (column, format) in formats.iter().enumerate() {
            let at = (first_row + to_row(index), to_column(column));
            let cell = row.get(column).unwrap_or(&CellDoc::Empty);
            match marks.get(&(index, column)) {
                Some(note) => {
                    write_cell(out, at, cell, &format.marked())?;
                    out.insert_note(at.0, at.1, &note_of(note))?;
                }
                None => write_cell(out, at, cell, format)?,
            }
        }
    }
    for row in end_row..end_row + sheet.spare_rows {
        for (column, format) in formats.iter().enumerate() {
            out.write_blank(row, to_column(column), &format.plain)?;
        }
    }
    // Lists reach over the spare rows too, since that is where people type.
    let last_row = (end_row + sheet.spare_rows).saturating_sub(1);
    if last_row >= first_row {
        for (column, doc) in sheet.columns.iter().enumerate().filter(|(_, doc)| !doc.choices.is_empty()) {
            let rule = choices.rule(&doc.choices)?;
            let column = to_column(column);
            out.add_data_validation(first_row, column, last_row, column, &rule)?;
        }
    }
    lay_out(out, sheet, header_row, end_row, last_column)
}

fn lay_out(
    out: &mut Worksheet,
    sheet: &SheetDoc,
    header_row: u32,
    end_row: u32,
    last_column: u16,
) -> Result<(), XlsxError> {
    let layout = sheet.layout;
    if layout.freeze_header {
        out.set_freeze_panes(header_row + 1, 0)?;
    }
    if layout.autofilter && !sheet.columns.is_empty() && !sheet.rows.is_empty() {
        out.autofilter(header_row, 0, end_row - 1, last_column)?;
    }
    if layout.repeat_header_on_print {
        out.set_repeat_rows(header_row, header_row)?;
    }
    if layout.landscape {
        out.set_landscape();
    }
    out.set_paper_size(A4);
    // As many pages down as it takes, one across.
    out.set_print_fit_to_pages(1, 0);
    out.set_footer("&C&P / &N");
    out.set_hidden(layout.hidden);
    Ok(())
}

fn write_cell(
    out: &mut Worksheet,
    at: (u32, u16),
    cell: &CellDoc,
    format: &ColumnFormat,
) -> Result<(), XlsxError> {
    let (row, column) = at;
    let ColumnFormat { plain, text: as_text } = format;
    match cell {
        CellDoc::Empty => out.write_blank(row, column, plain)?,
        CellDoc::Text(text) => out.write_string_with_format(row, column, text, as_text)?,
        // A spreadsheet keeps 15 digits; what is longer is a code and stays whole as text.
        CellDoc::Integer(number) if number.unsigned_abs() >= 1_000_000_000_000_000 => {
            out.write_string_with_format(row, column, number.to_string(), as_text)?
        }
        CellDoc::Integer(number) => out.write_number_with_format(row, column, *number as f64, plain)?,
        CellDoc::Decimal(number) if number.is_finite() => {
            out.write_number_with_format(row, column, *number, plain)?
        }
        CellDoc::Decimal(_) => out.write_string_with_format(row, column, "#NUM!", as_text)?,
        CellDoc::Bool(flag) => out.write_boolean_with_format(row, column, *flag, plain)?,
        CellDoc::Date(date) if has_serial(*date) => {
            out.write_datetime_with_format(row, column, date, plain)?
        }
        CellDoc::Date(date) => {
            out.write_string_with_format(row, column, date.format("%Y-%m-%d").to_string(), as_text)?
        }
        CellDoc::DateTime(at) if has_serial(at.date()) => {
            out.write_datetime_with_format(row, column, at, plain)?
        }
        CellDoc::DateTime(at) => {
            out.write_string_with_format(row, column, at.format("%Y-%m-%d %H:%M:%S").to_string(), as_text)?
        }
        CellDoc::Severity(severity, word) => {
            let format = as_text
                .clone()
                .set_background_color(palette::fill(*severity))
                .set_font_color(palette::ink_on(*severity))
                .set_align(FormatAlign::Center);
            out.write_string_with_format(row, column, word, &format)?
        }
    };
    Ok(())
}

/// The format of a column, and the same for text that stands in it.
struct ColumnFormat {
    plain: Format,
    text: Format,
}

impl ColumnFormat {
    fn of(kind: ColumnKind) -> Self {
        let plain = cell_format(kind);
        ColumnFormat { text: plain.clone().set_num_format("@"), plain }
    }

    fn marked(&self) -> Self {
        ColumnFormat {
            plain: self.plain.clone().set_background_color(palette::MARKED),
            text: self.text.clone().set_background_color(palette::MARKED),
        }
    }
}

/// Before March 1900 the serial numbers of spreadsheets disagree with the calendar.
fn has_serial(date: NaiveDate) -> bool {
    (1901..=9999).contains(&date.year())
}

fn base_format() -> Format {
    Format::new().set_font_name(FONT).set_font_size(11).set_align(FormatAlign::VerticalCenter)
}

fn title_format() -> Format {
    base_format().set_font_size(16).set_bold().set_align(FormatAlign::Center)
}

fn header_format() -> Format {
    base_format()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_border(FormatBorder::Thin)
        .set_background_color("#d9e2ec")
        .set_num_format("@")
}

fn cell_format(kind: ColumnKind) -> Format {
    let format = base_format().set_border(FormatBorder::Thin);
    match kind {
        ColumnKind::Text => format.set_num_format("@"),
        ColumnKind::LongText => format.set_num_format("@").set_text_wrap(),
        ColumnKind::Integer => format.set_num_format("0"),
        ColumnKind::Count => format.set_num_format("#,##0"),
        ColumnKind::Decimal => format.set_num_format("0.00"),
        ColumnKind::Percent => format.set_num_format("0.0%"),
        ColumnKind::Date => format.set_num_format("yyyy-mm-dd"),
        ColumnKind::DateTime => format.set_num_format("yyyy-mm-dd hh:mm"),
        ColumnKind::Severity => format.set_num_format("@").set_align(FormatAlign::Center),
    }
}

fn note_of(text: &str) -> Note {
    // The writer's own limit, with room for what it adds.
    let text: String = text.chars().take(8_000).collect();
    Note::new(text).set_font_name(FONT).set_font_size(10).set_width(260).add_author_prefix(false)
}

fn width_of(column: &ColumnDoc) -> u16 {
    if column.width > 0 {
        return column.width.min(255);
    }
    u16::try_from(width_of_text(&column.header) + 4).unwrap_or(60).clamp(8, 60)
}

/// In characters of ASCII.
fn width_of_text(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// How many lines the row's longest text breaks into, about.
fn lines_of(columns: &[ColumnDoc], row: &[CellDoc]) -> u32 {
    let wrapped = columns.iter().zip(row).filter(|(column, _)| column.kind == ColumnKind::LongText);
    let lines = wrapped.map(|(column, cell)| match cell {
        CellDoc::Text(text) => {
            // One character less than the column has, for the space at its edges.
            let width = usize::from(width_of(column)).saturating_sub(1).max(1);
            text.lines().map(|line| width_of_text(line).div_ceil(width).max(1)).sum()
        }
        _ => 1,
    });
    u32::try_from(lines.max().unwrap_or(1)).unwrap_or(u32::MAX)
}

/// Lists of choices that are too long for a rule, one column each.
#[derive(Default)]
struct ChoiceLists {
    lists: Vec<Vec<String>>,
}

impl ChoiceLists {
    fn rule(&mut self, choices: &[String]) -> Result<DataValidation, XlsxError> {
        let length: usize = choices.iter().map(|choice| choice.encode_utf16().count() + 1).sum();
        let plain = choices.iter().all(|choice| !choice.contains([',', '"']));
        if plain && length <= LONGEST_INLINE_CHOICES {
            return DataValidation::new().allow_list_strings(choices);
        }
        let index = self.lists.iter().position(|list| list == choices).unwrap_or_else(|| {
            self.lists.push(choices.to_vec());
            self.lists.len() - 1
        });
        let letters = crate::sheet::column_name(index);
        let source = format!("='{CHOICES_SHEET}'!${letters}$1:${letters}${}", choices.len());
        Ok(DataValidation::new().allow_list_formula(Formula::new(source)))
    }

    fn write_to(&self, workbook: &mut Workbook) -> Result<(), XlsxError> {
        if self.lists.is_empty() {
            return Ok(());
        }
        let format = Format::new().set_num_format("@");
        let sheet = workbook.add_worksheet();
        sheet.set_name(CHOICES_SHEET)?;
        for (column, list) in self.lists.iter().enumerate() {
            for (row, choice) in list.iter().enumerate() {
                sheet.write_string_with_format(to_row(row), to_column(column), choice, &format)?;
            }
        }
        sheet.set_hidden(true);
        Ok(())
    }
}

/// Out of range becomes the largest number, which the writer refuses with its own error.
fn to_row(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn to_column(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}
