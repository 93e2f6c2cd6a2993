//! Files made to hurt: each gets its error, quickly and in bounded memory.

use std::mem::discriminant;

use documents::read::{Damage, Place, ReadError, ReadLimits, read_file_bytes, read_workbook};

use crate::fixture::{Book, read, sheet_data};

/// Limits small enough that fixtures stay small too.
fn limits() -> ReadLimits {
    ReadLimits {
        inflated_bytes: 1 << 20,
        rows: 1_000,
        cells: 5_000,
        text_bytes: 100_000,
        parts: 64,
        ..ReadLimits::default()
    }
}

fn check(bytes: &[u8], limits: &ReadLimits, expected: &ReadError) {
    let error = read_workbook(bytes, limits).unwrap_err();
    assert_eq!(discriminant(&error), discriminant(expected), "{error:?}");
    assert_is_chinese(&error);
    assert_memory_is_bounded();
}

/// Names of formats, parts and programs are no words of English.
pub(crate) fn assert_is_chinese(error: &ReadError) {
    let told = error.zh();
    assert!(told.chars().any(|c| c > '\u{4e00}'), "{error}");
    let is_english = |word: &str| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase());
    assert_eq!(told.split_whitespace().find(|word| is_english(word)), None, "{told}");
}

/// Resident memory of this process at its highest; other tests may share the process, so this is an upper bound.
pub(crate) fn assert_memory_is_bounded() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
    assert!(kilobytes.is_none_or(|kilobytes| kilobytes < 1 << 20), "{kilobytes:?} kB");
}

fn damaged() -> ReadError {
    ReadError::Damaged { part: String::new(), what: Damage::Missing }
}

fn inflates() -> ReadError {
    ReadError::InflatesTooLarge { limit: 0 }
}

fn bomb() -> Book {
    Book::of(&[("名录", &sheet_data(&"<row><c><v></v></c></row>".repeat(200_000)))])
}

/// Overwrites the inflated size that the container declares for every part, in both places where it stands.
fn declare_sizes(zip: &mut [u8], size: u32) {
    for at in 0..zip.len().saturating_sub(30) {
        let offset = match &zip[at..at + 4] {
            b"PK\x03\x04" => 22,
            b"PK\x01\x02" => 24,
            _ => continue,
        };
        zip[at + offset..at + offset + 4].copy_from_slice(&size.to_le_bytes());
    }
}

#[test]
fn an_honest_bomb_ends_at_the_directory() {
    check(&bomb().zip(), &limits(), &inflates());
}

#[test]
fn a_lying_bomb_ends_where_it_exceeds_what_it_declared() {
    let mut zip = bomb().zip();
    declare_sizes(&mut zip, 5_000);
    check(&zip, &limits(), &damaged());
}

#[test]
fn a_bomb_of_many_sheets_over_one_part_ends_while_inflating() {
    let data = sheet_data(&"<row><c><v></v></c></row>".repeat(20_000));
    let mut book = Book::of(&[("名录", data.as_str()); 20]);
    book.parts.retain(|(path, _)| !path.starts_with("xl/worksheets/") || path.ends_with("sheet1.xml"));
    let relations = (2..=20).fold(book, |book, n| {
        book.replace("xl/_rels/workbook.xml.rels", &format!("sheet{n}.xml"), "sheet1.xml")
    });
    check(&relations.zip(), &limits(), &inflates());
}

#[test]
fn a_sheet_of_very_many_rows_ends_at_the_limit() {
    let rows = "<row><c><v>1</v></c></row>".repeat(1_001);
    let expected = ReadError::TooManyRows { sheet: String::new(), row: 0, limit: 0 };
    check(&Book::of(&[("名录", &sheet_data(&rows))]).zip(), &limits(), &expected);
    let far = sheet_data("<row r=\"1048576\"><c r=\"A1048576\"><v>1</v></c></row>");
    check(&Book::of(&[("名录", &far)]).zip(), &ReadLimits::default(), &expected);
}

#[test]
fn blank_rows_without_end_are_refused() {
    let expected = ReadError::TooManyRows { sheet: String::new(), row: 0, limit: 0 };
    let blank = sheet_data(&"<row/>".repeat(1_048_577));
    check(&Book::of(&[("名录", &blank)]).zip(), &ReadLimits::default(), &expected);
}

