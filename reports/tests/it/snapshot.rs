//! Freezing and opening: whole or not at all, and not a byte changed.

use std::fs;
use std::path::Path;

use reports::ReportError;
use reports::rows::*;
use reports::snapshot::{Snapshot, SnapshotInput, freeze, open};

use sha2::Digest;

use crate::town;

fn rows_of(snapshot: &Snapshot) -> SnapshotInput {
    SnapshotInput {
        head: snapshot.head().clone(),
        runs: snapshot.rows().unwrap(),
        units: snapshot.rows().unwrap(),
        systems: snapshot.rows().unwrap(),
        assets: snapshot.rows().unwrap(),
        exclusions: snapshot.rows().unwrap(),
        hosts: snapshot.rows().unwrap(),
        services: snapshot.rows().unwrap(),
        silent: snapshot.rows().unwrap(),
        certificates: snapshot.rows().unwrap(),
        checks: snapshot.rows().unwrap(),
        findings: snapshot.rows().unwrap(),
        refusals: snapshot.rows().unwrap(),
        losses: snapshot.rows().unwrap(),
        unsure: snapshot.rows().unwrap(),
        clusters: snapshot.rows().unwrap(),
        covered: snapshot.rows().unwrap(),
        tls: snapshot.rows().unwrap(),
        training: snapshot.rows().unwrap(),
        covers: snapshot.rows().unwrap(),
        holders: snapshot.rows().unwrap(),
        post_due: snapshot.rows().unwrap(),
        lapses: snapshot.rows().unwrap(),
        overdue_units: snapshot.rows().unwrap(),
    }
}

fn sample() -> SnapshotInput {
    let mut input = town::town("2026-001", "2026-11-22T08:00:00Z", 4, 30, 1);
    input.assets.push(AssetRow {
        id: "asset-1".into(),
        unit: "unit-0000".into(),
        system: None,
        target: "192.0.2.0/28".into(),
        n_addresses: 16,
        authorised_until: chrono::NaiveDate::from_ymd_opt(2027, 1, 1),
        in_charge: Some("张示例".into()),
        in_charge_phone: None,
        operator: None,
        operator_phone: None,
        user: None,
        user_phone: None,
    });
    input
}

fn frozen(input: &SnapshotInput, dir: &Path) -> String {
    freeze(dir, input).unwrap()
}

#[test]
fn what_is_frozen_reads_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for (name, input) in
        [("full", sample()), ("empty", SnapshotInput::empty(town::head("0", "2026-11-22T08:00:00Z")))]
    {
        let dir = folder.path().join(name);
        let hash = frozen(&input, &dir);
        let snapshot = open(&dir).unwrap();
        assert_eq!(snapshot.hash(), hash);
        assert_eq!(rows_of(&snapshot), input);
        assert!(!folder.path().join(format!("{name}.partial")).exists());
    }
}

#[test]
fn the_same_rows_freeze_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let hashes = ["a", "b"].map(|name| frozen(&sample(), &folder.path().join(name)));
    assert_eq!(hashes[0], hashes[1]);
}

#[test]
fn a_snapshot_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("s");
    frozen(&sample(), &dir);
    assert!(matches!(freeze(&dir, &sample()), Err(ReportError::Exists { .. })));
}

#[test]
fn what_a_killed_freeze_left_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("s.partial")).unwrap();
    fs::write(folder.path().join("s.partial/old.parquet"), "half").unwrap();
    frozen(&sample(), &folder.path().join("s"));
    assert!(!folder.path().join("s/old.parquet").exists());
}

#[test]
fn a_flipped_byte_is_found_in_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("s");
    frozen(&sample(), &dir);
    let files: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 24);
    for path in files {
        let whole = fs::read(&path).unwrap();
        // The last byte of the table of contents is its closing brace, the first its opening one.
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            match open(&dir) {
                Err(ReportError::Damaged { path: named, .. }) => assert_eq!(named, path),
                other => panic!("byte {at} of {}: {other:?}", path.display()),
            }
        }
        fs::write(&path, &whole).unwrap();
    }
    open(&dir).unwrap();
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("s");
    frozen(&sample(), &dir);
    fs::remove_file(dir.join("hosts.parquet")).unwrap();
    let error = open(&dir).unwrap_err();
    assert!(error.to_string().contains("hosts.parquet"), "{error}");
    assert!(error.to_string().contains("missing"), "{error}");
}

#[test]
fn a_newer_format_is_refused_before_anything_else_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("s");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("snapshot.json"), r#"{"format": 2, "other": true}"#).unwrap();
    assert!(matches!(open(&dir), Err(ReportError::NewerFormat { found: 2, readable: 1, .. })));
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let error = freeze(&folder.path().join("file/s"), &sample()).unwrap_err();
    assert!(matches!(error, ReportError::Unwritable { .. }), "{error}");
}

#[test]
fn a_snapshot_from_before_there_were_losses_opens_without_any() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Entry {
        sha256: String,
        n_rows: usize,
    }
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("old");
    let input = sample();
    frozen(&input, &dir);
    let path = dir.join("snapshot.json");
    let mut contents: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let files = contents["files"].as_object_mut().unwrap();
    let posts = ["training", "post-coverage", "post-holders", "post-due", "post-lapses", "post-overdue"];
    for later in ["losses", "unsure", "clusters", "covered", "tls-servers"].into_iter().chain(posts) {
        assert!(files.remove(&format!("{later}.parquet")).is_some());
        fs::remove_file(dir.join(format!("{later}.parquet"))).unwrap();
    }
    let files: std::collections::BTreeMap<String, Entry> =
        serde_json::from_value(contents["files"].clone()).unwrap();
    let hashed = sha2::Sha256::digest(serde_json::to_vec(&(1u32, &input.head, &files)).unwrap());
    contents["hash"] = hashed.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    fs::write(&path, serde_json::to_vec(&contents).unwrap()).unwrap();
    let opened = open(&dir).unwrap();
    let without = SnapshotInput {
        losses: vec![],
        unsure: vec![],
        clusters: vec![],
        covered: vec![],
        tls: vec![],
        training: vec![],
        covers: vec![],
        holders: vec![],
        post_due: vec![],
        lapses: vec![],
        overdue_units: vec![],
        ..input
    };
    assert_eq!(rows_of(&opened), without);
}
