//! Redis' protocol (RESP2) as far as PING and INFO, with or without a password in the way.

use super::lines::take_line;
use super::{LONGEST_INPUT, Session, Step};

pub(super) enum Redis {
    Open,
    Locked,
}

impl Session for Redis {
    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        match next_command(input) {
            Next::Unfinished => Step::Wait,
            Next::Broken => Step::SayAndClose(b"-ERR Protocol error\r\n".to_vec()),
            Next::Command(words) => self.answer(&words),
        }
    }
}

impl Redis {
    /// In the order of the real server: the name, then the number of arguments, then the password.
    fn answer(&self, words: &[String]) -> Step {
        // An empty line is no command, and gets no answer.
        let Some((name, arguments)) = words.split_first() else { return Step::Say(Vec::new()) };
        let reply = match (self, name.to_ascii_uppercase().as_str()) {
            (_, "QUIT") => return Step::SayAndClose(b"+OK\r\n".to_vec()),
            (_, "GET") if arguments.len() != 1 => {
                "-ERR wrong number of arguments for 'get' command\r\n".to_owned()
            }
            (Redis::Locked, "AUTH") => {
                "-WRONGPASS invalid username-password pair or user is disabled.\r\n".to_owned()
            }
            (Redis::Locked, "PING" | "INFO" | "GET") => "-NOAUTH Authentication required.\r\n".to_owned(),
            (Redis::Open, "PING") => "+PONG\r\n".to_owned(),
            (Redis::Open, "INFO") => bulk(
                "# Server\r\nredis_version:6.2.0\r\nredis_mode:standalone\r\nos:Linux (fictional)\r\nrun_id:lab\r\n",
            ),
            (Redis::Open, "GET") => "$-1\r\n".to_owned(),
            (Redis::Open, "AUTH") => "-ERR AUTH called without any password configured\r\n".to_owned(),
            (Redis::Open | Redis::Locked, _) => {
                let quoted: String =
                    arguments.iter().take(3).map(|word| format!("`{}`, ", printable(word))).collect();
                format!("-ERR unknown command `{}`, with args beginning with: {quoted}\r\n", printable(name))
            }
        };
        Step::Say(reply.into_bytes())
    }
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

/// Nothing a peer sent comes back longer than this, or able to break the reply's line.
fn printable(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic()).take(64).collect()
}

enum Next {
    Unfinished,
    Broken,
    Command(Vec<String>),
}

/// An array of bulk strings, or an inline command.
fn next_command(input: &mut Vec<u8>) -> Next {
    if input.first() != Some(&b'*') {
        return match take_line(input) {
            Some(line) => Next::Command(line.split_whitespace().map(str::to_owned).collect()),
            None => Next::Unfinished,
        };
    }
    let mut rest = input.clone();
    let Some(n_words) = take_line(&mut rest) else { return Next::Unfinished };
    let Some(n_words) = n_words.strip_prefix('*').and_then(|n| n.parse::<usize>().ok()).filter(|n| *n <= 64)
    else {
        return Next::Broken;
    };
    let mut words = Vec::new();
    for _ in 0..n_words {
        let Some(length) = take_line(&mut rest) else { return Next::Unfinished };
        let length = length.strip_prefix('$').and_then(|n| n.parse::<usize>().ok());
        let Some(length) = length.filter(|n| *n <= LONGEST_INPUT) else { return Next::Broken };
        let Some(word) = super::take_front(&mut rest, length + 2) else { return Next::Unfinished };
        let Some(word) = word.strip_suffix(b"\r\n") else { return Next::Broken };
        words.push(String::from_utf8_lossy(word).into_owned());
    }
    *input = rest;
    Next::Command(words)
}
