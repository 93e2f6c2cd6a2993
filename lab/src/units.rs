//! The dozen fictional units whose address ranges the lab's services live in.
//!
//! Plain data, for whoever builds a sample register or a training exercise; nothing here starts anything.

use std::net::{IpAddr, Ipv4Addr};

/// One made-up government body. Unit `k` owns `127.N.k.0/24`, where `N` is the lab's network octet (20 by default).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabUnit {
    /// 1 to 12, and the third octet of the unit's range.
    pub number: u8,
    /// The label below `lab.example`, e.g. `u03`.
    pub label: &'static str,
    pub name_zh: &'static str,
    pub name_en: &'static str,
}

impl LabUnit {
    /// The unit's IPv4 range in CIDR form.
    pub fn range(&self, network: u8) -> String {
        format!("{}/24", self.host(network, 0))
    }

    pub(crate) fn host(&self, network: u8, host: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(127, network, self.number, host))
    }
}

const fn unit(number: u8, label: &'static str, name_zh: &'static str, name_en: &'static str) -> LabUnit {
    LabUnit { number, label, name_zh, name_en }
}

/// Ordered by number, which starts at 1.
pub const UNITS: &[LabUnit] = &[
    unit(1, "u01", "示例市虚构发展局", "Fictional Development Bureau of Sample City"),
    unit(2, "u02", "示例市虚构教育局", "Fictional Education Bureau of Sample City"),
    unit(3, "u03", "示例市虚构交通局", "Fictional Transport Bureau of Sample City"),
    unit(4, "u04", "示例市虚构水务局", "Fictional Water Bureau of Sample City"),
    unit(5, "u05", "示例市虚构档案馆", "Fictional Archives of Sample City"),
    unit(6, "u06", "示例市虚构图书馆", "Fictional Library of Sample City"),
    unit(7, "u07", "示例市虚构政务服务中心", "Fictional Government Service Centre of Sample City"),
    unit(8, "u08", "示例市虚构统计局", "Fictional Statistics Bureau of Sample City"),
    unit(9, "u09", "示例市虚构规划院", "Fictional Planning Institute of Sample City"),
    unit(10, "u10", "示例市虚构公园管理处", "Fictional Parks Office of Sample City"),
    unit(11, "u11", "示例市虚构数据中心", "Fictional Data Centre of Sample City"),
    unit(12, "u12", "示例市虚构应急指挥中心", "Fictional Emergency Command Centre of Sample City"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_numbered_from_one_without_gaps() {
        for (index, unit) in UNITS.iter().enumerate() {
            assert_eq!(usize::from(unit.number), index + 1);
            assert_eq!(unit.label, format!("u{:02}", unit.number));
            assert!(unit.name_zh.contains("虚构") && unit.name_en.contains("Fictional"), "{}", unit.name_zh);
            assert_eq!(unit.range(20), format!("127.20.{}.0/24", unit.number));
        }
    }
}
