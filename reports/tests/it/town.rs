//! An invented town: units, addresses, services and findings from a seed, for tests and for the sample report.

#[path = "town_posts.rs"]
mod posts;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use model::fact::{Fact, Facts};
use model::finding::Gone;
use model::observation::{Access, FilterReason, Method, PortState};
use model::reconcile::ChangeKind;
use model::severity::Severity;
use model::tls::{Offered, TlsReached};
use reports::rows::*;
use reports::snapshot::{Head, SnapshotInput};
use reports::text::Refused;

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

pub(crate) fn head(number: &str, as_of: &str) -> Head {
    Head {
        number: number.into(),
        issuer: "示例市信息安全测评中心（虚构）".into(),
        made_at: instant(as_of) + TimeDelta::minutes(5),
        data_as_of: instant(as_of),
        policy_version: "2026-11-22".into(),
        software_version: "0.1.0".into(),
    }
}

/// Numbers that look random and are always the same.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

const NAMES: [&str; 12] = [
    "示例市虚构发展和改革局",
    "示例市虚构教育局",
    "示例市虚构科学技术局",
    "示例市虚构公安局",
    "示例市虚构民政局",
    "示例市虚构财政局",
    "示例市虚构人力资源和社会保障局",
    "示例市虚构规划和自然资源局",
    "示例市虚构生态环境局",
    "示例市虚构住房和城乡建设局",
    "示例市虚构交通运输局",
    "示例市虚构政务服务和数据管理局（政务云运行中心）",
];

