//! Cells as messages may tell them: of what could be an ID number, the last four places.
//!
//! It must not decide what an ID number is: one that is mistyped, or written in another column, is as secret.

use intake::cell;

/// A run of so many digits, whatever else is among them, could be one: a phone number with its area code has fewer.
const MIN_DIGITS: usize = 13;
const N_SHOWN: usize = 4;

/// `is_id_number` says that the whole cell is to be one.
pub(crate) fn masked(is_id_number: bool, text: String) -> String {
    if is_id_number {
        return hidden(&text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c| !may_be_in_run(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        let n_digits = cell::fold(run).chars().filter(char::is_ascii_digit).count();
        if n_digits >= MIN_DIGITS {
            out.push_str(&hidden(run))
        } else {
            out.push_str(run)
        }
        let mut chars = after.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    out
}

/// Letters too: an O is often typed for a 0.
fn may_be_in_run(c: char) -> bool {
    if matches!(c, '。' | '｡') {
        return false;
    }
    let folded = cell::fold(c.encode_utf8(&mut [0; 4]));
    folded.chars().all(|c| c.is_ascii_alphanumeric() || " -.+'".contains(c))
}

fn hidden(text: &str) -> String {
    let n_hidden = text.chars().count().saturating_sub(N_SHOWN);
    // A short one would be told whole.
    let n_hidden = if n_hidden < 2 * N_SHOWN { text.chars().count() } else { n_hidden };
    text.chars().enumerate().map(|(i, c)| if i < n_hidden { '*' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is_id_number: bool, text: &str, expected: &str) {
        assert_eq!(masked(is_id_number, text.into()), expected);
    }

    #[test]
    fn tells_the_last_four_places_at_most() {
        check(true, "000001199001010010", "**************0010");
        check(true, "00000119900101", "**********0101");
        check(true, "1234", "****");
        check(false, "000001199001010010", "**************0010");
        check(false, "示例甲，０００００１199001 010010。", "示例甲，***************0010。");
        check(false, "0000011990O1010010", "**************0010");
        check(false, "虚构甲/020-0000-0001@示例局", "虚构甲/020-0000-0001@示例局");
        check(false, "2026-06-20 09:00", "2026-06-20 09:00");
        check(false, "+86 020-0000-0001", "*************0001");
    }
}
