//! Sentences of the page that are made from figures.
//!
//! They say the numbers of the ledger again, in both languages from the same values; nothing is counted here.

pub(super) mod posts;

use model::severity::Severity;

use crate::figures::Figures;
use crate::table::Value;
use crate::text::{Language, Words, severity_word, show_count, show_text};

/// At most so many names are spelled out in a sentence.
const NAMES: usize = 5;
/// Characters of a name in a sentence.
const NAME: usize = 60;

/// The paragraph that opens the report.
pub(super) fn summary(figures: &Figures, language: Language) -> Vec<String> {
    let n = |id: &str| show_count(figures.value(id));
    if figures.value("card.units") == 0 {
        return vec![
            pick(
                language,
                "登记册中没有单位，本报告没有可汇报的内容。",
                "The register holds no units; there is nothing to report.",
            )
            .to_owned(),
        ];
    }
    let mut sentences = Vec::new();
    sentences.push(match language {
        Language::Zh => format!(
            "登记单位 {} 家，已探测 {} 家；授权地址 {} 个，已探测 {} 个，其中有应答 {} 个、被拦截 {} 个、无法判定 {} 个。",
            n("card.units"), n("card.units.scanned"), n("card.addresses.authorised"), n("card.addresses.probed"),
            n("card.addresses.answered"), n("card.addresses.blocked"), n("card.addresses.unverifiable"),
        ),
        Language::En => format!(
            "Of {} registered units {} were probed. {} addresses are authorised and {} were probed: {} answered, {} were blocked and of {} we could not tell.",
            n("card.units"), n("card.units.scanned"), n("card.addresses.authorised"), n("card.addresses.probed"),
            n("card.addresses.answered"), n("card.addresses.blocked"), n("card.addresses.unverifiable"),
        ),
    });
    sentences.push(match language {
        Language::Zh => format!(
            "发现开放服务 {} 项，其中未备案 {} 项；未销号问题 {} 项，其中超危 {} 项、高危 {} 项。",
            n("card.services"), n("card.services.undeclared"), n("card.findings"), n("card.findings.critical"), n("card.findings.high"),
        ),
        Language::En => format!(
            "Services found open: {}, of which {} are undeclared. Outstanding findings: {}, of which {} critical and {} high.",
            n("card.services"), n("card.services.undeclared"), n("card.findings"), n("card.findings.critical"), n("card.findings.high"),
        ),
    });
    sentences
}

/// What a leader should look at first; empty when there is nothing of the kind.
pub(super) fn attention(figures: &Figures, language: Language) -> Vec<String> {
    let n = |id: &str| figures.value(id);
    let mut points = Vec::new();
    let worst = worst_units(figures);
    if !worst.is_empty() {
        let names = name_list(
            worst.iter().map(|(name, count)| format!("{name}（{count}）")).collect(),
            worst.len(),
            language,
        );
        let names_en = name_list(
            worst.iter().map(|(name, count)| format!("{name} ({count})")).collect(),
            worst.len(),
            language,
        );
        points.push(match language {
            Language::Zh => format!("超危与高危问题集中在：{names}。"),
            Language::En => format!("Most critical and high findings: {names_en}."),
        });
    }
    if !figures.unscanned.is_empty() {
        let names = figures.unscanned.iter().take(NAMES).map(|name| show_text(name, NAME)).collect();
        let names = name_list(names, figures.unscanned.len(), language);
        points.push(match language {
            Language::Zh => {
                format!("未探测的单位 {} 家（不等于没有问题）：{names}。", figures.unscanned.len())
            }
            Language::En => {
                format!("Units not probed, which doesn't mean clean ({}): {names}.", figures.unscanned.len())
            }
        });
    }
    if n("card.addresses.unverifiable") > 0 {
        points.push(match language {
            Language::Zh => format!(
                "{} 个地址对全部探测均无应答，本报告对其不作结论。",
                show_count(n("card.addresses.unverifiable"))
            ),
            Language::En => format!(
                "{} addresses kept silent on every probe; this report says nothing about them.",
                show_count(n("card.addresses.unverifiable"))
            ),
        });
    }
    if n("certificates.expired") + n("certificates.within-30") > 0 {
        points.push(match language {
            Language::Zh => format!(
                "证书已过期 {} 张，30 天内到期 {} 张。",
                n("certificates.expired"),
                n("certificates.within-30")
            ),
            Language::En => format!(
                "Certificates: {} expired, {} ending within 30 days.",
                n("certificates.expired"),
                n("certificates.within-30")
            ),
        });
    }
    points.extend(posts::attention(figures, language));
    points
}

/// Units with most critical and high findings.
fn worst_units(figures: &Figures) -> Vec<(String, u64)> {
    let Some(table) = figures.table("units") else { return Vec::new() };
    let column = |key: &str| table.column(key).into_iter().map(count).collect::<Vec<u64>>();
    let names = table.column("unit").into_iter().map(|value| match value {
        Value::Text(name) => show_text(name, NAME),
        _ => String::new(),
    });
    let mut units: Vec<(String, u64)> = names
        .zip(column("critical").into_iter().zip(column("high")))
        .map(|(name, (critical, high))| (name, critical + high))
        .filter(|(_, n)| *n > 0)
        .collect();
    units.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    units.truncate(NAMES);
    units
}

