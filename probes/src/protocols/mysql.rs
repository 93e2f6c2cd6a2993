//! MySQL and MariaDB: the first packet of the server (protocol 10), or its refusal to talk to our address.

use model::observation::ServiceFacts;

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen, contains};

/// Greetings are some hundred bytes at most.
const MAX_PACKET: usize = 1024;
/// Capability flag CLIENT_SSL.
const SSL: u16 = 0x0800;

pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    let length = cursor.u24_le()?;
    if !(5..=MAX_PACKET).contains(&length) {
        return Err(Miss::No);
    }
    // The greeting is packet 0; an error behind one that we missed may be packet 1.
    if cursor.u8()? > 1 {
        return Err(Miss::No);
    }
    match cursor.u8()? {
        10 => greeting(cursor.take(length - 1)?),
        9 => greeting(cursor.take(length - 1)?),
        0xff => refusal(cursor.take(length - 1)?),
        _ => Err(Miss::No),
    }
}

fn greeting(packet: &[u8]) -> Result<ServiceFacts, Miss> {
    let mut packet = Cursor::whole(packet);
    let version = packet.until(0, 128)?;
    if version.is_empty() || !version.iter().all(|b| b.is_ascii_graphic() || *b == b' ') {
        return Err(Miss::No);
    }
    let capabilities = (|| {
        packet.take(4 + 8 + 1)?;
        packet.u16_le()
    })();
    let facts = product(identified("mysql"), version);
    Ok(match capabilities {
        Ok(flags) if flags & SSL != 0 => facts.fact("starttls", b"offered"),
        Ok(_) => facts.fact("starttls", b"not offered"),
        Err(_) => facts,
    })
}

/// MariaDB puts `5.5.5-` before its own version, for the sake of old replicas.
fn product(facts: ServiceFacts, version: &[u8]) -> ServiceFacts {
    let version = version.strip_prefix(b"5.5.5-").unwrap_or(version);
    let number = version.split(|&b| b == b'-').next().unwrap_or(version);
    let is_mariadb = contains(version, b"MariaDB");
    facts.product(if is_mariadb { "MariaDB" } else { "MySQL" }).version(number).info(version)
}

fn refusal(packet: &[u8]) -> Result<ServiceFacts, Miss> {
    let mut packet = Cursor::whole(packet);
    let code = packet.u16_le()?;
    // Server errors are 1000–4999; anything else isn't MySQL.
    if !(1000..5000).contains(&code) {
        return Err(Miss::No);
    }
    let message = packet.rest();
    if !message.iter().all(|&b| b >= b' ') {
        return Err(Miss::No);
    }
    let message = message.strip_prefix(b"#").and_then(|m| m.get(5..)).unwrap_or(message);
    let product = if contains(message, b"MariaDB") { "MariaDB" } else { "MySQL" };
    Ok(identified("mysql").product(product).info(message).fact("error", code.to_string().as_bytes()))
}

/// The X protocol (port 33060) greets with a notice: length 5 or 10, type 11, and few fixed bytes of it.
pub(crate) fn recognise_x(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    let length = cursor.u32_le()?;
    if !(3..=32).contains(&length) || cursor.u8()? != 11 {
        return Err(Miss::No);
    }
    cursor.tag(&[0x08])?;
    cursor.take(usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(2))?;
    Ok(identified("mysqlx").product("MySQL"))
}
