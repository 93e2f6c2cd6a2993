//! What one protocol says and understands: a [`Talk`] holds one side of one dialogue, a pure function of its
//! state and of the bytes received. Time, connections and everything unexpected are [`Conversation`]'s affair.
//!
//! [`Conversation`]: crate::conversation::Conversation

use model::host_name::HostName;
use model::observation::ServiceFacts;

use crate::seen::{Miss, Seen};

/// One side of one protocol's dialogue.
pub trait Talk: Send {
    /// What to do about the bytes since the last turn. Called first with none; a talk that opens the dialogue
    /// answers [`Turn::Say`] to that, one that waits for a greeting [`Miss::More`].
    ///
    /// Keeps the contract of [`crate::seen`]: an answer other than `More` isn't changed by further bytes.
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss>;
}

#[derive(Debug)]
pub enum Turn {
    /// Send `bytes`, having used up the first `used` of what was received.
    Say { used: usize, bytes: Vec<u8> },
    /// Go over to TLS. The next turn comes when the handshake is done.
    StartTls,
    /// Enough is known. `farewell` is what the protocol says before it hangs up; may be empty.
    Done { facts: ServiceFacts, farewell: &'static [u8] },
}

impl Turn {
    pub fn say(bytes: impl Into<Vec<u8>>) -> Result<Turn, Miss> {
        Ok(Turn::Say { used: 0, bytes: bytes.into() })
    }

    pub fn done(facts: ServiceFacts) -> Result<Turn, Miss> {
        Ok(Turn::Done { facts, farewell: b"" })
    }
}

/// Whom a talk addresses.
#[derive(Debug, Clone)]
pub struct Peer {
    /// For the HTTP `Host` field: the name or address, with the port where it isn't 80 or 443.
    pub host: String,
    /// For TLS server name indication.
    pub server_name: Option<HostName>,
    /// Feeds the random fields of protocols that have some; not secret.
    pub seed: u64,
}
