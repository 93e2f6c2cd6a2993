//! What real servers answered to these very probes, and answers made by hand from the standards for those that weren't
//! at hand; each cut at every length and read by every probe.

use model::observation::{Access, FirstBytes, ServiceFacts};
use probes::udp::{Tied, UDP_PROBES, by_id};
use proptest::prelude::*;

use crate::COOKIE;
use crate::recordings::RECORDED;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    assert_eq!(digits.len(), hex.len());
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn shown(facts: &ServiceFacts) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let access = match facts.access {
        None => "-",
        Some(Access::NoAuthentication) => "no-authentication",
        Some(Access::AuthenticationRequired) => "authentication-required",
    };
    let mut shown =
        format!("{} {} {} {access}", part(&facts.protocol), part(&facts.product), part(&facts.version));
    for (name, value) in &facts.facts {
        shown.push_str(&format!(" {name}={value}"));
    }
    shown
}

/// Texts are clean and bounded, and the first bytes are the reply's.
#[track_caller]
fn check_bounds(reply: &[u8], facts: &ServiceFacts) {
    let texts = facts.facts.values().chain(&facts.product).chain(&facts.version).chain(&facts.info);
    for text in texts {
        assert!(text.chars().count() <= 256 && !text.chars().any(char::is_control), "{text:?}");
    }
    assert!(facts.facts.len() <= 32 && facts.protocol.is_some());
    assert_eq!(facts.first_bytes, FirstBytes::of(reply));
}

#[test]
fn answers_are_read_as_expected() {
    for recorded in RECORDED {
        let probe = by_id(recorded.probe).expect("in the table");
        let reply = bytes(recorded.hex);
        let known = probe.recognise(&reply).unwrap_or_else(|| panic!("{probe:?} from {}", recorded.from));
        assert_eq!(shown(&known.facts), recorded.expected, "{probe:?} from {}", recorded.from);
        let expected = if known.echoed_cookie.is_some() { Tied::ByCookie } else { Tied::ByPortsOnly };
        assert_eq!(probe.tied(COOKIE, &known), expected, "{probe:?} from {}", recorded.from);
        check_bounds(&reply, &known.facts);
    }
}

#[test]
fn every_probe_has_an_answer_that_carries_its_cookie() {
    for probe in UDP_PROBES {
        let mut of_probe = RECORDED.iter().filter(|recorded| recorded.probe == probe.id).peekable();
        assert!(of_probe.peek().is_some(), "{probe:?}");
        let echoes = of_probe.any(|recorded| {
            probe.recognise(&bytes(recorded.hex)).is_some_and(|known| {
                let forged = COOKIE ^ 1;
                known.echoed_cookie.is_some() && probe.tied(forged, &known) == Tied::NotOurs
            })
        });
        // A TFTP server sends back nothing of the request, though the name asked for differs each time.
        assert_eq!(echoes, probe.cookie_bits > 0 && probe.id != "tftp-missing-file", "{probe:?}");
    }
}

#[test]
fn answers_cut_anywhere_are_bounded_and_of_the_same_protocol_or_of_none() {
    for recorded in RECORDED {
        let reply = bytes(recorded.hex);
        for n in 0..reply.len() {
            for probe in UDP_PROBES {
                let Some(known) = probe.recognise(&reply[..n]) else { continue };
                check_bounds(&reply[..n], &known.facts);
                if probe.id == recorded.probe {
                    let protocol = known.facts.protocol.unwrap_or_default();
                    assert!(recorded.expected.starts_with(&protocol), "{probe:?} cut at {n}: {protocol}");
                }
            }
        }
    }
}

#[test]
fn answers_of_one_protocol_are_not_taken_for_another() {
    // What is text is a quote or a time to those who know no better; all RPC looks alike, and so does much of DNS.
    let same = |a: &str, b: &str| {
        let group = |protocol: &str| match protocol {
            "rpcbind" | "nfs" | "wdb" | "sun-rpc" => "rpc".to_owned(),
            "dns" | "mdns" | "netbios" => "dns".to_owned(),
            other => other.to_owned(),
        };
        group(a) == group(b)
    };
    for recorded in RECORDED {
        let reply = bytes(recorded.hex);
        let own = by_id(recorded.probe).expect("in the table").protocol;
        for probe in UDP_PROBES.iter().filter(|probe| !matches!(probe.protocol, "qotd" | "daytime" | "time"))
        {
            if let Some(known) = probe.recognise(&reply) {
                let taken_for = known.facts.protocol.unwrap_or_default();
                assert!(same(own, &taken_for), "{} from {} is {taken_for}", recorded.probe, recorded.from);
            }
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_are_bounded(reply in prop::collection::vec(any::<u8>(), 0..600)) {
        for probe in UDP_PROBES {
            if let Some(known) = probe.recognise(&reply) {
                check_bounds(&reply, &known.facts);
            }
        }
    }

    #[test]
    fn damaged_answers_are_bounded(
        which in 0..RECORDED.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        more in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut reply = bytes(RECORDED[which].hex);
        for (at, byte) in damage {
            let at = at.index(reply.len());
            reply[at] = byte;
        }
        reply.extend(more);
        for probe in UDP_PROBES {
            if let Some(known) = probe.recognise(&reply) {
                check_bounds(&reply, &known.facts);
            }
        }
    }
}
