//! What must not go wrong with certificates: two issuers at once, a kill in a batch, names that can't be printed, edited
//! files, rotated keys, ID numbers in the clear.

use std::path::Path;
use std::process::Stdio;

use crate::sandbox::{Sandbox, credit_code};

/// A made-up number with a right check digit; region and birthday are nobody's.
const ID_NUMBER: &str = "110101190001011236";
const OTHER_NUMBER: &str = "110101190001011244";

/// One unit, one system, `names` as its maintainers; all topics waived, so that a certificate can be had at once.
pub fn furnished(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let code = credit_code(1);
    let import = |command: &str, name: &str, text: String| {
        let file = sandbox.write(&format!("{name}.csv"), text);
        sandbox.run(&[command, "import", file.to_str().unwrap(), "--sheet", name]).ends(0);
    };
    import("registry", "单位", format!("单位名称,统一社会信用代码\n示例市虚构局,{code}\n"));
    import("registry", "系统", format!("单位信用代码,系统名称,等保级别\n{code},示例系统,3\n"));
    let rows = |row: &dyn Fn(usize, &str) -> String| -> String {
        names.iter().enumerate().map(|(i, name)| row(i, name) + "\n").collect()
    };
    let people = rows(&|i, name| format!("{name},{code},020-0000-{i:04}"));
    import("training", "人员", format!("姓名,单位信用代码,电话\n{people}"));
    let posts = rows(&|_, name| format!("{name},{code},示例系统,维护人员,2024-01-01"));
    import("training", "岗位", format!("姓名,单位信用代码,系统,岗位,起始日期\n{posts}"));
    let waivers = rows(&|i, name| format!("{name},WH,CISP,FAKE-{i},虚构批准人,2024-01-01,2027-12-31"));
    import("training", "等效", format!("姓名,证书类别,依据,依据编号,批准人,起始日期,截止日期\n{waivers}"));
    sandbox
}

fn serials(sandbox: &Sandbox) -> Vec<String> {
    let listed = sandbox.run(&["cert", "list", "--json"]).ends(0).json();
    let listed = listed["data"].as_array().unwrap();
    listed.iter().map(|one| one["serial"].as_str().unwrap().to_owned()).collect()
}

const ISSUE: [&str; 4] = ["cert", "issue", "--category", "WH"];

#[test]
fn a_certificate_is_printed_verified_and_an_edited_file_is_noticed() {
    let sandbox = furnished(&["虚构禤玥"]);
    sandbox.run(&ISSUE).ends(0);
    let serial = serials(&sandbox).remove(0);
    let file = sandbox.path("a4.pdf");
    let path = file.to_str().unwrap();
    sandbox.run(&["cert", "print", &serial, "-o", path]).ends(0);
    let verified = sandbox.run(&["cert", "verify", path]).ends(0);
    assert!(verified.out.contains("genuine") && verified.out.contains("虚构禤玥"), "{}", verified.out);
    sandbox.run(&["cert", "verify", &serial.to_lowercase()]).ends(0);
    // The code on the page, read by another library.
    let png = sandbox.path("a4");
    let render = ["-r", "200", "-png", "-singlefile", path, png.to_str().unwrap()];
    assert!(std::process::Command::new("pdftoppm").args(render).status().unwrap().success());
    let qr = std::process::Command::new("zbarimg")
        .args(["-q", "--raw", sandbox.path("a4.png").to_str().unwrap()])
        .output()
        .unwrap();
    let qr = String::from_utf8(qr.stdout).unwrap();
    sandbox.run(&["cert", "verify", qr.trim()]).ends(0);
    // Another key signs from now on; what the first one signed stays good.
    sandbox.run(&["cert", "keys", "new", "--algorithm", "sm2"]).ends(0);
    sandbox.run(&["cert", "verify", qr.trim()]).ends(0);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.extend_from_slice(b"% edited\n");
    let edited = sandbox.write("edited.pdf", bytes);
    let told = sandbox.run(&["cert", "verify", edited.to_str().unwrap()]).ends(11);
    assert!(told.out.contains("none that was issued"), "{}", told.out);
    // A code that somebody made up is no certificate; a genuine one that has run out is another matter.
    let forged = forged(qr.trim());
    let told = sandbox.run(&["cert", "verify", &forged, "--json"]).ends(11).json();
    assert_eq!((&told["data"]["is_genuine"], &told["data"]["counts"]), (&false.into(), &false.into()));
    let told = sandbox.run(&["cert", "verify", qr.trim(), "--on", "2099-01-01", "--json"]).ends(10).json();
    assert_eq!((&told["data"]["is_genuine"], &told["data"]["counts"]), (&true.into(), &false.into()));
    sandbox.run(&["cert", "revoke", &serial, "--reason", "弄虚作假"]).ends(0);
    let told = sandbox.run(&["cert", "verify", qr.trim()]).ends(10);
    assert!(told.out.contains("revoked"), "{}", told.out);
    // Printed again, it is the same file to the byte, whatever the scheme calls certificates since; and so is one that was
    // lost and made again.
    let scheme = include_str!("../../policy/training.toml");
    let edited = scheme.replace("信息安全测评中心", "虚构改名中心").replace("上岗证", "改名证");
    assert_ne!(edited, scheme);
    sandbox.write("data/training.toml", edited);
    for name in ["again.pdf", "restored.pdf"] {
        let again = sandbox.path(name);
        sandbox.run(&["cert", "print", &serial, "-o", again.to_str().unwrap()]).ends(0);
        assert!(std::fs::read(again).unwrap() == std::fs::read(&file).unwrap(), "{name}");
        let kept = std::fs::read_dir(sandbox.path("data/certificates")).unwrap();
        for pdf in kept.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some()) {
            std::fs::remove_file(pdf).unwrap();
        }
        sandbox.run(&["cert", "files"]).ends(0);
    }
}

