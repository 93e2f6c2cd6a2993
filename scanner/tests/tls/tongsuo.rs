//! Tongsuo: TLCP beside TLS and alone, RFC 8998, and the hybrid groups of TLS 1.3, by somebody else's hand.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use probes::tls::assess::facts::{ChainKind, Reached, ServerFacts};
use tempfile::TempDir;

use crate::world::{OpensslServer, assessed, built, faults, groups_in_13, keys, named, suites};

/// SM2 certificates for signing and for encryption, and the root that signed both.
struct Sm2 {
    folder: TempDir,
}

const CONFIGURATION: &str = "[req]
distinguished_name = none
[none]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = keyCertSign, cRLSign
[sign]
basicConstraints = CA:FALSE
keyUsage = digitalSignature, nonRepudiation
subjectAltName = DNS:www.example.gov.cn
[enc]
basicConstraints = CA:FALSE
keyUsage = keyEncipherment, dataEncipherment, keyAgreement
subjectAltName = DNS:www.example.gov.cn
[both]
basicConstraints = CA:FALSE
keyUsage = digitalSignature, keyEncipherment
";

impl Sm2 {
    fn make() -> Sm2 {
        let sm2 = Sm2 { folder: TempDir::new().unwrap() };
        std::fs::write(sm2.path("configuration"), CONFIGURATION).unwrap();
        sm2.openssl("ecparam -name SM2 -genkey -noout -out root.key");
        sm2.openssl("req -config configuration -x509 -sm3 -days 90 -key root.key -subj /CN=示例 -utf8 -extensions root -out root.crt");
        for name in ["sign", "enc", "both"] {
            sm2.openssl(&format!("ecparam -name SM2 -genkey -noout -out {name}.key"));
            sm2.openssl(&format!(
                "req -config configuration -new -sm3 -key {name}.key -subj /CN=www.example.gov.cn -out {name}.csr"
            ));
            sm2.openssl(&format!(
                "x509 -req -sm3 -in {name}.csr -CA root.crt -CAkey root.key -CAcreateserial -days 90 \
                 -extfile configuration -extensions {name} -out {name}.crt"
            ));
        }
        sm2
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, args: &str) {
        let made = Command::new(built("tongsuo"))
            .args(args.split_whitespace())
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{args}: {}", String::from_utf8_lossy(&made.stderr));
    }

    /// With these arguments; words that end so name files of ours.
    fn server(&self, args: &str) -> OpensslServer {
        self.server_besides(args, &[])
    }

    fn server_besides(&self, args: &str, others: &[&str]) -> OpensslServer {
        let ours = |word: &str| {
            let is_file = word.ends_with(".crt") || word.ends_with(".key");
            if is_file { self.path(word).into() } else { OsString::from(word) }
        };
        let others = others.iter().map(OsString::from);
        let args: Vec<OsString> = args.split_whitespace().map(ours).chain(others).collect();
        OpensslServer::run(&built("tongsuo"), &args)
    }
}

const PAIR: &str = "-enable_ntls -sign_cert sign.crt -sign_key sign.key -enc_cert enc.crt -enc_key enc.key \
                    -cert sign.crt -key sign.key";

/// What is at fault of the checks that are for TLCP alone.
fn tlcp_faults(facts: &ServerFacts) -> Vec<&'static str> {
    faults(facts).into_iter().filter(|check| check.starts_with("tls.tlcp-")).collect()
}

#[tokio::test]
async fn tlcp_alone_is_read_with_its_suites_and_both_certificates() {
    let sm2 = Sm2::make();
    let server = sm2.server(&format!("{PAIR} -ntls -serverpref"));
    let facts = assessed(server.port, named()).await;
    assert_eq!(facts.reached, Reached::Tls);
    // Whose order rules isn't asked in TLCP; this is the server's, which prefers the exchange over the cipher.
    assert_eq!(suites(&facts), ["TLCP 1.1 Unknown: e053 e051 e013 e011"], "{:#?}", facts.connections);
    let pair = facts.chains.iter().find(|chain| chain.kind == ChainKind::Tlcp).unwrap();
    let names: Vec<_> = pair.certificates.iter().map(|c| c.covers("www.example.gov.cn")).collect();
    assert_eq!(names, [true, true]);
    assert!(facts.features.tlcp_handshake_signature.is_yes(), "{:#?}", facts.features);
    assert_eq!(tlcp_faults(&facts), [""; 0]);
}

