//! The register.

use model::id::{CountingMint, DeclaredServiceId, UnitId};
use model::register::Register;
use registry::change::{RegisterChange, apply};
use registry::ports::{AuditAction, AuditEntry, AuditStore, RegisterStore, SightingStore, StoreError};

use super::{at, full_register, unit};

const NOW: &str = "2026-06-01T08:00:00.123Z";

pub(crate) async fn keeps_every_field_of_a_register(store: &impl RegisterStore) {
    let change = full_register(&mut CountingMint::default());
    assert_eq!(store.load().await.expect("an empty register"), Register::default());
    store.apply(&change, "示例.xlsx", at(NOW)).await.expect("a sound change");
    assert_eq!(store.load().await.expect("a register"), apply(&Register::default(), &change));
}

pub(crate) async fn a_known_id_is_replaced(store: &impl RegisterStore) {
    let mut mint = CountingMint::default();
    let mut change = full_register(&mut mint);
    store.apply(&change, "one.csv", at(NOW)).await.expect("a sound change");
    change.units[0].name = "示例新名".into();
    change.units[0].region = None;
    change.people[0].phone = None;
    change.systems[0].level = None;
    change.assets[0].authorisation = None;
    change.exclusions[0].reason = "另一理由".into();
    change.services[0].port = 1;
    store.apply(&change, "two.csv", at(NOW)).await.expect("a sound change");
    assert_eq!(store.load().await.expect("a register"), apply(&Register::default(), &change));
}

pub(crate) async fn a_change_that_refers_to_nothing_changes_nothing(store: &impl RegisterStore) {
    let mut mint = CountingMint::default();
    let change = full_register(&mut mint);
    store.apply(&change, "one.csv", at(NOW)).await.expect("a sound change");
    let before = store.load().await.expect("a register");
    let nobody = UnitId::mint(&mut mint);
    let orphan = unit(&mut mint, 9, Some(nobody));
    let twin = unit(&mut mint, 1, None);
    for wrong in [orphan, twin] {
        let wrong =
            RegisterChange { units: vec![unit(&mut mint, 8, None), wrong], ..RegisterChange::default() };
        let refused = store.apply(&wrong, "wrong.csv", at(NOW)).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
        assert_eq!(store.load().await.expect("a register"), before);
    }
}

pub(crate) async fn imports_and_refusals_are_logged(store: &(impl RegisterStore + AuditStore)) {
    let change = full_register(&mut CountingMint::default());
    store.apply(&change, "示例.xlsx", at(NOW)).await.expect("a sound change");
    let refusal = AuditEntry {
        at: at("2026-06-01T09:00:00Z"),
        actor: "虚构乙".into(),
        action: AuditAction::TargetRefused,
        detail: "192.0.2.1: 示例".into(),
    };
    store.record(&refusal).await.expect("a sound entry");
    let log = store.latest(10).await.expect("a log");
    assert_eq!(log.first(), Some(&refusal));
    assert_eq!(log.get(1).map(|entry| (entry.at, entry.action)), Some((at(NOW), AuditAction::Imported)));
    assert!(log.get(1).is_some_and(|entry| entry.detail.contains("示例.xlsx")));
    assert_eq!(log.len(), 2);
    assert_eq!(store.latest(1).await.expect("a log"), [refusal]);
}

pub(crate) async fn a_sighting_only_moves_forward(store: &(impl RegisterStore + SightingStore)) {
    let mut mint = CountingMint::default();
    let change = full_register(&mut mint);
    store.apply(&change, "one.csv", at(NOW)).await.expect("a sound change");
    let service = change.services[0].id;
    for (seen, kept) in [
        ("2026-06-01T00:00:00.001Z", "2026-06-01T00:00:00.001Z"),
        ("2026-05-01T00:00:00Z", "2026-06-01T00:00:00.001Z"),
        ("2026-07-01T00:00:00Z", "2026-07-01T00:00:00Z"),
    ] {
        store.saw(&[(service, at(seen))].into()).await.expect("a registered service");
        assert_eq!(store.last_seen().await.expect("sightings"), [(service, at(kept))].into());
    }
    let unknown = store.saw(&[(DeclaredServiceId::mint(&mut mint), at(NOW))].into()).await;
    assert!(matches!(unknown, Err(StoreError::Conflict { .. })), "{unknown:?}");
}
