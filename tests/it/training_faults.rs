//! What must not go wrong with certificates: two issuers at once, a kill in a batch, names that can't be printed, edited
//! files, rotated keys, restored backups, ID numbers in the clear.

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
    let told = sandbox.run(&["cert", "verify", edited.to_str().unwrap()]).ends(10);
    assert!(told.out.contains("none that was issued"), "{}", told.out);
    sandbox.run(&["cert", "revoke", &serial, "--reason", "弄虚作假"]).ends(0);
    let told = sandbox.run(&["cert", "verify", qr.trim()]).ends(10);
    assert!(told.out.contains("revoked"), "{}", told.out);
    // Printed again, it is the same file to the byte.
    let again = sandbox.path("again.pdf");
    sandbox.run(&["cert", "print", &serial, "-o", again.to_str().unwrap()]).ends(0);
    assert_eq!(std::fs::read(again).unwrap(), std::fs::read(file).unwrap());
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

#[test]
fn a_restored_backup_never_gives_a_serial_again() {
    let sandbox = furnished(&["虚构甲"]);
    // The database with its log, as a backup holds them.
    let files = ["sentrypost.db", "sentrypost.db-wal", "sentrypost.db-shm"]
        .map(|name| sandbox.path("data").join(name));
    let backup = files.each_ref().map(|file| std::fs::read(file).ok());
    let args = [&ISSUE[..], &["--without-files"]].concat();
    sandbox.run(&args).ends(0);
    let before = serials(&sandbox).remove(0);
    for (file, bytes) in files.iter().zip(&backup) {
        match bytes {
            Some(bytes) => std::fs::write(file, bytes).unwrap(),
            None => drop(std::fs::remove_file(file)),
        }
    }
    assert_eq!(serials(&sandbox).len(), 0, "the backup knows of none");
    sandbox.run(&args).ends(0);
    let after = serials(&sandbox).remove(0);
    assert!(before.contains("-000001-") && after.contains("-000002-"), "{before} {after}");
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
    import(format!("{header}\n虚构甲,{code},020-0000-0000,{ID_NUMBER}\n")).ends(0);
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
