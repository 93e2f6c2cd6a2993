//! Many servers at once, and servers behind protocols that begin in clear.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use futures_util::StreamExt;
use probes::tls::assess::Subject;
use probes::tls::assess::facts::Reached;
use probes::tls::codes::Version;
use probes::tls::start_tls::StartTls;
use scanner::identify::Ungated;
use scanner::tls::assess_all;

use crate::world::{OpensslServer, assessed, limits, server};

#[tokio::test]
async fn results_of_many_servers_are_those_of_each() {
    let old = OpensslServer::start(&["-tls1_2"]);
    let new = OpensslServer::start(&["-tls1_3"]);
    let targets: Vec<_> =
        (0..8).map(|n| server(if n % 2 == 0 { old.port } else { new.port }, Subject::default())).collect();
    let limits = limits();
    let mut results: Vec<_> = assess_all(targets, &limits, &Ungated, 4).collect().await;
    results.sort_by_key(|(at, ..)| *at);
    assert_eq!(results.len(), 8);
    for (at, _, facts) in results {
        let expected = if at % 2 == 0 { Version::Tls12 } else { Version::Tls13 };
        for version in [Version::Tls12, Version::Tls13] {
            assert_eq!(facts.speaks(version), version == expected, "server {at}");
        }
    }
}

/// A mail server whose TLS is done by another server, to which it hands the bytes over.
fn mail_before(tls: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || hand_over(stream?, tls));
        }
    });
    port
}

fn hand_over(mut client: TcpStream, tls: u16) -> std::io::Result<()> {
    client.write_all(b"220 mail.example.gov.cn\r\n")?;
    let mut lines = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    while lines.read_line(&mut line)? > 0 {
        if line.starts_with("STARTTLS") {
            break;
        }
        client.write_all(b"250-mail.example.gov.cn\r\n250 STARTTLS\r\n")?;
        line.clear();
    }
    client.write_all(b"220 go on\r\n")?;
    let mut server = TcpStream::connect(("127.0.0.1", tls))?;
    let (mut back, mut forth) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut back, &mut forth);
        forth.shutdown(std::net::Shutdown::Write)
    });
    let mut bytes = [0; 4096];
    loop {
        let n = lines.read(&mut bytes)?;
        if n == 0 {
            return server.shutdown(std::net::Shutdown::Write);
        }
        server.write_all(&bytes[..n])?;
    }
}

#[tokio::test]
async fn a_mail_server_is_assessed_behind_starttls_like_any_other() {
    let behind = OpensslServer::start(&["-tls1_2", "-serverpref", "-cipher", "ECDHE+AESGCM"]);
    let port = mail_before(behind.port);
    let subject = Subject { start_tls: Some(StartTls::Smtp), ..Subject::default() };
    let facts = assessed(port, subject).await;
    assert_eq!(facts.reached, Reached::Tls, "{:#?}", facts.connections);
    let direct = assessed(behind.port, Subject::default()).await;
    assert_eq!(
        facts.versions.iter().map(|v| v.suites.entries.len()).collect::<Vec<_>>(),
        direct.versions.iter().map(|v| v.suites.entries.len()).collect::<Vec<_>>()
    );
    // The same port without the prelude is another protocol, not a closed one.
    let facts = assessed(port, Subject::default()).await;
    assert_eq!(facts.reached, Reached::OtherProtocol);
}
