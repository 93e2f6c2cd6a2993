//! What a report tells of people and post certificates: the same as the commands do, from a register, workbooks of
//! training records and a scan, and nobody's name.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;

use chrono::{Days, NaiveDate};
use serde_json::Value;

use crate::sandbox::{Network, Sandbox, credit_code};

/// By the number of the unit: its level-3 system, or level-2 one, and who looks after it.
const UNITS: [(&str, u8); 4] = [("示例甲局", 3), ("示例乙局", 3), ("示例丙局", 2), ("示例丁局", 3)];

/// Made-up names; none of them may travel.
const PEOPLE: [(&str, usize); 5] =
    [("虚构子", 0), ("虚构丑", 1), ("虚构寅", 2), ("虚构卯", 0), ("虚构辰", 1)];

fn today() -> NaiveDate {
    model::interval::civil_date(chrono::Utc::now())
}

/// Something that speaks first, as an SSH server would, at each of the addresses.
fn greeters(addresses: &[String]) -> u16 {
    let first = TcpListener::bind((addresses[0].as_str(), 0)).unwrap();
    let port = first.local_addr().unwrap().port();
    let others = addresses[1..].iter().map(|address| TcpListener::bind((address.as_str(), port)).unwrap());
    for listener in std::iter::once(first).chain(others) {
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A scanner that has gone away is no concern of the greeter.
                let _ = (&stream).write_all(b"SSH-2.0-OpenSSH_9.2p1 Fictional\r\n");
            }
        });
    }
    port
}

fn import(sandbox: &Sandbox, command: &str, sheet: &str, header: &str, rows: &[String]) {
    let file = sandbox.write(&format!("{sheet}.csv"), format!("{header}\n{}\n", rows.join("\n")));
    sandbox.run(&[command, "import", file.to_str().unwrap(), "--sheet", sheet]).ends(0);
}

/// Four units with a system and an address each.
fn register(sandbox: &Sandbox, addresses: &[String]) {
    let code = |n: usize| credit_code(n as u32 + 1);
    let each = |row: &dyn Fn(usize, &str, u8) -> String| -> Vec<String> {
        UNITS.iter().enumerate().map(|(n, (unit, level))| row(n, unit, *level)).collect()
    };
    let rows = each(&|n, unit, _| format!("{unit},{}", code(n)));
    import(sandbox, "registry", "单位", "单位名称,统一社会信用代码", &rows);
    let rows = each(&|n, _, level| format!("{},业务系统{n},{level}", code(n)));
    import(sandbox, "registry", "系统", "单位信用代码,系统名称,等保级别", &rows);
    let until = today() + Days::new(365);
    let rows = each(&|n, _, _| format!("{},业务系统{n},{},虚构批准人,{until}", code(n), addresses[n]));
    import(sandbox, "registry", "资产", "单位信用代码,所属系统,资产,授权批准人,授权止", &rows);
}

/// A certified maintainer, one whose certificate has lapsed, one in grace, nobody; a certified head, and one without.
fn training(sandbox: &Sandbox) {
    let code = |n: usize| credit_code(n as u32 + 1);
    let rows: Vec<String> = PEOPLE
        .iter()
        .enumerate()
        .map(|(i, (name, unit))| format!("{name},{},020-0000-00{i:02}", code(*unit)))
        .collect();
    import(sandbox, "training", "人员", "姓名,单位信用代码,电话", &rows);
    let post = |person: usize, post: &str, from: NaiveDate| {
        let (name, unit) = PEOPLE[person];
        let system = if post == "维护人员" { format!("业务系统{unit}") } else { String::new() };
        format!("{name},{},{system},{post},{from}", code(unit))
    };
    let (long_ago, lately) = (today() - Days::new(900), today() - Days::new(5));
    let rows = [
        post(0, "维护人员", long_ago),
        post(1, "维护人员", long_ago),
        post(2, "维护人员", lately),
        post(3, "主管", long_ago),
        post(4, "主管", long_ago),
    ];
    import(sandbox, "training", "岗位", "姓名,单位信用代码,系统,岗位,起始日期", &rows);
    let certificate = |person: usize, category: &str, until: NaiveDate| {
        let issued = until - Days::new(1000);
        format!("FAKE-{person},{category},{},{issued},{until},示例市虚构测评中心", PEOPLE[person].0)
    };
    let rows = [
        certificate(0, "WH", today() + Days::new(20)),
        certificate(1, "WH", today() - Days::new(10)),
        certificate(3, "GL", today() + Days::new(75)),
    ];
    import(sandbox, "training", "旧证", "证书编号,证书类别,姓名,发证日期,有效期至,发证机关", &rows);
}

