//! Namespaces, tied or with a faulty line between them, and children that listen, relay or sweep in them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use model::addr::{AddrRange, AddrSet};
use model::id::{AssetId, CountingMint, Mint, UnitId};
use model::interval::Interval;
use model::observation::{Endpoint, Method, PortState};
use model::port::Transport;
use model::register::{Answerable, Asset, AssetTarget, Authorisation, Register};
use model::scan_window::ScanWindow;
use model::scope::Scope;
use rawsock::Interface;
use scanner::plan::{Block, Plan, Shard};
use scanner::raw::{RawReport, RawStart, Throttle};
use scanner::run::{Manifest, RunFolder};
use scanner::{
    Cancel, Options, Outcome, Progress, RawOptions, RawRequest, SweepError, SweepOutcome, SweepRequest, sweep,
};
use tempfile::TempDir;
use testkit::Faults;
use tokio::sync::{oneshot, watch};

pub(crate) const ROLE: &str = "RAW_TEST_ROLE";
/// Names the far namespace for the body of a test.
pub(crate) const FAR: &str = "RAW_TEST_FAR";
const PATIENCE: Duration = Duration::from_secs(20);

/// `near` scans, `far` is scanned; `mid` holds the faulty line, if there is one. Gone when this is.
pub(crate) struct World {
    pub(crate) near: String,
    mid: String,
    pub(crate) far: String,
    children: Vec<Child>,
}

impl World {
    fn make(test: &str) -> Option<World> {
        let id = std::process::id();
        let name = |side| format!("raw-{side}-{}-{id}", test.replace("::", "-"));
        let world = World { near: name("near"), mid: name("mid"), far: name("far"), children: Vec::new() };
        for name in [&world.near, &world.mid, &world.far] {
            let added = Command::new("ip").args(["netns", "add", name]).output();
            if !added.is_ok_and(|added| added.status.success()) {
                return None;
            }
            ip(&format!("-n {name} link set lo up"));
        }
        Some(world)
    }

    /// Ties both ends by a wire.
    pub(crate) fn tie(&self) {
        let World { near, far, .. } = self;
        ip(&format!("-n {near} link add near type veth peer name far netns {far}"));
        self.address();
    }

    /// Ties both ends by a line with faults.
    pub(crate) fn tie_by(&mut self, faults: &str) {
        let World { near, mid, far, .. } = self;
        ip(&format!("-n {near} link add near type veth peer name west netns {mid}"));
        ip(&format!("-n {far} link add far type veth peer name east netns {mid}"));
        for end in ["west", "east"] {
            ip(&format!("-n {mid} link set {end} up"));
        }
        self.address();
        let mid = self.mid.clone();
        self.child(&mid, &format!("relay {faults}"));
    }

    /// 10.99.0.1 and fd99::1 here, …2 there, which know each other. What is behind the far one, it is all itself.
    fn address(&self) {
        for (namespace, end, n, other) in [(&self.near, "near", 1, 2), (&self.far, "far", 2, 1)] {
            for words in [
                format!("link set {end} address 02:00:00:00:00:0{n}"),
                format!("addr add 10.99.0.{n}/24 dev {end}"),
                format!("-6 addr add fd99::{n}/64 dev {end} nodad"),
                format!("link set {end} up"),
                format!(
                    "neigh replace 10.99.0.{other} lladdr 02:00:00:00:00:0{other} nud permanent dev {end}"
                ),
                format!(
                    "-6 neigh replace fd99::{other} lladdr 02:00:00:00:00:0{other} nud permanent dev {end}"
                ),
            ] {
                ip(&format!("-n {namespace} {words}"));
            }
        }
        ip(&format!("-n {} route add 10.98.0.0/16 via 10.99.0.2", self.near));
        ip(&format!("-n {} -6 route add fd98::/64 via fd99::2", self.near));
        ip(&format!("-n {} route add local 10.98.0.0/16 dev lo", self.far));
        ip(&format!("-n {} -6 route add local fd98::/64 dev lo", self.far));
        // The carrier is noticed a while after both ends are up, and IPv6 works only then.
        let is_up = |name: &str| ip(&format!("-n {name} -6 route show table local")).contains("multicast");
        until("both ends are up", || is_up(&self.near) && is_up(&self.far));
        for limited in ["net.ipv4.icmp_ratemask=0", "net.ipv6.icmp.ratemask=255"] {
            self.far(&["sysctl", "-qw", limited]);
        }
    }

    /// Lets the far end accept connections to these ports, at all of its addresses.
    pub(crate) fn listen(&mut self, ports: impl IntoIterator<Item = u16>) {
        let ports: Vec<String> = ports.into_iter().map(|port| port.to_string()).collect();
        let far = self.far.clone();
        self.child(&far, &format!("listen {}", ports.join(",")));
    }

