//! Old paper certificates, and what is accepted in place of topics.

use training::certificates::CertificateAct;
use training::columns::SheetKey;
use training::sittings::Waived;

use crate::world::{counts, day, table, today, world};

fn old(lines: &str) -> [intake::table::Table; 1] {
    [table("旧证", &format!("证书编号|证书类别|姓名|发证日期|有效期至|发证机关\n{lines}"))]
}

fn waivers(lines: &str) -> [intake::table::Table; 1] {
    [table("等效", &format!("姓名|证书类别|科目|依据|依据编号|批准人|截止日期\n{lines}"))]
}

#[test]
fn old_certificates_begin_with_an_event_and_count_their_periods_by_their_days() {
    let mut world = world();
    let file = old("旧〔2024〕9|WH|虚构甲|2024-12-01|2027-11-30|示例中心
        旧〔2021〕3|维护人员上岗证|虚构甲|2021-12-01|2024-11-30|示例中心");
    world.check_warnings(&file, &["旧证 row 3: they ended before today, so that they count for nothing any more (the earliest on 2024-11-30)"]);
    let outcome = world.good(&file);
    assert_eq!(counts(&outcome, SheetKey::OldCertificates), [2, 0, 0, 0, 0]);
    let told: Vec<(u16, &str, &str)> = world
        .records
        .certificates
        .iter()
        .map(|one| (one.period, one.printed.old_number.as_deref().unwrap_or(""), one.printed.name.as_str()))
        .collect();
    assert_eq!(told, [(2, "旧〔2024〕9", "虚构甲"), (1, "旧〔2021〕3", "虚构甲")]);
    assert_eq!(world.records.events.len(), 2);
    assert_eq!(world.records.events[0].what, CertificateAct::Issued);
    assert_eq!(world.records.events[0].on, day("2024-12-01"));
    let again = world.good(&file);
    assert!(again.change.is_empty(), "{:#?}", again.change);
}

#[test]
fn an_old_certificate_bears_the_unit_of_its_row() {
    let mut world = world();
    let header = "证书编号|证书类别|姓名|单位|发证日期|有效期至|发证机关";
    let rows = "1|WH|虚构甲|$1|2024-12-01|2027-11-30|示例中心\n2|WH|虚构乙||2024-12-01|2027-11-30|示例中心";
    world.good(&[table("旧证", &format!("{header}\n{rows}"))]);
    let units: Vec<&str> = world.records.certificates.iter().map(|one| one.printed.unit.as_str()).collect();
    assert_eq!(units, ["示例一局", ""]);
}

#[test]
fn a_registered_certificate_is_not_rewritten() {
    let mut world = world();
    world.good(&old("001|WH|虚构甲|2024-12-01|2027-11-30|示例中心"));
    world.check(
        &old("001|WH|虚构甲|2024-12-01|2028-11-30|示例中心"),
        &["column E 有效期至, \"2028-11-30\": the certificate is registered otherwise, and none is ever rewritten"],
    );
    world.check(
        &old("001|WH|虚构乙|2024-12-01|2027-11-30|示例中心"),
        &["column C 姓名, \"虚构乙\": the certificate is registered for 虚构甲"],
    );
    world.check(
        &old("000|WH|虚构甲|2021-12-01|2024-11-30|示例中心"),
        &["issued later, on 2024-12-01, is registered already"],
    );
    world.check(&old("001|WH|虚构乙|2024-12-01|2027-11-30|示例二中心"), &[]);
}

#[test]
fn dates_and_categories_of_old_certificates_are_checked() {
    let mut world = world();
    world.check(
        &old("1|WX|虚构甲|2024-12-01|2027-11-30|示例中心
            2|WH|虚构甲|2027-12-01|2030-11-30|示例中心
            3|WH|虚构甲|2024-12-01|2023-11-30|示例中心
            4|WH|虚构甲|24.12.1|2027-11-30|示例中心"),
        &[
            "no such category; there are: WH 维护人员上岗证",
            "issued on 2027-12-01, which is after today",
            "lies before",
            "not a date",
        ],
    );
}

#[test]
fn a_waiver_is_of_a_category_or_of_a_topic() {
    let mut world = world();
    let file = waivers("虚构甲|WH||CISP|001|虚构丁|2027-12-31\n虚构乙||安全运维|软考||虚构丁|2027-12-31");
    world.good(&file);
    let covers: Vec<&Waived> = world.records.waivers.iter().map(|one| &one.covers).collect();
    assert_eq!(covers, [&Waived::Category("WH".into()), &Waived::Topic("WH".into())]);
    assert_eq!(world.records.waivers[0].from, today());
    // A day later it is the same file.
    world.today = day("2026-11-23");
    assert!(world.good(&file).change.is_empty());
    let wrong = waivers("虚构甲|WH|WH|CISP|001|虚构丁|2027-12-31\n虚构甲|||CISP|001|虚构丁|2027-12-31");
    world.check(&wrong, &["either a category or a topic", "either a category or a topic"]);
    world.check_warnings(&waivers("虚构丙||WH|NISP||虚构丁|2026-01-31"), &["they ended before today"]);
}
