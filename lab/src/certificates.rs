//! The lab's certificate authority, made anew at every start, and the leaf certificates that it signs.
//!
//! Returns PEM text; writes no file. What rcgen can't make (RSA-1024, SHA-1) is made with the openssl program by
//! `programs::openssl_server`.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};

pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
    now: SystemTime,
}

/// PEM of one certificate and its key.
pub(crate) struct Leaf {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

pub(crate) struct Names {
    /// The common name and the one DNS name.
    pub(crate) common: String,
    pub(crate) ip: Option<IpAddr>,
}

/// Days from now, both ends; negative ones have passed.
#[derive(Clone, Copy)]
pub(crate) struct Validity {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Authority {
    pub(crate) fn new(now: SystemTime) -> Result<Authority, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::OrganizationName, ORGANISATION);
        params.distinguished_name.push(DnType::CommonName, "Lab Root CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(&mut params, now, Validity { from: -1000, to: 2650 });
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        Ok(Authority { issuer: Issuer::new(params, key), certificate, now })
    }

    /// PEM of the authority's own certificate.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    pub(crate) fn leaf(&self, names: &Names, validity: Validity) -> Result<Leaf, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = leaf_params(names, self.now, validity)?;
        params.use_authority_key_identifier_extension = true;
        Ok(Leaf { certificate: params.signed_by(&key, &self.issuer)?.pem(), key: key.serialize_pem() })
    }

    pub(crate) fn self_signed(&self, names: &Names, validity: Validity) -> Result<Leaf, rcgen::Error> {
        let key = KeyPair::generate()?;
        let params = leaf_params(names, self.now, validity)?;
        Ok(Leaf { certificate: params.self_signed(&key)?.pem(), key: key.serialize_pem() })
    }
}

const ORGANISATION: &str = "示例市虚构认证中心";

fn leaf_params(
    names: &Names,
    now: SystemTime,
    validity: Validity,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(vec![names.common.clone()])?;
    params.distinguished_name.push(DnType::OrganizationName, ORGANISATION);
    params.distinguished_name.push(DnType::CommonName, names.common.as_str());
    params.subject_alt_names.extend(names.ip.map(SanType::IpAddress));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    set_validity(&mut params, now, validity);
    Ok(params)
}

/// A day from now as rcgen's own type of instant, which is built up from its epoch since the lab names no calendar
/// crate.
fn set_validity(params: &mut CertificateParams, now: SystemTime, validity: Validity) {
    let epoch = date_time_ymd(1970, 1, 1);
    let at = |days: i64| {
        let day = Duration::from_secs(24 * 60 * 60 * days.unsigned_abs());
        let instant = if days < 0 { now.checked_sub(day) } else { now.checked_add(day) };
        // Clocks before 1973 would reach here; the epoch is as good a date as any for them.
        epoch + instant.and_then(|i| i.duration_since(UNIX_EPOCH).ok()).unwrap_or_default()
    };
    params.not_before = at(validity.from);
    params.not_after = at(validity.to);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(now_days: u64, validity: Validity, expected: ((i32, u8, u8), (i32, u8, u8))) {
        let mut params = CertificateParams::default();
        set_validity(&mut params, UNIX_EPOCH + Duration::from_secs(now_days * 86_400), validity);
        let day = |(year, month, day)| date_time_ymd(year, month, day);
        assert_eq!((params.not_before, params.not_after), (day(expected.0), day(expected.1)));
    }

    #[test]
    fn validity_counts_days_from_now_both_ways() {
        // Day 20000 is 2024-10-04.
        check(20_000, Validity { from: -365, to: -30 }, ((2023, 10, 5), (2024, 9, 4)));
        check(20_000, Validity { from: 0, to: 10 }, ((2024, 10, 4), (2024, 10, 14)));
        check(10, Validity { from: -20, to: 1 }, ((1970, 1, 1), (1970, 1, 12)));
    }

    #[test]
    fn a_leaf_and_its_key_are_pem() {
        let authority = Authority::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
        let names = Names { common: "portal.u01.lab.example".to_owned(), ip: None };
        let leaf = authority.leaf(&names, Validity { from: -1, to: 1 }).unwrap();
        assert!(leaf.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(leaf.key.starts_with("-----BEGIN PRIVATE KEY-----"));
        assert_ne!(leaf.certificate, authority.certificate());
    }
}
