//! Oracle TNS: a connect packet that asks the listener for its version; any answer in the shape of TNS will do.

use crate::facts::{Tell, identified};
use crate::seen::{Miss, Seen, after};
use crate::talk::{Peer, Talk, Turn};

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Connect { asked: false })
}

struct Connect {
    asked: bool,
}

fn request() -> Vec<u8> {
    let data = b"(CONNECT_DATA=(COMMAND=version))";
    const HEADER: usize = 58;
    let n_data = u16::try_from(data.len()).unwrap_or(u16::MAX);
    let length = n_data + u16::try_from(HEADER).unwrap_or(u16::MAX);
    let mut packet = Vec::with_capacity(usize::from(length));
    packet.extend(length.to_be_bytes());
    // Checksum, type CONNECT, reserved, header checksum.
    packet.extend([0, 0, 1, 0, 0, 0]);
    // Versions 314 to 300, options, unit sizes, characteristics, turnaround, byte order.
    packet.extend([0x01, 0x3a, 0x01, 0x2c, 0, 0, 0x20, 0, 0x7f, 0xff, 0xc6, 0x0e, 0, 0, 1, 0]);
    packet.extend(n_data.to_be_bytes());
    packet.extend(u16::try_from(HEADER).unwrap_or(u16::MAX).to_be_bytes());
    packet.resize(HEADER, 0);
    packet.extend(data);
    packet
}

impl Talk for Connect {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        if !self.asked {
            self.asked = true;
            return Turn::say(request());
        }
        let mut cursor = seen.cursor();
        let length = usize::from(cursor.u16()?);
        if !(8..=4096).contains(&length) {
            return Err(Miss::No);
        }
        cursor.tag(&[0, 0])?;
        let kind = cursor.u8()?;
        cursor.take(1)?;
        cursor.tag(&[0, 0])?;
        // Accept, refuse, redirect, resend.
        if !matches!(kind, 2 | 4 | 5 | 11) {
            return Err(Miss::No);
        }
        let body = cursor.take(length - 8)?;
        let facts = identified("oracle-tns").product("Oracle TNS listener");
        let number =
            after(body, b"(VSNNUM=", b")").and_then(|n| std::str::from_utf8(n).ok()?.parse::<u32>().ok());
        Turn::done(match number {
            Some(n) => {
                let version = format!("{}.{}.{}.{}", n >> 24, n >> 20 & 15, n >> 12 & 255, n >> 8 & 15);
                facts.version(version.as_bytes())
            }
            None => facts,
        })
    }
}
