//! Rows of the register's tables, read back into its types.

use model::addr::AddrRange;
use model::register::{
    Answerable, Asset, AssetTarget, Authorisation, DeclaredService, Exclusion, Person, ProtectionLevel,
    System, Unit,
};
use registry::ports::StoreError;

use crate::column::RowRef;
use crate::fault;
use crate::sqlite::Tx;

#[derive(sqlx::FromRow)]
struct UnitRow {
    id: String,
    code: String,
    name: String,
    parent: Option<String>,
    region: Option<String>,
    region_from: Option<String>,
    region_until: Option<String>,
    valid_from: Option<String>,
    valid_until: Option<String>,
}

pub(super) async fn units(tx: &mut Tx) -> Result<Vec<Unit>, StoreError> {
    let sql = "SELECT id, code, name, parent, region, region_from, region_until, valid_from, valid_until \
               FROM units ORDER BY id";
    let rows: Vec<UnitRow> = sqlx::query_as(sql).fetch_all(&mut **tx).await.map_err(fault::at("units"))?;
    let read = rows.into_iter().map(|row| {
        let at = RowRef { table: "units", id: &row.id };
        Ok(Unit {
            id: at.read("id", &row.id)?,
            code: at.read("code", &row.code)?,
            parent: at.read_some("parent", row.parent.as_deref())?,
            region: at.read_some("region", row.region.as_deref())?,
            region_valid: at.interval(
                "region_until",
                row.region_from.as_deref(),
                row.region_until.as_deref(),
            )?,
            valid: at.interval("valid_until", row.valid_from.as_deref(), row.valid_until.as_deref())?,
            name: row.name,
        })
    });
    read.collect()
}

#[derive(sqlx::FromRow)]
struct PersonRow {
    id: String,
    unit: String,
    name: String,
    post: Option<String>,
    phone: Option<String>,
    email: Option<String>,
}

pub(super) async fn people(tx: &mut Tx) -> Result<Vec<Person>, StoreError> {
    let sql = "SELECT id, unit, name, post, phone, email FROM people ORDER BY id";
    let rows: Vec<PersonRow> = sqlx::query_as(sql).fetch_all(&mut **tx).await.map_err(fault::at("people"))?;
    let read = rows.into_iter().map(|row| {
        let at = RowRef { table: "people", id: &row.id };
        Ok(Person {
            id: at.read("id", &row.id)?,
            unit: at.read("unit", &row.unit)?,
            name: row.name,
            post: row.post,
            phone: row.phone,
            email: row.email,
        })
    });
    read.collect()
}

#[derive(sqlx::FromRow)]
struct AnswerableRow {
    in_charge: Option<String>,
    operated_by: Option<String>,
    used_by: Option<String>,
}