#[test]
fn one_cell_at_the_far_corner_is_an_error_that_names_it() {
    let far = sheet_data("<row r=\"7\"><c r=\"XFD7\"><v>1</v></c></row>");
    let error = read(&Book::of(&[("名录", &far)]).zip()).unwrap_err();
    let expected = ReadError::TooManyColumns { sheet: "名录".into(), cell: "XFD7".into(), limit: 256 };
    assert_eq!(error, expected);
    for reference in ["XFE1", "A1048577", "A0", "A99999999999999999999", "ZZZZZZZZZZZZZZZ1", "7", ""] {
        let data = sheet_data(&format!("<row r=\"1\"><c r=\"{reference}\"><v>1</v></c></row>"));
        check(&Book::of(&[("名录", &data)]).zip(), &ReadLimits::default(), &damaged());
    }
}

#[test]
fn few_bytes_that_ask_for_many_cells_are_refused() {
    let wide: String =
        (1..=200).map(|row| format!("<row r=\"{row}\"><c r=\"IV{row}\"><v>1</v></c></row>")).collect();
    let expected = ReadError::TooManyCells { limit: 0 };
    check(&Book::of(&[("名录", &sheet_data(&wide))]).zip(), &limits(), &expected);
}

#[test]
fn one_text_shared_by_very_many_cells_is_refused() {
    let rows = "<row><c t=\"s\"><v>0</v></c></row>".repeat(900);
    let text = format!("<si><t>{}</t></si>", "虚".repeat(1_000));
    let book = Book::of(&[("名录", &sheet_data(&rows))]).with_strings(&text);
    check(&book.zip(), &limits(), &ReadError::TooMuchText { limit: 0 });
}

#[test]
fn cells_that_point_at_a_blank_text_count_as_cells() {
    let rows = |n: usize| "<row><c t=\"s\"><v>0</v></c></row>".repeat(n);
    let text = format!("<si><t>{}</t></si>", "\u{3000}".repeat(1_000));
    let file = |n| Book::of(&[("名录", &sheet_data(&rows(n)))]).with_strings(&text).zip();
    let limits = ReadLimits { rows: 10_000, ..limits() };
    assert_eq!(read_workbook(&file(5_000), &limits).unwrap().sheets[0].rows, []);
    check(&file(5_001), &limits, &ReadError::TooManyCells { limit: 0 });
}

#[test]
fn more_merged_areas_than_are_read_are_an_error_and_not_dropped() {
    let merged = |n: usize| {
        let areas: String = (1..=n).map(|row| format!("<mergeCell ref=\"A{row}:B{row}\"/>")).collect();
        sheet_data("<row><c><v>1</v></c></row>") + &format!("<mergeCells>{areas}</mergeCells>")
    };
    let limits = ReadLimits { merges: 100, ..limits() };
    let within = read_workbook(&Book::of(&[("名录", &merged(100))]).zip(), &limits).unwrap();
    assert_eq!(within.sheets[0].merges.len(), 100);
    let expected = ReadError::TooManyMerges { limit: 0 };
    check(&Book::of(&[("名录", &merged(101))]).zip(), &limits, &expected);
    // The limit is the file's, not each sheet's.
    let halves = [("名录", merged(60)), ("名录2", merged(60))];
    let halves: Vec<(&str, &str)> = halves.iter().map(|(name, sheet)| (*name, sheet.as_str())).collect();
    check(&Book::of(&halves).zip(), &limits, &expected);
}

#[test]
fn a_merged_area_counts_as_the_cells_and_the_text_that_it_fills() {
    let rows = |first: &str| {
        let rest = "<row><c><v>1</v></c></row>".repeat(899);
        sheet_data(&format!("<row><c t=\"str\"><v>{first}</v></c></row>{rest}"))
            + "<mergeCells><mergeCell ref=\"A1:D1048576\"/></mergeCells>"
    };
    let check_text =
        |text: &str, expected| check(&Book::of(&[("名录", &rows(text))]).zip(), &limits(), expected);
    check_text("甲", &ReadError::TooManyCells { limit: 0 });
    let far = sheet_data(&"<row><c><v>1</v></c></row>".repeat(900))
        + "<mergeCells><mergeCell ref=\"IV1:IV1048576\"/></mergeCells>";
    check(&Book::of(&[("名录", &far)]).zip(), &limits(), &ReadError::TooManyCells { limit: 0 });
    let limits = ReadLimits { cells: 50_000, ..limits() };
    assert!(read_workbook(&Book::of(&[("名录", &rows("甲"))]).zip(), &limits).is_ok());
    let long = Book::of(&[("名录", &rows(&"虚".repeat(100)))]);
    check(&long.zip(), &limits, &ReadError::TooMuchText { limit: 0 });
}

#[test]
fn a_declared_count_of_texts_reserves_nothing() {
    let rows = sheet_data("<row><c t=\"s\"><v>0</v></c></row>");
    let book = Book::of(&[("名录", &rows)]).with_strings("<si><t>甲</t></si>").replace(
        "xl/sharedStrings.xml",
        "count=\"9\"",
        "count=\"9\" uniqueCount=\"99999999999\"",
    );
    assert_eq!(read(&book.zip()).unwrap().sheets[0].rows[0].cells[0].text(), "甲");
    assert_memory_is_bounded();
}

