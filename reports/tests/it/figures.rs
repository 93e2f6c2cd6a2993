//! Figures agree with the rows: against a plain count in Rust, and against the tables they point to.

use chrono::TimeDelta;
use model::reconcile::ChangeKind;
use model::severity::Severity;
use model::tls::{Offered, TlsReached};
use reports::editions;
use reports::figures::Figures;
use reports::rows::*;
use reports::snapshot::{Snapshot, SnapshotInput, freeze, open};
use reports::table::Value;
use reports::text::Language;

use crate::town;

pub(crate) fn snapshot_of(input: &SnapshotInput) -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    freeze(&folder.path().join("s"), input).unwrap();
    open(&folder.path().join("s")).unwrap()
}

pub(crate) fn figures_of(now: &SnapshotInput, before: Option<&SnapshotInput>) -> Figures {
    let before = before.map(snapshot_of);
    Figures::of(&snapshot_of(now), before.as_ref()).unwrap()
}

fn check(figures: &Figures, expected: &[(&str, u64)]) {
    for (id, value) in expected {
        let figure = figures.figure(id).unwrap_or_else(|| panic!("no figure {id}"));
        assert_eq!(figure.value, *value, "{id}");
    }
}

/// Counted from the rows by hand, without polars.
fn counted(input: &SnapshotInput) -> Vec<(&'static str, u64)> {
    let n = |count: usize| count as u64;
    let outstanding = |row: &&FindingRow| row.standing != Standing::Closed;
    let severity = |severity| {
        n(input.findings.iter().filter(outstanding).filter(|row| row.severity == severity).count())
    };
    let change = |change| n(input.findings.iter().filter(|row| row.change.as_str() == change).count());
    let scanned = |unit: &&UnitRow| input.hosts.iter().any(|host| host.unit == unit.id);
    let silent = |host: &&HostRow| !host.answers && host.n_unverifiable > 0;
    let days = |row: &CertificateRow| (row.not_after - input.head.data_as_of).num_seconds() as f64 / 86_400.0;
    let ending = |within: f64| {
        n(input.certificates.iter().filter(|row| days(row) >= 0.0 && days(row) < within + 1.0).count())
    };
    let speaks = |row: &&TlsServerRow| row.reached == TlsReached::Tls;
    let graded = |letters: &str| {
        let is_one =
            |row: &&TlsServerRow| row.grade.as_ref().is_some_and(|grade| letters.contains(&grade[..1]));
        n(input.tls.iter().filter(is_one).count())
    };
    let national = |offered| n(input.tls.iter().filter(speaks).filter(|row| row.tlcp == offered).count());
    vec![
        ("card.units", n(input.units.len())),
        ("card.units.scanned", n(input.units.iter().filter(scanned).count())),
        ("card.units.unscanned", n(input.units.iter().filter(|unit| !scanned(unit)).count())),
        ("card.addresses.authorised", input.units.iter().map(|unit| unit.n_authorised).sum()),
        ("card.addresses.probed", n(input.hosts.len())),
        ("card.addresses.answered", n(input.hosts.iter().filter(|host| host.answers).count())),
        ("card.addresses.unverifiable", n(input.hosts.iter().filter(silent).count())),
        ("card.services", n(input.services.len())),
        (
            "card.services.undeclared",
            n(input.services.iter().filter(|row| row.declaration != Declaration::Declared).count()),
        ),
        ("card.findings", n(input.findings.iter().filter(outstanding).count())),
        ("card.findings.critical", severity(Severity::Critical)),
        ("card.findings.high", severity(Severity::High)),
        ("card.findings.medium", severity(Severity::Medium)),
        ("card.findings.low", severity(Severity::Low)),
        ("changes.new", change("new")),
        ("changes.reopened", change("reopened")),
        ("changes.unchanged", change("unchanged")),
        ("changes.missing", change("missing")),
        ("changes.closed", change("closed")),
        ("changes.unverifiable", change("unverifiable")),
        ("certificates.total", n(input.certificates.len())),
        ("certificates.expired", n(input.certificates.iter().filter(|row| days(row) < 0.0).count())),
        ("certificates.within-7", ending(7.0)),
        ("certificates.within-30", ending(30.0)),
        ("certificates.within-90", ending(90.0)),
        ("tls.servers", n(input.tls.iter().filter(speaks).count())),
        ("tls.untold", n(input.tls.iter().filter(|row| !speaks(row)).count())),
        ("tls.good", graded("A")),
        ("tls.fair", graded("BC")),
        ("tls.poor", graded("DEFTM")),
        (
            "tls.outdated",
            n(input.tls.iter().filter(speaks).filter(|row| row.versions[0] == "TLS 1.0").count()),
        ),
        ("tls.tlcp", national(Offered::Yes)),
        ("tls.no-tlcp", national(Offered::No)),
        ("tls.tlcp-untold", national(Offered::Unknown)),
        ("coverage.probes", input.runs.iter().map(|run| run.n_probes).sum()),
        ("coverage.refused", input.refusals.iter().map(|row| row.n).sum()),
        ("coverage.silent", n(input.silent.len())),
    ]
}

