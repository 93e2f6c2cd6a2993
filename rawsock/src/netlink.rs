//! Questions to the kernel over a routing netlink socket: the messages, put together and taken apart with every
//! length checked. Knows nothing of what the attributes mean.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use crate::error::RawError;
use crate::socket;

/// Longest message of an answer; the kernel uses at most 32 KiB.
const BUFFER_LEN: usize = 64 << 10;
/// The kernel answers at once; this only keeps a broken one from hanging us.
const PATIENCE: Duration = Duration::from_secs(5);
const HEADER_LEN: usize = 16;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_DUMP: u16 = 0x300;

/// A question: message type, the fixed part of its body, attributes.
pub struct Question<'a> {
    pub doing: &'static str,
    pub kind: u16,
    /// All entries, rather than one.
    pub dump: bool,
    pub body: &'a [u8],
    pub attributes: &'a [(u16, &'a [u8])],
}

/// One message of an answer.
pub struct Answer<'a> {
    pub kind: u16,
    /// Fixed part and attributes.
    body: &'a [u8],
}

/// The kernel's refusal, by error number: for some questions an answer too.
pub enum Outcome {
    Answered,
    Refused(i32),
}

/// Puts the question and hands over each message of the answer.
pub fn ask(question: &Question<'_>, mut each: impl FnMut(&Answer<'_>)) -> Result<Outcome, RawError> {
    let doing = question.doing;
    let failed = |source| RawError::of(doing, source);
    let fd = socket::open(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE).map_err(failed)?;
    let sent = socket::send(&fd, &question.to_bytes()).map_err(failed)?;
    debug_assert_eq!(sent, question.to_bytes().len(), "netlink takes whole messages");
    let until = Instant::now() + PATIENCE;
    let mut buffer = vec![0; BUFFER_LEN];
    loop {
        let bytes = receive(&fd, &mut buffer, until).map_err(failed)?;
        let mut rest = bytes;
        while let Some((message, behind)) = split_message(rest) {
            rest = behind;
            match message.kind {
                NLMSG_DONE => return Ok(Outcome::Answered),
                NLMSG_ERROR => {
                    let code = message.body.first_chunk().map(|code| i32::from_ne_bytes(*code));
                    return match code.ok_or(RawError::OddAnswer { doing })? {
                        0 => Ok(Outcome::Answered),
                        code => Ok(Outcome::Refused(code.saturating_neg())),
                    };
                }
                _ => each(&message),
            }
            if !question.dump {
                return Ok(Outcome::Answered);
            }
        }
    }
}

fn receive<'a>(fd: &OwnedFd, buffer: &'a mut [u8], until: Instant) -> io::Result<&'a [u8]> {
    while !socket::wait(fd, until.saturating_duration_since(Instant::now()))?.can_read {
        if Instant::now() >= until {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    socket::receive(fd, buffer)
}

impl Question<'_> {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_LEN];
        bytes.extend_from_slice(self.body);
        for (kind, value) in self.attributes {
            let len = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&len.to_ne_bytes());
            bytes.extend_from_slice(&kind.to_ne_bytes());
            bytes.extend_from_slice(value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        let flags = if self.dump { NLM_F_REQUEST | NLM_F_DUMP } else { NLM_F_REQUEST };
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let header = [&len.to_ne_bytes()[..], &self.kind.to_ne_bytes(), &flags.to_ne_bytes()].concat();
        for (to, from) in bytes.iter_mut().zip(header) {
            *to = from;
        }
        bytes
    }
}

impl<'a> Answer<'a> {
    /// The first `N` bytes of the fixed part.
    pub fn fixed<const N: usize>(&self) -> Option<&'a [u8; N]> {
        self.body.first_chunk()
    }

    /// The attributes behind a fixed part of this length. Stops at the first that doesn't fit.
    pub fn attributes(&self, fixed_len: usize) -> impl Iterator<Item = (u16, &'a [u8])> {
        let mut rest = self.body.get(fixed_len..).unwrap_or_default();
        std::iter::from_fn(move || {
            let [a, b, c, d] = *rest.first_chunk()?;
            let len = usize::from(u16::from_ne_bytes([a, b]));
            // The two highest bits are flags.
            let kind = u16::from_ne_bytes([c, d]) & 0x3fff;
            let value = rest.get(4..len)?;
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
            Some((kind, value))
        })
    }

    pub fn attribute(&self, fixed_len: usize, wanted: u16) -> Option<&'a [u8]> {
        self.attributes(fixed_len).find(|(kind, _)| *kind == wanted).map(|(_, value)| value)
    }
}

fn split_message(bytes: &[u8]) -> Option<(Answer<'_>, &[u8])> {
    let [a, b, c, d, e, f] = *bytes.first_chunk()?;
    let len = usize::try_from(u32::from_ne_bytes([a, b, c, d])).ok()?;
    let body = bytes.get(HEADER_LEN..len)?;
    let rest = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
    Some((Answer { kind: u16::from_ne_bytes([e, f]), body }, rest))
}

/// An address from the bytes of an attribute.
pub fn ip_address(bytes: &[u8]) -> Option<std::net::IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(std::net::IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(std::net::IpAddr::from)).ok()
}

/// The bytes of an address and its family.
pub fn address_bytes(address: std::net::IpAddr) -> (u8, Vec<u8>) {
    let (family, bytes) = match address {
        std::net::IpAddr::V4(v4) => (libc::AF_INET, v4.octets().to_vec()),
        std::net::IpAddr::V6(v6) => (libc::AF_INET6, v6.octets().to_vec()),
    };
    (u8::try_from(family).unwrap_or_default(), bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_back_what_it_writes() {
        let attributes: &[(u16, &[u8])] = &[(1, &[1, 2, 3]), (7, &[]), (2, &[9; 4])];
        let question = Question { doing: "", kind: 26, dump: false, body: &[5; 12], attributes };
        let bytes = question.to_bytes();
        let (message, rest) = split_message(&bytes).unwrap();
        assert_eq!((message.kind, message.fixed::<12>(), rest.len()), (26, Some(&[5; 12]), 0));
        assert_eq!(message.attributes(12).collect::<Vec<_>>(), attributes);
        assert_eq!(message.attribute(12, 2), Some(&[9; 4][..]));
        for n in 0..bytes.len() {
            assert!(split_message(&bytes[..n]).is_none(), "cut to {n}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut rest = &bytes[..];
            while let Some((message, behind)) = split_message(rest) {
                prop_assert!(behind.len() < rest.len());
                rest = behind;
                prop_assert!(message.attributes(12).count() <= 50);
            }
        }
    }
}
