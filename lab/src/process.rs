//! Processes named by pid and start time, so that a signal never reaches a stranger who was given the pid later.
//!
//! Reads `/proc`; sends signals; knows nothing of services. Linux only, like the lab.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};

/// A process and the moment it began, in clock ticks since boot (`/proc/PID/stat`, field 22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessMark {
    pid: i32,
    started: u64,
}

impl ProcessMark {
    /// `None` when no such process runs (any more).
    pub fn of(pid: u32) -> Option<ProcessMark> {
        let pid = i32::try_from(pid).ok().filter(|pid| *pid > 0)?;
        let stat = Stat::read(pid)?;
        stat.runs().then_some(ProcessMark { pid, started: stat.started })
    }

    pub fn pid(self) -> i32 {
        self.pid
    }

    /// True while this very process runs; a zombie doesn't run.
    pub fn is_alive(self) -> bool {
        Stat::read(self.pid).is_some_and(|stat| stat.started == self.started && stat.runs())
    }

    pub fn is_this_process(self) -> bool {
        u32::try_from(self.pid) == Ok(std::process::id()) && self.is_alive()
    }

    /// Sends `signal` if this very process still runs, and says whether it did.
    pub(crate) fn signal(self, signal: Signal) -> bool {
        self.is_alive()
            && Pid::from_raw(self.pid).is_some_and(|pid| rustix::process::kill_process(pid, signal).is_ok())
    }

    /// Like [`signal`](Self::signal) for the process group that this process leads; nothing if it leads none.
    fn signal_group(self, signal: Signal) -> bool {
        let leads =
            Stat::read(self.pid).is_some_and(|stat| stat.group == self.pid && stat.started == self.started);
        leads
            && Pid::from_raw(self.pid)
                .is_some_and(|pid| rustix::process::kill_process_group(pid, signal).is_ok())
    }

    pub(crate) fn wait_until_gone(self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        while self.is_alive() {
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(POLL);
        }
        true
    }

    /// Asks with `gentle`, waits `grace`, then kills the process with its group. True when it is gone.
    pub(crate) fn end(self, gentle: Signal, grace: Duration) -> bool {
        self.signal(gentle);
        if self.wait_until_gone(grace) {
            return true;
        }
        self.signal_group(Signal::KILL);
        self.signal(Signal::KILL);
        self.wait_until_gone(grace)
    }
}

/// How often a bounded wait looks again.
pub(crate) const POLL: Duration = Duration::from_millis(20);

struct Stat {
    state: char,
    group: i32,
    started: u64,
}

impl Stat {
    fn read(pid: i32) -> Option<Stat> {
        Stat::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// proc(5): the second field is the command in parentheses and may itself hold spaces and parentheses.
    fn parse(stat: &str) -> Option<Stat> {
        let after_command = stat.get(stat.rfind(')')? + 1..)?;
        let mut fields = after_command.split_whitespace();
        let state = fields.next()?.chars().next()?;
        let group = fields.nth(1)?.parse().ok()?;
        let started = fields.nth(16)?.parse().ok()?;
        Some(Stat { state, group, started })
    }

    fn runs(&self) -> bool {
        !matches!(self.state, 'Z' | 'X' | 'x')
    }
}

#[cfg(test)]
impl ProcessMark {
    /// A process that had this pid before, and is gone.
    pub(crate) fn of_an_earlier_process(self) -> ProcessMark {
        ProcessMark { started: self.started.wrapping_sub(1), ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[track_caller]
    fn check(stat: &str, expected: Option<(char, i32, u64)>) {
        assert_eq!(Stat::parse(stat).map(|s| (s.state, s.group, s.started)), expected);
    }

    #[test]
    fn reads_start_time_past_a_command_with_parentheses() {
        let tail = "S 1 77 77 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0";
        check(&format!("77 (sleep) {tail}"), Some(('S', 77, 4242)));
        check(&format!("77 (a) b) (c) {tail}"), Some(('S', 77, 4242)));
        check("77 (sleep) S 1", None);
        check("", None);
    }

    #[test]
    fn knows_itself_and_not_a_process_that_only_shares_the_pid() {
        let me = ProcessMark::of(std::process::id()).unwrap();
        assert!(me.is_this_process());
        let stranger = me.of_an_earlier_process();
        assert!(!stranger.is_alive());
        assert!(!stranger.signal(Signal::KILL), "would have ended the test");
    }

    #[test]
    fn a_killed_child_that_nobody_has_reaped_is_gone() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let mark = ProcessMark::of(child.id()).unwrap();
        assert!(mark.end(Signal::TERM, Duration::from_secs(5)));
        assert!(!mark.is_alive());
        child.wait().unwrap();
    }
}
