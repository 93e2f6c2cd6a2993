//! What must hold for any bytes.

use documents::read::{ReadError, ReadLimits, read_csv, read_file_bytes, read_workbook};
use proptest::prelude::*;

use crate::fixture::{Book, sheet_data};

/// Small limits, so that a case which grows is caught however small it is.
fn limits() -> ReadLimits {
    ReadLimits {
        inflated_bytes: 1 << 20,
        rows: 50,
        columns: 20,
        cells: 500,
        text_bytes: 10_000,
        ..ReadLimits::default()
    }
}

/// Whatever the bytes: an answer within the limits, or an error that isn't our fault.
fn check(bytes: &[u8]) {
    let limits = limits();
    for outcome in [
        read_file_bytes("示例", bytes, &limits),
        read_workbook(bytes, &limits),
        read_csv(bytes, "示例", &limits),
    ] {
        let workbook = match outcome {
            Ok(workbook) => workbook,
            Err(error) => {
                assert_ne!(error, ReadError::ParserFailed);
                assert!(!error.to_string().is_empty());
                continue;
            }
        };
        assert!(workbook.sheets.len() <= limits.sheets);
        let mut cells = 0;
        for sheet in &workbook.sheets {
            assert!(sheet.rows.is_sorted_by(|a, b| a.number < b.number));
            for row in &sheet.rows {
                assert!(row.number >= 1 && row.number <= limits.rows);
                assert!(!row.is_blank() && row.cells.len() <= limits.columns);
                cells += row.cells.len();
                // Reading a cell must not fail on any content.
                row.cells.iter().for_each(|cell| drop(cell.text()));
            }
            let filled: usize = sheet.rows_through_merges().map(|(_, cells)| cells.len()).sum();
            assert!(filled <= limits.cells, "{filled}");
        }
        assert!(cells <= limits.cells);
    }
}

/// XML made of the pieces that the reader looks for, in any order.
fn scrambled_sheet() -> impl Strategy<Value = String> {
    let pieces = [
        "<row r=\"3\">",
        "<row>",
        "</row>",
        "<row/>",
        "<c r=\"B2\" t=\"s\">",
        "<c r=\"A1\" s=\"1\">",
        "<c t=\"inlineStr\">",
        "<c r=\"XFD1048576\">",
        "<c t=\"e\">",
        "<c t=\"d\">",
        "</c>",
        "<v>",
        "</v>",
        "<is>",
        "</is>",
        "<t>",
        "</t>",
        "<rPh>",
        "</rPh>",
        "<r>",
        "</r>",
        "0",
        "46053",
        "1e308",
        "-1",
        "甲",
        "&amp;",
        "&#0;",
        "&bad;",
        "<![CDATA[x]]>",
        "<!--c-->",
        "_x0041_",
        "<f>",
        "</f>",
        "<mergeCell ref=\"A1:C3\"/>",
        "</sheetData>",
        "<",
        ">",
        "\"",
        "=",
        " ",
        "\0",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..40)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_bytes_give_an_answer_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        check(&bytes);
    }

    #[test]
    fn any_bytes_after_a_known_mark_do_too(
        mark in proptest::sample::select(vec![&b"PK\x03\x04"[..], b"PK\x05\x06", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]),
        rest in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        check(&[mark, &rest].concat());
    }

    #[test]
    fn any_text_as_csv_does_too(text in "[a,;\t\"\r\n'=甲 ]{0,80}") {
        check(text.as_bytes());
    }

    #[test]
    fn a_workbook_with_bytes_changed_does_too(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let rows = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c><v>46053</v></c></row>";
        let mut zip = Book::of(&[("名录", &sheet_data(rows))]).with_strings("<si><t>甲</t></si>").zip();
        for (index, byte) in changes {
            let at = index.index(zip.len());
            zip[at] = byte;
        }
        check(&zip);
    }

    #[test]
    fn a_sheet_of_scrambled_xml_does_too(sheet in scrambled_sheet(), strings in scrambled_sheet()) {
        check(&Book::of(&[("名录", &sheet_data(&sheet))]).with_strings(&strings).zip());
    }

    /// The `csv` crate is the measure, on text without blank lines (it skips those) and with quotes closed.
    #[test]
    fn csv_is_cut_as_the_csv_crate_cuts_it(
        rows in proptest::collection::vec(proptest::collection::vec("[a-c,\"\n甲]{0,4}[a-c甲]", 2..4), 1..6),
    ) {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let workbook = read_csv(&bytes, "示例", &ReadLimits::default());
        let read: Vec<Vec<String>> = workbook.unwrap().sheets[0]
            .rows
            .iter()
            .map(|row| row.cells.iter().map(|cell| match cell {
                documents::sheet::Cell::Text(text) => text.clone(),
                other => other.text(),
            }).collect())
            .collect();
        prop_assert_eq!(read, rows);
    }
}
