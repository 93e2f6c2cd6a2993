//! Posts and certificates: figures against plain counts, tables against figures, and silence where nothing is recorded.

use std::collections::BTreeSet;

use chrono::Days;
use model::post::PostKind;
use model::staffing::CoverStanding;
use reports::editions;
use reports::figures::Figures;
use reports::rows::*;
use reports::snapshot::SnapshotInput;
use reports::table::Value;
use reports::text::Language;

use crate::figures::figures_of;
use crate::town;

fn a_town(seed: u64) -> SnapshotInput {
    town::town("2026-004", "2026-11-22T08:00:00Z", 12, 200, seed)
}

fn check(figures: &Figures, expected: &[(&str, u64)]) {
    for (id, value) in expected {
        let figure = figures.figure(id).unwrap_or_else(|| panic!("no figure {id}"));
        assert_eq!(figure.value, *value, "{id}");
    }
}

/// Counted from the rows by hand, without polars.
fn counted(input: &SnapshotInput) -> Vec<(&'static str, u64)> {
    let day = input.training[0].day;
    let standing = |of: &dyn Fn(CoverStanding) -> bool| {
        input.covers.iter().filter(|row| of(row.standing)).count() as u64
    };
    let holders = |n: fn(&HoldersRow) -> u32| input.holders.iter().map(|row| u64::from(n(row))).sum();
    let asked = |least: u32| {
        let of = input.covers.iter().filter(|row| row.post == PostKind::Maintainer);
        of.filter(|row| row.level.unwrap_or(0) >= least)
            .filter_map(|row| row.system.as_deref())
            .collect::<BTreeSet<&str>>()
    };
    let maintained: BTreeSet<&str> = input
        .covers
        .iter()
        .filter(|row| row.post == PostKind::Maintainer && row.n_certified > 0)
        .filter_map(|row| row.system.as_deref())
        .collect();
    let without = |least| asked(least).difference(&maintained).count() as u64;
    let due = |what: PostDue, first: i64, last: i64| {
        let days = |row: &PostDueRow| (row.on - day).num_days();
        let rows = input.post_due.iter().filter(|row| row.what == what);
        let near = rows.filter(|row| (first..=last).contains(&days(row)));
        near.map(|row| row.serial.as_str()).collect::<BTreeSet<&str>>().len() as u64
    };
    vec![
        ("posts.requirements", input.covers.len() as u64),
        ("posts.met", standing(&|standing| standing == CoverStanding::Met)),
        ("posts.in-grace", standing(&|standing| standing == CoverStanding::InGrace)),
        ("posts.gaps", standing(&|standing| standing.is_gap())),
        ("posts.holders", holders(|row| row.n_certified + row.n_in_grace + row.n_uncertified)),
        ("posts.holders.certified", holders(|row| row.n_certified)),
        ("posts.holders.in-grace", holders(|row| row.n_in_grace)),
        ("posts.holders.uncertified", holders(|row| row.n_uncertified)),
        ("posts.systems.level-3", asked(3).len() as u64),
        ("posts.unmaintained", without(0)),
        ("posts.unmaintained.level-3", without(3)),
        ("posts.due-30", due(PostDue::Expiry, 0, 30)),
        ("posts.due-60", due(PostDue::Expiry, 0, 60)),
        ("posts.due-90", due(PostDue::Expiry, 0, 90)),
        ("posts.expired", due(PostDue::Expiry, -90, -1)),
        ("posts.review-90", due(PostDue::Review, 0, 90)),
        ("posts.findings", input.lapses.len() as u64),
        ("posts.overdue.units", input.overdue_units.len() as u64),
        ("posts.overdue.findings", input.overdue_units.iter().map(|row| u64::from(row.n_overdue)).sum()),
    ]
}

#[test]
fn figures_of_posts_agree_with_a_plain_count() {
    for seed in 1..=3 {
        let input = a_town(seed);
        let expected = counted(&input);
        let n_told = expected.iter().filter(|(_, value)| *value > 0).count();
        assert!(n_told == expected.len(), "the town is too quiet to prove anything: {expected:?}");
        let figures = figures_of(&input, None);
        check(&figures, &expected);
        let n = figures.figures.iter().filter(|figure| figure.id.starts_with("posts.")).count();
        assert_eq!(n, expected.len(), "a figure that nobody counts");
    }
}

