//! Bad input gets a clear error with its own exit code, and changes nothing.

use crate::sandbox::{Network, Sandbox, credit_code};

#[test]
fn a_command_line_that_makes_no_sense_is_a_usage_error() {
    let sandbox = Sandbox::new();
    sandbox.run(&["--help"]).ends(0);
    sandbox.run(&["scam"]).ends(64);
    for ports in ["0", "70000", "90-80", "ssh", ""] {
        sandbox.run(&["scan", "--ports", ports]).ends(64);
    }
    sandbox.run(&["scan", "192.0.2.0/33"]).ends(64).says(&["192.0.2.0/33"]);
    sandbox.run(&["scan", "192.0.2.1/24"]).ends(64).says(&["192.0.2.0/24"]);
}

#[test]
fn a_target_outside_the_scope_is_refused_whole_and_logged() {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.register_unit(&network.host(1));
    let refused = sandbox.run(&["scan", "192.0.2.7", &network.host(1)]).ends(30);
    refused.says(&["192.0.2.7 is out of scope: no registered asset holds it"]);
    assert!(sandbox.runs().is_empty(), "nothing was probed");
    let log = sandbox.run(&["audit", "--json"]).ends(0).json();
    assert_eq!(log["data"][0]["action"], "target-refused");
    assert!(log["data"][0]["detail"].as_str().unwrap().contains("192.0.2.7"), "{log}");
}

#[test]
fn an_expired_authorisation_is_out_of_scope() {
    let network = Network::claim();
    let sandbox = Sandbox::new();
    sandbox.register_unit(&network.host(1));
    let (code, host) = (credit_code(1), network.host(2));
    let text = format!("单位信用代码,资产,授权批准人,授权止\n{code},{host},虚构批准人,2020-01-31\n");
    let file = sandbox.write("more.csv", text);
    sandbox.run(&["registry", "import", file.to_str().unwrap()]).ends(0);
    sandbox.run(&["scan", &host]).ends(30).says(&["ended on 2020-01-31"]);
}

#[test]
fn one_wrong_row_keeps_the_whole_file_out() {
    let sandbox = Sandbox::new();
    let text = format!(
        "单位名称,统一社会信用代码\n示例市虚构甲局,{}\n示例市虚构乙局,11440100MADE000020\n",
        credit_code(1)
    );
    let file = sandbox.write("units.csv", text);
    let refused = sandbox.run(&["registry", "import", file.to_str().unwrap()]).ends(65);
    refused.says(&["row 3", "统一社会信用代码", "11440100MADE000020", "check"]);
    let log = sandbox.run(&["audit", "--json"]).ends(0).json();
    assert_eq!(log["data"][0]["action"], "import-refused");
    assert!(log["data"][0]["detail"].as_str().unwrap().contains("units.csv"), "{log}");
    let units = sandbox.run(&["registry", "list", "units", "--json"]).ends(0).json();
    assert_eq!(units["data"].as_array().unwrap().len(), 0);
}

#[test]
fn good_rows_go_in_and_the_others_come_back_to_be_corrected() {
    let sandbox = Sandbox::new();
    let good = credit_code(1);
    let text =
        format!("单位名称,统一社会信用代码\n示例市虚构甲局,{good}\n示例市虚构乙局,11440100MADE000020\n");
    let file = sandbox.write("单位.csv", text);
    let args = ["registry", "import", file.to_str().unwrap(), "--good-rows", "--errors", "wrong.xlsx"];
    sandbox.run(&args).ends(65);
    let count = |sandbox: &Sandbox| {
        let units = sandbox.run(&["registry", "list", "units", "--json"]).ends(0).json();
        units["data"].as_array().unwrap().len()
    };
    assert_eq!(count(&sandbox), 1);

    let wrong = std::fs::read(sandbox.path("wrong.xlsx")).unwrap();
    let limits = documents::read::ReadLimits::default();
    let workbook = documents::read::read_file_bytes("wrong.xlsx", &wrong, &limits).unwrap();
    let rows: Vec<Vec<String>> = workbook
        .sheets
        .iter()
        .filter(|sheet| sheet.name == "单位")
        .flat_map(|sheet| &sheet.rows)
        .map(|row| row.cells.iter().map(documents::sheet::Cell::text).collect())
        .collect();
    assert_eq!(rows.len(), 2, "a header and the one wrong row: {rows:?}");
    let corrected: Vec<String> =
        rows.iter().map(|row| row.join(",").replace("11440100MADE000020", &credit_code(2))).collect();
    let file = sandbox.write("corrected.csv", corrected.join("\n"));
    sandbox.run(&["registry", "import", file.to_str().unwrap()]).ends(0);
    assert_eq!(count(&sandbox), 2);
}

