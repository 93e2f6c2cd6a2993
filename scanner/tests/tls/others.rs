//! Second opinions: GnuTLS, NSS, mbedTLS and wolfSSL. What each does other than OpenSSL stands here as a test; the
//! strike-out by HelloRetryRequest holds on all that speak TLS 1.3.

use std::path::Path;
use std::process::Command;

use probes::tls::assess::Subject;
use probes::tls::assess::facts::{Answered, ChainKind, Order, Reached, Reason, ServerFacts};
use probes::tls::codes::Version;
use tempfile::TempDir;

use crate::daemon::{Daemon, alone_on_the_network, free_port};
use crate::world::{assessed, groups_in_13, keys, named, suites};

fn kinds(facts: &ServerFacts) -> Vec<ChainKind> {
    facts.chains.iter().map(|chain| chain.kind).collect()
}

fn codes(facts: &ServerFacts, version: Version) -> Vec<u32> {
    let facts = facts.version(version).unwrap();
    assert!(facts.offered.is_yes() && facts.suites.complete.is_yes(), "{version:?}");
    facts.suites.entries.iter().map(|suite| suite.code).collect()
}

/// What GnuTLS itself says that this priority means, for one version and in its order.
fn configured(priority: &str, version: Version) -> Vec<u32> {
    let output = Command::new("gnutls-cli").args(["--list", "--priority", priority]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let suite = |line: &str| {
        let mut words = line.strip_prefix("TLS_")?.split_whitespace().skip(1);
        let byte = |word: &str| u32::from_str_radix(word.trim_end_matches(',').strip_prefix("0x")?, 16).ok();
        let code = byte(words.next()?)? << 8 | byte(words.next()?)?;
        let since = words.next()?;
        let is_of_it = match version {
            Version::Tls13 => since == "TLS1.3",
            Version::Tls12 => since == "TLS1.2" || since == "TLS1.0",
            _ => since == "TLS1.0",
        };
        is_of_it.then_some(code)
    };
    text.lines().filter_map(suite).collect()
}

const EVERYTHING: &str = "LEGACY:+VERS-ALL:+CIPHER-ALL:+KX-ALL:+MAC-ALL:+ARCFOUR-128:+3DES-CBC:+CAMELLIA-128-CBC:\
                          +CAMELLIA-256-GCM:+ANON-ECDH:+ANON-DH:+AES-128-CCM-8:+SHA256:+MD5:%SERVER_PRECEDENCE";

#[tokio::test]
async fn gnutls_is_read_as_it_was_told() {
    if !alone_on_the_network("others::gnutls_is_read_as_it_was_told") {
        return;
    }
    let port = free_port();
    let _server = Daemon::start(
        Command::new("gnutls-serv")
            .args([
                "--quiet",
                "--http",
                "--port",
                &port.to_string(),
                "--priority",
                EVERYTHING,
                "--x509certfile",
            ])
            .arg(keys().path("rsa", "crt"))
            .arg("--x509keyfile")
            .arg(keys().path("rsa", "key"))
            .arg("--x509certfile")
            .arg(keys().path("ec", "crt"))
            .arg("--x509keyfile")
            .arg(keys().path("ec", "key")),
        port,
    );
    let facts = assessed(port, named()).await;
    assert_eq!(facts.reached, Reached::Tls);
    for version in [Version::Tls10, Version::Tls11, Version::Tls12, Version::Tls13] {
        let expected = configured(EVERYTHING, version);
        assert!(expected.len() >= 4, "{version:?}");
        assert_eq!(codes(&facts, version), expected, "{version:?}: {:#?}", facts.connections);
        assert_eq!(facts.version(version).unwrap().order, Order::Server);
    }
    let groups =
        "secp256r1 secp384r1 secp521r1 x25519 x448 ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192";
    assert_eq!(groups_in_13(&facts), groups);
    assert!(kinds(&facts).contains(&ChainKind::Rsa) && kinds(&facts).contains(&ChainKind::Ecdsa));
}

/// A database of NSS with both certificates.
fn nss_database(folder: &Path) -> String {
    let database = format!("sql:{}", folder.display());
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run("certutil", &["-N", "-d", &database, "--empty-password"]);
    for name in ["rsa", "ec"] {
        let [certificate, key] = ["crt", "key"].map(|ending| keys().path(name, ending).display().to_string());
        let bundle = folder.join("p12").display().to_string();
        let words = ["pkcs12", "-export", "-name", name, "-passout", "pass:x", "-in", &certificate];
        run("openssl", &[&words[..], &["-inkey", &key, "-out", &bundle]].concat());
        run("pk12util", &["-i", &bundle, "-d", &database, "-W", "x"]);
    }
    database
}

#[tokio::test]
async fn nss_is_read_as_it_was_told() {
    if !alone_on_the_network("others::nss_is_read_as_it_was_told") {
        return;
    }
    let (port, folder) = (free_port(), TempDir::new().unwrap());
    let asked = "0001 0002 0005 000A 002F 0035 0041 C013 C014 C02F C02B 009E 0033 1301 1302 1303";
    let _server = Daemon::start(
        Command::new("selfserv")
            .args([
                "-d",
                &nss_database(folder.path()),
                "-n",
                "rsa",
                "-e",
                "ec",
                "-V",
                "tls1.0:",
                "-u",
                "-H",
                "1",
            ])
            .args(["-p", &port.to_string(), "-I", "P384,x25519,P256,FF2048"])
            .args(["-c", &asked.split(' ').map(|code| format!(":{code}")).collect::<String>()]),
        port,
    );
    let facts = assessed(port, named()).await;
    // The order is NSS's own, whatever was asked for.
    let expected = [
        "TLS 1.0 Server: c013 c014 0033 002f 0041 0035 000a 0005 0002 0001",
        "TLS 1.1 Server: c013 c014 0033 002f 0041 0035 000a 0005 0002 0001",
        "TLS 1.2 Server: c02b c02f c013 c014 009e 0033 002f 0041 0035 000a 0005 0002 0001",
        "TLS 1.3 Server: 1301 1303 1302",
    ];
    assert_eq!(suites(&facts), expected, "{:#?}", facts.connections);
    assert_eq!(groups_in_13(&facts), "secp384r1 x25519 secp256r1 ffdhe2048");
    assert!(kinds(&facts).contains(&ChainKind::Rsa) && kinds(&facts).contains(&ChainKind::Ecdsa));
}

/// lighttpd with one of its modules for TLS.
fn lighttpd(module: &str, options: &str, folder: &Path) -> (Daemon, u16) {
    let (port, top) = (free_port(), folder.display());
    let [certificate, key] = ["crt", "key"].map(|ending| keys().path("rsa", ending).display().to_string());
    let configuration = format!(
        "server.document-root = \"{top}\"\nserver.bind = \"127.0.0.1\"\nserver.port = {port}\n\
         server.modules = (\"{module}\")\nserver.errorlog = \"{top}/errors\"\nssl.engine = \"enable\"\n\
         ssl.pemfile = \"{certificate}\"\nssl.privkey = \"{key}\"\nssl.openssl.ssl-conf-cmd = ({options})\n"
    );
    let file = folder.join("lighttpd.conf");
    std::fs::write(&file, configuration).unwrap();
    (Daemon::start(Command::new("lighttpd").arg("-D").arg("-f").arg(file), port), port)
}

#[tokio::test]
async fn mbedtls_is_read_as_it_was_told() {
    let folder = TempDir::new().unwrap();
    let options = "\"MinProtocol\" => \"TLSv1.0\", \"CipherString\" => \"HIGH\"";
    let (_server, port) = lighttpd("mod_mbedtls", options, folder.path());
    let facts = assessed(port, Subject::default()).await;
    // Its own order, in which suites of TLS 1.2 alone don't come first.
    let expected = [
        "TLS 1.0 Server: c014 0039 c077 0088",
        "TLS 1.1 Server: c014 0039 c077 0088",
        "TLS 1.2 Server: cca8 ccaa c030 009f c09f c028 006b c014 0039 c0a3 c077 00c4 0088",
    ];
    assert_eq!(suites(&facts), expected, "{:#?}", facts.connections);
    assert_eq!(kinds(&facts), [ChainKind::Rsa]);
}

#[tokio::test]
async fn wolfssl_asks_for_another_share_when_no_group_is_in_common() {
    let folder = TempDir::new().unwrap();
    let (_server, port) = lighttpd("mod_wolfssl", "\"CipherString\" => \"ALL\"", folder.path());
    let facts = assessed(port, Subject::default()).await;
    assert_eq!(codes(&facts, Version::Tls13), [0x1301, 0x1302, 0x1303, 0x1304, 0x1305]);
    let suites = codes(&facts, Version::Tls12);
    assert_eq!((suites.len(), &suites[..4]), (35, &[0xc030, 0xc02f, 0x9f, 0x9e][..]));
    // It chooses what it was built with, also what needs a shared key (0x00AB) that nobody gave it.
    assert!(suites.contains(&0xab));
    assert_eq!(groups_in_13(&facts), "secp256r1 x25519 x448 secp384r1 secp521r1 ffdhe2048 ffdhe3072");
    // Its last HelloRetryRequest names no group, which RFC 8446 doesn't know (§4.1.4), so that the end of the list
    // isn't told by a refusal.
    let complete = &facts.groups_in_13.complete;
    assert_eq!(complete.answer, Answered::Unknown(Reason::Inconsistent));
    assert_eq!(kinds(&facts), [ChainKind::Rsa]);
}
