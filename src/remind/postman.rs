//! Carries letters to a mail server by SMTP (RFC 5321), and names every way in which that can end.
//!
//! What counts is whether a letter may have arrived: until its last byte was given away it can't have.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::letter::Letter;
use super::settings::{MailSettings, MailTls};

/// How carrying one letter ended.
#[derive(Debug)]
pub enum Delivery {
    /// The server took it over.
    Accepted,
    /// The server wants this letter later.
    Deferred(SmtpFault),
    /// The server won't have this letter.
    Refused(SmtpFault),
    /// No session came about, or it broke before the letter was given away whole: it can't have arrived.
    NotSent(SmtpFault),
    /// It was given away whole and no answer came: it may have arrived.
    Unsure(SmtpFault),
}

/// What went wrong, and when.
#[derive(Debug, thiserror::Error)]
#[error("{stage}: {kind}")]
pub struct SmtpFault {
    pub stage: Stage,
    pub kind: FaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Connect,
    Greeting,
    StartTls,
    Login,
    Sender,
    Recipient,
    Data,
    Answer,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Connect => "connecting",
            Stage::Greeting => "the server's greeting",
            Stage::StartTls => "beginning TLS",
            Stage::Login => "logging in",
            Stage::Sender => "naming the sender",
            Stage::Recipient => "naming the recipient",
            Stage::Data => "giving the mail away",
            Stage::Answer => "the answer to the whole mail",
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum FaultKind {
    #[error("no answer within {0} s")]
    Silent(u64),
    /// A reply of 4xx.
    #[error("the server says later: {0}")]
    Later(String),
    /// A reply of 5xx.
    #[error("the server says no: {0}")]
    No(String),
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("TLS failed: {0}")]
    Tls(String),
    #[error("what the server says is not SMTP: {0}")]
    Garbage(String),
    #[error("the server can't do what is asked for: {0}")]
    Unable(String),
    #[error("{0} is not this machine, and the mail would go in clear")]
    NotThisMachine(SocketAddr),
}

/// Letters of one session; a server may want no more.
const LETTERS_OF_A_SESSION: u32 = 50;
/// Bytes that a server may say before the first letter, TLS included, and to each letter. The library reads a reply of many
/// lines anew with each of them, so that more would cost time as well.
const MAX_HEARD: usize = 32 << 10;

/// Keeps a session open from letter to letter.
pub struct Postman {
    settings: MailSettings,
    session: Option<Session>,
    /// How much the server may still say.
    n_left: Arc<AtomicUsize>,
}

struct Session {
    smtp: AsyncSmtpConnection,
    n_letters: u32,
}

impl Postman {
    pub fn new(settings: MailSettings) -> Postman {
        Postman { settings, session: None, n_left: Arc::default() }
    }

    pub async fn carry(&mut self, letter: &Letter) -> Delivery {
        let was_open = self.session.is_some();
        let delivery = self.carry_once(letter).await;
        // A server may have ended a session that lay idle; nothing was given away yet.
        let is_stale = matches!(&delivery, Delivery::NotSent(fault) if fault.stage == Stage::Sender);
        if was_open && is_stale { self.carry_once(letter).await } else { delivery }
    }

