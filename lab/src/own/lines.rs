//! Lines out of a buffer, for the protocols that speak in lines.

/// Removes the first line with its line feed and returns it without its end; `None` until there is one.
pub(super) fn take_line(input: &mut Vec<u8>) -> Option<String> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let line: Vec<u8> = input.drain(..=end).collect();
    Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}

/// The first word in upper case, as commands are compared.
pub(super) fn verb(line: &str) -> String {
    line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase()
}
