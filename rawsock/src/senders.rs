//! Sending on threads of their own: where a run asks faster than one core gets frames out, the kernel's work on them
//! is done beside that of whoever makes them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::batch::Batch;
use crate::error::RawError;
use crate::transmit::Transmitter;

/// Batches for each thread, so that neither side waits for the other to be woken.
const BATCHES_EACH: usize = 8;
/// Until frames are offered again for which there was no room.
const FULL: Duration = Duration::from_micros(50);
/// And while the interface is down.
const DOWN: Duration = Duration::from_millis(5);

/// Threads that send what they are given.
#[derive(Debug)]
pub struct Senders {
    /// `None` once it ends.
    full: Option<SyncSender<Batch>>,
    empty: Receiver<Batch>,
    spare: Vec<Batch>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    interface: String,
}

/// What the threads tell.
#[derive(Debug, Default)]
struct Shared {
    is_down: AtomicBool,
    is_ending: AtomicBool,
    n_sent: AtomicU64,
    n_retried: AtomicU64,
    n_refused: AtomicU64,
}

impl Senders {
    /// One thread for each transmitter.
    pub fn start(interface: String, transmitters: Vec<Transmitter>) -> Result<Senders, RawError> {
        let n_batches = transmitters.len() * BATCHES_EACH;
        let (full, taken) = mpsc::sync_channel::<Batch>(n_batches);
        let (done, empty) = mpsc::channel();
        let taken = Arc::new(Mutex::new(taken));
        let shared = Arc::new(Shared::default());
        let mut threads = Vec::new();
        for transmitter in transmitters {
            let (taken, done, shared) = (Arc::clone(&taken), done.clone(), Arc::clone(&shared));
            let thread = thread::Builder::new().name("raw-send".to_owned());
            let thread = thread.spawn(move || shared.work(transmitter, &taken, &done));
            threads.push(thread.map_err(|source| RawError::of("starting a thread to send", source))?);
        }
        let spare = vec![Batch::new(1, 1, &[]); n_batches];
        Ok(Senders { full: Some(full), empty, spare, shared, threads, interface })
    }

    /// See [`Wire::send`](crate::Wire::send): the threads take a batch whole, or none of it.
    pub fn send(&mut self, batch: &mut Batch) -> Result<usize, RawError> {
        if self.shared.is_down.load(Ordering::Relaxed) {
            return Err(RawError::InterfaceDown { name: self.interface.clone() });
        }
        self.spare.extend(self.empty.try_iter());
        let (Some(full), Some(mut copy)) = (&self.full, self.spare.pop()) else { return Ok(0) };
        copy.copy_from(batch);
        let n = copy.len();
        match full.try_send(copy) {
            Ok(()) => {
                batch.take(n);
                Ok(n)
            }
            // As many fit as there are batches; only threads that ended leave none.
            Err(_) => Err(RawError::InterfaceDown { name: self.interface.clone() }),
        }
    }

    /// Frames sent, times that there was no room, frames refused.
    pub fn counts(&self) -> [u64; 3] {
        let Shared { n_sent, n_retried, n_refused, .. } = &*self.shared;
        [n_sent, n_retried, n_refused].map(|n| n.load(Ordering::Relaxed))
    }
}

impl Drop for Senders {
    /// What was taken is sent, unless the interface is down.
    fn drop(&mut self) {
        self.shared.is_ending.store(true, Ordering::Relaxed);
        self.full = None;
        for thread in self.threads.drain(..) {
            // One that panicked has said so.
            let _ended = thread.join();
        }
    }
}

impl Shared {
    fn work(&self, mut transmitter: Transmitter, taken: &Mutex<Receiver<Batch>>, done: &Sender<Batch>) {
        loop {
            let next = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(mut batch) = next else { return };
            self.send(&mut transmitter, &mut batch);
            if done.send(batch).is_err() {
                return;
            }
        }
    }

    fn send(&self, transmitter: &mut Transmitter, batch: &mut Batch) {
        let before = [transmitter.n_sent, transmitter.n_retried, transmitter.n_refused];
        while !batch.is_empty() {
            match transmitter.send(batch) {
                Ok(0) => thread::sleep(FULL),
                // Counted, and off the batch.
                Ok(_) | Err(RawError::FrameRefused { .. } | RawError::BadFrame { .. }) => {
                    self.is_down.store(false, Ordering::Relaxed);
                }
                Err(_) if self.is_ending.load(Ordering::Relaxed) => batch.clear(),
                Err(_) => {
                    self.is_down.store(true, Ordering::Relaxed);
                    thread::sleep(DOWN);
                }
            }
        }
        let after = [transmitter.n_sent, transmitter.n_retried, transmitter.n_refused];
        let counts = [&self.n_sent, &self.n_retried, &self.n_refused];
        for ((count, after), before) in counts.into_iter().zip(after).zip(before) {
            count.fetch_add(after - before, Ordering::Relaxed);
        }
    }
}
