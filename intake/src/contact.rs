//! Names and how to reach people, as cells say them.

use crate::cell::{self, CellFault};
use crate::reason::Reason;
use crate::table::CellIn;

/// A name without `/` and `@`, which refer to people. `None` if the cell is blank.
pub fn person_name<R>(cell: &CellIn) -> Result<Option<String>, Reason<R>> {
    match one_line(cell)? {
        Some(name) if name.contains(['/', '@', '／', '＠']) => Err(Reason::NameHasSeparator),
        name => Ok(name),
    }
}

/// A break inside a name is the sheet's layout, not the name's. `None` if the cell is blank.
pub fn one_line(cell: &CellIn) -> Result<Option<String>, CellFault> {
    Ok(cell::prose(cell)?.map(|text| text.replace('\n', " ")))
}

/// `text` as [`cell::code`] gives it.
pub fn phone<R>(text: &str) -> Result<&str, Reason<R>> {
    let is_sound = (3..=40).contains(&text.chars().count())
        && text.chars().all(|c| c.is_ascii_digit() || "+-() 转#*".contains(c))
        && phone_key(text).len() >= 3;
    if is_sound { Ok(text) } else { Err(Reason::Phone) }
}

/// What two phone numbers are compared by: their digits.
pub fn phone_key(phone: &str) -> String {
    cell::fold(phone).chars().filter(char::is_ascii_digit).collect()
}

/// `text` as [`cell::code`] gives it; what a host name is, the caller knows.
pub fn email<R>(text: &str, is_host_name: impl Fn(&str) -> bool) -> Result<&str, Reason<R>> {
    let is_sound = text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && !host.contains('@') && host.contains('.') && is_host_name(host)
    });
    if is_sound && !text.contains(char::is_whitespace) { Ok(text) } else { Err(Reason::Email) }
}
