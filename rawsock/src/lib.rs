//! Frames to and from a network interface: raw sockets, the kernel's routes and neighbours, and the giving up of
//! privileges, behind a safe interface. The only crate that holds `unsafe`.
//!
//! It moves bytes. It doesn't know what a probe is, and replies are parsed by whoever receives them.

mod batch;
mod capture;
mod error;
mod filter;
mod frame;
mod interface;
mod live;
mod neighbour;
mod netlink;
mod ports;
mod privilege;
mod receive;
mod replay;
mod ring;
mod route;
mod senders;
mod socket;
mod tap;
mod transmit;
mod wire;

pub use batch::Batch;
pub use capture::CaptureError;
pub use error::RawError;
pub use frame::{arp_request, neighbour_solicitation};
pub use interface::{Interface, InterfaceAddress, Link};
pub use live::{LiveWire, WireConfig};
pub use neighbour::{neighbour, resolve_neighbour};
pub use ports::{local_port_range, occupied_ports};
pub use privilege::{Capability, drop_capabilities, drop_capabilities_except, has_net_raw};
pub use replay::ReplayWire;
pub use route::{Route, RouteKind, route_to};
pub use tap::{TapFrame, TapReceiver, TapSender};
pub use wire::{Counters, Packet, PacketProtocol, Wire};
