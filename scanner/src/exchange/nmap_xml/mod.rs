//! The XML of nmap (`-oX`), as its DTD of version 1.05 describes it.

mod host;
mod read;
mod write;

pub use read::read_nmap_xml;
pub(super) use read::time;
pub(super) use write::{NmapXml, TIME};