#[test]
fn a_cell_of_more_characters_than_a_spreadsheet_allows_is_refused() {
    let expected = ReadError::CellTooLong { place: Place::SharedText(0), limit: 0 };
    let inline = |n: usize| sheet_data(&format!("<row><c t=\"str\"><v>{}</v></c></row>", "虚".repeat(n)));
    assert!(read(&Book::of(&[("名录", &inline(32_767))]).zip()).is_ok());
    check(&Book::of(&[("名录", &inline(32_768))]).zip(), &ReadLimits::default(), &expected);
    let endless = sheet_data(&format!("<row><c t=\"str\"><v>{}", "x".repeat(3 << 20)));
    check(&Book::of(&[("名录", &endless)]).zip(), &ReadLimits::default(), &damaged());
    let runs = format!("<si>{}</si>", "<r><t>1234567890</t></r>".repeat(4_000));
    let book = Book::of(&[("名录", &sheet_data(""))]).with_strings(&runs);
    check(&book.zip(), &ReadLimits::default(), &expected);
}

#[test]
fn too_many_sheets_and_parts_are_refused() {
    let data = sheet_data("");
    let book = Book::of(&[("名录", data.as_str()); 65]);
    check(&book.zip(), &ReadLimits::default(), &ReadError::TooManySheets { sheets: 0, limit: 0 });
    check(&book.zip(), &limits(), &ReadError::TooManyParts { parts: 0, limit: 0 });
}

#[test]
fn a_directory_with_64_bit_counts_is_refused_before_it_is_read() {
    let mut zip = b"PK\x03\x04PK\x06\x06".to_vec();
    zip.extend([0xff; 60]);
    zip.extend(b"PK\x06\x07");
    zip.extend([0xff; 16]);
    zip.extend(b"PK\x05\x06");
    zip.extend([0xff; 18]);
    check(&zip, &ReadLimits::default(), &damaged());
}

#[test]
fn files_that_are_no_workbook_are_named() {
    let limits = ReadLimits { file_bytes: 100, ..ReadLimits::default() };
    let check = |bytes: &[u8], expected: ReadError| {
        assert_eq!(read_file_bytes("示例.xlsx", bytes, &limits).unwrap_err(), expected);
    };
    check(b"", ReadError::EmptyFile);
    check(&[b'x'; 101], ReadError::FileTooLarge { bytes: 101, limit: 100 });
    check(b"<html><table></table></html>", ReadError::WebPage);
    check(b"%PDF-1.7", ReadError::NotAWorkbook { found: "a PDF document" });
    check(b"PK\x03\x04", ReadError::CutOff);
    assert_eq!(read_workbook(b"a,b", &limits).unwrap_err(), ReadError::NotAWorkbook { found: "a text file" });
}

#[test]
fn a_workbook_cut_short_anywhere_is_an_error_and_never_a_panic() {
    let rows: String = (1..=300)
        .map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\" s=\"1\"><v>{row}</v></c></row>"))
        .collect();
    let zip = Book::of(&[("名录", &sheet_data(&rows))]).with_strings("<si><t>甲</t></si>").zip();
    for length in (0..zip.len()).step_by(97).chain([zip.len() - 1]) {
        let error = read(&zip[..length]).unwrap_err();
        let expected = if length == 0 { ReadError::EmptyFile } else { ReadError::CutOff };
        // Cut within the last record, its mark is there and the archive is damaged; the first bytes are no zip yet.
        if (4..zip.len() - 22).contains(&length) || length == 0 {
            assert_eq!(error, expected, "cut at {length}");
        }
        assert_ne!(error, ReadError::ParserFailed, "cut at {length}");
        assert_is_chinese(&error);
    }
}

#[test]
fn xml_cut_short_anywhere_is_never_a_panic() {
    let whole = sheet_data(
        "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><r><t>甲&amp;&#x4e59;</t></r></is></c><c t=\"s\"><v>0</v></c></row>",
    ) + "<mergeCells><mergeCell ref=\"A1:B1\"/></mergeCells>";
    let strings = "<si><t>甲</t><rPh><t>jia</t></rPh></si>";
    for cut in (0..whole.len()).filter(|cut| whole.is_char_boundary(*cut)) {
        let mut book = Book::of(&[("名录", "")]).with_strings(strings);
        book.put("xl/worksheets/sheet1.xml", format!("<worksheet>{}", &whole[..cut]));
        let read = read(&book.zip());
        assert_ne!(read.err(), Some(ReadError::ParserFailed), "cut at {cut}");
    }
}
