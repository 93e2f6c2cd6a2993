//! What stands in the printed documents, as others read it.

use documents::paper::{
    CertificateDoc, DigestDoc, EvidenceDoc, Orientation, PhotoFrame, SignInDoc, SignInKind, Unsound,
};
use documents::pdf::{self, Pdf};

use crate::poppler::{FONTS, Printed, bare};
use crate::specimens;

/// Every document of the crate with its specimen.
pub fn documents() -> Vec<(&'static str, Pdf)> {
    let lying = specimens::certificate();
    let upright = CertificateDoc { orientation: Orientation::Portrait, ..lying.clone() };
    let bare = CertificateDoc { photo: PhotoFrame::None, review_due_on: None, ..upright.clone() };
    vec![
        ("certificate-a4", pdf::certificate_a4(&lying, &FONTS).unwrap()),
        ("certificate-a4 upright", pdf::certificate_a4(&upright, &FONTS).unwrap()),
        ("certificate-a4 without photo and review", pdf::certificate_a4(&bare, &FONTS).unwrap()),
        ("certificate-card", pdf::certificate_card(&lying, &FONTS).unwrap()),
        ("sign-in", pdf::sign_in_sheet(&specimens::sign_in(45), &FONTS).unwrap()),
        ("digest", pdf::reminder_digest(&specimens::digest(), &FONTS).unwrap()),
        ("evidence", pdf::evidence_sheet(&specimens::evidence(), &FONTS).unwrap()),
    ]
}

/// All of these stand in the document, in one piece each.
fn check(pdf: &Pdf, expected: &[&str]) {
    let text = Printed::new(pdf).pages().concat();
    for part in expected {
        assert!(text.contains(&bare(part)), "{part:?} is missing in {text}");
    }
}

#[test]
fn a_certificate_says_all_that_its_value_says() {
    let doc = specimens::certificate();
    let facts: Vec<&str> = [&doc.issuing_body, &doc.title, &doc.holder, &doc.unit, &doc.post, &doc.category]
        .into_iter()
        .chain([&doc.serial, &doc.hint])
        .chain(doc.topics.iter().flat_map(|topic| [&topic.name, &topic.detail]))
        .map(String::as_str)
        .collect();
    let dates = ["2026年11月23日", "2029年11月22日", "2028年5月22日", "特发此证"];
    for orientation in [Orientation::Landscape, Orientation::Portrait] {
        let pdf = pdf::certificate_a4(&CertificateDoc { orientation, ..doc.clone() }, &FONTS).unwrap();
        assert_eq!(pdf.n_pages, 1);
        check(&pdf, &facts);
        check(&pdf, &dates);
    }
    let card = pdf::certificate_card(&doc, &FONTS).unwrap();
    assert_eq!(card.n_pages, 2);
    check(
        &card,
        &[&doc.issuing_body, &doc.title, &doc.holder, &doc.unit, &doc.post, &doc.category, &doc.serial],
    );
    check(&card, &["2026.11.23", "2029.11.22", "2028.05.22", "系统运维安全与应急处置", &doc.hint]);
}

#[test]
fn the_callers_statement_takes_the_place_of_the_templates() {
    let statement = Some("兹证明示例一经考核合格。".to_owned());
    let pdf = pdf::certificate_a4(&CertificateDoc { statement, ..specimens::certificate() }, &FONTS).unwrap();
    check(&pdf, &["兹证明示例一经考核合格。"]);
    assert!(!Printed::new(&pdf).pages().concat().contains("特发此证"));
}

#[test]
fn each_page_of_a_sign_in_sheet_has_its_head_and_thirty_rows() {
    let doc = SignInDoc { spare_rows: 0, ..specimens::sign_in(1000) };
    let pdf = pdf::sign_in_sheet(&doc, &FONTS).unwrap();
    let pages = Printed::new(&pdf).pages();
    assert_eq!((pdf.n_pages, pages.len()), (34, 34));
    for (index, page) in pages.iter().enumerate() {
        for head in [&doc.title, &doc.sitting, &doc.topic, &doc.place, &doc.leader] {
            assert!(page.contains(&bare(head)), "{head} on page {index}");
        }
        assert!(page.contains(&format!("第{}页共34页", index + 1)), "{page}");
        let rows = page.matches("示例甲").count()
            + ["乙", "丙", "丁", "戊"]
                .map(|last| page.matches(&format!("示例{last}")).count())
                .iter()
                .sum::<usize>();
        assert_eq!(rows, if index == 33 { 10 } else { 30 }, "page {index}");
    }
}

#[test]
fn a_sign_in_sheet_asks_for_whoever_leads_a_lesson_or_an_exam() {
    for (kind, asked, other) in [
        (SignInKind::Lesson, ["老师", "培训老师签名"], "考官"),
        (SignInKind::Exam, ["监考/考官", "监考/考官签名"], "老师"),
    ] {
        let doc = SignInDoc { kind, leader: "示例丙".to_owned(), ..specimens::sign_in(2) };
        let pages = Printed::new(&pdf::sign_in_sheet(&doc, &FONTS).unwrap()).pages();
        assert!(asked.iter().all(|words| pages[0].contains(words)), "{}", pages[0]);
        assert!(!pages[0].contains(other), "{}", pages[0]);
    }
}

