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
/// What a run is believed to lose before anything was measured: one question of a hundred.
const BEFORE: Belief = Belief { lost: 1.0, asked: 100.0 };

impl Sample {
    /// A port answered its `nth` question, from 0.
    pub(crate) fn answered(&mut self, nth: u8) {
        self.n_asked = self.n_asked.saturating_add(u32::from(nth) + 1);
        self.n_lost = self.n_lost.saturating_add(u32::from(nth));
    }

    /// A canary was asked, and answered or not.
    pub(crate) fn canary(&mut self, was_lost: bool) {
        self.n_asked = self.n_asked.saturating_add(1);
        self.n_lost = self.n_lost.saturating_add(u32::from(was_lost));
    }

    /// What was counted as lost came after all.
    pub(crate) fn found(&mut self) {
        self.n_lost = self.n_lost.saturating_sub(1);
    }

    /// The part of questions that got lost, as measured; `None` before anything was.
    pub(crate) fn rate(&self) -> Option<f64> {
        (self.n_asked > 0).then(|| f64::from(self.n_lost) / f64::from(self.n_asked))
    }

    /// Loss of a whole run that is believed with 95 % confidence not to be exceeded.
    pub(crate) fn upper(&self) -> f64 {
        let lost = f64::from(self.n_lost);
        // Upper limit of a Poisson count, to within a few percent of the exact one.
        let at_most = lost + 1.645 * (lost + 0.5).sqrt() + 1.8;
        (at_most / (f64::from(self.n_asked) + 246.0)).min(0.9)
    }
}

/// What is believed of the part that gets lost: a beta distribution, as if so many of so many questions had been.
///
/// It is known the better the more was asked, and so the chance that several questions in a row get lost is more than
/// the power of the mean: a part of the network may be worse than all that is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Belief {
    lost: f64,
    asked: f64,
}

impl Belief {
    pub(crate) fn of_run(sample: Sample) -> Belief {
        BEFORE.with(sample)
    }

    /// What is believed of a part of what this is about, that has shown so much itself.
    pub(crate) fn within(self, part: Sample) -> Belief {
        Belief { lost: self.mean() * WIDER_WEIGHT, asked: WIDER_WEIGHT }.with(part)
    }

    fn with(self, sample: Sample) -> Belief {
        Belief { lost: self.lost + f64::from(sample.n_lost), asked: self.asked + f64::from(sample.n_asked) }
    }

    /// The part that gets lost.
    pub(crate) fn mean(self) -> f64 {
        self.lost / self.asked
    }

    /// How likely it is that `n` questions to one port all get lost.
    pub(crate) fn all_lost(self, n: u8) -> f64 {
        (0..n).map(f64::from).map(|nth| (self.lost + nth) / (self.asked + nth)).product()
    }

    /// How often a port must be asked in all so that an open one is seen with `confidence`.
    pub(crate) fn asks_needed(self, confidence: f64) -> u8 {
        // Rounding must not cost a question.
        let allowed = (1.0 - confidence).max(1e-12) * (1.0 + 1e-9);
        (1..MOST_ASKS).find(|&n| self.all_lost(n) <= allowed).unwrap_or(MOST_ASKS)
    }
}

/// Whether a measurement more could show that nothing needs to be asked twice.
pub(crate) fn may_be_perfect(sample: Sample, confidence: f64) -> bool {
    // Behind the first loss it takes twice as many measurements without another, and so on.
    sample.n_lost == 0 && Belief::of_run(sample).asks_needed(confidence) > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(n_asked: u32, n_lost: u32, expected: u8) {
        let belief = Belief::of_run(Sample { n_asked, n_lost }).within(Sample::default());
        assert_eq!(belief.asks_needed(0.9999), expected, "{n_lost} of {n_asked} lost: {belief:?}");
    }

    #[test]
    fn asks_as_often_as_the_measured_loss_demands() {
        check(0, 0, 3);
        check(60, 0, 3);
        check(1_000, 0, 2);
        check(9_800, 0, 2);
        check(9_900, 0, 1);
        check(10_000, 1, 2);
        check(10_000, 200, 3);
        check(10_000, 2_000, 7);
        check(10_000, 9_000, MOST_ASKS);
    }

    #[test]
    fn a_host_that_loses_more_than_the_rest_is_asked_more_often() {
        let run = Belief::of_run(Sample { n_asked: 30_000, n_lost: 30 });
        let host = run.within(Sample { n_asked: 40, n_lost: 12 });
        assert!(host.mean() > 0.12, "{host:?}");
        assert_eq!((run.within(Sample::default()).asks_needed(0.9999), host.asks_needed(0.9999)), (2, 5));
        let quiet = run.within(Sample { n_asked: 65_535, n_lost: 0 });
        assert_eq!(quiet.asks_needed(0.9999), 1, "{quiet:?}");
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
    fn several_questions_are_lost_less_often_than_one_and_more_often_than_a_known_loss_says() {
        let belief = Belief::of_run(Sample { n_asked: 10_000, n_lost: 200 }).within(Sample::default());
        assert!((belief.all_lost(1) - 0.02).abs() < 1e-3);
        assert!(belief.all_lost(2) > 0.02 * 0.02 && belief.all_lost(2) < 0.02 / 10.0);
        assert!(1.0 - belief.all_lost(3) > 0.9999);
        assert_eq!(belief.all_lost(0), 1.0);
    }

    #[test]
    fn it_is_known_soon_enough_whether_anything_gets_lost() {
        assert!(may_be_perfect(Sample { n_asked: 9_000, n_lost: 0 }, 0.9999));
        assert!(!may_be_perfect(Sample { n_asked: 10_000, n_lost: 0 }, 0.9999), "it is");
        assert!(!may_be_perfect(Sample { n_asked: 10, n_lost: 1 }, 0.9999), "it isn't");
    }
}
