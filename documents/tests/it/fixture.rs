//! Workbooks built part by part, so that odd and hostile ones can be made.

use std::io::{Cursor, Write};

use documents::read::{ReadError, ReadLimits, read_file_bytes};
use documents::sheet::{Sheet, Workbook};
use zip::write::{SimpleFileOptions, ZipWriter};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const REL: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE_REL: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

/// Formats of the fixture's cells: 0 general, 1 built-in date, 2 Chinese date, 3 time, 4 text.
const STYLES: &str = "<numFmts count=\"1\"><numFmt numFmtId=\"176\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@\"/></numFmts>\
    <cellStyleXfs count=\"1\"><xf numFmtId=\"14\"/></cellStyleXfs>\
    <cellXfs count=\"5\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"176\"><alignment/></xf><xf numFmtId=\"21\"/><xf numFmtId=\"49\"/></cellXfs>";

pub(crate) struct Book {
    pub(crate) parts: Vec<(String, Vec<u8>)>,
}

impl Book {
    /// A workbook of sheets given by what stands inside `worksheet`.
    pub(crate) fn of(sheets: &[(&str, &str)]) -> Self {
        let mut book = Book { parts: Vec::new() };
        let mut list = String::new();
        let mut relations = String::new();
        for (index, (name, content)) in sheets.iter().enumerate() {
            let n = index + 1;
            list += &format!("<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>");
            relations += &format!(
                "<Relationship Id=\"rId{n}\" Type=\"{REL}/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>"
            );
            book.put(
                &format!("xl/worksheets/sheet{n}.xml"),
                format!("{HEAD}<worksheet xmlns=\"{MAIN}\">{content}</worksheet>"),
            );
        }
        relations += &format!("<Relationship Id=\"rIdS\" Type=\"{REL}/styles\" Target=\"styles.xml\"/>");
        relations +=
            &format!("<Relationship Id=\"rIdT\" Type=\"{REL}/sharedStrings\" Target=\"sharedStrings.xml\"/>");
        book.put(
            "_rels/.rels",
            format!(
                "{HEAD}<Relationships xmlns=\"{PACKAGE_REL}\"><Relationship Id=\"rId1\" Type=\"{REL}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        );
        book.put(
            "xl/workbook.xml",
            format!("{HEAD}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{REL}\"><workbookPr/><sheets>{list}</sheets></workbook>"),
        );
        book.put(
            "xl/_rels/workbook.xml.rels",
            format!("{HEAD}<Relationships xmlns=\"{PACKAGE_REL}\">{relations}</Relationships>"),
        );
        book.put("xl/styles.xml", format!("{HEAD}<styleSheet xmlns=\"{MAIN}\">{STYLES}</styleSheet>"));
        book
    }

    pub(crate) fn with_strings(mut self, items: &str) -> Self {
        self.put("xl/sharedStrings.xml", format!("{HEAD}<sst xmlns=\"{MAIN}\" count=\"9\">{items}</sst>"));
        self
    }

    /// Adds a part, or replaces the one of that name.
    pub(crate) fn put(&mut self, path: &str, content: impl Into<Vec<u8>>) {
        self.parts.retain(|(existing, _)| existing != path);
        self.parts.push((path.to_owned(), content.into()));
    }

    pub(crate) fn replace(mut self, path: &str, from: &str, to: &str) -> Self {
        let (_, content) = self.parts.iter().find(|(existing, _)| existing == path).unwrap();
        let text = String::from_utf8(content.clone()).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        self.put(path, text.replace(from, to));
        self
    }

    pub(crate) fn zip(&self) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, content) in &self.parts {
            writer
                .start_file(path.as_str(), SimpleFileOptions::default().compression_level(Some(1)))
                .unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }
}

/// A sheet's rows as the XML inside `worksheet`.
pub(crate) fn sheet_data(rows: &str) -> String {
    format!("<dimension ref=\"A1:B2\"/><sheetData>{rows}</sheetData>")
}

pub(crate) fn read(bytes: &[u8]) -> Result<Workbook, ReadError> {
    read_file_bytes("示例.xlsx", bytes, &ReadLimits::default())
}

pub(crate) fn first_sheet(bytes: &[u8]) -> Sheet {
    read(bytes).unwrap().sheets.into_iter().next().unwrap()
}

/// The sheet as text, one `number: cell|cell` a row.
pub(crate) fn lines_of(sheet: &Sheet) -> Vec<String> {
    let line = |row: &documents::sheet::Row| {
        let cells: Vec<String> = row.cells.iter().map(documents::sheet::Cell::text).collect();
        format!("{}: {}", row.number, cells.join("|"))
    };
    sheet.rows.iter().map(line).collect()
}
