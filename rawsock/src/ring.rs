//! The ring through which the kernel hands over packets (TPACKET_V3): memory shared with the kernel, in blocks that
//! belong to one side at a time. A block is parsed with every offset checked, although the kernel wrote it.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use libc::c_int;

use crate::socket;

/// A block is handed over when it is full or this old. Small, since it is what a lone reply waits for.
const BLOCK_TIMEOUT_MS: u32 = 1;
/// Small blocks: at a low rate each holds a packet or two, and a reader that pauses for long uses up one a timeout.
const BLOCK_LEN: usize = 32 << 10;
/// The kernel wants a frame size even where frames vary; it must divide the block.
const FRAME_LEN: u32 = 2048;
/// What the kernel puts before a packet's bytes in a block.
const OVERHEAD: usize = 128;
/// Offset of `block_status` in a block.
const STATUS: usize = 8;

/// Packets that the kernel has put into shared memory.
#[derive(Debug)]
pub struct Ring {
    memory: Memory,
    block_len: usize,
    n_blocks: usize,
    /// The block that is read next.
    next: usize,
    /// Bytes that the socket puts in front of each packet.
    prefix_len: usize,
}

/// A packet in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingPacket<'a> {
    /// From the network header on, or from the link header on for a socket that keeps it; cut to the snap length.
    /// A `virtio_net_hdr` comes first if the ring was opened for that.
    pub bytes: &'a [u8],
    pub len_on_wire: usize,
    pub ether_type: u16,
    pub link_source: Option<[u8; 6]>,
    /// Since 1970.
    pub at: Duration,
    pub checksum_pending: bool,
}

impl Ring {
    /// A ring of about this many bytes on a packet socket that isn't bound yet, for packets of up to `snap_len`.
    /// If `PACKET_VNET_HDR` is set on it, `prefix_len` is [`VNET_HEADER_LEN`], otherwise 0.
    pub fn open(fd: &OwnedFd, ring_bytes: usize, snap_len: usize, prefix_len: usize) -> io::Result<Ring> {
        let too_large = || io::Error::from_raw_os_error(libc::EINVAL);
        let block_len = BLOCK_LEN.max((snap_len + OVERHEAD).next_power_of_two());
        let n_blocks = (ring_bytes / block_len).max(4);
        let len = n_blocks.checked_mul(block_len).ok_or_else(too_large)?;
        let block = u32::try_from(block_len).map_err(|_| too_large())?;
        let n = u32::try_from(n_blocks).map_err(|_| too_large())?;
        let version = c_int::try_from(libc::tpacket_versions::TPACKET_V3 as u32).map_err(|_| too_large())?;
        socket::set_option(fd, libc::SOL_PACKET, libc::PACKET_VERSION, &version)?;
        let request = libc::tpacket_req3 {
            tp_block_size: block,
            tp_block_nr: n,
            tp_frame_size: FRAME_LEN,
            tp_frame_nr: (block / FRAME_LEN).checked_mul(n).ok_or_else(too_large)?,
            tp_retire_blk_tov: BLOCK_TIMEOUT_MS,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        socket::set_option(fd, libc::SOL_PACKET, libc::PACKET_RX_RING, &request)?;
        Ok(Ring { memory: Memory::map(fd, len)?, block_len, n_blocks, next: 0, prefix_len })
    }

    /// Hands over what has arrived, at most the ring once around; returns how many packets.
    pub fn drain(&mut self, mut each: impl FnMut(RingPacket<'_>)) -> usize {
        let mut n_packets = 0;
        for _ in 0..self.n_blocks {
            let Some(block) = self.memory.ready_block(self.next * self.block_len, self.block_len) else {
                break;
            };
            for packet in packets(block, self.prefix_len) {
                each(packet);
                n_packets += 1;
            }
            self.memory.give_back(self.next * self.block_len);
            self.next = (self.next + 1) % self.n_blocks;
        }
        n_packets
    }

    /// Whether a block waits to be read.
    pub fn is_ready(&self) -> bool {
        self.memory.ready_block(self.next * self.block_len, self.block_len).is_some()
    }
}

/// The packets in a block. Ends early at the first that doesn't lie inside it.
fn packets(block: &[u8], prefix_len: usize) -> impl Iterator<Item = RingPacket<'_>> {
    let mut n_left = word(block, 12).unwrap_or(0);
    let mut at = word(block, 16).and_then(|offset| usize::try_from(offset).ok());
    std::iter::from_fn(move || {
        n_left = n_left.checked_sub(1)?;
        let header = block.get(at?..)?;
        let packet = read_packet(header, prefix_len)?;
        let step = word(header, 0).and_then(|step| usize::try_from(step).ok());
        at = step.filter(|step| *step > 0).and_then(|step| at?.checked_add(step));
        Some(packet)
    })
}

/// By `struct tpacket3_hdr`, 48 bytes, and the `struct sockaddr_ll` behind it.
fn read_packet(header: &[u8], prefix_len: usize) -> Option<RingPacket<'_>> {
    let snap_len = usize::try_from(word(header, 12)?).ok()?;
    let start = usize::from(half(header, 24)?);
    let bytes = header.get(start.checked_sub(prefix_len)?..start.checked_add(snap_len)?)?;
    let [type_high, type_low] = *header.get(50..)?.first_chunk()?;
    let hardware_len = *header.get(59)?;
    let link_source = header.get(60..)?.first_chunk().filter(|_| hardware_len == 6);
    let (seconds, nanoseconds) = (word(header, 4)?, word(header, 8)?);
    Some(RingPacket {
        bytes,
        len_on_wire: usize::try_from(word(header, 16)?).ok()?,
        ether_type: u16::from_be_bytes([type_high, type_low]),
        link_source: link_source.copied(),
        at: Duration::new(u64::from(seconds), nanoseconds.min(999_999_999)),
        checksum_pending: word(header, 20)? & libc::TP_STATUS_CSUMNOTREADY != 0,
    })
}

