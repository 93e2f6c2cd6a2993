//! What may be probed today: addresses of a registered asset with a current authorisation, minus exclusions.
//!
//! Drivers take a [`Target`], and only [`Scope::admit`] makes one, so that no code path can probe an address
//! that wasn't checked. A host name doesn't widen the scope: the addresses that it resolves to are admitted
//! like any other.

use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::addr::{AddrRange, AddrSet};
use crate::host_name::HostName;
use crate::id::{AssetId, SystemId, UnitId};
use crate::register::{Asset, AssetTarget, Register};
use crate::scan_window::ScanWindow;

/// An address that may be probed, with whose it is. Made by [`Scope::admit`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    addr: IpAddr,
    owner: Owner,
}

/// Whose an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner {
    pub unit: UnitId,
    pub system: Option<SystemId>,
    pub asset: AssetId,
}

impl Target {
    pub fn addr(&self) -> IpAddr {
        self.addr
    }

    pub fn owner(&self) -> Owner {
        self.owner
    }
}

/// Why an address may not be probed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    #[error("{0} is out of scope: no registered asset holds it")]
    Unregistered(IpAddr),
    #[error("{addr} is out of scope: the asset {asset} has no authorisation")]
    NotAuthorised { addr: IpAddr, asset: String },
    #[error("{addr} is out of scope: the authorisation of {asset} ended on {until}")]
    AuthorisationExpired { addr: IpAddr, asset: String, until: NaiveDate },
    #[error("{addr} is out of scope: the authorisation of {asset} begins on {from}")]
    AuthorisationNotYetValid { addr: IpAddr, asset: String, from: NaiveDate },
    #[error("{addr} is outside its scan window {window} and may be probed from {opens_at}")]
    OutsideWindow { addr: IpAddr, window: ScanWindow, opens_at: DateTime<Utc> },
    #[error("{addr} is out of scope: excluded until {until} ({reason})")]
    Excluded { addr: IpAddr, reason: String, until: NaiveDate },
}

impl Refusal {
    /// When it may be probed after all, if only the time of day is against it.
    pub fn opens_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Refusal::OutsideWindow { opens_at, .. } => Some(*opens_at),
            Refusal::Unregistered(_)
            | Refusal::NotAuthorised { .. }
            | Refusal::AuthorisationExpired { .. }
            | Refusal::AuthorisationNotYetValid { .. }
            | Refusal::Excluded { .. } => None,
        }
    }
}

/// An address that may be probed today, without whose it is: what a driver of packets takes. Made by
/// [`Leave::admit`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Admitted(IpAddr);

impl Admitted {
    pub fn addr(self) -> IpAddr {
        self.0
    }
}

/// What [`Scope::admit`] admits, for drivers to whom its owners and reasons are too slow. Made by
/// [`Scope::leave`] only.
#[derive(Debug, Clone)]
pub struct Leave {
    addresses: AddrSet,
}

impl Leave {
    pub fn admit(&self, addr: IpAddr) -> Option<Admitted> {
        self.addresses.contains(addr).then_some(Admitted(addr))
    }

    /// Those of some addresses that are admitted, in ascending order.
    pub fn among(&self, addresses: &AddrSet) -> impl Iterator<Item = Admitted> + use<> {
        let shared = self.addresses.intersection(addresses);
        (0..shared.len()).map_while(move |n| shared.nth(n).map(Admitted))
    }
}

/// The scope of one day.
#[derive(Debug, Clone)]
pub struct Scope {
    day: NaiveDate,
    /// Address assets owned today, by first address; more specific ranges after wider ones.
    assets: Vec<(AddrRange, Asset)>,
    /// For each asset, the highest last address among it and those before it, to end a look-up early.
    highest_last: Vec<IpAddr>,
    excluded: Vec<(AddrRange, String, NaiveDate)>,
    hosts: Vec<(HostName, Asset)>,
    /// When it is looked at; `None` admits whatever the time of day.
    now: Option<DateTime<Utc>>,
    /// When the first of the windows that are open then shuts.
    holds_until: Option<DateTime<Utc>>,
    /// What would be admitted and is outside its scan window then.
    shut: AddrSet,
}

