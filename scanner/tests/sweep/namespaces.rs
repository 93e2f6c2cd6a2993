//! Silence and filters, inside a network namespace of our own. Takes root.

use std::collections::BTreeMap;
use std::process::Command;

use scanner::{Options, Outcome};

use super::world::Run;

const INSIDE: &str = "SCANNER_TEST_INSIDE_NAMESPACE";

/// A namespace, gone when this is.
struct Namespace(String);

impl Namespace {
    fn make() -> Option<Namespace> {
        let name = format!("scanner-test-{}", std::process::id());
        let made = Command::new("ip").args(["netns", "add", &name]).output();
        made.is_ok_and(|made| made.status.success()).then_some(Namespace(name))
    }

    fn ip(&self, arguments: &str) {
        let arguments = arguments.split_whitespace();
        let output = Command::new("ip").args(["-n", &self.0]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn exec(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0, program]);
        command
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(Command::new("ip").args(["netns", "del", &self.0]).output());
    }
}

/// Carried out inside the namespace by the next test. A link that asks for no neighbour swallows
/// everything; addresses on `lo` answer for themselves.
#[tokio::test(flavor = "multi_thread")]
async fn child_sweeps_inside_the_namespace() {
    let Ok(filters) = std::env::var(INSIDE) else { return };
    let run = Run::new("10.99.5.0/27", "20-29", Options::default());
    let swept = run.sweep(None).await.unwrap();
    assert_eq!((swept.outcome, swept.totals.n_done()), (Outcome::Finished, 320));
    for silent in ["10.99.5.0", "10.99.5.1", "10.99.5.31"] {
        assert_eq!(run.states(silent), BTreeMap::from([("unverifiable", 10)]), "{silent}");
    }
    let expected = match filters.as_str() {
        "filters" => {
            BTreeMap::from([("closed", 8), ("filtered(silence)", 1), ("filtered(host-unreachable)", 1)])
        }
        _ => BTreeMap::from([("closed", 10)]),
    };
    assert_eq!(run.states("10.99.5.7"), expected);
}

#[test]
fn silent_hosts_are_unverifiable_and_silent_ports_filtered() {
    let Some(namespace) = Namespace::make() else {
        println!("skipped: a network namespace takes root and the program ip");
        return;
    };
    for arguments in [
        "link set lo up",
        "link add swallow arp off type veth peer name drain",
        "addr add 10.99.0.1/16 dev swallow",
        "link set swallow up",
        "link set drain up",
        "addr add 10.99.5.7/32 dev lo",
    ] {
        namespace.ip(arguments);
    }
    let filters = "add table inet t; add chain inet t i { type filter hook input priority 0; }; \
        add rule inet t i tcp dport 25 drop; \
        add rule inet t i tcp dport 26 reject with icmpx host-unreachable";
    let filtered = namespace.exec("nft").arg(filters).output().is_ok_and(|nft| nft.status.success());
    if !filtered {
        println!("without filters: nft is missing, or the kernel knows no rules");
    }
    let child = namespace
        .exec(std::env::current_exe().unwrap().to_str().unwrap())
        .args(["--exact", "namespaces::child_sweeps_inside_the_namespace", "--nocapture"])
        .env(INSIDE, if filtered { "filters" } else { "none" })
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&child.stderr)
    );
}
