//! UDP scans by the binary: a resolver that answers strangers and memcached, on loopback. They take CAP_NET_RAW, without
//! which the scan must say so, and nothing else of it can be tried.

use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::sandbox::{Network, Ran, Sandbox};

/// A resolver that answers every question with a name server, or refuses all of them.
struct Resolver {
    is_open: Arc<AtomicBool>,
    stops: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Resolver {
    fn start(address: &str) -> Resolver {
        let socket = UdpSocket::bind((address, 53)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let (is_open, stops) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let (open, stop) = (is_open.clone(), stops.clone());
        let serve = move || {
            let mut buffer = [0; 512];
            while !stop.load(Ordering::SeqCst) {
                let Ok((len, from)) = socket.recv_from(&mut buffer) else { continue };
                let (id, question) = (&buffer[..2], &buffer[12..len]);
                // The answer is a name server of the root: a compressed name, type 2, class 1, a day, one root label.
                let rest = b"\xc0\x0c\0\x02\0\x01\0\x01\x51\x80\0\x01\0";
                let reply = if open.load(Ordering::SeqCst) {
                    [id, b"\x81\x80\0\x01\0\x01\0\0\0\0", question, rest].concat()
                } else {
                    [id, b"\x81\x05\0\x01\0\0\0\0\0\0", question].concat()
                };
                // Whoever asked may be gone.
                let _ = socket.send_to(&reply, from);
            }
        };
        Resolver { is_open, stops, thread: Some(std::thread::spawn(serve)) }
    }

    fn close_to_strangers(&self) {
        self.is_open.store(false, Ordering::SeqCst);
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::SeqCst);
        self.thread.take().map(std::thread::JoinHandle::join);
    }
}

/// Debian's memcached with its UDP side on.
struct Memcached(Child);

impl Memcached {
    fn start(address: &str) -> Memcached {
        let server = Command::new("memcached")
            .args(["-u", "nobody", "-l", address, "-p", "11211", "-U", "11211"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Memcached(server);
        let socket = UdpSocket::bind((address, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        for _ in 0..200 {
            socket.send_to(b"\0\x01\0\0\0\x01\0\0version\r\n", (address, 11_211)).unwrap();
            if socket.recv(&mut [0; 64]).is_ok() {
                return server;
            }
        }
        panic!("memcached does not answer");
    }
}

impl Drop for Memcached {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Checks and states of what was found over UDP.
fn found(sandbox: &Sandbox) -> Vec<(String, u64, String)> {
    let mut found: Vec<_> = sandbox
        .findings()
        .iter()
        .filter(|finding| finding["key"]["transport"] == "udp")
        .map(|finding| {
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            let port = finding["key"]["port"].as_u64().unwrap();
            (text(&finding["key"]["check"]), port, text(&finding["state"]["state"]))
        })
        .collect();
    found.sort();
    found
}

fn observations(sandbox: &Sandbox) -> Vec<serde_json::Value> {
    let run = sandbox.runs().remove(0);
    let lines =
        std::fs::read_to_string(sandbox.path("data").join("runs").join(run).join("observations.jsonl"));
    // Each line begins with its checksum, or is its JSON alone.
    let json = |line: &str| serde_json::from_str(&line[line.find('{').unwrap()..]).unwrap();
    lines.unwrap().lines().map(json).collect()
}

#[test]
fn without_the_capability_a_udp_scan_says_what_it_takes() {
    let sandbox = Sandbox::new();
    let binary = sandbox.command();
    let mut command = Command::new("setpriv");
    // Whoever may not drop it doesn't have it.
    if rawsock::has_net_raw() {
        command.args(["--bounding-set", "-net_raw", "--inh-caps", "-net_raw"]);
    }
    command.arg(binary.get_program()).args(binary.get_args()).args(["scan", "--udp"]);
    Ran::of(command.output().unwrap(), "scan --udp")
        .ends(74)
        .says(&["--udp takes the capability CAP_NET_RAW"]);
    sandbox.run(&["scan", "--udp", "--method", "connect"]).ends(64);
}

#[test]
fn services_over_udp_go_from_the_wire_to_the_finding() {
    if !rawsock::has_net_raw() {
        println!("not run: UDP scans take CAP_NET_RAW");
        return;
    }
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.register_unit(&format!("{}-{}", network.host(1), network.host(3)));
    let resolver = Resolver::start(&network.host(1));
    let _memcached = Memcached::start(&network.host(2));

    let scan = ["scan", "--udp", "--ports", "53,123,11211,47808", "--json"];
    let scanned = sandbox.run(&scan).ends(0).says(&["1 port of fragile devices left out"]);
    let totals = &scanned.json()["data"]["totals"];
    assert_eq!((totals["n_open"].as_u64(), totals["n_refused"].as_u64()), (Some(2), Some(7)), "{totals}");
    assert_eq!(scanned.json()["data"]["method"], "udp");

    let of = |check: &str, port, state: &str| (check.to_owned(), port, state.to_owned());
    let expected = [
        of("access.no-authentication", 11_211, "open"),
        of("exposure.database", 11_211, "open"),
        of("service.amplifier", 11_211, "open"),
        of("service.open-resolver", 53, "open"),
    ];
    let of_services: Vec<_> = found(&sandbox)
        .into_iter()
        .filter(|(check, port, _)| *port != 53 || check.starts_with("service"))
        .collect();
    assert_eq!(of_services, expected);
    let seen = observations(&sandbox);
    let memcached = seen.iter().find(|seen| seen["port"] == 11_211).unwrap();
    assert_eq!((&memcached["transport"], &memcached["method"]), (&"udp".into(), &"udp".into()));
    assert!(memcached["service"]["version"].is_string(), "{memcached}");
    let factor = &memcached["service"]["facts"]["amplification-hundredths"];
    assert!(factor.as_str().unwrap().parse::<u64>().unwrap() > 300, "{memcached}");

    // What was open is asked again, and a scan of TCP has nothing to do with it.
    resolver.close_to_strangers();
    let again = sandbox.run(&["scan", "--udp", "--reverify", "--json"]).ends(0).json();
    assert_eq!(again["data"]["totals"]["n_open"], 2);
    let state =
        |check: &str| found(&sandbox).into_iter().find(|(found, ..)| found == check).map(|(.., state)| state);
    assert_ne!(state("service.open-resolver").as_deref(), Some("open"), "it refuses strangers now");
    assert_eq!(state("service.amplifier").as_deref(), Some("open"));

    drop(resolver);
    let silent = sandbox.run(&["scan", "--ports", "53,11211", "--json"]).ends(0).json();
    assert_eq!(silent["data"]["method"], "syn");
    assert_eq!(state("service.amplifier").as_deref(), Some("open"), "TCP tells nothing of UDP");
    sandbox.run(&["report", "build"]).ends(0);
}
