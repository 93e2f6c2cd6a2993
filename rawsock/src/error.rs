//! What can go wrong between a program and the kernel's network.

use std::io;

use crate::capture::CaptureError;

/// A failure of this crate. Each variant says whose affair it is.
#[derive(Debug, thiserror::Error)]
pub enum RawError {
    /// The environment's: privileges are missing.
    #[error("{doing} takes the capability {capability}; give it to the program or run as root")]
    NotPermitted { doing: &'static str, capability: &'static str },
    /// The user's: no interface has this name or index here.
    #[error("no network interface {wanted} in this network namespace")]
    NoSuchInterface { wanted: String },
    /// The environment's: the interface went down, or is gone. Sending again can succeed once it is up.
    #[error("network interface {name} is down")]
    InterfaceDown { name: String },
    /// The caller's or a local firewall's: the kernel refuses this frame. It has been taken off the batch, the
    /// frames behind it can be sent.
    #[error("the kernel refused to send a frame")]
    FrameRefused { source: io::Error },
    /// A frame longer than its slot, or too short to hold the headers that its link needs.
    #[error("a frame of {len} bytes can't be sent: {why}")]
    BadFrame { len: usize, why: &'static str },
    /// A configuration that no kernel can follow.
    #[error("the configuration of the raw socket can't be used: {why}")]
    BadConfig { why: &'static str },
    /// The environment's: a system call failed.
    #[error("{doing} failed")]
    System { doing: &'static str, source: io::Error },
    /// The kernel's answer couldn't be read.
    #[error("the kernel's answer to {doing} isn't understood")]
    OddAnswer { doing: &'static str },
    /// A thread keeps its capabilities.
    #[error("{n_threads} threads of this process still hold capabilities")]
    CapabilitiesKept { n_threads: usize },
    /// A capture file that can't be replayed.
    #[error("the capture can't be replayed")]
    Capture(#[from] CaptureError),
}

impl RawError {
    /// A failed system call, told by its error number.
    pub(crate) fn of(doing: &'static str, source: io::Error) -> RawError {
        match source.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => RawError::NotPermitted { doing, capability: "CAP_NET_RAW" },
            _ => RawError::System { doing, source },
        }
    }
}
