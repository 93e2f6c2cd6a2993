//! Every prelude with a peer that consents and one that doesn't, in all ways of cutting what it says.

use proptest::prelude::*;

use super::*;
use crate::seen::Asked;

/// Plays a dialogue: each answer of the peer is given whole or in pieces of `n` bytes. Ends with `ready`, `refused`,
/// `no`, or `more` if the peer fell silent.
fn play(start_tls: StartTls, answers: &[&[u8]], n: usize) -> (String, Vec<Vec<u8>>) {
    let mut prelude = start_tls.prelude("mail.example.gov.cn");
    let mut buffer: Vec<u8> = Vec::new();
    let mut said = Vec::new();
    let mut bytes = answers.iter().flat_map(|answer| answer.chunks(n.max(1)));
    for _ in 0..1000 {
        match prelude.turn(&Seen { bytes: &buffer, end: false, asked: Asked::Other }) {
            Ok(PreludeTurn::Say { used, bytes }) => {
                buffer.drain(..used);
                said.push(bytes);
            }
            Ok(PreludeTurn::Ready { framing, .. }) => {
                return (format!("ready {framing:?}").to_lowercase(), said);
            }
            Ok(PreludeTurn::Refused) => return ("refused".to_owned(), said),
            Err(Miss::No | Miss::Clue(_)) => return ("no".to_owned(), said),
            Err(Miss::More) => match bytes.next() {
                Some(more) => buffer.extend(more),
                None => return ("more".to_owned(), said),
            },
        }
    }
    ("endless".to_owned(), said)
}

#[track_caller]
fn check(start_tls: StartTls, answers: &[&[u8]], expected: &str) {
    for n in [1, 2, 7, 4096] {
        assert_eq!(play(start_tls, answers, n).0, expected, "{start_tls:?} in pieces of {n}");
    }
}

const SMTP: &[&[u8]] = &[b"220-mx\r\n220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 go on\r\n"];
const XMPP: &[&[u8]] = &[
    b"<?xml version='1.0'?><stream:stream id='1'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
    b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
];
const MYSQL: &[&[u8]] = &[b"\x1b\0\0\0\x0a8.0\0\x01\0\0\0saltsalt\0\xff\xff\x21\x02\0\xff\xff\x15\0"];
const RDP: &[&[u8]] = &[&[3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 1, 0, 0, 0]];
const MSSQL: &[&[u8]] =
    &[&[4, 1, 0, 26, 0, 0, 1, 0, 0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 15, 0, 0, 0, 0, 0, 3]];
const LDAP: &[&[u8]] = &[&[0x30, 12, 2, 1, 1, 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0]];
const CONSENTS: &[(StartTls, &[&[u8]])] = &[
    (StartTls::Smtp, SMTP),
    (StartTls::Lmtp, SMTP),
    (StartTls::Pop3, &[b"+OK ready\r\n", b"+OK\r\n"]),
    (StartTls::Imap, &[b"* OK ready\r\n", b"* CAPABILITY IMAP4\r\na1 OK\r\n"]),
    (StartTls::Ftp, &[b"220-hi\r\n 220 there\r\n220 hi\r\n", b"234 go\r\n"]),
    (StartTls::Sieve, &[b"\"SIEVE\" \"x\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n", b"OK\r\n"]),
    (StartTls::Nntp, &[b"200 hi\r\n", b"382 go on\r\n"]),
    (StartTls::Xmpp, XMPP),
    (StartTls::XmppServer, XMPP),
    (StartTls::Ldap, LDAP),
    (StartTls::Postgres, &[b"S"]),
    (StartTls::Mysql, MYSQL),
    (StartTls::Rdp, RDP),
    (StartTls::Mssql, MSSQL),
];

#[test]
fn every_protocol_goes_over_when_the_peer_consents() {
    assert_eq!(CONSENTS.len(), PRELUDES.len());
    for (start_tls, answers) in CONSENTS {
        let expected = if *start_tls == StartTls::Mssql { "ready tds" } else { "ready plain" };
        check(*start_tls, answers, expected);
    }
}

#[test]
fn a_refusal_is_told_from_silence_and_from_another_protocol() {
    check(StartTls::Smtp, &[b"220 mx\r\n", b"250 mx\r\n", b"502 no\r\n"], "refused");
    check(StartTls::Smtp, &[b"220 mx\r\n", b"250 mx\r\n"], "more");
    check(StartTls::Smtp, &[b"554 not you\r\n"], "refused");
    check(StartTls::Pop3, &[b"+OK\r\n", b"-ERR\r\n"], "refused");
    check(StartTls::Imap, &[b"* OK\r\n", b"a1 BAD\r\n"], "refused");
    check(StartTls::Ftp, &[b"220 hi\r\n", b"530 log in first\r\n"], "refused");
    check(StartTls::Xmpp, &[b"<stream:stream><stream:features></stream:features>"], "refused");
    check(StartTls::Xmpp, &[b"HTTP/1.1 400 Bad Request\r\n"], "no");
    check(StartTls::Ldap, &[&[0x30, 12, 2, 1, 1, 0x78, 7, 0x0a, 1, 2, 4, 0, 4, 0]], "refused");
    check(StartTls::Postgres, &[b"N"], "refused");
    check(StartTls::Postgres, &[b"H"], "no");
    check(StartTls::Mysql, &[b"\x05\0\0\0\xff\x15\x04no"], "refused");
    check(StartTls::Rdp, &[&[3, 0, 0, 11, 6, 0xd0, 0, 0, 0, 0, 0]], "refused");
    check(
        StartTls::Mssql,
        &[&[4, 1, 0, 26, 0, 0, 1, 0, 0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 15, 0, 0, 0, 0, 0, 2]],
        "refused",
    );
}

#[test]
fn our_packets_have_the_lengths_that_they_say() {
    assert_eq!(binary::LDAP_REQUEST.len(), 2 + usize::from(binary::LDAP_REQUEST[1]));
    assert_eq!(binary::RDP_REQUEST.len(), usize::from(binary::RDP_REQUEST[3]));
    assert_eq!(binary::MSSQL_REQUEST.len(), usize::from(binary::MSSQL_REQUEST[3]));
    let record = vec![22, 3, 1, 0, 1, 7];
    let wrapped = Framing::Tds.wrap(record.clone());
    for n in 8..=wrapped.len() {
        assert_eq!(Framing::Tds.unwrap(&wrapped[..n]).as_deref(), Ok(&record[..n - 8]), "cut at {n}");
    }
}

proptest! {
    #[test]
    fn any_bytes_come_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..300), n in 1usize..9) {
        for (start_tls, ..) in PRELUDES {
            let (end, _) = play(*start_tls, &[&bytes], n);
            prop_assert_ne!(end.as_str(), "endless");
            // However it is cut.
            prop_assert_eq!(&end, &play(*start_tls, &[&bytes], 4096).0);
        }
    }
}