    async fn carry_once(&mut self, letter: &Letter) -> Delivery {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => match self.open().await {
                Ok(smtp) => Session { smtp, n_letters: 0 },
                Err(fault) => return Delivery::NotSent(fault),
            },
        };
        let delivery = self.converse(&mut session.smtp, letter).await;
        session.n_letters += 1;
        if matches!(delivery, Delivery::Accepted) && session.n_letters < LETTERS_OF_A_SESSION {
            self.session = Some(session);
        } else {
            self.say_goodbye(session).await;
        }
        delivery
    }

    /// Ends the session, if there is one.
    pub async fn finish(mut self) {
        if let Some(session) = self.session.take() {
            self.say_goodbye(session).await;
        }
    }

    async fn say_goodbye(&self, mut session: Session) {
        // Whether it hears us is no matter any more, but it mustn't keep us.
        let _ = timeout(self.settings.timeout.min(GOODBYE), session.smtp.quit()).await;
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, SmtpFault> {
        let mut stage = Stage::Connect;
        self.n_left.store(MAX_HEARD, Ordering::Relaxed);
        let greeted = timeout(self.settings.timeout, self.greet(&mut stage)).await;
        let silent = Err(FaultKind::Silent(self.settings.timeout.as_secs()));
        greeted.unwrap_or(silent).map_err(|kind| SmtpFault { stage, kind })
    }

    async fn greet(&self, stage: &mut Stage) -> Result<AsyncSmtpConnection, FaultKind> {
        let MailSettings { host, port, tls, login, hello, .. } = &self.settings;
        let client = ClientId::Domain(hello.clone());
        let server = (host.as_str(), *port);
        let mut smtp = match tls {
            // One step for the library: connecting, TLS, greeting. Who talks is known by a certificate.
            MailTls::Implicit => {
                let tls = Some(self.tls()?);
                AsyncSmtpConnection::connect_tokio1(server, None, &client, tls, None).await?
            }
            MailTls::Starttls | MailTls::None => {
                let stream = TcpStream::connect(server).await?;
                let peer = stream.peer_addr()?;
                if *tls == MailTls::None && !peer.ip().is_loopback() {
                    return Err(FaultKind::NotThisMachine(peer));
                }
                *stage = Stage::Greeting;
                let bounded = Box::new(Bounded { stream, n_left: Arc::clone(&self.n_left) });
                AsyncSmtpConnection::connect_with_transport(bounded, &client).await?
            }
        };
        if *tls == MailTls::Starttls {
            *stage = Stage::StartTls;
            smtp.starttls(self.tls()?, &client).await?;
        }
        if let Some(login) = login {
            *stage = Stage::Login;
            let credentials = Credentials::new(login.user.clone(), login.password.clone());
            smtp.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await?;
        }
        Ok(smtp)
    }

    fn tls(&self) -> Result<TlsParameters, SmtpError> {
        let mut parameters = TlsParameters::builder(self.settings.host.clone());
        if let Some(ca) = &self.settings.ca {
            parameters = parameters.add_root_certificate(Certificate::from_pem(ca)?);
        }
        parameters.build_rustls()
    }

    async fn converse(&self, smtp: &mut AsyncSmtpConnection, letter: &Letter) -> Delivery {
        let mut stage = Stage::Sender;
        self.n_left.store(MAX_HEARD, Ordering::Relaxed);
        let said = async {
            smtp.command(Mail::new(letter.envelope.from().cloned(), vec![])).await?;
            stage = Stage::Recipient;
            for address in letter.envelope.to() {
                smtp.command(Rcpt::new(address.clone(), vec![])).await?;
            }
            stage = Stage::Data;
            smtp.command(Data).await?;
            // From its last byte on it may have arrived, and where a write fails nobody knows which one that was.
            stage = Stage::Answer;
            smtp.message(&letter.bytes).await
        };
        let kind = match timeout(self.settings.timeout, said).await {
            Ok(Ok(_)) => return Delivery::Accepted,
            Ok(Err(error)) => FaultKind::from(error),
            Err(_) => FaultKind::Silent(self.settings.timeout.as_secs()),
        };
        let fault = SmtpFault { stage, kind };
        match (fault.stage, &fault.kind) {
            (Stage::Recipient | Stage::Data | Stage::Answer, FaultKind::Later(_)) => {
                Delivery::Deferred(fault)
            }
            (Stage::Recipient | Stage::Data | Stage::Answer, FaultKind::No(_)) => Delivery::Refused(fault),
            (Stage::Answer, _) => Delivery::Unsure(fault),
            _ => Delivery::NotSent(fault),
        }
    }
}

/// For the server's last word.
const GOODBYE: std::time::Duration = std::time::Duration::from_secs(2);

impl From<SmtpError> for FaultKind {
    fn from(error: SmtpError) -> FaultKind {
        let told = told(&error);
        match error {
            error if error.is_transient() => FaultKind::Later(told),
            error if error.is_permanent() => FaultKind::No(told),
            error if is_tls(&error) => FaultKind::Tls(told),
            error if error.is_client() => FaultKind::Unable(told),
            // The library calls it a response of no known form, also where there is none.
            error if error.is_response() && told.contains("incomplete response") => FaultKind::Broken(told),
            error if error.is_response() => FaultKind::Garbage(told),
            _ => FaultKind::Broken(told),
        }
    }
}

/// What rustls finds wrong comes as a connection error with data that make no sense to it.
fn is_tls(error: &SmtpError) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let mut io_errors = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
    error.is_tls() || io_errors.any(|cause| cause.kind() == io::ErrorKind::InvalidData)
}

impl From<io::Error> for FaultKind {
    fn from(error: io::Error) -> FaultKind {
        FaultKind::Broken(error.to_string())
    }
}

/// Longest text of a server in what we keep.
const MAX_TOLD: usize = 300;

/// An error with its causes, in one line: part of it is a stranger's.
fn told(error: &SmtpError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_TOLD).collect()
}

/// A stream that hears only so much: what has no line end is otherwise gathered for as long as it comes.
#[derive(Debug)]
struct Bounded {
    stream: TcpStream,
    n_left: Arc<AtomicUsize>,
}

impl AsyncTokioStream for Bounded {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for Bounded {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let n_left = this.n_left.load(Ordering::Relaxed);
        if n_left == 0 {
            let error = io::Error::other("the server talks without end");
            return Poll::Ready(Err(error));
        }
        let n_before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let n_read = buffer.filled().len().saturating_sub(n_before);
        this.n_left.store(n_left.saturating_sub(n_read), Ordering::Relaxed);
        read
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