pub(super) fn count(value: &Value) -> u64 {
    match value {
        Value::Count(count) => *count,
        _ => 0,
    }
}

fn name_list(mut names: Vec<String>, total: usize, language: Language) -> String {
    names.truncate(NAMES);
    let shown = names.join(pick(language, "、", ", "));
    match (total.saturating_sub(NAMES), language) {
        (0, _) => shown,
        (_, Language::Zh) => format!("{shown}等 {total} 家"),
        (more, Language::En) => format!("{shown} and {more} more"),
    }
}

pub(super) fn pick<'t>(language: Language, zh: &'t str, en: &'t str) -> &'t str {
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

/// Terms as the report uses them.
pub(super) fn definitions() -> Vec<(Words, Words)> {
    let severities = |language| {
        Severity::ALL.map(|severity| severity_word(severity, language)).join(pick(language, "、", ", "))
    };
    vec![
        (
            Words::of("有应答", "Answered"),
            Words::of(
                "至少一个端口开放，或明确拒绝连接。",
                "At least one port was open or refused the connection.",
            ),
        ),
        (
            Words::of("被拦截", "Blocked"),
            Words::of(
                "地址自身没有应答，途中设备以 ICMP 对探测作出拦截应答。",
                "No answer of its own; a device in the way answered the probes by ICMP.",
            ),
        ),
        (
            Words::of("无法判定", "Cannot tell"),
            Words::of(
                "全部探测均无应答。既不能证明开放，也不能证明关闭：不计为安全，不销号，也不据此点名。",
                "Silence on every probe. Neither open nor closed is proved: it is not counted as safe, closes no finding and names no unit.",
            ),
        ),
        (
            Words::of("开放服务", "Open service"),
            Words::of(
                "接受连接的（地址、端口、传输协议）。服务名称按其应答内容识别，不按端口号推断。",
                "An address, port and transport that accepts connections. It is named by what it answers, not by its port.",
            ),
        ),
        (
            Words::of("未备案", "Undeclared"),
            Words::of(
                "未在登记册中备案、备案已过期，或实际服务与备案不符。",
                "Not in the register of declared services, past its end date, or another service than the declared one.",
            ),
        ),
        (
            Words::of("级别", "Severity"),
            Words::of(
                format!("{}，参照 GB/T 30279—2020。", severities(Language::Zh)),
                format!("{}, after GB/T 30279-2020.", severities(Language::En)),
            ),
        ),
        (
            Words::of("疑似消除、已销号", "Seen gone, closed"),
            Words::of(
                "有正面证据（拒绝连接、应答已改变）表明问题消除的，先列为“疑似消除”；达到规则要求的次数和间隔后销号。探测不到不算消除。",
                "Positive evidence (a refusal, a changed answer) makes a finding \"seen gone\"; seen often and long enough by the rules, it is closed. Not being seen is not being gone.",
            ),
        ),
        (
            Words::of("新增、首次测得", "New, first measured"),
            Words::of(
                "上期探测过该端口而未发现的为“新增”；上期未探测该端口的为“首次测得”，未必是新出现的。",
                "New: the port was probed for the previous report and showed nothing. First measured: the port was not probed then, so it need not be new to the world.",
            ),
        ),
        (
            Words::of("TLS 评级", "TLS grade"),
            Words::of(
                "按评级规则由版本、密钥交换与加密强度计分，再由所限的问题封顶；无法判定的问题不计入。评级的对象是（地址、端口、服务器名）。",
                "By rules of grading: a score for versions, key exchange and ciphers, capped by faults; what can't be told counts for nothing. Graded is an address, port and server name.",
            ),
        ),
        (
            Words::of("国密 TLCP", "TLCP"),
            Words::of(
                "以国家标准 GB/T 38636 的传输层密码协议询问；两次被拒绝为“不支持”，没有应答为“无法判定”。",
                "Asked in the protocol of the national standard GB/T 38636; refused twice is \"no\", no answer is \"cannot tell\".",
            ),
        ),
        (
            Words::of("应持证、持证率", "Certified"),
            Words::of(
                "按持证制度的岗位要求、在岗记录与上岗证当日状态计算；在岗人员在同一单位同类岗位只计一次，宽限期内未持证的不算持证。系统级别与是否暴露以登记册当前记录为准。",
                "From the scheme's requirements, who is in post, and how each certificate stands on the day. A person counts once for each unit and kind of post; days of grace don't make one certified. Levels and exposure are those of the register as it is now.",
            ),
        ),
        (
            Words::of("变化的比较", "Comparison"),
            Words::of(
                "与上期报告的冻结快照逐项比较；没有上期报告时，为最近一次扫描所见的变化。",
                "Item by item with the frozen snapshot of the previous report; without one, what the latest run changed.",
            ),
        ),
    ]
}
