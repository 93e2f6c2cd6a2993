//! Findings that belong to a name of which some addresses aren't ours to look at.

use std::net::{IpAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::{Network, Sandbox};

pub(crate) const NAME: &str = "portal.lab.example";
/// Where the name leads besides; only ever refused.
const ELSEWHERE: &str = "192.0.2.9";

/// Answers every question for IPv4 addresses with these, any other with none, as long as the test process lives.
pub(crate) fn name_server(address: &str, records: &[&str]) -> String {
    let socket = UdpSocket::bind((address, 0)).unwrap();
    let server = socket.local_addr().unwrap().to_string();
    let octets = |record: &&str| record.parse::<std::net::Ipv4Addr>().unwrap().octets();
    let records: Vec<[u8; 4]> = records.iter().map(octets).collect();
    std::thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((n, from)) = socket.recv_from(&mut query) {
            let Some(question) = query.get(12..n) else { continue };
            let end = question.iter().position(|&byte| byte == 0).unwrap_or_default() + 5;
            let wants_v4 = question.get(end - 4..end - 2) == Some(&[0, 1]);
            let records = if wants_v4 { &records[..] } else { &[] };
            let mut answer = query[..2].to_vec();
            answer.extend([0x81, 0x80, 0, 1, 0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
            answer.extend(&question[..end]);
            for record in records {
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
                answer.extend(record);
            }
            socket.send_to(&answer, from).unwrap();
        }
    });
    server
}

/// A web server whose certificate nobody signed; ended when dropped.
pub(crate) struct SelfSigned(Child);

impl SelfSigned {
    pub(crate) fn start(folder: &Path, address: &str) -> SelfSigned {
        SelfSigned::start_with(folder, address, &[])
    }

    /// With more arguments for `openssl s_server`.
    pub(crate) fn start_with(folder: &Path, address: &str, arguments: &[&str]) -> SelfSigned {
        let (key, certificate) = (folder.join("key.pem"), folder.join("cert.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj"])
            .arg(format!("/CN={NAME}"))
            .args(["-addext", &format!("subjectAltName=DNS:{NAME}"), "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut server = Command::new("openssl");
        server
            .args(["s_server", "-www", "-accept", address, "-key"])
            .arg(&key)
            .arg("-cert")
            .arg(&certificate)
            .args(arguments);
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = SelfSigned(server.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "openssl doesn't listen on {address}");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for SelfSigned {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The state of the finding about the name's certificate once its server is gone, where the other address of the name
/// was registered with an authorisation that has ended, or never.
fn check(other_is_registered: bool, state: &str, is_in_doubt: bool) {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    let host = network.host(1);
    let other: IpAddr = ELSEWHERE.parse().unwrap();
    sandbox.register_unit(&host);
    sandbox.register_asset(NAME, 30);
    if other_is_registered {
        sandbox.register_asset(&other.to_string(), -30);
    }
    let resolver = name_server(&host, &[&host, ELSEWHERE]);
    let port = std::net::TcpListener::bind((host.as_str(), 0)).unwrap().local_addr().unwrap().port();
    let server = SelfSigned::start(&sandbox.path(""), &format!("{host}:{port}"));
    let scan = ["scan", "--ports", &port.to_string(), "--resolver", &resolver];
    sandbox.run(&scan).ends(0).says(&[ELSEWHERE]);
    let of_name = |sandbox: &Sandbox| {
        let findings = sandbox.findings();
        let found = findings.into_iter().find(|finding| finding["key"]["check"] == "certificate.self-signed");
        found.unwrap()
    };
    assert!(of_name(&sandbox)["key"]["target"].to_string().contains(NAME), "{}", of_name(&sandbox));
    drop(server);
    sandbox.run(&scan).ends(0);
    let finding = of_name(&sandbox);
    assert_eq!(finding["state"]["state"], state, "{finding}");
    assert_eq!(finding["unverifiable_since"].is_string(), is_in_doubt, "{finding}");
}

#[test]
fn an_address_that_nobody_registered_keeps_no_finding_open() {
    check(false, "missing", false);
}

#[test]
fn an_address_that_may_not_be_probed_today_keeps_the_finding_open() {
    check(true, "open", true);
}
