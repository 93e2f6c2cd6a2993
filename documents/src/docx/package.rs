//! The parts around the text, and all of them as one zip file (ECMA-376 part 2).

use std::io::{Cursor, Write};

use chrono::NaiveDate;
use zip::DateTime;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::body::Body;
use super::page::{Numbering, Page};
use super::styles::{self, Font, Style, W};
use super::table::{self, Tone};
use super::xml::Xml;
use crate::paper::Unsound;

/// Nothing is written in any of these cases.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocxError {
    /// The caller's fault.
    #[error(transparent)]
    Unsound(#[from] Unsound),
    /// Our own fault, or there is no memory.
    #[error("the package could not be put together")]
    Package(#[source] std::io::Error),
}

impl DocxError {
    pub fn zh(&self) -> String {
        match self {
            DocxError::Unsound(unsound) => unsound.zh(),
            DocxError::Package(error) => format!("无法生成文档：{error}"),
        }
    }
}

/// What the file's properties and the foot of its pages say.
pub(super) struct About<'a> {
    pub(super) title: &'a str,
    pub(super) author: &'a str,
    pub(super) on: NaiveDate,
    /// At the foot of each page, above its number; may be empty.
    pub(super) note: &'a str,
}

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const MAIN: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";
const FOOT: &str = "rId4";

pub(super) fn pack(body: Body, about: &About<'_>) -> Result<Vec<u8>, DocxError> {
    zipped(body, about).map_err(DocxError::Package)
}

