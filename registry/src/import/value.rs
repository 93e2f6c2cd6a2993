//! One cell, read as its column's kind says.

use std::net::Ipv4Addr;

use chrono::NaiveDate;
use intake::contact;
use model::addr::AddrRange;
use model::credit_code::CreditCode;
use model::host_name::HostName;
use model::port::Transport;
use model::region::RegionCode;
use model::register::{AssetTarget, ProtectionLevel};
use model::scan_window::ScanWindow;

use crate::cell;
use crate::columns::Kind;
use crate::reason::{Own, Reason};
use crate::table::CellIn;

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    CreditCode(CreditCode),
    Region(RegionCode),
    Date(NaiveDate),
    Level(Option<ProtectionLevel>),
    Target(AssetTarget),
    ScanWindow(ScanWindow),
    Port(u16),
    Transport(Transport),
}

impl intake::schema::Value for Value {
    fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn date(&self) -> Option<NaiveDate> {
        match self {
            Value::Date(day) => Some(*day),
            _ => None,
        }
    }
}

/// `None` if the cell is blank.
pub(crate) fn read(kind: Kind, cell: &CellIn, dates_from_1904: bool) -> Result<Option<Value>, Reason> {
    match kind {
        Kind::Ignored => return Ok(None),
        Kind::Date => return Ok(cell::date(cell, dates_from_1904)?.map(Value::Date)),
        Kind::Name | Kind::UnitRef | Kind::SystemRef | Kind::PersonRef => {
            return Ok(contact::one_line(cell)?.map(Value::Text));
        }
        Kind::Note => return Ok(cell::prose(cell)?.map(Value::Text)),
        Kind::PersonName => return Ok(contact::person_name(cell)?.map(Value::Text)),
        Kind::CreditCode
        | Kind::Region
        | Kind::Level
        | Kind::Target
        | Kind::Addresses
        | Kind::ScanWindow
        | Kind::Port
        | Kind::Transport
        | Kind::Service
        | Kind::Phone
        | Kind::Email => {}
    }
    let Some(text) = cell::code(cell)? else { return Ok(None) };
    from_code(kind, &text).map(Some)
}

fn from_code(kind: Kind, text: &str) -> Result<Value, Reason> {
    match kind {
        Kind::CreditCode => {
            let code = text.replace([' ', '-'], "").to_ascii_uppercase();
            Ok(Value::CreditCode(code.parse().map_err(Own::CreditCode)?))
        }
        Kind::Region => Ok(Value::Region(text.parse().map_err(|_| Own::Region)?)),
        Kind::Level => Ok(Value::Level(level(text)?)),
        Kind::Target => Ok(Value::Target(target(text)?)),
        Kind::Addresses => match target(text)? {
            // Whoever answers for the name could move it, and the addresses behind it would be probed.
            AssetTarget::Host(_) => Err(Own::ExclusionOfHost.into()),
            addresses @ AssetTarget::Addresses(_) => Ok(Value::Target(addresses)),
        },
        Kind::ScanWindow => Ok(Value::ScanWindow(text.parse().map_err(|_| Own::ScanWindow)?)),
        Kind::Port => Ok(Value::Port(model::port::parse_port(text).map_err(|_| Own::Port)?)),
        Kind::Transport => Ok(Value::Transport(text.parse().map_err(|_| Own::Transport)?)),
        Kind::Service => Ok(service(text)?),
        Kind::Phone => Ok(Value::Text(contact::phone(text)?.to_owned())),
        Kind::Email => {
            let is_host_name = |host: &str| host.parse::<HostName>().is_ok();
            Ok(Value::Text(contact::email(text, is_host_name)?.to_owned()))
        }
        Kind::Name
        | Kind::PersonName
        | Kind::Note
        | Kind::UnitRef
        | Kind::SystemRef
        | Kind::PersonRef
        | Kind::Date
        | Kind::Ignored => Ok(Value::Text(text.to_owned())),
    }
}

fn level(text: &str) -> Result<Option<ProtectionLevel>, Own> {
    if ["未定级", "未定", "无", "-"].contains(&text) {
        return Ok(None);
    }
    let bare = text.trim_start_matches("等保").trim_start_matches('第').trim_end_matches('级').trim();
    let number: u8 = match bare {
        "一" => 1,
        "二" => 2,
        "三" => 3,
        "四" => 4,
        "五" => 5,
        digits => digits.parse().map_err(|_| Own::Level)?,
    };
    ProtectionLevel::try_from(number).map(Some).map_err(|_| Own::Level)
}

