//! A keyed permutation of `0..n` with random access, so that a scan is a pure function of an index.
//!
//! A Feistel network over the next power of two, walked until it lands inside the range. It spreads probes,
//! it doesn't hide them: nothing secret may rest on it.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

/// Enough for small halves to mix too; four were visibly uneven below 2^10.
const N_ROUNDS: usize = 8;

/// A bijection of `0..n` onto itself, chosen by a seed.
#[derive(Debug, Clone)]
pub struct Permutation {
    n: u64,
    n_right_bits: u32,
    left_mask: u64,
    right_mask: u64,
    keys: [u64; N_ROUNDS],
}

/// The permutation of `0..n` that belongs to `seed`.
///
/// `n` is at most 2^63; a [`Plan`](super::Plan) keeps far below.
pub fn permute(seed: u64, n: u64) -> Permutation {
    debug_assert!(n <= 1 << 63, "a plan is bounded far below");
    // At least one bit on either side, and a domain below 2·n wherever n is above 2.
    let n_bits = (u64::BITS - n.saturating_sub(1).leading_zeros()).max(2);
    let n_left_bits = n_bits / 2;
    let n_right_bits = n_bits - n_left_bits;
    let mask = |bits: u32| (1u64 << bits) - 1;
    let mut keys = [0; N_ROUNDS];
    for (round, key) in (0u64..).zip(keys.iter_mut()) {
        let mut hasher = SipHasher24::new_with_keys(seed, n);
        hasher.write_u64(round);
        *key = hasher.finish();
    }
    Permutation { n, n_right_bits, left_mask: mask(n_left_bits), right_mask: mask(n_right_bits), keys }
}

impl Permutation {
    /// Where index `i` goes; `None` from `n` on.
    pub fn at(&self, i: u64) -> Option<u64> {
        if i >= self.n {
            return None;
        }
        let mut value = i;
        // Ends: the walk follows a cycle of the outer bijection, and that cycle holds `i` itself.
        loop {
            value = self.step(value);
            if value < self.n {
                return Some(value);
            }
        }
    }

    /// Which index goes to `position`: the inverse of [`Permutation::at`]; `None` from `n` on.
    pub fn index_of(&self, position: u64) -> Option<u64> {
        if position >= self.n {
            return None;
        }
        let mut value = position;
        // Ends as the walk of `at` does: it follows the same cycle the other way round.
        loop {
            value = self.step_back(value);
            if value < self.n {
                return Some(value);
            }
        }
    }

    fn step(&self, value: u64) -> u64 {
        let mut left = value >> self.n_right_bits;
        let mut right = value & self.right_mask;
        let (pairs, _) = self.keys.as_chunks::<2>();
        for &[first, second] in pairs {
            left ^= mix(right ^ first) & self.left_mask;
            right ^= mix(left ^ second) & self.right_mask;
        }
        (left << self.n_right_bits) | right
    }

    fn step_back(&self, value: u64) -> u64 {
        let mut left = value >> self.n_right_bits;
        let mut right = value & self.right_mask;
        let (pairs, _) = self.keys.as_chunks::<2>();
        for &[first, second] in pairs.iter().rev() {
            right ^= mix(left ^ second) & self.right_mask;
            left ^= mix(right ^ first) & self.left_mask;
        }
        (left << self.n_right_bits) | right
    }
}

/// Multiply and fold: every input bit reaches the low bits that the masks keep.
fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 29)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ (x >> 32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn order(seed: u64, n: u64) -> Vec<u64> {
        let permutation = permute(seed, n);
        (0..n).map(|i| permutation.at(i).expect("an index below n")).collect()
    }

    #[test]
    fn visits_everything_once_for_every_small_size() {
        for n in 0u64..2_500 {
            let mut visited = order(n.wrapping_mul(77), n);
            visited.sort_unstable();
            assert!(visited.iter().copied().eq(0..n), "not a bijection of 0..{n}");
        }
    }

    #[test]
    fn ends_at_n() {
        assert_eq!(permute(1, 0).at(0), None);
        assert_eq!(permute(1, 1).at(0), Some(0));
        assert_eq!(permute(1, 1).at(1), None);
        assert!(permute(9, 1 << 63).at((1 << 63) - 1).is_some_and(|at| at < 1 << 63));
    }

    #[test]
    fn the_seed_decides_the_order() {
        assert_eq!(order(7, 1000), order(7, 1000));
        assert_ne!(order(7, 1000), order(8, 1000));
        assert_ne!(order(7, 1000), (0..1000).collect::<Vec<_>>());
    }

    /// Each sixteenth of the walk should visit each sixteenth of the range about equally often, and
    /// neighbours should land far apart: chi-squared with 255 degrees of freedom stays below 360 for any
    /// decent shuffle (p < 0.00002), and the mean distance of two random points is n/3.
    #[test]
    fn the_order_looks_shuffled() {
        for (seed, n) in [(1, 4096), (2, 65_535), (3, 100_000), (4, 25_600), (5, 1 << 16)] {
            let order = order(seed, n);
            let mut cells = [0u32; 256];
            for (i, &at) in (0u64..).zip(&order) {
                cells[(i * 16 / n * 16 + at * 16 / n) as usize] += 1;
            }
            let expected = n as f64 / 256.0;
            let chi: f64 = cells.iter().map(|&n| (f64::from(n) - expected).powi(2) / expected).sum();
            assert!(chi < 360.0, "seed {seed}, n {n}: chi-squared {chi}");
            let hops: u64 = order.windows(2).map(|pair| pair[0].abs_diff(pair[1])).sum();
            let mean = hops as f64 / n as f64 / n as f64;
            assert!((0.32..0.35).contains(&mean), "seed {seed}, n {n}: neighbours are {mean}·n apart");
        }
    }

    proptest! {
        #[test]
        fn different_indices_never_meet(seed: u64, n in 2u64..1 << 40, a: u64, b: u64) {
            let permutation = permute(seed, n);
            let (a, b) = (a % n, b % n);
            let (to_a, to_b) = (permutation.at(a), permutation.at(b));
            prop_assert!(to_a.is_some_and(|to| to < n));
            prop_assert_eq!(a == b, to_a == to_b);
            prop_assert_eq!(to_a.and_then(|to| permutation.index_of(to)), Some(a));
            prop_assert_eq!(permutation.index_of(n), None);
        }
    }
}
