//! Posts and certificates: requirements by unit, post and level.
//!
//! No name of anybody stands here, nor in the rows that it is made of: a report travels.

mod lists;

use std::collections::{BTreeMap, HashMap, HashSet};

use model::post::PostKind;
use polars::prelude::{Expr, col};

use super::definitions::ends_within;
use super::{all, counts_by, grouped};
use crate::error::ReportError;
use crate::frame::Row;
use crate::rows::{CoverRow, HoldersRow, PostDue, PostDueRow};
use crate::table::{Column, Kind, Table, Value};
use crate::text::{Words, level_words, post_term, words};
use crate::view::{CoverState, UnmaintainedRow, View, level_key};

/// Days ahead that a unit's certificates are counted for, as in figure `posts.due-90`.
const ENDING_DAYS: i64 = 90;

/// All of them, or none where no training is recorded.
pub(super) fn tables(view: &View) -> Result<Vec<Table>, ReportError> {
    if view.posts.training.is_none() {
        return Ok(Vec::new());
    }
    let names = Names::of(view);
    Ok(vec![
        by_unit(view, &names)?,
        by_post(view)?,
        by_level(view)?,
        lists::unmaintained(view, &names),
        lists::lapses(view, &names),
        lists::overdue(view, &names),
        lists::due(view, &names),
        lists::coverage(view, &names),
    ])
}

struct Names<'v> {
    units: HashMap<&'v str, &'v str>,
    view: &'v View,
}

impl<'v> Names<'v> {
    fn of(view: &'v View) -> Names<'v> {
        Names { units: view.all_units().map(|unit| (unit.id.as_str(), unit.name.as_str())).collect(), view }
    }

    fn unit(&self, id: &str) -> Value {
        Value::Text(self.units.get(id).copied().unwrap_or(id).to_owned())
    }

    fn system(&self, id: &Option<String>) -> Value {
        Value::text(&self.view.system_name(id))
    }
}

/// How requirements and those in post stand, for each value of one column.
struct Sums {
    requirements: BTreeMap<[String; 2], u64>,
    holders: [BTreeMap<[String; 1], u64>; 3],
}

impl Sums {
    fn by(view: &View, key: &'static str) -> Result<Sums, ReportError> {
        let people =
            |column: &'static str| grouped(view.frame(HoldersRow::FRAME), all(), [key], col(column).sum());
        Ok(Sums {
            requirements: counts_by(view.frame(CoverRow::FRAME), all(), [key, "state"])?,
            holders: [people("n_certified")?, people("n_in_grace")?, people("n_uncertified")?],
        })
    }

    /// Values of the column that anything is asked of.
    fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.requirements.keys().map(|[key, _]| key.as_str()).collect();
        keys.dedup();
        keys
    }

    /// All, met, in grace, gaps; and of post holders all, certified, in grace, without, share.
    fn values(&self, key: &str) -> Vec<Value> {
        let states = requirements(&self.requirements, key);
        let people = self
            .holders
            .each_ref()
            .map(|map| map.get([key].map(str::to_owned).as_slice()).copied().unwrap_or(0));
        let [certified, in_grace, without] = people;
        let n = certified.saturating_add(in_grace).saturating_add(without);
        let counts = states.into_iter().chain([n, certified, in_grace, without]).map(Value::Count);
        counts.chain([Value::Share { n: certified, of: n }]).collect()
    }

    fn gaps(&self, key: &str) -> u64 {
        requirements(&self.requirements, key).last().copied().unwrap_or(0)
    }
}

/// All, met, in grace, gaps.
fn requirements(counts: &BTreeMap<[String; 2], u64>, key: &str) -> [u64; 4] {
    let n =
        |state: CoverState| counts.get(&[key.to_owned(), state.term().code.to_owned()]).copied().unwrap_or(0);
    let [met, in_grace, gap] = CoverState::ALL.map(n);
    [met.saturating_add(in_grace).saturating_add(gap), met, in_grace, gap]
}

