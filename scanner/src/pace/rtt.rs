//! How long to wait for a host's answer, after RFC 6298 section 2.

use std::time::Duration;

/// Shorter waits would take a host's busy moment for silence.
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3);
/// Before any answer. The kernel sends a lost SYN again after one second; what is above that is left for
/// the answer to the second one.
const UNKNOWN: Duration = Duration::from_millis(1_200);
/// The second question waits longer, so that a slow answer isn't taken for silence twice.
const PATIENCE: u32 = 3;

/// Smoothed round-trip time of one host, in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rtt {
    smoothed: u32,
    variation: u32,
}

impl Rtt {
    pub(crate) fn add(&mut self, sample: Duration) {
        let sample = u32::try_from(sample.as_micros()).unwrap_or(u32::MAX / 8).clamp(1, u32::MAX / 8);
        if self.smoothed == 0 {
            *self = Rtt { smoothed: sample, variation: sample / 2 };
        } else {
            self.variation = self.variation - self.variation / 4 + self.smoothed.abs_diff(sample) / 4;
            self.smoothed = (self.smoothed - self.smoothed / 8 + sample / 8).max(1);
        }
    }

    /// How long the `attempt`-th question, from 0, waits for its answer.
    pub(crate) fn time_out(&self, attempt: u8) -> Duration {
        if self.smoothed == 0 {
            return UNKNOWN;
        }
        let micros = u64::from(self.smoothed) + 4 * u64::from(self.variation);
        let first = Duration::from_micros(micros).clamp(SHORTEST, LONGEST);
        if attempt == 0 { first } else { (first * PATIENCE).min(LONGEST) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(samples_ms: &[u64], attempt: u8, expected_ms: std::ops::RangeInclusive<u128>) {
        let mut rtt = Rtt::default();
        samples_ms.iter().for_each(|&ms| rtt.add(Duration::from_millis(ms)));
        let got = rtt.time_out(attempt).as_millis();
        assert!(expected_ms.contains(&got), "{got} ms after {samples_ms:?}");
    }

    #[test]
    fn waits_as_long_as_the_host_has_needed_and_more() {
        check(&[], 0, 1200..=1200);
        check(&[], 1, 1200..=1200);
        check(&[0], 0, 100..=100);
        check(&[0], 1, 300..=300);
        check(&[80], 0, 239..=241);
        check(&[80; 40], 0, 100..=101);
        check(&[200; 60], 0, 200..=210);
        check(&[200, 10, 200, 10, 200, 10], 0, 300..=600);
        check(&[60_000], 0, 3000..=3000);
    }
}
