//! The questions under way: a window that slides over the indices of a run, a few bytes a question.
//!
//! Indices enter in chunks, in order. A chunk is visited again and again, each time after a wait, until nothing
//! in it needs another question; then it is retired and its place is free. So what is remembered depends on how
//! fast and how patiently a run asks, and never on how large it is.

use std::collections::VecDeque;

use super::clock::Tick;

/// Indices of one chunk at most.
pub(crate) const CHUNK: u32 = 256;
/// Questions under way at most; two bytes each.
const CAPACITY: usize = 1 << 21;

/// One chunk in so many is a witness.
const WITNESSES: u64 = 32;

/// Number of a chunk, counted from 0 in the order of entering.
pub(crate) type ChunkNo = u64;

/// What is known of one index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slot(u16);

impl Slot {
    /// The code of its answer and one, as [`Settled`](crate::run::Settled) has it.
    const ANSWER: u16 = 0b111_1111;
    const ASKS_AT: u32 = 7;
    const ASKS: u16 = 0b1111 << Self::ASKS_AT;
    const DEFERRED: u16 = 1 << 11;
    const ANSWERED_AT: u32 = 12;

    /// The code of its answer.
    pub(crate) fn answer(self) -> Option<u8> {
        (self.0 & Self::ANSWER).checked_sub(1).and_then(|code| u8::try_from(code).ok())
    }

    /// Questions sent.
    pub(crate) fn n_asks(self) -> u8 {
        ((self.0 & Self::ASKS) >> Self::ASKS_AT) as u8
    }

    pub(crate) fn is_deferred(self) -> bool {
        self.0 & Self::DEFERRED != 0
    }

    /// Which question was answered, from 0; 0 too where none was.
    pub(crate) fn answered_nth(self) -> u8 {
        (self.0 >> Self::ANSWERED_AT) as u8
    }

    fn set_answer(&mut self, code: u8, nth: u8) {
        let kept = self.0 & !Self::ANSWER & ((1 << Self::ANSWERED_AT) - 1);
        let nth = u16::from(nth.min(0b1111)) << Self::ANSWERED_AT;
        self.0 = kept | ((u16::from(code) + 1) & Self::ANSWER) | nth;
    }

    fn count_ask(&mut self) {
        let n = u16::from(self.n_asks()).saturating_add(1).min(0b1111);
        self.0 = (self.0 & !Self::ASKS) | (n << Self::ASKS_AT);
    }
}

/// Consecutive indices that are visited together.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) first: u64,
    pub(crate) len: u32,
    base: u64,
    pub(crate) n_unanswered: u32,
    pub(crate) n_deferred: u32,
    /// Visits made or begun.
    pub(crate) n_visits: u8,
    /// Where the visit under way stands; `len` behind its end.
    pub(crate) next: u32,
    /// Questions that the visit under way has sent or deferred.
    pub(crate) n_asked: u32,
    pub(crate) last_sent: Tick,
    /// Whether its answers can be counted as measurements of loss.
    pub(crate) is_measurable: bool,
    /// Whether its silent ports are asked twice whatever is known, so that a loss that begins later shows.
    pub(crate) is_witness: bool,
    is_retired: bool,
}

/// A chunk whose answers are to be counted.
#[derive(Debug)]
pub(crate) struct Measurable {
    pub(crate) first: u64,
    pub(crate) is_witness: bool,
    pub(crate) slots: Vec<Slot>,
}

impl Chunk {
    /// Whether nothing of it is outstanding.
    pub(crate) fn is_settled(&self) -> bool {
        self.next == self.len && self.n_unanswered == 0 && self.n_deferred == 0
    }
}

/// The window.
#[derive(Debug)]
pub(crate) struct Window {
    slots: Vec<Slot>,
    chunks: VecDeque<Chunk>,
    /// Number of the chunk at the front.
    front: ChunkNo,
    /// Chunks whose answers have been counted.
    n_measured: ChunkNo,
    /// Slots used since the beginning.
    n_used: u64,
}

