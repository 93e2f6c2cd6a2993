//! How mail is sent: a TOML file of the customer's, and the password from beside it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;
use serde::Deserialize;

/// A mail server and who writes. Made by [`MailSettings::read`] only.
#[derive(Clone)]
pub struct MailSettings {
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    pub login: Option<Login>,
    /// PEM of a root to trust besides Mozilla's, for a city's own authority.
    pub ca: Option<Vec<u8>>,
    pub sender: Mailbox,
    /// What we call ourselves in EHLO.
    pub hello: String,
    /// For getting a session, and again for each mail.
    pub timeout: Duration,
}

#[derive(Clone)]
pub struct Login {
    pub user: String,
    pub password: String,
}

/// Also to whoever debugs it: no password.
impl std::fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailSettings({}:{}, {:?})", self.host, self.port, self.tls)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailTls {
    /// Clear at first, and never further without TLS.
    Starttls,
    /// From the first byte.
    Implicit,
    /// Only to this machine itself.
    None,
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailFile {
    host: String,
    port: Option<u16>,
    #[serde(default = "starttls")]
    tls: MailTls,
    user: Option<String>,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    sender: String,
    hello: Option<String>,
    #[serde(default = "a_minute")]
    timeout_seconds: u64,
}

fn starttls() -> MailTls {
    MailTls::Starttls
}

fn a_minute() -> u64 {
    60
}

