//! The container of an old workbook (MS-CFB): finds the one stream that holds the sheets.
//!
//! It must not know records. The crate `cfb` walks the container; what it would reserve at a file's word is checked here
//! first.

use std::io::{Cursor, Read};

use cfb::CompoundFile;

use super::xml::damaged;
use super::{Damage, ReadError};

const CONTAINER: &str = "the compound file";
/// The last number that a sector can have (MS-CFB 2.1).
const LAST_SECTOR: u32 = 0xffff_fffa;

pub(super) fn workbook_stream(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    check_difat(bytes)?;
    let mut file = CompoundFile::open(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if file.is_stream("/EncryptedPackage") {
        return Err(ReadError::Encrypted);
    }
    // Files that old programs are to read too have both; `Book` is then the poorer one.
    let Some(path) = ["/Workbook", "/Book"].into_iter().find(|path| file.is_stream(path)) else {
        let is_letter = file.is_stream("/WordDocument");
        let found = if is_letter { "an old Word document" } else { "an old office document" };
        return Err(ReadError::NotAWorkbook { found });
    };
    let mut stream = file.open_stream(path).map_err(|error| broken(&error))?;
    if stream.len() > bytes.len() as u64 {
        return Err(damaged(CONTAINER, Damage::StreamBeyondFile));
    }
    let mut content = Vec::new();
    stream.read_to_end(&mut content).map_err(|error| broken(&error))?;
    Ok(content)
}

fn broken(error: &std::io::Error) -> ReadError {
    damaged(CONTAINER, Damage::Library(error.to_string()))
}

/// The table of sectors is found by a list of where its parts are (the DIFAT, MS-CFB 2.5), and a list that names one part
/// a million times would be believed: 512 bytes in memory for 4 in the file. So the list may be as long as the file
/// needs it, and no longer.
fn check_difat(bytes: &[u8]) -> Result<(), ReadError> {
    let sector = if read_u16(bytes, 26) == Some(4) { 4_096 } else { 512 };
    let n_sectors = bytes.len().div_ceil(sector);
    let n_table_sectors = n_sectors / (sector / 4) + 1;
    let most = n_table_sectors / (sector / 4 - 1) + 1;
    let mut next = read_u32(bytes, 68);
    for _ in 0..=most {
        match next {
            Some(number) if number <= LAST_SECTOR => {
                let place = (number as usize + 2) * sector - 4;
                next = read_u32(bytes, place);
            }
            // The end of the list, or a number beyond the file's end, which the crate refuses.
            _ => return Ok(()),
        }
    }
    Err(damaged(CONTAINER, Damage::EndlessSectors))
}

fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}