/// Address, prefix, range or host name.
pub(crate) fn target(text: &str) -> Result<AssetTarget, Own> {
    if text.contains("://") {
        return Err(Own::UrlTarget);
    }
    let text = text.replace(['~', '至', '到'], "-");
    let text: String = text.split('-').map(str::trim).collect::<Vec<_>>().join("-");
    if text.contains([',', ';', ' ', '\n', '|']) {
        return Err(Own::SeveralTargets);
    }
    if let Some(without) = without_leading_zeros(&text) {
        return Err(Own::LeadingZeros { without });
    }
    let text = with_prefix_length(text)?;
    let as_range = match text.parse::<AddrRange>() {
        Ok(range) => return Ok(AssetTarget::Addresses(range)),
        Err(error) => error,
    };
    // Before the host name, since 192.0.2.9-1 would be one.
    let looks_like_addresses =
        text.contains(['/', ':']) || text.bytes().all(|b| b.is_ascii_digit() || b".-".contains(&b));
    if looks_like_addresses {
        return Err(Own::Address(as_range));
    }
    text.parse::<HostName>().map(AssetTarget::Host).map_err(|_| Own::Target)
}

/// `192.0.2.0/255.255.255.0` as `192.0.2.0/24`; any other text as it is.
fn with_prefix_length(text: String) -> Result<String, Own> {
    let Some((network, mask)) = text.split_once('/') else { return Ok(text) };
    let (Ok(_), Ok(bits)) = (network.parse::<Ipv4Addr>(), mask.parse::<Ipv4Addr>().map(Ipv4Addr::to_bits))
    else {
        return Ok(text);
    };
    if bits.leading_ones() + bits.trailing_zeros() < 32 {
        return Err(Own::Netmask { mask: mask.to_owned() });
    }
    Ok(format!("{network}/{}", bits.leading_ones()))
}

/// The text without them, if any number of a dotted address has some. It is never read so: `010` is 8 to some
/// programs, and another address would be probed than was meant.
fn without_leading_zeros(text: &str) -> Option<String> {
    let is_dotted = |part: &str| {
        let octets: Vec<&str> = part.split('.').collect();
        octets.len() == 4
            && octets.iter().all(|octet| !octet.is_empty() && octet.bytes().all(|b| b.is_ascii_digit()))
    };
    let shortened = |part: &str| {
        let octets = part.split('.').map(|octet| match octet.trim_start_matches('0') {
            "" => "0",
            rest => rest,
        });
        octets.collect::<Vec<_>>().join(".")
    };
    let (address, rest) = match text.find(['/', '-']) {
        Some(end) => text.split_at(end),
        None => (text, ""),
    };
    let (sign, rest) = rest.split_at_checked(1).unwrap_or(("", rest));
    let clean = |part: &str| if is_dotted(part) { shortened(part) } else { part.to_owned() };
    let without = format!("{}{sign}{}", clean(address), clean(rest));
    (without != text).then_some(without)
}

