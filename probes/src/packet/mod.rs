//! Single packets: built from templates, proved ours by a cookie, and read back whatever a network sends.
//!
//! Bytes in, values out; nothing here sends, waits or remembers. Frames are built with pnet's types and patched in
//! place afterwards; what arrives is read by code of our own, since pnet's option iterators panic on hostile bytes.

mod cookie;
mod frame;
mod heard;

pub use cookie::{Cookies, Path};
pub use frame::{LinkHeader, Template, checksum};
pub use heard::{Echo, Heard, Quoted, Segment, hear_ip};
