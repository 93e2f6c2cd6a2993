//! What an import of the register points out.

use chrono::NaiveDate;
use intake::schema::Told;
use intake::warning::RowList;

use crate::reason::RowAt;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    #[error(
        "{at}: the unit of the credit code {code} is renamed from {old} to {new}; if these are two units, the code is wrong"
    )]
    UnitRenamed { at: RowAt, code: String, old: String, new: String },
    #[error("{sheet} {rows}: {what} (the earliest on {earliest})")]
    Ended { what: Ended, sheet: String, rows: RowList, earliest: NaiveDate },
}

impl Told for Remark {
    fn zh(&self) -> String {
        match self {
            Remark::UnitRenamed { at, code, old, new } => format!(
                "{}：信用代码{code}的单位将由“{old}”改名为“{new}”；如果这是两个单位，则信用代码有误",
                at.zh()
            ),
            Remark::Ended { what, sheet, rows, earliest } => {
                format!("“{sheet}”表{}：{}（最早于{earliest}到期）", rows.zh(), what.zh())
            }
        }
    }
}

/// What has no effect any more, since its last day is past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Ended {
    #[error("the authorisation ended before today, so that the asset is not probed")]
    Authorisation,
    #[error("the exclusion ended before today, so that it protects nothing")]
    Exclusion,
    #[error("the declaration ended before today, so that the service counts as undeclared")]
    Service,
}

impl Ended {
    fn zh(self) -> &'static str {
        match self {
            Ended::Authorisation => "授权已到期，资产不会被扫描",
            Ended::Exclusion => "排除已到期，不起保护作用",
            Ended::Service => "备案已到期，服务按未备案处理",
        }
    }
}
