//! NATS: the `INFO` line that the server greets with.

use model::observation::{Access, ServiceFacts};

use crate::facts::{Tell, identified};
use crate::seen::{Miss, Seen, after, contains};

pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let mut cursor = seen.cursor();
    cursor.tag(b"INFO {")?;
    let info = cursor.line(16 * 1024)?;
    if !contains(info, b"\"server_id\"") {
        return Err(Miss::No);
    }
    let closed = contains(info, b"\"auth_required\":true") || contains(info, b"\"tls_verify\":true");
    let access = if closed { Access::AuthenticationRequired } else { Access::NoAuthentication };
    let text = |key: &[u8]| after(info, key, b"\"").unwrap_or_default();
    let facts = identified("nats").product("NATS").version(text(b"\"version\":\"")).access(access);
    let offers = contains(info, b"\"tls_required\":true") || contains(info, b"\"tls_available\":true");
    let starttls: &[u8] = if offers { b"offered" } else { b"not offered" };
    Ok(facts.fact("starttls", starttls).fact("cluster", text(b"\"cluster\":\"")))
}
