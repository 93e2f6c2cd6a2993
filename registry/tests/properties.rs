//! What holds for any file and any register.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::LazyLock;

use chrono::NaiveDate;
use model::addr::AddrRange;
use model::credit_code::CreditCode;
use model::id::{AssetId, CountingMint, DeclaredServiceId, ExclusionId, Mint, PersonId, SystemId, UnitId};
use model::interval::Interval;
use model::port::Transport;
use model::region::RegionTable;
use model::register::{
    Answerable, Asset, AssetTarget, Authorisation, DeclaredService, Exclusion, Person, ProtectionLevel,
    Register, System, Unit,
};
use proptest::prelude::*;
use registry::change::apply;
use registry::check::{RemarkKind, check};
use registry::columns::{ColumnSpec, Key, Kind, SHEETS, SheetKey, SheetSpec};
use registry::export::export;
use registry::import::{Import, ImportOutcome, Mode, import_anything};
use registry::overlap::conflicts;
use registry::table::{CellIn, RowIn, SheetOut, Table};

fn day(n: u16) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(739_000 + i32::from(n)).expect("a day of this century")
}

fn today() -> NaiveDate {
    day(900)
}

fn code(n: usize) -> CreditCode {
    CreditCode::with_check_symbol(&format!("11440100MADE{n:05}")).expect("17 symbols")
}

fn import(tables: &[Table], register: &Register, mode: Mode, mint: &mut dyn Mint) -> ImportOutcome {
    // Parsed once: these tests import thousands of times.
    static REGIONS: LazyLock<RegionTable> = LazyLock::new(RegionTable::embedded);
    Import { tables, register, regions: &REGIONS, today: today(), mode }.run(mint)
}

fn any_cell() -> BoxedStrategy<CellIn> {
    prop_oneof![
        Just(CellIn::Empty),
        any::<String>().prop_map(CellIn::Text),
        "[0-9./:\\-年月日～ ]{0,20}".prop_map(CellIn::Text),
        any::<f64>().prop_map(CellIn::Number),
        (0.0..3e7).prop_map(CellIn::Number),
        any::<bool>().prop_map(CellIn::Bool),
        any::<u16>().prop_map(|n| CellIn::Date(day(n))),
        Just(CellIn::Date(NaiveDate::MAX)),
        any::<String>().prop_map(CellIn::Error),
    ]
    .boxed()
}

/// A cell that mostly makes sense in its column, and now and then breaks a rule.
fn likely_cell(column: &ColumnSpec) -> BoxedStrategy<CellIn> {
    let (likely, unlikely): (&[&str], &[&str]) = match column.kind {
        Kind::Name | Kind::PersonName => (&["示例甲", "示例乙", "示例丙", "示例丁", "示例戊"], &[""]),
        Kind::SystemRef => (&["示例甲", "", "", ""], &["示例乙", "示例甲@$1"]),
        Kind::PersonRef => (&["", "", "", "示例甲"], &["示例乙/020-0001", "示例甲@$1"]),
        Kind::CreditCode => (&["$3", "$4", "$5", "$6", "$7"], &["$0", "$1"]),
        Kind::UnitRef if column.required => (&["$0", "$1", "$2"], &["$3", "示例局", "示例甲", ""]),
        Kind::UnitRef => (&["$0", "", "$1"], &["$3", "$4", "$5"]),
        Kind::Region => (&["440106", ""], &["440116"]),
        Kind::Date => match column.key {
            Key::From | Key::RegionFrom | Key::AuthorisedFrom | Key::DeclaredOn => {
                (&["2023-05-01", "2024年6月1日", ""], &["2031-01-01"])
            }
            _ => (&["2024/12/31", "2030-01-01"], &["2022-01-01", ""]),
        },
        Kind::Level => (&["1", "三级", ""], &["9"]),
        Kind::Addresses => {
            (&["192.0.2.0/30", "192.0.2.20", "192.0.2.32-35", "2001:db8::9"], &["a.example", "192.0.2.1/24"])
        }
        Kind::Target => (
            &[
                "192.0.2.0/28",
                "192.0.2.16/28",
                "192.0.2.32-40",
                "2001:db8::/64",
                "a.example",
                "b.example",
                "192.0.2.99",
            ],
            &["192.0.2.0/24", "192.0.2.0/30", "2001:db8::9", "192.0.2.1/24"],
        ),
        Kind::ScanWindow => (&["", "", "", "", "22:00-06:00", "周一至周五 22:00-06:00"], &["夜间"]),
        Kind::Port => (&["80", "443", "22"], &["0"]),
        Kind::Transport => (&["tcp", "udp"], &[""]),
        Kind::Service => (&["https"], &["网页"]),
        Kind::Phone => (&["020-0001", "020-0002", ""], &["无"]),
        Kind::Email => (&["a@b.example", ""], &["a"]),
        Kind::Note | Kind::Ignored => (&[""], &["示例"]),
    };
    let from = |pool: &'static [&'static str]| {
        proptest::sample::select(pool).prop_map(|text| {
            CellIn::Text(
                (0..8).fold(text.to_owned(), |text, n| text.replace(&format!("${n}"), code(n).as_str())),
            )
        })
    };
    prop_oneof![90 => from(likely), 3 => from(unlikely), 1 => any_cell()].boxed()
}

