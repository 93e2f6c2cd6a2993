//! The remarks, in English (`Display`) and Chinese.

use std::fmt;

use chrono::NaiveDate;
use model::id::UnitId;

/// How much it matters; errors sort first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    Error,
    Warning,
}

impl Weight {
    pub fn as_str(self) -> &'static str {
        match self {
            Weight::Error => "error",
            Weight::Warning => "warning",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            Weight::Error => "错误",
            Weight::Warning => "提醒",
        }
    }
}

/// One thing to look after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    pub weight: Weight,
    pub unit: UnitId,
    pub unit_name: String,
    /// The target, name or code that it is about.
    pub object: String,
    pub kind: RemarkKind,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.unit_name, self.object, self.kind)
    }
}

impl Remark {
    pub fn zh(&self) -> String {
        format!("{}：{}：{}", self.unit_name, self.object, self.kind.zh())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    InCharge,
    Operator,
    User,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Role::InCharge => "in charge",
            Role::Operator => "operator",
            Role::User => "user",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            Role::InCharge => "主管责任人",
            Role::Operator => "运营责任人",
            Role::User => "使用责任人",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemarkKind {
    #[error("overlaps {other_target} of {other_unit}")]
    Overlap { other_unit: String, other_target: String },
    #[error("the authorisation ended on {until}; the asset is not probed")]
    AuthorisationEnded { until: NaiveDate },
    #[error("the authorisation ends on {until}")]
    AuthorisationEnds { until: NaiveDate },
    #[error("no authorisation; the asset is not probed")]
    NotAuthorised,
    #[error("nobody answers for it as {}", roles(.missing, Role::as_str, ", "))]
    NobodyAnswers { missing: Vec<Role> },
    #[error("the system has no classified-protection level")]
    NoLevel,
    #[error("the unit owns no asset today")]
    NoAssets,
    #[error("the region code was abolished on {until}{}", .successor.as_ref().map(|code| format!("; {code} took over")).unwrap_or_default())]
    RegionAbolished { until: NaiveDate, successor: Option<String> },
    #[error("several people of the unit have this name")]
    Namesakes,
    #[error("the declaration ended on {until}")]
    ServiceEnded { until: NaiveDate },
    #[error("the declaration ends on {until}")]
    ServiceEnds { until: NaiveDate },
    #[error("the exclusion ended on {until}; the target is probed again")]
    ExclusionEnded { until: NaiveDate },
    #[error("the exclusion ends on {until}; the target is probed from then on")]
    ExclusionEnds { until: NaiveDate },
    #[error("the exclusion lies outside the assets of the unit")]
    ExclusionOutsideAssets,
    #[error("the exclusion names a host and protects no address; exclude the host's addresses")]
    ExclusionOfHost,
    #[error("the scan window is of a host name and holds no address back; give it to the host's addresses")]
    WindowOfHost,
}

fn roles(roles: &[Role], name: fn(Role) -> &'static str, separator: &str) -> String {
    roles.iter().map(|role| name(*role)).collect::<Vec<_>>().join(separator)
}

impl RemarkKind {
    /// Errors make a scan or a report wrong or impossible now; warnings will, or leave a gap.
    pub fn weight(&self) -> Weight {
        match self {
            RemarkKind::Overlap { .. }
            | RemarkKind::AuthorisationEnded { .. }
            | RemarkKind::NobodyAnswers { .. }
            | RemarkKind::RegionAbolished { .. }
            | RemarkKind::ExclusionOfHost
            | RemarkKind::WindowOfHost => Weight::Error,
            RemarkKind::AuthorisationEnds { .. }
            | RemarkKind::NotAuthorised
            | RemarkKind::NoLevel
            | RemarkKind::NoAssets
            | RemarkKind::Namesakes
            | RemarkKind::ServiceEnded { .. }
            | RemarkKind::ServiceEnds { .. }
            | RemarkKind::ExclusionEnded { .. }
            | RemarkKind::ExclusionEnds { .. }
            | RemarkKind::ExclusionOutsideAssets => Weight::Warning,
        }
    }

    pub fn zh(&self) -> String {
        match self {
            RemarkKind::Overlap { other_unit, other_target } => {
                format!("与“{other_unit}”的 {other_target} 重叠")
            }
            RemarkKind::AuthorisationEnded { until } => format!("授权已于{until}到期，不再扫描"),
            RemarkKind::AuthorisationEnds { until } => format!("授权将于{until}到期"),
            RemarkKind::NotAuthorised => "没有授权，不会扫描".into(),
            RemarkKind::NobodyAnswers { missing } => {
                format!("缺少{}", roles(missing, Role::chinese, "、"))
            }
            RemarkKind::NoLevel => "系统未定等保级别".into(),
            RemarkKind::NoAssets => "单位目前没有资产".into(),
            RemarkKind::RegionAbolished { until, successor } => {
                let successor = successor.as_ref().map(|code| format!("，现为{code}")).unwrap_or_default();
                format!("区划代码已于{until}撤销{successor}")
            }
            RemarkKind::Namesakes => "单位内有同名人员".into(),
            RemarkKind::ServiceEnded { until } => format!("备案已于{until}到期"),
            RemarkKind::ServiceEnds { until } => format!("备案将于{until}到期"),
            RemarkKind::ExclusionEnded { until } => format!("排除已于{until}到期，恢复扫描"),
            RemarkKind::ExclusionEnds { until } => format!("排除将于{until}到期，之后恢复扫描"),
            RemarkKind::ExclusionOutsideAssets => "排除目标不在本单位资产范围内".into(),
            RemarkKind::WindowOfHost => "扫描时段填在域名上，不能约束任何地址，请填在其地址上".into(),
            RemarkKind::ExclusionOfHost => "排除的是域名，不能保护任何地址，请改为排除其地址".into(),
        }
    }
}
