//! The register: loaded whole, changed by upserts.

mod read;

use chrono::{DateTime, Utc};
use model::register::{Asset, DeclaredService, Exclusion, Person, Register, System, Unit};
use registry::change::RegisterChange;
use registry::ports::{AuditAction, RegisterStore, StoreError};
use serde_json::json;

use crate::column::text;
use crate::sqlite::{SqliteStore, Tx};
use crate::{audit, fault, outbox};

impl RegisterStore for SqliteStore {
    async fn load(&self) -> Result<Register, StoreError> {
        let mut tx = self.read().await?;
        Ok(Register {
            units: read::units(&mut tx).await?,
            people: read::people(&mut tx).await?,
            systems: read::systems(&mut tx).await?,
            assets: read::assets(&mut tx).await?,
            exclusions: read::exclusions(&mut tx).await?,
            services: read::services(&mut tx).await?,
        })
    }

    async fn apply(
        &self,
        change: &RegisterChange,
        imported_from: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for unit in &change.units {
            write_unit(&mut tx, unit).await?;
        }
        for person in &change.people {
            write_person(&mut tx, person).await?;
        }
        for system in &change.systems {
            write_system(&mut tx, system).await?;
        }
        for asset in &change.assets {
            write_asset(&mut tx, asset).await?;
        }
        for exclusion in &change.exclusions {
            write_exclusion(&mut tx, exclusion).await?;
        }
        for service in &change.services {
            write_service(&mut tx, service).await?;
        }
        let counts = json!({
            "units": change.units.len(), "people": change.people.len(), "systems": change.systems.len(),
            "assets": change.assets.len(), "exclusions": change.exclusions.len(),
            "services": change.services.len(),
        });
        let detail = format!("{imported_from}: {} entries", change.len());
        audit::write(&mut tx, now, self.actor(), AuditAction::Imported, &detail).await?;
        let event = json!({ "imported_from": imported_from, "changed": counts });
        outbox::post(&mut tx, now, "register.changed", &event).await?;
        // References are checked here, once all of the change is in.
        tx.commit().await.map_err(fault::at(format!("what {imported_from} refers to")))
    }
}

async fn write_unit(tx: &mut Tx, unit: &Unit) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO units (id, code, name, parent, region, region_from, region_until, valid_from, valid_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (id) DO UPDATE SET code = excluded.code, name = excluded.name, parent = excluded.parent, \
         region = excluded.region, region_from = excluded.region_from, region_until = excluded.region_until, \
         valid_from = excluded.valid_from, valid_until = excluded.valid_until",
    )
    .bind(unit.id.to_string())
    .bind(unit.code.as_str())
    .bind(&unit.name)
    .bind(text(unit.parent))
    .bind(text(unit.region.as_ref()))
    .bind(text(unit.region_valid.from()))
    .bind(text(unit.region_valid.until()))
    .bind(text(unit.valid.from()))
    .bind(text(unit.valid.until()))
    .execute(&mut **tx)
    .await
    .map_err(fault::at(format!("unit {} ({})", unit.id, unit.code)))?;
    Ok(())
}

async fn write_person(tx: &mut Tx, person: &Person) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO people (id, unit, name, post, phone, email) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (id) DO UPDATE SET unit = excluded.unit, name = excluded.name, post = excluded.post, \
         phone = excluded.phone, email = excluded.email",
    )
    .bind(person.id.to_string())
    .bind(person.unit.to_string())
    .bind(&person.name)
    .bind(&person.post)
    .bind(&person.phone)
    .bind(&person.email)
    .execute(&mut **tx)
    .await
    .map_err(fault::at(format!("person {}", person.id)))?;
    Ok(())
}

async fn write_system(tx: &mut Tx, system: &System) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO systems (id, unit, name, level, in_charge, operated_by, used_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (id) DO UPDATE SET unit = excluded.unit, name = excluded.name, level = excluded.level, \
         in_charge = excluded.in_charge, operated_by = excluded.operated_by, used_by = excluded.used_by",
    )
    .bind(system.id.to_string())
    .bind(system.unit.to_string())
    .bind(&system.name)
    .bind(system.level.map(|level| i64::from(u8::from(level))))
    .bind(text(system.answerable.in_charge))
    .bind(text(system.answerable.operator))
    .bind(text(system.answerable.user))
    .execute(&mut **tx)
    .await
    .map_err(fault::at(format!("system {}", system.id)))?;
    Ok(())
}

async fn write_asset(tx: &mut Tx, asset: &Asset) -> Result<(), StoreError> {
    let authorisation = asset.authorisation.as_ref();
    sqlx::query(
        "INSERT INTO assets (id, unit, system, target, owned_from, owned_until, approver, authorised_from, \
         authorised_until, in_charge, operated_by, used_by, note, scan_window) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         ON CONFLICT (id) DO UPDATE SET unit = excluded.unit, system = excluded.system, target = excluded.target, \
         owned_from = excluded.owned_from, owned_until = excluded.owned_until, approver = excluded.approver, \
         authorised_from = excluded.authorised_from, authorised_until = excluded.authorised_until, \
         in_charge = excluded.in_charge, operated_by = excluded.operated_by, used_by = excluded.used_by, \
         note = excluded.note, scan_window = excluded.scan_window",
    )
    .bind(asset.id.to_string())
    .bind(asset.unit.to_string())
    .bind(text(asset.system))
    .bind(asset.target.to_string())
    .bind(text(asset.owned.from()))
    .bind(text(asset.owned.until()))
    .bind(authorisation.map(|leave| leave.approver.clone()))
    .bind(text(authorisation.and_then(|leave| leave.valid_from)))
    .bind(text(authorisation.map(|leave| leave.valid_until)))
    .bind(text(asset.answerable.in_charge))
    .bind(text(asset.answerable.operator))
    .bind(text(asset.answerable.user))
    .bind(&asset.note)
    .bind(text(asset.scan_window.as_ref()))
    .execute(&mut **tx)
    .await
    .map_err(fault::at(format!("asset {} ({})", asset.id, asset.target)))?;
    Ok(())
}

async fn write_exclusion(tx: &mut Tx, exclusion: &Exclusion) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO exclusions (id, unit, target, reason, until_day) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET unit = excluded.unit, target = excluded.target, \
         reason = excluded.reason, until_day = excluded.until_day",
    )
    .bind(exclusion.id.to_string())
    .bind(exclusion.unit.to_string())
    .bind(exclusion.target.to_string())
    .bind(&exclusion.reason)
    .bind(exclusion.until.to_string())
    .execute(&mut **tx)
    .await
    .map_err(fault::at(format!("exclusion {}", exclusion.id)))?;
    Ok(())
}

async fn write_service(tx: &mut Tx, service: &DeclaredService) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO declared_services (id, unit, target, port, transport, service, purpose, approver, \
         declared_on, until_day) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (id) DO UPDATE SET unit = excluded.unit, target = excluded.target, port = excluded.port, \
         transport = excluded.transport, service = excluded.service, purpose = excluded.purpose, \
         approver = excluded.approver, declared_on = excluded.declared_on, until_day = excluded.until_day",
    )
    .bind(service.id.to_string())
    .bind(service.unit.to_string())
    .bind(service.target.to_string())
    .bind(i64::from(service.port))
    .bind(service.transport.as_str())
    .bind(&service.service)
    .bind(&service.purpose)
    .bind(&service.approver)
    .bind(text(service.declared_on))
    .bind(service.until.to_string())
    .execute(&mut **tx)
    .await
    .map_err(fault::at(format!("declared service {}", service.id)))?;
    Ok(())
}
