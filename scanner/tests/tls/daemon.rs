//! Servers of any kind as children of a test: started, waited for, ended; and a network of their own for those that
//! can't be told at which address to listen.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

/// Ended, with the children that it minds, when this goes out of scope.
pub(crate) struct Daemon {
    child: Child,
}

impl Daemon {
    /// Listens at this port of loopback, sooner or later.
    pub(crate) fn start(told: &mut Command, port: u16) -> Daemon {
        // It bounds the lifetime, whatever becomes of us, and passes a signal on to all that the server started.
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", "120"]).arg(told.get_program()).args(told.get_args());
        // What it complains of belongs to a test that fails.
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let mut daemon = Daemon { child: child.unwrap_or_else(|error| panic!("{command:?}: {error}")) };
        let began_at = Instant::now();
        while began_at.elapsed() < PATIENCE {
            if is_listened_to(port) {
                return daemon;
            }
            let ended = daemon.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}: {command:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("nobody listens on {port}: {command:?}");
    }
}

/// By the kernel's word: selfserv ends at a connection that comes to nothing at once.
fn is_listened_to(port: u16) -> bool {
    let (local, listening) = (format!(":{port:04X}"), "0A");
    ["/proc/self/net/tcp", "/proc/self/net/tcp6"].iter().any(|table| {
        std::fs::read_to_string(table).unwrap_or_default().lines().any(|line| {
            let mut words = line.split_whitespace().skip(1);
            words.next().is_some_and(|word| word.ends_with(&local)) && words.nth(1) == Some(listening)
        })
    })
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Asked first, since a master that is killed leaves its workers behind.
        let asked = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        if asked.is_ok_and(|asked| asked.success()) {
            for _ in 0..500 {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of loopback at which nobody listens.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whether this process is alone on its network. Otherwise the test of this name is carried out once more in a network
/// of its own, and must succeed there; whoever called has nothing left to do.
pub(crate) fn alone_on_the_network(test: &str) -> bool {
    const ALONE: &str = "TLS_TEST_ALONE_ON_THE_NETWORK";
    if std::env::var_os(ALONE).is_some() {
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
        assert!(up.unwrap().success());
        return true;
    }
    let unshare = |program: &std::path::Path| {
        let mut command = Command::new("unshare");
        command.arg("--net").arg(program);
        command
    };
    if !unshare("true".as_ref()).status().is_ok_and(|status| status.success()) {
        println!("skipped: a network namespace takes root and the program unshare");
        return false;
    }
    let child = unshare(&std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, "yes")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&child.stderr)
    );
    false
}
