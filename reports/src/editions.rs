//! Editions: figures in, bytes out. The same figures always give the same bytes.
//!
//! An edition must not compute: what it prints stands in [`Figures`](crate::figures::Figures).

mod html;
mod json;
mod prose;
mod xlsx;

pub use html::{STYLE, html};
pub use json::json;
pub use xlsx::xlsx;
