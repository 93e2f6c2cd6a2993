//! LDAP: the root DSE, and whether the tree behind it may be read without a bind (RFC 4511, 4512 §5.1).

use model::observation::{Access, ServiceFacts};

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

const UNBIND: &[u8] = &[0x30, 5, 2, 1, 3, 0x42, 0];
const MAX_MESSAGE: usize = 32 * 1024;
const ATTRIBUTES: [&[u8]; 6] = [
    b"namingContexts",
    b"vendorName",
    b"vendorVersion",
    b"defaultNamingContext",
    b"dnsHostName",
    b"objectClass",
];

const SEARCH_ENTRY: u8 = 0x64;
const SEARCH_DONE: u8 = 0x65;
const EXTENDED: u8 = 0x78;

/// One BER element (definite lengths of at most three bytes): its tag and content.
fn element<'a>(cursor: &mut Cursor<'a>) -> Result<(u8, &'a [u8]), Miss> {
    let tag = cursor.u8()?;
    let length = match cursor.u8()? {
        short @ 0..=0x7f => usize::from(short),
        0x81 => usize::from(cursor.u8()?),
        0x82 => usize::from(cursor.u16()?),
        0x83 => cursor.u24()?,
        0x84 => cursor.len32()?,
        _ => return Err(Miss::No),
    };
    Ok((tag, cursor.take_bounded(length, MAX_MESSAGE)?))
}

/// One LDAP message: its id, the operation's tag and content.
fn message<'a>(cursor: &mut Cursor<'a>) -> Result<(u8, u8, &'a [u8]), Miss> {
    if cursor.rest().first().is_some_and(|tag| *tag != 0x30) {
        return Err(Miss::No);
    }
    let (_, body) = element(cursor)?;
    let mut body = Cursor::whole(body);
    let id = match element(&mut body)? {
        (2, [id]) => *id,
        _ => return Err(Miss::No),
    };
    let (operation, content) = element(&mut body)?;
    Ok((id, operation, content))
}

/// The notice of disconnection with which servers answer what they can't decode (RFC 4511 §4.4.1).
pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    let (id, operation, content) = message(&mut seen.cursor())?;
    if id != 0 || operation != EXTENDED {
        return Err(Miss::No);
    }
    match element(&mut Cursor::whole(content))? {
        (0x0a, [_]) => Ok(identified("ldap")),
        _ => Err(Miss::No),
    }
}

fn ber(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    [[tag, 0x82].as_slice(), &length, content].concat()
}

/// A search of one entry for `(objectClass=*)`.
fn search(id: u8, base: &[u8], attributes: &[&[u8]]) -> Vec<u8> {
    let mut request = ber(4, base);
    // Base object, aliases never followed, one entry, five seconds, values too.
    request.extend([0x0a, 1, 0, 0x0a, 1, 0, 2, 1, 1, 2, 1, 5, 1, 1, 0]);
    request.extend(b"\x87\x0bobjectClass");
    request.extend(ber(0x30, &attributes.iter().flat_map(|name| ber(4, name)).collect::<Vec<u8>>()));
    let body = [[2, 1, id].as_slice(), &ber(0x63, &request)].concat();
    ber(0x30, &body)
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Directory { state: State::Fresh, facts: identified("ldap"), base: Vec::new() })
}

struct Directory {
    state: State,
    facts: ServiceFacts,
    base: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Fresh,
    Root,
    Tree,
}

impl Talk for Directory {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        let done = |facts: ServiceFacts| Ok(Turn::Done { facts, farewell: UNBIND });
        match self.state {
            State::Fresh => {
                self.state = State::Root;
                Turn::say(search(1, b"", &ATTRIBUTES))
            }
            State::Root => {
                let mut cursor = seen.cursor();
                let (mut facts, mut base) = (self.facts.clone(), Vec::new());
                loop {
                    match message(&mut cursor)? {
                        (1, SEARCH_ENTRY, entry) => (facts, base) = root(facts, entry),
                        (1, SEARCH_DONE, _) => break,
                        (0, EXTENDED, _) => return done(facts),
                        _ => return Err(Miss::No),
                    }
                }
                self.facts = facts;
                if base.is_empty() {
                    return done(self.facts.clone());
                }
                self.state = State::Tree;
                self.base.clone_from(&base);
                // "1.1" asks for no attributes at all.
                Ok(Turn::Say { used: cursor.n_used(), bytes: search(2, &base, &[b"1.1"]) })
            }
            State::Tree => {
                let mut cursor = seen.cursor();
                let mut found = false;
                loop {
                    match message(&mut cursor) {
                        Ok((2, SEARCH_ENTRY, _)) => found = true,
                        Ok((2, SEARCH_DONE, content)) => {
                            let code = match element(&mut Cursor::whole(content)) {
                                Ok((0x0a, [code])) => *code,
                                _ => 255,
                            };
                            let facts = self.facts.clone();
                            return done(match (code, found) {
                                (0, true) => facts.access(Access::NoAuthentication),
                                // Operations error (Active Directory), stronger or other authentication wanted,
                                // no right, or the base hidden.
                                (1 | 8 | 32 | 48 | 49 | 50 | 53, _) | (0, false) => {
                                    facts.access(Access::AuthenticationRequired)
                                }
                                _ => facts,
                            });
                        }
                        Err(Miss::More) => return Err(Miss::More),
                        Ok(_) | Err(_) => return done(self.facts.clone()),
                    }
                }
            }
        }
    }
}

/// The facts of the root DSE, and the naming context to look into.
pub(crate) fn root(facts: ServiceFacts, entry: &[u8]) -> (ServiceFacts, Vec<u8>) {
    let mut facts = facts;
    let mut base: &[u8] = b"";
    let mut entry = Cursor::whole(entry);
    let attributes =
        element(&mut entry).and_then(|_| element(&mut entry)).map_or(b"".as_slice(), |(_, list)| list);
    let mut attributes = Cursor::whole(attributes);
    while let Ok((0x30, attribute)) = element(&mut attributes) {
        let mut attribute = Cursor::whole(attribute);
        let Ok((4, name)) = element(&mut attribute) else { break };
        let Ok((_, values)) = element(&mut attribute) else { break };
        let Ok((_, value)) = element(&mut Cursor::whole(values)) else { continue };
        if name.eq_ignore_ascii_case(b"namingContexts") {
            base = if base.is_empty() { value } else { base };
            facts = facts.fact("naming-context", value).info(value);
        } else if name.eq_ignore_ascii_case(b"defaultNamingContext") {
            base = value;
            facts = facts.product("Active Directory");
        } else if name.eq_ignore_ascii_case(b"objectClass") {
            // OpenLDAP gives its root entry a class of its own name.
            let mut classes = Cursor::whole(values);
            while let Ok((4, class)) = element(&mut classes) {
                if class.eq_ignore_ascii_case(b"OpenLDAProotDSE") {
                    facts = facts.product("OpenLDAP");
                }
            }
        } else if name.eq_ignore_ascii_case(b"vendorName") {
            facts = facts.product(&crate::clean::text(value));
        } else if name.eq_ignore_ascii_case(b"vendorVersion") {
            facts = facts.version(value);
        } else if name.eq_ignore_ascii_case(b"dnsHostName") {
            facts = facts.fact("host-name", value);
        }
    }
    (facts, base.get(..1024).unwrap_or(base).to_vec())
}
