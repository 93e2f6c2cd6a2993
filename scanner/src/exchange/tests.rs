//! Tests of the forms of other tools: what is read of them, what is wrong with them, and what we write reads back.

use std::net::IpAddr;

use model::observation::{Certainty, Reply};
use model::port::Transport;
use proptest::prelude::*;

use super::*;

type Reader = fn(&[u8], &Limits, &mut dyn FnMut(ForeignHost) -> Result<(), What>) -> Reading;

fn nmap(bytes: &[u8], limits: &Limits, take: &mut dyn FnMut(ForeignHost) -> Result<(), What>) -> Reading {
    read_nmap_xml(bytes, limits, take)
}

fn masscan(bytes: &[u8], limits: &Limits, take: &mut dyn FnMut(ForeignHost) -> Result<(), What>) -> Reading {
    read_masscan_json(bytes, limits, take)
}

fn read(reader: Reader, bytes: &[u8]) -> (Reading, Gathered) {
    let limits = Limits { piece_bytes: 1 << 16, ..Limits::default() };
    let mut gathered = Gathered::new(limits);
    let reading = reader(bytes, &limits, &mut |host| gathered.add(host, |_| Ok(())));
    (reading, gathered)
}

/// A host of nmap with these lines inside its `<ports>`.
fn run_of(scaninfo: &str, host: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner=\"nmap\" args=\"nmap 示例\" \
         start=\"1795378630\" version=\"7.93\">\n{scaninfo}\n{host}\n<runstats><finished time=\"1795378640\" \
         exit=\"success\"/><hosts up=\"1\" total=\"1\"/></runstats>\n</nmaprun>\n"
    )
}

const CONNECT: &str = r#"<scaninfo type="connect" protocol="tcp" numservices="5" services="1-5"/>"#;

fn up(ports: &str) -> String {
    format!(
        r#"<host endtime="1795378635"><status state="up" reason="user-set" reason_ttl="0"/>
<address addr="192.0.2.1" addrtype="ipv4"/><address addr="00:00:5E:00:53:01" addrtype="mac"/>
<ports>{ports}</ports></host>"#
    )
}

/// What the ports 1 to 5 of 192.0.2.1 replied.
#[track_caller]
fn check_nmap(scaninfo: &str, host: &str, expected: [Option<Reply>; 5]) {
    let text = run_of(scaninfo, host);
    let (reading, mut gathered) = read(nmap, text.as_bytes());
    assert_eq!(faults(&reading), [""; 0], "{text}");
    assert_eq!(replies(&mut gathered), expected, "{text}");
}

fn replies(gathered: &mut Gathered) -> [Option<Reply>; 5] {
    // Without a port there is no plan, and every reply is none.
    let _ = gathered.plan();
    [1, 2, 3, 4, 5].map(|port| gathered.reply([192, 0, 2, 1].into(), port))
}

fn faults(reading: &Reading) -> Vec<String> {
    reading.faults.first().iter().map(ToString::to_string).collect()
}

const OPEN_3: &str = r#"<port protocol="tcp" portid="3"><state state="open" reason="syn-ack" reason_ttl="64"/>
<service name="ssh" product="OpenSSH" version="9.2p1" extrainfo="&lt;&#x4f60;&gt;" method="probed" conf="10"/></port>"#;