#[test]
fn figures_agree_with_a_plain_count() {
    for seed in 1..=3 {
        let input = town::town("1", "2026-11-22T08:00:00Z", 12, 200, seed);
        let expected = counted(&input);
        assert!(
            expected.iter().filter(|(_, value)| *value > 0).count() > 20,
            "the town is too quiet to prove anything"
        );
        check(&figures_of(&input, None), &expected);
    }
}

#[test]
fn figures_of_known_rows_are_known() {
    let mut input = SnapshotInput::empty(town::head("1", "2026-11-22T08:00:00Z"));
    let at = input.head.data_as_of;
    input.units = vec![town::unit(0), town::unit(1)];
    input.hosts = vec![
        town::host("192.0.2.1", "unit-0000", true, 0, at),
        town::host("192.0.2.2", "unit-0000", false, 100, at),
        town::host("192.0.2.3", "unit-0000", false, 0, at),
    ];
    input.services = vec![town::service("192.0.2.1", 443, "unit-0000", at)];
    input.certificates = vec![
        town::certificate("192.0.2.1", "unit-0000", at - TimeDelta::hours(1)),
        town::certificate("192.0.2.2", "unit-0000", at + TimeDelta::days(7)),
        town::certificate("192.0.2.3", "unit-0000", at + TimeDelta::days(91)),
    ];
    // The same certificate at the same endpoint under another name is one.
    input.certificates.push(CertificateRow { server_name: None, ..input.certificates[0].clone() });
    input.findings = vec![town::finding(1, "unit-0000", 0, at), town::finding(2, "unit-0000", 1, at)];
    let figures = figures_of(&input, None);
    check(
        &figures,
        &[
            ("card.units", 2),
            ("card.units.scanned", 1),
            ("card.units.unscanned", 1),
            ("card.addresses.authorised", 32),
            ("card.addresses.probed", 3),
            ("card.addresses.answered", 1),
            ("card.addresses.blocked", 1),
            ("card.addresses.unverifiable", 1),
            ("card.services", 1),
            ("card.findings", 2),
            ("card.findings.critical", 1),
            ("card.findings.high", 1),
            ("certificates.total", 3),
            ("certificates.expired", 1),
            ("certificates.within-7", 1),
            ("certificates.within-30", 1),
            ("certificates.within-90", 1),
        ],
    );
}

#[test]
fn a_snapshot_of_nothing_has_figures_of_zero() {
    let figures = figures_of(&SnapshotInput::empty(town::head("0", "2026-11-22T08:00:00Z")), None);
    for figure in &figures.figures {
        assert_eq!((figure.value, figure.previous), (0, None), "{}", figure.id);
    }
}

fn column_sum(figures: &Figures, table: &str, column: &str) -> u64 {
    let table = figures.table(table).unwrap();
    let values = table.column(column);
    values
        .iter()
        .map(|value| match value {
            Value::Count(count) => *count,
            // Not probed: no result.
            Value::None => 0,
            other => panic!("{other:?}"),
        })
        .sum()
}

