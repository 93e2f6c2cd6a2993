//! What the register, the findings and the training records say together on one day, for the command line and for
//! reports alike.

use std::collections::HashSet;

use chrono::NaiveDate;
use model::finding::{Finding, FindingState};
use model::id::SystemId;
use model::policy::Deadlines;
use model::register::Register;
use model::staffing::{self, Cover, Lapse, OverdueUnit};
use training::coverage::{self, Asked};
use training::records::Book;
use training::scheme::Scheme;

/// All that it follows from.
pub struct Basis<'a> {
    pub book: &'a Book<'a>,
    pub scheme: &'a Scheme,
    pub register: &'a Register,
    /// Closed ones don't count.
    pub findings: &'a [Finding],
    pub deadlines: Deadlines,
    pub day: NaiveDate,
}

pub struct Staffing {
    pub covers: Vec<Cover>,
    pub lapses: Vec<Lapse>,
    pub overdue: Vec<OverdueUnit>,
}

impl Staffing {
    pub fn of(basis: &Basis<'_>) -> Staffing {
        let Basis { book, scheme, register, findings, deadlines, day } = *basis;
        let exposed = exposed(findings);
        let covers = coverage::coverage(book, Asked { scheme, register, exposed: &exposed, day });
        let with_maintainer = coverage::units_with_maintainer(book, scheme, day);
        let days_allowed = |severity| deadlines.days(severity);
        Staffing {
            lapses: staffing::lapses(findings, &covers),
            overdue: staffing::overdue_without_maintainer(findings, &with_maintainer, day, days_allowed),
            covers,
        }
    }
}

/// Systems of which something answers: those with a finding that isn't closed.
pub fn exposed(findings: &[Finding]) -> HashSet<SystemId> {
    let open = findings.iter().filter(|finding| !matches!(finding.state, FindingState::Closed { .. }));
    open.filter_map(|finding| finding.system).collect()
}