fn requirement_columns() -> [Column; 4] {
    [
        ("required", "应满足", "Asked"),
        ("met", "已满足", "Met"),
        ("in_grace", "宽限", "Grace"),
        ("gaps", "缺口", "Gaps"),
    ]
    .map(|(key, zh, en)| Column::new(key, zh, en, Kind::Count, 9).under("岗位要求（项）", "Requirements"))
}

fn holder_columns() -> [Column; 5] {
    [
        Column::new("holders", "应持证", "Asked", Kind::Count, 9),
        Column::new("certified", "已持证", "Certified", Kind::Count, 10),
        Column::new("holders_in_grace", "宽限", "Grace", Kind::Count, 9),
        Column::new("uncertified", "未持证", "Without", Kind::Count, 9),
        Column::new("share", "持证率", "Share", Kind::Share, 10),
    ]
    .map(|column| column.under("在岗人员（人次）", "Post holders"))
}

/// The sums under a table, with the share of the whole.
fn with_share(table: Table) -> Table {
    let mut table = table.with_total(words("合计", "Total"));
    let count = |key: &str| {
        let at = table.columns.iter().position(|column| column.key == key);
        match at.and_then(|at| table.total.as_ref()?.get(at)) {
            Some(Value::Count(count)) => *count,
            _ => 0,
        }
    };
    let whole = Value::Share { n: count("certified"), of: count("holders") };
    set_total(&mut table, "share", whole);
    table
}

/// In place of the sum of a column.
fn set_total(table: &mut Table, key: &str, value: Value) {
    let at = table.columns.iter().position(|column| column.key == key);
    let cell = at.and_then(|at| table.total.as_mut()?.get_mut(at));
    if let Some(cell) = cell {
        *cell = value;
    }
}

fn by_unit(view: &View, names: &Names<'_>) -> Result<Table, ReportError> {
    let sums = Sums::by(view, "unit")?;
    let of_unit = |frame: &'static str, filter: Expr| counts_by(view.frame(frame), filter, ["unit"]);
    let unmaintained = of_unit(UnmaintainedRow::FRAME, all())?;
    let ending = of_unit(PostDueRow::FRAME, ends_within(ENDING_DAYS))?;
    let mut units: Vec<&str> = view.all_units().map(|unit| unit.id.as_str()).collect();
    let asked = sums.keys();
    units.retain(|unit| {
        asked.binary_search(unit).is_ok() || ending.contains_key([(*unit).to_owned()].as_slice())
    });
    // Most gaps first; of equals in the order of the register.
    units.sort_by_key(|unit| std::cmp::Reverse(sums.gaps(unit)));
    let row = |unit: &str| {
        let n = |map: &BTreeMap<[String; 1], u64>| {
            Value::Count(map.get([unit.to_owned()].as_slice()).copied().unwrap_or(0))
        };
        let mut row = vec![names.unit(unit)];
        row.extend(sums.values(unit));
        row.extend([n(&unmaintained), n(&ending)]);
        row
    };
    let mut columns = vec![Column::new("unit", "单位", "Unit", Kind::Text, 28)];
    columns.extend(requirement_columns());
    columns.extend(holder_columns());
    columns.extend([
        Column::new("unmaintained", "无持证维护人员的系统", "Systems without maintainer", Kind::Count, 13),
        Column::new("ending", "90 天内到期", "Ending in 90 days", Kind::Count, 12),
    ]);
    let mut table = with_share(Table {
        id: "post-units",
        title: words("持证情况按单位", "Certification by unit"),
        note: Some(words(
            "缺口多的在前。人次按单位与岗位计，同一人在同一单位同类岗位只计一次；没有提出要求的单位不列。90 天内到期的上岗证为两家单位所需的，两家各计一次，合计只计一次。",
            "Most gaps first. Post holders are counted by unit and kind of post, each person once in them; units of which nothing is asked are left out. A certificate that two units need counts as ending in both, and once in the total.",
        )),
        empty: words("持证制度没有对任何单位提出要求。", "The scheme asks nothing of any unit."),
        columns,
        rows: units.into_iter().map(row).collect(),
        total: None,
        sheet: "持证按单位",
        page_limit: 200,
    });
    set_total(&mut table, "ending", Value::Count(n_ending(view)));
    Ok(table)
}

