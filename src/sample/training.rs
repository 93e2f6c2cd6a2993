//! Sample training records of the demo: made-up maintainers and heads of the fictional units, in each state that a
//! report tells apart.

use chrono::{Days, NaiveDate};
use intake::table::{CellIn, ColumnOut, SheetOut};
use model::register::Register;

/// How a unit's maintainer stands; which unit has which follows from its place in the register.
#[derive(Clone, Copy, PartialEq)]
enum Maintainer {
    Certified,
    EndsSoon,
    Lapsed,
    InGrace,
    Nobody,
}

const MAINTAINERS: [Maintainer; 6] = [
    Maintainer::Certified,
    Maintainer::Certified,
    Maintainer::EndsSoon,
    Maintainer::Lapsed,
    Maintainer::InGrace,
    Maintainer::Nobody,
];

/// People, their posts and the old certificates of some, as sheets to be imported.
pub fn sheets(register: &Register, today: NaiveDate) -> Vec<SheetOut> {
    let mut people = Vec::new();
    let mut posts = Vec::new();
    let mut certificates = Vec::new();
    let before = |days| today - Days::new(days);
    for (n, unit) in register.units.iter().enumerate() {
        let mut person = |name: String, post: &str, since: NaiveDate, until: Option<NaiveDate>| {
            let place = [text(&name), text(unit.code.as_str())];
            people.push([place.as_slice(), &[text(&format!("020-0000-9{:03}", people.len()))]].concat());
            posts.push([place.as_slice(), &[text(post), CellIn::Date(since)]].concat());
            let Some(until) = until else { return };
            let category = if post == "主管" { "GL" } else { "WH" };
            let number = format!("示例旧证{:03}", certificates.len() + 1);
            let [issued, until] = [until - Days::new(1000), until].map(CellIn::Date);
            let issuer = text("示例市虚构测评中心");
            certificates.push(vec![text(&number), text(category), text(&name), issued, until, issuer]);
        };
        let of = |role: &str| format!("虚构{role}{:02}", n + 1);
        if n % 4 != 3 {
            person(of("负责"), "主管", before(700), (n % 4 != 2).then(|| today + Days::new(500)));
        }
        let (since, until) = match MAINTAINERS[n % MAINTAINERS.len()] {
            Maintainer::Nobody => continue,
            Maintainer::Certified => (before(600), Some(today + Days::new(400))),
            Maintainer::EndsSoon => (before(600), Some(today + Days::new(25))),
            Maintainer::Lapsed => (before(600), Some(before(12))),
            Maintainer::InGrace => (before(20), None),
        };
        person(of("维护"), "维护人员", since, until);
    }
    vec![
        sheet("人员", &["姓名", "单位信用代码", "电话"], people),
        sheet("岗位", &["姓名", "单位信用代码", "岗位", "起始日期"], posts),
        sheet("旧证", &["证书编号", "证书类别", "姓名", "发证日期", "有效期至", "发证机关"], certificates),
    ]
}

fn text(text: &str) -> CellIn {
    CellIn::Text(text.to_owned())
}

fn sheet(name: &str, headers: &[&str], rows: Vec<Vec<CellIn>>) -> SheetOut {
    let column = |header: &&str| ColumnOut {
        header: (*header).to_owned(),
        width: 20,
        as_text: !header.ends_with("日期") && !header.starts_with("有效期"),
        as_date: header.ends_with("日期") || header.starts_with("有效期"),
        ..ColumnOut::default()
    };
    SheetOut { name: name.to_owned(), columns: headers.iter().map(column).collect(), rows, marks: Vec::new() }
}
