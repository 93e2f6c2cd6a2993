//! Ports, transports and sets of ports.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Transport protocol of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    Tcp,
    Udp,
}

impl Transport {
    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Transport {
    type Err = PortError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "tcp" => Ok(Transport::Tcp),
            "udp" => Ok(Transport::Udp),
            _ => Err(PortError::Transport(text.to_owned())),
        }
    }
}

/// What is wrong with a port or a list of ports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    #[error("{0:?} is not a port: a whole number from 1 to 65535")]
    Port(String),
    #[error("{0:?} is not a range of ports: the first port is above the last")]
    Reversed(String),
    #[error("the list of ports is empty")]
    Empty,
    #[error("{0:?} is not a transport: tcp or udp")]
    Transport(String),
}

/// Reads one port; 0 and anything above 65535 are errors.
pub fn parse_port(text: &str) -> Result<u16, PortError> {
    match text.trim().parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(PortError::Port(text.trim().to_owned())),
    }
}

/// A non-empty set of ports, ascending, each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortSet(Vec<u16>);

impl PortSet {
    /// `None` if there are none, or if 0 is among them.
    pub fn new(ports: impl IntoIterator<Item = u16>) -> Option<PortSet> {
        let mut ports: Vec<u16> = ports.into_iter().collect();
        ports.sort_unstable();
        ports.dedup();
        (ports.first().is_some_and(|&first| first > 0)).then_some(PortSet(ports))
    }

    /// Every port from 1 to 65535.
    pub fn all() -> PortSet {
        PortSet((1..=u16::MAX).collect())
    }

    pub fn as_slice(&self) -> &[u16] {
        &self.0
    }

    pub fn contains(&self, port: u16) -> bool {
        self.0.binary_search(&port).is_ok()
    }
}

/// `22,80,8000-8100`, `top100`, `top1000` or `all`, and any mixture joined by commas.
impl FromStr for PortSet {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        PortSet::parse_over(Transport::Tcp, text)
    }
}

impl PortSet {
    /// Reads a list of ports, in which `top100` and `top1000` are those of a transport.
    pub fn parse_over(transport: Transport, text: &str) -> Result<PortSet, PortError> {
        let mut ports = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part {
                "all" => return Ok(PortSet::all()),
                "top100" => ports.extend(crate::policy::common_ports_over(transport, 100)),
                "top1000" => ports.extend(crate::policy::common_ports_over(transport, 1000)),
                _ => match part.split_once('-') {
                    None => ports.push(parse_port(part)?),
                    Some((first, last)) => {
                        let (first, last) = (parse_port(first)?, parse_port(last)?);
                        if first > last {
                            return Err(PortError::Reversed(part.to_owned()));
                        }
                        ports.extend(first..=last);
                    }
                },
            }
        }
        PortSet::new(ports).ok_or(PortError::Empty)
    }
}

impl TryFrom<String> for PortSet {
    type Error = PortError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PortSet> for String {
    fn from(set: PortSet) -> String {
        set.to_string()
    }
}

/// The shortest list of ports and ranges that reads back as the same set.
impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_slice();
        let mut separator = "";
        while let Some(&first) = rest.first() {
            let n_run =
                rest.iter().zip(first..=u16::MAX).take_while(|&(&port, expected)| port == expected).count();
            let last = rest.get(n_run - 1).copied().unwrap_or(first);
            match n_run {
                1 => write!(f, "{separator}{first}")?,
                _ => write!(f, "{separator}{first}-{last}")?,
            }
            separator = ",";
            rest = rest.get(n_run..).unwrap_or_default();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, PortError>) {
        let read = text.parse::<PortSet>().map(|set| set.to_string());
        assert_eq!(read, expected.map(str::to_owned), "{text:?}");
    }

    #[test]
    fn reads_lists_and_ranges() {
        check("80,22, 8000-8002", Ok("22,80,8000-8002"));
        check("1-65535", Ok("1-65535"));
        check("all", Ok("1-65535"));
        check("5,4,3,4", Ok("3-5"));
    }

    #[test]
    fn says_what_is_wrong() {
        check("0", Err(PortError::Port("0".into())));
        check("70000", Err(PortError::Port("70000".into())));
        check("22,70000", Err(PortError::Port("70000".into())));
        check("90-80", Err(PortError::Reversed("90-80".into())));
        check("", Err(PortError::Empty));
        check("ssh", Err(PortError::Port("ssh".into())));
    }

    #[test]
    fn the_named_lists_have_the_number_of_ports_they_promise() {
        assert_eq!("top100".parse::<PortSet>().map(|set| set.as_slice().len()), Ok(100));
        assert_eq!("top1000".parse::<PortSet>().map(|set| set.as_slice().len()), Ok(1000));
    }
}
