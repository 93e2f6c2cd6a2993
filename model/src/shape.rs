//! What a stack shows of itself in the packet that answers for a port, and hosts that one device may answer for.
//!
//! A hint and never a proof: equal machines behind one router look alike too, so hosts are put together only where
//! something else speaks against them having answered themselves.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What a stack shows of itself in one answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shape {
    /// Time to live, or hop limit, as it arrived.
    pub ttl: u8,
    pub window: u16,
    /// The kinds of its TCP options in order, the first eight, 0 behind the last.
    pub options: [u8; 8],
}

impl Shape {
    /// Hops to whoever answered, by the initial value that stacks begin with: 32, 64, 128 or 255.
    pub fn hops(&self) -> u8 {
        hops(self.ttl)
    }

    /// The kinds of its options by name, `mss,sack,ts,nop,ws`; `-` for none.
    pub fn option_names(&self) -> String {
        let names: Vec<String> = self
            .options
            .iter()
            .take_while(|&&kind| kind != 0)
            .map(|kind| match kind {
                1 => "nop".to_owned(),
                2 => "mss".to_owned(),
                3 => "ws".to_owned(),
                4 => "sack".to_owned(),
                8 => "ts".to_owned(),
                34 => "tfo".to_owned(),
                other => other.to_string(),
            })
            .collect();
        if names.is_empty() { "-".to_owned() } else { names.join(",") }
    }
}

/// `window 64240, options mss,sack, ttl 57`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "window {}, options {}, ttl {}", self.window, self.option_names(), self.ttl)
    }
}

fn hops(ttl: u8) -> u8 {
    [32, 64, 128].into_iter().find(|&initial| ttl <= initial).unwrap_or(u8::MAX) - ttl
}

/// How the ports of one host answered in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostShapes {
    pub addr: IpAddr,
    /// Of the answers of its open ports.
    pub open: Vec<Shape>,
    /// Time to live of a refusal, where one came.
    pub refused_ttl: Option<u8>,
    /// The host takes whatever comes.
    pub takes_everything: bool,
}

/// Hosts whose open ports answer in one and the same shape, though something speaks against their being alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cluster {
    /// Of every open port of every member.
    pub shape: Shape,
    pub hops: u8,
    /// By address.
    pub members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    pub addr: IpAddr,
    pub n_ports: u32,
    pub why: Vec<Doubt>,
}

/// What speaks against a host having answered itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// It takes whatever comes.
    TakesEverything,
    /// Its refusals come from another distance than its open ports.
    OtherDistance,
}

impl Doubt {
    pub const ALL: [Doubt; 2] = [Doubt::TakesEverything, Doubt::OtherDistance];

    pub fn as_str(self) -> &'static str {
        match self {
            Doubt::TakesEverything => "takes-everything",
            Doubt::OtherDistance => "other-distance",
        }
    }
}

/// Hosts that look alike by chance are few: a cluster has at least so many.
const FEWEST: usize = 3;

/// The clusters among the hosts of a run, largest first.
///
/// A host belongs to one if all its open ports answered in one shape and there is a [`Doubt`]; hosts of one shape and
/// distance are a cluster if there are at least three of them.
pub fn clusters(hosts: impl IntoIterator<Item = HostShapes>) -> Vec<Cluster> {
    let mut alike: BTreeMap<Shape, Vec<Member>> = BTreeMap::new();
    for host in hosts {
        let Some((&shape, others)) = host.open.split_first() else { continue };
        let why = doubts(&host, shape);
        if why.is_empty() || others.iter().any(|&other| other != shape) {
            continue;
        }
        let n_ports = u32::try_from(host.open.len()).unwrap_or(u32::MAX);
        alike.entry(shape).or_default().push(Member { addr: host.addr, n_ports, why });
    }
    let large = alike.into_iter().filter(|(_, members)| members.len() >= FEWEST);
    let mut clusters: Vec<Cluster> = large
        .map(|(shape, mut members)| {
            members.sort_by_key(|member| member.addr);
            Cluster { shape, hops: shape.hops(), members }
        })
        .collect();
    clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.members.len()));
    clusters
}

