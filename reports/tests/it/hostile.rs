//! What strangers wrote stays text: in pages, workbooks and JSON.

use calamine::{Data, Reader, Xlsx};
use model::fact::{Fact, Facts};
use model::severity::Severity;
use reports::editions;
use reports::rows::{LapseRow, PostDue, PostDueRow};
use reports::snapshot::SnapshotInput;
use reports::text::Language;

use crate::figures::figures_of;
use crate::town;

fn with_text(text: &str) -> SnapshotInput {
    let mut input = SnapshotInput::empty(town::head(text, "2026-11-22T08:00:00Z"));
    let at = input.head.data_as_of;
    input.head.issuer = text.to_owned();
    input.head.software_version = text.to_owned();
    input.head.policy_version = text.to_owned();
    let mut unit = town::unit(0);
    unit.name = text.to_owned();
    unit.in_charge = Some(text.to_owned());
    let mut unscanned = town::unit(1);
    unscanned.name = text.to_owned();
    input.units = vec![unit, unscanned];
    input.hosts = vec![town::host("192.0.2.1", "unit-0000", true, 0, at)];
    let mut service = town::service("192.0.2.1", 80, "unit-0000", at);
    service.evidence = text.to_owned();
    service.service = text.to_owned();
    service.product = Some(text.to_owned());
    service.class = Some(text.to_owned());
    input.services = vec![service];
    let mut certificate = town::certificate("192.0.2.1", "unit-0000", at);
    certificate.subject = text.to_owned();
    certificate.issuer = text.to_owned();
    input.certificates = vec![certificate];
    let mut finding = town::finding(0, "unit-0000", 0, at);
    finding.observed = Facts::from([Fact::Says { quote: text.to_owned() }]);
    finding.target = text.to_owned();
    finding.check = text.to_owned();
    finding.id = text.to_owned();
    finding.in_charge = Some(text.to_owned());
    input.findings = vec![finding];
    input.runs = vec![town::run(at, text)];
    with_posts(&mut input, text);
    input
}

/// The scheme is the customer's, and serials came out of workbooks.
fn with_posts(input: &mut SnapshotInput, text: &str) {
    let mut town = town::town("1", "2026-11-22T08:00:00Z", 2, 1, 1);
    town.training[0].scheme = text.to_owned();
    for row in &mut town.covers {
        row.requirement = text.to_owned();
        row.system = row.system.is_some().then(|| text.to_owned());
        [&mut row.category_zh, &mut row.category_en].into_iter().for_each(|name| text.clone_into(name));
    }
    let due = PostDueRow {
        unit: text.to_owned(),
        category_zh: text.to_owned(),
        category_en: text.to_owned(),
        serial: text.to_owned(),
        what: PostDue::Expiry,
        on: town.training[0].day,
    };
    let lapse = LapseRow {
        finding: text.to_owned(),
        system: text.to_owned(),
        unit: text.to_owned(),
        severity: Severity::High,
        has_maintainer: true,
    };
    (input.training, input.covers, input.holders) = (town.training, town.covers, town.holders);
    (input.post_due, input.lapses) = (vec![due], vec![lapse]);
}

const HOSTILE: [&str; 10] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "]]><svg/onload=alert(1)>",
    "</style><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "=HYPERLINK(\"http://198.51.100.1\",\"x\")",
    "+1+cmd|' /C calc'!A0",
    "gnp.\u{202e}exe\u{0}\u{1b}[31m\u{200b}",
    "@SUM(1)",
];

#[test]
fn no_text_becomes_markup() {
    for text in HOSTILE {
        let figures = figures_of(&with_text(text), None);
        for language in Language::ALL {
            let page = editions::html(&figures, language).unwrap();
            let body = page.split_once("<body>").unwrap().1;
            for banned in
                ["<script", "<img", "<svg/onload", "onmouseover='", "\0", "\u{1b}", "\u{202e}", "\u{200b}"]
            {
                assert!(!body.contains(banned), "{banned:?} from {text:?}");
            }
            assert_eq!(page.matches("</style>").count(), 1, "{text:?}");
            assert_eq!(page.matches("</title>").count(), 1 + body.matches("</title>").count(), "{text:?}");
        }
    }
}

#[test]
fn no_text_becomes_a_formula() {
    for text in HOSTILE {
        let figures = figures_of(&with_text(text), None);
        let bytes = editions::xlsx(&figures).unwrap();
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
        for sheet in book.sheet_names() {
            assert!(book.worksheet_formula(&sheet).unwrap().is_empty(), "{sheet} from {text:?}");
        }
        let findings = book.worksheet_range("问题清单").unwrap();
        let evidence = findings.get_value((1, 7)).unwrap();
        assert!(matches!(evidence, Data::String(_)), "{evidence:?}");
    }
}

#[test]
fn json_keeps_the_text_as_it_is() {
    for text in HOSTILE {
        let figures = figures_of(&with_text(text), None);
        let json: serde_json::Value = serde_json::from_str(&editions::json(&figures).unwrap()).unwrap();
        let findings =
            json["tables"].as_array().unwrap().iter().find(|table| table["id"] == "findings").unwrap();
        assert_eq!(findings["rows"][0]["observed"][0]["quote"], text);
    }
}

#[test]
fn a_very_long_text_is_cut_on_the_page_and_fits_a_cell() {
    let text = "长".repeat(100_000);
    let figures = figures_of(&with_text(&text), None);
    let page = editions::html(&figures, Language::Zh).unwrap();
    assert!(page.len() < 400_000, "{} bytes", page.len());
    editions::xlsx(&figures).unwrap();
}
