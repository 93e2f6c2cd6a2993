//! An FTP control connection that knows its greetings and lets nobody in (RFC 959, RFC 2389).

use super::lines::{take_line, verb};
use super::{Session, Step};

pub(super) struct Ftp;

impl Session for Ftp {
    fn greet(&mut self) -> Vec<u8> {
        b"220 LabFTP 1.0 (fictional) ready.\r\n".to_vec()
    }

    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        let Some(line) = take_line(input) else { return Step::Wait };
        let reply: &[u8] = match verb(&line).as_str() {
            "USER" => b"331 Password required.\r\n",
            "PASS" => b"530 Login incorrect.\r\n",
            "SYST" => b"215 UNIX Type: L8\r\n",
            "FEAT" => b"211-Features:\r\n SIZE\r\n UTF8\r\n211 End\r\n",
            "NOOP" => b"200 OK.\r\n",
            "HELP" => b"214 No help here.\r\n",
            "AUTH" => b"502 TLS is not available.\r\n",
            "QUIT" => return Step::SayAndClose(b"221 Goodbye.\r\n".to_vec()),
            "CWD" | "PWD" | "LIST" | "PASV" | "EPSV" | "PORT" | "TYPE" | "RETR" | "STOR" => {
                b"530 Please log in.\r\n"
            }
            _ => b"500 Unknown command.\r\n",
        };
        Step::Say(reply.to_vec())
    }
}
