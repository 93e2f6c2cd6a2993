//! What an import of the training records points out.

use chrono::NaiveDate;
use intake::schema::Told;
use intake::warning::RowList;

use super::reason::RowAt;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    #[error(
        "{at}: the person of this ID number is renamed from {old} to {new}; if these are two people, the number is wrong"
    )]
    Renamed { at: RowAt, old: String, new: String },
    #[error(
        "{sheet} {rows}: new people of a name that is registered in the same unit with another phone; if it is the same person, correct the phone with `training amend` instead"
    )]
    NewNamesakes { sheet: String, rows: RowList },
    #[error(
        "{sheet} {rows}: no post is registered for these people, so that they count nowhere as certified; enter it under 岗位"
    )]
    WithoutPost { sheet: String, rows: RowList },
    #[error(
        "{sheet} {rows}: ID numbers that end in 000, as those do that a spreadsheet has rounded; their check digits fit, so look at the papers"
    )]
    MaybeRounded { sheet: String, rows: RowList },
    #[error(
        "{at}: {person} still holds {post} in {unit} since {since}; after a transfer give that post its last day (截止日期)"
    )]
    StillHolds { at: RowAt, person: String, unit: String, post: &'static str, since: NaiveDate },
    #[error("{sheet} {rows}: these people too still hold a post in another unit")]
    StillHoldToo { sheet: String, rows: RowList },
    #[error("{at}: {code} moves from {old} to {new}, though {n} scores are in")]
    Moved { at: RowAt, code: String, old: NaiveDate, new: NaiveDate, n: usize },
    #[error("{sheet} {rows}: outside the days of the term")]
    OutsideTerm { sheet: String, rows: RowList },
    #[error("{sheet} {rows}: entered after the day, and no reason given")]
    LateWithoutReason { sheet: String, rows: RowList },
    #[error(
        "{sheet} {rows}: a score of somebody who was absent by the sign-in sheet; one of the two is wrong"
    )]
    AbsentAndScored { sheet: String, rows: RowList },
    #[error(
        "{sheet} {rows}: certificates were issued to these people after the sitting, and may rest on what changes: {}",
        .serials.join(", ")
    )]
    CertificatesRestOnIt { sheet: String, rows: RowList, serials: Vec<String> },
    #[error(
        "{sheet} {rows}: they ended before today, so that they count for nothing any more (the earliest on {earliest})"
    )]
    Ended { sheet: String, rows: RowList, earliest: NaiveDate },
}

impl Told for Remark {
    fn zh(&self) -> String {
        match self {
            Remark::Renamed { at, old, new } => format!(
                "{}：该身份证号的人员将由“{old}”改名为“{new}”；如果这是两个人，则身份证号有误",
                at.zh()
            ),
            Remark::NewNamesakes { sheet, rows } => format!(
                "“{sheet}”表{}：新增人员与同单位已登记人员同名而电话不同；如果是同一个人，请改用 training amend 更正电话",
                rows.zh()
            ),
            Remark::MaybeRounded { sheet, rows } => format!(
                "“{sheet}”表{}：身份证号末三位为000，可能被电子表格改动过；校验位相符，请与证件核对",
                rows.zh()
            ),
            Remark::WithoutPost { sheet, rows } => format!(
                "“{sheet}”表{}：没有登记岗位，其证书不计入任何单位的持证情况，请在“岗位”表中填写",
                rows.zh()
            ),
            Remark::StillHolds { at, person, unit, post, since } => format!(
                "{}：{person}自{since}起仍任“{unit}”的{post}；如属调动，请为该岗位填写截止日期",
                at.zh()
            ),
            Remark::StillHoldToo { sheet, rows } => {
                format!("“{sheet}”表{}：这些人员也仍在其他单位任职", rows.zh())
            }
            Remark::Moved { at, code, old, new, n } => {
                format!("{}：场次{code}由{old}改为{new}，而已有{n}条成绩", at.zh())
            }
            Remark::OutsideTerm { sheet, rows } => {
                format!("“{sheet}”表{}：日期不在本期起止日期之内", rows.zh())
            }
            Remark::LateWithoutReason { sheet, rows } => {
                format!("“{sheet}”表{}：事后补录而未填写补录原因", rows.zh())
            }
            Remark::AbsentAndScored { sheet, rows } => {
                format!("“{sheet}”表{}：签到为缺勤或请假，却有成绩，两者必有一误", rows.zh())
            }
            Remark::CertificatesRestOnIt { sheet, rows, serials } => format!(
                "“{sheet}”表{}：这些人员在该场次之后已发证，更改可能影响其依据：{}",
                rows.zh(),
                serials.join("、")
            ),
            Remark::Ended { sheet, rows, earliest } => {
                format!("“{sheet}”表{}：今天之前已到期，不再起作用（最早于{earliest}到期）", rows.zh())
            }
        }
    }
}
