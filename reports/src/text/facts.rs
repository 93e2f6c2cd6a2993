//! Facts of evidence in words.
//!
//! What a stranger said of itself stands word for word, in quotation marks; all else is ours, in both languages.

use model::fact::{Fact, Facts};
use model::observation::{Access, FilterReason, PortState};
use model::unreachable::{Icmp, IcmpError, Unreachable};

use super::{Words, evidence_words, show_date, words};

/// All facts of one finding on a line.
pub fn facts(facts: &Facts) -> Words {
    let each: Vec<Words> = facts.0.iter().map(fact).collect();
    let joined = |separator: &str, pick: fn(&Words) -> &str| {
        each.iter().map(pick).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(separator)
    };
    Words::of(joined("；", |words| &words.zh), joined("; ", |words| &words.en))
}

fn fact(fact: &Fact) -> Words {
    match fact {
        Fact::Speaks { name, version: Some(version) } => same(format!("{name} {version}")),
        Fact::Speaks { name, version: None } => same(name.clone()),
        Fact::Unrecognised => words("未识别的服务", "service not recognised"),
        Fact::Says { quote } => quoted(quote),
        Fact::Tls { version } => same(version.clone().unwrap_or_else(|| "TLS".to_owned())),
        Fact::Access { access: Access::NoAuthentication } => words("无需鉴别", "no authentication"),
        Fact::Access { access: Access::AuthenticationRequired } => {
            words("需要鉴别", "authentication required")
        }
        Fact::SendsNothing => words("接受连接，但不发送任何数据", "accepts connections and sends nothing"),
        Fact::ClosesAtOnce => words("接受连接后立即断开", "accepts connections and closes them at once"),
        Fact::NotAsked => words("接受连接，未作识别", "accepts connections; not asked what it is"),
        Fact::DeclaredAs { service } => {
            Words::of(format!("备案的服务为“{service}”"), format!("declared as “{service}”"))
        }
        Fact::DeclaredUntil { day } => dated("备案截止", "declared until", *day),
        Fact::Port { state } => port(*state),
        Fact::NoAnswerSince { day } => Words::of(
            format!("自 {} 起无应答", show_date(*day)),
            format!("no answer since {}", show_date(*day)),
        ),
        Fact::ValidFrom { day } => dated("生效日", "valid from", *day),
        Fact::ValidUntil { day } => dated("有效期至", "valid until", *day),
        Fact::IssuedBy { name } => named("签发者", "issuer", name),
        Fact::Key { algorithm, bits } => {
            Words::of(format!("密钥 {algorithm} {bits} 位"), format!("key {algorithm} of {bits} bits"))
        }
        Fact::SignedWith { algorithm } => named("签名算法", "signed with", algorithm),
        Fact::IssuedFor { asked, names } if names.is_empty() => Words::of(
            format!("请求的名称为 {asked}，证书未写明名称"),
            format!("asked for {asked}, and the certificate names nothing"),
        ),
        Fact::IssuedFor { asked, names } => Words::of(
            format!("请求的名称为 {asked}，证书名称为 {}", names.join("、")),
            format!("asked for {asked}, issued for {}", names.join(", ")),
        ),
        Fact::Tells { what } => told(what),
        Fact::Subject { name } => named("主体", "subject", name),
        Fact::Fingerprint { beginning } => same(format!("SHA-256 {beginning}…")),
    }
}

/// Pieces that are spelled out.
const PIECES: usize = 4;

/// What an assessment saw: the first pieces, those of one version together, and how many more there are.
fn told(what: &[String]) -> Words {
    let mut together: Vec<String> = Vec::new();
    let mut version = "";
    for piece in what.iter().take(PIECES) {
        match piece.split_once(": ").filter(|(before, _)| is_version(before)) {
            Some((before, said)) if before == version => {
                together
                    .last_mut()
                    .expect("a version comes after its first piece")
                    .push_str(&format!(", {said}"));
            }
            other => {
                version = other.map_or("", |(before, _)| before);
                together.push(piece.clone());
            }
        }
    }
    let each: Vec<Words> = together.iter().map(|piece| evidence_words(piece)).collect();
    let zh: Vec<&str> = each.iter().map(|words| &*words.zh).collect();
    let en: Vec<&str> = each.iter().map(|words| &*words.en).collect();
    match what.len().saturating_sub(PIECES) {
        0 => Words::of(zh.join("；"), en.join("; ")),
        more => Words::of(
            format!("{}；另有 {more} 项", zh.join("；")),
            format!("{}; and {more} more", en.join("; ")),
        ),
    }
}

/// For example `TLS 1.2`.
fn is_version(text: &str) -> bool {
    ["SSL ", "TLS ", "TLCP "]
        .iter()
        .any(|family| text.strip_prefix(family).is_some_and(|rest| rest.len() == 3))
}

/// Names and numbers read the same in both languages.
fn same(text: String) -> Words {
    Words::of(text.clone(), text)
}

/// In a stranger's words.
pub(super) fn quoted(quote: &str) -> Words {
    same(format!("“{quote}”"))
}

fn named(zh: &str, en: &str, name: &str) -> Words {
    Words::of(format!("{zh} {name}"), format!("{en} {name}"))
}

