//! CSV for spreadsheets: a row for each open endpoint, and one for each range of ports in another state.
//!
//! Begins with a byte order mark, without which the spreadsheets on the desks read Chinese in another encoding. What
//! would be taken for a formula is not: cells quote strangers.

use std::io::{self, Write};

use model::coverage::PortRun;
use model::observation::{Access, Certainty, Observation, PortState};

use super::export::ExportHead;
use crate::run::HostView;

const COLUMNS: [&str; 21] = [
    "run",
    "method",
    "address",
    "names",
    "transport",
    "port",
    "last_port",
    "state",
    "icmp",
    "at",
    "service",
    "certainty",
    "product",
    "version",
    "info",
    "access",
    "tls",
    "certificate_subject",
    "certificate_until",
    "first_bytes",
    "tool",
];

pub(super) struct Csv<'a, W: Write> {
    head: ExportHead<'a>,
    out: csv::Writer<W>,
}

impl<'a, W: Write> Csv<'a, W> {
    pub(super) fn begin(head: ExportHead<'a>, mut out: W) -> io::Result<Self> {
        out.write_all("\u{feff}".as_bytes())?;
        let mut out = csv::Writer::from_writer(out);
        out.write_record(COLUMNS).map_err(io::Error::from)?;
        Ok(Csv { head, out })
    }

    pub(super) fn host(&mut self, host: &HostView) -> io::Result<()> {
        for observation in &host.observations {
            self.row(host, observation.endpoint.transport.as_str(), observed(observation))?;
        }
        let transport = host.transport.as_str();
        for state in [PortState::Open, PortState::SuspectOpen] {
            for port in host.unseen(state) {
                self.row(host, transport, covered(&PortRun { first: port, last: port, state }))?;
            }
        }
        for run in host.coverage.runs() {
            match run.state {
                PortState::Open | PortState::SuspectOpen => {}
                PortState::Closed | PortState::Filtered(_) | PortState::Unverifiable => {
                    self.row(host, transport, covered(run))?;
                }
            }
        }
        Ok(())
    }

    fn row(&mut self, host: &HostView, transport: &str, rest: [String; 15]) -> io::Result<()> {
        let names: Vec<&str> = host.names.iter().map(|name| name.as_str()).collect();
        let manifest = self.head.manifest;
        let first = [
            manifest.run.to_string(),
            manifest.method.as_str().to_owned(),
            host.addr.to_string(),
            names.join(" "),
            transport.to_owned(),
        ];
        // Whose words these are, where they aren't ours.
        let tool = manifest.tool.as_ref().map(ToString::to_string).unwrap_or_default();
        let cells = first.into_iter().chain(rest).chain([tool]);
        self.out.write_record(cells.map(harmless)).map_err(io::Error::from)
    }

    pub(super) fn end(self) -> io::Result<W> {
        self.out.into_inner().map_err(|error| error.into_error())
    }
}

fn covered(run: &PortRun) -> [String; 15] {
    let mut cells = <[String; 15]>::default();
    let [first, last, state, icmp, ..] = &mut cells;
    *first = run.first.to_string();
    *last = run.last.to_string();
    *state = run.state.as_str().to_owned();
    *icmp = run.state.icmp().map(|error| error.to_string()).unwrap_or_default();
    cells
}

fn observed(observation: &Observation) -> [String; 15] {
    let Observation { endpoint, state, at, service, .. } = observation;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let leaf =
        service.tls.iter().flat_map(|tls| &tls.presented).find_map(|presented| presented.chain.first());
    [
        endpoint.port.to_string(),
        endpoint.port.to_string(),
        state.as_str().to_owned(),
        String::new(),
        at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        service.display_name(),
        certainty(service.certainty).to_owned(),
        text(&service.product),
        text(&service.version),
        text(&service.info),
        service.access.map(access).unwrap_or_default().to_owned(),
        match &service.tls {
            Some(tls) => tls.version.clone().unwrap_or_else(|| "yes".to_owned()),
            None => String::new(),
        },
        leaf.map(|leaf| leaf.subject.clone()).unwrap_or_default(),
        leaf.map(|leaf| leaf.not_after.date_naive().to_string()).unwrap_or_default(),
        service.first_bytes.to_string(),
    ]
}

fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Identified => "identified",
        Certainty::Unknown => "unknown",
        Certainty::Silent => "silent",
        Certainty::ClosedAtOnce => "closed-at-once",
        Certainty::NotAsked => "not-asked",
    }
}

pub(super) fn access(access: Access) -> &'static str {
    match access {
        Access::NoAuthentication => "no-authentication",
        Access::AuthenticationRequired => "authentication-required",
    }
}

/// A cell that no spreadsheet takes for a formula: an apostrophe ahead makes it text.
fn harmless(cell: String) -> String {
    // The full-width forms are formulas too where the input method is Chinese.
    let is_formula =
        |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    if cell.trim_start_matches([' ', '\u{a0}', '\u{3000}']).starts_with(is_formula) {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cell: &str, expected: &str) {
        assert_eq!(harmless(cell.to_owned()), expected);
    }

    #[test]
    fn no_cell_is_a_formula() {
        check("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'\t=1");
        check("  =1", "'  =1");
        check("＝1", "'＝1");
        check("OpenSSH =1", "OpenSSH =1");
        check("", "");
    }
}