#[test]
fn a_day_is_near_up_to_and_with_its_last_day() {
    let mut input = a_town(1);
    let day = input.training[0].day;
    let row = PostDueRow { what: PostDue::Expiry, ..input.post_due[0].clone() };
    let mut one = |on, expected: [u64; 4]| {
        input.post_due = vec![PostDueRow { on, ..row.clone() }];
        let ids = ["posts.due-30", "posts.due-60", "posts.due-90", "posts.expired"];
        let expected: Vec<(&str, u64)> = ids.into_iter().zip(expected).collect();
        check(&figures_of(&input, None), &expected);
    };
    one(day - Days::new(1), [0, 0, 0, 1]);
    one(day, [1, 1, 1, 0]);
    one(day + Days::new(30), [1, 1, 1, 0]);
    one(day + Days::new(31), [0, 1, 1, 0]);
    one(day + Days::new(60), [0, 1, 1, 0]);
    one(day + Days::new(61), [0, 0, 1, 0]);
    one(day + Days::new(90), [0, 0, 1, 0]);
}

#[test]
fn a_certificate_that_two_units_need_counts_in_both_and_once_in_all() {
    let mut input = a_town(1);
    let before = figures_of(&input, None);
    let other = &input.units[0].id;
    let shared: Vec<PostDueRow> = input.post_due.iter().filter(|row| row.unit != *other).cloned().collect();
    let is_ending = |row: &&PostDueRow| row.what == PostDue::Expiry && row.on >= input.training[0].day;
    let n = shared.iter().filter(is_ending).count() as u64;
    assert!(n > 0, "the town is too quiet to prove anything: {shared:?}");
    input.post_due.extend(shared.into_iter().map(|row| PostDueRow { unit: other.clone(), ..row }));
    let after = figures_of(&input, None);
    for id in ["posts.due-30", "posts.due-60", "posts.due-90", "posts.expired", "posts.review-90"] {
        let value = |figures: &Figures| figures.figure(id).unwrap().value;
        assert_eq!(value(&after), value(&before), "{id}");
    }
    assert_eq!(sum(&after, "post-units", "ending"), sum(&before, "post-units", "ending") + n);
    let total = after.table("post-units").unwrap().total.as_ref().unwrap().last();
    assert_eq!(total, Some(&Value::Count(after.figure("posts.due-90").unwrap().value)));
}

fn sum(figures: &Figures, table: &str, column: &str) -> u64 {
    let values = figures.table(table).unwrap().column(column);
    let count = |value: &Value| match value {
        Value::Count(count) => *count,
        Value::None => 0,
        other => panic!("{other:?}"),
    };
    values.into_iter().map(count).sum()
}

#[test]
fn tables_of_posts_add_up_to_the_figures() {
    let figures = figures_of(&a_town(5), None);
    for (id, column) in [
        ("posts.requirements", "required"),
        ("posts.met", "met"),
        ("posts.in-grace", "in_grace"),
        ("posts.gaps", "gaps"),
    ] {
        for table in ["post-units", "post-kinds", "post-levels"] {
            assert_eq!(sum(&figures, table, column), figures.figure(id).unwrap().value, "{id} and {table}");
        }
    }
    for (id, column) in [
        ("posts.holders", "holders"),
        ("posts.holders.certified", "certified"),
        ("posts.holders.in-grace", "holders_in_grace"),
        ("posts.holders.uncertified", "uncertified"),
    ] {
        for table in ["post-units", "post-kinds"] {
            assert_eq!(sum(&figures, table, column), figures.figure(id).unwrap().value, "{id} and {table}");
        }
    }
    for (id, table, column) in [
        ("posts.unmaintained", "post-units", "unmaintained"),
        ("posts.unmaintained", "post-levels", "unmaintained"),
        ("posts.due-90", "post-units", "ending"),
        ("posts.overdue.findings", "post-overdue", "findings"),
    ] {
        assert_eq!(sum(&figures, table, column), figures.figure(id).unwrap().value, "{id} and {table}");
    }
    for (id, table) in [
        ("posts.requirements", "post-coverage"),
        ("posts.unmaintained", "post-unmaintained"),
        ("posts.findings", "post-lapses"),
        ("posts.overdue.units", "post-overdue"),
    ] {
        let n_rows = figures.table(table).unwrap().rows.len() as u64;
        assert_eq!(n_rows, figures.figure(id).unwrap().value, "{id} and {table}");
    }
    let shares = figures.table("post-units").unwrap().total.as_ref().unwrap().clone();
    let n = |id: &str| figures.figure(id).unwrap().value;
    let whole = Value::Share { n: n("posts.holders.certified"), of: n("posts.holders") };
    assert!(shares.contains(&whole), "{shares:?}");
}