/// Certificates, as the figure counts them: one that two units need is one.
fn n_ending(view: &View) -> u64 {
    let is_near =
        |row: &PostDueRow, days: i64| row.what == PostDue::Expiry && (0..=ENDING_DAYS).contains(&days);
    let near = view.posts.due.iter().filter(|(row, days)| is_near(row, *days));
    near.map(|(row, _)| row.serial.as_str()).collect::<HashSet<_>>().len() as u64
}

fn by_post(view: &View) -> Result<Table, ReportError> {
    let sums = Sums::by(view, "post")?;
    let asked = sums.keys();
    let posts = PostKind::ALL.into_iter().filter(|post| asked.contains(&post.as_str()));
    let row = |post: PostKind| {
        let mut row = vec![Value::Term(post_term(post))];
        row.extend(sums.values(post.as_str()));
        row
    };
    let mut columns = vec![Column::new("post", "岗位", "Post", Kind::Text, 28)];
    columns.extend(requirement_columns());
    columns.extend(holder_columns());
    Ok(with_share(Table {
        id: "post-kinds",
        title: words("持证情况按岗位", "Certification by post"),
        note: None,
        empty: words("持证制度没有对任何岗位提出要求。", "The scheme asks nothing of any post."),
        columns,
        rows: posts.map(row).collect(),
        total: None,
        sheet: "持证按岗位",
        page_limit: usize::MAX,
    }))
}

fn by_level(view: &View) -> Result<Table, ReportError> {
    let counts = counts_by(view.frame(CoverRow::FRAME), all(), ["level_key", "state"])?;
    let systems = col("system").is_not_null();
    let systems = grouped(view.frame(CoverRow::FRAME), systems, ["level_key"], col("system").n_unique())?;
    let mut keys: BTreeMap<String, Words> = BTreeMap::new();
    for row in &view.posts.covers {
        let of_unit = words("单位整体", "The unit as a whole");
        let title = if row.system.is_some() { level_words(row.level) } else { of_unit };
        keys.insert(level_key(row), title);
    }
    let row = |(key, title): (String, Words)| {
        let is_level = |row: &&UnmaintainedRow| row.level.unwrap_or(0).to_string() == key;
        let without = view.posts.unmaintained.iter().filter(is_level).count() as u64;
        let n = systems.get([key.clone()].as_slice()).copied().unwrap_or(0);
        let of_systems = [n, without].map(|n| if key.is_empty() { Value::None } else { Value::Count(n) });
        let mut row = vec![Value::Words(title)];
        row.extend(of_systems);
        row.extend(requirements(&counts, &key).map(Value::Count));
        row
    };
    // The highest level first, the units as a whole last.
    let rows: Vec<Vec<Value>> = keys.into_iter().rev().map(row).collect();
    let mut columns = vec![
        Column::new("level", "等级保护级别", "Protection level", Kind::Text, 24),
        Column::new("systems", "信息系统", "Systems", Kind::Count, 12),
        Column::new(
            "unmaintained",
            "无持证维护人员的系统",
            "Without a certified maintainer",
            Kind::Count,
            20,
        ),
    ];
    columns.extend(requirement_columns());
    let table = Table {
        id: "post-levels",
        title: words("持证情况按等级保护级别", "Certification by protection level"),
        note: None,
        empty: words("持证制度没有对任何系统提出要求。", "The scheme asks nothing of any system."),
        columns,
        rows,
        total: None,
        sheet: "持证按级别",
        page_limit: usize::MAX,
    };
    Ok(table.with_total(words("合计", "Total")))
}
