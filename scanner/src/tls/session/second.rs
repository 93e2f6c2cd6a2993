//! Begins another handshake inside a session of TLS 1.2 (RFC 5246 §7.4.1.2, RFC 5746 §3.5), which the library doesn't:
//! one record, and how the server takes it. Intrusive; whether it may be done is the assessment's to say.

use std::time::Duration;

use model::host_name::HostName;
use probes::seen::Cursor;
use probes::tls::flight::next_message;
use probes::tls::hello::{ClientHello, Extension, random_of};
use probes::tls::message::extension;
use probes::tls::provoke::{Reaction, reaction};
use probes::tls::record::{ContentKind, next_record};
use rustls::crypto::cipher::{OutboundChunks, OutboundPlainMessage};
use rustls::{
    ClientConnection, ConnectionTrafficSecrets, ContentType, ProtocolVersion, SupportedCipherSuite,
    Tls12CipherSuite,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::tap::Kept;

const SERVER_HELLO_DONE: u8 = 14;
const MAX_ANSWER: usize = 4096;
const MAX_WAIT: Duration = Duration::from_secs(3);
const N_VERIFY: usize = 12;

/// Takes the session over from the library. `None` if it can't be gone on with.
pub(super) async fn handshake(
    stream: &mut TcpStream,
    connection: ClientConnection,
    kept: Kept,
    master_secret: &[u8],
    server_name: Option<&HostName>,
) -> Option<Reaction> {
    let Some(SupportedCipherSuite::Tls12(suite)) = connection.negotiated_cipher_suite() else { return None };
    let verify = verify_data(suite, &kept, master_secret)?;
    let code = u16::from(suite.common.suite);
    let record = hello(code, server_name, &verify).to_record();
    let record = seal(suite, connection, record.get(5..)?)?;
    if stream.write_all(&record).await.is_err() {
        return Some(Reaction::Reset);
    }
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        if let Some(reaction) = reaction(&answer) {
            return Some(by_kind(reaction, &answer));
        }
        match timeout(MAX_WAIT, stream.read(&mut buffer)).await {
            Ok(Ok(0)) => return Some(Reaction::Closed),
            Ok(Ok(n)) if answer.len() < MAX_ANSWER => answer.extend(buffer.iter().take(n)),
            Ok(Ok(_)) => return Some(Reaction::Other),
            Ok(Err(_)) => return Some(Reaction::Reset),
            Err(_) => return Some(Reaction::TimedOut),
        }
    }
}

/// What is inside an alert is encrypted; that it is one isn't. Only a record of the handshake goes on with it.
fn by_kind(reaction: Reaction, answer: &[u8]) -> Reaction {
    const NO_RENEGOTIATION: u8 = 100;
    match next_record(&mut Cursor::whole(answer)).map(|record| record.kind) {
        Ok(ContentKind::Alert) => Reaction::Alert(NO_RENEGOTIATION),
        Ok(ContentKind::Handshake) => Reaction::GoesOn,
        Ok(ContentKind::ChangeCipherSpec | ContentKind::Application | ContentKind::Heartbeat) => {
            Reaction::Other
        }
        Err(_) => reaction,
    }
}

fn hello(suite: u16, server_name: Option<&HostName>, verify: &[u8]) -> ClientHello {
    let mut extensions: Vec<Extension> =
        server_name.map(|name| Extension::server_name(name.as_str())).into_iter().collect();
    let length = u8::try_from(verify.len()).unwrap_or_default();
    extensions.extend([
        Extension::groups(&[29, 23, 24]),
        Extension::point_formats(),
        Extension::signatures(&[0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]),
        Extension::empty(extension::EXTENDED_MASTER_SECRET),
        Extension::raw(extension::RENEGOTIATION_INFO, [&[length], verify].concat()),
    ]);
    ClientHello {
        record_version: 0x0303,
        version: 0x0303,
        random: random_of(0),
        session_id: Vec::new(),
        cipher_suites: vec![suite],
        compressions: vec![0],
        extensions: Some(extensions),
    }
}

/// All handshake messages that were said in clear, up to the change of ciphers.
fn clear_messages(bytes: &[u8]) -> Vec<u8> {
    let mut records = Cursor::whole(bytes);
    let mut handshake = Vec::new();
    while let Ok(record) = next_record(&mut records) {
        match record.kind {
            ContentKind::Handshake => handshake.extend_from_slice(record.content),
            ContentKind::Alert => {}
            ContentKind::ChangeCipherSpec | ContentKind::Application | ContentKind::Heartbeat => break,
        }
    }
    handshake
}

/// What the library's last message proved (RFC 5246 §7.4.9).
fn verify_data(suite: &Tls12CipherSuite, kept: &Kept, master_secret: &[u8]) -> Option<[u8; N_VERIFY]> {
    let (said, heard) = (clear_messages(&kept.written), clear_messages(&kept.read));
    let mut ours = Cursor::whole(&said);
    next_message(&mut ours).ok()?;
    let first = said.get(..ours.n_used())?;
    // Tickets come behind the server's flight, and after what is proved.
    let mut theirs = Cursor::whole(&heard);
    while next_message(&mut theirs).ok()?.0 != SERVER_HELLO_DONE {}
    let flight = heard.get(..theirs.n_used())?;
    let transcript = suite.common.hash_provider.hash(&[first, flight, ours.rest()].concat());
    let mut verify = [0; N_VERIFY];
    suite.prf_provider.for_secret(&mut verify, master_secret, b"client finished", transcript.as_ref());
    Some(verify)
}

/// One record under the keys of the session.
fn seal(suite: &Tls12CipherSuite, connection: ClientConnection, message: &[u8]) -> Option<Vec<u8>> {
    let (sequence, secrets) = connection.dangerous_extract_secrets().ok()?.tx;
    let (key, iv) = match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv } | ConnectionTrafficSecrets::Aes256Gcm { key, iv } => {
            (key, iv)
        }
        ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (key, iv),
        _ => return None,
    };
    let (fixed, explicit) = iv.as_ref().split_at_checked(suite.aead_alg.key_block_shape().fixed_iv_len)?;
    let mut encrypter = suite.aead_alg.encrypter(key, fixed, explicit);
    let plain = OutboundPlainMessage {
        typ: ContentType::Handshake,
        version: ProtocolVersion::TLSv1_2,
        payload: OutboundChunks::Single(message),
    };
    encrypter.encrypt(plain, sequence).ok().map(|sealed| sealed.encode())
}
