//! `sentrypost tls` from outside, against OpenSSL's server and against what is no server of TLS.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::Value;

use crate::names::{NAME, SelfSigned, name_server};
use crate::sandbox::{Network, Sandbox};

/// A sandbox whose unit owns one loopback address, and that address.
struct Place {
    sandbox: Sandbox,
    network: Network,
}

impl Place {
    fn new() -> Place {
        let (network, sandbox) = (Network::claim(), Sandbox::new());
        sandbox.register_unit(&network.host(1));
        Place { sandbox, network }
    }

    fn host(&self) -> String {
        self.network.host(1)
    }

    /// An address and port of the unit at which nobody listens.
    fn free(&self) -> String {
        TcpListener::bind((self.host(), 0)).unwrap().local_addr().unwrap().to_string()
    }

    fn openssl(&self) -> (SelfSigned, String) {
        let address = self.free();
        (SelfSigned::start(&self.sandbox.path(""), &address), address)
    }
}

#[test]
fn one_server_is_told_whole_and_within_100_columns() {
    let place = Place::new();
    let (_server, address) = place.openssl();
    for (lang, words) in [
        (
            "en",
            [
                "TLS 1.3",
                "0x1302",
                "post-quantum key exchange: absent",
                "capped at T",
                "advice: ",
                "connections",
            ],
        ),
        ("zh", ["TLS 1.3", "0x1302", "后量子密钥交换：无", "限于 T", "建议：", "个连接"]),
    ] {
        let told = place.sandbox.run(&["tls", &address, "--lang", lang]).ends(0);
        for word in words {
            assert!(told.out.contains(word), "no {word:?} in\n{}", told.out);
        }
        for line in told.out.lines() {
            let columns: usize = line.chars().map(|c| if u32::from(c) >= 0x2e80 { 2 } else { 1 }).sum();
            assert!(columns <= 100, "{columns} columns: {line}");
        }
    }
}

/// The JSON of a run without the moment of it, and without what became of the findings.
fn json_of(place: &Place, address: &str) -> Value {
    let mut told = place.sandbox.run(&["tls", address, "--json"]).ends(0).json();
    assert_eq!(told["format"], "sentrypost-tls/1");
    told["data"]["judged_at"].take();
    told["data"]["kept"].take();
    told
}

#[test]
fn two_runs_on_one_server_say_the_same() {
    let place = Place::new();
    let (_server, address) = place.openssl();
    let first = json_of(&place, &address);
    assert_eq!(first.to_string(), json_of(&place, &address).to_string());
    let server = &first["data"]["servers"][0];
    assert_eq!(server["facts"]["reached"], "tls");
    assert_eq!(server["grade"]["grade"], "T");
    let faults: Vec<&Value> =
        server["verdicts"].as_array().unwrap().iter().filter(|v| v["state"] == "fault").collect();
    assert!(faults.iter().any(|fault| fault["check"] == "tls.cert-self-signed"), "{faults:?}");
}

#[test]
fn a_server_that_a_person_trusts_is_trusted() {
    let place = Place::new();
    let (_server, address) = place.openssl();
    let told = place.sandbox.run(&["tls", &address, "--ca", "cert.pem", "--json"]).ends(0).json();
    assert_eq!(told["data"]["servers"][0]["trust"][0], "trusted");
    place.sandbox.run(&["tls", &address, "--ca", "nowhere.pem"]).ends(66);
    place.sandbox.write("key-only.pem", "no certificate\n");
    place.sandbox.run(&["tls", &address, "--ca", "key-only.pem"]).ends(65).says(&["PEM"]);
}

