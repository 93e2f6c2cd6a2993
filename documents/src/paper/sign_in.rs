//! The sign-in sheet of a sitting (签到表).

use chrono::NaiveDate;
use serde::Serialize;

/// 30 rows a page; the head is printed on each page, since pages get separated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignInDoc {
    /// Whose sheet it is; above the title.
    pub issuing_body: String,
    pub title: String,
    pub kind: SignInKind,
    /// Such as 2026年第2期第3次.
    pub sitting: String,
    pub topic: String,
    pub place: String,
    pub held_on: NaiveDate,
    /// Printed after the date, such as 09:00—17:30; may be empty.
    pub hours: String,
    /// Who leads it: the trainer of a lesson, the invigilator or examiner of an exam.
    pub leader: String,
    pub rows: Vec<SignInRow>,
    /// Numbered rows without a name after the last person, for those who come unannounced.
    pub spare_rows: u16,
}

/// What people sign in to: it says whose name and signature the sheet asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignInKind {
    /// 老师
    Lesson,
    /// 监考/考官
    Exam,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SignInRow {
    pub name: String,
    pub unit: String,
    pub post: String,
    pub remark: String,
}
