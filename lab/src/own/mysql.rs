//! A MySQL greeting (protocol 10 handshake) and the refusal of any login, after MySQL's "Client/Server Protocol"
//! chapter. It claims 5.5.62, the last of a series that is no longer supported.

use super::{LONGEST_INPUT, Session, Step, take_front};

pub(super) struct MySql;

impl Session for MySql {
    fn greet(&mut self) -> Vec<u8> {
        // LONG_PASSWORD, FOUND_ROWS, LONG_FLAG, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION; no SSL.
        const CAPABILITIES_LOW: [u8; 2] = 0xa20f_u16.to_le_bytes();
        const PLUGIN_AUTH_HIGH: [u8; 2] = 0x0008_u16.to_le_bytes();
        const UTF8: u8 = 0x21;
        const AUTOCOMMIT: [u8; 2] = 2_u16.to_le_bytes();
        let mut payload = vec![10];
        payload.extend_from_slice(b"5.5.62-lab\0");
        payload.extend_from_slice(&7_u32.to_le_bytes());
        payload.extend_from_slice(b"fictiona\0");
        payload.extend_from_slice(&CAPABILITIES_LOW);
        payload.push(UTF8);
        payload.extend_from_slice(&AUTOCOMMIT);
        payload.extend_from_slice(&PLUGIN_AUTH_HIGH);
        payload.push(21);
        payload.extend_from_slice(&[0; 10]);
        payload.extend_from_slice(b"l-challenge!\0mysql_native_password\0");
        packet(0, &payload)
    }

    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        let &[a, b, c, sequence, ..] = input.as_slice() else { return Step::Wait };
        let length = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
        let next = sequence.wrapping_add(1);
        if length > LONGEST_INPUT {
            return Step::SayAndClose(refusal(next, 1043, "08S01", "Bad handshake"));
        }
        match take_front(input, length + 4) {
            Some(_) => Step::SayAndClose(refusal(
                next,
                1045,
                "28000",
                "Access denied for user (using password: YES)",
            )),
            None => Step::Wait,
        }
    }
}

fn refusal(sequence: u8, code: u16, state: &str, message: &str) -> Vec<u8> {
    let mut payload = vec![0xff];
    payload.extend_from_slice(&code.to_le_bytes());
    payload.push(b'#');
    payload.extend_from_slice(state.as_bytes());
    payload.extend_from_slice(message.as_bytes());
    packet(sequence, &payload)
}

fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("our own payloads are short").to_le_bytes();
    let mut bytes = vec![length[0], length[1], length[2], sequence];
    bytes.extend_from_slice(payload);
    bytes
}
