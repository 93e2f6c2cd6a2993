//! Workbooks in the old format (`.xls`) import as the new ones do.

use crate::sandbox::{Ran, Sandbox, credit_code};

/// The same import of one table saved twice: what it said, and what it left behind.
fn check_same(prepare: impl Fn(&Sandbox), command: &str, saved: [(&str, &[u8]); 2], lists: &[&[&str]]) {
    let told = saved.map(|(name, bytes)| {
        let sandbox = Sandbox::new();
        prepare(&sandbox);
        let file = sandbox.write(name, bytes);
        let import = |flag: &[&str]| -> Ran {
            sandbox.run(&[&[command, "import", file.to_str().unwrap()], flag].concat()).ends(0)
        };
        let mut said = vec![import(&["--dry-run", "--json"]).json(), import(&["--json"]).json()];
        said.push(import(&["--json"]).json());
        let is_stored = said.iter().map(|one| one["data"]["stored"].as_bool().unwrap()).collect::<Vec<_>>();
        assert_eq!(is_stored, [false, true, false], "a look, the import, the same again");
        let mut said: Vec<String> = said.iter().map(ToString::to_string).collect();
        said.extend(lists.iter().map(|list| sandbox.run(list).ends(0).out));
        said
    });
    let [old, new] = told;
    for (old, new) in old.iter().zip(&new) {
        assert_eq!(old, new);
    }
}

/// Made by `registry export`, and saved by LibreOffice 7.4 in both formats.
#[test]
fn a_register_in_the_old_format_is_the_same_register() {
    check_same(
        |_| {},
        "registry",
        [
            ("登记表.xls", include_bytes!("fixtures/saved-by-libreoffice.xls")),
            ("登记表.xls", include_bytes!("fixtures/saved-by-libreoffice.xlsx")),
        ],
        &[&["registry", "list", "assets"], &["registry", "list", "services"]],
    );
}

/// Made by `training template`; its example rows made real, one date and one score as numbers; saved by LibreOffice 7.4 in
/// both formats.
#[test]
fn training_records_in_the_old_format_are_the_same_records() {
    let prepare = |sandbox: &Sandbox| {
        let code = credit_code(1);
        for (name, text) in [
            ("单位", format!("单位名称,统一社会信用代码\n示例市虚构局,{code}\n")),
            ("系统", format!("单位信用代码,系统名称,等保级别\n{code},示例门户网站,3\n")),
        ] {
            let file = sandbox.write(&format!("{name}.csv"), text);
            sandbox.run(&["registry", "import", file.to_str().unwrap()]).ends(0);
        }
    };
    check_same(
        prepare,
        "training",
        [
            ("培训.xls", include_bytes!("fixtures/training-filled.xls")),
            ("培训.xls", include_bytes!("fixtures/training-filled.xlsx")),
        ],
        &[&["training", "sittings"], &["training", "coverage"], &["cert", "list"]],
    );
}

#[test]
fn an_old_workbook_that_was_cut_off_is_a_wrong_file() {
    let sandbox = Sandbox::new();
    let whole = include_bytes!("fixtures/training-filled.xls");
    let file = sandbox.write("培训.xls", &whole[..whole.len() / 3]);
    let said = sandbox.run(&["training", "import", file.to_str().unwrap()]).ends(65);
    said.says(&["the workbook is damaged in the compound file", "工作簿已损坏（复合文档"]);
}
