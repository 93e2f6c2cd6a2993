//! Multicast DNS asked by unicast (RFC 6762 §5.5, §6.7; RFC 6763 §9): which services does the host announce?

use super::UdpContext;
use super::dns::{labels, query};
use super::wire::{Read, echoed, plain};
use crate::clean;
use crate::facts::{Tell, identified};
use crate::protocols::dns::skip_name;
use crate::seen::{Cursor, Miss};

const PTR: u16 = 12;

pub(super) fn ask(cookie: u64, _: &UdpContext) -> Vec<u8> {
    // The top bit of the class asks for a unicast answer; our port, which isn't 5353, does so too.
    query(cookie, 0, &labels("_services._dns-sd._udp.local"), PTR, 0x8001)
}

/// `services`: the kinds announced, such as `_ipp._tcp`. Responders that answer as to a group leave the id zero.
pub(super) fn read(reply: &[u8]) -> Read {
    let mut cursor = Cursor::whole(reply);
    let (id, flags) = (cursor.u16()?, cursor.u16()?);
    let (n_questions, n_answers) = (cursor.u16()?, cursor.u16()?);
    cursor.u32()?;
    if flags & 0xf80f != 0x8000 || n_questions > 1 || n_answers == 0 {
        return Err(Miss::No);
    }
    for _ in 0..n_questions {
        skip_name(&mut cursor)?;
        cursor.u32()?;
    }
    let mut services: Vec<String> = Vec::new();
    for _ in 0..n_answers.min(32) {
        let Ok((kind, data)) = record(&mut cursor) else { break };
        let service = kind_of_service(data);
        if kind == PTR && !service.is_empty() && !services.contains(&service) {
            services.push(service);
        }
    }
    let facts = identified("mdns").fact("services", services.join(",").as_bytes());
    if id == 0 { plain(facts) } else { echoed(id, facts) }
}

fn record<'a>(cursor: &mut Cursor<'a>) -> Result<(u16, &'a [u8]), Miss> {
    skip_name(cursor)?;
    let kind = cursor.u16()?;
    cursor.take(6)?;
    let n = usize::from(cursor.u16()?);
    Ok((kind, cursor.take(n)?))
}

/// The first two labels; the domain behind them is mostly a pointer and says nothing.
fn kind_of_service(data: &[u8]) -> String {
    let mut cursor = Cursor::whole(data);
    let mut labels = Vec::new();
    while labels.len() < 2 {
        match cursor.u8().map(usize::from) {
            Ok(n @ 1..=63) => match cursor.take(n) {
                Ok(label) => labels.push(clean::text(label)),
                Err(_) => break,
            },
            _ => break,
        }
    }
    labels.join(".")
}
