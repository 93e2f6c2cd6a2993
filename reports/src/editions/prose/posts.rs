//! Sentences on people and post certificates.

use crate::figures::Figures;
use crate::rows::TrainingRow;
use crate::text::{Language, show_count, show_date, show_share, show_text};

/// What a leader should know of it, in the order of weight.
pub(in crate::editions) fn sentences(
    figures: &Figures,
    training: &TrainingRow,
    language: Language,
) -> Vec<String> {
    let value = |id: &str| figures.value(id);
    let n = |id: &str| show_count(value(id));
    let share = show_share(value("posts.holders.certified"), value("posts.holders"));
    let (day, scheme) = (show_date(training.day), show_text(&training.scheme, 40));
    let mut sentences = vec![match language {
        Language::Zh => format!(
            "截至 {day}，按 {scheme} 版持证制度：应持证 {} 人次，已持证 {} 人次，持证率 {share}；岗位持证要求 {} 项，已满足 {} 项，宽限期内 {} 项，缺口 {} 项。",
            n("posts.holders"),
            n("posts.holders.certified"),
            n("posts.requirements"),
            n("posts.met"),
            n("posts.in-grace"),
            n("posts.gaps"),
        ),
        Language::En => format!(
            "On {day}, by version {scheme} of the scheme: of {} post holders asked to be certified {} are ({share}); of {} requirements {} are met, {} are in grace and {} have a gap.",
            n("posts.holders"),
            n("posts.holders.certified"),
            n("posts.requirements"),
            n("posts.met"),
            n("posts.in-grace"),
            n("posts.gaps"),
        ),
    }];
    if value("posts.systems.level-3") > 0 {
        sentences.push(match language {
            Language::Zh => format!(
                "三级及以上系统 {} 个，其中 {} 个没有持证维护人员。",
                n("posts.systems.level-3"),
                n("posts.unmaintained.level-3"),
            ),
            Language::En => format!(
                "Of {} systems of level 3 or above {} have no certified maintainer.",
                n("posts.systems.level-3"),
                n("posts.unmaintained.level-3"),
            ),
        });
    }
    if value("posts.findings") > 0 {
        sentences.push(match language {
            Language::Zh => {
                format!("仍在的超危、高危问题中，{} 项所在系统没有持证维护人员。", n("posts.findings"))
            }
            Language::En => format!(
                "Critical and high findings on systems without a certified maintainer: {}.",
                n("posts.findings")
            ),
        });
    }
    if value("posts.overdue.units") > 0 {
        sentences.push(match language {
            Language::Zh => format!(
                "{} 家单位有超危、高危问题逾期未改（共 {} 项），且没有持证维护人员。",
                n("posts.overdue.units"),
                n("posts.overdue.findings"),
            ),
            Language::En => format!(
                "Units with overdue critical or high findings ({} in all) and no certified maintainer: {}.",
                n("posts.overdue.findings"),
                n("posts.overdue.units"),
            ),
        });
    }
    sentences
}

/// What belongs on the first page; nothing where nothing is wrong or nothing recorded.
pub(super) fn attention(figures: &Figures, language: Language) -> Option<String> {
    let value = |id: &str| figures.value(id);
    let (systems, gaps) = (value("posts.unmaintained.level-3"), value("posts.gaps"));
    (systems + gaps > 0).then(|| {
        let share = show_share(value("posts.holders.certified"), value("posts.holders"));
        match language {
            Language::Zh => format!(
                "三级及以上系统无持证维护人员 {} 个；岗位持证缺口 {} 项，持证率 {share}。",
                show_count(systems), show_count(gaps)
            ),
            Language::En => format!(
                "Systems of level 3 or above without a certified maintainer: {}; gaps in post requirements: {}; certified: {share}.",
                show_count(systems), show_count(gaps)
            ),
        }
    })
}
