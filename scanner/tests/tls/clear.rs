//! Real servers of protocols that begin in clear: behind the way over, versions, suites and certificate are those that
//! each was told. Not among them: NNTP, whose servers want a machine of their own, and MSSQL, which nobody packages.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use probes::tls::assess::Subject;
use probes::tls::assess::facts::Reached;
use probes::tls::start_tls::StartTls;
use tempfile::TempDir;

use crate::daemon::{Daemon, free_port};
use crate::world::{assessed, keys, suites};

/// What every server is told, in OpenSSL's words, and what is to be read off it then.
const SUITES: &str = "ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA256";
const BY_SERVER: &str = "TLS 1.2 Server: c02f 003d";
const BY_CLIENT: &str = "TLS 1.2 Client: c02f 003d";
const DEFAULTS_OF_13: &str = "TLS 1.3 Server: 1302 1303 1301";

/// Where one server keeps everything, also after it has given up its privileges.
struct Place {
    folder: TempDir,
}

impl Place {
    /// `None`, and said, without the rights to run a server under another name.
    fn new() -> Option<Place> {
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            println!("skipped: these servers take root to start");
            return None;
        }
        let place = Place { folder: TempDir::new().unwrap() };
        fs::set_permissions(place.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for ending in ["crt", "key"] {
            fs::copy(keys().path("rsa", ending), place.path(ending)).unwrap();
        }
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// A folder of this name for that user.
    fn folder(&self, name: &str, owner: &str) {
        fs::create_dir(self.path(name)).unwrap();
        self.give(name, owner);
    }

    fn give(&self, name: &str, owner: &str) {
        run(Command::new("chown").arg("-R").arg(owner).arg(self.path(name)));
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let text = text.replace("TOP", &self.folder.path().display().to_string()).replace("SUITES", SUITES);
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The program among these paths, whose folder has a version in its name.
fn versioned(folder: &str, program: &str) -> PathBuf {
    let versions = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("bin").join(program));
    versions.into_iter().find(|path| path.exists()).unwrap_or_else(|| Path::new(folder).join(program))
}

async fn check(port: u16, start_tls: StartTls, expected: &[&str]) {
    let server_name = Some("www.example.gov.cn".parse().unwrap());
    let subject = Subject { start_tls: Some(start_tls), server_name, ..Subject::default() };
    let facts = assessed(port, subject).await;
    assert_eq!(facts.reached, Reached::Tls, "{start_tls:?}: {:#?}", facts.connections);
    assert_eq!(suites(&facts), expected, "{start_tls:?}: {:#?}", facts.connections);
    let certificate = Command::new("openssl")
        .args(["x509", "-outform", "DER", "-in"])
        .arg(keys().path("rsa", "crt"))
        .output()
        .unwrap();
    assert!(facts.chains.iter().all(|chain| chain.ders == [certificate.stdout.as_slice()]));
    assert!(!facts.chains.is_empty());
}

#[tokio::test]
async fn postfix_over_smtp() {
    let Some(place) = Place::new() else { return };
    let port = free_port();
    fs::create_dir(place.path("conf")).unwrap();
    place.folder("state", "postfix");
    place.folder("queue", "root");
    place.write(
        "conf/main.cf",
        "compatibility_level = 3.6
queue_directory = TOP/queue
data_directory = TOP/state
myhostname = mail.example.gov.cn
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
smtpd_peername_lookup = no
smtpd_tls_cert_file = TOP/crt
smtpd_tls_key_file = TOP/key
smtpd_tls_security_level = may
smtpd_tls_protocols = TLSv1.2
smtpd_tls_ciphers = high
tls_high_cipherlist = SUITES
tls_preempt_cipherlist = yes
maillog_file = /dev/null
maillog_file_prefixes = /dev
",
    );
    // Only what answers a client.
    place.write(
        "conf/master.cf",
        &format!(
            "127.0.0.1:{port} inet n - n - - smtpd
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"
        ),
    );
    // Makes the folders of the queue; what it warns of changes nothing.
    let conf = place.path("conf");
    let _ = Command::new("postfix").arg("-c").arg(&conf).arg("check").output().unwrap();
    let _server =
        Daemon::start(Command::new("/usr/lib/postfix/sbin/master").arg("-c").arg(&conf).arg("-d"), port);
    check(port, StartTls::Smtp, &[BY_SERVER]).await;
}

#[tokio::test]
async fn dovecot_over_imap_pop3_lmtp_and_sieve() {
    let Some(place) = Place::new() else { return };
    let [imap, pop3, lmtp, sieve] = [(); 4].map(|()| free_port());
    let listener = |service: &str, name: &str, port: u16| {
        format!(
            "service {service} {{
  inet_listener {name} {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"
        )
    };
    let none = |service: &str, name: &str| {
        format!("service {service} {{\n  inet_listener {name} {{\n    port = 0\n  }}\n}}\n")
    };
    let configuration = [
        "base_dir = TOP/run
state_dir = TOP/state
log_path = TOP/log
protocols = imap pop3 lmtp sieve
ssl = yes
ssl_cert = <TOP/crt
ssl_key = <TOP/key
ssl_min_protocol = TLSv1.2
ssl_cipher_list = SUITES
ssl_prefer_server_ciphers = yes
passdb {
  driver = static
  args = nopassword=no password=made-up-for-the-test
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=TOP/home
}
"
        .to_owned(),
        listener("imap-login", "imap", imap),
        none("imap-login", "imaps"),
        listener("pop3-login", "pop3", pop3),
        none("pop3-login", "pop3s"),
        listener("lmtp", "lmtp", lmtp),
        listener("managesieve-login", "sieve", sieve),
    ];
    let file = place.write("conf", &configuration.concat());
    let _server = Daemon::start(Command::new("dovecot").arg("-F").arg("-c").arg(file), sieve);
    for (port, start_tls) in
        [(imap, StartTls::Imap), (pop3, StartTls::Pop3), (lmtp, StartTls::Lmtp), (sieve, StartTls::Sieve)]
    {
        check(port, start_tls, &[BY_SERVER, DEFAULTS_OF_13]).await;
    }
}

#[tokio::test]
async fn vsftpd_over_ftp() {
    let Some(place) = Place::new() else { return };
    let port = free_port();
    place.folder("empty", "root");
    let file = place.write(
        "conf",
        &format!(
            "listen=YES
background=NO
listen_address=127.0.0.1
listen_port={port}
anonymous_enable=NO
local_enable=YES
secure_chroot_dir=TOP/empty
ssl_enable=YES
ssl_ciphers=SUITES
rsa_cert_file=TOP/crt
rsa_private_key_file=TOP/key
"
        ),
    );
    let _server = Daemon::start(Command::new("vsftpd").arg(file), port);
    check(port, StartTls::Ftp, &[BY_CLIENT, "TLS 1.3 Client: 1301 1302 1303"]).await;
}

#[tokio::test]
async fn postgresql() {
    let Some(place) = Place::new() else { return };
    let port = free_port();
    place.folder("data", "postgres");
    for ending in ["crt", "key"] {
        place.give(ending, "postgres");
    }
    let as_postgres = |program: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
        command.arg(versioned("/usr/lib/postgresql", program)).arg("-D").arg(place.path("data"));
        command
    };
    run(as_postgres("initdb")
        .args(["-A", "scram-sha-256", "--no-sync", "--pwfile"])
        .arg(place.write("word", "x")));
    let options = [
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", place.text("crt")),
        format!("ssl_key_file={}", place.text("key")),
        format!("ssl_ciphers={SUITES}"),
        "ssl_max_protocol_version=TLSv1.2".to_owned(),
    ];
    let options = options.iter().flat_map(|option| ["-c", option.as_str()]);
    let mut command = as_postgres("postgres");
    command
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-F", "-k"])
        .arg(place.path("data"))
        .args(options);
    let _server = Daemon::start(&mut command, port);
    check(port, StartTls::Postgres, &[BY_SERVER]).await;
}

#[tokio::test]
async fn mariadb() {
    let Some(place) = Place::new() else { return };
    let port = free_port();
    place.folder("data", "mysql");
    for ending in ["crt", "key"] {
        place.give(ending, "mysql");
    }
    let data = format!("--datadir={}", place.text("data"));
    run(Command::new("mariadb-install-db").args(["--no-defaults", &data, "--user=mysql", "--skip-test-db"]));
    // It greets only who has an account from there.
    let first = place.write("first.sql", "CREATE USER 'made-up'@'%' ACCOUNT LOCK;\n");
    let _server = Daemon::start(
        Command::new("mariadbd")
            .args(["--no-defaults", &data, "--user=mysql", "--bind-address=127.0.0.1", "--skip-name-resolve"])
            .arg(format!("--init-file={}", first.display()))
            .arg(format!("--port={port}"))
            .arg(format!("--socket={}", place.text("data/socket")))
            .arg(format!("--pid-file={}", place.text("data/pid")))
            .arg(format!("--ssl-cert={}", place.text("crt")))
            .arg(format!("--ssl-key={}", place.text("key")))
            .arg(format!("--ssl-cipher={SUITES}"))
            .arg("--tls-version=TLSv1.2"),
        port,
    );
    check(port, StartTls::Mysql, &[BY_CLIENT]).await;
}

#[tokio::test]
async fn slapd_over_ldap() {
    let Some(place) = Place::new() else { return };
    let port = free_port();
    place.folder("data", "root");
    // Debian's is built with GnuTLS, and takes its words.
    let priority = "NONE:+VERS-TLS1.2:+AES-128-GCM:+AES-256-CBC:+ECDHE-RSA:+RSA:+AEAD:+SHA256:+GROUP-X25519:\
                    +SIGN-RSA-SHA256:+COMP-NULL:%SERVER_PRECEDENCE";
    let file = place.write(
        "conf",
        &format!(
            "include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile TOP/pid
TLSCertificateFile TOP/crt
TLSCertificateKeyFile TOP/key
TLSCipherSuite {priority}
database mdb
suffix dc=example,dc=gov,dc=cn
directory TOP/data
"
        ),
    );
    let url = format!("ldap://127.0.0.1:{port}/");
    let _server = Daemon::start(Command::new("slapd").args(["-d", "0", "-h", &url, "-f"]).arg(file), port);
    // Exchanges and ciphers are named apart, so that the second goes with both.
    check(port, StartTls::Ldap, &["TLS 1.2 Server: c02f 009c 003d"]).await;
}

#[tokio::test]
async fn prosody_over_xmpp() {
    let Some(place) = Place::new() else { return };
    let [clients, servers] = [(); 2].map(|()| free_port());
    let file = place.write(
        "prosody.cfg.lua",
        &format!(
            "run_as_root = true
daemonize = false
data_path = 'TOP'
pidfile = 'TOP/pid'
log = {{ error = 'TOP/errors' }}
interfaces = {{ '127.0.0.1' }}
c2s_ports = {{ {clients} }}
s2s_ports = {{ {servers} }}
http_ports = {{}}
https_ports = {{}}
modules_enabled = {{ 'tls', 'saslauth', 's2s', 'c2s' }}
ssl = {{ certificate = 'TOP/crt', key = 'TOP/key', protocol = 'tlsv1_2', ciphers = 'SUITES' }}
c2s_ssl = ssl
s2s_ssl = ssl
VirtualHost 'www.example.gov.cn'
ssl = {{ certificate = 'TOP/crt', key = 'TOP/key', protocol = 'tlsv1_2', ciphers = 'SUITES' }}
"
        ),
    );
    let _server = Daemon::start(Command::new("prosody").arg("--config").arg(file).arg("-F"), clients);
    check(clients, StartTls::Xmpp, &[BY_CLIENT]).await;
    check(servers, StartTls::XmppServer, &[BY_CLIENT]).await;
}

#[tokio::test]
async fn xrdp_over_rdp() {
    let Some(place) = Place::new() else { return };
    let port = free_port();
    let file = place.write(
        "xrdp.ini",
        &format!(
            "[Globals]
ini_version=1
fork=true
port=tcp://127.0.0.1:{port}
security_layer=negotiate
crypt_level=high
certificate=TOP/crt
key_file=TOP/key
ssl_protocols=TLSv1.2
tls_ciphers=SUITES
[Logging]
LogFile=TOP/log
LogLevel=ERROR
EnableSyslog=false
[made-up]
name=made-up
lib=libxup.so
ip=127.0.0.1
port=1
"
        ),
    );
    // It keeps its process id in /run, wherever else its files are.
    let script = format!(
        "mount -t tmpfs none /run && mkdir /run/xrdp && exec xrdp --nodaemon --config {}",
        file.display()
    );
    let _server = Daemon::start(Command::new("unshare").args(["--mount", "sh", "-c", &script]), port);
    check(port, StartTls::Rdp, &[BY_CLIENT]).await;
}