#[test]
fn tables_add_up_to_the_figures() {
    let input = town::town("1", "2026-11-22T08:00:00Z", 12, 300, 5);
    let figures = figures_of(&input, None);
    for (id, table, columns) in [
        ("card.addresses.authorised", "units", vec!["authorised"]),
        ("card.addresses.probed", "units", vec!["probed"]),
        ("card.addresses.answered", "units", vec!["answered"]),
        ("card.addresses.unverifiable", "units", vec!["unverifiable_addresses"]),
        ("card.services", "units", vec!["services"]),
        ("card.findings", "units", vec!["critical", "high", "medium", "low"]),
        ("card.findings.critical", "units", vec!["critical"]),
        ("changes.missing", "units", vec!["missing"]),
        ("changes.closed", "units", vec!["closed"]),
        ("card.findings.unverifiable", "units", vec!["unverifiable"]),
        ("card.addresses.probed", "coverage", vec!["answered", "blocked", "unverifiable"]),
        ("card.services", "exposures", vec!["services"]),
        ("card.services.undeclared", "exposures", vec!["undeclared"]),
        ("card.services", "ports", vec!["services"]),
        ("card.findings", "ages", vec!["to_7", "to_30", "to_90", "over_90"]),
        ("card.findings", "advice", vec!["findings"]),
        ("coverage.refused", "refusals", vec!["n"]),
    ] {
        let sum: u64 = columns.iter().map(|column| column_sum(&figures, table, column)).sum();
        assert_eq!(sum, figures.figure(id).unwrap().value, "{id} and {table}");
    }
    for (id, table) in [
        ("card.units", "units"),
        ("card.services", "services"),
        ("card.findings", "findings"),
        ("card.addresses.probed", "hosts"),
        ("certificates.total", "certificates"),
        ("coverage.silent", "silent"),
    ] {
        assert_eq!(
            figures.table(table).unwrap().rows.len() as u64,
            figures.figure(id).unwrap().value,
            "{id}"
        );
    }
}

#[test]
fn a_unit_that_left_the_register_still_counts_in_the_tables() {
    let mut input = town::town("1", "2026-11-22T08:00:00Z", 4, 40, 5);
    input.units.remove(0);
    let figures = figures_of(&input, None);
    let severities = ["critical", "high", "medium", "low"];
    let sum: u64 = severities.iter().map(|column| column_sum(&figures, "units", column)).sum();
    assert_eq!(sum, figures.figure("card.findings").unwrap().value);
    assert_eq!(column_sum(&figures, "units", "services"), figures.figure("card.services").unwrap().value);
    assert_eq!(figures.figure("card.units").unwrap().value, 3);
}

#[test]
fn a_unit_that_was_never_probed_has_no_zeros() {
    let input = town::town("1", "2026-11-22T08:00:00Z", 3, 10, 1);
    let figures = figures_of(&input, None);
    let units = figures.table("units").unwrap();
    for column in ["answered", "services", "critical", "low", "new"] {
        assert_eq!(units.column(column).last(), Some(&&Value::None), "{column}");
    }
    // What is registered, and not probed for, stands there.
    for (column, registered) in [("n_systems", 1), ("n_assets", 1), ("authorised", 16)] {
        assert_eq!(units.column(column).last(), Some(&&Value::Count(registered)), "{column}");
    }
}

#[test]
fn every_figure_points_to_a_table() {
    let figures = figures_of(&town::town("1", "2026-11-22T08:00:00Z", 2, 5, 1), None);
    for figure in &figures.figures {
        assert!(figures.table(figure.rows).is_some(), "{} points to {}", figure.id, figure.rows);
    }
}

#[test]
fn every_row_fits_its_columns_and_every_word_is_in_both_languages() {
    let figures = figures_of(&town::town("1", "2026-11-22T08:00:00Z", 6, 60, 1), None);
    for table in &figures.tables {
        for row in table.rows.iter().chain(&table.total) {
            assert_eq!(row.len(), table.columns.len(), "{}", table.id);
        }
        let words = [&table.title, &table.empty].into_iter().chain(&table.note);
        let titles =
            table.columns.iter().flat_map(|column| [Some(&column.title), column.group.as_ref()]).flatten();
        for words in words.chain(titles) {
            assert!(!words.zh.is_empty() && !words.en.is_empty(), "{words:?} in {}", table.id);
            assert!(words.en.is_ascii(), "{words:?} in {}", table.id);
        }
        let mut keys: Vec<_> = table.columns.iter().map(|column| column.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), table.columns.len(), "a key twice in {}", table.id);
    }
}

fn moved(now: FindingRow, before: Option<FindingRow>, was_probed: bool) -> Option<String> {
    let mut earlier = SnapshotInput::empty(town::head("1", "2026-10-22T08:00:00Z"));
    let mut current = SnapshotInput::empty(town::head("2", "2026-11-22T08:00:00Z"));
    for input in [&mut earlier, &mut current] {
        input.units = vec![town::unit(0)];
        input.checks = town::checks();
    }
    // The newest run alone never says what was covered.
    earlier.runs = vec![town::run(earlier.head.data_as_of, "443")];
    let covered = if was_probed { "22,443,6379" } else { "80,443" };
    let host = town::host(&now.target, "unit-0000", true, 0, earlier.head.data_as_of);
    earlier.hosts = vec![HostRow { covered: covered.into(), ..host }];
    earlier.covered =
        vec![CoveredRow { addr: now.target.clone(), transport: "udp".into(), ports: "53,161".into() }];
    earlier.findings.extend(before);
    current.findings = vec![now];
    let figures = figures_of(&current, Some(&earlier));
    let changes = figures.table("changes").unwrap();
    let movement = match changes.column("movement").first() {
        Some(Value::Term(term)) => term.code,
        None if figures.figure("changes.unchanged").unwrap().value == 1 => "unchanged",
        other => {
            assert!(other.is_none(), "{other:?}");
            return None;
        }
    };
    // The ledger says the same.
    check(&figures, &[(format!("changes.{movement}").as_str(), 1)]);
    Some(movement.to_owned())
}

