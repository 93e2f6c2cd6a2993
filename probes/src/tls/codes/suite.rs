//! What a cipher suite is made of, read off its registered name. It doesn't say what is good enough.

use std::sync::OnceLock;

use super::names::NAMES;

/// How the keys are agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exchange {
    /// TLS 1.3: by the group, apart from the suite.
    Any,
    Ecdhe,
    Dhe,
    /// The server's key from its certificate: recorded traffic opens with it.
    Static,
    /// A shared secret, with or without an exchange beside it.
    Shared,
    Other,
}

/// How the server shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authentication {
    /// TLS 1.3: by the signature scheme, apart from the suite.
    Any,
    Rsa,
    Ecdsa,
    Dss,
    Sm2,
    Shared,
    Anonymous,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cipher {
    Null,
    Rc2,
    Rc4,
    Des,
    TripleDes,
    Idea,
    Seed,
    Gost,
    Camellia,
    Aria,
    Sm4,
    Aes,
    ChaCha20,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    Stream,
    Cbc,
    /// With a tag of 8 bytes.
    Ccm8,
    /// Encryption and integrity in one.
    Aead,
}

/// A suite of SSL 3.0 to TLS 1.3, or of TLCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suite {
    pub code: u16,
    pub name: &'static str,
    pub exchange: Exchange,
    pub authentication: Authentication,
    pub cipher: Cipher,
    pub mode: Mode,
    /// Of the cipher's key.
    pub bits: u32,
    /// Weakened for the export rules of the 1990s.
    pub export: bool,
}

impl Suite {
    /// Recorded traffic stays closed when the server's key is lost.
    pub fn has_forward_secrecy(&self) -> bool {
        matches!(self.exchange, Exchange::Any | Exchange::Ecdhe | Exchange::Dhe)
    }

    pub fn is_tls13(&self) -> bool {
        matches!(self.code, 0x00c6 | 0x00c7 | 0x1301..=0x1307 | 0xc0b4 | 0xc0b5 | 0xc103..=0xc106)
    }

    /// SM2, SM3 and SM4 or one of them.
    pub fn is_national(&self) -> bool {
        self.cipher == Cipher::Sm4 || self.authentication == Authentication::Sm2
    }
}

/// The suites of GB/T 38636-2020, table 2, and of its predecessor GM/T 0024. ECDHE suites stand last: they oblige the
/// client to show certificates of its own, so a server may refuse to go on.
pub const TLCP_SUITES: &[(u16, &str)] = &[
    (0xe053, "ECC_SM4_GCM_SM3"),
    (0xe013, "ECC_SM4_CBC_SM3"),
    (0xe059, "RSA_SM4_GCM_SM3"),
    (0xe019, "RSA_SM4_CBC_SM3"),
    (0xe05a, "RSA_SM4_GCM_SHA256"),
    (0xe01c, "RSA_SM4_CBC_SHA256"),
    (0xe01a, "RSA_SM4_CBC_SHA1"),
    (0xe057, "IBC_SM4_GCM_SM3"),
    (0xe017, "IBC_SM4_CBC_SM3"),
    (0xe055, "IBSDH_SM4_GCM_SM3"),
    (0xe015, "IBSDH_SM4_CBC_SM3"),
    // SM1 instead of SM4, in hardware of the time of GM/T 0024.
    (0xe001, "ECDHE_SM1_SM3"),
    (0xe003, "ECC_SM1_SM3"),
    (0xe005, "IBSDH_SM1_SM3"),
    (0xe007, "IBC_SM1_SM3"),
    (0xe009, "RSA_SM1_SM3"),
    (0xe00a, "RSA_SM1_SHA1"),
    (0xe051, "ECDHE_SM4_GCM_SM3"),
    (0xe011, "ECDHE_SM4_CBC_SM3"),
];

fn all() -> &'static [Suite] {
    static ALL: OnceLock<Vec<Suite>> = OnceLock::new();
    ALL.get_or_init(|| NAMES.iter().map(|&(code, name)| read(code, name)).collect())
}

/// A suite of SSL 3.0 to TLS 1.3. Private TLCP codes under an ordinary version are known too: old GmSSL servers
/// have them there.
pub fn suite(code: u16) -> Option<Suite> {
    let all = all();
    let found = all.binary_search_by_key(&code, |suite| suite.code).ok();
    found.and_then(|at| all.get(at).copied()).or_else(|| tlcp_suite(code))
}