fn doubts(host: &HostShapes, shape: Shape) -> Vec<Doubt> {
    let is_elsewhere = host.refused_ttl.is_some_and(|ttl| hops(ttl) != shape.hops());
    let doubt = |doubt| match doubt {
        Doubt::TakesEverything => host.takes_everything,
        Doubt::OtherDistance => is_elsewhere,
    };
    Doubt::ALL.into_iter().filter(|&it| doubt(it)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: Shape = Shape { ttl: 250, window: 8192, options: [2, 0, 0, 0, 0, 0, 0, 0] };
    const LINUX: Shape = Shape { ttl: 57, window: 64_240, options: [2, 4, 8, 1, 3, 0, 0, 0] };

    fn host(last: u8, open: &[Shape], refused_ttl: Option<u8>, takes_everything: bool) -> HostShapes {
        HostShapes { addr: [192, 0, 2, last].into(), open: open.to_vec(), refused_ttl, takes_everything }
    }

    /// The last bytes of the members of each cluster.
    fn check(hosts: Vec<HostShapes>, expected: &[&[u8]]) {
        let last = |addr: IpAddr| match addr {
            IpAddr::V4(v4) => v4.octets()[3],
            IpAddr::V6(_) => 0,
        };
        let found: Vec<Vec<u8>> = clusters(hosts)
            .iter()
            .map(|cluster| cluster.members.iter().map(|member| last(member.addr)).collect())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn refusals_from_another_distance_than_the_open_ports_show_a_device_between() {
        check((1..=4).map(|n| host(n, &[PROXY, PROXY], Some(57), false)).collect(), &[&[1, 2, 3, 4]]);
    }

    #[test]
    fn hosts_that_take_everything_in_one_shape_are_one_cluster() {
        check((1..=3).map(|n| host(n, &[LINUX; 9], None, true)).collect(), &[&[1, 2, 3]]);
    }

    #[test]
    fn equal_machines_at_one_distance_are_no_cluster() {
        check((1..=200).map(|n| host(n, &[LINUX, LINUX], Some(57), false)).collect(), &[]);
        // Stacks begin their refusals at another value; the distance is the same.
        check((1..=9).map(|n| host(n, &[LINUX], Some(248), false)).collect(), &[]);
    }

    #[test]
    fn two_hosts_may_be_alike_by_chance_and_one_of_two_shapes_answers_itself() {
        check((1..=2).map(|n| host(n, &[PROXY], Some(57), false)).collect(), &[]);
        check((1..=9).map(|n| host(n, &[PROXY, LINUX], Some(50), true)).collect(), &[]);
        check((1..=9).map(|n| host(n, &[], Some(50), true)).collect(), &[]);
    }

    #[test]
    fn each_shape_is_a_cluster_of_its_own_and_the_largest_comes_first() {
        let few = (1..=3).map(|n| host(n, &[PROXY], Some(57), false));
        let more = (11..=14).map(|n| host(n, &[LINUX], None, true));
        check(few.chain(more).collect(), &[&[11, 12, 13, 14], &[1, 2, 3]]);
    }

    #[test]
    fn hops_are_counted_from_what_stacks_begin_with() {
        for (ttl, expected) in [(64, 0), (57, 7), (128, 0), (120, 8), (255, 0), (250, 5), (32, 0), (1, 31)] {
            assert_eq!(hops(ttl), expected, "{ttl}");
        }
    }

    #[test]
    fn a_shape_reads_as_words() {
        assert_eq!(LINUX.to_string(), "window 64240, options mss,sack,ts,nop,ws, ttl 57");
        assert_eq!(Shape::default().option_names(), "-");
    }
}
