//! The editions: what they hold, that they print again the same, and that they agree with each other.

use std::fs;

use calamine::{Reader, Xlsx};
use reports::snapshot::{SnapshotInput, freeze};
use reports::text::Language;
use reports::{ReportError, editions};

use crate::figures::figures_of;
use crate::town;

#[test]
fn a_reprint_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    freeze(&folder.path().join("s1"), &town::town("1", "2026-10-22T08:00:00Z", 5, 40, 1)).unwrap();
    freeze(&folder.path().join("s2"), &town::town("2", "2026-11-22T08:00:00Z", 5, 40, 2)).unwrap();
    let print = |out: &str| {
        let (files, _) = reports::build(
            &folder.path().join("s2"),
            Some(&folder.path().join("s1")),
            &folder.path().join(out),
        )
        .unwrap();
        [files.html_zh, files.html_en, files.xlsx, files.json].map(|path| fs::read(path).unwrap())
    };
    let first = print("a");
    assert_eq!(first, print("b"), "into another folder");
    assert_eq!(first, print("a"), "over an earlier print");
    assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 4, "nothing partial is left");
}

#[test]
fn an_unwritable_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    freeze(&folder.path().join("s"), &town::town("1", "2026-10-22T08:00:00Z", 1, 1, 1)).unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let error = reports::build(&folder.path().join("s"), None, &folder.path().join("file/out")).unwrap_err();
    assert!(matches!(error, ReportError::Unwritable { .. }), "{error}");
}

/// Every element that is opened is closed in order; returns the ids on the page.
fn ids_of(page: &str) -> Vec<&str> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.split_once("</style>").unwrap().1;
    let mut ids = Vec::new();
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "near {}", &rest[..end.min(200)]);
        } else if !tag.ends_with('/') && !["br", "wbr", "col", "meta"].contains(&name) {
            open.push(name);
        }
        if let Some(at) = tag.find(" id=\"") {
            ids.push(tag[at + 5..].split('"').next().unwrap());
        }
        rest = &rest[end + 1..];
    }
    // The head was open before the style ended.
    assert!(open.is_empty() || open == ["html"], "left open: {open:?}");
    ids
}

fn check_page(input: &SnapshotInput, language: Language, contains: &[&str]) {
    let page = editions::html(&figures_of(input, None), language).unwrap();
    for text in contains {
        assert!(page.contains(text), "{text}");
    }
    for banned in [
        "<script",
        "http://",
        "https://",
        "src=",
        "<link",
        "@import",
        ":has(",
        "@container",
        "@layer",
        "color-mix",
    ] {
        // The name space of SVG is no address to fetch.
        let page = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!page.contains(banned), "{banned}");
    }
    let body = page.split_once("<body>").unwrap().1;
    let within = format!("</style>{}", body.split("</body>").next().unwrap());
    let ids = ids_of(&within);
    assert!(!ids.contains(&""), "the page asks for a table that doesn't exist");
    for target in body.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(ids.contains(&target), "a link to #{target}, which isn't on the page");
    }
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an id twice");
}

#[test]
fn the_page_is_whole_in_both_languages() {
    let input = town::town("2026-004", "2026-11-22T08:00:00Z", 12, 80, 1);
    let zh = [
        "lang=\"zh-CN\"",
        "暴露面检测报告",
        "总览",
        "各单位情况",
        "主要暴露面",
        "证书到期",
        "问题清单",
        "覆盖声明",
        "未探测的单位",
    ];
    check_page(&input, Language::Zh, &zh);
    let en = [
        "lang=\"en\"",
        "Exposure report",
        "Overview",
        "By unit",
        "Main exposures",
        "Findings",
        "Coverage statement",
        "Units not probed",
    ];
    check_page(&input, Language::En, &en);
}

#[test]
fn the_note_on_rows_left_out_cannot_stand_on_another_page_than_its_table() {
    let input = town::town("2026-004", "2026-11-22T08:00:00Z", 12, 80, 1);
    let page = editions::html(&figures_of(&input, None), Language::Zh).unwrap();
    // A caption is never parted from its table; a paragraph below one has been.
    let mut notes = 0;
    for (at, _) in page.match_indices("以下列出") {
        let before = &page[..at];
        assert!(before.rfind("<caption>") > before.rfind("</caption>"), "{}", &page[at..at + 60]);
        notes += 1;
    }
    assert!(notes > 0 && !page.contains("以上列出"));
}

#[test]
fn a_page_of_nothing_says_so() {
    let input = SnapshotInput::empty(town::head("0", "2026-11-22T08:00:00Z"));
    check_page(
        &input,
        Language::Zh,
        &["登记册中没有单位", "没有未销号的问题", "没有发现开放的服务", "没有发现证书", "本期没有扫描任务"],
    );
    check_page(
        &input,
        Language::En,
        &["The register holds no units", "No outstanding findings", "No open services were found"],
    );
}

