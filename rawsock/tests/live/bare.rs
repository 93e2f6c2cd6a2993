//! An interface without a link header: a tun, whose other end is this test.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use rawsock::{Link, LiveWire, PacketProtocol, RouteKind, Wire, WireConfig};

use super::inside::{V4, V6, batch, inside, interface, ip, receive_until, syn};

/// A tun interface, gone when this is.
pub struct Tun(File);

impl Tun {
    pub fn make(name: &str) -> Option<Tun> {
        let opened =
            OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun");
        let Ok(file) = opened else {
            println!("not run: there is no /dev/net/tun");
            return None;
        };
        // SAFETY: all zero is a valid ifreq.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
            *to = from.cast_signed();
        }
        request.ifr_ifru.ifru_flags = i16::try_from(libc::IFF_TUN | libc::IFF_NO_PI).unwrap();
        // SAFETY: the request is an ifreq with a name that ends in zero, alive until the call returns.
        let made = unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
        assert_eq!(made, 0, "{}", std::io::Error::last_os_error());
        Some(Tun(file))
    }

    /// The packets that were sent through the interface.
    pub fn read_all(&self) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        let mut buffer = [0; 2048];
        loop {
            match (&self.0).read(&mut buffer) {
                Ok(n) => packets.push(buffer[..n].to_vec()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return packets,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn packets_go_and_come_without_a_link_header() {
    inside(
        "bare::packets_go_and_come_without_a_link_header",
        |_| {},
        |_| {
            let Some(tun) = Tun::make("near") else { return };
            ip("addr add 10.99.0.1/16 dev near");
            ip("-6 addr add 2001:db8:99::1/64 dev near nodad");
            ip("link set near up");
            let near = interface("near");
            assert_eq!((near.link, near.link.header_len()), (Link::Bare, 0));
            let route = rawsock::route_to(V4[1]).unwrap();
            assert_eq!((route.kind, route.interface), (RouteKind::Unicast, near.index));
            assert_eq!(rawsock::resolve_neighbour(&route, Duration::from_millis(50)).unwrap(), None);

            let mut wire = LiveWire::open(&WireConfig::new(near, 61000..=61000)).unwrap();
            let out = [syn(V4[0], 61000, V4[1], 80), syn(V6[0], 61000, V6[1], 80)];
            tun.read_all();
            assert_eq!(wire.send(&mut batch(&out)).unwrap(), 2);
            let sent: Vec<_> = tun.read_all().into_iter().filter(|packet| out.contains(packet)).collect();
            assert_eq!(sent, out);

            let back = [syn(V4[1], 80, V4[0], 61000), syn(V6[1], 80, V6[0], 61000)];
            (&tun.0).write_all(&syn(V4[1], 80, V4[0], 61001)).unwrap();
            for packet in &back {
                (&tun.0).write_all(packet).unwrap();
            }
            let got = receive_until(&mut wire, |got| got.len() >= 2);
            assert_eq!(got.iter().map(|got| got.bytes.clone()).collect::<Vec<_>>(), back);
            assert_eq!([got[0].protocol, got[1].protocol], [PacketProtocol::Ipv4, PacketProtocol::Ipv6]);
            assert!(got.iter().all(|got| got.link_source.is_none()));
        },
    );
}
