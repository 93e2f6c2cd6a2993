//! Whether a certificate is genuine, by whatever of it is at hand. It tells what is printed and how it stands, and
//! nothing else of the person.

use std::path::Path;

use chrono::NaiveDate;
use serde::Serialize;
use training::certificates::{PostCertificate, Printed, Standing};
use training::making::on_paper;
use training::records::Book;
use training::statement;

use crate::cli::On;
use crate::desk::keys::KeyFolder;
use crate::desk::{self, Desk, papers};
use crate::exit::{Exit, Failure, OrExit, Outcome};
use crate::output;

#[derive(Serialize)]
struct Shape<'a> {
    is_genuine: bool,
    counts: bool,
    standing: Option<Standing>,
    printed: Option<&'a Printed>,
    remarks: Vec<String>,
}

pub fn run(desk: &Desk, what: &str, on: On, json: bool) -> Outcome {
    let day = on.on.unwrap_or_else(|| desk.session.today());
    let mut remarks = Vec::new();
    let certificate = find(desk, what, day, &mut remarks)?;
    // Whatever it was found by: what a stolen key signed is worth nothing.
    let statement = certificate.map(|one| one.statement.as_str()).filter(|text| !text.is_empty());
    if let Some(statement) = statement
        && remarks.is_empty()
        && let Err(error) = statement::verify(statement, KeyFolder::of(&desk.session.data)?.ring()?.public())
    {
        remarks.push(format!("{error} {}", error.zh()));
    }
    let standing = certificate.map(|one| Book::of(&desk.records).standing(one, day));
    let is_genuine = certificate.is_some() && remarks.is_empty();
    let counts = is_genuine && standing.is_some_and(Standing::counts);
    let shape = Shape { is_genuine, counts, standing, printed: certificate.map(|one| &one.printed), remarks };
    if json {
        output::json("sentrypost-cert-verify/1", &shape).or_exit(Exit::Internal)?;
    } else {
        tell(&shape, day);
    }
    Ok(match (is_genuine, counts) {
        (false, _) => Exit::NotGenuine,
        (true, false) => Exit::Differs,
        (true, true) => Exit::Done,
    })
}

fn tell(shape: &Shape<'_>, day: NaiveDate) {
    for remark in &shape.remarks {
        output::data(remark);
    }
    if let Some(standing) = shape.standing {
        let known = if shape.is_genuine { "genuine 真实" } else { "not as issued 与签发内容不符" };
        output::data(format!("{known}; on {day}: {} {}", standing.as_str(), standing.chinese()));
    }
    let Some(printed) = shape.printed else { return };
    let review = printed.review_due.map(|day| day.to_string()).unwrap_or_default();
    let (issued, until) = (printed.issued_on.to_string(), printed.valid_until.to_string());
    let old_number = printed.old_number.clone().unwrap_or_default();
    let topics = printed.topics.join("、");
    for (label, text) in [
        ("serial 编号", &printed.serial),
        ("old number 旧编号", &old_number),
        ("issuer 发证单位", &printed.issuer),
        ("title 证书名称", &printed.title),
        ("name 姓名", &printed.name),
        ("unit 单位", &printed.unit),
        ("post 岗位", &printed.post),
        ("issued 发证日期", &issued),
        ("until 有效期至", &until),
        ("review 复审日期", &review),
        ("topics 合格项", &topics),
    ] {
        if !text.is_empty() {
            output::data(format!("  {label}: {text}"));
        }
    }
}

/// The certificate that is meant, with what speaks against its being genuine.
fn find<'a>(
    desk: &'a Desk,
    what: &str,
    day: NaiveDate,
    remarks: &mut Vec<String>,
) -> Result<Option<&'a PostCertificate>, Failure> {
    if Path::new(what).is_file() {
        let bytes = std::fs::read(what).or_exit_while(Exit::Environment, format!("can't read {what}"))?;
        let hash = papers::sha256(&bytes);
        let found = desk.records.certificates.iter().find(|one| one.files.values().any(|kept| *kept == hash));
        if found.is_none() {
            remarks.push(
                "this file is none that was issued: it was made or changed by somebody else; verify its QR code 此文件并非签发的文件，可能被改动，请核对二维码"
                    .to_owned(),
            );
        }
        return Ok(found);
    }
    match statement::verify(what, KeyFolder::of(&desk.session.data)?.ring()?.public()) {
        Ok(verified) => {
            let own = desk.records.certificates.iter();
            let of_serial = own.filter(|one| one.serial == verified.statement.serial.to_string());
            let found = of_serial.into_iter().find(|one| is_of(one, &verified.statement));
            if found.is_none() {
                remarks.push(
                    "the signature is right, and no such certificate is among the records 签名有效，但无此发证记录".to_owned(),
                );
            }
            Ok(found)
        }
        Err(statement::StatementError::NotAStatement) => desk::certificate_on(desk, what, day).map(Some),
        Err(error) => {
            remarks.push(format!("{error} {}", error.zh()));
            Ok(None)
        }
    }
}

/// Whether a statement is of what was printed on this very certificate.
fn is_of(certificate: &PostCertificate, statement: &statement::Statement) -> bool {
    let (Ok(serial), Ok(token)) = (certificate.serial.parse(), certificate.token.parse()) else {
        return false;
    };
    statement.is_of(&on_paper(&certificate.printed, &serial, &token))
}
