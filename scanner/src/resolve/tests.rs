//! Against a name server of our own on loopback, that answers from a table.

use std::net::Ipv4Addr;

use chrono::NaiveDate;
use model::id::{AssetId, CountingMint, UnitId};
use model::interval::Interval;
use model::register::{Answerable, Asset, AssetTarget, Authorisation, Register};
use tokio::net::UdpSocket;

use super::*;

/// What the server says of a name: records, a response code, or nothing at all.
enum Says {
    Addresses(&'static [&'static str]),
    Code(u8),
    Nothing,
    /// Records for A, silence for AAAA.
    HalfSilent(&'static str),
}

const TABLE: &[(&str, Says)] = &[
    ("portal.example", Says::Addresses(&["127.0.0.9", "::1"])),
    ("old.example", Says::Addresses(&["127.0.0.9"])),
    ("elsewhere.example", Says::Addresses(&["203.0.113.9"])),
    ("gone.example", Says::Code(3)),
    ("broken.example", Says::Code(2)),
    ("bare.example", Says::Addresses(&[])),
    ("mute.example", Says::Nothing),
    ("half.example", Says::HalfSilent("127.0.0.8")),
];

async fn serve(socket: UdpSocket) {
    let mut query = [0; 512];
    loop {
        let Ok((n, from)) = socket.recv_from(&mut query).await else { return };
        if let Some(answer) = answer(&query[..n]) {
            socket.send_to(&answer, from).await.unwrap();
        }
    }
}

fn answer(query: &[u8]) -> Option<Vec<u8>> {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] > 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(std::str::from_utf8(&query[at + 1..end]).unwrap().to_ascii_lowercase());
        at = end;
    }
    let question = &query[12..at + 5];
    let wants_v6 = query[at + 2] == 28;
    let (code, addresses): (u8, Vec<IpAddr>) =
        match &TABLE.iter().find(|(name, _)| *name == labels.join("."))?.1 {
            Says::Addresses(all) => (0, all.iter().map(|addr| addr.parse().unwrap()).collect()),
            Says::Code(code) => (*code, Vec::new()),
            Says::Nothing => return None,
            Says::HalfSilent(_) if wants_v6 => return None,
            Says::HalfSilent(addr) => (0, vec![addr.parse().unwrap()]),
        };
    let records: Vec<Vec<u8>> = addresses
        .iter()
        .filter(|addr| addr.is_ipv6() == wants_v6)
        .map(|addr| match addr {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        })
        .collect();
    let mut out = query[..2].to_vec();
    out.extend([0x81, 0x80 | code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    out.extend(question);
    for record in records {
        out.extend([0xc0, 12, 0, if wants_v6 { 28 } else { 1 }, 0, 1, 0, 0, 0, 60, 0, record.len() as u8]);
        out.extend(record);
    }
    Some(out)
}

async fn resolved(names: &[&str]) -> Vec<Resolved> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let server = Some(socket.local_addr().unwrap());
    let server_task = tokio::spawn(serve(socket));
    let names: Vec<HostName> = names.iter().map(|name| name.parse().unwrap()).collect();
    let options =
        ResolveOptions { server, time_out: Duration::from_millis(300), ..ResolveOptions::default() };
    let resolved = resolve(&names, &options).await.unwrap();
    server_task.abort();
    resolved
}

async fn check(name: &str, addresses: &[&str], failure: Option<NameFailure>) {
    let expected = Resolved {
        name: name.parse().unwrap(),
        addresses: addresses.iter().map(|addr| addr.parse().unwrap()).collect(),
        failure,
    };
    assert_eq!(resolved(&[name]).await, [expected]);
}

#[tokio::test]
async fn asks_for_both_families_and_names_each_failure() {
    check("portal.example", &["127.0.0.9", "::1"], None).await;
    check("old.example", &["127.0.0.9"], None).await;
    check("gone.example", &[], Some(NameFailure::NoSuchName)).await;
    check("bare.example", &[], Some(NameFailure::NoAddress)).await;
    check("broken.example", &[], Some(NameFailure::Server("Server Failure".to_owned()))).await;
    check("mute.example", &[], Some(NameFailure::TimedOut)).await;
}

#[tokio::test]
async fn a_family_that_failed_is_not_a_family_without_addresses() {
    check("half.example", &["127.0.0.8"], Some(NameFailure::TimedOut)).await;
}

#[tokio::test]
async fn an_address_is_probed_once_for_all_its_names_and_only_if_it_is_in_scope() {
    let resolved = resolved(&["portal.example", "old.example", "elsewhere.example", "gone.example"]).await;
    let mint = &mut CountingMint::default();
    let asset = Asset {
        id: AssetId::mint(mint),
        unit: UnitId::mint(mint),
        system: None,
        target: AssetTarget::Addresses("127.0.0.0/8".parse().unwrap()),
        owned: Interval::ALWAYS,
        authorisation: Some(Authorisation {
            approver: "示例".to_owned(),
            valid_from: None,
            valid_until: NaiveDate::MAX,
        }),
        scan_window: None,
        answerable: Answerable::default(),
        note: None,
    };
    let register = Register { assets: vec![asset], ..Register::default() };
    let now: DateTime<Utc> = "2026-11-22T08:00:00Z".parse().unwrap();
    let named = admit(&resolved, &Scope::of(&register, now.date_naive()), now);
    let names =
        |names: &[&str]| -> Vec<HostName> { names.iter().map(|name| name.parse().unwrap()).collect() };
    let expected = [("127.0.0.9".parse().unwrap(), names(&["old.example", "portal.example"]))];
    assert_eq!(named.names, expected.into());
    let elsewhere: Vec<bool> = named.refused.iter().map(RefusalRecord::is_elsewhere).collect();
    assert_eq!(elsewhere, [false, true, true], "only what no asset holds");
    let refused: Vec<(Option<IpAddr>, Vec<HostName>, String)> = named
        .refused
        .iter()
        .map(|refusal| (refusal.addr, refusal.names.clone(), refusal.reason.to_string()))
        .collect();
    let ip = |addr: &str| addr.parse::<IpAddr>().ok();
    assert_eq!(
        refused,
        [
            (None, names(&["gone.example"]), "there is no such name".to_owned()),
            (
                ip("203.0.113.9"),
                names(&["elsewhere.example"]),
                "203.0.113.9 is out of scope: no registered asset holds it".to_owned()
            ),
            (
                ip("::1"),
                names(&["portal.example"]),
                "::1 is out of scope: no registered asset holds it".to_owned()
            ),
        ]
    );
}
