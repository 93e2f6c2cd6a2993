//! Capabilities: having them, and giving them up for good. The kernel keeps them per thread; giving them up here is
//! for the whole process.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use libc::{c_int, c_ulong};

use crate::error::RawError;
use crate::socket;

/// `_LINUX_CAPABILITY_VERSION_3`: sets of 64, as two words.
const VERSION: u32 = 0x2008_0522;
/// How long other threads may take to give theirs up; they do it at once unless they block signals.
const PATIENCE: Duration = Duration::from_secs(2);

/// A capability that a caller may want to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Root's right to files of others: a run folder that belongs to the user who called sudo.
    DacOverride,
    /// Raw sockets.
    NetRaw,
}

impl Capability {
    fn bit(self) -> u64 {
        match self {
            Capability::DacOverride => 1 << 1,
            Capability::NetRaw => 1 << 13,
        }
    }
}

/// Whether raw sockets can be opened: the capability is effective in this thread, and the kernel opens one.
#[must_use]
pub fn has_net_raw() -> bool {
    let holds = read_sets().is_ok_and(|sets| sets.effective() & Capability::NetRaw.bit() != 0);
    holds && socket::open(libc::AF_PACKET, libc::SOCK_RAW, 0).is_ok()
}

/// Gives up every capability, in every thread of this process, for good: nothing that it starts gets them back
/// either. Call it once the sockets are open. Other threads are told by a signal (the last but one real-time signal,
/// whose handler stays), which they mustn't block.
///
/// # Errors
///
/// The kernel refuses, or a thread couldn't be reached within two seconds.
pub fn drop_capabilities() -> Result<(), RawError> {
    drop_capabilities_except(&[])
}

/// As [`drop_capabilities`], but threads that hold one of `kept` keep it.
///
/// # Errors
///
/// As [`drop_capabilities`].
pub fn drop_capabilities_except(kept: &[Capability]) -> Result<(), RawError> {
    let doing = "giving up capabilities";
    let failed = |source| RawError::System { doing, source };
    let kept = kept.iter().fold(0, |bits, capability| bits | capability.bit());
    KEPT.store(kept, Ordering::SeqCst);
    drop_in_this_thread(kept).map_err(failed)?;
    let until = Instant::now() + PATIENCE;
    let mut told = BTreeSet::new();
    loop {
        let holding = threads_holding(!kept).map_err(failed)?;
        if holding.is_empty() {
            return Ok(());
        }
        if told.is_empty() {
            handle_signal().map_err(failed)?;
        }
        for thread in &holding {
            if told.insert(*thread) {
                tell(*thread).map_err(failed)?;
            }
        }
        if Instant::now() >= until {
            return Err(RawError::CapabilitiesKept { n_threads: holding.len() });
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// What the signal's handler leaves to its thread.
static KEPT: AtomicU64 = AtomicU64::new(0);

/// Gives up capabilities of the calling thread. Only makes system calls: it also runs in a signal handler.
fn drop_in_this_thread(kept: u64) -> io::Result<()> {
    let mut sets = read_sets()?;
    // Neither a program with file capabilities nor root's own rights give them back through exec.
    // SAFETY: prctl(2) with plain numbers only.
    unsafe {
        let (zero, one): (c_ulong, c_ulong) = (0, 1);
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, one, zero, zero, zero) < 0 {
            return Err(io::Error::last_os_error());
        }
        // Refused to who may not: then there is nothing to inherit.
        libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, zero, zero, zero);
        for capability in 0..64 as c_ulong {
            libc::prctl(libc::PR_CAPBSET_DROP, capability, zero, zero, zero);
        }
    }
    sets.keep(kept);
    let header = Header { version: VERSION, pid: 0 };
    // SAFETY: both pointers are to structs of the kernel's layout for this version, only read, alive until it returns.
    let set = unsafe { libc::syscall(libc::SYS_capset, ptr::from_ref(&header), sets.words.as_ptr()) };
    if set < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

extern "C" fn on_signal(_signal: c_int) {
    // SAFETY: the address of this thread's errno is always valid; the interrupted code must not see it change.
    unsafe {
        let errno = libc::__errno_location();
        let before = *errno;
        // Whether it worked shows in /proc.
        drop(drop_in_this_thread(KEPT.load(Ordering::SeqCst)));
        *errno = before;
    }
}

/// The last but one: the C library keeps the first ones for itself, and people reach for the very first and last.
fn signal() -> c_int {
    libc::SIGRTMAX() - 1
}

fn handle_signal() -> io::Result<()> {
    // SAFETY: all zero is a valid sigaction: no flags, an empty mask. The handler only makes system calls and keeps
    // errno, as a handler must.
    let set = unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        let handler: extern "C" fn(c_int) = on_signal;
        action.sa_sigaction = handler as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(signal(), ptr::from_ref(&action), ptr::null_mut())
    };
    if set < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn tell(thread: c_int) -> io::Result<()> {
    // SAFETY: getpid(2) and tgkill(2) take plain numbers.
    let told = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, signal()) };
    match io::Error::last_os_error() {
        // It ended meanwhile.
        error if told < 0 && error.raw_os_error() != Some(libc::ESRCH) => Err(error),
        _ => Ok(()),
    }
}

