//! The page's own arithmetic against AWS-LC and the sm2 crate, with the vectors of the standards among them.

use serde_json::{Value, json};

use crate::browser::driven;
use crate::made::{BOTH, key, page, ring, seeded};
use training::keys::Algorithm;

#[test]
fn the_page_judges_signatures_as_we_do() {
    let mut cases = vectors();
    for algorithm in BOTH {
        for n in 0..24u8 {
            let key = seeded(algorithm, n + 1);
            // Lengths around the ends of blocks of both hashes.
            let message: Vec<u8> = (0..usize::from(n) * 11).map(|at| at as u8 ^ n).collect();
            let mut signature = key.sign(&message).unwrap();
            if n % 3 == 2 {
                signature[usize::from(n) * 2 + 1] ^= 1 << (n % 8);
            }
            let expected = key.public().verifies(&message, &signature);
            assert_eq!(expected, n % 3 != 2);
            let public = hex(key.public().as_bytes());
            cases.push(json!([algorithm.name(), public, hex(&message), hex(&signature), expected]));
        }
        for forged in [[0; 64], [255; 64]] {
            let public = key(algorithm).public().clone();
            assert!(!public.verifies(b"", &forged));
            cases.push(json!([algorithm.name(), hex(public.as_bytes()), "", hex(&forged), false]));
        }
    }
    let key = key(Algorithm::Ed25519);
    let other_text = with_order_added(key.sign(b"text").unwrap());
    assert!(!key.public().verifies(b"text", &other_text));
    cases.push(json!(["ed25519", hex(key.public().as_bytes()), hex(b"text"), hex(&other_text), false]));

    let script = format!(
        "const judges = makeCrypto(), bytes = judges.fromHex;
         say({}.map(([name, key, message, signature]) => judges[name](bytes(key), bytes(message), bytes(signature))));",
        json!(cases)
    );
    let seen = driven(&page(&ring(), None), &script);
    for (at, case) in cases.iter().enumerate() {
        assert_eq!(seen[at], case[4], "{case}");
    }
}

fn vectors() -> Vec<Value> {
    vec![
        // RFC 8032, 7.1, TEST 1 and TEST 3.
        json!([
            "ed25519",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b\
             d25bf5f0595bbe24655141438e7a100b",
            true
        ]),
        json!([
            "ed25519",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659\
             4a7c15e9716ed28dc027beceea1ec40a",
            true
        ]),
        // GB/T 32918.5-2017, annex A.2.
        json!([
            "sm2-sm3",
            "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa\
             600aed05fbf35e084a6632f6072da9ad13",
            hex(b"message digest"),
            "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1\
             bb9038fd1f7f42d4840b69c485bbc1aa",
            true
        ]),
    ]
}

/// The same number in the group, written otherwise: RFC 8032, 5.1.7 has it refused, so that one statement has one text.
fn with_order_added(mut signature: [u8; 64]) -> [u8; 64] {
    // RFC 8032, 5.1, L, little-endian.
    let order = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10u8,
    ];
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    signature
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
