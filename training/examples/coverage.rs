//! How long coverage of a past day takes: 50,000 people, 5,000 systems. Run it with `--release`; it says the median of
//! five and what it counted.

use std::collections::HashSet;
use std::io::Write;
use std::time::Instant;

use chrono::NaiveDate;
use model::credit_code::CreditCode;
use model::id::{CountingMint, HoldingId, PostCertificateId, StaffId, SystemId, UnitId};
use model::interval::Interval;
use model::post::PostKind;
use model::register::{Answerable, ProtectionLevel, Register, System, Unit};
use training::certificates::{PostCertificate, Printed};
use training::coverage::{Asked, coverage};
use training::people::{Employment, Holding, Staff};
use training::records::{Book, Records};
use training::scheme::Scheme;

const N_PEOPLE: usize = 50_000;
const N_SYSTEMS: usize = 5_000;
const N_UNITS: usize = 500;

fn main() -> std::io::Result<()> {
    let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
    let mint = &mut CountingMint::default();
    let mut register = Register::default();
    for i in 0..N_UNITS {
        register.units.push(Unit {
            id: UnitId::mint(mint),
            code: CreditCode::with_check_symbol(&format!("11440100MADE{i:05}")).expect("a code"),
            name: format!("示例{i}局"),
            parent: None,
            region: None,
            region_valid: Interval::ALWAYS,
            valid: Interval::ALWAYS,
        });
    }
    for i in 0..N_SYSTEMS {
        register.systems.push(System {
            id: SystemId::mint(mint),
            unit: register.units[i % N_UNITS].id,
            name: format!("示例系统{i}"),
            level: ProtectionLevel::try_from(2 + u8::try_from(i % 3).unwrap_or(0)).ok(),
            answerable: Answerable::default(),
        });
    }
    let mut records = Records::default();
    for i in 0..N_PEOPLE {
        let staff = StaffId::mint(mint);
        let system = &register.systems[i % N_SYSTEMS];
        let name = format!("虚构{i}");
        records.staff.push(Staff {
            id: staff,
            name: name.clone(),
            unit: None,
            employment: Employment::Staff,
            phone: None,
            email: None,
            id_number: None,
            forgotten_on: None,
        });
        records.holdings.push(Holding {
            id: HoldingId::mint(mint),
            staff,
            unit: system.unit,
            system: Some(system.id),
            post: if i % 2 == 0 { PostKind::Maintainer } else { PostKind::Developer },
            role: None,
            from: day("2020-01-01"),
            until: (i % 7 == 0).then(|| day("2024-12-31")),
            ended_because: None,
        });
        if i % 3 > 0 {
            let (issued_on, valid_until) = (day("2023-01-01"), day("2025-12-31"));
            records.certificates.push(PostCertificate {
                id: PostCertificateId::mint(mint),
                staff,
                category: if i % 2 == 0 { "WH" } else { "KF" }.to_owned(),
                serial: format!("S{i}"),
                period: 1,
                edition: 1,
                token: String::new(),
                issued_on,
                valid_until,
                review: None,
                printed: Printed {
                    issuer: String::new(),
                    title: String::new(),
                    name,
                    unit: String::new(),
                    post: String::new(),
                    serial: String::new(),
                    issued_on,
                    valid_until,
                    review_due: None,
                    topics: Vec::new(),
                    scheme: String::new(),
                    old_number: None,
                },
                statement: String::new(),
                files: std::collections::BTreeMap::new(),
            });
        }
    }
    let (scheme, exposed) = (Scheme::embedded(), HashSet::new());
    let mut took: Vec<f64> = Vec::new();
    let mut n = (0, 0);
    for _ in 0..5 {
        let started = Instant::now();
        let book = Book::of(&records);
        let asked = Asked { scheme: &scheme, register: &register, exposed: &exposed, day: day("2024-06-30") };
        let covers = coverage(&book, asked);
        took.push(started.elapsed().as_secs_f64());
        n = (covers.len(), covers.iter().filter(|cover| cover.standing.is_gap()).count());
    }
    took.sort_by(f64::total_cmp);
    writeln!(
        std::io::stdout(),
        "{N_PEOPLE} people, {N_SYSTEMS} systems: {} requirements, {} gaps, median {:.3} s of {took:.3?}",
        n.0,
        n.1,
        took[2]
    )
}