fn dated(zh: &str, en: &str, day: chrono::NaiveDate) -> Words {
    named(zh, en, &show_date(day))
}

fn port(state: PortState) -> Words {
    match state {
        PortState::Open => words("端口开放", "port open"),
        PortState::SuspectOpen => words("端口疑似开放", "port open, though perhaps only in appearance"),
        PortState::Closed => words("端口已关闭（拒绝连接）", "port closed (connection refused)"),
        PortState::Filtered(FilterReason::Silence) => {
            words("端口被过滤（无应答）", "port filtered (no answer)")
        }
        PortState::Filtered(FilterReason::NetworkUnreachable) => {
            words("端口被过滤（网络不可达）", "port filtered (network unreachable)")
        }
        PortState::Filtered(FilterReason::HostUnreachable) => {
            words("端口被过滤（主机不可达）", "port filtered (host unreachable)")
        }
        PortState::Filtered(FilterReason::Prohibited) => {
            words("端口被过滤（管理禁止）", "port filtered (prohibited)")
        }
        PortState::Filtered(FilterReason::Icmp(error)) => {
            let Words { zh, en } = icmp(error);
            Words::of(format!("端口被过滤（{zh}）"), format!("port filtered ({en})"))
        }
        PortState::Unverifiable => words("无法判定", "cannot tell"),
    }
}

/// An ICMP error in words, with its type and code.
fn icmp(error: IcmpError) -> Words {
    let (zh, en) = match error.reason() {
        Unreachable::Network => ("网络不可达", "network unreachable"),
        Unreachable::Host => ("主机不可达", "host unreachable"),
        Unreachable::Protocol => ("协议不可达", "protocol unreachable"),
        Unreachable::Port => ("端口不可达", "port unreachable"),
        Unreachable::NetworkProhibited => ("网络被管理禁止", "network prohibited"),
        Unreachable::HostProhibited => ("主机被管理禁止", "host prohibited"),
        Unreachable::Prohibited => ("管理禁止", "prohibited"),
        Unreachable::Rejected => ("路由拒绝", "rejected by a route"),
        Unreachable::TimeExceeded => ("超出生存时间", "time exceeded"),
        Unreachable::ParameterProblem => ("报文参数有误", "a fault found in the packet"),
    };
    let family = match error.family() {
        Icmp::V4 => "ICMP",
        Icmp::V6 => "ICMPv6",
    };
    let (kind, code) = (error.kind(), error.code());
    Words::of(
        format!("{zh}，{family} 类型 {kind} 代码 {code}"),
        format!("{en}, {family} type {kind} code {code}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: impl Into<Facts>, zh: &str, en: &str) {
        let shown = facts(&given.into());
        assert_eq!((&*shown.zh, &*shown.en), (zh, en));
    }

    #[test]
    fn facts_are_said_in_both_languages_and_quotations_are_marked() {
        let quote = "220 (LabFTP 1.0) ready.".to_owned();
        check(
            [
                Fact::Speaks { name: "ftp".into(), version: None },
                Fact::Says { quote },
                Fact::Access { access: Access::NoAuthentication },
            ],
            "ftp；“220 (LabFTP 1.0) ready.”；无需鉴别",
            "ftp; “220 (LabFTP 1.0) ready.”; no authentication",
        );
        let day = "2026-05-07".parse().expect("a day");
        check(
            [Fact::Port { state: PortState::Closed }, Fact::NoAnswerSince { day }],
            "端口已关闭（拒绝连接）；自 2026-05-07 起无应答",
            "port closed (connection refused); no answer since 2026-05-07",
        );
        check([], "", "");
        let suites = ["TLS 1.0: A", "TLS 1.0: B", "TLS 1.2: A", "Rsa CN=x: signed by itself", "E", "F"];
        check(
            [Fact::Tells { what: suites.map(str::to_owned).to_vec() }],
            "TLS 1.0：A, B；TLS 1.2：A；Rsa CN=x：自签名；另有 2 项",
            "TLS 1.0: A, B; TLS 1.2: A; Rsa CN=x: signed by itself; and 2 more",
        );
        let prohibited = FilterReason::Icmp("icmp 3/10".parse().expect("an error"));
        check(
            [Fact::Port { state: PortState::Filtered(prohibited) }],
            "端口被过滤（主机被管理禁止，ICMP 类型 3 代码 10）",
            "port filtered (host prohibited, ICMP type 3 code 10)",
        );
    }

    #[test]
    fn a_line_from_before_there_were_facts_reads_back_as_a_quotation() {
        let line = "closed; since 2026-05-07";
        let stored = serde_json::to_string(line).expect("a text");
        let read: Facts = serde_json::from_str(&stored).expect("an older form");
        check(read, &format!("“{line}”"), &format!("“{line}”"));
        let reason = FilterReason::Icmp("icmpv6 1/1".parse().expect("an error"));
        let port = |reason| Fact::Port { state: PortState::Filtered(reason) };
        let now = Facts::from([Fact::SendsNothing, port(reason), port(FilterReason::Prohibited)]);
        let stored = serde_json::to_string(&now).expect("facts");
        assert_eq!(serde_json::from_str::<Facts>(&stored).expect("the same facts"), now);
    }
}
