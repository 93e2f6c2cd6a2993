//! Long lists in few words: suites with their versions, numbers in a row.

use probes::tls::assess::facts::ConnectionNo;
use probes::tls::codes::Version;
use reports::text::{Language, evidence_words, show_text};

/// The first of several texts, each once, and how many more there are; suites with all the versions that have them.
pub fn several(texts: &[String], at_most: usize, language: Language) -> String {
    let mut shown: Vec<(&str, Vec<&str>)> = Vec::new();
    for text in texts {
        let is_version = |name: &str| Version::ALL.iter().any(|version| version.name() == name);
        let (version, what) = match text.split_once(": ") {
            Some((version, what)) if is_version(version) => (Some(version), what),
            _ => (None, text.as_str()),
        };
        match shown.iter_mut().find(|(known, _)| *known == what) {
            Some((_, versions)) => versions.extend(version.filter(|version| !versions.contains(version))),
            None => shown.push((what, version.into_iter().collect())),
        }
    }
    let n_more = shown.len().saturating_sub(at_most);
    let one = |(what, versions): (&str, Vec<&str>)| match versions.is_empty() {
        true => show_text(evidence_words(what).in_language(language), 200),
        false => format!("{} ({})", show_text(what, 200), in_short(versions)),
    };
    let shown: Vec<String> = shown.into_iter().take(at_most).map(one).collect();
    let more = if n_more > 0 { format!("; +{n_more}") } else { String::new() };
    format!("{}{more}", shown.join("; "))
}

/// Versions without saying their family again: `TLS 1.2 1.3, TLCP 1.1`.
pub fn in_short<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut short = String::new();
    let mut last = "";
    for name in names {
        let (family, number) = name.split_once(' ').unwrap_or((name, ""));
        if family == last {
            short.push_str(&format!(" {number}"));
        } else {
            let comma = if short.is_empty() { "" } else { ", " };
            short.push_str(&format!("{comma}{family} {number}"));
        }
        last = family;
    }
    short
}

/// Ascending numbers with runs drawn together: `1, 5–7`.
pub fn ranges(numbers: &[ConnectionNo]) -> String {
    let mut runs: Vec<(ConnectionNo, ConnectionNo)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.saturating_add(1) == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let one = |(first, last): (ConnectionNo, ConnectionNo)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}–{last}"),
    };
    runs.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_are_drawn_together() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[1, 2, 4, 6, 7, 8, 10]), "1, 2, 4, 6–8, 10");
    }

    #[test]
    fn a_suite_is_named_once_with_its_versions() {
        let texts = ["TLS 1.0: A", "TLS 1.2: A", "TLS 1.2: B", "odd: C", "odd: C"].map(str::to_owned);
        assert_eq!(several(&texts, 9, Language::En), "A (TLS 1.0 1.2); B (TLS 1.2); odd: C");
        assert_eq!(several(&texts, 1, Language::En), "A (TLS 1.0 1.2); +2");
    }
}
