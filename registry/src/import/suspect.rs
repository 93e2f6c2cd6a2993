//! Which tables may be exclusions, though they aren't called so. Whoever looked past one would probe what somebody
//! wanted to protect; whoever took it for assets would do so on purpose.

use intake::header::{Header, MAX_ROWS_ABOVE, find, read};
use intake::schema::Suspect;

use crate::cell;
use crate::columns::{Key, RegisterSheets, SHEETS, SheetKey, SheetSpec, sheet};
use crate::reason::{Own, Reason};
use crate::table::Table;

/// A table to be read as exclusions, and what is told if it can't be.
pub(crate) fn suspect(table: &Table) -> Option<Suspect<RegisterSheets>> {
    let spec = sheet(SheetKey::Exclusions);
    let why = may_exclude(table)?;
    let reason = Reason::Own(Own::MaybeExclusions { why, required: spec.required() });
    Some(Suspect { spec, reason })
}

/// What lists of what must not be scanned are called, without spaces, dashes and in lower case.
const NOT_TO_SCAN: &[&str] = &[
    "排除",
    "不扫",
    "免扫",
    "禁扫",
    "勿扫",
    "停扫",
    "禁止扫",
    "不得扫",
    "不要扫",
    "不可扫",
    "不能扫",
    "避免扫",
    "白名单",
    "例外",
    "豁免",
    "exclu",
    "whitelist",
    "allowlist",
    "noscan",
    "donotscan",
    "dontscan",
];

pub(crate) fn says_not_to_scan(text: &str) -> bool {
    let key: String = cell::name_key(text).chars().filter(|c| !matches!(c, '-' | '_' | '\'')).collect();
    NOT_TO_SCAN.iter().any(|words| key.contains(words))
}

/// Whether something in the text is, or was to be, an address: `192.0.2.*` too, but not `2026.11.22`.
pub(crate) fn names_address(text: &str) -> bool {
    let mut parts = text.split(|c: char| !(c.is_ascii_hexdigit() || ".:".contains(c)));
    parts.any(|part| {
        let part = part.trim_start_matches(':');
        let has_octets = part.matches('.').count() >= 3 && part.starts_with(|c: char| c.is_ascii_digit());
        has_octets || part.contains("::") || part.parse::<std::net::IpAddr>().is_ok()
    })
}

/// Why a table that isn't called after a sheet may be exclusions.
fn may_exclude(table: &Table) -> Option<String> {
    if table.rows.iter().all(|row| row.cells.iter().all(cell::is_blank)) {
        return None;
    }
    if says_not_to_scan(&table.sheet) {
        return Some(table.sheet.trim().to_owned());
    }
    let spec = sheet(SheetKey::Exclusions);
    let has = |header: &Header<RegisterSheets>, key| header.column_of(key).is_some();
    let rows = table.rows.iter().filter(|row| !row.cells.iter().all(cell::is_blank)).take(MAX_ROWS_ABOVE);
    let mut said: Option<String> = None;
    for row in rows {
        let texts = row.cells.iter().map(cell::shown);
        said = said.or_else(|| texts.into_iter().find(|text| says_not_to_scan(text)));
        if has(&read(0, &row.cells, spec), Key::Target) && said.is_some() {
            return said;
        }
    }
    let header = find(table, spec).filter(|header| has(header, Key::Target))?;
    let is_service = find(table, sheet(SheetKey::Services)).is_some_and(|header| has(&header, Key::Port));
    let is_complete =
        |spec: &SheetSpec| find(table, spec).is_some_and(|header| header.missing(spec).is_empty());
    let telling = if has(&header, Key::Reason) {
        Key::Reason
    } else if has(&header, Key::Until) && !is_service && !SHEETS.iter().any(is_complete) {
        Key::Until
    } else {
        return None;
    };
    let column = header.column_of(telling)?;
    table.rows.get(header.row)?.cells.get(column).map(cell::shown)
}

#[cfg(test)]
mod tests {
    use intake::header::recognise;

    use super::*;
    use crate::table::{CellIn, RowIn};

    fn table(sheet: &str, rows: &[&[&str]]) -> Table {
        let rows = (1..).zip(rows).map(|(number, row)| RowIn {
            number,
            cells: row.iter().map(|text| CellIn::Text((*text).into())).collect(),
        });
        Table { sheet: sheet.into(), rows: rows.collect(), ..Table::default() }
    }

    #[track_caller]
    fn check(table: Table, expected: Option<(&str, usize, usize)>) {
        let found = recognise::<RegisterSheets>(&table).and_then(|known| {
            let header = find(&table, known.spec)?;
            Some((known.spec.name, header.row, header.columns.len()))
        });
        assert_eq!(found, expected, "{table:?}");
    }

    #[test]
    fn headers_are_found_below_titles_and_notes() {
        check(
            table("Sheet1", &[&["虚构市资产登记表"], &["单位"], &[], &["单位 ", "资产（IP/网段）*", "备注"]]),
            Some(("资产", 3, 3)),
        );
        check(table("单位2", &[&["单位名称", "统一社会\n信用代码"]]), Some(("单位", 0, 2)));
        check(table("units", &[&["Unit Name", "credit_code"]]), Some(("单位", 0, 2)));
    }

    #[test]
    fn a_sheet_of_another_name_is_known_by_its_header() {
        check(table("导出", &[&["单位信用代码", "目标", "原因", "截止日期"]]), Some(("排除", 0, 4)));
        check(table("导出", &[&["单位信用代码", "姓名", "电话"]]), Some(("人员", 0, 3)));
        check(
            table(
                "x",
                &[&["单位信用代码", "目标", "端口", "传输协议", "服务", "用途", "批准人", "截止日期"]],
            ),
            Some(("备案服务", 0, 8)),
        );
        check(table("随笔", &[&["今天", "明天"]]), None);
    }

    #[test]
    fn name_and_credit_code_of_a_unit_stand_side_by_side() {
        for (headers, code, name) in
            [(["单位名称", "单位信用代码", "资产"], 1, 0), (["统一社会信用代码", "单位", "资产"], 0, 1)]
        {
            let table = table("资产", &[&headers]);
            let header = recognise::<RegisterSheets>(&table)
                .and_then(|known| find(&table, known.spec))
                .expect("a header");
            let found = (header.column_of(Key::Unit), header.column_of(Key::UnitName));
            assert_eq!((found, header.repeated), ((Some(code), Some(name)), vec![]), "{headers:?}");
        }
        let table = table("资产", &[&["单位", "单位名称", "信用代码", "单位信用代码", "资产"]]);
        let header =
            recognise::<RegisterSheets>(&table).and_then(|known| find(&table, known.spec)).expect("a header");
        assert_eq!(header.repeated, [(1, 0), (3, 2)]);
    }

    #[test]
    fn the_remark_of_an_error_workbook_is_ignored_but_not_the_reason_of_an_exclusion() {
        for (sheet, key) in [("资产", Key::Fault), ("排除", Key::Reason)] {
            let table = table(sheet, &[&["单位信用代码", "目标", "原因"]]);
            let header = recognise::<RegisterSheets>(&table)
                .and_then(|known| find(&table, known.spec))
                .expect("a header");
            assert_eq!(header.column_of(key), Some(2), "{sheet}");
        }
    }
}
