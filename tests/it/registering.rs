//! The register's files: what an import says, and what comes out of an export.

use crate::sandbox::{Ran, Sandbox, credit_code};

fn import(sandbox: &Sandbox, name: &str, text: impl AsRef<[u8]>, more: &[&str]) -> Ran {
    let file = sandbox.write(name, text);
    sandbox.run(&[&["registry", "import", file.to_str().unwrap()], more].concat())
}

fn unit(serial: u32, name: &str) -> String {
    format!("单位名称,统一社会信用代码\n{name},{}\n", credit_code(serial))
}

#[test]
fn a_dry_run_lists_what_would_change_and_json_all_of_it() {
    let sandbox = Sandbox::new();
    import(&sandbox, "单位.csv", unit(1, "示例一局"), &[]).ends(0);
    let renamed = import(&sandbox, "单位.csv", unit(1, "示例二局"), &["--dry-run"]).ends(0);
    assert!(renamed.out.contains("单位名称: 示例一局 → 示例二局"), "{}", renamed.out);
    renamed.says(&["is renamed from 示例一局 to 示例二局", "由“示例一局”改名为“示例二局”"]);

    let rows: String = (2..120).map(|n| format!("示例{n}局,{}\n", credit_code(n))).collect();
    let text = unit(1, "示例二局") + &rows;
    let long = import(&sandbox, "单位.csv", &text, &["--dry-run"]).ends(0);
    assert!(long.out.contains("示例一局 → 示例二局"), "what changes comes before what is new");
    long.says(&["and 69 more changes; --json lists all"]);
    let json = import(&sandbox, "单位.csv", &text, &["--dry-run", "--json"]).ends(0).json();
    assert_eq!(json["format"], "sentrypost-register-import/1");
    let data = &json["data"];
    assert_eq!((&data["dry_run"], &data["stored"]), (&true.into(), &false.into()));
    let changes = data["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 119);
    let cell = serde_json::json!({"column": "单位名称", "old": "示例一局", "new": "示例二局"});
    assert_eq!(changes[0]["cells"], serde_json::json!([cell]));
    assert_eq!((&changes[0]["row"], &changes[1]["new"]), (&2.into(), &true.into()));
    assert!(data["warnings"][0]["en"].as_str().unwrap().contains("renamed"));

    // The real import says so as well.
    let stored = import(&sandbox, "单位.csv", unit(1, "示例二局"), &["--json"]).ends(0).json();
    assert_eq!(stored["data"]["stored"], true);
    import(&sandbox, "单位.csv", unit(1, "示例三局"), &[])
        .ends(0)
        .says(&["warning", "is renamed from 示例二局"]);
}

#[test]
fn json_tells_errors_in_both_languages() {
    let sandbox = Sandbox::new();
    let text = "单位名称,统一社会信用代码\n示例一局,11440100MADE000020\n";
    let refused = import(&sandbox, "单位.csv", text, &["--json"]).ends(65).json();
    let error = &refused["data"]["errors"][0];
    assert_eq!((&error["sheet"], &error["row"], &error["letter"]), (&"单位".into(), &2.into(), &"B".into()));
    assert!(error["en"].as_str().unwrap().contains("check symbol"), "{error}");
    assert!(error["zh"].as_str().unwrap().contains("校验码"), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_is_told_in_both_languages() {
    let sandbox = Sandbox::new();
    sandbox.run(&["registry", "template"]).ends(0);
    let whole = std::fs::read(sandbox.path("sentrypost-register.xlsx")).unwrap();
    let cut = import(&sandbox, "cut.xlsx", &whole[..whole.len() / 2], &[]).ends(65);
    cut.says(&["cut off on its way", "可能没有下载或复制完"]);
    import(&sandbox, "x.xlsx", b"%PDF-1.7", &[])
        .ends(65)
        .says(&["a PDF document", "这是PDF 文档，不是工作簿"]);
    let mixed = [unit(1, "示例一局").as_bytes(), b"\xca\xbe\xc0\xfd,1\n"].concat();
    import(&sandbox, "单位.csv", mixed, &[])
        .ends(65)
        .says(&["line 3 is GB18030", "第3行的文字编码是 GB18030"]);
}

#[test]
fn an_empty_template_and_an_empty_table_say_that_nothing_was_there() {
    let sandbox = Sandbox::new();
    sandbox.run(&["registry", "template"]).ends(0);
    let words = ["there is nothing to import", "没有可导入的内容"];
    sandbox.run(&["registry", "import", "sentrypost-register.xlsx"]).ends(0).says(&words);
    import(&sandbox, "单位.csv", "单位名称,统一社会信用代码\n", &[]).ends(0).says(&words);
}

#[test]
fn a_folder_that_export_wrote_is_imported_and_one_csv_for_all_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.register_unit("192.0.2.0/24");
    sandbox
        .run(&["registry", "export", "-o", "x.csv"])
        .ends(64)
        .says(&["name a folder, such as x,", "x.xlsx"]);
    sandbox.run(&["registry", "export", "-o", "x.ods"]).ends(64).says(&["not as .ods"]);
    assert!(!sandbox.path("x.csv").exists() && !sandbox.path("x.ods").exists());
    sandbox.run(&["registry", "export", "-o", "v1.2"]).ends(0);

    let other = Sandbox::new();
    let folder = sandbox.path("v1.2");
    let folder = folder.to_str().unwrap();
    other.run(&["registry", "import", folder]).ends(0);
    let assets = |sandbox: &Sandbox| sandbox.run(&["registry", "list", "assets"]).ends(0).out;
    assert_eq!(assets(&other), assets(&sandbox));
    other.run(&["registry", "import", folder, "--sheet", "资产"]).ends(64).says(&["is a folder"]);
    std::fs::create_dir(other.path("empty")).unwrap();
    other.run(&["registry", "import", "empty"]).ends(65).says(&["holds no .csv file", "没有 .csv 文件"]);
}

#[test]
fn rows_around_the_table_and_bad_rows_come_back_as_a_clerk_can_use_them() {
    let sandbox = Sandbox::new();
    let text = format!(
        "登记表\n序号,单位名称,统一社会信用代码\n,必填,必填\n1,示例一局,{}\n2,示例二局,11440100MADE000020\n合计,2,\n填表人：虚构甲,,审核：虚构乙\n",
        credit_code(1)
    );
    let said = import(&sandbox, "单位.csv", text, &["--good-rows", "--errors", "wrong.xlsx"]).ends(65);
    said.says(&[
        "单位 row 3 ignored: looks like a note under the header",
        "单位 rows 6, 7 ignored: looks like a footer",
        "第6、7行已忽略：像是表尾",
    ]);
    let wrong = std::fs::read(sandbox.path("wrong.xlsx")).unwrap();
    let workbook = documents::read::read_workbook(&wrong, &documents::read::ReadLimits::default()).unwrap();
    let sheet = workbook.sheet("单位").unwrap();
    let texts = |row| (0..3).map(|column| sheet.cell(row, column).text()).collect::<Vec<_>>();
    assert_eq!(texts(1), ["原行号", "单位名称", "统一社会信用代码"]);
    assert_eq!(texts(2), ["5", "示例二局", "11440100MADE000020"]);
    assert_eq!(sheet.rows.len(), 2);
    sandbox
        .run(&["registry", "import", "wrong.xlsx"])
        .ends(65)
        .says(&["单位 row 2, column C 统一社会信用代码"]);
}

#[test]
fn a_workbook_that_libreoffice_saved_again_says_the_same() {
    let sandbox = Sandbox::new();
    // Made by `registry export` and saved again as XLSX by LibreOffice 7.4.
    let saved = include_bytes!("fixtures/saved-by-libreoffice.xlsx");
    let taken = import(&sandbox, "登记表.xlsx", saved, &["--json"]).ends(0).json();
    let new: Vec<u64> = taken["data"]["counts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|count| count["new"].as_u64().unwrap())
        .collect();
    assert_eq!(new, [2, 1, 1, 3, 1, 1]);
    let assets = sandbox.run(&["registry", "list", "assets", "--json"]).ends(0).json();
    let asset = &assets["data"][0];
    assert_eq!(
        (&asset["target"]["addresses"], &asset["owned"]["from"]),
        (&"192.0.2.0/24".into(), &"2020-01-01".into())
    );
    assert_eq!(asset["authorisation"]["valid_until"], "2026-12-31");
    assert_eq!(asset["note"], "这是一条很长的备注，用来看看自动换行是否正常，以及行高会不会跟着变化");
    let services = sandbox.run(&["registry", "list", "services", "--json"]).ends(0).json();
    assert_eq!(
        (&services["data"][0]["port"], &services["data"][0]["service"]),
        (&443.into(), &"https".into())
    );

    // What we write of it is the same register.
    sandbox.run(&["registry", "export", "-o", "again.xlsx"]).ends(0);
    let again = sandbox.run(&["registry", "import", "again.xlsx", "--json"]).ends(0).json();
    assert_eq!(
        (&again["data"]["stored"], &again["data"]["changes"]),
        (&false.into(), &serde_json::json!([]))
    );
}
