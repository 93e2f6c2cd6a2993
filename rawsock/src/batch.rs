//! Frames on their way out, in slots of fixed length.

/// Frames to be sent, in slots that keep their bytes from use to use: a template is written once, into every slot,
/// and then only patched.
///
/// [`slot`](Batch::slot) gives the next free slot, [`commit`](Batch::commit) adds it to what is to be sent. A wire
/// takes frames from the start; once all are taken, all slots are free again. Never allocates after `new`.
#[derive(Debug, Clone)]
pub struct Batch {
    bytes: Vec<u8>,
    slot_len: usize,
    /// Lengths of the committed frames; as many as slots at most.
    lens: Vec<usize>,
    n_slots: usize,
    /// Frames at the start that have been taken.
    n_taken: usize,
}

impl Batch {
    /// `n_slots` slots of `slot_len` bytes, each beginning with `template` (cut to the slot) and zero behind it.
    #[must_use]
    pub fn new(n_slots: usize, slot_len: usize, template: &[u8]) -> Batch {
        let (n_slots, slot_len) = (n_slots.max(1), slot_len.max(1));
        let mut bytes = vec![0; n_slots * slot_len];
        for slot in bytes.chunks_exact_mut(slot_len) {
            for (to, from) in slot.iter_mut().zip(template) {
                *to = *from;
            }
        }
        Batch { bytes, slot_len, lens: Vec::with_capacity(n_slots), n_slots, n_taken: 0 }
    }

    /// Frames that wait to be sent.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lens.len() - self.n_taken
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no slot is free until frames have been sent.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.lens.len() == self.n_slots
    }

    #[must_use]
    pub fn n_slots(&self) -> usize {
        self.n_slots
    }

    /// Forgets the frames that wait. The bytes in the slots stay.
    pub fn clear(&mut self) {
        self.lens.clear();
        self.n_taken = 0;
    }

    /// The next free slot, whole: what was written into it at its last use is still there.
    #[inline]
    pub fn slot(&mut self) -> Option<&mut [u8]> {
        if self.is_full() {
            return None;
        }
        let start = self.lens.len() * self.slot_len;
        self.bytes.get_mut(start..start + self.slot_len)
    }

    /// Adds the slot last given, cut to its first `frame_len` bytes, to what is to be sent. A longer length than
    /// the slot's counts as the whole slot. Does nothing if no slot was free.
    #[inline]
    pub fn commit(&mut self, frame_len: usize) {
        if !self.is_full() {
            self.lens.push(frame_len.min(self.slot_len));
        }
    }

    /// The frames that wait, in order.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let slots = self.bytes.chunks_exact(self.slot_len).zip(&self.lens).skip(self.n_taken);
        slots.map(|(slot, len)| slot.get(..*len).unwrap_or(slot))
    }

    /// Becomes a copy of what waits in another batch.
    pub(crate) fn copy_from(&mut self, other: &Batch) {
        self.slot_len = other.slot_len;
        self.n_slots = other.n_slots;
        self.n_taken = 0;
        self.lens.clear();
        self.lens.extend(other.lens.iter().skip(other.n_taken));
        self.bytes.resize(other.bytes.len(), 0);
        let from = other.bytes.chunks_exact(other.slot_len).skip(other.n_taken).take(self.lens.len());
        for (to, from) in self.bytes.chunks_exact_mut(other.slot_len).zip(from) {
            to.copy_from_slice(from);
        }
    }

    /// Takes `n` frames off the start. For those who implement [`Wire`](crate::Wire).
    pub fn take(&mut self, n: usize) {
        self.n_taken += n.min(self.len());
        if self.n_taken == self.lens.len() {
            self.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(batch: &Batch) -> Vec<Vec<u8>> {
        batch.frames().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn slots_keep_their_bytes_and_frames_leave_from_the_start() {
        let mut batch = Batch::new(3, 4, &[1, 2, 3, 4, 5]);
        for n in 0..3 {
            let slot = batch.slot().unwrap();
            assert_eq!(slot, [1, 2, 3, 4]);
            slot[0] = 10 + n;
            batch.commit(2);
        }
        assert!(batch.slot().is_none() && batch.is_full());
        batch.commit(4);
        assert_eq!(sent(&batch), [[10, 2], [11, 2], [12, 2]]);
        batch.take(2);
        assert_eq!((batch.len(), sent(&batch)), (1, vec![vec![12, 2]]));
        assert!(batch.is_full(), "slots are free again only when all are gone");
        batch.take(7);
        assert!(batch.is_empty() && !batch.is_full());
        assert_eq!(batch.slot().unwrap(), [10, 2, 3, 4]);
        batch.commit(9);
        assert_eq!(sent(&batch), [[10, 2, 3, 4]]);
        batch.clear();
        assert!(batch.is_empty());
    }

    #[test]
    fn a_copy_holds_what_still_waits() {
        let mut batch = Batch::new(3, 4, &[1, 2, 3, 4]);
        for n in 0..3 {
            batch.slot().unwrap()[0] = n;
            batch.commit(3);
        }
        batch.take(1);
        let mut copy = Batch::new(1, 1, &[]);
        copy.copy_from(&batch);
        assert_eq!(sent(&copy), [[1, 2, 3], [2, 2, 3]]);
        assert_eq!(copy.n_slots(), 3);
    }
}
