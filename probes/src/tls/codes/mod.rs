//! Code points of TLS and TLCP by name, with what is known of them: suites, groups, signature algorithms, alerts.
//! Facts only; whether one of them is a fault is for the checks and the policy to say.

mod group;
mod names;
mod signature;
mod suite;
mod version;

pub use group::{GROUPS, Group, GroupKind, group};
pub use signature::{SIGNATURES, signature_name};
pub use suite::{
    Authentication, Cipher, Exchange, Mode, Suite, TLCP_SUITES, offered_before_13, offered_in_13, suite,
    tlcp_suite,
};
pub use version::Version;

/// The name of an alert (RFC 8446 §6 and its predecessors).
pub fn alert_name(description: u8) -> &'static str {
    match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "unassigned",
    }
}