/// Length of the `virtio_net_hdr` that a socket with `PACKET_VNET_HDR` puts before each frame.
pub const VNET_HEADER_LEN: usize = 10;

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_ne_bytes(*word))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|half| u16::from_ne_bytes(*half))
}

/// Memory shared with the kernel, unmapped when this goes.
#[derive(Debug)]
struct Memory {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone and isn't tied to a thread.
unsafe impl Send for Memory {}

impl Memory {
    fn map(fd: &OwnedFd, len: usize) -> io::Result<Memory> {
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
        let start = unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            libc::mmap(ptr::null_mut(), len, access, libc::MAP_SHARED, fd.as_raw_fd(), 0)
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or_else(io::Error::last_os_error)?;
        Ok(Memory { start, len })
    }

    /// The block at this offset, if the kernel has handed it over.
    fn ready_block(&self, offset: usize, len: usize) -> Option<&[u8]> {
        let status = self.status(offset)?;
        let end = offset.checked_add(len)?;
        if end > self.len || status.load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return None;
        }
        // SAFETY: inside the mapping, as checked; the kernel doesn't write to a block whose status says that it is
        // ours, and only `give_back`, which needs `&mut self`, ends that.
        Some(unsafe { std::slice::from_raw_parts(self.start.as_ptr().add(offset), len) })
    }

    fn give_back(&mut self, offset: usize) {
        if let Some(status) = self.status(offset) {
            status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
        }
    }

    fn status(&self, offset: usize) -> Option<&AtomicU32> {
        let at = offset.checked_add(STATUS)?;
        if at.checked_add(4)? > self.len || !at.is_multiple_of(4) {
            return None;
        }
        // SAFETY: four bytes inside the mapping, aligned as the mapping itself is to a page; both sides treat them as
        // an atomic word.
        Some(unsafe { AtomicU32::from_ptr(self.start.as_ptr().add(at).cast()) })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: exactly what `map` mapped, once; no slice of it outlives `self`.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn put(block: &mut [u8], at: usize, bytes: &[u8]) {
        block[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Two packets, 3 and 2 bytes long, as the kernel lays them out.
    fn block() -> Vec<u8> {
        let mut block = vec![0; 400];
        put(&mut block, 12, &2u32.to_ne_bytes());
        put(&mut block, 16, &48u32.to_ne_bytes());
        for (at, next, bytes) in [(48, 112u32, &[1, 2, 3][..]), (160, 0, &[4, 5])] {
            put(&mut block, at, &next.to_ne_bytes());
            put(&mut block, at + 4, &7u32.to_ne_bytes());
            put(&mut block, at + 8, &9u32.to_ne_bytes());
            put(&mut block, at + 12, &u32::try_from(bytes.len()).unwrap().to_ne_bytes());
            put(&mut block, at + 16, &60u32.to_ne_bytes());
            put(&mut block, at + 24, &[90u16.to_ne_bytes(), 90u16.to_ne_bytes()].concat());
            put(&mut block, at + 50, &[0x08, 0x00]);
            put(&mut block, at + 59, &[6, 2, 0, 0, 0, 0, 9]);
            put(&mut block, at + 90, bytes);
        }
        block
    }

    #[test]
    fn reads_the_packets_of_a_block() {
        let block = block();
        let read: Vec<_> = packets(&block, 0).collect();
        assert_eq!(read.iter().map(|packet| packet.bytes).collect::<Vec<_>>(), [&[1, 2, 3][..], &[4, 5]]);
        let [first, _] = read[..] else { panic!() };
        assert_eq!((first.len_on_wire, first.ether_type), (60, 0x0800));
        assert_eq!(first.link_source, Some([2, 0, 0, 0, 0, 9]));
        assert_eq!(first.at, Duration::new(7, 9));
        let prefixed = packets(&block, 1).next().unwrap();
        assert_eq!(prefixed.bytes, [0, 1, 2, 3]);
    }

    #[test]
    fn a_block_cut_anywhere_gives_only_whole_packets() {
        let block = block();
        let whole: Vec<_> = packets(&block, 0).collect();
        for n in 0..block.len() {
            let read: Vec<_> = packets(&block[..n], 0).collect();
            assert_eq!(read[..], whole[..read.len()], "cut to {n}");
        }
    }

    proptest! {
        #[test]
        fn any_block_ends(
            mut bytes in prop::collection::vec(any::<u8>(), 0..600),
            fields in prop::collection::vec((0usize..500, 0u32..300), 0..12),
            n_packets in any::<u32>(),
        ) {
            for (at, value) in fields {
                if let Some(place) = bytes.get_mut(at..at + 4) {
                    place.copy_from_slice(&value.to_ne_bytes());
                }
            }
            if let Some(place) = bytes.get_mut(12..16) {
                place.copy_from_slice(&n_packets.to_ne_bytes());
            }
            prop_assert!(packets(&bytes, 0).count() <= bytes.len());
        }
    }
}
