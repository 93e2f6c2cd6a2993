//! Posts and certificates: requirements by unit, post and level, what lapses, and what that means for findings.
//!
//! No name of anybody stands here, nor in the rows that it is made of: a report travels.

use std::collections::{BTreeMap, HashMap};

use model::post::PostKind;
use polars::prelude::{Expr, col};

use super::findings::place;
use super::{all, counts_by, grouped};
use crate::error::ReportError;
use crate::frame::Row;
use crate::rows::{CheckRow, CoverRow, FindingRow, HoldersRow, PostDue, PostDueRow};
use crate::table::{Column, Kind, Table, Value};
use crate::text::{Term, Words, due_term, level_words, post_term, standing_term, term, words};
use crate::view::{CoverState, UnmaintainedRow, View, level_key};

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
        unmaintained(view, &names),
        lapses(view, &names),
        overdue(view, &names),
        due(view, &names),
        coverage(view, &names),
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
    let at = |key: &str| table.columns.iter().position(|column| column.key == key);
    let (Some(holders), Some(certified), Some(share)) = (at("holders"), at("certified"), at("share")) else {
        return table;
    };
    if let Some(total) = &mut table.total {
        let count = |at: usize| match total.get(at) {
            Some(Value::Count(count)) => *count,
            _ => 0,
        };
        let whole = Value::Share { n: count(certified), of: count(holders) };
        if let Some(cell) = total.get_mut(share) {
            *cell = whole;
        }
    }
    table
}

fn by_unit(view: &View, names: &Names<'_>) -> Result<Table, ReportError> {
    let sums = Sums::by(view, "unit")?;
    let of_unit = |frame: &'static str, filter: Expr| counts_by(view.frame(frame), filter, ["unit"]);
    let unmaintained = of_unit(UnmaintainedRow::FRAME, all())?;
    let ending = col("what").eq(polars::prelude::lit(PostDue::Expiry.as_str()));
    let ending = of_unit(PostDueRow::FRAME, ending.and(col("days_left").gt_eq(polars::prelude::lit(0i64))))?;
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
        Column::new("unmaintained", "无持证维护的系统", "Systems without", Kind::Count, 13),
        Column::new("ending", "90 天内到期", "Ending in 90 days", Kind::Count, 12),
    ]);
    Ok(with_share(Table {
        id: "post-units",
        title: words("持证情况按单位", "Certification by unit"),
        note: Some(words(
            "缺口多的在前。人次按单位与岗位计，同一人在同一单位同类岗位只计一次；没有提出要求的单位不列。",
            "Most gaps first. Post holders are counted by unit and kind of post, each person once in them; units of which nothing is asked are left out.",
        )),
        empty: words("持证制度没有对任何单位提出要求。", "The scheme asks nothing of any unit."),
        columns,
        rows: units.into_iter().map(row).collect(),
        total: None,
        sheet: "持证按单位",
        page_limit: 200,
    }))
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

fn unmaintained(view: &View, names: &Names<'_>) -> Table {
    let row = |row: &UnmaintainedRow| {
        vec![
            Value::Words(level_words(row.level)),
            names.unit(&row.unit),
            names.system(&Some(row.system.clone())),
            Value::Term(in_post(row.n_in_grace > 0 || row.n_uncertified > 0)),
            Value::Count(row.n_in_grace.into()),
            Value::Count(row.n_uncertified.into()),
        ]
    };
    Table {
        id: "posts-unmaintained",
        title: words("无持证维护人员的系统", "Systems without a certified maintainer"),
        note: Some(words(
            "级别高的在前；宽限期内的也列入。",
            "Highest level first; those whose people are in grace are among them.",
        )),
        empty: words("各系统均有持证维护人员。", "Every system has a certified maintainer."),
        columns: vec![
            Column::new("level", "级别", "Level", Kind::Text, 12),
            Column::new("unit", "单位", "Unit", Kind::Text, 34),
            Column::new("system", "信息系统", "System", Kind::Text, 34),
            Column::new("in_post", "在岗情况", "In post", Kind::Text, 22),
            Column::new("in_grace", "宽限期内", "In grace", Kind::Count, 12),
            Column::new("uncertified", "未持证", "Without", Kind::Count, 12),
        ],
        rows: view.posts.unmaintained.iter().map(row).collect(),
        total: None,
        sheet: "无持证维护的系统",
        page_limit: 200,
    }
}

