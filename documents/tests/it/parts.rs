//! A package of XML parts, read back as trees.

use std::io::{Cursor, Read};

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

/// All parts of a DOCX file, each of which is well-formed XML.
pub(crate) struct Package {
    parts: Vec<(String, String, Element)>,
    years: Vec<u16>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    /// Of this element alone; line breaks of the document are in it.
    own_text: String,
}

impl Package {
    pub(crate) fn read(bytes: &[u8]) -> Package {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut package = Package { parts: Vec::new(), years: Vec::new() };
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).unwrap();
            let name = file.name().unwrap().into_owned();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            package.years.push(file.last_modified().unwrap().year());
            let tree = parse(&text);
            package.parts.push((name, text, tree));
        }
        package.years.dedup();
        package
    }

    #[track_caller]
    pub(crate) fn part(&self, path: &str) -> &Element {
        let found = self.parts.iter().find(|(own, _, _)| own == path);
        &found.unwrap_or_else(|| panic!("no part {path}")).2
    }

    pub(crate) fn document(&self) -> &Element {
        self.part("word/document.xml")
    }

    /// Paths and text of all.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parts.iter().map(|(path, text, _)| (path.as_str(), text.as_str()))
    }

    /// In which the parts claim to have been written.
    pub(crate) fn years(&self) -> &[u16] {
        &self.years
    }
}

impl Element {
    /// The elements of a name, at any depth, in their order.
    pub(crate) fn all(&self, name: &str) -> Vec<&Element> {
        let own = if self.name == name { Some(self) } else { None };
        own.into_iter().chain(self.children.iter().flat_map(|child| child.all(name))).collect()
    }

    #[track_caller]
    pub(crate) fn one(&self, name: &str) -> &Element {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name} in {}", self.name);
        all[0]
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn number(&self, name: &str) -> u32 {
        self.attribute(name).unwrap().parse().unwrap()
    }

    pub(crate) fn text(&self) -> String {
        let inside: String = self.children.iter().map(Element::text).collect();
        let line = if self.name == "w:br" { "\n" } else { "" };
        format!("{}{inside}{line}", self.own_text)
    }
}

fn parse(text: &str) -> Element {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().unwrap();
        let top = open.last_mut().unwrap();
        match event {
            Event::Start(start) => open.push(element(&start)),
            Event::Empty(start) => top.children.push(element(&start)),
            Event::End(_) => {
                let done = open.pop().unwrap();
                open.last_mut().unwrap().children.push(done);
            }
            Event::Text(text) => top.own_text.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref().unwrap();
                let known = || match &*name {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "quot" => '"',
                    "apos" => '\'',
                    other => panic!("an entity {other}"),
                };
                top.own_text.push(character.unwrap_or_else(known));
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(open.len(), 1);
    open.remove(0).children.remove(0)
}

fn element(start: &BytesStart<'_>) -> Element {
    let attributes = start.attributes().map(|attribute| {
        let attribute = attribute.unwrap();
        let value = attribute.normalized_value(XmlVersion::Explicit1_0).unwrap().into_owned();
        (attribute.key.as_ref().to_owned(), value)
    });
    Element { name: start.name().as_ref().to_owned(), attributes: attributes.collect(), ..Element::default() }
}
