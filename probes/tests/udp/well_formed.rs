//! Every payload, decoded by something that was written from the standard and shares nothing with the builders.

use probes::udp::UdpProbe;

use crate::{COOKIE, context, every_probe};

type Checked = Result<(), &'static str>;

fn ensure(holds: bool, what: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(what) }
}

fn be(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |value, byte| value << 8 | usize::from(*byte))
}

fn part(bytes: &[u8], from: usize, to: usize) -> Result<&[u8], &'static str> {
    bytes.get(from..to).ok_or("too short")
}

/// One question, its name's labels complete, and nothing behind it.
fn dns(payload: &[u8]) -> Checked {
    ensure(part(payload, 4, 12)? == [0, 1, 0, 0, 0, 0, 0, 0], "counts")?;
    let mut at = 12;
    loop {
        let n = usize::from(*payload.get(at).ok_or("name")?);
        at += 1 + n;
        match n {
            0 => break,
            64.. => return Err("label"),
            _ => {}
        }
    }
    ensure(payload.len() == at + 4, "behind the question")
}

/// Every element of BER ends where the one around it says; those inside which others stand are opened.
fn ber(payload: &[u8]) -> Checked {
    let mut rest = payload;
    while let [tag, length, behind @ ..] = rest {
        let (n, content) = match length {
            0..=0x7f => (usize::from(*length), behind),
            0x81 => (be(part(behind, 0, 1)?), part(behind, 1, behind.len())?),
            0x82 => (be(part(behind, 0, 2)?), part(behind, 2, behind.len())?),
            _ => return Err("length"),
        };
        let (content, behind) = content.split_at_checked(n).ok_or("element is cut")?;
        // Constructed, or the octet string in which SNMP hides its security parameters.
        if tag & 0x20 != 0 || (*tag == 4 && content.first() == Some(&0x30)) {
            ber(content)?;
        }
        ensure(*tag != 2 || (1..=8).contains(&n), "integer")?;
        rest = behind;
    }
    ensure(rest.is_empty(), "bytes left over")
}

/// A chain of payloads whose lengths add up, each with a kind that is known.
fn ike(payload: &[u8], exchange: u8, version: u8) -> Checked {
    let payload = payload.strip_prefix(&[0; 4]).unwrap_or(payload);
    ensure(part(payload, 0, 8)? == COOKIE.to_be_bytes() && part(payload, 8, 16)? == [0; 8], "cookies")?;
    ensure(be(part(payload, 24, 28)?) == payload.len(), "length")?;
    ensure(part(payload, 17, 19)? == [version, exchange], "version and exchange")?;
    let known: &[u8] = if version == 0x10 { &[1, 4, 5, 10] } else { &[33, 34, 40] };
    let mut next = payload[16];
    let mut at = 28;
    while next != 0 {
        ensure(known.contains(&next), "kind of payload")?;
        let n = be(part(payload, at + 2, at + 4)?);
        let body = part(payload, at + 4, at + n)?;
        if next == 1 {
            ensure(part(body, 0, 8)? == [0, 0, 0, 1, 0, 0, 0, 1], "domain and situation")?;
            proposals(&body[8..], 2)?;
        } else if next == 33 {
            proposals(body, 2)?;
        }
        next = payload[at];
        at += n;
    }
    ensure(at == payload.len(), "behind the last payload")
}

/// Proposals (2) and, inside them, transforms (3): each says how long it is and whether another one follows.
fn proposals(list: &[u8], kind: u8) -> Checked {
    let mut at = 0;
    loop {
        let n = be(part(list, at + 2, at + 4)?);
        let body = part(list, at + 4, at + n)?;
        if kind == 2 {
            ensure(part(body, 1, 3)? == [1, 0], "protocol and SPI")?;
            proposals(&body[4..], 3)?;
        }
        let more = list[at];
        at += n;
        match more {
            0 => return ensure(at == list.len(), "behind the last one"),
            more if more == kind => {}
            _ => return Err("what follows"),
        }
    }
}

