//! IKE's algorithms by number (IANA, "IKEv1 parameters" and "IKEv2 parameters"): what is offered, and what a choice is
//! called. Whether one is weak is the policy's to say.

/// Number and name.
type Names = &'static [(u16, &'static str)];

pub(super) const V1_ENCRYPTION: Names = &[
    (1, "des"),
    (2, "idea"),
    (3, "blowfish"),
    (5, "3des"),
    (6, "cast"),
    (7, "aes"),
    (8, "camellia"),
    (128, "sm1"),
    (129, "sm4"),
];
pub(super) const V1_HASH: Names =
    &[(1, "md5"), (2, "sha1"), (4, "sha256"), (5, "sha384"), (6, "sha512"), (20, "sm3")];
pub(super) const V1_AUTHENTICATION: Names =
    &[(1, "psk"), (2, "dss"), (3, "rsa"), (4, "rsa-encryption"), (10, "sm2-envelope"), (65_001, "xauth-psk")];
pub(super) const V2_ENCRYPTION: Names = &[
    (2, "des"),
    (3, "3des"),
    (5, "cast"),
    (7, "blowfish"),
    (11, "null"),
    (12, "aes-cbc"),
    (13, "aes-ctr"),
    (18, "aes-gcm-8"),
    (19, "aes-gcm-12"),
    (20, "aes-gcm-16"),
    (23, "camellia-cbc"),
    (28, "chacha20-poly1305"),
];
pub(super) const V2_PRF: Names =
    &[(1, "prf-md5"), (2, "prf-sha1"), (5, "prf-sha256"), (6, "prf-sha384"), (7, "prf-sha512")];
pub(super) const V2_INTEGRITY: Names = &[
    (0, "none"),
    (1, "hmac-md5"),
    (2, "hmac-sha1"),
    (12, "hmac-sha256"),
    (13, "hmac-sha384"),
    (14, "hmac-sha512"),
];
pub(super) const GROUP: Names = &[
    (1, "modp768"),
    (2, "modp1024"),
    (5, "modp1536"),
    (14, "modp2048"),
    (15, "modp3072"),
    (16, "modp4096"),
    (19, "ecp256"),
    (20, "ecp384"),
    (21, "ecp521"),
    (31, "curve25519"),
];

pub(super) fn name(names: Names, number: u16) -> String {
    match names.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => (*name).to_owned(),
        None => number.to_string(),
    }
}

/// One way in which IKEv1 may be protected.
#[derive(Debug, Clone, Copy)]
pub(super) struct V1 {
    pub(super) encryption: u16,
    pub(super) key_bits: Option<u16>,
    pub(super) hash: u16,
    pub(super) authentication: u16,
    pub(super) group: u16,
}

/// Every combination of these, the first ones first.
fn combined(
    ciphers: &[(u16, Option<u16>)],
    hashes: &[u16],
    authentications: &[u16],
    groups: &[u16],
) -> Vec<V1> {
    let mut all = Vec::new();
    for &(encryption, key_bits) in ciphers {
        for &hash in hashes {
            for &group in groups {
                all.extend(authentications.iter().map(|&authentication| V1 {
                    encryption,
                    key_bits,
                    hash,
                    authentication,
                    group,
                }));
            }
        }
    }
    all
}

/// What a server of today accepts, and what one of twenty years ago does, strong ones first.
pub(super) fn v1_usual() -> Vec<V1> {
    let mut usual = combined(&[(7, Some(256)), (7, Some(128))], &[4, 2], &[1, 3], &[14, 2]);
    usual.extend(combined(&[(5, None)], &[2, 1], &[1, 3], &[2]));
    usual
}

/// What nobody should accept: an answer is the proof.
pub(super) fn v1_legacy() -> Vec<V1> {
    combined(&[(5, None), (1, None)], &[2, 1], &[1, 3], &[2, 1])
}

/// All of one group, as aggressive mode needs it (RFC 2409 §5), with pre-shared keys.
pub(super) fn v1_aggressive() -> Vec<V1> {
    combined(&[(7, Some(256)), (7, Some(128)), (5, None)], &[4, 2, 1], &[1], &[2])
}

/// A proposal of IKEv2: encryption with key length, pseudo-random functions, integrity, groups.
#[derive(Debug, Clone, Copy)]
pub(super) struct V2 {
    pub(super) encryption: &'static [(u16, Option<u16>)],
    pub(super) prf: &'static [u16],
    pub(super) integrity: &'static [u16],
    pub(super) groups: &'static [u16],
}

pub(super) const V2_USUAL: &[V2] = &[
    V2 {
        encryption: &[(20, Some(256)), (20, Some(128))],
        prf: &[5, 6, 2],
        integrity: &[],
        groups: &[14, 19, 31, 20, 5, 2],
    },
    V2 {
        encryption: &[(12, Some(256)), (12, Some(128)), (3, None)],
        prf: &[5, 2, 1],
        integrity: &[12, 2, 1],
        groups: &[14, 19, 31, 20, 5, 2],
    },
];

pub(super) const V2_LEGACY: &[V2] =
    &[V2 { encryption: &[(3, None), (2, None)], prf: &[2, 1], integrity: &[2, 1], groups: &[2, 1] }];
