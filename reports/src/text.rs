//! Words in both languages, and how values are shown.
//!
//! Every text that a reader sees comes from here or from a table's own columns, always as a pair. It must not hold
//! markup: what is shown is escaped by the edition that prints it.

mod facts;
mod posts;
mod refused;
mod tls;

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use model::finding::Gone;
use model::observation::{Access, Method};
use model::port::PortSet;
use model::severity::Severity;

pub use facts::facts;
pub(crate) use posts::{due_term, level_words, post_term, standing_term};
pub use refused::Refused;
pub use tls::{cap_words, evidence_words};
pub(crate) use tls::{offered_term, reached_term};

/// Language of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    Zh,
    En,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::Zh, Language::En];

    /// For file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Language::Zh => "zh",
            Language::En => "en",
        }
    }

    /// For the `lang` attribute (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Language::Zh => "zh-CN",
            Language::En => "en",
        }
    }
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub zh: Cow<'static, str>,
    pub en: Cow<'static, str>,
}

impl Words {
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }

    pub fn of(zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Words {
        Words { zh: zh.into(), en: en.into() }
    }
}

pub(crate) const fn words(zh: &'static str, en: &'static str) -> Words {
    Words { zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
}

/// An enumerated value: a code for machines, words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub code: &'static str,
    pub words: Words,
}

pub(crate) const fn term(code: &'static str, zh: &'static str, en: &'static str) -> Term {
    Term { code, words: words(zh, en) }
}

pub fn severity_word(severity: Severity, language: Language) -> &'static str {
    match (language, severity) {
        (Language::Zh, severity) => severity.chinese(),
        (Language::En, Severity::Critical) => "Critical",
        (Language::En, Severity::High) => "High",
        (Language::En, Severity::Medium) => "Medium",
        (Language::En, Severity::Low) => "Low",
    }
}

pub(crate) fn method_term(method: Method) -> Term {
    match method {
        Method::Connect => term("connect", "TCP 连接", "TCP connect"),
        Method::Syn => term("syn", "TCP SYN", "TCP SYN"),
        Method::Udp => term("udp", "UDP 探测", "UDP questions"),
        Method::Imported => term("imported", "导入其他工具的结果", "Imported from another tool"),
        Method::Tls => term("tls", "TLS 检测", "TLS assessment"),
    }
}

pub(crate) fn access_term(access: Access) -> Term {
    match access {
        Access::NoAuthentication => term("no-authentication", "无需鉴别", "Not needed"),
        Access::AuthenticationRequired => term("authentication-required", "需要鉴别", "Required"),
    }
}

/// Why a finding counts as gone.
pub(crate) fn proof_term(proof: Gone) -> Term {
    match proof {
        Gone::Corrected => term("corrected", "应答已更正", "Corrected"),
        Gone::Refused => term("refused", "拒绝连接", "Refused"),
        Gone::Filtered => term("filtered", "被过滤", "Filtered"),
        Gone::Allowed => term("allowed", "规则不再适用", "No longer a fault"),
        Gone::Superseded => term("superseded", "并入更准确的问题", "Told by another finding"),
    }
}

/// Name of a service: a protocol's own, or that there is none. Said of `model::observation::ServiceFacts::display_name`.
pub(crate) fn service_words(name: &str) -> Words {
    match name {
        "unknown" => words("未识别", "unknown"),
        name => Words::of(name.to_owned(), name.to_owned()),
    }
}

/// China has one time zone without summer time.
pub fn beijing() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).expect("eight hours are within a day")
}

pub fn show_instant(at: DateTime<Utc>) -> String {
    at.with_timezone(&beijing()).format("%Y-%m-%d %H:%M").to_string()
}

/// The civil date in China.
pub fn show_day(at: DateTime<Utc>) -> String {
    at.with_timezone(&beijing()).format("%Y-%m-%d").to_string()
}

pub fn show_date(date: NaiveDate) -> String {
    date.format("%Y-%m-%d").to_string()
}

