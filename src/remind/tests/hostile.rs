//! Whatever a server does: a bounded time, a named outcome, nothing lost, and nothing sent twice unless it may not have
//! arrived.

use training::reminders::MailState;

use super::script::{Play, Script};
use super::{queue, send, settings, unsent};

const LATER: &str = "2026-11-23T09:00:00Z";

/// One mail and one play: what is told, how the mail stands, whether it may have arrived; and that it arrives in the
/// next round, as soon as the server does well.
async fn check(play: Play, told: &str, state: MailState, may_have_arrived: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = queue(&folder.path().join("test.db"), 1).await;
    let script = Script::start(&[play]).await;
    let round = send(&store, &settings(script.port), super::NOW).await;
    let (waiting, n_got) = (unsent(&store).await, script.got().len());
    assert_eq!((round.sent.len(), waiting.len()), (0, 1), "{play:?}: {round:?}");
    let mail = &waiting[0];
    let error = mail.last_error.as_deref().unwrap_or_default();
    assert!(error.contains(told), "{play:?}: {error}");
    assert!(error.chars().count() < 400 && !error.contains(['\r', '\n']), "{play:?}: {error}");
    assert_eq!((mail.state, mail.n_tries, mail.n_cut_off > 0), (state, 1, may_have_arrived), "{play:?}");
    if state == MailState::Failed {
        assert_eq!(round.refused.len(), 1, "{play:?}");
        return;
    }
    // It isn't tried at once, and not lost.
    assert_eq!(send(&store, &settings(script.port), super::NOW).await, Default::default(), "{play:?}");
    let well = Script::start(&[Play::Well]).await;
    let round = send(&store, &settings(well.port), LATER).await;
    assert_eq!((round.sent.len(), well.got().len()), (1, 1), "{play:?}: {round:?}");
    assert_eq!(round.sent[0].may_be_twice, may_have_arrived, "{play:?}");
    assert_eq!(unsent(&store).await, [], "{play:?}");
    if n_got > 0 {
        assert_eq!(script.ids(), well.ids(), "{play:?}: a second one is recognised");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_costs_a_timeout_and_no_mail() {
    check(Play::Mute, "the server's greeting: no answer within 1 s", MailState::Queued, false).await;
    check(Play::MuteAt("EHLO"), "the server's greeting: no answer", MailState::Queued, false).await;
    check(Play::MuteAt("MAIL"), "naming the sender: no answer", MailState::Queued, false).await;
    check(Play::MuteAt("RCPT"), "naming the recipient: no answer", MailState::Queued, false).await;
    check(Play::MuteAt("DATA"), "giving the mail away: no answer", MailState::Queued, false).await;
}

#[tokio::test]
async fn a_server_that_breaks_off_before_the_end_of_the_mail_has_not_got_it() {
    check(Play::Gone, "the server's greeting: the connection broke", MailState::Queued, false).await;
}

#[tokio::test]
async fn an_answer_that_never_came_is_told_as_such() {
    check(Play::GoneAfterMail, "the answer to the whole mail: the connection broke", MailState::Queued, true)
        .await;
    check(Play::MuteAfterMail, "the answer to the whole mail: no answer", MailState::Queued, true).await;
    // Where it broke within the mail nobody knows how much was heard.
    check(
        Play::GoneWithinMail,
        "the answer to the whole mail: the connection broke",
        MailState::Queued,
        true,
    )
    .await;
}

#[tokio::test]
async fn what_a_server_wants_later_is_sent_later() {
    for play in [
        Play::Says("RCPT", "451 4.7.1 greylisted, come back"),
        Play::Says("DATA", "452 4.3.1 full"),
        Play::Judges("451 4.3.0 try again"),
    ] {
        check(play, "the server says later: ", MailState::Queued, false).await;
    }
    check(
        Play::Says("MAIL", "421 4.7.0 too many"),
        "naming the sender: the server says later",
        MailState::Queued,
        false,
    )
    .await;
}

#[tokio::test]
async fn what_a_server_refuses_waits_for_a_person() {
    check(Play::Says("RCPT", "550 5.1.1 nobody here"), "the server says no", MailState::Failed, false).await;
    check(
        Play::Judges("554 5.7.1 spam"),
        "the answer to the whole mail: the server says no",
        MailState::Failed,
        false,
    )
    .await;
    // It is no fault of the mail if the sender may not send.
    check(
        Play::Says("MAIL", "550 5.7.1 who are you"),
        "naming the sender: the server says no",
        MailState::Queued,
        false,
    )
    .await;
    check(
        Play::Says("EHLO", "554 no"),
        "the server's greeting: the server says no",
        MailState::Queued,
        false,
    )
    .await;
}

#[tokio::test]
async fn what_is_not_smtp_is_garbage_and_bounded() {
    check(Play::Garbage, "what the server says is not SMTP", MailState::Queued, false).await;
    check(Play::Endless, "the server's greeting", MailState::Queued, false).await;
    check(Play::EndlessLines, "the server's greeting", MailState::Queued, false).await;
    check(Play::Says("RCPT", "999 \u{1b}[31mred"), "naming the recipient", MailState::Queued, false).await;
}

#[tokio::test]
async fn nobody_listening_is_told() {
    let script = Script::start(&[Play::Well]).await;
    let port = script.port;
    drop(script);
    // The listener goes with its task.
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let store = queue(&folder.path().join("test.db"), 1).await;
    let round = send(&store, &settings(port), super::NOW).await;
    assert!(round.deferred[0].error.starts_with("connecting: the connection broke"), "{round:?}");
}

#[tokio::test]
async fn a_round_ends_where_the_server_is_of_no_use_and_every_mail_gets_its_turn() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = queue(&folder.path().join("test.db"), 10).await;
    let gone = Script::start(&[Play::Gone]).await;
    let round = send(&store, &settings(gone.port), super::NOW).await;
    assert_eq!((round.deferred.len(), round.stopped.is_some()), (3, true), "{round:?}");
    // Those that were tried wait; the others are first.
    let well = Script::start(&[Play::Well]).await;
    let round = send(&store, &settings(well.port), super::NOW).await;
    assert_eq!((round.sent.len(), unsent(&store).await.len()), (7, 3));
    assert_eq!(send(&store, &settings(well.port), LATER).await.sent.len(), 3);
    let ids = well.ids();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 10, "{ids:?}");
    assert_eq!(ids.len(), 10, "each once");
}

#[tokio::test]
async fn a_refusal_of_one_keeps_no_other_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = queue(&folder.path().join("test.db"), 3).await;
    let script = Script::start(&[Play::Says("RCPT", "550 5.1.1 nobody"), Play::Well]).await;
    let round = send(&store, &settings(script.port), super::NOW).await;
    assert_eq!((round.refused.len(), round.sent.len(), round.stopped), (1, 2, None));
}

#[tokio::test]
async fn a_server_that_takes_one_mail_a_session_gets_them_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = queue(&folder.path().join("test.db"), 3).await;
    let script = Script::start(&[Play::OneMailOnly]).await;
    let round = send(&store, &settings(script.port), super::NOW).await;
    assert_eq!((round.sent.len(), script.got().len()), (3, 3), "{round:?}");
    assert!(round.sent.iter().all(|mail| !mail.may_be_twice));
}