/// Check id, titles, severity, service, port, evidence, advice.
const CHECKS: [(&str, &str, &str, Severity, &str, u32, &str); 8] = [
    (
        "access.no-authentication",
        "服务无需鉴别即可访问",
        "Service open without authentication",
        Severity::Critical,
        "redis",
        6379,
        "Redis 7.0.15; INFO answered without a password",
    ),
    (
        "exposure.database",
        "数据库服务对外开放",
        "Database service exposed",
        Severity::High,
        "mysql",
        3306,
        "5.5.5-10.11.6-MariaDB-0+deb12u1; mysql_native_password",
    ),
    (
        "exposure.remote-admin",
        "远程管理服务对外开放",
        "Remote administration service exposed",
        Severity::High,
        "ssh",
        22,
        "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3",
    ),
    (
        "exposure.clear-text",
        "明文协议对外开放",
        "Clear-text protocol exposed",
        Severity::Medium,
        "ftp",
        21,
        "220 (vsFTPd 3.0.3)",
    ),
    (
        "certificate.expired",
        "证书已过期",
        "Certificate expired",
        Severity::Medium,
        "https",
        443,
        "CN=portal.example.invalid expired 2026-10-01, issuer CN=Fictional CA G2, serial 0123456789abcdef0123456789abcdef01234567, SHA-256 fingerprint 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
    (
        "certificate.expiring",
        "证书即将到期",
        "Certificate expiring",
        Severity::Low,
        "https",
        8443,
        "CN=app.example.invalid ends 2026-12-10",
    ),
    (
        "exposure.console",
        "管理控制台对外开放",
        "Management console exposed",
        Severity::High,
        "http",
        8080,
        "HTTP/1.1 200 OK; title Tomcat Web Application Manager",
    ),
    (
        "exposure.undeclared",
        "开放了未备案的服务",
        "Undeclared service",
        Severity::Low,
        "http",
        80,
        "HTTP/1.1 200 OK; Server: nginx/1.22.1",
    ),
];

pub(crate) fn checks() -> Vec<CheckRow> {
    CHECKS.iter().map(|&(id, zh, en, severity, ..)| CheckRow {
        id: id.into(),
        title_zh: zh.into(),
        title_en: en.into(),
        advice_zh: "关闭该端口，或仅允许经堡垒机、VPN 访问，并启用双因素鉴别；确需开放的，应先备案并注明用途与截止日期。".into(),
        advice_en: "Close the port, or allow it only through a bastion host or VPN with two-factor authentication; where it is needed, declare it with purpose and end date.".into(),
        source: "GB/T 22239-2019 8.1.3.2 访问控制（示例依据）".into(),
        severity,
    }).collect()
}

pub(crate) fn unit(n: usize) -> UnitRow {
    UnitRow {
        id: format!("unit-{n:04}"),
        code: format!("00000000FICTION{n:03}"),
        name: NAMES.get(n).map_or_else(|| format!("示例市虚构第{n}局"), |name| (*name).to_owned()),
        parent: None,
        region: Some("440199".into()),
        in_charge: Some(format!("张示例{n}")),
        in_charge_phone: Some(format!("020-0000-{n:04}")),
        n_systems: 1,
        n_assets: 1,
        n_authorised: 16,
    }
}

pub(crate) fn finding(n: usize, unit: &str, check: usize, as_of: DateTime<Utc>) -> FindingRow {
    let &(id, _, _, severity, service, port, observed) =
        CHECKS.get(check % CHECKS.len()).expect("a remainder");
    FindingRow {
        id: format!("finding-{n:06}"),
        check: id.into(),
        severity,
        unit: unit.into(),
        system: Some(format!("system-of-{unit}")),
        in_charge: Some("张示例".into()),
        in_charge_phone: Some("020-0000-0001".into()),
        operator: Some("李虚构".into()),
        operator_phone: Some("020-0000-0002".into()),
        user: Some("王假定".into()),
        user_phone: None,
        target: format!("192.0.2.{}", n % 250 + 1),
        port,
        transport: "tcp".into(),
        service: service.into(),
        standing: Standing::Open,
        change: ChangeKind::Unchanged,
        first_seen: as_of - TimeDelta::days((n % 120) as i64),
        last_seen: as_of,
        closed_at: None,
        proof: None,
        observed: Facts::from([Fact::Says { quote: observed.into() }, every_fact().swap_remove(n % N_FACTS)]),
        method: Method::Connect,
        n_recurrences: 0,
        unverifiable_since: None,
    }
}

const N_FACTS: usize = 27;

/// Each kind of fact, with the kinds of what it is about. A new kind fails to compile here until it has its place.
pub(crate) fn every_fact() -> Vec<Fact> {
    let day = NaiveDate::from_ymd_opt(2026, 10, 1).expect("a day");
    let name = || "CN=portal.example.invalid, O=示例市虚构局".to_owned();
    let names = vec!["old.example.invalid".to_owned(), "www.old.example.invalid".to_owned()];
    let asked = || "portal.example.invalid".parse().expect("a name");
    let facts = vec![
        Fact::Speaks { name: "Redis".into(), version: Some("7.0.15".into()) },
        Fact::Speaks { name: "ssh".into(), version: None },
        Fact::Unrecognised,
        Fact::Says { quote: "LABGATE 7.1 READY".into() },
        Fact::Tls { version: Some("TLS 1.3".into()) },
        Fact::Tls { version: None },
        Fact::Access { access: Access::NoAuthentication },
        Fact::Access { access: Access::AuthenticationRequired },
        Fact::SendsNothing,
        Fact::ClosesAtOnce,
        Fact::NotAsked,
        Fact::DeclaredAs { service: "门户 web".into() },
        Fact::DeclaredUntil { day },
        Fact::Port { state: PortState::Closed },
        Fact::Port { state: PortState::Filtered(FilterReason::Silence) },
        Fact::Port { state: PortState::Filtered(FilterReason::Prohibited) },
        Fact::NoAnswerSince { day },
        Fact::ValidFrom { day },
        Fact::ValidUntil { day },
        Fact::IssuedBy { name: name() },
        Fact::Key { algorithm: "RSA".into(), bits: 1024 },
        Fact::SignedWith { algorithm: "sha1WithRSAEncryption".into() },
        Fact::IssuedFor { asked: asked(), names },
        Fact::IssuedFor { asked: asked(), names: Vec::new() },
        Fact::Subject { name: name() },
        Fact::Fingerprint { beginning: "0123456789012345".into() },
        Fact::Tells { what: vec!["TLS 1.0".into(), format!("{}: ended on 2026-10-01", name())] },
    ];
    let place = |fact: &Fact| match fact {
        Fact::Speaks { .. } => 0,
        Fact::Unrecognised => 1,
        Fact::Says { .. } => 2,
        Fact::Tls { .. } => 3,
        Fact::Access { .. } => 4,
        Fact::SendsNothing => 5,
        Fact::ClosesAtOnce => 6,
        Fact::NotAsked => 7,
        Fact::DeclaredAs { .. } => 8,
        Fact::DeclaredUntil { .. } => 9,
        Fact::Port { .. } => 10,
        Fact::NoAnswerSince { .. } => 11,
        Fact::ValidFrom { .. } => 12,
        Fact::ValidUntil { .. } => 13,
        Fact::IssuedBy { .. } => 14,
        Fact::Key { .. } => 15,
        Fact::SignedWith { .. } => 16,
        Fact::IssuedFor { .. } => 17,
        Fact::Subject { .. } => 18,
        Fact::Fingerprint { .. } => 19,
        Fact::Tells { .. } => 20,
    };
    let mut places: Vec<i32> = facts.iter().map(place).collect();
    places.dedup();
    assert_eq!((places, facts.len()), ((0..21).collect(), N_FACTS));
    facts
}

/// Each reason for which something is kept back; a new one fails to compile here until it has its place.
pub(crate) fn every_refusal() -> Vec<Refused> {
    let day = NaiveDate::from_ymd_opt(2026, 10, 1).expect("a day");
    let (asset, said) = (|| "192.0.2.0/28".to_owned(), || "connection refused".to_owned());
    let refusals = vec![
        Refused::Unregistered,
        Refused::NotAuthorised { asset: asset() },
        Refused::AuthorisationEnded { asset: asset(), until: day },
        Refused::AuthorisationNotBegun { asset: asset(), from: day },
        Refused::Excluded { reason: "虚构的水闸控制器".into(), until: day },
        Refused::NoSuchName,
        Refused::NameWithoutAddress,
        Refused::NameServerTimedOut,
        Refused::NameServerFailed { said: said() },
        Refused::NotSent { said: said() },
        Refused::Told { said: said() },
    ];
    let place = |refused: &Refused| match refused {
        Refused::Unregistered => 0,
        Refused::NotAuthorised { .. } => 1,
        Refused::AuthorisationEnded { .. } => 2,
        Refused::AuthorisationNotBegun { .. } => 3,
        Refused::Excluded { .. } => 4,
        Refused::NoSuchName => 5,
        Refused::NameWithoutAddress => 6,
        Refused::NameServerTimedOut => 7,
        Refused::NameServerFailed { .. } => 8,
        Refused::NotSent { .. } => 9,
        Refused::Told { .. } => 10,
    };
    assert_eq!(refusals.iter().map(place).collect::<Vec<i32>>(), (0..11).collect::<Vec<i32>>());
    refusals
}

/// What a run of the town probes: 100 ports.
const PORTS: &str = "21-23,25,80,110,143,443,3306,5432,6379,8000-8086,8443,27017";

pub(crate) fn host(addr: &str, unit: &str, answers: bool, n_unverifiable: u32, at: DateTime<Utc>) -> HostRow {
    HostRow {
        addr: addr.into(),
        names: Vec::new(),
        unit: unit.into(),
        system: None,
        run: "run-1".into(),
        probed_at: at,
        covered: PORTS.into(),
        n_probed: 100,
        n_open: u32::from(answers) * 3,
        n_closed: u32::from(answers) * 97,
        n_filtered: if answers { 0 } else { 100 - n_unverifiable },
        n_unverifiable,
        answers,
    }
}

pub(crate) fn service(addr: &str, port: u32, unit: &str, at: DateTime<Utc>) -> ServiceRow {
    ServiceRow {
        unit: unit.into(),
        system: None,
        addr: addr.into(),
        names: vec!["portal.example.invalid".into()],
        port,
        transport: "tcp".into(),
        service: "https".into(),
        product: Some("nginx".into()),
        version: Some("1.22.1".into()),
        tls: Some("TLS 1.3".into()),
        access: None,
        declaration: Declaration::Undeclared,
        class: None,
        evidence: "HTTP/1.1 200 OK".into(),
        rtt_us: Some(321),
        suspect: false,
        seen_at: at,
    }
}

pub(crate) fn certificate(addr: &str, unit: &str, not_after: DateTime<Utc>) -> CertificateRow {
    CertificateRow {
        unit: unit.into(),
        system: None,
        addr: addr.into(),
        port: 443,
        server_name: Some("portal.example.invalid".into()),
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        subject: "CN=portal.example.invalid, O=示例市虚构局".into(),
        issuer: "CN=Fictional CA G2, O=Fictional Trust".into(),
        names: vec!["portal.example.invalid".into(), "www.portal.example.invalid".into()],
        not_before: not_after - TimeDelta::days(365),
        not_after,
        key: "RSA 2048".into(),
        signature: "sha256WithRSAEncryption".into(),
        self_signed: false,
    }
}

pub(crate) fn run(as_of: DateTime<Utc>, ports: &str) -> RunRow {
    RunRow {
        id: "run-1".into(),
        seed: 0xfeed_0000_0000_beef,
        started_at: as_of - TimeDelta::minutes(12),
        finished_at: Some(as_of),
        method: Method::Connect,
        transport: "tcp".into(),
        ports: ports.into(),
        n_probes: 19_200,
        n_answered: 8_431,
        state: RunState::Finished,
        scope_hash: "5f36b2ea290645ee34d943220a14b54ee5ea5be5d2c4b5a6c1b6ed3f0a9d8f77".into(),
    }
}

/// A town of `n_units` with about `n_findings` findings; the last unit is never probed.
pub(crate) fn town(number: &str, as_of: &str, n_units: usize, n_findings: usize, seed: u64) -> SnapshotInput {
    let mut dice = Dice::new(seed);
    let mut input = SnapshotInput::empty(head(number, as_of));
    let as_of = instant(as_of);
    input.runs = vec![run(as_of, PORTS)];
    input.checks = checks();
    for n in 0..n_units {
        let unit = unit(n);
        let id = unit.id.clone();
        input.systems.push(SystemRow {
            id: format!("system-of-{id}"),
            unit: id.clone(),
            name: format!("虚构业务系统{n}"),
            level: Some(2 + (n % 2) as u32),
        });
        input.units.push(unit);
        if n + 1 == n_units && n_units > 1 {
            continue;
        }
        for a in 0..14 {
            let addr = format!("192.0.{}.{}", n, a + 1);
            let (answers, n_unverifiable) = match dice.below(10) {
                0..=3 => (true, 0),
                4 => (false, 0),
                _ => (false, 100),
            };
            input.hosts.push(host(&addr, &id, answers, n_unverifiable, as_of));
            if answers {
                for _ in 0..=dice.below(2) {
                    let &(check, .., service_name, port, evidence) =
                        CHECKS.get(dice.below(8) as usize).expect("below 8");
                    if input.services.iter().any(|row| row.addr == addr && row.port == port) {
                        continue;
                    }
                    let mut row = service(&addr, port, &id, as_of);
                    row.service = service_name.into();
                    row.evidence = evidence.into();
                    row.class = check.starts_with("exposure.").then(|| check.to_owned());
                    row.tls = (service_name == "https").then(|| "TLS 1.2".into());
                    row.product = (service_name == "ssh").then(|| "OpenSSH".into());
                    row.version = (service_name == "ssh").then(|| "9.2p1".into());
                    row.access = (service_name == "redis").then_some(Access::NoAuthentication);
                    row.declaration = Declaration::ALL[dice.below(4) as usize];
                    if service_name == "https" {
                        let mut row =
                            certificate(&addr, &id, as_of + TimeDelta::days(dice.below(200) as i64 - 30));
                        row.port = port;
                        row.sha256 = format!("{:064x}", n * 1000 + a);
                        input.certificates.push(row);
                    }
                    input.services.push(row);
                }
            }
        }
    }
    let n_scanned = n_units.saturating_sub(1).max(1) as u64;
    for n in 0..n_findings {
        let id = format!("unit-{:04}", dice.below(n_scanned));
        let mut row = finding(n, &id, dice.below(8) as usize, as_of);
        row.target = format!(
            "192.0.{}.{}",
            id.trim_start_matches("unit-").trim_start_matches('0').parse::<u32>().unwrap_or(0) % 250,
            n % 14 + 1
        );
        match dice.below(12) {
            0 => row.standing = Standing::Missing,
            1 => {
                row.standing = Standing::Closed;
                row.closed_at = Some(as_of);
                row.proof = Some([Gone::Refused, Gone::Corrected, Gone::Filtered, Gone::Allowed][n % 4]);
            }
            2 => row.unverifiable_since = Some(as_of - TimeDelta::days(3)),
            3 => row.n_recurrences = 1,
            _ => {}
        }
        row.change = match row.standing {
            Standing::Missing => ChangeKind::Missing,
            Standing::Closed => ChangeKind::Closed,
            Standing::Open if row.unverifiable_since.is_some() => ChangeKind::Unverifiable,
            Standing::Open if row.n_recurrences > 0 => ChangeKind::Reopened,
            Standing::Open if n % 5 == 0 => ChangeKind::New,
            Standing::Open => ChangeKind::Unchanged,
        };
        input.findings.push(row);
    }
    input.silent.push(SilentRow {
        unit: "unit-0000".into(),
        target: "192.0.0.14".into(),
        port: 443,
        transport: "tcp".into(),
        service: "https".into(),
        purpose: "虚构办事大厅（已迁移）".into(),
        last_seen: None,
        declared_until: NaiveDate::from_ymd_opt(2027, 1, 1),
    });
    input.covered.push(CoveredRow {
        addr: "192.0.0.1".into(),
        transport: "udp".into(),
        ports: "53,161".into(),
    });
    for (n, service) in input.services.iter().filter(|row| row.tls.is_some()).enumerate() {
        let reached = TlsReached::ALL[if n % 5 == 4 { n % TlsReached::ALL.len() } else { 0 }];
        let is_tls = reached == TlsReached::Tls;
        let (place, grade) = [(0, "A+"), (1, "A"), (3, "B"), (7, "F"), (8, "T")][n % 5];
        let caps = ["T access.no-authentication", "B key exchange of 40 points", "C a cipher of 112 bits"];
        input.tls.push(TlsServerRow {
            unit: service.unit.clone(),
            system: service.system.clone(),
            run: input.runs[0].id.clone(),
            addr: service.addr.clone(),
            port: service.port,
            server_name: service.names.first().cloned(),
            start_tls: None,
            reached,
            grade: is_tls.then(|| grade.to_owned()),
            score: is_tls.then_some(80),
            grade_place: is_tls.then_some(place),
            caps: if is_tls { caps[..n % 4].iter().map(ToString::to_string).collect() } else { Vec::new() },
            versions: match (is_tls, n % 3) {
                (false, _) => Vec::new(),
                (true, 0) => vec!["TLS 1.0".into(), "TLS 1.2".into()],
                (true, _) => vec!["TLS 1.2".into(), "TLS 1.3".into()],
            },
            tlcp: Offered::ALL[n % 3],
            n_critical: 0,
            n_high: u32::from(n % 4 == 3),
            n_medium: 1,
            n_low: 4,
            not_after: is_tls.then_some(input.head.data_as_of + TimeDelta::days(20)),
            assessed_at: input.head.data_as_of - TimeDelta::hours(1),
        });
    }
    input.losses.push(LossRow {
        run: "run-1".into(),
        n_sent: 21_000,
        n_measured: 8_431,
        n_lost: 84,
        loss_at_most_ppm: 11_900,
    });
    input.unsure.push(UnsureRow {
        addr: "192.0.0.1".into(),
        unit: "unit-0000".into(),
        run: "run-1".into(),
        transport: "tcp".into(),
        n_sent: 300,
        n_measured: 97,
        n_lost: 40,
        loss_ppm: 412_300,
        confidence_ppm: 989_000,
        target_ppm: 999_900,
    });
    for (n, doubts) in [(1, (true, false)), (2, (false, true)), (3, (true, true))] {
        input.clusters.push(ClusterRow {
            number: 1,
            addr: format!("192.0.0.{n}"),
            unit: "unit-0000".into(),
            run: "run-1".into(),
            n_ports: 3,
            window: 8_192,
            options: "mss".into(),
            ttl: 250,
            hops: 5,
            takes_everything: doubts.0,
            other_distance: doubts.1,
        });
    }
    let refused = every_refusal().into_iter().zip(1..);
    input.refusals.extend(refused.map(|(refused, n)| RefusalRow::new(&refused, n, "203.0.113.9".into())));
    input.exclusions.push(ExclusionRow {
        unit: "unit-0000".into(),
        target: "192.0.0.15".into(),
        reason: "老旧工控网关，探测可能导致中断".into(),
        until: NaiveDate::from_ymd_opt(2026, 12, 31).expect("a day"),
    });
    posts::staff(&mut input, seed);
    input
}
