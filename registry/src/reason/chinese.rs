//! The reasons in Chinese.

use intake::schema::Told;
use model::addr::AddrError;
use model::credit_code::CreditCodeError;

use super::{Overlap, Own, RowAt};

impl Told for Own {
    fn zh(&self) -> String {
        match self {
            Own::MaybeExclusions { why, required } => format!(
                "此表可能是排除清单（{why}），但不能按排除清单读取；请将表名改为“排除”并补齐列：{}，或删除该表",
                required.join("、")
            ),
            Own::CreditCode(CreditCodeError::Length(n)) => format!("信用代码应为18位，现为{n}位"),
            Own::CreditCode(CreditCodeError::Symbol(c)) => {
                format!("“{c}”不能用于信用代码（只用数字和大写字母，不用 I、O、S、V、Z）")
            }
            Own::CreditCode(CreditCodeError::CheckSymbol { expected, found }) => {
                format!("信用代码校验码不符：末位应为{expected}，现为{found}；请核对全部18位")
            }
            Own::Region => "行政区划代码应为六位数字，首位不为0".into(),
            Own::WindowOfHost => "域名不能填扫描时段，请填在其地址的资产行上".into(),
            Own::ScanWindow => "扫描时段应写成 22:00-06:00 或 周一至周五 22:00-06:00，多个用分号隔开".into(),
            Own::Level => "等保级别应为 1 至 5 或“未定级”".into(),
            Own::Port => "端口应为 1 至 65535 的整数".into(),
            Own::Transport => "传输协议应为 tcp 或 udp".into(),
            Own::Service => "服务应写协议的英文名（字母、数字、连字符），如 https".into(),
            Own::SeveralTargets => "一格里有多个目标，请一行只写一个".into(),
            Own::UrlTarget => "这是网址，请只写其中的域名".into(),
            Own::Address(error) => address(error),
            Own::Target => "不是地址、网段、地址范围或域名".into(),
            Own::LeadingZeros { without } => {
                format!("地址的数字前有多余的 0（有的软件会当作八进制），请写成 {without}")
            }
            Own::Netmask { mask } => {
                format!("{mask} 不是子网掩码（二进制应先全为1、后全为0），请写成前缀形式，如 192.0.2.0/24")
            }
            Own::ExclusionOfHost => "排除的是地址范围，不能写域名，请填写该域名对应的地址".into(),
            Own::TooWide { shortest_prefix } => format!("范围过大，最大为 /{shortest_prefix}"),
            Own::NoApprover => "有授权就必须填写授权批准人".into(),
            Own::NoAuthorisationEnd => "有授权就必须填写授权截止日".into(),
            Own::RegionAbolished { code, name, until, successor } => {
                let successor = successor.as_ref().map(|code| format!("，现为{code}")).unwrap_or_default();
                format!("区划代码{code}（{name}）已撤销，最后有效日为{until}{successor}")
            }
            Own::RegionNotYet { code, name, from } => {
                format!("区划代码{code}（{name}）自{from}起才启用")
            }
            Own::UnknownUnit => "文件和登记库中都没有这个单位".into(),
            Own::AmbiguousUnit { codes } => {
                format!("有多个单位同名（{}），请写信用代码", codes.join("、"))
            }
            Own::UnitNameDiffers { registered } => {
                format!("信用代码属于“{registered}”，与此名称不符，请核对名称或信用代码")
            }
            Own::UnknownSystem => "文件和登记库中都没有本单位的这个系统".into(),
            Own::UnknownPerson => "文件和登记库中都没有本单位的这个人".into(),
            Own::AmbiguousPerson { choices } => {
                format!("本单位有同名人员，请写下列之一：{}", choices.join("、"))
            }
            Own::ParentCycle { names } => format!("上级单位成环：{}", names.join(" → ")),
            Own::Overlap(overlap) => overlap_zh(overlap),
            Own::OutsideAssets => "不在本单位的资产范围内".into(),
            Own::BehindBadExclusion(row) => {
                format!("{}的排除有错误，改正前不导入：否则应受保护的目标可能被扫描", row.zh())
            }
            Own::BehindUnreadExclusions { sheet } => {
                format!("“{sheet}”表未能读取，改正前不导入：否则应受保护的目标可能被扫描")
            }
        }
    }
}

fn address(error: &AddrError) -> String {
    match error {
        AddrError::Malformed(_) => "不是地址、网段或地址范围".into(),
        AddrError::HostBits(_, network) => format!("前缀之后还有主机位，网段应为 {network}"),
        AddrError::Reversed(_) => "地址范围的起点大于终点".into(),
        AddrError::MixedFamilies(_) => "地址范围混用了 IPv4 和 IPv6".into(),
    }
}

fn overlap_zh(overlap: &Overlap) -> String {
    let Overlap { unit, target, other_unit, other_target, other_row } = overlap;
    let place = other_row.as_ref().map_or_else(|| "已登记".to_owned(), RowAt::zh);
    format!("“{unit}”的 {target} 与“{other_unit}”的 {other_target}（{place}）在归属期内重叠")
}
