//! `sentrypost runs export`: a run in the form of another program.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use scanner::exchange::{ExportError, ExportFormat, ExportHead, Exporter};
use scanner::run::RunFolder;

use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output;
use crate::pipeline::OrSweepFailure;

#[derive(Debug, thiserror::Error)]
#[error("{0} exists already and may hold somebody's work; choose another name, or say --overwrite")]
struct Exists(String);

pub(super) fn export(
    folder: &RunFolder,
    format: ExportFormat,
    to: Option<&Path>,
    overwrite: bool,
) -> Outcome {
    let Some(to) = to else {
        return match write(folder, format, output::stream()) {
            // A reader that has gone away (`| head`) is no error of ours.
            Err(ExportError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
            written => written.map(|_| Exit::Done).map_err(|error| failure(error, "standard output")),
        };
    };
    let shown = to.display().to_string();
    let cant = || format!("can't write {shown}");
    // What is half written never stands under the name that was asked for where something stood before.
    let path = if overwrite { beside(to) } else { to.to_owned() };
    let file = match if overwrite { File::create(&path) } else { File::create_new(&path) } {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Failure::new(Exit::Environment, Exists(shown)));
        }
        file => file.or_exit_while(Exit::Environment, cant())?,
    };
    let written = write(folder, format, io::BufWriter::with_capacity(1 << 16, file))
        .and_then(|file| Ok(file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?))
        .map_err(|error| failure(error, &shown));
    let done = match (written, overwrite) {
        (Ok(()), true) => fs::rename(&path, to).or_exit_while(Exit::Environment, cant()),
        (written, _) => written,
    };
    if done.is_err() {
        // It is ours, and not whole.
        drop(fs::remove_file(&path));
    }
    done?;
    output::note(format!("written: {shown}"));
    Ok(Exit::Done)
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

fn failure(error: ExportError, to: &str) -> Failure {
    match error {
        ExportError::Run(error) => match Err::<(), _>(error).or_sweep_failure() {
            Err(failure) => failure,
            Ok(()) => Failure::new(Exit::Internal, io::Error::other("no error")),
        },
        ExportError::Write(error) => Failure {
            exit: Exit::Environment,
            error: anyhow::Error::from(error).context(format!("can't write {to}")),
        },
    }
}

fn write<W: Write>(folder: &RunFolder, format: ExportFormat, out: W) -> Result<W, ExportError> {
    let summary = folder.summary()?;
    let head = ExportHead { manifest: folder.manifest(), summary: &summary };
    let mut exporter = Exporter::begin(format, head, out)?;
    folder.each_host(|host| exporter.host(&host))?;
    exporter.end()
}
