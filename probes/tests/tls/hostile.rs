//! Peers that nobody would want: each comes to a bounded end with a name.

use std::time::Duration;

use probes::tls::assess::Subject;
use probes::tls::assess::facts::{Answered, Reached, Reason};
use probes::tls::assess::seam::{ConnectFailure, Limits};
use probes::tls::codes::Version;
use probes::tls::record::handshake_record;
use probes::tls::start_tls::StartTls;

use crate::peer::{Act, Ended, Peer, Then, assess};
use crate::server::{Server, alert, hello, offered};

/// Answers every whole hello by `answer(connection, received)`.
struct Scripted<F>(F, (usize, Duration));

impl<F: FnMut(u32, &[u8]) -> Act> Peer for Scripted<F> {
    fn hear(&mut self, number: u32, received: &[u8]) -> Act {
        if received.is_empty() { Act::Wait } else { (self.0)(number, received) }
    }

    fn pieces(&self) -> (usize, Duration) {
        self.1
    }
}

const AT_ONCE: (usize, Duration) = (usize::MAX, Duration::from_millis(1));

#[track_caller]
fn check(peer: &mut dyn Peer, expected: Reached) -> Ended {
    let limits = Limits::default();
    let ended = assess(peer, &Subject::default(), &limits);
    assert_eq!(ended.facts.reached, expected, "{:#?}", ended.facts.connections);
    assert!(ended.took <= limits.whole + limits.answer + limits.connect, "{:?}", ended.took);
    assert!(ended.n_connections <= limits.max_connections);
    ended
}

fn no_version_is_no(ended: &Ended) {
    for facts in &ended.facts.versions {
        assert!(!facts.offered.is_yes() && !facts.offered.is_no(), "{:?} {:?}", facts.version, facts.offered);
    }
}

#[test]
fn garbage_is_another_protocol() {
    let mut peer = Scripted(|_, _: &[u8]| Act::Say(vec![0xde; 9000], Then::Close), AT_ONCE);
    check(&mut peer, Reached::OtherProtocol);
}

#[test]
fn http_on_a_tls_port_is_http() {
    let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    let ended =
        check(&mut Scripted(|_, _: &[u8]| Act::Say(answer.to_vec(), Then::Close), AT_ONCE), Reached::Http);
    assert!(ended.n_connections < 12, "{}", ended.n_connections);
}

#[test]
fn silence_is_unknown_and_soon_left_alone() {
    let ended = check(&mut Scripted(|_, _: &[u8]| Act::Wait, AT_ONCE), Reached::Silent);
    no_version_is_no(&ended);
    assert!(ended.took < Duration::from_secs(30), "{:?}", ended.took);
}

#[test]
fn a_closed_port_is_unreachable() {
    struct Closed;
    impl Peer for Closed {
        fn connect(&mut self, _: u32) -> Result<(), ConnectFailure> {
            Err(ConnectFailure::Refused)
        }
        fn hear(&mut self, _: u32, _: &[u8]) -> Act {
            Act::Wait
        }
    }
    let ended = check(&mut Closed, Reached::Unreachable);
    no_version_is_no(&ended);
    assert!(ended.took < Duration::from_secs(2), "{:?}", ended.took);
}

#[test]
fn one_byte_a_second_is_a_time_out() {
    let server = Server::with(Version::Tls12, &[0xc02f]);
    let drip = (1, Duration::from_secs(1));
    let ended = check(&mut Scripted(|_, received: &[u8]| server.answer(received), drip), Reached::Silent);
    no_version_is_no(&ended);
}

#[test]
fn one_byte_at_a_time_changes_nothing() {
    let limits = Limits::default();
    let mut server = Server::with(Version::Tls12, &[0xc02f, 0x009e]).and(Version::Tls13, &[0x1301]);
    let whole = assess(&mut server, &Subject::default(), &limits);
    let crumbs = (1, Duration::from_micros(1));
    let cut = assess(
        &mut Scripted(|_, received: &[u8]| server.answer(received), crumbs),
        &Subject::default(),
        &limits,
    );
    assert_eq!(whole.facts, cut.facts);
}

#[test]
fn certificates_without_end_are_cut_off() {
    let flood = |_, _: &[u8]| {
        let mut bytes = hello(0x0303, 0xc02f, [7; 32], &[]);
        // A message that says it has 16 MB.
        let mut certificate = vec![11, 0xff, 0xff, 0xff];
        certificate.extend(vec![0x41; 16 << 10]);
        for piece in certificate.chunks(8 << 10).cycle().take(2048) {
            bytes.extend([22, 3, 3]);
            bytes.extend(u16::try_from(piece.len()).unwrap().to_be_bytes());
            bytes.extend(piece);
        }
        Act::Say(bytes, Then::Hold)
    };
    let ended = check(&mut Scripted(flood, AT_ONCE), Reached::NothingInCommon);
    let n_received: u64 = ended.facts.connections.iter().map(|connection| connection.n_received).sum();
    assert!(n_received < 4 << 20, "{n_received}");
    no_version_is_no(&ended);
}

