//! Why a row of a training sheet can't be imported, in English (`Display`) and Chinese, as far as only the training
//! records say so.
//!
//! None of them holds an ID number.

use chrono::NaiveDate;
pub use intake::reason::RowAt;
use intake::schema::Told;
use model::credit_code::CreditCodeError;

use crate::id_number::IdNumberError;

pub type Reason = intake::reason::Reason<Own>;

impl From<Own> for Reason {
    fn from(own: Own) -> Reason {
        Reason::Own(own)
    }
}

/// An entry elsewhere: in the file, or registered already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    Row(RowAt),
    /// What it is called.
    Registered(String),
}

impl std::fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Elsewhere::Row(row) => row.fmt(f),
            Elsewhere::Registered(name) => write!(f, "the registered entry {name}"),
        }
    }
}

impl Elsewhere {
    pub fn zh(&self) -> String {
        match self {
            Elsewhere::Row(row) => row.zh(),
            Elsewhere::Registered(name) => format!("已登记的“{name}”"),
        }
    }
}

/// What only the training records can say of a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Own {
    // One cell.
    #[error("{0}")]
    IdNumber(IdNumberError),
    #[error("ID numbers are not kept here: empty the column, or set up the key for them")]
    IdNumbersNotKept,
    #[error("not an employment: 在编, 聘用 or 外包")]
    Employment,
    #[error("not a post: 维护人员, 开发人员, 主管, 负责人 or 测评人员")]
    Post,
    #[error("not a role: A or B")]
    Role,
    #[error("not hours: a whole number from 0 to 99")]
    Hours,
    #[error("not a kind of sitting: 授课 or 考试")]
    SittingKind,
    #[error("not an attendance: 出勤, 迟到, 缺勤 or 请假")]
    Presence,
    #[error("not a score: 0 to 100 with at most one decimal, or 缺考")]
    Score,
    #[error("not a time; write it as 09:00")]
    Time,
    #[error("there is no such topic; there are: {}", .known.join(", "))]
    UnknownTopic { known: Vec<String> },
    #[error("there is no such category; there are: {}", .known.join(", "))]
    UnknownCategory { known: Vec<String> },

    // Cells of one row together.
    #[error("a lesson needs who teaches it")]
    NoTrainer,
    #[error("an exam needs who examines")]
    NoExaminer,
    #[error("either a category or a topic, one of the two")]
    CategoryOrTopic,
    #[error("the exam isn't told: give its code under 场次, or its term, topic and date")]
    NoSitting,

    // Units, systems and people.
    #[error("{0}")]
    CreditCode(CreditCodeError),
    #[error("no such unit in the register")]
    UnknownUnit,
    #[error("several units have this name: {}; write the credit code", .codes.join(", "))]
    AmbiguousUnit { codes: Vec<String> },
    #[error("the credit code is that of {registered}; correct the name or the code")]
    UnitNameDiffers { registered: String },
    #[error("no such system of this unit in the register")]
    UnknownSystem,
    #[error("no such person, neither in the file nor in the records")]
    UnknownPerson,
    #[error(
        "the only person of this name is of another unit; if that one is meant, write name/phone, or name@unit with that unit"
    )]
    PersonElsewhere,
    #[error("several people have this name; write one of: {}", .choices.join(", "))]
    AmbiguousPerson { choices: Vec<String> },
    #[error("{0} is of the same name and can't be told apart from this one; give a phone or an ID number")]
    Namesake(Elsewhere),
    #[error(
        "{0} has the same name and phone and another ID number: one person has two, or a number is mistyped"
    )]
    TwoIdNumbers(Elsewhere),
    #[error("{0} has this name and phone, and {1} this ID number: one person is there twice")]
    TwoPeople(Elsewhere, Elsewhere),
    #[error(
        "the same person holds the same post in {other} at the same time ({days}); change the days of one of them"
    )]
    OverlappingPosts { other: Elsewhere, days: String },

    // Terms, sittings, results.
    #[error("no such term, neither in the file nor in the records")]
    UnknownTerm,
    #[error("the term doesn't have this topic; it has: {}", .topics.join(", "))]
    TopicNotInTerm { topics: Vec<String> },
    #[error("no such sitting, neither in the file nor in the records")]
    UnknownSitting,
    #[error("several sittings fit: {}; write one of them", .choices.join(", "))]
    AmbiguousSitting { choices: Vec<String> },
    #[error("it is a lesson, and only exams have scores")]
    NotAnExam,
    #[error("{0} teaches this topic in this term and can't examine in it")]
    ExaminerTeaches(String),
    #[error("scores are in already, so that its term, topic and kind stay as they are")]
    HasScores,
    #[error("it is held only on {0}")]
    NotHeldYet(NaiveDate),
    #[error("scores are in already, so that it can't be held as late as {0}")]
    ScoredBeforeHeld(NaiveDate),
    #[error("it was entered as {was} before; whoever changes it afterwards must say why (补录原因)")]
    NoLateReason { was: &'static str },
    #[error("the score was released as {was} by {by}; it isn't changed by an import")]
    Released { was: String, by: String },
    #[error("it was entered twice already, by {first} and by {second}")]
    EnteredTwice { first: String, second: String },

    // Certificates.
    #[error("issued on {0}, which is after today")]
    IssuedInFuture(NaiveDate),
    #[error(
        "a certificate of this category that was issued later, on {0}, is registered already; an older one can only be entered before it, or in the same file"
    )]
    LaterOneExists(NaiveDate),
    #[error(
        "the certificate is registered otherwise, and none is ever rewritten; if what is registered is wrong, cancel it"
    )]
    NotRewritten,
    #[error("the certificate is registered for {0}")]
    OtherHolder(String),
}

