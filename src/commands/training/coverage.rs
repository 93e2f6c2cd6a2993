//! How requirements stand, and what that means for findings.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::finding::Finding;
use model::id::FindingId;
use model::register::ProtectionLevel;
use model::staffing::{Cover, CoverStanding, Lapse};
use model::tls_policy::TlsChecks;
use serde::Serialize;
use training::coverage::{self, Asked as On};
use training::records::Book;

use crate::cli::{self, By, Listed};
use crate::desk::names::Names;
use crate::desk::{Desk, Listing};
use crate::exit::{Exit, Outcome};
use crate::output;
use crate::shapes::staffing::{Basis, Staffing};

pub struct Asked {
    pub on: cli::On,
    pub by: By,
    pub gaps: bool,
    pub level: Option<u8>,
}

#[derive(Serialize)]
struct Shown<'a> {
    unit: &'a str,
    system: &'a str,
    level: Option<u8>,
    requirement: &'a str,
    post: &'static str,
    category: &'a str,
    n_required: u8,
    certified: String,
    in_grace: String,
    uncertified: String,
    standing: CoverStanding,
}

pub async fn run(desk: &Desk, asked: Asked, listed: &Listed) -> Outcome {
    let day = asked.on.on.unwrap_or_else(|| desk.session.today());
    let exposed = desk.exposed().await?;
    let on = On { scheme: &desk.scheme, register: &desk.register, exposed: &exposed, day };
    let mut covers = coverage::coverage(&Book::of(&desk.records), on);
    let levels: BTreeMap<_, Option<ProtectionLevel>> =
        desk.register.systems.iter().map(|system| (system.id, system.level)).collect();
    let level_of =
        |cover: &Cover| cover.system.and_then(|id| levels.get(&id).copied().flatten()).map(u8::from);
    covers
        .retain(|cover| asked.level.is_none_or(|least| level_of(cover).is_some_and(|level| level >= least)));
    let n_all = covers.len();
    covers.retain(|cover| !asked.gaps || cover.standing.is_gap());
    let names = Names::of(&desk.register, &desk.records);
    let n_gaps = covers.iter().filter(|cover| cover.standing.is_gap()).count();
    match asked.by {
        By::System => {
            let shown: Vec<Shown<'_>> = covers
                .iter()
                .map(|cover| Shown {
                    unit: names.unit(cover.unit),
                    system: names.system(cover.system),
                    level: level_of(cover),
                    requirement: &cover.requirement,
                    post: cover.post.chinese(),
                    category: &cover.category,
                    n_required: cover.n_required,
                    certified: names.people(&cover.certified),
                    in_grace: names.people(&cover.in_grace),
                    uncertified: names.people(&cover.uncertified),
                    standing: cover.standing,
                })
                .collect();
            one_by_one(&shown).show(listed, "sentrypost-training-coverage/1", &shown)?;
        }
        By::Unit => sums(&covers, |cover| names.unit(cover.unit).to_owned()).show_as("单位", listed)?,
        By::Post => sums(&covers, |cover| cover.post.chinese().to_owned()).show_as("岗位", listed)?,
    }
    output::note(format!("on {day}: {n_gaps} of {n_all} requirements have a gap"));
    Ok(Exit::Done)
}

