//! The first answer of a remote desktop: an X.224 connection confirm (MS-RDPBCGR 2.2.1.2) that selects standard RDP
//! security, that is, without network level authentication.

use super::{LONGEST_INPUT, Session, Step, take_front};

pub(super) struct Rdp;

impl Session for Rdp {
    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        const TPKT_VERSION: u8 = 3;
        const CONNECTION_REQUEST: u8 = 0xe0;
        if input.first().is_some_and(|version| *version != TPKT_VERSION) {
            return Step::SayAndClose(Vec::new());
        }
        let &[_, _, high, low, ..] = input.as_slice() else { return Step::Wait };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if !(7..=LONGEST_INPUT).contains(&length) {
            return Step::SayAndClose(Vec::new());
        }
        let Some(packet) = take_front(input, length) else { return Step::Wait };
        let [_, _, _, _, _, kind, _, _, source_high, source_low, ..] = packet.as_slice() else {
            return Step::SayAndClose(Vec::new());
        };
        if *kind != CONNECTION_REQUEST {
            return Step::SayAndClose(Vec::new());
        }
        // RDP_NEG_REQ, if there is one, is the last eight bytes: type 1, flags, length 8, protocols.
        let negotiates = packet
            .len()
            .checked_sub(8)
            .filter(|at| *at >= 11)
            .and_then(|at| packet.get(at..))
            .is_some_and(|request| matches!(request, [1, _, 8, 0, ..]));
        Step::Say(confirm([*source_high, *source_low], negotiates))
    }
}

fn confirm(their_reference: [u8; 2], negotiates: bool) -> Vec<u8> {
    // RDP_NEG_RSP: type 2, no flags, length 8, PROTOCOL_RDP.
    let negotiation: &[u8] = if negotiates { &[2, 0, 8, 0, 0, 0, 0, 0] } else { &[] };
    let after_length_indicator = 6 + u8::try_from(negotiation.len()).expect("eight at most");
    let total = 5 + after_length_indicator;
    let [ours_high, ours_low] = 0x1234_u16.to_be_bytes();
    let [theirs_high, theirs_low] = their_reference;
    let mut bytes =
        vec![3, 0, 0, total, after_length_indicator, 0xd0, theirs_high, theirs_low, ours_high, ours_low, 0];
    bytes.extend_from_slice(negotiation);
    bytes
}
