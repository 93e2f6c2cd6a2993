//! Terms, their lessons and exams, who came, and how they scored.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use intake::cell::name_key;
use model::id::{AttemptId, SittingId, StaffId, TermId, WaiverId};
use serde::{Deserialize, Serialize};

/// A term (期), in which some topics are taught and examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    pub id: TermId,
    /// Identifies it for people and across imports, for example `2026-1`.
    pub code: String,
    pub name: String,
    pub from: NaiveDate,
    pub until: NaiveDate,
    /// Codes of topics.
    pub topics: Vec<String>,
}

/// One lesson or exam of a topic (场次).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sitting {
    pub id: SittingId,
    pub term: TermId,
    /// Identifies it within the term, for example `WH-1`.
    pub code: String,
    pub topic: String,
    pub kind: SittingKind,
    pub held_on: NaiveDate,
    pub starts_at: Option<NaiveTime>,
    pub place: Option<String>,
    /// 学时; of an exam 0.
    pub hours: u16,
    /// Who teaches.
    pub trainer: Option<String>,
    /// Who examines: nobody who taught the topic in this term.
    pub examiner: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SittingKind {
    /// 授课
    Lesson,
    /// 考试
    Exam,
}

impl SittingKind {
    pub const ALL: [SittingKind; 2] = [SittingKind::Lesson, SittingKind::Exam];

    pub fn as_str(self) -> &'static str {
        match self {
            SittingKind::Lesson => "lesson",
            SittingKind::Exam => "exam",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            SittingKind::Lesson => "授课",
            SittingKind::Exam => "考试",
        }
    }

    pub fn parse(text: &str) -> Option<SittingKind> {
        SittingKind::ALL.into_iter().find(|kind| kind.as_str() == text || kind.chinese() == text)
    }
}

/// Whether somebody came (签到).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    pub sitting: SittingId,
    pub staff: StaffId,
    pub mark: Presence,
    /// Why it was entered after the day of the sitting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_because: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// 出勤
    Present,
    /// 迟到; counts as having come.
    Late,
    /// 缺勤
    Absent,
    /// 请假; excused, and the hours are missing all the same.
    Leave,
}

impl Presence {
    pub const ALL: [Presence; 4] = [Presence::Present, Presence::Late, Presence::Absent, Presence::Leave];

    pub fn as_str(self) -> &'static str {
        match self {
            Presence::Present => "present",
            Presence::Late => "late",
            Presence::Absent => "absent",
            Presence::Leave => "leave",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            Presence::Present => "出勤",
            Presence::Late => "迟到",
            Presence::Absent => "缺勤",
            Presence::Leave => "请假",
        }
    }

    pub fn parse(text: &str) -> Option<Presence> {
        Presence::ALL.into_iter().find(|mark| mark.as_str() == text || mark.chinese() == text)
    }

    pub fn came(self) -> bool {
        matches!(self, Presence::Present | Presence::Late)
    }
}

/// 0.0 to 100.0, in tenths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Score(u16);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a score: 0 to 100 with at most one decimal")]
pub struct NotAScore;

impl Score {
    pub fn from_tenths(tenths: u16) -> Result<Score, NotAScore> {
        if tenths <= 1000 { Ok(Score(tenths)) } else { Err(NotAScore) }
    }

    pub fn tenths(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Score {
    type Error = NotAScore;
    fn try_from(tenths: u16) -> Result<Score, NotAScore> {
        Score::from_tenths(tenths)
    }
}

impl From<Score> for u16 {
    fn from(score: Score) -> u16 {
        score.0
    }
}

/// `85`, `85.5`.
impl FromStr for Score {
    type Err = NotAScore;
    fn from_str(text: &str) -> Result<Score, NotAScore> {
        let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        };
        if !is_digits(whole, 3) || !is_digits(tenth, 1) {
            return Err(NotAScore);
        }
        let number = |part: &str| part.parse::<u16>().map_err(|_| NotAScore);
        Score::from_tenths(number(whole)? * 10 + number(tenth)?)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{}", self.0 / 10),
            tenth => write!(f, "{}.{tenth}", self.0 / 10),
        }
    }
}

