//! Cookies: what a probe carries so that its answer proves itself without anything being remembered.

use std::net::IpAddr;

use siphasher::sip::SipHasher24;

/// The five-tuple of a probe as we send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    pub source: IpAddr,
    pub target: IpAddr,
    pub source_port: u16,
    pub target_port: u16,
    /// IP protocol number.
    pub protocol: u8,
}

/// Makes cookies under the key of one run.
#[derive(Debug, Clone)]
pub struct Cookies {
    hasher: SipHasher24,
}

impl Cookies {
    pub fn new(key: [u64; 2]) -> Cookies {
        Cookies { hasher: SipHasher24::new_with_keys(key[0], key[1]) }
    }

    /// SipHash-2-4 over the whole five-tuple.
    pub fn of(&self, path: &Path) -> u64 {
        let mut bytes = [0u8; 38];
        let n_addresses = match (path.source, path.target) {
            (IpAddr::V4(source), IpAddr::V4(target)) => {
                bytes[..4].copy_from_slice(&source.octets());
                bytes[4..8].copy_from_slice(&target.octets());
                8
            }
            (source, target) => {
                bytes[..16].copy_from_slice(&v6(source));
                bytes[16..32].copy_from_slice(&v6(target));
                32
            }
        };
        bytes[n_addresses..n_addresses + 2].copy_from_slice(&path.source_port.to_be_bytes());
        bytes[n_addresses + 2..n_addresses + 4].copy_from_slice(&path.target_port.to_be_bytes());
        bytes[n_addresses + 4] = path.protocol;
        self.hasher.hash(&bytes[..n_addresses + 5])
    }

    /// The cookie of a TCP probe: its sequence number.
    pub fn sequence(&self, path: &Path) -> u32 {
        self.of(path) as u32
    }
}

fn v6(addr: IpAddr) -> [u8; 16] {
    match addr {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> Path {
        Path {
            source: [192, 0, 2, 1].into(),
            target: [198, 51, 100, 7].into(),
            source_port: 61_000,
            target_port: 443,
            protocol: 6,
        }
    }

    #[test]
    fn every_part_of_the_path_and_of_the_key_counts() {
        let cookies = Cookies::new([1, 2]);
        let one = cookies.of(&path());
        assert_eq!(one, cookies.of(&path()));
        let others = [
            Path { source: [192, 0, 2, 2].into(), ..path() },
            Path { target: [198, 51, 100, 8].into(), ..path() },
            Path { source_port: 61_001, ..path() },
            Path { target_port: 444, ..path() },
            Path { protocol: 17, ..path() },
            Path { source: "2001:db8::1".parse().unwrap(), target: "2001:db8::2".parse().unwrap(), ..path() },
        ];
        for other in others {
            assert_ne!(cookies.of(&other), one, "{other:?}");
        }
        assert_ne!(Cookies::new([1, 3]).of(&path()), one);
        assert_ne!(Cookies::new([3, 2]).of(&path()), one);
    }
}
