//! The container of an XLSX workbook: its directory, its parts, and how they point at each other.
//!
//! It must not inflate a part that isn't needed, nor believe a declared size: that only spares us work on honest
//! files; [`super::xml`] counts what really comes out.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::Cursor;
use std::rc::Rc;

use quick_xml::events::Event;
use zip::ZipArchive;
use zip::read::ZipFile;

use super::xml::{Budget, Xml, attribute, damaged};
use super::{Allowance, Damage, ReadError, ReadLimits, strings, styles, worksheet};
use crate::sheet::{DateSystem, Workbook};

type Part<'p, 'b> = Xml<ZipFile<'p, Cursor<&'b [u8]>>>;

pub(super) fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Workbook, ReadError> {
    let mut package = Package::open(bytes, limits)?;
    let root = package.relationships("_rels/.rels", "")?;
    let workbook_path = root
        .values()
        .find(|relation| relation.kind == "officeDocument")
        .map_or_else(|| "xl/workbook.xml".to_owned(), |relation| relation.path.clone());
    let (folder, file) = workbook_path.rsplit_once('/').unwrap_or(("", &workbook_path));
    let related = package.relationships(&join(folder, &format!("_rels/{file}.rels")), folder)?;
    if !package.is_spreadsheet(&workbook_path) {
        return Err(package.not_a_workbook());
    }
    let (listed, date_system) = match package.part(&workbook_path)? {
        Some(part) => read_sheet_list(part, limits)?,
        None => return Err(damaged(&workbook_path, Damage::Missing)),
    };

    let mut allowance = Allowance::new(limits);
    let path_of = |kind: &str, default: &str| {
        let found = related.values().find(|relation| relation.kind == kind);
        found.map_or_else(|| join(folder, default), |relation| relation.path.clone())
    };
    let styles = match package.part(&path_of("styles", "styles.xml"))? {
        Some(part) => styles::read(part)?,
        None => styles::Styles::default(),
    };
    let strings = match package.part(&path_of("sharedStrings", "sharedStrings.xml"))? {
        Some(part) => strings::read(part, limits)?,
        None => Vec::new(),
    };

    let mut sheets = Vec::new();
    for entry in listed {
        let Some(relation) = related.get(&entry.relation) else {
            return Err(damaged(&workbook_path, Damage::SheetNowhere { sheet: entry.name }));
        };
        // Chart sheets and the like hold no cells.
        if relation.kind != "worksheet" {
            continue;
        }
        let Some(part) = package.part(&relation.path)? else {
            return Err(damaged(&relation.path, Damage::SheetMissing { sheet: entry.name }));
        };
        let context = worksheet::Context { strings: &strings, styles: &styles, date_system, limits };
        sheets.push(worksheet::read(part, entry.name, entry.visible, &context, &mut allowance)?);
    }
    Ok(Workbook { sheets, date_system })
}

struct Listed {
    name: String,
    relation: String,
    visible: bool,
}

