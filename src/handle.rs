//! Handles: what people write for a run or a finding, which is the end of its id. Ids begin with the time of their
//! making, so those of one day look alike at the beginning; their last digits are random.

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::exit::{Exit, Failure};

/// The shortest handle that is shown: among a hundred thousand ids a few need more digits.
const N_DIGITS: usize = 8;

/// How ids of one kind are shortened.
pub struct Handles {
    n_digits: usize,
}

impl Handles {
    /// Handles that tell all of `ids` apart.
    pub fn of<I: Display>(ids: impl IntoIterator<Item = I>) -> Handles {
        let ids: BTreeSet<String> = ids.into_iter().map(|id| id.to_string()).collect();
        let longest = ids.iter().map(String::len).max().unwrap_or(N_DIGITS);
        let is_enough =
            |n: &usize| ids.iter().map(|id| end(id, *n)).collect::<BTreeSet<_>>().len() == ids.len();
        Handles { n_digits: (N_DIGITS..longest).find(is_enough).unwrap_or(longest.max(N_DIGITS)) }
    }

    pub fn show(&self, id: impl Display) -> String {
        end(&id.to_string(), self.n_digits).to_owned()
    }
}

fn end(id: &str, n: usize) -> &str {
    id.get(id.len().saturating_sub(n)..).unwrap_or(id)
}

/// What was looked for and where it is listed, for messages.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub list: &'static str,
}

#[derive(Debug, thiserror::Error)]
enum Lookup {
    #[error("no {} has the id {given:?} or one that ends in it; `{}` shows them", kind.name, kind.list)]
    None { kind: Kind, given: String },
    #[error("the ids of {n} {}s end in {given:?}; write more of its end, as `{}` shows it", kind.name, kind.list)]
    Several { kind: Kind, given: String, n: usize },
}

/// The one of `items` whose id is `given` or ends in it.
pub fn find<T>(kind: Kind, items: Vec<T>, id_of: impl Fn(&T) -> String, given: &str) -> Result<T, Failure> {
    let wanted = given.to_ascii_lowercase();
    let mut matching: Vec<T> =
        items.into_iter().filter(|item| !wanted.is_empty() && id_of(item).ends_with(&wanted)).collect();
    let given = given.to_owned();
    match (matching.len(), matching.pop()) {
        (1, Some(item)) => Ok(item),
        (0, _) => Err(Failure::new(Exit::NotFound, Lookup::None { kind, given })),
        (n, _) => Err(Failure::new(Exit::NotFound, Lookup::Several { kind, given, n })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [&str; 3] = [
        "019aacf0-2a00-7c11-8000-0000a1b2c3d4",
        "019aacf0-2a00-7c11-8000-0000a1b2c3d5",
        "019aacf0-2a00-7c12-8000-0001a1b2c3d5",
    ];

    fn check(given: &str, expected: Result<&str, &str>) {
        let kind = Kind { name: "run", list: "sentrypost runs list" };
        let found = find(kind, IDS.to_vec(), ToString::to_string, given);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(failure), Err(words)) => {
                let said = failure.error.to_string();
                assert!(failure.exit == Exit::NotFound && said.contains(words), "{said}");
            }
            (found, _) => panic!("{given}: {:?}", found.map_err(|failure| failure.error)),
        }
    }

    #[test]
    fn an_id_is_found_by_its_end_and_whole() {
        check("c3d4", Ok(IDS[0]));
        check("A1B2C3D4", Ok(IDS[0]));
        check(IDS[2], Ok(IDS[2]));
        check("a1b2c3d5", Err("the ids of 2 runs end in"));
        check("019aacf0", Err("no run has the id"));
        check("", Err("no run has the id"));
    }

    #[test]
    fn what_is_shown_finds_its_own_id_and_no_other() {
        let handles = Handles::of(IDS);
        for id in IDS {
            check(&handles.show(id), Ok(id));
        }
        assert_eq!(Handles::of(&IDS[..2]).show(IDS[0]), "a1b2c3d4");
        assert_eq!(Handles::of([""; 0]).show(IDS[0]), "a1b2c3d4");
    }
}
