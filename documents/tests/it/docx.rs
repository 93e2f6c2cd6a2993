//! Letters and evidence sheets as DOCX, read back part by part.

use documents::docx::{self, DocxError};
use documents::paper::{Block, DigestDoc, EvidenceDoc, Orientation, Unsound};
use proptest::prelude::*;

use crate::parts::{Element, Package};
use crate::specimens;

fn letter(doc: &DigestDoc) -> Package {
    Package::read(&docx::reminder_digest(doc).unwrap())
}

fn sheet(doc: &EvidenceDoc) -> Package {
    Package::read(&docx::evidence_sheet(doc).unwrap())
}

/// Each document of the crate with its specimen.
fn documents() -> [(&'static str, Package); 3] {
    let lying = EvidenceDoc { orientation: Orientation::Landscape, ..specimens::evidence() };
    [
        ("digest", letter(&specimens::digest())),
        ("evidence", sheet(&specimens::evidence())),
        ("evidence lying", sheet(&lying)),
    ]
}

/// All of these stand in the document, in one piece each.
#[track_caller]
fn check(package: &Package, expected: &[&str]) {
    let text = package.document().text();
    for part in expected {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
}

#[test]
fn a_letter_says_who_lapses_what_opens_and_whom_to_call() {
    let doc = specimens::digest();
    let package = letter(&doc);
    check(&package, &[&doc.issuing_body, &doc.title, &doc.number, &doc.unit, "截至2026年11月23日"]);
    check(&package, &["示例禤玥", "AG-2023-M-000108-1", "2026-11-30", "逾期3天", "60天", "待复审"]);
    check(&package, &["至少 2 名持证维护人员（A、B 角）", "2026-11-21", "现有 1 名", "二、由此出现"]);
    check(&package, &["请于12月5日前", "020-0000-0001", "training@example.org", "2026年11月23日"]);
    let bare = DigestDoc { openings: Vec::new(), requests: Vec::new(), ..doc };
    assert!(!letter(&bare).document().text().contains("缺口"));
}

#[test]
fn an_evidence_sheet_says_all_that_its_value_says() {
    let doc = specimens::evidence();
    let package = sheet(&doc);
    check(&package, &[&doc.issuing_body, &doc.title, &doc.subtitle, "被测单位", "2026年11月23日"]);
    check(&package, &["表 1 各岗位培训计划", "系统运维安全与应急处置", "示例业务系统第48号", "批准："]);
    assert!(package.part("word/footer1.xml").text().contains(&doc.source));
    let core = package.part("docProps/core.xml").text();
    assert!(core.contains(&doc.title) && core.contains("2026-11-23T00:00:00Z"), "{core}");
}

#[test]
fn tables_repeat_their_head_divide_no_row_and_say_their_widths_twice() {
    for (name, package) in documents() {
        let document = package.document();
        let page = document.one("w:sectPr");
        let side = |name: &str, side: &str| page.one(name).number(side);
        let width = side("w:pgSz", "w:w") - side("w:pgMar", "w:left") - side("w:pgMar", "w:right");
        let tables = document.all("w:tbl");
        assert!(tables.len() >= 2, "{name}");
        for table in tables {
            let grid: Vec<u32> = table.all("w:gridCol").iter().map(|column| column.number("w:w")).collect();
            assert_eq!(grid.iter().sum::<u32>(), width, "{name}");
            assert_eq!(table.one("w:tblW").number("w:w"), width, "{name}");
            assert_eq!(table.one("w:tblLayout").attribute("w:type"), Some("fixed"));
            for row in table.all("w:tr") {
                assert_eq!(row.all("w:cantSplit").len(), 1, "{name}");
                let cells: Vec<u32> = row.all("w:tcW").iter().map(|cell| cell.number("w:w")).collect();
                assert_eq!(cells, grid, "{name}");
                assert!(row.all("w:tcW").iter().all(|cell| cell.attribute("w:type") == Some("dxa")));
            }
            // The facts have no head.
            let is_headed: Vec<bool> =
                table.all("w:tr").iter().map(|row| !row.all("w:tblHeader").is_empty()).collect();
            assert!(is_headed.iter().skip(1).all(|is_head| !is_head), "{name}");
            assert!(is_headed[0] || table.text().contains("被测单位"), "{name}");
        }
    }
}

#[test]
fn tables_stay_apart_and_the_page_ends_with_a_paragraph() {
    let mut doc = specimens::evidence();
    doc.blocks.retain(|block| matches!(block, Block::Table { .. }));
    for block in &mut doc.blocks {
        if let Block::Table { caption, .. } = block {
            caption.clear();
        }
    }
    doc.signatures.clear();
    let package = sheet(&doc);
    let body = package.document().one("w:body");
    let names: Vec<&str> = body.children.iter().map(|child| child.name.as_str()).collect();
    for pair in names.windows(2) {
        assert!(pair != ["w:tbl", "w:tbl"] && pair != ["w:tbl", "w:sectPr"], "{names:?}");
    }
    assert_eq!(names.iter().filter(|name| **name == "w:tbl").count(), 3, "{names:?}");
}

#[test]
fn numbers_of_pages_are_fields_of_five_runs_with_their_font() {
    for ((name, package), n_fields) in documents().into_iter().zip([1, 2, 2]) {
        let foot = package.part("word/footer1.xml");
        let runs = foot.all("w:r");
        let begins = runs.iter().enumerate().filter(|(_, run)| kind_of(run) == Some("begin"));
        let begins: Vec<usize> = begins.map(|(index, _)| index).collect();
        assert_eq!(begins.len(), n_fields, "{name}");
        for begin in begins {
            let field = &runs[begin..begin + 5];
            let kinds: Vec<Option<&str>> = field.iter().map(|run| kind_of(run)).collect();
            assert_eq!(kinds, [Some("begin"), None, Some("separate"), None, Some("end")], "{name}");
            assert!(["PAGE", "NUMPAGES"].contains(&field[1].one("w:instrText").text().trim()));
            assert!(field.iter().all(|run| run.one("w:rFonts").attribute("w:eastAsia") == Some("宋体")));
        }
    }
}

fn kind_of<'a>(run: &&'a Element) -> Option<&'a str> {
    run.all("w:fldChar").first()?.attribute("w:fldCharType")
}