/// Below the units that others mostly refer to come rows that may break a rule.
fn likely_table(spec: &'static SheetSpec) -> impl Strategy<Value = Table> {
    let row: Vec<_> = spec.columns.iter().map(likely_cell).collect();
    let sound_units = (0..3).map(|n| vec![text("示例局"), text(code(n).as_str())]);
    let sound: Vec<_> = sound_units.filter(|_| spec.key == SheetKey::Units).collect();
    prop::collection::vec(row, 0..7).prop_map(move |rows| {
        let header = spec.columns.iter().map(|column| text(column.header)).collect();
        let rows = std::iter::once(header).chain(sound.clone()).chain(rows);
        let rows = (1..).zip(rows).map(|(number, cells)| RowIn { number, cells }).collect();
        Table { sheet: spec.name.to_owned(), rows, ..Table::default() }
    })
}

fn text(text: &str) -> CellIn {
    CellIn::Text(text.to_owned())
}

fn likely_file() -> impl Strategy<Value = Vec<Table>> {
    SHEETS.iter().map(likely_table).collect::<Vec<_>>()
}

fn any_table() -> impl Strategy<Value = Table> {
    let names: Vec<&str> = SHEETS.iter().map(|spec| spec.name).chain(["说明", "Sheet1", ""]).collect();
    let headers: Vec<&str> =
        SHEETS.iter().flat_map(|spec| spec.columns).map(|column| column.header).collect();
    let header = proptest::sample::select(headers).prop_map(|header| CellIn::Text(header.to_owned()));
    let cell = prop_oneof![2 => any_cell(), 1 => header];
    let row = (any::<u32>(), prop::collection::vec(cell, 0..12));
    let rows = prop::collection::vec(row, 0..8);
    (proptest::sample::select(names), rows, any::<bool>(), any::<bool>()).prop_map(
        |(sheet, rows, hidden, dates_from_1904)| Table {
            sheet: sheet.to_owned(),
            rows: rows.into_iter().map(|(number, cells)| RowIn { number, cells }).collect(),
            hidden,
            dates_from_1904,
        },
    )
}

