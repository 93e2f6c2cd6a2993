//! A queued reminder as a mail (RFC 5322): the same bytes each time it is sent, so that a second one is recognised.

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, SinglePart};
use training::reminders::KeptMail;

/// A mail, ready to be sent.
#[derive(Debug, Clone)]
pub struct Letter {
    pub envelope: Envelope,
    /// ASCII only.
    pub bytes: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    #[error("{0:?} is no mail address that can be written to")]
    Address(String),
    #[error("no mail can be made of it")]
    Mail(#[source] lettre::error::Error),
}

/// Whether a text is an address that any mail server takes: ASCII, of a domain.
pub fn is_address(text: &str) -> bool {
    text.is_ascii()
        && text.len() <= 254
        && text.parse::<Address>().is_ok_and(|address| address.domain().contains('.'))
}

/// The left part of a Message-ID is the reminder's own.
pub fn message_id(mail: &KeptMail, sender: &Mailbox) -> String {
    format!("<{}.reminder@{}>", mail.id, sender.email.domain())
}

pub fn letter(mail: &KeptMail, sender: &Mailbox) -> Result<Letter, LetterError> {
    let wrong = || LetterError::Address(mail.address.clone());
    let address: Address = mail.address.parse().map_err(|_| wrong())?;
    if !is_address(&mail.address) {
        return Err(wrong());
    }
    let name = (!mail.name.is_empty()).then(|| one_line(&mail.name));
    let message = Message::builder()
        .message_id(Some(message_id(mail, sender)))
        .date(mail.queued_at.into())
        .from(sender.clone())
        .to(Mailbox::new(name, address))
        .subject(one_line(&mail.subject))
        // Nobody's vacation notice answers it (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .singlepart(SinglePart::plain(mail.body.clone()))
        .map_err(LetterError::Mail)?;
    Ok(Letter { envelope: message.envelope().clone(), bytes: message.formatted() })
}

/// A header is one line, whatever was queued.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
