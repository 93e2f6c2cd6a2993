//! How many answers get lost, and how often a silent port must therefore be asked.
//!
//! A port that answers on the n-th question lost n−1; a known-answering port that is asked again (a canary) was
//! lost or wasn't. Both say how likely one question and its answer are to get through.

/// Questions to ports that are known to answer, and how many of them stayed without an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) n_asked: u32,
    pub(crate) n_lost: u32,
}

/// The most questions to one port, whatever is lost.
pub(crate) const MOST_ASKS: u8 = 8;

/// Weight of what is known of a wider part of the network, in questions, against what a host or net has shown.
const WIDER_WEIGHT: f64 = 50.0;

impl Sample {
    /// A port answered its `nth` question, from 0.
    pub(crate) fn answered(&mut self, nth: u8) {
        self.n_asked = self.n_asked.saturating_add(u32::from(nth) + 1);
        self.n_lost = self.n_lost.saturating_add(u32::from(nth));
    }

    /// A canary was asked again, and answered or not.
    pub(crate) fn canary(&mut self, was_lost: bool) {
        self.n_asked = self.n_asked.saturating_add(1);
        self.n_lost = self.n_lost.saturating_add(u32::from(was_lost));
    }

    /// The part of questions that got lost, as measured; `None` before anything was.
    pub(crate) fn rate(&self) -> Option<f64> {
        (self.n_asked > 0).then(|| f64::from(self.n_lost) / f64::from(self.n_asked))
    }

    /// Loss of a whole run that is believed with 95 % confidence not to be exceeded. Before anything was measured
    /// it is a little over one percent, so that nothing rests on one question or two.
    pub(crate) fn upper(&self) -> f64 {
        let lost = f64::from(self.n_lost);
        // Upper limit of a Poisson count, to within a few percent of the exact one.
        let at_most = lost + 1.645 * (lost + 0.5).sqrt() + 1.8;
        (at_most / (f64::from(self.n_asked) + 246.0)).min(0.9)
    }

    /// Loss of a part, leaning on what is known of the `wider` whole: no less than what the part itself has shown,
    /// and however much it was asked without a loss, no less than could have gone unnoticed.
    pub(crate) fn within(&self, wider: f64) -> f64 {
        let (lost, asked) = (f64::from(self.n_lost), f64::from(self.n_asked));
        let shown = (lost + WIDER_WEIGHT * wider) / (asked + WIDER_WEIGHT);
        // Three losses are what a part may have and, one time in twenty, show none of.
        let unnoticed = 3.0 / (asked + 3.0 / wider.max(1e-9));
        shown.max(unnoticed)
    }
}

/// How often a port must be asked in all so that an open one is seen with `confidence`, at a `loss` a question.
pub(crate) fn asks_needed(loss: f64, confidence: f64) -> u8 {
    let allowed = (1.0 - confidence).max(1e-12);
    let mut missed = 1.0;
    for n in 1..=MOST_ASKS {
        missed *= loss;
        if missed <= allowed {
            return n;
        }
    }
    MOST_ASKS
}

/// How sure it is that an open port was seen that was asked `n` times.
pub(crate) fn confidence(loss: f64, n: u8) -> f64 {
    1.0 - loss.powi(i32::from(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(n_asked: u32, n_lost: u32, expected: u8) {
        let sample = Sample { n_asked, n_lost };
        assert_eq!(asks_needed(sample.upper(), 0.9999), expected, "{sample:?}, at most {}", sample.upper());
    }

    #[test]
    fn asks_as_often_as_the_measured_loss_demands() {
        check(0, 0, 3);
        check(60, 0, 2);
        check(1_000, 0, 2);
        check(100_000, 0, 1);
        check(10_000, 90, 3);
        check(10_000, 200, 3);
        check(10_000, 2_000, 6);
        check(10_000, 9_000, MOST_ASKS);
    }

    #[test]
    fn a_host_that_loses_more_than_the_rest_is_asked_more_often() {
        let host = Sample { n_asked: 40, n_lost: 12 };
        assert!(host.within(0.001) > 0.12);
        assert_eq!(asks_needed(Sample::default().within(0.001), 0.9999), 2);
        assert_eq!(asks_needed(host.within(0.001), 0.9999), 5);
        let quiet = Sample { n_asked: 65_535, n_lost: 0 };
        assert!((2e-5..1e-4).contains(&quiet.within(4.5e-5)), "silence about losses isn't proof of none");
    }

    #[test]
    fn an_answer_counts_the_questions_lost_before_it() {
        let mut sample = Sample::default();
        sample.answered(2);
        sample.canary(true);
        sample.canary(false);
        assert_eq!(sample, Sample { n_asked: 5, n_lost: 3 });
    }

    #[test]
    fn confidence_grows_with_each_question() {
        assert!((confidence(0.02, 1) - 0.98).abs() < 1e-12);
        assert!(confidence(0.02, 3) > 0.99999);
        assert_eq!(confidence(0.0, 1), 1.0);
    }
}
