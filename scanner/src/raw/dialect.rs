//! What a question is, and what answers it: SYN, UDP, discovery. The engine knows of none of them more than this.

use std::net::IpAddr;

use model::observation::Reply;
use model::scope::Admitted;
use model::shape::Shape;
use probes::packet::{Heard, LinkHeader, Template};

use super::lane::{Lane, SLOT_LEN};

/// How ports are asked in one run.
pub(crate) trait Dialect: Send {
    /// The frame that most questions of a lane are patched from.
    fn template(&mut self, link: LinkHeader, source: IpAddr) -> Template;

    /// Writes the `nth` question to a port, from 0, into the next slot of the lane's batch; the frame's length, or
    /// `None` if there is no such question.
    fn write(&mut self, lane: &mut Lane, to: Admitted, port: u16, question: Question) -> Option<usize>;

    /// Whether a packet answers one of our questions.
    fn understand(&self, heard: &Heard<'_>) -> Understood;

    /// Whether a host that has answered one question needn't be asked the others.
    fn is_one_answer_enough(&self) -> bool {
        false
    }

    /// How many different questions a port is asked, each as often as the loss demands.
    fn n_payloads(&self, _port: u16) -> u8 {
        1
    }

    /// How many questions were lost before the `nth` was answered by a reply; `None` if such replies stay away for
    /// other reasons too, so that nothing can be told.
    fn lost_before(&self, _port: u16, _reply: Reply, nth: u8) -> Option<u8> {
        Some(nth)
    }

    /// Whether hosts send refusals no faster than a rate of their own, so that what they keep silent about must be
    /// asked again slowly.
    fn refusals_are_limited(&self) -> bool {
        false
    }

    /// Room that its longest frame takes, in bytes.
    fn slot_len(&self) -> usize {
        SLOT_LEN
    }
}

/// Which question to a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// The n-th of the plan's own, from 0.
    Nth(u8),
    /// To a port that should be closed.
    Trap,
}

/// A packet, looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Understood {
    /// Somebody else's.
    Foreign,
    /// It claims to answer us and can't prove it.
    Forged,
    Answer(Answer),
}

/// A proved answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) addr: IpAddr,
    pub(crate) port: u16,
    pub(crate) question: Question,
    pub(crate) reply: Reply,
    /// Of the stack that answered; `None` if something on the way did.
    pub(crate) shape: Option<Shape>,
    /// What a datagram said.
    pub(crate) payload: Option<Vec<u8>>,
}