/// The text of a code with one letter of its signature exchanged.
fn forged(qr: &str) -> String {
    let at = qr.len() - 5;
    let other = if qr[at..].starts_with('A') { "B" } else { "A" };
    format!("{}{other}{}", &qr[..at], &qr[at + 1..])
}

#[test]
fn sheets_that_are_handed_out_say_what_they_are_for() {
    let sandbox = furnished(&["虚构璟", "虚构翀"]);
    sandbox.run(&[&ISSUE[..], &["--person", "虚构璟", "--without-files"]].concat()).ends(0);
    let file = sandbox.path("evidence.pdf");
    let path = file.to_str().unwrap();
    sandbox.run(&["training", "evidence", "-o", "evidence.doc"]).ends(64);
    sandbox.run(&["training", "evidence", "-o", path]).ends(0);
    let read = std::process::Command::new("pdftotext").args(["-layout", path, "-"]).output().unwrap();
    let text = String::from_utf8(read.stdout).unwrap();
    for words in ["GB/T 22239-2019", "各岗位培训计划", "法规与职责", "全部单位"] {
        assert!(text.contains(words), "no {words} in\n{text}");
    }
    let line = text.lines().find(|line| line.contains("维护人员上岗证") && !line.contains("个月")).unwrap();
    let numbers: Vec<&str> = line.split_whitespace().rev().take(3).collect();
    assert_eq!(numbers, ["1", "1", "2"], "in post, certified, uncertified, from the end: {line}");
}

#[test]
fn a_name_that_no_font_can_show_refuses_the_batch_before_anything_is_issued() {
    let sandbox = furnished(&["虚构甲", "虚构\u{e123}"]);
    let refused = sandbox.run(&ISSUE).ends(65);
    refused.says(&["can't be printed"]);
    assert_eq!(serials(&sandbox).len(), 0);
}

#[test]
fn two_issuers_at_once_issue_each_certificate_once() {
    let names: Vec<String> = (0..8).map(|i| format!("虚构{i}")).collect();
    let sandbox = furnished(&names.iter().map(String::as_str).collect::<Vec<_>>());
    // The key and the folders are there before the two meet.
    sandbox.run(&["cert", "keys", "new"]).ends(0);
    let start = || {
        let mut command = sandbox.command();
        command.args(ISSUE).arg("--without-files").stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let mut both = [start(), start()];
    let ended = both.each_mut().map(|child| child.wait().unwrap());
    assert!(ended.iter().all(|status| status.success()), "{ended:?}");
    let mut serials = serials(&sandbox);
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), 8);
}

