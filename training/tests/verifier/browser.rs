//! A page in headless Chromium.

use std::fs;
use std::process::Command;

use serde_json::Value;

/// The page as the browser has it once its scripts have run.
pub fn dumped(page: &str, fragment: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("verifier.html");
    fs::write(&file, page).unwrap();
    let output = Command::new("timeout")
        .args(["--signal=KILL", "120", "chromium", "--headless=new", "--no-sandbox", "--disable-gpu"])
        .args(["--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .args(["--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("file://{}#{fragment}", file.display()))
        .env("HOME", folder.path())
        .output()
        .expect("coreutils are installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "is Debian's chromium installed (tests/packages)? {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What `script` says after the page's own scripts have run. The page's policy wouldn't let a script of the test run, so
/// it is taken off.
pub fn driven(page: &str, script: &str) -> Value {
    let (before, policy) = page.split_once("<meta http-equiv").unwrap();
    let (_, after) = policy.split_once("form-action 'none'\">").unwrap();
    let driver = format!(
        "<pre id=out></pre><script>(async () => {{
           const $ = id => document.getElementById(id);
           const put = (id, value) => {{ $(id).value = value; $(id).dispatchEvent(new Event('input')); }};
           const say = value => $('out').textContent = encodeURIComponent(JSON.stringify(value));
           try {{ {script} }} catch (error) {{ say(String(error)); }}
         }})()</script></body>"
    );
    let dom = dumped(&format!("{before}{after}").replace("</body>", &driver), "");
    let out = dom.split("<pre id=\"out\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    serde_json::from_slice(&unescaped(out)).unwrap_or_else(|error| panic!("{error}: {out}"))
}

/// Undoes `encodeURIComponent`, which leaves nothing that HTML would write otherwise.
fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}
