//! Protocols that a line or two of greeting gives away, where nothing more is asked.

use model::observation::ServiceFacts;

use super::reply::Reply;
use crate::facts::{Tell, identified};
use crate::seen::{Asked, Miss, Seen, after, contains};

/// RFC 3977 §5.1.
pub(crate) fn recognise_nntp(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let reply = Reply::read(&mut seen.cursor())?;
    let text = reply.text();
    let names_news = [b"NNTP".as_slice(), b"InterNetNews", b"INN "].iter().any(|word| contains(&text, word));
    if matches!(reply.code, 200 | 201 | 400 | 502) && names_news {
        Ok(identified("nntp").info(&text))
    } else {
        Err(Miss::No)
    }
}

/// RFC 5804 §1.7: capabilities in quotes.
pub(crate) fn recognise_managesieve(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    cursor.tag(b"\"IMPLEMENTATION\" \"")?;
    let product = cursor.until(b'"', 256)?;
    Ok(identified("managesieve").product(&crate::clean::text(product)))
}

/// The `svn` protocol's greeting.
pub(crate) fn recognise_svn(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    cursor.tag(b"( success ( ")?;
    let rest = cursor.line(2048)?;
    if contains(rest, b"edit-pipeline") { Ok(identified("svn").product("Subversion")) } else { Err(Miss::No) }
}

pub(crate) fn recognise_vmware(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let reply = Reply::read(&mut seen.cursor())?;
    let text = reply.text();
    if reply.code != 220 || !contains(&text, b"VMware Authentication Daemon") {
        return Err(Miss::No);
    }
    let version = after(&text, b"Daemon Version ", b",: ").unwrap_or_default();
    Ok(identified("vmware-auth").product("VMware Authentication Daemon").version(version).info(&text))
}

/// RFC 6120 §4.2: whatever it was sent, it opens a stream to complain in.
pub(crate) fn recognise_xmpp(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    cursor.tag(b"<")?;
    let head = cursor.rest().get(..512).unwrap_or(cursor.rest());
    if contains(head, b"stream:stream") || contains(head, b"http://etherx.jabber.org/streams") {
        return Ok(identified("xmpp"));
    }
    let could_be = [b"?xml ".as_slice(), b"stream:"].iter().any(|tag| {
        let n = head.len().min(tag.len());
        head.get(..n) == tag.get(..n)
    });
    if could_be && head.len() < 512 { Err(cursor.short()) } else { Err(Miss::No) }
}

/// RFC 2812: notices before anyone registered, or the complaint about a command.
pub(crate) fn recognise_irc(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    match cursor.rest().first() {
        Some(b':') => {
            let line = cursor.line(512)?;
            let mut words = line.split(|&b| b == b' ');
            let server = words.next().unwrap_or_default();
            let command = words.next().unwrap_or_default();
            let is_irc = matches!(command, b"NOTICE" | b"421" | b"451" | b"020");
            if is_irc {
                Ok(identified("irc").info(server.get(1..).unwrap_or_default()))
            } else {
                Err(Miss::No)
            }
        }
        Some(b'N') => {
            cursor.tag(b"NOTICE AUTH :")?;
            Ok(identified("irc"))
        }
        Some(b'E') => {
            cursor.tag(b"ERROR :")?;
            let line = cursor.line(512)?;
            let is_irc = contains(line, b"Closing Link") || contains(line, b"IRC");
            if is_irc { Ok(identified("irc").info(line)) } else { Err(Miss::No) }
        }
        Some(_) => Err(Miss::No),
        None => Err(cursor.short()),
    }
}

pub(crate) fn recognise_beanstalkd(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    cursor.tag(b"UNKNOWN_COMMAND\r\n")?;
    Ok(identified("beanstalkd").product("beanstalkd"))
}

/// RFC 867: one short line with a time of day, then the end.
pub(crate) fn recognise_daytime(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let text = seen.bytes;
    let fits = text.iter().all(|b| matches!(b, b'\r' | b'\n' | b' '..=b'~'));
    if seen.asked != Asked::Nothing || text.is_empty() || text.len() > 64 || !fits {
        return Err(Miss::No);
    }
    if !seen.end {
        return Err(Miss::More);
    }
    let has_clock = text.windows(8).any(|w| {
        matches!(w, [a, b, b':', c, d, b':', e, f] if [a, b, c, d, e, f].iter().all(|x| x.is_ascii_digit()))
    });
    if has_clock && text.ends_with(b"\n") { Ok(identified("daytime").info(text)) } else { Err(Miss::No) }
}

/// RFC 864: lines of 72 characters, each one character further through ASCII.
pub(crate) fn recognise_chargen(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    let line = match cursor.rest().get(..72) {
        Some(_) => cursor.take(72)?,
        None => {
            let ascending = ascends(cursor.rest());
            return Err(if ascending && !cursor.is_empty() { cursor.short() } else { Miss::No });
        }
    };
    if ascends(line) { Ok(identified("chargen")) } else { Err(Miss::No) }
}

fn ascends(line: &[u8]) -> bool {
    line.windows(2)
        .all(|pair| matches!(pair, [a, b] if *b == a.wrapping_add(1) || (*a >= b'}' && *b <= b'!')))
}
