//! Handles: what the tables print for a run or a finding is what every command takes.

use crate::sandbox::{Network, Ran, Sandbox};

/// The first cell of the first row of a table.
fn first_cell(table: &Ran) -> String {
    let rows: Vec<&str> = table.out.lines().filter(|line| line.starts_with('│')).collect();
    let row = rows.get(1).unwrap_or_else(|| panic!("no row in\n{}", table.out));
    row.split(['│', '┆']).nth(1).unwrap().trim().to_owned()
}

#[test]
fn what_a_list_shows_in_80_columns_is_what_the_commands_take() {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.register_unit(&network.host(1));
    let listeners: Vec<_> =
        (0..3).map(|_| std::net::TcpListener::bind((network.host(1).as_str(), 0)).unwrap()).collect();
    let ports: Vec<String> = listeners.iter().map(|l| l.local_addr().unwrap().port().to_string()).collect();
    let scan = ["scan", "--no-identify", "--ports", &ports.join(","), "--json"];
    let run = sandbox.run(&scan).ends(0).json()["data"]["run"].as_str().unwrap().to_owned();
    sandbox.run(&scan).ends(0);
    let narrow = |args: &[&str]| {
        let output = sandbox.command().args(args).env("COLUMNS", "80").output().unwrap();
        Ran::of(output, &args.join(" ")).ends(0)
    };

    let listed = narrow(&["findings", "list"]);
    let handle = first_cell(&listed);
    assert!(listed.out.lines().all(|line| line.chars().count() <= 80), "{}", listed.out);
    let shown = sandbox.run(&["findings", "show", &handle, "--json"]).ends(0).json();
    assert_eq!(shown["format"], "sentrypost-finding/1");
    let finding = &shown["data"];
    let id = finding["id"].as_str().unwrap();
    assert!(id.ends_with(&handle), "{id} {handle}");
    assert_eq!(finding["unit_name"], "示例市虚构测试局");
    assert_eq!(finding["events"].as_array().unwrap().len(), 1, "{finding}");
    assert!(!finding["check"]["advice_zh"].as_str().unwrap().is_empty(), "{finding}");
    sandbox.run(&["findings", "show", id]).ends(0);
    // All ids of the day begin alike.
    sandbox.run(&["findings", "show", &id[..8]]).ends(66).says(&["findings list"]);

    let listed = narrow(&["runs", "list"]);
    let handle = first_cell(&listed);
    assert!(listed.out.lines().all(|line| line.chars().count() <= 80), "{}", listed.out);
    let shown = sandbox.run(&["runs", "show", &handle, "--json"]).ends(0).json();
    assert_eq!(shown["data"]["run"], sandbox.runs()[0]);
    sandbox.run(&["runs", "show", &run]).ends(0);
    sandbox.run(&["runs", "resume", &handle]).ends(66).says(&["nothing to resume"]);
}
