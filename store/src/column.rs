//! Reading columns back into types: what doesn't read is a damaged row, told by table and id.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use model::interval::Interval;
use registry::ports::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// The row that is being read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowRef<'a> {
    pub(crate) table: &'static str,
    pub(crate) id: &'a str,
}

impl RowRef<'_> {
    pub(crate) fn damaged(self, column: &str, source: impl Into<Source>) -> StoreError {
        let RowRef { table, id } = self;
        StoreError::Corrupt { what: format!("{table} {id}, column {column}"), source: Some(source.into()) }
    }

    pub(crate) fn read<T>(self, column: &str, text: &str) -> Result<T, StoreError>
    where
        T: FromStr,
        T::Err: Into<Source>,
    {
        text.parse().map_err(|error: T::Err| self.damaged(column, error))
    }

    pub(crate) fn read_some<T>(self, column: &str, text: Option<&str>) -> Result<Option<T>, StoreError>
    where
        T: FromStr,
        T::Err: Into<Source>,
    {
        text.map(|text| self.read(column, text)).transpose()
    }

    /// A value of one of our own word lists.
    pub(crate) fn word<T>(
        self,
        column: &str,
        text: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(text).ok_or_else(|| self.damaged(column, format!("{text:?} is no such word")))
    }

    pub(crate) fn number<T>(self, column: &str, number: i64) -> Result<T, StoreError>
    where
        T: TryFrom<i64>,
        T::Error: Into<Source>,
    {
        T::try_from(number).map_err(|error| self.damaged(column, error))
    }

    pub(crate) fn instant(self, column: &str, ms: i64) -> Result<DateTime<Utc>, StoreError> {
        DateTime::from_timestamp_millis(ms)
            .ok_or_else(|| self.damaged(column, format!("{ms} is out of range")))
    }

    pub(crate) fn instant_some(
        self,
        column: &str,
        ms: Option<i64>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        ms.map(|ms| self.instant(column, ms)).transpose()
    }

    pub(crate) fn interval(
        self,
        column: &str,
        from: Option<&str>,
        until: Option<&str>,
    ) -> Result<Interval, StoreError> {
        let from = self.read_some::<NaiveDate>(column, from)?;
        let until = self.read_some::<NaiveDate>(column, until)?;
        Interval::new(from, until).map_err(|error| self.damaged(column, error))
    }

    pub(crate) fn json<T: DeserializeOwned>(self, column: &str, text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|error| self.damaged(column, error))
    }
}

pub(crate) fn text<T: Display>(value: Option<T>) -> Option<String> {
    value.map(|value| value.to_string())
}

pub(crate) fn ms(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

/// A count; one beyond the database's reach is kept as the highest that it holds.
pub(crate) fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// JSON of a value of ours.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("our own values have text keys and no failing fields")
}
