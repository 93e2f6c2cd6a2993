//! Reminders from outside: who would be told, letters and calendars as files, mails to a real mail server, and what a
//! review changes.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use documents::read::{ReadLimits, read_file_bytes};
use serde_json::Value;

use crate::sandbox::{Sandbox, credit_code};

/// Certificates of three years, issued on 2024-01-10: the review is due on 2025-07-09, the last day is 2027-01-09.
const ISSUED_ON: &str = "2024-01-10";
/// 25 days before the last one: the step of 30 days.
const BEFORE: &str = "2026-12-15";

const PEOPLE: [(&str, &str, &str); 2] =
    [("虚构禤甲", "A", "jia@unit.example"), ("虚构翀乙", "B", "yi@unit.example")];

/// One unit with a contact, and a system of level 3 with two maintainers, both certified.
fn city() -> Sandbox {
    let sandbox = Sandbox::new();
    let code = credit_code(1);
    import(&sandbox, "registry", "单位", &format!("单位名称,统一社会信用代码\n示例市虚构局,{code}\n"));
    import(&sandbox, "registry", "系统", &format!("单位信用代码,系统名称,等保级别\n{code},示例系统,3\n"));
    let contact = format!("单位信用代码,姓名,职务,邮箱\n{code},虚构丙,信息安全联络员,bing@unit.example\n");
    import(&sandbox, "registry", "人员", &contact);
    let rows = |row: &dyn Fn(&(&str, &str, &str)) -> String| -> String {
        PEOPLE.iter().map(|person| row(person) + "\n").collect()
    };
    let people = rows(&|(name, _, mail)| format!("{name},{code},020-0000-0001,{mail}"));
    import(&sandbox, "training", "人员", &format!("姓名,单位信用代码,电话,邮箱\n{people}"));
    let posts = rows(&|(name, role, _)| format!("{name},{code},示例系统,维护人员,{role},2023-01-01"));
    import(&sandbox, "training", "岗位", &format!("姓名,单位信用代码,系统,岗位,A/B角,起始日期\n{posts}"));
    let waivers = rows(&|(name, _, _)| format!("{name},WH,CISP,FAKE-1,虚构批准人,2024-01-01,2027-12-31"));
    let header = "姓名,证书类别,依据,依据编号,批准人,起始日期,截止日期";
    import(&sandbox, "training", "等效", &format!("{header}\n{waivers}"));
    sandbox.run(&["cert", "issue", "--category", "WH", "--on", ISSUED_ON, "--without-files"]).ends(0);
    sandbox
}

fn import(sandbox: &Sandbox, command: &str, name: &str, text: &str) {
    let file = sandbox.write(&format!("{name}.csv"), text);
    sandbox.run(&[command, "import", file.to_str().unwrap(), "--sheet", name]).ends(0);
}

fn serials(sandbox: &Sandbox) -> Vec<String> {
    let listed = sandbox.run(&["cert", "list", "--json"]).ends(0).json();
    let listed = listed["data"].as_array().unwrap();
    listed.iter().map(|one| one["serial"].as_str().unwrap().to_owned()).collect()
}

/// Both are reviewed in time.
fn review(sandbox: &Sandbox) {
    for serial in serials(sandbox) {
        sandbox.run(&["cert", "review", &serial, "--reason", "复审合格", "--on", "2025-07-01"]).ends(0);
    }
}

/// Addresses under a key of what `training remind --json` says, in their order.
fn addresses(told: &Value) -> Vec<&str> {
    told.as_array().unwrap().iter().map(|mail| mail["address"].as_str().unwrap()).collect()
}

const ALL: [&str; 3] = ["bing@unit.example", "jia@unit.example", "yi@unit.example"];

#[test]
fn a_dry_run_says_who_would_be_told_and_leaves_nothing_behind() {
    let sandbox = city();
    review(&sandbox);
    let dry = ["training", "remind", "--dry-run", "--on", BEFORE, "--json"];
    for _ in 0..2 {
        let told = sandbox.run(&dry).ends(0).json();
        let mut planned = addresses(&told["data"]["planned"]);
        planned.sort_unstable();
        assert_eq!(planned, ALL);
        let body = told["data"]["planned"][0]["body"].as_str().unwrap();
        assert!(body.contains("2027-01-09") && body.contains("25 天"), "{body}");
        // The unit has no head, and that is said.
        assert_eq!(told["data"]["unreachable"][0]["because"], "leader", "{told}");
    }
    let early = sandbox.run(&["training", "remind", "--on", "2026-10-01", "--json"]).ends(0).json();
    assert_eq!(early["data"].get("planned"), None, "{early}");
}

