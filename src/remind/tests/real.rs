//! Mails to a mail server that isn't ours: aiosmtpd, with STARTTLS, TLS from the first byte, and a login.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{queue, send, settings, unsent};
use crate::remind::settings::{Login, MailSettings, MailTls};

/// The server; it ends when this is dropped.
struct MailServer {
    child: Child,
    told: BufReader<ChildStdout>,
    settings: MailSettings,
}

impl MailServer {
    fn start(folder: &Path, mode: &str) -> MailServer {
        let script = folder.join("mail_server.py");
        std::fs::write(&script, include_str!("mail_server.py")).expect("a file");
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&certificate, made.cert.pem()).expect("a file");
        std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file");
        // Debian's own interpreter has Debian's own packages.
        let mut child = Command::new("/usr/bin/python3")
            .arg(script)
            .arg(mode)
            .args([certificate, key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 with python3-aiosmtpd");
        let mut told = BufReader::new(child.stdout.take().expect("its output"));
        let port = read(&mut told)["port"].as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        let tls = match mode {
            "starttls" => MailTls::Starttls,
            "implicit" => MailTls::Implicit,
            _ => MailTls::None,
        };
        let settings = MailSettings {
            tls,
            login: (mode != "none").then(|| Login { user: "robot".into(), password: "秘密".into() }),
            ca: Some(made.cert.pem().into_bytes()),
            timeout: Duration::from_secs(20),
            ..settings(port)
        };
        MailServer { child, told, settings }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(told: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    told.read_line(&mut line).expect("a line");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

#[tokio::test]
async fn a_real_server_takes_mails_in_every_way_and_reads_them() {
    for mode in ["starttls", "implicit", "none"] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut server = MailServer::start(folder.path(), mode);
        let store = queue(&folder.path().join("test.db"), 2).await;
        let round = send(&store, &server.settings, super::NOW).await;
        assert_eq!((round.sent.len(), round.stopped, unsent(&store).await.len()), (2, None, 0), "{mode}");
        for n in 1..=2 {
            let got = read(&mut server.told);
            assert_eq!(got["to"], serde_json::json!([format!("person{n}@unit.example")]));
            assert_eq!(got["from"], "reminder@centre.example");
            assert_eq!(got["secret"], mode == "starttls" || mode == "implicit", "{mode}");
            assert_eq!(got["user"].as_str(), (mode != "none").then_some("robot"), "{mode}");
            assert_eq!(got["id"], format!("<{n:032x}.reminder@centre.example>"));
            assert_eq!(got["subject"], "上岗证到期提醒：2026-12-31（还有 30 天）");
            assert_eq!(got["sender"], "岗哨 <reminder@centre.example>");
            assert_eq!(got["recipient"], format!("虚构禤 <person{n}@unit.example>"));
            assert_eq!(got["defects"], serde_json::json!([]));
            let body = got["body"].as_str().expect("a body").replace("\r\n", "\n");
            assert_eq!(body.trim_end(), super::mail(n).body.trim_end());
        }
        // Nothing is sent twice.
        assert_eq!(send(&store, &server.settings, "2026-11-24T08:00:00Z").await, Default::default());
    }
}

#[tokio::test]
async fn a_server_that_is_not_who_it_says_gets_neither_password_nor_mail() {
    for mode in ["starttls", "implicit"] {
        let folder = tempfile::tempdir().expect("a folder");
        let server = MailServer::start(folder.path(), mode);
        let store = queue(&folder.path().join("test.db"), 1).await;
        // Nobody that we trust has signed its certificate.
        let stranger = MailSettings { ca: None, ..server.settings.clone() };
        let round = send(&store, &stranger, super::NOW).await;
        assert!(round.deferred[0].error.contains("TLS failed"), "{mode}: {round:?}");
        // The certificate is another host's.
        let other = MailSettings { host: "localhost".into(), ..server.settings.clone() };
        let round = send(&store, &other, "2026-11-23T09:00:00Z").await;
        assert!(round.deferred[0].error.contains("TLS failed"), "{mode}: {round:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_and_clear_text_is_not_fallen_back_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = MailServer::start(folder.path(), "starttls");
    let store = queue(&folder.path().join("test.db"), 1).await;
    let login = Some(Login { user: "robot".into(), password: "wrong-secret".into() });
    let wrong = MailSettings { login, ..server.settings.clone() };
    let round = send(&store, &wrong, super::NOW).await;
    let error = &round.deferred[0].error;
    assert!(
        error.starts_with("logging in: the server says no") && !error.contains("wrong-secret"),
        "{error}"
    );
    // A server without STARTTLS, perhaps since somebody between cut it out.
    let clear = MailServer::start(folder.path(), "none");
    let settings = MailSettings { tls: MailTls::Starttls, ..clear.settings.clone() };
    let round = send(&store, &settings, "2026-11-23T09:00:00Z").await;
    assert!(round.deferred[0].error.starts_with("beginning TLS: "), "{round:?}");
    assert_eq!(unsent(&store).await.len(), 1);
}
