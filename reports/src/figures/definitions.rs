//! The definitions of all figures: one entry each, evaluated in one way.

use polars::prelude::{DataType, Expr, IntoLazy, col, len, lit};

use super::{Figure, all};
use crate::error::ReportError;
use crate::frame::Row;
use crate::rows::{
    CertificateRow, ClusterRow, CoverRow, FindingRow, HoldersRow, HostRow, LapseRow, OverdueUnitRow,
    PostDueRow, RefusalRow, RunRow, ServiceRow, SilentRow, SystemRow, TlsServerRow, UnitRow, UnsureRow,
};
use crate::text::{Words, words};
use crate::view::{UnmaintainedRow, View, WITHDRAWN, is_of_posts};

/// One figure before it is computed.
pub(crate) struct Definition {
    pub(crate) id: &'static str,
    pub(crate) title: Words,
    pub(crate) unit: Words,
    pub(crate) frame: &'static str,
    pub(crate) filter: fn() -> Expr,
    pub(crate) measure: Measure,
    pub(crate) filter_in_words: Words,
    pub(crate) rows: &'static str,
    /// Whether the same query over the previous snapshot is a fair comparison.
    pub(crate) comparable: bool,
}

pub(crate) enum Measure {
    Rows,
    Sum(&'static str),
    /// How many different values a column has.
    Distinct(&'static str),
}

const UNITS: Words = words("家", "units");
const SYSTEMS: Words = words("个", "systems");
const ADDRESSES: Words = words("个", "addresses");
const SERVICES: Words = words("项", "services");
const FINDINGS: Words = words("项", "findings");
const CERTIFICATES: Words = words("张", "certificates");
const PROBES: Words = words("次", "probes");
const SERVERS: Words = words("台", "servers");
const TARGETS: Words = words("个", "targets");
const REQUIREMENTS: Words = words("项", "requirements");
const HOLDERS: Words = words("人次", "post holders");

/// TLS was spoken, so that there is something to say of it.
fn speaks_tls() -> Expr {
    col("reached").eq(lit("tls"))
}

fn outstanding() -> Expr {
    col("standing").neq(lit("closed"))
}

macro_rules! figures {
    ($($id:literal, $zh:literal, $en:literal, $unit:expr, $frame:expr, $measure:expr, $filter:expr,
       $filter_zh:literal, $filter_en:literal, $rows:literal, $comparable:expr;)*) => {
        &[$(Definition {
            id: $id, title: words($zh, $en), unit: $unit, frame: $frame, filter: $filter, measure: $measure,
            filter_in_words: words($filter_zh, $filter_en), rows: $rows, comparable: $comparable,
        }),*]
    };
}

pub(crate) static DEFINITIONS: &[Definition] = figures! {
    "card.units", "登记单位", "Units registered", UNITS, UnitRow::FRAME, Measure::Rows, all,
        "登记册中的全部单位", "every unit of the register", "units", true;
    "card.units.scanned", "已探测单位", "Units probed", UNITS, UnitRow::FRAME, Measure::Rows, || col("scanned"),
        "至少有一个地址被探测的单位", "units with at least one address probed", "units", true;
    "card.units.unscanned", "未探测单位", "Units not probed", UNITS, UnitRow::FRAME, Measure::Rows, || col("scanned").not(),
        "没有任何地址被探测的单位；不等于没有问题", "units with no address probed; this doesn't mean they are clean", "coverage", true;
    "card.systems", "信息系统", "Systems", SYSTEMS, SystemRow::FRAME, Measure::Rows, all,
        "登记册中的全部信息系统", "every system of the register", "units", true;
    "card.addresses.authorised", "授权地址", "Addresses authorised", ADDRESSES, UnitRow::FRAME, Measure::Sum("n_authorised"), all,
        "数据截止日授权有效的地址，去重并扣除排除项", "distinct addresses whose authorisation was current, without excluded ones", "units", true;
    "card.addresses.probed", "已探测地址", "Addresses probed", ADDRESSES, HostRow::FRAME, Measure::Rows, all,
        "至少一个端口被探测的地址", "addresses with at least one port probed", "hosts", true;
    "card.addresses.answered", "有应答地址", "Addresses that answered", ADDRESSES, HostRow::FRAME, Measure::Rows,
        || col("outcome").eq(lit("answered")),
        "至少一个端口开放或明确拒绝的地址", "at least one port was open or refused", "hosts", true;
    "card.addresses.blocked", "被拦截地址", "Addresses blocked", ADDRESSES, HostRow::FRAME, Measure::Rows,
        || col("outcome").eq(lit("blocked")),
        "自身无应答，但途中设备对全部端口作出拦截应答的地址", "no answer of their own, but a device in the way answered for every port", "hosts", true;
    "card.addresses.unverifiable", "无法判定地址", "Addresses we could not tell", ADDRESSES, HostRow::FRAME, Measure::Rows,
        || col("outcome").eq(lit("unverifiable")),
        "全部探测均无应答，既不能证明开放也不能证明关闭的地址", "silence on every probe: neither open nor closed is proved", "hosts", true;
    "card.services", "开放服务", "Open services", SERVICES, ServiceRow::FRAME, Measure::Rows, all,
        "处于开放状态的（地址, 端口, 协议）", "open (address, port, transport)", "services", true;
    "card.services.undeclared", "未备案服务", "Undeclared services", SERVICES, ServiceRow::FRAME, Measure::Rows,
        || col("declaration").neq(lit("declared")),
        "未备案、备案已过期或与备案不符的开放服务", "open services that are undeclared, expired or not what was declared", "services", true;
    "card.services.new", "新开放服务", "Newly open services", SERVICES, ServiceRow::FRAME, Measure::Rows,
        || col("novelty").eq(lit("new")),
        "上期探测过该端口且当时未开放的服务", "their port was probed for the previous report and was not open", "services", false;
    "card.findings", "未销号问题", "Outstanding findings", FINDINGS, FindingRow::FRAME, Measure::Rows, outstanding,
        "尚未销号的问题，包括疑似消除与无法判定的", "findings that are not closed, with those seen gone and those we could not tell", "findings", true;
    "card.findings.critical", "超危问题", "Critical findings", FINDINGS, FindingRow::FRAME, Measure::Rows,
        || outstanding().and(col("severity").eq(lit("critical"))),
        "未销号且级别为超危", "outstanding, severity critical", "findings", true;
    "card.findings.high", "高危问题", "High findings", FINDINGS, FindingRow::FRAME, Measure::Rows,
        || outstanding().and(col("severity").eq(lit("high"))),
        "未销号且级别为高危", "outstanding, severity high", "findings", true;
    "card.findings.medium", "中危问题", "Medium findings", FINDINGS, FindingRow::FRAME, Measure::Rows,
        || outstanding().and(col("severity").eq(lit("medium"))),
        "未销号且级别为中危", "outstanding, severity medium", "findings", true;
    "card.findings.low", "低危问题", "Low findings", FINDINGS, FindingRow::FRAME, Measure::Rows,
        || outstanding().and(col("severity").eq(lit("low"))),
        "未销号且级别为低危", "outstanding, severity low", "findings", true;
    "card.findings.unverifiable", "无法判定的问题", "Findings we could not tell", FINDINGS, FindingRow::FRAME, Measure::Rows,
        || outstanding().and(col("unverifiable_since").is_not_null()),
        "未销号，且最近一次探测无法判定是否仍在", "outstanding, and the last probe could not tell whether they are still there", "findings", true;
    "changes.new", "新增", "New", FINDINGS, FindingRow::FRAME, Measure::Rows, || col("movement").eq(lit("new")),
        "上期报告中没有的问题", "not in the previous report", "changes", false;
    "changes.first-measured", "首次测得", "First measured", FINDINGS, FindingRow::FRAME, Measure::Rows, || col("movement").eq(lit("first-measured")),
        "上期未探测该端口，本期首次测得的问题", "their port was not probed for the previous report", "changes", false;
    "changes.reopened", "复现", "Reopened", FINDINGS, FindingRow::FRAME, Measure::Rows, || col("movement").eq(lit("reopened")),
        "销号之后再次出现的问题", "came back after they had been closed", "changes", false;
    "changes.back", "再次出现", "Seen again", FINDINGS, FindingRow::FRAME, Measure::Rows, || col("movement").eq(lit("back")),
        "上期疑似消除、本期再次出现的问题", "were seen gone in the previous report and are there again", "changes", false;
    "changes.unchanged", "未变化", "Unchanged", FINDINGS, FindingRow::FRAME, Measure::Rows, || col("movement").eq(lit("unchanged")),
        "上期已有、本期仍在的问题", "were there and still are", "findings", false;
    "changes.missing", "疑似消除", "Seen gone", FINDINGS, FindingRow::FRAME, Measure::Rows, || col("movement").eq(lit("missing")),
        "有证据表明已消除，但尚未达到销号规则的问题", "proved gone, but not yet often or long enough to close", "changes", false;
    "changes.closed", "已销号", "Closed", FINDINGS, FindingRow::FRAME, Measure::Rows, || col("movement").eq(lit("closed")),
        "上期报告以来按规则销号的问题", "closed by the rules since the previous report", "changes", false;
    "changes.unverifiable", "无法判定", "Cannot tell", FINDINGS, FindingRow::FRAME, Measure::Rows, || col("movement").eq(lit("unverifiable")),
        "本期无法判定是否仍在的问题，不计为消除", "could not be told this time; never counted as gone", "changes", false;
    "changes.withdrawn", "不再列入", "No longer listed", FINDINGS, WITHDRAWN, Measure::Rows, all,
        "上期在列、本期数据中不再出现的问题（如单位或资产移出登记册）", "listed before and no longer among the rows, for example as their asset left the register", "changes", false;
    "certificates.total", "证书", "Certificates", CERTIFICATES, CertificateRow::FRAME, Measure::Rows, all,
        "各端点出示的证书（同一端点同一证书计一次）", "certificates presented, each once an endpoint", "certificates", true;
    "certificates.expired", "已过期", "Expired", CERTIFICATES, CertificateRow::FRAME, Measure::Rows, || col("days_left").lt(lit(0i64)),
        "有效期已结束", "their validity has ended", "certificates", true;
    "certificates.within-7", "7 天内到期", "Expiring within 7 days", CERTIFICATES, CertificateRow::FRAME, Measure::Rows, || within(7),
        "未过期，7 天内到期", "not expired, 7 days left or less", "certificates", true;
    "certificates.within-30", "30 天内到期", "Expiring within 30 days", CERTIFICATES, CertificateRow::FRAME, Measure::Rows, || within(30),
        "未过期，30 天内到期（含 7 天内）", "not expired, 30 days left or less, those of 7 included", "certificates", true;
    "certificates.within-90", "90 天内到期", "Expiring within 90 days", CERTIFICATES, CertificateRow::FRAME, Measure::Rows, || within(90),
        "未过期，90 天内到期（含 30 天内）", "not expired, 90 days left or less, those of 30 included", "certificates", true;
    "tls.servers", "已检测 TLS 服务器", "TLS servers assessed", SERVERS, TlsServerRow::FRAME, Measure::Rows, speaks_tls,
        "以 TLS 或 TLCP 应答并完成检测的（地址, 端口, 服务器名）", "(address, port, server name) that spoke TLS or TLCP and were assessed", "tls", true;
    "tls.untold", "未能检测", "Not assessed", SERVERS, TlsServerRow::FRAME, Measure::Rows, || speaks_tls().not(),
        "询问过而没有得到 TLS 应答的，包括无应答、拒绝连接与其他协议", "asked, and no TLS was spoken: silence, refusals and other protocols", "tls", true;
    "tls.good", "评级 A", "Graded A", SERVERS, TlsServerRow::FRAME, Measure::Rows, || col("level").eq(lit("good")),
        "评级为 A+、A 或 A-", "graded A+, A or A-", "tls", true;
    "tls.fair", "评级 B、C", "Graded B or C", SERVERS, TlsServerRow::FRAME, Measure::Rows, || col("level").eq(lit("fair")),
        "评级为 B 或 C", "graded B or C", "tls", true;
    "tls.poor", "评级 D 及以下", "Graded D or worse", SERVERS, TlsServerRow::FRAME, Measure::Rows, || col("level").eq(lit("poor")),
        "其他评级：D 至 F，以及 T（证书不可信）、M（名称不符）", "any other grade: D to F, and T (not trusted) and M (wrong name)", "tls", true;
    "tls.outdated", "仍支持过时版本", "Speak outdated versions", SERVERS, TlsServerRow::FRAME, Measure::Rows,
        || speaks_tls().and(col("outdated")),
        "仍支持 SSL 2.0、SSL 3.0、TLS 1.0 或 TLS 1.1", "still speak SSL 2.0, SSL 3.0, TLS 1.0 or TLS 1.1", "tls", true;
    "tls.tlcp", "支持国密 TLCP", "Speak TLCP", SERVERS, TlsServerRow::FRAME, Measure::Rows,
        || speaks_tls().and(col("tlcp").eq(lit("yes"))),
        "以国家密码标准的传输层密码协议应答（GB/T 38636）", "speak the national protocol (GB/T 38636)", "tls", true;
    "tls.no-tlcp", "不支持国密 TLCP", "Do not speak TLCP", SERVERS, TlsServerRow::FRAME, Measure::Rows,
        || speaks_tls().and(col("tlcp").eq(lit("no"))),
        "两次询问均拒绝 TLCP", "refused TLCP twice", "tls", true;
    "tls.tlcp-untold", "国密支持无法判定", "TLCP cannot be told", SERVERS, TlsServerRow::FRAME, Measure::Rows,
        || speaks_tls().and(col("tlcp").eq(lit("unknown"))),
        "不能判定是否支持 TLCP", "whether they speak TLCP can't be told", "tls", true;
    "posts.requirements", "岗位持证要求", "Post requirements", REQUIREMENTS, CoverRow::FRAME, Measure::Rows, all,
        "按持证制度对各单位、各系统提出的要求", "what the scheme asks of each unit and system", "post-coverage", true;
    "posts.met", "已满足", "Met", REQUIREMENTS, CoverRow::FRAME, Measure::Rows, || cover_is("met"),
        "在岗持证人数与 AB 角均达到要求", "as many certified people in the post as asked for, with a stand-in where asked", "post-coverage", true;
    "posts.in-grace", "宽限期内", "In grace", REQUIREMENTS, CoverRow::FRAME, Measure::Rows, || cover_is("in-grace"),
        "尚未满足，但在岗人员仍在任职宽限期内", "not met, and somebody in the post is still within the days of grace", "post-coverage", true;
    "posts.gaps", "缺口", "Gaps", REQUIREMENTS, CoverRow::FRAME, Measure::Rows, || cover_is("gap"),
        "未满足且不在宽限期内的要求", "neither met nor in grace", "post-coverage", true;
    "posts.holders", "应持证人次", "Post holders to be certified", HOLDERS, HoldersRow::FRAME, Measure::Sum("n"), all,
        "在岗且被要求持证的人员，同一单位同类岗位计一次", "people in a post that asks for a certificate, once for each unit and kind of post", "post-units", true;
    "posts.holders.certified", "已持证", "Certified", HOLDERS, HoldersRow::FRAME, Measure::Sum("n_certified"), all,
        "应持证人次中持有效证书的", "of those, holding a certificate that counts", "post-units", true;
    "posts.holders.in-grace", "宽限期内未持证", "Not certified, in grace", HOLDERS, HoldersRow::FRAME, Measure::Sum("n_in_grace"), all,
        "应持证人次中任职未满宽限期的", "of those, not yet so long in the post that they must", "post-units", true;
    "posts.holders.uncertified", "未持证", "Not certified", HOLDERS, HoldersRow::FRAME, Measure::Sum("n_uncertified"), all,
        "应持证人次中超过宽限期仍未持证的", "of those, without one although they must", "post-units", true;
    "posts.systems.level-3", "三级及以上系统", "Systems of level 3 and above", SYSTEMS, CoverRow::FRAME, Measure::Distinct("system"),
        || col("post").eq(lit("maintainer")).and(col("system").is_not_null()).and(col("level").gt_eq(lit(3u32))),
        "等级保护第三级及以上、被要求配备持证维护人员的系统", "of level 3 or higher, and asked to have a certified maintainer", "post-coverage", true;
    "posts.unmaintained", "无持证维护人员的系统", "Systems without a certified maintainer", SYSTEMS, UnmaintainedRow::FRAME, Measure::Rows, all,
        "要求配备持证维护人员而一名也没有的信息系统，含宽限期内的", "a certified maintainer is asked for and there is none, days of grace or not", "post-unmaintained", true;
    "posts.unmaintained.level-3", "三级及以上系统无持证维护人员", "Level 3 and above without a certified maintainer", SYSTEMS, UnmaintainedRow::FRAME, Measure::Rows,
        || col("level").gt_eq(lit(3u32)),
        "其中等级保护第三级及以上的系统", "of those, systems of level 3 or higher", "post-unmaintained", true;
    "posts.due-30", "30 天内到期", "Ending within 30 days", CERTIFICATES, PostDueRow::FRAME, Measure::Distinct("serial"), || ends_within(30),
        "在岗人员所需的上岗证，30 天内到期；每张计一次", "post certificates that people in post need, 30 days left or less; each once", "post-due", true;
    "posts.due-60", "60 天内到期", "Ending within 60 days", CERTIFICATES, PostDueRow::FRAME, Measure::Distinct("serial"), || ends_within(60),
        "在岗人员所需的上岗证，60 天内到期（含 30 天内）；每张计一次", "post certificates that people in post need, 60 days left or less, those of 30 included; each once", "post-due", true;
    "posts.due-90", "90 天内到期", "Ending within 90 days", CERTIFICATES, PostDueRow::FRAME, Measure::Distinct("serial"), || ends_within(90),
        "在岗人员所需的上岗证，90 天内到期（含 60 天内）；每张计一次", "post certificates that people in post need, 90 days left or less, those of 60 included; each once", "post-due", true;
    "posts.expired", "到期未换证", "Expired, not renewed", CERTIFICATES, PostDueRow::FRAME, Measure::Distinct("serial"),
        || falls_due("expiry").and(col("days_left").lt(lit(0i64))),
        "在岗人员所需的上岗证，最近 90 天内到期而未换证；每张计一次", "post certificates that people in post need, ended within the last 90 days and not renewed; each once", "post-due", true;
    "posts.review-90", "90 天内应复审", "Review due within 90 days", CERTIFICATES, PostDueRow::FRAME, Measure::Distinct("serial"),
        || falls_due("review").and(within(90)),
        "在岗人员所需的上岗证，90 天内到复审日；每张计一次", "post certificates that people in post need, with a mid-term review due in 90 days or less; each once", "post-due", true;
    "posts.findings", "无持证维护人员系统上的高危以上问题", "Grave findings without a certified maintainer", FINDINGS, LapseRow::FRAME, Measure::Rows, all,
        "仍在的超危、高危问题，所在系统无持证维护人员", "critical and high findings that are there, on systems without a certified maintainer", "post-lapses", true;
    "posts.overdue.units", "逾期且无持证维护人员的单位", "Units overdue without a certified maintainer", UNITS, OverdueUnitRow::FRAME, Measure::Rows, all,
        "有超过整改期限仍在的超危、高危问题，且没有持证维护人员的单位", "units with critical or high findings there past their deadline, and no certified maintainer", "post-overdue", true;
    "posts.overdue.findings", "逾期且无持证维护人员单位的超危、高危问题", "Overdue grave findings of units without a certified maintainer", FINDINGS, OverdueUnitRow::FRAME, Measure::Sum("n_overdue"), all,
        "没有持证维护人员的单位，超过整改期限仍在的超危、高危问题", "critical and high findings there past their deadline, in units without a certified maintainer", "post-overdue", true;
    "coverage.probes", "探测次数", "Probes", PROBES, RunRow::FRAME, Measure::Sum("n_probes"), all,
        "各次扫描的（地址 × 端口）之和", "pairs of address and port, summed over all runs", "runs", true;
    "coverage.refused", "拒绝探测的目标", "Targets refused", TARGETS, RefusalRow::FRAME, Measure::Sum("n"), all,
        "因超出授权范围等原因而未探测的目标", "not probed, since outside the scope or otherwise refused", "refusals", true;
    "coverage.silent", "静默备案服务", "Silent declared services", SERVICES, SilentRow::FRAME, Measure::Rows, all,
        "已备案但未应答的服务", "declared services that did not answer", "silent", true;
    "coverage.unsure", "可信度不足的地址", "Addresses less sure than asked for", ADDRESSES, UnsureRow::FRAME, Measure::Rows, all,
        "因丢包，发现其开放端口的可信度低于扫描任务要求的地址", "so much gets lost that an open port is less surely seen than the run asks for", "unsure", true;
    "coverage.clustered", "可能由中间设备应答的地址", "Addresses a device may answer for", ADDRESSES, ClusterRow::FRAME, Measure::Rows, all,
        "应答特征相同且与主机自身表现不符、可能由同一中间设备代为应答的地址", "answer alike and unlike themselves, so that one device may answer for them", "clusters", true;
};

fn within(days: i64) -> Expr {
    col("days_left").gt_eq(lit(0i64)).and(col("days_left").lt_eq(lit(days)))
}

fn cover_is(state: &'static str) -> Expr {
    col("state").eq(lit(state))
}

fn falls_due(what: &'static str) -> Expr {
    col("what").eq(lit(what))
}

pub(super) fn ends_within(days: i64) -> Expr {
    falls_due("expiry").and(within(days))
}

pub(super) fn evaluate(view: &View, before: Option<&View>) -> Result<Vec<Figure>, ReportError> {
    let figure = |definition: &Definition| {
        let previous = match before {
            // Where no server had been assessed there is nothing to compare with.
            Some(before) if definition.frame == TlsServerRow::FRAME && before.tls.is_empty() => None,
            Some(before) if is_of_posts(definition.frame) && before.posts.training.is_none() => None,
            Some(before) if definition.comparable => Some(value(before, definition)?),
            Some(_) | None => None,
        };
        Ok(Figure {
            id: definition.id,
            title: definition.title.clone(),
            unit: definition.unit.clone(),
            value: value(view, definition)?,
            previous,
            frame: definition.frame,
            filter: definition.filter_in_words.clone(),
            rows: definition.rows,
        })
    };
    // Where no training is recorded a count of 0 would say that nobody lacks a certificate.
    let is_told = |definition: &&Definition| view.posts.training.is_some() || !is_of_posts(definition.frame);
    DEFINITIONS.iter().filter(is_told).map(figure).collect()
}

fn value(view: &View, definition: &Definition) -> Result<u64, ReportError> {
    let failed = || ReportError::compute(definition.id);
    let measure = match definition.measure {
        Measure::Rows => len(),
        Measure::Sum(column) => col(column).sum(),
        Measure::Distinct(column) => col(column).n_unique(),
    };
    let out = view
        .frame(definition.frame)
        .lazy()
        .filter((definition.filter)())
        .select([measure.cast(DataType::UInt64).alias("value")])
        .collect()
        .map_err(failed())?;
    Ok(out.column("value").map_err(failed())?.u64().map_err(failed())?.get(0).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_figure_is_defined_once_and_in_both_languages() {
        let mut ids = HashSet::new();
        for definition in DEFINITIONS {
            assert!(ids.insert(definition.id), "{} twice", definition.id);
            for words in [&definition.title, &definition.unit, &definition.filter_in_words] {
                assert!(!words.zh.is_empty() && !words.en.is_empty(), "{}", definition.id);
                assert!(words.en.is_ascii(), "{}: {}", definition.id, words.en);
                assert!(!words.zh.is_ascii(), "{}: {}", definition.id, words.zh);
            }
        }
    }
}
