//! The table of templates: each is one file of `templates/`, set from one kind of value.

/// A template gets its value as JSON and never as source, so that no text in it is read as markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    CertificateA4,
    CertificateCard,
    SignIn,
    Digest,
    Evidence,
}

impl Template {
    pub const ALL: [Template; 5] = [
        Template::CertificateA4,
        Template::CertificateCard,
        Template::SignIn,
        Template::Digest,
        Template::Evidence,
    ];

    pub fn file(self) -> &'static str {
        match self {
            Template::CertificateA4 => "certificate-a4.typ",
            Template::CertificateCard => "certificate-card.typ",
            Template::SignIn => "sign-in.typ",
            Template::Digest => "digest.typ",
            Template::Evidence => "evidence.typ",
        }
    }

    pub fn source(self) -> &'static str {
        match self {
            Template::CertificateA4 => include_str!("../../templates/certificate-a4.typ"),
            Template::CertificateCard => include_str!("../../templates/certificate-card.typ"),
            Template::SignIn => include_str!("../../templates/sign-in.typ"),
            Template::Digest => include_str!("../../templates/digest.typ"),
            Template::Evidence => include_str!("../../templates/evidence.typ"),
        }
    }
}
