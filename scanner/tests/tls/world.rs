//! Real servers on loopback, each on a port of its own, and a scope that admits them.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use chrono::{NaiveDate, Utc};
use model::addr::AddrRange;
use model::id::{AssetId, CountingMint, UnitId};
use model::interval::Interval;
use model::register::{Answerable, Asset, AssetTarget, Authorisation, Register};
use model::scope::{Scope, Target};
use probes::tls::assess::Subject;
use probes::tls::assess::facts::{ServerFacts, VersionFacts};
use probes::tls::assess::seam::Limits;
use probes::tls::judge::{Case, State, judge};
use scanner::identify::Ungated;
use scanner::tls::{TlsTarget, assess};

/// Certificates are made anew long before they expire.
const USED_FOR: Duration = Duration::from_secs(20 * 86_400);
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Loopback, admitted by a scope like any other address.
fn loopback() -> Target {
    let mint = &mut CountingMint::default();
    let asset = Asset {
        id: AssetId::mint(mint),
        unit: UnitId::mint(mint),
        system: None,
        target: AssetTarget::Addresses(AddrRange::single(LOOPBACK)),
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
    let day = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day");
    Scope::of(&register, day).admit(LOOPBACK).expect("loopback is in scope")
}

/// As patient as loopback needs.
pub(crate) fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        answer: Duration::from_secs(5),
        back_off: Duration::from_millis(5),
        ..Limits::default()
    }
}

pub(crate) fn server(port: u16, subject: Subject) -> TlsTarget {
    TlsTarget { target: loopback(), port, subject }
}

pub(crate) async fn assessed(port: u16, subject: Subject) -> ServerFacts {
    assess(&server(port, subject), &limits(), &Ungated).await
}

/// The same, and whatever shows only to something malformed.
pub(crate) async fn provoked(port: u16, subject: Subject) -> ServerFacts {
    let limits = Limits { intrusive: true, ..limits() };
    assess(&server(port, subject), &limits, &Ungated).await
}

/// Asks for the name that the certificates are for.
pub(crate) fn named() -> Subject {
    Subject { server_name: Some("www.example.gov.cn".parse().unwrap()), ..Subject::default() }
}

/// Until somebody listens there; a server that never does fails the test.
pub(crate) fn wait_for(port: u16) {
    for _ in 0..500 {
        if std::net::TcpStream::connect((LOOPBACK, port)).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("nobody listens on {port}");
}

/// `version whose-order: suites`, one line for each version that is spoken.
pub(crate) fn suites(facts: &ServerFacts) -> Vec<String> {
    let spoken = facts.versions.iter().filter(|version| version.offered.is_yes());
    let line = |version: &VersionFacts| {
        let codes: Vec<String> =
            version.suites.entries.iter().map(|suite| format!("{:04x}", suite.code)).collect();
        let complete = if version.suites.complete.is_yes() { "" } else { " …" };
        format!("{} {:?}: {}{complete}", version.version.name(), version.order, codes.join(" "))
    };
    spoken.map(line).collect()
}

/// Groups of TLS 1.3, in the server's order.
pub(crate) fn groups_in_13(facts: &ServerFacts) -> String {
    let names = facts.groups_in_13.entries.iter().map(|group| group.name.as_str());
    names.collect::<Vec<_>>().join(" ")
}

/// The checks that find this server at fault.
pub(crate) fn faults(facts: &ServerFacts) -> Vec<&'static str> {
    let case = Case { facts, now: Utc::now(), names: &[], trust: &[], expiring_days: 30 };
    let at_fault = judge(&case).into_iter().filter(|verdict| verdict.state == State::Fault);
    at_fault.map(|verdict| verdict.check).collect()
}

/// A peer that is built from source, once for all tests and runs.
pub(crate) fn built(peer: &str) -> PathBuf {
    let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/peers/build"))
        .args([peer, concat!(env!("CARGO_TARGET_TMPDIR"), "/peers")])
        .output()
        .expect("the script runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// Keys and certificates for invented names, which stay beside what was built.
pub(crate) fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(Keys::make)
}

pub(crate) struct Keys {
    folder: PathBuf,
}

impl Keys {
    fn make() -> Keys {
        let keys = Keys { folder: PathBuf::from(concat!(env!("CARGO_TARGET_TMPDIR"), "/tls-keys")) };
        fs::create_dir_all(&keys.folder).expect("a folder");
        // Tests run at the same time, and the first one makes them for all.
        let lock = File::create(keys.folder.join("lock")).expect("a lock");
        lock.lock().expect("it is given");
        let made_at = fs::metadata(keys.folder.join("made")).and_then(|made| made.modified());
        let age = made_at.ok().and_then(|at| at.elapsed().ok());
        if age.is_none_or(|age| age > USED_FOR) {
            keys.make_all();
            File::create(keys.folder.join("made")).expect("a mark");
        }
        keys
    }

    fn make_all(&self) {
        for (name, key) in
            [("rsa", &["rsa:2048"][..]), ("ec", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])]
        {
            let made = Command::new("openssl")
                .args(["req", "-x509", "-nodes", "-days", "90", "-subj"])
                // NSS takes certificates of one subject for one certificate.
                .arg(format!("/O={name}/CN=www.example.gov.cn"))
                .args(["-addext", "subjectAltName=DNS:www.example.gov.cn", "-newkey"])
                .args(key)
                .arg("-keyout")
                .arg(self.path(name, "key"))
                .arg("-out")
                .arg(self.path(name, "crt"))
                .output()
                .expect("openssl runs");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
    }

    pub(crate) fn path(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{name}.{ending}"))
    }
}

/// OpenSSL's `s_server`, ended when it goes out of scope.
pub(crate) struct OpensslServer {
    child: Child,
    pub(crate) port: u16,
}

impl OpensslServer {
    /// With an RSA certificate and these arguments.
    pub(crate) fn start(args: &[&str]) -> OpensslServer {
        OpensslServer::start_with("rsa", args, false)
    }

    /// With an ECDSA certificate alone.
    pub(crate) fn start_ecdsa(args: &[&str]) -> OpensslServer {
        OpensslServer::start_with("ec", args, false)
    }

    /// With an ECDSA certificate beside it.
    pub(crate) fn start_with_both(args: &[&str]) -> OpensslServer {
        OpensslServer::start_with("rsa", args, true)
    }

    fn start_with(first: &str, args: &[&str], with_ecdsa: bool) -> OpensslServer {
        let keys = keys();
        let mut all: Vec<OsString> = vec!["-cert".into(), keys.path(first, "crt").into()];
        all.extend(["-key".into(), keys.path(first, "key").into()]);
        if with_ecdsa {
            all.extend(["-dcert".into(), keys.path("ec", "crt").into()]);
            all.extend(["-dkey".into(), keys.path("ec", "key").into()]);
        }
        all.extend(args.iter().map(OsString::from));
        OpensslServer::run("openssl".as_ref(), &all)
    }

    /// Another OpenSSL, with these arguments alone.
    pub(crate) fn run(program: &Path, args: &[OsString]) -> OpensslServer {
        let mut child = Command::new(program)
            .args(["s_server", "-www", "-accept", "127.0.0.1:0"])
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let port =
            lines.find_map(|line| line.ok()?.strip_prefix("ACCEPT ")?.rsplit(':').next()?.parse().ok());
        // Read on, or a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        OpensslServer { child, port: port.expect("it says where it listens") }
    }
}

impl Drop for OpensslServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
