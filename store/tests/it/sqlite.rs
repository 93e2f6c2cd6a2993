//! SQLite passes the conformance suite.

use store::SqliteStore;
use tempfile::TempDir;

use crate::conformance;

macro_rules! conforms {
    ($($name:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            let folder = TempDir::new().expect("a temporary folder");
            let store = SqliteStore::open(&folder.path().join("test.db")).await.expect("a new database");
            conformance::$name(&store).await;
        }
    )*};
}

conforms!(
    keeps_every_field_of_a_register,
    a_known_id_is_replaced,
    a_change_that_refers_to_nothing_changes_nothing,
    imports_and_refusals_are_logged,
    a_sighting_only_moves_forward,
    keeps_findings_through_their_whole_life,
    a_fault_that_is_told_better_goes_on,
    a_run_is_judged_once,
    there_is_one_open_finding_of_a_kind,
    a_finding_of_nobody_is_refused,
    what_a_finding_is_known_by_never_changes,
    keeps_runs_newest_first,
    a_run_is_inserted_once_and_updated_only_then,
    report_numbers_have_no_gaps,
    training_reads_back_as_it_was_stored,
    what_was_decided_on_older_records_is_not_stored,
    a_certificate_is_issued_once_and_stays_as_it_was,
    an_id_number_is_one_persons,
    a_reminder_is_queued_once_whoever_queues_it,
    a_claimed_reminder_is_nobody_elses,
    a_reminder_of_somebody_who_died_is_taken_up_again,
    a_reminder_waits_for_its_next_try_or_for_a_person,
    only_a_reminder_that_waits_is_revised_or_withdrawn,
);

/// As two processes have it: each its own connections.
#[tokio::test]
async fn no_two_senders_get_the_same_reminder() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.db");
    let one = SqliteStore::open(&path).await.expect("a new database");
    let other = SqliteStore::open(&path).await.expect("the same database");
    conformance::no_two_senders_get_the_same_reminder(&one, &other).await;
}
