//! The reasons in Chinese.

use model::addr::AddrError;
use model::credit_code::CreditCodeError;

use super::{Overlap, Reason, RowAt};

impl RowAt {
    pub fn zh(&self) -> String {
        format!("“{}”表第{}行", self.sheet, self.row)
    }
}

impl Reason {
    pub fn zh(&self) -> String {
        match self {
            Reason::NoKnownSheet { expected } => {
                format!("文件中没有可识别的工作表，应有下列之一：{}", expected.join("、"))
            }
            Reason::NoHeader { looked_at, required } => {
                format!("前{looked_at}行中没有找到表头，应有列：{}", required.join("、"))
            }
            Reason::MissingColumns(columns) => format!("缺少必填的列：{}", columns.join("、")),
            Reason::UnknownColumn => "不认识的列，且有内容；请按模板改列名，或删除该列".into(),
            Reason::RepeatedColumn { first } => format!("列重复，第一次出现在{first}列"),
            Reason::HiddenSheet => "工作表已隐藏，未读取；要导入请取消隐藏，否则请删除该表".into(),
            Reason::MaybeExclusions { why, required } => format!(
                "此表可能是排除清单（{why}），但不能按排除清单读取；请将表名改为“排除”并补齐列：{}，或删除该表",
                required.join("、")
            ),
            Reason::Empty => "必填，但为空".into(),
            Reason::Cell(fault) => fault.zh(),
            Reason::CreditCode(CreditCodeError::Length(n)) => format!("信用代码应为18位，现为{n}位"),
            Reason::CreditCode(CreditCodeError::Symbol(c)) => {
                format!("“{c}”不能用于信用代码（只用数字和大写字母，不用 I、O、S、V、Z）")
            }
            Reason::CreditCode(CreditCodeError::CheckSymbol { expected, found }) => {
                format!("信用代码校验码不符：末位应为{expected}，现为{found}；请核对全部18位")
            }
            Reason::Region => "行政区划代码应为六位数字，首位不为0".into(),
            Reason::WindowOfHost => "域名不能填扫描时段，请填在其地址的资产行上".into(),
            Reason::ScanWindow => {
                "扫描时段应写成 22:00-06:00 或 周一至周五 22:00-06:00，多个用分号隔开".into()
            }
            Reason::Level => "等保级别应为 1 至 5 或“未定级”".into(),
            Reason::Port => "端口应为 1 至 65535 的整数".into(),
            Reason::Transport => "传输协议应为 tcp 或 udp".into(),
            Reason::Service => "服务应写协议的英文名（字母、数字、连字符），如 https".into(),
            Reason::Phone => "不是电话号码".into(),
            Reason::Email => "不是邮箱地址".into(),
            Reason::NameHasSeparator => "姓名不能含“/”或“@”".into(),
            Reason::SeveralTargets => "一格里有多个目标，请一行只写一个".into(),
            Reason::UrlTarget => "这是网址，请只写其中的域名".into(),
            Reason::Address(error) => address(error),
            Reason::Target => "不是地址、网段、地址范围或域名".into(),
            Reason::LeadingZeros { without } => {
                format!("地址的数字前有多余的 0（有的软件会当作八进制），请写成 {without}")
            }
            Reason::Netmask { mask } => {
                format!("{mask} 不是子网掩码（二进制应先全为1、后全为0），请写成前缀形式，如 192.0.2.0/24")
            }
            Reason::ExclusionOfHost => "排除的是地址范围，不能写域名，请填写该域名对应的地址".into(),
            Reason::TooWide { shortest_prefix } => format!("范围过大，最大为 /{shortest_prefix}"),
            Reason::Reversed { from, until, from_header } => {
                format!("截止日 {until} 早于起始日 {from}（“{from_header}”列）")
            }
            Reason::NoApprover => "有授权就必须填写授权批准人".into(),
            Reason::NoAuthorisationEnd => "有授权就必须填写授权截止日".into(),
            Reason::RegionAbolished { code, name, until, successor } => {
                let successor = successor.as_ref().map(|code| format!("，现为{code}")).unwrap_or_default();
                format!("区划代码{code}（{name}）已撤销，最后有效日为{until}{successor}")
            }
            Reason::RegionNotYet { code, name, from } => {
                format!("区划代码{code}（{name}）自{from}起才启用")
            }
            Reason::UnknownUnit => "文件和登记库中都没有这个单位".into(),
            Reason::AmbiguousUnit { codes } => {
                format!("有多个单位同名（{}），请写信用代码", codes.join("、"))
            }
            Reason::UnitNameDiffers { registered } => {
                format!("信用代码属于“{registered}”，与此名称不符，请核对名称或信用代码")
            }
            Reason::UnknownSystem => "文件和登记库中都没有本单位的这个系统".into(),
            Reason::UnknownPerson => "文件和登记库中都没有本单位的这个人".into(),
            Reason::AmbiguousPerson { choices } => {
                format!("本单位有同名人员，请写下列之一：{}", choices.join("、"))
            }
            Reason::RefersToBadRow(row) => format!("所指的{}本身有错误", row.zh()),
            Reason::RefersToUnreadSheet { sheet } => {
                format!("可能指向“{sheet}”表，而该表因自身错误未能读取")
            }
            Reason::ParentCycle { names } => format!("上级单位成环：{}", names.join(" → ")),
            Reason::Duplicate(row) => format!("与{}是同一条但内容不同，请只留一条", row.zh()),
            Reason::Overlap(overlap) => overlap_zh(overlap),
            Reason::OutsideAssets => "不在本单位的资产范围内".into(),
            Reason::BehindBadExclusion(row) => {
                format!("{}的排除有错误，改正前不导入：否则应受保护的目标可能被扫描", row.zh())
            }
            Reason::BehindUnreadExclusions { sheet } => {
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
