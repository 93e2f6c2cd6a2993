//! Waiting for scan windows to open.

use std::time::Duration;

use chrono::{DateTime, Utc};
use model::scope::Scope;
use scanner::Cancel;
use scanner::plan::Plan;

use crate::{clock, output};

/// The clock is looked at this often, since it may be set meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// When the first window of a plan's addresses opens, if nothing but the hour keeps every one of them back.
pub fn all_shut(plan: &Plan, scope: &Scope) -> Option<DateTime<Utc>> {
    let mut opens_at: Option<DateTime<Utc>> = None;
    for (_, addr, _) in plan.hosts() {
        // An address that is refused for good is settled in a moment: no reason to wait, nor to begin.
        match scope.admit(addr).map_err(|refusal| refusal.opens_at()) {
            Ok(_) => return None,
            Err(Some(at)) => opens_at = Some(opens_at.map_or(at, |first| first.min(at))),
            Err(None) => {}
        }
    }
    opens_at
}

/// When the first window opens of those that were shut at the scope's moment.
pub fn next_opening(plan: &Plan, scope: &Scope) -> Option<DateTime<Utc>> {
    plan.hosts().filter_map(|(_, addr, _)| scope.admit(addr).err()?.opens_at()).min()
}

/// Waits until then, and says so; `false` if the run was stopped first.
pub async fn wait(until: DateTime<Utc>, stop: &Cancel) -> bool {
    if clock::now() < until {
        output::note(format!(
            "what is left is outside its scan window; waiting until {} (China)",
            output::instant(until)
        ));
    }
    while !stop.is_cancelled() {
        let left = match (until - clock::now()).to_std() {
            Ok(left) if !left.is_zero() => left.min(LOOK_EVERY),
            _ => return true,
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(left) => {}
        }
    }
    false
}