#[test]
fn every_style_that_is_used_is_there_and_names_its_font_for_all_scripts() {
    for (name, package) in documents() {
        let styles = package.part("word/styles.xml");
        let known: Vec<&str> =
            styles.all("w:style").iter().filter_map(|style| style.attribute("w:styleId")).collect();
        for part in ["word/document.xml", "word/footer1.xml"] {
            for used in package.part(part).all("w:pStyle") {
                let used = used.attribute("w:val").unwrap();
                assert!(known.contains(&used), "{name}: {used}");
            }
        }
        let named: Vec<&str> = package
            .part("word/fontTable.xml")
            .all("w:font")
            .iter()
            .filter_map(|f| f.attribute("w:name"))
            .collect();
        for style in styles.all("w:style").into_iter().chain(styles.all("w:docDefaults")) {
            let fonts = style.one("w:rFonts");
            let scripts = ["w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"].map(|script| fonts.attribute(script));
            assert!(scripts.iter().all(|font| font.is_some_and(|font| named.contains(&font))), "{scripts:?}");
        }
        assert!(package.parts().all(|(path, text)| !path.contains("theme") && !text.contains("heme")));
    }
}

#[test]
fn parts_that_are_named_are_there() {
    for (name, package) in documents() {
        let types = package.part("[Content_Types].xml");
        let named: Vec<String> = types
            .all("Override")
            .iter()
            .map(|part| part.attribute("PartName").unwrap().trim_start_matches('/').to_owned())
            .collect();
        for (path, _) in package.parts().filter(|(path, _)| !path.ends_with(".rels")) {
            assert!(path == "[Content_Types].xml" || named.contains(&path.to_owned()), "{name}: {path}");
        }
        for (rels, folder) in [("_rels/.rels", ""), ("word/_rels/document.xml.rels", "word/")] {
            for relation in package.part(rels).all("Relationship") {
                let target = format!("{folder}{}", relation.attribute("Target").unwrap());
                assert!(named.contains(&target), "{name}: {target}");
                package.part(&target);
            }
        }
    }
}

