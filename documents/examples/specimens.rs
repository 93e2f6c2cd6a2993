//! Writes one specimen of each document into a folder, to be looked at:
//! `cargo run -p documents --example specimens -- FOLDER [FONT FOLDER…]`

use std::path::PathBuf;
use std::time::Instant;

use documents::docx;
use documents::paper::{Orientation, PhotoFrame};
use documents::pdf::{self, FontSet, Pdf, PdfError};

#[expect(clippy::unwrap_used, reason = "the specimens' dates are written by hand")]
#[path = "../tests/it/specimens.rs"]
mod specimens;

#[expect(clippy::print_stdout, reason = "an example tells what it did")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("which folder?")?;
    let began = Instant::now();
    let fonts = FontSet::load(&arguments.collect::<Vec<_>>())?;
    println!("fonts in {:?}", began.elapsed());
    let lying = specimens::certificate();
    let upright = documents::paper::CertificateDoc { orientation: Orientation::Portrait, ..lying.clone() };
    let bare = documents::paper::CertificateDoc { photo: PhotoFrame::None, ..lying.clone() };
    let save = |name: &str,
                print: &dyn Fn() -> Result<Pdf, PdfError>|
     -> Result<(), Box<dyn std::error::Error>> {
        let began = Instant::now();
        let printed = print()?;
        println!("{name}: {} pages, {} bytes in {:?}", printed.n_pages, printed.bytes.len(), began.elapsed());
        for face in &printed.faces {
            println!("    {} {} {:?}", face.family, face.weight, face.origin);
        }
        Ok(std::fs::write(folder.join(name), printed.bytes)?)
    };
    save("certificate-a4.pdf", &|| pdf::certificate_a4(&lying, &fonts))?;
    save("certificate-a4-upright.pdf", &|| pdf::certificate_a4(&upright, &fonts))?;
    save("certificate-a4-bare.pdf", &|| pdf::certificate_a4(&bare, &fonts))?;
    save("certificate-card.pdf", &|| pdf::certificate_card(&lying, &fonts))?;
    save("certificate-card-bare.pdf", &|| pdf::certificate_card(&bare, &fonts))?;
    save("sign-in.pdf", &|| pdf::sign_in_sheet(&specimens::sign_in(45), &fonts))?;
    save("sign-in-1000.pdf", &|| pdf::sign_in_sheet(&specimens::sign_in(1000), &fonts))?;
    save("digest.pdf", &|| pdf::reminder_digest(&specimens::digest(), &fonts))?;
    save("evidence.pdf", &|| pdf::evidence_sheet(&specimens::evidence(), &fonts))?;
    std::fs::write(folder.join("digest.docx"), docx::reminder_digest(&specimens::digest())?)?;
    std::fs::write(folder.join("evidence.docx"), docx::evidence_sheet(&specimens::evidence())?)?;
    let began = Instant::now();
    for number in 0..20 {
        let doc =
            documents::paper::CertificateDoc { serial: format!("AG-2026-M-{number:06}-7"), ..lying.clone() };
        pdf::certificate_a4(&doc, &fonts)?;
    }
    println!("one more certificate in {:?}", began.elapsed() / 20);
    Ok(())
}