/// As if the findings had been seen first so many days ago.
fn age_findings(sandbox: &Sandbox, days: i64) {
    use sqlx::Connection;
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(sandbox.path("data").join("sentrypost.db"));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let older = format!("UPDATE findings SET first_seen_at = first_seen_at - {}", days * MILLIS_A_DAY);
        let changed = sqlx::query(sqlx::AssertSqlSafe(older)).execute(&mut connection).await.unwrap();
        assert_eq!(changed.rows_affected(), UNITS.len() as u64);
        connection.close().await.unwrap();
    });
}

const MILLIS_A_DAY: i64 = 86_400_000;

fn listed(sandbox: &Sandbox, args: &[&str]) -> Vec<Value> {
    let mut shown = sandbox.run(&[args, &["--json"]].concat()).ends(0).json();
    std::mem::take(shown["data"].as_array_mut().unwrap())
}

struct Report {
    json: Value,
    files: Vec<PathBuf>,
}

impl Report {
    fn build(sandbox: &Sandbox) -> Report {
        let built = sandbox.run(&["report", "build", "--json"]).ends(0).json();
        let path = |key: &str| sandbox.path("data").join(built["data"][key].as_str().unwrap());
        let json = serde_json::from_slice(&std::fs::read(path("json")).unwrap()).unwrap();
        Report { json, files: ["json", "html_zh", "html_en"].map(path).into() }
    }

    fn figure(&self, id: &str) -> Option<&Value> {
        self.json["figures"].as_array().unwrap().iter().find(|figure| figure["id"] == id)
    }

    #[track_caller]
    fn value(&self, id: &str) -> u64 {
        self.figure(id).unwrap_or_else(|| panic!("no figure {id}"))["value"].as_u64().unwrap()
    }

    #[track_caller]
    fn rows(&self, id: &str) -> &[Value] {
        let table = self.json["tables"].as_array().unwrap().iter().find(|table| table["id"] == id);
        table.unwrap_or_else(|| panic!("no table {id}"))["rows"].as_array().unwrap()
    }
}

fn furnished(network: &Network) -> Sandbox {
    let sandbox = Sandbox::new();
    let addresses: Vec<String> = (1..=UNITS.len() as u8).map(|host| network.host(host)).collect();
    register(&sandbox, &addresses);
    let port = greeters(&addresses);
    sandbox.run(&["scan", "--ports", &port.to_string(), "--resolver", "127.0.0.1:1"]).ends(0);
    assert_eq!(sandbox.findings().len(), UNITS.len());
    age_findings(&sandbox, 20);
    sandbox
}