#[test]
fn lying_pages_are_wider_than_high() {
    let [(_, digest), _, (_, lying)] = documents();
    let size = |package: &Package| {
        let size = package.document().one("w:pgSz").clone();
        (size.number("w:w"), size.number("w:h"), size.attribute("w:orient").map(str::to_owned))
    };
    assert_eq!(size(&digest), (11_906, 16_838, None));
    assert_eq!(size(&lying), (16_838, 11_906, Some("landscape".to_owned())));
}

#[test]
fn the_same_value_gives_the_same_bytes() {
    assert!(
        docx::reminder_digest(&specimens::digest()).unwrap()
            == docx::reminder_digest(&specimens::digest()).unwrap()
    );
    let bytes = docx::evidence_sheet(&specimens::evidence()).unwrap();
    assert!(bytes == docx::evidence_sheet(&specimens::evidence()).unwrap());
    assert_eq!(Package::read(&bytes).years(), [1980]);
}

#[test]
fn what_xml_cannot_hold_is_refused_by_the_name_of_its_field() {
    for character in ['\0', '\u{1}', '\u{b}', '\t', '\u{85}', '\u{202e}', '\u{fffe}', '\u{ffff}'] {
        let mut doc = specimens::digest();
        doc.lapses[1].holder = format!("示例{character}二");
        let refused = docx::reminder_digest(&doc).unwrap_err();
        let DocxError::Unsound(unsound) = &refused else { panic!("{refused:?}") };
        assert_eq!(*unsound, Unsound::ControlCharacter { field: "lapses[1].holder".to_owned(), character });
        assert!(refused.zh().contains("lapses[1].holder"), "{}", refused.zh());
        let doc = EvidenceDoc { source: character.to_string(), ..specimens::evidence() };
        assert!(matches!(docx::evidence_sheet(&doc), Err(DocxError::Unsound(_))), "{character:?}");
    }
}

#[test]
fn a_row_with_too_few_cells_is_refused() {
    let mut doc = specimens::evidence();
    if let Some(Block::Table { rows, .. }) = doc.blocks.get_mut(2) {
        rows[1].pop();
    }
    let refused = docx::evidence_sheet(&doc).unwrap_err();
    let expected = Unsound::UnevenRow { row: 2, found: 2, expected: 3 };
    assert!(matches!(&refused, DocxError::Unsound(unsound) if *unsound == expected), "{refused:?}");
}

proptest! {
    /// Whatever a clerk has written is there again to the letter, or the letter isn't made.
    #[test]
    fn any_text_is_read_back_or_refused(text in "\\PC{0,40}|[<>&\"' \\]\u{a0}\u{3000}\u{20000}]{0,20}|.{0,20}") {
        let mut doc = specimens::digest();
        doc.lapses[0].holder = text.clone();
        doc.title = text.clone();
        if let Ok(bytes) = docx::reminder_digest(&doc) {
            let package = Package::read(&bytes);
            let cell = package.document().all("w:tbl")[0].all("w:tr")[1].all("w:tc")[0].text();
            prop_assert_eq!(cell, format!("{text}\n维护人员"));
            prop_assert!(package.part("docProps/core.xml").all("dc:title")[0].text().starts_with(&text));
        } else {
            let odd = |c: char| c.is_control() || "\u{200e}\u{200f}\u{2028}\u{2029}\u{feff}".contains(c)
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}');
            prop_assert!(text.contains(odd), "{:?}", text);
        }
    }
}