#[test]
fn names_of_posts_tell_by_themselves_what_they_are_of() {
    let figures = figures_of(&a_town(1), None);
    let of_posts = figures.figures.iter().filter(|figure| figure.id.starts_with("posts."));
    let titles: Vec<&str> = of_posts.flat_map(|figure| [&*figure.title.zh, &*figure.title.en]).collect();
    for title in &titles {
        let leans = ["其", "同上", "上述", "Their ", "Of those", "Likewise"]
            .iter()
            .any(|word| title.starts_with(word));
        assert!(!leans, "{title}");
    }
    let of_posts = figures.tables.iter().filter(|table| table.id.starts_with("post"));
    let sheets: Vec<&str> = of_posts.clone().map(|table| table.sheet).collect();
    assert_eq!(sheets.len(), 8);
    assert!(of_posts.clone().all(|table| table.id.starts_with("post-")));
    for name in titles.iter().chain(&sheets) {
        assert_eq!(name.matches("持证维护").count(), name.matches("持证维护人员").count(), "{name}");
    }
}

#[test]
fn the_workbook_has_the_shares_of_the_page_as_numbers() {
    let mut input = a_town(1);
    let shares = PostKind::ALL.into_iter().zip([(2, 1), (9_999, 1), (3, 0), (0, 7)]);
    let holders = |(post, (n_certified, n_uncertified))| HoldersRow {
        post,
        n_certified,
        n_uncertified,
        n_in_grace: 0,
        ..input.holders[0].clone()
    };
    input.holders = shares.map(holders).collect();
    let figures = figures_of(&input, None);
    let bytes = editions::xlsx(&figures).unwrap();
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    let table = figures.table("post-kinds").unwrap();
    let sheet = calamine::Reader::worksheet_range(&mut book, table.sheet).unwrap();
    for (row, share) in (1..).zip(table.column("share")) {
        let cell = sheet.get_value((row, table.columns.len() as u32 - 1)).unwrap();
        let calamine::Data::Float(cell) = cell else { panic!("{cell:?}") };
        // The cell's format has one decimal, and rounds to the nearest.
        assert_eq!(format!("{:.1}%", cell * 100.0), share.show(Language::Zh, reports::table::Kind::Share));
    }
    assert_eq!(table.rows.len(), 3);
}

#[test]
fn where_no_training_is_recorded_nothing_is_told_and_nothing_compared() {
    let with = a_town(1);
    let mut without = a_town(1);
    without.training.clear();
    without.covers.clear();
    let figures = figures_of(&without, None);
    let of_posts =
        |figures: &Figures| figures.figures.iter().filter(|one| one.id.starts_with("posts.")).count();
    assert_eq!(of_posts(&figures), 0);
    assert!(figures.tables.iter().all(|table| !table.id.starts_with("post")));
    for (language, said) in [
        (Language::Zh, "没有人员与上岗证的记录"),
        (Language::En, "No people or post certificates are recorded"),
    ] {
        let page = editions::html(&figures, language).unwrap();
        assert!(page.contains(said) && !page.contains("id=\"post-units\""), "{said}");
    }
    editions::xlsx(&figures).unwrap();
    let first = figures_of(&with, Some(&without));
    let previous = |figures: &Figures| figures.figure("posts.gaps").unwrap().previous;
    assert_eq!((of_posts(&first), previous(&first)), (counted(&with).len(), None));
    let second = figures_of(&with, Some(&with));
    assert_eq!(previous(&second), Some(second.figure("posts.gaps").unwrap().value));
}

#[test]
fn the_page_tells_of_posts_in_both_languages() {
    let figures = figures_of(&a_town(1), Some(&a_town(2)));
    let share = figures.table("post-kinds").unwrap().total.as_ref().unwrap().last().unwrap().clone();
    let share = share.show(Language::Zh, reports::table::Kind::Share);
    assert!(share.ends_with('%'), "{share}");
    for (language, said) in [
        (
            Language::Zh,
            ["截至 2026-11-22", "三级及以上系统", "整改期限自首次发现起计：超危 7 天，高危 15 天"],
        ),
        (Language::En, ["On 2026-11-22", "level 3 or above", "7 for critical, 15 for high findings"]),
    ] {
        let page = editions::html(&figures, language).unwrap();
        for words in said.into_iter().chain([share.as_str()]) {
            assert!(page.contains(words), "{words}");
        }
    }
}