pub fn tlcp_suite(code: u16) -> Option<Suite> {
    let (_, name) = TLCP_SUITES.iter().find(|(known, _)| *known == code)?;
    let exchange = match name {
        name if name.starts_with("ECDHE") || name.starts_with("IBSDH") => Exchange::Ecdhe,
        _ => Exchange::Static,
    };
    let authentication = match name.split('_').next() {
        Some("RSA") => Authentication::Rsa,
        Some("ECC" | "ECDHE") => Authentication::Sm2,
        _ => Authentication::Other,
    };
    let cipher = if name.contains("SM4") { Cipher::Sm4 } else { Cipher::Other };
    let mode = if name.contains("GCM") { Mode::Aead } else { Mode::Cbc };
    Some(Suite { code, name, exchange, authentication, cipher, mode, bits: 128, export: false })
}

/// What is offered in SSL 3.0 to TLS 1.2, common and strong ones first: for servers that look only at the beginning.
pub fn offered_before_13() -> &'static [u16] {
    static OFFERED: OnceLock<Vec<u16>> = OnceLock::new();
    OFFERED.get_or_init(|| {
        let mut suites: Vec<Suite> = all().iter().filter(|suite| !suite.is_tls13()).copied().collect();
        suites.extend([0xe053, 0xe013, 0xe051, 0xe011].into_iter().filter_map(tlcp_suite));
        suites.sort_by_key(|suite| {
            let is_common = matches!(
                suite.authentication,
                Authentication::Rsa | Authentication::Ecdsa | Authentication::Sm2
            ) && matches!(
                suite.cipher,
                Cipher::Aes | Cipher::ChaCha20 | Cipher::TripleDes | Cipher::Rc4 | Cipher::Sm4
            );
            (
                !is_common,
                suite.export,
                suite.cipher < Cipher::Camellia,
                suite.exchange,
                suite.mode != Mode::Aead,
                suite.code,
            )
        });
        suites.iter().map(|suite| suite.code).collect()
    })
}

/// What is offered in TLS 1.3.
pub fn offered_in_13() -> Vec<u16> {
    let mut codes: Vec<u16> = all().iter().filter(|suite| suite.is_tls13()).map(|suite| suite.code).collect();
    codes.sort_by_key(|code| (!matches!(code, 0x1301..=0x1303), *code));
    codes
}

/// Takes a registered name apart: `TLS_exchange_authentication_WITH_cipher_mode_hash`.
fn read(code: u16, name: &'static str) -> Suite {
    let (head, tail) = name.split_once("_WITH_").unwrap_or(("", name));
    let head = head.trim_start_matches("OLD_").trim_start_matches("TLS_").trim_start_matches("SSL_");
    let has = |part: &str| head.split('_').any(|word| word == part);
    let export = head.contains("EXPORT");
    let anonymous = has("anon") || head == "NULL";
    let shared = has("PSK") || has("KRB5") || has("SRP") || has("ECCPWD");
    let exchange = if head.is_empty() {
        Exchange::Any
    } else if has("ECDHE") || (has("ECDH") && anonymous) {
        Exchange::Ecdhe
    } else if has("DHE") || (has("DH") && anonymous) {
        Exchange::Dhe
    } else if shared {
        Exchange::Shared
    } else if has("RSA") || has("DH") || has("ECDH") {
        Exchange::Static
    } else {
        Exchange::Other
    };
    let authentication = if head.is_empty() {
        Authentication::Any
    } else if anonymous {
        Authentication::Anonymous
    } else if has("ECDSA") {
        Authentication::Ecdsa
    } else if has("DSS") {
        Authentication::Dss
    } else if shared && !has("RSA") {
        Authentication::Shared
    } else if has("RSA") {
        Authentication::Rsa
    } else {
        Authentication::Other
    };
    let (cipher, bits) = cipher(tail);
    let mode = if tail.contains("CCM_8") || tail.ends_with("MGM_S") {
        Mode::Ccm8
    } else if ["GCM", "CCM", "POLY1305", "MGM", "AEGIS"].iter().any(|mark| tail.contains(mark)) {
        Mode::Aead
    } else if tail.contains("CBC") {
        Mode::Cbc
    } else {
        Mode::Stream
    };
    Suite { code, name, exchange, authentication, cipher, mode, bits, export }
}