#[test]
fn a_batch_that_was_killed_is_finished_by_the_next_command() {
    let names: Vec<String> = (0..6).map(|i| format!("虚构{i}")).collect();
    let sandbox = furnished(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut child =
        sandbox.command().args(ISSUE).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let first = sandbox.path("data/certificates");
    let is_under_way = || std::fs::read_dir(&first).is_ok_and(|files| files.count() > 2);
    while !is_under_way() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    sandbox.run(&["cert", "files"]).ends(0);
    let issued = serials(&sandbox);
    assert_eq!(issued.len(), 6, "the batch was stored as a whole");
    for serial in issued {
        let file = sandbox.path(&format!("{serial}.pdf"));
        sandbox.run(&["cert", "print", &serial, "-o", file.to_str().unwrap()]).ends(0);
    }
}

/// As many as the largest batch, killed at each step up to the moment when it is stored and then while files are written.
#[test]
fn a_batch_of_five_hundred_is_issued_whole_or_not_at_all_whenever_it_is_killed() {
    let names: Vec<String> = (0..500).map(|i| format!("虚构{i:03}号")).collect();
    let sandbox = furnished(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let path = |name: &str| sandbox.path("data").join(name);
    let n_pages = || std::fs::metadata(path("sentrypost.db-wal")).map_or(0, |log| log.len());
    let n_before = n_pages();
    let kill_when = |args: &[&str], is_reached: &dyn Fn() -> bool| {
        let mut child =
            sandbox.command().args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while !is_reached() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        serials(&sandbox).len()
    };
    let without_files = [&ISSUE[..], &["--without-files"]].concat();
    let steps: [&dyn Fn() -> bool; 3] =
        [&|| path("keys/ring.json").exists(), &|| path("certificates/serials").exists(), &|| {
            n_pages() > n_before
        }];
    for is_reached in steps {
        let n = kill_when(&without_files, is_reached);
        assert!(n == 0 || n == 500, "{n} of a batch");
    }
    sandbox.run(&without_files).ends(0);
    // A second click issues nothing.
    sandbox.run(&without_files).ends(0).says(&["0 issued"]);
    // The ledger, and the files of a certificate.
    let n_files = || std::fs::read_dir(path("certificates")).map_or(0, Iterator::count);
    assert_eq!(kill_when(&["cert", "files"], &|| n_files() > 3), 500);
    let mut serials = serials(&sandbox);
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), 500);
    // What was finished before the kill is whole.
    let finished = |serial: &&String| {
        let file = sandbox.path("one.pdf");
        sandbox.run(&["cert", "print", serial, "-o", file.to_str().unwrap()]).code == Some(0)
    };
    assert!(serials.iter().take(5).any(|serial| finished(&serial)));
}

#[test]
fn a_sitting_that_moves_after_its_scores_are_in_takes_them_along_and_no_certificate_changes() {
    let sandbox = furnished(&["虚构甲"]);
    let code = credit_code(1);
    let import = |name: &str, text: String, exit| {
        let file = sandbox.write("表.csv", text);
        sandbox.run(&["training", "import", file.to_str().unwrap(), "--sheet", name]).ends(exit)
    };
    let sitting = |topic: &str, day: &str| {
        format!("场次代码,期次,科目,日期,考官,类型\nWH-K1,2026-1,{topic},{day},虚构乙,考试\n")
    };
    let term = "期次代码,期次名称,起始日期,截止日期,科目\n2026-1,虚构第一期,2026-03-01,2026-06-30,FG、WH\n";
    import("期次", term.to_owned(), 0);
    import("场次", sitting("WH", "2026-06-20"), 0);
    let score = format!("期次,场次,姓名,单位信用代码,成绩,录入人\n2026-1,WH-K1,虚构甲,{code},85,虚构丙\n");
    import("成绩", score, 0);
    sandbox.run(&[&ISSUE[..], &["--without-files"]].concat()).ends(0);
    let before = sandbox.run(&["cert", "list", "--json"]).ends(0).json();
    // To another topic it can't be moved: the scores are of this one.
    import("场次", sitting("FG", "2026-06-20"), 65).says(&["scores are in already"]);
    import("场次", sitting("WH", "2026-06-25"), 0)
        .says(&["WH-K1 moves from 2026-06-20 to 2026-06-25, though 1 scores are in", "已有1条成绩"]);
    let shown = sandbox.run(&["training", "show", "虚构甲"]).ends(0).out;
    assert!(shown.contains("2026-06-25") && !shown.contains("2026-06-20"), "{shown}");
    assert_eq!(sandbox.run(&["cert", "list", "--json"]).ends(0).json(), before);
}

