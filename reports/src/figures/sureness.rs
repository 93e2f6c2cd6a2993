//! How sure the runs are: what gets lost on the way, hosts whose result is less sure than was asked for, and hosts that
//! one device may answer for.

use std::collections::HashMap;

use super::findings::address_key;
use crate::rows::{ClusterRow, UnsureRow};
use crate::table::{Column, Kind, Table, Value};
use crate::text::{Words, words};
use crate::view::View;

/// Parts in a million as people read them: `0.0012 %`.
pub(super) fn percent(ppm: u32) -> String {
    let text = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} %")
}

pub(super) fn unsure(view: &View) -> Table {
    let units = unit_names(view);
    let mut hosts: Vec<&UnsureRow> = view.unsure.iter().collect();
    hosts.sort_by_cached_key(|row| (row.confidence_ppm, address_key(&row.addr)));
    let row = |row: &UnsureRow| {
        vec![
            Value::Text(row.addr.clone()),
            Value::Text(units.get(row.unit.as_str()).copied().unwrap_or(&row.unit).to_owned()),
            Value::Text(percent(row.confidence_ppm)),
            Value::Text(percent(row.target_ppm)),
            Value::Count(u64::from(row.n_sent)),
            Value::Count(u64::from(row.n_measured)),
            Value::Count(u64::from(row.n_lost)),
            Value::Text(percent(row.loss_ppm)),
            Value::Text(row.transport.clone()),
            Value::Text(row.run.clone()),
        ]
    };
    Table {
        id: "unsure",
        title: words("可信度不足的地址", "Addresses less sure than asked for"),
        note: Some(words(
            "去往这些地址的丢包较多，其开放端口未被发现的可能性高于扫描任务的要求。",
            "So much gets lost on the way to these that an open port is more likely to be missed than the run allows.",
        )),
        empty: words(
            "没有可信度低于要求的地址；完整连接方式不测量丢包。",
            "No address is less sure than asked for; full connections measure no loss.",
        ),
        columns: vec![
            Column::new("addr", "地址", "Address", Kind::Text, 24),
            Column::new("unit", "单位", "Unit", Kind::Text, 28),
            Column::new("confidence", "可信度", "Confidence", Kind::Text, 12),
            Column::new("target", "要求", "Asked for", Kind::Text, 12),
            Column::new("n_sent", "发送次数", "Sent", Kind::Count, 11),
            Column::new("n_measured", "测量次数", "Measured", Kind::Count, 11),
            Column::new("n_lost", "丢失次数", "Lost", Kind::Count, 11),
            Column::new("loss", "丢失率", "Loss", Kind::Text, 12),
            Column::new("transport", "传输协议", "Transport", Kind::Text, 10).off_page(),
            Column::new("run", "任务编号", "Run", Kind::Code, 38).off_page(),
        ],
        rows: hosts.into_iter().map(row).collect(),
        total: None,
        sheet: "可信度不足",
        page_limit: 40,
    }
}

pub(super) fn clusters(view: &View) -> Table {
    let units = unit_names(view);
    let row = |row: &ClusterRow| {
        vec![
            Value::Number(i64::from(row.number)),
            Value::Text(row.addr.clone()),
            Value::Text(units.get(row.unit.as_str()).copied().unwrap_or(&row.unit).to_owned()),
            Value::Words(why(row)),
            Value::Count(u64::from(row.n_ports)),
            Value::Number(i64::from(row.hops)),
            Value::Text(row.window.to_string()),
            Value::Text(row.options.clone()),
            Value::Text(row.run.clone()),
        ]
    };
    Table {
        id: "clusters",
        title: words("可能由同一中间设备代为应答的地址", "Addresses that one device may answer for"),
        note: Some(words(
            "同一组地址的开放端口以完全相同的特征应答，且与主机自身的表现不符。这只是线索，不是结论：请向单位核实其前端是否有防火墙、负载均衡或代理。",
            "The open ports of one group answer in exactly the same way, unlike the hosts themselves. A hint and no proof: ask the unit whether a firewall, load balancer or proxy stands before them.",
        )),
        empty: words("没有发现这样的地址。", "No such address was seen."),
        columns: vec![
            Column::new("number", "组", "Group", Kind::Number, 8),
            Column::new("addr", "地址", "Address", Kind::Text, 24),
            Column::new("unit", "单位", "Unit", Kind::Text, 28),
            Column::new("why", "依据", "Why", Kind::Long, 40),
            Column::new("n_ports", "开放端口", "Open ports", Kind::Count, 11),
            Column::new("hops", "距离（跳）", "Hops", Kind::Number, 11),
            Column::new("window", "窗口", "Window", Kind::Code, 10).off_page(),
            Column::new("options", "选项", "Options", Kind::Code, 24).off_page(),
            Column::new("run", "任务编号", "Run", Kind::Code, 38).off_page(),
        ],
        rows: view.clusters.iter().map(row).collect(),
        total: None,
        sheet: "代为应答",
        page_limit: 40,
    }
}

fn why(row: &ClusterRow) -> Words {
    let (everything, distance) = (
        words("对任意端口均应答开放", "takes whatever comes"),
        words("拒绝应答来自另一距离", "refuses from another distance"),
    );
    match (row.takes_everything, row.other_distance) {
        (true, true) => Words::of(
            format!("{}；{}", everything.zh, distance.zh),
            format!("{}; {}", everything.en, distance.en),
        ),
        (true, false) => everything,
        (false, _) => distance,
    }
}

fn unit_names(view: &View) -> HashMap<&str, &str> {
    view.units.iter().map(|unit| (unit.id.as_str(), unit.name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_reads_as_per_cent_without_idle_digits() {
        for (ppm, expected) in
            [(0, "0 %"), (100, "0.01 %"), (999_900, "99.99 %"), (1_000_000, "100 %"), (12_345, "1.2345 %")]
        {
            assert_eq!(percent(ppm), expected);
        }
    }
}