/// Both checksums of an IPMI message come to zero, and its length is right.
fn ipmi(payload: &[u8]) -> Checked {
    ensure(part(payload, 0, 5)? == [6, 0, 0xff, 7, 0], "RMCP header")?;
    let message = part(payload, 14, payload.len())?;
    ensure(be(part(payload, 13, 14)?) == message.len(), "length")?;
    let sum = |bytes: &[u8]| bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    ensure(sum(part(message, 0, 3)?) == 0 && sum(part(message, 3, message.len())?) == 0, "checksum")
}

fn open_session(payload: &[u8]) -> Checked {
    ensure(part(payload, 0, 6)? == [6, 0, 0xff, 7, 6, 0x10], "header")?;
    ensure(be(&[payload[15], payload[14]]) == payload.len() - 16 && payload.len() == 48, "length")
}

/// A call of RPC version 2 without credentials; whole words only.
fn rpc(payload: &[u8], program: usize) -> Checked {
    ensure(payload.len().is_multiple_of(4) && part(payload, 4, 12)? == [0, 0, 0, 0, 0, 0, 0, 2], "call")?;
    ensure(be(part(payload, 12, 16)?) == program && part(payload, 24, 40)? == [0; 16], "program, credentials")
}

/// The sum over the words, transaction id left out, is all ones, as the checksum makes it.
fn wdb(payload: &[u8]) -> Checked {
    rpc(payload, 0x5555_5555)?;
    ensure(be(part(payload, 44, 48)?) == payload.len() - 4, "length")?;
    ensure(part(payload, 40, 42)? == [0xff, 0xff], "flag of the checksum")?;
    let words = payload.chunks(2).skip(2).enumerate().filter(|(i, _)| *i != 18);
    let sum: usize = words.map(|(_, word)| be(word)).sum();
    ensure((sum & 0xffff) + (sum >> 16) == 0xffff, "checksum")
}

fn l2tp(payload: &[u8]) -> Checked {
    ensure(part(payload, 0, 2)? == [0xc8, 2] && be(part(payload, 2, 4)?) == payload.len(), "header")?;
    let mut at = 12;
    while at < payload.len() {
        let n = be(part(payload, at, at + 2)?) & 0x3ff;
        ensure(n >= 6 && at + n <= payload.len(), "attribute")?;
        at += n;
    }
    Ok(())
}

/// Record, handshake message, extensions: each length is that of what follows.
fn dtls(payload: &[u8]) -> Checked {
    ensure(part(payload, 0, 5)? == [22, 0xfe, 0xff, 0, 0], "record")?;
    ensure(be(part(payload, 11, 13)?) == payload.len() - 13, "record's length")?;
    let n = payload.len() - 25;
    ensure(payload[13] == 1 && be(&payload[14..17]) == n && be(&payload[22..25]) == n, "message's length")?;
    let hello = &payload[25..];
    ensure(hello[34] == 0 && hello[35] == 0, "session and cookie")?;
    let n_suites = be(&hello[36..38]);
    let extensions = part(hello, 38 + n_suites + 2, hello.len())?;
    ensure(n_suites.is_multiple_of(2) && be(&extensions[..2]) == extensions.len() - 2, "extensions' length")?;
    let mut at = 2;
    while at < extensions.len() {
        at += 4 + be(part(extensions, at + 2, at + 4)?);
    }
    ensure(at == extensions.len(), "extensions")
}

/// Lines that end in CR LF, one empty line at the end.
fn lines(payload: &[u8], first: &str) -> Checked {
    let text = std::str::from_utf8(payload).map_err(|_| "not text")?;
    ensure(text.starts_with(first) && text.ends_with("\r\n\r\n"), "first or last line")?;
    let headers = text.trim_end().split("\r\n").skip(1);
    ensure(headers.clone().count() >= 4 && headers.into_iter().all(|line| line.contains(": ")), "header")
}

