//! Asks an open UDP port all the questions that its number is known for, one after another, and puts the answers
//! together. What was heard when the port was found counts as one of them.
//!
//! Which questions may be asked isn't decided here, nor what a fact is worth.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use model::observation::{Certainty, ServiceFacts};
use probes::packet::{Cookies, Path};
use probes::udp::{AnswersFrom, Tied, UdpProbe, amplification_hundredths, merge, unrecognised};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::questions::{Questions, is_recognised};
use crate::seam::{Identifier, OpenPort};

const UDP: u8 = 17;
/// Times that a question is asked which nobody answers.
const MOST_ASKS: u64 = 3;
/// How long the first answer may take, and those that follow it.
const PATIENCE: Duration = Duration::from_millis(700);
const MORE: Duration = Duration::from_millis(150);
/// Packets of one answer that are read, and counted as what comes back.
const MOST_PACKETS: usize = 16;
const MOST_BYTES: usize = 2_048;
/// The name of the fact that says how much more comes back than was sent, in hundredths.
pub(crate) const AMPLIFICATION: &str = "amplification-hundredths";

/// Identifies UDP services.
#[derive(Debug)]
pub(crate) struct Datagrams {
    questions: Questions,
    cookies: Cookies,
    /// Whether anything is asked beyond what was heard already.
    asks: bool,
}

impl Datagrams {
    pub(crate) fn new(questions: Questions, key: [u64; 2], asks: bool) -> Datagrams {
        Datagrams { questions, cookies: Cookies::new(key), asks }
    }

    /// All that a port says of itself.
    async fn ask(&self, at: SocketAddr, first: ServiceFacts) -> ServiceFacts {
        let mut facts = first;
        let mut most = None;
        let source = source_towards(at).await;
        for probe in self.questions.to(at.port()) {
            // A port of our own system can't be had: what is known already stays.
            let Ok(Some(said)) = self.one(probe, at, source).await else { continue };
            most = most.max(said.amplification);
            facts = if is_silent(&facts) { said.facts } else { merge(facts, said.facts) };
        }
        if let Some(most) = most {
            facts.facts.insert(AMPLIFICATION.to_owned(), most.to_string());
        }
        facts
    }

    /// One question, from a port of its own; `None` if nothing comes back.
    async fn one(
        &self,
        probe: &UdpProbe,
        at: SocketAddr,
        source: IpAddr,
    ) -> Result<Option<Said>, std::io::Error> {
        let any: IpAddr =
            if at.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        // Not connected: some servers answer from another port.
        let socket = UdpSocket::bind((any, 0)).await?;
        let path = Path {
            source,
            target: at.ip(),
            source_port: socket.local_addr()?.port(),
            target_port: at.port(),
            protocol: UDP,
        };
        let cookie = self.cookies.of(&path);
        let payload = self.questions.payload(probe, cookie, source);
        let header = if at.is_ipv4() { 28 } else { 48 };
        let size = |len: usize| len as u64 + header;
        for n_asked in 1..=MOST_ASKS {
            socket.send_to(&payload, at).await?;
            let (mut facts, mut n_back) = (None, 0);
            let mut until = Instant::now() + PATIENCE;
            let mut buffer = [0; MOST_BYTES];
            for _ in 0..MOST_PACKETS {
                let Ok(received) = timeout_at(until, socket.recv_from(&mut buffer)).await else { break };
                // An ICMP error about an earlier question ends nothing.
                let Ok((len, from)) = received else { continue };
                let packet = buffer.get(..len).unwrap_or_default();
                if let Some(said) = self.read(probe, cookie, at, from, packet) {
                    n_back += size(len);
                    facts = Some(match facts {
                        None => said,
                        Some(before) => merge(before, said),
                    });
                    until = Instant::now() + MORE;
                }
            }
            if let Some(facts) = facts {
                let amplification = amplification_hundredths(n_asked * size(payload.len()), n_back);
                return Ok(Some(Said { facts, amplification }));
            }
        }
        Ok(None)
    }

    /// What a packet says; `None` if it isn't an answer to the question.
    fn read(
        &self,
        probe: &UdpProbe,
        cookie: u64,
        at: SocketAddr,
        from: SocketAddr,
        packet: &[u8],
    ) -> Option<ServiceFacts> {
        let may_wander = probe.answers_from == AnswersFrom::AnyPort;
        if from.ip() != at.ip() || (from.port() != at.port() && !may_wander) {
            return None;
        }
        match probe.recognise(packet) {
            Some(reply) if probe.tied(cookie, &reply) == Tied::NotOurs => None,
            Some(reply) => Some(reply.facts),
            None => Some(unrecognised(packet)),
        }
    }
}

struct Said {
    facts: ServiceFacts,
    amplification: Option<u64>,
}

fn is_silent(facts: &ServiceFacts) -> bool {
    !is_recognised(facts) && matches!(facts.certainty, Certainty::NotAsked | Certainty::Silent)
}

/// The address that packets to a target leave from, as far as the kernel tells: to ask it sends nothing.
async fn source_towards(at: SocketAddr) -> IpAddr {
    let any: IpAddr = if at.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let ask = async {
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(at).await?;
        socket.local_addr()
    };
    ask.await.map_or(any, |source| source.ip())
}

impl Identifier for std::sync::Arc<Datagrams> {
    fn identify(&self, open: OpenPort) -> Pin<Box<dyn Future<Output = ServiceFacts> + Send>> {
        let asker = self.clone();
        Box::pin(async move {
            let at = SocketAddr::new(open.target.addr(), open.port);
            let first = open.said.map(|said| asker.questions.read(open.port, &said)).unwrap_or_default();
            if !asker.asks {
                return first;
            }
            let _leave = open.gate.permit().await;
            asker.ask(at, first).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A port of loopback that no protocol is known for.
    async fn bound() -> UdpSocket {
        loop {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
            let port = socket.local_addr().expect("it is bound").port();
            if Questions::default().to(port).next().is_some_and(|probe| probe.id == "empty") {
                return socket;
            }
        }
    }

    #[tokio::test]
    async fn what_comes_back_is_measured_and_what_comes_from_elsewhere_is_not_believed() {
        let (server, elsewhere) = (bound().await, bound().await);
        let at = server.local_addr().expect("it is bound");
        let serve = tokio::spawn(async move {
            let mut buffer = [0; 64];
            while let Ok((_, from)) = server.recv_from(&mut buffer).await {
                // Whoever asked may be gone.
                let _ = elsewhere.send_to(b"from another port, and much longer than the answer", from).await;
                let _ = server.send_to(b"hello", from).await;
                let _ = server.send_to(b"world", from).await;
            }
        });
        let asker = Datagrams::new(Questions::default(), [1, 2], true);
        let facts = asker.ask(at, ServiceFacts::default()).await;
        serve.abort();
        assert_eq!((facts.certainty, facts.first_bytes.as_slice()), (Certainty::Unknown, &b"hello"[..]));
        // An empty datagram of 28 bytes brings two of 33.
        assert_eq!(facts.facts.get(AMPLIFICATION).map(String::as_str), Some("235"));
    }

    #[tokio::test]
    async fn what_was_heard_is_kept_where_nothing_answers_any_more() {
        let at = bound().await.local_addr().expect("it was bound");
        let heard = unrecognised(b"hello");
        let facts = Datagrams::new(Questions::default(), [1, 2], true).ask(at, heard.clone()).await;
        assert_eq!(facts, heard);
    }
}
