//! What every training store must do.

use std::collections::BTreeMap;

use model::id::{AttemptId, HoldingId, PostCertificateId, SittingId, StaffId, TermId, UnitId, WaiverId};
use model::post::{PostKind, Role};
use registry::ports::{RegisterStore, StoreError};
use training::certificates::{CertificateAct, CertificateEvent, PostCertificate, Printed};
use training::people::{Employment, Holding, KeptIdNumber, Staff};
use training::ports::{Applied, LogLine, TrainingStore};
use training::records::{Change, Records, apply};
use training::sittings::{
    Attempt, Attendance, Presence, Release, Score, SecondEntry, Sitting, SittingKind, Term, Waived, Waiver,
};

use super::{CountingMint, at, day, full_register};

fn log(action: &str) -> LogLine {
    LogLine {
        at: at("2026-11-22T08:00:00Z"),
        actor: "虚构丁".into(),
        action: action.into(),
        detail: "测试".into(),
        reason: String::new(),
    }
}

fn staff(mint: &mut CountingMint, name: &str, index: Option<&str>) -> Staff {
    Staff {
        id: StaffId::mint(mint),
        name: name.into(),
        unit: None,
        employment: Employment::Outsourced,
        phone: Some("020-0000-0001".into()),
        email: None,
        id_number: index.map(|index| KeptIdNumber { index: index.into(), sealed: "sealed".into() }),
        forgotten_on: None,
    }
}

fn certificate(mint: &mut CountingMint, staff: StaffId, serial: &str, period: u16) -> PostCertificate {
    let (issued_on, valid_until) = (day("2026-01-01"), day("2028-12-31"));
    let id = PostCertificateId::mint(mint);
    PostCertificate {
        id,
        staff,
        category: "WH".into(),
        serial: serial.into(),
        period,
        edition: 1,
        token: id.to_string(),
        issued_on,
        valid_until,
        review: None,
        printed: Printed {
            issuer: "示例中心".into(),
            title: "维护人员上岗证".into(),
            name: "虚构禤".into(),
            unit: "示例局".into(),
            post: "维护人员".into(),
            serial: serial.into(),
            issued_on,
            valid_until,
            review_due: None,
            topics: vec!["法规与职责".into()],
            scheme: "test".into(),
            old_number: None,
        },
        statement: "SP1".into(),
        files: BTreeMap::new(),
    }
}

fn event(certificate: &PostCertificate, what: CertificateAct) -> CertificateEvent {
    CertificateEvent {
        certificate: certificate.id,
        on: day("2026-02-01"),
        at: at("2026-02-01T08:00:00Z"),
        what,
        reason: "测试".into(),
        decided_by: "虚构丁".into(),
    }
}

/// A register of one unit, and a change with an entry of every kind.
async fn furnished<S: RegisterStore + TrainingStore<Error = StoreError>>(
    store: &S,
    mint: &mut CountingMint,
) -> Change {
    let register = full_register(mint);
    let unit: UnitId = register.units[0].id;
    let system = register.systems[0].id;
    RegisterStore::apply(store, &register, "test", at("2026-11-22T08:00:00Z")).await.expect("a register");
    let people = vec![staff(mint, "虚构甲", Some("aa")), staff(mint, "虚构乙", None)];
    let term = Term {
        id: TermId::mint(mint),
        code: "2026-1".into(),
        name: "第一期".into(),
        from: day("2026-01-01"),
        until: day("2026-06-30"),
        topics: vec!["FG".into()],
    };
    let sitting = Sitting {
        id: SittingId::mint(mint),
        term: term.id,
        code: "FG-1".into(),
        topic: "FG".into(),
        kind: SittingKind::Exam,
        held_on: day("2026-03-01"),
        starts_at: chrono::NaiveTime::from_hms_opt(9, 0, 0),
        place: None,
        hours: 0,
        trainer: None,
        examiner: Some("虚构戊".into()),
    };
    let score = Score::from_tenths(855).ok();
    let attempt = Attempt {
        id: AttemptId::mint(mint),
        staff: people[0].id,
        sitting: sitting.id,
        score,
        entered_by: "虚构丁".into(),
        second: Some(SecondEntry { score, entered_by: "虚构戊".into() }),
        released: Some(Release { by: "虚构戊".into(), at: at("2026-03-02T08:00:00Z") }),
    };
    let attendance = Attendance {
        sitting: sitting.id,
        staff: people[0].id,
        mark: Presence::Late,
        late_because: Some("补录".into()),
    };
    let holding = Holding {
        id: HoldingId::mint(mint),
        staff: people[0].id,
        unit,
        system: Some(system),
        post: PostKind::Maintainer,
        role: Some(Role::A),
        from: day("2025-01-01"),
        until: None,
        ended_because: None,
    };
    let waiver = Waiver {
        id: WaiverId::mint(mint),
        staff: people[1].id,
        covers: Waived::Category("WH".into()),
        evidence: "CISP".into(),
        number: Some("FAKE-0001".into()),
        file: None,
        approver: "虚构己".into(),
        from: day("2026-01-01"),
        until: day("2026-12-31"),
    };
    let first = certificate(mint, people[0].id, "GWSG-2026-WH-000001-X", 1);
    let events = vec![event(&first, CertificateAct::Issued)];
    Change {
        staff: people,
        holdings: vec![holding],
        terms: vec![term],
        sittings: vec![sitting],
        attendance: vec![attendance],
        attempts: vec![attempt],
        waivers: vec![waiver],
        certificates: vec![first],
        events,
    }
}