#[test]
fn findings_move_by_comparison_with_the_previous_report() {
    let at = town::instant("2026-11-22T08:00:00Z");
    let open = || town::finding(1, "unit-0000", 0, at);
    let with = |standing| FindingRow { standing, ..open() };
    let check = |now: FindingRow, before: Option<FindingRow>, was_probed: bool, expected: Option<&str>| {
        assert_eq!(moved(now, before, was_probed).as_deref(), expected);
    };
    check(open(), None, true, Some("new"));
    check(open(), None, false, Some("first-measured"));
    let udp = |port| FindingRow { port, transport: "udp".into(), ..open() };
    check(udp(161), None, true, Some("new"));
    check(udp(443), None, true, Some("first-measured"));
    check(open(), Some(open()), true, Some("unchanged"));
    check(open(), Some(with(Standing::Missing)), true, Some("back"));
    check(open(), Some(with(Standing::Closed)), true, Some("reopened"));
    check(FindingRow { n_recurrences: 1, ..open() }, Some(open()), true, Some("reopened"));
    check(FindingRow { unverifiable_since: Some(at), ..open() }, Some(open()), true, Some("unverifiable"));
    let missing = FindingRow { unverifiable_since: Some(at), ..with(Standing::Missing) };
    check(missing, Some(with(Standing::Missing)), true, Some("unverifiable"));
    check(with(Standing::Missing), Some(open()), true, Some("missing"));
    check(with(Standing::Closed), Some(open()), true, Some("closed"));
    check(with(Standing::Closed), Some(with(Standing::Closed)), true, None);
}

#[test]
fn card_and_changes_agree_on_what_could_not_be_told() {
    let at = town::instant("2026-11-22T08:00:00Z");
    let sinces = [None, Some(at)];
    let all = || Standing::ALL.into_iter().flat_map(|standing| sinces.map(|since| (standing, since)));
    let mut before = SnapshotInput::empty(town::head("1", "2026-10-22T08:00:00Z"));
    before.units = vec![town::unit(0)];
    before.checks = town::checks();
    let mut now = SnapshotInput { head: town::head("2", "2026-11-22T08:00:00Z"), ..before.clone() };
    for (standing, since) in all() {
        for earlier in std::iter::once(None).chain(all().map(Some)) {
            for n_recurrences in [0, 1] {
                let n = now.findings.len();
                let change = match (standing, since) {
                    (Standing::Closed, _) => ChangeKind::Closed,
                    (_, Some(_)) => ChangeKind::Unverifiable,
                    (Standing::Missing, None) => ChangeKind::Missing,
                    (Standing::Open, None) => ChangeKind::Unchanged,
                };
                let finding = town::finding(n, "unit-0000", 0, at);
                before.findings.extend(earlier.map(|(standing, unverifiable_since)| FindingRow {
                    standing,
                    unverifiable_since,
                    ..finding.clone()
                }));
                let unverifiable_since = since;
                now.findings.push(FindingRow {
                    standing,
                    change,
                    unverifiable_since,
                    n_recurrences,
                    ..finding
                });
            }
        }
    }
    for before in [None, Some(&before)] {
        let figures = figures_of(&now, before);
        // Open and missing, by seven pasts and two counts.
        check(&figures, &[("card.findings.unverifiable", 28), ("changes.unverifiable", 28)]);
    }
}