/// A register that follows every rule, from plain numbers.
fn sound_register() -> impl Strategy<Value = Register> {
    let entry = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u16>());
    let entries = |n| prop::collection::vec(entry, 0..n);
    (
        prop::collection::vec(any::<(u8, u16, bool)>(), 1..5),
        entries(6),
        entries(5),
        entries(12),
        entries(4),
        entries(5),
    )
        .prop_map(|(units, people, systems, assets, exclusions, services)| {
            let mint = &mut CountingMint::default();
            let mut register = Register::default();
            for (n, (parent, from, has_region)) in units.into_iter().enumerate() {
                let parent = usize::from(parent).checked_rem(n).map(|i| register.units[i].id);
                register.units.push(Unit {
                    id: UnitId::mint(mint),
                    code: code(n),
                    name: format!("示例（{}）局", n % 3),
                    parent: parent.filter(|_| from % 3 > 0),
                    region: has_region.then(|| "440106".parse().expect("a code")),
                    region_valid: interval(from),
                    valid: interval(from / 7),
                });
            }
            let n_units = register.units.len();
            let unit_of = |n: u8| usize::from(n) % n_units;
            for (n, (unit, name, phone, _)) in people.into_iter().enumerate() {
                register.people.push(Person {
                    id: PersonId::mint(mint),
                    unit: register.units[unit_of(unit)].id,
                    name: format!("虚构{}", name % 2),
                    post: (name % 3 == 0).then(|| "科长".to_owned()),
                    phone: (n > 0).then(|| format!("020-0000-{n:04}")),
                    email: (phone % 2 == 0).then(|| "a@unit.example".to_owned()),
                });
            }
            let answerable = |register: &Register, n: u16| {
                let person = |k: u16| {
                    let i = usize::from(n / k).checked_rem(register.people.len() + 1)?;
                    register.people.get(i).map(|person| person.id)
                };
                Answerable { in_charge: person(1), operator: person(3), user: person(7) }
            };
            for (n, (unit, level, _, people)) in systems.into_iter().enumerate() {
                register.systems.push(System {
                    id: SystemId::mint(mint),
                    unit: register.units[unit_of(unit)].id,
                    name: format!("虚构系统@{n}"),
                    level: ProtectionLevel::try_from(level % 7).ok(),
                    answerable: answerable(&register, people),
                });
            }
            for (n, (unit, shape, system, dates)) in (0u8..).zip(assets) {
                let unit = unit_of(unit);
                let i_unit = u8::try_from(unit).expect("few units");
                // Each unit has a block of its own, within which its assets nest as they like.
                let target = match shape % 4 {
                    0 => format!("10.{i_unit}.{n}.0/24"),
                    1 => format!("10.{i_unit}.{n}.{}-10.{i_unit}.{n}.{}", shape / 2, shape),
                    2 => format!("2001:db8:{i_unit}:{n}::/64"),
                    _ => format!("host{n}.unit{i_unit}.example"),
                };
                let system = usize::from(system).checked_rem(register.systems.len() + 1).unwrap_or(0);
                register.assets.push(Asset {
                    id: AssetId::mint(&mut CountingMint::default()),
                    unit: register.units[unit].id,
                    system: register.systems.get(system).map(|system| system.id),
                    target: target.parse().map_or_else(
                        |_| AssetTarget::Host(target.parse().expect(&target)),
                        AssetTarget::Addresses,
                    ),
                    owned: interval(dates),
                    authorisation: (dates % 3 > 0).then(|| Authorisation {
                        approver: "虚构丁".to_owned(),
                        valid_from: interval(dates / 2).from(),
                        valid_until: day(dates.saturating_add(1)),
                    }),
                    scan_window: None,
                    answerable: answerable(&register, dates),
                    note: (dates % 2 == 0).then(|| "第一行\n第二行".to_owned()),
                });
            }
            let asset_of = |register: &Register, n: u8| {
                let i = usize::from(n).checked_rem(register.assets.len())?;
                register.assets.get(i).map(|asset| (asset.unit, asset.target.clone()))
            };
            for (asset, _, _, until) in exclusions {
                let Some((unit, target)) = asset_of(&register, asset) else { continue };
                let is_again =
                    register.exclusions.iter().any(|other| other.unit == unit && other.target == target);
                if is_again || matches!(target, AssetTarget::Host(_)) {
                    continue;
                }
                let id = ExclusionId::mint(mint);
                register.exclusions.push(Exclusion {
                    id,
                    unit,
                    target,
                    reason: "医疗设备".into(),
                    until: day(until),
                });
            }
            // An import gives ids to exclusions first; nothing refers to an asset by its id.
            register.assets.iter_mut().for_each(|asset| asset.id = AssetId::mint(mint));
            for (n, (asset, service, _, until)) in (1u16..).zip(services) {
                let Some((unit, target)) = asset_of(&register, asset) else { continue };
                register.services.push(DeclaredService {
                    id: DeclaredServiceId::mint(mint),
                    unit,
                    target,
                    port: n,
                    transport: if service % 2 == 0 { Transport::Tcp } else { Transport::Udp },
                    service: "https".into(),
                    purpose: "门户".into(),
                    approver: "虚构丁".into(),
                    declared_on: (service % 3 == 0).then(|| day(until)),
                    until: day(until),
                });
            }
            register
        })
}

fn interval(n: u16) -> Interval {
    let from = n.is_multiple_of(2).then(|| day(n % 800));
    let until = n.is_multiple_of(3).then(|| day(n % 800 + n % 5));
    Interval::new(from, until).expect("an ordered interval")
}

fn to_tables(sheets: &[SheetOut]) -> Vec<Table> {
    sheets.iter().map(SheetOut::to_table).collect()
}

fn messages(outcome: &ImportOutcome) -> Vec<String> {
    outcome.errors.iter().map(ToString::to_string).collect()
}

/// A few assets that meet often: unit, first, length, days, family or host.
fn crowded_assets() -> impl Strategy<Value = Vec<Asset>> {
    let asset = (0usize..3, 0u8..40, 0u8..12, any::<u16>(), 0u8..4);
    prop::collection::vec(asset, 0..25).prop_map(|assets| {
        let mint = &mut CountingMint::default();
        let units: Vec<UnitId> = (0..3).map(|_| UnitId::mint(mint)).collect();
        let asset = |(unit, first, len, days, kind): (usize, u8, u8, u16, u8)| {
            let range = |first: IpAddr, last: IpAddr| {
                AssetTarget::Addresses(AddrRange::new(first, last).expect("an ordered range"))
            };
            let v6 = |n: u8| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(n)]);
            let target = match kind {
                0 => AssetTarget::Host(format!("h{}.example", first % 4).parse().expect("a name")),
                1 => range(v6(first), v6(first + len)),
                _ => range([192, 0, 2, first].into(), [192, 0, 2, first + len].into()),
            };
            Asset {
                id: AssetId::mint(mint),
                unit: units[unit],
                system: None,
                target,
                owned: interval(days),
                authorisation: None,
                scan_window: None,
                answerable: Answerable::default(),
                note: None,
            }
        };
        assets.into_iter().map(asset).collect()
    })
}

