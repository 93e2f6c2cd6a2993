//! Every path that a document names exists.

use std::path::Path;

use super::{files, top};

/// The top folders and files that a path in a document starts with, if it is one of the repository.
fn roots() -> Vec<String> {
    let entries = std::fs::read_dir(top()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| !["target", ".git", "sentrypost-data"].contains(&name.as_str())).collect()
}

/// Paths named in a text: in backticks, or as the target of a link.
fn named_paths(text: &str) -> Vec<String> {
    let in_backticks = text.split('`').skip(1).step_by(2);
    let in_links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    in_backticks
        .chain(in_links)
        .map(|path| path.split('#').next().unwrap_or_default().trim_end_matches('/').to_owned())
        .filter(|path| {
            !path.is_empty() && !path.contains(|c: char| c.is_whitespace() || "*<>$:(){}…".contains(c))
        })
        .collect()
}

#[track_caller]
fn check(document: &Path) {
    let text = std::fs::read_to_string(document).unwrap();
    let roots = roots();
    for path in named_paths(&text) {
        let first = path.split('/').next().unwrap_or_default();
        let last = path.rsplit('/').next().unwrap_or_default();
        let looks_like_ours = path.contains('/') && roots.iter().any(|root| root == first);
        let is_top_file = !path.contains('/') && (last.ends_with(".md") || last == "Cargo.toml");
        let relative = path.starts_with("../");
        if relative {
            let target = document.parent().unwrap().join(&path);
            assert!(target.exists(), "{} links to {path}, which doesn't exist", document.display());
        } else if looks_like_ours || is_top_file {
            let beside = document.parent().unwrap().join(&path);
            assert!(
                top().join(&path).exists() || beside.exists(),
                "{} names {path}, which doesn't exist",
                document.display()
            );
        }
    }
}

#[test]
fn documents_name_only_paths_that_exist() {
    let documents = files(top(), ".md");
    assert!(documents.iter().any(|path| path.ends_with("ARCHITECTURE.md")), "the documents were found");
    for document in documents {
        check(&document);
    }
}

#[test]
fn the_documents_that_people_look_for_are_there() {
    for name in [
        "README.md",
        "README.zh-CN.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "LICENSE",
        "docs/decisions",
    ] {
        assert!(top().join(name).exists(), "{name}");
    }
}

#[test]
fn a_path_that_is_gone_would_be_noticed() {
    assert_eq!(
        named_paths("see `model/src/gone.rs` and [x](docs/a.md#b)"),
        ["model/src/gone.rs", "docs/a.md"]
    );
}
