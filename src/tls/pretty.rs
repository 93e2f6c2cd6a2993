//! Lays a server out for a terminal, in lines of at most 100 columns, readable without colour.

use super::chains::ChainView;
use super::view::{VersionView, View};
use super::words::pick;

const WIDTH: usize = 100;

/// All of one server.
pub fn tell(view: &View) -> Vec<String> {
    let mut page = Lines { lines: Vec::new() };
    let t = |zh: &'static str, en: &'static str| pick(view.language, zh, en);
    let address = if view.title == view.address { String::new() } else { format!("   {}", view.address) };
    page.put(0, &format!("== {}{address} ==", view.title));
    page.put(2, &view.outcome);
    if !view.is_tls {
        page.put(2, &connections(view));
        return page.lines;
    }
    if let Some(grade) = &view.grade {
        page.head(t("评级", "grade"));
        page.put(2, &format!("{}   {}", grade.grade, grade.parts));
        for cap in &grade.caps {
            page.item(4, &format!("{} {}: ", t("限于", "capped at"), cap.label), &cap.text);
        }
        if !grade.open.is_empty() {
            page.item(4, t("无法判定而可能影响评级：", "can't be told, and might cap it: "), &grade.open);
        }
    }
    page.head(t("问题", "faults"));
    if view.faults.is_empty() {
        page.put(2, t("未发现问题", "none found"));
    }
    for fault in &view.faults {
        page.item(2, &format!("[{}] ", fault.severity_word), &format!("{} ({})", fault.title, fault.check));
        if !fault.evidence.is_empty() {
            page.item(6, "", &fault.evidence);
        }
        page.item(6, t("建议：", "advice: "), &fault.advice);
    }
    page.head(t("版本与套件", "versions and suites"));
    for version in &view.versions {
        tell_version(&mut page, version, view);
    }
    page.head(t("密钥交换群", "groups"));
    for group in &view.groups {
        page.item(2, &format!("{}  ", group.label), &group.text);
    }
    page.put(2, &view.post_quantum);
    page.head(t("证书", "certificates"));
    if view.chains.is_empty() {
        page.put(2, t("没有见到证书", "none seen"));
    }
    for chain in &view.chains {
        tell_chain(&mut page, chain, view);
    }
    if !view.features.is_empty() {
        page.head(t("特性", "particulars"));
        let features: Vec<String> =
            view.features.iter().map(|row| format!("{}{}{}", row.label, t("：", ": "), row.text)).collect();
        page.item(2, "", &features.join(t("；", "; ")));
    }
    page.head(t("基线", "profiles"));
    for profile in &view.profiles {
        page.item(2, &format!("{}{}", profile.title, t("：", ": ")), &profile.word);
        for fault in &profile.faults {
            page.item(6, "- ", fault);
        }
        for unknown in &profile.unknown {
            page.item(6, "? ", unknown);
        }
    }
    if !view.unknowns.is_empty() {
        page.head(t("无法判定", "what can't be told"));
        for unknown in &view.unknowns {
            page.item(2, "? ", &format!("{}{}{}", unknown.label, t("：", ": "), unknown.text));
        }
    }
    page.head(t("询问", "how it was asked"));
    page.put(2, &connections(view));
    page.lines
}

/// A server among many: name and address, versions, grade, faults, certificate.
pub fn one_line(view: &View) -> Vec<String> {
    let server = if view.title == view.address {
        view.title.clone()
    } else {
        format!("{}\n{}", view.title, view.address)
    };
    if !view.is_tls {
        return vec![server, view.outcome.replace("; ", ";\n"), String::new(), String::new(), String::new()];
    }
    let counts = view.counts.iter().filter(|count| count.n > 0);
    let counts: Vec<String> = counts.map(|count| format!("{} {}", count.word, count.n)).collect();
    let counts: Vec<String> = counts.chunks(2).map(|two| two.join(", ")).collect();
    let leaf = view.chains.first().and_then(|chain| chain.certificates.first());
    let grade = view.grade.as_ref().map(|grade| grade.grade.clone()).unwrap_or_default();
    let left = leaf.map(|leaf| leaf.left.clone()).unwrap_or_default();
    vec![server, view.spoken(), grade, counts.join("\n"), left]
}

