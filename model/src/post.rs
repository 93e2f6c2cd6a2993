//! Posts (岗位): what a person does for a unit or one of its systems.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a post is, after the city's notice on post certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PostKind {
    /// 维护人员
    Maintainer,
    /// 开发人员
    Developer,
    /// 主管
    Head,
    /// 负责人
    ResponsiblePerson,
    /// 测评人员, the centre's own
    Assessor,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a post: maintainer, developer, head, responsible-person or assessor")]
pub struct NotAPost(pub String);

impl PostKind {
    pub const ALL: [PostKind; 5] = [
        PostKind::Maintainer,
        PostKind::Developer,
        PostKind::Head,
        PostKind::ResponsiblePerson,
        PostKind::Assessor,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            PostKind::Maintainer => "maintainer",
            PostKind::Developer => "developer",
            PostKind::Head => "head",
            PostKind::ResponsiblePerson => "responsible-person",
            PostKind::Assessor => "assessor",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            PostKind::Maintainer => "维护人员",
            PostKind::Developer => "开发人员",
            PostKind::Head => "主管",
            PostKind::ResponsiblePerson => "负责人",
            PostKind::Assessor => "测评人员",
        }
    }
}

impl fmt::Display for PostKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PostKind {
    type Err = NotAPost;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = PostKind::ALL.into_iter().find(|kind| kind.as_str() == text || kind.chinese() == text);
        found.ok_or_else(|| NotAPost(text.to_owned()))
    }
}

/// Who of two stands in for whom (A/B 角).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    A,
    B,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Role::A => "A",
            Role::B => "B",
        }
    }
}

impl FromStr for Role {
    type Err = NotARole;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim_end_matches('角').trim() {
            "A" | "a" => Ok(Role::A),
            "B" | "b" => Ok(Role::B),
            _ => Err(NotARole(text.to_owned())),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a role: A or B")]
pub struct NotARole(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_and_roles_read_back_in_both_languages() {
        for kind in PostKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(kind.chinese().parse(), Ok(kind));
        }
        assert_eq!("B角".parse(), Ok(Role::B));
        assert!("维护".parse::<PostKind>().is_err() && "C".parse::<Role>().is_err());
    }
}
