//! Reads an HTTP/1 response as far as identification needs it: status, fields, the beginning of the body.

use crate::seen::{Cursor, Miss, Seen, contains, find};

/// The most of a body that is waited for; titles are near its beginning.
const MAX_BODY: usize = 16 * 1024;
const MAX_HEAD: usize = 32 * 1024;
const MAX_FIELDS: usize = 100;

pub(super) struct Message<'a> {
    pub(super) status: u16,
    pub(super) reason: &'a [u8],
    fields: Vec<Field<'a>>,
    pub(super) body: Vec<u8>,
}

impl<'a> Message<'a> {
    /// `protocol` is `HTTP`, `RTSP` or `SIP`.
    pub(super) fn read(seen: &Seen<'a>, protocol: &[u8]) -> Result<Message<'a>, Miss> {
        let mut cursor = seen.cursor();
        cursor.tag(protocol)?;
        cursor.tag(b"/")?;
        let line = cursor.line(2048)?;
        let mut words = line.splitn(3, |&b| b == b' ');
        let version = words.next().unwrap_or_default();
        if !version.first().is_some_and(u8::is_ascii_digit) {
            return Err(Miss::No);
        }
        let status = words.next().and_then(|word| std::str::from_utf8(word).ok()?.trim().parse().ok());
        let status = status.ok_or(Miss::No)?;
        let reason = words.next().unwrap_or_default();
        let fields = read_fields(&mut cursor)?;
        let mut message = Message { status, reason, fields, body: Vec::new() };
        message.body = message.read_body(cursor.rest(), seen.end)?;
        Ok(message)
    }

    /// The first field of that name, blanks around it removed.
    pub(super) fn field(&self, name: &str) -> Option<&'a [u8]> {
        self.fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| *value)
    }

    /// As much of the body as decides: all of it, or up to the title, or [`MAX_BODY`] bytes.
    fn read_body(&self, rest: &[u8], end: bool) -> Result<Vec<u8>, Miss> {
        if self.status == 204 || self.status == 304 || self.status < 200 {
            return Ok(Vec::new());
        }
        let bounded = rest.get(..MAX_BODY).unwrap_or(rest);
        let chunked = self.field("transfer-encoding").is_some_and(|value| contains(value, b"chunked"));
        let length: Option<usize> =
            self.field("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
        let has_length = chunked || length.is_some();
        let (body, is_whole) = match length.and_then(|n| bounded.get(..n)) {
            _ if chunked => join_chunks(bounded),
            Some(body) => (body.to_vec(), true),
            None => (bounded.to_vec(), false),
        };
        // A page of unknown length is read up to its title, and cut there, so that the answer doesn't depend on how
        // much of it has arrived. Error pages say what they mean further down.
        if !has_length
            && self.status < 400
            && let Some(at) = find(&body, b"</title")
        {
            return Ok(body.get(..at + b"</title".len()).unwrap_or(&body).to_vec());
        }
        if is_whole || end || rest.len() >= MAX_BODY { Ok(body) } else { Err(Miss::More) }
    }
}

/// Name and value, as they came.
type Field<'a> = (&'a [u8], &'a [u8]);

fn read_fields<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Field<'a>>, Miss> {
    let mut fields = Vec::new();
    loop {
        if cursor.n_used() > MAX_HEAD {
            return Err(Miss::No);
        }
        let line = match cursor.line(8192) {
            // The peer stopped within its head: what is there still counts.
            Err(Miss::No) if cursor.is_empty() => return Ok(fields),
            line => line?,
        };
        if line.is_empty() {
            return Ok(fields);
        }
        if let Some(colon) = line.iter().position(|&b| b == b':').filter(|_| fields.len() < MAX_FIELDS) {
            let (name, value) = line.split_at(colon);
            fields.push((name, value.get(1..).unwrap_or_default().trim_ascii()));
        }
    }
}

/// The data of the chunks (RFC 9112 §7.1) that have arrived, and whether that was the last one.
fn join_chunks(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut cursor = Cursor::whole(bytes);
    let mut body = Vec::new();
    loop {
        let size = cursor.until(b'\n', 64).ok().and_then(|line| {
            let digits = line.split(|b| !b.is_ascii_hexdigit()).next()?;
            usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        });
        match size {
            None => return (body, false),
            Some(0) => return (body, true),
            Some(size) => {
                let n = size.min(cursor.rest().len());
                body.extend_from_slice(cursor.take(n).unwrap_or_default());
                if n < size || cursor.until(b'\n', 2).is_err() {
                    return (body, false);
                }
            }
        }
    }
}
