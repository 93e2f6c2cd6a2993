//! As much of ASN.1's basic encoding as LDAP's first messages need (ITU-T X.690 8.1).

/// One element: its tag and where its content lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read<'a> {
    Whole(Element<'a>, &'a [u8]),
    Unfinished,
    /// A form that LDAP doesn't use (RFC 4511 5.1: definite lengths only), or a length of more than three bytes.
    Broken,
}

pub(super) fn read(input: &[u8]) -> Read<'_> {
    let [tag, first, rest @ ..] = input else { return Read::Unfinished };
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x83 => {
            let Some((bytes, rest)) = rest.split_at_checked(usize::from(long - 0x80)) else {
                return Read::Unfinished;
            };
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return Read::Broken,
    };
    match rest.split_at_checked(length) {
        Some((content, rest)) => Read::Whole(Element { tag: *tag, content }, rest),
        None => Read::Unfinished,
    }
}

/// The elements within a constructed one, as far as they can be read.
pub(super) fn children(mut content: &[u8]) -> Vec<Element<'_>> {
    let mut elements = Vec::new();
    while let Read::Whole(element, rest) = read(content) {
        elements.push(element);
        content = rest;
    }
    elements
}

pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ 0..=0x7f) => bytes.push(short),
        _ => {
            let length = u16::try_from(content.len()).expect("our own elements are short");
            bytes.push(0x82);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes.extend(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &[u8], expected: Read<'_>) {
        assert_eq!(read(input), expected);
    }

    #[test]
    fn reads_short_and_long_lengths() {
        check(&[4, 2, 7, 8, 9], Read::Whole(Element { tag: 4, content: &[7, 8] }, &[9]));
        check(&[4, 0x82, 0, 1, 7], Read::Whole(Element { tag: 4, content: &[7] }, &[]));
        check(&[4, 0x82, 0], Read::Unfinished);
        check(&[4, 3, 1], Read::Unfinished);
        check(&[4, 0x80], Read::Broken);
        check(&[4, 0x84, 0, 0, 0, 0], Read::Broken);
    }

    #[test]
    fn what_is_written_is_read_back_at_every_length() {
        for length in [0, 1, 127, 128, 255, 256, 5000] {
            let content = vec![b'x'; length];
            let bytes = element(4, &[&content]);
            check(&bytes, Read::Whole(Element { tag: 4, content: &content }, &[]));
        }
    }
}
