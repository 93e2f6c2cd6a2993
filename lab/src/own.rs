//! Our own small services: enough of each protocol for a scanner to recognise it, and never more.
//!
//! Each protocol is a [`Session`]: bytes in, steps out, no socket, no clock. Only [`serve`] does input and output,
//! with bounds on the number of connections, on what a peer may leave unread by us, and on how long it may idle.

use std::io;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::address::LoopbackAddr;
use crate::services::{OwnKind, Transport};

mod ber;
mod dns;
mod ftp;
mod ldap;
mod lines;
mod mongodb;
mod mqtt;
mod mysql;
mod quiet;
mod rdp;
mod redis;
mod smb;
mod smtp;
mod telnet;
mod vnc;
mod web;

pub(crate) use dns::Zone;

/// One connection's protocol. `take` removes whole messages from the front of `input`, one message a call.
pub(crate) trait Session: Send {
    /// What the server says before it has heard anything.
    fn greet(&mut self) -> Vec<u8> {
        Vec::new()
    }

    fn take(&mut self, input: &mut Vec<u8>) -> Step;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// No whole message yet.
    Wait,
    /// Write this (possibly nothing) and look at the rest of the input.
    Say(Vec<u8>),
    SayAndClose(Vec<u8>),
}

pub(crate) fn session(kind: OwnKind, host_name: &str, zone: &Arc<Zone>) -> Box<dyn Session> {
    match kind {
        OwnKind::Telnet => Box::<telnet::Telnet>::default(),
        OwnKind::Ftp => Box::new(ftp::Ftp),
        OwnKind::Smtp => Box::new(smtp::Smtp::new(host_name)),
        OwnKind::MySql => Box::new(mysql::MySql),
        OwnKind::RedisOpen => Box::new(redis::Redis::Open),
        OwnKind::RedisLocked => Box::new(redis::Redis::Locked),
        OwnKind::MongoDb => Box::new(mongodb::MongoDb),
        OwnKind::Vnc => Box::<vnc::Vnc>::default(),
        OwnKind::Rdp => Box::new(rdp::Rdp),
        OwnKind::Smb => Box::new(smb::Smb),
        OwnKind::Ldap => Box::new(ldap::Ldap),
        OwnKind::Mqtt => Box::<mqtt::Mqtt>::default(),
        OwnKind::Dns => Box::new(dns::OverTcp::new(Arc::clone(zone))),
        OwnKind::WebPage => Box::new(web::Web::Page),
        OwnKind::AdminConsole => Box::new(web::Web::Console),
        OwnKind::Silent => Box::new(quiet::Silent),
        OwnKind::Echo => Box::new(quiet::Echo),
        OwnKind::UnknownBanner => Box::new(quiet::Banner),
    }
}

const MOST_CONNECTIONS: usize = 256;
/// No message that a scanner sends is longer; a peer that sends one is cut off.
pub(crate) const LONGEST_INPUT: usize = 16 * 1024;
const LONGEST_IDLE: Duration = Duration::from_secs(60);
const LONGEST_WRITE: Duration = Duration::from_secs(10);

/// The sockets of one service, bound but not yet served: binding tells at once whether the port is free.
pub(crate) struct Bound {
    tcp: TcpListener,
    udp: Option<UdpSocket>,
}

pub(crate) fn bind(address: LoopbackAddr, transport: Transport) -> io::Result<Bound> {
    let tcp = TcpListener::bind(address.socket_addr())?;
    tcp.set_nonblocking(true)?;
    let udp = match transport {
        Transport::Tcp => None,
        Transport::TcpAndUdp => {
            let udp = UdpSocket::bind(address.socket_addr())?;
            udp.set_nonblocking(true)?;
            Some(udp)
        }
    };
    Ok(Bound { tcp, udp })
}

