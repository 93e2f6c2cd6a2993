//! First flights as bytes: cut at every length, and in all ways of putting messages into records.

use std::sync::OnceLock;

use probes::seen::Cursor;
use probes::tls::codes::Version;
use probes::tls::flight::{Flight, FlightError, Until, read, read_until};
use probes::tls::message::{KeyExchange, ServerHello, Share};
use probes::tls::record::next_record;
use proptest::prelude::*;

use crate::peer::{Act, Peer};
use crate::server::{RSA, SM2, Server};

const RECORDED: [&[u8]; 3] = [
    include_bytes!("../fixtures/flight-tls12.bin"),
    include_bytes!("../fixtures/flight-tls11.bin"),
    include_bytes!("../fixtures/flight-rsa-key-exchange.bin"),
];

/// What a scripted server says to an offer of everything.
fn scripted(version: Version, suite: u16) -> Vec<u8> {
    struct First(Server, Vec<u8>);
    impl Peer for First {
        fn hear(&mut self, number: u32, received: &[u8]) -> Act {
            let act = self.0.hear(number, received);
            if let Act::Say(bytes, _) = &act
                && self.1.is_empty()
                && bytes.first() == Some(&22)
            {
                self.1.clone_from(bytes);
            }
            act
        }
    }
    let mut peer = First(Server::with(version, &[suite]), Vec::new());
    crate::peer::assess(&mut peer, &crate::readings::named(), &Default::default());
    peer.1
}

fn all() -> &'static [Vec<u8>] {
    static ALL: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let scripted = [
            scripted(Version::Tls12, 0xc02f),
            scripted(Version::Tls12, 0x009e),
            scripted(Version::Tls10, 0x0003),
            scripted(Version::Tls13, 0x1301),
            scripted(Version::Tlcp, 0xe053),
        ];
        RECORDED.iter().map(|bytes| bytes.to_vec()).chain(scripted).collect()
    })
}

#[test]
fn a_flight_cut_at_any_length_is_incomplete_and_never_another() {
    for bytes in all() {
        let whole = read_until(bytes, false, Until::Done).unwrap();
        assert!(whole.is_whole && whole.hello.is_some());
        for n in 0..bytes.len() {
            let cut = read_until(&bytes[..n], false, Until::Done);
            assert!(cut == Err(FlightError::Incomplete) || cut.as_ref() == Ok(&whole), "cut at {n}: {cut:?}");
            // At the end what is whole must do, and is never more than there was.
            if let Ok(Flight { certificates, .. }) = read_until(&bytes[..n], true, Until::Done) {
                assert!(certificates.is_empty() || certificates == whole.certificates, "cut at {n}");
            }
        }
    }
}

#[test]
fn what_a_flight_holds_is_read() {
    let dhe = read_until(&scripted(Version::Tls12, 0x009e), false, Until::Done).unwrap();
    let Some(KeyExchange { share: Share::FiniteField { prime, .. }, scheme, .. }) = dhe.key_exchange else {
        panic!("a finite field");
    };
    assert_eq!((prime.len(), scheme), (128, Some(0x0401)));
    let export = read_until(&scripted(Version::Tls10, 0x0003), false, Until::Done).unwrap();
    assert_eq!(export.key_exchange.unwrap().share, Share::Rsa { modulus: vec![0xff; 64] });
    assert_eq!(export.certificates, [RSA]);
    let retry = read_until(&scripted(Version::Tls13, 0x1301), false, Until::Done).unwrap();
    let hello: ServerHello = retry.hello.unwrap();
    assert!(hello.is_retry());
    assert_eq!((hello.version, hello.group()), (0x0304, Some(29)));
    let national = read_until(&scripted(Version::Tlcp, 0xe053), false, Until::Done).unwrap();
    assert_eq!((national.record_version, national.version), (Some(0x0101), Some(0x0101)));
    assert_eq!(national.certificates, [SM2, SM2]);
    assert!((68..=72).contains(&national.key_exchange.unwrap().signature.len()));
}

/// The same messages in records of other sizes.
fn cut_anew(bytes: &[u8], sizes: &[usize]) -> Vec<u8> {
    let mut cursor = Cursor::whole(bytes);
    let (mut handshake, mut version) = (Vec::new(), 0);
    while let Ok(record) = next_record(&mut cursor) {
        version = record.version;
        handshake.extend_from_slice(record.content);
    }
    let mut anew = Vec::new();
    let mut rest = handshake.as_slice();
    for n in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, later) = rest.split_at((*n).clamp(1, rest.len()));
        anew.push(22);
        anew.extend(version.to_be_bytes());
        anew.extend(u16::try_from(piece.len()).unwrap().to_be_bytes());
        anew.extend(piece);
        rest = later;
    }
    anew
}

proptest! {
    #[test]
    fn records_may_be_cut_and_joined_in_any_way(sizes in prop::collection::vec(1usize..2000, 1..8)) {
        for bytes in all() {
            let anew = cut_anew(bytes, &sizes);
            prop_assert_eq!(read_until(bytes, true, Until::Done), read_until(&anew, true, Until::Done));
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..600), suite in any::<u16>()) {
        let _ = read(&bytes, true);
        let _ = ServerHello::read(&bytes);
        for version in [0x0101, 0x0300, 0x0303] {
            let _ = KeyExchange::read(&bytes, version, suite);
        }
    }

    #[test]
    fn a_damaged_flight_is_read_without_harm(at in 0usize..2000, byte in any::<u8>()) {
        for mut bytes in all().iter().cloned() {
            let n = bytes.len();
            bytes[at % n] = byte;
            let _ = read_until(&bytes, false, Until::Done);
            let _ = read_until(&bytes, true, Until::Done);
        }
    }
}
