//! Round trips: how long answers take, and so how long to wait before a question counts as unanswered.

use std::time::Duration;

use super::clock::Tick;

/// Questions whose time of sending is remembered; an older one in the same place is forgotten.
const REMEMBERED: usize = 1 << 14;
/// Before any answer.
const UNKNOWN: Duration = Duration::from_millis(1_000);
/// Shorter waits would ask again into the same burst of loss, and take a busy moment for silence.
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3);

/// Smoothed over all answers of a run, after RFC 6298 section 2.
#[derive(Debug)]
pub(crate) struct RoundTrips {
    sent: Vec<(u64, u8, Tick)>,
    /// Both in microseconds.
    smoothed: f64,
    variation: f64,
    is_known: bool,
}

impl RoundTrips {
    pub(crate) fn new() -> RoundTrips {
        let never = (u64::MAX, 0, Tick::default());
        RoundTrips { sent: vec![never; REMEMBERED], smoothed: 0.0, variation: 0.0, is_known: false }
    }

    pub(crate) fn sent(&mut self, index: u64, nth: u8, at: Tick) {
        if let Some(place) = self.sent.get_mut(index as usize % REMEMBERED) {
            *place = (index, nth, at);
        }
    }

    /// How long an answer took, if the moment of its question is still known.
    pub(crate) fn answered(&mut self, index: u64, nth: u8, now: Tick) -> Option<Duration> {
        let &(sent, asked, at) = self.sent.get(index as usize % REMEMBERED)?;
        if (sent, asked) != (index, nth) {
            return None;
        }
        let rtt = now.since(at);
        let micros = rtt.as_secs_f64() * 1e6;
        if self.is_known {
            self.variation += ((micros - self.smoothed).abs() - self.variation) / 4.0;
            self.smoothed += (micros - self.smoothed) / 8.0;
        } else {
            (self.smoothed, self.variation, self.is_known) = (micros, micros / 2.0, true);
        }
        Some(rtt)
    }

    /// How long nearly every answer takes at most; `None` before any came.
    pub(crate) fn usual(&self) -> Option<Duration> {
        self.is_known.then(|| Duration::from_secs_f64((self.smoothed + 4.0 * self.variation) / 1e6))
    }

    /// How long to wait for an answer.
    pub(crate) fn wait(&self) -> Duration {
        self.usual().map_or(UNKNOWN, |usual| usual.mul_f64(1.5).clamp(SHORTEST, LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_as_long_as_answers_take_and_more() {
        let mut rtts = RoundTrips::new();
        assert_eq!(rtts.wait(), UNKNOWN);
        for index in 0..100 {
            rtts.sent(index, 0, Tick(index * 1000));
            assert_eq!(
                rtts.answered(index, 0, Tick(index * 1000 + 400_000)),
                Some(Duration::from_millis(400))
            );
        }
        assert!(
            (Duration::from_millis(600)..Duration::from_millis(700)).contains(&rtts.wait()),
            "{:?}",
            rtts.wait()
        );
        assert_eq!(rtts.answered(99, 1, Tick(9_000_000)), None, "another question");
        assert_eq!(rtts.answered(7_000_000, 0, Tick(9_000_000)), None, "never sent");
        let mut quick = RoundTrips::new();
        quick.sent(1, 0, Tick(0));
        quick.answered(1, 0, Tick(50));
        assert_eq!(quick.wait(), SHORTEST);
    }
}
