//! One self-contained page: styles and charts inline, no script, nothing fetched.
//!
//! It prints on A4 and reads in Chromium 90 (no `:has`, nesting, container queries, `color-mix` or layers). Text is
//! escaped by the templates; what strangers wrote is cleaned before ([`show_text`]). It must not count anything.

mod parts;
mod posts;

use askama::Template;
use documents::chart::{Bar, BarChart, SeverityBar, SeverityChart, horizontal_bars, severity_bars};
use model::severity::Severity;

use super::prose;
use crate::error::ReportError;
use crate::figures::{Figure, Figures};
use crate::table::Value;
use crate::text::{Language, Words, severity_word, show_count, show_instant, show_text};
use parts::{GroupPart, TablePart, group_parts};
use posts::PostsPart;

/// The style of a page, for other pages of the same house too.
pub const STYLE: &str = include_str!("../../templates/report.css");

/// Bars of a chart on a page.
const BARS: usize = 10;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'f> {
    figures: &'f Figures,
    language: Language,
    style: &'static str,
    summary: Vec<String>,
    attention: Vec<String>,
    severities: Vec<SeverityTile>,
    moves: Vec<Tile>,
    reach: Vec<Reach>,
    certificates: Vec<Tile>,
    tls: Vec<Tile>,
    national: Vec<Reach>,
    posts: Option<PostsPart>,
    chart_grades: String,
    chart_units: String,
    chart_classes: String,
    groups: Vec<GroupPart>,
    n_findings_shown: usize,
    definitions: Vec<(Words, Words)>,
}

/// A number with its words and the anchor of its rows.
struct Tile {
    title: String,
    value: String,
    change: Change,
    rows: &'static str,
}

struct SeverityTile {
    code: &'static str,
    tile: Tile,
}

/// One part of the probed addresses, with its share of the authorised ones.
struct Reach {
    code: &'static str,
    tile: Tile,
    percent: String,
}

/// A difference to the previous report as it is printed.
struct Change {
    text: String,
    /// `up`, `down` or `same`; coloured only where more is worse.
    class: &'static str,
}

pub fn html(figures: &Figures, language: Language) -> Result<String, ReportError> {
    let (groups, n_findings_shown) = group_parts(figures, language);
    let page = Page {
        figures,
        language,
        style: STYLE,
        summary: prose::summary(figures, language),
        attention: prose::attention(figures, language),
        severities: severity_tiles(figures, language),
        moves: [
            "changes.new",
            "changes.first-measured",
            "changes.reopened",
            "changes.back",
            "changes.unchanged",
            "changes.missing",
            "changes.closed",
            "changes.unverifiable",
            "changes.withdrawn",
        ]
        .map(|id| tile(figures, id, language))
        .into(),
        reach: reach(figures, language),
        certificates: [
            "certificates.total",
            "certificates.expired",
            "certificates.within-7",
            "certificates.within-30",
            "certificates.within-90",
        ]
        .map(|id| tile(figures, id, language))
        .into(),
        tls: tls_tiles(figures, language),
        national: national(figures, language),
        posts: PostsPart::of(figures, language),
        chart_grades: chart_grades(figures, language),
        chart_units: chart_units(figures, language),
        chart_classes: chart_classes(figures, language),
        groups,
        n_findings_shown,
        definitions: prose::definitions(),
    };
    Ok(page.render()?)
}

impl Page<'_> {
    /// The word of the page's language.
    fn t<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        prose::pick(self.language, zh, en)
    }

    fn w<'w>(&self, words: &'w Words) -> &'w str {
        words.in_language(self.language)
    }

    fn number(&self, id: &str) -> String {
        show_count(self.figures.value(id))
    }

    fn change(&self, id: &str) -> Change {
        self.figures.figure(id).map_or_else(no_change, |figure| change(figure, self.language))
    }

    fn table(&self, id: &str) -> TablePart {
        match self.figures.table(id) {
            Some(table) => TablePart::of(table, self.language),
            None => TablePart::none(),
        }
    }

    fn clean(&self, text: &str) -> String {
        show_text(text, 200)
    }

    fn when(&self, at: &chrono::DateTime<chrono::Utc>) -> String {
        show_instant(*at)
    }
}

