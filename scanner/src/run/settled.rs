//! What became of one probe, as a journal keeps it, and how many became what.

use model::observation::Reply;
use model::unreachable::IcmpError;
use serde::{Deserialize, Serialize};

/// What became of one probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Settled {
    Reply(Reply),
    /// The scope doesn't admit the address; nothing was sent.
    NotAdmitted,
    /// Our own system could not send it in any try; nothing is known.
    NotAsked,
}

impl Settled {
    /// Bits that a code takes in a journal.
    pub(super) const CODE_BITS: u32 = 6;

    /// By code. Codes are written into journals: they never change. Behind these come ICMP errors by their numbers.
    const PLAIN: [Settled; 9] = [
        Settled::Reply(Reply::Open),
        Settled::Reply(Reply::Refused),
        Settled::Reply(Reply::Silent),
        Settled::Reply(Reply::NetworkUnreachable),
        Settled::Reply(Reply::HostUnreachable),
        Settled::Reply(Reply::Prohibited),
        Settled::NotAdmitted,
        Settled::NotAsked,
        Settled::Reply(Reply::SuspectOpen),
    ];

    /// How many codes are no ICMP error.
    pub(crate) const N_PLAIN: u8 = Self::PLAIN.len() as u8;

    pub(crate) fn code(self) -> u8 {
        match self {
            Settled::Reply(Reply::Open) => 0,
            Settled::Reply(Reply::Refused) => 1,
            Settled::Reply(Reply::Silent) => 2,
            Settled::Reply(Reply::NetworkUnreachable) => 3,
            Settled::Reply(Reply::HostUnreachable) => 4,
            Settled::Reply(Reply::Prohibited) => 5,
            Settled::NotAdmitted => 6,
            Settled::NotAsked => 7,
            Settled::Reply(Reply::SuspectOpen) => 8,
            Settled::Reply(Reply::Icmp(error)) => Self::N_PLAIN + error.number(),
        }
    }

    pub(crate) fn of_code(code: u8) -> Option<Settled> {
        match code.checked_sub(Self::N_PLAIN) {
            None => Self::PLAIN.get(usize::from(code)).copied(),
            Some(number) => IcmpError::of_number(number).map(|error| Settled::Reply(Reply::Icmp(error))),
        }
    }
}

/// How many probes of a run became what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Probes of the plan.
    pub n_probes: u64,
    pub n_open: u64,
    pub n_refused: u64,
    pub n_silent: u64,
    /// Network or host unreachable.
    pub n_unreachable: u64,
    pub n_prohibited: u64,
    /// Accepted by hosts that accept whatever comes.
    pub n_suspect: u64,
    /// Kept back by the scope.
    pub n_not_admitted: u64,
    /// Could not be sent by our own system.
    pub n_not_asked: u64,
    /// Open endpoints with an observation written.
    pub n_observations: u64,
}

impl Totals {
    /// Probes with an end, whatever it is.
    pub fn n_done(&self) -> u64 {
        self.n_open
            + self.n_refused
            + self.n_silent
            + self.n_unreachable
            + self.n_prohibited
            + self.n_suspect
            + self.n_not_admitted
            + self.n_not_asked
    }

    pub(crate) fn count(&mut self, settled: Settled) {
        let count = match settled {
            Settled::Reply(Reply::Open) => &mut self.n_open,
            Settled::Reply(Reply::Refused) => &mut self.n_refused,
            Settled::Reply(Reply::Silent) => &mut self.n_silent,
            Settled::Reply(Reply::NetworkUnreachable | Reply::HostUnreachable) => &mut self.n_unreachable,
            Settled::Reply(Reply::Prohibited) => &mut self.n_prohibited,
            Settled::Reply(Reply::Icmp(error)) if error.reason().is_prohibition() => &mut self.n_prohibited,
            Settled::Reply(Reply::Icmp(_)) => &mut self.n_unreachable,
            Settled::Reply(Reply::SuspectOpen) => &mut self.n_suspect,
            Settled::NotAdmitted => &mut self.n_not_admitted,
            Settled::NotAsked => &mut self.n_not_asked,
        };
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back() {
        let n_codes = Settled::N_PLAIN + IcmpError::N;
        assert!(n_codes <= 1 << Settled::CODE_BITS);
        assert_eq!(Settled::of_code(n_codes), None);
        for code in 0..n_codes {
            let settled = Settled::of_code(code).expect("a code");
            assert_eq!(settled.code(), code);
            let mut totals = Totals::default();
            totals.count(settled);
            assert_eq!(totals.n_done(), 1);
        }
    }
}
