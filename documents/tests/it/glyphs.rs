//! Fonts and characters: what serves is told, what can't be shown is refused, and the same value gives the same bytes.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use documents::paper::{CertificateDoc, Unsound};
use documents::pdf::{self, FontError, FontOrigin, FontSet, PdfError};

use crate::poppler::{FONTS, Printed, bare};
use crate::printing::documents;
use crate::specimens;

fn holder(name: &str) -> CertificateDoc {
    CertificateDoc { holder: name.to_owned(), ..specimens::certificate() }
}

#[test]
fn rare_characters_of_names_are_printed() {
    let name = "禤镕玥翀璟𬭎𪩘";
    for pdf in [pdf::certificate_a4(&holder(name), &FONTS), pdf::certificate_card(&holder(name), &FONTS)] {
        assert!(Printed::new(&pdf.unwrap()).pages().concat().contains(name));
    }
}

#[test]
fn a_character_that_no_font_has_is_refused_by_name() {
    for character in ['\u{2ebf0}', '\u{e123}', '\u{1f9ff}'] {
        let text = format!("示例{character}");
        let refused = pdf::certificate_a4(&holder(&text), &FONTS).unwrap_err();
        let expected = PdfError::NoGlyph { field: "holder".to_owned(), text: text.clone(), character };
        assert_eq!(refused, expected);
        let code = format!("U+{:04X}", u32::from(character));
        assert!(refused.to_string().contains(&code) && refused.zh().contains(&code), "{refused}");
    }
    let mut sheet = specimens::sign_in(40);
    sheet.rows[38].unit = "示\u{e123}".to_owned();
    let refused = pdf::sign_in_sheet(&sheet, &FONTS).unwrap_err();
    assert!(matches!(&refused, PdfError::NoGlyph { field, .. } if field == "rows[38].unit"), "{refused}");
}

#[test]
fn control_characters_and_turned_text_are_refused() {
    for character in ['\u{7}', '\u{202e}', '\u{feff}', '\t'] {
        let refused = pdf::certificate_a4(&holder(&format!("示{character}例")), &FONTS).unwrap_err();
        assert_eq!(refused, Unsound::ControlCharacter { field: "holder".to_owned(), character }.into());
    }
}

#[test]
fn the_same_value_gives_the_same_bytes() {
    let fonts = FontSet::load(&[]).unwrap();
    let first = documents();
    // Something else in between, and a font set of its own.
    pdf::certificate_a4(&holder("虚构二"), &fonts).unwrap();
    for ((name, before), (_, after)) in first.iter().zip(documents()) {
        assert!(before.bytes == after.bytes, "{name}");
    }
    let again = pdf::certificate_card(&specimens::certificate(), &fonts).unwrap();
    assert!(first.iter().any(|(_, pdf)| *pdf == again));
}

#[test]
fn long_texts_shrink_and_stay_on_the_sheet() {
    let doc = CertificateDoc {
        holder: "阿卜杜热合曼·示例虚构·买买提明江·图尔荪".to_owned(),
        unit: "示例市虚构区人民政府办公室（示例市虚构区政务服务数据管理局、示例市虚构区营商环境建设局）信息化与网络安全科".to_owned(),
        category: "电子政务信息系统安全运行维护与网络安全应急处置（第三级及以上系统）".to_owned(),
        serial: "AG-2026-MAINTAINER-LEVEL3-00000123-7".to_owned(),
        issuing_body: "示例市党政机关网络与信息安全测评及应急处置中心（示例市密码测评站）".to_owned(),
        ..specimens::certificate()
    };
    for pdf in [pdf::certificate_a4(&doc, &FONTS).unwrap(), pdf::certificate_card(&doc, &FONTS).unwrap()] {
        let printed = Printed::new(&pdf);
        let text = printed.pages().concat();
        for part in [&doc.holder, &doc.unit, &doc.category, &doc.serial, &doc.issuing_body] {
            assert!(text.contains(&bare(part)), "{part} in {text}");
        }
        let (width, height, words) = printed.words();
        for (word, [left, top, right, bottom]) in words {
            let inside = left > 8.0 && top > 3.0 && right < width - 8.0 && bottom < height - 1.0;
            assert!(inside, "{word} at {left} {top} {right} {bottom} on {width} × {height}");
        }
    }
}

#[test]
fn a_text_too_long_for_its_place_is_refused() {
    for (length, field) in [(120, "holder"), (9_000, "holder")] {
        let refused = pdf::certificate_a4(&holder(&"长".repeat(length)), &FONTS).unwrap_err();
        assert_eq!(refused, Unsound::DoesNotFit { field: field.to_owned() }.into());
    }
    let mut doc = specimens::certificate();
    doc.topics = vec![doc.topics[0].clone(); 13];
    let refused = pdf::certificate_a4(&doc, &FONTS).unwrap_err();
    assert_eq!(refused, Unsound::TooMany { field: "topics".to_owned(), found: 13, limit: 12 }.into());
    let statement = Some("考核合格。".repeat(120));
    let refused = pdf::certificate_a4(&CertificateDoc { statement, ..specimens::certificate() }, &FONTS);
    assert_eq!(refused.unwrap_err(), Unsound::DoesNotFit { field: "topics and statement".to_owned() }.into());
}

