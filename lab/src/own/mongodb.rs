//! MongoDB's wire protocol as far as `hello` and `buildInfo`, by OP_MSG and by the older OP_QUERY, after the "MongoDB
//! Wire Protocol" page of its manual.

use super::{LONGEST_INPUT, Session, Step, take_front};

const OP_REPLY: i32 = 1;
const OP_QUERY: i32 = 2004;
const OP_MSG: i32 = 2013;
const HEADER: usize = 16;

pub(super) struct MongoDb;

impl Session for MongoDb {
    fn take(&mut self, input: &mut Vec<u8>) -> Step {
        let Some(length) = int_at(input, 0) else { return Step::Wait };
        let Some(length) = usize::try_from(length).ok().filter(|n| (HEADER..=LONGEST_INPUT).contains(n))
        else {
            return Step::SayAndClose(Vec::new());
        };
        let Some(message) = take_front(input, length) else { return Step::Wait };
        match answer(&message) {
            Some(reply) => Step::Say(reply),
            None => Step::SayAndClose(Vec::new()),
        }
    }
}

fn answer(message: &[u8]) -> Option<Vec<u8>> {
    let request = int_at(message, 4)?;
    let body = message.get(HEADER..)?;
    match int_at(message, 12)? {
        OP_MSG => {
            // Flag bits, then a section of kind 0: one document.
            let document = body.get(4..).filter(|sections| sections.first() == Some(&0))?.get(1..)?;
            let mut reply = vec![0; 4];
            reply.push(0);
            reply.extend(reply_document(&command_name(document)?));
            Some(packet(request, OP_MSG, &reply))
        }
        OP_QUERY => {
            // Flags, a collection name ending in 0, two integers, one document.
            let name_end = body.get(4..)?.iter().position(|byte| *byte == 0)? + 5;
            let document = body.get(name_end + 8..)?;
            let mut reply = vec![0; 16];
            reply.extend_from_slice(&1_i32.to_le_bytes());
            reply.extend(reply_document(&command_name(document)?));
            Some(packet(request, OP_REPLY, &reply))
        }
        _ => None,
    }
}

fn packet(response_to: i32, opcode: i32, body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(HEADER + body.len()).expect("our own replies are short");
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    for field in [length, 1, response_to, opcode] {
        bytes.extend_from_slice(&field.to_le_bytes());
    }
    bytes.extend_from_slice(body);
    bytes
}

/// The key of the first element: BSON is a length, then elements of type, name and value.
fn command_name(document: &[u8]) -> Option<String> {
    let name = document.get(5..)?;
    let end = name.iter().position(|byte| *byte == 0)?;
    Some(String::from_utf8_lossy(name.get(..end)?).to_ascii_lowercase())
}

fn reply_document(command: &str) -> Vec<u8> {
    match command {
        "hello" | "ismaster" => Document::default()
            .boolean("ismaster", true)
            .integer("maxBsonObjectSize", 16_777_216)
            .integer("maxMessageSizeBytes", 48_000_000)
            .integer("maxWriteBatchSize", 100_000)
            .integer("minWireVersion", 0)
            .integer("maxWireVersion", 13)
            .boolean("readOnly", false)
            .double("ok", 1.0)
            .finish(),
        "buildinfo" => {
            Document::default().text("version", "5.0.0").integer("bits", 64).double("ok", 1.0).finish()
        }
        _ => Document::default()
            .double("ok", 0.0)
            .text("errmsg", "command requires authentication")
            .integer("code", 13)
            .text("codeName", "Unauthorized")
            .finish(),
    }
}

#[derive(Default)]
struct Document(Vec<u8>);

impl Document {
    fn element(mut self, kind: u8, name: &str, value: &[u8]) -> Document {
        self.0.push(kind);
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
        self.0.extend_from_slice(value);
        self
    }

    fn double(self, name: &str, value: f64) -> Document {
        self.element(1, name, &value.to_le_bytes())
    }

    fn text(self, name: &str, value: &str) -> Document {
        let length = i32::try_from(value.len() + 1).expect("our own texts are short");
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(0);
        self.element(2, name, &bytes)
    }

    fn boolean(self, name: &str, value: bool) -> Document {
        self.element(8, name, &[u8::from(value)])
    }

    fn integer(self, name: &str, value: i32) -> Document {
        self.element(16, name, &value.to_le_bytes())
    }

    fn finish(self) -> Vec<u8> {
        let length = i32::try_from(self.0.len() + 5).expect("our own documents are short");
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend(self.0);
        bytes.push(0);
        bytes
    }
}

fn int_at(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