#[test]
fn spare_rows_are_numbered_on() {
    let pdf = pdf::sign_in_sheet(&SignInDoc { spare_rows: 2, ..specimens::sign_in(29) }, &FONTS).unwrap();
    let pages = Printed::new(&pdf).pages();
    assert_eq!(pages.len(), 2);
    assert!(pages[1].contains("31"), "{}", pages[1]);
    let empty = SignInDoc { spare_rows: 0, ..specimens::sign_in(0) };
    assert_eq!(pdf::sign_in_sheet(&empty, &FONTS).unwrap().n_pages, 1);
}

#[test]
fn a_letter_says_who_lapses_what_opens_and_whom_to_call() {
    let doc = specimens::digest();
    let pdf = pdf::reminder_digest(&doc, &FONTS).unwrap();
    assert_eq!(pdf.n_pages, 1);
    check(&pdf, &[&doc.issuing_body, &doc.title, &doc.number, &doc.unit, "截至2026年11月23日"]);
    check(&pdf, &["示例禤玥", "AG-2023-M-000108-1", "2026-11-30", "逾期3天", "60天", "待复审"]);
    check(&pdf, &["至少2名持证维护人员（A、B角）", "2026-11-21", "现有1名"]);
    check(&pdf, &["请于12月5日前", "020-0000-0001", "training@example.org", "示例老师"]);
}

#[test]
fn a_letter_without_openings_has_no_empty_table() {
    let doc = DigestDoc { openings: Vec::new(), requests: Vec::new(), ..specimens::digest() };
    let pdf = pdf::reminder_digest(&doc, &FONTS).unwrap();
    assert!(!Printed::new(&pdf).pages().concat().contains("缺口"));
}

#[test]
fn tables_of_an_evidence_sheet_repeat_their_head() {
    let doc = specimens::evidence();
    let pdf = pdf::evidence_sheet(&doc, &FONTS).unwrap();
    check(&pdf, &[&doc.title, &doc.subtitle, "被测单位", "表1各岗位培训计划", "示例业务系统第48号", "批准"]);
    let pages = Printed::new(&pdf).pages();
    for page in pages.iter().filter(|page| page.contains("示例业务系统第")) {
        assert!(page.contains("序号信息系统级别持证结论"), "{page}");
        assert!(page.contains(&bare(&doc.source)), "{page}");
    }
}

#[test]
fn a_row_with_too_few_cells_is_refused() {
    let mut doc: EvidenceDoc = specimens::evidence();
    if let Some(documents::paper::Block::Table { rows, .. }) = doc.blocks.get_mut(2) {
        rows[1].pop();
    }
    let refused = pdf::evidence_sheet(&doc, &FONTS).unwrap_err();
    assert_eq!(refused, Unsound::UnevenRow { row: 2, found: 2, expected: 3 }.into());
}

#[test]
fn markup_in_values_prints_as_itself() {
    for text in
        ["#eval(\"1+1\")", "*_[]<>_*", "$x^2$ `raw` \\ //c", "= h @ref <label>", "\"quotes\" '--' ~ ..."]
    {
        let pdf = pdf::certificate_a4(
            &CertificateDoc { unit: text.to_owned(), ..specimens::certificate() },
            &FONTS,
        );
        check(&pdf.unwrap(), &[text]);
        let mut letter = specimens::digest();
        letter.requests = vec![text.to_owned()];
        letter.title = text.to_owned();
        check(&pdf::reminder_digest(&letter, &FONTS).unwrap(), &[text]);
    }
}

#[test]
fn a_file_says_its_title_author_date_and_standard() {
    for (name, pdf) in documents() {
        let properties = Printed::new(&pdf).properties();
        for expected in ["示例市信息安全测评中心", "Sentrypost", " 2026 UTC"] {
            assert!(properties.contains(expected), "{name}: {expected} in {properties}");
        }
        let file = String::from_utf8_lossy(&pdf.bytes);
        let standard = "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>";
        assert!(file.contains(standard), "{name}");
    }
}

#[test]
fn the_qr_code_is_read_off_the_page() {
    let doc = specimens::certificate();
    for qr in
        [doc.qr.clone(), "AG2026".to_owned(), "编号：AG-2026-M-000123-7 示例一".to_owned(), "k".repeat(400)]
    {
        let doc = CertificateDoc { qr: qr.clone(), ..doc.clone() };
        assert_eq!(Printed::new(&pdf::certificate_a4(&doc, &FONTS).unwrap()).scanned(1), qr);
        assert_eq!(Printed::new(&pdf::certificate_card(&doc, &FONTS).unwrap()).scanned(2), qr);
    }
}

#[test]
fn a_code_too_dense_for_the_card_is_refused() {
    let doc = CertificateDoc { qr: "x".repeat(2300), ..specimens::certificate() };
    let refused = pdf::certificate_card(&doc, &FONTS).unwrap_err();
    assert_eq!(refused, Unsound::DoesNotFit { field: "the QR code".to_owned() }.into());
}
