//! Passes bytes on, and keeps the beginning of what went either way: what a library doesn't tell of a handshake is in
//! its records.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// More than a handshake needs; what comes after that isn't kept.
const MAX_KEPT: usize = 128 * 1024;

/// What went either way.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) read: Vec<u8>,
    pub(super) written: Vec<u8>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Record(Arc<Mutex<Kept>>);

impl Record {
    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Tap<'a> {
    pub(super) stream: &'a mut TcpStream,
    pub(super) record: Record,
}

fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = MAX_KEPT.saturating_sub(kept.len());
    kept.extend(bytes.iter().take(room));
}

impl AsyncRead for Tap<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let n_before = buffer.filled().len();
        let polled = Pin::new(&mut *self.stream).poll_read(context, buffer);
        keep(&mut self.record.kept().read, buffer.filled().get(n_before..).unwrap_or_default());
        polled
    }
}

impl AsyncWrite for Tap<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let polled = Pin::new(&mut *self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(n)) = polled {
            keep(&mut self.record.kept().written, bytes.get(..n).unwrap_or_default());
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut *self.stream).poll_shutdown(context)
    }
}
