//! What can be asked of `sentrypost tls`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use model::host_name::HostName;
use probes::tls::start_tls::StartTls;

use super::Format;

/// The results are kept as a run of its own and judged: faults become findings of the units, and stand in the next
/// report (`runs list`, `findings list`, `report build`). A server outside its scan window is waited for; Ctrl-C stops,
/// and `runs resume` goes on.
#[derive(Debug, Args)]
pub struct Tls {
    /// Servers: `HOST`, `HOST:PORT`, `192.0.2.1:8443`, `[2001:db8::1]:443`; port 443 if none is given, or the usual one
    /// of `--starttls`. Only addresses that the register authorises are asked.
    #[arg(value_name = "HOST[:PORT]", required_unless_present_any = ["file", "unit"])]
    pub servers: Vec<String>,
    /// A file with a server a line; `#` begins a comment.
    #[arg(long, short, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The servers of this unit, by credit code or name: its host names, and where a run has seen TLS.
    #[arg(long, value_name = "UNIT")]
    pub unit: Vec<String>,
    /// What is said in clear before TLS begins: `auto` goes by the port, `none` is TLS from the first byte; or smtp,
    /// lmtp, pop3, imap, ftp, sieve, nntp, xmpp, xmpp-server, ldap, postgres, mysql, rdp, mssql.
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = way_in)]
    pub starttls: WayIn,
    /// Server name to send (SNI) and to look for in certificates, instead of the host name that is given.
    #[arg(long, value_name = "HOST")]
    pub name: Option<HostName>,
    /// Roots to trust besides Mozilla's, PEM.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Name server for host names, instead of the system's.
    #[arg(long, value_name = "IP:PORT", env = "SENTRYPOST_RESOLVER")]
    pub resolver: Option<std::net::SocketAddr>,
    /// How many servers at one time; each is asked over one connection at a time.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: u16,
    /// Also look for faults that show only to something malformed or unusual: Heartbleed, CCS injection, Ticketbleed,
    /// ROBOT, renegotiation by the client. Agree on it with the owner first.
    #[arg(long)]
    pub intrusive: bool,
    /// Everything of each server, also where there are many.
    #[arg(long, short)]
    pub verbose: bool,
    /// Language of what is printed (English if not given) and of the pages (Chinese if not given).
    #[arg(long, value_enum)]
    pub lang: Option<Tongue>,
    /// Write a page for each server into this folder, and an index.
    #[arg(long, value_name = "DIR")]
    pub html: Option<PathBuf>,
    /// Write over pages that are there.
    #[arg(long, requires = "html")]
    pub overwrite: bool,
    #[command(flatten)]
    pub format: Format,
}

/// How TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayIn {
    /// As is usual at the port.
    Auto,
    /// At once.
    Direct,
    After(StartTls),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tongue {
    Zh,
    En,
}

fn way_in(text: &str) -> Result<WayIn, String> {
    match text {
        "auto" => Ok(WayIn::Auto),
        "none" => Ok(WayIn::Direct),
        name => StartTls::parse(name).map(WayIn::After).ok_or_else(|| {
            "auto, none, or one of smtp, lmtp, pop3, imap, ftp, sieve, nntp, xmpp, xmpp-server, ldap, postgres, \
             mysql, rdp, mssql"
                .to_owned()
        }),
    }
}
