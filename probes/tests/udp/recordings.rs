//! The recorded answers, as data: from real servers on loopback, and made by hand where none was at hand. Its length is
//! that of the answers.

/// An answer to the probe when it was sent with [`crate::COOKIE`].
pub struct Recorded {
    pub probe: &'static str,
    pub from: &'static str,
    pub hex: &'static str,
    /// `protocol product version access` and the facts, `-` for what isn't known.
    pub expected: &'static str,
}

/// Where no server was at hand.
const BY_HAND: &str = "made from the standard or from public descriptions";

pub const RECORDED: &[Recorded] = &[
    Recorded {
        probe: "dns-recursion",
        from: "unbound 1.17, forwarding",
        hex: "cdef8180000100010000000003777777076578616d706c6504746573740000010001c00c00010001000000000004c000\
               0207",
        expected: "dns - - - rcode=0 recursion=open",
    },
    Recorded {
        probe: "dns-recursion",
        from: "BIND 9.18, recursion off",
        hex: "cdef8105000100000000000003777777076578616d706c6504746573740000010001",
        expected: "dns - - - rcode=5 recursion=refused",
    },
    Recorded {
        probe: "dns-recursion",
        from: "unbound 1.17, from its own data",
        hex: "cdef8580000100010000000003777777076578616d706c6504746573740000010001c00c0001000100000e100004c000\
               0207",
        expected: "dns - - - rcode=0 recursion=offered",
    },
    Recorded {
        probe: "dns-version",
        from: "BIND 9.18",
        hex: "cdef840000010001000100000776657273696f6e0462696e640000100003c00c0010000300000000001918392e31382e\
               34392d317e646562313275332d44656269616ec00c00020003000000000002c00c",
        expected: "dns BIND 9.18.49 - version-rcode=0",
    },
    Recorded {
        probe: "dns-version",
        from: "dnsmasq 2.90",
        hex: "cdef848000010001000000000776657273696f6e0462696e640000100003c00c0010000300000000000d0c646e736d61\
               73712d322e3930",
        expected: "dns dnsmasq 2.90 - version-rcode=0",
    },
    Recorded {
        probe: "mdns-services",
        from: "Avahi 0.8, from its own link",
        hex: "cdef84000001000100000000095f7365727669636573075f646e732d7364045f756470056c6f63616c00000c8001c00c\
              000c00010000000a00140c5f776f726b73746174696f6e045f746370c023",
        expected: "mdns - - - services=_workstation._tcp",
    },
    Recorded {
        probe: "ntp-time",
        from: "chrony 4.3",
        hex: "240500e600000000000000007f7f0101eeadbd61806f41db0123456789abcdefeeadbd62f02addf5eeadbd62f0c90768",
        expected: "ntp - - - protocol-version=4 stratum=5",
    },
    Recorded {
        probe: "ntp-time",
        from: "NTPsec 1.2.2, not yet synchronised",
        hex: "e40000e80000000000000009494e495400000000000000000123456789abcdefeeadbd664535649beeadbd66453d88cf",
        expected: "ntp - - - protocol-version=4 reference=INIT stratum=0",
    },
    Recorded {
        probe: "ntp-variables",
        from: "NTPsec 1.2.2",
        hex: "d682cdefc0160000000001596c6561703d332c207374726174756d3d31362c20707265636973696f6e3d2d32342c2072\
               6f6f7464656c61793d302e3030302c20726f6f74646973703d302e3135302c0d0a72656669643d494e49542c20726566\
               74696d653d307830303030303030302e30303030303030302c2074633d302c20706565723d302c206f66667365743d30\
               2e3030303030302c0d0a6672657175656e63793d302e3030303030302c207379735f6a69747465723d302e3030303030\
               302c20636c6b5f6a69747465723d302e3030303036302c0d0a636c6f636b3d307865656164626436362e393561333364\
               34662c2070726f636573736f723d227838365f3634222c0d0a73797374656d3d224c696e75782f362e31382e34342d66\
               632d76363537222c2076657273696f6e3d226e747064206e74707365632d312e322e32222c0d0a636c6b5f77616e6465\
               723d302e3030303030302c206d696e74633d300d0a000000",
        expected: "ntp NTPsec 1.2.2 - mode6=answers processor=x86_64 system=Linux/6.18.44-fc-v657",
    },
    Recorded {
        probe: "snmp-engine",
        from: "Net-SNMP 5.9",
        hex: "30710201033011020449abcdef020300ffe30401000201030421301f041180001f8880b4d0700cdb3e036b0000000002\
               010102010c0400040004003036041180001f8880b4d0700cdb3e036b000000000400a81f020449abcdef020100020100\
               3011300f060a2b060106030f01010400410101",
        expected: "snmp Net-SNMP - - engine-boots=1 engine-id=80001f8880b4d0700cdb3e036b00000000 engine-time=12 protocol-version=3",
    },
    Recorded {
        probe: "snmp-community",
        from: "Net-SNMP 5.9",
        hex: "30819a02010104067075626c6963a2818c020449abcdef020100020100307e304506082b0601020101010004394c696e\
               757820766d20362e31382e34342d66632d7636353720233120534d5020505245454d50545f44594e414d494320403020\
               7838365f3634301606082b06010201010200060a2b06010401bf0803020a301d06082b060102010105000411686f7374\
               2e6578616d706c652e74657374",
        expected: "snmp Net-SNMP - - community=public host-name=host.example.test protocol-version=2c",
    },
    Recorded {
        probe: "memcached-version",
        from: "memcached 1.6.18",
        hex: "cdef00000001000056455253494f4e20312e362e31380d0a",
        expected: "memcached memcached 1.6.18 no-authentication",
    },
    Recorded {
        probe: "netbios-names",
        from: "Samba 4.17's nmbd",
        hex: "cdef8400000000010000000020434b414141414141414141414141414141414141414141414141414141414141000021\
               00010000000000890553414d504c45484f5354202020202000040053414d504c45484f5354202020202003040053414d\
               504c45484f5354202020202020040053414d504c4547524f55502020202000840053414d504c4547524f555020202020\
               1e8400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               00",
        expected: "netbios - - - names=SAMPLEHOST<00> SAMPLEHOST<03> SAMPLEHOST<20> SAMPLEGROUP<00> SAMPLEGROUP<1e> workgroup=SAMPLEGROUP",
    },
    Recorded {
        probe: "portmap-dump",
        from: "rpcbind 1.2.6",
        hex: "89abcdef000000010000000000000000000000000000000000000001000186a000000004000000060000006f00000001\
               000186a000000003000000060000006f00000001000186a000000002000000060000006f00000001000186a000000004\
               000000110000006f00000001000186a000000003000000110000006f00000001000186a000000002000000110000006f\
               00000000",
        expected: "rpcbind - - - programs=portmapper/tcp/111,portmapper/udp/111",
    },
    Recorded {
        probe: "nfs-null",
        from: "rpcbind 1.2.6, where there is no NFS",
        hex: "89abcdef0000000100000000000000000000000000000001",
        expected: "sun-rpc - - -",
    },
    Recorded {
        probe: "tftp-missing-file",
        from: "tftpd-hpa 5.2",
        hex: "0005000146696c65206e6f7420666f756e6400",
        expected: "tftp - - - error=1",
    },
    Recorded {
        probe: "coap-resources",
        from: "libcoap 4.3.1",
        hex: "6845cdef0123456789abcdefc128ff3c2f3e3b7469746c653d2247656e6572616c20496e666f223b63743d302c3c2f74\
               696d653e3b69663d22636c6f636b223b72743d227469636b73223b7469746c653d22496e7465726e616c20436c6f636b\
               223b63743d303b6f62732c3c2f6173796e633e3b63743d302c3c2f6578616d706c655f646174613e3b7469746c653d22\
               4578616d706c652044617461223b63743d303b6f6273",
        expected: r#"coap - - - code=2.05 resources=</>;title="General Info";ct=0,</time>;if="clock";rt="ticks";title="Internal Clock";ct=0;obs,</async>;ct=0,</example_data>;title="Example Data";ct=0;obs"#,
    },
    Recorded {
        probe: "stun-binding",
        from: "coturn 4.6.1",
        hex: "0101003c2112a4420123456789abcdef00000000002000080001bdec5e12a4430001000800019cfe7f000001802b0008\
               00010d967f00000180220014436f7475726e2d342e362e312027476f72737427",
        expected: "stun Coturn 4.6.1 -",
    },
    Recorded {
        probe: "dtls-hello",
        from: "OpenSSL 3.0, stateless",
        hex: "16feff0000000089abcdef0023030000170000000000000017feff14bd886440a9c84e6d28b37eb5524de7215821ad76",
        expected: "dtls - - - dtls-cookie=required",
    },
    Recorded {
        probe: "l2tp-start",
        from: "xl2tpd 1.3.18",
        hex: "c8020063cdef00000000000180080000000000028008000000020100800a0000000300000003800a0000000400000000\
               0008000000060690800800000007766d00130000000878656c6572616e63652e636f6d800800000009a9fc8008000000\
               0a0004",
        expected: "l2tp xelerance.com - - firmware=0690 l2tp=accepts",
    },
    Recorded {
        probe: "ipmi-authentication",
        from: "OpenIPMI 2.0.33's simulator",
        hex: "0600ff0700000000000000000010811c6320bc380001970603000000004b",
        expected: "ipmi - 2.0 no-authentication anonymous=null-user authentication=none,md2,md5,password",
    },
    Recorded {
        probe: "ipmi-ciphers",
        from: "OpenIPMI 2.0.33's simulator",
        hex: "0600ff0700000000000000000019811c6320bc540001c000004080c001014080c002014180c089",
        expected: "ipmi - - - cipher-suites=0,1,2 cipher-zero-listed=listed",
    },
    Recorded {
        probe: "ipmi-cipher-zero",
        from: "OpenIPMI 2.0.33's simulator",
        hex: "0600ff07061100000000000000002400ef00000089abcdef020000000000000800000000010000080000000002000008\
               00000000",
        expected: "ipmi - 2.0 no-authentication cipher-zero=accepted",
    },
    Recorded {
        probe: "ike1-main",
        from: "strongSwan 5.9.8",
        hex: "0123456789abcdef81f596bab2d00bee0110020000000000000000740d00003800000001000000010000002c01010001\
               000000240f01000080010007800e0080800200028004000280030001800b0001800c70800d00000c09002689dfd6b712\
               00000014afcad71368a1f1c96b8696fc77570100",
        expected: "ike - - - ike1=answers ike1-choice=aes-128 sha1 psk modp1024 vendor-ids=09002689dfd6b712,afcad71368a1f1c96b8696fc77570100",
    },
    Recorded {
        probe: "ike1-main-legacy",
        from: "strongSwan 5.9.8",
        hex: "0123456789abcdefbd3394e63d550f710110020000000000000000700d00003400000001000000010000002801010001\
               000000200501000080010005800200018004000280030001800b0001800c70800d00000c09002689dfd6b71200000014\
               afcad71368a1f1c96b8696fc77570100",
        expected: "ike - - - ike1=answers ike1-legacy-choice=3des md5 psk modp1024 vendor-ids=09002689dfd6b712,afcad71368a1f1c96b8696fc77570100",
    },
    Recorded {
        probe: "ike1-main-nat",
        from: "strongSwan 5.9.8",
        hex: "000000000123456789abcdef20b2c64942b3937e0110020000000000000000740d00003800000001000000010000002c\
               01010001000000240f01000080010007800e0080800200028004000280030001800b0001800c70800d00000c09002689\
               dfd6b71200000014afcad71368a1f1c96b8696fc77570100",
        expected: "ike - - - ike1=answers ike1-choice=aes-128 sha1 psk modp1024 vendor-ids=09002689dfd6b712,afcad71368a1f1c96b8696fc77570100",
    },
    Recorded {
        probe: "ike1-aggressive",
        from: "strongSwan 5.9.8 with a pre-shared key",
        hex: "0123456789abcdef3a77b3cd564017950110040000000000000001400400003800000001000000010000002c01010001\
               000000240501000080010007800e0080800200028004000280030001800b0001800c70800a0000842d959e55d8fa5fbd\
               b9582d3b06bf146f5e8336c0f34acb1541a5d74751d9529892f4418e6726bb19ae4338f67514fb1ca738755def2c37f3\
               18181e8bda53761789ec5be059b3e01975b5e626d8960797530ebaa0c2ade4aab94363fd3df55094885da675f997c6a7\
               9b7fff50870c8b1a25630cf67b5886855c2194ed1d2d9aea050000243233b1084be73887183a37bf06f29e4af45345d9\
               dd620b200ee34966d3642ac50d00000c010000007f0000010d00000c09002689dfd6b71208000014afcad71368a1f1c9\
               6b8696fc7757010000000018f33d23136c6bcdc7102f2f3a788de13b8a537234",
        expected: "ike - - - aggressive-mode=answers ike1=answers ike1-choice=aes-128 sha1 psk modp1024 vendor-ids=09002689dfd6b712,afcad71368a1f1c96b8696fc77570100",
    },
    Recorded {
        probe: "ike1-aggressive",
        from: "strongSwan 5.9.8, which didn't like the key",
        hex: "0123456789abcdef47b1c0747588d3fc0b100500a832e563000000380000001c00000001011000110123456789abcdef\
               47b1c0747588d3fc",
        expected: "ike - - - ike1=answers ike1-refusal=17",
    },
    Recorded {
        probe: "ike2-init",
        from: "strongSwan 5.9.8, wanting another group",
        hex: "0123456789abcdef00000000000000002920222000000000000000260000000a000000110013",
        expected: "ike - - - ike2=answers ike2-group=ecp256",
    },
    Recorded {
        probe: "ike2-init-legacy",
        from: "strongSwan 5.9.8",
        hex: "0123456789abcdefb3824f37a22ec13b2120222000000000000001042200002c00000028010100040300000801000003\
               030000080300000203000008020000020000000804000002280000880002000039385a2d53063d99a816732e740f04d8\
               7aa28de429fc928def6295e8bfbcf07f0badd453239d975de434ec7a2af8d899d9f146a7d0404e49668189e74eeee932\
               6b1c68467af37cfa926c4378cdc6d0531f8a2a050c671e648569e4720438ee91e1c0716405b4f0e8f94981c69e247102\
               e3a03c04c668522fb7bdd27d9d22895029000024675789a9fabb5c863e03e06ab770696af4700cdc8ceb7cc4160ec85f\
               3fe08d8a29000008000040220000000800004014",
        expected: "ike - - - ike2=answers ike2-legacy-choice=3des hmac-sha1 prf-sha1 modp1024",
    },
    Recorded {
        probe: "ike2-init-legacy",
        from: "strongSwan 5.9.8, refusing",
        hex: "0123456789abcdef0000000000000000292022200000000000000024000000080000000e",
        expected: "ike - - - ike2=answers ike2-refusal=14",
    },
    Recorded {
        probe: "ike2-init-nat",
        from: "strongSwan 5.9.8, under load",
        hex: "000000000123456789abcdef000000000000000029202220000000000000003c0000002000004006b9080000fcb8c802\
               29968cdc4565295dfae38fa029ab00dc",
        expected: "ike - - - ike2=answers",
    },
    Recorded {
        probe: "mdns-services",
        from: BY_HAND,
        hex: "cdef84000001000200000000095f7365727669636573075f646e732d7364045f756470056c6f63616c00000c0001c00c\
               000c00010000000a000c045f697070045f746370c023c00c000c00010000000a000c045f737368045f746370c023",
        expected: "mdns - - - services=_ipp._tcp,_ssh._tcp",
    },
    Recorded {
        probe: "ntp-monlist",
        from: BY_HAND,
        hex: "d700032a0001004800000000000000000000000000000000000000000000000000000000000000000000000000000000\
               0000000000000000000000000000000000000000000000000000000000000000",
        expected: "ntp - - - mode7=monlist mode7-version=02",
    },
    Recorded {
        probe: "ntp-monlist",
        from: BY_HAND,
        hex: "9700032a40000000",
        expected: "ntp - - - mode7=error-4",
    },
    Recorded {
        probe: "ntp-variables",
        from: BY_HAND,
        hex: "16c2cdef0100000000000000",
        expected: "ntp - - - mode6=error-1",
    },
    Recorded {
        probe: "ssdp-search",
        from: BY_HAND,
        hex: "485454502f312e3120323030204f4b0d0a43414348452d434f4e54524f4c3a206d61782d6167653d313830300d0a4558\
               543a0d0a4c4f434154494f4e3a20687474703a2f2f3139322e302e322e393a353030302f726f6f74446573632e786d6c\
               0d0a5345525645523a2053616d706c654f532f312055506e502f312e312053616d706c6555506e50642f322e300d0a53\
               543a2075706e703a726f6f746465766963650d0a55534e3a20757569643a30303030303030302d303030302d30303030\
               2d303030302d3030303030303030303030313a3a75706e703a726f6f746465766963650d0a0d0a",
        expected: "ssdp - - - location=http://192.0.2.9:5000/rootDesc.xml search-target=upnp:rootdevice usn=uuid:00000000-0000-0000-0000-000000000001::upnp:rootdevice",
    },
    Recorded {
        probe: "memcached-statistics",
        from: BY_HAND,
        hex: "cdef000000020000535441542070696420310d0a535441542076657273696f6e20312e342e32350d0a53544154207570\
               74696d6520380d0a",
        expected: "memcached memcached 1.4.25 no-authentication",
    },
    Recorded {
        probe: "cldap-root",
        from: BY_HAND,
        hex: "305d020449abcdef645504003051302c041464656661756c744e616d696e67436f6e746578743114041244433d657861\
               6d706c652c44433d746573743021040b646e73486f73744e616d65311204106463312e6578616d706c652e7465737430\
               0f020449abcdef65070a010004000400",
        expected: "cldap Active Directory - - host-name=dc1.example.test",
    },
    Recorded {
        probe: "chargen",
        from: BY_HAND,
        hex: "2122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f50\
               5152535455565758595a5b5c5d5e5f6061626364656667680d0a22232425262728292a2b2c2d2e2f3031323334353637\
               38393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f6061626364656667\
               68690d0a",
        expected: "chargen - - - size=148",
    },
    Recorded {
        probe: "qotd",
        from: BY_HAND,
        hex: "22412073616d706c65206f6620612071756f74652e22202d204e6f626f64790d0a",
        expected: "qotd - - -",
    },
    Recorded {
        probe: "echo",
        from: BY_HAND,
        hex: "73656e747279706f73742d30313233343536373839616263646566",
        expected: "echo - - -",
    },
    Recorded {
        probe: "daytime",
        from: BY_HAND,
        hex: "3232204e4f5620323032362031393a30353a3037205554430d0a",
        expected: "daytime - - -",
    },
    Recorded { probe: "time", from: BY_HAND, hex: "eeadbd62", expected: "time - - -" },
    Recorded {
        probe: "nfs-null",
        from: BY_HAND,
        hex: "89abcdef0000000100000000000000000000000000000000",
        expected: "nfs - - -",
    },
    Recorded {
        probe: "nfs-null",
        from: BY_HAND,
        hex: "89abcdef00000001000000000000000000000000000000020000000000000000",
        expected: "nfs - - -",
    },
    Recorded {
        probe: "wdb-ping",
        from: BY_HAND,
        hex: "89abcdef0000000100000000000000000000000000000000ffffd74d0000003000000000",
        expected: "wdb VxWorks - -",
    },
    Recorded {
        probe: "rip-table",
        from: BY_HAND,
        hex: "0201000000020000c0000200000000000000000000000001",
        expected: "rip - - - protocol-version=1 routes=1",
    },
    Recorded {
        probe: "ipmi-cipher-zero",
        from: BY_HAND,
        hex: "0600ff07061100000000000000000800ef11000089abcdef",
        expected: "ipmi - 2.0 - cipher-zero=refused-11",
    },
    Recorded {
        probe: "mssql-instances",
        from: BY_HAND,
        hex: "05ac005365727665724e616d653b53414d504c453b496e7374616e63654e616d653b4d5353514c5345525645523b4973\
               436c757374657265643b4e6f3b56657273696f6e3b31352e302e323030302e353b7463703b313433333b3b5365727665\
               724e616d653b53414d504c453b496e7374616e63654e616d653b5345434f4e443b4973436c757374657265643b4e6f3b\
               56657273696f6e3b31332e302e313630312e353b7463703b35303030303b3b",
        expected: "mssql-browser Microsoft SQL Server 15.0.2000.5 - instances=MSSQLSERVER,SECOND tcp-ports=1433,50000",
    },
    Recorded {
        probe: "wsd-probe",
        from: BY_HAND,
        hex: "3c3f786d6c2076657273696f6e3d22312e30223f3e3c534f41502d454e563a456e76656c6f706520786d6c6e733a643d\
               22687474703a2f2f736368656d61732e786d6c736f61702e6f72672f77732f323030352f30342f646973636f76657279\
               223e3c534f41502d454e563a4865616465723e3c7773613a52656c61746573546f3e75726e3a757569643a3565316137\
               6535372d303030302d343030302d303132332d3435363738396162636465663c2f7773613a52656c61746573546f3e3c\
               2f534f41502d454e563a4865616465723e3c534f41502d454e563a426f64793e3c643a50726f62654d6174636865733e\
               3c643a50726f62654d617463683e3c643a54797065733e646e3a4e6574776f726b566964656f5472616e736d69747465\
               723c2f643a54797065733e3c643a53636f7065733e6f6e7669663a2f2f7777772e6f6e7669662e6f72672f6e616d652f\
               53616d706c65206f6e7669663a2f2f7777772e6f6e7669662e6f72672f68617264776172652f532d313c2f643a53636f\
               7065733e3c643a5841646472733e687474703a2f2f3139322e302e322e392f6f6e7669663c2f643a5841646472733e3c\
               2f643a50726f62654d617463683e3c2f643a50726f62654d6174636865733e3c2f534f41502d454e563a426f64793e3c\
               2f534f41502d454e563a456e76656c6f70653e",
        expected: "ws-discovery ONVIF camera - - addresses=http://192.0.2.9/onvif hardware=S-1 scopes=onvif://www.onvif.org/name/Sample onvif://www.onvif.org/hardware/S-1 types=dn:NetworkVideoTransmitter",
    },
    Recorded {
        probe: "ard-report",
        from: BY_HAND,
        hex: "000103ea0031000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
               00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
        expected: "ard Apple Remote Desktop - -",
    },
    Recorded {
        probe: "ubiquiti-discovery",
        from: BY_HAND,
        hex: "0100002601000602000000000103000b53412e76312e322e3334350b000653616d706c650c00034e5335",
        expected: "ubiquiti-discovery NS5 SA.v1.2.345 - mac=020000000001",
    },
    Recorded {
        probe: "dahua-discovery",
        from: BY_HAND,
        hex: "20000000444849500000000000000000bd00000000000000bd000000000000007b226d6163223a2230323a30303a3030\
               3a30303a30303a3031222c226d6574686f64223a22636c69656e742e6e6f74696679446576496e666f222c2270617261\
               6d73223a7b22646576696365496e666f223a7b22446576696365436c617373223a224e5652222c224465766963655479\
               7065223a2253414d504c452d4e5652222c2253657269616c4e6f223a225330303031222c2256656e646f72223a225361\
               6d706c65222c2256657273696f6e223a22342e3030312e30227d7d7d0a",
        expected: "dahua-discovery SAMPLE-NVR 4.001.0 - device-class=NVR mac=02:00:00:00:00:01 serial=S0001 vendor=Sample",
    },
    Recorded {
        probe: "sip-options",
        from: BY_HAND,
        hex: "5349502f322e3020323030204f4b0d0a5669613a205349502f322e302f55445020616e6f6e796d6f75732e696e76616c\
               69643b6272616e63683d7a39684734624b7370303132333435363738396162636465663b72706f72743d353036323b72\
               656365697665643d3139322e302e322e310d0a46726f6d3a203c7369703a6f7074696f6e7340616e6f6e796d6f75732e\
               696e76616c69643e3b7461673d303132333435363738396162636465660d0a546f3a203c7369703a6f7074696f6e7340\
               616e6f6e796d6f75732e696e76616c69643e3b7461673d310d0a435365713a2031204f5054494f4e530d0a5365727665\
               723a2053616d706c65205042582031382e31302e300d0a416c6c6f773a20494e564954452c2041434b0d0a436f6e7465\
               6e742d4c656e6774683a20300d0a0d0a",
        expected: "sip Sample PBX 18.10.0 - methods=INVITE, ACK status=200",
    },
    Recorded {
        probe: "bacnet-vendor",
        from: BY_HAND,
        hex: "810a001b010030ef0c0c023fffff19793e75070053616d706c653f",
        expected: "bacnet Sample - -",
    },
    Recorded {
        probe: "bacnet-vendor",
        from: BY_HAND,
        hex: "810a0009010050ef0c",
        expected: "bacnet - - - refuses=5",
    },
    Recorded {
        probe: "pcanywhere-name",
        from: BY_HAND,
        hex: "4e5253414d504c455f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f41484d00",
        expected: "pcanywhere pcAnywhere - -",
    },
    Recorded {
        probe: "xdmcp-query",
        from: BY_HAND,
        hex: "00010005002800000011686f73742e6578616d706c652e74657374001157696c6c696e6720746f206d616e616765",
        expected: "xdmcp - - - host-name=host.example.test sessions=willing",
    },
    Recorded {
        probe: "db2-level",
        from: BY_HAND,
        hex: "444232524554414444520053514c30393037300053414d504c4500",
        expected: "db2-das DB2 9.7.0 - host-name=SAMPLE",
    },
    Recorded {
        probe: "quic-versions",
        from: BY_HAND,
        hex: "c000000000080123456789abcdef080000000000000000000000016b3343cfff00001d2a3a4a5a",
        expected: "quic - - - quic-versions=1,2,draft-29",
    },
    Recorded {
        probe: "dtls-hello",
        from: BY_HAND,
        hex: "15fefd000000000000000000020228",
        expected: "dtls - - - alert=40",
    },
    Recorded {
        probe: "dtls-hello",
        from: BY_HAND,
        hex: "16fefd00000000000000000032020000260000000000000026fefd000000000000000000000000000000000000000000\
               000000000000000000000000c02b00",
        expected: "dtls - - - cipher-suite=c02b dtls-version=1.2",
    },
    Recorded {
        probe: "wireguard-initiation",
        from: BY_HAND,
        hex: "0200000000000000efcdab89000000000000000000000000000000000000000000000000000000000000000000000000\
               0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
        expected: "wireguard - - - wireguard=handshake",
    },
    Recorded { probe: "coap-resources", from: BY_HAND, hex: "7000cdef", expected: "coap - - - code=reset" },
];