#[tokio::test]
async fn tlcp_and_tls_on_one_port_are_told_apart() {
    let sm2 = Sm2::make();
    let [certificate, key] = ["crt", "key"].map(|ending| keys().path("rsa", ending).display().to_string());
    let pair = PAIR.replace("-cert sign.crt -key sign.key", "");
    let tls = "-serverpref -cipher ECDHE-RSA-AES128-GCM-SHA256:ECC-SM2-SM4-CBC-SM3:@SECLEVEL=0";
    let server = sm2.server_besides(&format!("{pair} {tls}"), &["-cert", &certificate, "-key", &key]);
    let facts = assessed(server.port, named()).await;
    let expected =
        ["TLS 1.2 Unknown: c02f", "TLS 1.3 Server: 1302 1303 1301 00c6 00c7", "TLCP 1.1 Unknown: e013"];
    assert_eq!(suites(&facts), expected, "{:#?}", facts.connections);
    let mut kinds: Vec<_> = facts.chains.iter().map(|chain| chain.kind).collect();
    kinds.dedup();
    assert_eq!(kinds, [ChainKind::Rsa, ChainKind::Tlcp]);
    assert_eq!(tlcp_faults(&facts), ["tls.tlcp-cbc-only"]);
}

#[tokio::test]
async fn one_certificate_in_both_places_is_told() {
    let sm2 = Sm2::make();
    let twice = PAIR.replace("sign.", "both.").replace("enc.", "both.");
    let facts = assessed(sm2.server(&format!("{twice} -ntls")).port, named()).await;
    assert_eq!(tlcp_faults(&facts), ["tls.tlcp-single-certificate"], "{:#?}", facts.connections);
}

#[tokio::test]
async fn tlcp_with_rsa_is_read_and_named() {
    let sm2 = Sm2::make();
    let [certificate, key] = ["crt", "key"].map(|ending| keys().path("rsa", ending).display().to_string());
    let rsa = [
        "-sign_cert",
        &certificate,
        "-sign_key",
        &key,
        "-enc_cert",
        &certificate,
        "-enc_key",
        &key,
        "-cert",
        &certificate,
        "-key",
        &key,
    ];
    let server =
        sm2.server_besides("-enable_ntls -ntls -disable_ntls_cert_key_usage_check -serverpref", &rsa);
    let facts = assessed(server.port, named()).await;
    assert_eq!(suites(&facts), ["TLCP 1.1 Unknown: e05a e059 e01c e019"], "{:#?}", facts.connections);
    assert!(tlcp_faults(&facts).contains(&"tls.tlcp-not-sm2"));
}

#[tokio::test]
async fn rfc8998_is_read_by_strike_out() {
    let sm2 = Sm2::make();
    let server = sm2.server(
        "-cert sign.crt -key sign.key -tls1_3 -enable_sm_tls13_strict -serverpref \
         -ciphersuites TLS_SM4_CCM_SM3:TLS_SM4_GCM_SM3 -groups curveSM2",
    );
    let facts = assessed(server.port, named()).await;
    assert_eq!(suites(&facts), ["TLS 1.3 Server: 00c7 00c6"], "{:#?}", facts.connections);
    assert_eq!(groups_in_13(&facts), "curveSM2");
    // Its certificate would show in a session alone, and ours doesn't do SM2.
    assert!(facts.chains.is_empty());
}

#[tokio::test]
async fn hybrid_groups_are_read_in_order() {
    let groups = "SecP384r1MLKEM1024:X25519:X25519MLKEM768:SecP256r1MLKEM768:curveSM2MLKEM768:MLKEM512:MLKEM768:\
                  MLKEM1024:curveSM2:X448:ffdhe3072";
    let [certificate, key] = ["crt", "key"].map(|ending| keys().path("rsa", ending).display().to_string());
    let server = Sm2::make().server_besides(
        &format!("-tls1_3 -serverpref -groups {groups}"),
        &["-cert", &certificate, "-key", &key],
    );
    let facts = assessed(server.port, named()).await;
    let found = groups_in_13(&facts);
    assert_eq!(found.to_lowercase(), groups.replace(':', " ").to_lowercase(), "{:#?}", facts.connections);
    assert!(facts.features.post_quantum.is_yes());
}
