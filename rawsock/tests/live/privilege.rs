//! Capabilities are given up by the whole process, and what was opened before goes on working.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use rawsock::{Capability, LiveWire, RawError, Wire, WireConfig};

use super::inside::{batch, inside, interface, receive_until, syn};

const LO: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn open() -> Result<LiveWire, RawError> {
    LiveWire::open(&WireConfig::new(interface("lo"), 61000..=61000))
}

fn not_permitted() -> bool {
    matches!(open(), Err(RawError::NotPermitted { capability: "CAP_NET_RAW", .. }))
}

fn children_hold_none() -> bool {
    let status = Command::new("cat").arg("/proc/self/status").output().unwrap();
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    ["CapPrm:\t0000000000000000", "CapEff:\t0000000000000000"].iter().all(|line| status.contains(line))
}

#[test]
fn after_dropping_no_thread_can_open_but_the_open_wire_works() {
    inside(
        "privilege::after_dropping_no_thread_can_open_but_the_open_wire_works",
        |_| {},
        |_| {
            assert!(rawsock::has_net_raw());
            let mut wire = open().unwrap();
            // Threads that began before, one of them in a system call that a signal interrupts.
            let (go, gone) = mpsc::channel::<()>();
            let waiting = thread::spawn(move || {
                gone.recv().unwrap();
                (not_permitted(), rawsock::has_net_raw())
            });
            assert!(!children_hold_none());
            rawsock::drop_capabilities().unwrap();
            rawsock::drop_capabilities().unwrap();
            assert!(!rawsock::has_net_raw() && not_permitted());
            assert_eq!(
                thread::spawn(|| (not_permitted(), rawsock::has_net_raw())).join().unwrap(),
                (true, false)
            );
            go.send(()).unwrap();
            assert_eq!(waiting.join().unwrap(), (true, false));
            assert!(children_hold_none());

            assert_eq!(wire.send(&mut batch(&[syn(LO, 61000, LO, 9)])).unwrap(), 1);
            assert_eq!(receive_until(&mut wire, |got| !got.is_empty()).len(), 1);
            assert_eq!(wire.counters().n_dropped_by_kernel, 0);
            // Asking the kernel for routes takes none.
            assert_eq!(rawsock::route_to(LO).unwrap().next_hop, LO);
        },
    );
}

#[test]
fn what_is_kept_stays_and_nothing_else() {
    inside(
        "privilege::what_is_kept_stays_and_nothing_else",
        |_| {},
        |_| {
            rawsock::drop_capabilities_except(&[Capability::NetRaw]).unwrap();
            assert!(rawsock::has_net_raw() && open().is_ok());
            assert!(children_hold_none());
            rawsock::drop_capabilities_except(&[Capability::DacOverride]).unwrap();
            assert!(not_permitted());
        },
    );
}