#[test]
fn ports_that_no_port_set_would_write_are_damage() {
    let mut before = SnapshotInput::empty(town::head("1", "2026-10-22T08:00:00Z"));
    let host = town::host("192.0.2.1", "unit-0000", true, 0, before.head.data_as_of);
    let mut check = |covered: &str, sound: bool| {
        before.hosts = vec![HostRow { covered: covered.into(), ..host.clone() }];
        let compared = Figures::of(&snapshot_of(&before), Some(&snapshot_of(&before)));
        match compared {
            Ok(_) => assert!(sound, "{covered:?}"),
            Err(error) => {
                let text = error.to_string();
                assert!(!sound && text.contains("hosts.parquet") && text.contains("covered"), "{text}");
            }
        }
    };
    for sound in ["", "22", "22,80-81", "1-65535"] {
        check(sound, true);
    }
    for wrong in ["x", "22,", "80,22", "0", "70000", "all", "top100", "22, 80", "90-80"] {
        check(wrong, false);
    }
}

#[test]
fn a_finding_that_left_the_rows_is_said_to_be_no_longer_listed() {
    let before = town::town("1", "2026-10-22T08:00:00Z", 3, 10, 1);
    let mut now = before.clone();
    let gone = now.findings.iter().position(|row| row.standing == Standing::Open).unwrap();
    let gone = now.findings.remove(gone);
    let figures = figures_of(&now, Some(&before));
    check(&figures, &[("changes.withdrawn", 1)]);
    let changes = figures.table("changes").unwrap();
    assert!(changes.column("id").contains(&&Value::Text(gone.id)));
}

#[test]
fn figures_show_the_difference_to_the_previous_report() {
    let before = town::town("1", "2026-10-22T08:00:00Z", 3, 10, 1);
    let mut now = before.clone();
    now.services.truncate(before.services.len() - 2);
    let figures = figures_of(&now, Some(&before));
    let services = figures.figure("card.services").unwrap();
    assert_eq!(services.previous, Some(before.services.len() as u64));
    assert_eq!(services.change(), Some(-2));
    assert_eq!(figures.figure("changes.new").unwrap().previous, None, "a change has no change");
}

#[test]
fn a_newly_open_service_was_probed_before_and_not_open() {
    let mut before = SnapshotInput::empty(town::head("1", "2026-10-22T08:00:00Z"));
    let at = before.head.data_as_of;
    before.units = vec![town::unit(0)];
    // A run of few ports after a wider one: the host tells of both.
    before.runs = vec![town::run(at, "22")];
    let host = town::host("192.0.2.1", "unit-0000", true, 0, at);
    before.hosts = vec![HostRow { covered: "22,80".into(), ..host }];
    before.services = vec![town::service("192.0.2.1", 22, "unit-0000", at)];
    let mut now = before.clone();
    now.services.push(town::service("192.0.2.1", 80, "unit-0000", at));
    now.services.push(town::service("192.0.2.1", 443, "unit-0000", at));
    now.services.push(town::service("192.0.2.2", 80, "unit-0000", at));
    let figures = figures_of(&now, Some(&before));
    let novelty: Vec<_> = figures
        .table("services")
        .unwrap()
        .column("novelty")
        .into_iter()
        .map(|value| match value {
            Value::Term(term) => term.code,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(novelty, ["known", "new", "first-measured", "first-measured"]);
    check(&figures, &[("card.services.new", 1)]);
}

#[test]
fn an_address_asked_over_both_transports_shows_its_open_udp_ports_too() {
    let mut input = SnapshotInput::empty(town::head("1", "2026-11-22T08:00:00Z"));
    let at = input.head.data_as_of;
    input.units = vec![town::unit(0)];
    input.runs = vec![town::run(at, "22")];
    let addrs = ["192.0.2.1", "192.0.2.2"];
    input.hosts = addrs.map(|addr| town::host(addr, "unit-0000", true, 0, at)).into();
    let over_udp =
        |port| ServiceRow { transport: "udp".into(), ..town::service(addrs[0], port, "unit-0000", at) };
    input.services = vec![
        town::service(addrs[0], 22, "unit-0000", at),
        over_udp(161),
        over_udp(53),
        over_udp(162),
        town::service(addrs[1], 53, "unit-0000", at),
    ];
    let figures = figures_of(&input, None);
    let shown = figures.table("hosts").unwrap().column("open_udp").into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(shown, [Value::Text("53/udp, 161-162/udp".into()), Value::None]);
    for (language, header) in [(Language::Zh, "开放的 UDP 端口"), (Language::En, "Open UDP ports")] {
        let page = editions::html(&figures, language).unwrap();
        assert!(page.contains(header) && page.contains("53/udp, 161-162/udp"), "{header}");
    }
    let bytes = editions::xlsx(&figures).unwrap();
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    let sheet = calamine::Reader::worksheet_range(&mut book, "地址").unwrap();
    assert!(sheet.used_cells().any(|(.., cell)| cell == "53/udp, 161-162/udp"));
}