impl Told for Own {
    fn zh(&self) -> String {
        match self {
            Own::IdNumber(fault) => fault.zh(),
            Own::IdNumbersNotKept => "未启用身份证号登记：请清空此列，或先设置其密钥".into(),
            Own::Employment => "用工性质应为在编、聘用或外包".into(),
            Own::Post => "岗位应为维护人员、开发人员、主管、负责人或测评人员".into(),
            Own::Role => "A/B角应为 A 或 B".into(),
            Own::Hours => "学时应为 0 至 99 的整数".into(),
            Own::SittingKind => "类型应为授课或考试".into(),
            Own::Presence => "出勤应为出勤、迟到、缺勤或请假".into(),
            Own::Score => "成绩应为 0 至 100，最多一位小数，或“缺考”".into(),
            Own::Time => "时间应写成 09:00".into(),
            Own::UnknownTopic { known } => format!("没有这个科目，现有：{}", known.join("、")),
            Own::UnknownCategory { known } => format!("没有这个证书类别，现有：{}", known.join("、")),
            Own::NoTrainer => "授课必须填写授课人".into(),
            Own::NoExaminer => "考试必须填写考官".into(),
            Own::CategoryOrTopic => "“证书类别”和“科目”应填且只填一个".into(),
            Own::NoSitting => "没有指明考试：请填写场次代码，或填写期次、科目和日期".into(),
            Own::CreditCode(CreditCodeError::Length(n)) => format!("信用代码应为18位，现为{n}位"),
            Own::CreditCode(CreditCodeError::Symbol(c)) => format!("“{c}”不能用于信用代码"),
            Own::CreditCode(CreditCodeError::CheckSymbol { expected, found }) => {
                format!("信用代码校验码不符：末位应为{expected}，现为{found}")
            }
            Own::UnknownUnit => "登记表中没有这个单位".into(),
            Own::AmbiguousUnit { codes } => format!("有多个单位同名（{}），请写信用代码", codes.join("、")),
            Own::UnitNameDiffers { registered } => {
                format!("信用代码属于“{registered}”，与此名称不符，请核对名称或信用代码")
            }
            Own::UnknownSystem => "登记表中没有该单位的这个系统".into(),
            Own::UnknownPerson => "文件和培训记录中都没有这个人".into(),
            Own::PersonElsewhere => {
                "该姓名的人员属于其他单位；如确为此人，请写“姓名/电话”或“姓名@所属单位”".into()
            }
            Own::AmbiguousPerson { choices } => format!("有同名人员，请写下列之一：{}", choices.join("、")),
            Own::Namesake(other) => format!("与{}同名且无法区分，请填写电话或身份证号", other.zh()),
            Own::TwoIdNumbers(other) => {
                format!(
                    "{}的姓名和电话与此相同，身份证号却不同：同一人有两个身份证号，或有一个录错",
                    other.zh()
                )
            }
            Own::TwoPeople(by_phone, by_number) => {
                format!(
                    "姓名和电话与{}相同，身份证号与{}相同：同一人登记了两次",
                    by_phone.zh(),
                    by_number.zh()
                )
            }
            Own::OverlappingPosts { other, days } => {
                format!("与{}是同一人的同一岗位，任职时间重叠（{days}），请更正其中一条的日期", other.zh())
            }
            Own::UnknownTerm => "文件和培训记录中都没有这个期次".into(),
            Own::TopicNotInTerm { topics } => format!("本期没有这个科目，现有：{}", topics.join("、")),
            Own::UnknownSitting => "文件和培训记录中都没有这个场次".into(),
            Own::AmbiguousSitting { choices } => {
                format!("有多个场次符合，请写下列之一：{}", choices.join("、"))
            }
            Own::NotAnExam => "这是授课，只有考试才有成绩".into(),
            Own::ExaminerTeaches(name) => format!("{name}在本期讲授该科目，不能担任考官"),
            Own::HasScores => "已有成绩，不能再改期次、科目和类型".into(),
            Own::NotHeldYet(day) => format!("{day}才举办"),
            Own::ScoredBeforeHeld(day) => format!("已录入成绩，不能改到{day}"),
            Own::NoLateReason { was } => format!("此前登记为“{was}”，事后更改必须填写补录原因"),
            Own::Released { was, by } => format!("成绩已由{by}按{was}审核发布，导入不能更改"),
            Own::EnteredTwice { first, second } => format!("已由{first}和{second}录过两遍"),
            Own::IssuedInFuture(day) => format!("发证日期{day}晚于今天"),
            Own::LaterOneExists(day) => {
                format!("已登记了该类别{day}签发的证书；更早的证书只能在其之前或在同一文件中录入")
            }
            Own::NotRewritten => "与已登记的证书不同，证书一经登记不能改写；如登记有误，请先注销".into(),
            Own::OtherHolder(name) => format!("该证书已登记为“{name}”持有"),
        }
    }
}
