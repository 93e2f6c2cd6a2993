//! Words for what an assessment says, in both languages. Nothing is judged here.

use probes::tls::assess::facts::{Answered, ChainKind, Order, Reached, Reason, SuiteFacts, Told};
use probes::tls::codes::{self, Authentication, Cipher, Mode, Version};
use probes::tls::judge::Trust;
use reports::text::Language;

/// The word of a language.
pub fn pick<'w>(language: Language, zh: &'w str, en: &'w str) -> &'w str {
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

pub fn reached(reached: Reached, language: Language) -> &'static str {
    let (zh, en) = match reached {
        Reached::Tls => ("使用 TLS", "speaks TLS"),
        Reached::Http => ("以明文 HTTP 应答，不是 TLS", "answers in HTTP in clear, not TLS"),
        Reached::OtherProtocol => ("以其他协议应答，不是 TLS", "answers in another protocol, not TLS"),
        Reached::NoStartTls => {
            ("有应答，但不转入 TLS（无 STARTTLS）", "answers, and won't go over to TLS (no STARTTLS)")
        }
        Reached::NothingInCommon => {
            ("有 TLS 告警，但没有可协商的版本", "TLS alerts only: no version in common was found")
        }
        Reached::Silent => {
            ("接受连接，但没有应答：无法判定", "takes connections and says nothing: can't be told")
        }
        Reached::Unreachable => ("连接不上：无法判定", "no connection: can't be told"),
    };
    pick(language, zh, en)
}

pub fn reason(reason: Reason, language: Language) -> &'static str {
    let (zh, en) = match reason {
        Reason::NotAsked => ("未询问", "not asked"),
        Reason::NotApplicable => ("不适用", "not applicable"),
        Reason::TimedOut => ("应答超时", "no answer in time"),
        Reason::Refusing => ("服务器此后不再接受连接", "the server had stopped taking connections"),
        Reason::Unreachable => ("连接不上", "no connection"),
        Reason::CapReached => ("达到本程序的上限", "our own bound was reached"),
        Reason::Malformed => ("应答不合规范", "the answer was malformed"),
        Reason::Inconsistent => ("应答前后矛盾", "the answers contradict each other"),
        Reason::NeedsSession => ("须完成握手才能得知", "it isn't said in clear"),
    };
    pick(language, zh, en)
}

pub fn answer(told: &Told, language: Language) -> String {
    match told.answer {
        Answered::Yes => pick(language, "是", "yes").to_owned(),
        Answered::No => pick(language, "否", "no").to_owned(),
        Answered::Unknown(why) => {
            format!("{}{}", pick(language, "无法判定：", "can't be told: "), reason(why, language))
        }
    }
}

pub fn order(order: Order, language: Language) -> &'static str {
    let (zh, en) = match order {
        Order::Server => ("按服务器的顺序", "the server's order decides"),
        Order::Client => ("按客户端的顺序", "the client's order decides"),
        Order::Unknown => ("", ""),
    };
    pick(language, zh, en)
}

pub fn kind(kind: ChainKind, language: Language) -> &'static str {
    let (zh, en) = match kind {
        ChainKind::Rsa => ("RSA 证书", "RSA certificate"),
        ChainKind::Ecdsa => ("ECDSA 证书", "ECDSA certificate"),
        ChainKind::Dss => ("DSS 证书", "DSS certificate"),
        ChainKind::Sm2 => ("SM2 证书", "SM2 certificate"),
        ChainKind::Tlcp => ("TLCP 双证书", "TLCP certificates"),
        ChainKind::Ssl2 => ("SSL 2.0 的证书", "SSL 2.0 certificate"),
        ChainKind::Other => ("证书", "certificate"),
    };
    pick(language, zh, en)
}

pub fn trust(trust: Trust, language: Language) -> &'static str {
    let (zh, en) = match trust {
        Trust::Trusted => ("可信：链至受信任的根", "trusted: leads to a root of the store"),
        Trust::UnknownIssuer => {
            ("不可信：没有通往受信任根的路径", "not trusted: no way to a root of the store")
        }
        Trust::BadSignature => {
            ("不可信：链中有签名不成立", "not trusted: a signature in the chain doesn't hold")
        }
        Trust::Refused => ("不可信：校验未通过", "not trusted: the verifier refuses it"),
        Trust::NotJudged => ("信任未判定", "trust isn't judged"),
    };
    pick(language, zh, en)
}

/// How strong a version is by itself: `true` if it shouldn't be spoken.
pub fn is_old(version: Version) -> bool {
    match version {
        Version::Ssl2 | Version::Ssl3 | Version::Tls10 | Version::Tls11 => true,
        Version::Tls12 | Version::Tls13 | Version::Tlcp => false,
    }
}

