//! How long findings have been open, by severity: bands and the median.

use model::severity::Severity;

use crate::error::ReportError;
use crate::rows::Standing;
use crate::table::{Column, Kind, Table, Value};
use crate::text::words;
use crate::view::View;

/// Bands of whole days: up to, and including.
const BANDS: [i64; 3] = [7, 30, 90];

pub(super) fn table(view: &View) -> Result<Table, ReportError> {
    let as_of = view.head.data_as_of;
    let mut rows = Vec::new();
    for severity in Severity::ALL {
        let outstanding = view
            .findings
            .iter()
            .filter(|(row, _)| row.standing != Standing::Closed && row.severity == severity);
        let mut ages: Vec<i64> =
            outstanding.map(|(row, _)| (as_of - row.first_seen).num_days().max(0)).collect();
        ages.sort_unstable();
        let mut row = vec![Value::Severity(severity)];
        let mut counted = 0;
        for band in BANDS {
            let up_to = ages.partition_point(|&age| age <= band);
            row.push(Value::Count((up_to - counted) as u64));
            counted = up_to;
        }
        row.push(Value::Count((ages.len() - counted) as u64));
        row.push(Value::Count(ages.len() as u64));
        // The lower of the two middle ones, so that the median is an age that occurs.
        let middle = ages.len().saturating_sub(1) / 2;
        row.push(ages.get(middle).map_or(Value::None, |&age| Value::Number(age)));
        row.push(ages.last().map_or(Value::None, |&age| Value::Number(age)));
        rows.push(row);
    }
    Ok(Table {
        id: "ages",
        title: words("未销号问题存在时间", "Age of outstanding findings"),
        note: Some(words("自首次发现之日起计，单位为天。", "Days since they were first seen.")),
        empty: words("没有未销号的问题。", "No outstanding findings."),
        columns: vec![
            Column::new("severity", "级别", "Severity", Kind::Severity, 12),
            Column::new("to_7", "7 天以内", "7 days or less", Kind::Count, 12),
            Column::new("to_30", "8–30 天", "8 to 30 days", Kind::Count, 12),
            Column::new("to_90", "31–90 天", "31 to 90 days", Kind::Count, 12),
            Column::new("over_90", "90 天以上", "Over 90 days", Kind::Count, 12),
            Column::new("total", "合计", "Total", Kind::Count, 10),
            Column::new("median", "中位天数", "Median days", Kind::Number, 12),
            Column::new("longest", "最长天数", "Longest days", Kind::Number, 12),
        ],
        rows,
        total: None,
        sheet: "存在时间",
        page_limit: usize::MAX,
    }
    .with_total(words("合计", "Total")))
}
