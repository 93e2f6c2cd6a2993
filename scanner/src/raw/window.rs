//! The questions under way: a window that slides over the indices of a run, a few bytes a question.
//!
//! Indices enter in chunks, in order. A chunk is visited again and again, each time after a wait, until nothing
//! in it needs another question; then it is retired and its place is free. So what is remembered depends on how
//! fast and how patiently a run asks, and never on how large it is.

use std::collections::VecDeque;

use super::clock::Tick;
use crate::run::Settled;

/// Indices of one chunk at most.
pub(crate) const CHUNK: u32 = 256;
/// Questions under way at most; two bytes each.
const CAPACITY: usize = 1 << 22;

/// Number of a chunk, counted from 0 in the order of entering.
pub(crate) type ChunkNo = u64;

/// What is known of one index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slot(u16);

impl Slot {
    const ANSWER: u16 = 0b1_1111;
    const ASKS_AT: u32 = 5;
    const ASKS: u16 = 0b1111 << Self::ASKS_AT;
    const CANARY: u16 = 1 << 9;
    const CANARY_ANSWERED: u16 = 1 << 10;
    const DEFERRED: u16 = 1 << 11;
    const ANSWERED_AT: u32 = 12;

    /// The code of its answer, as [`Settled`] has it. Which question an ICMP error answered is of no interest, so its
    /// code goes on in those bits.
    pub(crate) fn answer(self) -> Option<u8> {
        let code = (self.0 & Self::ANSWER).checked_sub(1)? as u8;
        Some(match code.checked_sub(Settled::N_PLAIN) {
            None => code,
            Some(high) => Settled::N_PLAIN + (high << 4) + (self.0 >> Self::ANSWERED_AT) as u8,
        })
    }

    /// Questions sent, canaries included.
    pub(crate) fn n_asks(self) -> u8 {
        ((self.0 & Self::ASKS) >> Self::ASKS_AT) as u8
    }

    pub(crate) fn is_canary(self) -> bool {
        self.0 & Self::CANARY != 0
    }

    pub(crate) fn is_canary_answered(self) -> bool {
        self.0 & Self::CANARY_ANSWERED != 0
    }

    pub(crate) fn is_deferred(self) -> bool {
        self.0 & Self::DEFERRED != 0
    }

    /// Which question was answered by the host itself, from 0; 0 too where none was.
    pub(crate) fn answered_nth(self) -> u8 {
        (self.0 >> Self::ANSWERED_AT) as u8
    }

    fn set_answer(&mut self, code: u8, nth: u8) {
        let kept = self.0 & !Self::ANSWER & ((1 << Self::ANSWERED_AT) - 1);
        let (code, nth) = match code.checked_sub(Settled::N_PLAIN) {
            None => (code, nth.min(0b1111)),
            Some(number) => (Settled::N_PLAIN + (number >> 4), number & 0b1111),
        };
        self.0 = kept | ((u16::from(code) + 1) & Self::ANSWER) | (u16::from(nth) << Self::ANSWERED_AT);
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
    pub(crate) n_canaries_out: u32,
    /// Visits made or begun.
    pub(crate) n_visits: u8,
    /// Where the visit under way stands; `len` behind its end.
    pub(crate) next: u32,
    /// Questions that the visit under way has sent or deferred.
    pub(crate) n_asked: u32,
    pub(crate) last_sent: Tick,
    /// Whether its answers have been counted as measurements of loss.
    pub(crate) is_measured: bool,
    is_retired: bool,
}

impl Chunk {
    /// Whether nothing of it is outstanding.
    pub(crate) fn is_settled(&self) -> bool {
        self.next == self.len && self.n_unanswered == 0 && self.n_canaries_out == 0 && self.n_deferred == 0
    }
}

/// The window.
#[derive(Debug)]
pub(crate) struct Window {
    slots: Vec<Slot>,
    chunks: VecDeque<Chunk>,
    /// Number of the chunk at the front.
    front: ChunkNo,
    /// Slots used since the beginning.
    n_used: u64,
}

impl Window {
    /// A window for a run of so many indices.
    pub(crate) fn new(n_indices: u64) -> Window {
        let wanted = usize::try_from(n_indices).unwrap_or(CAPACITY).next_power_of_two();
        let capacity = wanted.clamp(CHUNK as usize, CAPACITY);
        Window { slots: vec![Slot::default(); capacity], chunks: VecDeque::new(), front: 0, n_used: 0 }
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
        let base = self.n_used;
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
            n_canaries_out: 0,
            n_visits: 1,
            next: 0,
            n_asked: 0,
            last_sent: Tick::default(),
            is_measured: false,
            is_retired: false,
        });
        self.front + self.chunks.len() as u64 - 1
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

    /// Makes a port that has answered a canary.
    pub(crate) fn make_canary(&mut self, no: ChunkNo, offset: u32) {
        self.mark(no, offset, Slot::CANARY, true);
        if let Some(chunk) = self.chunk(no) {
            chunk.n_canaries_out += 1;
        }
    }

    /// Notes the answer of a canary; `false` if none was out.
    pub(crate) fn canary_answered(&mut self, no: ChunkNo, offset: u32) -> bool {
        let slot = self.slot(no, offset);
        if !slot.is_canary() || slot.is_canary_answered() {
            return false;
        }
        self.mark(no, offset, Slot::CANARY_ANSWERED, true);
        if let Some(chunk) = self.chunk(no) {
            chunk.n_canaries_out = chunk.n_canaries_out.saturating_sub(1);
        }
        true
    }

    /// Retires a chunk; what is at the front and retired leaves.
    pub(crate) fn retire(&mut self, no: ChunkNo) {
        if let Some(chunk) = self.chunk(no) {
            chunk.is_retired = true;
        }
        while self.chunks.front().is_some_and(|chunk| chunk.is_retired) {
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
    fn a_canary_answers_once() {
        let mut window = Window::new(10);
        let no = window.enter(0, 10);
        assert!(!window.canary_answered(no, 4), "none is out");
        window.make_canary(no, 4);
        assert!(window.canary_answered(no, 4));
        assert!(!window.canary_answered(no, 4), "a second answer is a duplicate");
        assert_eq!(window.chunk(no).map(|chunk| chunk.n_canaries_out), Some(0));
    }

    #[test]
    fn places_are_free_again_once_the_front_has_left() {
        let mut window = Window::new(512);
        let (first, second) = (window.enter(0, 256), window.enter(256, 256));
        assert!(!window.has_room());
        window.retire(second);
        assert!(!window.has_room(), "the first is still there");
        assert_eq!(window.find(300), None);
        window.retire(first);
        assert!(window.is_empty() && window.has_room());
        let third = window.enter(512, 256);
        assert_eq!(window.find(600), Some((third, 88)));
        assert_eq!(window.slot(third, 88), Slot::default());
        window.answer(first, 3, 1, 0);
        window.retire(first);
        assert!(window.chunk(first).is_none() && window.chunk(third).is_some());
    }
}