fn no_change() -> Change {
    Change { text: String::new(), class: "same" }
}

fn change(figure: &Figure, language: Language) -> Change {
    match figure.change() {
        None => no_change(),
        Some(0) => {
            Change { text: prose::pick(language, "与上期持平", "as before").to_owned(), class: "same" }
        }
        Some(change) => {
            let sign = if change > 0 { "▲" } else { "▼" };
            let by = show_count(change.unsigned_abs());
            let before = prose::pick(language, "较上期", "vs previous");
            let class = if change > 0 { "up" } else { "down" };
            Change { text: format!("{before} {sign} {by}"), class }
        }
    }
}

fn tile(figures: &Figures, id: &str, language: Language) -> Tile {
    let Some(figure) = figures.figure(id) else {
        return Tile { title: String::new(), value: String::new(), change: no_change(), rows: "figures" };
    };
    Tile {
        title: figure.title.in_language(language).to_owned(),
        value: show_count(figure.value),
        change: change(figure, language),
        rows: figure.rows,
    }
}

fn severity_tiles(figures: &Figures, language: Language) -> Vec<SeverityTile> {
    let tile = |severity: Severity| {
        let id = match severity {
            Severity::Critical => "card.findings.critical",
            Severity::High => "card.findings.high",
            Severity::Medium => "card.findings.medium",
            Severity::Low => "card.findings.low",
        };
        let mut tile = tile(figures, id, language);
        tile.title = severity_word(severity, language).to_owned();
        SeverityTile { code: severity.as_str(), tile }
    };
    Severity::ALL.into_iter().map(tile).collect()
}

/// How the authorised addresses divide; shares of the larger of authorised and probed, so that they never pass 100.
fn reach(figures: &Figures, language: Language) -> Vec<Reach> {
    let probed = figures.value("card.addresses.probed");
    let authorised = figures.value("card.addresses.authorised");
    let whole = authorised.max(probed);
    let percent = |value: u64| match whole {
        0 => "0".to_owned(),
        _ => format!("{:.2}", value as f64 / whole as f64 * 100.0),
    };
    let part =
        |code, id| Reach { code, tile: tile(figures, id, language), percent: percent(figures.value(id)) };
    let not_probed = authorised.saturating_sub(probed);
    vec![
        part("answered", "card.addresses.answered"),
        part("blocked", "card.addresses.blocked"),
        part("unverifiable", "card.addresses.unverifiable"),
        Reach {
            code: "not-probed",
            tile: Tile {
                title: prose::pick(language, "未探测地址", "Addresses not probed").to_owned(),
                value: show_count(not_probed),
                change: no_change(),
                rows: "coverage",
            },
            percent: percent(not_probed),
        },
    ]
}

fn chart_units(figures: &Figures, language: Language) -> String {
    let words = Severity::ALL.map(|severity| (severity, severity_word(severity, language).to_owned()));
    let mut bars: Vec<SeverityBar> = Vec::new();
    if let Some(table) = figures.table("units") {
        let counts: Vec<(Severity, Vec<&Value>)> =
            Severity::ALL.map(|severity| (severity, table.column(severity.as_str()))).into();
        for (at, name) in table.column("unit").into_iter().enumerate() {
            let count = |(severity, column): &(Severity, Vec<&Value>)| {
                (*severity, column.get(at).map_or(0, |value| prose::count(value)))
            };
            let label = name.show(language, crate::table::Kind::Text);
            bars.push(SeverityBar { label, counts: counts.iter().map(count).collect() });
        }
    }
    bars.retain(|bar| bar.counts.iter().any(|(_, n)| *n > 0));
    // Weighed by severity first, so that many slight findings don't outrank a critical one.
    bars.sort_by(|a, b| {
        let key = |bar: &SeverityBar| bar.counts.iter().map(|(_, n)| *n).collect::<Vec<_>>();
        key(b).cmp(&key(a))
    });
    bars.truncate(BARS);
    severity_bars(&SeverityChart {
        title: prose::pick(language, "未销号问题最重的单位", "Units with the gravest outstanding findings")
            .to_owned(),
        empty: prose::pick(
            language,
            "没有未销号的问题，略去本图。",
            "No outstanding findings; chart left out.",
        )
        .to_owned(),
        words: words.into(),
        bars,
    })
}

