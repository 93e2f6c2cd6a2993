//! ONC RPC in one datagram (RFC 5531): the port mapper's list (RFC 1833), the null procedures of NFS, and the ping of
//! VxWorks' debugger.

use super::UdpContext;
use super::wire::{Read, echoed, low32};
use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss};

const PORTMAP: u32 = 100_000;
const NFS: u32 = 100_003;
const WDB: u32 = 0x5555_5555;

/// A call without credentials.
fn call(cookie: u64, program: u32, version: u32, procedure: u32) -> Vec<u8> {
    let words = [0, 2, program, version, procedure, 0, 0, 0, 0];
    [low32(cookie).to_vec(), words.map(u32::to_be_bytes).concat()].concat()
}

/// Version 2, procedure DUMP.
pub(super) fn ask_portmap(cookie: u64, _: &UdpContext) -> Vec<u8> {
    call(cookie, PORTMAP, 2, 4)
}

pub(super) fn ask_nfs(cookie: u64, _: &UdpContext) -> Vec<u8> {
    call(cookie, NFS, 3, 0)
}

/// The ping (procedure 0): unlike a connection it doesn't throw out whoever debugs just then. Behind the call stand
/// checksum, length and sequence number.
pub(super) fn ask_wdb(cookie: u64, _: &UdpContext) -> Vec<u8> {
    // The checksum is taken over a message whose transaction id and checksum are zero.
    let mut message = call(0, WDB, 1, 0);
    let length = u32::try_from(message.len() + 12 - 4).unwrap_or(u32::MAX);
    message.extend([0, length, 1].map(u32::to_be_bytes).concat());
    let (pairs, _) = message.as_chunks::<2>();
    let sum: u32 = pairs.iter().map(|pair| u32::from(u16::from_be_bytes(*pair))).sum();
    let [.., a, b] = (!((sum & 0xffff) + (sum >> 16))).to_be_bytes();
    let checked = [0xff, 0xff, a, b];
    let splice = |from: usize, to: usize| message.get(from..to).unwrap_or_default();
    [&low32(cookie), splice(4, 40), &checked, splice(44, message.len())].concat()
}

/// What a reply says of the call.
enum Verdict<'a> {
    /// With the results.
    Done(Cursor<'a>),
    /// Another version of the program is there.
    OtherVersion,
    /// The program isn't there, though something speaks RPC.
    NotThere,
    /// It refuses, for want of credentials or another reason.
    Refused,
}

fn reply_of(reply: &[u8]) -> Result<(u32, Verdict<'_>), Miss> {
    let mut cursor = Cursor::whole(reply);
    let id = cursor.u32()?;
    if cursor.u32()? != 1 {
        return Err(Miss::No);
    }
    match cursor.u32()? {
        0 => {}
        1 if cursor.u32()? <= 1 => return Ok((id, Verdict::Refused)),
        _ => return Err(Miss::No),
    }
    cursor.u32()?;
    let n_verifier = cursor.len32()?;
    cursor.take_bounded(n_verifier.next_multiple_of(4), 400)?;
    let verdict = match cursor.u32()? {
        0 => Verdict::Done(cursor),
        1 => Verdict::NotThere,
        2 => Verdict::OtherVersion,
        3..=5 => Verdict::Refused,
        _ => return Err(Miss::No),
    };
    Ok((id, verdict))
}

/// `programs`: name or number, transport and port of each.
pub(super) fn read_portmap(reply: &[u8]) -> Read {
    match reply_of(reply)? {
        (id, Verdict::Done(mut results)) => {
            let programs = programs(&mut results);
            echoed(id, identified("rpcbind").fact("programs", programs.join(",").as_bytes()))
        }
        (id, Verdict::NotThere) => echoed(id, identified("sun-rpc")),
        (id, Verdict::OtherVersion | Verdict::Refused) => echoed(id, identified("rpcbind")),
    }
}

pub(super) fn read_nfs(reply: &[u8]) -> Read {
    match reply_of(reply)? {
        (id, Verdict::NotThere) => echoed(id, identified("sun-rpc")),
        (id, Verdict::Done(_) | Verdict::OtherVersion | Verdict::Refused) => echoed(id, identified("nfs")),
    }
}

pub(super) fn read_wdb(reply: &[u8]) -> Read {
    match reply_of(reply)? {
        (id, Verdict::NotThere) => echoed(id, identified("sun-rpc")),
        (id, _) => echoed(id, identified("wdb").product("VxWorks")),
    }
}

fn programs(results: &mut Cursor<'_>) -> Vec<String> {
    let mut programs = Vec::new();
    while programs.len() < 24 && results.u32() == Ok(1) {
        let (Ok(program), Ok(_), Ok(protocol), Ok(port)) =
            (results.u32(), results.u32(), results.u32(), results.u32())
        else {
            break;
        };
        let name = match program {
            PORTMAP => "portmapper".to_owned(),
            NFS => "nfs".to_owned(),
            100_005 => "mountd".to_owned(),
            100_021 => "nlockmgr".to_owned(),
            100_024 => "status".to_owned(),
            program => program.to_string(),
        };
        let transport = match protocol {
            6 => "tcp",
            17 => "udp",
            _ => "other",
        };
        let text = format!("{name}/{transport}/{port}");
        if !programs.contains(&text) {
            programs.push(text);
        }
    }
    programs
}