fn tell_version(page: &mut Lines, version: &VersionView, view: &View) {
    let t = |zh: &'static str, en: &'static str| pick(view.language, zh, en);
    let order = if version.order.is_empty() { String::new() } else { format!(" ({})", version.order) };
    page.put(2, &format!("{:<9} {}{order}", version.name, version.word));
    for suite in &version.suites {
        let exchange =
            if suite.exchange.is_empty() { String::new() } else { format!("  {}", suite.exchange) };
        let weak = if suite.weak.is_empty() {
            String::new()
        } else {
            format!("  {}{}", t("弱：", "WEAK: "), suite.weak)
        };
        page.item(6, &format!("{}  ", suite.code), &format!("{}{exchange}{weak}", suite.name));
    }
    if let Some(why) = &version.incomplete {
        page.item(6, "? ", &format!("{}{why}", t("可能还有别的套件：", "there may be more suites: ")));
    }
}

fn tell_chain(page: &mut Lines, chain: &ChainView, view: &View) {
    let t = |zh: &'static str, en: &'static str| pick(view.language, zh, en);
    page.item(2, "", &format!("{}{}{}", chain.title, t("：", ": "), chain.trust));
    for certificate in &chain.certificates {
        let head = format!("{}  ", certificate.role);
        page.item(4, &head, &certificate.subject);
        if !certificate.names.is_empty() {
            page.item(8, t("名称 ", "names "), &certificate.names);
        }
        let line = format!("{}  ({})", certificate.validity, certificate.left);
        page.item(8, "", &format!("{line}   {}   {}", certificate.key, certificate.signature));
        page.item(8, t("签发者 ", "issuer "), &certificate.issuer);
    }
}

fn connections(view: &View) -> String {
    let n = view.connections.len();
    match view.language {
        reports::text::Language::Zh => {
            format!("{n} 个连接，发送 {} 字节，接收 {} 字节", view.n_sent, view.n_received)
        }
        reports::text::Language::En => {
            format!("{n} connections, {} bytes sent, {} received", view.n_sent, view.n_received)
        }
    }
}

struct Lines {
    lines: Vec<String>,
}

impl Lines {
    fn head(&mut self, text: &str) {
        self.lines.push(String::new());
        self.lines.push(text.to_owned());
    }

    fn put(&mut self, indent: usize, text: &str) {
        self.item(indent, "", text);
    }

    /// A mark and a text; further lines stand below the text.
    fn item(&mut self, indent: usize, mark: &str, text: &str) {
        let hang = indent + columns(mark);
        let mut line = format!("{}{mark}", " ".repeat(indent));
        let mut used = hang;
        let mut is_first = true;
        for piece in pieces(text) {
            let wide = columns(piece.trim_end());
            if used + wide > WIDTH && !is_first {
                self.lines.push(line.trim_end().to_owned());
                line = " ".repeat(hang);
                used = hang;
            }
            line.push_str(piece);
            used += columns(piece);
            is_first = false;
        }
        self.lines.push(line.trim_end().to_owned());
    }
}

/// Parts of a text between which a line may end: after spaces and after each wide character.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut at_most = 0;
    for (at, c) in text.char_indices() {
        let next = at + c.len_utf8();
        at_most += 1;
        // What has no place to end at is cut: a line is never wider than the screen.
        if c == ' ' || width(c) == 2 || at_most >= 60 {
            pieces.push(text.get(from..next).unwrap_or_default());
            from = next;
            at_most = 0;
        }
    }
    pieces.push(text.get(from..).unwrap_or_default());
    pieces
}

fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// Columns of a character on a terminal: two for those of East Asia.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_screen() {
        for text in ["word ".repeat(80), "无法判定的内容".repeat(40), "x".repeat(500)] {
            let mut page = Lines { lines: Vec::new() };
            page.item(6, "- ", &text);
            assert!(page.lines.len() > 3, "{:?}", page.lines);
            for line in &page.lines {
                assert!(columns(line) <= WIDTH, "{line}");
            }
        }
    }
}
