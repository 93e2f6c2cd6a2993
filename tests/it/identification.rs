//! What identification says of the lab's services: Debian's own servers where they are installed, ours for the rest.

use std::time::SystemTime;

use lab::{Condition, Identity, Lab, LabOptions, LabPlan, OwnKind, Ports, Program, Round, ServiceKind};
use serde_json::Value;

use crate::sandbox::{Network, Sandbox};

/// Name for people, and the product where the service tells it.
fn expected(kind: ServiceKind) -> Option<(&'static str, Option<&'static str>)> {
    Some(match kind {
        ServiceKind::Debian(program) => match program {
            Program::Sshd => ("ssh", Some("OpenSSH")),
            Program::NginxHttp => ("http", Some("nginx")),
            Program::NginxHttps => ("https", Some("nginx")),
            // Only TLS 1.0 and 1.1: the certificate is seen, the session isn't entered.
            Program::OpenSslServer(Identity::OldProtocols) => ("tls", None),
            Program::OpenSslServer(_) => ("https", None),
            Program::RedisOpen | Program::RedisLocked => ("redis", Some("Redis")),
            Program::PostgreSql => ("postgresql", Some("PostgreSQL")),
            Program::MariaDb => ("mysql", Some("MariaDB")),
            Program::Vsftpd => ("ftp", Some("vsftpd")),
            Program::Memcached => ("memcached", Some("memcached")),
        },
        ServiceKind::Ours(own) => match own {
            OwnKind::Telnet => ("telnet", None),
            OwnKind::Ftp => ("ftp", None),
            OwnKind::Smtp => ("smtp", None),
            OwnKind::MySql => ("mysql", Some("MySQL")),
            OwnKind::RedisOpen | OwnKind::RedisLocked => ("redis", Some("Redis")),
            OwnKind::MongoDb => ("mongodb", Some("MongoDB")),
            OwnKind::Vnc => ("vnc", None),
            OwnKind::Rdp => ("rdp", None),
            OwnKind::Smb => ("smb", None),
            OwnKind::Ldap => ("ldap", None),
            OwnKind::Mqtt => ("mqtt", None),
            OwnKind::Dns => ("dns", None),
            OwnKind::WebPage | OwnKind::AdminConsole => ("http", None),
            OwnKind::Echo => ("echo", None),
            OwnKind::Silent | OwnKind::UnknownBanner => ("unknown", None),
        },
        ServiceKind::Absent => return None,
    })
}

/// The name that `ServiceFacts::display_name` would print.
fn name(service: &Value) -> String {
    match (service["protocol"].as_str(), service["tls"].is_object()) {
        (Some("http"), true) => "https".to_owned(),
        (Some(protocol), _) => protocol.to_owned(),
        (None, true) => "tls".to_owned(),
        (None, false) => "unknown".to_owned(),
    }
}

#[test]
fn every_service_of_the_lab_is_named_on_ports_that_do_not_give_it_away() {
    let network = Network::claim();
    let plan = LabPlan::on_network(Round::First, Ports::High, lab::Network::new(network.octet()).unwrap());
    let sandbox = Sandbox::new();
    sandbox.register_unit(&format!("127.{0}.1.0-127.{0}.12.63", network.octet()));
    let options = LabOptions::new(plan.clone(), sandbox.path("lab"), SystemTime::now());
    let lab = Lab::start(options).unwrap();
    let failed: Vec<String> = lab.failed().map(|service| format!("{service:?}")).collect();
    assert!(failed.is_empty(), "{failed:?}");

    let ports: Vec<String> = plan.services.iter().map(|service| service.address.port().to_string()).collect();
    sandbox.run(&["scan", "--ports", &ports.join(",")]).ends(0);
    let run = sandbox.runs().remove(0);
    let shown = sandbox.run(&["runs", "show", &run, "--json"]).ends(0).json();
    let seen = shown["data"]["observations"].as_array().unwrap();

    for record in lab.services().iter().filter(|s| matches!(s.condition, Condition::Running { .. })) {
        let service = plan.service(&record.name).unwrap();
        let (protocol, product) = expected(service.kind).unwrap();
        let (addr, port) = (service.address.ip().to_string(), service.address.port());
        if service.address.ip().is_ipv6() {
            // The sandbox's unit owns IPv4 addresses only.
            continue;
        }
        let found = seen.iter().find(|seen| seen["addr"] == addr.as_str() && seen["port"] == port);
        let found = &found.unwrap_or_else(|| panic!("{} was not seen open", record.name))["service"];
        assert_eq!(name(found), protocol, "{}: {found}", record.name);
        if let Some(product) = product {
            assert_eq!(found["product"], product, "{}: {found}", record.name);
        }
        let access = match service.kind {
            ServiceKind::Debian(Program::RedisOpen) | ServiceKind::Ours(OwnKind::RedisOpen) => {
                "no-authentication"
            }
            ServiceKind::Debian(Program::RedisLocked) | ServiceKind::Ours(OwnKind::RedisLocked) => {
                "authentication-required"
            }
            _ => continue,
        };
        assert_eq!(found["access"], access, "{}: {found}", record.name);
    }
    lab.stop().unwrap();
}
