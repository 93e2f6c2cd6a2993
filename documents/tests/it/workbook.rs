//! Workbooks as offices save them.

use chrono::NaiveDate;
use documents::read::ReadError;
use documents::sheet::{Cell, DateSystem};

use crate::fixture::{Book, first_sheet, lines_of, read, sheet_data};

/// Rows in, `number: cell|cell` lines out.
fn check(rows: &str, expected: &[&str]) {
    let strings = "<si><t>单位</t></si><si><r><t>虚构</t></r><r><rPr><b/></rPr><t xml:space=\"preserve\"> 局</t></r><rPh sb=\"0\" eb=\"1\"><t>xu</t></rPh></si><si/>";
    let book = Book::of(&[("名录", &sheet_data(rows))]).with_strings(strings);
    assert_eq!(lines_of(&first_sheet(&book.zip())), expected, "{rows}");
}

#[test]
fn reads_shared_inline_and_formula_texts() {
    check(
        "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c><c r=\"C1\" t=\"s\"><v>2</v></c></row>\
         <row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>内联</t></is></c><c r=\"B2\" t=\"inlineStr\"><is><r><t>甲</t></r><r><t>乙&amp;丙</t></r></is></c></row>\
         <row r=\"3\"><c r=\"A3\" t=\"str\"><f>A1&amp;\"x\"</f><v>单位x</v></c><c r=\"B3\" t=\"b\"><v>1</v></c><c r=\"C3\" t=\"e\"><v>#REF!</v></c></row>",
        &["1: 单位|虚构 局", "2: 内联|甲乙&丙", "3: 单位x|TRUE|#REF!"],
    );
}

#[test]
fn a_formula_that_was_never_calculated_is_not_empty() {
    check(
        "<row r=\"1\"><c r=\"A1\"><f>1+1</f></c><c r=\"B1\" t=\"str\"><f>\"\"</f><v></v></c><c r=\"C1\"><f>1+1</f><v>2</v></c></row>",
        &["1: formula without a value; open the file in WPS or Excel and save it||2"],
    );
}

#[test]
fn reads_rows_and_cells_without_references() {
    check(
        "<row><c><v>1</v></c><c/><c><v>2.50</v></c></row><row/><row><c r=\"B3\"><v>3</v></c><c><v>4</v></c></row>",
        &["1: 1||2.5", "3: |3|4"],
    );
}

#[test]
fn leaves_out_trailing_blank_rows_and_columns() {
    check(
        "<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"B1\" s=\"1\"/><c r=\"XFD1\" s=\"1\"/></row>\
         <row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>　 </t></is></c></row>\
         <row r=\"1048576\"><c r=\"A1048576\" s=\"4\"/><c r=\"XFD1048576\" s=\"4\"><v></v></c></row>",
        &["1: 1"],
    );
}

#[test]
fn puts_rows_in_order_when_the_file_does_not() {
    check(
        "<row r=\"3\"><c r=\"A3\"><v>3</v></c></row><row r=\"1\"><c r=\"A1\"><v>1</v></c></row>\
         <row r=\"3\"><c r=\"B3\"><v>4</v></c></row>",
        &["1: 1", "3: 3|4"],
    );
}

#[test]
fn reads_dates_by_their_format_and_times_as_numbers() {
    check(
        "<row r=\"1\"><c r=\"A1\" s=\"1\"><v>46053</v></c><c r=\"B1\" s=\"2\"><v>46053.5</v></c><c r=\"C1\" s=\"3\"><v>0.5</v></c>\
         <c r=\"D1\" s=\"0\"><v>46053</v></c><c r=\"E1\" t=\"d\"><v>2026-01-31T00:00:00</v></c><c r=\"F1\" s=\"1\"><v>-5</v></c></row>",
        &["1: 2026-01-31|2026-01-31|0.5|46053|2026-01-31|-5"],
    );
}

#[test]
fn tells_a_workbook_that_counts_from_1904_and_reads_its_dates() {
    let rows = "<row r=\"1\"><c r=\"A1\" s=\"1\"><v>44591</v></c><c r=\"B1\"><v>44591</v></c></row>";
    let book = Book::of(&[("名录", &sheet_data(rows))]).replace(
        "xl/workbook.xml",
        "<workbookPr/>",
        "<workbookPr date1904=\"1\"/>",
    );
    let workbook = read(&book.zip()).unwrap();
    assert_eq!(workbook.date_system, DateSystem::From1904);
    let date = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap();
    // A number without a date's format stays as it is: it may be a port.
    assert_eq!(workbook.sheets[0].rows[0].cells, [Cell::Date(date), Cell::Number(44_591.0)]);
}

#[test]
fn reads_through_merged_units() {
    let content = sheet_data(
        "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>示例登记表</v></c></row>\
         <row r=\"2\"><c r=\"A2\" t=\"str\"><v>虚构局</v></c><c r=\"B2\"><v>1</v></c></row><row r=\"3\"><c r=\"B3\"><v>2</v></c></row>",
    ) + "<mergeCells count=\"3\"><mergeCell ref=\"A1:XFD1\"/><mergeCell ref=\"A2:A3\"/><mergeCell ref=\"nonsense\"/></mergeCells>";
    let sheet = first_sheet(&Book::of(&[("名录", &content)]).zip());
    let last_columns: Vec<usize> = sheet.merges.iter().map(|merge| merge.last_column).collect();
    assert_eq!(last_columns, [255, 0], "an area ends where cells may no longer hold anything");
    let third = sheet.rows_through_merges().find(|(number, _)| *number == 3).unwrap().1;
    assert_eq!(third, [&Cell::Text("虚构局".into()), &Cell::Number(2.0)]);
    assert_eq!(sheet.cell(3, 0), &Cell::Empty);
}

