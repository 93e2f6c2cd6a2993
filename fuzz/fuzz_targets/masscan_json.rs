//! The JSON of masscan, from anyone: faults or hosts, never a panic or unbounded memory; and what was gathered makes a plan
//! that knows every reply.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::exchange::{Gathered, Limits, read_masscan_json};

fuzz_target!(|data: &[u8]| {
    let limits =
        Limits { piece_bytes: 1 << 16, hosts: 64, open_ports: 256, ranges: 4096, ..Limits::default() };
    let mut gathered = Gathered::new(limits);
    let reading = read_masscan_json(data, &limits, &mut |host| gathered.add(host, |_| Ok(())));
    assert!(reading.faults.first().len() as u64 <= reading.faults.n());
    let Ok(plan) = gathered.plan() else { return };
    for (_, addr, ports) in plan.hosts() {
        assert!(ports.as_slice().iter().all(|&port| gathered.reply(addr, port).is_some()));
    }
});