/// With a separator between thousands.
pub fn show_count(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// With its sign, and a separator between thousands.
pub fn show_change(change: i64) -> String {
    let sign = match change {
        ..0 => "−",
        0 => "",
        1.. => "+",
    };
    format!("{sign}{}", show_count(change.unsigned_abs()))
}

/// A share in tenths of a percent, as people read it: rounded down, so that only all is 100 %. `None` of nothing.
pub(crate) fn per_mille(n: u64, of: u64) -> Option<u64> {
    let tenths = (u128::from(n) * 1000).checked_div(u128::from(of))?;
    Some(u64::try_from(tenths).unwrap_or(u64::MAX))
}

/// A share in percent with one decimal.
pub fn show_share(n: u64, of: u64) -> String {
    match per_mille(n, of) {
        None => "—".to_owned(),
        Some(tenths) => format!("{}.{}%", tenths / 10, tenths % 10),
    }
}

/// A set of ports in at most a line: whole if it is short, else how many they are and the first of them.
pub(crate) fn ports_words(ports: &str) -> Words {
    const WHOLE: usize = 60;
    const FIRST: usize = 10;
    let spaced = |ports: &str| ports.replace(',', ", ");
    let set = match ports.parse::<PortSet>() {
        Ok(set) if ports.len() > WHOLE => set,
        Ok(_) | Err(_) => return Words::of(spaced(ports), spaced(ports)),
    };
    let n = show_count(set.as_slice().len() as u64);
    let first = spaced(&ports.split(',').take(FIRST).collect::<Vec<_>>().join(","));
    Words::of(
        format!("共 {n} 个：{first} …（全部见工作表“端口清单”）"),
        format!("{n} ports: {first} … (all of them in the workbook, sheet “端口清单”)"),
    )
}

/// Text of strangers made harmless to look at: control characters and those that turn the direction of writing are
/// spelled out, and what is longer than `limit` characters is cut with an ellipsis.
pub fn show_text(text: &str, limit: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(limit * 4));
    for (n, c) in text.chars().enumerate() {
        if n == limit {
            shown.push('…');
            break;
        }
        match c {
            '\n' | '\t' => shown.push(' '),
            c if c.is_control() || is_hidden(c) => {
                shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
            }
            c => shown.push(c),
        }
    }
    shown
}

/// Marks that change the order of the text around them or can't be seen.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators() {
        for (count, shown) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(show_count(count), shown);
        }
    }

    #[test]
    fn only_all_is_a_hundred_percent() {
        for (n, of, shown) in
            [(0, 0, "—"), (0, 3, "0.0%"), (2, 3, "66.6%"), (9_999, 10_000, "99.9%"), (3, 3, "100.0%")]
        {
            assert_eq!(show_share(n, of), shown);
        }
    }

    #[test]
    fn changes_have_signs_and_separators() {
        for (change, shown) in
            [(0, "0"), (767_000, "+767,000"), (-1, "−1"), (i64::MIN, "−9,223,372,036,854,775,808")]
        {
            assert_eq!(show_change(change), shown);
        }
    }

    #[test]
    fn a_long_list_of_ports_is_a_count_and_a_beginning() {
        assert_eq!(ports_words("22,80,8000-8100").zh, "22, 80, 8000-8100");
        assert_eq!(ports_words("no port set").en, "no port set");
        let thousand = "top1000".parse::<PortSet>().expect("a list").to_string();
        let words = ports_words(&thousand);
        assert!(words.zh.starts_with("共 1,000 个：") && words.zh.chars().count() < 120, "{}", words.zh);
        assert!(words.en.starts_with("1,000 ports: ") && words.en.chars().count() < 150, "{}", words.en);
    }

    #[test]
    fn text_that_turns_or_hides_is_spelled_out() {
        for (text, shown) in [
            ("a\0b", "a⟨U+0000⟩b"),
            ("exe\u{202e}gpj", "exe⟨U+202E⟩gpj"),
            ("a\u{200b}b", "a⟨U+200B⟩b"),
            ("two\nlines", "two lines"),
            ("虚构局", "虚构局"),
        ] {
            assert_eq!(show_text(text, 100), shown);
        }
        assert_eq!(show_text("abcdef", 3), "abc…");
        assert_eq!(show_text("abc", 3), "abc");
    }

    #[test]
    fn days_are_those_of_china() {
        let evening: DateTime<Utc> = "2026-11-22T16:30:00Z".parse().unwrap();
        assert_eq!(show_day(evening), "2026-11-23");
        assert_eq!(show_instant(evening), "2026-11-23 00:30");
    }
}
