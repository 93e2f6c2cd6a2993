//! `sentrypost runs diff`: two runs side by side.

use scanner::exchange::diff::{Diff, Entry, Side, Verdict};
use scanner::run::RunFolder;
use serde::Serialize;

use crate::exit::{Exit, OrExit, Outcome};
use crate::output::{self, Columns};
use crate::pipeline;

/// Hosts that are listed one by one where ports were not asked again; `--json` has all.
const N_SHOWN: usize = 20;

#[derive(Serialize)]
struct Shown<'a> {
    first: String,
    second: String,
    #[serde(flatten)]
    diff: &'a Diff,
}

pub(super) fn diff(first: &RunFolder, second: &RunFolder, exit_code: bool, json: bool) -> Outcome {
    let observations = [pipeline::observations(first)?, pipeline::observations(second)?];
    let coverage = [first.coverage().or_exit(Exit::Data)?, second.coverage().or_exit(Exit::Data)?];
    let [a, b] = [0, 1].map(|i| Side { observations: &observations[i], coverage: &coverage[i] });
    let diff = scanner::exchange::diff::diff(a, b);
    let (first, second) = (first.manifest().run.to_string(), second.manifest().run.to_string());
    if json {
        output::json("sentrypost-diff/1", &Shown { first, second, diff: &diff }).or_exit(Exit::Internal)?;
    } else {
        show(&diff);
    }
    Ok(match exit_code {
        true if diff.has_differences() => Exit::Differs,
        true if !diff.tells_all() => Exit::Partial,
        true | false => Exit::Done,
    })
}

fn show(diff: &Diff) {
    if !diff.entries.is_empty() {
        let columns = Columns { headers: &["endpoint", "verdict", "service", "what"], numbers: &[] };
        output::table(&columns, diff.entries.iter().map(row));
    }
    let counts = Verdict::ALL.into_iter().map(|verdict| (verdict.as_str(), diff.count(verdict)));
    let counts: Vec<String> =
        counts.filter(|&(_, n)| n > 0).map(|(verdict, n)| format!("{n} {verdict}")).collect();
    let counts = if counts.is_empty() { "no difference".to_owned() } else { counts.join(", ") };
    output::data(format!("{counts}; {} unchanged", diff.n_unchanged));
    let missing = &diff.not_covered;
    if missing.n_ports > 0 {
        output::data(format!(
            "not covered by the second run: {} ports of {} hosts that the first probed",
            missing.n_ports,
            missing.hosts.len()
        ));
        for (addr, ports) in missing.hosts.iter().take(N_SHOWN) {
            output::data(format!("  {addr}: {ports}"));
        }
        if missing.hosts.len() > N_SHOWN {
            output::data(format!("  … and {} more hosts (--json has all)", missing.hosts.len() - N_SHOWN));
        }
    }
}

fn row(entry: &Entry) -> Vec<String> {
    let what = match entry.verdict {
        Verdict::New | Verdict::FirstSeen => format!("was {}", state(entry)),
        Verdict::Gone | Verdict::CannotTell | Verdict::NotCovered => format!("is {}", state(entry)),
        Verdict::Changed => {
            let changes = entry.changes.iter();
            let told =
                changes.map(|change| format!("{} {} → {}", change.what.as_str(), change.from, change.to));
            told.collect::<Vec<_>>().join("; ")
        }
    };
    vec![entry.endpoint.to_string(), entry.verdict.as_str().to_owned(), entry.service.clone(), what]
}

fn state(entry: &Entry) -> &'static str {
    entry.other.map_or("not probed", model::observation::PortState::as_str)
}
