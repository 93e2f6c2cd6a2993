//! A page for each server, and an index: self-contained, styles and drawings inline, no script, nothing fetched. Text
//! is escaped by the templates; what strangers wrote was cleaned by the view. It must not judge anything.

use std::io::Write;
use std::path::{Path, PathBuf};

use askama::Template;
use reports::text::Language;

use super::view::View;
use super::words::pick;

const STYLE: &str = include_str!("../../templates/tls.css");

#[derive(Template)]
#[template(path = "tls.html")]
struct Page<'v> {
    view: &'v View,
    language: Language,
    style: &'static str,
    report_style: &'static str,
    judged_at: &'v str,
    software: &'static str,
}

#[derive(Template)]
#[template(path = "tls-index.html")]
struct Index<'v> {
    entries: &'v [Entry],
    not_asked: &'v [String],
    language: Language,
    style: &'static str,
    report_style: &'static str,
    judged_at: &'v str,
    software: &'static str,
}

struct Entry {
    file: String,
    title: String,
    address: String,
    outcome: String,
    grade: String,
    grade_class: &'static str,
    versions: String,
    counts: Vec<(&'static str, &'static str, usize)>,
    left: String,
}

impl Page<'_> {
    fn t<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        pick(self.language, zh, en)
    }
}

impl Index<'_> {
    fn t<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        pick(self.language, zh, en)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    #[error("{0} is there already; --overwrite writes over it")]
    Exists(PathBuf),
    #[error("can't write {0}")]
    Write(PathBuf, #[source] std::io::Error),
    #[error("a page can't be made")]
    Render(#[from] askama::Error),
}

/// A folder of pages.
pub struct Pages {
    folder: PathBuf,
    overwrite: bool,
    judged_at: String,
    entries: Vec<Entry>,
}

const INDEX: &str = "index.html";

impl Pages {
    /// Made before anything is asked, so that a folder that can't be written to is told first.
    pub fn new(folder: &Path, overwrite: bool, judged_at: String) -> Result<Pages, PagesError> {
        std::fs::create_dir_all(folder).map_err(|error| PagesError::Write(folder.to_owned(), error))?;
        let index = folder.join(INDEX);
        if !overwrite && index.exists() {
            return Err(PagesError::Exists(index));
        }
        let probe = folder.join(format!(".write-test-{}", std::process::id()));
        std::fs::write(&probe, b"").map_err(|error| PagesError::Write(folder.to_owned(), error))?;
        std::fs::remove_file(&probe).map_err(|error| PagesError::Write(folder.to_owned(), error))?;
        Ok(Pages { folder: folder.to_owned(), overwrite, judged_at, entries: Vec::new() })
    }

    pub fn add(&mut self, view: &View) -> Result<(), PagesError> {
        let name = format!("{}-{}", view.title, view.address.split(' ').next().unwrap_or_default());
        let sound = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
        let file = format!("{}.html", name.chars().map(sound).collect::<String>());
        let page = Page {
            view,
            language: view.language,
            style: STYLE,
            report_style: reports::editions::STYLE,
            judged_at: &self.judged_at,
            software: env!("CARGO_PKG_VERSION"),
        };
        self.write(&file, &page.render()?)?;
        let leaf = view.chains.first().and_then(|chain| chain.certificates.first());
        self.entries.push(Entry {
            file,
            title: view.title.clone(),
            address: view.address.clone(),
            outcome: if view.is_tls { String::new() } else { view.outcome.clone() },
            grade: view.grade.as_ref().map(|grade| grade.grade.clone()).unwrap_or_default(),
            grade_class: view.grade.as_ref().map_or("ungraded", |grade| grade.class),
            versions: view.spoken(),
            counts: view.counts.iter().map(|count| (count.severity, count.word, count.n)).collect(),
            left: leaf.map(|leaf| leaf.left.clone()).unwrap_or_default(),
        });
        Ok(())
    }

    /// Writes the index; `not_asked` names what isn't in it, and why.
    pub fn finish(self, not_asked: &[String], language: Language) -> Result<PathBuf, PagesError> {
        let index = Index {
            entries: &self.entries,
            not_asked,
            language,
            style: STYLE,
            report_style: reports::editions::STYLE,
            judged_at: &self.judged_at,
            software: env!("CARGO_PKG_VERSION"),
        };
        self.write(INDEX, &index.render()?)?;
        Ok(self.folder.join(INDEX))
    }

    fn write(&self, file: &str, text: &str) -> Result<(), PagesError> {
        let path = self.folder.join(file);
        let mut options = std::fs::OpenOptions::new();
        options.write(true);
        if self.overwrite {
            options.create(true).truncate(true)
        } else {
            options.create_new(true)
        };
        let mut out = options.open(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => PagesError::Exists(path.clone()),
            _ => PagesError::Write(path.clone(), error),
        })?;
        out.write_all(text.as_bytes()).map_err(|error| PagesError::Write(path, error))
    }
}
