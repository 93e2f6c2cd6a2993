//! Keys and rings.

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn key(algorithm: Algorithm, seed: u8) -> SigningKey {
    SigningKey::from_seed(algorithm, &[seed; 32]).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

const BOTH: [Algorithm; 2] = [Algorithm::Ed25519, Algorithm::Sm2];

/// RFC 8032, 7.1, TEST 2.
#[test]
fn signs_as_rfc_8032_says() {
    let seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let key = SigningKey::from_seed(Algorithm::Ed25519, &seed.try_into().unwrap()).unwrap();
    let public = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    assert_eq!(key.public().as_bytes(), public);
    let expected = bytes(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    assert_eq!(key.sign(&[0x72]).unwrap().to_vec(), expected);
}

/// GB/T 32918.5-2017, annex A.2: the recommended curve, id 1234567812345678, "message digest".
#[test]
fn verifies_the_example_of_gb_t_32918_5() {
    let public = bytes(
        "04 09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020
         CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13",
    );
    let mut signature = bytes(
        "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
         B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA",
    );
    let key = PublicKey::new(Algorithm::Sm2, &public).unwrap();
    assert!(key.verifies(b"message digest", &signature));
    assert!(!key.verifies(b"message Digest", &signature));
    signature[63] ^= 1;
    assert!(!key.verifies(b"message digest", &signature));
    let seed = bytes("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8");
    let private = SigningKey::from_seed(Algorithm::Sm2, &seed.try_into().unwrap()).unwrap();
    assert_eq!(private.public(), &key);
}

#[test]
fn a_signature_is_of_its_message_and_key() {
    for algorithm in BOTH {
        let (one, other) = (key(algorithm, 1), key(algorithm, 2));
        let signature = one.sign(b"text").unwrap();
        assert_eq!(signature, one.sign(b"text").unwrap());
        assert!(one.public().verifies(b"text", &signature));
        assert!(!one.public().verifies(b"test", &signature));
        assert!(!other.public().verifies(b"text", &signature));
        for length in 0..SIGNATURE_BYTES {
            assert!(!one.public().verifies(b"text", &signature[..length]));
        }
        assert!(!one.public().verifies(b"text", &[0; SIGNATURE_BYTES]));
    }
}

#[test]
fn a_private_key_comes_back_from_its_text_and_from_no_other() {
    for algorithm in BOTH {
        let key = key(algorithm, 3);
        let text = key.to_secret_text();
        assert_eq!(SigningKey::from_secret_text(&text).unwrap().public(), key.public());
        for at in 0..text.trim().len() {
            let mut wrong = text.as_bytes().to_vec();
            wrong[at] = if wrong[at] == b'7' { b'8' } else { b'7' };
            assert!(SigningKey::from_secret_text(std::str::from_utf8(&wrong).unwrap()).is_err(), "{at}");
            assert!(SigningKey::from_secret_text(&text[..at]).is_err());
        }
        assert!(!format!("{key:?}").contains(text.split(' ').next_back().unwrap().trim()));
    }
    assert_eq!(SigningKey::from_seed(Algorithm::Sm2, &[0; 32]).err(), Some(KeyError::Seed));
    assert_eq!(SigningKey::from_seed(Algorithm::Sm2, &[255; 32]).err(), Some(KeyError::Seed));
}

#[test]
fn a_rotated_key_verifies_on_and_a_revoked_one_does_not() {
    let mut ring = KeyRing::default();
    assert_eq!(ring.signer().err(), Some(KeyError::NoneInUse));
    let old = ring.rotate(key(Algorithm::Ed25519, 1), day("2024-01-01")).unwrap();
    let signature = ring.signer().unwrap().sign(b"text").unwrap();
    let new = ring.rotate(key(Algorithm::Sm2, 2), day("2025-01-01")).unwrap();
    assert_eq!(ring.signer().unwrap().id(), new);
    assert_eq!(ring.public().get(old).unwrap().retired_on(), Some(day("2025-01-01")));

    let verify = |ring: &KeyRing, algorithm| {
        ring.public().verify(old, algorithm, b"text", &signature).map(RingKey::id)
    };
    assert_eq!(verify(&ring, Algorithm::Ed25519), Ok(old));
    assert_eq!(verify(&ring, Algorithm::Sm2), Err(SignatureError::Wrong));
    ring.revoke(old, day("2025-02-01"), "stolen").unwrap();
    let revoked = SignatureError::RevokedKey { id: old, on: day("2025-02-01") };
    assert_eq!(verify(&ring, Algorithm::Ed25519), Err(revoked));
    let stranger = key(Algorithm::Ed25519, 9).id();
    assert_eq!(
        ring.public().verify(stranger, Algorithm::Ed25519, b"text", &signature).err(),
        Some(SignatureError::UnknownKey(stranger))
    );
}

#[test]
fn a_ring_comes_back_from_its_json_and_an_edited_one_is_refused() {
    let mut ring = KeyRing::default();
    let first = ring.rotate(key(Algorithm::Ed25519, 1), day("2024-01-01")).unwrap();
    let second = ring.rotate(key(Algorithm::Sm2, 2), day("2025-01-01")).unwrap();
    ring.revoke(first, day("2025-02-01"), "备份遗失").unwrap();
    let json = ring.public().to_json();
    assert_eq!(PublicRing::from_json(&json).as_ref(), Ok(ring.public()));

    let check = |json: &str, expected: KeyError| assert_eq!(PublicRing::from_json(json), Err(expected));
    check(&json.replace(&second.to_string(), "00000000"), KeyError::IdOfOther(KeyId([0; 4])));
    check(&json.replace("\"version\": 1", "\"version\": 2"), KeyError::RingVersion(2));
    let twice = json.replace("\"keys\": [", &format!("\"keys\": [{},", one_key(&json)));
    check(&twice, KeyError::Twice(first));
    assert!(matches!(PublicRing::from_json("{"), Err(KeyError::RingText(_))));
}

fn one_key(json: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    value["keys"][0].to_string()
}

#[test]
fn a_ring_without_the_private_half_says_so() {
    let mut ring = KeyRing::default();
    let id = ring.rotate(key(Algorithm::Ed25519, 1), day("2024-01-01")).unwrap();
    let restored = KeyRing::new(ring.public().clone(), vec![]).unwrap();
    assert_eq!(restored.signer().err(), Some(KeyError::SecretMissing(id)));
    let stranger = key(Algorithm::Ed25519, 9);
    let expected = KeyError::NotInRing(stranger.id());
    assert_eq!(KeyRing::new(ring.public().clone(), vec![stranger]).err(), Some(expected));
    assert_eq!(ring.rotate(key(Algorithm::Ed25519, 1), day("2024-01-02")).err(), Some(KeyError::Twice(id)));
}
