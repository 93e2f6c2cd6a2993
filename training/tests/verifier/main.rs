//! The verifier page in a real browser: what was signed here is verified there, and nothing else is.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

use serde_json::json;
use training::keys::{Algorithm, KeyRing};
use training::revocations::{Entry, RevokedState};

use browser::{driven, dumped};
use made::{ALWAYS, BOTH, day, entry, good, key, list, named, page, ring, seeded, statement, token};

mod browser;
mod made;
mod signatures;

fn state(dom: &str) -> &str {
    dom.split("data-state=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("none")
}

/// With its policy (CSP) in force.
#[test]
fn a_scanned_code_is_verified_by_the_page_as_it_is_handed_out() {
    for algorithm in BOTH {
        let dom = dumped(&page(&ring(), None), &good(algorithm));
        assert_eq!(state(&dom), "unlisted", "{dom}");
        for shown in [
            "示*例",
            "系统安全维护 (WH)",
            "示例市政务服务和数据管理局",
            "2150-01-01",
            "虚构市网络安全测评中心",
        ] {
            assert!(dom.contains(shown), "{shown}");
        }
        assert!(!dom.contains("示范例"), "the name stays masked");
    }
    let current = list(1, "2150-01-01", vec![]).sign(&key(Algorithm::Sm2)).unwrap();
    assert_eq!(state(&dumped(&page(&ring(), Some(&current)), &good(Algorithm::Ed25519))), "valid");
}

#[test]
fn every_state_is_told_apart() {
    let (revoked_key, stranger) = (seeded(Algorithm::Ed25519, 3), seeded(Algorithm::Sm2, 9));
    let mut keys = ring();
    let id = keys.rotate(seeded(Algorithm::Ed25519, 3), day("2020-01-02")).unwrap();
    keys.revoke(id, day("2020-02-02"), "备份遗失").unwrap();
    let mut cases = vec![
        (statement(1, ALWAYS).sign(&stranger, None).unwrap(), "unknownKey"),
        (statement(1, ALWAYS).sign(&revoked_key, None).unwrap(), "revokedKey"),
        ("示例".to_owned(), "notAStatement"),
        ("https://example.invalid/".to_owned(), "notAStatement"),
    ];
    for algorithm in BOTH {
        cases.extend(cases_of(algorithm));
    }
    let texts: Vec<&String> = cases.iter().map(|(text, _)| text).collect();
    let script = format!(
        "say({}.map(text => {{
             put('text', text); $('check').click();
             return [$('result').dataset.state, $('result').hidden, $('headline').textContent + $('because').textContent];
         }}));",
        json!(texts)
    );
    let seen = driven(&page(&keys, Some(&revocations())), &script);
    for (at, (text, expected)) in cases.iter().enumerate() {
        assert_eq!((&seen[at][0], &seen[at][1]), (&json!(expected), &json!(false)), "{text} {}", seen[at]);
        let told = seen[at][2].as_str().unwrap();
        assert!(!["is-", "why-", "undefined", "{"].iter().any(|slip| told.contains(slip)), "{told}");
        assert!(*expected != "revoked" || told.contains("离岗"), "{told}");
    }
}

fn revocations() -> String {
    let lost = statement(14, ALWAYS).printed;
    let entries = vec![
        entry(11, RevokedState::Revoked),
        entry(12, RevokedState::Suspended),
        entry(13, RevokedState::Cancelled),
        Entry { copy: Some(lost), ..entry(14, RevokedState::Replaced) },
        Entry { since: day("2150-01-01"), ..entry(15, RevokedState::Revoked) },
    ];
    list(2, "2150-01-01", entries).sign(&key(Algorithm::Ed25519)).unwrap()
}

fn cases_of(algorithm: Algorithm) -> Vec<(String, &'static str)> {
    let key = key(algorithm);
    let sign = |sequence, dates| statement(sequence, dates).sign(&key, None).unwrap();
    let valid = sign(1, ALWAYS);
    let changed_at = |at: usize| {
        let other = if valid[at..].starts_with('0') { "8" } else { "0" };
        format!("{}{other}{}", &valid[..at], &valid[at + 1..])
    };
    let past = ("2020-01-01", "2021-01-01");
    vec![
        (valid.to_lowercase().replace('.', ".\r\n "), "valid"),
        (format!("https://cert.example.invalid/v#{valid}"), "valid"),
        (sign(1, ("2150-01-01", "2151-01-01")), "notYet"),
        (sign(1, past), "expired"),
        (sign(11, ALWAYS), "revoked"),
        (sign(11, past), "revoked"),
        (sign(12, ALWAYS), "suspended"),
        (sign(13, ALWAYS), "cancelled"),
        (sign(14, ALWAYS), "replaced"),
        (sign(14, ("2020-01-02", "2150-01-01")), "valid"),
        (sign(15, ALWAYS), "valid"),
        (changed_at(valid.len() - 9), "badSignature"),
        // Within the digest over the print.
        (changed_at(30), "badSignature"),
        (valid[..valid.len() - 20].to_owned(), "cut"),
        (valid.replace("SP1", "SP2"), "version"),
        (valid.replace('.', ".?"), "symbol"),
        (valid, "valid"),
    ]
}

