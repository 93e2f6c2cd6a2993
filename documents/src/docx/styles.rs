//! The table of paragraph styles, and the fonts that they name.
//!
//! Every style names its font for all four kinds of script: where one is left out, WPS Office looks for a theme and asks
//! for its fonts. There is no theme.

use super::page::Page;
use super::xml::Xml;

pub(super) const W: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

/// As ink that is red in a letterhead, and as a warning.
pub(super) const RED: &str = "A3171F";
const GREY: &str = "595959";

/// A font that offices have, and its name where it is called otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Font {
    /// 小标宋
    Title,
    /// 仿宋
    Fang,
    /// 黑体
    Hei,
    /// 楷体
    Kai,
    /// 宋体
    Song,
}

impl Font {
    const ALL: [Font; 5] = [Font::Title, Font::Fang, Font::Hei, Font::Kai, Font::Song];

    pub(super) fn name(self) -> &'static str {
        match self {
            Font::Title => "方正小标宋简体",
            Font::Fang => "仿宋_GB2312",
            Font::Hei => "黑体",
            Font::Kai => "楷体_GB2312",
            Font::Song => "宋体",
        }
    }

    /// What stands in for it, by the name on newer systems.
    fn other_name(self) -> &'static str {
        match self {
            Font::Title => "FZXiaoBiaoSong-B05S",
            Font::Fang => "仿宋",
            Font::Hei => "SimHei",
            Font::Kai => "楷体",
            Font::Song => "SimSun",
        }
    }

    fn family(self) -> &'static str {
        match self {
            Font::Title | Font::Song => "roman",
            Font::Fang | Font::Hei | Font::Kai => "modern",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// 正文, without an indent: who is addressed.
    Plain,
    /// 正文, its first line indented by two characters.
    Text,
    /// The same, on one page with what follows.
    LastText,
    /// Whose letter it is, in red over a rule.
    Masthead,
    Number,
    /// Whose sheet it is, small above its title.
    Issuer,
    Title,
    Subtitle,
    Heading,
    Caption,
    TableHead,
    TableText,
    FactLabel,
    /// Between two tables, which would become one otherwise.
    Gap,
    Signature,
    /// Who signs and when, at the end of a letter.
    Closing,
    Date,
    Footer,
}

/// How a style looks. Sizes in half points, distances in twips.
struct Look {
    name: &'static str,
    font: Font,
    size: u32,
    colour: Option<&'static str>,
    align: &'static str,
    before: u32,
    after: u32,
    line: Line,
    /// In hundredths of a character.
    first_line: Option<&'static str>,
    keep_next: bool,
    outline: Option<&'static str>,
}

enum Line {
    Exact(u32),
    Single,
}

impl Style {
    const ALL: [Style; 18] = [
        Style::Plain,
        Style::Text,
        Style::LastText,
        Style::Masthead,
        Style::Number,
        Style::Issuer,
        Style::Title,
        Style::Subtitle,
        Style::Heading,
        Style::Caption,
        Style::TableHead,
        Style::TableText,
        Style::FactLabel,
        Style::Gap,
        Style::Signature,
        Style::Closing,
        Style::Date,
        Style::Footer,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Style::Plain => "Normal",
            Style::Text => "Text",
            Style::LastText => "LastText",
            Style::Masthead => "Masthead",
            Style::Number => "Number",
            Style::Issuer => "Issuer",
            Style::Title => "Title",
            Style::Subtitle => "Subtitle",
            Style::Heading => "Heading1",
            Style::Caption => "Caption",
            Style::TableHead => "TableHead",
            Style::TableText => "TableText",
            Style::FactLabel => "FactLabel",
            Style::Gap => "Gap",
            Style::Signature => "Signatures",
            Style::Closing => "ClosingLines",
            Style::Date => "DateLine",
            Style::Footer => "Footer",
        }
    }

    fn look(self, page: &Page) -> Look {
        let text = Look {
            name: "Normal",
            font: Font::Fang,
            size: page.text_size,
            colour: None,
            align: "both",
            before: 0,
            after: 0,
            line: Line::Exact(page.line),
            first_line: None,
            keep_next: false,
            outline: None,
        };
        let table =
            Look {
                name: "表格文字", font: Font::Song, size: 21, align: "left", line: Line::Single, ..text
            };
        match self {
            Style::Plain => text,
            Style::Text => Look { name: "正文首行缩进", first_line: Some("200"), ..text },
            Style::LastText => {
                Look { name: "正文末段", first_line: Some("200"), keep_next: true, ..text }
            }
            Style::Masthead => Look {
                name: "发文机关标志",
                font: Font::Title,
                size: 52,
                colour: Some(RED),
                align: "center",
                after: 120,
                line: Line::Single,
                ..text
            },
            Style::Number => Look { name: "发文字号", align: "right", ..text },
            Style::Issuer => {
                Look { name: "编制单位", font: Font::Song, align: "center", keep_next: true, ..text }
            }
            Style::Title => Look {
                name: "Title",
                font: Font::Title,
                size: page.text_size + 12,
                align: "center",
                before: page.line / 2,
                after: page.line / 2,
                line: Line::Single,
                keep_next: true,
                ..text
            },
            Style::Subtitle => Look {
                name: "Subtitle",
                font: Font::Kai,
                size: page.text_size,
                align: "center",
                after: page.line / 2,
                keep_next: true,
                ..text
            },
            Style::Heading => Look {
                name: "heading 1",
                font: Font::Hei,
                align: "left",
                before: page.line / 3,
                after: page.line / 6,
                keep_next: true,
                outline: Some("0"),
                ..text
            },
            Style::Caption => Look {
                name: "caption",
                font: Font::Hei,
                size: 21,
                align: "center",
                before: page.line / 3,
                after: page.line / 6,
                line: Line::Single,
                keep_next: true,
                ..text
            },
            Style::TableHead => {
                Look { name: "表格标题行", font: Font::Hei, align: "center", keep_next: true, ..table }
            }
            Style::TableText => table,
            Style::FactLabel => Look { name: "要素名称", font: Font::Hei, colour: Some(GREY), ..table },
            Style::Gap => Look { name: "表格间隔", size: 12, line: Line::Exact(200), ..text },
            Style::Signature => {
                Look { name: "签字栏", before: page.line, align: "left", keep_next: true, ..text }
            }
            Style::Closing => Look { name: "落款", align: "center", keep_next: true, ..text },
            Style::Date => Look { name: "成文日期", align: "right", before: page.line / 2, ..text },
            Style::Footer => Look { name: "footer", font: Font::Song, size: 18, colour: Some(GREY), ..table },
        }
    }
}

