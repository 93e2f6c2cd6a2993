//! What a row comes out as: how a finding moved, whether a service was there before, what is known of an address.

use model::tls::TlsReached;

use crate::rows::{HostRow, TlsServerRow};
use crate::text::{Term, term};

/// How a finding moved since the previous report, or in the latest run where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Movement {
    New,
    /// Not in the previous report, and its port was not probed for it: new to us, perhaps not to the world.
    FirstMeasured,
    /// Was closed and came back.
    Reopened,
    /// Was missing and is seen again.
    Back,
    Unchanged,
    /// Seen gone, not yet often or long enough to be closed.
    Missing,
    Closed,
    /// Could not be told this time.
    Unverifiable,
    /// In the previous report and no longer among the rows.
    Withdrawn,
}

impl Movement {
    pub const ALL: [Movement; 9] = [
        Movement::New,
        Movement::FirstMeasured,
        Movement::Reopened,
        Movement::Back,
        Movement::Unchanged,
        Movement::Missing,
        Movement::Closed,
        Movement::Unverifiable,
        Movement::Withdrawn,
    ];

    pub fn as_str(self) -> &'static str {
        self.term().code
    }

    pub fn term(self) -> Term {
        match self {
            Movement::New => term("new", "新增", "New"),
            Movement::FirstMeasured => term("first-measured", "首次测得", "First measured"),
            Movement::Reopened => term("reopened", "复现", "Reopened"),
            Movement::Back => term("back", "再次出现", "Seen again"),
            Movement::Unchanged => term("unchanged", "未变化", "Unchanged"),
            Movement::Missing => term("missing", "疑似消除", "Seen gone"),
            Movement::Closed => term("closed", "已销号", "Closed"),
            Movement::Unverifiable => term("unverifiable", "无法判定", "Cannot tell"),
            Movement::Withdrawn => term("withdrawn", "不再列入", "No longer listed"),
        }
    }
}

/// Whether a service was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Novelty {
    New,
    /// Its port was not probed for the previous report.
    FirstMeasured,
    Known,
    /// There is nothing to compare with.
    Unknown,
}

impl Novelty {
    pub const ALL: [Novelty; 4] = [Novelty::New, Novelty::FirstMeasured, Novelty::Known, Novelty::Unknown];

    pub fn term(self) -> Term {
        match self {
            Novelty::New => term("new", "新开放", "Newly open"),
            Novelty::FirstMeasured => term("first-measured", "首次测得", "First measured"),
            Novelty::Known => term("known", "持续开放", "Still open"),
            Novelty::Unknown => term("unknown", "—", "—"),
        }
    }
}

/// What can be said of a probed address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Answered,
    /// Nothing of its own, but something in the way answered for every port.
    Blocked,
    Unverifiable,
}

impl Outcome {
    pub const ALL: [Outcome; 3] = [Outcome::Answered, Outcome::Blocked, Outcome::Unverifiable];

    pub fn of(host: &HostRow) -> Outcome {
        match (host.answers, host.n_unverifiable) {
            (true, _) => Outcome::Answered,
            (false, 0) => Outcome::Blocked,
            (false, _) => Outcome::Unverifiable,
        }
    }

    pub fn term(self) -> Term {
        match self {
            Outcome::Answered => term("answered", "有应答", "Answered"),
            Outcome::Blocked => term("blocked", "被拦截", "Blocked"),
            Outcome::Unverifiable => term("unverifiable", "无法判定", "Cannot tell"),
        }
    }
}

/// How a TLS server is graded, in three levels that hold for any scale of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GradeLevel {
    Good,
    Fair,
    Poor,
    /// Nothing was there to be graded.
    None,
}

impl GradeLevel {
    pub fn of(row: &TlsServerRow) -> GradeLevel {
        match row.grade.as_ref().and_then(|grade| grade.chars().next()) {
            _ if row.reached != TlsReached::Tls => GradeLevel::None,
            None => GradeLevel::None,
            Some('A') => GradeLevel::Good,
            Some('B' | 'C') => GradeLevel::Fair,
            Some(_) => GradeLevel::Poor,
        }
    }

    pub fn term(self) -> Term {
        match self {
            GradeLevel::Good => term("good", "良好", "Good"),
            GradeLevel::Fair => term("fair", "一般", "Fair"),
            GradeLevel::Poor => term("poor", "差", "Poor"),
            GradeLevel::None => term("none", "—", "—"),
        }
    }
}
