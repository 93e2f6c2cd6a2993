//! Groups for key agreement (IANA's registry of supported groups).

/// What a group is built of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    Curve,
    FiniteField,
    /// A post-quantum mechanism by itself.
    PostQuantum,
    /// A curve and a post-quantum mechanism together.
    Hybrid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    pub code: u16,
    pub name: &'static str,
    pub kind: GroupKind,
    /// Of the curve or prime; of the curve in a hybrid; zero where the measure makes no sense.
    pub bits: u32,
}

const fn row(code: u16, name: &'static str, kind: GroupKind, bits: u32) -> Group {
    Group { code, name, kind, bits }
}

use GroupKind::{Curve, FiniteField, Hybrid, PostQuantum};

/// All that are offered, in the order of offering: common ones first, for servers that look at few.
pub const GROUPS: &[Group] = &[
    row(29, "x25519", Curve, 253),
    row(23, "secp256r1", Curve, 256),
    row(24, "secp384r1", Curve, 384),
    row(25, "secp521r1", Curve, 521),
    row(30, "x448", Curve, 448),
    row(0x11ec, "X25519MLKEM768", Hybrid, 253),
    row(0x11eb, "SecP256r1MLKEM768", Hybrid, 256),
    row(0x11ed, "SecP384r1MLKEM1024", Hybrid, 384),
    row(0x11ee, "curveSM2MLKEM768", Hybrid, 256),
    row(0x6399, "X25519Kyber768Draft00", Hybrid, 253),
    row(0x639a, "SecP256r1Kyber768Draft00", Hybrid, 256),
    row(0x0200, "MLKEM512", PostQuantum, 0),
    row(0x0201, "MLKEM768", PostQuantum, 0),
    row(0x0202, "MLKEM1024", PostQuantum, 0),
    row(41, "curveSM2", Curve, 256),
    row(256, "ffdhe2048", FiniteField, 2048),
    row(257, "ffdhe3072", FiniteField, 3072),
    row(258, "ffdhe4096", FiniteField, 4096),
    row(259, "ffdhe6144", FiniteField, 6144),
    row(260, "ffdhe8192", FiniteField, 8192),
    row(26, "brainpoolP256r1", Curve, 256),
    row(27, "brainpoolP384r1", Curve, 384),
    row(28, "brainpoolP512r1", Curve, 512),
    row(31, "brainpoolP256r1tls13", Curve, 256),
    row(32, "brainpoolP384r1tls13", Curve, 384),
    row(33, "brainpoolP512r1tls13", Curve, 512),
    row(34, "GC256A", Curve, 256),
    row(35, "GC256B", Curve, 256),
    row(36, "GC256C", Curve, 256),
    row(37, "GC256D", Curve, 256),
    row(38, "GC512A", Curve, 512),
    row(39, "GC512B", Curve, 512),
    row(40, "GC512C", Curve, 512),
    row(22, "secp256k1", Curve, 256),
    row(21, "secp224r1", Curve, 224),
    row(20, "secp224k1", Curve, 224),
    row(19, "secp192r1", Curve, 192),
    row(18, "secp192k1", Curve, 192),
    row(17, "secp160r2", Curve, 161),
    row(16, "secp160r1", Curve, 161),
    row(15, "secp160k1", Curve, 161),
    row(14, "sect571r1", Curve, 571),
    row(13, "sect571k1", Curve, 571),
    row(12, "sect409r1", Curve, 409),
    row(11, "sect409k1", Curve, 409),
    row(10, "sect283r1", Curve, 283),
    row(9, "sect283k1", Curve, 283),
    row(8, "sect239k1", Curve, 239),
    row(7, "sect233r1", Curve, 233),
    row(6, "sect233k1", Curve, 233),
    row(5, "sect193r2", Curve, 193),
    row(4, "sect193r1", Curve, 193),
    row(3, "sect163r2", Curve, 163),
    row(2, "sect163r1", Curve, 163),
    row(1, "sect163k1", Curve, 163),
];

pub fn group(code: u16) -> Option<&'static Group> {
    GROUPS.iter().find(|group| group.code == code)
}