/// What printing says, before: no certificate is issued that can't be printed, and none is refused that can.
#[track_caller]
fn check_foretold(doc: &CertificateDoc) {
    let printed = pdf::certificate_a4(doc, &FONTS).and(pdf::certificate_card(doc, &FONTS)).map(|_| ());
    assert_eq!(pdf::CertificateCheck::new(&FONTS).check(doc), printed);
}

#[test]
fn a_check_before_the_issue_says_what_printing_says() {
    for length in [16, 44] {
        check_foretold(&holder(&"长".repeat(length)));
        check_foretold(&holder(&"W".repeat(length)));
        check_foretold(&CertificateDoc { post: "长".repeat(length), ..specimens::certificate() });
        check_foretold(&CertificateDoc { unit: "W".repeat(length), ..specimens::certificate() });
    }
    check_foretold(&holder("虚构\u{e123}"));
    check_foretold(&CertificateDoc { qr: "A".repeat(2_000), ..specimens::certificate() });
    let mut checks = pdf::CertificateCheck::new(&FONTS);
    assert!(checks.check(&holder(&"长".repeat(20))).is_ok());
    assert!(checks.check(&holder(&"长".repeat(120))).is_err(), "what fitted before says nothing of it");
}

/// The limits below which nothing is laid out before an issue, with the widest letters and in one piece.
#[test]
fn texts_that_surely_fit_are_printed() {
    for letter in ["国", "W"] {
        let long = |n: usize| letter.repeat(n);
        let doc = CertificateDoc {
            holder: long(16),
            unit: format!("{}国", long(19)),
            post: long(8),
            category: format!("{}国", long(19)),
            title: long(12),
            issuing_body: format!("{}国", long(19)),
            serial: "WWWW-2026-WWW-000123-W".to_owned(),
            hint: format!("{0}\n{0}\n{0}", long(19)),
            qr: "a1".repeat(200),
            topics: vec![documents::paper::TopicLine { name: long(12), detail: String::new() }; 12],
            ..specimens::certificate()
        };
        for orientation in [documents::paper::Orientation::Landscape, documents::paper::Orientation::Portrait]
        {
            pdf::certificate_a4(&CertificateDoc { orientation, ..doc.clone() }, &FONTS).unwrap();
        }
        pdf::certificate_card(&doc, &FONTS).unwrap();
    }
}

#[test]
fn twelve_topics_fit_each_form() {
    let mut doc = specimens::certificate();
    doc.topics = vec![doc.topics[0].clone(); 12];
    for orientation in [documents::paper::Orientation::Landscape, documents::paper::Orientation::Portrait] {
        pdf::certificate_a4(&CertificateDoc { orientation, ..doc.clone() }, &FONTS).unwrap();
    }
    pdf::certificate_card(&doc, &FONTS).unwrap();
}

#[test]
fn without_fonts_the_packages_are_named() {
    let empty = tempfile::tempdir().unwrap();
    let refused = FontSet::load_from(&[empty.path().join("absent")], &[empty.path().to_owned()]).unwrap_err();
    assert!(matches!(refused, FontError::Missing(_)));
    for package in ["fonts-noto-cjk", "texlive-lang-chinese"] {
        assert!(refused.to_string().contains(package), "{refused}");
    }
}

#[test]
fn a_file_that_only_looks_like_a_font_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("仿宋.ttf"), "no font").unwrap();
    std::fs::write(folder.path().join("readme.txt"), "not looked at").unwrap();
    let refused = FontSet::load(&[folder.path().to_owned()]).unwrap_err();
    assert!(matches!(&refused, FontError::NotAFont { path } if path.ends_with("仿宋.ttf")), "{refused}");
}

#[test]
fn the_customers_font_serves_first_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let noto = PathBuf::from("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc");
    symlink(&noto, folder.path().join("own.ttc")).unwrap();
    let fonts = FontSet::load(&[folder.path().to_owned()]).unwrap();
    let pdf = pdf::reminder_digest(&specimens::digest(), &fonts).unwrap();
    let own: Vec<_> = pdf.faces.iter().filter(|face| face.origin == FontOrigin::Customer).collect();
    assert!(own.iter().any(|face| face.family == "Noto Serif CJK SC" && face.weight == 400), "{own:?}");
    let regular = pdf.faces.iter().filter(|face| face.family == "Noto Serif CJK SC" && face.weight == 400);
    assert_eq!(regular.count(), 1, "{:?}", pdf.faces);
}