#[test]
fn tells_hidden_sheets() {
    let data = sheet_data("");
    let book = Book::of(&[("名录", &data), ("代码", &data)]).replace(
        "xl/workbook.xml",
        "sheetId=\"2\"",
        "sheetId=\"2\" state=\"veryHidden\"",
    );
    let workbook = read(&book.zip()).unwrap();
    let seen: Vec<(&str, bool)> =
        workbook.sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.visible)).collect();
    assert_eq!(seen, [("名录", true), ("代码", false)]);
    assert!(workbook.sheet("代码").is_some());
}

#[test]
fn reads_prefixed_elements_and_odd_paths() {
    let mut book = Book::of(&[("名录", "")]);
    let sheet = "\u{feff}<?xml version=\"1.0\"?><x:worksheet xmlns:x=\"m\"><x:sheetData><x:row r=\"4\"><x:c r=\"B4\"><x:v>7</x:v></x:c></x:row></x:sheetData></x:worksheet>";
    book.parts.retain(|(path, _)| !path.contains("sheet1"));
    book.put("XL\\Worksheets\\Sheet1.xml", sheet);
    assert_eq!(lines_of(&first_sheet(&book.zip())), ["4: |7"]);
}

/// Made by hand after what others report of files of WPS Office (ET); none of its own was at hand. Dates in the formats of
/// zh-CN that have a number only, a picture inside a cell with its registry beside the sheets, properties of the maker,
/// cells that are formatted and empty down to the last row.
#[test]
fn reads_a_workbook_in_the_manner_of_wps() {
    let picture = "DISPIMG(&quot;ID_0123456789ABCDEF0123456789ABCDEF&quot;,1)";
    let rows = format!(
        "<row r=\"1\" spans=\"1:4\"><c r=\"A1\" s=\"1\" t=\"s\"><v>0</v></c><c r=\"B1\" s=\"1\" t=\"s\"><v>1</v></c><c r=\"C1\" s=\"1\"/></row>\
         <row r=\"2\" spans=\"1:4\"><c r=\"A2\" s=\"2\"><v>46053</v></c><c r=\"B2\" s=\"3\"><v>46053</v></c>\
         <c r=\"C2\" t=\"str\"><f>_xlfn.{picture}</f><v>={picture}</v></c><c r=\"D2\" s=\"4\"><v>440106</v></c></row>\
         <row r=\"1048576\" spans=\"1:16384\"><c r=\"A1048576\" s=\"1\"/><c r=\"XFD1048576\" s=\"1\"/></row>"
    );
    let mut book = Book::of(&[("Sheet1", &sheet_data(&rows))])
        .with_strings("<si><t>日期</t></si><si><t>照片</t><phoneticPr fontId=\"1\" type=\"noConversion\"/></si>")
        .replace("xl/workbook.xml", "<workbookPr/>", "<workbookPr codeName=\"ThisWorkbook\"/>")
        .replace(
            "xl/_rels/workbook.xml.rels",
            "</Relationships>",
            "<Relationship Id=\"rId9\" Type=\"http://www.wps.cn/officeDocument/2020/cellImage\" Target=\"cellimages.xml\"/></Relationships>",
        );
    book.put(
        "xl/cellimages.xml",
        "<etc:cellImages xmlns:etc=\"http://www.wps.cn/officeDocument/2017/etCustomData\"/>",
    );
    book.put("docProps/custom.xml", "<Properties><property name=\"KSOProductBuildVer\"/></Properties>");
    book.put(
        "xl/styles.xml",
        "<styleSheet><numFmts><numFmt numFmtId=\"176\" formatCode=\"0_ \"/></numFmts>\
         <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"49\"/><xf numFmtId=\"31\"/><xf numFmtId=\"58\"/><xf numFmtId=\"176\"/></cellXfs></styleSheet>",
    );
    let picture = picture.replace("&quot;", "\"");
    assert_eq!(
        lines_of(&first_sheet(&book.zip())),
        ["1: 日期|照片".to_owned(), format!("2: 2026-01-31|2026-01-31|={picture}|440106")]
    );
}

#[test]
fn a_cell_that_points_at_no_text_is_damage() {
    let rows = "<row r=\"1\"><c r=\"C1\" t=\"s\"><v>99</v></c></row>";
    let error = read(&Book::of(&[("名录", &sheet_data(rows))]).zip()).unwrap_err();
    assert!(error.to_string().contains("C1"), "{error}");
}

#[test]
fn names_other_archives() {
    for (path, expected) in [
        ("word/document.xml", "a Word document"),
        ("xl/workbook.bin", "a binary workbook (.xlsb)"),
        ("readme.txt", "a zip archive"),
    ] {
        let mut book = Book { parts: Vec::new() };
        book.put(path, "<x/>");
        assert_eq!(read(&book.zip()).unwrap_err(), ReadError::NotAWorkbook { found: expected });
    }
}
