//! Old workbooks: they read as the new ones do, and those made to hurt get their error.
//!
//! The fixtures are made-up tables, each saved three ways: by hand as flat OpenDocument, and from that by LibreOffice
//! 7.4 with `soffice --headless --convert-to xls` and `--convert-to xlsx`.

use documents::read::{Damage, ReadError, ReadLimits, read_file_bytes, read_workbook};
use documents::sheet::{Cell, DateSystem, Sheet, Workbook};
use proptest::prelude::*;

use crate::biff::{Biff, compound, end, number, record, shared, start, texts, words};
use crate::fixture::lines_of;
use crate::hostile::{assert_is_chinese, assert_memory_is_bounded};

const SAVED: [&[u8]; 2] =
    [include_bytes!("../fixtures/as-saved.xls"), include_bytes!("../fixtures/as-saved.xlsx")];
const FROM_1904: [&[u8]; 2] =
    [include_bytes!("../fixtures/from-1904.xls"), include_bytes!("../fixtures/from-1904.xlsx")];

fn read(bytes: &[u8]) -> Result<Workbook, ReadError> {
    read_file_bytes("示例.xls", bytes, &ReadLimits::default())
}

/// Records of one sheet in, its lines out.
fn check(book: &Biff, expected: &[&str]) {
    let workbook = read(&book.file()).unwrap();
    assert_eq!(lines_of(&workbook.sheets[0]), expected);
}

fn check_refused(bytes: &[u8], expected: &ReadError) {
    let error = read(bytes).unwrap_err();
    assert_eq!(std::mem::discriminant(&error), std::mem::discriminant(expected), "{error:?}");
    assert_is_chinese(&error);
    assert_memory_is_bounded();
}

fn damaged() -> ReadError {
    ReadError::Damaged { part: String::new(), what: Damage::Missing }
}

#[test]
fn the_same_table_saved_old_and_new_reads_the_same() {
    for [old, new] in [SAVED, FROM_1904] {
        let (old, new) = (read(old).unwrap(), read(new).unwrap());
        assert_eq!(old.date_system, new.date_system);
        assert_eq!(old.sheets.len(), new.sheets.len());
        for (old, new) in old.sheets.iter().zip(&new.sheets) {
            assert_eq!(lines_of(old), lines_of(new));
            let seen =
                |sheet: &Sheet| (sheet.name.clone(), sheet.visible, sheet.merges.clone(), kinds(sheet));
            assert_eq!(seen(old), seen(new));
        }
    }
}

/// What each cell is, apart from its value: a fraction is exact in the old format, and has 15 digits in the new one.
fn kinds(sheet: &Sheet) -> Vec<Vec<std::mem::Discriminant<Cell>>> {
    sheet.rows.iter().map(|row| row.cells.iter().map(std::mem::discriminant).collect()).collect()
}

#[test]
fn an_old_workbook_reads_as_it_was_written() {
    let workbook = read(SAVED[0]).unwrap();
    let sheets: Vec<(&str, bool)> =
        workbook.sheets.iter().map(|one| (one.name.as_str(), one.visible)).collect();
    assert_eq!(sheets, [("名录", true), ("代码", false), ("多", true)]);
    let lines = lines_of(&workbook.sheets[0]);
    assert_eq!(
        lines[..6],
        [
            "1: 示例市虚构登记表（含 粗体 文字）",
            "2: 单位|日期|数值|其他",
            "3: 虚构禤玥局𠮷|2026-01-31|440106|TRUE",
            "4: |2024-02-29|12.25|#DIV/0!",
            "5: |2025-12-01|-0.123456789012345|单位：440106",
            "6: 020-0000-0001|0.395833333333333|880212|TRUE",
        ]
    );
    let long = workbook.sheets[0].cell(10, 3).text();
    assert_eq!(long, "长".repeat(5_000), "a formula's text that needs continuations");
    assert_eq!(workbook.sheets[0].cell(11, 4).text(), "甲a".repeat(4_500));
    let through: Vec<String> =
        workbook.sheets[0].rows_through_merges().map(|(_, cells)| cells[0].text()).collect();
    assert_eq!(through[2..5], ["虚构禤玥局𠮷"; 3]);
    let from_1904 = read(FROM_1904[0]).unwrap();
    assert_eq!(from_1904.date_system, DateSystem::From1904);
    assert_eq!(from_1904.sheets[0].cell(3, 1).text(), "2026-01-31");
}

