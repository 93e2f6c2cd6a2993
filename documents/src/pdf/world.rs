//! What a template can see: itself, the shared style, the value as JSON, the QR picture, the fonts. Nothing else.
//!
//! It must not reach the file system, a package, the network or a clock: the date comes with the document.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use super::fonts::FontSet;
use super::template::Template;

/// One document's worth of input.
pub struct PaperWorld<'a> {
    pub fonts: &'a FontSet,
    pub template: Template,
    pub value: Bytes,
    pub qr: Option<Bytes>,
    pub today: NaiveDate,
}

/// Files that exist beside the templates.
const STYLE: &str = "style.typ";
const VALUE: &str = "value.json";
const QR: &str = "qr.svg";

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));

/// Templates and the style, parsed once.
static SOURCES: LazyLock<HashMap<FileId, Source>> = LazyLock::new(|| {
    let templates = Template::ALL.iter().map(|template| (template.file(), template.source()));
    let all = templates.chain([(STYLE, include_str!("../../templates/style.typ"))]);
    all.map(|(file, text)| (id(file), Source::new(id(file), text.to_owned()))).collect()
});

fn id(file: &str) -> FileId {
    let path = VirtualPath::new(file).expect("file names in this module are plain");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

impl World for PaperWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        id(self.template.file())
    }

    fn source(&self, file: FileId) -> FileResult<Source> {
        SOURCES.get(&file).cloned().ok_or_else(|| absent(file))
    }

    fn file(&self, file: FileId) -> FileResult<Bytes> {
        let found = match file.vpath().get_without_slash() {
            VALUE => Some(self.value.clone()),
            QR => self.qr.clone(),
            _ => None,
        };
        found.ok_or_else(|| absent(file))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.faces.get(index).map(|face| face.font.clone())
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        date(self.today)
    }
}

/// None for a year that typst can't hold.
pub fn date(day: NaiveDate) -> Option<Datetime> {
    Datetime::from_ymd(day.year(), u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?)
}

fn absent(file: FileId) -> FileError {
    FileError::NotFound(file.vpath().get_without_slash().into())
}
