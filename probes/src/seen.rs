//! Bytes that a peer has sent so far, and the cursor that reads them. Every decoder of this crate reads through
//! [`Cursor`]: it can't go past the end, and says whether more bytes could still help.
//!
//! The contract that makes an outcome independent of how the input is cut into chunks: a decoder that answers
//! anything but [`Miss::More`] for some bytes gives the same answer for every longer input that begins with them.

/// What had been sent to the peer when its bytes arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Nothing,
    Http,
    Tls,
    /// The opening of some other protocol.
    Other,
}

/// Why a decoder didn't match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// Undecided: more bytes are needed.
    More,
    /// These bytes are something else.
    No,
    /// Not proof of anything, but worth a try.
    Clue(Clue),
}

/// What to try next, going by an answer that proves nothing by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clue {
    /// HTTP inside TLS: a web server said that it had expected TLS.
    HttpInTls,
    /// It answers with TLS records.
    Tls,
    /// The named probe of the table.
    Probe(&'static str),
}

/// The bytes since we last spoke.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub bytes: &'a [u8],
    /// Nothing more will come: closed, timed out, or at the bound.
    pub end: bool,
    pub asked: Asked,
}

impl<'a> Seen<'a> {
    pub fn cursor(&self) -> Cursor<'a> {
        Cursor { rest: self.bytes, end: self.end, n_used: 0 }
    }
}

/// Reads forward, never past the end.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    end: bool,
    n_used: usize,
}

impl<'a> Cursor<'a> {
    /// Over bytes that are known to be all there are; never answers [`Miss::More`].
    pub fn whole(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { rest: bytes, end: true, n_used: 0 }
    }

    pub fn n_used(&self) -> usize {
        self.n_used
    }

    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The answer when bytes are missing.
    pub fn short(&self) -> Miss {
        if self.end { Miss::No } else { Miss::More }
    }

    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Miss> {
        let (taken, rest) = self.rest.split_at_checked(n).ok_or_else(|| self.short())?;
        self.rest = rest;
        self.n_used += n;
        Ok(taken)
    }

    /// Takes `n` bytes, which must not be more than `max`.
    pub fn take_bounded(&mut self, n: usize, max: usize) -> Result<&'a [u8], Miss> {
        if n > max { Err(Miss::No) } else { self.take(n) }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Miss> {
        self.take(N)?.try_into().map_err(|_| Miss::No)
    }

    pub fn u8(&mut self) -> Result<u8, Miss> {
        self.array().map(u8::from_be_bytes)
    }

    pub fn u16(&mut self) -> Result<u16, Miss> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u24(&mut self) -> Result<usize, Miss> {
        let [a, b, c] = self.array()?;
        Ok(usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c))
    }

    pub fn u32(&mut self) -> Result<u32, Miss> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn u16_le(&mut self) -> Result<u16, Miss> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn u24_le(&mut self) -> Result<usize, Miss> {
        let [a, b, c] = self.array()?;
        Ok(usize::from(c) << 16 | usize::from(b) << 8 | usize::from(a))
    }

    pub fn u32_le(&mut self) -> Result<u32, Miss> {
        self.array().map(u32::from_le_bytes)
    }

    /// A 32-bit length as `usize`.
    pub fn len32(&mut self) -> Result<usize, Miss> {
        self.u32().map(|n| usize::try_from(n).unwrap_or(usize::MAX))
    }

    /// Exactly these bytes; a mismatch is known from the first byte that differs.
    pub fn tag(&mut self, tag: &[u8]) -> Result<(), Miss> {
        let n_there = self.rest.len().min(tag.len());
        if self.rest.get(..n_there) != tag.get(..n_there) {
            return Err(Miss::No);
        }
        self.take(tag.len()).map(drop)
    }

    /// A line without its end (LF or CR LF), of at most `max` bytes. What a peer left unended before it fell
    /// silent is a line too.
    pub fn line(&mut self, max: usize) -> Result<&'a [u8], Miss> {
        let line = match self.rest.iter().take(max + 2).position(|&b| b == b'\n') {
            Some(at) => {
                let line = self.take(at)?;
                self.take(1)?;
                line
            }
            None if self.rest.len() > max + 1 => return Err(Miss::No),
            None if self.end && !self.rest.is_empty() => self.take(self.rest.len())?,
            None => return Err(self.short()),
        };
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The bytes before the next `stop`, which is taken too; at most `max` bytes.
    pub fn until(&mut self, stop: u8, max: usize) -> Result<&'a [u8], Miss> {
        match self.rest.iter().take(max + 1).position(|&b| b == stop) {
            Some(at) => {
                let taken = self.take(at)?;
                self.take(1)?;
                Ok(taken)
            }
            None if self.rest.len() > max => Err(Miss::No),
            None => Err(self.short()),
        }
    }
}

/// Where `needle` begins in `haystack`, ASCII case ignored.
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len().max(1)).position(|window| window.eq_ignore_ascii_case(needle))
}

/// Whether `needle` occurs in `haystack`, ASCII case ignored.
pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    find(haystack, needle).is_some()
}

/// The bytes behind `key` up to the first of `stops`, or the end.
pub fn after<'a>(haystack: &'a [u8], key: &[u8], stops: &[u8]) -> Option<&'a [u8]> {
    let value = haystack.get(find(haystack, key)? + key.len()..)?;
    let n = value.iter().position(|b| stops.contains(b)).unwrap_or(value.len());
    value.get(..n)
}
