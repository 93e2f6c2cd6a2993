//! One part of the package as XML, element by element, every text and attribute escaped.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// Writes into memory. An error can't come from there; whatever the library may find is kept for [`Xml::finish`].
pub(super) struct Xml {
    out: Writer<Vec<u8>>,
    fault: Option<io::Error>,
}

type Attributes<'a> = &'a [(&'a str, &'a str)];

impl Xml {
    pub(super) fn new() -> Xml {
        let mut xml = Xml { out: Writer::new(Vec::new()), fault: None };
        xml.put(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), Some("yes"))));
        xml
    }

    pub(super) fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        self.put(Event::Start(start(name, attributes)));
    }

    pub(super) fn close(&mut self, name: &str) {
        self.put(Event::End(BytesEnd::new(name)));
    }

    /// An element with what `inside` writes.
    pub(super) fn element(&mut self, name: &str, attributes: Attributes<'_>, inside: impl FnOnce(&mut Xml)) {
        self.open(name, attributes);
        inside(self);
        self.close(name);
    }

    pub(super) fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.put(Event::Empty(start(name, attributes)));
    }

    /// An empty element whose only attribute is `w:val`.
    pub(super) fn value(&mut self, name: &str, value: &str) {
        self.empty(name, &[("w:val", value)]);
    }

    /// An empty element with one attribute of another name.
    pub(super) fn value_of(&mut self, name: &str, attribute: &str, value: &str) {
        self.empty(name, &[(attribute, value)]);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.put(Event::Text(BytesText::new(text)));
    }

    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.out.into_inner()),
        }
    }

    fn put(&mut self, event: Event<'_>) {
        if let Err(fault) = self.out.write_event(event) {
            self.fault.get_or_insert(fault);
        }
    }
}

fn start<'a>(name: &'a str, attributes: Attributes<'a>) -> BytesStart<'a> {
    BytesStart::new(name).with_attributes(attributes.iter().copied())
}
