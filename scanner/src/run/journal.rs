//! The journal of a run: which index was settled, and how. Append-only, about one byte per probe.
//!
//! A header, then batches: length, payload, CRC-32 of the payload (numbers little-endian). A payload is a
//! series of varints: distance to the index before, times 64, plus the code of what became of it.
//! What a crash left of the last batch is cut off on opening; its probes are made again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::RunError;
use super::settled::Settled;

const MAGIC: [u8; 8] = *b"sentryJ\0";
/// Formats 1 and 2, in which a code took three and five bits, were never released.
const FORMAT: u32 = 3;
/// Magic, format, number of probes, CRC of those.
const HEADER_LEN: usize = 8 + 4 + 8 + 4;
/// Bounds what a damaged length can make us read.
const MAX_PAYLOAD: usize = 1 << 20;
/// Keeps payloads below [`MAX_PAYLOAD`] even if every varint took its ten bytes.
const MAX_BATCH: usize = 1 << 16;

/// One settled probe.
pub(crate) type Entry = (u64, Settled);

/// Appends batches.
#[derive(Debug)]
pub(crate) struct JournalWriter {
    file: File,
    path: PathBuf,
    /// Length up to which everything is whole.
    n_whole: u64,
}

impl JournalWriter {
    pub(crate) fn create(path: &Path, n_probes: u64) -> Result<JournalWriter, RunError> {
        let fail = |source| RunError::io("create", path, source);
        let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(fail)?;
        file.write_all(&header(n_probes)).and_then(|()| file.sync_all()).map_err(fail)?;
        Ok(JournalWriter { file, path: path.to_owned(), n_whole: HEADER_LEN as u64 })
    }

    /// Opens a journal to go on with: tells `each` what is in it and cuts a torn tail.
    pub(crate) fn resume(
        path: &Path,
        n_probes: u64,
        each: impl FnMut(Entry),
    ) -> Result<(JournalWriter, u64), RunError> {
        let fail = |source| RunError::io("open", path, source);
        let n_whole = read(path, n_probes, each)?;
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(fail)?;
        let n_torn = file.metadata().map_err(fail)?.len().saturating_sub(n_whole);
        if n_torn > 0 {
            file.set_len(n_whole).and_then(|()| file.sync_all()).map_err(fail)?;
        }
        file.seek(SeekFrom::Start(n_whole)).map_err(fail)?;
        Ok((JournalWriter { file, path: path.to_owned(), n_whole }, n_torn))
    }

    /// Appends entries, in any order, and syncs.
    pub(crate) fn append(&mut self, entries: &mut [Entry]) -> Result<(), RunError> {
        if entries.is_empty() {
            return Ok(());
        }
        entries.sort_unstable_by_key(|&(index, _)| index);
        let mut bytes = Vec::with_capacity(entries.len() * 2);
        for batch in entries.chunks(MAX_BATCH) {
            encode(batch, &mut bytes);
        }
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // Leave no half batch behind. If this fails as well, the next opening cuts it.
            drop(
                self.file.set_len(self.n_whole).and_then(|()| self.file.seek(SeekFrom::Start(self.n_whole))),
            );
            return Err(RunError::io("write", &self.path, source));
        }
        self.n_whole += bytes.len() as u64;
        Ok(())
    }
}

/// Reads a journal, also one that is being written, and returns the length up to which it is whole.
pub(crate) fn read(path: &Path, n_probes: u64, mut each: impl FnMut(Entry)) -> Result<u64, RunError> {
    let fail = |source| RunError::io("read", path, source);
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(fail)?);
    let mut found = [0; HEADER_LEN];
    if !fill(&mut file, &mut found).map_err(fail)? {
        return Err(RunError::damaged(path, "its header is cut short"));
    }
    check_header(path, &found, n_probes)?;
    let mut n_whole = HEADER_LEN as u64;
    let mut payload = Vec::new();
    while let Some(entries) = next_batch(&mut file, &mut payload, n_probes).map_err(fail)? {
        // Length and checksum take four bytes each.
        n_whole += 8 + payload.len() as u64;
        entries.into_iter().for_each(&mut each);
    }
    Ok(n_whole)
}

