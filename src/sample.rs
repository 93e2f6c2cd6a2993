//! The sample register of the demo: the lab's dozen fictional units with everything a real register holds.
//!
//! Built from the lab's own table, so that what it declares and what the lab runs can't drift apart. Dates lie
//! around the day on which it is made.

pub mod training;

use chrono::{Days, NaiveDate};
use lab::{Declaration, LabPlan, LabUnit, ServiceKind, UNITS};
use model::addr::AddrRange;
use model::credit_code::CreditCode;
use model::id::{AssetId, DeclaredServiceId, ExclusionId, Mint, PersonId, SystemId, UnitId};
use model::interval::Interval;
use model::port::Transport;
use model::register::{
    Answerable, Asset, AssetTarget, Authorisation, DeclaredService, Exclusion, Person, ProtectionLevel,
    Register, System, Unit,
};

/// Who signed, in everything that needs a signature.
const APPROVER: &str = "示例市虚构主管部门（示例授权书第1号）";
/// Addresses of each unit that the register holds, as last octets.
const OCTETS: (u8, u8) = (0, 63);

/// The register of the lab's units as of `today`, with the services that `plan` says are declared.
pub fn register(plan: &LabPlan, today: NaiveDate, mint: &mut dyn Mint) -> Register {
    let mut sample = Sample { plan, today, mint, register: Register::default() };
    for unit in UNITS {
        sample.add(unit);
    }
    sample.register
}

struct Sample<'a> {
    plan: &'a LabPlan,
    today: NaiveDate,
    mint: &'a mut dyn Mint,
    register: Register,
}

impl Sample<'_> {
    fn days(&self, days: i64) -> NaiveDate {
        let shifted = match u64::try_from(days) {
            Ok(ahead) => self.today.checked_add_days(Days::new(ahead)),
            Err(_) => self.today.checked_sub_days(Days::new(days.unsigned_abs())),
        };
        shifted.unwrap_or(self.today)
    }

    fn add(&mut self, lab_unit: &LabUnit) {
        let id = UnitId::mint(self.mint);
        // 11 and 12 are what government bodies and public institutions begin with; MADE says that it is made up.
        let kind = if !lab_unit.number.is_multiple_of(2) { 11 } else { 12 };
        let code = CreditCode::with_check_symbol(&format!("{kind}440100MADE{:05}", lab_unit.number))
            .expect("seventeen symbols of the standard");
        self.register.units.push(Unit {
            id,
            code,
            name: lab_unit.name_zh.to_owned(),
            parent: None,
            region: "440100".parse().ok(),
            region_valid: Interval::ALWAYS,
            valid: Interval::ALWAYS,
        });
        let answerable = self.people(id, lab_unit);
        let portal =
            self.system(id, "门户网站系统", 2 + u8::from(lab_unit.number.is_multiple_of(3)), answerable);
        let office = self.system(id, "内部办公系统", 2, answerable);
        self.assets(id, lab_unit, portal, office);
        self.declared_services(id, lab_unit);
    }

    fn people(&mut self, unit: UnitId, lab_unit: &LabUnit) -> Answerable {
        let mut person = |role: &str, post: &str, serial: u8| {
            let id = PersonId::mint(self.mint);
            self.register.people.push(Person {
                id,
                unit,
                name: format!("虚构{role}{:02}", lab_unit.number),
                post: Some(post.to_owned()),
                phone: Some(format!("020-0000-{:02}{serial:02}", lab_unit.number)),
                email: Some(format!("{}-{serial}@{}.lab.example", "contact", lab_unit.label)),
            });
            id
        };
        Answerable {
            in_charge: Some(person("主管", "副局长（虚构）", 1)),
            operator: Some(person("运维", "信息中心主任（虚构）", 2)),
            user: Some(person("使用", "办公室主任（虚构）", 3)),
        }
    }

    fn system(&mut self, unit: UnitId, name: &str, level: u8, answerable: Answerable) -> SystemId {
        let id = SystemId::mint(self.mint);
        let level = ProtectionLevel::try_from(level).ok();
        self.register.systems.push(System { id, unit, name: name.to_owned(), level, answerable });
        id
    }

    fn assets(&mut self, unit: UnitId, lab_unit: &LabUnit, portal: SystemId, office: SystemId) {
        let host = |octet: u8| -> AddrRange {
            let text = format!("127.{}.{}.{octet}", self.plan.network.octet(), lab_unit.number);
            text.parse().expect("an address put together from octets")
        };
        let whole =
            AddrRange::new(host(OCTETS.0).first(), host(OCTETS.1).last()).expect("an ascending range");
        let (gone, fragile) = (host(60), host(50));
        let names = self.plan.host_names();
        let own_zone = format!(".{}.{}", lab_unit.label, lab::ZONE);
        let names = names.into_iter().filter(|(name, _)| name.ends_with(&own_zone));
        let hosts = names.filter_map(|(name, _)| name.parse().ok()).map(AssetTarget::Host);
        let sixth = self
            .plan
            .services
            .iter()
            .filter(|s| s.unit.number == lab_unit.number && s.address.ip().is_ipv6());
        let sixth = sixth.map(|service| AssetTarget::Addresses(AddrRange::single(service.address.ip())));
        let mut targets = vec![(AssetTarget::Addresses(whole), office)];
        targets.extend(hosts.chain(sixth).map(|target| (target, portal)));
        targets.sort();
        targets.dedup();
        let leave = |until: NaiveDate| {
            Some(Authorisation { approver: APPROVER.into(), valid_from: None, valid_until: until })
        };
        let current = leave(self.days(365));
        for (target, system) in targets {
            self.asset(unit, Some(system), target, current.clone());
        }
        if lab_unit.number == 9 {
            // An authorisation that nobody renewed: the scan refuses these addresses, and says so.
            let ended = leave(self.days(-10));
            self.asset(unit, Some(office), AssetTarget::Addresses(gone), ended);
        }
        if lab_unit.number == 4 {
            self.register.exclusions.push(Exclusion {
                id: ExclusionId::mint(self.mint),
                unit,
                target: AssetTarget::Addresses(fragile),
                reason: "虚构的水闸控制器，试验期间不得探测".into(),
                until: self.days(60),
            });
        }
    }

    fn asset(
        &mut self,
        unit: UnitId,
        system: Option<SystemId>,
        target: AssetTarget,
        authorisation: Option<Authorisation>,
    ) {
        self.register.assets.push(Asset {
            id: AssetId::mint(self.mint),
            unit,
            system,
            target,
            owned: Interval::ALWAYS,
            authorisation,
            scan_window: None,
            answerable: Answerable::default(),
            note: None,
        });
    }

    fn declared_services(&mut self, unit: UnitId, lab_unit: &LabUnit) {
        for service in self.plan.services.iter().filter(|service| service.unit.number == lab_unit.number) {
            let until = match service.declaration {
                Declaration::Declared => self.days(180),
                Declaration::DeclarationExpired => self.days(-30),
                Declaration::Undeclared => continue,
            };
            let declared_on =
                if service.kind == ServiceKind::Absent { self.days(-200) } else { self.days(-100) };
            self.register.services.push(DeclaredService {
                id: DeclaredServiceId::mint(self.mint),
                unit,
                target: AssetTarget::Addresses(AddrRange::single(service.address.ip())),
                port: service.address.port(),
                transport: Transport::Tcp,
                service: service_name(service).to_owned(),
                purpose: "示例用途".into(),
                approver: APPROVER.into(),
                declared_on: Some(declared_on),
                until,
            });
        }
    }
}