/// Options until the end, the last one `core`.
fn coap(payload: &[u8]) -> Checked {
    ensure(part(payload, 0, 2)? == [0x48, 1] && part(payload, 4, 12)? == COOKIE.to_be_bytes(), "header")?;
    let mut at = 12;
    let mut number = 0;
    while at < payload.len() {
        let (delta, n) = (payload[at] >> 4, usize::from(payload[at] & 15));
        number += usize::from(delta);
        ensure(delta < 13 && n < 13 && number == 11, "option")?;
        at += 1 + n;
    }
    ensure(at == payload.len() && payload.ends_with(b"\x04core"), "options")
}

fn quic(payload: &[u8]) -> Checked {
    ensure(payload.len() == 1200 && payload[0] & 0xc0 == 0xc0, "size and long header")?;
    ensure(payload[1..5].iter().all(|byte| byte & 15 == 10), "version is reserved")?;
    ensure(payload[5] == 8 && payload[14] == 8 && payload[15..23] == COOKIE.to_be_bytes(), "ids")
}

/// Each element is closed, in the order in which they were opened.
fn xml(payload: &[u8]) -> Checked {
    let text = std::str::from_utf8(payload).map_err(|_| "not text")?;
    let body = text.split_once("?>").ok_or("declaration")?.1;
    let mut open = Vec::new();
    for tag in body.split('<').skip(1) {
        let tag = tag.split('>').next().ok_or("tag")?;
        match tag.strip_prefix('/') {
            Some(name) => ensure(open.pop() == Some(name), "order")?,
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().ok_or("name")?),
        }
    }
    ensure(
        open.is_empty() && text.contains(&format!("{:04x}-{:012x}", COOKIE >> 48, COOKIE << 16 >> 16)),
        "end",
    )
}

fn dahua(payload: &[u8]) -> Checked {
    let json = part(payload, 32, payload.len())?;
    let n = u32::try_from(json.len()).map_err(|_| "length")?.to_le_bytes();
    ensure(part(payload, 16, 20)? == n && part(payload, 24, 28)? == n, "length")?;
    ensure(json.starts_with(b"{\"method\":") && json.ends_with(b"}}\n"), "JSON")
}

fn exactly(payload: &[u8], expected: &[u8]) -> Checked {
    ensure(payload == expected, "bytes")
}

