//! `sentrypost scan`: prepare, sweep, judge, and say what came of it.

use model::observation::{Endpoint, Method};
use model::policy::Policy;
use model::port::{PortSet, Transport};
use model::reconcile::{ChangeKind, ChangeSet};
use model::scope::Scope;
use model::severity::Severity;
use registry::ports::{FindingStore, RunState};
use scanner::raw::{Discovery, RawReport};
use scanner::{Options, Outcome as Swept, Questions, RawOptions, UdpOptions};
use serde::Serialize;

use crate::cli::{self, Global};
use crate::clock;
use crate::commands::tls::Kept;
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::handle::Handles;
use crate::output::{self, Columns};
use crate::pipeline::{self, How, Ports, TlsRun, Wish};
use crate::session::{OrStoreFailure, Session};
use crate::tls::Raters;

pub async fn run(global: &Global, asked: &cli::Scan) -> Outcome {
    // What is wrong with the command line is told before anything is opened.
    let transport = if asked.udp { Transport::Udp } else { Transport::Tcp };
    let usual = if asked.udp { "top100" } else { "top1000" };
    let ports = PortSet::parse_over(transport, asked.ports.as_deref().unwrap_or(usual));
    let ports = ports.or_exit_while(Exit::Usage, "--ports")?;
    let n_ports = ports.as_slice().len();
    let method = if asked.udp { by_datagrams()? } else { method(asked.method)? };
    let session = Session::open(global).await?;
    let _hold = session.data.share()?;
    let ports = if asked.reverify {
        let of_transport = |endpoint: &Endpoint| endpoint.transport == transport;
        Ports::Endpoints(seen_before(&session).await?.into_iter().filter(of_transport).collect())
    } else {
        Ports::Same(ports)
    };
    let options = options(&session.policy, asked, n_ports)?;
    let ports = if asked.udp { without_the_fragile(ports, &Questions::of(&options))? } else { ports };
    let wish = Wish {
        units: asked.unit.clone(),
        systems: asked.system.clone(),
        targets: asked.targets.clone(),
        ports,
        seed: asked.seed.unwrap_or_else(clock::random_seed),
        resolver: asked.resolver,
        transport,
    };
    let how = How { method, shard: asked.shard, options };
    let ended = match asked.tls {
        false => scan(&session, &wish, how).await?,
        true => scan_and_assess(&session, &wish, how).await?,
    };
    ended.show(asked.format.json)
}

/// Servers that are assessed at one time after a scan.
const TLS_AT_A_TIME: u16 = 32;

/// Sweeps, and assesses the TLS servers that were seen, before either is judged: what both tell of a certificate is then
/// one finding from the beginning.
async fn scan_and_assess(session: &Session, wish: &Wish, how: How) -> Result<Ended, Failure> {
    let mut swept = sweep(session, wish, how).await?;
    if swept.outcome != Swept::Finished {
        return Ok(Ended { swept, change: None, tls: None });
    }
    let register = session.register().await?;
    let scope = Scope::of(&register, session.today());
    let wanted = crate::tls::seen_by_scan(&swept.folder, &scope)?;
    let assessed = if wanted.servers.is_empty() {
        output::note("no TLS server was seen");
        Ok(None)
    } else {
        if let Some(signals) = swept.signals.take() {
            signals.abort();
        }
        assess_seen(session, &swept, wanted).await.map(Some)
    };
    // The sweep is whole, whatever became of the assessments.
    let ended = finish(session, swept).await?;
    Ok(Ended { tls: assessed?, ..ended })
}

