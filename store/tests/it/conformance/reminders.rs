//! What every queue of reminders must do.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use registry::ports::StoreError;
use training::ports::{Claim, Queued, ReminderStore, SendEnd};
use training::reminders::{KeptMail, MailChange, MailState, NewMail, RevisedMail, WithdrawnMail};

use super::{at, day};

fn mail(id: &str, keys: &[&str]) -> NewMail {
    NewMail {
        id: id.into(),
        address: "jia@example.com".into(),
        name: "虚构甲".into(),
        subject: "提醒 ' \"".into(),
        body: "第一行\n第二行\n".into(),
        keys: keys.iter().map(|key| ((*key).to_owned(), day("2026-12-31"))).collect::<BTreeMap<_, _>>(),
    }
}

fn new(mails: &[NewMail]) -> MailChange {
    MailChange { new: mails.to_vec(), ..MailChange::default() }
}

fn now() -> DateTime<Utc> {
    at("2026-11-23T08:00:00Z")
}

fn later(minutes: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minutes)
}

/// A claim of ten minutes.
async fn claim<S: ReminderStore<Error = StoreError>>(store: &S, by: &str, minute: i64) -> Option<KeptMail> {
    let claim = Claim { by, now: later(minute), until: later(minute + 10) };
    store.claim_reminder(&claim).await.expect("an answer")
}

async fn finish<S: ReminderStore<Error = StoreError>>(store: &S, mail: &str, by: &str, end: SendEnd) -> bool {
    store.finish_reminder(mail, by, &end).await.expect("an answer")
}

async fn unsent<S: ReminderStore<Error = StoreError>>(store: &S) -> Vec<KeptMail> {
    store.load_reminders(day("2000-01-01")).await.expect("the queue").unsent
}

pub(crate) async fn a_reminder_is_queued_once_whoever_queues_it<S: ReminderStore<Error = StoreError>>(
    store: &S,
) {
    let first = store.queue_reminders(&new(&[mail("m1", &["a", "b"])]), now()).await.expect("queued");
    assert_eq!(first, Queued { n_new: 1, ..Queued::default() });
    // The same mail, and another one with a reminder in it that is queued already.
    let again = new(&[mail("m1", &["a", "b"]), mail("m2", &["b", "c"]), mail("m3", &["d"])]);
    let again = store.queue_reminders(&again, now()).await.expect("queued");
    assert_eq!(again, Queued { n_new: 1, n_known: 2, ..Queued::default() });
    let kept = store.load_reminders(day("2026-12-31")).await.expect("the queue");
    assert_eq!(kept.keys, ["a", "b", "d"].map(str::to_owned).into());
    assert_eq!(store.load_reminders(day("2027-01-01")).await.expect("the queue").keys, BTreeSet::new());
    let expected = mail("m1", &["a", "b"]);
    let m1 = KeptMail {
        id: expected.id,
        address: expected.address,
        name: expected.name,
        subject: expected.subject,
        body: expected.body,
        keys: expected.keys.into_keys().collect(),
        state: MailState::Queued,
        queued_at: now(),
        n_tries: 0,
        n_cut_off: 0,
        last_error: None,
        not_before: now(),
        sent_at: None,
    };
    assert_eq!(kept.unsent.first(), Some(&m1));
}

pub(crate) async fn a_claimed_reminder_is_nobody_elses<S: ReminderStore<Error = StoreError>>(store: &S) {
    store.queue_reminders(&new(&[mail("m1", &["a"]), mail("m2", &["b"])]), now()).await.expect("queued");
    let first = claim(store, "one", 0).await.expect("a mail");
    assert_eq!(
        (first.id.as_str(), first.n_tries, first.n_cut_off, first.state),
        ("m1", 1, 0, MailState::Claimed)
    );
    assert_eq!(claim(store, "other", 0).await.map(|mail| mail.id), Some("m2".into()));
    assert_eq!(claim(store, "third", 0).await, None);
    assert!(!finish(store, "m1", "other", SendEnd::Sent { at: now() }).await, "it isn't theirs");
    assert!(finish(store, "m1", "one", SendEnd::Sent { at: now() }).await);
    assert!(!finish(store, "m1", "one", SendEnd::Sent { at: now() }).await, "it was finished");
    // What was sent is known for ever.
    let again = store.queue_reminders(&new(&[mail("m9", &["a"])]), now()).await.expect("queued");
    assert_eq!(again.n_known, 1);
    assert_eq!(unsent(store).await.len(), 1);
}

pub(crate) async fn a_reminder_of_somebody_who_died_is_taken_up_again<
    S: ReminderStore<Error = StoreError>,
>(
    store: &S,
) {
    store.queue_reminders(&new(&[mail("m1", &["a"])]), now()).await.expect("queued");
    claim(store, "dead", 0).await.expect("a mail");
    assert_eq!(claim(store, "next", 9).await, None);
    let again = claim(store, "next", 10).await.expect("the same mail");
    assert_eq!((again.id.as_str(), again.n_tries, again.n_cut_off), ("m1", 2, 1));
    assert!(!finish(store, "m1", "dead", SendEnd::Sent { at: now() }).await, "the dead came back too late");
    // Whoever knows that nobody is sending needn't wait.
    assert_eq!(store.take_back_reminders(later(11)).await.expect("an answer"), 1);
    let again = claim(store, "third", 11).await.expect("the same mail");
    assert_eq!((again.n_tries, again.n_cut_off), (3, 2));
    assert!(finish(store, "m1", "third", SendEnd::Sent { at: later(11) }).await);
    assert_eq!(store.take_back_reminders(later(12)).await.expect("an answer"), 0);
}

