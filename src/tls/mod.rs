//! Assesses TLS servers for `sentrypost tls`: which ones, within the scope, by which policies, and how it is told.
//! What is asked of a server and what it means is in `probes`; nothing here opens a connection by itself.

mod assess;
mod brief;
mod chains;
mod keep;
mod page;
mod pretty;
mod rate;
mod view;
mod wish;
mod words;

pub use assess::{Answer, Ended, assess};
pub use keep::record;
pub use page::{Pages, PagesError};
pub use pretty::{one_line, tell};
pub use rate::{Judged, Raters};
pub use view::view;
pub use wish::{Server, Wanted, seen_by_scan, wanted};
