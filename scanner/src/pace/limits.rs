//! What the operating system gives: descriptors and local ports.

use std::fs;

/// Descriptors kept for files, the runtime, name servers and standard streams.
const RESERVE: u64 = 256;
/// More never was faster, and every one costs kernel memory.
const MOST: u64 = 16_384;
/// Connections that one identification may come to hold.
const FILES_EACH: u64 = 4;
/// Local ports left for everyone else on the machine: a quarter.
const PORT_SHARE: (u64, u64) = (3, 4);

/// How many connections a run may hold at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connection attempts in flight.
    pub n_connects: usize,
    /// Open ports being identified.
    pub n_identifications: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum LimitsError {
    #[error(
        "this process may open only {soft} files at a time; {needed} are needed, so raise the limit (ulimit -n)"
    )]
    TooFewFiles { soft: u64, needed: u64 },
    #[error("could not read the limit of open files")]
    Unreadable(#[source] std::io::Error),
}

impl Limits {
    /// Raises the soft limit of open files as far as allowed, and sizes a run to it and to the range of
    /// local ports.
    pub fn of_system(asked: Option<u32>) -> Result<Limits, LimitsError> {
        let n_files = rlimit::increase_nofile_limit(MOST * 2 + RESERVE).map_err(LimitsError::Unreadable)?;
        let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok();
        // Without /proc the default of Linux is assumed, which is also the smallest that is common.
        let n_ports = range.and_then(|text| n_local_ports(&text)).unwrap_or(28_232);
        Limits::sized(n_files, n_ports, asked)
    }

    fn sized(n_files: u64, n_ports: u64, asked: Option<u32>) -> Result<Limits, LimitsError> {
        let needed = RESERVE + 64;
        let n_free = n_files.checked_sub(RESERVE).filter(|&n| n >= 64);
        let n_free = n_free.ok_or(LimitsError::TooFewFiles { soft: n_files, needed })?;
        let n_identifications = (n_free / FILES_EACH / 2).clamp(1, 256);
        let n_connects =
            (n_free - n_identifications * FILES_EACH).min(n_ports * PORT_SHARE.0 / PORT_SHARE.1).min(MOST);
        let n_connects = asked.map_or(n_connects, |asked| n_connects.min(u64::from(asked))).max(1);
        let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Ok(Limits { n_connects: count(n_connects), n_identifications: count(n_identifications) })
    }
}

fn n_local_ports(text: &str) -> Option<u64> {
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    last.checked_sub(first).map(|n| n + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(n_files: u64, n_ports: u64, asked: Option<u32>, expected: Option<(usize, usize)>) {
        let sized = Limits::sized(n_files, n_ports, asked).ok();
        assert_eq!(sized.map(|limits| (limits.n_connects, limits.n_identifications)), expected);
    }

    #[test]
    fn stays_below_files_and_local_ports() {
        check(1024, 28_232, None, Some((384, 96)));
        check(20_000, 28_232, None, Some((16_384, 256)));
        check(20_000, 4_000, None, Some((3_000, 256)));
        check(20_000, 28_232, Some(50), Some((50, 256)));
        check(1_000_000, 64_000, Some(0), Some((1, 256)));
        check(256, 28_232, None, None);
    }

    #[test]
    fn reads_the_range_of_local_ports() {
        assert_eq!(n_local_ports("32768\t60999\n"), Some(28_232));
        assert_eq!(n_local_ports("nonsense"), None);
        assert_eq!(n_local_ports("5 4"), None);
    }
}
