//! Silence at the defaults: 250 of 256 addresses answer nothing, inside a network namespace. Takes root.

use std::process::Command;

use crate::sandbox::{Ran, Sandbox};

const RANGE: &str = "10.99.6.0/24";
/// The addresses that answer; the others are swallowed by a link that asks for no neighbour.
const ANSWERING: [u8; 6] = [1, 7, 60, 128, 200, 254];

/// A namespace, gone when this is.
struct Namespace(String);

impl Namespace {
    fn make() -> Option<Namespace> {
        let name = format!("sentrypost-test-{}", std::process::id());
        let made = Command::new("ip").args(["netns", "add", &name]).output();
        made.is_ok_and(|made| made.status.success()).then_some(Namespace(name))
    }

    fn ip(&self, arguments: &str) {
        let output =
            Command::new("ip").args(["-n", &self.0]).args(arguments.split_whitespace()).output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs the sandbox's binary inside.
    fn run(&self, sandbox: &Sandbox, args: &[&str]) -> Ran {
        let ours = sandbox.command();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0]).arg(ours.get_program()).args(ours.get_args()).args(args);
        command.current_dir(ours.get_current_dir().unwrap()).stdin(std::process::Stdio::null());
        Ran::of(command.output().unwrap(), &args.join(" "))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(Command::new("ip").args(["netns", "del", &self.0]).output());
    }
}

/// Accepts on port 22 of an address inside the namespace until it is dropped.
struct Inside(std::process::Child);

impl Inside {
    fn listen(namespace: &Namespace, address: &str) -> Inside {
        let script = format!(
            "import socket; s = socket.create_server(('{address}', 22)); print('up', flush=True)\n\
             while True: s.accept()[0].close()"
        );
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &namespace.0, "python3", "-c", &script]);
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut up = [0; 3];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut up).unwrap();
        Inside(child)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn silent_addresses_are_unverifiable_and_their_findings_stay_open() {
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
    ] {
        namespace.ip(arguments);
    }
    for last in ANSWERING {
        namespace.ip(&format!("addr add 10.99.6.{last}/32 dev lo"));
    }
    let sandbox = Sandbox::new();
    sandbox.register_unit(RANGE);
    // Something answers at an address that is silent in the scan that counts.
    namespace.ip("addr add 10.99.6.77/32 dev lo");
    let listening = Inside::listen(&namespace, "10.99.6.77");
    namespace.run(&sandbox, &["scan", "--ports", "22", "10.99.6.77"]).ends(0);
    drop(listening);
    namespace.ip("addr del 10.99.6.77/32 dev lo");
    assert_eq!(sandbox.findings().len(), 1);

    let scanned = namespace.run(&sandbox, &["scan", "--ports", "top100", "--json"]).ends(0).json();
    let totals = &scanned["data"]["totals"];
    let n_silent = (256 - ANSWERING.len()) as u64 * 100;
    assert_eq!((&totals["n_silent"], &totals["n_refused"]), (&n_silent.into(), &600.into()), "{totals}");

    let finding = &sandbox.findings()[0];
    assert_eq!(finding["state"]["state"], "open", "{finding}");
    assert!(finding["unverifiable_since"].is_string(), "{finding}");

    let built = sandbox.run(&["report", "build", "--json"]).ends(0).json();
    let json = std::fs::read(sandbox.path(built["data"]["json"].as_str().unwrap())).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let figures = report["figures"].as_array().unwrap();
    let figure = |id: &str| figures.iter().find(|figure| figure["id"] == id).unwrap()["value"].clone();
    assert_eq!(figure("card.addresses.probed"), 256);
    // Silence takes nothing back: what answered in the scan before still counts.
    assert_eq!(figure("card.addresses.answered"), ANSWERING.len() + 1);
    assert_eq!(figure("card.addresses.unverifiable"), 256 - ANSWERING.len() - 1);
}
