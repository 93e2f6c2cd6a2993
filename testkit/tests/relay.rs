//! The relay between the kernels of two namespaces. Takes root; without it the tests say that they were skipped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "in a test a panic is the message, and skipping is told"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROLE: &str = "RELAY_TEST_ROLE";
const SERVER: &str = "10.98.0.2:4000";
const N_BYTES: usize = 4 << 20;

/// Three namespaces in a row, gone when this is.
struct Row(String);

impl Row {
    fn make(test: &str) -> Option<Row> {
        let row = Row(format!("relay-{test}-{}", std::process::id()));
        let add = |name: &str| Command::new("ip").args(["netns", "add", name]).output();
        let is_made =
            [row.near(), row.mid(), row.far()].map(|name| add(&name).is_ok_and(|it| it.status.success()));
        if !is_made.iter().all(|is_made| *is_made) {
            println!("skipped: a network namespace takes root and the program ip");
            return None;
        }
        let (near, mid, far) = (row.near(), row.mid(), row.far());
        ip(&format!("-n {near} link add left type veth peer name west netns {mid}"));
        ip(&format!("-n {far} link add right type veth peer name east netns {mid}"));
        ip(&format!("-n {near} addr add 10.98.0.1/24 dev left"));
        ip(&format!("-n {far} addr add 10.98.0.2/24 dev right"));
        for (namespace, name) in [(&near, "left"), (&mid, "west"), (&mid, "east"), (&far, "right")] {
            ip(&format!("-n {namespace} link set dev {name} up"));
        }
        Some(row)
    }

    fn near(&self) -> String {
        format!("{}-near", self.0)
    }

    fn mid(&self) -> String {
        format!("{}-mid", self.0)
    }

    fn far(&self) -> String {
        format!("{}-far", self.0)
    }

    /// Runs this test again in a namespace, in a role.
    fn again(&self, namespace: &str, test: &str, role: &str) -> Child {
        Command::new("ip")
            .args(["netns", "exec", namespace])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(ROLE, role)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn relay(&self, options: &str) -> Relay {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.mid(), env!("CARGO_BIN_EXE_relay"), "west", "east"])
            .args(options.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Relay { child, output }
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        for name in [self.near(), self.mid(), self.far()] {
            drop(Command::new("ip").args(["netns", "del", &name]).output());
        }
    }
}

struct Relay {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Relay {
    /// Closes its input and says what it said.
    fn end(mut self) -> String {
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.output.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success());
        said
    }
}

fn ip(words: &str) {
    let output = Command::new("ip").args(words.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "ip {words}: {}", String::from_utf8_lossy(&output.stderr));
}

#[track_caller]
fn passed(child: Child) {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let is_passed = output.status.success() && said.contains("1 passed");
    assert!(is_passed, "{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// The sum of a counter over both directions in what a relay said.
fn count(said: &str, counter: &str) -> u64 {
    let named = format!("{counter}: ");
    let values = said.split(&named).skip(1);
    values.map(|rest| rest.split([',', ' ', '\n']).next().unwrap().parse::<u64>().unwrap()).sum()
}

fn serve() {
    let (mut connection, _) = TcpListener::bind(SERVER).unwrap().accept().unwrap();
    let mut bytes = vec![0; N_BYTES];
    connection.read_exact(&mut bytes).unwrap();
    assert!(bytes.iter().enumerate().all(|(n, byte)| *byte == pattern(n)));
    connection.write_all(&bytes).unwrap();
}

#[expect(clippy::cast_possible_truncation, reason = "only a pattern")]
fn pattern(n: usize) -> u8 {
    (n ^ (n >> 8)) as u8
}

fn call() {
    let until = Instant::now() + Duration::from_secs(10);
    let mut connection = loop {
        match TcpStream::connect_timeout(&SERVER.parse().unwrap(), Duration::from_secs(2)) {
            Ok(connection) => break connection,
            // The server isn't there yet.
            Err(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
            Err(error) => panic!("{error}"),
        }
    };
    let bytes: Vec<u8> = (0..N_BYTES).map(pattern).collect();
    connection.write_all(&bytes).unwrap();
    let mut back = vec![0; N_BYTES];
    connection.read_exact(&mut back).unwrap();
    assert!(back == bytes);
}

/// Two kernels talk TCP, with their checksums and segmentation left to hardware that isn't there.
fn check(test: &str, options: &str) -> Option<String> {
    match std::env::var(ROLE).as_deref() {
        Ok("serve") => serve(),
        Ok(_) => call(),
        Err(_) => {
            let row = Row::make(&test[..8])?;
            let relay = row.relay(options);
            let server = row.again(&row.far(), test, "serve");
            let caller = row.again(&row.near(), test, "call");
            passed(caller);
            passed(server);
            return Some(relay.end());
        }
    }
    None
}

#[test]
fn carries_tcp_unharmed() {
    let Some(said) = check("carries_tcp_unharmed", "--delay 2") else { return };
    for counter in ["n_lost", "n_duplicated", "n_overflowed", "n_refused"] {
        assert_eq!(count(&said, counter), 0, "{said}");
    }
    assert!(count(&said, "n_sent") > 10, "{said}");
}

#[test]
fn faulty_line_is_made_good_by_tcp_and_its_faults_are_counted() {
    let test = "faulty_line_is_made_good_by_tcp_and_its_faults_are_counted";
    let options = "--delay 1 --loss 2 --duplicate 5 --reorder 5 --reorder-by 2 --seed 3";
    let Some(said) = check(test, options) else { return };
    assert_eq!(count(&said, "n_refused"), 0, "{said}");
    for counter in ["n_lost", "n_duplicated", "n_reordered"] {
        assert!(count(&said, counter) > 0, "{counter}: {said}");
    }
}

#[test]
fn says_which_interface_is_missing() {
    let output = Command::new(env!("CARGO_BIN_EXE_relay")).args(["nosuch0", "nosuch1"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("nosuch0"), "{said}");
}
