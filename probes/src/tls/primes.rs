//! Primes of finite-field groups that very many servers share, by the SHA-256 of their bytes: computed from the
//! formulas of RFC 2409, RFC 3526 and RFC 7919; as RFC 5114 and the SKIP protocol print them; and as they are built
//! into server software. Whether sharing one is a fault depends on its size.

/// (SHA-256 of the prime, big-endian without leading zeros; name)
#[rustfmt::skip]
const KNOWN: &[(&str, &str)] = &[
    ("b52ba6a3026520a6c49d37e4587601801bee500123b3259b6bf03e7cecc3e63d", "RFC 2409 group 1"),
    ("3f35a3f5f6c4376a744acad409bb22f8d897f949d2311d885adaa890981b67a0", "RFC 2409 group 2"),
    ("64fcc83ec403930bf18393dbc883ccaa1fbb08ac876f77f7aa99748ca945019b", "RFC 3526 group 5"),
    ("d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e", "RFC 3526 group 14"),
    ("48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c", "RFC 3526 group 15"),
    ("4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33", "RFC 3526 group 16"),
    ("d1bfe6d0925ce7e4da262b62861514a7755e35831e429f343e7b864848657efd", "RFC 3526 group 17"),
    ("39ab4feab950a3128fb71accb9fc3965d857012e081998a85996e3ea8b3c3bcf", "RFC 3526 group 18"),
    ("9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966", "ffdhe2048"),
    ("0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17", "ffdhe3072"),
    ("4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e", "ffdhe4096"),
    ("227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7", "ffdhe6144"),
    ("770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833", "ffdhe8192"),
    ("44c55cfee5c075927cf682da5b681bdecbd5c3eb0784c14f5dce7610f0ef133d", "RFC 5114 1024-160"),
    ("bfe545862ca102ad1eeddb5fbfa5bf855ac4995c56a8b408ce3fe099dce93a9d", "RFC 5114 2048-224"),
    ("0b7835722cb619827610c2549fdda5587421686c4409a13865e76225522ddcc9", "RFC 5114 2048-256"),
    ("e4896abfd36d325fcafe3c1583e30bf9b59d63261b9ee11962107cf67ebf83cd", "SKIP 512"),
    ("6215d41bb617b390082b066d6856f8b361d6c77f316a84301f7c9717a8681485", "SKIP 1024"),
    ("725541d91fe79bcf52e6d96581d83ab8eb68a6c2460d933f68792a369b003b1c", "SKIP 2048"),
    ("af52b9a85beb36813a7fa7a605eaa1fd6a3911fba2264eda2e276db4ffd01562", "LiteSpeed 1024"),
    ("8ae47dca3d24e9b64640062686da234dcabada26b0da6f090c5449c1338d9a11", "nginx 1024"),
    ("ee5483fe4b96caa10cb5b863ec409aab2762e6bf43af4a8a0a42817fef4dd7f3", "Java 768"),
    ("cc21a33dd1a3edf40bf636b5496e4aede198a437a8548e0cc1a621424e42419b", "Java 1024"),
];

/// The name of a prime by its hash in hexadecimal.
pub fn known_prime(sha256: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| *known == sha256).map(|(_, name)| *name)
}

/// The size of a big-endian number, leading zeros left out.
pub fn significant_bits(number: &[u8]) -> u32 {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let significant = number.get(first..).unwrap_or_default();
    let n_bytes = u32::try_from(significant.len()).unwrap_or(u32::MAX);
    let n_zeros = significant.first().map_or(0, |byte| byte.leading_zeros());
    n_bytes.saturating_mul(8).saturating_sub(n_zeros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prime_stands_there_once() {
        for (at, (sha256, name)) in KNOWN.iter().enumerate() {
            assert!(sha256.len() == 64 && sha256.bytes().all(|digit| digit.is_ascii_hexdigit()), "{name}");
            let is_again = |(other, other_name): &(&str, &str)| other == sha256 || other_name == name;
            assert!(!KNOWN.iter().skip(at + 1).any(is_again), "{name}");
        }
    }

    #[test]
    fn counts_bits_without_leading_zeros() {
        for (number, expected) in
            [(&[][..], 0), (&[0, 0], 0), (&[1], 1), (&[0, 0x80, 0], 16), (&[0x7f, 0xff], 15)]
        {
            assert_eq!(significant_bits(number), expected);
        }
    }
}
