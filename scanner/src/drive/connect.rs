//! One TCP connection attempt, and what its end says about the port.
//!
//! Limits of the method: the kernel reports ICMP "administratively prohibited" as an unreachable host or
//! network, and ICMP "port unreachable" as a refusal; only raw packets can tell those apart.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use model::observation::Reply;
use model::scope::Target;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::net::TcpStream;

/// What an attempt came to.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// Accepted. Without a stream it was reset right after.
    Open(Option<Socket>),
    Answered(Reply),
    /// Our own system could not ask: nothing is known.
    NotSent(io::Error),
}

/// How an attempt began.
#[derive(Debug)]
pub(crate) enum Started {
    Ended(Attempt),
    Pending(Socket),
}

/// Begins attempts, with a socket that a refusal left behind where there is one.
#[derive(Debug, Default)]
pub(crate) struct Connector {
    spare_v4: Option<Socket>,
    spare_v6: Option<Socket>,
}

impl Connector {
    /// Begins to connect. Where the answer is there before the call returns, as it is on loopback, between
    /// namespaces and on a refusal by our own kernel, nothing has to be waited for.
    ///
    /// Linux tells by a second `connect` what became of the first, and after a refusal the socket is as good
    /// as new: two calls for a closed port instead of four (benches/README.md).
    pub(crate) fn start(&mut self, target: Target, port: u16) -> Started {
        let addr = SocketAddr::new(target.addr(), port);
        let spare = if addr.is_ipv4() { &mut self.spare_v4 } else { &mut self.spare_v6 };
        let kind = Type::STREAM.nonblocking();
        let fresh = || Socket::new(Domain::for_address(addr), kind, Some(Protocol::TCP));
        let socket = match spare.take().map_or_else(fresh, Ok) {
            Ok(socket) => socket,
            Err(error) => return Started::Ended(Attempt::NotSent(error)),
        };
        let to = SockAddr::from(addr);
        let result = match socket.connect(&to) {
            Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => socket.connect(&to),
            result => result,
        };
        match result {
            Ok(()) => Started::Ended(accepted(socket)),
            Err(error) => match error.raw_os_error() {
                Some(libc::EALREADY) => Started::Pending(socket),
                Some(libc::EISCONN) => Started::Ended(accepted(socket)),
                Some(libc::ECONNREFUSED) => {
                    *spare = Some(socket);
                    Started::Ended(Attempt::Answered(Reply::Refused))
                }
                _ => Started::Ended(judge(error)),
            },
        }
    }
}

/// Waits for the end of a pending attempt.
pub(crate) async fn finish(socket: Socket, within: Duration) -> Attempt {
    let stream = match TcpStream::from_std(socket.into()) {
        Ok(stream) => stream,
        Err(error) => return Attempt::NotSent(error),
    };
    match tokio::time::timeout(within, stream.writable()).await {
        Err(_) => Attempt::Answered(Reply::Silent),
        Ok(Err(error)) => Attempt::NotSent(error),
        Ok(Ok(())) => match (stream.take_error(), stream.peer_addr()) {
            (Ok(None), Ok(_)) => match stream.into_std() {
                Ok(stream) => accepted(stream.into()),
                Err(_) => Attempt::Open(None),
            },
            // Closed without a word why: ask again.
            (Ok(None), Err(_)) => Attempt::Answered(Reply::Silent),
            (Ok(Some(error)) | Err(error), _) => judge(error),
        },
    }
}

/// A connection from a port to itself (simultaneous open) happens on loopback, where our own local port may
/// be the one asked for. Nobody listens there.
fn accepted(socket: Socket) -> Attempt {
    let ends =
        (socket.local_addr().map(|addr| addr.as_socket()), socket.peer_addr().map(|addr| addr.as_socket()));
    match ends {
        (Ok(local), Ok(peer)) if local == peer => Attempt::Answered(Reply::Refused),
        _ => Attempt::Open(Some(socket)),
    }
}

fn judge(error: io::Error) -> Attempt {
    match error.raw_os_error() {
        Some(libc::ECONNREFUSED) => Attempt::Answered(Reply::Refused),
        // A reset is told as a refusal before the handshake is complete, as these after it.
        Some(libc::ECONNRESET | libc::EPIPE) => Attempt::Open(None),
        Some(libc::ETIMEDOUT | libc::ECONNABORTED) => Attempt::Answered(Reply::Silent),
        Some(libc::ENETUNREACH | libc::ENETDOWN) => Attempt::Answered(Reply::NetworkUnreachable),
        Some(libc::EHOSTUNREACH | libc::EHOSTDOWN | libc::ENONET | libc::ENOPROTOOPT) => {
            Attempt::Answered(Reply::HostUnreachable)
        }
        // Among them EACCES and EPERM: a rule of our own system, whatever the path says, forbade it.
        _ => Attempt::NotSent(error),
    }
}

/// Whether an error means that our own system has run out of something for the moment.
pub(crate) fn is_shortage(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            libc::EMFILE
                | libc::ENFILE
                | libc::ENOBUFS
                | libc::ENOMEM
                | libc::EAGAIN
                // No local port is free.
                | libc::EADDRNOTAVAIL
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(errno: i32, expected: Option<Reply>) {
        let got = match judge(io::Error::from_raw_os_error(errno)) {
            Attempt::Answered(reply) => Some(reply),
            Attempt::Open(_) => Some(Reply::Open),
            Attempt::NotSent(_) => None,
        };
        assert_eq!(got, expected, "errno {errno}");
    }

    #[test]
    fn only_the_peer_or_the_path_gives_an_answer() {
        check(libc::ECONNREFUSED, Some(Reply::Refused));
        check(libc::ECONNRESET, Some(Reply::Open));
        check(libc::EHOSTUNREACH, Some(Reply::HostUnreachable));
        check(libc::ENETUNREACH, Some(Reply::NetworkUnreachable));
        check(libc::ETIMEDOUT, Some(Reply::Silent));
        for (errno, passes) in [
            (libc::EMFILE, true),
            (libc::ENFILE, true),
            (libc::ENOBUFS, true),
            (libc::ENOMEM, true),
            (libc::EADDRNOTAVAIL, true),
            (libc::EPERM, false),
            (libc::EACCES, false),
            (libc::EINVAL, false),
        ] {
            check(errno, None);
            assert_eq!(is_shortage(&io::Error::from_raw_os_error(errno)), passes, "errno {errno}");
        }
    }

    #[test]
    fn a_port_connected_to_itself_is_not_open() {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        let own = socket.local_addr().unwrap();
        socket.connect(&own).unwrap();
        assert!(matches!(accepted(socket), Attempt::Answered(Reply::Refused)));
    }
}
