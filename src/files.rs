//! Files that people hand in and take away: what is read from and written to them, bounded, and never over somebody's work.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use documents::read::{ReadError, ReadLimits, read_file_bytes};
use documents::write::{WorkbookDoc, write_workbook};
use model::interval::china;
use registry::table::{SheetOut, Table};

use crate::clock;
use crate::desk::keys::random;
use crate::exit::{Exit, Failure, OrExit};
use crate::shapes::sheets::{self, Purpose};

/// A file that can't be read, in both languages as the errors of its cells are.
#[derive(Debug, thiserror::Error)]
#[error("{}\n  {}", .0, .0.zh())]
struct Unreadable(ReadError);

#[derive(Debug, thiserror::Error)]
enum NotAFile {
    #[error(
        "the folder {0} holds no .csv file; name a workbook, a CSV file, or a folder that `registry export` wrote\n  文件夹中没有 .csv 文件，请指定工作簿、CSV 文件，或由 registry export 导出的文件夹"
    )]
    FolderWithoutCsv(String),
    #[error("--sheet names the sheet of one CSV file, and {0} is a folder")]
    SheetOfFolder(String),
}

/// The rows of a workbook, a CSV file, or a folder of CSV files. Reading is bounded, whatever they claim to be.
pub fn read_tables(path: &Path, sheet: Option<&str>) -> Result<Vec<Table>, Failure> {
    let mut left = ReadLimits::default().file_bytes;
    let doing = || format!("can't read {}", path.display());
    if !std::fs::metadata(path).or_exit_while(Exit::NotFound, doing())?.is_dir() {
        return read_one(path, sheet, &mut left);
    }
    let shown = path.display().to_string();
    if sheet.is_some() {
        return Err(Failure::new(Exit::Usage, NotAFile::SheetOfFolder(shown)));
    }
    let files = csv_files(path)?;
    if files.is_empty() {
        return Err(Failure::new(Exit::BadInput, NotAFile::FolderWithoutCsv(shown)));
    }
    let mut tables = Vec::new();
    for file in files {
        tables.extend(read_one(&file, None, &mut left)?);
    }
    Ok(tables)
}

/// In the order of their names, at most as many as a workbook may have sheets.
fn csv_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let doing = || format!("can't read {}", folder.display());
    let limit = ReadLimits::default().sheets;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).or_exit_while(Exit::Environment, doing())? {
        let file = entry.or_exit_while(Exit::Environment, doing())?.path();
        let is_csv = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        if is_csv && file.is_file() {
            files.push(file);
        }
        if files.len() > limit {
            let error = ReadError::TooManySheets { sheets: files.len(), limit };
            return Err(Unreadable(error)).or_exit_while(Exit::BadInput, doing());
        }
    }
    files.sort();
    Ok(files)
}

/// `left` is how many bytes all files together may still have.
fn read_one(path: &Path, sheet: Option<&str>, left: &mut usize) -> Result<Vec<Table>, Failure> {
    let doing = || format!("can't read {}", path.display());
    let limits = ReadLimits::default();
    let file = std::fs::File::open(path).or_exit_while(Exit::Environment, doing())?;
    let size = file.metadata().or_exit_while(Exit::Environment, doing())?.len();
    let mut bytes = Vec::new();
    // One byte more than may be, since what a device or a growing file holds is not its size.
    file.take(*left as u64 + 1).read_to_end(&mut bytes).or_exit_while(Exit::Environment, doing())?;
    if bytes.len() > *left {
        let bytes = usize::try_from(size).unwrap_or(usize::MAX).max(bytes.len());
        let error = ReadError::FileTooLarge { bytes, limit: *left };
        return Err(Unreadable(error)).or_exit_while(Exit::BadInput, doing());
    }
    *left -= bytes.len();
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = sheet.map_or(stem, ToOwned::to_owned);
    let read = read_file_bytes(&name, &bytes, &limits).map_err(Unreadable);
    Ok(sheets::tables(&read.or_exit_while(Exit::BadInput, doing())?))
}

/// Writes sheets of the register as a workbook.
pub fn save(path: &Path, title: &str, sheets: &[SheetOut], purpose: Purpose) -> Result<(), Failure> {
    let made_at = clock::now().with_timezone(&china()).naive_local();
    let doc: WorkbookDoc = sheets::workbook(title, sheets, purpose, made_at);
    let bytes =
        write_workbook(&doc).or_exit_while(Exit::Internal, format!("can't make {}", path.display()))?;
    write_file(path, &bytes)
}

