//! The negotiation of an SMB file server (MS-SMB2 2.2.3 and 2.2.4; MS-CIFS for the older request that leads to it).
//! Signing is enabled and not required, which is its fault. Whatever follows is refused.

use super::{LONGEST_INPUT, Session, Step, take_front};

const HEADER: usize = 64;
const ACCESS_DENIED: u32 = 0xc000_0022;
const NOT_SUPPORTED: u32 = 0xc000_00bb;
/// 3.1.1 isn't among them, since it needs negotiate contexts.
const DIALECTS: [u16; 4] = [0x0202, 0x0210, 0x0300, 0x0302];

pub(super) struct Smb;

impl Session for Smb {
    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        // Direct TCP: a zero and the length in three bytes.
        if input.first().is_some_and(|kind| *kind != 0) {
            return Step::SayAndClose(Vec::new());
        }
        let &[_, a, b, c, ..] = input.as_slice() else { return Step::Wait };
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        if length > LONGEST_INPUT {
            return Step::SayAndClose(Vec::new());
        }
        let Some(packet) = take_front(input, length + 4) else { return Step::Wait };
        answer(packet.get(4..).unwrap_or_default())
    }
}

fn answer(message: &[u8]) -> Step {
    if message.starts_with(b"\xffSMB\x72") {
        return answer_old(message);
    }
    let Some(header) = message.get(..HEADER).filter(|header| header.starts_with(b"\xfeSMB")) else {
        return Step::SayAndClose(Vec::new());
    };
    let command = u16_at(header, 12).unwrap_or_default();
    let message_id = header.get(24..32).and_then(|id| id.try_into().ok()).unwrap_or([0; 8]);
    if command != 0 {
        return Step::SayAndClose(framed(error(command, message_id, ACCESS_DENIED)));
    }
    let body = message.get(HEADER..).unwrap_or_default();
    let n_dialects = usize::from(u16_at(body, 2).unwrap_or_default());
    let offered = body.get(36..).unwrap_or_default().chunks_exact(2).take(n_dialects);
    let best = offered.filter_map(|pair| u16_at(pair, 0)).filter(|dialect| DIALECTS.contains(dialect)).max();
    match best {
        Some(dialect) => Step::Say(framed(negotiated(dialect, message_id))),
        None => Step::SayAndClose(framed(error(0, message_id, NOT_SUPPORTED))),
    }
}

/// SMB 1 leads on to SMB 2 when the client names it, and nowhere else.
fn answer_old(message: &[u8]) -> Step {
    const ANY_SMB2: u16 = 0x02ff;
    let names = |dialect: &[u8]| message.windows(dialect.len()).any(|window| window == dialect);
    if names(b"\x02SMB 2.???\0") {
        Step::Say(framed(negotiated(ANY_SMB2, [0; 8])))
    } else if names(b"\x02SMB 2.002\0") {
        Step::Say(framed(negotiated(0x0202, [0; 8])))
    } else {
        // One parameter word: no dialect of yours will do.
        let mut reply = b"\xffSMB\x72\0\0\0\0\x98".to_vec();
        reply.resize(32, 0);
        reply.extend_from_slice(&[1, 0xff, 0xff, 0, 0]);
        Step::SayAndClose(framed(reply))
    }
}

fn header(command: u16, message_id: [u8; 8], status: u32) -> Vec<u8> {
    const SERVER_TO_CLIENT: u32 = 1;
    let mut bytes = b"\xfeSMB".to_vec();
    bytes.extend_from_slice(&64_u16.to_le_bytes());
    bytes.extend_from_slice(&0_u16.to_le_bytes());
    bytes.extend_from_slice(&status.to_le_bytes());
    bytes.extend_from_slice(&command.to_le_bytes());
    bytes.extend_from_slice(&1_u16.to_le_bytes());
    bytes.extend_from_slice(&SERVER_TO_CLIENT.to_le_bytes());
    bytes.extend_from_slice(&0_u32.to_le_bytes());
    bytes.extend_from_slice(&message_id);
    bytes.resize(HEADER, 0);
    bytes
}

fn error(command: u16, message_id: [u8; 8], status: u32) -> Vec<u8> {
    let mut bytes = header(command, message_id, status);
    bytes.extend_from_slice(&[9, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

fn negotiated(dialect: u16, message_id: [u8; 8]) -> Vec<u8> {
    const SIGNING_ENABLED: u16 = 1;
    const LARGEST: u32 = 65_536;
    /// SPNEGO's first token with NTLMSSP as the only mechanism (RFC 4178, DER).
    const TOKEN: [u8; 30] = [
        0x60, 0x1c, 0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02, 0xa0, 0x12, 0x30, 0x10, 0xa0, 0x0e, 0x30,
        0x0c, 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a,
    ];
    const TOKEN_OFFSET: u16 = 128;
    let mut bytes = header(0, message_id, 0);
    bytes.extend_from_slice(&65_u16.to_le_bytes());
    bytes.extend_from_slice(&SIGNING_ENABLED.to_le_bytes());
    bytes.extend_from_slice(&dialect.to_le_bytes());
    bytes.extend_from_slice(&0_u16.to_le_bytes());
    bytes.extend_from_slice(b"sentry-lab-guid!");
    bytes.extend_from_slice(&0_u32.to_le_bytes());
    for _ in ["transact", "read", "write"] {
        bytes.extend_from_slice(&LARGEST.to_le_bytes());
    }
    // Two instants, unset: the lab doesn't read the clock for a client.
    bytes.extend_from_slice(&[0; 16]);
    bytes.extend_from_slice(&TOKEN_OFFSET.to_le_bytes());
    bytes.extend_from_slice(&u16::try_from(TOKEN.len()).expect("30").to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&TOKEN);
    bytes
}

fn framed(message: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("our own messages are short").to_be_bytes();
    [&length[..], &message].concat()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}
