//! Why something was not probed, in words.

use chrono::NaiveDate;

use super::facts::quoted;
use super::{Words, show_date, words};

/// Why an address or a name was kept back. The address itself isn't part of it, so that those of one reason count
/// together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refused {
    Unregistered,
    NotAuthorised {
        asset: String,
    },
    AuthorisationEnded {
        asset: String,
        until: NaiveDate,
    },
    AuthorisationNotBegun {
        asset: String,
        from: NaiveDate,
    },
    Excluded {
        reason: String,
        until: NaiveDate,
    },
    NoSuchName,
    NameWithoutAddress,
    NameServerTimedOut,
    /// With what the name server, or the way to it, said of it.
    NameServerFailed {
        said: String,
    },
    /// Our own system could not send; with what it said.
    NotSent {
        said: String,
    },
    /// As an older program wrote it down.
    Told {
        said: String,
    },
}

impl Refused {
    pub fn words(&self) -> Words {
        match self {
            Refused::Unregistered => words("不在任何已登记资产之内", "no registered asset holds it"),
            Refused::NotAuthorised { asset } => {
                Words::of(format!("资产 {asset} 没有授权"), format!("the asset {asset} has no authorisation"))
            }
            Refused::AuthorisationEnded { asset, until } => Words::of(
                format!("资产 {asset} 的授权已于 {} 到期", show_date(*until)),
                format!("the authorisation of {asset} ended on {}", show_date(*until)),
            ),
            Refused::AuthorisationNotBegun { asset, from } => Words::of(
                format!("资产 {asset} 的授权自 {} 起生效", show_date(*from)),
                format!("the authorisation of {asset} begins on {}", show_date(*from)),
            ),
            Refused::Excluded { reason, until } => Words::of(
                format!("已登记排除至 {}：“{reason}”", show_date(*until)),
                format!("excluded until {}: “{reason}”", show_date(*until)),
            ),
            Refused::NoSuchName => words("域名不存在", "there is no such name"),
            Refused::NameWithoutAddress => words("域名没有地址", "the name has no address"),
            Refused::NameServerTimedOut => words("域名服务器未及时应答", "no name server answered in time"),
            Refused::NameServerFailed { said } => {
                with_quote("域名服务器未能应答", "the name server could not answer", said)
            }
            Refused::NotSent { said } => {
                with_quote("本机未能发出探测", "our own system could not send the probe", said)
            }
            Refused::Told { said } => quoted(said),
        }
    }
}

fn with_quote(zh: &str, en: &str, said: &str) -> Words {
    Words::of(format!("{zh}：“{said}”"), format!("{en}: “{said}”"))
}
