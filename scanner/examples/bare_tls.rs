//! TLS assessments without the register: for benchmarks.
//!
//! `bare_tls [N_AT_A_TIME] SERVER…`, each server `ADDRESS:PORT` or `ADDRESS:PORT=NAME`; one line of JSON for each, with
//! its facts and verdicts. Addresses are authorised by being named here, so it takes only loopback and private ones.

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::error::Error;
use std::net::{IpAddr, SocketAddr};

use chrono::{NaiveDate, Utc};
use futures_util::StreamExt;
use model::addr::AddrRange;
use model::host_name::HostName;
use model::id::{AssetId, CountingMint, UnitId};
use model::interval::{Interval, civil_date};
use model::register::{Answerable, Asset, AssetTarget, Authorisation, Register};
use model::scope::{Scope, Target};
use probes::tls::assess::Subject;
use probes::tls::assess::seam::Limits;
use probes::tls::judge::{Case, judge};
use scanner::identify::Ungated;
use scanner::tls::{Roots, TlsTarget, assess_all};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let n_at_a_time = arguments.first().and_then(|first| first.parse().ok());
    if n_at_a_time.is_some() {
        arguments.remove(0);
    }
    let servers: Vec<TlsTarget> = arguments.iter().map(|word| server(word)).collect::<Result<_, _>>()?;
    // The peers ask for Heartbleed and its like by default, so that the comparison is of the same questions.
    let limits = Limits { intrusive: true, ..Limits::default() };
    let roots = Roots::mozilla_and(&[])?;
    let mut results = std::pin::pin!(assess_all(servers, &limits, &Ungated, n_at_a_time.unwrap_or(16)));
    while let Some((_, server, facts)) = results.next().await {
        let now = Utc::now();
        let trust = roots.trust(&facts, now);
        let names: Vec<HostName> = server.subject.server_name.clone().into_iter().collect();
        let case = Case { facts: &facts, now, names: &names, trust: &trust, expiring_days: 30 };
        let verdicts = judge(&case);
        let line = serde_json::json!({
            "server": server.addr().to_string(),
            "facts": &facts,
            "verdicts": verdicts,
        });
        println!("{line}");
    }
    Ok(())
}

fn server(word: &str) -> Result<TlsTarget, Box<dyn Error>> {
    let (addr, name) = match word.split_once('=') {
        Some((addr, name)) => (addr, Some(name.parse::<HostName>()?)),
        None => (word, None),
    };
    let addr: SocketAddr = addr.parse()?;
    let subject = Subject { server_name: name, ..Subject::default() };
    Ok(TlsTarget { target: authorised(addr.ip())?, port: addr.port(), subject })
}

/// A scope that admits what the command line names, if it is nobody's on the internet.
fn authorised(addr: IpAddr) -> Result<Target, Box<dyn Error>> {
    let harmless = match addr {
        IpAddr::V4(addr) => addr.is_loopback() || addr.is_private(),
        IpAddr::V6(addr) => addr.is_loopback() || addr.is_unique_local(),
    };
    if !harmless {
        return Err("this example probes loopback and private addresses only".into());
    }
    let mint = &mut CountingMint::default();
    let asset = Asset {
        id: AssetId::mint(mint),
        unit: UnitId::mint(mint),
        system: None,
        target: AssetTarget::Addresses(AddrRange::single(addr)),
        owned: Interval::ALWAYS,
        authorisation: Some(Authorisation {
            approver: "whoever runs this example".to_owned(),
            valid_from: None,
            valid_until: NaiveDate::MAX,
        }),
        scan_window: None,
        answerable: Answerable::default(),
        note: None,
    };
    let register = Register { assets: vec![asset], ..Register::default() };
    Scope::of(&register, civil_date(Utc::now()))
        .admit(addr)
        .map_err(|refusal| format!("{addr}: {refusal:?}").into())
}
