//! ID numbers at rest.

use super::*;

const PERSON: &str = "00000000-0000-7000-8000-000000000001";

/// Made-up people: region 000001 isn't any place's.
fn number(order: u32) -> IdNumber {
    (0..10)
        .map(|digit| format!("00000119900101{order:03}{digit}"))
        .chain([format!("00000119900101{order:03}X")])
        .find_map(|text| text.parse().ok())
        .unwrap()
}

#[test]
fn opens_what_was_sealed() {
    let keys = IdentityKeys::new(IdentityKey::new(&[1; 32]), vec![]);
    let sealed = keys.current().seal(&number(1), PERSON, [7; 12]);
    assert_eq!(keys.open(&sealed, PERSON), Ok(number(1)));
    assert_eq!(Sealed::from_text(&sealed.to_text()), Ok(sealed.clone()));
    assert_eq!(Sealed::from_bytes(sealed.as_bytes()), Ok(sealed));
}

#[test]
fn every_changed_bit_is_noticed() {
    let keys = IdentityKeys::new(IdentityKey::new(&[1; 32]), vec![]);
    let sealed = keys.current().seal(&number(1), PERSON, [7; 12]);
    for at in 0..SEALED_BYTES {
        for bit in 0..8 {
            let mut bytes = sealed.0;
            bytes[at] ^= 1 << bit;
            let opened = Sealed::from_bytes(&bytes).and_then(|sealed| keys.open(&sealed, PERSON));
            let expected = match at {
                0 => matches!(opened, Err(OpenError::Malformed)),
                1..5 => matches!(opened, Err(OpenError::UnknownKey(_))),
                _ => opened == Err(OpenError::Tampered),
            };
            assert!(expected, "byte {at}: {opened:?}");
        }
    }
    for length in 0..SEALED_BYTES {
        assert_eq!(Sealed::from_bytes(&sealed.0[..length]), Err(OpenError::Malformed));
    }
}

#[test]
fn does_not_open_for_another_person() {
    let keys = IdentityKeys::new(IdentityKey::new(&[1; 32]), vec![]);
    let sealed = keys.current().seal(&number(1), PERSON, [7; 12]);
    let other = "00000000-0000-7000-8000-000000000002";
    assert_eq!(keys.open(&sealed, other), Err(OpenError::Tampered));
}

#[test]
fn finds_the_same_person_and_nobody_else() {
    let key = IdentityKey::new(&[1; 32]);
    assert_eq!(key.blind_index(&number(1)), key.blind_index(&number(1)));
    assert_ne!(key.blind_index(&number(1)), key.blind_index(&number(2)));
    assert_ne!(key.blind_index(&number(1)), IdentityKey::new(&[2; 32]).blind_index(&number(1)));
}

#[test]
fn old_keys_keep_opening_and_records_move_to_the_new_key() {
    let old = IdentityKeys::new(IdentityKey::new(&[1; 32]), vec![]);
    let sealed = old.current().seal(&number(1), PERSON, [7; 12]);
    let keys = IdentityKeys::new(IdentityKey::new(&[2; 32]), vec![IdentityKey::new(&[1; 32])]);
    assert_eq!(keys.open(&sealed, PERSON), Ok(number(1)));
    assert_eq!(keys.blind_indexes(&number(1))[1], old.current().blind_index(&number(1)));
    let (resealed, index) = keys.reseal(&sealed, PERSON, [8; 12]).unwrap().unwrap();
    assert_eq!(index, keys.current().blind_index(&number(1)));
    assert_eq!(resealed.key_id(), keys.current().id());
    assert_eq!(keys.reseal(&resealed, PERSON, [9; 12]), Ok(None));
    assert_eq!(old.open(&resealed, PERSON), Err(OpenError::UnknownKey(keys.current().id())));
}

/// The values were worked out by another HKDF and HMAC (Python's).
#[test]
fn derived_values_do_not_change_between_versions() {
    let key = IdentityKey::new(&[1; 32]);
    assert_eq!(key.id().to_string(), "ae91ea72");
    let index = key.blind_index(&number(1));
    assert_eq!(base32::encode(index.as_bytes()), "JVGM65BWJRQRME6Y9XRWWV35KGPFYSCBST3Q4Z354RHEBVYT17Q0");
}

#[test]
fn a_key_comes_back_from_its_text_and_from_no_other() {
    let text = IdentityKey::secret_text(&[1; 32]);
    let key = IdentityKey::from_secret_text(&text).unwrap();
    assert_eq!(key.blind_index(&number(1)), IdentityKey::new(&[1; 32]).blind_index(&number(1)));
    for at in 0..text.trim_end().len() {
        let mut wrong = text.as_bytes().to_vec();
        wrong[at] = if wrong[at] == b'7' { b'8' } else { b'7' };
        let wrong = std::str::from_utf8(&wrong).unwrap();
        assert_eq!(IdentityKey::from_secret_text(wrong).err(), Some(SecretTextError), "{at}");
        assert_eq!(IdentityKey::from_secret_text(&text[..at]).err(), Some(SecretTextError), "{at}");
    }
}

#[test]
fn shows_no_secret() {
    let key = IdentityKey::new(&[1; 32]);
    let sealed = key.seal(&number(1), PERSON, [7; 12]);
    assert_eq!(format!("{key:?} {sealed:?}"), format!("IdentityKey({0}) Sealed(key {0})", key.id()));
}