#[test]
fn reads_what_excel_95_wrote_in_a_code_page() {
    let gbk = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
    let short = |text: &str| [&[u8::try_from(gbk(text).len()).unwrap()][..], &gbk(text)].concat();
    let long = |text: &str| [words(&[u16::try_from(gbk(text).len()).unwrap()]), gbk(text)].concat();
    let label = |kind: u16, column: u16, text: &str, after: &[u8]| {
        record(kind, &[words(&[0, column, 0]), long(text), after.to_vec()].concat())
    };
    let format = [words(&[164]), short("yyyy\"年\"m\"月\"d\"日\"")].concat();
    let book = Biff::new(0x0500)
        .global(record(0x0042, &words(&[936])))
        .global(record(0x041e, &format))
        .global(record(0x00e0, &words(&[0, 0, 0, 0, 0, 0, 0, 0])))
        .global(record(0x00e0, &words(&[0, 164, 0, 0, 0, 0, 0, 0])))
        .sheet(
            &short("名录"),
            &[
                label(0x0204, 0, "虚构局", &[]),
                label(0x00d6, 1, "粗体", &[1, 0, 0]),
                number(0, 2, 1, 46_053.0),
            ],
        );
    check(&book, &["1: 虚构局|粗体|2026-01-31"]);
    assert_eq!(read(&book.file()).unwrap().sheets[0].name, "名录");
    let unknown = Biff::new(0x0500).global(record(0x0042, &words(&[4_711])));
    check_refused(&unknown.file(), &damaged());
}

#[test]
fn reads_every_kind_of_cell() {
    let formula = |column: u16, value: [u8; 8]| {
        record(0x0006, &[words(&[1, column, 0]), value.to_vec(), vec![0; 8]].concat())
    };
    let rk = |value: u32| value.to_le_bytes();
    let many =
        [&words(&[0, 3, 0])[..], &rk(4 << 2 | 2), &words(&[0]), &rk(5 << 2 | 3), &words(&[4])].concat();
    let book = Biff::of(&[
        record(0x0205, &[words(&[0, 0, 0]), vec![1, 0]].concat()),
        record(0x0205, &[words(&[0, 1, 0]), vec![0x2a, 1]].concat()),
        record(0x027e, &[&words(&[0, 2, 0])[..], &rk(3 << 2 | 2)].concat()),
        record(0x00bd, &many),
        record(0x0201, &words(&[0, 5, 0])),
        formula(0, 1.5f64.to_le_bytes()),
        formula(1, [0, 0, 0, 0, 0, 0, 0xff, 0xff]),
        // Between a formula and its text may stand what it shares with others.
        record(0x04bc, &[0; 10]),
        record(0x0207, &[3, 0, 0, b'a', b'b', 0xe9]),
        formula(2, [1, 0, 1, 0, 0, 0, 0xff, 0xff]),
        formula(3, [2, 0, 0x17, 0, 0, 0, 0xff, 0xff]),
        formula(4, [3, 0, 0, 0, 0, 0, 0xff, 0xff]),
        // A chart on the sheet, with numbers of its own.
        start(0x0600, 0x0020),
        number(9, 9, 0, 9.0),
        end(),
        number(2, 0, 0, 7.0),
    ]);
    check(&book, &["1: TRUE|#N/A|3|4|0.05", "2: 1.5|abé|TRUE|#REF!", "3: 7"]);
}

#[test]
fn a_shared_text_may_break_between_records_and_change_its_width() {
    // 「甲乙」, then a text of three units of which two are before the break, with a run of formatting after it.
    let first =
        [&[2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1][..], &words(&[0x7532, 0x4e59]), &[3, 0, 0x09, 1, 0]].concat();
    let first = [first, words(&[0x7532, 0x4e59])].concat();
    let book = Biff::of(&[shared(0, 0, 0), shared(0, 1, 1)])
        .global(record(0x00fc, &first))
        .global(record(0x003c, &[0, b'x', 1, 0]))
        .global(record(0x003c, &[0, 0]));
    check(&book, &["1: 甲乙|甲乙x"]);
}