#[test]
fn a_report_tells_of_posts_what_the_commands_tell() {
    let network = Network::claim();
    let sandbox = furnished(&network);
    training(&sandbox);
    let report = Report::build(&sandbox);

    let coverage = listed(&sandbox, &["training", "coverage"]);
    let n_of = |is: &dyn Fn(&str) -> bool| {
        coverage.iter().filter(|row| is(row["standing"].as_str().unwrap())).count() as u64
    };
    // Each system: a maintainer; of level 3 two, and a developer; each unit: a head.
    assert_eq!((coverage.len(), report.value("posts.requirements")), (4 + 2 * 3 + 4, 14));
    let (n_met, n_in_grace) = (n_of(&|standing| standing == "met"), n_of(&|standing| standing == "in-grace"));
    assert_eq!((n_met, n_in_grace), (2, 1));
    assert_eq!((report.value("posts.met"), report.value("posts.in-grace")), (n_met, n_in_grace));
    assert_eq!(report.value("posts.gaps"), 14 - n_met - n_in_grace);

    for (by, table) in [("unit", "post-units"), ("post", "post-kinds")] {
        let sums = listed(&sandbox, &["training", "coverage", "--by", by]);
        assert_eq!(sums.len(), report.rows(table).len());
        for sum in sums {
            let name = sum["name"].as_str().unwrap();
            let name = name.parse::<model::post::PostKind>().map_or(name, |post| post.as_str());
            let row = report.rows(table).iter().find(|row| row[by] == name).unwrap();
            let told = ["required", "met", "in_grace", "gaps", "certified", "uncertified"];
            let asked = ["n", "n_met", "n_in_grace", "n_gaps", "n_people_certified", "n_people_uncertified"];
            assert_eq!(told.map(|key| &row[key]), asked.map(|key| &sum[key]), "{sum} and {row}");
        }
    }
    let holders =
        ["posts.holders", "posts.holders.certified", "posts.holders.in-grace", "posts.holders.uncertified"];
    assert_eq!(holders.map(|id| report.value(id)), [5, 2, 1, 2]);

    // Level 3 without a certified maintainer: where each requirement for one has nobody certified.
    let names = |rows: &[Value], keys: [&str; 2]| -> BTreeSet<[String; 2]> {
        rows.iter().map(|row| keys.map(|key| row[key].as_str().unwrap_or_default().to_owned())).collect()
    };
    let without: Vec<Value> = listed(&sandbox, &["training", "coverage", "--level", "3"])
        .into_iter()
        .filter(|row| row["post"] == "维护人员" && row["certified"] == "")
        .collect();
    let without = names(&without, ["unit", "system"]);
    assert_eq!(without.len() as u64, report.value("posts.unmaintained.level-3"));
    assert_eq!((without.len(), report.value("posts.unmaintained")), (2, 3));
    assert_eq!(report.value("posts.systems.level-3"), 3);
    let told = names(report.rows("post-unmaintained"), ["unit", "system"]);
    assert!(told.is_superset(&without), "{told:?} and {without:?}");

    // Findings, and units that are late.
    let exposed = listed(&sandbox, &["training", "exposed"]);
    let (lapses, overdue): (Vec<Value>, Vec<Value>) =
        exposed.into_iter().partition(|row| row["kind"] == "high finding, no certified maintainer");
    assert_eq!((lapses.len(), report.value("posts.findings")), (3, 3));
    assert_eq!(names(&lapses, ["unit", "system"]), names(report.rows("post-lapses"), ["unit", "system"]),);
    for row in report.rows("post-lapses") {
        let detail = format!("{} {}", row["severity"].as_str().unwrap(), row["finding"].as_str().unwrap());
        assert!(lapses.iter().any(|lapse| lapse["detail"] == detail.as_str()), "{detail}");
        let told = lapses.iter().find(|lapse| lapse["detail"] == detail.as_str()).unwrap();
        assert!(
            !told["title_zh"].as_str().unwrap().is_empty() && told["at"].as_str().unwrap().contains("/tcp")
        );
        assert_eq!(told["has_maintainer"], row["in_post"] == "uncertified");
        let expected = if row["unit"] == "示例丁局" { "nobody" } else { "uncertified" };
        assert_eq!(row["in_post"], expected, "{row}");
    }
    assert_eq!((overdue.len(), report.value("posts.overdue.units")), (3, 3));
    assert_eq!(report.value("posts.overdue.findings"), 3);
    let units = |rows: &[Value]| names(rows, ["unit", "unit"]);
    assert_eq!(units(&overdue), units(report.rows("post-overdue")));

    // What lapses.
    let due = |days: &str| listed(&sandbox, &["training", "due", "--days", days]);
    let ahead =
        |days: &str| due(days).iter().filter(|row| row["days_left"].as_i64().unwrap() >= 0).count() as u64;
    let told = ["posts.due-30", "posts.due-60", "posts.due-90"].map(|id| report.value(id));
    assert_eq!(told, ["30", "60", "90"].map(ahead));
    assert_eq!((told, report.value("posts.expired")), ([1, 1, 2], 1));
    let serials = |rows: &[Value]| names(rows, ["serial", "on"]);
    assert_eq!(serials(report.rows("post-due")), serials(&due("90")));

    for file in &report.files {
        let text = std::fs::read_to_string(file).unwrap();
        for (name, _) in PEOPLE {
            assert!(!text.contains(name), "{name} in {}", file.display());
        }
        assert!(text.contains("业务系统"), "{}", file.display());
    }

    // A certificate for the one in grace; the next report tells the difference.
    let row =
        format!("FAKE-9,WH,{},{},{},示例市虚构测评中心", PEOPLE[2].0, today(), today() + Days::new(400));
    import(&sandbox, "training", "旧证", "证书编号,证书类别,姓名,发证日期,有效期至,发证机关", &[row]);
    let next = Report::build(&sandbox);
    assert_eq!(next.figure("posts.met").unwrap()["change"], 1);
    assert_eq!(next.figure("posts.findings").unwrap()["change"], -1);
    assert_eq!(next.figure("posts.gaps").unwrap()["change"], 0);
}

