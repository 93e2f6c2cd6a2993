//! Words for `sentrypost training`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use model::post::{PostKind, Role};

use super::{Format, Remind, said};

#[derive(Debug, Subcommand)]
pub enum Training {
    /// Write an empty workbook to fill in: people, posts, terms, sittings, attendance, scores, old certificates.
    Template {
        /// File to write.
        #[arg(long, short, default_value = "sentrypost-training.xlsx", value_name = "FILE")]
        output: PathBuf,
    },
    /// Read such a workbook, or a CSV file of one sheet.
    Import(TrainingImport),
    /// People, with their posts and certificates.
    People {
        /// Only this unit, by credit code or name.
        #[arg(long, value_name = "UNIT")]
        unit: Option<String>,
        #[command(flatten)]
        on: On,
        #[command(flatten)]
        list: Listed,
    },
    /// One person: posts, credits, attempts, certificates and their history. A certificate of theirs names them too, by
    /// serial, token or old number.
    Show {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        on: On,
        #[command(flatten)]
        format: Format,
    },
    /// Open a post beside whatever else somebody holds.
    Appoint(Post),
    /// Close all posts that somebody holds, and open another.
    Transfer {
        #[command(flatten)]
        post: Post,
        #[arg(long, default_value = "调动", value_name = "TEXT", value_parser = said)]
        reason: String,
    },
    /// Close all posts of somebody who leaves, after showing what gaps that opens.
    Leave {
        #[command(flatten)]
        who: Who,
        /// Last day in post.
        #[arg(long, value_name = "DAY")]
        last: NaiveDate,
        #[arg(long, default_value = "离职", value_name = "TEXT", value_parser = said)]
        reason: String,
        /// Only show the gaps.
        #[arg(long)]
        dry_run: bool,
    },
    /// Correct a person's name, phone, e-mail or unit, by which files know people and which they can't correct.
    Amend {
        #[command(flatten)]
        who: Who,
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        #[arg(long, value_name = "NUMBER")]
        phone: Option<String>,
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// Unit of the roster, by credit code or name; posts stay where they are.
        #[arg(long, value_name = "UNIT")]
        unit: Option<String>,
        #[arg(long, value_name = "TEXT", value_parser = said)]
        reason: String,
    },
    /// Correct the days of a post that were entered wrongly; the log keeps what they were.
    Redate(Redate),
    /// Erase phone, e-mail and ID number of people who have left. Names stay with what was issued and done.
    Forget {
        /// Whom; everybody who left before a day otherwise.
        #[arg(value_name = "PERSON", required_unless_present = "left_before")]
        people: Vec<String>,
        /// Whoever held the last post before this day.
        #[arg(long, value_name = "DAY", conflicts_with = "people")]
        left_before: Option<NaiveDate>,
        #[arg(long, value_name = "TEXT", value_parser = said)]
        reason: String,
        /// Only show whose.
        #[arg(long)]
        dry_run: bool,
    },
    /// Terms, and the lessons and exams in them.
    Sittings {
        /// Only this term, by its code.
        #[arg(long, value_name = "TERM")]
        term: Option<String>,
        #[command(flatten)]
        list: Listed,
    },
    /// Write the sign-in sheet of a sitting, as PDF or XLSX by the file's ending.
    SignIn {
        #[command(flatten)]
        sitting: WhichSitting,
        /// File to write.
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
    /// Write the score sheet of an exam, to be filled in and imported.
    ScoreSheet {
        #[command(flatten)]
        sitting: WhichSitting,
        /// File to write.
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
    /// Let the scores of an exam count: somebody other than who entered them.
    Release {
        #[command(flatten)]
        sitting: WhichSitting,
        /// Who releases; the login name otherwise.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Requirements and how they stood on a day, by system, unit or post.
    Coverage {
        #[command(flatten)]
        on: On,
        #[arg(long, value_enum, default_value_t = By::System)]
        by: By,
        /// Only what isn't met.
        #[arg(long)]
        gaps: bool,
        /// Only systems of this classified-protection level or higher.
        #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=5))]
        level: Option<u8>,
        #[command(flatten)]
        list: Listed,
    },
    /// Open high findings on systems without a certified maintainer, and units that let them lie.
    Exposed {
        #[command(flatten)]
        on: On,
        #[command(flatten)]
        list: Listed,
    },
    /// Who lapses within some days, or has lapsed.
    Due {
        #[command(flatten)]
        on: On,
        #[arg(long, default_value_t = 90, value_name = "N")]
        days: u16,
        #[command(flatten)]
        list: Listed,
    },
    /// Remind people of what falls due: by mail, as digests for each unit, as a calendar.
    Remind(Remind),
    /// Write the evidence sheet for the clauses on training of GB/T 22239, levels 3 and 4: plan for each post, tests, holders.
    Evidence {
        /// Only this unit, by credit code or name.
        #[arg(long, value_name = "UNIT")]
        unit: Option<String>,
        #[command(flatten)]
        on: On,
        /// File to write: PDF, or DOCX to be edited, by its ending.
        #[arg(long, short, value_name = "FILE.pdf|FILE.docx")]
        output: PathBuf,
    },
    /// Show a person's ID number; the log keeps who asked and why.
    Reveal {
        #[command(flatten)]
        who: Who,
        #[arg(long, value_name = "TEXT", value_parser = said)]
        reason: String,
    },
    /// Who changed or looked at what, newest first.
    Log {
        /// How many entries.
        #[arg(short, default_value_t = 50, value_name = "N")]
        n: u32,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Args)]
pub struct TrainingImport {
    /// Workbook, or CSV file of one sheet.
    pub file: PathBuf,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Import the rows that are right, and write the others to a workbook that can be corrected and imported.
    #[arg(long)]
    pub good_rows: bool,
    /// Where `--good-rows` writes the others.
    #[arg(long, value_name = "FILE", requires = "good_rows")]
    pub errors: Option<PathBuf>,
    /// Which sheet a CSV file is (by its name in the template); recognised by its columns otherwise.
    #[arg(long, value_name = "SHEET")]
    pub sheet: Option<String>,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct Who {
    /// A person: name, name/phone, name@unit, or the end of an id as `training people` shows it.
    #[arg(value_name = "PERSON")]
    pub person: String,
}

#[derive(Debug, Clone, Copy, Args)]
pub struct On {
    /// The day in question; today otherwise.
    #[arg(long, value_name = "DAY")]
    pub on: Option<NaiveDate>,
}

/// Whose post, and which.
#[derive(Debug, Args)]
pub struct Place {
    #[command(flatten)]
    pub who: Who,
    /// Unit, by credit code or name.
    #[arg(long, value_name = "UNIT")]
    pub unit: String,
    /// System of the unit, by its name; the unit as a whole otherwise.
    #[arg(long, value_name = "SYSTEM")]
    pub system: Option<String>,
    /// maintainer, developer, head, responsible-person or assessor.
    #[arg(long, value_name = "POST")]
    pub post: PostKind,
}

#[derive(Debug, Args)]
pub struct Post {
    #[command(flatten)]
    pub place: Place,
    /// A or B, of two who stand in for each other.
    #[arg(long, value_name = "ROLE")]
    pub role: Option<Role>,
    /// First day in post.
    #[arg(long, value_name = "DAY")]
    pub from: NaiveDate,
    /// Only show what changes, and the gaps that it opens.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct Redate {
    #[command(flatten)]
    pub place: Place,
    /// First day as it is recorded.
    #[arg(long, value_name = "DAY")]
    pub recorded: NaiveDate,
    /// First day as it should be.
    #[arg(long, value_name = "DAY")]
    pub from: NaiveDate,
    /// Last day as it should be; as it is recorded otherwise.
    #[arg(long, value_name = "DAY")]
    pub until: Option<NaiveDate>,
    /// The post hasn't ended.
    #[arg(long, conflicts_with = "until")]
    pub open: bool,
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub reason: String,
    /// Only show what changes, and the gaps that it opens.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct WhichSitting {
    /// Term and sitting by their codes, such as 2026-1/WH-1.
    #[arg(value_name = "TERM/SITTING")]
    pub sitting: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    System,
    Unit,
    Post,
}

/// How a list is written: a table, versioned JSON, or a workbook.
#[derive(Debug, Args)]
pub struct Listed {
    #[command(flatten)]
    pub format: Format,
    /// Write it to a workbook instead.
    #[arg(long, short, value_name = "FILE.xlsx")]
    pub output: Option<PathBuf>,
}