#[test]
fn a_unit_gets_workbook_letters_and_calendar_that_name_holder_system_and_gap() {
    let sandbox = city();
    review(&sandbox);
    let (folder, ical) = (sandbox.path("letters"), sandbox.path("due.ics"));
    let args = ["training", "remind", "--on", BEFORE, "--digest", folder.to_str().unwrap()];
    sandbox.run(&[&args[..], &["--ical", ical.to_str().unwrap()]].concat()).ends(0);
    let file = |ending: &str| folder.join(format!("{}-示例市虚构局-{BEFORE}.{ending}", credit_code(1)));
    // What the day after the last one opens: two are asked for, and one at least.
    let expected = [
        "虚构禤甲",
        "虚构翀乙",
        "示例系统",
        "2027-01-09",
        "2027-01-10",
        "三级",
        "至少2名持证维护人员",
        "至少1名",
    ];
    for (kind, text) in [
        ("xlsx", text_of_workbook(&file("xlsx"))),
        ("pdf", text_of_pdf(&file("pdf"))),
        ("docx", text_of_docx(&file("docx"))),
    ] {
        for words in expected {
            assert!(bare(&text).contains(words), "{kind}: no {words} in\n{text}");
        }
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 4, "and nothing half-written");
    for calendar in [file("ics"), ical] {
        let text = std::fs::read_to_string(calendar).unwrap().replace("\r\n ", "");
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 2, "{text}");
        assert_eq!(text.matches("DTSTART;VALUE=DATE:20270109").count(), 2, "{text}");
        assert!(text.contains("虚构禤甲 上岗证到期") && text.contains(&serials(&sandbox)[0]), "{text}");
    }
    // Another day, nothing due: no letter.
    let none = sandbox.path("none");
    sandbox.run(&["training", "remind", "--on", "2026-09-01", "--digest", none.to_str().unwrap()]).ends(0);
    assert_eq!(std::fs::read_dir(none).unwrap().count(), 0);
}

#[test]
fn mails_reach_a_server_once_and_again_only_at_the_next_step() {
    let sandbox = city();
    review(&sandbox);
    let mut server = MailServer::start(&sandbox);
    let mail = server.settings(&sandbox);
    let remind = |on: &str| {
        let args = ["training", "remind", "--mail", mail.to_str().unwrap(), "--on", on, "--json"];
        sandbox.run(&args).ends(0).json()
    };
    let sent = |told: &Value| {
        let mut sent: Vec<String> =
            addresses(&told["data"]["round"]["sent"]).into_iter().map(str::to_owned).collect();
        sent.sort_unstable();
        sent
    };
    let got = |server: &mut MailServer| {
        let mut got = [(); 3].map(|()| {
            let mail = server.told();
            assert_eq!(mail["from"], "reminder@centre.example");
            (mail["to"][0].as_str().unwrap().to_owned(), mail["subject"].as_str().unwrap().to_owned())
        });
        got.sort_unstable();
        got
    };
    assert_eq!(sent(&remind(BEFORE)), ALL);
    let first = got(&mut server);
    assert_eq!(first.each_ref().map(|(to, _)| to.as_str()), ALL);
    assert_eq!(first[1].1, "上岗证到期提醒：2027-01-09（还有 25 天）");
    // The same day, and a day later within the step.
    assert!(sent(&remind(BEFORE)).is_empty());
    assert!(sent(&remind("2026-12-20")).is_empty());
    // What comes next at the server is the next step: nothing came between.
    assert_eq!(sent(&remind("2027-01-04")), ALL);
    assert_eq!(got(&mut server)[1].1, "上岗证到期提醒：2027-01-09（还有 5 天）");
    let log = sandbox.run(&["training", "log"]).ends(0);
    assert_eq!(log.out.matches("3 reminders sent").count(), 2, "{}", log.out);
}

#[test]
fn a_server_that_is_not_there_is_told_and_the_mails_wait() {
    let sandbox = city();
    review(&sandbox);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mail = sandbox.write("mail.toml", settings(free));
    let args = ["training", "remind", "--mail", mail.to_str().unwrap(), "--on", BEFORE, "--json"];
    let told = sandbox.run(&args).ends(20).json();
    assert_eq!(told["data"]["waiting"].as_array().unwrap().len(), 3, "{told}");
    assert!(told["data"]["round"]["stopped"].is_string(), "{told}");
}