#[test]
fn other_compound_files_are_named() {
    let other = |found| ReadError::NotAWorkbook { found };
    for (stream, expected) in [
        ("EncryptedPackage", ReadError::Encrypted),
        ("WordDocument", other("an old Word document")),
        ("PowerPoint Document", other("an old office document")),
    ] {
        assert_eq!(read(&compound(&[(stream, b"x")])).unwrap_err(), expected);
    }
    let encrypted = Biff::of(&[]).global(record(0x002f, &words(&[1, 1, 1])));
    let error = read(&encrypted.file()).unwrap_err();
    assert_eq!(error, ReadError::Encrypted);
    // Who set no password is told what it may be else.
    assert!(error.to_string().contains("or its structure is protected") && error.zh().contains("结构受保护"));
    let excel_4 = Biff::new(0x0400).file();
    assert_eq!(read(&excel_4).unwrap_err(), ReadError::OldWorkbook);
    assert_eq!(read(b"\x09\x00\x04\x00\x02\x00\x10\x00").unwrap_err(), ReadError::OldWorkbook);
    // What a cell says is no name of a stream.
    let book = Biff::of(&[shared(0, 0, 0)]).global(texts(1, &["EncryptedPackage"]));
    check(&book, &["1: EncryptedPackage"]);
}

#[test]
fn declared_counts_reserve_nothing() {
    let dimensions = [&0u32.to_le_bytes()[..], &u32::MAX.to_le_bytes(), &words(&[0, u16::MAX, 0])].concat();
    let book = Biff::of(&[record(0x0200, &dimensions), shared(0, 0, 0)]).global(texts(u32::MAX, &["甲"]));
    check(&book, &["1: 甲"]);
    assert_memory_is_bounded();
    // A text of 65,535 units that has two, and extras of 4 GiB.
    for text in [&[0xff, 0xff, 1, 0x32, 0x75][..], &[1, 0, 0x05, 0xff, 0xff, 0xff, 0xff, 0x32, 0x75]] {
        let sst = [&[1, 0, 0, 0, 1, 0, 0, 0], text].concat();
        check_refused(&Biff::of(&[]).global(record(0x00fc, &sst)).file(), &damaged());
    }
}

#[test]
fn cells_beyond_the_limits_are_refused() {
    let far = Biff::of(&[number(0, 256, 0, 1.0)]);
    check_refused(
        &far.file(),
        &ReadError::TooManyColumns { sheet: String::new(), cell: String::new(), limit: 0 },
    );
    let limits =
        ReadLimits { rows: 100, cells: 1_000, text_bytes: 1_000, merges: 10, ..ReadLimits::default() };
    let check = |book: &Biff, expected: &ReadError| {
        let error = read_workbook(&book.file(), &limits).unwrap_err();
        assert_eq!(std::mem::discriminant(&error), std::mem::discriminant(expected), "{error:?}");
    };
    check(
        &Biff::of(&[number(100, 0, 0, 1.0)]),
        &ReadError::TooManyRows { sheet: String::new(), row: 0, limit: 0 },
    );
    let wide: Vec<Vec<u8>> = (0..50).map(|row| number(row, 200, 0, 1.0)).collect();
    check(&Biff::of(&wide), &ReadError::TooManyCells { limit: 0 });
    let many: Vec<Vec<u8>> = (0..99).map(|row| shared(row, 0, 0)).collect();
    let book = Biff::of(&many).global(texts(1, &["虚构虚构虚构"]));
    check(&book, &ReadError::TooMuchText { limit: 0 });
    let merges = record(0x00e5, &[words(&[11]), words(&[0, 1, 0, 0].repeat(11))].concat());
    check(&Biff::of(&[merges]), &ReadError::TooManyMerges { limit: 0 });
    let sheets = (0..65).fold(Biff::new(0x0600), |book, _| book.sheet(&[1, 0, b'a'], &[]));
    check(&sheets, &ReadError::TooManySheets { sheets: 0, limit: 0 });
    let long = Biff::of(&[]).global(texts(1, &["x".repeat(4_000).as_str()]));
    let limits = ReadLimits { cell_chars: 3_999, ..ReadLimits::default() };
    let error = read_workbook(&long.file(), &limits).unwrap_err();
    assert!(matches!(error, ReadError::CellTooLong { .. }), "{error:?}");
}