#[test]
fn absence_comes_only_from_ports_of_which_the_file_tells() {
    use Reply::{HostUnreachable, Open, Prohibited, Refused, Silent};
    // Ports listed by reason, as of nmap 7.9x.
    let listed = r#"<extraports state="filtered" count="2"><extrareasons reason="no-response" count="1" proto="tcp"
        ports="4"/><extrareasons reason="admin-prohibited" count="1" proto="tcp" ports="5"/></extraports>
        <extraports state="closed" count="2"><extrareasons reason="reset" count="2" proto="tcp" ports="1-2"/></extraports>"#;
    let expected = [Some(Refused), Some(Refused), Some(Open), Some(Silent), Some(Prohibited)];
    check_nmap(CONNECT, &up(&format!("{listed}{OPEN_3}")), expected);
    // Counts only, as older ones write: the rest of what was asked, where there is one state and the count fits.
    let counted = |state: &str, n: u32| {
        format!(
            r#"<extraports state="{state}" count="{n}"><extrareasons reason="resets" count="{n}"/></extraports>"#
        )
    };
    let rest = [Some(Refused), Some(Refused), Some(Open), Some(Refused), Some(Refused)];
    check_nmap(CONNECT, &up(&format!("{}{OPEN_3}", counted("closed", 4))), rest);
    let only_open = [None, None, Some(Open), None, None];
    check_nmap(CONNECT, &up(&format!("{}{OPEN_3}", counted("closed", 3))), only_open);
    let two = format!("{}{}{OPEN_3}", counted("closed", 2), counted("filtered", 2));
    check_nmap(CONNECT, &up(&two), only_open);
    check_nmap(CONNECT, &up(OPEN_3), only_open);
    // Kinds of scan in which a reset proves nothing, and files that don't say how they scanned.
    let fin = CONNECT.replace("connect", "fin");
    check_nmap(&fin, &up(&format!("{}{OPEN_3}", counted("closed", 4))), [None; 5]);
    check_nmap("", &up(&format!("{listed}{OPEN_3}")), only_open);
    // States that prove nothing.
    let unsure = r#"<port protocol="tcp" portid="1"><state state="open|filtered" reason="no-response"/></port>
        <port protocol="tcp" portid="2"><state state="unfiltered" reason="reset"/></port>
        <port protocol="tcp" portid="4"><state state="filtered" reason="host-unreach"/></port>"#;
    check_nmap(CONNECT, &up(unsure), [None, None, None, Some(HostUnreachable), None]);
    // A host that was given up, and hosts that weren't there.
    let given_up = up(&format!("{listed}{OPEN_3}")).replace("<host ", "<host timedout=\"true\" ");
    check_nmap(CONNECT, &given_up, only_open);
    for state in ["down", "unknown", "skipped"] {
        let host = up(listed).replace("\"up\"", &format!("\"{state}\""));
        check_nmap(CONNECT, &host, [None; 5]);
    }
}

#[test]
fn an_open_port_brings_what_was_recognised_and_the_tool_its_command_line() {
    let guessed = OPEN_3.replace("portid=\"3\"", "portid=\"4\"").replace("probed", "table");
    let (reading, gathered) = read(nmap, run_of(CONNECT, &up(&format!("{OPEN_3}{guessed}"))).as_bytes());
    let seen: Vec<_> = gathered.open().map(|(_, port)| port).collect();
    let [ssh, guess] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(ssh.service.protocol.as_deref(), Some("ssh"));
    assert_eq!(ssh.service.info.as_deref(), Some("<你>"));
    assert_eq!(ssh.at.map(|at| at.timestamp()), Some(1_795_378_635));
    assert_eq!(guess.service.certainty, Certainty::NotAsked, "a name by the number of the port is a guess");
    let tool = &reading.tool;
    assert_eq!((tool.name.as_str(), tool.version.as_deref()), ("nmap", Some("7.93")));
    assert_eq!(tool.command_line.as_deref(), Some("nmap 示例"));
}

#[test]
fn the_xml_of_masscan_has_an_entry_for_each_port() {
    let entry = |port: u16| {
        format!(
            r#"<host endtime="1795378635"><address addr="192.0.2.1" addrtype="ipv4"/><ports><port protocol="tcp"
            portid="{port}"><state state="open" reason="syn-ack" reason_ttl="64"/></port></ports></host>"#
        )
    };
    let text = run_of("<scaninfo type=\"syn\" protocol=\"tcp\" />", &format!("{}{}", entry(2), entry(5)));
    let (reading, mut gathered) = read(nmap, text.replace("\"nmap\"", "\"masscan\"").as_bytes());
    assert_eq!(faults(&reading), [""; 0]);
    assert_eq!(reading.tool.name, "masscan");
    assert_eq!(replies(&mut gathered), [None, Some(Reply::Open), None, None, Some(Reply::Open)]);
}

#[track_caller]
fn check_fault(reader: Reader, text: &str, n_hosts: usize, expected: &str) {
    let (reading, gathered) = read(reader, text.as_bytes());
    let told = faults(&reading);
    assert!(told.len() == 1 && told[0].contains(expected), "{expected:?} is not all of {told:?}");
    assert_eq!(gathered.n_hosts(), n_hosts, "{expected}");
}

