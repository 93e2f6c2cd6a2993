//! Gathers what the answers of a server tell into its facts. Each flight is taken up once, with the question's
//! number; what it means for the next question is the story's to say.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::asker::Asker;
use super::exchange::Foreign;
use super::facts::{
    Answered, ChainFacts, ChainKind, ConnectionNo, Features, FiniteField, GroupFacts, List, Order, Reached,
    Reason, ServerFacts, SignatureFacts, SuiteFacts, Told, VersionFacts,
};
use super::seam::SessionSeen;
use crate::certificate::{MAX_CHAIN, certificate_facts};
use crate::clean;
use crate::tls::codes::{self, GroupKind, Version};
use crate::tls::flight::Flight;
use crate::tls::message::{Share, extension};
use crate::tls::primes::{known_prime, significant_bits};
use crate::tls::staple;

/// More chains than any server has; what a mad one sends beyond that isn't kept.
const MAX_CHAINS: usize = 24;
const MAX_FINITE_FIELDS: usize = 64;
const MAX_PROTOCOLS: usize = 8;
const CERTIFICATE_TIMESTAMPS: &str = "1.3.6.1.4.1.11129.2.4.2";

pub(super) struct Findings {
    versions: BTreeMap<Version, VersionFacts>,
    pub(super) groups_before_13: List<GroupFacts>,
    pub(super) groups_in_13: List<GroupFacts>,
    chains: Vec<ChainFacts>,
    pub(super) features: Features,
    finite_fields: Vec<FiniteField>,
    /// Hashes of the values that came, by prime.
    values: BTreeSet<[u8; 32]>,
    signatures: Vec<SignatureFacts>,
}

impl Findings {
    pub(super) fn new() -> Findings {
        let versions = Version::ALL.into_iter().map(|version| {
            let facts = VersionFacts {
                version,
                offered: Told::default(),
                suites: List::default(),
                order: Order::Unknown,
            };
            (version, facts)
        });
        Findings {
            versions: versions.collect(),
            groups_before_13: List::default(),
            groups_in_13: List::default(),
            chains: Vec::new(),
            features: Features::default(),
            finite_fields: Vec::new(),
            values: BTreeSet::new(),
            signatures: Vec::new(),
        }
    }

    pub(super) fn version(&mut self, version: Version) -> &mut VersionFacts {
        self.versions.get_mut(&version).expect("every version has its facts")
    }

    pub(super) fn speaks(&self, version: Version) -> bool {
        self.versions.get(&version).is_some_and(|facts| facts.offered.is_yes())
    }

    /// The versions of SSL 3.0 to TLS 1.2 that the server speaks, highest first.
    pub(super) fn classic(&self) -> Vec<Version> {
        let spoken = self.versions.values().filter(|facts| facts.offered.is_yes());
        spoken.map(|facts| facts.version).filter(|version| version.is_classic()).rev().collect()
    }

    pub(super) fn codes(&self, version: Version) -> Vec<u16> {
        let suites = self.versions.get(&version).map(|facts| facts.suites.entries.as_slice());
        let codes = suites.unwrap_or_default().iter();
        codes.filter_map(|suite| u16::try_from(suite.code).ok()).collect()
    }

    /// Takes up a flight that chose a suite which wasn't known yet.
    pub(super) fn take_suite(&mut self, version: Version, code: u16, flight: &Flight, by: ConnectionNo) {
        let share = flight.key_exchange.as_ref().map(|exchange| &exchange.share);
        let group = match share {
            Some(Share::Curve { group, .. }) => Some(*group),
            _ => flight.hello.as_ref().and_then(|hello| hello.group()),
        };
        let known = if version == Version::Tlcp { codes::tlcp_suite(code) } else { codes::suite(code) };
        let facts = SuiteFacts {
            code: u32::from(code),
            name: known.map_or_else(|| format!("0x{code:04X}"), |suite| suite.name.to_owned()),
            group: group.map(|group| GroupFacts::new(group, by)),
            prime_bits: match share {
                Some(Share::FiniteField { prime, .. }) => Some(significant_bits(prime)),
                _ => None,
            },
            export_key_bits: match share {
                Some(Share::Rsa { modulus }) => Some(significant_bits(modulus)),
                _ => None,
            },
            by,
        };
        self.version(version).suites.entries.push(facts);
    }

    /// Takes up what any flight may show beside its suite.
    pub(super) fn take_flight(
        &mut self,
        version: Version,
        server_name: Option<&str>,
        flight: &Flight,
        by: ConnectionNo,
    ) {
        let suite = flight.cipher_suite.and_then(|code| match version {
            Version::Tlcp => codes::tlcp_suite(code),
            _ => codes::suite(code),
        });
        if !flight.certificates.is_empty() {
            let kind = match (version, suite) {
                (Version::Tlcp, _) => ChainKind::Tlcp,
                (_, Some(suite)) => ChainKind::of(suite.authentication),
                (_, None) => ChainKind::Other,
            };
            self.take_chain(server_name, kind, &flight.certificates, by);
        }
        let Some(exchange) = &flight.key_exchange else { return };
        if let Share::FiniteField { prime, value, .. } = &exchange.share {
            self.take_finite_field(prime, value, by);
        }
        if let Some(code) = exchange.scheme {
            match self.signatures.iter_mut().find(|known| known.code == code) {
                Some(known) => known.by.push(by),
                None => {
                    let name = codes::signature_name(code);
                    self.signatures.push(SignatureFacts { code, name, by: vec![by] });
                }
            }
        }
    }

