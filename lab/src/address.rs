//! The one type through which this crate binds sockets.
//!
//! Nothing here opens a socket; a [`LoopbackAddr`] is only proof that an address can't be reached from another
//! machine. Every listener and every launched server takes one, so a lab that listens on a real interface can't be
//! written down.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use thiserror::Error;

/// A socket address in 127.0.0.0/8 or on ::1, with a port other than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LoopbackAddr(SocketAddr);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotLoopback {
    #[error("{0} is not a loopback address; the lab only listens on 127.0.0.0/8 and ::1")]
    Address(IpAddr),
    #[error("port 0 is not a port the lab can announce")]
    PortZero,
}

impl LoopbackAddr {
    pub fn new(ip: IpAddr, port: u16) -> Result<LoopbackAddr, NotLoopback> {
        // `Ipv6Addr::is_loopback` is true of ::1 alone: a mapped address (::ffff:127.0.0.1) is refused too, since it
        // would open a socket of the other family than the plan says.
        if !ip.is_loopback() {
            return Err(NotLoopback::Address(ip));
        }
        if port == 0 {
            return Err(NotLoopback::PortZero);
        }
        Ok(LoopbackAddr(SocketAddr::new(ip, port)))
    }

    pub fn ip(self) -> IpAddr {
        self.0.ip()
    }

    pub fn port(self) -> u16 {
        self.0.port()
    }

    pub fn socket_addr(self) -> SocketAddr {
        self.0
    }
}

impl fmt::Display for LoopbackAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ip: &str, port: u16, expected: Result<&str, NotLoopback>) {
        let ip: IpAddr = ip.parse().unwrap();
        assert_eq!(LoopbackAddr::new(ip, port).map(|a| a.to_string()), expected.map(str::to_owned));
    }

    #[test]
    fn admits_loopback_and_nothing_else() {
        check("127.0.0.1", 1, Ok("127.0.0.1:1"));
        check("127.255.255.254", 65535, Ok("127.255.255.254:65535"));
        check("::1", 80, Ok("[::1]:80"));
        for ip in
            ["0.0.0.0", "126.255.255.255", "128.0.0.1", "192.0.2.1", "::", "2001:db8::1", "::ffff:127.0.0.1"]
        {
            check(ip, 80, Err(NotLoopback::Address(ip.parse().unwrap())));
        }
        check("127.0.0.1", 0, Err(NotLoopback::PortZero));
    }
}
