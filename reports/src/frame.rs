//! Rows to polars frames and back, and frames to Parquet bytes and back.
//!
//! Columns have four types only: text, whole numbers, truth. Instants are UTC text of fixed width
//! (`2026-11-22T08:00:00.000Z`) and dates `2026-11-22`, so that text order is time order; polars' own date types
//! would compile its whole time crate. It must not know what a column means.

use std::io::Cursor;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use polars::error::PolarsResult;
use polars::prelude::{Column, DataFrame};
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::ParquetWriter;
use polars_io::prelude::SerReader;

use crate::error::Damage;

/// A row type whose fields are the columns of one frame.
pub trait Row: Sized {
    /// Name of the frame and of its file.
    const FRAME: &'static str;
    fn to_frame(rows: &[Self]) -> PolarsResult<DataFrame>;
    fn from_frame(frame: &DataFrame) -> Result<Vec<Self>, Damage>;
}

/// What may stand in a column.
pub(crate) trait Cell: Sized {
    fn to_column(name: &str, values: Vec<Self>) -> Column;
    fn from_column(column: &Column, name: &'static str) -> Result<Vec<Self>, Damage>;
}

pub(crate) fn read_column<T: Cell>(
    frame: &DataFrame,
    name: &'static str,
) -> Result<std::vec::IntoIter<T>, Damage> {
    let column = frame.column(name).map_err(|_| Damage::Column(name))?;
    Ok(T::from_column(column, name)?.into_iter())
}

pub(crate) fn to_parquet(frame: &mut DataFrame) -> PolarsResult<Vec<u8>> {
    let mut bytes = Vec::new();
    // Serial, so that the same rows give the same file.
    ParquetWriter::new(&mut bytes).set_parallel(false).finish(frame)?;
    Ok(bytes)
}

pub(crate) fn from_parquet(bytes: Vec<u8>) -> PolarsResult<DataFrame> {
    ParquetReader::new(Cursor::new(bytes)).finish()
}

pub(crate) fn instant_text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Declares row types: a struct whose public fields are the columns, in order.
macro_rules! rows {
    ($($(#[$doc:meta])* pub struct $name:ident in $frame:literal {
        $($(#[$field_doc:meta])* pub $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl $crate::frame::Row for $name {
            const FRAME: &'static str = $frame;

            fn to_frame(rows: &[Self]) -> polars::error::PolarsResult<polars::prelude::DataFrame> {
                polars::prelude::DataFrame::new(rows.len(), vec![$(
                    <$type as $crate::frame::Cell>::to_column(
                        stringify!($field),
                        rows.iter().map(|row| row.$field.clone()).collect(),
                    ),
                )*])
            }

            fn from_frame(frame: &polars::prelude::DataFrame) -> Result<Vec<Self>, $crate::error::Damage> {
                $(let mut $field = $crate::frame::read_column::<$type>(frame, stringify!($field))?;)*
                let mut rows = Vec::with_capacity(frame.height());
                for _ in 0..frame.height() {
                    rows.push($name {
                        $($field: $field.next().ok_or($crate::error::Damage::Column(stringify!($field)))?,)*
                    });
                }
                Ok(rows)
            }
        }
    )*};
}
pub(crate) use rows;

impl Cell for String {
    fn to_column(name: &str, values: Vec<Self>) -> Column {
        Column::new(name.into(), values)
    }
    fn from_column(column: &Column, name: &'static str) -> Result<Vec<Self>, Damage> {
        let values = column.str().map_err(|_| Damage::Column(name))?;
        values.iter().map(|value| value.map(str::to_owned).ok_or(Damage::Value(name))).collect()
    }
}

impl Cell for Option<String> {
    fn to_column(name: &str, values: Vec<Self>) -> Column {
        Column::new(name.into(), values)
    }
    fn from_column(column: &Column, name: &'static str) -> Result<Vec<Self>, Damage> {
        let values = column.str().map_err(|_| Damage::Column(name))?;
        Ok(values.iter().map(|value| value.map(str::to_owned)).collect())
    }
}

/// Several texts in one cell, a line each; line breaks inside one become spaces.
impl Cell for Vec<String> {
    fn to_column(name: &str, values: Vec<Self>) -> Column {
        let lines = |texts: Vec<String>| {
            texts.iter().map(|text| text.replace('\n', " ")).collect::<Vec<_>>().join("\n")
        };
        String::to_column(name, values.into_iter().map(lines).collect())
    }
    fn from_column(column: &Column, name: &'static str) -> Result<Vec<Self>, Damage> {
        let texts = String::from_column(column, name)?;
        Ok(texts
            .iter()
            .map(|text| text.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect())
            .collect())
    }
}

macro_rules! plain_cells {
    ($($type:ty, $read:ident;)*) => {$(
        impl Cell for $type {
            fn to_column(name: &str, values: Vec<Self>) -> Column {
                Column::new(name.into(), values)
            }
            fn from_column(column: &Column, name: &'static str) -> Result<Vec<Self>, Damage> {
                let values = column.$read().map_err(|_| Damage::Column(name))?;
                values.iter().map(|value| value.ok_or(Damage::Value(name))).collect()
            }
        }
        impl Cell for Option<$type> {
            fn to_column(name: &str, values: Vec<Self>) -> Column {
                Column::new(name.into(), values)
            }
            fn from_column(column: &Column, name: &'static str) -> Result<Vec<Self>, Damage> {
                let values = column.$read().map_err(|_| Damage::Column(name))?;
                Ok(values.iter().collect())
            }
        }
    )*};
}
plain_cells! {
    u32, u32;
    u64, u64;
    bool, bool;
}

/// Values that are stored as text: how to write one and how to read it back.
macro_rules! text_cells {
    ($($type:ty: $write:expr, $read:expr;)*) => {$(
        impl $crate::frame::Cell for $type {
            fn to_column(name: &str, values: Vec<Self>) -> polars::prelude::Column {
                let write: fn($type) -> String = $write;
                String::to_column(name, values.into_iter().map(write).collect())
            }
            fn from_column(column: &polars::prelude::Column, name: &'static str) -> Result<Vec<Self>, $crate::error::Damage> {
                let read: fn(&str) -> Option<$type> = $read;
                let texts = String::from_column(column, name)?;
                texts.iter().map(|text| read(text).ok_or($crate::error::Damage::Value(name))).collect()
            }
        }
        impl $crate::frame::Cell for Option<$type> {
            fn to_column(name: &str, values: Vec<Self>) -> polars::prelude::Column {
                let write: fn($type) -> String = $write;
                Option::<String>::to_column(name, values.into_iter().map(|value| value.map(write)).collect())
            }
            fn from_column(column: &polars::prelude::Column, name: &'static str) -> Result<Vec<Self>, $crate::error::Damage> {
                let read: fn(&str) -> Option<$type> = $read;
                let texts = Option::<String>::from_column(column, name)?;
                let read = |text: Option<String>| match text {
                    None => Ok(None),
                    Some(text) => read(&text).map(Some).ok_or($crate::error::Damage::Value(name)),
                };
                texts.into_iter().map(read).collect()
            }
        }
    )*};
}
pub(crate) use text_cells;

text_cells! {
    DateTime<Utc>: instant_text, |text| DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    NaiveDate: |date| date.format("%Y-%m-%d").to_string(), |text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
}
