//! Posts and certificates of the invented town: every standing, several levels, something in each list.

use chrono::{Days, NaiveDate};
use model::post::PostKind;
use model::severity::Severity;
use model::staffing::CoverStanding;
use reports::rows::*;
use reports::snapshot::SnapshotInput;

use super::Dice;

const CATEGORIES: [(PostKind, &str, &str); 3] = [
    (PostKind::Maintainer, "维护人员上岗证", "Post certificate for maintainers"),
    (PostKind::Developer, "开发人员上岗证", "Post certificate for developers"),
    (PostKind::Head, "管理人员培训合格证", "Certificate for heads and responsible persons"),
];

/// Gives the units and systems of a town people in their posts.
pub(crate) fn staff(input: &mut SnapshotInput, seed: u64) {
    let mut dice = Dice::new(seed);
    let day = model::interval::civil_date(input.head.made_at);
    let training = TrainingRow { day, scheme: "2026.11".into(), critical_days: 7, high_days: 15 };
    input.training = vec![training];
    let systems = input.systems.clone();
    for (n, system) in systems.iter().enumerate() {
        let place = Some((system.id.as_str(), system.level));
        cover(input, "maintainer", &system.unit, place, PostKind::Maintainer, [1, n, 0], &mut dice);
        if system.level >= Some(3) {
            cover(
                input,
                "maintainer-level-3",
                &system.unit,
                place,
                PostKind::Maintainer,
                [2, n, 0],
                &mut dice,
            );
            cover(input, "developer-level-3", &system.unit, place, PostKind::Developer, [1, n, 5], &mut dice);
        }
        cover(input, "head", &system.unit, None, PostKind::Head, [1, n, 3], &mut dice);
        due(input, n, &system.unit, day, &mut dice);
    }
    let is_lapse = |row: &&FindingRow| {
        let is_there = row.standing == Standing::Open && row.unverifiable_since.is_none();
        is_there && row.severity >= Severity::High
    };
    let grave = input.findings.iter().filter(is_lapse);
    let lapse = |(n, row): (usize, &FindingRow)| {
        let system = row.system.clone()?;
        Some(LapseRow {
            finding: row.id.clone(),
            system,
            unit: row.unit.clone(),
            severity: row.severity,
            has_maintainer: n.is_multiple_of(2),
        })
    };
    input.lapses = grave.step_by(3).enumerate().filter_map(lapse).collect();
    for (n, unit) in input.units.iter().enumerate().skip(1).step_by(4) {
        input.overdue_units.push(OverdueUnitRow {
            unit: unit.id.clone(),
            n_overdue: n as u32,
            oldest: input.head.data_as_of - Days::new(100 - n as u64 % 90),
        });
    }
}

fn cover(
    input: &mut SnapshotInput,
    requirement: &str,
    unit: &str,
    system: Option<(&str, Option<u32>)>,
    post: PostKind,
    [n_required, n, shift]: [usize; 3],
    dice: &mut Dice,
) {
    let standing = CoverStanding::ALL[[0, 0, 1, 0, 3, 4, 0, 5, 0, 2][(n + shift) % 10]];
    let some = 1 + dice.below(2) as u32;
    let [n_certified, n_in_grace, n_uncertified] = match standing {
        CoverStanding::Met => [n_required as u32, 0, some - 1],
        CoverStanding::InGrace => [0, some, 0],
        CoverStanding::TooFew => [1, 0, 0],
        CoverStanding::NoBackup => [n_required as u32, 0, 0],
        CoverStanding::NoneCertified => [0, 0, some],
        CoverStanding::NobodyInPost => [0, 0, 0],
    };
    let (_, category_zh, category_en) =
        CATEGORIES.into_iter().find(|(of, ..)| *of == post).expect("one of three");
    input.covers.push(CoverRow {
        requirement: requirement.into(),
        unit: unit.into(),
        system: system.map(|(id, _)| id.to_owned()),
        level: system.and_then(|(_, level)| level),
        post,
        category_zh: category_zh.into(),
        category_en: category_en.into(),
        n_required: n_required as u32,
        n_certified,
        n_in_grace,
        n_uncertified,
        standing,
    });
    let is_new = !input.holders.iter().any(|row| row.unit == unit && row.post == post);
    if is_new && n_certified + n_in_grace + n_uncertified > 0 {
        input.holders.push(HoldersRow {
            unit: unit.into(),
            post,
            category_zh: category_zh.into(),
            category_en: category_en.into(),
            n_certified,
            n_in_grace,
            n_uncertified,
        });
    }
}

fn due(input: &mut SnapshotInput, n: usize, unit: &str, day: NaiveDate, dice: &mut Dice) {
    for i in 0..4 {
        let (_, category_zh, category_en) = CATEGORIES[(n + i) % 3];
        let on = day + Days::new(dice.below(181)) - Days::new(90);
        input.post_due.push(PostDueRow {
            unit: unit.into(),
            category_zh: category_zh.into(),
            category_en: category_en.into(),
            serial: format!("GWSG-2024-WH-{:06}-M", n * 10 + i),
            what: PostDue::ALL[usize::from(dice.below(2) == 0)],
            on,
        });
    }
}
