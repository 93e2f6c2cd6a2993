//! Entries of the audit log.

use chrono::{DateTime, Utc};

/// Who did or was refused what, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub at: DateTime<Utc>,
    /// The account that asked, for example the login name.
    pub actor: String,
    pub action: AuditAction,
    /// One line for people: the file, the target and the reason.
    pub detail: String,
}

/// What was done or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditAction {
    Imported,
    /// An import that was refused because of what it held.
    ImportRefused,
    /// A target that was not probed because it is out of scope.
    TargetRefused,
}

impl AuditAction {
    pub const ALL: [AuditAction; 3] =
        [AuditAction::Imported, AuditAction::ImportRefused, AuditAction::TargetRefused];

    pub fn as_str(self) -> &'static str {
        match self {
            AuditAction::Imported => "imported",
            AuditAction::ImportRefused => "import-refused",
            AuditAction::TargetRefused => "target-refused",
        }
    }

    pub fn parse(text: &str) -> Option<AuditAction> {
        AuditAction::ALL.into_iter().find(|action| action.as_str() == text)
    }
}
