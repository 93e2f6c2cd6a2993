//! A mail server that does as it is told, right or wrong, and remembers what it got.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What a server does in one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Play {
    Well,
    /// Takes the connection and says nothing.
    Mute,
    /// Ends the connection at once.
    Gone,
    /// Says something that isn't SMTP.
    Garbage,
    /// Talks without a line end, for as long as it is heard.
    Endless,
    /// A greeting that has ever more lines.
    EndlessLines,
    /// Answers the command that begins so with this.
    Says(&'static str, &'static str),
    /// Says nothing any more at the command that begins so.
    MuteAt(&'static str),
    /// Answers the whole mail so.
    Judges(&'static str),
    /// Takes the whole mail and ends the connection.
    GoneAfterMail,
    /// Takes the whole mail and says nothing.
    MuteAfterMail,
    /// Ends the connection in the middle of the mail.
    GoneWithinMail,
    /// Takes one mail, then ends the session when the next begins.
    OneMailOnly,
}

pub(crate) struct Script {
    pub(crate) port: u16,
    /// Whole mails, as they came, whether or not they were acknowledged.
    got: Arc<Mutex<Vec<String>>>,
    /// A message for each whole mail.
    pub(crate) arrivals: mpsc::UnboundedReceiver<()>,
    task: JoinHandle<()>,
}

impl Script {
    /// A session each; the last one for all that follow.
    pub(crate) async fn start(plays: &[Play]) -> Script {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let (plays, seen) = (plays.to_vec(), Arc::clone(&got));
        let task = tokio::spawn(async move {
            for n in 0.. {
                let Ok((stream, _)) = listener.accept().await else { break };
                let play = plays.get(n).or(plays.last()).copied().expect("a play");
                tokio::spawn(session(stream, play, Arc::clone(&seen), arrived.clone()));
            }
        });
        Script { port, got, arrivals, task }
    }

    pub(crate) fn got(&self) -> Vec<String> {
        self.got.lock().expect("no test fails while it holds it").clone()
    }

    /// Message-IDs of what arrived.
    pub(crate) fn ids(&self) -> Vec<String> {
        let id = |mail: &String| {
            let line = mail.lines().find_map(|line| line.strip_prefix("Message-ID: "));
            line.expect("a Message-ID").to_owned()
        };
        self.got().iter().map(id).collect()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn say(out: &mut OwnedWriteHalf, text: &str) -> bool {
    out.write_all(format!("{text}\r\n").as_bytes()).await.is_ok()
}

/// Until the other side has enough.
async fn babble(out: &mut OwnedWriteHalf, text: &[u8]) {
    let many = text.repeat(4096 / text.len().max(1) + 1);
    while out.write_all(&many).await.is_ok() {}
}

async fn session(
    stream: TcpStream,
    play: Play,
    got: Arc<Mutex<Vec<String>>>,
    arrived: mpsc::UnboundedSender<()>,
) {
    let (input, mut out) = stream.into_split();
    let mut lines = BufReader::new(input).lines();
    match play {
        Play::Gone => return,
        Play::Mute => return std::future::pending().await,
        Play::Garbage => {
            say(&mut out, "HTTP/1.1 400 Bad Request\r\n\r\n<html>").await;
            return std::future::pending().await;
        }
        Play::Endless => return babble(&mut out, b"x").await,
        Play::EndlessLines => {
            return babble(&mut out, format!("220-{}\r\n", "x".repeat(200)).as_bytes()).await;
        }
        _ => {}
    }
    say(&mut out, "220 script.example ready").await;
    let mut n_mails = 0;
    while let Ok(Some(line)) = lines.next_line().await {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let reply = match (play, verb.as_str()) {
            (Play::Says(at, reply), verb) if verb == at => reply,
            (Play::MuteAt(at), verb) if verb == at => return std::future::pending().await,
            (Play::OneMailOnly, "MAIL") if n_mails > 0 => return,
            (_, "EHLO") => "250-script.example\r\n250 8BITMIME",
            (_, "DATA") => "354 go on",
            (_, "QUIT") => "221 bye",
            _ => "250 ok",
        };
        if !say(&mut out, reply).await || verb == "QUIT" {
            return;
        }
        if verb != "DATA" || !reply.starts_with("354") {
            continue;
        }
        let mut mail = String::new();
        while let Ok(Some(line)) = lines.next_line().await {
            if line == "." {
                break;
            }
            if play == Play::GoneWithinMail {
                return;
            }
            mail.push_str(line.strip_prefix('.').unwrap_or(&line));
            mail.push('\n');
        }
        got.lock().expect("no test fails while it holds it").push(mail);
        n_mails += 1;
        // Nobody may be waiting for it.
        let _ = arrived.send(());
        let reply = match play {
            Play::GoneAfterMail => return,
            Play::MuteAfterMail => return std::future::pending().await,
            Play::Judges(reply) => reply,
            _ => "250 queued",
        };
        say(&mut out, reply).await;
    }
}
