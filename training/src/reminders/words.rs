//! Mails in words: plain text in Chinese, with the name of the holder, the certificate and its days, and nothing else
//! of anybody.

use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::NaiveDate;
use model::staffing::Requirement;

use super::{Item, Line};
use crate::due::DueKind;

/// Longest text of a stranger within a line.
const MAX_CHARS: usize = 120;

/// Text of a stranger for one line: what would begin another line or move the pen is a space.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if is_shown(c) { c } else { ' ' }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.join(" ").chars().take(MAX_CHARS).collect()
}

/// Neither a control character nor one that turns the direction of writing or breaks the line.
fn is_shown(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !(c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'))
}

/// What a rule asks for: 至少 2 名持证维护人员（A、B 角）.
pub(super) fn asks(rule: &Requirement) -> String {
    let backup = if rule.needs_backup { "（A、B 角）" } else { "" };
    format!("至少 {} 名持证{}{backup}", rule.head_count, rule.post.chinese())
}

/// Subject and body of one mail. The lines are of one recipient, the nearest day first.
pub(super) fn mail(lines: &[&Line], day: NaiveDate, issuer: &str) -> (String, String) {
    (subject(lines), body(lines, day, issuer))
}

fn subject(lines: &[&Line]) -> String {
    match lines {
        [] => "上岗证提醒".to_owned(),
        [one] => format!("上岗证{}提醒：{}（{}）", one.item.what.chinese(), one.item.on, left(&one.item)),
        [first, ..] => format!("上岗证提醒：{} 项，最近 {}", lines.len(), first.item.on),
    }
}

fn body(lines: &[&Line], day: NaiveDate, issuer: &str) -> String {
    let mut text = String::new();
    let name = lines.first().map(|line| line.name.as_str()).unwrap_or_default();
    let mut say = |line: std::fmt::Arguments<'_>| {
        text.write_fmt(line).expect("text takes text");
        text.push('\n');
    };
    say(format_args!("{name}：\n\n截至 {day}，下列上岗证临近或已过到期日、复审日：\n"));
    for (n, line) in (1..).zip(lines) {
        let Item { holder, unit_name, category, serial, what, on, .. } = &line.item;
        say(format_args!("{n}. {holder}（{unit_name}），{category}"));
        say(format_args!("   编号：{serial}"));
        say(format_args!("   {}日：{on}，{}", what.chinese(), left(&line.item)));
        say(format_args!("   {}", advice(&line.item)));
    }
    let roles: BTreeSet<_> = lines.iter().map(|line| line.because).collect();
    let roles: Vec<&str> = roles.into_iter().map(|role| role.chinese()).collect();
    say(format_args!("\n您收到本邮件，因为您是{}。已经办理的，无需理会。", roles.join("、")));
    say(format_args!("本邮件由系统自动发出，请勿直接回复。\n\n{}", one_line(issuer)));
    text
}

fn left(item: &Item) -> String {
    match item.days_left {
        0 => "就在当天".to_owned(),
        days if days > 0 => format!("还有 {days} 天"),
        days => format!("已过 {} 天", days.unsigned_abs()),
    }
}

fn advice(item: &Item) -> &'static str {
    match (item.what, item.days_left < 0) {
        (DueKind::Expiry, false) => "请在到期日之前办理换证；到期后不得凭此证上岗。",
        (DueKind::Expiry, true) => "此证已过期，不得凭此证上岗；请尽快办理换证。",
        (DueKind::Review, false) => "请在复审日之前办理复审。",
        (DueKind::Review, true) => "复审已逾期，宽限期过后此证不再有效；请尽快办理复审。",
    }
}
