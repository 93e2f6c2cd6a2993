//! The wire that is a capture file: what it holds arrives by a clock that only waiting moves, what is sent is kept.

use std::time::Duration;

use crate::batch::Batch;
use crate::capture::{self, CaptureError, Captured};
use crate::error::RawError;
use crate::wire::{Counters, Packet, Wire};

/// Frames kept for looking at; more are only counted.
const MAX_KEPT: usize = 1 << 20;

/// Replays a classic pcap file and records what is sent. No filter stands between: all of its IP and ARP packets
/// arrive. Its clock begins at the first packet, and [`wait`](Wire::wait) moves it, no further than to the next one.
#[derive(Debug, Default)]
pub struct ReplayWire {
    packets: Vec<Captured>,
    n_received: usize,
    clock: Duration,
    sent: Vec<Vec<u8>>,
    n_sent: u64,
}

impl ReplayWire {
    /// From the bytes of a capture file.
    ///
    /// # Errors
    ///
    /// The file isn't a capture, or is damaged.
    pub fn from_pcap(bytes: &[u8]) -> Result<ReplayWire, CaptureError> {
        let packets = capture::read(bytes)?;
        let clock = packets.first().map(|first| first.at).unwrap_or_default();
        Ok(ReplayWire { packets, clock, ..ReplayWire::default() })
    }

    /// The frames sent so far, in order; at most a million.
    #[must_use]
    pub fn sent(&self) -> &[Vec<u8>] {
        &self.sent
    }

    /// Whether every packet has been handed over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.n_received == self.packets.len()
    }
}

impl Wire for ReplayWire {
    fn send(&mut self, batch: &mut Batch) -> Result<usize, RawError> {
        let n_taken = batch.len();
        let room = MAX_KEPT.saturating_sub(self.sent.len());
        self.sent.extend(batch.frames().take(room).map(<[u8]>::to_vec));
        self.n_sent += u64::try_from(n_taken).unwrap_or(0);
        batch.take(n_taken);
        Ok(n_taken)
    }

    fn receive(&mut self, each: &mut dyn FnMut(Packet<'_>)) -> Result<usize, RawError> {
        let waiting = self.packets.get(self.n_received..).unwrap_or_default();
        let arrived = waiting.iter().take_while(|packet| packet.at <= self.clock);
        let mut n_arrived = 0;
        for packet in arrived {
            n_arrived += 1;
            each(Packet {
                bytes: &packet.bytes,
                len_on_wire: packet.len_on_wire,
                protocol: packet.protocol,
                link_source: packet.link_source,
                age: self.clock.saturating_sub(packet.at),
                checksum_pending: false,
            });
        }
        self.n_received += n_arrived;
        Ok(n_arrived)
    }

    fn wait(&mut self, at_most: Duration) -> Result<(), RawError> {
        let until = self.clock.saturating_add(at_most);
        let next = self.packets.get(self.n_received).map_or(until, |packet| packet.at.min(until));
        // A capture's stamps can run backwards.
        self.clock = self.clock.max(next);
        Ok(())
    }

    fn counters(&self) -> Counters {
        Counters {
            n_sent: self.n_sent,
            n_received: u64::try_from(self.n_received).unwrap_or(0),
            ..Counters::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(wire: &mut ReplayWire) -> Vec<Vec<u8>> {
        let mut received = Vec::new();
        wire.receive(&mut |packet| received.push(packet.bytes.to_vec())).unwrap();
        received
    }

    #[test]
    fn packets_arrive_at_their_time_and_sent_frames_are_kept() {
        let file = capture::tests::file(false, true, 101, &[&[0x45, 1], &[0x60, 2], &[0x45, 3]]);
        let mut wire = ReplayWire::from_pcap(&file).unwrap();
        assert_eq!(received(&mut wire), [[0x45, 1]]);
        wire.wait(Duration::from_millis(999)).unwrap();
        assert_eq!(received(&mut wire), Vec::<Vec<u8>>::new());
        wire.wait(Duration::from_secs(60)).unwrap();
        assert_eq!(received(&mut wire), [[0x60, 2]], "waiting ends at the next packet");
        wire.wait(Duration::from_secs(60)).unwrap();
        assert_eq!((received(&mut wire), wire.is_over()), (vec![vec![0x45, 3]], true));

        let mut batch = Batch::new(2, 4, &[7; 4]);
        for len in [3, 4] {
            batch.slot();
            batch.commit(len);
        }
        assert_eq!(wire.send(&mut batch).unwrap(), 2);
        assert_eq!(wire.sent(), [vec![7; 3], vec![7; 4]]);
        let counters = wire.counters();
        assert_eq!((counters.n_sent, counters.n_received), (2, 3));
    }
}
