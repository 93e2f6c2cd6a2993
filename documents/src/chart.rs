//! Small charts as SVG text: sorted bars, bars by severity, columns and lines over time.
//!
//! It must not compute figures: it draws the numbers it is given, each with its label, from a zero base, in a way
//! that survives black-and-white print. A chart without data is a sentence in the same frame, never an empty frame.

mod bars;
mod severities;
mod svg;
mod trend;

pub use bars::{Bar, BarChart, horizontal_bars};
pub use severities::{SeverityBar, SeverityChart, severity_bars};
pub use svg::escape_xml;
pub use trend::{Series, SeriesStyle, TrendChart, trend};

/// Full width of a chart in its own units; on A4 paper 720 units are about 180 mm, so 13 units are 9 pt.
const WIDTH: f64 = 720.0;

#[cfg(test)]
mod tests {
    use model::severity::Severity;
    use quick_xml::events::Event;

    use super::*;

    /// The texts of a chart in document order, after checking that it is well-formed and self-contained.
    fn texts_of(chart: &str) -> Vec<String> {
        assert!(chart.starts_with("<svg ") && chart.ends_with("</svg>"), "{chart}");
        for banned in ["<script", "NaN", "inf", "href", "url(http", "width=\"-"] {
            assert!(!chart.contains(banned), "{banned} in {chart}");
        }
        let mut reader = quick_xml::Reader::from_str(chart);
        let mut texts = vec![String::new()];
        loop {
            match reader.read_event().expect("well-formed") {
                Event::Text(text) => texts.last_mut().unwrap().push_str(&text.xml10_content()),
                Event::GeneralRef(entity) => texts.last_mut().unwrap().push_str(&format!("&{};", &*entity)),
                Event::End(_) => texts.push(String::new()),
                Event::Eof => {
                    return texts
                        .iter()
                        .map(|text| text.trim().to_owned())
                        .filter(|text| !text.is_empty())
                        .collect();
                }
                _ => {}
            }
        }
    }

    fn check(chart: &str, expected: &[&str]) {
        let texts = texts_of(chart);
        let mut at = texts.iter();
        for text in expected {
            assert!(at.any(|found| found == text), "{text:?} in order in {texts:?}");
        }
    }

    fn bars(bars: Vec<Bar>) -> String {
        horizontal_bars(&BarChart {
            title: "甲区的问题最多".into(),
            empty: "没有问题".into(),
            bars,
            at_most: 3,
            in_order: false,
        })
    }

    #[test]
    fn bars_are_sorted_and_labelled() {
        let chart = bars(vec![Bar::new("乙区", 2.0), Bar::new("甲区", 10.0), Bar::new("丙区", 2.0)]);
        check(&chart, &["甲区的问题最多", "甲区", "10", "乙区", "2", "丙区", "2"]);
    }

    #[test]
    fn bars_beyond_the_number_asked_for_are_counted() {
        let many = (1..=5).map(|n| Bar::new(format!("单位{n}"), f64::from(n))).collect();
        let chart = bars(many);
        check(&chart, &["单位5", "单位3", "+2"]);
        assert!(!chart.contains("单位2"));
    }

    #[test]
    fn an_empty_chart_is_a_sentence() {
        for chart in [
            bars(Vec::new()),
            severity_bars(&SeverityChart { empty: "没有问题".into(), ..Default::default() }),
            trend(&TrendChart { empty: "没有问题".into(), ..Default::default() }),
        ] {
            check(&chart, &["没有问题"]);
            assert!(!chart.contains("<rect"), "{chart}");
        }
    }

    #[test]
    fn values_that_cannot_be_drawn_do_not_break_the_chart() {
        let chart = bars(vec![
            Bar::new("甲", f64::NAN),
            Bar::new("乙", -3.0),
            Bar::new("丙", f64::INFINITY),
            Bar::new("丁", 0.0),
        ]);
        texts_of(&chart);
    }

    #[test]
    fn text_of_strangers_is_escaped() {
        let chart = bars(vec![Bar::new("<script>&\"'\u{1}]]>", 1.0)]);
        check(&chart, &["&lt;script&gt;&amp;&quot;&apos;\u{fffd}]]&gt;"]);
    }

    #[test]
    fn severities_keep_their_order_and_carry_their_words() {
        let chart = severity_bars(&SeverityChart {
            title: "高危以上占一半".into(),
            empty: String::new(),
            words: [(Severity::Low, "低危".to_owned()), (Severity::Critical, "超危".to_owned())].into(),
            bars: vec![
                SeverityBar {
                    label: "甲区".into(),
                    counts: vec![(Severity::Low, 30), (Severity::Critical, 10)],
                },
                SeverityBar { label: "乙区".into(), counts: vec![(Severity::Medium, 0)] },
            ],
        });
        check(&chart, &["高危以上占一半", "超危", "低危", "甲区", "10", "30", "40", "乙区", "0"]);
    }

    #[test]
    fn a_trend_shows_gaps_as_gaps() {
        let chart = trend(&TrendChart {
            title: "新增少于销号".into(),
            empty: String::new(),
            labels: vec!["一季度".into(), "二季度".into(), "三季度".into()],
            series: vec![
                Series {
                    name: "新增".into(),
                    style: SeriesStyle::Solid,
                    values: vec![Some(5.0), None, Some(1.0)],
                },
                Series {
                    name: "销号".into(),
                    style: SeriesStyle::Hollow,
                    values: vec![Some(1.0), Some(2.0)],
                },
                Series {
                    name: "未改".into(),
                    style: SeriesStyle::Line,
                    values: vec![Some(9.0), None, Some(4.0)],
                },
            ],
        });
        check(&chart, &["新增少于销号", "新增", "销号", "未改", "一季度", "三季度"]);
        assert_eq!(chart.matches("<circle").count(), 2);
        assert!(!chart.contains("<polyline"), "two points apart are not joined: {chart}");
    }
}