/// What is weak about a suite, in words; nothing if nothing is.
pub fn weaknesses(version: Version, facts: &SuiteFacts, language: Language) -> Vec<String> {
    let mut weak: Vec<String> = Vec::new();
    let mut say = |zh: &str, en: &str| weak.push(pick(language, zh, en).to_owned());
    if version == Version::Ssl2 {
        say("SSL 2.0", "SSL 2.0");
        return weak;
    }
    let code = u16::try_from(facts.code).ok();
    let suite = code.and_then(|code| match version {
        Version::Tlcp => codes::tlcp_suite(code),
        _ => codes::suite(code),
    });
    let Some(suite) = suite else {
        say("未知套件", "unknown suite");
        return weak;
    };
    if suite.authentication == Authentication::Anonymous {
        say("匿名，无身份鉴别", "anonymous");
    }
    if suite.export {
        say("出口级密钥", "export key");
    }
    match suite.cipher {
        Cipher::Null => say("不加密", "no encryption"),
        Cipher::Rc4 => say("RC4", "RC4"),
        Cipher::Rc2 => say("RC2", "RC2"),
        Cipher::Des => say("DES", "DES"),
        Cipher::TripleDes => say("3DES，64 位分组", "3DES, 64-bit blocks"),
        Cipher::Idea => say("IDEA", "IDEA"),
        Cipher::Seed => say("SEED", "SEED"),
        Cipher::Gost | Cipher::Camellia | Cipher::Aria | Cipher::Sm4 => {}
        Cipher::Aes | Cipher::ChaCha20 | Cipher::Other => {}
    }
    match suite.mode {
        Mode::Cbc if version != Version::Tlcp && suite.cipher != Cipher::Null => say("CBC", "CBC"),
        Mode::Ccm8 => say("8 字节校验", "8-byte tag"),
        Mode::Stream | Mode::Cbc | Mode::Aead => {}
    }
    if version != Version::Tlcp && !suite.has_forward_secrecy() {
        say("无前向保密", "no forward secrecy");
    }
    if let Some(bits) = facts.prime_bits.filter(|bits| *bits < 2048) {
        weak.push(format!("DH {bits}"));
    }
    weak
}

/// The particulars that a server tells of itself.
pub fn feature(name: &str, language: Language) -> &'static str {
    let (zh, en) = match name {
        "secure-renegotiation" => ("安全重协商", "secure renegotiation"),
        "compression" => ("压缩", "compression"),
        "fallback-scsv" => ("防降级信令（SCSV）", "fallback SCSV"),
        "extended-master-secret" => ("扩展主密钥", "extended master secret"),
        "encrypt-then-mac" => ("先加密后校验", "encrypt-then-MAC"),
        "session-ids" => ("会话标识复用", "session ids"),
        "session-tickets" => ("会话票据", "session tickets"),
        "resumption-by-id" => ("按标识恢复会话", "resumes by session id"),
        "resumption-by-ticket" => ("按票据恢复会话", "resumes by ticket"),
        "resumption-in-13" => ("TLS 1.3 恢复会话", "resumes in TLS 1.3"),
        "early-data" => ("0-RTT 早期数据", "early data (0-RTT)"),
        "ticket-lifetime" => ("票据有效期", "ticket lifetime"),
        "sm2-certificate-in-13" => ("TLS 1.3 中的 SM2 证书", "SM2 certificate in TLS 1.3"),
        "heartbleed" => ("心脏滴血（Heartbleed）", "Heartbleed"),
        "early-change" => ("CCS 注入", "CCS injection"),
        "ticketbleed" => ("Ticketbleed", "Ticketbleed"),
        "client-renegotiation" => ("客户端发起重协商", "renegotiation by the client"),
        "padding-oracle" => ("ROBOT 填充预言", "ROBOT padding oracle"),
        "ocsp-staple" => ("OCSP 装订", "OCSP staple"),
        "heartbeat" => ("心跳扩展", "heartbeat"),
        "client-certificate" => ("要求客户端证书", "asks for a client certificate"),
        "sha1-signatures" => ("SHA-1 签名", "signs with SHA-1"),
        "tlcp-needs-server-name" => ("TLCP 须带服务器名", "TLCP needs a server name"),
        "tlcp-handshake-signature" => ("TLCP 握手签名成立", "TLCP handshake signature holds"),
        _ => ("", ""),
    };
    pick(language, zh, en)
}

/// Why a grade is capped, where it isn't a check.
pub fn cap_reason(because: &str, language: Language) -> String {
    reports::text::cap_words(because).in_language(language).to_owned()
}

/// A demand of a profile that is no check.
pub fn demand(rule: &str, language: Language) -> Option<&'static str> {
    let (zh, en) = match rule {
        "versions" => ("不允许的版本", "versions that it doesn't allow"),
        "one-of-versions" => ("至少一个规定的版本", "at least one of its versions"),
        "suites" => ("不允许的套件", "suites that it doesn't allow"),
        "preferred-suites" => ("没有优先采用的套件", "none of the suites that it prefers"),
        "groups" => ("不允许的群", "groups that it doesn't allow"),
        "order" => ("套件顺序", "whose order of suites decides"),
        "min-dh-bits" => ("DH 参数过短", "short DH parameters"),
        "certificate.keys" => ("证书密钥算法", "keys of certificates"),
        "certificate.min-rsa-bits" => ("RSA 密钥过短", "short RSA keys"),
        "certificate.max-days" => ("证书有效期过长", "certificates that last too long"),
        _ => return None,
    };
    Some(pick(language, zh, en))
}