fn in_post(somebody: bool) -> Term {
    match somebody {
        true => term("uncertified", "在岗人员无有效证书", "In post, not certified"),
        false => term("nobody", "无人在岗", "Nobody in post"),
    }
}

fn lapses(view: &View, names: &Names<'_>) -> Table {
    let findings: HashMap<&str, &FindingRow> =
        view.findings.iter().map(|(row, _)| (row.id.as_str(), row)).collect();
    let checks: HashMap<&str, &CheckRow> = view.checks.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut rows: Vec<_> = view.posts.lapses.iter().collect();
    let first_seen = |id: &str| findings.get(id).map(|row| row.first_seen);
    rows.sort_by_cached_key(|row| {
        (std::cmp::Reverse(row.severity), first_seen(&row.finding), row.finding.clone())
    });
    let row = |row: &crate::rows::LapseRow| {
        let finding = findings.get(row.finding.as_str());
        let title = finding.map_or(Value::None, |finding| match checks.get(finding.check.as_str()) {
            Some(check) => Value::Words(Words::of(check.title_zh.clone(), check.title_en.clone())),
            None => Value::Text(finding.check.clone()),
        });
        vec![
            Value::Severity(row.severity),
            title,
            finding.map_or(Value::None, |row| Value::Text(place(&row.target, row.port, &row.transport))),
            names.unit(&row.unit),
            names.system(&Some(row.system.clone())),
            Value::Term(in_post(row.has_maintainer)),
            Value::instant(first_seen(&row.finding)),
            Value::Text(row.finding.clone()),
        ]
    };
    Table {
        id: "post-lapses",
        title: words(
            "无持证维护人员系统上的超危、高危问题",
            "Grave findings on systems without a certified maintainer",
        ),
        note: Some(words(
            "只列最近一次探测确认仍在的问题；疑似消除与无法判定的不列。",
            "Only findings that the last probe saw there; those seen gone and those we could not tell are left out.",
        )),
        empty: words("没有这样的问题。", "There are none."),
        columns: vec![
            Column::new("severity", "级别", "Severity", Kind::Severity, 10),
            Column::new("check", "问题", "Finding", Kind::Text, 30),
            Column::new("place", "位置", "Place", Kind::Place, 24),
            Column::new("unit", "单位", "Unit", Kind::Text, 26),
            Column::new("system", "信息系统", "System", Kind::Text, 24),
            Column::new("in_post", "维护人员", "Maintainer", Kind::Text, 18),
            Column::new("first_seen", "首次发现", "First seen", Kind::Date, 14),
            Column::new("finding", "问题编号", "Finding id", Kind::Code, 38).off_page(),
        ],
        rows: rows.into_iter().map(row).collect(),
        total: None,
        sheet: "无持证维护的高危问题",
        page_limit: 200,
    }
}

fn overdue(view: &View, names: &Names<'_>) -> Table {
    let row = |row: &crate::rows::OverdueUnitRow| {
        vec![names.unit(&row.unit), Value::Count(row.n_overdue.into()), Value::Instant(row.oldest)]
    };
    let note = view.posts.training.as_ref().map(|training| {
        let (critical, high) = (training.critical_days, training.high_days);
        Words::of(
            format!("整改期限自首次发现起计：超危 {critical} 天，高危 {high} 天；最早的在前。"),
            format!("Days to mend, from first sight: {critical} for critical, {high} for high findings. Oldest first."),
        )
    });
    Table {
        id: "post-overdue",
        title: words(
            "超危、高危问题逾期且没有持证维护人员的单位",
            "Units with overdue grave findings and no certified maintainer",
        ),
        note,
        empty: words("没有这样的单位。", "There are none."),
        columns: vec![
            Column::new("unit", "单位", "Unit", Kind::Text, 50),
            Column::new("findings", "逾期问题", "Overdue findings", Kind::Count, 20),
            Column::new("oldest", "最早首次发现", "Oldest first seen", Kind::Date, 24),
        ],
        rows: view.posts.overdue.iter().map(row).collect(),
        total: None,
        sheet: "逾期且无持证维护的单位",
        page_limit: 200,
    }
}

