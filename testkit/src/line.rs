//! One direction of a faulty line as a pure function of a seed: which frames are lost, doubled or late, and when each
//! leaves. Reads no clock and touches no socket.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

/// What a line does to frames. Shares are of 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Faults {
    pub delay: Duration,
    /// Up to this much more or less delay, evenly spread; frames can pass each other.
    pub jitter: Duration,
    pub loss: f64,
    pub duplication: f64,
    /// Share of frames held back by `reorder_by` more, so that later ones pass them.
    pub reordering: f64,
    pub reorder_by: Duration,
    /// Most bytes on the way at a time; what comes on top is lost, and counted apart.
    pub capacity_bytes: usize,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: 0.0,
            duplication: 0.0,
            reordering: 0.0,
            reorder_by: Duration::from_millis(1),
            capacity_bytes: 64 << 20,
        }
    }
}

/// What became of frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineCounters {
    pub n_offered: u64,
    pub n_lost: u64,
    pub n_duplicated: u64,
    pub n_reordered: u64,
    /// Found the line full.
    pub n_overflowed: u64,
}

/// How a frame goes on: how many copies, and how much later than it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    pub n_copies: u32,
    pub delay: Duration,
    pub is_held_back: bool,
}

/// Frames on their way, in memory that is used again.
#[derive(Debug)]
pub struct Line {
    faults: Faults,
    chance: Chance,
    /// Frames that keep their order, by far the most.
    straight: VecDeque<OnTheWay>,
    /// Frames with a delay of their own.
    passing: BinaryHeap<Reverse<OnTheWay>>,
    /// Buffers that wait to be used again.
    spare: Vec<Vec<u8>>,
    n_bytes: usize,
    n_numbered: u64,
    counters: LineCounters,
}

/// Memory that each frame costs besides its bytes.
const OVERHEAD: usize = 64;
/// Most buffers kept for later, and the longest: a burst of joined segments mustn't hold its memory for ever.
const MAX_SPARE: usize = 65_536;
const MAX_SPARE_LEN: usize = 2048;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OnTheWay {
    due: Duration,
    /// Among equals, as they came.
    number: u64,
    bytes: Vec<u8>,
}

impl Line {
    #[must_use]
    pub fn new(faults: Faults, seed: u64) -> Line {
        Line {
            faults,
            chance: Chance(seed),
            straight: VecDeque::new(),
            passing: BinaryHeap::new(),
            spare: Vec::new(),
            n_bytes: 0,
            n_numbered: 0,
            counters: LineCounters::default(),
        }
    }

    /// A frame that arrived at `now`, on any clock that only the callers of this line share.
    pub fn offer(&mut self, now: Duration, frame: &[u8]) {
        self.counters.n_offered += 1;
        let fate = self.chance.fate(&self.faults);
        match fate.n_copies {
            0 => self.counters.n_lost += 1,
            1 => {}
            _ => self.counters.n_duplicated += 1,
        }
        self.counters.n_reordered += u64::from(fate.is_held_back);
        for _ in 0..fate.n_copies {
            let cost = frame.len() + OVERHEAD;
            if self.n_bytes + cost > self.faults.capacity_bytes {
                self.counters.n_overflowed += 1;
                continue;
            }
            self.n_bytes += cost;
            self.n_numbered += 1;
            let mut bytes = self.spare.pop().unwrap_or_default();
            bytes.clear();
            bytes.extend_from_slice(frame);
            let way = OnTheWay { due: now.saturating_add(fate.delay), number: self.n_numbered, bytes };
            let is_in_order = self.straight.back().is_none_or(|last| last.due <= way.due);
            if fate.is_held_back || !self.faults.jitter.is_zero() || !is_in_order {
                self.passing.push(Reverse(way));
            } else {
                self.straight.push_back(way);
            }
        }
    }

    /// The frame that leaves next, if it is due.
    #[must_use]
    pub fn due(&self, now: Duration) -> Option<&[u8]> {
        self.first().filter(|first| first.due <= now).map(|first| first.bytes.as_slice())
    }

    /// Takes off the frame that leaves next.
    pub fn advance(&mut self) {
        let Some(first) = self.first().map(|first| (first.due, first.number)) else { return };
        let is_passing = self.passing.peek().is_some_and(|Reverse(way)| (way.due, way.number) == first);
        let gone =
            if is_passing { self.passing.pop().map(|Reverse(way)| way) } else { self.straight.pop_front() };
        let Some(gone) = gone else { return };
        self.n_bytes -= gone.bytes.len() + OVERHEAD;
        if self.spare.len() < MAX_SPARE && gone.bytes.capacity() <= MAX_SPARE_LEN {
            self.spare.push(gone.bytes);
        }
    }

