//! The Chinese editions say nothing in English and the English one nothing in Chinese, but for names and quotations.

use std::collections::BTreeSet;

use calamine::{Reader, Xlsx};
use reports::editions;
use reports::snapshot::SnapshotInput;
use reports::table::Kind;
use reports::text::Language;

use crate::figures::figures_of;
use crate::town;

/// Latin words that may stand in a Chinese edition: abbreviations, names of protocols, algorithms and products.
const NAMES: &[&str] = &[
    "AB",
    "CN",
    "Debian",
    "EC",
    "FTPS",
    "GB",
    "HTTP",
    "ICMP",
    "IMAPS",
    "INFO",
    "LDAPS",
    "OpenSSH",
    "RSA",
    "Redis",
    "SHA",
    "SMTPS",
    "SSH",
    "SSL",
    "TCP",
    "UDP",
    "TLCP",
    "TLS",
    "STARTTLS",
    "UTC",
    "VPN",
    "ftp",
    "http",
    "https",
    "mysql",
    "nginx",
    "redis",
    "sentrypost",
    "shaWithRSAEncryption",
    "ssh",
    "tcp",
];

/// Words of the town's host names.
const HOST_NAMES: &[&str] = &["portal", "old", "www", "app", "example", "invalid"];

/// A town where everything that a report can say is said: each fact, refusal, proof, movement and declaration.
fn town_of_everything(number: &str, as_of: &str) -> SnapshotInput {
    let mut input = town::town(number, as_of, 12, 400, 3);
    for (row, service) in input.services.iter_mut().zip(["unknown", "ssh", "redis"].into_iter().cycle()) {
        row.service = service.to_owned();
    }
    for (n, row) in input.findings.iter_mut().enumerate().filter(|(n, _)| n % 7 == 0) {
        row.service = "unknown".to_owned();
        row.first_seen -= chrono::TimeDelta::days(n as i64);
    }
    input.runs[0].ports = "top1000".parse::<model::port::PortSet>().unwrap().to_string();
    input
}

/// The page as it is read: without markup, cells of codes, cells that hold a stranger's words, and quotations.
fn read(page: &str) -> String {
    let body = page.split_once("<body>").unwrap().1;
    let mut text = String::new();
    let mut rest = body;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let tag = &rest[start..start + rest[start..].find('>').unwrap() + 1];
        rest = &rest[start + tag.len()..];
        let passed_over = ["<td class=\"t code", "<td class=\"t verbatim", "<span class=\"mono\">"];
        if passed_over.iter().any(|opening| tag.starts_with(opening)) {
            let name = tag[1..].split(' ').next().unwrap();
            rest = &rest[rest.find(&format!("</{name}>")).unwrap()..];
        }
        text.push(if tag.starts_with("<span") || tag.starts_with("</span") { ' ' } else { '\n' });
    }
    unquoted(&text)
}

/// Without what stands in quotation marks.
fn unquoted(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, quoted)) = rest.split_once('“') {
        kept.push_str(before);
        kept.push(' ');
        // A quotation that was cut short goes on to the end of its line.
        let end = quoted.find(['”', '\n']).unwrap_or(quoted.len());
        rest = quoted[end..].trim_start_matches('”');
    }
    kept + rest
}

/// Runs of two or more Latin letters that aren't names.
fn latin_words(text: &str) -> BTreeSet<String> {
    let text: String = unquoted(text).chars().filter(|c| !c.is_ascii_digit()).collect();
    let words = text.split(|c: char| !c.is_ascii_alphabetic());
    words
        .filter(|word| word.len() > 1 && !NAMES.contains(word) && !HOST_NAMES.contains(word))
        .map(str::to_owned)
        .collect()
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

#[test]
fn the_chinese_page_says_nothing_in_english() {
    let before = town_of_everything("2026-003", "2026-10-22T08:00:00Z");
    let now = town_of_everything("2026-004", "2026-11-22T08:00:00Z");
    for before in [None, Some(&before)] {
        let page = editions::html(&figures_of(&now, before), Language::Zh).unwrap();
        let text = read(&page);
        for said in ["无需鉴别", "未识别", "自 2026-10-01 起无应答", "域名不存在", "共 1,000 个", "高危"]
        {
            assert!(text.contains(said), "{said}");
        }
        assert_eq!(latin_words(&text), BTreeSet::new());
    }
}

#[test]
fn the_workbook_says_nothing_in_english() {
    let figures = figures_of(&town_of_everything("2026-004", "2026-11-22T08:00:00Z"), None);
    let bytes = editions::xlsx(&figures).unwrap();
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    for table in &figures.tables {
        let sheet = book.worksheet_range(table.sheet).unwrap();
        for (column, at) in table.columns.iter().zip(0..) {
            let is_foreign = matches!(column.kind, Kind::Code | Kind::Verbatim);
            for row in 0..if is_foreign { 1 } else { sheet.height() as u32 } {
                let text = sheet.get_value((row, at)).map(ToString::to_string).unwrap_or_default();
                assert_eq!(latin_words(&text), BTreeSet::new(), "{} in {}: {text}", column.key, table.sheet);
                assert!(text.chars().count() <= 400, "{} in {}: {text}", column.key, table.sheet);
            }
        }
    }
}

#[test]
fn the_english_page_says_nothing_in_chinese() {
    let input = town_of_everything("2026-004", "2026-11-22T08:00:00Z");
    let page = editions::html(&figures_of(&input, None), Language::En).unwrap();
    let mut text = read(&page);
    // What people registered, and the names of the sources.
    let units = input.units.iter().flat_map(|unit| [Some(unit.name.clone()), unit.in_charge.clone()]);
    let systems = input.systems.iter().map(|system| system.name.clone());
    let people =
        input.findings.iter().flat_map(|row| [row.operator.clone(), row.in_charge.clone(), row.user.clone()]);
    let others = input.exclusions.iter().map(|row| row.reason.clone());
    let purposes = input.silent.iter().map(|row| row.purpose.clone());
    let sources = input.checks.iter().map(|check| check.source.clone());
    let issuer = [input.head.issuer.clone(), "O=示例市虚构局".to_owned()];
    let mut names: Vec<String> = units
        .chain(people)
        .flatten()
        .chain(systems)
        .chain(others)
        .chain(purposes)
        .chain(sources)
        .chain(issuer)
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.dedup();
    for name in &names {
        text = text.replace(name, "");
    }
    // A chart cuts a long name short.
    let is_cut_name = |line: &&str| {
        let cut = line.trim().strip_suffix('…');
        cut.is_some_and(|cut| names.iter().any(|name| name.starts_with(cut)))
    };
    let chinese = text.lines().filter(|line| line.chars().any(is_chinese));
    let lines: Vec<&str> = chinese.filter(|line| !is_cut_name(line)).collect();
    assert_eq!(lines, Vec::<&str>::new());
}

#[test]
fn words_of_the_other_language_are_seen() {
    let check = |text: &str, words: &[&str]| {
        assert_eq!(latin_words(text), words.iter().map(|word| (*word).to_owned()).collect(), "{text}");
    };
    check("Redis 7.0.15; no authentication", &["no", "authentication"]);
    check("Redis 7.0.15；无需鉴别；“in his own words”", &[]);
    check("未识别 unknown", &["unknown"]);
    check("“cut short\nrefused", &["refused"]);
}
