//! RTSP and SIP, which answer like HTTP under their own names (RFC 7826, RFC 3261).

use model::observation::{Access, ServiceFacts};

use super::http_message::Message;
use super::http_products::split_server;
use crate::facts::{Tell, identified};
use crate::seen::{Asked, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    read(seen, b"RTSP", "rtsp")
}

pub(crate) fn recognise_sip(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    read(seen, b"SIP", "sip")
}

fn read(seen: &Seen<'_>, protocol: &[u8], name: &str) -> Result<ServiceFacts, Miss> {
    let message = Message::read(seen, protocol)?;
    let mut facts = identified(name).fact("status", message.status.to_string().as_bytes());
    if let Some(server) = message.field("server").or_else(|| message.field("user-agent")) {
        let (product, version) = split_server(server);
        facts = facts.product(&crate::clean::text(product)).version(version).fact("server", server);
    }
    Ok(if message.status == 401 { facts.access(Access::AuthenticationRequired) } else { facts })
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Options { request: Some(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".to_vec()), recognise })
}

pub(crate) fn talk_sip(_: &Peer) -> Box<dyn Talk> {
    let request = "OPTIONS sip:sentrypost.invalid SIP/2.0\r\n\
        Via: SIP/2.0/TCP sentrypost.invalid;branch=z9hG4bKsp\r\nFrom: <sip:sp@sentrypost.invalid>;tag=sp\r\n\
        To: <sip:sentrypost.invalid>\r\nCall-ID: sp@sentrypost.invalid\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 0\r\n\
        Content-Length: 0\r\n\r\n";
    Box::new(Options { request: Some(request.as_bytes().to_vec()), recognise: recognise_sip })
}

struct Options {
    request: Option<Vec<u8>>,
    recognise: fn(&Seen<'_>) -> Result<ServiceFacts, Miss>,
}

impl Talk for Options {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        match self.request.take() {
            Some(request) => Turn::say(request),
            None => Turn::done((self.recognise)(&Seen { asked: Asked::Other, ..*seen })?),
        }
    }
}
