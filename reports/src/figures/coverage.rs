//! The coverage statement: what was probed, when and how, what could not be told, what was refused or left out.

use std::collections::HashMap;

use model::port::{PortSet, Transport};

use super::findings::address_key;
use super::sureness::percent;
use super::{all, counts_by};
use crate::error::ReportError;
use crate::frame::Row;
use crate::rows::{ExclusionRow, HostRow, RefusalRow, RunRow, RunState};
use crate::table::{Column, Kind, Table, Value};
use crate::text::{Term, Words, method_term, term, words};
use crate::view::{Outcome, View};

fn extent(authorised: u64, probed: u64) -> Term {
    match (authorised, probed) {
        (0, 0) => term("no-authorisation", "无有效授权", "Not authorised"),
        (_, 0) => term("not-probed", "未探测", "Not probed"),
        (authorised, probed) if probed < authorised => term("partly", "部分探测", "Partly"),
        _ => term("whole", "全部探测", "Wholly"),
    }
}

pub(super) fn by_unit(view: &View) -> Result<Table, ReportError> {
    let outcomes = counts_by(view.frame(HostRow::FRAME), all(), ["unit", "outcome"])?;
    let mut last_probed: HashMap<&str, chrono::DateTime<chrono::Utc>> = HashMap::new();
    for host in &view.hosts {
        let last = last_probed.entry(&host.unit).or_insert(host.probed_at);
        *last = (*last).max(host.probed_at);
    }
    let rows = view.all_units().map(|unit| {
        let reached = |outcome: Outcome| {
            outcomes.get(&[unit.id.clone(), outcome.term().code.to_owned()]).copied().unwrap_or(0)
        };
        let counts = Outcome::ALL.map(reached);
        let probed: u64 = counts.iter().sum();
        let [answered, blocked, unverifiable] = counts;
        vec![
            Value::Text(unit.name.clone()),
            Value::Term(extent(unit.n_authorised, probed)),
            Value::Count(unit.n_authorised),
            Value::Count(probed),
            Value::Count(unit.n_authorised.saturating_sub(probed)),
            Value::Count(answered),
            Value::Count(blocked),
            Value::Count(unverifiable),
            Value::instant(last_probed.get(unit.id.as_str()).copied()),
        ]
    });
    Ok(Table {
        id: "coverage",
        title: words("各单位覆盖情况", "Coverage by unit"),
        note: Some(words(
            "已探测 = 有应答 + 被拦截 + 无法判定。“未探测”与“无法判定”都不表示没有问题。",
            "Probed = answered + blocked + cannot tell. Neither \"not probed\" nor \"cannot tell\" means that nothing is wrong.",
        )),
        empty: words("登记册中没有单位。", "The register holds no units."),
        columns: vec![
            Column::new("unit", "单位", "Unit", Kind::Text, 30),
            Column::new("extent", "覆盖", "Extent", Kind::Text, 14),
            Column::new("authorised", "授权地址", "Authorised", Kind::Count, 11),
            Column::new("probed", "已探测", "Probed", Kind::Count, 10),
            Column::new("not_probed", "未探测", "Not probed", Kind::Count, 10),
            Column::new("answered", "有应答", "Answered", Kind::Count, 10),
            Column::new("blocked", "被拦截", "Blocked", Kind::Count, 10),
            Column::new("unverifiable", "无法判定", "Cannot tell", Kind::Count, 11),
            Column::new("last_probed", "最近探测", "Last probed", Kind::Instant, 19),
        ],
        rows: rows.collect(),
        total: None,
        sheet: "覆盖",
        page_limit: usize::MAX,
    }
    .with_total(words("合计", "Total")))
}

fn run_state(state: RunState) -> Term {
    match state {
        RunState::Finished => term("finished", "已完成", "Finished"),
        RunState::Interrupted => term("interrupted", "已中断", "Interrupted"),
        RunState::Held => term("held", "暂缓采信", "Held"),
        RunState::Running => term("running", "进行中", "Running"),
    }
}

/// The different sets of ports that the runs probed, in the order of the runs.
fn port_lists(view: &View) -> Vec<&str> {
    let mut lists: Vec<&str> = Vec::new();
    for run in &view.runs {
        if !lists.contains(&run.ports.as_str()) {
            lists.push(&run.ports);
        }
    }
    lists
}

/// Its number among the lists, from 1.
fn list_of(lists: &[&str], ports: &str) -> Option<i64> {
    let at = lists.iter().position(|list| *list == ports)?;
    i64::try_from(at + 1).ok()
}

