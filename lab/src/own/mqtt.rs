//! A message broker that admits anyone and delivers nothing (MQTT 3.1.1 and 5.0, OASIS).

use super::{LONGEST_INPUT, Session, Step, take_front};

const CONNECT: u8 = 1;
const SUBSCRIBE: u8 = 8;
const PING: u8 = 12;
const DISCONNECT: u8 = 14;

#[derive(Default)]
pub(super) struct Mqtt {
    connected: bool,
}

impl Session for Mqtt {
    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        let Some(first) = input.first().copied() else { return Step::Wait };
        let kind = first >> 4;
        if !self.connected && first != CONNECT << 4 {
            return Step::SayAndClose(Vec::new());
        }
        let (length, n_length_bytes) = match remaining_length(input.get(1..).unwrap_or_default()) {
            Length::Unfinished => return Step::Wait,
            Length::Broken => return Step::SayAndClose(Vec::new()),
            Length::Known(length, _) if length > LONGEST_INPUT => return Step::SayAndClose(Vec::new()),
            Length::Known(length, n_bytes) => (length, n_bytes),
        };
        let Some(packet) = take_front(input, 1 + n_length_bytes + length) else { return Step::Wait };
        let body = packet.get(1 + n_length_bytes..).unwrap_or_default();
        match kind {
            CONNECT => self.connect(body),
            PING => Step::Say(vec![0xd0, 0]),
            SUBSCRIBE => match body {
                [high, low, ..] => Step::Say(vec![0x90, 3, *high, *low, 0]),
                _ => Step::SayAndClose(Vec::new()),
            },
            DISCONNECT => Step::SayAndClose(Vec::new()),
            _ => Step::Say(Vec::new()),
        }
    }
}

impl Mqtt {
    /// The variable header: the protocol's name with its length, then the level.
    fn connect(&mut self, body: &[u8]) -> Step {
        let level = body.strip_prefix(b"\0\x04MQTT").or_else(|| body.strip_prefix(b"\0\x06MQIsdp"));
        match level.and_then(|rest| rest.first()) {
            Some(3 | 4) => {
                self.connected = true;
                Step::Say(vec![0x20, 2, 0, 0])
            }
            Some(5) => {
                self.connected = true;
                Step::Say(vec![0x20, 3, 0, 0, 0])
            }
            // Return code 1: unacceptable protocol version.
            Some(_) => Step::SayAndClose(vec![0x20, 2, 0, 1]),
            None => Step::SayAndClose(Vec::new()),
        }
    }
}

enum Length {
    Known(usize, usize),
    Unfinished,
    Broken,
}

/// Seven bits a byte, lowest first, four bytes at most.
fn remaining_length(bytes: &[u8]) -> Length {
    let mut length = 0;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Length::Known(length, index + 1);
        }
    }
    if bytes.len() < 4 { Length::Unfinished } else { Length::Broken }
}
