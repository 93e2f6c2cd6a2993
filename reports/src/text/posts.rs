//! Words for posts and their certificates.

use model::post::PostKind;
use model::staffing::CoverStanding;

use super::{Term, Words, term, words};
use crate::rows::PostDue;

pub(crate) fn post_term(post: PostKind) -> Term {
    match post {
        PostKind::Maintainer => term("maintainer", "维护人员", "Maintainer"),
        PostKind::Developer => term("developer", "开发人员", "Developer"),
        PostKind::Head => term("head", "主管", "Head"),
        PostKind::ResponsiblePerson => term("responsible-person", "负责人", "Responsible person"),
        PostKind::Assessor => term("assessor", "测评人员", "Assessor"),
    }
}

pub(crate) fn standing_term(standing: CoverStanding) -> Term {
    match standing {
        CoverStanding::Met => term("met", "已满足", "Met"),
        CoverStanding::InGrace => term("in-grace", "宽限期内", "In grace"),
        CoverStanding::TooFew => term("too-few", "持证人数不足", "Too few certified"),
        CoverStanding::NoBackup => term("no-backup", "无 AB 角", "No stand-in"),
        CoverStanding::NoneCertified => term("none-certified", "无持证人员", "None certified"),
        CoverStanding::NobodyInPost => term("nobody-in-post", "无人在岗", "Nobody in post"),
    }
}

pub(crate) fn due_term(what: PostDue) -> Term {
    match what {
        PostDue::Expiry => term("expiry", "到期", "Expiry"),
        PostDue::Review => term("review", "复审", "Review"),
    }
}

/// Of a system's classified protection.
pub(crate) fn level_words(level: Option<u32>) -> Words {
    match level {
        Some(1) => words("第一级", "Level 1"),
        Some(2) => words("第二级", "Level 2"),
        Some(3) => words("第三级", "Level 3"),
        Some(4) => words("第四级", "Level 4"),
        Some(5) => words("第五级", "Level 5"),
        Some(other) => Words::of(format!("第 {other} 级"), format!("Level {other}")),
        None => words("未定级", "No level"),
    }
}
