//! Prints the report of an invented town, compared with its previous one, into the folder given as argument, to look
//! at how reports look.

#[path = "../tests/it/town.rs"]
mod town;

use std::path::PathBuf;

use model::staffing::CoverStanding;
use reports::rows::Standing;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: sample_report FOLDER")?);
    let mut before = town::town("2026-003", "2026-10-22T08:00:00Z", 12, 70, 7);
    // Something must have come since.
    before.findings.retain(|row| !row.id.ends_with('3'));
    for row in before.findings.iter_mut().step_by(9) {
        row.standing = Standing::Missing;
    }
    before.services.truncate(40);
    let mut now = town::town("2026-004", "2026-11-22T08:00:00Z", 12, 78, 7);
    now.findings.retain(|row| !row.id.ends_with("11"));
    now.lapses.retain(|row| !row.finding.ends_with("11"));
    for row in before.covers.iter_mut().filter(|row| row.standing == CoverStanding::InGrace) {
        row.standing = CoverStanding::NoneCertified;
    }
    reports::snapshot::freeze(&folder.join("003/snapshot"), &before)?;
    reports::snapshot::freeze(&folder.join("004/snapshot"), &now)?;
    reports::build(&folder.join("004/snapshot"), Some(&folder.join("003/snapshot")), &folder.join("004"))?;
    // Of a place that keeps no records of training.
    let mut untrained = town::town("2026-001", "2026-11-22T08:00:00Z", 3, 20, 7);
    untrained.training.clear();
    reports::snapshot::freeze(&folder.join("001/snapshot"), &untrained)?;
    reports::build(&folder.join("001/snapshot"), None, &folder.join("001"))?;
    let empty = reports::snapshot::SnapshotInput::empty(town::head("2026-000", "2026-11-22T08:00:00Z"));
    reports::snapshot::freeze(&folder.join("000/snapshot"), &empty)?;
    reports::build(&folder.join("000/snapshot"), None, &folder.join("000"))?;
    Ok(())
}