/// Every port that the runs probed: a row for each span of a list.
pub(super) fn ports_probed(view: &View) -> Table {
    let lists = port_lists(view);
    let spans = lists.iter().flat_map(|list| {
        let number = list_of(&lists, list).map_or(Value::None, Value::Number);
        list.split(',').map(move |span| {
            let (first, last) = span.split_once('-').unwrap_or((span, span));
            let port =
                |text: &str| text.parse::<u16>().map_or(Value::None, |port| Value::Number(i64::from(port)));
            vec![number.clone(), port(first), port(last)]
        })
    });
    Table {
        id: "ports-probed",
        title: words("端口清单", "Ports probed"),
        note: None,
        empty: words("本期没有扫描任务。", "There were no scan runs."),
        columns: vec![
            Column::new("list", "清单", "List", Kind::Number, 10),
            Column::new("first_port", "起始端口", "First port", Kind::Number, 12),
            Column::new("last_port", "终止端口", "Last port", Kind::Number, 12),
        ],
        rows: spans.collect(),
        total: None,
        sheet: "端口清单",
        // The page names the first few with each run.
        page_limit: 0,
    }
}

pub(super) fn runs(view: &View) -> Table {
    let lists = port_lists(view);
    let row = |run: &RunRow| {
        let loss = view.losses.iter().find(|loss| loss.run == run.id);
        vec![
            Value::Instant(run.started_at),
            Value::instant(run.finished_at),
            Value::Term(run_state(run.state)),
            Value::Term(method_term(run.method)),
            Value::Ports(run.ports.clone()),
            Value::Count(run.n_probes),
            Value::Count(run.n_answered),
            Value::Text(run.transport.clone()),
            Value::Text(run.id.clone()),
            Value::Text(run.seed.to_string()),
            Value::Text(run.scope_hash.clone()),
            list_of(&lists, &run.ports).map_or(Value::None, Value::Number),
            loss.map_or(Value::None, |loss| Value::Text(percent(loss.loss_at_most_ppm))),
            loss.map_or(Value::None, |loss| Value::Count(loss.n_sent)),
            loss.map_or(Value::None, |loss| Value::Count(loss.n_measured)),
            loss.map_or(Value::None, |loss| Value::Count(loss.n_lost)),
        ]
    };
    Table {
        id: "runs",
        title: words("扫描任务", "Scan runs"),
        note: Some(words(
            "丢失率上限由任务中的重发与复测测得，在 95% 的把握下不超过该值；完整连接方式不测量。",
            "Loss at most is measured by what each run asked again, and not exceeded with 95 % confidence; full connections measure none.",
        )),
        empty: words("本期没有扫描任务。", "There were no scan runs."),
        columns: vec![
            Column::new("started_at", "开始", "Started", Kind::Instant, 19),
            Column::new("finished_at", "结束", "Finished", Kind::Instant, 19),
            Column::new("state", "状态", "State", Kind::Text, 11),
            Column::new("method", "方法", "Method", Kind::Text, 13),
            Column::new("ports", "端口", "Ports", Kind::Long, 44),
            Column::new("n_probes", "探测次数", "Probes", Kind::Count, 12),
            Column::new("n_answered", "应答次数", "Answers", Kind::Count, 12),
            Column::new("transport", "传输协议", "Transport", Kind::Text, 10).off_page(),
            Column::new("id", "任务编号", "Run", Kind::Code, 38).off_page(),
            Column::new("seed", "种子", "Seed", Kind::Code, 22).off_page(),
            Column::new("scope_hash", "范围指纹", "Scope hash", Kind::Code, 66).off_page(),
            Column::new("list", "端口清单", "Port list", Kind::Number, 12).off_page(),
            Column::new("loss_at_most", "丢失率上限", "Loss at most", Kind::Text, 12),
            Column::new("n_sent", "发送次数", "Sent", Kind::Count, 12).off_page(),
            Column::new("n_measured", "测量次数", "Measured", Kind::Count, 12).off_page(),
            Column::new("n_lost", "丢失次数", "Lost", Kind::Count, 12).off_page(),
        ],
        rows: view.runs.iter().map(row).collect(),
        total: None,
        sheet: "扫描任务",
        page_limit: 50,
    }
}

pub(super) fn refusals(view: &View) -> Table {
    let row = |refusal: &RefusalRow| {
        vec![
            Value::Words(Words::of(refusal.reason_zh.clone(), refusal.reason_en.clone())),
            Value::Count(refusal.n),
            Value::Text(refusal.example.clone()),
        ]
    };
    Table {
        id: "refusals",
        title: words("拒绝探测的目标", "Targets refused"),
        note: None,
        empty: words("没有被拒绝的目标。", "No target was refused."),
        columns: vec![
            Column::new("reason", "原因", "Reason", Kind::Long, 50),
            Column::new("n", "目标数", "Targets", Kind::Count, 12),
            Column::new("example", "示例", "For example", Kind::Text, 30),
        ],
        rows: view.refusals.iter().map(row).collect(),
        total: None,
        sheet: "拒绝",
        page_limit: 50,
    }
}