fn one_by_one(shown: &[Shown<'_>]) -> Listing {
    let rows = shown.iter().map(|one| {
        vec![
            one.unit.to_owned(),
            one.system.to_owned(),
            one.level.map(|level| level.to_string()).unwrap_or_default(),
            one.requirement.to_owned(),
            one.n_required.to_string(),
            one.certified.clone(),
            one.in_grace.clone(),
            one.uncertified.clone(),
            one.standing.chinese().to_owned(),
        ]
    });
    Listing {
        name: "持证覆盖",
        headers: &[
            "unit 单位",
            "system 系统",
            "level 等级",
            "requirement 要求",
            "needed 应持证",
            "certified 持证",
            "in grace 宽限",
            "uncertified 未持证",
            "standing 状态",
        ],
        numbers: &[2, 4],
        rows: rows.collect(),
    }
}

/// How many requirements stand how, by some name.
#[derive(Serialize)]
struct Sum {
    name: String,
    n: usize,
    n_met: usize,
    n_in_grace: usize,
    n_gaps: usize,
    n_people_certified: usize,
    n_people_uncertified: usize,
}

struct Sums(Vec<Sum>);

fn sums(covers: &[Cover], name: impl Fn(&Cover) -> String) -> Sums {
    let mut by_name: BTreeMap<String, Vec<&Cover>> = BTreeMap::new();
    for cover in covers {
        by_name.entry(name(cover)).or_default().push(cover);
    }
    let sum = |(name, covers): (String, Vec<&Cover>)| {
        let n_of = |standing| covers.iter().filter(|cover| cover.standing == standing).count();
        let certified: HashSet<_> = covers.iter().flat_map(|cover| &cover.certified).collect();
        let uncertified: HashSet<_> = covers.iter().flat_map(|cover| &cover.uncertified).collect();
        Sum {
            name,
            n: covers.len(),
            n_met: n_of(CoverStanding::Met),
            n_in_grace: n_of(CoverStanding::InGrace),
            n_gaps: covers.iter().filter(|cover| cover.standing.is_gap()).count(),
            n_people_certified: certified.len(),
            n_people_uncertified: uncertified.difference(&certified).count(),
        }
    };
    Sums(by_name.into_iter().map(sum).collect())
}

impl Sums {
    fn show_as(self, name: &'static str, listed: &Listed) -> Result<(), crate::exit::Failure> {
        let rows = self.0.iter().map(|sum| {
            let numbers = [
                sum.n,
                sum.n_met,
                sum.n_in_grace,
                sum.n_gaps,
                sum.n_people_certified,
                sum.n_people_uncertified,
            ];
            std::iter::once(sum.name.clone()).chain(numbers.map(|n| n.to_string())).collect()
        });
        let listing = Listing {
            name,
            headers: &[
                "name 名称",
                "required 应满足",
                "met 已满足",
                "in grace 宽限",
                "gaps 缺口",
                "certified 持证人数",
                "uncertified 未持证人数",
            ],
            numbers: &[1, 2, 3, 4, 5, 6],
            rows: rows.collect(),
        };
        listing.show(listed, "sentrypost-training-coverage-sums/1", &self.0)
    }
}

pub async fn exposed(desk: &Desk, on: cli::On, listed: &Listed) -> Outcome {
    #[derive(Serialize)]
    struct Shown<'a> {
        kind: &'static str,
        unit: &'a str,
        system: &'a str,
        detail: String,
        #[serde(flatten)]
        finding: Option<Found<'a>>,
    }
    /// What a finding is, and where.
    #[derive(Serialize)]
    struct Found<'a> {
        title_zh: &'a str,
        at: String,
        has_maintainer: bool,
        #[serde(skip)]
        words: String,
    }
    let findings = desk.open_findings().await?;
    let told = Staffing::of(&Basis {
        book: &Book::of(&desk.records),
        scheme: &desk.scheme,
        register: &desk.register,
        findings: &findings,
        deadlines: desk.session.policy.deadline,
        day: on.on.unwrap_or_else(|| desk.session.today()),
    });
    let names = Names::of(&desk.register, &desk.records);
    let checks = TlsChecks::embedded();
    let mut texts = desk.session.policy.texts();
    texts.extend(checks.texts());
    let by_id: HashMap<FindingId, &Finding> = findings.iter().map(|one| (one.id, one)).collect();
    let found = |lapse: &Lapse| {
        let finding = by_id.get(&lapse.finding)?;
        let title_zh = texts.get(&finding.key.check).map_or("", |text| text.title.zh.as_str());
        let at = format!("{} {}/{}", finding.key.target, finding.key.port, finding.key.transport);
        let since = output::instant(finding.first_seen);
        let people = if lapse.has_maintainer { "维护人员无有效证书" } else { "无维护人员" };
        let words = format!("{} {title_zh}\n{at}\nsince {since}; {people}", lapse.severity.chinese());
        Some(Found { title_zh, at, has_maintainer: lapse.has_maintainer, words })
    };
    let of_lapse = told.lapses.iter().map(|lapse| Shown {
        kind: "high finding, no certified maintainer",
        unit: names.unit(lapse.unit),
        system: names.system(Some(lapse.system)),
        detail: format!("{} {}", lapse.severity.as_str(), lapse.finding),
        finding: found(lapse),
    });
    let of_overdue = told.overdue.iter().map(|row| Shown {
        kind: "overdue, and no certified maintainer in the unit",
        unit: names.unit(row.unit),
        system: "",
        detail: format!("{} findings, the oldest of {}", row.n_overdue, output::instant(row.oldest)),
        finding: None,
    });
    let shown: Vec<Shown<'_>> = of_lapse.chain(of_overdue).collect();
    let rows = shown.iter().map(|one| {
        let what = match one.finding {
            Some(_) => "高危以上隐患，系统无持证维护人员",
            None => "逾期未改，单位无持证维护人员",
        };
        let detail = one.finding.as_ref().map_or(&one.detail, |found| &found.words);
        vec![what.to_owned(), one.unit.to_owned(), one.system.to_owned(), detail.clone()]
    });
    let listing = Listing {
        name: "隐患与持证",
        headers: &["what 事项", "unit 单位", "system 系统", "detail 详情"],
        numbers: &[],
        rows: rows.collect(),
    };
    listing.show(listed, "sentrypost-training-exposed/1", &shown)?;
    Ok(Exit::Done)
}
