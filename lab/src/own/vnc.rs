//! A remote screen that offers to go without a password (RFC 6143, RFB 3.3 and 3.8). There is no picture behind it.

use super::{Session, Step, take_front};

const NONE: u8 = 1;
const VNC_AUTHENTICATION: u8 = 2;

#[derive(Default)]
pub(super) enum Vnc {
    #[default]
    Version,
    Choice,
    Challenge,
    ClientInit,
    Deaf,
}

impl Session for Vnc {
    fn greet(&mut self) -> Vec<u8> {
        b"RFB 003.008\n".to_vec()
    }

    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        let wanted = match self {
            Vnc::Version => 12,
            Vnc::Choice | Vnc::ClientInit | Vnc::Deaf => 1,
            Vnc::Challenge => 16,
        };
        let Some(message) = take_front(input, wanted) else { return Step::Wait };
        match self {
            Vnc::Version if message == b"RFB 003.003\n" => {
                *self = Vnc::ClientInit;
                Step::Say(u32::from(NONE).to_be_bytes().to_vec())
            }
            Vnc::Version if message.starts_with(b"RFB 003.") => {
                *self = Vnc::Choice;
                Step::Say(vec![2, NONE, VNC_AUTHENTICATION])
            }
            Vnc::Version => Step::SayAndClose(refusal("not an RFB version", &[0])),
            Vnc::Choice if message == [NONE] => {
                *self = Vnc::ClientInit;
                Step::Say(0_u32.to_be_bytes().to_vec())
            }
            Vnc::Choice if message == [VNC_AUTHENTICATION] => {
                *self = Vnc::Challenge;
                Step::Say(b"sixteen-bytes-ok".to_vec())
            }
            Vnc::Choice => Step::SayAndClose(refusal("no such security type", &1_u32.to_be_bytes())),
            Vnc::Challenge => Step::SayAndClose(refusal("authentication failed", &1_u32.to_be_bytes())),
            Vnc::ClientInit => {
                *self = Vnc::Deaf;
                Step::Say(server_init())
            }
            Vnc::Deaf => {
                input.clear();
                Step::Say(Vec::new())
            }
        }
    }
}

fn refusal(reason: &str, before: &[u8]) -> Vec<u8> {
    let length = u32::try_from(reason.len()).expect("our own reasons are short");
    [before, &length.to_be_bytes(), reason.as_bytes()].concat()
}

fn server_init() -> Vec<u8> {
    let name = "lab-kiosk:0";
    let length = u32::try_from(name.len()).expect("our own name is short");
    // 800 × 600, 32 bits a pixel of which 24 count, little endian, true colour.
    let pixel_format = [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0];
    [
        &800_u16.to_be_bytes()[..],
        &600_u16.to_be_bytes(),
        &pixel_format,
        &length.to_be_bytes(),
        name.as_bytes(),
    ]
    .concat()
}