impl Scope {
    pub fn of(register: &Register, day: NaiveDate) -> Scope {
        let owned = register.assets.iter().filter(|asset| asset.owned.contains(day));
        let (mut assets, mut hosts) = (Vec::new(), Vec::new());
        for asset in owned {
            match &asset.target {
                AssetTarget::Addresses(range) => assets.push((*range, asset.clone())),
                AssetTarget::Host(name) => hosts.push((name.clone(), asset.clone())),
            }
        }
        assets.sort_by_key(|(range, asset)| (range.first(), std::cmp::Reverse(range.last()), asset.id));
        let mut highest: Option<IpAddr> = None;
        let highest_last = assets
            .iter()
            .map(|(range, _)| {
                let last = highest.map_or(range.last(), |so_far| so_far.max(range.last()));
                highest = Some(last);
                last
            })
            .collect();
        let in_force = register.exclusions.iter().filter(|exclusion| day <= exclusion.until);
        let mut excluded = Vec::new();
        for exclusion in in_force {
            match &exclusion.target {
                AssetTarget::Addresses(range) => {
                    excluded.push((*range, exclusion.reason.clone(), exclusion.until))
                }
                AssetTarget::Host(name) => hosts.retain(|(host, _)| host != name),
            }
        }
        Scope {
            day,
            assets,
            highest_last,
            excluded,
            hosts,
            now: None,
            holds_until: None,
            shut: AddrSet::default(),
        }
    }

    /// The same scope at a moment: without what is outside its scan window. It holds until [`Scope::holds_until`].
    pub fn at(&self, now: DateTime<Utc>) -> Scope {
        let whole = Scope { now: None, holds_until: None, shut: AddrSet::default(), ..self.clone() };
        let windows = whole.assets.iter().filter_map(|(_, asset)| asset.scan_window.as_ref());
        let open = windows.filter(|window| window.is_open(now));
        let holds_until = open.filter_map(|window| window.shuts_next(now)).min();
        let is_shut = |asset: &Asset| asset.scan_window.as_ref().is_some_and(|window| !window.is_open(now));
        Scope { shut: whole.addresses_where(is_shut), now: Some(now), holds_until, ..whole }
    }

    /// When the first of the windows that are open shuts; `None` if none will, or if the scope is of no moment.
    pub fn holds_until(&self) -> Option<DateTime<Utc>> {
        self.holds_until
    }

    /// The day that the scope was made for.
    pub fn day(&self) -> NaiveDate {
        self.day
    }

    /// Admits an address, or says why not. The owner is the asset with the fewest addresses among those that
    /// hold it.
    pub fn admit(&self, addr: IpAddr) -> Result<Target, Refusal> {
        let asset = self.owner_of(addr).ok_or(Refusal::Unregistered(addr))?;
        let name = || asset.target.to_string();
        let authorisation =
            asset.authorisation.as_ref().ok_or_else(|| Refusal::NotAuthorised { addr, asset: name() })?;
        if self.day > authorisation.valid_until {
            let until = authorisation.valid_until;
            return Err(Refusal::AuthorisationExpired { addr, asset: name(), until });
        }
        if let Some(from) = authorisation.valid_from.filter(|&from| self.day < from) {
            return Err(Refusal::AuthorisationNotYetValid { addr, asset: name(), from });
        }
        if let Some((_, reason, until)) = self.excluded.iter().find(|(range, ..)| range.contains(addr)) {
            return Err(Refusal::Excluded { addr, reason: reason.clone(), until: *until });
        }
        if self.shut.contains(addr)
            && let (Some(window), Some(now)) = (&asset.scan_window, self.now)
        {
            let (window, opens_at) = (window.clone(), window.opens_next(now));
            return Err(Refusal::OutsideWindow { addr, window, opens_at });
        }
        let owner = Owner { unit: asset.unit, system: asset.system, asset: asset.id };
        Ok(Target { addr, owner })
    }

    fn owner_of(&self, addr: IpAddr) -> Option<&Asset> {
        let after = self.assets.partition_point(|(range, _)| range.first() <= addr);
        let candidates = self.assets.get(..after)?.iter().zip(self.highest_last.get(..after)?);
        candidates
            .rev()
            .take_while(|&(_, &highest)| addr <= highest)
            .filter(|((range, _), _)| range.contains(addr))
            .min_by_key(|((range, _), _)| range.len())
            .map(|((_, asset), _)| asset)
    }

    /// All addresses that [`Scope::admit`] admits.
    pub fn addresses(&self) -> AddrSet {
        self.addresses_where(|_| true)
    }

