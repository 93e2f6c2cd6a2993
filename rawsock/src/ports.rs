//! Which local ports are in use, from the kernel's tables of this thread's network namespace.

use std::collections::BTreeSet;
use std::fs;
use std::ops::RangeInclusive;

use crate::error::RawError;

/// Ports of the range to which a TCP or UDP socket of this network namespace is bound, sorted.
///
/// # Errors
///
/// The kernel's tables can't be read.
pub fn occupied_ports(range: RangeInclusive<u16>) -> Result<Vec<u16>, RawError> {
    let doing = "reading the table of bound ports";
    let mut occupied = BTreeSet::new();
    for table in ["tcp", "udp", "tcp6", "udp6"] {
        // Of the thread: `/proc/net` is the namespace of the process's first thread.
        let text = match fs::read_to_string(format!("/proc/thread-self/net/{table}")) {
            Ok(text) => text,
            // A kernel without IPv6.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && table.ends_with('6') => continue,
            Err(source) => return Err(RawError::System { doing, source }),
        };
        for line in text.lines().skip(1) {
            let port = local_port(line).ok_or(RawError::OddAnswer { doing })?;
            if range.contains(&port) {
                occupied.insert(port);
            }
        }
    }
    Ok(occupied.into_iter().collect())
}

/// The ports from which the kernel takes those of its own connections.
///
/// # Errors
///
/// The kernel's setting can't be read.
pub fn local_port_range() -> Result<RangeInclusive<u16>, RawError> {
    let doing = "reading net.ipv4.ip_local_port_range";
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let text = text.map_err(|source| RawError::System { doing, source })?;
    let mut ports = text.split_whitespace().map(str::parse);
    match (ports.next(), ports.next()) {
        (Some(Ok(first)), Some(Ok(last))) => Ok(first..=last),
        _ => Err(RawError::OddAnswer { doing }),
    }
}

/// From a line such as `  0: 0100007F:1F90 00000000:0000 0A …`.
fn local_port(line: &str) -> Option<u16> {
    let (_, port) = line.split_whitespace().nth(1)?.rsplit_once(':')?;
    u16::from_str_radix(port, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::*;

    #[test]
    fn reads_the_local_port_of_a_line() {
        for (line, expected) in [
            ("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000", Some(8080)),
            ("  9: 00000000000000000000000001000000:0035 00000000:0000 07", Some(53)),
            ("  sl  local_address rem_address", None),
            ("", None),
            ("  0: 0100007F:1F901", None),
        ] {
            assert_eq!(local_port(line), expected, "{line:?}");
        }
    }

    #[test]
    fn finds_ports_that_are_bound_and_only_those_in_the_range() {
        let listeners = ["127.0.0.1:0", "[::1]:0"].map(|address| TcpListener::bind(address).unwrap());
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut ports = listeners.iter().map(|it| it.local_addr().unwrap().port()).collect::<Vec<_>>();
        ports.push(udp.local_addr().unwrap().port());
        for port in ports {
            assert_eq!(occupied_ports(port..=port).unwrap(), [port]);
            assert!(!occupied_ports(0..=port - 1).unwrap().contains(&port));
        }
    }

    #[test]
    fn the_kernels_own_range_is_read() {
        assert!(local_port_range().unwrap().count() > 1);
    }
}
