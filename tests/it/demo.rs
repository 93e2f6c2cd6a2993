//! The demo, twice: the whole path over the lab, as a newcomer sees it.

use crate::sandbox::Sandbox;

/// One test, since there is one network of the demo's.
#[test]
fn the_demo_refuses_another_lab_and_else_reports_what_changed() {
    refuses_what_another_lab_holds();
    reports_and_the_second_one_shows_what_changed();
}

fn refuses_what_another_lab_holds() {
    let sandbox = Sandbox::new();
    let planned = sandbox.run(&["lab", "list", "--json"]).ends(0).json();
    let address = planned["data"][0]["address"].as_str().unwrap();
    let other = std::net::TcpListener::bind(address).unwrap();
    sandbox.run(&["demo"]).ends(74).says(&["another lab", address]);
    assert!(sandbox.runs().is_empty(), "nothing was scanned");
    let name = planned["data"][0]["name"].as_str().unwrap();
    sandbox.run(&["lab", "up"]).ends(74).says(&[name]);
    let none_left = sandbox.run(&["lab", "down"]).ends(0);
    assert!(none_left.err.contains("no lab runs"), "{}", none_left.err);
    drop(other);
}

fn reports_and_the_second_one_shows_what_changed() {
    let sandbox = Sandbox::new();
    let first = sandbox.run(&["demo"]).ends(0);
    assert!(first.out.contains("new"), "{}", first.out);
    let files = |out: &str| -> Vec<String> {
        out.lines()
            .filter(|line| line.contains("report"))
            .filter(|line| line.contains('/'))
            .map(str::to_owned)
            .collect()
    };
    for path in files(&first.out) {
        assert!(sandbox.path(&path).exists(), "{path}");
    }
    assert_eq!(files(&first.out).len(), 4, "{}", first.out);
    let page = files(&first.out).into_iter().find(|path| path.ends_with("report-zh.html")).unwrap();
    let page = std::fs::read_to_string(sandbox.path(&page)).unwrap();
    assert!(
        page.contains("三级及以上系统 4 个") && page.contains("id=\"post-lapses\""),
        "people and certificates"
    );

    let second = sandbox.run(&["demo"]).ends(0);
    for change in ["new", "unchanged", "missing"] {
        assert!(second.out.contains(change), "no {change} in\n{}\n{}", second.out, second.err);
    }
    let findings = sandbox.run(&["findings", "list", "--json"]).ends(0).json();
    let findings = findings["data"].as_array().unwrap();
    let has = |check: &str| findings.iter().any(|finding| finding["key"]["check"] == check);
    for check in
        ["exposure.remote-admin", "exposure.database", "access.no-authentication", "declaration.silent"]
    {
        assert!(has(check), "{check}");
    }
    let none_left = sandbox.run(&["lab", "down"]).ends(0);
    assert!(none_left.err.contains("no lab runs"), "the demo ends its lab: {}", none_left.err);
}