#[test]
fn a_certificate_that_two_units_need_is_told_of_both_and_counted_once() {
    let network = Network::claim();
    let sandbox = furnished(&network);
    training(&sandbox);
    let row = format!("{},{},业务系统1,维护人员,{}", PEOPLE[0].0, credit_code(2), today() - Days::new(900));
    import(&sandbox, "training", "岗位", "姓名,单位信用代码,系统,岗位,起始日期", &[row]);
    let report = Report::build(&sandbox);
    let due = listed(&sandbox, &["training", "due", "--days", "90"]);
    assert_eq!((report.rows("post-due").len(), due.len()), (4, 4));
    let ending = |unit: &str| {
        let row = report.rows("post-units").iter().find(|row| row["unit"] == unit);
        row.map(|row| row["ending"].as_u64().unwrap())
    };
    // As many as the command lists for the unit and that haven't ended.
    let units = listed(&sandbox, &["registry", "list", "units"]);
    let n_due = |unit: &str| {
        let id = &units.iter().find(|row| row["name"] == unit).unwrap()["id"];
        let of_unit = due.iter().filter(|row| row["unit"] == *id && row["what"] == "expiry");
        of_unit.filter(|row| row["days_left"].as_i64().unwrap() >= 0).count() as u64
    };
    for (unit, expected) in UNITS.map(|(unit, _)| unit).into_iter().zip([2, 1, 0, 0]) {
        assert_eq!((ending(unit), n_due(unit)), (Some(expected), expected), "{unit}");
    }
    let figures = ["posts.due-30", "posts.due-60", "posts.due-90", "posts.expired"];
    assert_eq!(figures.map(|id| report.value(id)), [1, 1, 2, 1]);
}

#[test]
fn deadlines_are_those_of_the_policy() {
    let network = Network::claim();
    let sandbox = furnished(&network);
    training(&sandbox);
    let n_overdue = |policy: &str| {
        let shown = listed(&sandbox, &["--policy", policy, "training", "exposed"]);
        shown.iter().filter(|row| row["kind"].as_str().unwrap().starts_with("overdue")).count()
    };
    let embedded = include_str!("../../policy/exposure.toml");
    for (high, expected) in [(19, 3), (20, 0)] {
        let own = embedded.replacen("high = 15", &format!("high = {high}"), 1);
        assert_ne!(own, embedded);
        let file = sandbox.write("policy.toml", own);
        assert_eq!(n_overdue(file.to_str().unwrap()), expected, "{high} days");
    }
}

#[test]
fn a_report_without_training_records_says_that_it_tells_nothing_of_them() {
    let network = Network::claim();
    let sandbox = furnished(&network);
    let report = Report::build(&sandbox);
    let figures = report.json["figures"].as_array().unwrap();
    assert!(figures.iter().all(|figure| !figure["id"].as_str().unwrap().starts_with("posts.")));
    let page = std::fs::read_to_string(&report.files[1]).unwrap();
    assert!(page.contains("没有人员与上岗证的记录") && !page.contains("无人在岗"));
}
