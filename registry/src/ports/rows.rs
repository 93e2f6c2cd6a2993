//! Rows that the run and report stores keep: plain values, with no column of a database in mind.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use model::id::RunId;
use model::observation::Method;

/// A scan run as the list of runs shows it; what it saw is in its own folder.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    pub id: RunId,
    pub state: RunState,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub method: Method,
    /// What was asked for, in one line, for example `unit 示例局, ports top100`.
    pub asked_for: String,
    pub n_addresses: u64,
    /// Probes planned (address × port) and done.
    pub n_probes: u64,
    pub n_probed: u64,
    pub n_open: u64,
    /// Version of the policy that judged it; `None` before.
    pub policy_version: Option<String>,
}

/// How far a run got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunState {
    /// At work, or killed while it was: the lock of the data folder tells which.
    Running,
    /// Stopped before its end; can be resumed.
    Interrupted,
    /// All probed; not judged yet.
    Finished,
    /// Judged into the findings.
    Judged,
}

impl RunState {
    pub const ALL: [RunState; 4] =
        [RunState::Running, RunState::Interrupted, RunState::Finished, RunState::Judged];

    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Running => "running",
            RunState::Interrupted => "interrupted",
            RunState::Finished => "finished",
            RunState::Judged => "judged",
        }
    }

    pub fn parse(text: &str) -> Option<RunState> {
        RunState::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A report that was built; its snapshot and files are in its own folder, named after the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    pub number: ReportNumber,
    pub built_at: DateTime<Utc>,
    /// The runs that it tells of, oldest first.
    pub runs: Vec<RunId>,
    pub policy_version: String,
    /// SHA-256 of the frozen snapshot, lower-case hexadecimal.
    pub snapshot_sha256: String,
}

/// Number of a report: the year and a serial number in it, written `2026-0001`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportNumber {
    pub year: u16,
    pub serial: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a report number such as 2026-0001")]
pub struct NotAReportNumber(pub String);

impl fmt::Display for ReportNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:04}", self.year, self.serial)
    }
}

impl FromStr for ReportNumber {
    type Err = NotAReportNumber;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotAReportNumber(text.to_owned());
        let (year, serial) = text.split_once('-').ok_or_else(wrong)?;
        let year = year.parse().map_err(|_| wrong())?;
        let serial = serial.parse().map_err(|_| wrong())?;
        if serial == 0 { Err(wrong()) } else { Ok(ReportNumber { year, serial }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_number_reads_back() {
        let number = ReportNumber { year: 2026, serial: 12_345 };
        assert_eq!(number.to_string().parse(), Ok(number));
        for wrong in ["", "2026", "2026-0", "2026-x", "-1", "99999-1"] {
            assert!(wrong.parse::<ReportNumber>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn run_states_read_back() {
        for state in RunState::ALL {
            assert_eq!(RunState::parse(state.as_str()), Some(state));
        }
    }
}