#[test]
fn settings_that_are_wrong_are_told_before_anything_is_queued() {
    let sandbox = city();
    review(&sandbox);
    let check = |text: &str, code: i32, words: &[&str]| {
        let mail = sandbox.write("mail.toml", text);
        let args = ["training", "remind", "--mail", mail.to_str().unwrap(), "--on", BEFORE];
        sandbox.run(&args).ends(code).says(&["mail.toml"]).says(words);
    };
    let least = "host = \"mail.example\"\nsender = \"reminder@centre.example\"\n";
    check("host = 3", 65, &["not a file of mail settings"]);
    check(&format!("{least}pasword = \"x\"\n"), 65, &["pasword"]);
    check(&format!("{least}tls = \"none\"\n"), 65, &["mail.example", "this very machine"]);
    check(&format!("{least}user = \"robot\"\n"), 65, &["SENTRYPOST_SMTP_PASSWORD"]);
    check(&format!("{least}user = \"robot\"\npassword_file = \"gone\"\n"), 66, &["gone"]);
    let absent = sandbox.path("absent.toml");
    sandbox.run(&["training", "remind", "--mail", absent.to_str().unwrap()]).ends(66).says(&["absent.toml"]);
    let told = sandbox.run(&["training", "remind", "--on", BEFORE, "--json"]).ends(0).json();
    assert!(told["data"]["planned"].as_array().unwrap().iter().all(|mail| mail["n_tries"] == 0), "{told}");
}

#[test]
fn a_review_in_time_or_late_makes_a_certificate_valid_again() {
    let sandbox = city();
    let [first, second] = serials(&sandbox).try_into().unwrap();
    let standing = |serial: &str, on: &str| {
        let listed = sandbox.run(&["cert", "list", "--on", on, "--json"]).ends(0).json();
        let listed = listed["data"].as_array().unwrap();
        listed.iter().find(|one| one["serial"] == serial).unwrap()["standing"].as_str().unwrap().to_owned()
    };
    let review = |serial: &str, on: &str| {
        sandbox.run(&["cert", "review", serial, "--reason", "复审合格", "--by", "虚构丁", "--on", on])
    };
    // Review due on 2025-07-09, 30 days of grace; the window opens 60 days before.
    for (on, expected) in [
        ("2025-07-09", "valid"),
        ("2025-07-10", "review-due"),
        ("2025-08-08", "review-due"),
        ("2025-08-09", "review-overdue"),
        ("2027-01-09", "review-overdue"),
        ("2027-01-10", "expired"),
    ] {
        assert_eq!(standing(&first, on), expected, "{on}");
    }
    review(&first, "2025-05-09").ends(65).says(&["2025-05-10"]);
    review(&first, "2025-07-20").ends(0);
    review(&first, "2025-07-21").ends(65).says(&["reviewed already"]);
    assert_eq!(standing(&first, "2025-07-19"), "review-due", "the past stays as it was");
    assert_eq!(standing(&first, "2025-08-09"), "valid");
    // Late: it didn't count meanwhile, and counts again from that day on.
    review(&second, "2025-09-01").ends(0);
    assert_eq!(standing(&second, "2025-08-31"), "review-overdue");
    assert_eq!(standing(&second, "2025-09-01"), "valid");
    let covered = sandbox.run(&["training", "coverage", "--on", "2025-08-20", "--json"]).ends(0).json();
    let covered = covered["data"].as_array().unwrap();
    let of_level_3 = covered.iter().find(|one| one["requirement"] == "maintainer-level-3").unwrap();
    assert_eq!(of_level_3["standing"], "too-few", "{of_level_3}");
}

#[test]
fn after_the_last_day_a_review_is_too_late() {
    let sandbox = Sandbox::new();
    let code = credit_code(1);
    import(&sandbox, "registry", "单位", &format!("单位名称,统一社会信用代码\n示例市虚构局,{code}\n"));
    import(&sandbox, "training", "人员", &format!("姓名,单位信用代码,电话\n虚构甲,{code},020-0000-0001\n"));
    let post = format!("姓名,单位信用代码,岗位,起始日期\n虚构甲,{code},维护人员,2019-01-01\n");
    import(&sandbox, "training", "岗位", &post);
    let waiver = "虚构甲,WH,CISP,FAKE-1,虚构批准人,2020-01-01,2021-12-31";
    let header = "姓名,证书类别,依据,依据编号,批准人,起始日期,截止日期";
    import(&sandbox, "training", "等效", &format!("{header}\n{waiver}\n"));
    sandbox.run(&["cert", "issue", "--category", "WH", "--on", "2020-01-10", "--without-files"]).ends(0);
    let serial = serials(&sandbox).remove(0);
    let late = ["cert", "review", &serial, "--reason", "复审合格", "--on", "2023-01-10"];
    sandbox.run(&late).ends(65).says(&["expired", "renew"]);
}

