//! A scan without the register and without identification: for benchmarks, and for tests that kill it.
//!
//! `bare_scan RUNS ADDRESSES PORTS [connect|syn [RATE [DISCOVERY]]]`, or `bare_scan --resume RUN`. RATE is in packets
//! a second, and bounds what one host gets too; DISCOVERY is `icmp` or `tcp` or both with a comma between.
//! Addresses are authorised by being named here, so it takes only loopback and private ones.

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use chrono::{NaiveDate, Utc};
use model::addr::{AddrRange, AddrSet};
use model::id::{AssetId, CountingMint, Mint, RunId, UnitId};
use model::interval::{Interval, civil_date};
use model::observation::Method;
use model::register::{Answerable, Asset, AssetTarget, Authorisation, Register};
use model::scope::Scope;
use scanner::plan::{Block, Plan};
use scanner::raw::{Discovery, RawStart, Throttle};
use scanner::run::{Manifest, RunFolder};
use scanner::{Cancel, Options, Outcome, Progress, RawOptions, RawRequest, SweepRequest, sweep};
use tokio::sync::watch;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let folder = match arguments.as_slice() {
        ["--resume", run] => RunFolder::open(Path::new(run))?,
        [runs, addresses, ports] | [runs, addresses, ports, "connect"] => {
            create(runs, addresses, ports, Method::Connect, RawOptions::default())?
        }
        [runs, addresses, ports, "syn", rest @ ..] if rest.len() <= 2 => {
            create(runs, addresses, ports, Method::Syn, raw_options(rest)?)?
        }
        _ => {
            return Err(
                "usage: bare_scan RUNS ADDRESSES PORTS [connect|syn [RATE [DISCOVERY]]] | --resume RUN"
                    .into(),
            );
        }
    };
    println!("run {}", folder.path().display());
    let plan = &folder.manifest().plan;
    let targets: AddrSet = plan.blocks().iter().flat_map(|block| block.addresses.ranges()).copied().collect();
    let cancel = Cancel::new();
    let interrupted = cancel.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.cancel();
        }
    });
    let swept = sweep(SweepRequest {
        folder: folder.clone(),
        scope: Arc::new(authorised(&targets)?),
        identifier: None,
        clock: Utc::now,
        progress: watch::Sender::new(Progress::default()),
        cancel,
        raw: raw(folder.manifest())?,
    })
    .await?;
    for observation in folder.observations()? {
        println!("open {}", observation?.endpoint);
    }
    if let Some(raw) = &swept.raw {
        println!("{:?}", scanner::raw::RawReport { hosts: Vec::new(), ..raw.clone() });
    }
    let totals = swept.totals;
    println!(
        "{} of {} probes: {} open, {} refused, {} silent, {} unreachable, {} not asked",
        totals.n_done(),
        totals.n_probes,
        totals.n_open,
        totals.n_refused,
        totals.n_silent,
        totals.n_unreachable,
        totals.n_not_asked
    );
    match swept.outcome {
        Outcome::Finished => Ok(()),
        Outcome::Interrupted | Outcome::DayEnded | Outcome::WindowEnded | Outcome::PutOff => {
            Err("interrupted".into())
        }
    }
}

/// Open sockets, where the method takes them.
fn raw(manifest: &Manifest) -> Result<Option<RawRequest>, Box<dyn Error>> {
    if manifest.method == Method::Connect {
        return Ok(None);
    }
    let start = RawStart::open(manifest, manifest.plan.seed())?;
    let throttle = Arc::new(Throttle::new(manifest.options.raw.rate));
    // Guessing it would take somebody on the path.
    Ok(Some(RawRequest {
        start,
        key: [manifest.plan.seed(), !manifest.plan.seed()],
        throttle,
        give_back: None,
    }))
}

/// RATE and DISCOVERY.
fn raw_options(words: &[&str]) -> Result<RawOptions, Box<dyn Error>> {
    let rate = words.first().map_or(Ok(20_000), |rate| rate.parse())?;
    let discovery = |word: &str| {
        let found = Discovery::ALL.into_iter().find(|discovery| discovery.as_str() == word);
        found.ok_or_else(|| format!("no way of discovery: {word}"))
    };
    let discover = words.get(1).map_or(Ok(Vec::new()), |list| list.split(',').map(discovery).collect())?;
    Ok(RawOptions { rate, per_host: rate, per_net: rate, discover, ..RawOptions::default() })
}

fn create(
    runs: &str,
    addresses: &str,
    ports: &str,
    method: Method,
    raw: RawOptions,
) -> Result<RunFolder, Box<dyn Error>> {
    let ranges: Vec<AddrRange> = addresses.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let now = Utc::now();
    // The time of day is a good enough seed and id for one machine.
    let nanos = u64::try_from(now.timestamp_nanos_opt().unwrap_or_default())?;
    let block = Block { addresses: ranges.into(), ports: ports.parse()? };
    let id = format!("{:08x}-0000-7000-8000-{:012x}", nanos >> 32, nanos & 0xffff_ffff);
    let manifest = Manifest {
        run: id.parse::<RunId>()?,
        started_at: now,
        software: concat!("bare_scan ", env!("CARGO_PKG_VERSION")).to_owned(),
        policy: "none".to_owned(),
        method,
        scope_day: civil_date(now),
        scope_hash: String::new(),
        options: Options { identify: false, raw, ..Options::default() },
        plan: Plan::new(nanos, [block])?,
        shard: None,
        names: BTreeMap::new(),
        tool: None,
        tls: None,
    };
    Ok(RunFolder::create(Path::new(runs), manifest, &[])?)
}

/// A scope that admits the addresses named on the command line, if they are nobody's on the internet.
fn authorised(targets: &AddrSet) -> Result<Scope, Box<dyn Error>> {
    let harmless = ["127.0.0.0/8", "10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "::1", "fd00::/8"];
    let harmless: Vec<AddrRange> = harmless.iter().map(|range| range.parse()).collect::<Result<_, _>>()?;
    if !targets.without(&harmless.into()).is_empty() {
        return Err("this example probes loopback and private addresses only".into());
    }
    let mint: &mut dyn Mint = &mut CountingMint::default();
    let mut register = Register::default();
    for range in targets.ranges() {
        register.assets.push(Asset {
            id: AssetId::mint(mint),
            unit: UnitId::mint(mint),
            system: None,
            target: AssetTarget::Addresses(*range),
            owned: Interval::ALWAYS,
            authorisation: Some(Authorisation {
                approver: "whoever runs this example".to_owned(),
                valid_from: None,
                valid_until: NaiveDate::MAX,
            }),
            scan_window: None,
            answerable: Answerable::default(),
            note: None,
        });
    }
    Ok(Scope::of(&register, civil_date(Utc::now())))
}
