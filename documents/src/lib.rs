//! Sheets in and out, papers, and charts: bytes of a file become plain rows, plain document values become bytes.
//!
//! It must not know what a row means: no register, no SQL, no polars. Whoever imports takes the rows and judges
//! them; whoever reports hands over text and numbers that are already decided. Reading is bounded
//! ([`read::ReadLimits`]), since the files come from hundreds of offices.

pub mod chart;
pub mod docx;
pub mod ical;
pub mod palette;
pub mod paper;
pub mod pdf;
pub mod read;
pub mod sheet;
pub mod write;
