//! Digests of each unit and calendars, as files. They are made anew each time, and a file is there whole or not at all.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, Utc};
use documents::docx;
use documents::ical::{CalendarDoc, EventDoc, write_calendar as calendar_text};
use documents::paper::{ContactLine, DigestDoc, LapseRow, OpeningRow};
use documents::pdf::{FontSet, reminder_digest};
use documents::write::{CellDoc, ColumnDoc, ColumnKind, SheetDoc, WorkbookDoc, write_workbook};
use model::id::SystemId;
use model::interval::china;
use model::register::ProtectionLevel;
use serde::Serialize;
use training::records::Book;
use training::reminders::{Asked, DigestOpening, DigestRow, Item, Opening, UnitDigest, digests, upcoming};

use crate::exit::{Exit, Failure, OrExit};
use crate::files::replace_file;

/// Files that were written, and those that couldn't be made.
#[derive(Debug, Default, Serialize)]
pub struct Written {
    pub files: Vec<PathBuf>,
    pub faults: Vec<NotMade>,
}

#[derive(Debug, Serialize)]
pub struct NotMade {
    pub file: PathBuf,
    pub error: String,
}

/// Days that a calendar looks ahead.
const A_YEAR: u16 = 366;

/// What the files are made from.
#[derive(Clone, Copy)]
pub struct Basis<'a> {
    pub book: &'a Book<'a>,
    pub asked: Asked<'a>,
    /// Systems of which something answers.
    pub exposed: &'a HashSet<SystemId>,
    pub now: DateTime<Utc>,
}

/// A workbook, a letter (PDF, and DOCX to be edited) and a calendar for each unit. A letter that can't be made is told,
/// and the others are made.
pub fn write_digests(folder: &Path, fonts: &Path, basis: Basis<'_>) -> Result<Written, Failure> {
    let Basis { book, asked, exposed, now } = basis;
    std::fs::create_dir_all(folder)
        .or_exit_while(Exit::Environment, format!("can't make {}", folder.display()))?;
    let fonts = FontSet::load(&[fonts.to_owned()]).map_err(|error| told(&error));
    let ahead = upcoming(book, asked, A_YEAR);
    let mut written = Written::default();
    for digest in digests(book, asked, exposed) {
        let file = |ending: &str| folder.join(file_name(&digest, ending));
        let workbook = write_workbook(&workbook(&digest, now.with_timezone(&china()).naive_local()));
        let doing = || format!("can't make {}", file("xlsx").display());
        written.put(file("xlsx"), &workbook.or_exit_while(Exit::Internal, doing())?)?;
        let letter = letter(&digest, asked);
        let set = |fonts: &FontSet| reminder_digest(&letter, fonts).map_err(|error| told(&error));
        let pdf = fonts.as_ref().map_err(Clone::clone).and_then(set);
        written.put_made(file("pdf"), pdf.map(|pdf| pdf.bytes))?;
        written.put_made(file("docx"), docx::reminder_digest(&letter).map_err(|error| told(&error)))?;
        let own: Vec<&Item> = ahead.iter().filter(|item| item.unit == digest.unit).collect();
        let calendar = calendar(&format!("上岗证 {}", digest.name), &own, asked, now);
        written.put(file("ics"), calendar_text(&calendar).as_bytes())?;
    }
    Ok(written)
}

/// Everything that falls due within a year, of all units.
pub fn write_calendar(path: &Path, basis: Basis<'_>) -> Result<(), Failure> {
    let Basis { book, asked, now, .. } = basis;
    let mut items = upcoming(book, asked, A_YEAR);
    // Of somebody with posts in two units there is one certificate, and so one event.
    let mut known = HashSet::new();
    items.retain(|item| known.insert(uid(item)));
    let calendar = calendar("上岗证到期与复审", &items.iter().collect::<Vec<_>>(), asked, now);
    replace_file(path, calendar_text(&calendar).as_bytes())
}

impl Written {
    fn put_made(&mut self, path: PathBuf, made: Result<Vec<u8>, String>) -> Result<(), Failure> {
        match made {
            Ok(bytes) => self.put(path, &bytes),
            Err(error) => {
                self.faults.push(NotMade { file: path, error });
                Ok(())
            }
        }
    }

    fn put(&mut self, path: PathBuf, bytes: &[u8]) -> Result<(), Failure> {
        replace_file(&path, bytes)?;
        self.files.push(path);
        Ok(())
    }
}

fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// `11440100MB00000017-示例局-2026-11-23.xlsx`
fn file_name(digest: &UnitDigest, ending: &str) -> String {
    let name = digest.name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' });
    let name: String = name.take(40).collect();
    format!("{}-{name}-{}.{ending}", digest.code, digest.as_of)
}

fn posts(row: &DigestRow) -> String {
    row.posts.iter().map(|post| post.chinese()).collect::<Vec<_>>().join("、")
}