    pub(super) fn take_chain(
        &mut self,
        server_name: Option<&str>,
        kind: ChainKind,
        ders: &[Vec<u8>],
        by: ConnectionNo,
    ) {
        let server_name = server_name.map(str::to_owned);
        let is_full = self.chains.len() >= MAX_CHAINS;
        let same = self.chains.iter_mut().find(|chain| {
            chain.kind == kind && chain.server_name == server_name && chain.ders.as_slice() == ders
        });
        match same {
            Some(chain) => chain.by.push(by),
            None if is_full => {}
            None => {
                let certificates = ders.iter().filter_map(|der| certificate_facts(der).ok()).collect();
                let (ders, by) = (ders.to_vec(), vec![by]);
                self.chains.push(ChainFacts { server_name, kind, certificates, ders, by });
            }
        }
    }

    /// Takes up what a whole handshake of TLS 1.3 has shown of its server.
    pub(super) fn take_session(&mut self, server_name: Option<&str>, seen: &SessionSeen, by: ConnectionNo) {
        if seen.chain.is_empty() {
            return;
        }
        let kind = ChainKind::of_chain(&seen.chain).unwrap_or(ChainKind::Other);
        self.take_chain(server_name, kind, seen.chain.get(..MAX_CHAIN).unwrap_or(&seen.chain), by);
        let features = &mut self.features;
        let note = |told: &mut Told, is: bool| {
            if !told.is_yes() {
                *told = Told::of(is, by);
            }
        };
        note(&mut features.ocsp_staple, !seen.staple.is_empty());
        features.take_staple(&seen.staple, by);
        note(&mut features.client_certificate, seen.wants_client_certificate);
        features.take_protocol(seen.protocol.as_deref());
    }

    fn take_finite_field(&mut self, prime: &[u8], value: &[u8], by: ConnectionNo) {
        let digest = Sha256::digest(prime);
        let prime_sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let is_new =
            self.values.insert(Sha256::new().chain_update(prime).chain_update(value).finalize().into());
        let is_full = self.finite_fields.len() >= MAX_FINITE_FIELDS;
        match self.finite_fields.iter_mut().find(|known| known.prime_sha256 == prime_sha256) {
            Some(known) => {
                known.n_seen += 1;
                known.reuses_value |= !is_new;
                known.by.push(by);
            }
            None if is_full => {}
            None => self.finite_fields.push(FiniteField {
                bits: significant_bits(prime),
                known: known_prime(&prime_sha256),
                prime_sha256,
                n_seen: 1,
                reuses_value: !is_new,
                by: vec![by],
            }),
        }
    }

    /// Takes up what a server says to a hello of the full form.
    pub(super) fn take_features(&mut self, flight: &Flight, by: ConnectionNo) {
        let Some(hello) = &flight.hello else { return };
        let features = &mut self.features;
        let note = |told: &mut Told, is: bool| {
            // What was there once is there; what never was, isn't, as far as was asked.
            match (&told.answer, is) {
                (Answered::Yes, _) => {}
                (_, true) => *told = Told::yes(by),
                (Answered::No, false) => {
                    if told.by.len() < 2 {
                        told.by.push(by);
                    }
                }
                (Answered::Unknown(_), false) => *told = Told::no([by]),
            }
        };
        let has = |kind| hello.extension(kind).is_some();
        note(&mut features.secure_renegotiation, has(extension::RENEGOTIATION_INFO));
        note(&mut features.compression, hello.compression != 0);
        note(&mut features.extended_master_secret, has(extension::EXTENDED_MASTER_SECRET));
        note(&mut features.encrypt_then_mac, has(extension::ENCRYPT_THEN_MAC));
        note(&mut features.session_ids, !hello.session_id.is_empty());
        note(&mut features.session_tickets, has(extension::SESSION_TICKET));
        note(&mut features.heartbeat, has(extension::HEARTBEAT));
        note(&mut features.timestamps_in_handshake, has(extension::CERTIFICATE_TIMESTAMPS));
        if flight.is_whole {
            note(&mut features.ocsp_staple, flight.staple.is_some());
            features.take_staple(flight.staple.as_deref().unwrap_or_default(), by);
            note(&mut features.client_certificate, flight.certificate_request.is_some());
        }
        features.take_protocol(hello.protocol());
    }

