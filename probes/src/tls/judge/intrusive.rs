//! Checks on what shows only to one who says something malformed or unusual. Without that they stay open.

use super::features::bad;
use super::{Case, Finding};

/// CVE-2014-0160.
pub(super) fn heartbleed(case: &Case<'_>) -> Finding {
    bad(case, &case.facts.features.provoked.heartbleed)
}

/// CVE-2014-0224.
pub(super) fn early_change(case: &Case<'_>) -> Finding {
    bad(case, &case.facts.features.provoked.early_change)
}

/// CVE-2016-9244.
pub(super) fn ticketbleed(case: &Case<'_>) -> Finding {
    bad(case, &case.facts.features.provoked.ticketbleed)
}

/// CVE-2011-1473: each one costs the server far more than the client.
pub(super) fn client_renegotiation(case: &Case<'_>) -> Finding {
    bad(case, &case.facts.features.provoked.client_renegotiation)
}

/// CVE-2017-13099 and its kin, back to Bleichenbacher's attack of 1998.
pub(super) fn padding_oracle(case: &Case<'_>) -> Finding {
    bad(case, &case.facts.features.provoked.padding_oracle)
}