#[test]
fn a_preview_tells_what_will_be_issued_until_when_and_whether_it_renews() {
    for (runs_from, until) in [("issue", "2030-05-19"), ("expiry", "2030-05-31")] {
        let sandbox = furnished(&["虚构甲"]);
        let scheme = include_str!("../../policy/training.toml");
        let counted = format!("topics = [\"WH\"], runs_from = \"{runs_from}\"");
        let edited = scheme.replace("topics = [\"WH\"]", &counted);
        assert_ne!(edited, scheme);
        sandbox.write("data/training.toml", edited);
        let issue = |on: &str, more: &[&str]| {
            let asked = [&ISSUE[..], &["--on", on, "--json"], more].concat();
            let issued = sandbox.run(&asked).ends(0).json();
            ["kind", "valid_until", "unit"].map(|key| issued["data"][0][key].as_str().unwrap().to_owned())
        };
        for (on, kind, until) in [("2024-06-01", "new", "2027-05-31"), ("2027-05-20", "renewal", until)] {
            // What a renewal rests on is younger than the certificate before.
            let waiver = format!(
                "姓名,证书类别,依据,依据编号,批准人,起始日期,截止日期\n虚构甲,WH,CISP,FAKE-{kind},虚构批准人,{on},2027-12-31\n"
            );
            let file = sandbox.write("等效.csv", waiver);
            sandbox.run(&["training", "import", file.to_str().unwrap(), "--sheet", "等效"]).ends(0);
            let preview = issue(on, &["--dry-run"]);
            assert_eq!(preview, [kind, until, "示例市虚构局"], "{runs_from}");
            assert_eq!(issue(on, &["--without-files"]), preview, "{runs_from}");
        }
    }
}

#[test]
fn who_gets_none_is_shown_with_the_unit_that_every_list_shows() {
    let sandbox = furnished(&["虚构甲"]);
    let code = credit_code(1);
    let file = sandbox.write("人员.csv", format!("姓名,单位信用代码\n虚构乙,{code}\n"));
    sandbox.run(&["training", "import", file.to_str().unwrap(), "--sheet", "人员"]).ends(0);
    // On the roster and in no post.
    let refused = sandbox.run(&[&ISSUE[..], &["--person", "虚构乙", "--dry-run", "--json"]].concat()).ends(0);
    let refused = &refused.json()["data"][0];
    assert_eq!((&refused["name"], &refused["unit"]), (&"虚构乙".into(), &"示例市虚构局".into()));
}

#[test]
fn a_list_of_the_revoked_replaces_the_one_of_last_month_and_nothing_else() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = furnished(&["虚构甲"]);
    sandbox.run(&[&ISSUE[..], &["--without-files"]].concat()).ends(0);
    let serial = serials(&sandbox).remove(0);
    let list = sandbox.path("revoked.txt");
    let publish = |exit| sandbox.run(&["cert", "revocations", "-o", "revoked.txt"]).ends(exit);
    publish(0);
    let first = std::fs::read_to_string(&list).unwrap();
    assert!(!first.contains(&serial));
    // Published: whoever serves it may read it.
    std::fs::set_permissions(&list, std::fs::Permissions::from_mode(0o644)).unwrap();
    sandbox.run(&["cert", "revoke", &serial, "--reason", "弄虚作假"]).ends(0);
    publish(0);
    assert!(std::fs::read_to_string(&list).unwrap().contains(&serial));
    assert_eq!(std::fs::metadata(&list).unwrap().permissions().mode() & 0o777, 0o644);
    // One that a stolen key signed is replaced above all.
    let keys = sandbox.run(&["cert", "keys", "list", "--json"]).ends(0).json();
    let key = keys["data"][0]["key"].as_str().unwrap().to_owned();
    sandbox.run(&["cert", "keys", "new"]).ends(0);
    sandbox.run(&["cert", "keys", "revoke", &key, "--reason", "被盗"]).ends(0);
    publish(0);
    let own = std::fs::read_to_string(&list).unwrap();
    for other in [first.replace("issued 20", "issued 19"), "虚构的工作".to_owned(), String::new(), own + "x"]
    {
        std::fs::write(&list, &other).unwrap();
        publish(74).says(&["isn't a list that was written here"]);
        assert_eq!(std::fs::read_to_string(&list).unwrap(), other);
    }
}

