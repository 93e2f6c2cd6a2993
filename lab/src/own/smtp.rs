//! An SMTP server that greets and relays nothing (RFC 5321); it offers no STARTTLS, which is its fault.

use super::lines::{take_line, verb};
use super::{Session, Step};

pub(super) struct Smtp {
    host_name: String,
}

impl Smtp {
    pub(super) fn new(host_name: &str) -> Smtp {
        Smtp { host_name: host_name.to_owned() }
    }
}

impl Session for Smtp {
    fn greet(&mut self) -> Vec<u8> {
        format!("220 {} ESMTP LabMail 1.0\r\n", self.host_name).into_bytes()
    }

    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        let Some(line) = take_line(input) else { return Step::Wait };
        let host = &self.host_name;
        let reply = match verb(&line).as_str() {
            "EHLO" => format!("250-{host}\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250 8BITMIME\r\n"),
            "HELO" => format!("250 {host}\r\n"),
            "MAIL" | "RSET" | "NOOP" => "250 2.0.0 Ok\r\n".to_owned(),
            "RCPT" => "554 5.7.1 Relay access denied\r\n".to_owned(),
            "DATA" => "503 5.5.1 No valid recipients\r\n".to_owned(),
            "VRFY" => "252 2.0.0 Cannot verify\r\n".to_owned(),
            "QUIT" => return Step::SayAndClose(b"221 2.0.0 Bye\r\n".to_vec()),
            _ => "502 5.5.2 Command not recognized\r\n".to_owned(),
        };
        Step::Say(reply.into_bytes())
    }
}