async fn assess_seen(
    session: &Session,
    swept: &pipeline::Swept,
    wanted: crate::tls::Wanted,
) -> Result<Kept, Failure> {
    let n = wanted.servers.len() as u64;
    let servers = counted(n, "TLS server", "TLS servers");
    output::note(format!("assessing {servers}"));
    let run = swept.folder.manifest().run;
    let asked_for = format!("seen by run {}; {servers}", Handles::of([run]).show(run));
    let (raters, _) = Raters::new(None, None)?;
    let asked = TlsRun { wanted, asked_for, concurrency: TLS_AT_A_TIME, intrusive: false };
    let folder = pipeline::begin_tls(session, asked, &raters).await?;
    Ok(Kept::carry_out(session, folder, &raters).await?.0)
}

fn options(policy: &Policy, asked: &cli::Scan, n_ports: usize) -> Result<Options, Failure> {
    Ok(Options {
        per_host: asked.per_host,
        identify: !asked.no_identify,
        no_payload: (!asked.include_fragile).then(|| policy.fragile.ports.clone()),
        udp: UdpOptions {
            snmp_community: policy.udp.try_snmp_public.then(|| "public".to_owned()),
            include_fragile: asked.include_fragile,
        },
        raw: RawOptions {
            rate: asked.rate,
            per_host: asked.host_rate,
            per_net: asked.net_rate,
            confidence: asked.confidence,
            max_loss: asked.max_loss,
            discover: discovery(&asked.discover, n_ports)?,
        },
        ..Options::default()
    })
}

/// The UDP ports that may be asked at all: without a datagram nothing is learnt of one.
fn without_the_fragile(ports: Ports, questions: &Questions) -> Result<Ports, Failure> {
    let may_ask = |port: u16| questions.to(port).next().is_some();
    let (kept, n_before) = match ports {
        Ports::Same(ports) => {
            let kept = PortSet::new(ports.as_slice().iter().copied().filter(|&port| may_ask(port)));
            (kept.map(Ports::Same), ports.as_slice().len())
        }
        Ports::Endpoints(mut endpoints) => {
            let n_before = endpoints.len();
            endpoints.retain(|endpoint| may_ask(endpoint.port));
            (Some(Ports::Endpoints(endpoints)), n_before)
        }
    };
    let n_left_out = n_before - kept.as_ref().map_or(0, Ports::len);
    if n_left_out > 0 {
        output::note(format!(
            "{} of fragile devices left out; --include-fragile asks them",
            counted(n_left_out as u64, "port", "ports")
        ));
    }
    kept.ok_or_else(|| Failure::new(Exit::Usage, anyhow::anyhow!("no port is left to ask")))
}

/// More ports than this of one host are worth a look first whether it is there.
const MANY_PORTS: usize = 1000;

fn discovery(asked: &[cli::AskedDiscovery], n_ports: usize) -> Result<Vec<Discovery>, Failure> {
    use cli::AskedDiscovery as Asked;
    match asked {
        [Asked::None] => Ok(Vec::new()),
        [Asked::Auto] if n_ports > MANY_PORTS => Ok(Discovery::ALL.to_vec()),
        [Asked::Auto] => Ok(Vec::new()),
        several => several
            .iter()
            .map(|asked| match asked {
                Asked::Icmp => Ok(Discovery::Icmp),
                Asked::Tcp => Ok(Discovery::Tcp),
                Asked::Arp => Ok(Discovery::Arp),
                Asked::Nd => Ok(Discovery::Nd),
                Asked::Auto | Asked::None => {
                    Err(Failure::new(Exit::Usage, anyhow::anyhow!("--discover auto and none stand alone")))
                }
            })
            .collect(),
    }
}

/// UDP is asked by packets of our own only: a connected socket doesn't tell a lost answer from a filter's.
fn by_datagrams() -> Result<Method, Failure> {
    if rawsock::has_net_raw() {
        return Ok(Method::Udp);
    }
    Err(Failure::new(
        Exit::Environment,
        anyhow::anyhow!(
            "--udp takes the capability CAP_NET_RAW: run as root, or give it to the program \
             (setcap cap_net_raw+ep)"
        ),
    ))
}

