//! What is said in clear before TLS begins, protocol by protocol. Each prelude is a pure function of its state and
//! of the bytes received; none of them logs in, or says more than it must.

use serde::Serialize;

use crate::seen::{Cursor, Miss, Seen};

/// One side of a dialogue that leads to TLS.
pub trait Prelude: Send {
    /// Called first with no bytes. Keeps the contract of [`crate::seen`].
    fn turn(&mut self, seen: &Seen<'_>) -> Result<PreludeTurn, Miss>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreludeTurn {
    /// Send `bytes`, having used up the first `used` of what was received.
    Say { used: usize, bytes: Vec<u8> },
    /// The peer waits for our hello.
    Ready(Framing),
    /// The peer says that it has no TLS here.
    Refused,
}

/// What TLS records are wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Plain,
    /// Packets of TDS of the type PRELOGIN (MS-TDS §3.2.5.2).
    Tds,
}

impl Framing {
    pub fn wrap(self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }

    pub fn unwrap(self, bytes: &[u8]) -> Result<Vec<u8>, Miss> {
        Ok(bytes.to_vec())
    }
}

/// A protocol that goes over to TLS on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StartTls {
    Smtp,
}

impl StartTls {
    pub fn prelude(self) -> Box<dyn Prelude> {
        struct Nothing;
        impl Prelude for Nothing {
            fn turn(&mut self, seen: &Seen<'_>) -> Result<PreludeTurn, Miss> {
                let _ = Cursor::whole(seen.bytes);
                Ok(PreludeTurn::Refused)
            }
        }
        Box::new(Nothing)
    }
}