    /// Closes the books.
    pub(super) fn finish(mut self, asker: Asker) -> ServerFacts {
        let unconfirmed: BTreeSet<ConnectionNo> =
            asker.silent.iter().copied().filter(|number| *number > asker.last_heard).collect();
        // A server that had stopped answering altogether refused nothing in particular.
        let is_unconfirmed = |told: &Told| told.by.iter().any(|by| unconfirmed.contains(by));
        let settle = |told: &mut Told, refused: Answered| {
            if told.answer == refused && is_unconfirmed(told) {
                told.answer = Answered::Unknown(Reason::Refusing);
            }
        };
        // A list is whole because more of it was refused.
        for facts in self.versions.values_mut() {
            settle(&mut facts.offered, Answered::No);
            settle(&mut facts.suites.complete, Answered::Yes);
        }
        settle(&mut self.groups_before_13.complete, Answered::Yes);
        settle(&mut self.groups_in_13.complete, Answered::Yes);
        settle(&mut self.features.sha1_signatures, Answered::No);
        settle(&mut self.features.fallback_scsv, Answered::Yes);
        self.features.post_quantum = self.post_quantum();
        self.features.certificate_timestamps = self.certificate_timestamps();
        self.chains.sort_by(|a, b| (a.kind, &a.server_name, &a.ders).cmp(&(b.kind, &b.server_name, &b.ders)));
        self.finite_fields.sort_by(|a, b| (a.bits, &a.prime_sha256).cmp(&(b.bits, &b.prime_sha256)));
        self.signatures.sort_by_key(|signature| signature.code);
        let speaks_any = self.versions.values().any(|facts| facts.offered.is_yes());
        let reached = match asker.has_foreign {
            _ if speaks_any => Reached::Tls,
            _ if asker.has_tls => Reached::NothingInCommon,
            Some(Foreign::Http) => Reached::Http,
            Some(Foreign::Other) => Reached::OtherProtocol,
            None if asker.had_no_start_tls => Reached::NoStartTls,
            None if asker.was_connected => Reached::Silent,
            None => Reached::Unreachable,
        };
        ServerFacts {
            reached,
            given_up: asker.given_up,
            versions: self.versions.into_values().collect(),
            groups_before_13: self.groups_before_13,
            groups_in_13: self.groups_in_13,
            chains: self.chains,
            features: self.features,
            finite_fields: self.finite_fields,
            signatures: self.signatures,
            connections: asker.log,
        }
    }

    fn certificate_timestamps(&self) -> Told {
        let has_them = |chain: &&ChainFacts| {
            let leaf = chain.ders.first().and_then(|der| X509Certificate::from_der(der).ok());
            leaf.is_some_and(|(_, leaf)| {
                leaf.extensions()
                    .iter()
                    .any(|extension| extension.oid.to_id_string() == CERTIFICATE_TIMESTAMPS)
            })
        };
        match (self.chains.iter().find(has_them), self.chains.first()) {
            (Some(chain), _) => Told::of(true, chain.by.first().copied().unwrap_or_default()),
            (None, Some(_)) => {
                Told::no(self.chains.iter().filter_map(|chain| chain.by.first().copied()).collect::<Vec<_>>())
            }
            (None, None) => Told::default(),
        }
    }

    /// Present if a hybrid or a mechanism of its own was chosen; absent only if the list of groups is whole.
    fn post_quantum(&self) -> Told {
        let is_post_quantum = |group: &&GroupFacts| {
            codes::group(group.code)
                .is_some_and(|known| matches!(known.kind, GroupKind::Hybrid | GroupKind::PostQuantum))
        };
        if let Some(group) = self.groups_in_13.entries.iter().find(is_post_quantum) {
            return Told::yes(group.by);
        }
        match self.versions.get(&Version::Tls13) {
            Some(facts) if facts.offered.is_yes() => self.groups_in_13.complete_as_no(),
            // Only TLS 1.3 has them.
            Some(facts) if facts.offered.is_no() => facts.offered.clone(),
            _ => Told::default(),
        }
    }
}

impl Features {
    fn take_staple(&mut self, der: &[u8], by: ConnectionNo) {
        if self.staple.is_none()
            && let Some(staple) = staple::read(der)
        {
            self.timestamps_in_staple = Told::of(staple.has_timestamps, by);
            self.staple = Some(staple);
        }
    }

    fn take_protocol(&mut self, protocol: Option<&[u8]>) {
        let protocol = protocol.map(clean::text);
        let is_new =
            |protocol: &String| !self.protocols.contains(protocol) && self.protocols.len() < MAX_PROTOCOLS;
        if let Some(protocol) = protocol.filter(is_new) {
            self.protocols.push(protocol);
        }
    }
}

impl List<GroupFacts> {
    /// What isn't in a whole list isn't there.
    fn complete_as_no(&self) -> Told {
        match self.complete.answer {
            Answered::Yes => Told::no(self.complete.by.clone()),
            Answered::No => Told::unknown(Reason::Inconsistent, self.complete.by.clone()),
            Answered::Unknown(reason) => Told::unknown(reason, self.complete.by.clone()),
        }
    }
}
