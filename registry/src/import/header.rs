//! Which sheet a table is, and which row of it the header.

use crate::cell;
use crate::columns::{
    ALWAYS_UNDERSTOOD, ColumnSpec, Key, Kind, SHEETS, SheetKey, SheetSpec, UNIT_NAME, sheet,
};
use crate::table::{CellIn, Table};

/// Titles, notes and merged cells above the header are looked past, up to so many rows that hold anything.
pub(crate) const MAX_ROWS_ABOVE: usize = 30;

/// Two columns must be recognised: a title such as “单位” alone is not a header.
const MIN_COLUMNS: usize = 2;

/// The header row of a table.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    /// Index into the table's rows.
    pub(crate) row: usize,
    /// Column index and its entry, the first of each key.
    pub(crate) columns: Vec<(usize, &'static ColumnSpec)>,
    /// Columns that repeat a key, with the index of the first one.
    pub(crate) repeated: Vec<(usize, usize)>,
    /// Columns with a header that isn't known, or none.
    pub(crate) unknown: Vec<usize>,
}

impl Header {
    pub(crate) fn column_of(&self, key: Key) -> Option<usize> {
        self.columns.iter().find(|(_, column)| column.key == key).map(|(i, _)| *i)
    }

    /// A second column of the unit, if one is its credit code and the other its name: the code says which unit it
    /// is, and the name is checked against it.
    fn take_unit_pair(&mut self, second: usize, first_is_code: bool, text: &str) -> bool {
        if names_code(text) == first_is_code || self.column_of(Key::UnitName).is_some() {
            return false;
        }
        let Some(place) = self.columns.iter().position(|(_, column)| column.key == Key::Unit) else {
            return false;
        };
        match self.columns.get_mut(place) {
            Some((_, column)) if !first_is_code => {
                let unit = std::mem::replace(column, &UNIT_NAME);
                self.columns.push((second, unit));
            }
            _ => self.columns.push((second, &UNIT_NAME)),
        }
        true
    }

    fn n_recognised(&self) -> usize {
        self.columns.iter().filter(|(_, column)| column.kind != Kind::Ignored).count()
    }

    pub(crate) fn missing(&self, spec: &SheetSpec) -> Vec<&'static ColumnSpec> {
        let columns = spec.columns.iter();
        columns.filter(|column| column.required && self.column_of(column.key).is_none()).collect()
    }
}

