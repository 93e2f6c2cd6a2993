//! The fonts that documents are set in: the customer's first, then Fandol and Noto CJK as Debian installs them.
//!
//! It must not take any other font of the system, and never replaces one in silence: which faces served is part of
//! each result ([`super::Pdf::faces`]). The files are read once for a [`FontSet`], which many documents share; of
//! Noto's collections only the faces for simplified Chinese are parsed.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

use super::error::FontError;

/// Where Debian's packages put the open fonts: texlive-lang-chinese, and fonts-noto-cjk.
pub const OPEN_FONTS: &[&str] =
    &["/usr/share/texlive/texmf-dist/fonts/opentype/public/fandol", "/usr/share/fonts/opentype/noto"];

/// Files of those folders that are used; whatever else lies there is left alone.
const OPEN_FILES: &[&str] = &[
    "FandolFang-Regular.otf",
    "FandolHei-Regular.otf",
    "FandolHei-Bold.otf",
    "FandolKai-Regular.otf",
    "FandolSong-Regular.otf",
    "FandolSong-Bold.otf",
    "NotoSansCJK-Bold.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSerifCJK-Bold.ttc",
    "NotoSerifCJK-Regular.ttc",
];

/// A CJK collection has up to 30 MB.
const MAX_FILE: u64 = 128 << 20;
const MAX_FILES: usize = 48;

/// Without these no document can be printed.
const PROBE: &str = "上岗证编号有效期至单位盖章序号姓名签名0123456789";

/// Faces in memory, and which of them serve which purpose. Cheap to share by reference among threads.
pub struct FontSet {
    pub(super) book: LazyHash<FontBook>,
    pub(super) faces: Vec<Face>,
    pub(super) chains: Chains,
}

pub(super) struct Face {
    pub font: Font,
    pub path: PathBuf,
    pub origin: FontOrigin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FontOrigin {
    /// From the customer's own folder.
    Customer,
    /// An open font of the system.
    Open,
}

/// Families in the order in which they are asked for a character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Chains {
    title: Vec<String>,
    song: Vec<String>,
    fang: Vec<String>,
    hei: Vec<String>,
    kai: Vec<String>,
}

impl FontSet {
    /// The customer's folders (those that don't exist are skipped), then the open fonts of [`OPEN_FONTS`].
    pub fn load(customer: &[PathBuf]) -> Result<FontSet, FontError> {
        let open: Vec<PathBuf> = OPEN_FONTS.iter().map(PathBuf::from).collect();
        FontSet::load_from(customer, &open)
    }

    /// As [`FontSet::load`], with the open fonts from other places.
    pub fn load_from(customer: &[PathBuf], open: &[PathBuf]) -> Result<FontSet, FontError> {
        let mut faces = Vec::new();
        for folder in customer {
            for path in font_files(folder)? {
                let before = faces.len();
                read_faces(&path, FontOrigin::Customer, |_| true, &mut faces)?;
                if faces.len() == before {
                    return Err(FontError::NotAFont { path });
                }
            }
        }
        for file in OPEN_FILES {
            if let Some(path) = open.iter().map(|folder| folder.join(file)).find(|path| path.is_file()) {
                read_faces(&path, FontOrigin::Open, is_for_simplified_chinese, &mut faces)?;
            }
        }
        let mut known = BTreeSet::new();
        // Of two faces of the same family and cut the first stays, which is the customer's.
        faces.retain(|face: &Face| {
            let info = face.font.info();
            known.insert((info.family.to_lowercase(), format!("{:?}", info.variant)))
        });
        let set = FontSet {
            book: LazyHash::new(FontBook::from_fonts(faces.iter().map(|face| &face.font))),
            chains: Chains::of(&faces),
            faces,
        };
        match PROBE.chars().all(|c| set.covers(c)) {
            true => Ok(set),
            false => Err(FontError::Missing(Missing { looked_in: [customer, open].concat() })),
        }
    }

    /// Whether any face has the character.
    pub fn covers(&self, character: char) -> bool {
        self.faces.iter().any(|face| face.font.info().coverage.contains(u32::from(character)))
    }

    /// All faces, in the order of preference.
    pub fn faces(&self) -> Vec<FaceName> {
        self.faces.iter().map(Face::name).collect()
    }
}

impl fmt::Debug for FontSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FontSet").field("faces", &self.faces()).finish_non_exhaustive()
    }
}

impl Face {
    pub fn name(&self) -> FaceName {
        let info = self.font.info();
        FaceName {
            family: info.family.clone(),
            weight: info.variant.weight.to_number(),
            file: self.path.clone(),
            origin: self.origin,
        }
    }
}

/// A font face, as told to people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaceName {
    pub family: String,
    /// 400 is regular, 700 bold.
    pub weight: u16,
    pub file: PathBuf,
    pub origin: FontOrigin,
}

/// Where fonts were looked for in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub looked_in: Vec<PathBuf>,
}

impl Missing {
    /// The Debian packages that bring the open fonts; the first is enough, the second has 仿宋.
    pub const PACKAGES: [&str; 2] = ["fonts-noto-cjk", "texlive-lang-chinese"];
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [noto, fandol] = Missing::PACKAGES;
        write!(
            f,
            "install the package {noto} (and {fandol} for 仿宋), or put font files into the fonts folder"
        )?;
        let places: Vec<String> = self.looked_in.iter().map(|path| path.display().to_string()).collect();
        write!(f, "; looked in {}", places.join(", "))
    }
}

