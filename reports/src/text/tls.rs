//! Words for what assessments of TLS say: why a grade is capped, and evidence in the terms of the protocol.
//!
//! The engine says evidence in English, of a few forms; here each form has its Chinese. What has none, such as the name
//! of a suite, stands for itself in both languages.

use model::tls::{Offered, TlsReached};

use super::{Term, Words, term};

pub(crate) fn reached_term(reached: TlsReached) -> Term {
    match reached {
        TlsReached::Tls => term("tls", "已检测", "Assessed"),
        TlsReached::Http => term("http", "以明文 HTTP 应答", "HTTP in clear"),
        TlsReached::OtherProtocol => term("other-protocol", "以其他协议应答", "Another protocol"),
        TlsReached::NoStartTls => term("no-start-tls", "不转入 TLS", "No STARTTLS"),
        TlsReached::NothingInCommon => term("nothing-in-common", "无可协商的版本", "No version in common"),
        TlsReached::Silent => term("silent", "无应答，无法判定", "Silent, cannot tell"),
        TlsReached::Refused => term("refused", "拒绝连接", "Refused"),
        TlsReached::Unreachable => term("unreachable", "连接不上，无法判定", "No connection, cannot tell"),
    }
}

pub(crate) fn offered_term(offered: Offered) -> Term {
    match offered {
        Offered::Yes => term("yes", "支持", "Yes"),
        Offered::No => term("no", "不支持", "No"),
        Offered::Unknown => term("unknown", "无法判定", "Cannot tell"),
    }
}

/// Why a grade is capped, where it isn't a check.
pub fn cap_words(because: &str) -> Words {
    translated(
        because,
        &[("key exchange of {} points", "密钥交换仅 {} 分"), ("a cipher of {} bits", "加密强度仅 {} 位")],
    )
}

/// A piece of evidence.
pub fn evidence_words(piece: &str) -> Words {
    // A certificate's subject stands before what is said of it, and may hold anything.
    let (before, said) = match piece.rsplit_once(": ") {
        Some((before, said)) => (Some(before), said),
        None => (None, piece),
    };
    let words = translated(said, EVIDENCE);
    match before {
        None => words,
        Some(before) => Words::of(format!("{before}：{}", words.zh), format!("{before}: {}", words.en)),
    }
}

/// Forms of evidence; `{}` stands for whatever is there.
const EVIDENCE: &[(&str, &str)] = &[
    ("speaks {}", "支持 {}"),
    ("ended on {}", "已于 {} 到期"),
    ("ends on {}", "将于 {} 到期"),
    ("begins on {}", "自 {} 起生效"),
    ("signed by itself", "自签名"),
    ("is for {}, not {}", "证书名称为 {}，不是 {}"),
    ("no certificate of {}", "缺少 {} 的证书"),
    ("{} where {} belongs", "{} 占了 {} 的位置"),
    ("wants a staple", "要求 OCSP 装订"),
    ("UnknownIssuer", "没有通往受信任根的路径"),
    ("BadSignature", "链中有签名不成立"),
    ("Refused", "校验未通过"),
    ("no Strict-Transport-Security", "没有 Strict-Transport-Security"),
    ("revoked, as of {}", "截至 {} 已吊销"),
    ("newer word was due at {}", "新状态应于 {} 给出"),
    ("{} bits, a prime of its own", "{} 位，自有素数"),
    ("{} bits, {}", "{} 位，{}"),
    ("{}, {} bits", "{}，{} 位"),
    ("{} of {} bits", "{} {} 位"),
    ("{} days", "{} 天"),
    ("one certificate", "只有一张证书"),
    ("the same certificate twice", "两次出示同一张证书"),
    ("one certificate, and its issuer where the second belongs", "只有一张证书，第二张的位置上是其签发者"),
    ("the signing certificate may not sign", "签名证书不可用于签名"),
    ("the encryption certificate may not encrypt", "加密证书不可用于加密"),
    ("a signature doesn't hold", "签名不成立"),
    ("the signature of the handshake doesn't hold", "握手签名不成立"),
];

fn translated(text: &str, forms: &[(&'static str, &'static str)]) -> Words {
    let zh = forms.iter().find_map(|(en, zh)| Some(fill(zh, &holes(text, en)?)));
    Words::of(zh.unwrap_or_else(|| text.to_owned()), text.to_owned())
}

/// What stands at the holes of a form, if the text has it.
fn holes<'t>(text: &'t str, form: &str) -> Option<Vec<&'t str>> {
    let mut parts = form.split("{}");
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut found = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let at = if parts.peek().is_none() { rest.strip_suffix(part)?.len() } else { rest.find(part)? };
        let (hole, after) = rest.split_at_checked(at)?;
        found.push(hole);
        rest = after.strip_prefix(part)?;
    }
    (rest.is_empty() && found.iter().all(|hole| !hole.is_empty())).then_some(found)
}

fn fill(form: &str, holes: &[&str]) -> String {
    let mut parts = form.split("{}");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for (part, hole) in parts.zip(holes) {
        text.push_str(hole);
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(piece: &str, zh: &str) {
        let words = evidence_words(piece);
        assert_eq!((&*words.zh, &*words.en), (zh, piece));
    }

    #[test]
    fn evidence_is_said_in_chinese_where_its_form_is_known() {
        check("Rsa CN=示例: ended on 2026-01-02", "Rsa CN=示例：已于 2026-01-02 到期");
        check(
            "Rsa CN=a: b: is for a.example, not b.example",
            "Rsa CN=a: b：证书名称为 a.example，不是 b.example",
        );
        check("TLS 1.0: TLS_RSA_WITH_AES_128_CBC_SHA", "TLS 1.0：TLS_RSA_WITH_AES_128_CBC_SHA");
        check("1024 bits, a prime of its own", "1024 位，自有素数");
        check("CN=x: RSA of 1024 bits", "CN=x：RSA 1024 位");
        check("one certificate", "只有一张证书");
        check("TLS 1.0", "TLS 1.0");
        check("ended on ", "ended on ");
        assert_eq!(cap_words("key exchange of 40 points").zh, "密钥交换仅 40 分");
        assert_eq!(cap_words("a cipher of 112 bits").zh, "加密强度仅 112 位");
    }

    #[test]
    fn both_sides_of_a_form_have_the_same_holes() {
        for (en, zh) in EVIDENCE {
            assert_eq!(en.matches("{}").count(), zh.matches("{}").count(), "{en}");
            assert!(!zh.is_ascii(), "{zh}");
        }
    }
}