/// What the unit would write in its form: the protocol.
fn service_name(service: &lab::LabService) -> &'static str {
    use lab::{OwnKind, Program};
    match service.kind {
        ServiceKind::Debian(program) => match program {
            Program::Sshd => "ssh",
            Program::NginxHttp => "http",
            Program::NginxHttps | Program::OpenSslServer(_) => "https",
            Program::RedisOpen | Program::RedisLocked => "redis",
            Program::PostgreSql => "postgresql",
            Program::MariaDb => "mysql",
            Program::Vsftpd => "ftp",
            Program::Memcached => "memcached",
        },
        ServiceKind::Ours(own) => match own {
            OwnKind::Telnet => "telnet",
            OwnKind::Ftp => "ftp",
            OwnKind::Smtp => "smtp",
            OwnKind::MySql => "mysql",
            OwnKind::RedisOpen | OwnKind::RedisLocked => "redis",
            OwnKind::MongoDb => "mongodb",
            OwnKind::Vnc => "vnc",
            OwnKind::Rdp => "rdp",
            OwnKind::Smb => "smb",
            OwnKind::Ldap => "ldap",
            OwnKind::Mqtt => "mqtt",
            OwnKind::Dns => "dns",
            OwnKind::WebPage | OwnKind::AdminConsole => "http",
            OwnKind::Echo => "echo",
            OwnKind::Silent | OwnKind::UnknownBanner => "unknown",
        },
        ServiceKind::Absent => "https",
    }
}

#[cfg(test)]
mod tests {
    use lab::{Ports, Round};
    use model::id::CountingMint;
    use model::scope::Scope;

    use super::*;

    #[test]
    fn every_service_of_the_lab_lies_in_the_scope_of_the_sample() {
        let plan = LabPlan::for_round(Round::First, Ports::Standard);
        let today = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day");
        let register = register(&plan, today, &mut CountingMint::default());
        assert_eq!(register.units.len(), UNITS.len());
        let scope = Scope::of(&register, today);
        for service in &plan.services {
            assert!(scope.admit(service.address.ip()).is_ok(), "{}", service.name);
        }
        assert!(
            scope.admit("127.20.9.60".parse().expect("an address")).is_err(),
            "its authorisation has ended"
        );
        assert!(scope.admit("127.20.4.50".parse().expect("an address")).is_err(), "it is excluded");
    }
}
