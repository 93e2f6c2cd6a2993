//! Carries frames from one interface to another through a faulty line. One thread a direction, since a relay that
//! can't keep up makes loss that nobody asked for; what it loses itself is counted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rawsock::{Batch, Interface, RawError, TapReceiver, TapSender};

use crate::line::{Faults, Line, LineCounters};

/// Longest frame, with the header that tells of unfinished checksums; the kernel joins segments up to this.
const SLOT_LEN: usize = 66_000;
const N_SLOTS: usize = 128;
/// How often it looks whether it should end.
const LOOK: Duration = Duration::from_millis(20);

/// One direction, when it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Direction {
    pub from: String,
    pub to: String,
    pub line: LineCounters,
    pub n_sent: u64,
    /// Frames that the relay lost because it was too slow: the ring was full.
    pub n_missed: u64,
    /// Frames that the outgoing interface wouldn't take, such as one longer than its MTU.
    pub n_refused: u64,
}

/// What ends a relay early.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    #[error("the relay from {from} to {to} stopped")]
    Stopped { from: String, to: String, source: RawError },
}

/// Carries frames between both interfaces until `end` is set; both directions have the same faults, and their chances
/// come from the seed. Calls `ready` once it forwards.
///
/// # Errors
///
/// An interface that can't be opened, goes down or fails.
pub fn run(
    [a, b]: [&Interface; 2],
    faults: Faults,
    seed: u64,
    ready: impl FnOnce(),
    end: &AtomicBool,
) -> Result<[Direction; 2], RelayError> {
    let there = Carrier::open(a, b, faults, seed).map_err(|error| stopped(a, b, error))?;
    let back = Carrier::open(b, a, faults, !seed).map_err(|error| stopped(b, a, error))?;
    ready();
    std::thread::scope(|scope| {
        let there = scope.spawn(|| there.run(end));
        let back = back.run(end);
        // Neither direction goes on alone.
        let there = there.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok([there.map_err(|error| stopped(a, b, error))?, back.map_err(|error| stopped(b, a, error))?])
    })
}

fn stopped(from: &Interface, to: &Interface, source: RawError) -> RelayError {
    RelayError::Stopped { from: from.name.clone(), to: to.name.clone(), source }
}

struct Carrier {
    input: TapReceiver,
    output: TapSender,
    line: Line,
    batch: Batch,
    names: [String; 2],
    start: Instant,
}

impl Carrier {
    fn open(from: &Interface, to: &Interface, faults: Faults, seed: u64) -> Result<Carrier, RawError> {
        Ok(Carrier {
            input: TapReceiver::open(from, 32 << 20)?,
            output: TapSender::open(to)?,
            line: Line::new(faults, seed),
            batch: Batch::new(N_SLOTS, SLOT_LEN, &[]),
            names: [from.name.clone(), to.name.clone()],
            start: Instant::now(),
        })
    }

    /// Until `end`, which it sets itself if it fails.
    fn run(mut self, end: &AtomicBool) -> Result<Direction, RawError> {
        let carried = self.carry(end);
        end.store(true, Ordering::SeqCst);
        carried?;
        let [from, to] = self.names;
        Ok(Direction {
            from,
            to,
            line: self.line.counters(),
            n_sent: self.output.n_sent(),
            n_missed: self.input.n_dropped(),
            n_refused: self.output.n_refused(),
        })
    }

    fn carry(&mut self, end: &AtomicBool) -> Result<(), RawError> {
        while !end.load(Ordering::SeqCst) {
            let now = self.start.elapsed();
            let line = &mut self.line;
            self.input.receive(|frame| line.offer(now.saturating_sub(frame.age), frame.bytes))?;
            let is_stuck = self.send_due()?;
            // Nothing to do until the next frame is due; a full interface is asked again soon.
            let until_due = self.line.next_due().map(|due| due.saturating_sub(self.start.elapsed()));
            let pause =
                if is_stuck { Duration::from_micros(50) } else { until_due.unwrap_or(LOOK).min(LOOK) };
            if !pause.is_zero() {
                self.input.wait(pause)?;
            }
        }
        Ok(())
    }

    /// Sends what is due; says whether the interface has no room for it.
    fn send_due(&mut self) -> Result<bool, RawError> {
        let now = self.start.elapsed();
        loop {
            while let Some(frame) = self.line.due(now) {
                let Some(slot) = self.batch.slot() else { break };
                if let Some(slot) = slot.get_mut(..frame.len()) {
                    slot.copy_from_slice(frame);
                    self.batch.commit(frame.len());
                }
                self.line.advance();
            }
            if self.batch.is_empty() {
                return Ok(false);
            }
            match self.output.send(&mut self.batch) {
                Ok(_) if !self.batch.is_empty() => return Ok(true),
                // The frame is off the batch and counted; the others go on.
                Ok(_) | Err(RawError::FrameRefused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
}