    /// Loads rules into the far end; `false`, and said, if there is no `nft` or its kernel doesn't know them.
    pub(crate) fn rules(&self, rules: &str) -> bool {
        if !Command::new("nft").arg("--version").output().is_ok_and(|nft| nft.status.success()) {
            println!("skipped: the program nft is missing");
            return false;
        }
        // It wants lines.
        let rules = rules.replace("; }", ";\n}\n");
        let output = run(&["ip", "netns", "exec", &self.far, "nft", &rules]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || said.contains("Could not process rule"), "{rules}: {said}");
        if !output.status.success() {
            println!("skipped: this kernel lacks something: {said}");
        }
        output.status.success()
    }

    pub(crate) fn far(&self, words: &[&str]) {
        let words = [&["ip", "netns", "exec", &self.far], words].concat();
        let output = run(&words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn child(&mut self, namespace: &str, role: &str) {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace]).arg(std::env::current_exe().unwrap());
        let mut child = as_role(&mut command, role);
        let output = child.stdout.take().unwrap();
        self.children.push(child);
        let said = BufReader::new(output).lines().map_while(Result::ok).find(|line| line.contains("ready"));
        assert!(said.is_some(), "{role} didn't get ready");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for child in &mut self.children {
            drop(child.kill());
            drop(child.wait());
        }
        for name in [&self.near, &self.mid, &self.far] {
            drop(Command::new("ip").args(["netns", "del", name]).output());
        }
    }
}

fn as_role(command: &mut Command, role: &str) -> Child {
    command
        .args(["--exact", "child_plays_its_role", "--nocapture"])
        .env(ROLE, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// This program again, in the same namespace, in a role.
pub(crate) fn another(role: &str) -> Child {
    as_role(&mut Command::new(std::env::current_exe().unwrap()), role)
}

/// Carries out the body of the test named `test` in the near namespace of a world made ready by `set_up`, which says
/// whether there is anything to test.
pub(crate) fn inside(test: &str, set_up: impl FnOnce(&mut World) -> bool, body: impl FnOnce()) {
    if std::env::var(FAR).is_ok() {
        return body();
    }
    let Some(mut world) = World::make(test) else {
        println!("skipped: a network namespace takes root and the program ip");
        return;
    };
    if !set_up(&mut world) {
        return;
    }
    let child = Command::new("ip")
        .args(["netns", "exec", &world.near])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(FAR, &world.far)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    let is_passed = child.status.success() && said.contains("1 passed");
    assert!(is_passed, "{said}{}", String::from_utf8_lossy(&child.stderr));
}

/// Plays a role until the standard input closes.
pub(crate) fn play(role: &str) {
    match role.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["listen", ports] => {
            let bind = |port: &str| {
                let any = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port.parse().unwrap());
                TcpListener::bind(any).unwrap()
            };
            let _listeners: Vec<TcpListener> = ports.split(',').map(bind).collect();
            println!("ready");
            wait_for_input();
        }
        ["relay", words @ ..] => relay(words),
        ["resume", path] => {
            Run::open(Path::new(path)).sweep().unwrap();
        }
        other => panic!("no such role: {other:?}"),
    }
}

fn relay(words: &[&str]) {
    let mut faults = Faults::default();
    for word in words {
        let (name, value) = word.split_once('=').unwrap();
        let value: f64 = value.parse().unwrap();
        match name {
            "delay" => faults.delay = Duration::from_secs_f64(value / 1e3),
            "loss" => faults.loss = value / 100.0,
            "duplicate" => faults.duplication = value / 100.0,
            "reorder" => faults.reordering = value / 100.0,
            other => panic!("no such fault: {other}"),
        }
    }
    let end = AtomicBool::new(false);
    let [west, east] = ["west", "east"].map(|name| Interface::by_name(name).unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_for_input();
            end.store(true, Ordering::SeqCst);
        });
        testkit::run([&west, &east], faults, 7, || println!("ready"), &end).unwrap();
    });
}

fn wait_for_input() {
    drop(std::io::stdin().read_to_end(&mut Vec::new()));
}

fn run(words: &[&str]) -> std::process::Output {
    let (program, arguments) = words.split_first().unwrap();
    Command::new(program).args(arguments).output().unwrap()
}

