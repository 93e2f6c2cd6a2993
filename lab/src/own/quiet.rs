//! Ports that no protocol explains: one that never speaks, one that repeats (RFC 862), one with a banner of its own.

use super::lines::take_line;
use super::{Session, Step};

pub(super) struct Silent;

impl Session for Silent {
    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        // Read and dropped, so that a peer never sees its writes stall.
        input.clear();
        Step::Wait
    }
}

pub(super) struct Echo;

impl Session for Echo {
    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        if input.is_empty() { Step::Wait } else { Step::Say(std::mem::take(input)) }
    }
}

pub(super) struct Banner;

impl Session for Banner {
    fn greet(&mut self) -> Vec<u8> {
        b"LABGATE 7.1 READY\r\n".to_vec()
    }

    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        match take_line(input) {
            Some(_) => Step::Say(b"?SYNTAX\r\n".to_vec()),
            None => Step::Wait,
        }
    }
}
