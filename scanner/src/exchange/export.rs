//! A run written in one of several forms, host by host: nothing of it but the host at hand is held in memory.

use std::io::{self, Write};

use crate::run::{HostView, Manifest, RunError, RunSummary};

use super::csv::Csv;
use super::grep::Grep;
use super::jsonl::Jsonl;
use super::nmap_xml::NmapXml;

/// The forms in which a run can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// As `nmap -oX`, valid against its DTD.
    NmapXml,
    /// One JSON object a line; the first names the form and its version.
    Jsonl,
    /// For spreadsheets: UTF-8 with a byte order mark, a header row, no cell that is taken for a formula.
    Csv,
    /// As `nmap -oG`, one line a host.
    Grep,
}

impl ExportFormat {
    pub const ALL: [ExportFormat; 4] =
        [ExportFormat::NmapXml, ExportFormat::Jsonl, ExportFormat::Csv, ExportFormat::Grep];

    pub fn as_str(self) -> &'static str {
        match self {
            ExportFormat::NmapXml => "nmap-xml",
            ExportFormat::Jsonl => "jsonl",
            ExportFormat::Csv => "csv",
            ExportFormat::Grep => "grep",
        }
    }
}

/// What is said of the run as a whole.
#[derive(Debug, Clone, Copy)]
pub struct ExportHead<'a> {
    pub manifest: &'a Manifest,
    pub summary: &'a RunSummary,
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("the export could not be written")]
    Write(#[from] io::Error),
}

/// Takes the hosts of a run one after the other. What isn't ended isn't whole, and every form shows it.
pub struct Exporter<'a, W: Write> {
    form: Form<'a, W>,
    counts: Counts,
}