/// The cipher and the length of its key; DES has 56 bits and triple DES the strength of 112.
fn cipher(tail: &str) -> (Cipher, u32) {
    let sized = |cipher| (cipher, if tail.contains("256") && !tail.contains("_128") { 256 } else { 128 });
    match tail {
        tail if tail.starts_with("NULL") || tail.starts_with("TLS_SHA") => (Cipher::Null, 0),
        tail if tail.starts_with("RC4_40") => (Cipher::Rc4, 40),
        tail if tail.starts_with("RC4_56") => (Cipher::Rc4, 56),
        tail if tail.starts_with("RC4") => (Cipher::Rc4, 128),
        tail if tail.starts_with("RC2_CBC_56") => (Cipher::Rc2, 56),
        tail if tail.starts_with("RC2") => (Cipher::Rc2, 40),
        tail if tail.starts_with("3DES") => (Cipher::TripleDes, 112),
        tail if tail.starts_with("DES40") || tail.starts_with("DES_CBC_40") => (Cipher::Des, 40),
        tail if tail.starts_with("DES") => (Cipher::Des, 56),
        tail if tail.starts_with("IDEA") => (Cipher::Idea, 128),
        tail if tail.starts_with("SEED") => (Cipher::Seed, 128),
        tail if tail.starts_with("CAMELLIA") => sized(Cipher::Camellia),
        tail if tail.starts_with("ARIA") => sized(Cipher::Aria),
        tail if tail.contains("SM4") => (Cipher::Sm4, 128),
        tail if tail.contains("AEGIS") => sized(Cipher::Aes),
        tail if tail.contains("AES") => sized(Cipher::Aes),
        tail if tail.contains("CHACHA20") => (Cipher::ChaCha20, 256),
        tail if ["28147", "KUZNYECHIK", "MAGMA"].iter().any(|mark| tail.contains(mark)) => {
            (Cipher::Gost, 256)
        }
        _ => (Cipher::Other, 128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: u16, expected: &str) {
        let suite = suite(code).expect("a known suite");
        let Suite { exchange, authentication, cipher, mode, bits, export, .. } = suite;
        let export = if export { " export" } else { "" };
        assert_eq!(format!("{exchange:?} {authentication:?} {cipher:?} {bits} {mode:?}{export}"), expected);
    }

    #[test]
    fn reads_a_suite_off_its_name() {
        check(0x1301, "Any Any Aes 128 Aead");
        check(0x1303, "Any Any ChaCha20 256 Aead");
        check(0x00c6, "Any Any Sm4 128 Aead");
        check(0xc02f, "Ecdhe Rsa Aes 128 Aead");
        check(0xc024, "Ecdhe Ecdsa Aes 256 Cbc");
        check(0x0067, "Dhe Rsa Aes 128 Cbc");
        check(0x002f, "Static Rsa Aes 128 Cbc");
        check(0xc004, "Static Ecdsa Aes 128 Cbc");
        check(0x000a, "Static Rsa TripleDes 112 Cbc");
        check(0x0003, "Static Rsa Rc4 40 Stream export");
        check(0x0014, "Dhe Rsa Des 40 Cbc export");
        check(0x0034, "Dhe Anonymous Aes 128 Cbc");
        check(0xc018, "Ecdhe Anonymous Aes 128 Cbc");
        check(0x003b, "Static Rsa Null 0 Stream");
        check(0xc0a0, "Static Rsa Aes 128 Ccm8");
        check(0x00a8, "Shared Shared Aes 128 Aead");
        check(0xe053, "Static Sm2 Sm4 128 Aead");
        check(0xe011, "Ecdhe Sm2 Sm4 128 Cbc");
        check(0xc0b4, "Any Any Null 0 Stream");
    }

    #[test]
    fn every_suite_is_offered_once_and_understood() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        let mut codes: Vec<u16> = offered_before_13().iter().copied().chain(offered_in_13()).collect();
        let n = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!((codes.len(), n), (n, NAMES.len() + 4));
        for suite in all() {
            assert_ne!(suite.cipher, Cipher::Other, "{}", suite.name);
        }
    }
}
