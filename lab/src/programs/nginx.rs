//! nginx with one page, over HTTP or HTTPS with a certificate of the lab's authority.

use std::path::PathBuf;

use rustix::process::Signal;

use super::openssl_server::good_leaf;
use super::site::Site;
use super::{Launch, Trouble};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

pub(super) fn prepare(site: &Site<'_>, binary: PathBuf, scheme: Scheme) -> Result<Launch, Trouble> {
    let account = site.account_for_port()?;
    let root = site.make_dir("html")?;
    site.write("html/index.html", PAGE)?;
    let tls = match scheme {
        Scheme::Http => String::new(),
        Scheme::Https => {
            let leaf = good_leaf(site)?;
            let chain =
                site.write("chain.pem", &format!("{}{}", leaf.certificate, site.authority.certificate()))?;
            let key = site.write_secret("key.pem", &leaf.key)?;
            format!("ssl_certificate {chain}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;")
        }
    };
    let ssl = if scheme == Scheme::Https { " ssl" } else { "" };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {};\n", site.text(kind)))
        .collect();
    let configuration = format!(
        "daemon off;\nworker_processes 1;\npid {pid};\nerror_log stderr;\nevents {{ worker_connections 512; }}\n\
         http {{\n{temporary}access_log off;\ndefault_type text/html;\ncharset utf-8;\n\
         server {{ listen {address}{ssl}; server_name {host}; root {root}; {tls} }}\n}}\n",
        pid = site.text("pid"),
        address = site.address,
        host = site.host_name,
    );
    let configuration = site.write("nginx.conf", &configuration)?;
    site.give_to(account)?;
    Ok(Launch {
        binary,
        args: vec!["-p".to_owned(), site.text(""), "-c".to_owned(), configuration],
        account,
        stop: Signal::TERM,
    })
}

const PAGE: &str = "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>示例市虚构门户</title></head>\n\
                    <body><h1>示例市虚构门户</h1><p>仅供演练。</p></body></html>\n";
