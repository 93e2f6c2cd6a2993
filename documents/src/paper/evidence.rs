//! A titled document of paragraphs and tables: evidence sheets for clauses, coverage lists.

use chrono::NaiveDate;
use serde::Serialize;

use super::Orientation;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvidenceDoc {
    pub issuing_body: String,
    pub title: String,
    /// Below the title, such as the clause that it is evidence for; may be empty.
    pub subtitle: String,
    pub dated_on: NaiveDate,
    /// Label and value pairs under the title.
    pub facts: Vec<FactLine>,
    pub blocks: Vec<Block>,
    /// Labels of lines for a signature at the end, such as 编制, 审核.
    pub signatures: Vec<String>,
    /// Small at the foot of each page: where the figures are from, and by which rules.
    pub source: String,
    pub orientation: Orientation,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactLine {
    pub label: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Block {
    Heading {
        text: String,
    },
    Paragraph {
        text: String,
    },
    /// Each row has as many cells as there are columns; another number is an error.
    Table {
        /// May be empty.
        caption: String,
        columns: Vec<ColumnSpec>,
        rows: Vec<Vec<String>>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnSpec {
    pub title: String,
    /// Share of the width, against the other columns; 0 counts as 1.
    pub weight: u16,
    pub align: Align,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    #[default]
    Left,
    Centre,
    Right,
}
