//! CSV files as offices save them.

use documents::read::{Place, ReadError, ReadLimits, read_csv, read_file_bytes};
use encoding_rs::GB18030;

use crate::fixture::lines_of;

fn check(bytes: &[u8], expected: &[&str]) {
    let workbook = read_file_bytes("导入/示例.csv", bytes, &ReadLimits::default()).unwrap();
    assert_eq!(workbook.sheets[0].name, "示例");
    assert_eq!(lines_of(&workbook.sheets[0]), expected);
}

fn check_error(bytes: &[u8], expected: ReadError) {
    let limits = ReadLimits { rows: 3, columns: 3, cell_chars: 10, ..ReadLimits::default() };
    assert_eq!(read_csv(bytes, "示例", &limits).unwrap_err(), expected);
}

#[test]
fn reads_every_encoding() {
    // 镕 has two bytes in GB18030; 㑇 and 𠮷 have four.
    let text = "单位,联系人\r\n虚构局,镕㑇𠮷\r\n";
    let expected = ["1: 单位|联系人", "2: 虚构局|镕㑇𠮷"];
    let (gb18030, _, lossy) = GB18030.encode(text);
    assert!(!lossy);
    assert!(gb18030.windows(2).any(|pair| pair == [0xe9, 0x46]), "镕");
    let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    check(text.as_bytes(), &expected);
    check(format!("\u{feff}{text}").as_bytes(), &expected);
    check(&gb18030, &expected);
    check(&utf16(u16::to_le_bytes), &expected);
    check(&utf16(u16::to_be_bytes), &expected);
}

#[test]
fn reads_every_delimiter() {
    for delimiter in [",", ";", "\t"] {
        let text = format!("单位{delimiter}端口\n甲{delimiter}\"80{delimiter}443\"\n乙{delimiter}22");
        check(text.as_bytes(), &["1: 单位|端口", &format!("2: 甲|80{delimiter}443"), "3: 乙|22"]);
    }
    check("单位,端口\n甲,80;443\n乙,22;23\n".as_bytes(), &["1: 单位|端口", "2: 甲|80;443", "3: 乙|22;23"]);
    check("只有一列\n甲\n".as_bytes(), &["1: 只有一列", "2: 甲"]);
}

#[test]
fn counts_rows_as_a_spreadsheet_does() {
    check(
        b"\r\na,b\r\n,,,\r\n\r\n\"two\nlines\",\"say \"\"hi\"\"\"\rlast,1",
        &["2: a|b", "5: two\nlines|say \"hi\"", "6: last|1"],
    );
}

#[test]
fn names_what_is_wrong_with_the_text() {
    check_error(b"", ReadError::EmptyFile);
    check_error(b"a,b\n\"open,c\nd\n", ReadError::UnclosedQuote { row: 2 });
    check_error(b"\xff\xfea\0\n\0\x00\xd8", ReadError::UnknownEncoding { line: 2 });
    check_error(b"a,\x81\n", ReadError::UnknownEncoding { line: 1 });
    check_error(
        "\u{feff}甲\n乙\n".as_bytes().strip_suffix(b"\x99\n").unwrap(),
        ReadError::UnknownEncoding { line: 2 },
    );
    check_error(b"1\n2\n3\n4\n", ReadError::TooManyRows { sheet: "示例".into(), row: 4, limit: 3 });
    check_error(
        b"1,2,3,4\n",
        ReadError::TooManyColumns { sheet: "示例".into(), cell: "D1".into(), limit: 3 },
    );
    let place = Place::Cell { cell: "B1".into(), sheet: None };
    check_error(b"1,12345678901\n", ReadError::CellTooLong { place, limit: 10 });
}

#[test]
fn blank_rows_and_columns_beyond_the_limits_do_no_harm() {
    let limits = ReadLimits { rows: 3, columns: 3, ..ReadLimits::default() };
    let text = format!("a,b{}\n\n\n\n , \n", ",".repeat(40_000));
    let workbook = read_csv(text.as_bytes(), "示例", &limits).unwrap();
    assert_eq!(lines_of(&workbook.sheets[0]), ["1: a|b"]);
}

#[test]
fn a_file_put_together_from_two_encodings_is_told_by_its_line_and_never_read_as_one() {
    let gb18030 = |text: &str| GB18030.encode(text).0.into_owned();
    let check = |parts: &[&[u8]], expected: Option<(usize, &str)>| {
        let bytes = parts.concat();
        let found = match read_csv(&bytes, "示例", &ReadLimits::default()) {
            Err(ReadError::MixedEncoding { line, here, .. }) => Some((line, here)),
            Err(other) => panic!("{other}"),
            Ok(_) => None,
        };
        assert_eq!(found, expected, "{bytes:?}");
    };
    let header = "单位名称,备注\n";
    let row = "示例市虚构局,门户网站\n";
    check(&[header.as_bytes(), row.as_bytes(), &gb18030(row)], Some((3, "GB18030")));
    check(&[&gb18030(header), &gb18030(row), row.as_bytes(), &gb18030(row)], Some((3, "UTF-8")));
    check(&[&gb18030(header), "单位名称\n".as_bytes(), &gb18030(row)], Some((2, "UTF-8")));
    // 联通 in GB18030 is UTF-8 as well, of another meaning.
    check(&[&gb18030(header), &gb18030("联通\n"), &gb18030(row)], None);
    check(&[&gb18030("联通\n虚构局\n㑇,镕\n")], None);
}