#[test]
fn each_fault_names_its_line_and_reason_and_leaves_the_other_hosts() {
    let good = up(OPEN_3).replace("192.0.2.1", "192.0.2.2");
    let check = |bad: &str, expected: &str| {
        check_fault(nmap, &run_of(CONNECT, &format!("{}\n{good}", up(bad))), 1, expected);
    };
    check(&OPEN_3.replace("\"3\"", "\"70000\""), "line 7: \"70000\" is not a port");
    check(&OPEN_3.replace("\"3\"", "\"0\""), "\"0\" is not a port");
    check(&OPEN_3.replace("\"tcp\"", "\"tpc\""), "\"tpc\" is not a transport protocol");
    check(&OPEN_3.replace(" portid=\"3\"", ""), "<port> has no portid");
    let contradiction = r#"<extraports state="closed" count="3"><extrareasons reason="reset" count="3" proto="tcp"
        ports="1-2"/></extraports>"#;
    check(contradiction, "3 ports are said to be in one state, and 2 are listed");
    check(r#"<extraports state="closed" count="x"/>"#, "\"x\" is not a number");
    let nobody = up(OPEN_3).replace("192.0.2.1", "192.0.2.256");
    check_fault(nmap, &run_of(CONNECT, &format!("{nobody}{good}")), 1, "\"192.0.2.256\" is not an address");
}

#[test]
fn what_no_scanner_writes_ends_the_reading() {
    let whole = run_of(CONNECT, &up(OPEN_3));
    let with = |from: &str, to: &str| whole.replacen(from, to, 1);
    let check = |text: &str, n_hosts: usize, expected: &str| check_fault(nmap, text, n_hosts, expected);
    let laughs = "<!DOCTYPE nmaprun [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>";
    check(&with("<!DOCTYPE nmaprun>", laughs), 0, "line 2: it declares entities of its own");
    check(&with("args=\"nmap 示例\"", "args=\"&b;\""), 0, "isn't well-formed XML");
    check(&with("<runstats>", "&b;<runstats>"), 1, "an entity &b; that XML doesn't know");
    check(&with("<runstats>", &"<a>".repeat(40)), 1, "nested deeper than 32");
    check(&with("<runstats>", &"x".repeat(70_000)), 1, "more than 65536 bytes in one piece");
    check(&with("args=\"nmap 示例\"", &format!("args=\"{}\"", "x".repeat(70_000))), 0, "in one piece");
    check(&with("<!DOCTYPE nmaprun>", &format!("<!--{}-->", "x".repeat(70_000))), 0, "in one piece");
    check(&with("</host>", "</hots>"), 0, "isn't well-formed XML");
    check(&format!("{whole}<nmaprun/>"), 1, "something follows the end");
    check("<html></html>", 0, "begins with <html>");
    check("", 0, "the file ends too early");
    check(&with("exit=\"success\"", "exit=\"error\" errormsg=\"示例\""), 1, "ended with an error: 示例");
    check(&with("start=\"1795378630\"", "start=\"99999999999999\""), 0, "is not a time");
    check(&with("scanner=\"nmap\"", "scanner=\"=cmd()\""), 0, "is not the name of a tool");
}

const MASSCAN: &str = r#"[
{   "ip": "192.0.2.1",   "timestamp": "1795378630", "ports": [ {"port": 1, "proto": "tcp", "status": "open", "reason": "syn-ack", "ttl": 64} ] }
,
{   "ip": "192.0.2.1",   "timestamp": "1795378640", "ports": [ {"port": 2, "proto": "tcp", "status": "closed", "reason": "rst-ack", "ttl": 64} ] }
,
{   "ip": "192.0.2.1",   "timestamp": "1795378650", "ports": [ {"port": 3, "proto": "tcp", "service": {"name": "ssh", "banner": "SSH-2.0-Fictional \"}{[\""}} ] }
]
"#;

#[track_caller]
fn check_masscan(text: &str, expected: [Option<Reply>; 5]) {
    let (reading, mut gathered) = read(masscan, text.as_bytes());
    assert_eq!(faults(&reading), [""; 0], "{text}");
    assert_eq!(replies(&mut gathered), expected, "{text}");
}

