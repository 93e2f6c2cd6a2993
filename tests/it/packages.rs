//! What `tests/run` installs is what the tests use.

use std::collections::BTreeSet;

#[test]
fn the_servers_of_the_lab_are_installed() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packages")).unwrap();
    let listed: BTreeSet<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for package in lab::wanted_packages() {
        assert!(listed.contains(package), "tests/packages lacks {package}");
    }
}