pub(super) fn exclusions(view: &View) -> Table {
    let units: HashMap<&str, &str> =
        view.units.iter().map(|unit| (unit.id.as_str(), unit.name.as_str())).collect();
    let row = |row: &ExclusionRow| {
        vec![
            Value::Text(units.get(row.unit.as_str()).copied().unwrap_or(&row.unit).to_owned()),
            Value::Text(row.target.clone()),
            Value::Text(row.reason.clone()),
            Value::Date(row.until),
        ]
    };
    Table {
        id: "exclusions",
        title: words("排除的目标", "Targets excluded"),
        note: None,
        empty: words("没有排除的目标。", "No target was excluded."),
        columns: vec![
            Column::new("unit", "单位", "Unit", Kind::Text, 28),
            Column::new("target", "目标", "Target", Kind::Text, 26),
            Column::new("reason", "原因", "Reason", Kind::Long, 40),
            Column::new("until", "截止日", "Until", Kind::Date, 12),
        ],
        rows: view.exclusions.iter().map(row).collect(),
        total: None,
        sheet: "排除",
        page_limit: 200,
    }
}

pub(super) fn hosts(view: &View) -> Table {
    let units: HashMap<&str, &str> =
        view.units.iter().map(|unit| (unit.id.as_str(), unit.name.as_str())).collect();
    let open_udp = open_udp_ports(view);
    let mut hosts: Vec<&HostRow> = view.hosts.iter().collect();
    // Those that say least come first on the page.
    hosts.sort_by_cached_key(|host| (std::cmp::Reverse(Outcome::of(host) as u8), address_key(&host.addr)));
    let row = |host: &HostRow| {
        vec![
            Value::Text(host.addr.clone()),
            Value::Text(host.names.join(", ")),
            Value::Text(units.get(host.unit.as_str()).copied().unwrap_or(&host.unit).to_owned()),
            Value::text(&view.system_name(&host.system)),
            Value::Term(Outcome::of(host).term()),
            Value::Count(u64::from(host.n_probed)),
            Value::Count(u64::from(host.n_open)),
            Value::text(&open_udp.get(host.addr.as_str()).cloned()),
            Value::Count(u64::from(host.n_closed)),
            Value::Count(u64::from(host.n_filtered)),
            Value::Count(u64::from(host.n_unverifiable)),
            Value::Instant(host.probed_at),
            Value::Text(host.run.clone()),
        ]
    };
    Table {
        id: "hosts",
        title: words("已探测地址", "Addresses probed"),
        note: Some(words(
            "端口数按 TCP 计；只经 UDP 探测的地址按 UDP 计。开放的 UDP 端口另列。",
            "Ports are counted over TCP, or over UDP at addresses that were asked over nothing else. Open UDP ports are listed beside them.",
        )),
        empty: words("没有探测任何地址。", "No address was probed."),
        columns: vec![
            Column::new("addr", "地址", "Address", Kind::Text, 24),
            Column::new("names", "域名", "Names", Kind::Text, 28).off_page(),
            Column::new("unit", "单位", "Unit", Kind::Text, 28),
            Column::new("system", "信息系统", "System", Kind::Text, 20).off_page(),
            Column::new("outcome", "结论", "Outcome", Kind::Text, 12),
            Column::new("n_probed", "探测端口", "Ports probed", Kind::Count, 11),
            Column::new("n_open", "开放", "Open", Kind::Count, 9),
            Column::new("open_udp", "开放的 UDP 端口", "Open UDP ports", Kind::Text, 22),
            Column::new("n_closed", "关闭", "Closed", Kind::Count, 9),
            Column::new("n_filtered", "被过滤", "Filtered", Kind::Count, 9),
            Column::new("n_unverifiable", "无法判定", "Can't tell", Kind::Count, 11),
            Column::new("probed_at", "探测时间", "Probed at", Kind::Instant, 19),
            Column::new("run", "任务编号", "Run", Kind::Code, 38).off_page(),
        ],
        rows: hosts.into_iter().map(row).collect(),
        total: None,
        sheet: "地址",
        page_limit: 40,
    }
}

/// The open UDP ports of each address, as `53/udp, 123-124/udp`.
fn open_udp_ports(view: &View) -> HashMap<&str, String> {
    let mut ports: HashMap<&str, Vec<u16>> = HashMap::new();
    let by_udp =
        view.services.iter().map(|(row, _)| row).filter(|row| row.transport == Transport::Udp.as_str());
    for row in by_udp {
        ports.entry(row.addr.as_str()).or_default().extend(u16::try_from(row.port));
    }
    let listed = |ports: Vec<u16>| {
        let spans = PortSet::new(ports)?.to_string();
        Some(spans.split(',').map(|span| format!("{span}/udp")).collect::<Vec<_>>().join(", "))
    };
    ports.into_iter().filter_map(|(addr, ports)| Some((addr, listed(ports)?))).collect()
}
