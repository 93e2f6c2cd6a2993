//! PDFs as other programs read them: text, properties and pictures by poppler, QR codes by zbar.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use documents::pdf::{FontSet, Pdf};

/// As on any machine that has the package fonts-noto-cjk; Fandol serves too if it is installed.
pub static FONTS: LazyLock<FontSet> = LazyLock::new(|| FontSet::load(&[]).unwrap());

/// A printed document in a folder of its own.
pub struct Printed {
    folder: tempfile::TempDir,
}

impl Printed {
    pub fn new(pdf: &Pdf) -> Printed {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.pdf"), &pdf.bytes).unwrap();
        Printed { folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("a.pdf")
    }

    fn run(&self, program: &str, arguments: &[&str], last: &str) -> String {
        let mut command = Command::new(program);
        command.args(arguments).arg(self.file());
        if !last.is_empty() {
            command.arg(last);
        }
        let output = command.current_dir(self.folder.path()).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The text of each page without any white space.
    pub fn pages(&self) -> Vec<String> {
        let text = self.run("pdftotext", &["-raw", "-enc", "UTF-8"], "-");
        let pages: Vec<&str> = text.trim_end_matches('\u{c}').split('\u{c}').collect();
        pages.into_iter().map(bare).collect()
    }

    pub fn properties(&self) -> String {
        self.run("pdfinfo", &[], "")
    }

    /// Words with their left, top, right and bottom edges in points, and the size of the page.
    pub fn words(&self) -> (f64, f64, Vec<(String, [f64; 4])>) {
        let html = self.run("pdftotext", &["-bbox", "-f", "1", "-l", "1"], "-");
        let number = |line: &str, name: &str| -> f64 {
            let (_, rest) = line.split_once(&format!("{name}=\"")).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        let page = html.lines().find(|line| line.contains("<page ")).unwrap();
        let words = html.lines().filter(|line| line.contains("<word ")).map(|line| {
            let edges = ["xMin", "yMin", "xMax", "yMax"].map(|name| number(line, name));
            let word = line.split('>').nth(1).unwrap().split('<').next().unwrap();
            (word.to_owned(), edges)
        });
        (number(page, "width"), number(page, "height"), words.collect())
    }

    /// What a scanner reads off a page that was printed and photographed at 200 dots an inch.
    pub fn scanned(&self, page: usize) -> String {
        let page = page.to_string();
        self.run(
            "pdftoppm",
            &["-r", "200", "-gray", "-f", &page, "-l", &page, "-singlefile", "-png"],
            "page",
        );
        let output = Command::new("zbarimg")
            .args(["--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable"])
            .arg(self.folder.path().join("page.png"))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }
}

pub fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '\u{200b}').collect()
}