/// Serves until the runtime that it is called in ends.
pub(crate) fn serve(bound: Bound, kind: OwnKind, host_name: String, zone: Arc<Zone>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(bound.tcp)?;
    if let Some(udp) = bound.udp {
        let udp = tokio::net::UdpSocket::from_std(udp)?;
        tokio::spawn(serve_datagrams(udp, Arc::clone(&zone)));
    }
    tokio::spawn(async move {
        let free = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        loop {
            let Ok(permit) = Arc::clone(&free).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let session = session(kind, &host_name, &zone);
                    tokio::spawn(async move {
                        // A peer that goes away in the middle is what scanners do.
                        let _ = converse(stream, session).await;
                        drop(permit);
                    });
                }
                // Out of descriptors, most likely: wait for some to come back rather than spin.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    });
    Ok(())
}

async fn converse(mut stream: TcpStream, mut session: Box<dyn Session>) -> io::Result<()> {
    let mut input = Vec::new();
    let mut chunk = [0_u8; 4096];
    write(&mut stream, &session.greet()).await?;
    loop {
        let n_read = match timeout(LONGEST_IDLE, stream.read(&mut chunk)).await {
            Ok(read) => read?,
            Err(_) => 0,
        };
        if n_read == 0 {
            return stream.shutdown().await;
        }
        input.extend_from_slice(chunk.get(..n_read).unwrap_or_default());
        loop {
            match session.take(&mut input) {
                Step::Wait => break,
                Step::Say(bytes) => write(&mut stream, &bytes).await?,
                Step::SayAndClose(bytes) => {
                    write(&mut stream, &bytes).await?;
                    return stream.shutdown().await;
                }
            }
        }
        if input.len() > LONGEST_INPUT {
            return stream.shutdown().await;
        }
    }
}

async fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    timeout(LONGEST_WRITE, stream.write_all(bytes))
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

async fn serve_datagrams(socket: tokio::net::UdpSocket, zone: Arc<Zone>) {
    let mut datagram = [0_u8; 1232];
    loop {
        match socket.recv_from(&mut datagram).await {
            Ok((n_read, peer)) => {
                let query = datagram.get(..n_read).unwrap_or_default();
                if let Some(answer) = zone.answer(query) {
                    // The asker may be gone; it would ask again.
                    let _ = socket.send_to(&answer, peer).await;
                }
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// The zone as the plan's names have it.
pub(crate) fn zone(names: Vec<(String, IpAddr)>) -> Arc<Zone> {
    Arc::new(Zone::new(names))
}

/// Removes the first `n` bytes; nothing when there are fewer.
fn take_front(input: &mut Vec<u8>, n: usize) -> Option<Vec<u8>> {
    (input.len() >= n).then(|| input.drain(..n).collect())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const ALL: &[OwnKind] = &[
        OwnKind::Telnet,
        OwnKind::Ftp,
        OwnKind::Smtp,
        OwnKind::MySql,
        OwnKind::RedisOpen,
        OwnKind::RedisLocked,
        OwnKind::MongoDb,
        OwnKind::Vnc,
        OwnKind::Rdp,
        OwnKind::Smb,
        OwnKind::Ldap,
        OwnKind::Mqtt,
        OwnKind::Dns,
        OwnKind::WebPage,
        OwnKind::AdminConsole,
        OwnKind::Silent,
        OwnKind::Echo,
        OwnKind::UnknownBanner,
    ];

    fn example_zone() -> Arc<Zone> {
        zone(vec![("portal.u03.lab.example".to_owned(), IpAddr::V4(Ipv4Addr::new(127, 20, 3, 10)))])
    }

    /// Everything that the session says to `input` cut into pieces of `size`, and whether it closed.
    fn talk(kind: OwnKind, input: &[u8], size: usize) -> (Vec<u8>, bool) {
        let mut session = session(kind, "mail.u07.lab.example", &example_zone());
        let mut said = session.greet();
        let mut buffer = Vec::new();
        for piece in input.chunks(size) {
            buffer.extend_from_slice(piece);
            loop {
                match session.take(&mut buffer) {
                    Step::Wait => break,
                    Step::Say(bytes) => said.extend(bytes),
                    Step::SayAndClose(bytes) => {
                        said.extend(bytes);
                        return (said, true);
                    }
                }
            }
        }
        (said, false)
    }

    /// Bytes that scanners are known to send to any port.
    fn common_probes() -> Vec<Vec<u8>> {
        vec![
            b"GET / HTTP/1.1\r\nHost: portal.u03.lab.example\r\n\r\n".to_vec(),
            b"\r\n\r\n".to_vec(),
            b"EHLO sentrypost.example\r\nQUIT\r\n".to_vec(),
            b"*1\r\n$4\r\nPING\r\n".to_vec(),
            b"RFB 003.008\n\x01\x01".to_vec(),
            vec![0x16, 3, 1, 0, 4, 1, 0, 0, 0],
            vec![0x30, 0x0c, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0],
            vec![0xff; 300],
            vec![0; 300],
            (0..=255).collect(),
        ]
    }

    #[test]
    fn the_same_input_gets_the_same_answer_however_it_is_cut() {
        for kind in ALL {
            for probe in common_probes() {
                let whole = talk(*kind, &probe, usize::MAX);
                for size in [1, 2, 3, 7] {
                    assert_eq!(talk(*kind, &probe, size), whole, "{kind:?} to {probe:02x?} by {size}");
                }
            }
        }
    }

    #[test]
    fn every_truncation_of_a_probe_is_survived() {
        for kind in ALL {
            for probe in common_probes() {
                for length in 0..probe.len() {
                    talk(*kind, &probe[..length], usize::MAX);
                }
            }
        }
    }
}