#[test]
fn what_the_data_folder_holds_of_people_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = furnished(&["虚构甲"]);
    sandbox.run(&ISSUE).ends(0).says(&["writing the files of 1 certificate"]);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut n = 0;
    for folder in ["data", "data/certificates", "data/keys"] {
        let folder = sandbox.path(folder);
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            // A lock holds nothing.
            if path.is_file() && path.extension().is_none_or(|ending| ending != "lock") {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                n += 1;
            }
        }
    }
    assert!(n >= 5, "database, ledger, two papers, keys: {n}");
}

#[test]
fn an_id_number_is_found_again_shown_for_a_reason_and_nowhere_in_the_clear() {
    let sandbox = furnished(&["虚构甲"]);
    let code = credit_code(1);
    let import = |text: String| {
        let file = sandbox.write("名册.csv", text);
        sandbox.run(&["training", "import", file.to_str().unwrap(), "--sheet", "人员"])
    };
    let header = "姓名,单位信用代码,电话,身份证号";
    let first = format!("{header}\n虚构甲,{code},020-0000-0000,{ID_NUMBER}\n");
    // A look leaves no key behind.
    let file = sandbox.write("名册.csv", &first);
    let preview = ["training", "import", file.to_str().unwrap(), "--sheet", "人员", "--dry-run"];
    sandbox.run(&preview).ends(0);
    assert!(!sandbox.path("data/keys").exists());
    import(first).ends(0);
    assert!(sandbox.path("data/keys/identity.secret").exists());
    let known = sandbox.run(&[&preview[..], &["--json"]].concat()).ends(0).json();
    assert_eq!(known["data"]["counts"][0]["unchanged"], 1, "a look finds whom the kept key finds: {known}");
    // The number finds the person again, whatever the name; and nobody has two.
    let other = import(format!("{header}\n虚构乙,{code},020-0000-0000,{ID_NUMBER}\n")).ends(0);
    assert!(other.err.contains("renamed from 虚构甲 to 虚构乙"), "{}", other.err);
    let second = import(format!("{header}\n虚构乙,{code},020-0000-0000,{OTHER_NUMBER}\n")).ends(65);
    let destroyed = import(format!("{header}\n虚构丙,{code},020-0000-0008,110101190001010000\n")).ends(65);
    destroyed.says(&["000"]);
    sandbox.run(&["training", "reveal", "虚构乙", "--reason", " "]).ends(64);
    let shown = sandbox.run(&["training", "reveal", "虚构乙", "--reason", "核对证书"]).ends(0);
    assert_eq!(shown.out.trim(), ID_NUMBER);
    let log = sandbox.run(&["training", "log"]).ends(0);
    assert!(log.out.contains("revealed") && log.out.contains("核对证书"), "{}", log.out);
    // Without its key nobody would be found again: none is made in its place.
    let (key, copy) = (sandbox.path("data/keys/identity.secret"), sandbox.path("copy"));
    std::fs::rename(&key, &copy).unwrap();
    import(format!("{header}\n虚构丁,{code},020-0000-0007,{OTHER_NUMBER}\n"))
        .ends(78)
        .says(&["put the copy of it back"]);
    sandbox.run(&["training", "reveal", "虚构乙", "--reason", "核对证书"]).ends(78);
    assert!(!key.exists());
    std::fs::rename(&copy, &key).unwrap();
    for said in [&other.out, &other.err, &second.out, &second.err, &log.out] {
        assert!(!said.contains(ID_NUMBER) && !said.contains(OTHER_NUMBER), "{said}");
    }
    assert!(!holds(&sandbox.path("data"), ID_NUMBER.as_bytes()), "the data folder holds it in the clear");
}

/// Whether any file of a folder holds the bytes.
fn holds(folder: &Path, wanted: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, wanted);
        }
        std::fs::read(path).unwrap().windows(wanted.len()).any(|window| window == wanted)
    })
}
