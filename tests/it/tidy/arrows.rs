//! Which crate may use which: the arrows of `ARCHITECTURE.md`, checked against cargo's own view.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use super::top;

/// Crate, and the crates of ours that it may use. Whatever isn't here is forbidden.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("lab", &[]),
    ("probes", &["model"]),
    ("rawsock", &[]),
    ("testkit", &["rawsock"]),
    ("scanner", &["model", "probes", "rawsock"]),
    ("intake", &[]),
    ("registry", &["intake", "model"]),
    ("training", &["intake", "model"]),
    ("store", &["model", "registry", "training"]),
    ("documents", &["model"]),
    ("reports", &["documents", "model"]),
    (
        "sentrypost",
        &[
            "documents",
            "intake",
            "lab",
            "model",
            "probes",
            "rawsock",
            "registry",
            "reports",
            "scanner",
            "store",
            "training",
        ],
    ),
];

/// Dependencies that only one crate may link.
const SOLE_USERS: &[(&str, &str)] = &[
    ("polars", "reports"),
    ("polars-io", "reports"),
    ("qrcode", "documents"),
    ("sqlx", "store"),
    ("typst", "documents"),
    ("typst-layout", "documents"),
    ("typst-pdf", "documents"),
];

/// For each crate of the workspace, its dependencies that are not for development only.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--locked", "--format-version", "1"])
        .current_dir(top())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    let of = |package: &serde_json::Value| {
        let all = package["dependencies"].as_array().unwrap();
        all.iter().filter(|d| d["kind"].as_str() != Some("dev")).map(|d| text(&d["name"])).collect()
    };
    packages.iter().map(|package| (text(&package["name"]), of(package))).collect()
}

#[test]
fn crates_use_only_what_the_arrows_allow() {
    let dependencies = dependencies();
    let ours: BTreeSet<&String> = dependencies.keys().collect();
    let listed: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(
        ours.iter().map(|name| (*name).clone()).collect::<BTreeSet<_>>(),
        listed,
        "ARROWS lists every crate"
    );
    for (name, allowed) in ARROWS {
        for used in dependencies[*name].iter().filter(|used| ours.contains(used)) {
            assert!(allowed.contains(&used.as_str()), "{name} may not use {used}");
        }
    }
}

#[test]
fn heavy_or_dangerous_libraries_have_one_user() {
    for (name, used) in dependencies() {
        for (library, user) in SOLE_USERS {
            assert!(!used.contains(*library) || name == *user, "only {user} may link {library}, not {name}");
        }
    }
}

#[test]
fn architecture_draws_the_same_arrows() {
    let text = std::fs::read_to_string(top().join("ARCHITECTURE.md")).unwrap();
    for (name, allowed) in ARROWS {
        let name = if *name == "sentrypost" { "root" } else { name };
        let row = text.lines().find(|line| line.starts_with(&format!("| `{name}`")));
        let row = row.unwrap_or_else(|| panic!("ARCHITECTURE.md has no row for {name}"));
        let uses = row.split('|').nth(2).unwrap();
        let named: BTreeSet<&str> = uses
            .split(',')
            .map(|part| part.trim().trim_matches('`'))
            .filter(|part| !part.is_empty())
            .collect();
        let expected: BTreeSet<&str> = match (name, allowed.is_empty()) {
            ("root", _) => BTreeSet::from(["all"]),
            (_, true) => BTreeSet::from(["nothing"]),
            (_, false) => allowed.iter().copied().collect(),
        };
        assert_eq!(named, expected, "the row of {name} in ARCHITECTURE.md");
    }
}