/// Threads of this process that may use any of these capabilities.
fn threads_holding(mask: u64) -> io::Result<Vec<c_int>> {
    let mut holding = Vec::new();
    for entry in fs::read_dir("/proc/self/task")? {
        let entry = entry?;
        // A thread that ended meanwhile has no status.
        let Ok(status) = fs::read_to_string(entry.path().join("status")) else { continue };
        let permitted = status.lines().find_map(|line| line.strip_prefix("CapPrm:"));
        let permitted = permitted.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
        let thread = entry.file_name().to_string_lossy().parse();
        match (permitted, thread) {
            (Some(permitted), Ok(_)) if permitted & mask == 0 => {}
            (Some(_), Ok(thread)) => holding.push(thread),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Ok(holding)
}

#[repr(C)]
struct Header {
    version: u32,
    pid: c_int,
}

/// Effective, permitted, inheritable, for the lower and the upper 32 capabilities.
#[repr(C)]
#[derive(Default)]
struct Sets {
    words: [[u32; 3]; 2],
}

impl Sets {
    fn effective(&self) -> u64 {
        let [[low, ..], [high, ..]] = self.words;
        u64::from(high) << 32 | u64::from(low)
    }

    fn keep(&mut self, kept: u64) {
        let [[low_effective, low_permitted, low_rest], [high_effective, high_permitted, high_rest]] =
            &mut self.words;
        let low = u32::try_from(kept & u64::from(u32::MAX)).unwrap_or(0);
        let high = u32::try_from(kept >> 32).unwrap_or(0);
        *low_effective &= low;
        *low_permitted &= low;
        *high_effective &= high;
        *high_permitted &= high;
        (*low_rest, *high_rest) = (0, 0);
    }
}

fn read_sets() -> io::Result<Sets> {
    let mut header = Header { version: VERSION, pid: 0 };
    let mut sets = Sets::default();
    // SAFETY: both pointers are to structs of the kernel's layout for this version, alive until it returns.
    let got = unsafe { libc::syscall(libc::SYS_capget, ptr::from_mut(&mut header), sets.words.as_mut_ptr()) };
    if got < 0 { Err(io::Error::last_os_error()) } else { Ok(sets) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeping_leaves_only_what_was_held_and_asked_for() {
        let mut sets = Sets { words: [[0x2002, 0x2002, 7], [1, 1, 1]] };
        sets.keep(Capability::NetRaw.bit() | 1 << 20);
        assert_eq!(sets.words, [[0x2000, 0x2000, 0], [0, 0, 0]]);
        assert_eq!(sets.effective(), 0x2000);
    }
}