#[test]
fn an_address_out_of_scope_is_not_asked() {
    let place = Place::new();
    let listener = TcpListener::bind((place.network.host(2), 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let outside = listener.local_addr().unwrap().to_string();
    let (_server, inside) = place.openssl();
    let told = place.sandbox.run(&["tls", &outside, &inside, "--json"]).ends(30);
    let told = told.says(&["not assessed", &place.network.host(2), "no registered asset holds it"]).json();
    assert_eq!(told["data"]["servers"].as_array().unwrap().len(), 1);
    assert_eq!(told["data"]["not_assessed"][0]["server"], outside);
    place.sandbox.run(&["tls", &outside, "--html", "pages"]).ends(30);
    let index = std::fs::read_to_string(place.sandbox.path("pages/index.html")).unwrap();
    assert!(index.contains("不在任何已登记资产之内"), "{index}");
    assert!(listener.accept().is_err(), "a connection went out of scope");
    let log = place.sandbox.run(&["audit"]).ends(0);
    assert!(log.out.contains(&place.network.host(2)), "{}", log.out);
}

#[test]
fn a_file_of_servers_is_read_and_its_broken_line_named() {
    let place = Place::new();
    let (_server, address) = place.openssl();
    place.sandbox.write("good.txt", format!("# servers\n\n{address}  # ours\n{address}\n"));
    let told = place.sandbox.run(&["tls", "-f", "good.txt", "--json"]).ends(0).json();
    assert_eq!(told["data"]["servers"].as_array().unwrap().len(), 1, "each once");
    place.sandbox.write("bad.txt", format!("{address}\nhttps://示例.example/\n"));
    place.sandbox.run(&["tls", "-f", "bad.txt"]).ends(65).says(&["line 2 of bad.txt"]);
    place.sandbox.write("empty.txt", "# nothing\n");
    place.sandbox.run(&["tls", "-f", "empty.txt"]).ends(65).says(&["names no server"]);
    place.sandbox.run(&["tls", "-f", "nowhere.txt"]).ends(66);
    place.sandbox.run(&["tls", "192.0.2.300"]).ends(64).says(&["no server"]);
    place.sandbox.run(&["tls"]).ends(64);
}

#[test]
fn a_host_name_leads_to_its_addresses_and_is_looked_for_in_the_certificate() {
    let place = Place::new();
    let (_server, address) = place.openssl();
    let port = address.rsplit(':').next().unwrap();
    let resolver = name_server(&place.host(), &[&place.host()]);
    let verdict = |name: &str| {
        let asked = format!("{name}:{port}");
        let told = place.sandbox.run(&["tls", &asked, "--resolver", &resolver, "--json"]).ends(0).json();
        let verdicts = told["data"]["servers"][0]["verdicts"].as_array().unwrap().clone();
        verdicts.into_iter().find(|v| v["check"] == "tls.cert-name-mismatch").unwrap()["state"].clone()
    };
    assert_eq!(verdict(NAME), "sound");
    assert_eq!(verdict("other.lab.example"), "fault");
}

#[test]
fn a_name_without_an_address_is_told() {
    let place = Place::new();
    let resolver = name_server(&place.host(), &[]);
    let told = place.sandbox.run(&["tls", "nowhere.lab.example", "--resolver", &resolver]);
    told.ends(66).says(&["nowhere.lab.example", "no address"]);
}

#[test]
fn a_port_at_which_nobody_listens_is_no_verdict() {
    let place = Place::new();
    let told = place.sandbox.run(&["tls", &place.free(), "--json"]).ends(20).json();
    let server = &told["data"]["servers"][0];
    assert_eq!(server["facts"]["reached"], "unreachable");
    let is_fault = |verdict: &Value| verdict["state"] == "fault";
    assert!(!server["verdicts"].as_array().unwrap().iter().any(is_fault), "{server}");
}

#[test]
fn http_where_tls_should_be_is_told_as_such() {
    let place = Place::new();
    let listener = TcpListener::bind((place.host(), 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    let told = place.sandbox.run(&["tls", &address, "--lang", "en"]).ends(20);
    assert!(told.out.contains("HTTP in clear"), "{}", told.out);
}

#[test]
fn the_units_servers_are_those_that_a_run_has_seen() {
    let place = Place::new();
    let (_server, address) = place.openssl();
    let port = address.rsplit(':').next().unwrap();
    place.sandbox.run(&["scan", "--ports", port, "--method", "connect"]).ends(0);
    let told = place.sandbox.run(&["tls", "--unit", "示例市虚构测试局", "--json"]).ends(0).json();
    assert_eq!(told["data"]["servers"][0]["server"], address);
    place.sandbox.run(&["tls", "--unit", "没有这个单位"]).ends(66);
}

#[test]
fn pages_stand_by_themselves_and_are_not_written_over() {
    let place = Place::new();
    let (_server, address) = place.openssl();
    let asked = ["tls", &address, "--html", "pages"];
    place.sandbox.run(&asked).ends(0).says(&["index.html"]);
    let index = std::fs::read_to_string(place.sandbox.path("pages/index.html")).unwrap();
    let file = index.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    let page = std::fs::read_to_string(place.sandbox.path("pages").join(file)).unwrap();
    assert!(page.contains("握手证据") && page.contains("TLS_AES_256_GCM_SHA384"), "{page}");
    for page in [&index, &page] {
        assert!(!page.contains("<script") && !page.contains("src=\"http"), "{page}");
    }
    place.sandbox.run(&asked).ends(74).says(&["--overwrite"]);
    place.sandbox.run(&["tls", &address, "--html", "pages", "--overwrite", "--lang", "en"]).ends(0);
    let page = std::fs::read_to_string(place.sandbox.path("pages").join(file)).unwrap();
    assert!(page.contains("Evidence: the connections"), "{page}");
}

#[test]
fn a_profile_of_ones_own_is_judged_besides() {
    let place = Place::new();
    let (_server, address) = place.openssl();
    let own = "id = \"虚构\"\nversion = \"2026-01-01\"\ntitle = { zh = \"虚构要求\", en = \"made up\" }\nsource = \"none\"\n\
               [profile]\nversions = [\"TLCP 1.1\"]\n";
    place.sandbox.write("own.toml", own);
    let told = place.sandbox.run(&["--policy", "own.toml", "tls", &address, "--json"]).ends(0).json();
    let profiles = told["data"]["servers"][0]["profiles"].as_array().unwrap();
    let own = profiles.iter().find(|profile| profile["id"] == "虚构").unwrap();
    assert_eq!(own["kept"], false);
    place.sandbox.write("broken.toml", "[profile]\n");
    place.sandbox.run(&["tls", &address, "--policy", "broken.toml"]).ends(65).says(&["broken.toml"]);
}
