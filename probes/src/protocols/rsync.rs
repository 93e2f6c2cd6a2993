//! rsync daemon: its greeting, and the list of modules that anyone may ask for.

use model::observation::ServiceFacts;

use crate::facts::{Tell, identified};
use crate::seen::{Cursor, Miss, Seen};
use crate::talk::{Peer, Talk, Turn};

fn greeting(cursor: &mut Cursor<'_>) -> Result<ServiceFacts, Miss> {
    cursor.tag(b"@RSYNCD: ")?;
    let line = cursor.line(256)?;
    let version = line.split(|&b| b == b' ').next().unwrap_or_default();
    Ok(identified("rsync").product("rsync").fact("protocol-version", version))
}

pub(crate) fn recognise(seen: &Seen<'_>) -> Result<ServiceFacts, Miss> {
    greeting(&mut seen.cursor())
}

pub(crate) fn talk(_: &Peer) -> Box<dyn Talk> {
    Box::new(Modules { facts: None })
}

struct Modules {
    facts: Option<ServiceFacts>,
}

/// Modules shown in the facts; the rest is only waited for.
const MAX_MODULES: usize = 20;

impl Talk for Modules {
    fn turn(&mut self, seen: &Seen<'_>) -> Result<Turn, Miss> {
        let mut cursor = seen.cursor();
        let Some(facts) = self.facts.clone() else {
            self.facts = Some(greeting(&mut cursor)?);
            // 31.0 is what every server since 3.1 understands without a list of digests.
            return Ok(Turn::Say { used: cursor.n_used(), bytes: b"@RSYNCD: 31.0\n#list\n".to_vec() });
        };
        let mut modules: Vec<&[u8]> = Vec::new();
        loop {
            match cursor.line(1024) {
                Ok(line) if line.starts_with(b"@RSYNCD: EXIT") || line.starts_with(b"@ERROR") => break,
                Ok(line) if modules.len() < MAX_MODULES => {
                    // Name, padding, tab, comment; lines without a tab are the message of the day.
                    if let Some(tab) = line.iter().position(|&b| b == b'\t') {
                        modules.push(line.get(..tab).unwrap_or_default().trim_ascii());
                    }
                }
                Ok(_) => {}
                Err(Miss::More) => return Err(Miss::More),
                Err(_) => break,
            }
        }
        Turn::done(facts.fact("modules", &modules.join(b", ".as_slice())))
    }
}