/// 60,000 such cells, listed as 60 sheets, took minutes out of a file of 0.9 MB.
#[test]
fn cells_of_a_blank_text_count_as_cells() {
    let limits = ReadLimits { cells: 1_000, text_bytes: 100_000, ..ReadLimits::default() };
    let blank = "\u{3000}".repeat(4_000);
    let cells = |n: u16| (0..n).map(|row| shared(row, 0, 0)).collect::<Vec<_>>();
    let file = |n: u16| Biff::of(&cells(n)).global(texts(1, &[&blank])).file();
    assert_eq!(read_workbook(&file(1_000), &limits).unwrap().sheets[0].rows, []);
    assert_eq!(read_workbook(&file(1_001), &limits).unwrap_err(), ReadError::TooManyCells { limit: 1_000 });
    // The limit is the file's, not each sheet's.
    let halves = Biff::of(&cells(600)).sheet(&[1, 0, b'b'], &cells(600)).global(texts(1, &[&blank]));
    assert_eq!(read_workbook(&halves.file(), &limits).unwrap_err(), ReadError::TooManyCells { limit: 1_000 });
}

#[test]
fn sheets_in_the_place_of_another_are_damage() {
    let listed = |at: usize| {
        record(0x0085, &[&u32::try_from(at).unwrap().to_le_bytes()[..], &[0, 0, 1, 0, b'a']].concat())
    };
    let head = start(0x0600, 0x0005).len() + 2 * listed(0).len() + end().len();
    // The first record of a sheet ends with the head of another such record, whose content is a record of what both hold.
    let inner = record(0x0809, &record(0x0001, &[0; 4]));
    let outer = record(0x0809, &[words(&[0x0600, 0x0010]), inner[..4].to_vec()].concat());
    let rest = [inner[4..].to_vec(), number(0, 0, 0, 1.0), end()].concat();
    let file = |second: usize| {
        let lists = [start(0x0600, 0x0005), listed(head), listed(head + second), end()].concat();
        compound(&[("Workbook", &[lists, outer.clone(), rest.clone()].concat())])
    };
    for second in [0, 8] {
        let error = read(&file(second)).unwrap_err();
        assert!(error.to_string().contains("in the place of another"), "{second}: {error}");
    }
}

#[test]
fn records_that_point_nowhere_or_are_short_are_damage() {
    let listed = |at: u32| record(0x0085, &[&at.to_le_bytes()[..], &[0, 0, 1, 0, b'a']].concat());
    let at_positions = |at| Biff::new(0x0600).global(listed(at)).file();
    for at in [0xffff_fff0, 1, 8] {
        check_refused(&at_positions(at), &damaged());
    }
    check_refused(&Biff::of(&[shared(0, 0, 7)]).file(), &damaged());
    for kind in [0x0203, 0x0204, 0x00d6, 0x0205, 0x027e, 0x00fd, 0x00bd, 0x0006, 0x00e5] {
        check_refused(&Biff::of(&[record(kind, &[1])]).file(), &damaged());
        check_refused(&Biff::of(&[record(kind, &[])]).file(), &damaged());
    }
}