fn workbook(digest: &UnitDigest, created_at: NaiveDateTime) -> WorkbookDoc {
    let columns = vec![
        ColumnDoc::new("姓名", 12, ColumnKind::Text),
        ColumnDoc::new("岗位", 16, ColumnKind::Text),
        ColumnDoc::new("信息系统", 24, ColumnKind::Text),
        ColumnDoc::new("证书类别", 24, ColumnKind::Text),
        ColumnDoc::new("证书编号", 26, ColumnKind::Text),
        ColumnDoc::new("事项", 8, ColumnKind::Text),
        ColumnDoc::new("日期", 14, ColumnKind::Date),
        ColumnDoc::new("剩余天数", 10, ColumnKind::Integer),
        ColumnDoc::new("证书状态", 12, ColumnKind::Text),
        ColumnDoc::new("邮件可达", 28, ColumnKind::Text),
    ];
    let row = |row: &DigestRow| {
        let Item { holder, category, serial, what, on, days_left, .. } = &row.item;
        let told: Vec<&str> = row.told.iter().map(|one| one.chinese()).collect();
        vec![
            CellDoc::text(holder),
            CellDoc::text(posts(row)),
            CellDoc::text(row.systems.join("、")),
            CellDoc::text(category),
            CellDoc::text(serial),
            CellDoc::text(what.chinese()),
            CellDoc::Date(*on),
            CellDoc::Integer(*days_left),
            CellDoc::text(row.standing.chinese()),
            CellDoc::text(told.join("、")),
        ]
    };
    let mut sheet = SheetDoc::table("上岗证提醒", columns, digest.rows.iter().map(row).collect());
    sheet.title = Some(title(digest));
    let mut sheets = vec![sheet];
    if !digest.openings.is_empty() {
        sheets.push(openings(digest));
    }
    WorkbookDoc {
        title: title(digest),
        creator: concat!("sentrypost ", env!("CARGO_PKG_VERSION")).to_owned(),
        created_at,
        sheets,
    }
}

fn openings(digest: &UnitDigest) -> SheetDoc {
    let columns = vec![
        ColumnDoc::new("信息系统", 24, ColumnKind::Text),
        ColumnDoc::new("级别", 8, ColumnKind::Text),
        ColumnDoc::new("要求", 34, ColumnKind::Text),
        ColumnDoc::new("缺口起始日", 14, ColumnKind::Date),
        ColumnDoc::new("说明", 48, ColumnKind::LongText),
    ];
    let row = |one: &DigestOpening| {
        let OpeningRow { system, level, requirement, opens_on, remark } = opening(one);
        let texts = [system, level, requirement].map(CellDoc::Text);
        texts.into_iter().chain([CellDoc::Date(opens_on), CellDoc::Text(remark)]).collect()
    };
    let mut sheet = SheetDoc::table("岗位缺口", columns, digest.openings.iter().map(row).collect());
    sheet.title = Some(format!("{}证书到期后的岗位缺口", digest.name));
    sheet
}

fn opening(one: &DigestOpening) -> OpeningRow {
    let Opening { system, opens_on, standing, n_left, .. } = &one.opening;
    let of_unit = || "（本单位）".to_owned();
    OpeningRow {
        system: system.map_or_else(of_unit, |_| one.system_name.clone()),
        level: one.level.map(level).unwrap_or_default().to_owned(),
        requirement: one.asks.clone(),
        opens_on: *opens_on,
        remark: match n_left {
            0 => format!("{}证书失效，{}", one.holders.join("、"), standing.chinese()),
            n => format!("{}证书失效，余 {n} 名持证，{}", one.holders.join("、"), standing.chinese()),
        },
    }
}

fn level(level: ProtectionLevel) -> &'static str {
    match u8::from(level) {
        1 => "一级",
        2 => "二级",
        3 => "三级",
        4 => "四级",
        _ => "五级",
    }
}

fn title(digest: &UnitDigest) -> String {
    format!("{}上岗证到期、复审提醒（截至 {}）", digest.name, digest.as_of)
}

fn letter(digest: &UnitDigest, asked: Asked<'_>) -> DigestDoc {
    let issuer = &asked.scheme.issuer;
    let lapse = |row: &DigestRow| LapseRow {
        holder: row.item.holder.clone(),
        post: posts(row),
        system: row.systems.join("、"),
        category: format!("{}（{}）", row.item.category, row.item.what.chinese()),
        serial: row.item.serial.clone(),
        lapses_on: row.item.on,
        days_left: row.item.days_left,
        state: row.standing.chinese().to_owned(),
    };
    DigestDoc {
        issuing_body: issuer.clone(),
        title: "关于上岗证到期与复审的提醒".to_owned(),
        number: String::new(),
        unit: digest.name.clone(),
        as_of: digest.as_of,
        dated_on: digest.as_of,
        paragraphs: Vec::new(),
        lapses: digest.rows.iter().map(lapse).collect(),
        openings: digest.openings.iter().map(opening).collect(),
        requests: vec![
            "请通知上列人员在到期日之前办理换证，在复审日之前办理复审。".to_owned(),
            "证书过期或复审逾期的人员，在办理之前不得上岗。".to_owned(),
        ],
        contact: ContactLine { office: issuer.clone(), ..ContactLine::default() },
    }
}

fn uid(item: &Item) -> String {
    format!("{}.{}.{}@sentrypost", item.serial, item.period, item.what.as_str())
}

fn calendar(name: &str, items: &[&Item], asked: Asked<'_>, now: DateTime<Utc>) -> CalendarDoc {
    let event = |item: &&Item| EventDoc {
        uid: uid(item),
        on: item.on,
        summary: format!("{} 上岗证{}", item.holder, item.what.chinese()),
        description: format!("{}\n{}\n编号：{}", item.unit_name, item.category, item.serial),
        alarms: asked.scheme.reminders.days_before.clone(),
    };
    CalendarDoc { name: name.to_owned(), made_at: now, events: items.iter().map(event).collect() }
}

#[cfg(test)]
mod tests {
    use model::id::{CountingMint, UnitId};

    use super::*;

    #[test]
    fn a_units_name_leads_out_of_no_folder() {
        let digest = UnitDigest {
            unit: UnitId::mint(&mut CountingMint::default()),
            code: "11440100MB00000017".into(),
            name: "../示例/局 (甲)".into(),
            as_of: "2026-11-23".parse().expect("a day"),
            rows: vec![],
            openings: vec![],
        };
        assert_eq!(file_name(&digest, "pdf"), "11440100MB00000017-___示例_局__甲_-2026-11-23.pdf");
    }
}