#[test]
fn an_evidence_sheet_has_the_plan_of_each_post_with_its_days() {
    let sandbox = city();
    let terms =
        "2025-1,示例第一期,2025-03-01,2025-06-30,FG、WH\n2026-1,示例第二期,2026-03-01,2026-06-30,KF\n";
    import(&sandbox, "training", "期次", &format!("期次代码,期次名称,起始日期,截止日期,科目\n{terms}"));
    let sittings = "WH-K,2025-1,WH,2025-04-01,16,虚构讲师,,授课\nWH-E,2025-1,WH,2025-04-10,,,虚构考官,考试\n\
                    FG-K,2025-1,FG,2025-06-20,8,虚构讲师,,授课\n";
    let header = "场次代码,期次,科目,日期,学时,授课人,考官,类型";
    import(&sandbox, "training", "场次", &format!("{header}\n{sittings}"));
    let came = "2025-1,WH-K,虚构禤甲,出勤\n2025-1,WH-K,虚构翀乙,缺勤\n";
    import(&sandbox, "training", "签到", &format!("期次,场次,姓名,出勤\n{came}"));
    let scores = "2025-1,WH-E,虚构禤甲,88,虚构录入员\n2025-1,WH-E,虚构翀乙,缺考,虚构录入员\n";
    import(&sandbox, "training", "成绩", &format!("期次,场次,姓名,成绩,录入人\n{scores}"));
    sandbox.run(&["training", "release", "2025-1/WH-E", "--by", "虚构复核员"]).ends(0);
    let expected = [
        // Held, with one of two; still to come; a topic of a term without a sitting; a post without any.
        "安全运维示例第一期2025-04-01授课16已举办1",
        "法规与职责示例第一期2025-06-20授课8计划—",
        "安全开发示例第二期2026-03-01至2026-06-30未排—计划—",
        "主管培训计划（安全管理8学时，共8学时）：这段时间没有安排",
        // Two were entered, one sat and passed; who had to sit isn't known.
        "岗位登记参加合格",
        "2025-04-10示例第一期安全运维维护人员211",
        "维护人员维护人员上岗证220",
    ];
    for ending in ["pdf", "docx"] {
        let file = sandbox.path(&format!("evidence.{ending}"));
        sandbox.run(&["training", "evidence", "--on", "2025-06-01", "-o", file.to_str().unwrap()]).ends(0);
        let text = if ending == "pdf" { text_of_pdf(&file) } else { text_of_docx(&file) };
        for words in expected {
            assert!(bare(&text).contains(words), "{ending}: no {words} in\n{text}");
        }
    }
}

/// Without spaces, and without the marks at which long words may break.
fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '\u{200b}').collect()
}

fn text_of_workbook(file: &Path) -> String {
    let bytes = std::fs::read(file).unwrap();
    let workbook = read_file_bytes("letter.xlsx", &bytes, &ReadLimits::default()).unwrap();
    let rows = workbook.sheets.iter().flat_map(|sheet| &sheet.rows);
    rows.flat_map(|row| row.cells.iter().map(|cell| cell.text() + "\n")).collect()
}

fn text_of_pdf(file: &Path) -> String {
    let read = Command::new("pdftotext").args(["-raw", file.to_str().unwrap(), "-"]).output().unwrap();
    String::from_utf8(read.stdout).unwrap()
}

/// What stands between the tags of the document.
fn text_of_docx(file: &Path) -> String {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(file).unwrap()).unwrap();
    let mut xml = String::new();
    archive.by_name("word/document.xml").unwrap().read_to_string(&mut xml).unwrap();
    xml.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect()
}

fn settings(port: u16) -> String {
    format!(
        "host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nsender = \"岗哨 <reminder@centre.example>\"\n"
    )
}

/// aiosmtpd on 127.0.0.1; it ends when this is dropped.
struct MailServer {
    child: Child,
    out: BufReader<ChildStdout>,
    port: u64,
}

impl MailServer {
    fn start(sandbox: &Sandbox) -> MailServer {
        let script = sandbox.write("mail_server.py", include_str!("../../src/remind/tests/mail_server.py"));
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let certificate = sandbox.write("cert.pem", made.cert.pem());
        let key = sandbox.write("key.pem", made.signing_key.serialize_pem());
        // Debian's own interpreter has Debian's own packages.
        let mut child = Command::new("/usr/bin/python3")
            .args([script.as_path(), Path::new("none"), &certificate, &key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut server = MailServer { child, out, port: 0 };
        server.port = server.told()["port"].as_u64().unwrap();
        server
    }

    fn settings(&self, sandbox: &Sandbox) -> PathBuf {
        sandbox.write("mail.toml", settings(self.port.try_into().unwrap()))
    }

    /// The next thing that it tells.
    fn told(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