fn service(text: &str) -> Result<Value, Own> {
    let name = text.to_ascii_lowercase();
    let is_sound = (1..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_./+".contains(&b));
    if is_sound { Ok(Value::Text(name)) } else { Err(Own::Service) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Ok` with the value as it prints, `Err` with the reason in English.
    #[track_caller]
    fn check(kind: Kind, text: &str, expected: Result<&str, &str>) {
        let read = read(kind, &CellIn::Text(text.into()), false);
        let shown = match &read {
            Ok(None) => Ok(String::new()),
            Ok(Some(Value::Text(text))) => Ok(text.clone()),
            Ok(Some(Value::CreditCode(code))) => Ok(code.to_string()),
            Ok(Some(Value::Region(code))) => Ok(code.to_string()),
            Ok(Some(Value::Date(day))) => Ok(day.to_string()),
            Ok(Some(Value::Level(level))) => {
                Ok(level.map_or("-".into(), |level| u8::from(level).to_string()))
            }
            Ok(Some(Value::Target(target))) => Ok(target.to_string()),
            Ok(Some(Value::ScanWindow(window))) => Ok(window.to_string()),
            Ok(Some(Value::Port(port))) => Ok(port.to_string()),
            Ok(Some(Value::Transport(transport))) => Ok(transport.to_string()),
            Err(reason) => Err(reason.to_string()),
        };
        match (&shown, expected) {
            (Ok(shown), Ok(expected)) => assert_eq!(shown, expected, "{text:?}"),
            (Err(shown), Err(part)) => assert!(shown.contains(part), "{text:?}: {shown}"),
            _ => panic!("{text:?}: {shown:?}, expected {expected:?}"),
        }
        if let Err(reason) = read {
            let zh = reason.zh();
            assert!(zh.chars().any(|c| c > '\u{4e00}'), "{zh}");
        }
    }

    #[test]
    fn credit_codes_are_checked_to_their_last_symbol() {
        let code = CreditCode::with_check_symbol("11440100MADE00001").expect("a complete code");
        check(Kind::CreditCode, code.as_str(), Ok(code.as_str()));
        check(Kind::CreditCode, &format!(" {} ", code.as_str().to_lowercase()), Ok(code.as_str()));
        check(Kind::CreditCode, "11440100MADE00001?", Err("check symbol should be"));
        check(Kind::CreditCode, "123", Err("has 18 characters, this has 3"));
        check(Kind::CreditCode, "1.14401E+17", Err("digits are lost"));
    }

    #[test]
    fn levels_are_one_to_five_or_none() {
        for (text, level) in
            [("3", "3"), ("三级", "3"), ("第二级", "2"), ("５", "5"), ("未定级", "-"), ("", "")]
        {
            check(Kind::Level, text, Ok(level));
        }
        for text in ["0", "6", "六级", "300", "高"] {
            check(Kind::Level, text, Err("level"));
        }
    }

    #[test]
    fn targets_are_read_in_every_notation() {
        check(Kind::Target, "１９２．０．２．０／２４", Ok("192.0.2.0/24"));
        check(Kind::Target, "192.0.2.1 ～ 192.0.2.9", Ok("192.0.2.1-192.0.2.9"));
        check(Kind::Target, "192.0.2.1至192.0.2.9", Ok("192.0.2.1-192.0.2.9"));
        check(Kind::Target, "192.0.2.1—9", Ok("192.0.2.1-192.0.2.9"));
        check(Kind::Target, "2001:db8::/48", Ok("2001:db8::/48"));
        check(Kind::Target, "Portal-1.Example", Ok("portal-1.example"));
        check(Kind::Target, "192.0.2.1/24", Err("the network is 192.0.2.0/24"));
        check(Kind::Target, "192.0.2.300", Err("not an address"));
        check(Kind::Target, "192.0.2.9-1", Err("first address is above"));
        check(Kind::Target, "192.0.2.1、192.0.2.2", Err("one in each row"));
        check(Kind::Target, "192.0.2.1\n192.0.2.2", Err("one in each row"));
        check(Kind::Target, "https://portal.example/", Err("web address"));
        check(Kind::Target, "门户网站", Err("not an address"));
        check(Kind::Target, "192.0.2.0/255.255.255.0", Ok("192.0.2.0/24"));
        check(Kind::Target, "192.0.2.0／255．255．255．128", Ok("192.0.2.0/25"));
        check(Kind::Target, "192.0.2.7/255.255.255.255", Ok("192.0.2.7"));
        check(Kind::Target, "192.0.2.1/255.255.255.0", Err("the network is 192.0.2.0/24"));
        check(Kind::Target, "192.0.2.0/255.0.255.0", Err("255.0.255.0 is not a netmask"));
        check(Kind::Target, "192.0.2.0/0.0.0.255", Err("0.0.0.255 is not a netmask"));
        check(Kind::Target, "192.000.002.010", Err("write 192.0.2.10"));
        check(Kind::Target, "192.0.02.0/24", Err("write 192.0.2.0/24"));
        check(Kind::Target, "192.0.2.1-192.0.2.09", Err("write 192.0.2.1-192.0.2.9"));
        check(Kind::Target, "192.0.2.0-9", Ok("192.0.2.0-192.0.2.9"));
    }

    #[test]
    fn exclusions_are_of_addresses_and_not_of_names() {
        check(Kind::Addresses, "192.0.2.0/24", Ok("192.0.2.0/24"));
        check(Kind::Addresses, "192.0.2.1—9", Ok("192.0.2.1-192.0.2.9"));
        check(Kind::Addresses, "portal.example", Err("an exclusion is a range of addresses"));
        check(Kind::Addresses, "https://portal.example/", Err("web address"));
        check(Kind::Addresses, "192.0.2.1/24", Err("the network is"));
    }

    #[test]
    fn scan_windows_are_read_as_typed() {
        check(Kind::ScanWindow, "周一至周五　２２：００～０６：００", Ok("Mon-Fri 22:00-06:00"));
        check(Kind::ScanWindow, "22:00-06:00；周末 00:00-24:00", Err("scan window"));
        check(
            Kind::ScanWindow,
            "22:00-06:00；周六、周日 00:00-24:00",
            Ok("22:00-06:00; Sat,Sun 00:00-24:00"),
        );
        check(Kind::ScanWindow, "夜间", Err("scan window"));
        check(Kind::ScanWindow, " ", Ok(""));
    }

    #[test]
    fn ports_are_one_to_65535() {
        check(Kind::Port, "443", Ok("443"));
        check(Kind::Port, "４４３", Ok("443"));
        for text in ["0", "65536", "70000", "-1", "80.5", "443/tcp", "https"] {
            check(Kind::Port, text, Err("1 to 65535"));
        }
    }

    #[test]
    fn the_other_kinds_say_what_they_take() {
        check(Kind::Transport, "TCP", Ok("tcp"));
        check(Kind::Transport, "icmp", Err("tcp or udp"));
        check(Kind::Service, "HTTPS", Ok("https"));
        check(Kind::Service, "网页", Err("protocol name"));
        check(Kind::Region, "440106", Ok("440106"));
        check(Kind::Region, "44010", Err("six digits"));
        check(Kind::Phone, "０２０－００００－０００１", Ok("020-0000-0001"));
        check(Kind::Phone, "无", Err("phone"));
        check(Kind::Email, "jia@unit.example", Ok("jia@unit.example"));
        check(Kind::Email, "jia@unit", Err("e-mail"));
        check(Kind::PersonName, "示例/甲", Err("must not contain"));
        check(Kind::Date, "2026年1月31日", Ok("2026-01-31"));
    }
}