fn in_conflict(a: &Asset, b: &Asset) -> bool {
    let meet = match (&a.target, &b.target) {
        (AssetTarget::Addresses(a), AssetTarget::Addresses(b)) => a.overlaps(b),
        (a, b) => a == b,
    };
    meet && a.unit != b.unit && a.owned.overlaps(&b.owned)
}

proptest! {
    // Whole files are large values; a quarter of the usual number keeps this in seconds.
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_it_panic(tables in prop::collection::vec(any_table(), 0..4)) {
        let outcome = import_anything(&tables, today());
        for error in &outcome.errors {
            prop_assert!(!error.to_string().is_empty() && !error.zh().is_empty());
        }
    }

    #[test]
    fn good_rows_follow_every_rule_and_count_once(tables in likely_file()) {
        let mint = &mut CountingMint::default();
        let first = import(&tables, &Register::default(), Mode::GoodRows, mint);
        let register = apply(&Register::default(), &first.change);
        let remarks = check(&register, &RegionTable::embedded(), today());
        let broken = remarks.iter().find(|remark| {
            matches!(remark.kind, RemarkKind::Overlap { .. } | RemarkKind::RegionAbolished { .. })
        });
        prop_assert!(broken.is_none(), "{:?}", broken);
        // A second time nothing changes, and the bad rows are as bad as before.
        let second = import(&tables, &register, Mode::GoodRows, mint);
        prop_assert!(second.change.is_empty(), "{:#?}\n{:#?}\n{:#?}", second.change, messages(&first), messages(&second));
        // The strict mode finds the same.
        let strict = import(&tables, &Register::default(), Mode::AllOrNothing, mint);
        prop_assert_eq!(&strict.errors, &first.errors);
        prop_assert!(strict.errors.is_empty() || strict.change.is_empty());
    }

    #[test]
    fn the_error_workbook_holds_exactly_the_bad_rows(tables in likely_file()) {
        let mint = &mut CountingMint::default();
        let first = import(&tables, &Register::default(), Mode::GoodRows, mint);
        let n_bad: usize = first.counts.values().map(|count| count.n_bad).sum();
        let n_rows: usize = first.error_sheets.iter().map(|sheet| sheet.rows.len()).sum();
        let is_whole = first.errors.iter().any(|error| error.row.is_none());
        prop_assert!(is_whole || n_bad == n_rows, "{n_bad} {n_rows}");
        for sheet in &first.error_sheets {
            for mark in &sheet.marks {
                prop_assert!(mark.row < sheet.rows.len() && mark.column < sheet.columns.len());
            }
        }
    }

    #[test]
    fn what_is_exported_imports_as_itself(register in sound_register()) {
        let sheets = export(&register);
        let same = import(&to_tables(&sheets), &register, Mode::AllOrNothing, &mut CountingMint::default());
        prop_assert_eq!(messages(&same), Vec::<String>::new());
        prop_assert!(same.change.is_empty(), "{:#?}", same.change);

        let fresh =
            import(&to_tables(&sheets), &Register::default(), Mode::AllOrNothing, &mut CountingMint::default());
        prop_assert_eq!(messages(&fresh), Vec::<String>::new());
        let copy = apply(&Register::default(), &fresh.change);
        prop_assert_eq!(export(&copy), sheets);
        // The counting mint gives ids in the same order, so even those agree.
        prop_assert_eq!(copy, register);
    }

}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_sweep_agrees_with_comparing_all_pairs(assets in crowded_assets()) {
        let assets: Vec<&Asset> = assets.iter().collect();
        let found = conflicts(&assets);
        let once: BTreeSet<_> =
            found.iter().map(|conflict| (conflict.a.min(conflict.b), conflict.a.max(conflict.b))).collect();
        prop_assert_eq!(once.len(), found.len(), "no pair is told twice");
        for conflict in &found {
            prop_assert!(in_conflict(assets[conflict.a], assets[conflict.b]));
        }
        for (i, asset) in assets.iter().enumerate() {
            let expected = assets.iter().any(|other| in_conflict(asset, other));
            let told = found.iter().any(|conflict| conflict.a == i || conflict.b == i);
            prop_assert_eq!(told, expected, "{} {}", i, asset.target);
        }
    }
}
