//! What TLS records are wrapped in while a handshake goes on. It doesn't look at the records.

use crate::seen::{Cursor, Miss};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Plain,
    /// Packets of TDS of the type PRELOGIN (MS-TDS §2.2.6.5 and §3.2.5.2).
    Tds,
}

const PRELOGIN: u8 = 0x12;
const TABULAR_RESULT: u8 = 0x04;
/// A packet's header: type, status, length, process, number, window.
const HEADER: usize = 8;

impl Framing {
    pub fn wrap(self, bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Framing::Plain => bytes,
            Framing::Tds => tds_packet(&bytes),
        }
    }

    /// What is inside, as far as it has come.
    pub fn unwrap(self, bytes: &[u8]) -> Result<Vec<u8>, Miss> {
        match self {
            Framing::Plain => Ok(bytes.to_vec()),
            Framing::Tds => tds_contents(bytes),
        }
    }
}

/// One packet that is the whole message.
pub(super) fn tds_packet(contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len() + HEADER).unwrap_or(u16::MAX);
    let [high, low] = length.to_be_bytes();
    [&[PRELOGIN, 1, high, low, 0, 0, 0, 0], contents].concat()
}

fn tds_contents(bytes: &[u8]) -> Result<Vec<u8>, Miss> {
    let mut contents = Vec::new();
    let mut cursor = Cursor::whole(bytes);
    while !cursor.is_empty() {
        let Ok(kind) = cursor.u8() else { break };
        if !matches!(kind, PRELOGIN | TABULAR_RESULT) {
            return Err(Miss::No);
        }
        let header = (|| {
            cursor.u8()?;
            let length = cursor.u16()?;
            cursor.take(4)?;
            Ok::<_, Miss>(usize::from(length))
        })();
        let Ok(length) = header else { break };
        let n = length.checked_sub(HEADER).ok_or(Miss::No)?;
        let n = n.min(cursor.rest().len());
        contents.extend_from_slice(cursor.take(n)?);
    }
    Ok(contents)
}