impl AnswerableRow {
    fn read(&self, at: RowRef<'_>) -> Result<Answerable, StoreError> {
        Ok(Answerable {
            in_charge: at.read_some("in_charge", self.in_charge.as_deref())?,
            operator: at.read_some("operated_by", self.operated_by.as_deref())?,
            user: at.read_some("used_by", self.used_by.as_deref())?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct SystemRow {
    id: String,
    unit: String,
    name: String,
    level: Option<i64>,
    #[sqlx(flatten)]
    answerable: AnswerableRow,
}

pub(super) async fn systems(tx: &mut Tx) -> Result<Vec<System>, StoreError> {
    let sql = "SELECT id, unit, name, level, in_charge, operated_by, used_by FROM systems ORDER BY id";
    let rows: Vec<SystemRow> =
        sqlx::query_as(sql).fetch_all(&mut **tx).await.map_err(fault::at("systems"))?;
    let read = rows.into_iter().map(|row| {
        let at = RowRef { table: "systems", id: &row.id };
        let level = row.level.map(|level| at.number::<u8>("level", level)).transpose()?;
        let level =
            level.map(|level| ProtectionLevel::try_from(level).map_err(|error| at.damaged("level", error)));
        Ok(System {
            id: at.read("id", &row.id)?,
            unit: at.read("unit", &row.unit)?,
            level: level.transpose()?,
            answerable: row.answerable.read(at)?,
            name: row.name,
        })
    });
    read.collect()
}

#[derive(sqlx::FromRow)]
struct AssetRow {
    id: String,
    unit: String,
    system: Option<String>,
    target: String,
    owned_from: Option<String>,
    owned_until: Option<String>,
    approver: Option<String>,
    authorised_from: Option<String>,
    authorised_until: Option<String>,
    #[sqlx(flatten)]
    answerable: AnswerableRow,
    note: Option<String>,
    scan_window: Option<String>,
}

pub(super) async fn assets(tx: &mut Tx) -> Result<Vec<Asset>, StoreError> {
    let sql = "SELECT id, unit, system, target, owned_from, owned_until, approver, authorised_from, \
               authorised_until, in_charge, operated_by, used_by, note, scan_window FROM assets ORDER BY id";
    let rows: Vec<AssetRow> = sqlx::query_as(sql).fetch_all(&mut **tx).await.map_err(fault::at("assets"))?;
    let read = rows.into_iter().map(|row| {
        let at = RowRef { table: "assets", id: &row.id };
        let authorisation = match (row.approver, row.authorised_until) {
            (None, None) => None,
            (Some(approver), Some(until)) => Some(Authorisation {
                approver,
                valid_from: at.read_some("authorised_from", row.authorised_from.as_deref())?,
                valid_until: at.read("authorised_until", &until)?,
            }),
            (Some(_), None) | (None, Some(_)) => {
                return Err(at.damaged("approver", "approver and end go together"));
            }
        };
        Ok(Asset {
            id: at.read("id", &row.id)?,
            unit: at.read("unit", &row.unit)?,
            system: at.read_some("system", row.system.as_deref())?,
            target: target(at, &row.target)?,
            owned: at.interval("owned_until", row.owned_from.as_deref(), row.owned_until.as_deref())?,
            authorisation,
            scan_window: at.read_some("scan_window", row.scan_window.as_deref())?,
            answerable: row.answerable.read(at)?,
            note: row.note,
        })
    });
    read.collect()
}

#[derive(sqlx::FromRow)]
struct ExclusionRow {
    id: String,
    unit: String,
    target: String,
    reason: String,
    until_day: String,
}

pub(super) async fn exclusions(tx: &mut Tx) -> Result<Vec<Exclusion>, StoreError> {
    let sql = "SELECT id, unit, target, reason, until_day FROM exclusions ORDER BY id";
    let rows: Vec<ExclusionRow> =
        sqlx::query_as(sql).fetch_all(&mut **tx).await.map_err(fault::at("exclusions"))?;
    let read = rows.into_iter().map(|row| {
        let at = RowRef { table: "exclusions", id: &row.id };
        Ok(Exclusion {
            id: at.read("id", &row.id)?,
            unit: at.read("unit", &row.unit)?,
            target: target(at, &row.target)?,
            reason: row.reason,
            until: at.read("until_day", &row.until_day)?,
        })
    });
    read.collect()
}

#[derive(sqlx::FromRow)]
struct ServiceRow {
    id: String,
    unit: String,
    target: String,
    port: i64,
    transport: String,
    service: String,
    purpose: String,
    approver: String,
    declared_on: Option<String>,
    until_day: String,
}

pub(super) async fn services(tx: &mut Tx) -> Result<Vec<DeclaredService>, StoreError> {
    let sql = "SELECT id, unit, target, port, transport, service, purpose, approver, declared_on, until_day \
               FROM declared_services ORDER BY id";
    let rows: Vec<ServiceRow> =
        sqlx::query_as(sql).fetch_all(&mut **tx).await.map_err(fault::at("declared_services"))?;
    let read = rows.into_iter().map(|row| {
        let at = RowRef { table: "declared_services", id: &row.id };
        Ok(DeclaredService {
            id: at.read("id", &row.id)?,
            unit: at.read("unit", &row.unit)?,
            target: target(at, &row.target)?,
            port: at.number("port", row.port)?,
            transport: at.read("transport", &row.transport)?,
            service: row.service,
            purpose: row.purpose,
            approver: row.approver,
            declared_on: at.read_some("declared_on", row.declared_on.as_deref())?,
            until: at.read("until_day", &row.until_day)?,
        })
    });
    read.collect()
}

/// Addresses where it reads as such, else a host name.
fn target(at: RowRef<'_>, text: &str) -> Result<AssetTarget, StoreError> {
    match text.parse::<AddrRange>() {
        Ok(range) => Ok(AssetTarget::Addresses(range)),
        Err(_) => at.read("target", text).map(AssetTarget::Host),
    }
}
