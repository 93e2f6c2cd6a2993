//! SSL 2.0's hello and its answer (the Netscape draft of 1995, §2.5 and §2.6), to find servers that still speak it.

use crate::seen::{Cursor, Miss};

/// Ciphers of SSL 2.0: three bytes each.
pub const CIPHERS: &[(u32, &str)] = &[
    (0x0007_00c0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"),
    (0x0001_0080, "SSL_CK_RC4_128_WITH_MD5"),
    (0x0003_0080, "SSL_CK_RC2_128_CBC_WITH_MD5"),
    (0x0005_0080, "SSL_CK_IDEA_128_CBC_WITH_MD5"),
    (0x0008_0080, "SSL_CK_RC4_64_WITH_MD5"),
    (0x0006_0040, "SSL_CK_DES_64_CBC_WITH_MD5"),
    (0x0002_0080, "SSL_CK_RC4_128_EXPORT40_WITH_MD5"),
    (0x0004_0080, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5"),
];

const MAX_CIPHERS: usize = 64;

/// Offers all of them.
pub fn client_hello(challenge: &[u8; 16]) -> Vec<u8> {
    let mut body = vec![1, 0, 2];
    let n_ciphers = u16::try_from(CIPHERS.len() * 3).unwrap_or(u16::MAX);
    body.extend(n_ciphers.to_be_bytes());
    // No session to resume.
    body.extend(0u16.to_be_bytes());
    body.extend(16u16.to_be_bytes());
    for (code, _) in CIPHERS {
        body.extend(code.to_be_bytes().get(1..).unwrap_or_default());
    }
    body.extend(challenge);
    // Two bytes of length, the high bit set: no padding.
    let length = 0x8000 | u16::try_from(body.len()).unwrap_or_default();
    [length.to_be_bytes().as_slice(), &body].concat()
}

/// What a server of SSL 2.0 answers: its certificate and every cipher that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssl2Hello {
    pub certificate: Vec<u8>,
    /// May be empty: SSL 2.0 is switched on, and all of its ciphers off.
    pub ciphers: Vec<u32>,
}

/// Reads what has arrived; [`Miss::More`] asks for more of it, unless `end`.
pub fn server_hello(bytes: &[u8], end: bool) -> Result<Ssl2Hello, Miss> {
    let short = if end { Miss::No } else { Miss::More };
    let mut record = Cursor::whole(bytes);
    let first = record.u8().map_err(|_| short)?;
    if first & 0x80 == 0 {
        return Err(Miss::No);
    }
    let second = record.u8().map_err(|_| short)?;
    let length = usize::from(u16::from_be_bytes([first & 0x7f, second]));
    // Its type can be told before the rest is there.
    match record.rest().first() {
        None => return Err(short),
        Some(4) => {}
        Some(_) => return Err(Miss::No),
    }
    let mut body = Cursor::whole(record.take(length).map_err(|_| short)?);
    // Type, session hit, certificate type.
    body.take(3)?;
    body.tag(&[0, 2])?;
    let n_certificate = usize::from(body.u16()?);
    let n_ciphers = usize::from(body.u16()?);
    let n_connection = usize::from(body.u16()?);
    let certificate = body.take(n_certificate)?.to_vec();
    let (ciphers, _) = body.take_bounded(n_ciphers, 3 * MAX_CIPHERS)?.as_chunks::<3>();
    let ciphers = ciphers.iter().map(|&[a, b, c]| u32::from_be_bytes([0, a, b, c])).collect();
    body.take(n_connection)?;
    Ok(Ssl2Hello { certificate, ciphers })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(ciphers: &[u32]) -> Vec<u8> {
        let mut body = vec![4, 0, 1, 0, 2, 0, 3];
        body.extend(u16::try_from(ciphers.len() * 3).expect("short").to_be_bytes());
        body.extend([0, 2, b'c', b'e', b'r']);
        body.extend(ciphers.iter().flat_map(|code| code.to_be_bytes().into_iter().skip(1)));
        body.extend([9, 9]);
        let length = 0x8000 | u16::try_from(body.len()).expect("short");
        [length.to_be_bytes().as_slice(), &body].concat()
    }

    #[test]
    fn reads_a_hello_and_waits_for_all_of_it() {
        for ciphers in [&[][..], &[0x0007_00c0, 0x0001_0080]] {
            let bytes = hello(ciphers);
            let read = server_hello(&bytes, false).expect("a hello");
            assert_eq!((read.certificate.as_slice(), read.ciphers.as_slice()), (&b"cer"[..], ciphers));
            for n in 0..bytes.len() {
                assert_eq!(server_hello(&bytes[..n], false), Err(Miss::More), "cut at {n}");
                assert_eq!(server_hello(&bytes[..n], true), Err(Miss::No), "cut at {n}");
            }
        }
    }

    #[test]
    fn anything_else_is_no_hello() {
        for bytes in [&b"HTTP/1.1 400"[..], &[0x15, 3, 1, 0, 2, 2, 40], &[0x80, 3, 0, 0, 1]] {
            assert_eq!(server_hello(bytes, false), Err(Miss::No));
        }
    }

    #[test]
    fn our_hello_has_the_length_it_says() {
        let bytes = client_hello(&[7; 16]);
        assert_eq!(usize::from(u16::from_be_bytes([bytes[0] & 0x7f, bytes[1]])), bytes.len() - 2);
    }
}
