//! A small made-up city, and files of a few lines.

use std::cell::Cell;

use chrono::{DateTime, NaiveDate, Utc};
use intake::table::{CellIn, RowIn, SheetOut, Table};
use model::credit_code::CreditCode;
use model::id::{CountingMint, Mint, StaffId, SystemId, UnitId};
use model::interval::Interval;
use model::register::{Answerable, Register, System, Unit};
use training::columns::SheetKey;
use training::id_number::IdNumber;
use training::import::{Identity, Import, ImportOutcome, Mode};
use training::records::{Change, Records, apply};
use training::scheme::Scheme;

pub fn today() -> NaiveDate {
    day("2026-11-22")
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

pub fn code(n: u32) -> String {
    CreditCode::with_check_symbol(&format!("11440100MADE{n:05}")).expect("17 symbols").to_string()
}

/// Lines of cells joined by `|`; `$1` stands for the credit code of unit 1.
pub fn table(sheet: &str, lines: &str) -> Table {
    let mut text = lines.to_owned();
    for n in 1..=9 {
        text = text.replace(&format!("${n}"), &code(n));
    }
    let rows = (1..).zip(text.lines().map(str::trim)).map(|(number, line)| RowIn {
        number,
        cells: line.split('|').map(|cell| CellIn::Text(cell.to_owned())).collect(),
    });
    Table { sheet: sheet.to_owned(), rows: rows.collect(), ..Table::default() }
}

pub fn tables(sheets: &[SheetOut]) -> Vec<Table> {
    sheets.iter().map(SheetOut::to_table).collect()
}

/// Two units, the first with two systems.
pub fn register() -> Register {
    let mint = &mut CountingMint::default();
    let unit = |id: UnitId, n: u32, name: &str| Unit {
        id,
        code: code(n).parse().expect("a code"),
        name: name.to_owned(),
        parent: None,
        region: None,
        region_valid: Interval::ALWAYS,
        valid: Interval::ALWAYS,
    };
    let (first, second) = (UnitId::mint(mint), UnitId::mint(mint));
    let system = |name: &str, mint: &mut dyn Mint| System {
        id: SystemId::mint(mint),
        unit: first,
        name: name.to_owned(),
        level: None,
        answerable: Answerable::default(),
    };
    Register {
        units: vec![unit(first, 1, "示例一局"), unit(second, 2, "示例二局")],
        systems: vec![system("虚构门户", mint), system("虚构办公", mint)],
        ..Register::default()
    }
}

/// The index is the number backwards, so that a test sees whether the number itself is told anywhere; sealing gives
/// another text each time.
#[derive(Default)]
pub struct MadeUpIdentity {
    n_sealed: Cell<u32>,
    /// The key was rotated: indexes of before have no mark, those of now have one.
    pub is_rotated: bool,
}

impl Identity for MadeUpIdentity {
    fn indexes(&self, number: &IdNumber) -> Vec<String> {
        let old: String = number.reveal().chars().rev().collect();
        if self.is_rotated { vec![format!("new {old}"), old] } else { vec![old] }
    }

    fn seal(&self, _number: &IdNumber, staff: StaffId) -> String {
        self.n_sealed.set(self.n_sealed.get() + 1);
        format!("sealed {} for {staff}", self.n_sealed.get())
    }
}

pub fn now() -> DateTime<Utc> {
    "2026-11-22T02:00:00Z".parse().expect("an instant")
}

/// The records of the city, to which one file after the other is imported.
pub struct World {
    pub records: Records,
    pub register: Register,
    pub scheme: Scheme,
    pub identity: MadeUpIdentity,
    pub mint: CountingMint,
    pub mode: Mode,
    pub actor: String,
    pub today: NaiveDate,
}

impl Default for World {
    fn default() -> World {
        World {
            records: Records::default(),
            register: register(),
            scheme: Scheme::embedded(),
            identity: MadeUpIdentity::default(),
            mint: CountingMint::default(),
            mode: Mode::GoodRows,
            actor: "虚构经办".into(),
            today: today(),
        }
    }
}

impl World {
    pub fn dry_run(&mut self, tables: &[Table]) -> ImportOutcome {
        let import = Import {
            tables,
            records: &self.records,
            register: &self.register,
            scheme: &self.scheme,
            identity: Some(&self.identity),
            today: self.today,
            now: now(),
            actor: &self.actor,
            mode: self.mode,
        };
        import.run(&mut self.mint)
    }

    pub fn import(&mut self, tables: &[Table]) -> ImportOutcome {
        let outcome = self.dry_run(tables);
        self.store(&outcome.change);
        outcome
    }

    pub fn store(&mut self, change: &Change) {
        // What the database would refuse.
        for one in &change.certificates {
            assert!(one.period > 0, "{one:?}");
            assert!(self.records.certificates.iter().all(|known| known.id != one.id), "rewritten: {one:?}");
        }
        self.records = apply(&self.records, change);
        let mut numbers: Vec<&str> = self
            .records
            .staff
            .iter()
            .filter_map(|one| Some(one.id_number.as_ref()?.index.as_str()))
            .collect();
        numbers.sort_unstable();
        assert!(numbers.is_sorted_by(|a, b| a < b), "one number is one person's");
    }

    /// A file without any fault.
    #[track_caller]
    pub fn good(&mut self, tables: &[Table]) -> ImportOutcome {
        let outcome = self.import(tables);
        assert_eq!(messages(&outcome), Vec::<String>::new());
        outcome
    }

    /// What a file is told, each beginning with its place; nothing is stored.
    #[track_caller]
    pub fn check(&mut self, tables: &[Table], errors: &[&str]) -> ImportOutcome {
        let outcome = self.dry_run(tables);
        let told = messages(&outcome);
        assert_eq!(told.len(), errors.len(), "{told:#?}");
        for (told, expected) in told.iter().zip(errors) {
            assert!(told.contains(expected), "{told}\n{expected}");
        }
        for error in &outcome.errors {
            assert!(error.zh().chars().any(|c| c >= '\u{4e00}'), "{}", error.zh());
        }
        outcome
    }

    /// The warnings, each of which begins as expected; nothing is stored.
    #[track_caller]
    pub fn check_warnings(&mut self, tables: &[Table], expected: &[&str]) {
        let outcome = self.dry_run(tables);
        let told: Vec<String> = outcome.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(expected), "{told}\n{expected}");
        }
        for warning in &outcome.warnings {
            assert!(warning.zh() != warning.to_string(), "{warning}");
        }
    }

    #[track_caller]
    pub fn person(&self, name: &str) -> StaffId {
        let found: Vec<StaffId> =
            self.records.staff.iter().filter(|one| one.name == name).map(|one| one.id).collect();
        assert_eq!(found.len(), 1, "{name}");
        found[0]
    }
}

