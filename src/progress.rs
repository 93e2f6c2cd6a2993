//! Draws how a sweep is getting on: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use scanner::Progress;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::output;

/// Between two plain lines.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// A bar over things of one kind, drawn on a terminal only.
pub fn bar(n: u64, of_what: &'static str) -> ProgressBar {
    let style = "{bar:30} {pos}/{len} {msg}  {eta} left";
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(n) } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template(style).expect("a sound template"));
    bar.with_message(of_what)
}

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

/// How many servers are done: a bar on a terminal; elsewhere a line now and then, if there are many.
pub struct Servers {
    bar: Option<ProgressBar>,
    n_all: usize,
}

/// Between two plain lines about servers.
const PLAIN_STEP: usize = 100;

impl Servers {
    pub fn new(n_all: usize) -> Servers {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(n_all as u64);
            let style = "{bar:30} {percent:>3}%  {pos} of {len} servers  {eta} left";
            bar.set_style(ProgressStyle::with_template(style).expect("a sound template"));
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        Servers { bar, n_all }
    }

    pub fn done(&self, n: usize) {
        match &self.bar {
            Some(bar) => bar.set_position(n as u64),
            None if n.is_multiple_of(PLAIN_STEP) => output::note(format!("{n} of {} servers", self.n_all)),
            None => {}
        }
    }

    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
