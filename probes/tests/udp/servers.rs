//! Real servers, started by the test on a free port of loopback and ended by it. A server that isn't installed is said
//! to be missing, by name, and its test proves nothing.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use model::observation::Access;
use probes::udp::{Tied, UdpReply, by_id};

use crate::{COOKIE, context};

/// How long a server may take until it answers.
const STARTING: Duration = Duration::from_secs(20);

/// A server, and the folder it writes to; both go when it is dropped.
struct Server {
    child: Child,
    at: SocketAddr,
    folder: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[expect(clippy::print_stderr, reason = "whoever reads the log is to know that nothing was proved")]
fn not_run(program: &str, why: &str) {
    eprintln!("not run: {program} {why}");
}

fn installed(program: &str) -> Option<PathBuf> {
    let found = ["/usr/sbin", "/usr/bin"]
        .iter()
        .map(|folder| Path::new(folder).join(program))
        .find(|path| path.exists());
    if found.is_none() {
        not_run(program, "is not installed");
    }
    found
}

/// Servers that want to be root before they drop it.
const ROOTS: [&str; 2] = ["chronyd", "in.tftpd"];

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// A port that is free over UDP and over TCP: name servers listen to both, or to neither.
fn free_port() -> SocketAddr {
    let mut ports = (0..100).filter_map(|_| {
        let at = UdpSocket::bind("127.0.0.1:0").ok()?.local_addr().ok()?;
        TcpListener::bind(at).is_ok().then_some(at)
    });
    ports.next().expect("one of a hundred ports is free")
}

/// Starts a program whose arguments, and files if it needs any, depend on its port and folder.
fn start(program: &str, arguments: impl Fn(u16, &Path) -> Vec<String>) -> Option<Server> {
    let path = installed(program)?;
    if ROOTS.contains(&program) && !is_root() {
        not_run(program, "wants to be root");
        return None;
    }
    let at = free_port();
    let folder = std::env::temp_dir().join(format!("probes-udp-{program}-{}", at.port()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let child = Command::new(path)
        .args(arguments(at.port(), &folder))
        .current_dir(&folder)
        // OpenSSL's server ends with its input.
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    Some(Server { child, at, folder })
}

/// Asks until something answers; the first answer that is tied to the question.
#[track_caller]
fn ask(server: &Server, id: &str) -> (UdpReply, Tied) {
    let probe = by_id(id).expect("in the table");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
    let (began, mut buffer) = (Instant::now(), [0; 2048]);
    while began.elapsed() < STARTING {
        // Refused until the server listens.
        let _ = socket.send_to(&probe.payload(COOKIE, &context()), server.at);
        if let Ok((n, from)) = socket.recv_from(&mut buffer)
            && from.ip() == server.at.ip()
        {
            let known =
                probe.recognise(&buffer[..n]).unwrap_or_else(|| panic!("{id}: {:02x?}", &buffer[..n]));
            let tied = probe.tied(COOKIE, &known);
            return (known, tied);
        }
    }
    panic!("{id}: no answer from {}", server.at);
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn write(path: &Path, text: &str) {
    std::fs::File::create(path).and_then(|mut file| file.write_all(text.as_bytes())).expect("a file");
}

#[test]
fn memcached_answers_over_udp_and_lets_anyone_in() {
    // Its TCP side takes a port that the system chooses.
    let Some(server) = start("memcached", |port, _| words(&format!("-u root -l 127.0.0.1 -U {port} -p 0")))
    else {
        return;
    };
    for id in ["memcached-version", "memcached-statistics"] {
        let (known, tied) = ask(&server, id);
        assert_eq!((known.facts.access, tied), (Some(Access::NoAuthentication), Tied::ByCookie));
        assert!(known.facts.version.is_some(), "{id}");
    }
}

#[test]
fn dnsmasq_says_its_version_and_offers_recursion() {
    let arguments = |port: u16, _: &Path| {
        let fixed =
            "-d --listen-address=127.0.0.1 --bind-interfaces --no-resolv --no-hosts --conf-file=/dev/null";
        words(&format!("{fixed} --user=root --address=/example.test/192.0.2.7 --port={port} --pid-file="))
    };
    let Some(server) = start("dnsmasq", arguments) else { return };
    let (known, tied) = ask(&server, "dns-version");
    assert_eq!((known.facts.product.as_deref(), tied), (Some("dnsmasq"), Tied::ByCookie));
    // What it answers is its own, which doesn't prove that it would ask others.
    let (known, tied) = ask(&server, "dns-recursion");
    assert_eq!((known.facts.facts["recursion"].as_str(), tied), ("offered", Tied::ByCookie));
}

#[test]
fn openssl_asks_for_its_cookie_and_gives_ours_back() {
    let arguments = |port: u16, folder: &Path| {
        let made = Command::new("openssl")
            .args(words(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=sample.test",
            ))
            .args(["-keyout", "key.pem", "-out", "certificate.pem"])
            .current_dir(folder)
            .stderr(Stdio::null())
            .status();
        assert!(made.expect("openssl runs").success());
        words(&format!("s_server -dtls -listen -accept 127.0.0.1:{port} -cert certificate.pem -key key.pem"))
    };
    let Some(server) = start("openssl", arguments) else { return };
    let (known, tied) = ask(&server, "dtls-hello");
    assert_eq!((known.facts.facts["dtls-cookie"].as_str(), tied), ("required", Tied::ByCookie));
}

#[test]
fn snmpd_names_its_engine_and_accepts_public() {
    let arguments = |port: u16, folder: &Path| {
        write(&folder.join("snmpd.conf"), "rocommunity public 127.0.0.1\nsysName host.example.test\n");
        words(&format!("-f -C -c snmpd.conf -Lo -I -smux udp:127.0.0.1:{port}"))
    };
    let Some(server) = start("snmpd", arguments) else { return };
    let (known, tied) = ask(&server, "snmp-engine");
    assert_eq!((known.facts.product.as_deref(), tied), (Some("Net-SNMP"), Tied::ByCookie));
    let (known, tied) = ask(&server, "snmp-community");
    assert_eq!((known.facts.facts["community"].as_str(), tied), ("public", Tied::ByCookie));
    assert_eq!(known.facts.facts["host-name"], "host.example.test");
}

#[test]
fn libcoap_lists_its_resources() {
    let arguments = |port: u16, _: &Path| words(&format!("-A 127.0.0.1 -p {port}"));
    let Some(server) = start("coap-server-notls", arguments) else { return };
    let (known, tied) = ask(&server, "coap-resources");
    assert_eq!((known.facts.facts["code"].as_str(), tied), ("2.05", Tied::ByCookie));
}

#[test]
fn tftpd_answers_from_a_port_of_its_own() {
    let arguments =
        |port: u16, folder: &Path| words(&format!("-L -u root -a 127.0.0.1:{port} -s {}", folder.display()));
    let Some(server) = start("in.tftpd", arguments) else { return };
    let (known, tied) = ask(&server, "tftp-missing-file");
    assert_eq!((known.facts.facts["error"].as_str(), tied), ("1", Tied::ByPortsOnly));
}

#[test]
fn chrony_gives_the_time_and_nothing_else() {
    let arguments = |port: u16, folder: &Path| {
        let lines = [
            "local stratum 5".to_owned(),
            "allow 127.0.0.1".to_owned(),
            format!("port {port}"),
            "cmdport 0".to_owned(),
            "bindaddress 127.0.0.1".to_owned(),
            "bindcmdaddress /".to_owned(),
            format!("pidfile {}/pid", folder.display()),
        ];
        write(&folder.join("chrony.conf"), &lines.join("\n"));
        // -x: the system's clock is left alone.
        words(&format!("-d -x -u root -f {}/chrony.conf", folder.display()))
    };
    let Some(server) = start("chronyd", arguments) else { return };
    let (known, tied) = ask(&server, "ntp-time");
    assert_eq!((known.facts.facts["stratum"].as_str(), tied), ("5", Tied::ByCookie));
}