    /// When the next frame leaves.
    #[must_use]
    pub fn next_due(&self) -> Option<Duration> {
        self.first().map(|first| first.due)
    }

    #[must_use]
    pub fn counters(&self) -> LineCounters {
        self.counters
    }

    fn first(&self) -> Option<&OnTheWay> {
        let passing = self.passing.peek().map(|Reverse(way)| way);
        match (self.straight.front(), passing) {
            (Some(straight), Some(passing)) => {
                let is_first = (straight.due, straight.number) < (passing.due, passing.number);
                Some(if is_first { straight } else { passing })
            }
            (straight, passing) => straight.or(passing),
        }
    }
}

/// SplitMix64: enough for made faults, and the same for the same seed everywhere.
#[derive(Debug)]
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Evenly in [0, 1).
    fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are what a float holds")]
        let (value, whole) = ((self.next() >> 11) as f64, (1u64 << 53) as f64);
        value / whole
    }

    /// Draws as often for every frame, so that changing one fault leaves the others where they were.
    fn fate(&mut self, faults: &Faults) -> Fate {
        let is_lost = self.unit() < faults.loss;
        let is_doubled = self.unit() < faults.duplication;
        let is_held_back = self.unit() < faults.reordering;
        let jitter = faults.jitter.mul_f64(2.0 * self.unit());
        let delay = (faults.delay + jitter).saturating_sub(faults.jitter);
        let delay = if is_held_back { delay + faults.reorder_by } else { delay };
        Fate {
            n_copies: if is_lost { 0 } else { 1 + u32::from(is_doubled) },
            delay,
            is_held_back: is_held_back && !is_lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Offers frames a millisecond apart, holding their number, and says what leaves, and when.
    fn pass(faults: Faults, n_frames: u32) -> (Vec<(u32, Duration)>, LineCounters) {
        let mut line = Line::new(faults, 7);
        let mut left = Vec::new();
        for n in 0..n_frames {
            line.offer(MS * n, &n.to_be_bytes());
        }
        while let Some(due) = line.next_due() {
            assert!(line.due(due.saturating_sub(Duration::from_nanos(1))).is_none() || due.is_zero());
            let frame = line.due(due).unwrap().try_into().unwrap();
            left.push((u32::from_be_bytes(frame), due));
            line.advance();
        }
        (left, line.counters())
    }

    #[test]
    fn without_faults_everything_leaves_after_its_delay_in_order() {
        let (left, counters) = pass(Faults { delay: 20 * MS, ..Faults::default() }, 1000);
        assert_eq!(left, (0..1000).map(|n| (n, MS * (n + 20))).collect::<Vec<_>>());
        assert_eq!(counters, LineCounters { n_offered: 1000, ..LineCounters::default() });
    }

    #[test]
    fn faults_come_in_their_share_and_are_counted() {
        let faults = Faults {
            loss: 0.1,
            duplication: 0.05,
            reordering: 0.02,
            reorder_by: 5 * MS,
            ..Faults::default()
        };
        let (left, counters) = pass(faults, 100_000);
        let near = |n: u64, share: f64| (n as f64 - share * 1e5).abs() < 600.0;
        assert!(near(counters.n_lost, 0.1) && near(counters.n_duplicated, 0.045), "{counters:?}");
        assert!(near(counters.n_reordered, 0.018), "{counters:?}");
        let n_left = u64::try_from(left.len()).unwrap();
        assert_eq!(n_left, 100_000 - counters.n_lost + counters.n_duplicated);
        let n_late = left.windows(2).filter(|pair| pair[0].0 > pair[1].0).count();
        assert!(n_late > 1000, "{n_late} frames were passed");
        assert_eq!(pass(faults, 100_000).1, counters, "the same seed, the same faults");
    }

    #[test]
    fn a_full_line_loses_what_comes_on_top() {
        let faults = Faults { delay: MS, capacity_bytes: 10 * (4 + OVERHEAD), ..Faults::default() };
        let (left, counters) = pass(faults, 25);
        assert_eq!((left.len(), counters.n_overflowed), (10, 15));
    }

    proptest! {
        #[test]
        fn frames_leave_by_time_and_memory_is_accounted(
            jitter in 0u32..30, reordering in 0.0..1.0f64, loss in 0.0..1.0f64, n_frames in 0u32..200,
        ) {
            let faults = Faults { delay: 20 * MS, jitter: jitter * MS, reordering, loss, ..Faults::default() };
            let (left, counters) = pass(faults, n_frames);
            prop_assert!(left.windows(2).all(|pair| pair[0].1 <= pair[1].1));
            prop_assert_eq!(u64::try_from(left.len()).unwrap() + counters.n_lost, u64::from(n_frames));
        }
    }
}
