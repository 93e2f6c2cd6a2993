//! IPMI over the network (IPMI 2.0, §13 and §22.13–22.15): how may one log in, which cipher suites are there, and
//! would a session without any authentication (cipher suite 0) be opened? No session is ever entered: the last
//! question leaves one half-open slot, which the controller drops by itself.

use model::observation::Access;

use super::UdpContext;
use super::wire::{Read, echoed, low32};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

/// RMCP version 1.0, no acknowledgement, class IPMI.
const RMCP: [u8; 4] = [6, 0, 0xff, 7];
const AUTHENTICATION: u8 = 0x38;
const CIPHERS: u8 = 0x54;
/// The channel on which the question arrives.
const THIS_CHANNEL: u8 = 0x0e;

fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |sum, &byte| sum.wrapping_add(byte)).wrapping_neg()
}

/// A request of the application (network function 6) outside any session; the cookie is its sequence number.
fn request(cookie: u64, command: u8, data: &[u8]) -> Vec<u8> {
    let target = [0x20, 0x18];
    let [.., low] = cookie.to_be_bytes();
    let body = [[0x81, low << 2, command].as_slice(), data].concat();
    let message = [target.as_slice(), &[checksum(&target)], &body, &[checksum(&body)]].concat();
    let length = u8::try_from(message.len()).unwrap_or(u8::MAX);
    // No authentication, sequence 0, session 0.
    [RMCP.as_slice(), &[0; 9], &[length], &message].concat()
}

/// Get Channel Authentication Capabilities, with those of version 2.0, for an administrator.
pub(super) fn ask_authentication(cookie: u64, _: &UdpContext) -> Vec<u8> {
    request(cookie, AUTHENTICATION, &[0x80 | THIS_CHANNEL, 4])
}

/// Get Channel Cipher Suites: of IPMI, listed by suite, the first sixteen bytes.
pub(super) fn ask_ciphers(cookie: u64, _: &UdpContext) -> Vec<u8> {
    request(cookie, CIPHERS, &[THIS_CHANNEL, 0, 0x80])
}

/// RMCP+ Open Session Request with neither authentication, integrity nor confidentiality.
pub(super) fn ask_cipher_zero(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let [.., tag] = cookie.to_be_bytes();
    let algorithm = |kind: u8| [kind, 0, 0, 8, 0, 0, 0, 0];
    let body = [
        // Any privilege that there is.
        [tag, 0, 0, 0].as_slice(),
        &low32(cookie),
        &algorithm(0),
        &algorithm(1),
        &algorithm(2),
    ]
    .concat();
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes();
    // RMCP+ (6), payload type 0x10, session and sequence 0.
    [RMCP.as_slice(), &[6, 0x10], &[0; 8], &length, &body].concat()
}

/// The answer's sequence number, its completion code and its data.
fn answer(reply: &[u8], command: u8) -> Result<(u8, u8, Cursor<'_>), Miss> {
    let mut cursor = Cursor::whole(reply);
    cursor.tag(&[6, 0])?;
    cursor.u8()?;
    cursor.tag(&[7, 0])?;
    cursor.take(8)?;
    let length = usize::from(cursor.u8()?);
    let mut message = Cursor::whole(cursor.take(length)?);
    // Addressee, then the application's response.
    message.u8()?;
    if message.u8()? >> 2 != 7 {
        return Err(Miss::No);
    }
    message.take(2)?;
    let sequence = message.u8()? >> 2;
    if message.u8()? != command {
        return Err(Miss::No);
    }
    let code = message.u8()?;
    let n_data = message.rest().len().saturating_sub(1);
    Ok((sequence, code, Cursor::whole(message.take(n_data)?)))
}

/// `authentication` lists the kinds (`none` among them opens the door), `anonymous` says whether the nameless user
/// may log in: `null-user`, `null-password` or `no`.
pub(super) fn read_authentication(reply: &[u8]) -> Read {
    let (sequence, code, mut data) = answer(reply, AUTHENTICATION)?;
    let facts = identified("ipmi");
    if code != 0 {
        return echoed(sequence, facts.fact("completion", format!("{code:02x}").as_bytes()));
    }
    data.u8()?;
    let (kinds, login) = (data.u8()?, data.u8()?);
    let names = [(0, "none"), (1, "md2"), (2, "md5"), (4, "password"), (5, "oem")];
    let offered: Vec<&str> =
        names.iter().filter(|(bit, _)| kinds >> bit & 1 == 1).map(|(_, name)| *name).collect();
    let anonymous = match login {
        _ if login & 1 != 0 => "null-password",
        _ if login & 2 != 0 => "null-user",
        _ => "no",
    };
    // Without the extended bit there is no byte on versions, and the controller is of IPMI 1.5.
    let is_2 = kinds & 0x80 != 0 && data.u8().is_ok_and(|versions| versions & 2 != 0);
    let access = if kinds & 1 != 0 || login & 1 != 0 {
        Access::NoAuthentication
    } else {
        Access::AuthenticationRequired
    };
    let facts = facts
        .version(if is_2 { b"2.0" } else { b"1.5" })
        .fact("authentication", offered.join(",").as_bytes())
        .fact("anonymous", anonymous.as_bytes())
        .access(access);
    echoed(sequence, facts)
}

/// `cipher-suites`: the numbers, in the order in which the controller lists them; 16 bytes hold four or five.
pub(super) fn read_ciphers(reply: &[u8]) -> Read {
    let (sequence, code, mut data) = answer(reply, CIPHERS)?;
    let facts = identified("ipmi");
    if code != 0 {
        return echoed(sequence, facts.fact("cipher-completion", format!("{code:02x}").as_bytes()));
    }
    data.u8()?;
    let mut suites: Vec<String> = Vec::new();
    // A record begins with 0xc0 and the suite, or 0xc1, the suite and a vendor's three bytes; algorithms follow.
    while let Ok(byte) = data.u8() {
        if byte & 0xfe == 0xc0 {
            let Ok(suite) = data.u8() else { break };
            suites.push(suite.to_string());
        }
        if byte == 0xc1 && data.take(3).is_err() {
            break;
        }
    }
    let zero = if suites.iter().any(|suite| suite == "0") { "listed" } else { "not-listed" };
    let facts =
        facts.fact("cipher-suites", suites.join(",").as_bytes()).fact("cipher-zero-listed", zero.as_bytes());
    echoed(sequence, facts)
}

/// `cipher-zero`: `accepted`, or the status with which it was refused.
pub(super) fn read_cipher_zero(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    cursor.tag(&[6, 0])?;
    cursor.u8()?;
    cursor.tag(&[7, 6, 0x11])?;
    cursor.take(8)?;
    let length = usize::from(cursor.u16_le()?);
    let mut body = Cursor::whole(cursor.take(length)?);
    body.u8()?;
    let status = body.u8()?;
    body.u16()?;
    let session = body.u32()?;
    let facts = identified("ipmi").version(b"2.0");
    if status == 0 {
        return echoed(session, facts.fact("cipher-zero", b"accepted").access(Access::NoAuthentication));
    }
    echoed(session, facts.fact("cipher-zero", format!("refused-{status:02x}").as_bytes()))
}