fn read_sheet_list(
    mut part: Part<'_, '_>,
    limits: &ReadLimits,
) -> Result<(Vec<Listed>, DateSystem), ReadError> {
    let mut listed = Vec::new();
    let mut count = 0_usize;
    let mut date_system = DateSystem::From1900;
    loop {
        match part.next()? {
            Event::Start(element) => match element.local_name().into_inner() {
                "sheet" => {
                    count += 1;
                    if count <= limits.sheets {
                        listed.push(Listed {
                            name: attribute(&element, "name").unwrap_or_default(),
                            relation: attribute(&element, "id").unwrap_or_default(),
                            visible: attribute(&element, "state").is_none_or(|state| state == "visible"),
                        });
                    }
                }
                "workbookPr" => {
                    if let Some(flag) = attribute(&element, "date1904") {
                        let is_set = flag == "1" || flag == "true";
                        date_system = if is_set { DateSystem::From1904 } else { DateSystem::From1900 };
                    }
                }
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    if count > limits.sheets {
        return Err(ReadError::TooManySheets { sheets: count, limit: limits.sheets });
    }
    Ok((listed, date_system))
}

struct Relation {
    /// The last segment of the type, which is the same in both editions of the standard.
    kind: String,
    path: String,
}

struct Package<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
    /// Lower-case paths with forward slashes, since writers disagree on both.
    paths: HashMap<String, usize>,
    budget: Budget,
    inflated_limit: u64,
    relations_limit: usize,
}

impl<'b> Package<'b> {
    fn open(bytes: &'b [u8], limits: &ReadLimits) -> Result<Self, ReadError> {
        if has_zip64_directory(bytes) {
            // Its counts are 64 bits wide, and no workbook below our limits needs it.
            return Err(damaged("the zip directory", Damage::Zip64));
        }
        if !has_end_of_directory(bytes) {
            return Err(ReadError::CutOff);
        }
        let archive = ZipArchive::new(Cursor::new(bytes))
            .map_err(|error| damaged("the zip directory", Damage::Library(error.to_string())))?;
        if archive.len() > limits.parts {
            return Err(ReadError::TooManyParts { parts: archive.len(), limit: limits.parts });
        }
        let mut package = Package {
            archive,
            paths: HashMap::new(),
            budget: Rc::new(Cell::new(limits.inflated_bytes)),
            inflated_limit: limits.inflated_bytes,
            relations_limit: limits.parts,
        };
        package.check_directory()?;
        Ok(package)
    }

    /// Sizes as declared; an honest bomb ends here, before anything is inflated.
    fn check_directory(&mut self) -> Result<(), ReadError> {
        let mut declared = 0_u64;
        for index in 0..self.archive.len() {
            let entry = self
                .archive
                .by_index_raw(index)
                .map_err(|error| damaged("the zip directory", Damage::Library(error.to_string())))?;
            declared = declared.saturating_add(entry.size());
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            self.paths.entry(normal(&name)).or_insert(index);
        }
        if declared > self.inflated_limit {
            return Err(ReadError::InflatesTooLarge { limit: self.inflated_limit });
        }
        Ok(())
    }

    fn part(&mut self, path: &str) -> Result<Option<Part<'_, 'b>>, ReadError> {
        let Some(index) = self.paths.get(&normal(path)).copied() else { return Ok(None) };
        let file = self.archive.by_index(index).map_err(|error| match error {
            zip::result::ZipError::UnsupportedArchive(zip::result::ZipError::PASSWORD_REQUIRED) => {
                ReadError::Encrypted
            }
            other => damaged(path, Damage::Library(other.to_string())),
        })?;
        Ok(Some(Xml::new(path, file, Rc::clone(&self.budget), self.inflated_limit)))
    }

    /// Relations by id; a part without any is fine.
    fn relationships(&mut self, path: &str, folder: &str) -> Result<HashMap<String, Relation>, ReadError> {
        let limit = self.relations_limit;
        let mut relations = HashMap::new();
        let Some(mut part) = self.part(path)? else { return Ok(relations) };
        loop {
            match part.next()? {
                Event::Start(element) if element.local_name().into_inner() == "Relationship" => {
                    let kind = attribute(&element, "Type").unwrap_or_default();
                    let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                    let target = attribute(&element, "Target").unwrap_or_default();
                    let id = attribute(&element, "Id").unwrap_or_default();
                    relations.insert(id, Relation { kind, path: join(folder, &target) });
                }
                Event::Eof => return Ok(relations),
                _ => {}
            }
            if relations.len() > limit {
                return Err(part.damaged(Damage::TooManyRelations));
            }
        }
    }

    fn is_spreadsheet(&self, workbook_path: &str) -> bool {
        let path = normal(workbook_path);
        let is_other = path.starts_with("word/") || path.starts_with("ppt/");
        self.paths.contains_key(&path) && path.ends_with(".xml") && !is_other
    }

    /// Names what the archive is instead, as far as its paths tell.
    fn not_a_workbook(&self) -> ReadError {
        let has = |path: &str| self.paths.contains_key(path);
        let found = if has("xl/workbook.bin") {
            "a binary workbook (.xlsb)"
        } else if has("word/document.xml") {
            "a Word document"
        } else if has("ppt/presentation.xml") {
            "a presentation"
        } else if has("content.xml") && has("mimetype") {
            "an OpenDocument file"
        } else {
            "a zip archive"
        };
        ReadError::NotAWorkbook { found }
    }
}

/// A 64-bit directory locator stands 20 bytes before the end record (APPNOTE 4.3.15).
fn has_zip64_directory(bytes: &[u8]) -> bool {
    bytes.windows(24).any(|window| window.starts_with(b"PK\x06\x07") && window.ends_with(b"PK\x05\x06"))
}

/// The record that ends an archive (APPNOTE 4.3.16); what is downloaded in part lacks it.
fn has_end_of_directory(bytes: &[u8]) -> bool {
    bytes.windows(4).rev().any(|window| window == b"PK\x05\x06")
}

fn normal(path: &str) -> String {
    path.replace('\\', "/").trim_start_matches('/').to_ascii_lowercase()
}

/// A relation's target, absolute or relative to the folder of the part that names it.
fn join(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut segments: Vec<&str> = match target.starts_with('/') {
        true => Vec::new(),
        false => folder.split('/').filter(|segment| !segment.is_empty()).collect(),
    };
    for segment in target.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            named => segments.push(named),
        }
    }
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_targets_however_they_are_written() {
        for target in ["worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml", "../xl/worksheets\\sheet1.xml"] {
            assert_eq!(join("xl", target), "xl/worksheets/sheet1.xml");
        }
        assert_eq!(join("", "../../x.xml"), "x.xml");
    }
}