#[test]
fn another_answer_each_time_comes_to_an_end() {
    let answer = |number: u32, received: &[u8]| {
        let offered = match received.first() {
            Some(0x16) => offered(received).unwrap_or_default(),
            _ => return Act::Say(alert(0x0301, 10), Then::Close),
        };
        match number % 5 {
            0 => Act::Say(alert(0x0303, 40), Then::Close),
            1 => Act::Say(b"HTTP/1.1 200 OK\r\n".to_vec(), Then::Close),
            2 => Act::Say(Vec::new(), Then::Reset),
            _ => {
                let n = usize::try_from(number).unwrap() % offered.suites.len().max(1);
                let suite = offered.suites.get(n).copied().unwrap_or(0xc02f);
                let mut bytes = hello(0x0303, suite, [7; 32], &[]);
                bytes.extend(handshake_record(0x0303, 14, &[]));
                Act::Say(bytes, Then::Hold)
            }
        }
    };
    let ended = check(&mut Scripted(answer, AT_ONCE), Reached::NothingInCommon);
    assert!(ended.n_connections <= 300);
}

#[test]
fn trailing_bytes_behind_a_whole_flight_are_ignored() {
    let server = Server::with(Version::Tls12, &[0xc02f]);
    let answer = |_, received: &[u8]| match server.answer(received) {
        Act::Say(mut bytes, then) => {
            if !bytes.is_empty() {
                bytes.extend([0xde; 40]);
            }
            Act::Say(bytes, then)
        }
        Act::Wait => Act::Wait,
    };
    let ended = check(&mut Scripted(answer, AT_ONCE), Reached::Tls);
    assert!(ended.facts.speaks(Version::Tls12));
    assert_eq!(ended.facts.version(Version::Tls11).unwrap().offered.answer, Answered::No);
}

#[test]
fn an_alert_after_each_hello_is_tls_without_a_version_in_common() {
    let answer = |_, _: &[u8]| Act::Say(alert(0x0303, 40), Then::Close);
    let ended = check(&mut Scripted(answer, AT_ONCE), Reached::NothingInCommon);
    for facts in &ended.facts.versions {
        assert!(facts.offered.is_no(), "{:?}", facts.version);
    }
}

#[test]
fn resets_from_the_eighth_connection_on_refuse_nothing_in_particular() {
    let server = Server::with(Version::Tls12, &[0xc02f, 0xc030, 0x009e]).and(Version::Tls13, &[0x1301]);
    let answer = |number: u32, received: &[u8]| {
        if number > 8 { Act::Say(Vec::new(), Then::Reset) } else { server.answer(received) }
    };
    let ended = check(&mut Scripted(answer, AT_ONCE), Reached::Tls);
    assert_eq!(ended.facts.given_up, Some(Reason::Refusing));
    assert!(ended.n_connections < 25, "{}", ended.n_connections);
    let facts = ended.facts.version(Version::Tls12).unwrap();
    assert!(!facts.suites.complete.is_yes(), "{:?}", facts.suites.complete);
    // Refused while it still spoke is refused; refused when it didn't any more is unknown.
    assert!(ended.facts.version(Version::Ssl2).unwrap().offered.answer != Answered::No);
}

#[test]
fn a_pause_after_resets_finds_a_server_that_had_enough_for_a_while() {
    let server = Server::with(Version::Tls12, &[0xc02f, 0xc030, 0x009e]);
    let mut n_left = 3;
    let answer = |number: u32, received: &[u8]| {
        if number > 10 && n_left > 0 {
            n_left -= 1;
            return Act::Say(Vec::new(), Then::Reset);
        }
        server.answer(received)
    };
    let ended = check(&mut Scripted(answer, AT_ONCE), Reached::Tls);
    assert_eq!(ended.facts.version(Version::Tls12).unwrap().suites.entries.len(), 3);
}

#[test]
fn our_own_bounds_end_an_assessment_as_unknown() {
    let mut server = Server::with(Version::Tls12, &[0xc02f, 0xc030, 0x009e, 0x002f]);
    let limits = Limits { max_connections: 14, ..Limits::default() };
    let ended = assess(&mut server, &Subject::default(), &limits);
    assert_eq!((ended.n_connections, ended.facts.given_up), (14, Some(Reason::CapReached)));
    let complete = &ended.facts.version(Version::Tls12).unwrap().suites.complete;
    assert_eq!(complete.answer, Answered::Unknown(Reason::CapReached));
}