#[test]
fn one_unit_that_was_never_probed_is_not_shown_as_clean() {
    let mut input = SnapshotInput::empty(town::head("0", "2026-11-22T08:00:00Z"));
    input.units = vec![town::unit(0)];
    check_page(&input, Language::Zh, &["未探测不等于没有问题", "示例市虚构发展和改革局"]);
    check_page(&input, Language::En, &["Not probed doesn&#39;t mean clean"]);
}

#[test]
fn one_host_without_a_service_is_a_report_in_every_edition() {
    let mut input = SnapshotInput::empty(town::head("1", "2026-11-22T08:00:00Z"));
    let empty = SnapshotInput::empty(town::head("0", "2026-10-22T08:00:00Z"));
    input.hosts = vec![town::host("192.0.2.1", "unit-0000", false, 100, input.head.data_as_of)];
    // Of a unit that left the register, and of one that is in it.
    for units in [Vec::new(), vec![town::unit(0)]] {
        input.units = units;
        check_page(&input, Language::Zh, &["192.0.2.1", "没有发现开放的服务", "没有未销号的问题"]);
        check_page(&input, Language::En, &["192.0.2.1", "No open services were found"]);
    }
    for (now, before) in [(&input, None), (&input, Some(&empty)), (&empty, Some(&input))] {
        let figures = figures_of(now, before);
        editions::xlsx(&figures).unwrap();
        editions::json(&figures).unwrap();
        let probed = figures.figure("card.addresses.probed").unwrap();
        assert_eq!(probed.value, now.hosts.len() as u64);
        assert_eq!(probed.previous, before.map(|before| before.hosts.len() as u64));
        for figure in figures.figures.iter().filter(|figure| figure.id.starts_with("card.services")) {
            assert_eq!(figure.value, 0, "{}", figure.id);
        }
    }
}

#[test]
fn json_is_versioned_and_agrees_with_the_figures() {
    let figures = figures_of(&town::town("2026-004", "2026-11-22T08:00:00Z", 4, 30, 1), None);
    let text = editions::json(&figures).unwrap();
    assert!(
        text.starts_with("{\n  \"format\": \"sentrypost-report/1\",\n  \"number\": \"2026-004\""),
        "{}",
        &text[..80]
    );
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["figures"].as_array().unwrap().len(), figures.figures.len());
    for (figure, json) in figures.figures.iter().zip(json["figures"].as_array().unwrap()) {
        assert_eq!((json["id"].as_str(), json["value"].as_u64()), (Some(figure.id), Some(figure.value)));
    }
    let findings = json["tables"].as_array().unwrap().iter().find(|table| table["id"] == "findings").unwrap();
    let n = figures.figure("card.findings").unwrap().value;
    assert_eq!(findings["rows"].as_array().unwrap().len() as u64, n);
    let first = &findings["rows"][0];
    assert_eq!(first["severity"], "critical");
    assert!(first["title"]["zh"].is_string() && first["title"]["en"].is_string());
    assert!(first["first_seen"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn the_workbook_has_a_sheet_for_each_table_with_all_rows() {
    let figures = figures_of(&town::town("2026-004", "2026-11-22T08:00:00Z", 12, 80, 1), None);
    let bytes = editions::xlsx(&figures).unwrap();
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    let names = book.sheet_names();
    for name in ["总览", "各单位", "问题清单", "开放服务", "证书", "覆盖", "变化"] {
        assert!(names.iter().any(|sheet| sheet == name), "{name} in {names:?}");
    }
    for table in &figures.tables {
        let range = book.worksheet_range(table.sheet).unwrap();
        let rows = table.rows.len() + 1;
        assert_eq!(range.height(), rows, "{}", table.sheet);
        assert_eq!(range.width(), table.columns.len(), "{}", table.sheet);
    }
    let overview = book.worksheet_range("总览").unwrap();
    assert_eq!(overview.get_value((0, 0)).unwrap().to_string(), "指标");
    assert_eq!(overview.get_value((1, 1)).unwrap().to_string(), "12");
}

#[test]
fn a_large_town_is_printed_within_bounds() {
    let figures = figures_of(&town::town("1", "2026-11-22T08:00:00Z", 300, 20_000, 1), None);
    let page = editions::html(&figures, Language::Zh).unwrap();
    assert!(page.len() < 8_000_000, "{} bytes", page.len());
    assert!(page.matches("id=\"finding-").count() <= 1000);
    assert!(page.contains("全部见工作簿的工作表"));
    let n = figures.figure("card.findings").unwrap().value;
    assert!(n > 15_000);
    assert_eq!(figures.table("findings").unwrap().rows.len() as u64, n);
    assert!(page.contains(&format!("共 {} 项", reports::text::show_count(n))));
}
