//! Runs in the forms of other tools: written out for them, and read in from them.
//!
//! Over readers and writers only: nothing here opens a file, prints, or decides what is admitted or judged. What is
//! read comes from strangers, and is bounded however long or deep it is.

mod bounded;
mod certificates;
mod csv;
pub mod diff;
mod export;
mod fault;
mod foreign;
mod gathered;
mod grep;
mod jsonl;
mod masscan;
mod nmap_xml;
mod service_names;

pub use export::{ExportError, ExportFormat, ExportHead, Exporter};
pub use fault::{Fault, Faults, What};
pub use foreign::{Answered, ForeignHost, ForeignPort, ForeignTool, Limits, Reading};
pub use gathered::{Gathered, Refused};
pub use masscan::read_masscan_json;
pub use nmap_xml::read_nmap_xml;

/// The fact under which an imported observation names its tool.
pub const SEEN_BY: &str = "seen-by";

#[cfg(test)]
mod tests;
