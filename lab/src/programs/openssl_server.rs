//! `openssl s_server`, the one TLS server at hand that still shows every weakness when asked.
//!
//! Quirks worth knowing when something talks to it: `-www` makes it answer any HTTP request with a page about the
//! session, but no other method, HEAD included, gets a word out of it; and it serves one connection at a time, so a
//! client that holds a connection keeps the next one waiting.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::site::Site;
use super::{Identity, Launch, Trouble, step};
use crate::certificates::{Leaf, Names, Validity};

pub(super) fn prepare(site: &Site<'_>, binary: PathBuf, identity: Identity) -> Result<Launch, Trouble> {
    let account = site.account_for_port()?;
    let files = match identity {
        Identity::Rsa1024 => by_openssl(site, &binary, WeakLeaf { bits: 1024, digest: "-sha256" })?,
        Identity::Sha1Signature => by_openssl(site, &binary, WeakLeaf { bits: 2048, digest: "-sha1" })?,
        Identity::Good | Identity::OldProtocols => by_authority(site, good_leaf(site)?)?,
        Identity::Expired => {
            by_authority(site, site.authority.leaf(&own_names(site), Validity { from: -395, to: -30 })?)?
        }
        Identity::TenDaysLeft => {
            by_authority(site, site.authority.leaf(&own_names(site), Validity { from: -355, to: 10 })?)?
        }
        Identity::WrongName => {
            let other = Names { common: "old-portal.lab.example".to_owned(), ip: None };
            by_authority(site, site.authority.leaf(&other, GOOD)?)?
        }
        Identity::SelfSigned => {
            let leaf = site.authority.self_signed(&own_names(site), GOOD)?;
            Files { chain: None, ..write_leaf(site, &leaf)? }
        }
    };
    let mut args = vec!["s_server".to_owned(), "-accept".to_owned(), site.address.to_string()];
    args.extend(["-cert".to_owned(), files.certificate, "-key".to_owned(), files.key, "-www".to_owned()]);
    if let Some(chain) = files.chain {
        args.extend(["-cert_chain".to_owned(), chain]);
    }
    let weak = match identity {
        Identity::Rsa1024 | Identity::Sha1Signature => vec!["-cipher", "DEFAULT:@SECLEVEL=0"],
        Identity::OldProtocols => {
            vec!["-min_protocol", "TLSv1", "-max_protocol", "TLSv1.1", "-cipher", "ALL:@SECLEVEL=0"]
        }
        Identity::Good
        | Identity::Expired
        | Identity::SelfSigned
        | Identity::WrongName
        | Identity::TenDaysLeft => {
            vec!["-min_protocol", "TLSv1.2"]
        }
    };
    args.extend(weak.into_iter().map(str::to_owned));
    site.give_to(account)?;
    Ok(Launch { binary, args, account, stop: Signal::TERM })
}

/// Two months behind and ten months ahead: neither new nor near its end.
const GOOD: Validity = Validity { from: -60, to: 300 };

/// A certificate without fault, for the host and its address.
pub(super) fn good_leaf(site: &Site<'_>) -> Result<Leaf, Trouble> {
    Ok(site.authority.leaf(&own_names(site), GOOD)?)
}

fn own_names(site: &Site<'_>) -> Names {
    Names { common: site.host_name.to_owned(), ip: Some(site.address.ip()) }
}

struct Files {
    certificate: String,
    key: String,
    chain: Option<String>,
}

fn by_authority(site: &Site<'_>, leaf: Leaf) -> Result<Files, Trouble> {
    let files = write_leaf(site, &leaf)?;
    Ok(Files { chain: Some(site.write("chain.pem", site.authority.certificate())?), ..files })
}

fn write_leaf(site: &Site<'_>, leaf: &Leaf) -> Result<Files, Trouble> {
    let certificate = site.write("certificate.pem", &leaf.certificate)?;
    Ok(Files { certificate, key: site.write_secret("key.pem", &leaf.key)?, chain: None })
}

struct WeakLeaf {
    bits: u16,
    digest: &'static str,
}

/// What no certificate library makes any more: the openssl program, with an RSA authority of its own.
fn by_openssl(site: &Site<'_>, openssl: &Path, weak: WeakLeaf) -> Result<Files, Trouble> {
    let request = |file: &str, name: &str| {
        site.write(file, &format!("[req]\nprompt=no\ndistinguished_name=dn\n[dn]\nO=示例市虚构认证中心\nCN={name}\n[v3_ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"))
    };
    let san_ip = match site.address.ip() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => ip.to_string(),
    };
    let ca_config = request("ca.conf", "Lab Old Root CA")?;
    let leaf_config = request("leaf.conf", site.host_name)?;
    let extensions = site.write(
        "leaf.ext",
        &format!("subjectAltName=DNS:{},IP:{san_ip}\nextendedKeyUsage=serverAuth\n", site.host_name),
    )?;
    let [ca, ca_key, leaf, leaf_key, csr] =
        ["ca.pem", "ca.key", "certificate.pem", "key.pem", "leaf.csr"].map(|name| site.text(name));
    let run = |line: &str, paths: &[(&str, &str)]| {
        let args: Vec<String> = line
            .split_whitespace()
            .map(|word| {
                paths.iter().find(|(mark, _)| *mark == word).map_or(word, |(_, path)| path).to_owned()
            })
            .collect();
        step::run(openssl, &args, None, &site.dir)
    };
    run(
        "req -x509 -utf8 -newkey rsa:2048 -nodes -sha256 -days 3650 -config CONF -extensions v3_ca -keyout KEY -out CERT",
        &[("CONF", &ca_config), ("KEY", &ca_key), ("CERT", &ca)],
    )?;
    run(
        "req -new -utf8 -newkey BITS -nodes -config CONF -keyout KEY -out CSR",
        &[("BITS", &format!("rsa:{}", weak.bits)), ("CONF", &leaf_config), ("KEY", &leaf_key), ("CSR", &csr)],
    )?;
    run(
        "x509 -req -in CSR -CA CA -CAkey CAKEY -CAcreateserial DIGEST -days 300 -extfile EXT -out CERT",
        &[
            ("CSR", &csr),
            ("CA", &ca),
            ("CAKEY", &ca_key),
            ("DIGEST", weak.digest),
            ("EXT", &extensions),
            ("CERT", &leaf),
        ],
    )?;
    Ok(Files { certificate: leaf, key: leaf_key, chain: Some(ca) })
}