fn zipped(body: Body, about: &About<'_>) -> std::io::Result<Vec<u8>> {
    let page = body.page;
    let parts = [
        ("[Content_Types].xml", part(content_types)?),
        ("_rels/.rels", part(package_relations)?),
        ("docProps/core.xml", part(|xml| properties(xml, about))?),
        ("word/_rels/document.xml.rels", part(document_relations)?),
        ("word/document.xml", body.finish(FOOT)?),
        ("word/styles.xml", part(|xml| styles::write(xml, &page))?),
        ("word/fontTable.xml", part(styles::write_fonts)?),
        ("word/settings.xml", part(settings)?),
        ("word/footer1.xml", part(|xml| foot(xml, &page, about.note))?),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // The moment of writing would make other bytes of the same value.
    let options = SimpleFileOptions::default().last_modified_time(DateTime::DEFAULT);
    for (path, bytes) in parts {
        zip.start_file(path, options)?;
        zip.write_all(&bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn part(write: impl FnOnce(&mut Xml)) -> std::io::Result<Vec<u8>> {
    let mut xml = Xml::new();
    write(&mut xml);
    xml.finish()
}

fn content_types(xml: &mut Xml) {
    xml.element("Types", &[("xmlns", &format!("{PACKAGE}/content-types"))], |xml| {
        let relations = "application/vnd.openxmlformats-package.relationships+xml";
        xml.empty("Default", &[("Extension", "rels"), ("ContentType", relations)]);
        xml.empty("Default", &[("Extension", "xml"), ("ContentType", "application/xml")]);
        let core = "application/vnd.openxmlformats-package.core-properties+xml";
        xml.empty("Override", &[("PartName", "/docProps/core.xml"), ("ContentType", core)]);
        for (name, kind) in [
            ("document", "document.main"),
            ("styles", "styles"),
            ("fontTable", "fontTable"),
            ("settings", "settings"),
            ("footer1", "footer"),
        ] {
            let (name, kind) = (format!("/word/{name}.xml"), format!("{MAIN}.{kind}+xml"));
            xml.empty("Override", &[("PartName", &name), ("ContentType", &kind)]);
        }
    });
}

fn relations(xml: &mut Xml, all: &[(&str, &str, &str)]) {
    xml.element("Relationships", &[("xmlns", &format!("{PACKAGE}/relationships"))], |xml| {
        for (id, kind, target) in all {
            xml.empty("Relationship", &[("Id", *id), ("Type", *kind), ("Target", *target)]);
        }
    });
}

fn package_relations(xml: &mut Xml) {
    let core = format!("{PACKAGE}/relationships/metadata/core-properties");
    let document = format!("{OFFICE}/officeDocument");
    relations(xml, &[("rId1", &document, "word/document.xml"), ("rId2", &core, "docProps/core.xml")]);
}

fn document_relations(xml: &mut Xml) {
    let [styles, fonts, settings, footer] =
        ["styles", "fontTable", "settings", "footer"].map(|kind| format!("{OFFICE}/{kind}"));
    relations(
        xml,
        &[
            ("rId1", &styles, "styles.xml"),
            ("rId2", &fonts, "fontTable.xml"),
            ("rId3", &settings, "settings.xml"),
            (FOOT, &footer, "footer1.xml"),
        ],
    );
}

fn properties(xml: &mut Xml, about: &About<'_>) {
    let names = [
        ("xmlns:cp", format!("{PACKAGE}/metadata/core-properties")),
        ("xmlns:dc", "http://purl.org/dc/elements/1.1/".to_owned()),
        ("xmlns:dcterms", "http://purl.org/dc/terms/".to_owned()),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance".to_owned()),
    ];
    let names = names.each_ref().map(|(name, value)| (*name, value.as_str()));
    xml.element("cp:coreProperties", &names, |xml| {
        xml.element("dc:title", &[], |xml| xml.text(about.title));
        xml.element("dc:creator", &[], |xml| xml.text(about.author));
        let at = format!("{}T00:00:00Z", about.on.format("%Y-%m-%d"));
        for name in ["dcterms:created", "dcterms:modified"] {
            xml.element(name, &[("xsi:type", "dcterms:W3CDTF")], |xml| xml.text(&at));
        }
    });
}

fn settings(xml: &mut Xml) {
    xml.element("w:settings", &[("xmlns:w", W)], |xml| {
        xml.value_of("w:zoom", "w:percent", "100");
        xml.value("w:defaultTabStop", "420");
        xml.value("w:characterSpacingControl", "compressPunctuation");
        xml.element("w:compat", &[], |xml| {
            // Without it Word lays the file out as its version of 2007 did, and says so.
            xml.empty(
                "w:compatSetting",
                &[
                    ("w:name", "compatibilityMode"),
                    ("w:uri", "http://schemas.microsoft.com/office/word"),
                    ("w:val", "15"),
                ],
            );
        });
    });
}

fn foot(xml: &mut Xml, page: &Page, note: &str) {
    xml.element("w:ftr", &[("xmlns:w", W)], |xml| {
        if !note.is_empty() {
            xml.element("w:p", &[], |xml| {
                xml.element("w:pPr", &[], |xml| xml.value("w:pStyle", Style::Footer.id()));
                table::run(xml, note, Tone::Plain);
            });
        }
        let (side, size) = match page.numbering {
            Numbering::Dashes => ("center", 28),
            Numbering::OfTotal => ("right", 18),
        };
        xml.element("w:p", &[], |xml| {
            xml.element("w:pPr", &[], |xml| {
                xml.value("w:pStyle", Style::Footer.id());
                xml.value("w:jc", side);
            });
            match page.numbering {
                Numbering::Dashes => {
                    words(xml, size, "— ");
                    field(xml, size, " PAGE ");
                    words(xml, size, " —");
                }
                Numbering::OfTotal => {
                    words(xml, size, "第 ");
                    field(xml, size, " PAGE ");
                    words(xml, size, " 页　共 ");
                    field(xml, size, " NUMPAGES ");
                    words(xml, size, " 页");
                }
            }
        });
    });
}

/// A number that the program fills in. WPS Office shows the field's own name where its five parts aren't runs of their
/// own, and forgets the font where they don't each name it.
fn field(xml: &mut Xml, size: u32, what: &str) {
    let mark = |xml: &mut Xml, kind: &str| {
        run(xml, size, |xml| xml.value_of("w:fldChar", "w:fldCharType", kind));
    };
    mark(xml, "begin");
    run(xml, size, |xml| {
        xml.element("w:instrText", &[("xml:space", "preserve")], |xml| xml.text(what));
    });
    mark(xml, "separate");
    words(xml, size, "1");
    mark(xml, "end");
}

fn words(xml: &mut Xml, size: u32, text: &str) {
    run(xml, size, |xml| xml.element("w:t", &[("xml:space", "preserve")], |xml| xml.text(text)));
}

fn run(xml: &mut Xml, size: u32, inside: impl FnOnce(&mut Xml)) {
    xml.element("w:r", &[], |xml| {
        xml.element("w:rPr", &[], |xml| {
            styles::fonts(xml, Font::Song);
            styles::size(xml, size);
        });
        inside(xml);
    });
}