pub(crate) async fn a_reminder_waits_for_its_next_try_or_for_a_person<
    S: ReminderStore<Error = StoreError>,
>(
    store: &S,
) {
    store.queue_reminders(&new(&[mail("m1", &["a"]), mail("m2", &["b"])]), now()).await.expect("queued");
    claim(store, "one", 0).await.expect("a mail");
    let end = SendEnd::Later { error: "451 later".into(), not_before: later(5), may_have_arrived: true };
    assert!(finish(store, "m1", "one", end).await);
    claim(store, "one", 0).await.expect("the other mail");
    assert!(finish(store, "m2", "one", SendEnd::Refused { error: "550 nobody".into() }).await);
    assert_eq!(claim(store, "one", 4).await, None);
    let kept = unsent(store).await;
    let told: Vec<_> = kept.iter().map(|one| (one.state, one.last_error.as_deref(), one.n_cut_off)).collect();
    assert_eq!(told, [(MailState::Queued, Some("451 later"), 1), (MailState::Failed, Some("550 nobody"), 0)]);
    assert_eq!(claim(store, "one", 5).await.map(|mail| mail.id), Some("m1".into()));
    assert_eq!(store.retry_refused_reminders(later(6)).await.expect("an answer"), 1);
    assert_eq!(claim(store, "one", 6).await.map(|mail| mail.id), Some("m2".into()));
}

pub(crate) async fn only_a_reminder_that_waits_is_revised_or_withdrawn<
    S: ReminderStore<Error = StoreError>,
>(
    store: &S,
) {
    let mails = [mail("m1", &["a", "b"]), mail("m2", &["c"]), mail("m3", &["d"])];
    store.queue_reminders(&new(&mails), now()).await.expect("queued");
    let revised = |id: &str| RevisedMail {
        id: id.into(),
        subject: "新".into(),
        body: "新文".into(),
        keys: ["b".to_owned()].into(),
    };
    let withdrawn = |id: &str| WithdrawnMail { id: id.into(), address: "jia@example.com".into() };
    let change = MailChange {
        revised: vec![revised("m1")],
        withdrawn: vec![withdrawn("m2")],
        ..MailChange::default()
    };
    let done = store.queue_reminders(&change, now()).await.expect("a change");
    assert_eq!((done.n_revised, done.n_withdrawn), (1, 1));
    let kept = store.load_reminders(day("2000-01-01")).await.expect("the queue");
    assert_eq!(kept.keys, ["b", "d"].map(str::to_owned).into(), "what was not sent may be wanted again");
    assert_eq!(kept.unsent[0].body, "新文");
    // One that is being sent, and one that was.
    claim(store, "one", 0).await.expect("m1");
    claim(store, "one", 0).await.expect("m3");
    assert!(finish(store, "m3", "one", SendEnd::Sent { at: now() }).await);
    let change = MailChange {
        revised: vec![revised("m1"), revised("m3")],
        withdrawn: vec![withdrawn("m1"), withdrawn("m3")],
        ..MailChange::default()
    };
    let done = store.queue_reminders(&change, now()).await.expect("a change");
    assert_eq!((done.n_revised, done.n_withdrawn), (0, 0));
    // One that may have arrived is remembered though it is withdrawn.
    store.take_back_reminders(now()).await.expect("taken back");
    let change = MailChange { withdrawn: vec![withdrawn("m1")], ..MailChange::default() };
    assert_eq!(store.queue_reminders(&change, now()).await.expect("a change").n_withdrawn, 1);
    let kept = store.load_reminders(day("2000-01-01")).await.expect("the queue");
    assert_eq!(kept.keys, ["b", "d"].map(str::to_owned).into());
    assert_eq!(kept.unsent, []);
}

/// Of two that send at once, each mail is sent by one.
pub(crate) async fn no_two_senders_get_the_same_reminder<S: ReminderStore<Error = StoreError>>(
    one: &S,
    other: &S,
) {
    const N: usize = 40;
    let mails: Vec<NewMail> = (0..N).map(|n| mail(&format!("m{n}"), &[&format!("k{n}")])).collect();
    let change = new(&mails);
    let (a, b) = tokio::join!(one.queue_reminders(&change, now()), other.queue_reminders(&change, now()));
    let (a, b) = (a.expect("queued"), b.expect("queued"));
    assert_eq!((a.n_new + b.n_new, a.n_known + b.n_known), (40, 40));
    let (mut a, mut b) = tokio::join!(send_all(one, "a"), send_all(other, "b"));
    assert!(a.len() + b.len() == N, "{} and {}", a.len(), b.len());
    a.append(&mut b);
    assert_eq!(a.len(), N, "each once");
}

async fn send_all<S: ReminderStore<Error = StoreError>>(store: &S, by: &str) -> BTreeSet<String> {
    let mut sent = BTreeSet::new();
    while let Some(mail) = claim(store, by, 0).await {
        tokio::task::yield_now().await;
        assert!(finish(store, &mail.id, by, SendEnd::Sent { at: now() }).await);
        sent.insert(mail.id);
    }
    sent
}