#[test]
fn a_mail_server_without_starttls_has_no_tls() {
    struct Mail;
    impl Peer for Mail {
        fn hear(&mut self, _: u32, received: &[u8]) -> Act {
            let answer: &[u8] = match received {
                [] => b"220 mx\r\n",
                said if said.ends_with(b"STARTTLS\r\n") => b"502 no\r\n",
                _ => b"250 mx\r\n",
            };
            Act::Say(answer.to_vec(), Then::Hold)
        }
    }
    let subject = Subject { start_tls: Some(StartTls::Smtp), ..Subject::default() };
    let ended = assess(&mut Mail, &subject, &Limits::default());
    assert_eq!(ended.facts.reached, Reached::NoStartTls);
    assert!(ended.n_connections < 12, "{}", ended.n_connections);
    no_version_is_no(&ended);
}

/// A mail server before TLS, which hangs up on each hello from some connection on.
struct MailThenTls {
    server: Server,
    n_good: u32,
}

impl Peer for MailThenTls {
    fn hear(&mut self, number: u32, received: &[u8]) -> Act {
        const STARTTLS: &[u8] = b"STARTTLS\r\n";
        let asked = received.windows(STARTTLS.len()).position(|window| window == STARTTLS);
        match (received, asked.map(|at| &received[at + STARTTLS.len()..])) {
            ([], _) => Act::Say(b"220 mx\r\n".to_vec(), Then::Hold),
            (_, None) => Act::Say(b"250 STARTTLS\r\n".to_vec(), Then::Hold),
            (_, Some([])) => Act::Say(b"220 go on\r\n".to_vec(), Then::Hold),
            (_, Some(_)) if number > self.n_good => Act::Say(Vec::new(), Then::Close),
            (_, Some(hello)) => self.server.answer(hello),
        }
    }
}

#[test]
fn what_is_said_before_tls_is_no_sign_of_life_in_tls() {
    let server = || Server::with(Version::Tls12, &[0xc02f, 0xc030, 0x009e]).and(Version::Tls13, &[0x1301]);
    let subject = Subject { start_tls: Some(StartTls::Smtp), ..Subject::default() };
    let mut peer = MailThenTls { server: server(), n_good: u32::MAX };
    let good = assess(&mut peer, &subject, &Limits::default()).facts;
    assert!(good.version(Version::Tls12).unwrap().suites.complete.is_yes());
    assert!(good.version(Version::Tls11).unwrap().offered.is_no());
    let mut peer = MailThenTls { server: server(), n_good: 10 };
    let tired = assess(&mut peer, &subject, &Limits::default()).facts;
    assert_eq!(tired.given_up, Some(Reason::Refusing));
    assert!(!tired.version(Version::Tls12).unwrap().suites.complete.is_yes());
}

/// Says this to whatever comes behind a hello.
fn check_provoked(then: fn() -> Act) {
    let server = Server::with(Version::Tls12, &[0x002f, 0xc02f]);
    let answer = move |_: u32, received: &[u8]| {
        let n_hello =
            received.get(3..5).map_or(0, |two| 5 + usize::from(u16::from_be_bytes([two[0], two[1]])));
        match received.len() > n_hello && received.first() == Some(&22) {
            true => then(),
            false => server.answer(received),
        }
    };
    let limits = Limits { intrusive: true, ..Limits::default() };
    let ended = assess(&mut Scripted(answer, AT_ONCE), &Subject::default(), &limits);
    assert!(ended.facts.speaks(Version::Tls12));
    assert!(ended.took <= limits.whole + limits.answer && ended.n_connections <= limits.max_connections);
    let provoked = &ended.facts.features.provoked;
    for told in [&provoked.heartbleed, &provoked.early_change, &provoked.padding_oracle] {
        assert!(!told.is_yes(), "{told:?}");
    }
}

#[test]
fn any_way_of_taking_a_provocation_comes_to_an_end() {
    check_provoked(|| Act::Wait);
    check_provoked(|| Act::Say(Vec::new(), Then::Reset));
    check_provoked(|| Act::Say(vec![0x16; 1 << 20], Then::Hold));
    check_provoked(|| Act::Say([&[24, 3, 3, 0x40, 0], [2; 9000].as_slice()].concat(), Then::Hold));
    check_provoked(|| Act::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), Then::Close));
    check_provoked(|| Act::Say(alert(0x0303, 80), Then::Close));
}