pub(crate) async fn training_reads_back_as_it_was_stored<
    S: RegisterStore + TrainingStore<Error = StoreError>,
>(
    store: &S,
) {
    let mint = &mut CountingMint::default();
    let change = furnished(store, mint).await;
    assert_eq!(store.load_training().await.expect("empty records"), Records::default());
    let done = store.apply_training(&change, 0, &log("imported")).await.expect("a change");
    assert_eq!(done, Applied::Done { revision: 1 });
    let mut expected = apply(&Records::default(), &change);
    assert_eq!(store.load_training().await.expect("records"), expected);
    // One that is known is replaced.
    let renamed = Staff { name: "虚构甲甲".into(), ..change.staff[0].clone() };
    let again = Change { staff: vec![renamed], ..Change::default() };
    store.apply_training(&again, 1, &log("changed")).await.expect("a change");
    expected = apply(&expected, &again);
    assert_eq!(store.load_training().await.expect("records"), expected);
    let lines = store.training_log(9).await.expect("the log");
    assert_eq!(lines.iter().map(|line| line.action.as_str()).collect::<Vec<_>>(), ["changed", "imported"]);
}

pub(crate) async fn what_was_decided_on_older_records_is_not_stored<
    S: RegisterStore + TrainingStore<Error = StoreError>,
>(
    store: &S,
) {
    let mint = &mut CountingMint::default();
    let change = furnished(store, mint).await;
    store.apply_training(&change, 0, &log("first")).await.expect("a change");
    let late = Change { staff: vec![staff(mint, "虚构丙", None)], ..Change::default() };
    assert_eq!(store.apply_training(&late, 0, &log("late")).await.expect("an answer"), Applied::Stale);
    let records = store.load_training().await.expect("records");
    assert_eq!((records.revision, records.staff.len()), (1, 2));
    assert_eq!(store.training_log(9).await.expect("the log").len(), 1);
}

pub(crate) async fn a_certificate_is_issued_once_and_stays_as_it_was<
    S: RegisterStore + TrainingStore<Error = StoreError>,
>(
    store: &S,
) {
    let mint = &mut CountingMint::default();
    let change = furnished(store, mint).await;
    let (one, other) = (change.staff[0].id, change.staff[1].id);
    let serial = "GWSG-2026-WH-000001-X";
    store.apply_training(&change, 0, &log("first")).await.expect("a change");
    let refused = [
        ("the period again", certificate(mint, one, serial, 1)),
        ("another person's serial", certificate(mint, other, serial, 2)),
        ("a second serial in the period", certificate(mint, one, "GWSG-2026-WH-000002-X", 1)),
        ("it once more", change.certificates[0].clone()),
    ];
    for (what, certificate) in refused {
        let again = Change { certificates: vec![certificate], ..Change::default() };
        let answer = store.apply_training(&again, 1, &log("again")).await;
        assert!(matches!(answer, Err(StoreError::Conflict { .. })), "{what}: {answer:?}");
    }
    // A replacement takes the place of what it replaces.
    let second = PostCertificate { edition: 2, ..certificate(mint, one, serial, 1) };
    let replaced = Change {
        events: vec![event(&change.certificates[0], CertificateAct::Replaced)],
        certificates: vec![second.clone()],
        ..Change::default()
    };
    store.apply_training(&replaced, 1, &log("replaced")).await.expect("a replacement");
    // A renewal is another period of the same serial.
    let renewal = Change { certificates: vec![certificate(mint, one, serial, 2)], ..Change::default() };
    store.apply_training(&renewal, 2, &log("renewed")).await.expect("a renewal");
    store.keep_file(second.id, "a4", "00").await.expect("a file");
    store.keep_file(second.id, "a4", "00").await.expect("the same file");
    let other_file = store.keep_file(second.id, "a4", "01").await;
    assert!(matches!(other_file, Err(StoreError::Conflict { .. })), "{other_file:?}");
    let kept = store.load_training().await.expect("records");
    let files = kept.certificates.iter().find(|one| one.id == second.id).map(|one| one.files.clone());
    assert_eq!(files, Some(BTreeMap::from([("a4".to_owned(), "00".to_owned())])));
}

pub(crate) async fn an_id_number_is_one_persons<S: RegisterStore + TrainingStore<Error = StoreError>>(
    store: &S,
) {
    let mint = &mut CountingMint::default();
    let change = furnished(store, mint).await;
    store.apply_training(&change, 0, &log("first")).await.expect("a change");
    let twin = Change { staff: vec![staff(mint, "虚构丙", Some("aa"))], ..Change::default() };
    let answer = store.apply_training(&twin, 1, &log("twin")).await;
    assert!(matches!(answer, Err(StoreError::Conflict { .. })), "{answer:?}");
    let stray = Holding { staff: StaffId::mint(mint), ..change.holdings[0].clone() };
    let stray = Change { holdings: vec![stray], ..Change::default() };
    let answer = store.apply_training(&stray, 1, &log("stray")).await;
    assert!(matches!(answer, Err(StoreError::Conflict { .. })), "{answer:?}");
}
