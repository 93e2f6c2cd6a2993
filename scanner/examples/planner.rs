//! A day's worth of targets through the planner, without a network: which address and port comes n-th, and which n they
//! are. Says how fast, and how much memory the process holds as it goes on.
//!
//! `planner [TARGETS]`, a thousand million unless told: about a day at 11,600 a second.

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::error::Error;
use std::time::Instant;

use model::addr::AddrRange;
use scanner::plan::{Block, Plan};

fn main() -> Result<(), Box<dyn Error>> {
    let n: u64 = std::env::args().nth(1).map_or(Ok(1_000_000_000), |n| n.parse())?;
    let addresses: AddrRange = "10.16.0.0/12".parse()?;
    let plan =
        Plan::new(7, [Block { addresses: std::iter::once(addresses).collect(), ports: "1-1000".parse()? }])?;
    let order = plan.order();
    let begun = Instant::now();
    for index in 0..n.min(plan.n_probes()) {
        let position = order.at(index).ok_or("an index of the plan has a place")?;
        let probe = plan.probe(position).ok_or("and a place is an address and a port")?;
        let back = plan.locate(probe.addr, probe.port).and_then(|(position, _)| order.index_of(position));
        if back != Some(index) {
            return Err(
                format!("{}:{} came as {index} and is known as {back:?}", probe.addr, probe.port).into()
            );
        }
        if (index + 1).is_multiple_of(n.div_ceil(10)) || index + 1 == n {
            println!("{} targets, {:.0} s, {} MiB", index + 1, begun.elapsed().as_secs_f64(), resident()?);
        }
    }
    Ok(())
}

/// Memory that the process holds, in MiB.
fn resident() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}