/// The method that was asked for, or the best that the process may use.
fn method(asked: cli::AskedMethod) -> Result<Method, Failure> {
    match (asked, rawsock::has_net_raw()) {
        (cli::AskedMethod::Connect, _) => Ok(Method::Connect),
        (cli::AskedMethod::Syn | cli::AskedMethod::Auto, true) => Ok(Method::Syn),
        (cli::AskedMethod::Auto, false) => {
            output::note(
                "without the capability CAP_NET_RAW ports are asked by TCP connections, which is slower",
            );
            Ok(Method::Connect)
        }
        (cli::AskedMethod::Syn, false) => Err(Failure::new(
            Exit::Environment,
            anyhow::anyhow!(
                "--method syn takes the capability CAP_NET_RAW: run as root, or give it to the program \
                 (setcap cap_net_raw+ep), or use --method connect"
            ),
        )),
    }
}

/// A scan that has come to an end, one way or another.
pub struct Ended {
    pub swept: pipeline::Swept,
    /// `None` if the run was cut off, which judges nothing.
    pub change: Option<ChangeSet>,
    /// The assessments that followed.
    pub tls: Option<Kept>,
}

fn counted(n: impl Into<u128>, one: &str, several: &str) -> String {
    let n = n.into();
    format!("{n} {}", if n == 1 { one } else { several })
}

/// Carries a scan out and judges it. The caller holds the lock of the data folder.
pub async fn scan(session: &Session, wish: &Wish, how: How) -> Result<Ended, Failure> {
    finish(session, sweep(session, wish, how).await?).await
}

async fn sweep(session: &Session, wish: &Wish, how: How) -> Result<pipeline::Swept, Failure> {
    let prepared = pipeline::prepare(session, wish).await?;
    for refusal in &prepared.refused {
        output::note(format!("not probed: {}", refused(refusal)));
    }
    output::note(format!(
        "probing {}, {} (seed {:016x})",
        counted(prepared.plan.n_hosts(), "address", "addresses"),
        counted(prepared.plan.n_probes(), "probe", "probes"),
        prepared.plan.seed()
    ));
    pipeline::carry_out(session, prepared, how).await
}

/// Judges what has been swept to its end.
pub async fn finish(session: &Session, swept: pipeline::Swept) -> Result<Ended, Failure> {
    if swept.outcome != Swept::Finished {
        return Ok(Ended { swept, change: None, tls: None });
    }
    let change = pipeline::judge(session, &swept.folder, swept.ended_at).await?;
    pipeline::note_state(session, &swept.folder, RunState::Judged, swept.totals, swept.ended_at).await?;
    Ok(Ended { swept, change: Some(change), tls: None })
}

/// A refusal on one line.
pub fn refused(refusal: &scanner::run::RefusalRecord) -> String {
    let names: Vec<&str> = refusal.names.iter().map(|name| name.as_str()).collect();
    if names.is_empty() {
        refusal.reason.to_string()
    } else {
        format!("{}: {}", names.join(", "), refusal.reason)
    }
}

/// The endpoints of all findings that aren't closed, and of every open port that earlier runs saw.
async fn seen_before(session: &Session) -> Result<Vec<Endpoint>, Failure> {
    let findings = FindingStore::open(&session.store).await.or_store_failure()?;
    let mut endpoints: Vec<_> = findings.iter().map(|finding| finding.evidence.endpoint).collect();
    for folder in scanner::run::RunFolder::list(&session.data.runs()).or_exit(Exit::Data)? {
        let folder = folder.or_exit(Exit::Data)?;
        endpoints
            .extend(pipeline::observations(&folder)?.into_iter().map(|observation| observation.endpoint));
    }
    endpoints.sort_unstable();
    endpoints.dedup();
    Ok(endpoints)
}

/// What a scan prints as JSON.
#[derive(Serialize)]
struct Summary<'a, T> {
    run: String,
    state: &'static str,
    method: Method,
    /// What was sent and lost in this session, if it was one of raw packets.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a RawReport>,
    totals: scanner::run::Totals,
    changes: Vec<Counted>,
    /// The TLS assessments that followed, if they were asked for and there were servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<T>,
}

