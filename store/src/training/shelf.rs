//! One way to keep entries whose columns are few and whose body is JSON: many rows a statement.

use registry::ports::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use training::people::{Holding, Staff};
use training::sittings::{Attempt, Attendance, Sitting, Term, Waiver};

use crate::column::{self, RowRef};
use crate::fault;
use crate::sqlite::Tx;

/// Rows of one statement, so that its parameter stays well below what the database takes.
const ROWS_AT_ONCE: usize = 2000;

/// An entry of a table with an `id`, some columns that the database guards, and a `body`.
pub(super) trait Shelved: Serialize + DeserializeOwned {
    const TABLE: &'static str;
    /// Besides `id` and `body`.
    const COLUMNS: &'static [&'static str];
    fn id(&self) -> String;
    /// Values of [`Shelved::COLUMNS`].
    fn columns(&self) -> Vec<Option<String>>;
}

/// Entries by id; one that is known is replaced.
pub(super) async fn put<T: Shelved>(tx: &mut Tx, entries: &[T]) -> Result<(), StoreError> {
    // Table and columns are constants of ours; values go in as one JSON parameter.
    let columns: Vec<&str> = ["id"].into_iter().chain(T::COLUMNS.iter().copied()).chain(["body"]).collect();
    let values: Vec<String> = (0..columns.len()).map(|i| format!("json_extract(value, '$[{i}]')")).collect();
    let updates: Vec<String> =
        columns.iter().skip(1).map(|column| format!("{column} = excluded.{column}")).collect();
    let sql = format!(
        "INSERT INTO {} ({}) SELECT {} FROM json_each($1) WHERE true ON CONFLICT (id) DO UPDATE SET {}",
        T::TABLE,
        columns.join(", "),
        values.join(", "),
        updates.join(", ")
    );
    for some in entries.chunks(ROWS_AT_ONCE) {
        let rows: Vec<Vec<Option<String>>> = some
            .iter()
            .map(|one| {
                let id = Some(one.id());
                [id].into_iter().chain(one.columns()).chain([Some(column::json(one))]).collect()
            })
            .collect();
        sqlx::query(sqlx::AssertSqlSafe(sql.clone()))
            .bind(column::json(&rows))
            .execute(&mut **tx)
            .await
            .map_err(fault::at(T::TABLE))?;
    }
    Ok(())
}

/// All entries, in the order of ids.
pub(super) async fn load<T: Shelved>(tx: &mut Tx) -> Result<Vec<T>, StoreError> {
    let sql = format!("SELECT id, body FROM {} ORDER BY id", T::TABLE);
    let rows: Vec<(String, String)> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&mut **tx).await.map_err(fault::at(T::TABLE))?;
    rows.iter().map(|(id, body)| RowRef { table: T::TABLE, id }.json("body", body)).collect()
}

impl Shelved for Staff {
    const TABLE: &'static str = "training_staff";
    const COLUMNS: &'static [&'static str] = &["id_index"];
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn columns(&self) -> Vec<Option<String>> {
        vec![self.id_number.as_ref().map(|number| number.index.clone())]
    }
}

impl Shelved for Holding {
    const TABLE: &'static str = "training_holdings";
    const COLUMNS: &'static [&'static str] = &["staff", "unit", "system"];
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn columns(&self) -> Vec<Option<String>> {
        vec![Some(self.staff.to_string()), Some(self.unit.to_string()), column::text(self.system)]
    }
}

impl Shelved for Term {
    const TABLE: &'static str = "training_terms";
    const COLUMNS: &'static [&'static str] = &["code"];
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn columns(&self) -> Vec<Option<String>> {
        vec![Some(self.code.clone())]
    }
}

impl Shelved for Sitting {
    const TABLE: &'static str = "training_sittings";
    const COLUMNS: &'static [&'static str] = &["term", "code"];
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn columns(&self) -> Vec<Option<String>> {
        vec![Some(self.term.to_string()), Some(self.code.clone())]
    }
}

impl Shelved for Attendance {
    const TABLE: &'static str = "training_attendance";
    const COLUMNS: &'static [&'static str] = &["sitting", "staff"];
    fn id(&self) -> String {
        format!("{}/{}", self.sitting, self.staff)
    }
    fn columns(&self) -> Vec<Option<String>> {
        vec![Some(self.sitting.to_string()), Some(self.staff.to_string())]
    }
}

impl Shelved for Attempt {
    const TABLE: &'static str = "training_attempts";
    const COLUMNS: &'static [&'static str] = &["staff", "sitting"];
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn columns(&self) -> Vec<Option<String>> {
        vec![Some(self.staff.to_string()), Some(self.sitting.to_string())]
    }
}

impl Shelved for Waiver {
    const TABLE: &'static str = "training_waivers";
    const COLUMNS: &'static [&'static str] = &["staff"];
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn columns(&self) -> Vec<Option<String>> {
        vec![Some(self.staff.to_string())]
    }
}