#[test]
fn a_workbook_that_somebody_fills_in_is_never_written_over() {
    let sandbox = Sandbox::new();
    sandbox.run(&["registry", "template"]).ends(0);
    let before = std::fs::read(sandbox.path("sentrypost-register.xlsx")).unwrap();
    sandbox.run(&["registry", "template"]).ends(74).says(&["exists already"]);
    sandbox.run(&["registry", "export", "-o", "sentrypost-register.xlsx"]).ends(74);
    assert_eq!(std::fs::read(sandbox.path("sentrypost-register.xlsx")).unwrap(), before);
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let sandbox = Sandbox::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = sandbox.command().args(["runs", "list", "--json"]).stdout(full).status().unwrap();
    assert_eq!(ended.code(), Some(74));
}

#[test]
fn a_dry_run_changes_nothing() {
    let sandbox = Sandbox::new();
    let text = format!("单位名称,统一社会信用代码\n示例市虚构甲局,{}\n", credit_code(1));
    let file = sandbox.write("units.csv", text);
    sandbox.run(&["registry", "import", file.to_str().unwrap(), "--dry-run"]).ends(0).says(&["dry run"]);
    let units = sandbox.run(&["registry", "list", "units", "--json"]).ends(0).json();
    assert_eq!(units["data"].as_array().unwrap().len(), 0);
}

#[test]
fn ranges_of_two_units_that_overlap_name_both() {
    let sandbox = Sandbox::new();
    let (one, two) = (credit_code(1), credit_code(2));
    let units =
        sandbox.write("units.csv", format!("单位名称,统一社会信用代码\n示例甲局,{one}\n示例乙局,{two}\n"));
    sandbox.run(&["registry", "import", units.to_str().unwrap()]).ends(0);
    let assets = format!("单位信用代码,资产\n{one},192.0.2.0/24\n{two},192.0.2.128/25\n");
    let assets = sandbox.write("assets.csv", assets);
    let refused = sandbox.run(&["registry", "import", assets.to_str().unwrap()]).ends(65);
    refused.says(&["示例甲局", "示例乙局", "192.0.2.0/24", "192.0.2.128/25"]);
}

#[test]
fn what_is_no_workbook_is_refused_with_advice() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("units.xlsx", b"PK\x03\x04 not really a workbook");
    sandbox.run(&["registry", "import", file.to_str().unwrap()]).ends(65).says(&["workbook"]);
    sandbox.run(&["registry", "import", "nowhere.xlsx"]).ends(66).says(&["nowhere.xlsx"]);
}

#[test]
fn a_data_folder_that_cannot_be_one_is_an_error_of_the_environment() {
    let sandbox = Sandbox::new();
    sandbox.write("data", "a file where the folder should be");
    sandbox.run(&["runs", "list"]).ends(74).says(&["--data"]);
}

#[test]
fn a_database_of_a_newer_version_is_left_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox.run(&["runs", "list"]).ends(0);
    let database = sandbox.path("data").join("sentrypost.db");
    pretend_newer(&database);
    let bytes = std::fs::read(&database).unwrap();
    sandbox.run(&["runs", "list"]).ends(78).says(&["9999", "newer"]);
    assert_eq!(std::fs::read(&database).unwrap(), bytes);
}

/// Adds the mark of a migration that this program doesn't know.
fn pretend_newer(database: &std::path::Path) {
    use sqlx::Connection;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let mark = "INSERT INTO _sqlx_migrations VALUES (9999, 'later', '2027-01-01', 1, x'00', 0)";
        sqlx::query(mark).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_policy_that_lacks_something_is_refused() {
    let sandbox = Sandbox::new();
    let policy = sandbox.write("policy.toml", "version = \"2026-01-01\"\n");
    sandbox.run(&["--policy", policy.to_str().unwrap(), "runs", "list"]).ends(65).says(&["policy.toml"]);
    sandbox.run(&["--policy", "nowhere.toml", "runs", "list"]).ends(66);
}

#[test]
fn what_does_not_exist_is_said_so() {
    let sandbox = Sandbox::new();
    sandbox.run(&["runs", "show", "0190"]).ends(66).says(&["0190"]);
    sandbox.run(&["findings", "show", "0190"]).ends(66).says(&["0190"]);
    sandbox.run(&["scan", "--unit", "无此单位"]).ends(66).says(&["无此单位"]);
    sandbox.run(&["scan"]).ends(66).says(&["nothing is left to probe"]);
}
