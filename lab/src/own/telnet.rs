//! A telnet login prompt (RFC 854 commands, RFC 857 and 858 options). Nobody gets in.

use super::lines::take_line;
use super::{Session, Step};

const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;

#[derive(Default)]
pub(super) struct Telnet {
    asked_password: bool,
}

impl Session for Telnet {
    fn greet(&mut self) -> Vec<u8> {
        const WILL: u8 = 251;
        const DO: u8 = 253;
        const ECHO: u8 = 1;
        const SUPPRESS_GO_AHEAD: u8 = 3;
        const WINDOW_SIZE: u8 = 31;
        let mut said = vec![IAC, WILL, ECHO, IAC, WILL, SUPPRESS_GO_AHEAD, IAC, DO, WINDOW_SIZE];
        said.extend_from_slice(b"\r\nLab-Switch 24 (fictional)\r\nlogin: ");
        said
    }

    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        if input.first() == Some(&IAC) {
            return match negotiation_length(input) {
                Some(length) => {
                    input.drain(..length);
                    Step::Say(Vec::new())
                }
                None => Step::Wait,
            };
        }
        // A line ends at its line feed or where a negotiation cuts in; the latter is dropped with what it cuts.
        if let Some(cut) = input.iter().position(|byte| *byte == IAC)
            && !input.iter().take(cut).any(|byte| *byte == b'\n')
        {
            input.drain(..cut);
            return Step::Say(Vec::new());
        }
        let Some(line) = take_line(input) else { return Step::Wait };
        if self.asked_password {
            self.asked_password = false;
            Step::Say(b"\r\nLogin incorrect\r\nlogin: ".to_vec())
        } else if line.trim().is_empty() {
            Step::Say(b"login: ".to_vec())
        } else {
            self.asked_password = true;
            Step::Say(b"Password: ".to_vec())
        }
    }
}

/// How long the command at the front is; `None` until it is whole.
fn negotiation_length(input: &[u8]) -> Option<usize> {
    match *input.get(1)? {
        SB => input.windows(2).position(|pair| pair == [IAC, SE]).map(|at| at + 2),
        251..=254 => (input.len() >= 3).then_some(3),
        _ => Some(2),
    }
}