impl Window {
    /// A window for a run of so many indices.
    pub(crate) fn new(n_indices: u64) -> Window {
        let wanted = usize::try_from(n_indices).unwrap_or(CAPACITY).next_power_of_two();
        let capacity = wanted.clamp(CHUNK as usize, CAPACITY);
        Window {
            slots: vec![Slot::default(); capacity],
            chunks: VecDeque::new(),
            front: 0,
            n_measured: 0,
            n_used: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Indices in the window.
    pub(crate) fn n_held(&self) -> u64 {
        self.chunks.front().map_or(0, |front| self.n_used - front.base)
    }

    /// Whether a chunk may enter.
    pub(crate) fn has_room(&self) -> bool {
        self.n_held() + u64::from(CHUNK) <= self.slots.len() as u64
    }

    /// Lets indices enter: at most [`CHUNK`], behind all that entered before, and only if there
    /// [is room](Window::has_room).
    pub(crate) fn enter(&mut self, first: u64, len: u32) -> ChunkNo {
        debug_assert!(len > 0 && len <= CHUNK && self.has_room());
        let (base, no) = (self.n_used, self.front + self.chunks.len() as u64);
        for offset in 0..u64::from(len) {
            *self.slot_mut(base + offset) = Slot::default();
        }
        self.n_used += u64::from(len);
        self.chunks.push_back(Chunk {
            first,
            len,
            base,
            n_unanswered: len,
            n_deferred: 0,
            n_visits: 1,
            next: 0,
            n_asked: 0,
            last_sent: Tick::default(),
            is_measurable: false,
            is_witness: no.is_multiple_of(WITNESSES),
            is_retired: false,
        });
        no
    }

    pub(crate) fn chunk(&mut self, no: ChunkNo) -> Option<&mut Chunk> {
        let at = no.checked_sub(self.front).and_then(|at| usize::try_from(at).ok())?;
        self.chunks.get_mut(at).filter(|chunk| !chunk.is_retired)
    }

    /// The chunk that holds an index, and the index's place in it.
    pub(crate) fn find(&self, index: u64) -> Option<(ChunkNo, u32)> {
        let behind = self.chunks.partition_point(|chunk| chunk.first <= index);
        let at = behind.checked_sub(1)?;
        let chunk = self.chunks.get(at).filter(|chunk| !chunk.is_retired)?;
        let offset = u32::try_from(index - chunk.first).ok().filter(|&offset| offset < chunk.len)?;
        Some((self.front + at as u64, offset))
    }

    pub(crate) fn slot(&mut self, no: ChunkNo, offset: u32) -> Slot {
        self.base_of(no).map_or(Slot::default(), |base| *self.slot_mut(base + u64::from(offset)))
    }

    /// Writes the answer to the `nth` question down. An open port stays open, and a refusal isn't undone by an
    /// error from the way.
    pub(crate) fn answer(&mut self, no: ChunkNo, offset: u32, code: u8, nth: u8) {
        let Some(base) = self.base_of(no) else { return };
        let slot = self.slot_mut(base + u64::from(offset));
        let was_unanswered = slot.answer().is_none();
        if slot.answer().is_none_or(|before| code < before) {
            slot.set_answer(code, nth);
        }
        if was_unanswered && let Some(chunk) = self.chunk(no) {
            chunk.n_unanswered = chunk.n_unanswered.saturating_sub(1);
        }
    }

    /// Notes that a question went out.
    pub(crate) fn asked(&mut self, no: ChunkNo, offset: u32, at: Tick) {
        let Some(base) = self.base_of(no) else { return };
        self.slot_mut(base + u64::from(offset)).count_ask();
        if let Some(chunk) = self.chunk(no) {
            chunk.last_sent = chunk.last_sent.max(at);
        }
    }

    /// Notes that a question waits for its moment.
    pub(crate) fn defer(&mut self, no: ChunkNo, offset: u32) {
        self.mark(no, offset, Slot::DEFERRED, true);
        if let Some(chunk) = self.chunk(no) {
            chunk.n_deferred += 1;
        }
    }

    /// Notes that the moment of a deferred question has come.
    pub(crate) fn undefer(&mut self, no: ChunkNo, offset: u32) {
        self.mark(no, offset, Slot::DEFERRED, false);
        if let Some(chunk) = self.chunk(no) {
            chunk.n_deferred = chunk.n_deferred.saturating_sub(1);
        }
    }

    /// The next chunk, in the order of entering, if its answers can be counted; it is told once.
    pub(crate) fn next_measurable(&mut self) -> Option<Measurable> {
        let at = usize::try_from(self.n_measured - self.front).ok()?;
        let chunk = self.chunks.get(at).filter(|chunk| chunk.is_measurable)?;
        let (first, is_witness, base, end) =
            (chunk.first, chunk.is_witness, chunk.base, chunk.base + u64::from(chunk.len));
        self.n_measured += 1;
        Some(Measurable { first, is_witness, slots: (base..end).map(|nth| *self.slot_mut(nth)).collect() })
    }

    /// Retires a chunk: nothing of it changes any more.
    pub(crate) fn retire(&mut self, no: ChunkNo) {
        if let Some(chunk) = self.chunk(no) {
            chunk.is_retired = true;
            chunk.is_measurable = true;
        }
    }

    /// Lets the chunks at the front go that are retired and counted.
    pub(crate) fn let_go(&mut self) {
        while self.n_measured > self.front && self.chunks.front().is_some_and(|chunk| chunk.is_retired) {
            self.chunks.pop_front();
            self.front += 1;
        }
    }

    fn mark(&mut self, no: ChunkNo, offset: u32, bit: u16, on: bool) {
        let Some(base) = self.base_of(no) else { return };
        let slot = self.slot_mut(base + u64::from(offset));
        slot.0 = if on { slot.0 | bit } else { slot.0 & !bit };
    }

    fn base_of(&self, no: ChunkNo) -> Option<u64> {
        let at = no.checked_sub(self.front).and_then(|at| usize::try_from(at).ok())?;
        self.chunks.get(at).filter(|chunk| !chunk.is_retired).map(|chunk| chunk.base)
    }

    fn slot_mut(&mut self, nth: u64) -> &mut Slot {
        // The number of slots is a power of two.
        let at = nth as usize & (self.slots.len() - 1);
        self.slots.get_mut(at).expect("masked to the number of slots")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Settled;

    #[test]
    fn slots_hold_all_that_is_known_of_an_index() {
        let mut window = Window::new(300);
        let first = window.enter(1000, 100);
        let second = window.enter(5000, 10);
        assert_eq!(window.find(1099), Some((first, 99)));
        assert_eq!(window.find(5003), Some((second, 3)));
        assert_eq!(window.find(1100), None);
        assert_eq!(window.find(4999), None);
        assert_eq!(window.find(5010), None);
        window.asked(second, 3, Tick(7));
        window.asked(second, 3, Tick(9));
        window.answer(second, 3, 5, 1);
        assert_eq!((window.slot(second, 3).n_asks(), window.slot(second, 3).answer()), (2, Some(5)));
        window.answer(second, 3, 0, 0);
        assert_eq!(window.slot(second, 3).answer(), Some(0), "open undoes an error from the way");
        window.answer(second, 3, 1, 0);
        assert_eq!(window.slot(second, 3).answer(), Some(0), "and is undone by nothing");
        assert_eq!(
            window.chunk(second).map(|chunk| (chunk.n_unanswered, chunk.last_sent)),
            Some((9, Tick(9)))
        );
        for _ in 0..40 {
            window.asked(first, 0, Tick(1));
        }
        assert_eq!(window.slot(first, 0).n_asks(), 15, "the count stops where its bits end");
        assert_eq!(window.slot(first, 0).answer(), None);
    }

    #[test]
    fn every_answer_reads_back_from_its_slot() {
        let mut window = Window::new(256);
        let no = window.enter(0, 256);
        for (offset, code) in (0..).zip(0u8..).take_while(|&(_, code)| Settled::of_code(code).is_some()) {
            window.answer(no, offset, code, 11);
            assert_eq!(window.slot(no, offset).answer(), Some(code));
            assert_eq!(window.slot(no, offset).n_asks(), 0);
            window.answer(no, offset, 0, 3);
            assert_eq!(window.slot(no, offset).answered_nth(), if code == 0 { 11 } else { 3 });
        }
    }

    #[test]
    fn places_are_free_again_once_the_front_has_left() {
        let mut window = Window::new(512);
        let (first, second) = (window.enter(0, 256), window.enter(256, 256));
        assert!(!window.has_room());
        window.retire(second);
        assert!(window.next_measurable().is_none(), "the first comes first");
        window.let_go();
        assert!(!window.has_room(), "the first is still there");
        assert_eq!(window.find(300), None);
        window.retire(first);
        window.let_go();
        assert!(!window.has_room(), "its answers weren't counted yet");
        let counted: Vec<u64> = std::iter::from_fn(|| window.next_measurable()).map(|it| it.first).collect();
        assert_eq!(counted, [0, 256]);
        window.let_go();
        assert!(window.is_empty() && window.has_room());
        let third = window.enter(512, 256);
        assert_eq!(window.find(600), Some((third, 88)));
        assert_eq!(window.slot(third, 88), Slot::default());
        window.answer(first, 3, 1, 0);
        window.retire(first);
        assert!(window.chunk(first).is_none() && window.chunk(third).is_some());
    }
}