#[test]
fn masscan_is_read_in_all_the_states_in_which_it_is_met() {
    use Reply::{Open, Refused};
    let expected = [Some(Open), Some(Refused), Some(Open), None, None];
    check_masscan(MASSCAN, expected);
    check_masscan(&MASSCAN.replace("\n]", "\n,\n]"), expected);
    check_masscan(&MASSCAN.replace("\n]", "\n,\n{finished: 1}\n]"), expected);
    check_masscan(&MASSCAN.replace("\n,\n", "\n"), expected);
    check_masscan(&format!("\u{feff}{}", MASSCAN.replace('\n', "\r\n")), expected);
    check_masscan("", [None; 5]);
    check_masscan("[\n]\n", [None; 5]);
    let lines = r#"{"ip":"192.0.2.1","timestamp":1795378630,"port":1,"proto":"tcp","rec_type":"status","data":{"status":"open","reason":"syn-ack","ttl":64}}
{"ip":"192.0.2.1","timestamp":"1795378640","port":3,"proto":"tcp","rec_type":"banner","data":{"service_name":"http.server","banner":"nginx"}}
"#;
    check_masscan(lines, [Some(Open), None, Some(Open), None, None]);
    let (reading, gathered) = read(masscan, MASSCAN.as_bytes());
    let times = [reading.tool.started_at, reading.tool.ended_at].map(|at| at.map(|at| at.timestamp()));
    assert_eq!(times, [Some(1_795_378_630), Some(1_795_378_650)]);
    let ssh = gathered.open().find(|(_, port)| port.port == 3).map(|(_, port)| port.service);
    assert_eq!(ssh.and_then(|facts| facts.info).as_deref(), Some("SSH-2.0-Fictional \"}{[\""));
}

#[test]
fn broken_masscan_is_told_by_line() {
    let check = |text: &str, n_hosts: usize, expected: &str| check_fault(masscan, text, n_hosts, expected);
    check(&MASSCAN.replace("\n]", ""), 1, "line 7: the file ends too early");
    check(&MASSCAN.replace("\"port\": 2", "\"port\": 65536"), 1, "line 4: \"65536\" is not a port");
    check(
        &MASSCAN.replace("\"port\": 2", "\"port\": \\x41"),
        1,
        "line 4: it isn't JSON as masscan writes it",
    );
    check(&MASSCAN.replacen("192.0.2.1", "192.0.2", 1), 1, "line 2: \"192.0.2\" is not an address");
    check(&MASSCAN.replacen("1795378630", "yesterday", 1), 1, "line 2: \"yesterday\" is not a time");
    check(&format!("{MASSCAN}{{}}"), 1, "line 8: something follows the end");
    check("oops", 0, "where an entry should begin");
    check(&format!("[{}", "{\"a\":".repeat(50)), 0, "nested deeper than 32");
    check(&format!("[{{\"ip\":\"{}", "x".repeat(70_000)), 0, "in one piece");
}

#[test]
fn a_file_that_is_too_large_is_not_read_to_its_end() {
    let limits = Limits { file_bytes: 300, ..Limits::default() };
    for (reader, text) in [(nmap as Reader, run_of(CONNECT, &up(OPEN_3))), (masscan, MASSCAN.to_owned())] {
        let reading = reader(text.as_bytes(), &limits, &mut |_| Ok(()));
        assert!(faults(&reading)[0].contains("more than 300 bytes"), "{:?}", faults(&reading));
        assert!(reading.faults.ended_early());
    }
}

#[test]
fn a_file_cut_off_anywhere_is_never_whole() {
    let xml = run_of(CONNECT, &up(OPEN_3));
    let end = xml.trim_end().len();
    for length in 0..end {
        let (reading, gathered) = read(nmap, &xml.as_bytes()[..length]);
        assert!(reading.faults.ended_early(), "cut at {length}");
        assert!(gathered.n_hosts() <= 1);
    }
    let end = MASSCAN.trim_end().len();
    for length in 1..end {
        let (reading, _) = read(masscan, &MASSCAN.as_bytes()[..length]);
        assert!(reading.faults.ended_early(), "cut at {length}");
    }
}