enum Form<'a, W: Write> {
    NmapXml(NmapXml<'a, W>),
    Jsonl(Jsonl<'a, W>),
    Csv(Box<Csv<'a, W>>),
    Grep(Grep<'a, W>),
}

/// What went through.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) n_hosts: u64,
    /// Hosts that are certainly there.
    pub(super) n_up: u64,
    pub(super) n_observations: u64,
}

impl<'a, W: Write> Exporter<'a, W> {
    pub fn begin(format: ExportFormat, head: ExportHead<'a>, out: W) -> Result<Self, ExportError> {
        let form = match format {
            ExportFormat::NmapXml => Form::NmapXml(NmapXml::begin(head, out)?),
            ExportFormat::Jsonl => Form::Jsonl(Jsonl::begin(head, out)?),
            ExportFormat::Csv => Form::Csv(Box::new(Csv::begin(head, out)?)),
            ExportFormat::Grep => Form::Grep(Grep::begin(head, out)?),
        };
        Ok(Exporter { form, counts: Counts::default() })
    }

    pub fn host(&mut self, host: &HostView) -> Result<(), ExportError> {
        self.counts.n_hosts += 1;
        self.counts.n_up += u64::from(is_up(host));
        self.counts.n_observations += host.observations.len() as u64;
        match &mut self.form {
            Form::NmapXml(form) => form.host(host)?,
            Form::Jsonl(form) => form.host(host)?,
            Form::Csv(form) => form.host(host)?,
            Form::Grep(form) => form.host(host)?,
        }
        Ok(())
    }

    pub fn end(self) -> Result<W, ExportError> {
        let mut out = match self.form {
            Form::NmapXml(form) => form.end(self.counts)?,
            Form::Jsonl(form) => form.end(self.counts)?,
            Form::Csv(form) => form.end()?,
            Form::Grep(form) => form.end(self.counts)?,
        };
        out.flush()?;
        Ok(out)
    }
}

/// Whether the host gave an answer that proves it there. One that takes whatever comes proves only that something
/// in the way does.
pub(super) fn is_up(host: &HostView) -> bool {
    use model::observation::PortState;
    let answers = |state| matches!(state, PortState::Open | PortState::Closed);
    host.coverage.runs().iter().any(|run| answers(run.state))
        || host.observations.iter().any(|observation| answers(observation.state))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use chrono::{DateTime, Utc};
    use model::coverage::HostCoverage;
    use model::id::{CountingMint, RunId};
    use model::observation::{
        Certainty, Endpoint, FirstBytes, Method, Observation, PortState, Reply, ServiceFacts,
    };
    use model::port::Transport;

    use super::*;
    use crate::exchange::{Gathered, Limits, read_nmap_xml};
    use crate::options::Options;
    use crate::plan::Plan;
    use crate::raw::HostFacts;
    use crate::run::{RunState, Totals};

    /// What a service may say, and no text of ours holds after cleaning; a writer must bear it all the same.
    const HOSTILE: &str =
        "=\u{0}\u{1b}[31m<a href=\"x\">&amp;]]>--\u{ffff}\u{85}\u{2028}\r\n\t,/;岗\u{10ffff}";

    fn at() -> DateTime<Utc> {
        "2026-11-22T08:00:00Z".parse().expect("a time")
    }

    fn observation(addr: IpAddr, port: u16, transport: Transport, state: PortState) -> Observation {
        let text = || Some(HOSTILE.to_owned());
        let service = ServiceFacts {
            certainty: Certainty::Identified,
            protocol: text(),
            product: text(),
            version: text(),
            info: text(),
            first_bytes: FirstBytes::of(HOSTILE.as_bytes()),
            ..ServiceFacts::default()
        };
        Observation {
            run: RunId::mint(&mut CountingMint::default()),
            at: at(),
            endpoint: Endpoint { addr, transport, port },
            names: vec!["portal.example".parse().expect("a name")],
            state,
            method: Method::Syn,
            rtt_us: Some(7),
            shape: None,
            service,
        }
    }

    /// A host that is there, one that takes whatever comes, one that gave no answer, and one seen over UDP alone.
    fn hosts() -> Vec<HostView> {
        let view = |addr: &str, replies: Vec<(u16, Reply)>| HostView {
            addr: addr.parse().expect("an address"),
            names: vec!["portal.example".parse().expect("a name")],
            coverage: HostCoverage::settle(replies),
            transport: Transport::Tcp,
            observations: Vec::new(),
            facts: None,
        };
        let replies = vec![
            (1, Reply::Refused),
            (2, Reply::Open),
            (3, Reply::Silent),
            (4, Reply::Icmp("icmpv6 1/1".parse().expect("an error"))),
            (65_535, Reply::Refused),
        ];
        let mut there = view("2001:db8::1", replies);
        there.observations = vec![observation(there.addr, 2, Transport::Tcp, PortState::Open)];
        let mut tarpit = view("192.0.2.2", vec![(1, Reply::SuspectOpen), (2, Reply::SuspectOpen)]);
        tarpit.observations = vec![observation(tarpit.addr, 1, Transport::Tcp, PortState::SuspectOpen)];
        tarpit.facts = Some(HostFacts {
            addr: tarpit.addr,
            n_sent: 2,
            n_open: 2,
            n_refused: 0,
            n_measured: 0,
            n_lost: 0,
            loss: 0.0,
            confidence: 0.5,
            is_suspect: true,
            refused_ttl: None,
        });
        let dark = view("192.0.2.3", vec![(1, Reply::Silent), (2, Reply::Silent)]);
        let mut udp = view("192.0.2.4", Vec::new());
        udp.observations = vec![observation(udp.addr, 53, Transport::Udp, PortState::Open)];
        vec![there, tarpit, dark, udp]
    }

    fn written(format: ExportFormat) -> String {
        let endpoints =
            [("2001:db8::1", 2), ("192.0.2.3", 1)].map(|(addr, port)| (addr.parse().expect(addr), port));
        let manifest = Manifest {
            run: RunId::mint(&mut CountingMint::default()),
            started_at: at(),
            software: "sentrypost 0.0.0".to_owned(),
            policy: "2026-11-22".to_owned(),
            method: Method::Syn,
            scope_day: at().date_naive(),
            scope_hash: String::new(),
            options: Options::default(),
            plan: Plan::of_endpoints(1, endpoints).expect("a plan"),
            shard: None,
            names: Default::default(),
            tool: None,
            tls: None,
        };
        let summary = RunSummary {
            run: manifest.run,
            state: RunState::Finished,
            started_at: at(),
            ended_at: Some(at() + chrono::TimeDelta::milliseconds(1234)),
            reason: None,
            totals: Totals::default(),
        };
        let head = ExportHead { manifest: &manifest, summary: &summary };
        let mut exporter = Exporter::begin(format, head, Vec::new()).expect("memory");
        hosts().iter().for_each(|host| exporter.host(host).expect("memory"));
        String::from_utf8(exporter.end().expect("memory")).expect("UTF-8")
    }

    #[test]
    fn nmap_xml_reads_back_whatever_services_say_and_nobody_is_up_without_proof() {
        let xml = written(ExportFormat::NmapXml);
        let limits = Limits::default();
        let mut gathered = Gathered::new(limits);
        let reading = read_nmap_xml(xml.as_bytes(), &limits, &mut |host| gathered.add(host, |_| Ok(())));
        assert!(reading.faults.first().is_empty(), "{:?}\n{xml}", reading.faults);
        assert_eq!(reading.tool.name, "sentrypost");
        assert_eq!(reading.n_not_up, 2, "{xml}");
        let open: Vec<_> = gathered.open().map(|(addr, port)| (addr.to_string(), port.port)).collect();
        assert_eq!(open, [("192.0.2.4".to_owned(), 53), ("2001:db8::1".to_owned(), 2)]);
        gathered.plan().expect("a plan");
        for (port, reply) in [
            (1, Some(Reply::Refused)),
            (2, Some(Reply::Open)),
            (3, Some(Reply::Silent)),
            (4, Some(Reply::Prohibited)),
            (5, None),
            (65_535, Some(Reply::Refused)),
        ] {
            assert_eq!(gathered.reply("2001:db8::1".parse().expect("an address"), port), reply, "{port}");
        }
    }

    #[test]
    fn an_error_is_told_with_its_code_where_the_form_has_room() {
        let check = |format, expected: &str| {
            let text = written(format);
            assert!(text.contains(expected), "{expected} in\n{text}");
        };
        check(ExportFormat::Jsonl, r#"{"first":4,"last":4,"state":{"filtered":{"icmp":"icmpv6 1/1"}}}"#);
        check(ExportFormat::Csv, ",4,4,filtered(prohibited),icmpv6 1/1,");
        check(ExportFormat::NmapXml, r#"reason="admin-prohibited" count="1" proto="tcp" ports="4""#);
    }

    #[test]
    fn no_line_of_any_form_is_broken_by_what_a_service_says() {
        assert_eq!(written(ExportFormat::Jsonl).lines().count(), 1 + 4 + 1);
        for line in written(ExportFormat::Jsonl).lines() {
            serde_json::from_str::<serde_json::Value>(line).expect(line);
        }
        // A comment, one or two lines a host, a comment.
        let grep = written(ExportFormat::Grep);
        assert_eq!(grep.split('\n').count(), 1 + 2 + 2 + 1 + 2 + 1 + 1, "{grep}");
        let ports = grep.lines().find(|line| line.contains("2001:db8::1") && line.contains("Ports:"));
        let ports = ports.and_then(|line| line.split('\t').nth(1)).expect("a list of ports");
        assert_eq!(ports.matches('/').count(), 7, "{ports}");
        let text = written(ExportFormat::Csv);
        let mut rows = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        for row in rows.records() {
            let row = row.expect("a row");
            assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{row:?}");
        }
    }
}
