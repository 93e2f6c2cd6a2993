//! The table of UDP probes. A probe is added as an entry here and a file beside it, nowhere else. Of one port's probes
//! the most telling comes first.

use super::{
    AnswersFrom, UdpIntrusiveness, UdpProbe, bacnet, cldap, coap, db2, discovery, dns, dtls, ike, ipmi, l2tp,
    legacy, mdns, memcached, mssql, netbios, ntp, quic, remote, rip, rpc, sip, snmp, ssdp, stun, tftp,
    wireguard, wsd,
};

/// What most probes are; an entry says what differs.
const USUAL: UdpProbe = UdpProbe {
    id: "",
    protocol: "",
    ports: &[],
    cookie_bits: 0,
    intrusiveness: UdpIntrusiveness::Safe,
    answers_from: AnswersFrom::TheAskedPort,
    source: "",
    build: |_, _| Vec::new(),
    read: |_| Err(crate::seen::Miss::No),
};

/// Every datagram that is sent to a known port.
pub const UDP_PROBES: &[UdpProbe] = &[
    UdpProbe {
        id: "dns-recursion",
        protocol: "dns",
        ports: &[53],
        cookie_bits: 16,
        source: "RFC 1035 §4; RFC 5358 on open resolvers",
        build: dns::ask_recursion,
        read: dns::read_recursion,
        ..USUAL
    },
    UdpProbe {
        id: "dns-version",
        protocol: "dns",
        ports: &[53],
        cookie_bits: 16,
        source: "RFC 4892 on version.bind",
        build: dns::ask_version,
        read: dns::read_version,
        ..USUAL
    },
    UdpProbe {
        id: "mdns-services",
        protocol: "mdns",
        ports: &[5353],
        cookie_bits: 16,
        source: "RFC 6762 §6.7, RFC 6763 §9",
        build: mdns::ask,
        read: mdns::read,
        ..USUAL
    },
    UdpProbe {
        id: "ntp-time",
        protocol: "ntp",
        ports: &[123],
        cookie_bits: 64,
        source: "RFC 5905 §7.3",
        build: ntp::ask_time,
        read: ntp::read_time,
        ..USUAL
    },
    UdpProbe {
        id: "ntp-variables",
        protocol: "ntp",
        ports: &[123],
        cookie_bits: 16,
        source: "RFC 9327; CISA TA14-017A",
        build: ntp::ask_variables,
        read: ntp::read_variables,
        ..USUAL
    },
    UdpProbe {
        id: "ntp-monlist",
        protocol: "ntp",
        ports: &[123],
        source: "the private mode of ntpd up to 4.2.6; CVE-2013-5211",
        build: ntp::ask_clients,
        read: ntp::read_clients,
        ..USUAL
    },
    UdpProbe {
        id: "snmp-engine",
        protocol: "snmp",
        ports: &[161],
        cookie_bits: snmp::COOKIE_BITS,
        source: "RFC 3414 §4",
        build: snmp::ask_engine,
        read: snmp::read_engine,
        ..USUAL
    },
    UdpProbe {
        id: "snmp-community",
        protocol: "snmp",
        ports: &[161],
        cookie_bits: snmp::COOKIE_BITS,
        intrusiveness: UdpIntrusiveness::PolicyOnly,
        source: "RFC 1901, RFC 3416",
        build: snmp::ask_description,
        read: snmp::read_description,
        ..USUAL
    },
    UdpProbe {
        id: "ssdp-search",
        protocol: "ssdp",
        ports: &[1900],
        answers_from: AnswersFrom::AnyPort,
        source: "UPnP Device Architecture 1.1 §1.3.2; some devices answer from another port",
        build: ssdp::ask,
        read: ssdp::read,
        ..USUAL
    },
    UdpProbe {
        id: "memcached-version",
        protocol: "memcached",
        ports: &[11211],
        cookie_bits: 16,
        source: "memcached's protocol.txt",
        build: memcached::ask_version,
        read: memcached::read,
        ..USUAL
    },
    UdpProbe {
        id: "memcached-statistics",
        protocol: "memcached",
        ports: &[11211],
        cookie_bits: 16,
        source: "memcached's protocol.txt",
        build: memcached::ask_statistics,
        read: memcached::read,
        ..USUAL
    },
    UdpProbe {
        id: "cldap-root",
        protocol: "cldap",
        ports: &[389],
        cookie_bits: cldap::COOKIE_BITS,
        source: "RFC 1798; MS-ADTS §3.1.1.3",
        build: cldap::ask,
        read: cldap::read,
        ..USUAL
    },
    UdpProbe {
        id: "netbios-names",
        protocol: "netbios",
        ports: &[137],
        cookie_bits: 16,
        source: "RFC 1002 §4.2.17",
        build: netbios::ask,
        read: netbios::read,
        ..USUAL
    },
    UdpProbe {
        id: "chargen",
        protocol: "chargen",
        ports: &[19],
        source: "RFC 864",
        build: legacy::ask_anything,
        read: legacy::read_chargen,
        ..USUAL
    },
    UdpProbe {
        id: "qotd",
        protocol: "qotd",
        ports: &[17],
        source: "RFC 865",
        build: legacy::ask_anything,
        read: legacy::read_qotd,
        ..USUAL
    },
    UdpProbe {
        id: "echo",
        protocol: "echo",
        ports: &[7],
        cookie_bits: 64,
        source: "RFC 862",
        build: legacy::ask_echo,
        read: legacy::read_echo,
        ..USUAL
    },
    UdpProbe {
        id: "daytime",
        protocol: "daytime",
        ports: &[13],
        source: "RFC 867",
        build: legacy::ask_anything,
        read: legacy::read_daytime,
        ..USUAL
    },
    UdpProbe {
        id: "time",
        protocol: "time",
        ports: &[37],
        source: "RFC 868",
        build: legacy::ask_anything,
        read: legacy::read_time,
        ..USUAL
    },
    UdpProbe {
        id: "portmap-dump",
        protocol: "rpcbind",
        ports: &[111],
        cookie_bits: 32,
        source: "RFC 1833 §3, RFC 5531",
        build: rpc::ask_portmap,
        read: rpc::read_portmap,
        ..USUAL
    },
    UdpProbe {
        id: "nfs-null",
        protocol: "nfs",
        ports: &[2049],
        cookie_bits: 32,
        source: "RFC 1813 §3.3.0, RFC 5531",
        build: rpc::ask_nfs,
        read: rpc::read_nfs,
        ..USUAL
    },
    UdpProbe {
        id: "tftp-missing-file",
        protocol: "tftp",
        ports: &[69],
        answers_from: AnswersFrom::AnyPort,
        source: "RFC 1350 §4: each answer comes from a port of its own",
        build: tftp::ask,
        read: tftp::read,
        ..USUAL
    },
    UdpProbe {
        id: "rip-table",
        protocol: "rip",
        ports: &[520],
        source: "RFC 1058 §3.4.1",
        build: rip::ask,
        read: rip::read,
        ..USUAL
    },
    UdpProbe {
        id: "ipmi-authentication",
        protocol: "ipmi",
        ports: &[623],
        cookie_bits: 6,
        source: "IPMI 2.0 §22.13",
        build: ipmi::ask_authentication,
        read: ipmi::read_authentication,
        ..USUAL
    },
    UdpProbe {
        id: "ipmi-ciphers",
        protocol: "ipmi",
        ports: &[623],
        cookie_bits: 6,
        source: "IPMI 2.0 §22.15",
        build: ipmi::ask_ciphers,
        read: ipmi::read_ciphers,
        ..USUAL
    },
    UdpProbe {
        id: "ipmi-cipher-zero",
        protocol: "ipmi",
        ports: &[623],
        cookie_bits: 32,
        source: "IPMI 2.0 §13.17, §13.18",
        build: ipmi::ask_cipher_zero,
        read: ipmi::read_cipher_zero,
        ..USUAL
    },
    UdpProbe {
        id: "ike1-main",
        protocol: "ike",
        ports: &[500],
        cookie_bits: 64,
        source: "RFC 2408, RFC 2409 §5.4",
        build: ike::ask_main,
        read: ike::read_version_1,
        ..USUAL
    },
    UdpProbe {
        id: "ike1-main-legacy",
        protocol: "ike",
        ports: &[500],
        cookie_bits: 64,
        source: "RFC 2409 §5.4; RFC 8247 on what not to use",
        build: ike::ask_main_legacy,
        read: ike::read_version_1_legacy,
        ..USUAL
    },
    UdpProbe {
        id: "ike1-aggressive",
        protocol: "ike",
        ports: &[500],
        cookie_bits: 64,
        source: "RFC 2409 §5.4; CVE-2002-1623",
        build: ike::ask_aggressive,
        read: ike::read_version_1,
        ..USUAL
    },
    UdpProbe {
        id: "ike2-init",
        protocol: "ike",
        ports: &[500],
        cookie_bits: 64,
        source: "RFC 7296 §1.2",
        build: ike::ask_version_2,
        read: ike::read_version_2,
        ..USUAL
    },
    UdpProbe {
        id: "ike2-init-legacy",
        protocol: "ike",
        ports: &[500],
        cookie_bits: 64,
        source: "RFC 7296 §1.2; RFC 8247 on what not to use",
        build: ike::ask_version_2_legacy,
        read: ike::read_version_2_legacy,
        ..USUAL
    },
    UdpProbe {
        id: "ike1-main-nat",
        protocol: "ike",
        ports: &[4500],
        cookie_bits: 64,
        source: "RFC 3948 §2.2",
        build: ike::ask_main_nat,
        read: ike::read_version_1,
        ..USUAL
    },
    UdpProbe {
        id: "ike2-init-nat",
        protocol: "ike",
        ports: &[4500],
        cookie_bits: 64,
        source: "RFC 3948 §2.2",
        build: ike::ask_version_2_nat,
        read: ike::read_version_2,
        ..USUAL
    },
    UdpProbe {
        id: "mssql-instances",
        protocol: "mssql-browser",
        ports: &[1434],
        source: "MC-SQLR §2.2.2",
        build: mssql::ask,
        read: mssql::read,
        ..USUAL
    },
    UdpProbe {
        id: "wsd-probe",
        protocol: "ws-discovery",
        ports: &[3702],
        cookie_bits: 64,
        answers_from: AnswersFrom::AnyPort,
        source: "OASIS WS-Discovery §5; some devices answer from another port",
        build: wsd::ask,
        read: wsd::read,
        ..USUAL
    },
    UdpProbe {
        id: "coap-resources",
        protocol: "coap",
        ports: &[5683],
        cookie_bits: 64,
        source: "RFC 7252, RFC 6690 §4",
        build: coap::ask,
        read: coap::read,
        ..USUAL
    },
    UdpProbe {
        id: "ard-report",
        protocol: "ard",
        ports: &[3283],
        source: "as publicly described; Apple's own",
        build: remote::ask_ard,
        read: remote::read_ard,
        ..USUAL
    },
    UdpProbe {
        id: "ubiquiti-discovery",
        protocol: "ubiquiti-discovery",
        ports: &[10001],
        source: "as publicly described; the maker's own",
        build: discovery::ask_ubiquiti,
        read: discovery::read_ubiquiti,
        ..USUAL
    },
    UdpProbe {
        id: "dahua-discovery",
        protocol: "dahua-discovery",
        ports: &[37810],
        answers_from: AnswersFrom::AnyPort,
        source: "as publicly described; the maker's own",
        build: discovery::ask_dahua,
        read: discovery::read_dahua,
        ..USUAL
    },
    UdpProbe {
        id: "sip-options",
        protocol: "sip",
        ports: &[5060],
        cookie_bits: 64,
        source: "RFC 3261 §11, RFC 3581",
        build: sip::ask,
        read: sip::read,
        ..USUAL
    },
    UdpProbe {
        id: "l2tp-start",
        protocol: "l2tp",
        ports: &[1701],
        cookie_bits: 16,
        answers_from: AnswersFrom::AnyPort,
        source: "RFC 2661 §6.1; a server may answer from a port of its own (§8.1)",
        build: l2tp::ask,
        read: l2tp::read,
        ..USUAL
    },
    UdpProbe {
        id: "bacnet-vendor",
        protocol: "bacnet",
        ports: &[47808],
        cookie_bits: 8,
        intrusiveness: UdpIntrusiveness::Fragile,
        source: "ASHRAE 135, annex J and clause 15.5",
        build: bacnet::ask,
        read: bacnet::read,
        ..USUAL
    },
    UdpProbe {
        id: "pcanywhere-name",
        protocol: "pcanywhere",
        ports: &[5632],
        source: "as publicly described; Symantec's own",
        build: remote::ask_pcanywhere,
        read: remote::read_pcanywhere,
        ..USUAL
    },
    UdpProbe {
        id: "xdmcp-query",
        protocol: "xdmcp",
        ports: &[177],
        source: "X.Org's XDMCP 1.1",
        build: remote::ask_xdmcp,
        read: remote::read_xdmcp,
        ..USUAL
    },
    UdpProbe {
        id: "db2-level",
        protocol: "db2-das",
        ports: &[523],
        source: "as publicly described; IBM's own",
        build: db2::ask,
        read: db2::read,
        ..USUAL
    },
    UdpProbe {
        id: "wdb-ping",
        protocol: "wdb",
        ports: &[17185],
        cookie_bits: 32,
        intrusiveness: UdpIntrusiveness::Fragile,
        source: "RFC 5531; VxWorks' debugger, CERT VU#362332",
        build: rpc::ask_wdb,
        read: rpc::read_wdb,
        ..USUAL
    },
    UdpProbe {
        id: "quic-versions",
        protocol: "quic",
        ports: &[443],
        cookie_bits: 64,
        source: "RFC 8999 §6, RFC 9000 §6",
        build: quic::ask,
        read: quic::read,
        ..USUAL
    },
    UdpProbe {
        id: "dtls-hello",
        protocol: "dtls",
        ports: &[4433, 5684, 443],
        cookie_bits: 32,
        source: "RFC 6347 §4.2.1",
        build: dtls::ask,
        read: dtls::read,
        ..USUAL
    },
    UdpProbe {
        id: "stun-binding",
        protocol: "stun",
        ports: &[3478],
        cookie_bits: 64,
        source: "RFC 8489 §5",
        build: stun::ask,
        read: stun::read,
        ..USUAL
    },
    UdpProbe {
        id: "wireguard-initiation",
        protocol: "wireguard",
        ports: &[51820],
        cookie_bits: 32,
        answers_from: AnswersFrom::Nowhere,
        source: "WireGuard's white paper §5.4: it can't be answered without the server's public key",
        build: wireguard::ask,
        read: wireguard::read,
        ..USUAL
    },
];
