//! What a trainer finds with paper in hand: names too long for it, old certificates, sheets to sign.

use crate::sandbox::Sandbox;
use crate::training_faults::furnished;

const ISSUE: [&str; 4] = ["cert", "issue", "--category", "WH"];
const LENGTH: usize = 44;

fn certificates(sandbox: &Sandbox) -> Vec<serde_json::Value> {
    let listed = sandbox.run(&["cert", "list", "--json"]).ends(0).json();
    listed["data"].as_array().unwrap().clone()
}

fn serial_of(sandbox: &Sandbox, name: &str) -> String {
    let all = certificates(sandbox);
    let one = all.iter().find(|one| one["name"].as_str().unwrap().starts_with(name)).unwrap();
    one["serial"].as_str().unwrap().to_owned()
}

fn import(sandbox: &Sandbox, sheet: &str, text: &str) {
    let file = sandbox.write("表.csv", text);
    sandbox.run(&["training", "import", file.to_str().unwrap(), "--sheet", sheet]).ends(0);
}

/// As an older version did, which issued a certificate before it looked whether the name fits its place.
fn lengthen(sandbox: &Sandbox, name: &str) {
    use sqlx::Connection;
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(sandbox.path("data").join("sentrypost.db"));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let long = format!("{name}{}", "长".repeat(LENGTH));
        let printed = format!(
            "UPDATE post_certificates SET body = replace(body, '\"name\":\"{name}\"', '\"name\":\"{long}\"')
             WHERE body LIKE '%\"name\":\"{name}\"%'"
        );
        sqlx::query("DROP TRIGGER post_certificates_stay_as_issued").execute(&mut connection).await.unwrap();
        let changed = sqlx::query(sqlx::AssertSqlSafe(printed)).execute(&mut connection).await.unwrap();
        assert_eq!(changed.rows_affected(), 1);
        sqlx::query(
            "CREATE TRIGGER post_certificates_stay_as_issued BEFORE UPDATE OF body ON post_certificates
             BEGIN SELECT RAISE (ABORT, 'a certificate stays as it was issued'); END",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_name_too_long_for_its_place_is_told_before_anything_is_issued() {
    let long = "长".repeat(LENGTH);
    let sandbox = furnished(&["虚构甲", &long, "虚构\u{e123}"]);
    let preview = sandbox.run(&[&ISSUE[..], &["--dry-run", "--json"]].concat()).ends(0);
    let preview = preview.says(&["2 can't be printed, so that none of the batch would be issued", "other 1"]);
    let preview = preview.json();
    let refused = |name: &str| {
        let all = preview["data"].as_array().unwrap();
        let one = all.iter().find(|one| one["name"] == name).unwrap();
        one["refused"].as_str().unwrap_or_default().to_owned()
    };
    assert!(refused(&long).contains("doesn't fit its place"), "{}", refused(&long));
    assert!(refused("虚构\u{e123}").contains("no font has"), "{}", refused("虚构\u{e123}"));
    assert_eq!(refused("虚构甲"), "");
    assert!(!sandbox.path("data/keys/ring.json").exists(), "a preview makes no key");
    // Both are named, and nothing is issued.
    sandbox.run(&ISSUE).ends(65).says(&[&long, "虚构\u{e123}"]);
    assert_eq!(certificates(&sandbox).len(), 0);
    sandbox.run(&[&ISSUE[..], &["--person", "虚构甲"]].concat()).ends(0);
}

#[test]
fn the_token_stands_in_lines_of_four_groups_on_sheet_and_card() {
    let sandbox = furnished(&["虚构甲"]);
    sandbox.run(&ISSUE).ends(0);
    let serial = serial_of(&sandbox, "虚构甲");
    for (name, more) in [("a4.pdf", &[][..]), ("card.pdf", &["--card"][..])] {
        let file = sandbox.path(name);
        let path = file.to_str().unwrap();
        sandbox.run(&[&["cert", "print", &serial, "-o", path], more].concat()).ends(0);
        let read = std::process::Command::new("pdftotext").args([path, "-"]).output().unwrap();
        let text = String::from_utf8(read.stdout).unwrap();
        let is_group =
            |group: &str| group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let lines = text.lines().map(|line| line.trim().split('-').collect::<Vec<_>>());
        let n =
            lines.filter(|groups| groups.len() == 4 && groups.iter().all(|group| is_group(group))).count();
        assert_eq!(n, 2, "{name}: {text}");
    }
}

#[test]
fn one_that_cant_be_printed_holds_up_no_other_and_none_once_it_is_cancelled() {
    let sandbox = furnished(&["虚构甲", "虚构乙", "虚构丙", "虚构丁"]);
    sandbox.run(&[&ISSUE[..], &["--without-files"]].concat()).ends(0);
    let bad = ["虚构甲", "虚构丙"];
    for name in bad {
        lengthen(&sandbox, name);
    }
    sandbox.run(&["cert", "files"]).ends(65).says(&["虚构甲长", "虚构丙长", "doesn't fit its place"]);
    let print = |name: &str, exit| {
        let (serial, file) = (serial_of(&sandbox, name), sandbox.path(&format!("{name}.pdf")));
        sandbox.run(&["cert", "print", &serial, "-o", file.to_str().unwrap()]).ends(exit)
    };
    for name in ["虚构乙", "虚构丁"] {
        print(name, 0);
    }
    print("虚构甲", 65).says(&["can't be printed", "doesn't fit its place"]);
    sandbox.run(&["cert", "cancel", &serial_of(&sandbox, "虚构甲"), "--reason", "姓名有误"]).ends(0);
    sandbox.run(&["cert", "revoke", &serial_of(&sandbox, "虚构丙"), "--reason", "姓名有误"]).ends(0);
    sandbox.run(&["cert", "files"]).ends(0);
    print("虚构甲", 66).says(&["it is cancelled"]);
}

#[test]
fn an_old_certificate_stays_with_the_body_that_issued_it_and_is_found_by_its_number() {
    let sandbox = furnished(&["虚构甲"]);
    let old = "证书编号,证书类别,姓名,发证日期,有效期至,发证机关\n";
    import(
        &sandbox,
        "旧证",
        &format!(
            "{old}虚证〔2020〕第7号,WH,虚构甲,2020-06-01,2023-05-31,虚构发证中心\n虚证〔2024〕第9号,WH,虚构甲,2024-06-01,2099-05-31,虚构发证中心\n"
        ),
    );
    let number = "虚证〔2024〕第9号";
    let refused = sandbox.run(&["cert", "replace", number, "--reason", "遗失"]).ends(65);
    refused.says(&["虚构发证中心", "that body alone can replace it"]);
    assert_eq!(certificates(&sandbox).len(), 2);
    let listed = sandbox.run(&["cert", "list"]).ends(0).out;
    for words in [number, "虚证〔2020〕第7号", "1-1", "2-1", "旧编号"] {
        assert!(listed.contains(words), "no {words} in\n{listed}");
    }
    assert!(certificates(&sandbox).iter().any(|one| one["old_number"] == number));
    let told = sandbox.run(&["cert", "verify", number]).ends(0).out;
    assert!(told.contains(number) && told.contains("虚构甲"), "{told}");
    let shown = sandbox.run(&["training", "show", number]).ends(0).out;
    assert!(shown.contains("虚构甲") && shown.contains(number), "{shown}");
    sandbox.run(&["training", "show", "虚证〔2099〕第1号"]).ends(66);
    // The serial is of both: the day says which.
    let serial = serial_of(&sandbox, "虚构甲");
    let verify = |on: &str, exit| {
        let told = sandbox.run(&["cert", "verify", &serial, "--on", on, "--json"]).ends(exit).json();
        let (standing, printed) = (&told["data"]["standing"], &told["data"]["printed"]["old_number"]);
        (standing.as_str().unwrap().to_owned(), printed.as_str().unwrap().to_owned())
    };
    let (first, second) = ("虚证〔2020〕第7号".to_owned(), number.to_owned());
    assert_eq!(verify("2021-01-01", 0), ("valid".to_owned(), first.clone()));
    assert_eq!(verify("2024-01-01", 10), ("expired".to_owned(), first.clone()));
    assert_eq!(verify("2024-06-01", 0), ("valid".to_owned(), second));
    assert_eq!(verify("2019-01-01", 10), ("not-yet".to_owned(), first));
}

#[test]
fn the_sign_in_sheet_of_an_exam_is_one_of_an_exam() {
    let sandbox = furnished(&["虚构甲"]);
    let term = "期次代码,期次名称,起始日期,截止日期,科目\n2026-1,虚构第一期,2026-03-01,2026-06-30,WH\n";
    import(&sandbox, "期次", term);
    let sittings = "期次,场次代码,科目,日期,类型,授课人,考官\n2026-1,L1,WH,2026-06-10,授课,虚构丙,\n2026-1,K1,WH,2026-06-20,考试,,虚构乙\n";
    import(&sandbox, "场次", sittings);
    let text = |sitting: &str| {
        let file = sandbox.path(&format!("{sitting}.pdf"));
        let path = file.to_str().unwrap();
        sandbox.run(&["training", "sign-in", &format!("2026-1/{sitting}"), "-o", path]).ends(0);
        let read = std::process::Command::new("pdftotext").args(["-layout", path, "-"]).output().unwrap();
        String::from_utf8(read.stdout).unwrap()
    };
    let (lesson, exam) = (text("L1"), text("K1"));
    for (of, words) in
        [(&exam, ["考试签到表", "监考/考官", "虚构乙"]), (&lesson, ["培训签到表", "培训老师签名", "虚构丙"])]
    {
        assert!(words.iter().all(|words| of.contains(words)), "{words:?} in\n{of}");
    }
    assert!(!exam.contains("老师"), "{exam}");
    for (sitting, title) in [("L1", "培训签到表"), ("K1", "考试签到表")] {
        let path = sandbox.path(&format!("{sitting}.xlsx"));
        let sheet = format!("2026-1/{sitting}");
        sandbox.run(&["training", "sign-in", &sheet, "-o", path.to_str().unwrap()]).ends(0);
        let mut book = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
        let properties = std::io::read_to_string(book.by_name("docProps/core.xml").unwrap()).unwrap();
        assert!(properties.contains(title), "{properties}");
    }
}
