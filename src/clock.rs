//! The only clock and the only source of randomness; everything else is given the time and its ids.

use chrono::{DateTime, SubsecRound, Utc};
use model::id::Mint;
use uuid::Uuid;

/// The time now, to the millisecond, which is what is stored.
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}

/// A number that can't be foreseen, for the order of a scan.
pub fn random_seed() -> u64 {
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    u64::from_le_bytes(bytes)
}

/// Ids from the clock and the operating system's randomness, ascending within a process.
#[derive(Debug, Clone, Copy)]
pub struct SystemMint;

impl Mint for SystemMint {
    fn mint(&mut self) -> Uuid {
        Uuid::now_v7()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_in_the_order_of_making() {
        let ids: Vec<Uuid> = (0..5000).map(|_| SystemMint.mint()).collect();
        assert!(ids.is_sorted(), "ids of one process ascend");
    }
}
