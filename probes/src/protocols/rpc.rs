//! ONC RPC over TCP (RFC 5531): the port mapper's list (RFC 1833), and the null procedure of NFS.

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

const PORTMAP: u32 = 100_000;
const NFS: u32 = 100_003;
const MAX_FRAGMENT: usize = 32 * 1024;

pub(crate) fn talk_portmap(peer: &Peer) -> Box<dyn Talk> {
    // Version 2, procedure DUMP.
    Box::new(Call { call: [PORTMAP, 2, 4], id: id(peer), asked: false })
}

pub(crate) fn talk_nfs(peer: &Peer) -> Box<dyn Talk> {
    Box::new(Call { call: [NFS, 3, 0], id: id(peer), asked: false })
}

fn id(peer: &Peer) -> u32 {
    let [a, b, c, d, ..] = peer.seed.to_le_bytes();
    u32::from_be_bytes([a, b, c, d])
}

struct Call {
    /// Program, version, procedure.
    call: [u32; 3],
    id: u32,
    asked: bool,
}

impl Talk for Call {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        let [program, version, procedure] = self.call;
        if !self.asked {
            self.asked = true;
            // Last fragment of 40 bytes; a call of RPC version 2 with null credentials and verifier.
            let words = [0x8000_0028, self.id, 0, 2, program, version, procedure, 0, 0, 0, 0];
            return Turn::say(words.map(u32::to_be_bytes).concat());
        }
        let mut cursor = seen.cursor();
        let mark = cursor.u32()?;
        let length = usize::try_from(mark & 0x7fff_ffff).unwrap_or(usize::MAX);
        if !(20..=MAX_FRAGMENT).contains(&length) {
            return Err(Miss::No);
        }
        if cursor.u32()? != self.id || cursor.u32()? != 1 {
            return Err(Miss::No);
        }
        let mut body = Cursor::whole(cursor.take(length - 8)?);
        let accepted = body.u32()? == 0;
        let name = if program == NFS { "nfs" } else { "rpcbind" };
        let facts = identified(name);
        if !accepted {
            return Turn::done(facts);
        }
        body.take(4)?;
        let n_verifier = body.len32()?;
        body.take_bounded(n_verifier, 400)?;
        match body.u32()? {
            0 if program == PORTMAP => {
                Turn::done(facts.fact("programs", programs(&mut body).join(",").as_bytes()))
            }
            // Another version of the program is there: still the program.
            0 | 2 => Turn::done(facts),
            1 => Turn::done(identified("sun-rpc")),
            _ => Turn::done(facts),
        }
    }
}

/// `program/port`, each once.
fn programs(body: &mut Cursor<'_>) -> Vec<String> {
    let mut programs = Vec::new();
    while programs.len() < 24 && body.u32() == Ok(1) {
        let Ok([program, _, protocol, port]) =
            (|| Ok::<_, Miss>([body.u32()?, body.u32()?, body.u32()?, body.u32()?]))()
        else {
            break;
        };
        // 6 is TCP; over UDP the same programs come again.
        if protocol == 6 {
            let text = match program {
                PORTMAP => format!("portmapper/{port}"),
                NFS => format!("nfs/{port}"),
                100_005 => format!("mountd/{port}"),
                program => format!("{program}/{port}"),
            };
            if !programs.contains(&text) {
                programs.push(text);
            }
        }
    }
    programs
}
