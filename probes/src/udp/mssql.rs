//! SQL Server's browser (MC-SQLR §2.2): the instances of one host.

use super::UdpContext;
use super::wire::{Read, plain};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

/// CLNT_UCAST_EX.
pub(super) fn ask(_: u64, _: &UdpContext) -> Vec<u8> {
    vec![3]
}

/// `instances` and their `tcp-ports`; the version is the first one's.
pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    cursor.tag(&[5])?;
    let length = usize::from(cursor.u16_le()?);
    let text = cursor.take(length)?;
    let mut facts = identified("mssql-browser").product("Microsoft SQL Server");
    let (mut instances, mut ports) = (Vec::new(), Vec::new());
    let mut words = text.split(|&b| b == b';');
    let mut n_pairs = 0;
    while let (Some(key), Some(value)) = (words.next(), words.next()) {
        n_pairs += 1;
        match key {
            b"ServerName" => facts = facts.info(value),
            b"InstanceName" if instances.len() < 16 => instances.push(value),
            b"Version" if facts.version.is_none() => facts = facts.version(value),
            b"tcp" if ports.len() < 16 => ports.push(value),
            // Instances are set apart by one more semicolon, which shifts the pairs.
            b"" => {
                let shifted = value;
                if shifted == b"ServerName" {
                    words.next();
                }
            }
            _ => {}
        }
        if n_pairs > 256 {
            break;
        }
    }
    if !text.starts_with(b"ServerName;") {
        return Err(Miss::No);
    }
    plain(facts.fact("instances", &instances.join(&b","[..])).fact("tcp-ports", &ports.join(&b","[..])))
}
