//! One connection, in clear or inside TLS, and the way from one to the other.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use model::host_name::HostName;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::tls::{self, RecordedChain};

pub(super) struct Wire {
    layer: Layer,
    /// Bytes went one way or the other before TLS.
    was_used: bool,
}

enum Layer {
    Clear(TcpStream),
    Tls(Box<TlsStream<Recorder>>),
    /// A failed handshake leaves nothing to talk over.
    Gone,
}

/// What became of a handshake.
pub(super) struct Shaken {
    pub(super) wire: Wire,
    pub(super) succeeded: bool,
    /// The peer hung up or broke the rules, rather than being too slow.
    pub(super) failed_by_peer: bool,
    /// What the peer sent in clear, bounded; to be looked at if it failed.
    pub(super) received: Vec<u8>,
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) version: Option<rustls::ProtocolVersion>,
    pub(super) after_clear: bool,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Wire {
        Wire { layer: Layer::Clear(stream), was_used: false }
    }

    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.was_used = true;
        match &mut self.layer {
            Layer::Clear(stream) => stream.write_all(bytes).await,
            Layer::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
            Layer::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    pub(super) async fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.was_used = true;
        match &mut self.layer {
            Layer::Clear(stream) => stream.read(room).await,
            Layer::Tls(stream) => stream.read(room).await,
            Layer::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Says goodbye in the layer's own way, then empties what has arrived: unread bytes would turn the close
    /// into a reset.
    pub(super) async fn close(&mut self) -> io::Result<()> {
        match &mut self.layer {
            Layer::Clear(stream) => {
                stream.shutdown().await?;
                drain(stream)
            }
            Layer::Tls(stream) => {
                stream.shutdown().await?;
                drain(&stream.get_ref().0.stream)
            }
            Layer::Gone => Ok(()),
        }
    }

    pub(super) async fn start_tls(self, addr: IpAddr, name: Option<&HostName>, until: Instant) -> Shaken {
        let after_clear = self.was_used;
        let chain = RecordedChain::default();
        let received = Arc::new(Mutex::new(Vec::new()));
        let mut shaken = Shaken {
            wire: Wire { layer: Layer::Gone, was_used: true },
            succeeded: false,
            failed_by_peer: false,
            received: Vec::new(),
            chain: Vec::new(),
            version: None,
            after_clear,
        };
        let Layer::Clear(stream) = self.layer else { return shaken };
        // An address is never sent as a server name, and a name that rustls doesn't take isn't worth failing for.
        let server_name = name
            .and_then(|name| ServerName::try_from(name.as_str().to_owned()).ok())
            .unwrap_or_else(|| ServerName::IpAddress(addr.into()));
        if let Ok(config) = tls::client_config(&chain) {
            let recorder = Recorder { stream, received: Some(Arc::clone(&received)) };
            let handshake = TlsConnector::from(Arc::new(config)).connect(server_name, recorder);
            match timeout_at(until, handshake).await {
                Ok(Ok(mut stream)) => {
                    stream.get_mut().0.received = None;
                    shaken.version = stream.get_ref().1.protocol_version();
                    shaken.wire.layer = Layer::Tls(Box::new(stream));
                    shaken.succeeded = true;
                }
                Ok(Err(_)) => shaken.failed_by_peer = true,
                Err(_) => {}
            }
        }
        shaken.received = std::mem::take(&mut *received.lock().unwrap_or_else(PoisonError::into_inner));
        shaken.chain = chain.take();
        shaken
    }
}

fn drain(stream: &TcpStream) -> io::Result<()> {
    let mut bin = [0; 4096];
    // As much as a peer may have sent behind what we wanted, and no more: an endless talker gets its reset.
    for _ in 0..16 {
        if stream.try_read(&mut bin)? == 0 {
            break;
        }
    }
    Ok(())
}

/// A stream that keeps a bounded copy of what arrives first.
struct Recorder {
    stream: TcpStream,
    received: Option<Arc<Mutex<Vec<u8>>>>,
}

const MAX_RECORDED: usize = 2048;

impl AsyncRead for Recorder {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let n_before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Some(received) = &self.received {
            let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
            let room = MAX_RECORDED.saturating_sub(received.len());
            received.extend(buf.filled().iter().skip(n_before).take(room));
        }
        polled
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