impl Chains {
    fn of(faces: &[Face]) -> Chains {
        let chain = |wanted: &[Style]| {
            let mut families: Vec<String> = Vec::new();
            let mut add = |family: &str| {
                if !families.iter().any(|there| there == family) {
                    families.push(family.to_owned());
                }
            };
            let named = |face: &Face| (Style::of(&face.font.info().family), face.font.info().family.clone());
            for origin in [FontOrigin::Customer, FontOrigin::Open] {
                for style in wanted {
                    let of_origin = faces.iter().filter(|face| face.origin == origin).map(named);
                    of_origin.filter(|(found, _)| found == style).for_each(|(_, family)| add(&family));
                }
            }
            // Whatever is left helps out with characters that those lack.
            for style in [Style::NotoSerif, Style::NotoSans] {
                faces.iter().map(named).filter(|(found, _)| *found == style).for_each(|(_, f)| add(&f));
            }
            faces.iter().for_each(|face| add(&face.font.info().family));
            families
        };
        Chains {
            title: chain(&[Style::XiaoBiaoSong, Style::NotoSerif]),
            song: chain(&[Style::Song, Style::NotoSerif]),
            fang: chain(&[Style::Fang, Style::NotoSerif]),
            hei: chain(&[Style::Hei, Style::NotoSans]),
            kai: chain(&[Style::Kai, Style::Fang, Style::NotoSerif]),
        }
    }
}

/// What a family is good for, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    XiaoBiaoSong,
    Fang,
    Kai,
    Hei,
    Song,
    NotoSerif,
    NotoSans,
    /// Only asked for what the others lack.
    Other,
}

impl Style {
    /// Names as the usual vendors write them; 小标宋 and 仿宋 come before 宋, which they contain.
    const NAMES: &[(Style, &[&str])] = &[
        (Style::NotoSerif, &["noto serif cjk sc", "noto serif sc", "source han serif", "思源宋"]),
        (Style::NotoSans, &["noto sans cjk sc", "noto sans sc", "source han sans", "思源黑"]),
        (Style::XiaoBiaoSong, &["小标宋", "xiaobiaosong", "xbs"]),
        (Style::Fang, &["仿宋", "fangsong", "fandolfang", "fang song"]),
        (Style::Kai, &["楷", "kaiti", "simkai", "fandolkai", "wenkai"]),
        (Style::Hei, &["黑", "simhei", "fandolhei", "heiti"]),
        (Style::Song, &["宋", "simsun", "fandolsong", "songti"]),
    ];

    fn of(family: &str) -> Style {
        let family = family.to_lowercase();
        let known = Style::NAMES.iter().find(|(_, names)| names.iter().any(|name| family.contains(name)));
        known.map_or(Style::Other, |(style, _)| *style)
    }
}

/// Of the collections only this language is wanted: the others draw some characters in their countries' manner.
fn is_for_simplified_chinese(family: &str) -> bool {
    !family.contains("CJK") || (family.ends_with("CJK SC") && !family.contains("Mono"))
}

/// The font files of a folder in the order of their names; none if the folder doesn't exist.
fn font_files(folder: &Path) -> Result<Vec<PathBuf>, FontError> {
    let unreadable = |source| FontError::Unreadable { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let extension = path.extension().and_then(|e| e.to_str()).map(str::to_lowercase);
        if matches!(extension.as_deref(), Some("otf" | "ttf" | "ttc" | "otc")) {
            files.push(path);
        }
    }
    if files.len() > MAX_FILES {
        return Err(FontError::TooMany { folder: folder.to_owned(), found: files.len(), limit: MAX_FILES });
    }
    files.sort();
    Ok(files)
}

fn read_faces(
    path: &Path,
    origin: FontOrigin,
    wanted: impl Fn(&str) -> bool,
    faces: &mut Vec<Face>,
) -> Result<(), FontError> {
    let unreadable = |source| FontError::Unreadable { path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if bytes > MAX_FILE {
        return Err(FontError::TooLarge { path: path.to_owned(), bytes, limit: MAX_FILE });
    }
    let data = Bytes::new(std::fs::read(path).map_err(unreadable)?);
    let count = ttf_parser::fonts_in_collection(&data).unwrap_or(1);
    for index in 0..count.min(64) {
        // The name alone is read first, since parsing a face walks all its characters.
        let named = ttf_parser::Face::parse(&data, index).ok().and_then(|face| family_name(&face));
        if named.as_deref().is_some_and(|family| !wanted(family)) {
            continue;
        }
        if let Some(font) = Font::new(data.clone(), index) {
            faces.push(Face { font, path: path.to_owned(), origin });
        }
    }
    Ok(())
}

fn family_name(face: &ttf_parser::Face) -> Option<String> {
    let names = face.names().into_iter().filter(|name| name.name_id == ttf_parser::name_id::FAMILY);
    names.filter_map(|name| name.to_string()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(family: &str, expected: Style) {
        assert_eq!(Style::of(family), expected, "{family}");
    }

    #[test]
    fn families_of_the_usual_vendors_are_known_by_their_names() {
        check("仿宋_GB2312", Style::Fang);
        check("FangSong", Style::Fang);
        check("FandolFang R", Style::Fang);
        check("方正小标宋_GBK", Style::XiaoBiaoSong);
        check("FZXiaoBiaoSong-B05S", Style::XiaoBiaoSong);
        check("SimSun", Style::Song);
        check("楷体_GB2312", Style::Kai);
        check("Noto Serif CJK SC", Style::NotoSerif);
        check("示例花体", Style::Other);
    }

    #[test]
    fn of_a_collection_only_simplified_chinese_is_taken() {
        for (family, expected) in [
            ("Noto Serif CJK SC", true),
            ("Noto Serif CJK JP", false),
            ("Noto Sans Mono CJK SC", false),
            ("FandolFang R", true),
        ] {
            assert_eq!(is_for_simplified_chinese(family), expected, "{family}");
        }
    }
}
