//! A directory that binds anyone anonymously and shows its root entry (RFC 4511, RFC 4512 5.1).

use super::ber::{self, Element, Read, element};
use super::{LONGEST_INPUT, Session, Step};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 2;
const OCTETS: u8 = 4;
const ENUMERATED: u8 = 10;

const BIND: u8 = 0x60;
const UNBIND: u8 = 0x42;
const SEARCH: u8 = 0x63;
const EXTENDED: u8 = 0x77;

pub(super) struct Ldap;

impl Session for Ldap {
    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        if input.first().is_some_and(|tag| *tag != SEQUENCE) {
            return Step::SayAndClose(Vec::new());
        }
        let (step, n_left) = match ber::read(input) {
            Read::Unfinished if input.len() <= LONGEST_INPUT => return Step::Wait,
            Read::Unfinished | Read::Broken => return Step::SayAndClose(Vec::new()),
            Read::Whole(message, rest) => (answer(message), rest.len()),
        };
        input.drain(..input.len() - n_left);
        step
    }
}

fn answer(message: Element<'_>) -> Step {
    let parts = ber::children(message.content);
    let [id, operation, ..] = parts.as_slice() else { return Step::SayAndClose(Vec::new()) };
    let reply = |operation: Vec<u8>| element(SEQUENCE, &[&element(INTEGER, &[id.content]), &operation]);
    match operation.tag {
        BIND => Step::Say(reply(result(0x61, bind_code(operation.content)))),
        SEARCH => {
            let mut said = Vec::new();
            if asks_for_root(operation.content) {
                said.extend(reply(root_entry()));
            }
            said.extend(reply(result(0x65, 0)));
            Step::Say(said)
        }
        EXTENDED => Step::Say(reply(result(0x78, PROTOCOL_ERROR))),
        UNBIND => Step::SayAndClose(Vec::new()),
        _ => Step::SayAndClose(Vec::new()),
    }
}

const PROTOCOL_ERROR: u8 = 2;
const INVALID_CREDENTIALS: u8 = 49;

/// Success for an empty name with an empty simple password, and for nothing else.
fn bind_code(content: &[u8]) -> u8 {
    match ber::children(content).as_slice() {
        [_version, name, password, ..] if password.tag == 0x80 => {
            if name.content.is_empty() && password.content.is_empty() { 0 } else { INVALID_CREDENTIALS }
        }
        _ => PROTOCOL_ERROR,
    }
}

/// Base object "" with scope baseObject.
fn asks_for_root(content: &[u8]) -> bool {
    matches!(ber::children(content).as_slice(), [base, scope, ..] if base.content.is_empty() && scope.content == [0])
}

fn result(tag: u8, code: u8) -> Vec<u8> {
    element(tag, &[&element(ENUMERATED, &[&[code]]), &element(OCTETS, &[]), &element(OCTETS, &[])])
}

fn root_entry() -> Vec<u8> {
    let attribute = |name: &str, value: &str| {
        element(
            SEQUENCE,
            &[&element(OCTETS, &[name.as_bytes()]), &element(SET, &[&element(OCTETS, &[value.as_bytes()])])],
        )
    };
    let attributes = [
        attribute("objectClass", "top"),
        attribute("vendorName", "Sentrypost Lab"),
        attribute("vendorVersion", "1.0"),
        attribute("namingContexts", "dc=lab,dc=example"),
        attribute("supportedLDAPVersion", "3"),
    ];
    element(0x64, &[&element(OCTETS, &[]), &element(SEQUENCE, &[&attributes.concat()])])
}
