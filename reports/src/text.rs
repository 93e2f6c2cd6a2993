//! Words in both languages, and how values are shown.
//!
//! Every text that a reader sees comes from here or from a table's own columns, always as a pair. It must not hold
//! markup: what is shown is escaped by the edition that prints it.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use model::severity::Severity;

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