fn header(n_probes: u64) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend(FORMAT.to_le_bytes());
    header.extend(n_probes.to_le_bytes());
    header.extend(crc32fast::hash(&header).to_le_bytes());
    header
}

fn check_header(path: &Path, found: &[u8; HEADER_LEN], n_probes: u64) -> Result<(), RunError> {
    if !found.starts_with(&MAGIC) {
        return Err(RunError::damaged(path, "it isn't a journal"));
    }
    let format = found.get(8..12).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    if let Some(found) = format.filter(|&format| format > FORMAT) {
        return Err(RunError::NewerFormat { path: path.to_owned(), found, known: FORMAT });
    }
    if format.is_some_and(|format| format < FORMAT) {
        return Err(RunError::damaged(path, "it is of a format from before the first release; scan again"));
    }
    if *found != *header(n_probes) {
        return Err(RunError::damaged(path, "its header doesn't belong to the plan in the manifest"));
    }
    Ok(())
}

fn encode(batch: &[Entry], out: &mut Vec<u8>) {
    let length_at = out.len();
    out.extend([0; 4]);
    let payload_at = out.len();
    let mut before = 0;
    for &(index, settled) in batch {
        let mut rest = ((index - before) << Settled::CODE_BITS) | u64::from(settled.code());
        while rest >= 0x80 {
            out.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
        before = index;
    }
    let (head, payload) = out.split_at_mut(payload_at);
    let crc = crc32fast::hash(payload);
    let length = u32::try_from(payload.len()).expect("a payload is at most MAX_PAYLOAD long");
    head[length_at..].copy_from_slice(&length.to_le_bytes());
    out.extend(crc.to_le_bytes());
}

/// The next whole batch, its payload left in `payload`; `None` at the end or where the file is torn.
fn next_batch(file: &mut impl Read, payload: &mut Vec<u8>, n_probes: u64) -> io::Result<Option<Vec<Entry>>> {
    let mut number = [0; 4];
    if !fill(file, &mut number)? {
        return Ok(None);
    }
    let length = u32::from_le_bytes(number) as usize;
    // No batch is empty; a tail of zeros, as some file systems leave it, would look like many of those.
    if length == 0 || length > MAX_PAYLOAD {
        return Ok(None);
    }
    payload.resize(length, 0);
    if !fill(file, payload)? || !fill(file, &mut number)? {
        return Ok(None);
    }
    if crc32fast::hash(payload) != u32::from_le_bytes(number) {
        return Ok(None);
    }
    Ok(decode(payload, n_probes))
}

fn decode(payload: &[u8], n_probes: u64) -> Option<Vec<Entry>> {
    let mut entries = Vec::with_capacity(payload.len());
    let (mut index, mut value, mut shift) = (0u64, 0u64, 0u32);
    for &byte in payload {
        let bits = u64::from(byte & 0x7f);
        if shift >= u64::BITS || (bits << shift) >> shift != bits {
            return None;
        }
        value |= bits << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            let code = (value & ((1 << Settled::CODE_BITS) - 1)) as u8;
            index = index.checked_add(value >> Settled::CODE_BITS).filter(|&index| index < n_probes)?;
            entries.push((index, Settled::of_code(code)?));
            (value, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(entries)
}

/// Fills `buffer`; `false` if the file ends first.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use model::observation::Reply;
    use proptest::prelude::*;

    use super::*;

    fn entries(path: &Path, n_probes: u64) -> Vec<Entry> {
        let mut entries = Vec::new();
        read(path, n_probes, |entry| entries.push(entry)).expect("a readable journal");
        entries
    }

    fn some_entries(from: u64, n: u64) -> Vec<Entry> {
        (from..from + n).map(|i| (i, Settled::of_code((i % 51) as u8).expect("a code"))).collect()
    }

    #[test]
    fn takes_about_a_byte_per_probe() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = JournalWriter::create(&path, 70_000).unwrap();
        journal.append(&mut some_entries(0, 70_000)).unwrap();
        assert_eq!(entries(&path, 70_000), some_entries(0, 70_000));
        assert!(std::fs::metadata(&path).unwrap().len() < 70_100);
    }

    #[test]
    fn a_journal_torn_at_any_byte_keeps_its_whole_batches_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = JournalWriter::create(&path, 1000).unwrap();
        let mut whole_at = vec![(HEADER_LEN, 0)];
        for from in [0, 20, 600] {
            journal.append(&mut some_entries(from, 15)).unwrap();
            whole_at.push((journal.n_whole as usize, whole_at.len() * 15));
        }
        let bytes = std::fs::read(&path).unwrap();
        let torn = folder.path().join("torn");
        for length in HEADER_LEN..=bytes.len() {
            for tail in [&[][..], &[0; 40], &[0xff; 40]] {
                std::fs::write(&torn, [&bytes[..length], tail].concat()).unwrap();
                let n_expected =
                    whole_at.iter().filter(|&&(at, _)| at <= length).map(|&(_, n)| n).max().unwrap();
                let mut n_seen = 0;
                let (mut resumed, _) = JournalWriter::resume(&torn, 1000, |_| n_seen += 1).unwrap();
                assert_eq!(n_seen, n_expected, "torn at {length}, {} bytes of rubbish", tail.len());
                resumed.append(&mut some_entries(900, 3)).unwrap();
                assert_eq!(entries(&torn, 1000)[n_expected..], some_entries(900, 3));
            }
        }
        for length in 0..HEADER_LEN {
            std::fs::write(&torn, &bytes[..length]).unwrap();
            assert!(matches!(read(&torn, 1000, |_| ()), Err(RunError::Damaged { .. })));
        }
    }

    #[test]
    fn a_flipped_bit_ends_the_reading_before_its_batch() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = JournalWriter::create(&path, 1000).unwrap();
        journal.append(&mut some_entries(0, 30)).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for at in HEADER_LEN..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(entries(&path, 1000), [], "byte {at}");
        }
    }

    #[test]
    fn another_plan_and_a_newer_format_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        JournalWriter::create(&path, 1000).unwrap();
        let error = read(&path, 999, |_| ()).expect_err("a journal of another plan");
        assert!(error.to_string().contains("doesn't belong to the plan"), "{error}");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[8] = 4;
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(read(&path, 1000, |_| ()), Err(RunError::NewerFormat { found: 4, known: 3, .. })));
        for old in [1, 2] {
            bytes[8] = old;
            std::fs::write(&path, &bytes).unwrap();
            let error = read(&path, 1000, |_| ()).expect_err("a journal of an older form");
            assert!(error.to_string().contains("scan again"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_entries_read_back_sorted(raw in prop::collection::btree_map(0u64..1 << 40, 0u8..51, 1..200)) {
            let sorted: Vec<Entry> = raw
                .into_iter()
                .map(|(index, code)| (index, Settled::of_code(code).expect("a code")))
                .collect();
            let mut bytes = Vec::new();
            encode(&sorted, &mut bytes);
            let mut payload = Vec::new();
            let read = next_batch(&mut bytes.as_slice(), &mut payload, 1 << 40).expect("memory doesn't fail");
            prop_assert_eq!(read, Some(sorted));
        }

        #[test]
        fn rubbish_is_never_more_than_no_batch(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let entries = decode(&bytes, 50);
            prop_assert!(entries.is_none_or(|entries| entries.iter().all(|&(index, _)| index < 50)));
        }
    }

    #[test]
    fn the_reply_is_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = JournalWriter::create(&path, 10).unwrap();
        journal.append(&mut [(9, Settled::Reply(Reply::Open)), (2, Settled::Reply(Reply::Silent))]).unwrap();
        assert_eq!(
            entries(&path, 10),
            [(2, Settled::Reply(Reply::Silent)), (9, Settled::Reply(Reply::Open))]
        );
    }
}