pub fn messages(outcome: &ImportOutcome) -> Vec<String> {
    outcome.errors.iter().map(ToString::to_string).collect()
}

/// New, changed, unchanged, repeated and bad rows of a sheet.
pub fn counts(outcome: &ImportOutcome, sheet: SheetKey) -> [usize; 5] {
    let count = outcome.counts.get(&sheet).copied().unwrap_or_default();
    [count.n_new, count.n_changed, count.n_unchanged, count.n_repeats, count.n_bad]
}

pub const STAFF: &str = "姓名|单位|电话|邮箱|用工性质|身份证号
    虚构甲|$1|020-0000-0001|jia@unit.example|在编|
    虚构乙|示例二局|020-0000-0002||外包|000001199001010022
    虚构丙|$1|||聘用|";

pub const POSTS: &str = "姓名|单位|系统|岗位|A/B角|起始日期|截止日期
    虚构甲|$1|虚构门户|维护人员|A|2025-01-01|
    虚构乙|$1|虚构门户|维护人员|B|2025-01-01|2026-12-31
    虚构丙|$1||主管||2024/6/1|";

pub const TERMS: &str = "期次代码|期次名称|起始日期|截止日期|科目
    2026-1|第一期|2026-03-01|2026-06-30|FG、安全运维";

pub const SITTINGS: &str = "场次代码|期次|科目|日期|开始时间|地点|学时|授课人|考官|类型
    WH-1|2026-1|WH|2026-04-01|09:00|示例会议室|8|虚构师||授课
    WH-K1|2026-1|WH|2026-06-20|14:30|示例会议室|||虚构官|考试";

pub fn attendance(lines: &str) -> Table {
    table("签到", &format!("场次|姓名|出勤|补录原因\n{lines}"))
}

pub fn scores(lines: &str) -> Table {
    table("成绩", &format!("场次|姓名|成绩|录入人\n{lines}"))
}

/// Everything but results.
pub fn base() -> Vec<Table> {
    vec![table("人员", STAFF), table("岗位", POSTS), table("期次", TERMS), table("场次", SITTINGS)]
}

/// A file of the sheet 人员.
pub fn staff(lines: &str) -> [Table; 1] {
    [table("人员", &format!("姓名|单位|电话|邮箱|用工性质|身份证号\n{lines}"))]
}

pub fn world() -> World {
    let mut world = World::default();
    world.good(&base());
    world
}
