//! Which UDP questions a run may ask of a port, and what an answer to any of them says. Sends nothing.

use std::net::IpAddr;

use model::observation::{Certainty, ServiceFacts};
use model::port::PortSet;
use probes::udp::{UdpContext, UdpProbe, probes_for, unrecognised};

use crate::options::Options;

/// What a run may ask over UDP.
#[derive(Debug, Clone, Default)]
pub struct Questions {
    context: UdpContext,
    /// Ports that nothing is sent to.
    kept_back: Option<PortSet>,
}

impl Questions {
    pub fn of(options: &Options) -> Questions {
        let context = UdpContext {
            snmp_community: options.udp.snmp_community.clone(),
            include_fragile: options.udp.include_fragile,
            ..UdpContext::default()
        };
        Questions { context, kept_back: options.no_payload.clone() }
    }

    /// The questions to a port, in the order in which they are asked; none where nothing may be sent, since over UDP
    /// a port can't be asked without.
    pub fn to(&self, port: u16) -> impl Iterator<Item = &'static UdpProbe> + '_ {
        let is_kept_back = self.kept_back.as_ref().is_some_and(|ports| ports.contains(port));
        probes_for(port).filter(move |probe| !is_kept_back && probe.is_allowed(&self.context))
    }

    /// What is sent for a question, from `source`.
    pub(crate) fn payload(&self, probe: &UdpProbe, cookie: u64, source: IpAddr) -> Vec<u8> {
        probe.payload(cookie, &UdpContext { source: Some(source), ..self.context.clone() })
    }

    /// What an answer says that was proved to be one.
    pub(crate) fn read(&self, port: u16, answer: &[u8]) -> ServiceFacts {
        let known = self.to(port).find_map(|probe| probe.recognise(answer));
        known.map_or_else(|| unrecognised(answer), |reply| reply.facts)
    }
}

/// Whether the service showed what it is.
pub(crate) fn is_recognised(facts: &ServiceFacts) -> bool {
    facts.certainty == Certainty::Identified
}

#[cfg(test)]
mod tests {
    use model::policy::common_ports_over;
    use model::port::Transport;
    use probes::udp::UDP_PROBES;

    use super::*;
    use crate::options::UdpOptions;

    #[track_caller]
    fn check(options: &Options, port: u16, expected: &[&str]) {
        let questions = Questions::of(options);
        let ids: Vec<&str> = questions.to(port).map(|probe| probe.id).collect();
        assert_eq!(ids, expected, "{port}");
    }

    #[test]
    fn passwords_are_tried_and_controllers_asked_only_where_that_was_said() {
        let usual = Options { no_payload: "502".parse().ok(), ..Options::default() };
        check(&usual, 161, &["snmp-engine"]);
        check(&usual, 47_808, &[]);
        check(&usual, 502, &[]);
        check(&usual, 60_001, &["empty", "lines"]);
        let udp = UdpOptions { snmp_community: Some("public".to_owned()), include_fragile: true };
        let all = Options { udp, ..Options::default() };
        check(&all, 161, &["snmp-engine", "snmp-community"]);
        check(&all, 502, &["empty-fragile"]);
        assert!(Questions::of(&all).to(47_808).next().is_some());
    }

    #[test]
    fn every_port_that_has_a_question_of_its_own_is_asked_by_default() {
        let usual = common_ports_over(Transport::Udp, 100);
        assert_eq!(usual.len(), 100);
        let missing: Vec<u16> = UDP_PROBES
            .iter()
            .flat_map(|probe| probe.ports)
            .copied()
            .filter(|port| !usual.contains(port))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
