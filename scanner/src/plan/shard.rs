//! Parts of a plan, for several machines: each takes a stretch of the indices, and the permutation spreads every
//! stretch over all hosts.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The `nth` of `n_shards` parts, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    nth: u32,
    n_shards: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no part: write 2/5 for the second of five")]
pub struct ShardError(String);

impl Shard {
    /// Its part of `n` indices. The parts of one number of shards share nothing and leave nothing out.
    pub fn range_of(self, n: u64) -> Range<u64> {
        let at = |nth: u32| {
            let at = u128::from(n) * u128::from(nth) / u128::from(self.n_shards);
            u64::try_from(at).unwrap_or(n)
        };
        at(self.nth - 1)..at(self.nth)
    }

    pub fn len_of(self, n: u64) -> u64 {
        let range = self.range_of(n);
        range.end - range.start
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Shard, ShardError> {
        let parts = text.split_once('/').and_then(|(nth, n)| Some((nth.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((nth, n_shards)) if nth >= 1 && nth <= n_shards => Ok(Shard { nth, n_shards }),
            _ => Err(ShardError(text.to_owned())),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.nth, self.n_shards)
    }
}

impl TryFrom<String> for Shard {
    type Error = ShardError;

    fn try_from(text: String) -> Result<Shard, ShardError> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> String {
        shard.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_whole() {
        for (n, n_shards) in [(0u64, 3u32), (1, 3), (10, 3), (65_536, 7), (1 << 40, 1000)] {
            let parts =
                (1..=n_shards).map(|nth| format!("{nth}/{n_shards}").parse::<Shard>().expect("a part"));
            let mut end = 0;
            for part in parts {
                let range = part.range_of(n);
                assert_eq!((range.start, part.len_of(n)), (end, range.end - range.start));
                end = range.end;
            }
            assert_eq!(end, n);
        }
    }

    #[test]
    fn only_parts_that_exist_are_read() {
        assert_eq!("2/5".parse::<Shard>().map(|shard| shard.to_string()), Ok("2/5".to_owned()));
        for wrong in ["", "2", "0/5", "6/5", "1/0", "-1/5", "a/b", "1/5/2"] {
            assert_eq!(wrong.parse::<Shard>(), Err(ShardError(wrong.to_owned())));
        }
    }
}