/// One person's result in one exam. It counts once it is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub id: AttemptId,
    pub staff: StaffId,
    pub sitting: SittingId,
    /// `None`: didn't come (缺考). It uses up an attempt.
    pub score: Option<Score>,
    pub entered_by: String,
    /// The same sheet entered once more by somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Release>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondEntry {
    pub score: Option<Score>,
    pub entered_by: String,
}

/// Somebody other than who entered it let it count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub by: String,
    pub at: DateTime<Utc>,
}

/// Why an attempt can't be released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReleased {
    #[error("{0} entered it; somebody else must release it, or enter it once more")]
    SamePerson(String),
    #[error("it was entered twice, as {first} and as {second}; correct one of them")]
    Differs { first: String, second: String },
}

impl Attempt {
    /// Whether `by` may let it count: a second pair of eyes must have looked, as a second entry or as the release.
    pub fn may_release(&self, by: &str) -> Result<(), NotReleased> {
        let shown = |score: Option<Score>| score.map_or_else(|| "缺考".to_owned(), |score| score.to_string());
        match &self.second {
            Some(second) if second.score != self.score => {
                Err(NotReleased::Differs { first: shown(self.score), second: shown(second.score) })
            }
            Some(second) if name_key(&second.entered_by) != name_key(&self.entered_by) => Ok(()),
            _ if name_key(&self.entered_by) != name_key(by) => Ok(()),
            _ => Err(NotReleased::SamePerson(self.entered_by.clone())),
        }
    }
}

/// Evidence that was accepted in place of a topic, or of all topics of a category (等效、免考).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    pub id: WaiverId,
    pub staff: StaffId,
    pub covers: Waived,
    /// What it rests on, for example `CISP`.
    pub evidence: String,
    /// Its number, and the file that shows it.
    pub number: Option<String>,
    pub file: Option<String>,
    pub approver: String,
    pub from: NaiveDate,
    pub until: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waived {
    Topic(String),
    Category(String),
}

#[cfg(test)]
mod tests {
    use model::id::CountingMint;

    use super::*;

    #[test]
    fn scores_read_back_and_nothing_beyond_a_hundred_is_one() {
        for (text, tenths) in [("0", 0), ("59.9", 599), ("60", 600), ("100", 1000), ("100.0", 1000)] {
            assert_eq!(text.parse::<Score>().map(Score::tenths), Ok(tenths), "{text}");
        }
        assert_eq!("59.9".parse::<Score>().map(|score| score.to_string()), Ok("59.9".into()));
        for wrong in ["100.1", "", ".", "-1", "60.55", "1e2", "六十", "0060", "60."] {
            assert_eq!(wrong.parse::<Score>(), Err(NotAScore), "{wrong}");
        }
    }

    #[test]
    fn a_score_counts_only_after_a_second_pair_of_eyes() {
        let mint = &mut CountingMint::default();
        let score = |text: &str| text.parse::<Score>().ok();
        let mut attempt = Attempt {
            id: AttemptId::mint(mint),
            staff: StaffId::mint(mint),
            sitting: SittingId::mint(mint),
            score: score("70"),
            entered_by: "甲".into(),
            second: None,
            released: None,
        };
        assert_eq!(attempt.may_release("甲"), Err(NotReleased::SamePerson("甲".into())));
        assert_eq!(attempt.may_release(" 甲\u{3000}"), Err(NotReleased::SamePerson("甲".into())));
        assert_eq!(attempt.may_release("乙"), Ok(()));
        attempt.second = Some(SecondEntry { score: score("70"), entered_by: "乙".into() });
        assert_eq!(attempt.may_release("甲"), Ok(()));
        attempt.second = Some(SecondEntry { score: score("70"), entered_by: "甲".into() });
        assert_eq!(attempt.may_release("甲"), Err(NotReleased::SamePerson("甲".into())));
        attempt.second = Some(SecondEntry { score: score("71"), entered_by: "乙".into() });
        assert!(matches!(attempt.may_release("丙"), Err(NotReleased::Differs { .. })));
    }
}