/// A table that is taken for a sheet of the register.
#[derive(Debug, Clone)]
pub(crate) struct Recognised {
    pub(crate) spec: &'static SheetSpec,
    /// Why it may be exclusions, if only that is known of it.
    pub(crate) may_exclude: Option<String>,
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

pub(super) fn says_not_to_scan(text: &str) -> bool {
    let key: String = cell::name_key(text).chars().filter(|c| !matches!(c, '-' | '_' | '\'')).collect();
    NOT_TO_SCAN.iter().any(|words| key.contains(words))
}

/// Whether something in the text is, or was to be, an address: `192.0.2.*` too, but not `2026.11.22`.
pub(super) fn names_address(text: &str) -> bool {
    let mut parts = text.split(|c: char| !(c.is_ascii_hexdigit() || ".:".contains(c)));
    parts.any(|part| {
        let part = part.trim_start_matches(':');
        let has_octets = part.matches('.').count() >= 3 && part.starts_with(|c: char| c.is_ascii_digit());
        has_octets || part.contains("::") || part.parse::<std::net::IpAddr>().is_ok()
    })
}

/// Why a table that isn't called after a sheet may be exclusions. Whoever looked past it would probe what somebody
/// wanted to protect; whoever took it for assets would do so on purpose.
fn may_exclude(table: &Table) -> Option<String> {
    if table.rows.iter().all(|row| row.cells.iter().all(cell::is_blank)) {
        return None;
    }
    if says_not_to_scan(&table.sheet) {
        return Some(table.sheet.trim().to_owned());
    }
    let spec = sheet(SheetKey::Exclusions);
    let has = |header: &Header, key| header.column_of(key).is_some();
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

/// The sheet that a table is by its name, else by its header.
pub(crate) fn recognise(table: &Table) -> Option<Recognised> {
    let name = header_key(&table.sheet);
    // A second sheet of one kind is often called 资产2.
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let by_name = SHEETS
        .iter()
        .find(|spec| spec.aliases.iter().chain([&spec.name]).any(|known| header_key(known) == name));
    if let Some(spec) = by_name {
        return Some(Recognised { spec, may_exclude: None });
    }
    if let Some(why) = may_exclude(table) {
        return Some(Recognised { spec: sheet(SheetKey::Exclusions), may_exclude: Some(why) });
    }
    let by_header = || {
        let complete = SHEETS.iter().filter_map(|spec| {
            let header = find(table, spec)?;
            header.missing(spec).is_empty().then(|| (header.n_recognised(), spec))
        });
        // Of two that tie the earlier sheet: `max_by_key` takes the last, hence the reversal.
        complete.rev().max_by_key(|(n, _)| *n).map(|(_, spec)| spec)
    };
    by_header().map(|spec| Recognised { spec, may_exclude: None })
}

/// The row in which most columns of the sheet are recognised; the first of several.
pub(crate) fn find(table: &Table, spec: &SheetSpec) -> Option<Header> {
    let rows = table.rows.iter().enumerate();
    let rows = rows.filter(|(_, row)| !row.cells.iter().all(cell::is_blank)).take(MAX_ROWS_ABOVE);
    let headers = rows.map(|(i, row)| read(i, &row.cells, spec));
    let mut best: Option<Header> = None;
    for header in headers {
        if header.n_recognised() > best.as_ref().map_or(MIN_COLUMNS - 1, Header::n_recognised) {
            best = Some(header);
        }
    }
    best
}

fn read(row: usize, cells: &[CellIn], spec: &SheetSpec) -> Header {
    let mut header = Header { row, columns: Vec::new(), repeated: Vec::new(), unknown: Vec::new() };
    let mut first_unit_is_code = false;
    for (i, cell) in cells.iter().enumerate() {
        let text = match cell {
            CellIn::Text(text) => header_key(text),
            CellIn::Empty | CellIn::Number(_) | CellIn::Bool(_) | CellIn::Date(_) | CellIn::Error(_) => {
                String::new()
            }
        };
        match column_named(spec, &text) {
            None => header.unknown.push(i),
            Some(column) => match header.column_of(column.key) {
                None => {
                    first_unit_is_code |= column.key == Key::Unit && names_code(&text);
                    header.columns.push((i, column));
                }
                Some(_) if column.key == Key::Unit && header.take_unit_pair(i, first_unit_is_code, &text) => {
                }
                Some(first) => header.repeated.push((i, first)),
            },
        }
    }
    header
}

/// Whether the header of a unit's column asks for the credit code and not for the name.
fn names_code(key: &str) -> bool {
    key.contains("代码") || key.contains("code")
}

fn column_named(spec: &SheetSpec, key: &str) -> Option<&'static ColumnSpec> {
    if key.is_empty() {
        return None;
    }
    let is_named = |column: &&ColumnSpec| {
        column.aliases.iter().chain([&column.header]).any(|name| header_key(name) == key)
    };
    // 原因 is a column of its own in the sheet 排除, and the importer's remark in the others.
    spec.columns.iter().find(is_named).or_else(|| ALWAYS_UNDERSTOOD.into_iter().find(is_named))
}

/// What headers are compared by: without width, case, spaces, underscores, the star of a required column, and
/// whatever stands in brackets.
pub(crate) fn header_key(text: &str) -> String {
    let mut depth = 0usize;
    let outside: String = cell::fold(text)
        .chars()
        .filter(|c| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' => {
                depth = depth.saturating_sub(1);
                false
            }
            '*' | '_' | '-' | ':' => false,
            _ => depth == 0,
        })
        .collect();
    cell::name_key(&outside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::RowIn;

    fn table(sheet: &str, rows: &[&[&str]]) -> Table {
        let rows = (1..).zip(rows).map(|(number, row)| RowIn {
            number,
            cells: row.iter().map(|text| CellIn::Text((*text).into())).collect(),
        });
        Table { sheet: sheet.into(), rows: rows.collect(), ..Table::default() }
    }

    #[track_caller]
    fn check(table: Table, expected: Option<(&str, usize, usize)>) {
        let found = recognise(&table).and_then(|known| {
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
            let header = recognise(&table).and_then(|known| find(&table, known.spec)).expect("a header");
            let found = (header.column_of(Key::Unit), header.column_of(Key::UnitName));
            assert_eq!((found, header.repeated), ((Some(code), Some(name)), vec![]), "{headers:?}");
        }
        let table = table("资产", &[&["单位", "单位名称", "信用代码", "单位信用代码", "资产"]]);
        let header = recognise(&table).and_then(|known| find(&table, known.spec)).expect("a header");
        assert_eq!(header.repeated, [(1, 0), (3, 2)]);
    }

    #[test]
    fn the_remark_of_an_error_workbook_is_ignored_but_not_the_reason_of_an_exclusion() {
        for (sheet, key) in [("资产", Key::Fault), ("排除", Key::Reason)] {
            let table = table(sheet, &[&["单位信用代码", "目标", "原因"]]);
            let header = recognise(&table).and_then(|known| find(&table, known.spec)).expect("a header");
            assert_eq!(header.column_of(key), Some(2), "{sheet}");
        }
    }
}
