//! Killed between taking a mail and writing down that it was sent.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use training::ports::ReminderStore;
use training::reminders::MailState;

use super::script::{Play, Script};
use super::{at, queue, send, settings, unsent};
use store::SqliteStore;

const DATABASE: &str = "REMIND_TEST_DATABASE";
const PORT: &str = "REMIND_TEST_PORT";

/// The process that is killed: this test again, told by the environment what to send where.
#[tokio::test]
async fn sends_until_it_is_killed() {
    let Some(path) = std::env::var_os(DATABASE).map(PathBuf::from) else { return };
    let port = std::env::var(PORT).ok().and_then(|port| port.parse().ok()).expect("a port");
    let store = SqliteStore::open(&path).await.expect("a database");
    let settings = super::MailSettings { timeout: Duration::from_secs(600), ..settings(port) };
    send(&store, &settings, super::NOW).await;
}

#[tokio::test]
async fn a_mail_that_was_cut_off_is_sent_again_recognisably_and_nothing_else_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("test.db");
    let store = queue(&path, 3).await;
    store.close().await;
    // The first session takes the first mail whole, and never says so.
    let mut script = Script::start(&[Play::MuteAfterMail, Play::Well]).await;
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "remind::tests::crash::sends_until_it_is_killed"])
        .env(DATABASE, &path)
        .env(PORT, script.port.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child");
    script.arrivals.recv().await.expect("a mail");
    child.kill().expect("a child to kill");
    child.wait().expect("a dead child");

    let store = SqliteStore::open(&path).await.expect("a sound database");
    let states: Vec<MailState> = unsent(&store).await.iter().map(|mail| mail.state).collect();
    assert_eq!(states, [MailState::Claimed, MailState::Queued, MailState::Queued]);
    // Whoever doesn't know that it is dead leaves it alone.
    let round = send(&store, &settings(script.port), super::NOW).await;
    assert_eq!(round.sent.len(), 2, "{round:?}");
    // Whoever holds the lock knows.
    assert_eq!(store.take_back_reminders(at(super::NOW)).await.expect("taken back"), 1);
    let round = send(&store, &settings(script.port), super::NOW).await;
    assert_eq!((round.sent.len(), round.sent[0].may_be_twice), (1, true));
    assert_eq!(unsent(&store).await, []);
    let (ids, got) = (script.ids(), script.got());
    assert_eq!(ids.len(), 4);
    assert_eq!((&ids[0], &got[0]), (&ids[3], &got[3]), "the same mail to the last byte");
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
}