/// Pieces out of which hostile files are put together.
fn some_pieces() -> impl Strategy<Value = String> {
    let pieces = [
        "<nmaprun scanner=\"nmap\">",
        "<host>",
        "</host>",
        "<ports>",
        "</ports>",
        "<port protocol=\"tcp\" portid=\"1\">",
        "<state state=\"open\"/>",
        "<address addr=\"192.0.2.1\"/>",
        "<extraports state=\"closed\" count=\"9\">",
        "<extrareasons reason=\"reset\" count=\"65535\" ports=\"1-65535\"/>",
        "</extraports>",
        "</port>",
        "</nmaprun>",
        "<script id=\"ssl-cert\">",
        "<elem key=\"pem\">",
        "</elem>",
        "</script>",
        "&amp;",
        "&#0;",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<!DOCTYPE a>",
        CONNECT,
        "\n",
        "\"",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\\",
        "{finished: 1}",
        "{\"ip\":\"192.0.2.1\",\"ports\":[{\"port\":1,\"proto\":\"tcp\",\"status\":\"open\"}]}",
        "\u{feff}",
        "示",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn random_bytes_are_never_more_than_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for reader in [nmap as Reader, masscan] {
            let (reading, gathered) = read(reader, &bytes);
            prop_assert!(reading.faults.n() > 0 || gathered.is_empty());
        }
    }

    #[test]
    fn any_mixture_of_pieces_is_read_or_told(text in some_pieces()) {
        for reader in [nmap as Reader, masscan] {
            let (reading, mut gathered) = read(reader, text.as_bytes());
            prop_assert!(reading.faults.first().len() as u64 <= reading.faults.n());
            if let Ok(plan) = gathered.plan() {
                prop_assert!(plan.n_probes() <= 65_535);
            }
        }
    }

    /// However a file comes in, its hosts are the same.
    #[test]
    fn the_size_of_reads_makes_no_difference(n in 1usize..60) {
        for (text, reader) in [(run_of(CONNECT, &up(OPEN_3)), 0), (MASSCAN.to_owned(), 1)] {
            let limits = Limits::default();
            let collect = |input: &mut dyn std::io::Read| {
                let mut hosts = Vec::new();
                let mut take = |host: ForeignHost| {
                    hosts.push(host);
                    Ok(())
                };
                match reader {
                    0 => read_nmap_xml(input, &limits, &mut take),
                    _ => read_masscan_json(input, &limits, &mut take),
                };
                hosts
            };
            let whole = collect(&mut text.as_bytes());
            let dripping = collect(&mut Dripping { bytes: text.as_bytes(), n });
            prop_assert!(!whole.is_empty());
            prop_assert_eq!(whole, dripping);
        }
    }
}

struct Dripping<'a> {
    bytes: &'a [u8],
    n: usize,
}

impl std::io::Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.n.min(buffer.len());
        std::io::Read::read(&mut self.bytes, &mut buffer[..n])
    }
}

#[test]
fn an_address_out_of_scope_is_kept_back_and_told_once() {
    let addr: IpAddr = [192, 0, 2, 1].into();
    let mut gathered = Gathered::new(Limits::default());
    let refusal = || model::scope::Refusal::Unregistered(addr);
    let limits = Limits::default();
    read_masscan_json(MASSCAN.as_bytes(), &limits, &mut |host| gathered.add(host, |_| Err(refusal())));
    assert_eq!(gathered.refused(), [Refused { line: 2, addr, refusal: refusal() }]);
    assert!(gathered.is_empty());
}

#[test]
fn an_open_udp_port_is_seen_and_says_nothing_of_tcp() {
    let udp = OPEN_3.replace("\"tcp\"", "\"udp\"");
    let silent = r#"<port protocol="udp" portid="5"><state state="closed" reason="port-unreach"/></port>"#;
    let (reading, mut gathered) = read(nmap, run_of(CONNECT, &up(&format!("{udp}{silent}"))).as_bytes());
    let open: Vec<_> = gathered.open().map(|(_, port)| (port.transport, port.port)).collect();
    assert_eq!(open, [(Transport::Udp, 3)]);
    assert_eq!(replies(&mut gathered), [None; 5]);
    assert_eq!(reading.n_no_proof, 1);
}
