//! Whether chains lead to a root that somebody trusts: Mozilla's, and those of a customer. Apart from names and
//! validity, which are told for themselves.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use probes::tls::assess::facts::{ChainFacts, ChainKind, ServerFacts};
use probes::tls::judge::Trust;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore};

use crate::onlooker::provider;

/// A store of roots.
#[derive(Debug, Clone)]
pub struct Roots {
    verifier: Arc<WebPkiServerVerifier>,
    own: Vec<Vec<u8>>,
}

#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    #[error("certificate {0} of the given roots can't be used as a root")]
    Unusable(usize, #[source] Error),
    #[error("certificate {0} can't be read; the file should be PEM")]
    NotPem(usize, #[source] rustls::pki_types::pem::Error),
    #[error("no certificate is in it; the file should be PEM")]
    None,
    #[error("the roots can't be used")]
    Store(#[source] rustls::client::VerifierBuilderError),
}

impl Roots {
    /// Mozilla's, as they were when this program was built, and these, DER.
    pub fn mozilla_and(own: &[Vec<u8>]) -> Result<Roots, RootsError> {
        let mut store = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for (at, der) in own.iter().enumerate() {
            let der = CertificateDer::from(der.clone());
            store.add(der).map_err(|error| RootsError::Unusable(at + 1, error))?;
        }
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider()));
        Ok(Roots { verifier: builder.build().map_err(RootsError::Store)?, own: own.to_vec() })
    }

    /// Mozilla's and the certificates of a PEM file, of which there must be one at least.
    pub fn mozilla_and_pem(pem: &[u8]) -> Result<Roots, RootsError> {
        let read = CertificateDer::pem_slice_iter(pem).enumerate();
        let ders = read.map(|(at, der)| match der {
            Ok(der) => Ok(der.to_vec()),
            Err(error) => Err(RootsError::NotPem(at + 1, error)),
        });
        let ders: Vec<Vec<u8>> = ders.collect::<Result<_, _>>()?;
        if ders.is_empty() {
            return Err(RootsError::None);
        }
        Roots::mozilla_and(&ders)
    }

    /// For each chain of a server, in their order.
    pub fn trust(&self, facts: &ServerFacts, now: DateTime<Utc>) -> Vec<Trust> {
        facts.chains.iter().map(|chain| self.of(chain, now)).collect()
    }

    fn of(&self, chain: &ChainFacts, now: DateTime<Utc>) -> Trust {
        // Signatures of SM2 aren't what these roots are about.
        let is_national = matches!(chain.kind, ChainKind::Tlcp | ChainKind::Sm2);
        let (Some(leaf), false) = (chain.ders.first(), is_national) else { return Trust::NotJudged };
        // What a customer has named is trusted as it is, also without an authority above it.
        if self.own.contains(leaf) {
            return Trust::Trusted;
        }
        if chain.certificates.first().is_some_and(|leaf| leaf.self_signed) {
            return Trust::UnknownIssuer;
        }
        // Validity is told for itself: what has ended is looked at on its last day.
        let at = chain.certificates.first().map_or(now, |leaf| {
            if leaf.not_before <= leaf.not_after { now.clamp(leaf.not_before, leaf.not_after) } else { now }
        });
        let Ok(seconds) = u64::try_from(at.timestamp()) else { return Trust::NotJudged };
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let leaf = CertificateDer::from(leaf.as_slice());
        let others: Vec<CertificateDer<'_>> =
            chain.ders.iter().skip(1).map(|der| CertificateDer::from(der.as_slice())).collect();
        // A name of the leaf's own, so that names don't come into it.
        let name = chain
            .certificates
            .iter()
            .flat_map(|leaf| &leaf.names)
            .find_map(|name| ServerName::try_from(name.replacen("*.", "any.", 1)).ok());
        let Some(name) = name else { return Trust::NotJudged };
        match self.verifier.verify_server_cert(&leaf, &others, &name, &[], at) {
            Ok(_) => Trust::Trusted,
            Err(Error::InvalidCertificate(error)) => match error {
                CertificateError::UnknownIssuer => Trust::UnknownIssuer,
                CertificateError::BadSignature => Trust::BadSignature,
                _ => Trust::Refused,
            },
            Err(_) => Trust::Refused,
        }
    }
}
