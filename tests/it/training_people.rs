//! People and their posts, changed by hand: days that were entered wrongly, transfers, people who left.

use crate::sandbox::{Sandbox, credit_code};
use crate::training_faults::furnished;

fn posts(sandbox: &Sandbox, person: &str) -> Vec<(String, String)> {
    let shown = sandbox.run(&["training", "show", person, "--json"]).ends(0).json();
    let posts = shown["data"]["posts"].as_array().unwrap().clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    posts.iter().map(|post| (text(&post[1]), text(&post[2]))).collect()
}

#[test]
fn a_first_day_that_was_entered_wrongly_is_corrected_and_the_log_keeps_it() {
    let sandbox = furnished(&["虚构甲"]);
    let code = credit_code(1);
    let place =
        ["--unit", code.as_str(), "--system", "示例系统", "--post", "maintainer", "--reason", "录入错误"];
    let redate = |days: &[&str]| sandbox.run(&[&["training", "redate", "虚构甲"], &place[..], days].concat());
    redate(&["--recorded", "2024-01-02", "--from", "2024-02-01"])
        .ends(65)
        .says(&["no such post since 2024-01-02"]);
    let right = ["--recorded", "2024-01-01", "--from", "2024-02-01"];
    redate(&[&right[..], &["--dry-run"]].concat()).ends(0);
    assert_eq!(posts(&sandbox, "虚构甲"), [("2024-01-01".into(), String::new())]);
    redate(&right).ends(0);
    assert_eq!(posts(&sandbox, "虚构甲"), [("2024-02-01".into(), String::new())]);
    let log = sandbox.run(&["training", "log"]).ends(0);
    for wanted in ["redated", "from 2024-02-01 (from 2024-01-01 before)", "录入错误"] {
        assert!(log.out.contains(wanted), "{}", log.out);
    }
}

#[test]
fn who_left_is_forgotten_but_for_what_was_issued() {
    let sandbox = furnished(&["虚构甲", "虚构乙"]);
    sandbox.run(&["cert", "issue", "--category", "WH", "--without-files"]).ends(0);
    let forget =
        |rest: &[&str]| sandbox.run(&[&["training", "forget", "--reason", "离职满三年"], rest].concat());
    forget(&[]).ends(64);
    forget(&["虚构甲"]).ends(65).says(&["虚构甲", "holds a post"]);
    sandbox.run(&["training", "leave", "虚构甲", "--last", "2024-06-30"]).ends(0);
    let shown = forget(&["--left-before", "2024-07-01", "--dry-run"]).ends(0);
    assert_eq!(shown.out.trim(), "1: 虚构甲");
    let phone = |person: &str| {
        sandbox.run(&["training", "show", person, "--json"]).ends(0).json()["data"]["phone"].clone()
    };
    assert_eq!(phone("虚构甲"), "020-0000-0000");
    forget(&["--left-before", "2024-07-01"]).ends(0);
    assert!(phone("虚构甲").is_null() && phone("虚构乙") == "020-0000-0001");
    let certificates = sandbox.run(&["cert", "list", "--json"]).ends(0).json();
    assert_eq!(certificates["data"].as_array().unwrap().len(), 2);
    assert!(sandbox.run(&["training", "log"]).ends(0).out.contains("离职满三年"));
    assert_eq!(forget(&["--left-before", "2024-07-01"]).ends(0).out.trim(), "0:");
    sandbox.run(&["training", "forget", "虚构甲", "--reason", " "]).ends(64);
    let code = credit_code(1);
    let back = ["--unit", code.as_str(), "--post", "maintainer", "--from", "2026-01-01"];
    sandbox
        .run(&[&["training", "appoint", "虚构甲"], &back[..]].concat())
        .ends(65)
        .says(&["was forgotten on"]);
}

