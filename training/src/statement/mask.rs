//! A name that a reader with the person in front of him can check, and nobody else can read.

use aws_lc_rs::digest;

use super::{is_unprintable, printed};
use crate::serial::Serial;

const HIDDEN: char = '*';
/// Longest masked name, in characters.
pub(super) const MAX_NAME: usize = 24;

/// Chinese names keep the first character, and the last if they have three or more: 示\*, 示\*例, 示\*\*例. Other names keep
/// the first letter of each word: J\*\*\* E\*\*\*\*\*\*. Dots, hyphens and blanks between the parts stay. A name of a single
/// character is hidden whole.
pub fn masked(name: &str) -> String {
    let clean: Vec<char> = name.trim().chars().filter(|&c| !is_unprintable(c)).collect();
    let is_chinese = clean.iter().any(|&c| is_ideograph(c));
    let n = clean.len();
    let mut hidden: String = clean
        .iter()
        .enumerate()
        .map(|(at, &c)| {
            let starts = at == 0 || clean.get(at - 1).is_some_and(|&before| is_joint(before));
            let shown = match is_chinese {
                true => (at == 0 && n > 1) || (at + 1 == n && n > 2),
                false => starts && n > 1,
            };
            if shown || is_joint(c) { c } else { HIDDEN }
        })
        .collect();
    if let Some((end, _)) = hidden.char_indices().nth(MAX_NAME - 1)
        && n > MAX_NAME
    {
        hidden.truncate(end);
        hidden.push('…');
    }
    hidden
}

fn is_joint(c: char) -> bool {
    c.is_whitespace() || matches!(c, '·' | '•' | '・' | '‧' | '-' | '.' | '\'')
}

/// The ideographs of Unicode, in planes 0, 2 and 3.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

/// One byte over the serial and the whole name.
pub(super) fn name_check(serial: &Serial, name: &str) -> u8 {
    let text = format!("sentrypost name 1\0{serial}\0{}", printed::fold(name));
    digest::digest(&digest::SHA512, text.as_bytes()).as_ref().first().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_checkable_and_are_not_told() {
        let check = |name: &str, expected: &str| assert_eq!(masked(name), expected, "{name}");
        check("示例", "示*");
        check("示范例", "示*例");
        check("虚构示例", "虚**例");
        check("虚构的示例人", "虚****人");
        check("示", "*");
        check(" 示范例 ", "示*例");
        check("虚构提·示例江", "虚**·**江");
        check("Jane Example", "J*** E******");
        check("Jean-Luc O'Example", "J***-L** O'E******");
        check("𠮷示例", "𠮷*例");
        check("J", "*");
        check("", "");
        check("示\u{202e}例", "示*");
        check(&"Examples ".repeat(9), "E******* E******* E****…");
        check(&"示".repeat(40), "示**********************…");
    }
}
