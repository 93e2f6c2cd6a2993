//! A request to stop, seen by everything that works on a run.

use tokio::sync::watch;

/// Asks a run to stop. Clones ask the same run.
#[derive(Debug, Clone)]
pub struct Cancel(watch::Sender<bool>);

impl Cancel {
    pub fn new() -> Cancel {
        Cancel(watch::Sender::new(false))
    }

    /// Stops dispensing; what is in flight ends or is dropped within two seconds.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once [`Cancel::cancel`] was called.
    pub async fn cancelled(&self) {
        // The sender is alive as long as self is, so that this can't fail.
        drop(self.0.subscribe().wait_for(|&cancelled| cancelled).await);
    }
}

impl Default for Cancel {
    fn default() -> Self {
        Cancel::new()
    }
}