#[derive(Serialize)]
pub struct Counted {
    change: ChangeKind,
    severity: Severity,
    n: usize,
}

pub fn counted_changes(change: &ChangeSet) -> Vec<Counted> {
    let counts = change.counts().into_iter();
    counts.map(|((change, severity), n)| Counted { change, severity, n }).collect()
}

impl Ended {
    pub fn show(&self, json: bool) -> Outcome {
        let run = self.swept.folder.manifest().run;
        let totals = self.swept.totals;
        if json {
            let summary = Summary {
                run: run.to_string(),
                method: self.swept.folder.manifest().method,
                raw: self.swept.raw.as_ref(),
                state: if self.change.is_some() { "judged" } else { "interrupted" },
                totals,
                changes: self.change.as_ref().map(counted_changes).unwrap_or_default(),
                tls: self.tls.as_ref().map(Kept::summary),
            };
            output::json("sentrypost-scan/1", &summary).or_exit(Exit::Internal)?;
        } else {
            let columns =
                Columns { headers: &["run", "probes", "open", "refused", "silent"], numbers: &[1, 2, 3, 4] };
            let counts = [totals.n_done(), totals.n_open, totals.n_refused, totals.n_silent];
            let row =
                std::iter::once(Handles::of([run]).show(run)).chain(counts.iter().map(ToString::to_string));
            output::table(&columns, [row.collect()]);
            if let Some(change) = &self.change {
                show_changes(change);
            }
            if let Some(tls) = &self.tls {
                tls.show(false)?;
            }
        }
        if let Some(raw) = &self.swept.raw {
            tell_raw(raw);
        }
        if totals.n_not_asked > 0 {
            output::note(format!(
                "{} probes could not be sent by this machine; nothing is known of them, scan again",
                totals.n_not_asked
            ));
        }
        let is_assessed = self.tls.as_ref().is_none_or(Kept::is_judged);
        let whole = self.change.is_some() && totals.n_not_asked == 0 && is_assessed;
        Ok(if whole { Exit::Done } else { Exit::Partial })
    }
}

/// How sure the result is.
fn tell_raw(raw: &RawReport) {
    let lost = match raw.n_measured {
        0 => "no port answered, so nothing is known of what gets lost".to_owned(),
        n => format!(
            "{} of {n} answers got lost (at most {:.2} %), made up for by {} repeats",
            raw.n_lost,
            raw.loss_at_most * 100.0,
            raw.n_repeats
        ),
    };
    output::note(format!("{} packets sent; {lost}", raw.n_sent));
    if raw.n_absent > 0 {
        output::note(format!(
            "{} answered no discovery and weren't asked further: nothing is known of their ports",
            counted(raw.n_absent, "host", "hosts")
        ));
    }
    if raw.n_dropped_by_kernel > 0 {
        output::note(format!(
            "this machine dropped {} that arrived faster than they were read; a lower --rate avoids it",
            counted(raw.n_dropped_by_kernel, "packet", "packets")
        ));
    }
}

/// Findings of a run by change and severity.
pub fn show_changes(change: &ChangeSet) {
    let counts = change.counts();
    let columns = Columns {
        headers: &["findings", "critical", "high", "medium", "low", "all"],
        numbers: &[1, 2, 3, 4, 5],
    };
    let rows = ChangeKind::ALL.into_iter().filter(|&kind| change.count(kind) > 0).map(|kind| {
        let of = |severity| counts.get(&(kind, severity)).copied().unwrap_or(0);
        let cells = Severity::ALL.map(of).into_iter().chain([change.count(kind)]);
        std::iter::once(kind.as_str().to_owned()).chain(cells.map(|n| n.to_string())).collect()
    });
    output::table(&columns, rows);
}