#[test]
fn lists_are_taken_from_a_file_if_they_are_genuine_and_newer() {
    let signer = key(Algorithm::Sm2);
    let newer = list(5, "2150-01-01", vec![entry(1, RevokedState::Revoked)]).sign(&signer).unwrap();
    let steps = [
        (newer.replace("revoked ", "suspended "), "refused", "unlisted"),
        (newer.lines().take(3).collect::<Vec<_>>().join("\n"), "refused", "unlisted"),
        (list(9, "2150-01-01", vec![]).sign(&seeded(Algorithm::Ed25519, 9)).unwrap(), "refused", "unlisted"),
        ("没有名单".to_owned(), "refused", "unlisted"),
        (format!("\u{feff}{}", newer.replace('\n', "\r\n")), "current", "revoked"),
        (list(4, "2150-01-01", vec![]).sign(&signer).unwrap(), "refused", "revoked"),
        (list(6, "2020-07-01", vec![]).sign(&signer).unwrap(), "old", "staleList"),
    ];
    let texts: Vec<&String> = steps.iter().map(|(text, ..)| text).collect();
    let script = format!(
        "put('text', {}); $('check').click();
         const seen = [], listed = $('listed');
         for (const text of {}) {{
             const files = new DataTransfer();
             files.items.add(new File([text], 'list.txt', {{ type: 'text/plain' }}));
             listed.dataset.list = '';
             $('list').files = files.files;
             $('list').dispatchEvent(new Event('change'));
             while (!listed.dataset.list) await new Promise(done => setTimeout(done, 1));
             seen.push([listed.dataset.list, $('result').dataset.state, listed.textContent]);
         }}
         say(seen);",
        json!(good(Algorithm::Ed25519)),
        json!(texts)
    );
    let seen = driven(&page(&ring(), None), &script);
    for (at, (_, list, state)) in steps.iter().enumerate() {
        assert_eq!((&seen[at][0], &seen[at][1]), (&json!(list), &json!(state)), "step {at}: {seen}");
    }
}

#[test]
fn a_list_is_old_after_the_days_that_the_issuer_says() {
    let text = list(2, "2150-01-01", vec![]).sign(&key(Algorithm::Ed25519)).unwrap();
    let page = page(&ring(), Some(&text)).replace("\"stale_after_days\":65535", "\"stale_after_days\":30");
    assert_eq!(state(&dumped(&page, &good(Algorithm::Ed25519))), "staleList");
}

#[test]
fn names_are_compared_as_we_do() {
    let names = [
        "示例",
        "示范例",
        "虚构提·示例江",
        "虚构提•示例江",
        "Jane Example",
        "J",
        "𠮷示例",
        "Jean-Luc O'Example",
        "Ｊ示例",
        "虚构示例虚构示例虚构示例虚构示例虚构示例虚构示例虚构",
    ];
    let signed: Vec<(String, &str)> = names
        .iter()
        .map(|name| (named(name, 1, ALWAYS).sign(&key(Algorithm::Ed25519), None).unwrap(), *name))
        .collect();
    let typed = ["示范例", " 示范例 ", "示假例", "虚范例", "示例"];
    let script = format!(
        "const compare = (text, name) => {{
             put('text', text); $('check').click(); put('name', name);
             return $('named').className;
         }};
         say([{}.map(([text, name]) => compare(text, name)), {}.map(name => compare({}, name))]);",
        json!(signed),
        json!(typed),
        json!(good(Algorithm::Sm2))
    );
    let seen = driven(&page(&ring(), None), &script);
    for (at, name) in names.iter().enumerate() {
        assert_eq!(seen[0][at], "yes", "{name}");
        assert!(named(name, 1, ALWAYS).may_be_of(name));
    }
    for (at, name) in typed.iter().enumerate() {
        let expected = if statement(1, ALWAYS).may_be_of(name) { "yes" } else { "no" };
        assert_eq!(seen[1][at], expected, "{name}");
    }
    assert_eq!(seen[1], json!(["yes", "yes", "no", "no", "no"]));
}

#[test]
fn an_edited_print_is_noticed() {
    let script = format!(
        "put('text', {}); $('check').click();
         const compare = changes => {{
             const as_printed = {{ name: '示范例', unit: '示例市政务服务 和数据管理局', post: '系统维护员', category: '', token: {} }};
             for (const [id, value] of Object.entries(Object.assign(as_printed, changes))) put(id, value);
             $('whole').click();
             return $('wholly').className;
         }};
         say([{{}}, {{ category: '系统安全维护' }}, {{ token: {} }}, {{ post: '负责人' }}, {{ unit: '虚构局' }},
              {{ name: '示假例' }}, {{ category: '系统开发' }}, {{ token: '' }}].map(compare));",
        json!(good(Algorithm::Ed25519)),
        json!(token().to_string()),
        json!(token().to_string().to_lowercase().replace('-', " "))
    );
    let seen = driven(&page(&ring(), None), &script);
    assert_eq!(seen, json!(["yes", "yes", "yes", "no", "no", "no", "no", "no"]));
}

#[test]
fn english_is_a_click_away() {
    let script = format!(
        "put('text', {}); $('check').click(); $('language').click();
         say([document.documentElement.lang, $('headline').textContent, document.body.innerText]);",
        json!(good(Algorithm::Ed25519))
    );
    let seen = driven(&page(&ring(), None), &script);
    assert_eq!(seen[0], "en");
    assert_eq!(seen[1], "Genuine; whether it was revoked is unknown");
    let whole = seen[2].as_str().unwrap();
    let chinese = whole.lines().filter(|line| line.contains('。') || line.contains('：')).count();
    assert_eq!(chinese, 0, "{whole}");
}

#[test]
fn a_browser_that_is_too_old_is_told() {
    let keys: KeyRing = ring();
    let html = page(&keys, None).replacen("<script>", "<script>delete window.BigInt;</script><script>", 1);
    let (before, policy) = html.split_once("<meta http-equiv").unwrap();
    let (_, after) = policy.split_once("form-action 'none'\">").unwrap();
    let dom = dumped(&format!("{before}{after}"), &good(Algorithm::Ed25519));
    assert!(dom.contains("浏览器版本过旧") && state(&dom) == "none");
}
