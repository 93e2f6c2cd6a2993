//! Draws how a sweep is getting on: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use scanner::Progress;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::output;

/// Between two plain lines.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Follows a sweep until its sender is gone.
pub fn follow(progress: watch::Receiver<Progress>) -> JoinHandle<()> {
    let terminal = std::io::stderr().is_terminal();
    tokio::spawn(async move { if terminal { draw(progress).await } else { tell(progress).await } })
}

async fn draw(mut progress: watch::Receiver<Progress>) {
    let style = "{bar:30} {percent:>3}%  {msg}";
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template(style).expect("a sound template"));
    while progress.changed().await.is_ok() {
        let look = *progress.borrow_and_update();
        bar.set_length(look.totals.n_probes);
        bar.set_position(look.totals.n_done());
        bar.set_message(words(&look));
    }
    bar.finish_and_clear();
}

async fn tell(mut progress: watch::Receiver<Progress>) {
    let mut due = tokio::time::interval(PLAIN_EVERY);
    due.tick().await;
    loop {
        tokio::select! {
            changed = progress.changed() => if changed.is_err() { return },
            _ = due.tick() => {
                let look = *progress.borrow();
                let totals = look.totals;
                output::note(format!("{} of {} probes  {}", totals.n_done(), totals.n_probes, words(&look)));
            }
        }
    }
}

fn words(look: &Progress) -> String {
    let eta = match look.eta() {
        Some(left) => format!("{} left", HumanDuration(left)),
        None => "time left unknown".to_owned(),
    };
    // A rate is for people: nobody misses the fraction.
    let rate = format!("{:.0}", look.rate);
    let silent = look.totals.n_silent;
    format!(
        "{rate}/s  {} open  {} silent  {} being identified  {eta}",
        HumanCount(look.totals.n_open),
        HumanCount(silent),
        look.n_identifying
    )
}

/// How many things of one kind are done: a bar on a terminal; elsewhere a line now and then.
pub struct Counted {
    bar: Option<ProgressBar>,
    n_all: usize,
    of_what: &'static str,
    told_at: Instant,
}

impl Counted {
    pub fn new(n_all: usize, of_what: &'static str) -> Counted {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(n_all as u64).with_message(of_what);
            let style = "{bar:30} {percent:>3}%  {pos} of {len} {msg}  {eta} left";
            bar.set_style(ProgressStyle::with_template(style).expect("a sound template"));
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        Counted { bar, n_all, of_what, told_at: Instant::now() }
    }

    pub fn done(&mut self, n: usize) {
        match &self.bar {
            Some(bar) => bar.set_position(n as u64),
            None if self.told_at.elapsed() >= PLAIN_EVERY => {
                output::note(format!("{n} of {} {}", self.n_all, self.of_what));
                self.told_at = Instant::now();
            }
            None => {}
        }
    }

    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
