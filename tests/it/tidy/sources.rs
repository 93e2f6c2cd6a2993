//! Rules for source files.

use super::{files, top};

/// Files longer than 600 lines, each with its reason. Only gets shorter.
const LONG_FILES: &[(&str, &str)] = &[];

fn sources() -> Vec<(String, String)> {
    let named = |path: std::path::PathBuf| {
        let name = path.strip_prefix(top()).unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        (name, text)
    };
    let sources: Vec<_> = files(top(), ".rs").into_iter().map(named).collect();
    assert!(sources.len() > 20, "the sources were found");
    sources
}

#[test]
fn every_module_says_what_it_is_for() {
    for (name, text) in sources() {
        // A cargo-fuzz target begins with its attribute.
        let first = text.lines().find(|line| !line.starts_with("#![") && !line.trim().is_empty());
        assert!(first.is_some_and(|line| line.starts_with("//!")), "{name} has no module comment");
    }
}

#[test]
fn no_file_passes_600_lines_without_a_reason() {
    for (name, text) in sources() {
        let n_lines = text.lines().count();
        let excepted = LONG_FILES.iter().any(|(file, _)| *file == name);
        assert_eq!(n_lines > 600, excepted, "{name} has {n_lines} lines");
    }
}

#[test]
fn no_test_is_switched_off() {
    for (name, text) in sources() {
        let needle = concat!("#[", "ignore");
        assert!(!text.contains(needle), "{name}");
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for manifest in files(top(), "Cargo.toml") {
        let text = std::fs::read_to_string(&manifest).unwrap();
        let outside = text.contains("[workspace]") && !text.contains("[workspace.package]");
        // Its lints are those of the workspace, with `unsafe` allowed and every block of it explained.
        let holds_unsafe = manifest.ends_with("rawsock/Cargo.toml");
        assert!(
            outside || holds_unsafe || text.contains("[lints]\nworkspace = true"),
            "{}",
            manifest.display()
        );
    }
}

#[test]
fn only_the_packet_crate_may_hold_unsafe_code() {
    let manifest = std::fs::read_to_string(top().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    let of_rawsock = std::fs::read_to_string(top().join("rawsock/Cargo.toml")).unwrap();
    for lint in ["undocumented_unsafe_blocks", "unsafe_op_in_unsafe_fn", "unwrap_used", "print_stdout"] {
        assert!(of_rawsock.contains(lint), "rawsock drops the lint {lint}");
    }
}
