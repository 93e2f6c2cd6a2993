//! Which scope a run had, in a few characters: to see whether two runs had the same, not to prove it.

use std::hash::Hasher;

use model::scope::Scope;
use siphasher::sip128::{Hasher128, SipHasher24};

/// The same for scopes that admit the same addresses and names on the same day.
pub fn scope_hash(scope: &Scope) -> String {
    let mut hasher = SipHasher24::new();
    let mut add = |text: String| {
        hasher.write(text.as_bytes());
        hasher.write_u8(0);
    };
    add(scope.day().to_string());
    for range in scope.addresses().ranges() {
        add(range.to_string());
    }
    let mut names: Vec<String> = scope.hosts().map(|(name, _)| name.to_string()).collect();
    names.sort_unstable();
    names.into_iter().for_each(add);
    format!("{:032x}", hasher.finish128().as_u128())
}