#[test]
fn a_container_whose_lists_run_in_circles_is_damage() {
    let file = Biff::of(&(0..400).map(|row| number(row, 0, 0, 1.0)).collect::<Vec<_>>()).file();
    let whole = read(&file).unwrap();
    let put = |at: usize, value: u32| {
        let mut bytes = file.clone();
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    let at = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let name: Vec<u8> = "Workbook".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let entry = file.windows(name.len()).position(|window| window == name).unwrap();
    // Entry n of the table of sectors, which is the sector that the header's list begins with.
    let table = 512 + 512 * usize::try_from(at(76)).unwrap();
    let next = |sector: u32| table + 4 * usize::try_from(sector).unwrap();
    let chain = |first: u32| {
        std::iter::successors(Some(first), |sector| Some(at(next(*sector))).filter(|next| *next < 128))
    };
    let stream: Vec<u32> = chain(at(entry + 116)).collect();
    assert!(stream.len() > 10, "{stream:?}");
    let directory: Vec<u32> = chain(at(48)).collect();
    for sector in stream.iter().chain(&directory) {
        check_refused(&put(next(*sector), *sector), &damaged());
    }
    // Of the table's own sector and of those that aren't there nobody needs to know what comes next.
    for sector in (0..128).filter(|sector| !stream.contains(sector) && !directory.contains(sector)) {
        match read(&put(next(sector), sector)) {
            Ok(book) => assert_eq!(book, whole, "{sector}"),
            Err(error) => assert!(matches!(error, ReadError::Damaged { .. }), "{sector}: {error:?}"),
        }
    }
    // The list of the table's sectors goes on in a sector that goes on in itself.
    check_refused(&put(68, 0), &damaged());
    // A stream of 4 GiB.
    check_refused(&put(entry + 120, u32::MAX), &damaged());
}

/// A list of sectors that names the table's one part over and over, in as many sectors as the file has: 127 times the
/// file in memory, if it were believed.
#[test]
fn a_list_of_sectors_longer_than_the_file_needs_is_refused() {
    let mut bytes = Biff::of(&[]).file();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    let table = bytes[76..80].to_vec();
    let first = u32::try_from(bytes.len() / 512 - 1).unwrap();
    bytes[68..72].copy_from_slice(&first.to_le_bytes());
    for n in 1..=30_000u32 {
        let sector = table.repeat(127);
        bytes.extend(sector);
        bytes.extend((first + n).to_le_bytes());
    }
    check_refused(&bytes, &damaged());
}

#[test]
fn an_old_workbook_cut_short_anywhere_is_an_error() {
    let rows: Vec<Vec<u8>> = (0..40).map(|row| shared(row, 0, 0)).collect();
    let whole = Biff::of(&rows).global(texts(1, &["甲"])).file();
    // What is missing at the end may be unused; half of the file never is. The first bytes alone could be a text.
    for length in 8..whole.len() {
        let read = read(&whole[..length]);
        assert_ne!(read.as_ref().err(), Some(&ReadError::ParserFailed), "cut at {length}");
        assert!(read.is_err() || length > whole.len() / 2, "cut at {length}");
    }
    for length in (0..SAVED[0].len()).step_by(509) {
        assert_ne!(read(&SAVED[0][..length]).err(), Some(ReadError::ParserFailed), "cut at {length}");
    }
}

#[test]
fn records_cut_short_anywhere_are_an_error() {
    let stream = Biff::of(&[shared(0, 0, 0), number(1, 0, 0, 1.0)]).global(texts(1, &["甲乙"])).stream();
    for length in 0..stream.len() {
        check_refused(&compound(&[("Workbook", &stream[..length])]), &damaged());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn bytes_flipped_anywhere_are_never_a_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        place in 0..3,
    ) {
        let stream = || {
            let cells = [shared(0, 0, 0), number(1, 2, 0, 46_053.0)];
            Biff::of(&cells).global(texts(2, &["甲乙", "丙"])).stream()
        };
        // In records, where the container's own tables begin, anywhere.
        let (mut bytes, reach) = match place {
            0 => (stream(), usize::MAX),
            1 => (SAVED[0].to_vec(), 4_096),
            _ => (FROM_1904[0].to_vec(), usize::MAX),
        };
        for (at, value) in flips {
            let at = at.index(bytes.len().min(reach));
            bytes[at] = value;
        }
        let bytes = if place == 0 { compound(&[("Workbook", &bytes)]) } else { bytes };
        let limits = ReadLimits { cells: 100_000, ..ReadLimits::default() };
        let read = read_workbook(&bytes, &limits);
        prop_assert_ne!(read.as_ref().err(), Some(&ReadError::ParserFailed));
        for cell in read.iter().flat_map(|book| &book.sheets).flat_map(|sheet| &sheet.rows).flat_map(|row| &row.cells) {
            prop_assert!(!matches!(cell, Cell::Number(number) if !number.is_finite()));
        }
    }
}
