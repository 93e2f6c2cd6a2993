//! Scripted peers on loopback: what they are taken for, and that every identification ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::observation::Access;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::*;

/// Waits as short as loopback allows; nothing is asserted about how long things take.
fn limits() -> IdentifyLimits {
    let ms = Duration::from_millis;
    let timing = Timing {
        greeting_expected: ms(60),
        greeting: ms(40),
        answer: ms(60),
        gap: ms(100),
        whole: ms(700),
        ..Timing::default()
    };
    IdentifyLimits { timing, connect: ms(500), seed: 7 }
}

/// What a peer does with each connection.
#[derive(Clone, Copy)]
enum Peer {
    Says(&'static [u8]),
    /// Waits for a request that begins like that, then answers; hangs up on any other.
    Answers(&'static [u8], &'static [u8]),
    /// Answers anything at all.
    AnswersAll(&'static [u8]),
    Drips(&'static [u8]),
    Floods,
    Echoes,
    Silent,
    HangsUp,
    Resets,
}

async fn play(peer: Peer, mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = vec![0; 4096];
    match peer {
        Peer::Says(greeting) => {
            stream.write_all(greeting).await?;
            while stream.read(&mut request).await? > 0 {}
        }
        Peer::Answers(opening, answer) => {
            let n = stream.read(&mut request).await?;
            if request[..n].starts_with(opening) {
                stream.write_all(answer).await?;
                while stream.read(&mut request).await? > 0 {}
            }
        }
        Peer::AnswersAll(answer) => {
            while stream.read(&mut request).await? > 0 {
                stream.write_all(answer).await?;
            }
        }
        Peer::Drips(text) => {
            for byte in text.iter().cycle() {
                stream.write_all(std::slice::from_ref(byte)).await?;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        Peer::Floods => loop {
            stream.write_all(&request).await?;
        },
        Peer::Echoes => loop {
            let n = stream.read(&mut request).await?;
            if n == 0 {
                break;
            }
            stream.write_all(&request[..n]).await?;
        },
        Peer::Silent => while stream.read(&mut request).await? > 0 {},
        Peer::HangsUp => {}
        Peer::Resets => stream.set_zero_linger()?,
    }
    Ok(())
}

/// A listener that plays the peer, and the number of connections that it has seen.
async fn listen(peer: Peer) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let n_connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&n_connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(play(peer, stream));
        }
    });
    (addr, n_connections)
}

async fn facts_of(peer: Peer) -> (ServiceFacts, usize) {
    let (addr, n_connections) = listen(peer).await;
    let target = IdentifyTarget { addr, names: Vec::new(), rtt: None, stream: None };
    let facts = identify(target, &limits(), &Ungated).await;
    (facts, n_connections.load(Ordering::Relaxed))
}

#[track_caller]
fn assert_seen(facts: &ServiceFacts, expected: &str) {
    assert_eq!(format!("{:?} {}", facts.certainty, facts.display_name()), expected);
}

async fn check(peer: Peer, expected: &str) {
    assert_seen(&facts_of(peer).await.0, expected);
}

#[tokio::test]
async fn a_greeting_is_enough() {
    check(Peer::Says(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), "Identified ssh").await;
    check(Peer::Says(b"* OK Dovecot ready.\r\n"), "Identified imap").await;
}

#[tokio::test]
async fn protocols_are_found_on_ports_that_say_nothing_of_them() {
    check(
        Peer::Answers(b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        "Identified http",
    )
    .await;
    check(Peer::Answers(b"INFO", b"-NOAUTH Authentication required.\r\n"), "Identified redis").await;
    check(Peer::Answers(b"\x10\x0c\0\x04MQTT", b"\x20\x02\0\0"), "Identified mqtt").await;
    check(Peer::Answers(b"\0\0\0\x45\xffSMB", b"\x83\0\0\x01\x82"), "Identified netbios-ssn").await;
}

#[tokio::test]
async fn an_open_redis_is_known_to_be_open() {
    let answer = b"$41\r\n# Server\r\nredis_version:7.0.15\r\nos:Linux\r\n\r\n";
    let (facts, _) = facts_of(Peer::Answers(b"INFO", answer)).await;
    assert_eq!(facts.version.as_deref(), Some("7.0.15"));
    assert_eq!(facts.access, Some(Access::NoAuthentication));
}

#[tokio::test]
async fn an_echo_is_not_taken_for_what_it_was_asked() {
    check(Peer::Echoes, "Identified echo").await;
}

#[tokio::test]
async fn silence_is_silence_and_costs_few_connections() {
    let (facts, n_connections) = facts_of(Peer::Silent).await;
    assert_seen(&facts, "Silent unknown");
    assert!((2..=8).contains(&n_connections), "{n_connections}");
}

#[tokio::test]
async fn a_peer_that_hangs_up_at_once_is_not_bothered_for_long() {
    for peer in [Peer::HangsUp, Peer::Resets] {
        let (facts, n_connections) = facts_of(peer).await;
        assert_seen(&facts, "ClosedAtOnce unknown");
        assert!(n_connections <= 4, "{n_connections}");
    }
}

#[tokio::test]
async fn unknown_bytes_are_kept() {
    let (facts, _) = facts_of(Peer::Says(b"\x01\x02 nobody knows this \xfe\xfe")).await;
    assert_seen(&facts, "Unknown unknown");
    assert_eq!(facts.first_bytes.as_slice(), b"\x01\x02 nobody knows this \xfe\xfe");
}

#[tokio::test]
async fn endless_talkers_come_to_an_end() {
    check(Peer::Floods, "Unknown unknown").await;
    check(Peer::Drips(b"x"), "Unknown unknown").await;
    check(Peer::AnswersAll(b"HTTP/1.1 200 OK\r\nX: y\r\nX: y\r\n"), "Identified http").await;
}

#[tokio::test]
async fn a_greeting_may_come_a_byte_at_a_time() {
    check(Peer::Drips(b"SSH-2.0-OpenSSH_9.2p1\r\n"), "Identified ssh").await;
}

#[tokio::test]
async fn garbage_in_tls_records_is_no_certificate() {
    let (facts, _) = facts_of(Peer::AnswersAll(b"\x16\x03\x03\x00\x06\x02\0\0\x02\xff\xff")).await;
    assert!(facts.tls.is_none(), "{facts:?}");
    let (facts, _) = facts_of(Peer::AnswersAll(b"\x15\x03\x03\x00\x02\x02\x28")).await;
    assert_seen(&facts, "Identified tls");
}

#[tokio::test]
async fn a_connection_that_was_handed_over_is_used() {
    let (addr, n_connections) = listen(Peer::Says(b"SSH-2.0-OpenSSH_9.2p1\r\n")).await;
    let stream = Some(TcpStream::connect(addr).await.unwrap());
    let target = IdentifyTarget { addr, names: Vec::new(), rtt: None, stream };
    assert_seen(&identify(target, &limits(), &Ungated).await, "Identified ssh");
    assert_eq!(n_connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_port_that_closed_in_the_meantime_is_not_called_silent() {
    let addr = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let target = IdentifyTarget { addr, names: Vec::new(), rtt: None, stream: None };
    assert_seen(&identify(target, &limits(), &Ungated).await, "NotAsked unknown");
}

/// A gate with one place.
struct OneAtATime(Arc<Semaphore>);

impl ConnectionGate for OneAtATime {
    type Permit = OwnedSemaphorePermit;

    async fn acquire(&self, _host: std::net::IpAddr) -> OwnedSemaphorePermit {
        Arc::clone(&self.0).acquire_owned().await.unwrap()
    }
}

#[tokio::test]
async fn one_connection_at_a_time_is_enough_to_find_a_service_and_the_end() {
    let answer: &[u8] = b"\x20\x02\0\0";
    for (peer, expected) in
        [(Peer::Answers(b"\x10\x0c\0\x04MQTT", answer), "Identified mqtt"), (Peer::Silent, "Silent unknown")]
    {
        let (addr, _) = listen(peer).await;
        let target = IdentifyTarget { addr, names: Vec::new(), rtt: None, stream: None };
        let gate = OneAtATime(Arc::new(Semaphore::new(1)));
        assert_seen(&identify(target, &limits(), &gate).await, expected);
        assert_eq!(gate.0.available_permits(), 1);
    }
}