    /// All admitted addresses, to be asked about a million times a second.
    pub fn leave(&self) -> Leave {
        Leave { addresses: self.addresses() }
    }

    /// The admitted addresses of the assets that are `wanted`.
    pub fn addresses_where(&self, wanted: impl Fn(&Asset) -> bool) -> AddrSet {
        let excluded: AddrSet = self.excluded.iter().map(|(range, ..)| *range).collect();
        // A more specific asset decides for its addresses, whatever a wider one allows: widest first.
        let mut by_width: Vec<&(AddrRange, Asset)> = self.assets.iter().collect();
        by_width.sort_by_key(|(range, _)| std::cmp::Reverse(range.len()));
        let mut admitted = AddrSet::default();
        for (range, asset) in by_width {
            let authorised = asset.authorisation.as_ref().is_some_and(|leave| leave.covers(self.day));
            let this: AddrSet = std::iter::once(*range).collect();
            admitted = admitted.without(&this);
            if authorised && wanted(asset) {
                admitted = admitted.ranges().iter().copied().chain([*range]).collect();
            }
        }
        admitted.without(&excluded).without(&self.shut)
    }

    /// Host names of the register that may be looked up today, with their assets.
    pub fn hosts(&self) -> impl Iterator<Item = (&HostName, &Asset)> {
        self.hosts
            .iter()
            .filter(|(_, asset)| asset.authorisation.as_ref().is_some_and(|leave| leave.covers(self.day)))
            .map(|(name, asset)| (name, asset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{CountingMint, ExclusionId};
    use crate::interval::Interval;
    use crate::register::{Answerable, Authorisation, Exclusion};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    struct World {
        mint: CountingMint,
        register: Register,
    }

    impl World {
        fn new() -> World {
            World { mint: CountingMint::default(), register: Register::default() }
        }

        fn asset(mut self, range: &str, until: Option<&str>) -> World {
            let mint = &mut self.mint;
            self.register.assets.push(Asset {
                id: AssetId::mint(mint),
                unit: UnitId::mint(mint),
                system: None,
                target: AssetTarget::Addresses(range.parse().expect(range)),
                owned: Interval::ALWAYS,
                authorisation: until.map(|until| Authorisation {
                    approver: "示例".into(),
                    valid_from: Some(day("2026-01-01")),
                    valid_until: day(until),
                }),
                scan_window: None,
                answerable: Answerable::default(),
                note: None,
            });
            self
        }

        fn exclude(mut self, range: &str) -> World {
            self.register.exclusions.push(Exclusion {
                id: ExclusionId::mint(&mut self.mint),
                unit: self.register.assets[0].unit,
                target: AssetTarget::Addresses(range.parse().expect(range)),
                reason: "medical device".into(),
                until: day("2026-12-31"),
            });
            self
        }

        #[track_caller]
        fn check(&self, on: &str, addr: &str, expected: Result<usize, &str>) {
            let scope = Scope::of(&self.register, day(on));
            let addr: IpAddr = addr.parse().expect(addr);
            let got =
                scope.admit(addr).map(|target| target.owner().asset).map_err(|refusal| refusal.to_string());
            let expected = expected.map(|i| self.register.assets[i].id).map_err(str::to_owned);
            assert_eq!(got, expected);
            assert_eq!(
                scope.addresses().contains(addr),
                expected.is_ok(),
                "addresses() and admit() must agree"
            );
            assert_eq!(
                scope.leave().admit(addr).is_some(),
                expected.is_ok(),
                "leave() and admit() must agree"
            );
            let around =
                [AddrRange::single(addr), "10.255.0.1".parse().expect("an address")].into_iter().collect();
            let among: Vec<IpAddr> = scope.leave().among(&around).map(Admitted::addr).collect();
            assert_eq!(among, expected.map_or(vec![], |_| vec![addr]), "among() and admit() must agree");
        }
    }

    #[test]
    fn only_authorised_addresses_of_registered_assets_are_admitted() {
        let world = World::new().asset("192.0.2.0/24", Some("2026-06-30")).asset("198.51.100.0/24", None);
        world.check("2026-03-01", "192.0.2.7", Ok(0));
        world.check(
            "2026-03-01",
            "203.0.113.1",
            Err("203.0.113.1 is out of scope: no registered asset holds it"),
        );
        world.check(
            "2026-07-01",
            "192.0.2.7",
            Err("192.0.2.7 is out of scope: the authorisation of 192.0.2.0/24 ended on 2026-06-30"),
        );
        world.check(
            "2025-12-31",
            "192.0.2.7",
            Err("192.0.2.7 is out of scope: the authorisation of 192.0.2.0/24 begins on 2026-01-01"),
        );
        world.check(
            "2026-03-01",
            "198.51.100.1",
            Err("198.51.100.1 is out of scope: the asset 198.51.100.0/24 has no authorisation"),
        );
    }

    #[test]
    fn the_most_specific_asset_decides() {
        let world = World::new()
            .asset("192.0.2.0/24", Some("2026-12-31"))
            .asset("192.0.2.8/29", Some("2026-02-28"))
            .asset("192.0.2.9", Some("2026-12-31"));
        world.check("2026-01-15", "192.0.2.10", Ok(1));
        world.check("2026-01-15", "192.0.2.9", Ok(2));
        world.check("2026-03-01", "192.0.2.9", Ok(2));
        world.check(
            "2026-03-01",
            "192.0.2.10",
            Err("192.0.2.10 is out of scope: the authorisation of 192.0.2.8/29 ended on 2026-02-28"),
        );
        world.check("2026-03-01", "192.0.2.200", Ok(0));
    }

    #[test]
    fn an_exclusion_holds_until_its_last_day() {
        let world = World::new().asset("192.0.2.0/24", Some("2027-12-31")).exclude("192.0.2.64/26");
        world.check(
            "2026-12-31",
            "192.0.2.65",
            Err("192.0.2.65 is out of scope: excluded until 2026-12-31 (medical device)"),
        );
        world.check("2027-01-01", "192.0.2.65", Ok(0));
    }

    #[test]
    fn outside_its_window_an_asset_is_admitted_later_and_nothing_else_changes() {
        let mut world = World::new()
            .asset("192.0.2.0/24", Some("2026-12-31"))
            .asset("192.0.2.8/29", Some("2026-12-31"))
            .asset("192.0.2.9", Some("2026-12-31"))
            .exclude("192.0.2.10");
        world.register.assets[1].scan_window = "22:00-06:00".parse().ok();
        world.register.assets[2].scan_window = "08:00-09:00".parse().ok();
        let scope = Scope::of(&world.register, day("2026-11-23"));
        assert_eq!(scope.holds_until(), None);
        let at = |text: &str| format!("2026-11-{text}:00+08:00").parse::<DateTime<Utc>>().expect(text);
        let check = |now: &str, addr: &str, opens_at: Option<&str>, until: Option<&str>| {
            let scope = scope.at(at(now));
            let addr: IpAddr = addr.parse().expect(addr);
            let refused = scope.admit(addr).err().map(|refusal| refusal.opens_at().expect("only the hour"));
            assert_eq!(refused, opens_at.map(at), "{addr} at {now}");
            assert_eq!(scope.leave().admit(addr).is_some(), opens_at.is_none());
            assert_eq!(scope.holds_until(), until.map(at));
        };
        check("23T12:00", "192.0.2.8", Some("23T22:00"), None);
        check("23T12:00", "192.0.2.9", Some("24T08:00"), None);
        check("23T12:00", "192.0.2.7", None, None);
        check("23T23:00", "192.0.2.8", None, Some("24T06:00"));
        check("23T08:59", "192.0.2.9", None, Some("23T09:00"));
        check("23T08:59", "192.0.2.8", Some("23T22:00"), Some("23T09:00"));
        let excluded = scope.at(at("23T12:00")).admit([192, 0, 2, 10].into());
        assert!(excluded.is_err_and(|refusal| refusal.opens_at().is_none()));
        let later = scope.at(at("23T12:00")).at(at("23T23:00"));
        assert!(later.admit([192, 0, 2, 8].into()).is_ok(), "each moment is its own");
    }

    #[test]
    fn ipv6_is_no_exception() {
        let world = World::new().asset("2001:db8:1::/64", Some("2026-12-31")).asset("10.0.0.0/8", None);
        world.check("2026-03-01", "2001:db8:1::9", Ok(0));
        world.check(
            "2026-03-01",
            "2001:db8:2::9",
            Err("2001:db8:2::9 is out of scope: no registered asset holds it"),
        );
    }
}
