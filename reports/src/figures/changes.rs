//! What has changed since the previous report: new, first measured, reopened, back, missing, closed, can't tell.

use super::findings::{FindingEntry, checks_by_id, columns, entries, row, withdrawn};
use crate::table::{Table, Value};
use crate::text::words;
use crate::view::{Movement, View};

pub(super) fn table(view: &View) -> Table {
    let checks = checks_by_id(view);
    let mut moved: Vec<FindingEntry> = entries(view, |_, movement| movement != Movement::Unchanged);
    moved.extend(withdrawn(view));
    moved.sort_by_key(|entry| entry.movement);
    let rows: Vec<Vec<Value>> = moved.iter().map(|entry| row(entry, &checks)).collect();
    Table {
        id: "changes",
        title: words("变化明细", "Changes"),
        note: Some(words(
            "“疑似消除”尚未达到销号规则；“无法判定”不计为消除；“首次测得”指上期未探测该端口。",
            "\"Seen gone\" is not closed yet; \"cannot tell\" is never counted as gone; \"first measured\" means that the port was not probed for the previous report.",
        )),
        empty: words("没有变化。", "Nothing has changed."),
        columns: columns(),
        rows,
        total: None,
        sheet: "变化",
        page_limit: 500,
    }
}