/// `word/styles.xml`
pub(super) fn write(xml: &mut Xml, page: &Page) {
    xml.element("w:styles", &[("xmlns:w", W)], |xml| {
        xml.element("w:docDefaults", &[], |xml| {
            xml.element("w:rPrDefault", &[], |xml| {
                xml.element("w:rPr", &[], |xml| {
                    fonts(xml, Font::Fang);
                    size(xml, page.text_size);
                    xml.empty("w:lang", &[("w:val", "en-US"), ("w:eastAsia", "zh-CN")]);
                });
            });
            xml.element("w:pPrDefault", &[], |xml| xml.empty("w:pPr", &[]));
        });
        for style in Style::ALL {
            write_one(xml, style, &style.look(page));
        }
    });
}

fn write_one(xml: &mut Xml, style: Style, look: &Look) {
    let id = ("w:styleId", style.id());
    let paragraph = ("w:type", "paragraph");
    // Those with names of their own that Word knows are its own.
    let attributes: &[(&str, &str)] = match (style, look.name.is_ascii()) {
        (Style::Plain, _) => &[paragraph, ("w:default", "1"), id],
        (_, true) => &[paragraph, id],
        (_, false) => &[paragraph, ("w:customStyle", "1"), id],
    };
    xml.element("w:style", attributes, |xml| {
        xml.value("w:name", look.name);
        xml.empty("w:qFormat", &[]);
        xml.element("w:pPr", &[], |xml| {
            if look.keep_next {
                xml.empty("w:keepNext", &[]);
            }
            if style == Style::Masthead {
                xml.element("w:pBdr", &[], |xml| {
                    let rule = [("w:val", "single"), ("w:sz", "18"), ("w:space", "6"), ("w:color", RED)];
                    xml.empty("w:bottom", &rule);
                });
            }
            xml.value("w:snapToGrid", "0");
            let (rule, line) = match look.line {
                Line::Exact(line) => ("exact", line),
                Line::Single => ("auto", 240),
            };
            xml.empty(
                "w:spacing",
                &[
                    ("w:before", &look.before.to_string()),
                    ("w:after", &look.after.to_string()),
                    ("w:line", &line.to_string()),
                    ("w:lineRule", rule),
                ],
            );
            if let Some(chars) = look.first_line {
                // The second is for programs that don't count in characters.
                let twips = (look.size * 20).to_string();
                xml.empty("w:ind", &[("w:firstLineChars", chars), ("w:firstLine", &twips)]);
            }
            xml.value("w:jc", look.align);
            if let Some(level) = look.outline {
                xml.value("w:outlineLvl", level);
            }
        });
        xml.element("w:rPr", &[], |xml| {
            fonts(xml, look.font);
            if let Some(colour) = look.colour {
                xml.value("w:color", colour);
            }
            size(xml, look.size);
        });
    });
}

pub(super) fn fonts(xml: &mut Xml, font: Font) {
    let name = font.name();
    let scripts = ["w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"].map(|script| (script, name));
    xml.empty("w:rFonts", &scripts);
}

pub(super) fn size(xml: &mut Xml, half_points: u32) {
    let size = half_points.to_string();
    xml.value("w:sz", &size);
    xml.value("w:szCs", &size);
}

/// `word/fontTable.xml`: what stands in for a font that isn't there.
pub(super) fn write_fonts(xml: &mut Xml) {
    xml.element("w:fonts", &[("xmlns:w", W)], |xml| {
        for font in Font::ALL {
            xml.element("w:font", &[("w:name", font.name())], |xml| {
                xml.value("w:altName", font.other_name());
                // GB2312
                xml.value("w:charset", "86");
                xml.value("w:family", font.family());
                xml.value("w:pitch", "default");
            });
        }
    });
}
