//! OpenSSL 1.1.1 with everything switched on that it still knows: SSL 3.0, RC4, 3DES, SEED, IDEA, Camellia, suites
//! without certificate or encryption, compression, short keys. It knows neither SSL 2.0 nor EXPORT any more, refuses
//! primes below 1024 bits, and can't leave out RFC 5746.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use probes::tls::assess::Subject;
use probes::tls::assess::facts::{ChainKind, Order, Reached, ServerFacts};
use probes::tls::codes::Version;
use tempfile::TempDir;

use crate::world::{OpensslServer, assessed, built, faults, keys};

const EVERYTHING: &str = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";

/// With an RSA certificate.
fn server(args: &[&str]) -> OpensslServer {
    let mut all: Vec<OsString> = vec!["-cert".into(), keys().path("rsa", "crt").into()];
    all.extend(["-key".into(), keys().path("rsa", "key").into()]);
    all.extend(args.iter().map(OsString::from));
    OpensslServer::run(&built("openssl-1.1.1"), &all)
}

/// What the program itself says that it does for this version, list and authentication (`Au=`), in its order.
fn configured(version: &str, list: &str, authentications: &[&str]) -> Vec<u32> {
    let output = Command::new(built("openssl-1.1.1")).args(["ciphers", "-s", "-V", version, list]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let wanted = |line: &&str| authentications.iter().any(|au| line.contains(&format!("Au={au} ")));
    let code = |line: &str| {
        let bytes = line.split_whitespace().next().unwrap().split(',');
        bytes.fold(0, |code, byte| code << 8 | u32::from_str_radix(&byte[2..], 16).unwrap())
    };
    text.lines().filter(wanted).map(code).collect()
}

fn read(facts: &ServerFacts, version: Version) -> Vec<u32> {
    let version = facts.version(version).unwrap();
    assert!(version.suites.complete.is_yes(), "{:#?}", facts.connections);
    version.suites.entries.iter().map(|suite| suite.code).collect()
}

/// Every old version, with all suites that the program says it does for them.
async fn check(args: &[&str], versions: &[(Version, &str)]) -> ServerFacts {
    let facts = assessed(server(args).port, Subject::default()).await;
    let spoken: Vec<Version> =
        facts.versions.iter().filter(|v| v.offered.is_yes()).map(|v| v.version).collect();
    assert_eq!(spoken, versions.iter().map(|(version, _)| *version).collect::<Vec<_>>());
    for (version, option) in versions {
        let expected = configured(option, EVERYTHING, &["RSA", "None"]);
        assert!(expected.len() > 20, "{option}");
        assert_eq!(read(&facts, *version), expected, "{option}: {:#?}", facts.connections);
        assert_eq!(facts.version(*version).unwrap().order, Order::Server);
    }
    facts
}

#[tokio::test]
async fn ssl3_is_read_with_all_its_suites_in_order() {
    let facts = check(&["-ssl3", "-serverpref", "-cipher", EVERYTHING], &[(Version::Ssl3, "-ssl3")]).await;
    let faults = faults(&facts);
    for check in ["tls.ssl3", "tls.poodle", "tls.no-modern-version", "tls.suite-outdated"] {
        assert!(faults.contains(&check), "{check} in {faults:?}");
    }
}

#[tokio::test]
async fn every_suite_of_every_old_version_is_read_and_named_by_its_weakness() {
    let args = ["-no_tls1_3", "-serverpref", "-cipher", EVERYTHING];
    let versions = [
        (Version::Ssl3, "-ssl3"),
        (Version::Tls10, "-tls1"),
        (Version::Tls11, "-tls1_1"),
        (Version::Tls12, "-tls1_2"),
    ];
    let facts = check(&args, &versions).await;
    let faults = faults(&facts);
    for check in [
        "tls.suite-null",
        "tls.suite-anonymous",
        "tls.suite-rc4",
        "tls.sweet32",
        "tls.suite-outdated",
        "tls.suite-ccm8",
        "tls.static-exchange",
        "tls.poodle",
        "tls.beast",
        "tls.lucky13",
    ] {
        assert!(faults.contains(&check), "{check} in {faults:?}");
    }
    for check in ["tls.ssl2", "tls.suite-export", "tls.suite-des", "tls.compression"] {
        assert!(!faults.contains(&check), "{check} in {faults:?}");
    }
}

#[tokio::test]
async fn compression_is_told_from_none() {
    let facts = assessed(server(&["-comp", "-cipher", "ALL:@SECLEVEL=0"]).port, Subject::default()).await;
    assert!(facts.features.compression.is_yes(), "{:#?}", facts.connections);
    assert!(faults(&facts).contains(&"tls.compression"));
    let facts = assessed(server(&["-cipher", "ALL:@SECLEVEL=0"]).port, Subject::default()).await;
    assert!(facts.features.compression.is_no(), "{:#?}", facts.connections);
    assert!(facts.features.secure_renegotiation.is_yes());
}

#[tokio::test]
async fn a_server_without_any_certificate_is_read_all_the_same() {
    let args = ["-nocert", "-no_tls1_3", "-serverpref", "-cipher", "aNULL:@SECLEVEL=0"];
    let server = OpensslServer::run(&built("openssl-1.1.1"), &args.map(OsString::from));
    let facts = assessed(server.port, Subject::default()).await;
    assert_eq!(facts.reached, Reached::Tls);
    assert_eq!(read(&facts, Version::Tls12), configured("-tls1_2", "aNULL:@SECLEVEL=0", &["None"]));
    assert!(facts.chains.is_empty());
    let faults = faults(&facts);
    assert!(faults.contains(&"tls.suite-anonymous"), "{faults:?}");
    assert!(!faults.iter().any(|check| check.starts_with("tls.cert-")), "{faults:?}");
}

/// Makes a key and a certificate signed by it, with the old program: the new one refuses such.
fn make(folder: &Path, key: &[&str]) -> [OsString; 4] {
    let (certificate, key_file) = (folder.join("crt"), folder.join("key"));
    let made = Command::new(built("openssl-1.1.1"))
        .args(["req", "-x509", "-nodes", "-days", "90", "-subj", "/CN=old.example.gov.cn"])
        .args(["-config", "/etc/ssl/openssl.cnf"])
        .args(key)
        .args(["-out".as_ref(), certificate.as_os_str(), "-keyout".as_ref(), key_file.as_os_str()])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    ["-cert".into(), certificate.into(), "-key".into(), key_file.into()]
}

#[tokio::test]
async fn short_keys_old_digests_and_short_primes_are_told() {
    let folder = TempDir::new().unwrap();
    let mut args = make(folder.path(), &["-newkey", "rsa:512"]).to_vec();
    // By somebody else's key: how a certificate signs itself says nothing.
    let certificate = folder.path().join("crt");
    let made = Command::new(built("openssl-1.1.1"))
        .args(["x509", "-md5", "-days", "90", "-set_serial", "1", "-in"])
        .args([certificate.as_os_str(), "-out".as_ref(), certificate.as_os_str(), "-CA".as_ref()])
        .args([keys().path("rsa", "crt").as_os_str(), "-CAkey".as_ref()])
        .arg(keys().path("rsa", "key"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let dh = folder.path().join("dh");
    let made =
        Command::new(built("openssl-1.1.1")).args(["dhparam", "-out"]).arg(&dh).arg("1024").output().unwrap();
    assert!(made.status.success());
    args.extend(["-dhparam".into(), dh.into(), "-tls1".into(), "-cipher".into()]);
    args.push("DHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0".into());
    let server = OpensslServer::run(&built("openssl-1.1.1"), &args);
    let facts = assessed(server.port, Subject::default()).await;
    assert_eq!(facts.finite_fields.iter().map(|field| field.bits).collect::<Vec<_>>(), [1024]);
    let faults = faults(&facts);
    for check in ["tls.cert-weak-key", "tls.cert-weak-signature", "tls.dh-short"] {
        assert!(faults.contains(&check), "{check} in {faults:?}");
    }
}

#[tokio::test]
async fn a_certificate_for_dss_is_shown_with_its_suites() {
    let folder = TempDir::new().unwrap();
    let parameters = folder.path().join("dsa");
    let made = Command::new(built("openssl-1.1.1"))
        .args(["dsaparam", "-out"])
        .arg(&parameters)
        .arg("1024")
        .output()
        .unwrap();
    assert!(made.status.success());
    let newkey = format!("dsa:{}", parameters.display());
    let mut args = make(folder.path(), &["-newkey", &newkey]).to_vec();
    args.extend(["-serverpref", "-tls1_2", "-cipher", "ALL:!aNULL:@SECLEVEL=0"].map(OsString::from));
    let server = OpensslServer::run(&built("openssl-1.1.1"), &args);
    let facts = assessed(server.port, Subject::default()).await;
    assert_eq!(read(&facts, Version::Tls12), configured("-tls1_2", "ALL:!aNULL:@SECLEVEL=0", &["DSS"]));
    assert_eq!(facts.chains.iter().map(|chain| chain.kind).collect::<Vec<_>>(), [ChainKind::Dss]);
    assert!(faults(&facts).contains(&"tls.cert-weak-key"));
}