fn due(view: &View, names: &Names<'_>) -> Table {
    let row = |(row, days_left): &(PostDueRow, i64)| {
        vec![
            Value::Number(*days_left),
            Value::Date(row.on),
            Value::Term(due_term(row.what)),
            names.unit(&row.unit),
            Value::Words(Words::of(row.category_zh.clone(), row.category_en.clone())),
            Value::Text(row.serial.clone()),
        ]
    };
    Table {
        id: "post-due",
        title: words("上岗证到期与复审", "Post certificates that lapse"),
        note: Some(words(
            "前后 90 天内到期或应复审、在岗人员所需的上岗证；已过的日期为负数。姓名以证书编号在持证系统中查询，不随报告传播。",
            "Needed by people in post, and ending or to be reviewed within 90 days before or after; below 0 once the day is past. Names are looked up by serial and don't travel with the report.",
        )),
        empty: words(
            "前后 90 天内没有到期或应复审的上岗证。",
            "None ends or is to be reviewed within 90 days.",
        ),
        columns: vec![
            Column::new("days_left", "剩余天数", "Days left", Kind::Number, 12),
            Column::new("on", "日期", "Day", Kind::Date, 16),
            Column::new("what", "事项", "What", Kind::Text, 12),
            Column::new("unit", "单位", "Unit", Kind::Text, 36),
            Column::new("category", "证书类别", "Category", Kind::Text, 32),
            Column::new("serial", "证书编号", "Serial", Kind::Code, 26),
        ],
        rows: view.posts.due.iter().map(row).collect(),
        total: None,
        sheet: "上岗证到期",
        page_limit: 200,
    }
}

fn coverage(view: &View, names: &Names<'_>) -> Table {
    let mut covers: Vec<&CoverRow> = view.posts.covers.iter().collect();
    let weight = |row: &CoverRow| match CoverState::of(row.standing) {
        CoverState::Gap => 0,
        CoverState::InGrace => 1,
        CoverState::Met => 2,
    };
    // Stable: of equals in the order of the rules and the register.
    covers.sort_by_key(|row| (weight(row), std::cmp::Reverse(row.level)));
    let row = |row: &CoverRow| {
        vec![
            Value::Term(standing_term(row.standing)),
            names.unit(&row.unit),
            names.system(&row.system),
            row.level.map_or(Value::None, |level| Value::Words(level_words(Some(level)))),
            Value::Term(post_term(row.post)),
            Value::Words(Words::of(row.category_zh.clone(), row.category_en.clone())),
            Value::Count(row.n_required.into()),
            Value::Count(row.n_certified.into()),
            Value::Count(row.n_in_grace.into()),
            Value::Count(row.n_uncertified.into()),
            Value::Term(CoverState::of(row.standing).term()),
            Value::Text(row.requirement.clone()),
        ]
    };
    let people = |column: Column| column.under("在岗人数", "People in post");
    Table {
        id: "post-coverage",
        title: words("岗位持证要求逐项", "Requirements one by one"),
        note: Some(words(
            "缺口在前，其次为宽限期内的；同一系统可有几项要求。",
            "Gaps first, then those in grace; several requirements may ask of one system.",
        )),
        empty: words("持证制度没有提出要求。", "The scheme asks nothing."),
        columns: vec![
            Column::new("standing", "状态", "Standing", Kind::Text, 16),
            Column::new("unit", "单位", "Unit", Kind::Text, 26),
            Column::new("system", "信息系统", "System", Kind::Text, 24),
            Column::new("level", "级别", "Level", Kind::Text, 11),
            Column::new("post", "岗位", "Post", Kind::Text, 13),
            Column::new("category", "证书类别", "Category", Kind::Text, 24),
            Column::new("n_required", "应有", "Asked", Kind::Count, 8),
            people(Column::new("certified", "持证", "Cert.", Kind::Count, 8)),
            people(Column::new("in_grace", "宽限", "Grace", Kind::Count, 8)),
            people(Column::new("uncertified", "未持证", "Without", Kind::Count, 9)),
            Column::new("state", "结论", "State", Kind::Text, 12).off_page(),
            Column::new("requirement", "要求编号", "Requirement", Kind::Code, 24).off_page(),
        ],
        rows: covers.into_iter().map(row).collect(),
        total: None,
        sheet: "岗位持证要求",
        page_limit: 200,
    }
}