#[derive(Debug, thiserror::Error)]
pub enum MailSettingsError {
    #[error("can't read {0}")]
    Unreadable(PathBuf, #[source] std::io::Error),
    #[error("it is not a file of mail settings")]
    Toml(#[source] toml::de::Error),
    #[error("{0} is longer than any of its kind")]
    TooLong(PathBuf),
    #[error("tls = \"none\" is for a server on this very machine (127.0.0.1, ::1, localhost), not for {0}")]
    ClearBeyondThisMachine(String),
    #[error("sender {0:?} is no mail address, such as 岗哨 <reminder@example.com>")]
    Sender(String),
    #[error("{0:?} is no host name or address")]
    Host(String),
    #[error("{0:?} can't be said in EHLO; it is a host name")]
    Hello(String),
    #[error("user is given and no password: name a password_file, or set {PASSWORD_VARIABLE}")]
    NoPassword,
    #[error("a password_file is given and no user")]
    NoUser,
    #[error("timeout_seconds = {0}: 1 to 900")]
    Timeout(u64),
}

/// Environment variable of the password, which comes before the file.
pub const PASSWORD_VARIABLE: &str = "SENTRYPOST_SMTP_PASSWORD";

/// Longest file of settings, password or root.
const MAX_BYTES: u64 = 1 << 20;

impl MailSettings {
    /// Reads the file; other files that it names lie beside it unless their paths are absolute. `password` is the
    /// value of [`PASSWORD_VARIABLE`].
    pub fn read(path: &Path, password: Option<String>) -> Result<MailSettings, MailSettingsError> {
        let bytes = read(path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        MailSettings::parse(&String::from_utf8_lossy(&bytes), folder, password)
    }

    fn parse(text: &str, folder: &Path, password: Option<String>) -> Result<MailSettings, MailSettingsError> {
        let file: MailFile = toml::from_str(text).map_err(MailSettingsError::Toml)?;
        let is_host = |host: &str| {
            !host.is_empty()
                && host.len() <= 255
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:_".contains(&b))
        };
        if !is_host(&file.host) {
            return Err(MailSettingsError::Host(file.host));
        }
        if file.tls == MailTls::None && !is_this_machine(&file.host) {
            return Err(MailSettingsError::ClearBeyondThisMachine(file.host));
        }
        if !(1..=900).contains(&file.timeout_seconds) {
            return Err(MailSettingsError::Timeout(file.timeout_seconds));
        }
        let sender: Option<Mailbox> = file.sender.parse().ok();
        let is_usable = |mailbox: &Mailbox| super::letter::is_address(mailbox.email.as_ref());
        let sender = sender.filter(is_usable).ok_or(MailSettingsError::Sender(file.sender))?;
        let hello = file.hello.unwrap_or_else(|| sender.email.domain().to_owned());
        if !is_host(&hello) {
            return Err(MailSettingsError::Hello(hello));
        }
        let login = match (file.user, password, file.password_file) {
            (None, _, None) => None,
            (None, _, Some(_)) => return Err(MailSettingsError::NoUser),
            (Some(user), Some(password), _) => Some(Login { user, password }),
            (Some(user), None, Some(file)) => {
                let bytes = read(&folder.join(file))?;
                let password = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
                Some(Login { user, password })
            }
            (Some(_), None, None) => return Err(MailSettingsError::NoPassword),
        };
        let port = file.port.unwrap_or(match file.tls {
            MailTls::Starttls => 587,
            MailTls::Implicit => 465,
            MailTls::None => 25,
        });
        Ok(MailSettings {
            host: file.host,
            port,
            tls: file.tls,
            login,
            ca: file.ca_file.map(|ca| read(&folder.join(ca))).transpose()?,
            sender,
            hello,
            timeout: Duration::from_secs(file.timeout_seconds),
        })
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|addr| addr.is_loopback())
}

fn read(path: &Path) -> Result<Vec<u8>, MailSettingsError> {
    use std::io::Read;
    let unreadable = |error| MailSettingsError::Unreadable(path.to_owned(), error);
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let n_read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if n_read as u64 > MAX_BYTES {
        return Err(MailSettingsError::TooLong(path.to_owned()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "host = \"mail.example\"\nsender = \"岗哨 <reminder@example.com>\"\n";

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let error = MailSettings::parse(text, Path::new("/"), None).expect_err(text);
        assert!(error.to_string().contains(expected), "{text}: {error}");
    }

    #[test]
    fn the_least_that_is_needed_is_enough() {
        let settings = MailSettings::parse(LEAST, Path::new("/"), Some("unused".into())).expect("settings");
        assert_eq!(
            (settings.port, settings.tls, settings.hello.as_str()),
            (587, MailTls::Starttls, "example.com")
        );
        assert!(settings.login.is_none());
        let text = format!("{LEAST}user = \"u\"\ntls = \"implicit\"\n");
        let settings = MailSettings::parse(&text, Path::new("/"), Some("secret".into())).expect("settings");
        assert_eq!(
            (settings.port, settings.login.as_ref().map(|login| login.password.as_str())),
            (465, Some("secret"))
        );
        assert!(!format!("{settings:?}").contains("secret"));
    }

    /// With the lines too that it shows as comments.
    #[test]
    fn the_example_of_both_readmes_is_a_file_of_settings() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["mail.password", "ca.pem"] {
            std::fs::write(folder.path().join(name), "made up\n").expect("a file");
        }
        for readme in [include_str!("../../README.md"), include_str!("../../README.zh-CN.md")] {
            let (_, rest) = readme.split_once("```toml\n# mail.toml\n").expect("an example");
            let (example, _) = rest.split_once("```").expect("its end");
            for text in [example.to_owned(), example.replace("\n# ", "\n")] {
                let settings = MailSettings::parse(&text, folder.path(), None).expect(&text);
                assert_eq!((settings.port, settings.tls), (587, MailTls::Starttls));
            }
        }
    }

    #[test]
    fn says_what_is_wrong_with_settings() {
        check("host = 3", "not a file of mail settings");
        check(&format!("{LEAST}tls = \"none\"\n"), "very machine");
        check(&format!("{LEAST}user = \"u\"\n"), "no password");
        check(&format!("{LEAST}password_file = \"p\"\n"), "no user");
        check(&format!("{LEAST}user = \"u\"\npassword_file = \"gone\"\n"), "/gone");
        check(&format!("{LEAST}timeout_seconds = 0\n"), "1 to 900");
        check(&format!("{LEAST}hello = \"a b\"\n"), "EHLO");
        check("host = \"a b\"\nsender = \"x@example.com\"\n", "no host name");
        check("host = \"h\"\nsender = \"nobody\"\n", "no mail address");
        check(&format!("{LEAST}pasword = \"x\"\n"), "not a file of mail settings");
    }

    #[test]
    fn the_password_is_the_first_line_of_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("p"), "secret\r\n").expect("a file");
        std::fs::write(
            folder.path().join("mail.toml"),
            format!("{LEAST}user = \"u\"\npassword_file = \"p\"\n"),
        )
        .expect("a file");
        let settings = MailSettings::read(&folder.path().join("mail.toml"), None).expect("settings");
        assert_eq!(settings.login.map(|login| login.password), Some("secret".into()));
    }
}