#[test]
fn people_are_listed_where_the_roster_or_a_transfer_has_them() {
    let sandbox = furnished(&["虚构甲"]);
    let [first, second] = [1, 2].map(credit_code);
    let units = sandbox.write("单位.csv", format!("单位名称,统一社会信用代码\n示例市示例局,{second}\n"));
    sandbox.run(&["registry", "import", units.to_str().unwrap(), "--sheet", "单位"]).ends(0);
    let people = sandbox.write("人员.csv", format!("姓名,单位信用代码,电话\n虚构乙,{first},020-0000-0009\n"));
    sandbox.run(&["training", "import", people.to_str().unwrap(), "--sheet", "人员"]).ends(0);
    let of = |unit: &str| {
        let listed = sandbox.run(&["training", "people", "--unit", unit, "--json"]).ends(0).json();
        let listed = listed["data"].as_array().unwrap().clone();
        let mut names: Vec<String> =
            listed.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!((of(&first).as_str(), of(&second).as_str()), ("虚构乙 虚构甲", ""));
    let transfer = ["--unit", &second, "--post", "maintainer", "--from", "2026-01-01"];
    sandbox.run(&[&["training", "transfer", "虚构甲"], &transfer[..]].concat()).ends(0);
    assert_eq!((of(&first).as_str(), of(&second).as_str()), ("虚构乙", "虚构甲"));
    sandbox.run(&["training", "leave", "虚构甲", "--last", "2026-03-31"]).ends(0);
    assert_eq!(of(&second), "虚构甲");
}

#[test]
fn a_name_and_a_phone_that_were_entered_wrongly_are_corrected() {
    let sandbox = furnished(&["虚构甲", "虚构乙"]);
    let amend = |person: &str, rest: &[&str]| {
        sandbox.run(&[&["training", "amend", person, "--reason", "录入错误"], rest].concat())
    };
    amend("虚构甲", &["--name", "虚构镕", "--phone", "020-0000-0031"]).ends(0);
    let shown = sandbox.run(&["training", "show", "虚构镕", "--json"]).ends(0).json();
    assert_eq!(shown["data"]["phone"], "020-0000-0031");
    assert_eq!(posts(&sandbox, "虚构镕").len(), 1);
    amend("虚构镕", &["--phone", "020-0000-0001", "--name", "虚构乙"]).ends(65).says(&["somebody else"]);
    amend("虚构镕", &["--phone", "没有"]).ends(65).says(&["没有"]);
    let log = sandbox.run(&["training", "log"]).ends(0);
    for wanted in ["amended", "虚构甲 → 虚构镕", "name, phone", "录入错误"] {
        assert!(log.out.contains(wanted), "{}", log.out);
    }
    // A post that has ended keeps its last day unless it is said to be open.
    sandbox.run(&["training", "leave", "虚构镕", "--last", "2025-06-30"]).ends(0);
    let code = credit_code(1);
    let place =
        ["--unit", code.as_str(), "--system", "示例系统", "--post", "maintainer", "--reason", "录入错误"];
    let redate = |days: &[&str]| sandbox.run(&[&["training", "redate", "虚构镕"], &place[..], days].concat());
    redate(&["--recorded", "2024-01-01", "--from", "2024-02-01"]).ends(0);
    assert_eq!(posts(&sandbox, "虚构镕"), [("2024-02-01".into(), "2025-06-30".into())]);
    redate(&["--recorded", "2024-02-01", "--from", "2024-02-01", "--open"]).ends(0);
    assert_eq!(posts(&sandbox, "虚构镕"), [("2024-02-01".into(), String::new())]);
}

#[test]
fn a_leaver_who_is_entered_late_opens_todays_gap() {
    let sandbox = furnished(&["虚构甲"]);
    sandbox.run(&["cert", "issue", "--category", "WH", "--without-files"]).ends(0);
    // Nobody was certified on the day after; today somebody is.
    sandbox
        .run(&["training", "leave", "虚构甲", "--last", "2024-06-30", "--dry-run"])
        .ends(0)
        .says(&["gap from"]);
}
