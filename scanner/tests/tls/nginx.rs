//! nginx: two names with certificates of their own on one port, and OpenSSL behind a configuration of another kind.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use probes::tls::assess::Subject;
use probes::tls::assess::facts::{ChainKind, Order};
use probes::tls::codes::Version;
use tempfile::TempDir;

use crate::world::{assessed, keys, named, wait_for};

struct Nginx {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Nginx {
    fn start(directives: &str) -> Nginx {
        let folder = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let top = folder.path().display();
        let (rsa, ec) = (keys().path("rsa", "crt"), keys().path("ec", "crt"));
        let (rsa_key, ec_key) = (keys().path("rsa", "key"), keys().path("ec", "key"));
        let listen = format!("listen 127.0.0.1:{port} ssl; {directives}");
        let configuration = format!(
            "daemon off; pid {top}/pid; error_log {top}/error.log; worker_processes 1;
             events {{ worker_connections 64; }}
             http {{
               access_log off; client_body_temp_path {top}/a; proxy_temp_path {top}/b;
               fastcgi_temp_path {top}/c; uwsgi_temp_path {top}/d; scgi_temp_path {top}/e;
               server {{ {listen} ssl_certificate {}; ssl_certificate_key {}; }}
               server {{ {listen} server_name www.example.gov.cn;
                 ssl_certificate {}; ssl_certificate_key {}; }}
             }}",
            rsa.display(),
            rsa_key.display(),
            ec.display(),
            ec_key.display()
        );
        std::fs::write(folder.path().join("nginx.conf"), configuration).unwrap();
        let child = Command::new("nginx")
            .arg("-p")
            .arg(folder.path())
            .arg("-e")
            .arg(folder.path().join("error.log"))
            .arg("-c")
            .arg(folder.path().join("nginx.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_for(port);
        Nginx { child, port, _folder: folder }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its worker goes with it: nginx takes a master's end by SIGTERM as the end of all.
        let ended = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        if ended.is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn what_a_name_brings_is_told_from_what_comes_without_one() {
    let server = Nginx::start("ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on;");
    let facts = assessed(server.port, named()).await;
    let with_name = facts.chains.iter().find(|chain| chain.server_name.is_some()).unwrap();
    assert_eq!(with_name.kind, ChainKind::Ecdsa, "{:#?}", facts.connections);
    assert_eq!(facts.version(Version::Tls12).unwrap().order, Order::Server);
    let facts = assessed(server.port, Subject::default()).await;
    assert_eq!(facts.chains.iter().map(|chain| chain.kind).collect::<Vec<_>>(), [ChainKind::Rsa]);
}

#[tokio::test]
async fn a_configuration_of_mozillas_intermediate_kind_needs_few_connections() {
    let suites = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
                  ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
    let server = Nginx::start(&format!(
        "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {suites}; ssl_prefer_server_ciphers off; \
         ssl_ecdh_curve X25519:prime256v1:secp384r1;"
    ));
    let facts = assessed(server.port, Subject::default()).await;
    let n = |version| facts.version(version).unwrap().suites.entries.len();
    assert_eq!((n(Version::Tls12), n(Version::Tls13)), (3, 3));
    assert_eq!(facts.version(Version::Tls12).unwrap().order, Order::Client);
    assert!(facts.connections.len() <= 36, "{}: {:#?}", facts.connections.len(), facts.connections);
}

#[tokio::test]
async fn a_page_over_tls_is_asked_for_where_the_protocol_inside_is_http() {
    let server = Nginx::start(
        "ssl_protocols TLSv1.2 TLSv1.3; ssl_early_data on; add_header Strict-Transport-Security max-age=63072000 always;",
    );
    let facts = assessed(server.port, Subject::default()).await;
    let page = facts.features.page.clone().unwrap();
    assert_eq!((page.hsts_seconds, page.location), (Some(63_072_000), None), "{:#?}", facts.connections);
    assert!(facts.features.early_data.is_yes() && facts.features.tickets_in_13.is_yes());
    assert!(facts.features.max_early_data_bytes.is_some_and(|n| n >= 4096), "{:?}", facts.features);
    assert!(facts.features.resumption_in_13.is_yes(), "{:#?}", facts.connections);
    let server = Nginx::start("ssl_protocols TLSv1.2; return 302 http://www.example.gov.cn/a?b=c;");
    let facts = assessed(server.port, Subject::default()).await;
    let page = facts.features.page.clone().unwrap();
    let seen = (page.status, page.hsts, page.location.as_deref());
    assert_eq!(seen, (302, None, Some("http://www.example.gov.cn/a")));
}
