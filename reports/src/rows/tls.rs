//! Rows of TLS assessments: how each server stands, without what it said word for word.

use chrono::{DateTime, Utc};
use model::tls::{Offered, TlsReached};

use crate::frame::{rows, text_cells};

rows! {
    /// One TLS server, as the newest assessment that could tell found it.
    pub struct TlsServerRow in "tls-servers" {
        pub unit: String,
        pub system: Option<String>,
        pub run: String,
        pub addr: String,
        pub port: u32,
        /// The name that was sent; `None` if none was.
        pub server_name: Option<String>,
        /// The protocol that was spoken in clear before TLS.
        pub start_tls: Option<String>,
        pub reached: TlsReached,
        /// By the policy of the run; `None` if nothing can be graded.
        pub grade: Option<String>,
        pub score: Option<u32>,
        /// Place of the grade on its policy's scale, 0 for the best.
        pub grade_place: Option<u32>,
        /// What kept the grade from being better, worst first: a grade, a blank, and a check's id or words.
        pub caps: Vec<String>,
        /// The versions that it speaks, oldest first.
        pub versions: Vec<String>,
        /// National cryptography's version.
        pub tlcp: Offered,
        /// Checks at fault.
        pub n_critical: u32,
        pub n_high: u32,
        pub n_medium: u32,
        pub n_low: u32,
        /// When the first of its certificates ends.
        pub not_after: Option<DateTime<Utc>>,
        pub assessed_at: DateTime<Utc>,
    }
}

text_cells! {
    TlsReached: |value| value.as_str().to_owned(), |text| TlsReached::ALL.into_iter().find(|value| value.as_str() == text);
    Offered: |value| value.as_str().to_owned(), |text| Offered::ALL.into_iter().find(|value| value.as_str() == text);
}