fn chart_classes(figures: &Figures, language: Language) -> String {
    let mut bars = Vec::new();
    if let Some(table) = figures.table("exposures") {
        let new = table.column("new");
        for (at, (title, services)) in
            table.column("class").into_iter().zip(table.column("services")).enumerate()
        {
            let n = prose::count(services);
            let n_new = new.get(at).map_or(0, |value| prose::count(value));
            let shown = (n_new > 0).then(|| match language {
                Language::Zh => format!("{n}（新开放 {n_new}）"),
                Language::En => format!("{n} ({n_new} newly open)"),
            });
            bars.push(Bar { label: title.show(language, crate::table::Kind::Text), value: n as f64, shown });
        }
    }
    horizontal_bars(&BarChart {
        title: prose::pick(language, "开放服务按类别", "Open services by class").to_owned(),
        empty: prose::pick(language, "没有发现开放的服务，略去本图。", "No open services; chart left out.")
            .to_owned(),
        bars,
        at_most: BARS,
        in_order: false,
    })
}

fn chart_grades(figures: &Figures, language: Language) -> String {
    let mut bars = Vec::new();
    if let Some(table) = figures.table("tls-grades") {
        for (grade, servers) in table.column("grade").into_iter().zip(table.column("servers")) {
            let label = grade.show(language, crate::table::Kind::Text);
            bars.push(Bar { label, value: prose::count(servers) as f64, shown: None });
        }
    }
    horizontal_bars(&BarChart {
        title: prose::pick(language, "TLS 服务器按评级", "TLS servers by grade").to_owned(),
        empty: prose::pick(
            language,
            "没有检测 TLS 服务，略去本图。",
            "No TLS server was assessed; chart left out.",
        )
        .to_owned(),
        bars,
        at_most: 0,
        in_order: true,
    })
}

fn tls_tiles(figures: &Figures, language: Language) -> Vec<Tile> {
    let ids = ["tls.servers", "tls.good", "tls.fair", "tls.poor", "tls.outdated", "tls.untold"];
    let mut tiles: Vec<Tile> = ids.map(|id| tile(figures, id, language)).into();
    for (id, zh, en) in [
        ("certificates.within-30", "证书 30 天内到期", "Certificates ending in 30 days"),
        ("certificates.within-90", "证书 90 天内到期", "Certificates ending in 90 days"),
    ] {
        let title = prose::pick(language, zh, en).to_owned();
        tiles.push(Tile { title, ..tile(figures, id, language) });
    }
    tiles
}

/// How the assessed servers divide by national cryptography.
fn national(figures: &Figures, language: Language) -> Vec<Reach> {
    let parts = [("answered", "tls.tlcp"), ("blocked", "tls.no-tlcp"), ("unverifiable", "tls.tlcp-untold")];
    let whole: u64 = parts.iter().map(|(_, id)| figures.value(id)).sum();
    parts
        .into_iter()
        .map(|(code, id)| Reach {
            code,
            tile: tile(figures, id, language),
            percent: match whole {
                0 => "0".to_owned(),
                _ => format!("{:.2}", figures.value(id) as f64 / whole as f64 * 100.0),
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::figures::definitions::DEFINITIONS;

    /// The first argument of every call of `function` in a source.
    fn arguments<'s>(source: &'s str, function: &str) -> Vec<&'s str> {
        let calls = source.split(function).skip(1);
        calls.filter_map(|rest| rest.strip_prefix("(\"")?.split('"').next()).collect()
    }

    #[test]
    fn the_page_names_only_figures_of_the_ledger() {
        let page = include_str!("../../templates/report.html");
        let mut named = [arguments(page, "self.number"), arguments(page, "self.change")].concat();
        named.extend(arguments(include_str!("prose.rs"), " n"));
        named.extend(arguments(include_str!("prose.rs"), ".value"));
        for function in [" n", " value", ", n"] {
            named.extend(arguments(include_str!("prose/posts.rs"), function));
        }
        assert!(named.len() > 20, "{named:?}");
        for id in named {
            assert!(DEFINITIONS.iter().any(|definition| definition.id == id), "{id}");
        }
    }
}