fn judge(probe: &UdpProbe, payload: &[u8]) -> Checked {
    match probe.id {
        "dns-recursion" => {
            dns(payload)?;
            ensure(
                payload[..4] == [0xcd, 0xef, 1, 0] && payload.ends_with(b"\x04test\0\0\x01\0\x01"),
                "question",
            )
        }
        "dns-version" => {
            dns(payload)?;
            ensure(payload.ends_with(b"\x07version\x04bind\0\0\x10\0\x03"), "question")
        }
        "mdns-services" => {
            dns(payload)?;
            ensure(payload.ends_with(b"\x05local\0\0\x0c\x80\x01"), "question")
        }
        "netbios-names" => {
            dns(payload)?;
            ensure(payload.len() == 50 && payload.ends_with(b"AA\0\0\x21\0\x01"), "question")
        }
        "ntp-time" => {
            ensure(payload.len() == 48 && payload[0] == 0x23 && payload[40..] == COOKIE.to_be_bytes(), "ntp")
        }
        "ntp-variables" => exactly(payload, &[0x16, 2, 0xcd, 0xef, 0, 0, 0, 0, 0, 0, 0, 0]),
        "ntp-monlist" => exactly(payload, &[0x17, 0, 3, 0x2a, 0, 0, 0, 0]),
        "snmp-engine" | "snmp-community" | "cldap-root" => ber(payload),
        "ssdp-search" => lines(payload, "M-SEARCH * HTTP/1.1\r\n"),
        "sip-options" => lines(payload, "OPTIONS sip:"),
        "memcached-version" => exactly(payload, b"\xcd\xef\0\0\0\x01\0\0version\r\n"),
        "memcached-statistics" => exactly(payload, b"\xcd\xef\0\0\0\x01\0\0stats\r\n"),
        "chargen" | "qotd" | "daytime" | "time" => exactly(payload, b"\n"),
        "echo" => exactly(payload, b"sentrypost-0123456789abcdef"),
        "portmap-dump" => rpc(payload, 100_000),
        "nfs-null" => rpc(payload, 100_003),
        "wdb-ping" => wdb(payload),
        "tftp-missing-file" => {
            let fields: Vec<&[u8]> = payload[2..].split(|&byte| byte == 0).collect();
            ensure(payload[..2] == [0, 1] && fields.len() == 3 && fields[1] == b"octet", "request")
        }
        "rip-table" => {
            ensure(payload.len() == 24 && payload[..4] == [1, 1, 0, 0] && payload[23] == 16, "request")
        }
        "ipmi-authentication" | "ipmi-ciphers" => ipmi(payload),
        "ipmi-cipher-zero" => open_session(payload),
        "ike1-main" | "ike1-main-legacy" => ike(payload, 2, 0x10),
        "ike1-main-nat" => {
            ensure(payload.starts_with(&[0; 4]), "marker").and_then(|()| ike(payload, 2, 0x10))
        }
        "ike1-aggressive" => ike(payload, 4, 0x10),
        "ike2-init" | "ike2-init-legacy" => ike(payload, 34, 0x20),
        "ike2-init-nat" => {
            ensure(payload.starts_with(&[0; 4]), "marker").and_then(|()| ike(payload, 34, 0x20))
        }
        "mssql-instances" => exactly(payload, &[3]),
        "wsd-probe" => xml(payload),
        "coap-resources" => coap(payload),
        "ard-report" => exactly(payload, &[0, 0x14, 0, 1, 3]),
        "ubiquiti-discovery" => exactly(payload, &[1, 0, 0, 0]),
        "dahua-discovery" => dahua(payload),
        "l2tp-start" => l2tp(payload),
        "bacnet-vendor" => {
            ensure(be(&payload[2..4]) == payload.len() && payload[..2] == [0x81, 0x0a], "link header")
        }
        "pcanywhere-name" => exactly(payload, b"NQ"),
        "xdmcp-query" => {
            ensure(payload.len() == 6 + be(&payload[4..6]) && payload[..4] == [0, 1, 0, 2], "query")
        }
        "db2-level" => exactly(payload, b"DB2GETADDR\0SQL09010\0"),
        "quic-versions" => quic(payload),
        "dtls-hello" => dtls(payload),
        "stun-binding" => {
            ensure(payload.len() == 20 && payload[..8] == [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42], "request")
        }
        "wireguard-initiation" => ensure(payload.len() == 148 && payload[..4] == [1, 0, 0, 0], "initiation"),
        "empty" | "empty-fragile" => exactly(payload, b""),
        "lines" => exactly(payload, b"\r\n\r\n"),
        _ => Err("no decoder for this probe"),
    }
}

#[test]
fn every_payload_is_what_its_standard_says() {
    for probe in every_probe() {
        let payload = probe.payload(COOKIE, &context());
        assert_eq!(judge(probe, &payload), Ok(()), "{probe:?} {payload:02x?}");
    }
}

#[test]
fn names_that_do_not_fit_are_cut_and_the_question_stays_whole() {
    let probe = probes::udp::by_id("dns-recursion").expect("in the table");
    for name in ["", ".", "..", &"a.".repeat(400), &"x".repeat(64), "示例.example.test", &"y".repeat(63)] {
        let context = probes::udp::UdpContext { dns_name: name.to_owned(), ..context() };
        assert_eq!(dns(&probe.payload(COOKIE, &context)), Ok(()), "{name}");
    }
}