/// Runs `ip` with these words; it must succeed.
#[track_caller]
pub(crate) fn ip(words: &str) -> String {
    let output = Command::new("ip").args(words.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "ip {words}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Looks again and again until something is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Frames that went out of the near end.
pub(crate) fn n_sent() -> u64 {
    let counter = std::fs::read_to_string("/sys/class/net/near/statistics/tx_packets").unwrap();
    counter.trim().parse().unwrap()
}

pub(crate) fn addresses(text: &str) -> AddrSet {
    text.split(',').map(|range| range.parse::<AddrRange>().unwrap()).collect()
}

/// Raw options under which a test is quick and no kernel's queue overflows.
pub(crate) fn pace(rate: u32) -> RawOptions {
    RawOptions { rate, per_host: rate, per_net: rate, confidence: 0.999_999, ..RawOptions::default() }
}

fn now() -> DateTime<Utc> {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

/// A run folder of its own.
pub(crate) struct Run {
    pub(crate) folder: RunFolder,
    _runs: Option<TempDir>,
}

impl Run {
    pub(crate) fn new(targets: &str, ports: &str, raw: RawOptions) -> Run {
        Run::of_shard(targets, ports, raw, None)
    }

    pub(crate) fn of_shard(targets: &str, ports: &str, raw: RawOptions, shard: Option<Shard>) -> Run {
        let runs = tempfile::tempdir().unwrap();
        let block = Block { addresses: addresses(targets), ports: ports.parse().unwrap() };
        let manifest = Manifest {
            run: CountingMint::default().mint().to_string().parse().unwrap(),
            started_at: now(),
            software: "test".to_owned(),
            policy: "none".to_owned(),
            method: Method::Syn,
            scope_day: now().date_naive(),
            scope_hash: String::new(),
            options: Options { identify: false, raw, ..Options::default() },
            plan: Plan::new(20_261_122, [block]).unwrap(),
            shard,
            names: BTreeMap::new(),
            tool: None,
            tls: None,
        };
        Run { folder: RunFolder::create(runs.path(), manifest, &[]).unwrap(), _runs: Some(runs) }
    }

    pub(crate) fn open(path: &Path) -> Run {
        Run { folder: RunFolder::open(path).unwrap(), _runs: None }
    }

    pub(crate) fn sweep(&self) -> Result<SweepOutcome, SweepError> {
        self.session(self.start(), self.scope(|_| None)).0
    }

    /// Opens the sockets.
    pub(crate) fn start(&self) -> RawStart {
        let manifest = self.folder.manifest();
        RawStart::open(manifest, manifest.plan.seed()).unwrap()
    }

    /// One session, and the sockets for the next.
    pub(crate) fn session(
        &self,
        start: RawStart,
        scope: Scope,
    ) -> (Result<SweepOutcome, SweepError>, Option<RawStart>) {
        let throttle = Arc::new(Throttle::new(self.folder.manifest().options.raw.rate));
        let (give_back, mut given_back) = oneshot::channel();
        let request = SweepRequest {
            folder: self.folder.clone(),
            scope: Arc::new(scope),
            identifier: None,
            clock: now,
            progress: watch::Sender::new(Progress::default()),
            cancel: Cancel::new(),
            raw: Some(RawRequest { start, key: [20, 26], throttle, give_back: Some(give_back) }),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let swept = runtime.block_on(sweep(request));
        (swept, given_back.try_recv().ok())
    }

    /// Sweeps to the end; what the session said of itself.
    pub(crate) fn finish(&self) -> RawReport {
        let swept = self.sweep().unwrap();
        assert_eq!(
            (swept.outcome, swept.totals.n_done()),
            (Outcome::Finished, self.folder.manifest().n_probes())
        );
        swept.raw.unwrap()
    }

    /// Admits what is scanned, each range within its window, and nothing else.
    pub(crate) fn scope(&self, window: impl Fn(AddrRange) -> Option<ScanWindow>) -> Scope {
        let mint = &mut CountingMint::default();
        let mut register = Register::default();
        for range in self.folder.manifest().plan.blocks().iter().flat_map(|block| block.addresses.ranges()) {
            register.assets.push(Asset {
                id: AssetId::mint(mint),
                unit: UnitId::mint(mint),
                system: None,
                target: AssetTarget::Addresses(*range),
                owned: Interval::ALWAYS,
                authorisation: Some(Authorisation {
                    approver: "示例".to_owned(),
                    valid_from: None,
                    valid_until: NaiveDate::MAX,
                }),
                scan_window: window(*range),
                answerable: Answerable::default(),
                note: None,
            });
        }
        Scope::of(&register, now().date_naive())
    }

    /// The state of every endpoint that was asked.
    pub(crate) fn states(&self) -> BTreeMap<(IpAddr, u16), PortState> {
        let coverage = self.folder.coverage().unwrap();
        let plan = &self.folder.manifest().plan;
        let endpoints =
            plan.hosts().flat_map(|(_, addr, ports)| ports.as_slice().iter().map(move |&port| (addr, port)));
        let state = |(addr, port)| {
            let endpoint = Endpoint { addr, port, transport: Transport::Tcp };
            Some(((addr, port), coverage.state(endpoint)?))
        };
        endpoints.filter_map(state).collect()
    }

    /// How many endpoints of an address are in each state.
    pub(crate) fn count(&self, addr: &str) -> BTreeMap<&'static str, usize> {
        let addr: IpAddr = addr.parse().unwrap();
        let mut counts = BTreeMap::new();
        for ((at, _), state) in self.states() {
            if at == addr {
                *counts.entry(state.as_str()).or_default() += 1;
            }
        }
        counts
    }
}
