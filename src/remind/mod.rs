//! Reminders on their way: mails by SMTP, digests and calendars as files.
//!
//! Who is reminded of what is `training`'s to decide. Nothing here says "sent" before a server took it over.

mod files;
mod letter;
mod postman;
mod round;
mod settings;

pub use files::{Basis, Written, write_calendar, write_digests};
pub use letter::is_address;
pub use round::{Round, send_all};
pub use settings::{MailSettings, MailSettingsError, PASSWORD_VARIABLE};

#[cfg(test)]
mod tests;
