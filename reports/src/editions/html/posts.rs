//! The section on people and post certificates.

use documents::chart::{Bar, BarChart, horizontal_bars};

use super::{Reach, Tile, tile};
use crate::editions::prose::{count, pick, posts};
use crate::figures::Figures;
use crate::table::Kind;
use crate::text::Language;

/// Bars of the chart.
const BARS: usize = 10;

pub(super) struct PostsPart {
    pub(super) sentences: Vec<String>,
    pub(super) tiles: Vec<Tile>,
    /// How the requirements divide.
    pub(super) standing: Vec<Reach>,
    pub(super) chart: String,
    pub(super) lapsing: Vec<Tile>,
    pub(super) joint: Vec<Tile>,
}

impl PostsPart {
    /// `None` where no training is recorded.
    pub(super) fn of(figures: &Figures, language: Language) -> Option<PostsPart> {
        let training = figures.training.as_ref()?;
        let tiles = |ids: &[&str]| ids.iter().map(|id| tile(figures, id, language)).collect();
        Some(PostsPart {
            sentences: posts::sentences(figures, training, language),
            tiles: overview(figures, language),
            standing: standing(figures, language),
            chart: chart(figures, language),
            lapsing: tiles(&[
                "posts.due-30",
                "posts.due-60",
                "posts.due-90",
                "posts.expired",
                "posts.review-90",
            ]),
            joint: tiles(&["posts.findings", "posts.overdue.units", "posts.overdue.findings"]),
        })
    }
}

fn overview(figures: &Figures, language: Language) -> Vec<Tile> {
    let ids =
        ["posts.holders", "posts.holders.certified", "posts.holders.in-grace", "posts.holders.uncertified"];
    let mut tiles: Vec<Tile> = ids.map(|id| tile(figures, id, language)).into();
    // In few words: a sixth of the width is theirs.
    for (id, zh, en) in [
        ("posts.unmaintained", "无持证维护人员的系统", "Systems uncovered"),
        ("posts.unmaintained.level-3", "其中三级及以上", "of level 3 or above"),
    ] {
        let title = pick(language, zh, en).to_owned();
        tiles.push(Tile { title, ..tile(figures, id, language) });
    }
    tiles
}

fn standing(figures: &Figures, language: Language) -> Vec<Reach> {
    let parts = [("met", "posts.met"), ("in-grace", "posts.in-grace"), ("gap", "posts.gaps")];
    let whole = figures.value("posts.requirements");
    let part = |(code, id)| Reach {
        code,
        tile: tile(figures, id, language),
        percent: match whole {
            0 => "0".to_owned(),
            _ => format!("{:.2}", figures.value(id) as f64 / whole as f64 * 100.0),
        },
    };
    parts.into_iter().map(part).collect()
}

fn chart(figures: &Figures, language: Language) -> String {
    let mut bars = Vec::new();
    if let Some(table) = figures.table("post-units") {
        let asked = table.column("required");
        for (at, (unit, gaps)) in table.column("unit").into_iter().zip(table.column("gaps")).enumerate() {
            let (n, of) = (count(gaps), asked.get(at).map_or(0, |value| count(value)));
            if n == 0 {
                continue;
            }
            let shown = match language {
                Language::Zh => format!("{n}（共 {of} 项）"),
                Language::En => format!("{n} of {of}"),
            };
            bars.push(Bar { label: unit.show(language, Kind::Text), value: n as f64, shown: Some(shown) });
        }
    }
    horizontal_bars(&BarChart {
        title: pick(language, "岗位持证缺口最多的单位", "Units with most gaps").to_owned(),
        empty: pick(language, "没有岗位持证缺口，略去本图。", "No gaps; chart left out.").to_owned(),
        bars,
        at_most: BARS,
        in_order: false,
    })
}
