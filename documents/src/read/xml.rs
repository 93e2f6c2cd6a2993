//! One part of a workbook as a stream of XML events, bounded in depth and length.
//!
//! It must not know what the elements mean.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::{Damage, ReadError};

/// Bytes between two `<` that a sound part may have: a cell of 32,767 characters, each written as an escape,
/// takes a third of it.
const LONGEST_RUN: usize = 1 << 20;
/// Workbook parts nest less than twenty deep.
const DEEPEST: usize = 128;

/// Inflated bytes that all parts together may still yield.
pub(super) type Budget = Rc<Cell<u64>>;

pub(super) struct Xml<R: Read> {
    reader: Reader<BufReader<Bounded<R>>>,
    buffer: Vec<u8>,
    depth: usize,
    part: String,
    inflated_limit: u64,
}

impl<R: Read> Xml<R> {
    pub(super) fn new(part: &str, inner: R, budget: Budget, inflated_limit: u64) -> Self {
        let mut reader = Reader::from_reader(BufReader::new(Bounded { inner, budget, run: 0 }));
        let config = reader.config_mut();
        config.check_end_names = false;
        config.expand_empty_elements = true;
        Xml { reader, buffer: Vec::new(), depth: 0, part: part.to_owned(), inflated_limit }
    }

    pub(super) fn next(&mut self) -> Result<Event<'_>, ReadError> {
        self.buffer.clear();
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(error) => return Err(translate(&self.part, &error, self.inflated_limit)),
        };
        match event {
            Event::Start(_) if self.depth >= DEEPEST => Err(damaged(&self.part, Damage::NestedTooDeep)),
            Event::Start(_) => {
                self.depth += 1;
                Ok(event)
            }
            Event::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(event)
            }
            _ => Ok(event),
        }
    }

    pub(super) fn damaged(&self, what: Damage) -> ReadError {
        damaged(&self.part, what)
    }

    /// The text up to the end of the element that was just started, elements inside it left out. At most
    /// `limit` characters; `None` when there are more.
    pub(super) fn text_to_end(&mut self, limit: usize) -> Result<Option<String>, ReadError> {
        let mut text = String::new();
        let mut inside = 0_usize;
        // Text goes on in several events around entities; only the end counts characters exactly.
        let byte_limit = limit.saturating_mul(4);
        loop {
            match self.next()? {
                Event::Start(_) => inside += 1,
                Event::End(_) if inside == 0 => break,
                Event::End(_) => inside -= 1,
                Event::Text(part) if inside == 0 => text.push_str(&part.xml10_content()),
                Event::CData(part) if inside == 0 => text.push_str(&part.xml10_content()),
                Event::GeneralRef(part) if inside == 0 => match resolve(&part) {
                    Some(c) => text.push(c),
                    None => {
                        let name = part.chars().take(20).collect();
                        return Err(self.damaged(Damage::UnknownEntity(name)));
                    }
                },
                Event::Eof => return Err(self.damaged(Damage::EndsInTheMiddle)),
                _ => {}
            }
            if text.len() > byte_limit {
                return Ok(None);
            }
        }
        let text = unescape_code_units(text);
        Ok((text.chars().count() <= limit).then_some(text))
    }
}

pub(super) fn damaged(part: &str, what: Damage) -> ReadError {
    ReadError::Damaged { part: part.to_owned(), what }
}

/// The value of the attribute with this local name, unescaped.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().into_inner() == name)?;
    let value = found.normalized_value(XmlVersion::Implicit1_0);
    Some(value.map_or_else(|_| found.value.to_string(), |value| value.into_owned()))
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    match reference.resolve_char_ref() {
        Ok(Some(c)) => Some(c),
        Ok(None) => match reference.as_ref() {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => None,
        },
        Err(_) => None,
    }
}

/// Spreadsheets write characters that XML forbids as `_xHHHH_` (ECMA-376 part 1, 22.9.2.19).
fn unescape_code_units(text: String) -> String {
    if !text.contains("_x") {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("_x") {
        let (before, candidate) = rest.split_at(at);
        plain.push_str(before);
        let unit = candidate
            .get(2..6)
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .filter(|_| candidate.as_bytes().get(6) == Some(&b'_'))
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32);
        match unit {
            Some(c) => {
                plain.push(c);
                rest = candidate.get(7..).unwrap_or_default();
            }
            None => {
                plain.push_str("_x");
                rest = candidate.get(2..).unwrap_or_default();
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn translate(part: &str, error: &quick_xml::Error, inflated_limit: u64) -> ReadError {
    if let quick_xml::Error::Io(io) = error
        && let Some(stop) = io.get_ref().and_then(|inner| inner.downcast_ref::<Stop>())
    {
        return match stop {
            Stop::Budget => ReadError::InflatesTooLarge { limit: inflated_limit },
            Stop::Run => damaged(part, Damage::EndlessText),
        };
    }
    let mut detail = error.to_string();
    if let Some((at, _)) = detail.char_indices().nth(120) {
        detail.truncate(at);
    }
    damaged(part, Damage::Library(detail))
}

#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("the inflated size is exhausted")]
    Budget,
    #[error("a run of bytes without markup is too long")]
    Run,
}

/// Counts what inflating really yields, whatever the container's directory declared.
struct Bounded<R> {
    inner: R,
    budget: Budget,
    /// Bytes since the last `<`.
    run: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let left =
            self.budget.get().checked_sub(length as u64).ok_or_else(|| io::Error::other(Stop::Budget))?;
        self.budget.set(left);
        let read = buffer.get(..length).unwrap_or_default();
        self.run = match read.iter().rposition(|byte| *byte == b'<') {
            Some(at) => length - at,
            None => self.run + length,
        };
        if self.run > LONGEST_RUN { Err(io::Error::other(Stop::Run)) } else { Ok(length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(xml: &str, expected: Option<&str>) {
        let budget = Rc::new(Cell::new(1 << 20));
        let mut xml = Xml::new("a test", xml.as_bytes(), budget, 1 << 20);
        xml.next().unwrap();
        assert_eq!(xml.text_to_end(8).unwrap().as_deref(), expected);
    }

    #[test]
    fn gathers_text_around_entities_and_inner_elements() {
        check("<t>a&amp;b<i>no</i>&#x4e2d;</t>", Some("a&b中"));
        check("<t><![CDATA[<x>]]></t>", Some("<x>"));
        check("<t/>", Some(""));
        check("<t>_x000D__x5F__x</t>", Some("\r_x5F__x"));
        check("<t>123456789</t>", None);
    }

    #[test]
    fn refuses_elements_nested_too_deep() {
        let xml = "<a>".repeat(DEEPEST + 1);
        let mut xml = Xml::new("a test", xml.as_bytes(), Rc::new(Cell::new(1 << 20)), 1 << 20);
        let error = std::iter::repeat_with(|| xml.next().map(drop)).find_map(Result::err).unwrap();
        assert!(error.to_string().contains("too deep"), "{error}");
    }
}
