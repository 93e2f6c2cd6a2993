//! Database errors, sorted by who can do something about them.

use registry::ports::StoreError;

/// Turns an error of the database into the port's, telling what was being read or stored.
pub(crate) fn at(what: impl Into<String>) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |error| sort(what.into(), error)
}

fn sort(what: String, error: sqlx::Error) -> StoreError {
    let code = match &error {
        sqlx::Error::Database(database) => database.code().and_then(|code| code.parse::<i64>().ok()),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            return StoreError::Corrupt { what, source: Some(Box::new(error)) };
        }
        sqlx::Error::PoolTimedOut => return StoreError::Unavailable(Box::new(error)),
        sqlx::Error::Io(_) => return StoreError::Unwritable(Box::new(error)),
        _ => None,
    };
    // SQLite's result codes (https://www.sqlite.org/rescode.html); the low byte is the primary one.
    const SHARED_MEMORY_DID_NOT_GROW: i64 = 4874;
    match code.map(|code| (code, code & 0xff)) {
        Some((SHARED_MEMORY_DID_NOT_GROW, _) | (_, 13)) => StoreError::Full(Box::new(error)),
        // Busy, locked, and the lock of the write-ahead log lost to others for seconds on end.
        Some((_, 5 | 6 | 15)) => StoreError::Unavailable(Box::new(error)),
        // No leave, read only, input or output failed (a quota too), can't be opened.
        Some((_, 3 | 8 | 10 | 14 | 23)) => StoreError::Unwritable(Box::new(error)),
        Some((_, 1 | 11 | 20 | 26)) => StoreError::Corrupt { what, source: Some(Box::new(error)) },
        Some((_, 19)) => StoreError::Conflict { what, source: Some(Box::new(error)) },
        Some(_) | None => StoreError::Unexpected(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::error::Error;
    use std::fmt;

    use sqlx::error::{DatabaseError, ErrorKind};

    use super::*;

    /// An error of the database that has nothing but a code.
    #[derive(Debug)]
    struct Coded(i64);

    impl fmt::Display for Coded {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "code {}", self.0)
        }
    }

    impl Error for Coded {}

    impl DatabaseError for Coded {
        fn message(&self) -> &str {
            "coded"
        }
        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.to_string().into())
        }
        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }
        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }
        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }
        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    fn name(error: &StoreError) -> &'static str {
        match error {
            StoreError::Unavailable(_) => "unavailable",
            StoreError::Unwritable(_) => "unwritable",
            StoreError::Full(_) => "full",
            StoreError::Corrupt { .. } => "corrupt",
            StoreError::Conflict { .. } => "conflict",
            StoreError::Unexpected(_) => "unexpected",
            other => panic!("{other:?} is no fault of the database"),
        }
    }

    #[track_caller]
    fn check(error: sqlx::Error, expected: &str) {
        let shown = error.to_string();
        assert_eq!(name(&at("a row")(error)), expected, "{shown}");
    }

    #[test]
    fn only_a_rival_makes_the_database_unavailable() {
        // Primary codes and extended ones, named as SQLite names them.
        let codes = [
            (5, "unavailable"),   // BUSY
            (517, "unavailable"), // BUSY_SNAPSHOT
            (6, "unavailable"),   // LOCKED
            (262, "unavailable"), // LOCKED_SHAREDCACHE
            (15, "unavailable"),  // PROTOCOL
            (10, "unwritable"),   // IOERR
            (266, "unwritable"),  // IOERR_READ
            (778, "unwritable"),  // IOERR_WRITE
            (1034, "unwritable"), // IOERR_FSYNC
            (3850, "unwritable"), // IOERR_LOCK
            (14, "unwritable"),   // CANTOPEN
            (1038, "unwritable"), // CANTOPEN_CONVPATH
            (8, "unwritable"),    // READONLY
            (1032, "unwritable"), // READONLY_DBMOVED
            (13, "full"),         // FULL
            (4874, "full"),       // IOERR_SHMSIZE
            (11, "corrupt"),      // CORRUPT
            (26, "corrupt"),      // NOTADB
            (787, "conflict"),    // CONSTRAINT_FOREIGNKEY
            (1555, "conflict"),   // CONSTRAINT_PRIMARYKEY
            (7, "unexpected"),    // NOMEM
            (21, "unexpected"),   // MISUSE
        ];
        for (code, expected) in codes {
            check(sqlx::Error::Database(Box::new(Coded(code))), expected);
        }
        check(sqlx::Error::PoolTimedOut, "unavailable");
        check(sqlx::Error::Io(std::io::ErrorKind::PermissionDenied.into()), "unwritable");
        check(sqlx::Error::PoolClosed, "unexpected");
        check(sqlx::Error::RowNotFound, "unexpected");
    }
}
