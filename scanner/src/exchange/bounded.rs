//! A reader that counts lines and hands out no more than it was allowed to.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use super::fault::What;

/// Seen from both sides: the reader counts, and whoever reads allows.
#[derive(Debug)]
pub(super) struct Meter {
    /// Line of the last byte that was read.
    n_newlines: Cell<u64>,
    n_bytes: Cell<u64>,
    /// Bytes that the piece at hand may still take.
    left: Cell<usize>,
    max_bytes: u64,
    max_piece: usize,
}

impl Meter {
    pub(super) fn new(max_bytes: u64, max_piece: usize) -> Rc<Meter> {
        Rc::new(Meter {
            n_newlines: Cell::new(0),
            n_bytes: Cell::new(0),
            left: Cell::new(max_piece),
            max_bytes,
            max_piece,
        })
    }

    pub(super) fn line(&self) -> u64 {
        self.n_newlines.get() + 1
    }

    /// Another piece begins.
    pub(super) fn begin_piece(&self) {
        self.left.set(self.max_piece);
    }

    /// What a failed read means, where it was this reader that refused to go on.
    pub(super) fn explain(&self, error: &io::Error) -> What {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Stop>()) {
            Some(Stop::File) => What::TooLarge(self.max_bytes),
            Some(Stop::Piece) => What::TooLong(self.max_piece),
            None => What::Io(io::Error::new(error.kind(), error.to_string())),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("the file is too large")]
    File,
    #[error("a piece of the file is too long")]
    Piece,
}

#[derive(Debug)]
pub(super) struct Bounded<R> {
    inner: BufReader<R>,
    meter: Rc<Meter>,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(inner: R, meter: Rc<Meter>) -> Bounded<R> {
        Bounded { inner: BufReader::with_capacity(1 << 16, inner), meter }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let n = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..n), ready.get(..n)) {
            to.copy_from_slice(from);
        }
        self.consume(n);
        Ok(n)
    }
}

impl<R: Read> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.meter.left.get();
        let ready = self.inner.fill_buf()?;
        if ready.is_empty() {
            return Ok(ready);
        }
        if self.meter.n_bytes.get() >= self.meter.max_bytes {
            return Err(io::Error::other(Stop::File));
        }
        if left == 0 {
            return Err(io::Error::other(Stop::Piece));
        }
        Ok(ready.get(..left).unwrap_or(ready))
    }

    fn consume(&mut self, n: usize) {
        let meter = &self.meter;
        let taken = self.inner.buffer().get(..n).unwrap_or_default();
        let newlines = taken.iter().filter(|&&byte| byte == b'\n').count();
        meter.n_newlines.set(meter.n_newlines.get() + newlines as u64);
        meter.n_bytes.set(meter.n_bytes.get() + n as u64);
        meter.left.set(meter.left.get().saturating_sub(n));
        self.inner.consume(n);
    }
}
