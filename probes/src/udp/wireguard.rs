//! WireGuard (its white paper, §5.4): a handshake's first message, well-formed but for the key that it would have to
//! prove it knows. **No server answers it**: silence is all that an open port gives to whoever hasn't its public key, so
//! the probe can only learn from ICMP that a port is closed. The readers are for what a misbehaving one might say.

use sha2::{Digest, Sha256};

use super::UdpContext;
use super::wire::{Read, echoed};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

const N_INITIATION: usize = 148;

/// The cookie is our index.
pub(super) fn ask(cookie: u64, _: &UdpContext) -> Vec<u8> {
    let [.., a, b, c, d] = cookie.to_be_bytes();
    let noise = (0u8..5).flat_map(|i| Sha256::digest([cookie.to_be_bytes().as_slice(), &[i]].concat()));
    let mut message = vec![1, 0, 0, 0, d, c, b, a];
    message.extend(noise.take(N_INITIATION - 8 - 32));
    // Neither of the two authentication codes can be computed.
    message.resize(N_INITIATION, 0);
    message
}

pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let kind = cursor.u8()?;
    cursor.tag(&[0; 3])?;
    let facts = identified("wireguard");
    match (kind, reply.len()) {
        (2, 92) => {
            cursor.u32_le()?;
            echoed(cursor.u32_le()?, facts.fact("wireguard", b"handshake"))
        }
        (3, 64) => echoed(cursor.u32_le()?, facts.fact("wireguard", b"cookie")),
        _ => Err(Miss::No),
    }
}