#[derive(Debug, thiserror::Error)]
#[error("{path} must end in one of: {endings}")]
struct OtherEnding {
    path: String,
    endings: String,
}

/// A file is of the kind that its name promises.
pub fn expect_ending(path: &Path, endings: &[&str]) -> Result<(), Failure> {
    let own = path.extension().map(|own| own.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    if endings.contains(&own.as_str()) {
        return Ok(());
    }
    let (path, endings) = (
        path.display().to_string(),
        endings.iter().map(|one| format!(".{one}")).collect::<Vec<_>>().join(", "),
    );
    Err(Failure::new(Exit::Usage, OtherEnding { path, endings }))
}

pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    // Names, phones, and in an error workbook ID numbers as the clerk wrote them: for its owner only.
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
        file.write_all(bytes)
    };
    write().or_exit_while(Exit::Environment, format!("can't write {}", path.display()))
}

/// Makes a folder that only its owner looks into, with those above it.
pub fn make_folder(path: &Path) -> Result<(), Failure> {
    let mut for_owner = DirBuilder::new();
    for_owner.recursive(true).mode(0o700);
    for_owner.create(path).or_exit_while(Exit::Environment, format!("can't make {}", path.display()))
}

/// Puts bytes in place of a file, on disk when this returns: whoever reads it meanwhile has the old ones or the new ones,
/// whole. A new file is for its owner only; one that was there keeps its mode, since it may be published.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    // By a name that nobody can guess, since the folder may be shared: no link lies in wait there.
    let suffix = format!("{:016x}", u64::from_le_bytes(random()));
    replace_by_way_of(path, &suffix, bytes)
        .or_exit_while(Exit::Environment, format!("can't write {}", path.display()))
}

fn replace_by_way_of(path: &Path, suffix: &str, bytes: &[u8]) -> std::io::Result<()> {
    // Where a link points, not the link.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let fresh = path.with_file_name(format!(".{name}.{suffix}"));
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&fresh)?;
    let mut write = || -> std::io::Result<()> {
        if let Ok(old) = std::fs::metadata(&path) {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)
    };
    let written = write();
    if written.is_err() {
        // What couldn't be written is the error to tell, not that its half stays.
        let _ = std::fs::remove_file(&fresh);
    }
    written?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// A name beside the file that no earlier error workbook has: somebody may be correcting that one.
pub fn beside(file: &Path) -> PathBuf {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let named = |ending: String| file.with_file_name(format!("{stem}-errors{ending}.xlsx"));
    let mut names = (2..1000).map(|n| named(format!("-{n}")));
    let first = named(String::new());
    if first.exists() { names.find(|name| !name.exists()).unwrap_or(first) } else { first }
}

#[derive(Debug, thiserror::Error)]
#[error("{0} exists already and may hold somebody's work; choose another name")]
struct Exists(String);

/// What people fill in or correct is never written over.
pub fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Err(Failure::new(Exit::Environment, Exists(path.display().to_string())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("名单.txt");
        for bytes in ["一", "二二"] {
            assert!(replace_file(&path, bytes.as_bytes()).is_ok());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), bytes);
        }
        assert_eq!(names(folder.path()), ["名单.txt"]);
    }

    #[test]
    fn a_failed_replacement_leaves_nothing_beside_the_file() {
        let folder = tempfile::tempdir().unwrap();
        // No file takes the place of a folder.
        let path = folder.path().join("名单");
        std::fs::create_dir(&path).unwrap();
        assert!(replace_file(&path, b"x").is_err());
        assert_eq!(names(folder.path()), ["名单"]);
    }

    #[test]
    fn a_link_that_lies_in_wait_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, victim) = (folder.path().join("名单.txt"), folder.path().join("别人的"));
        std::fs::write(&victim, "别人的工作").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path().join(".名单.txt.known")).unwrap();
        assert!(replace_by_way_of(&path, "known", b"x").is_err());
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "别人的工作");
        assert_eq!(names(folder.path()), [".名单.txt.known", "别人的", "名单.txt"][..2]);
    }
}
