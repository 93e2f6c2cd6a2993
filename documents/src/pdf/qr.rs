//! A QR code as a vector picture: one path, so that no hairlines show between its squares.
//!
//! It must not know what the text means.

use std::fmt::Write as _;

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

use super::error::PdfError;

/// Error correction M: 15 % may be hidden by a fold or a stamp.
const LEVEL: EcLevel = EcLevel::M;

/// The code without its quiet zone, which the template leaves free (four modules on each side).
pub struct QrPicture {
    /// Squares on a side.
    pub modules: usize,
    pub svg: String,
}

pub fn picture(text: &str) -> Result<QrPicture, PdfError> {
    let code = encode(text).ok_or(PdfError::QrTooLong { bytes: text.len() })?;
    let modules = code.width();
    let colors = code.to_colors();
    let mut path = String::new();
    for (y, row) in colors.chunks(modules).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                // Writing into a String can't fail.
                let _ = write!(path, "M{x} {y}h{}v1h-{0}z", run.len());
            }
            x += run.len();
        }
    }
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {modules} {modules}\"><path d=\"{path}\"/></svg>"
    );
    Ok(QrPicture { modules, svg })
}

/// ASCII takes the shortest of the numeric, alphanumeric and byte modes. Other text is one run of UTF-8 that says
/// so: left to itself the library would take pairs of bytes for Shift-JIS.
fn encode(text: &str) -> Option<QrCode> {
    if text.is_ascii() {
        return QrCode::with_error_correction_level(text, LEVEL).ok();
    }
    (1..=40).map(Version::Normal).find_map(|version| {
        let mut bits = Bits::new(version);
        bits.push_eci_designator(26).ok()?;
        bits.push_byte_data(text.as_bytes()).ok()?;
        bits.push_terminator(LEVEL).ok()?;
        QrCode::with_bits(bits, LEVEL).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_beyond_the_largest_code_is_refused() {
        assert_eq!(picture(&"x".repeat(2331)).unwrap().modules, 177);
        assert_eq!(picture(&"x".repeat(2332)).err(), Some(PdfError::QrTooLong { bytes: 2332 }));
    }

    #[test]
    fn the_picture_is_as_dark_as_the_code() {
        for text in ["SP1:AG-2026-000123-X", "示例：上岗证"] {
            let code = encode(text).unwrap();
            let dark = code.to_colors().iter().filter(|color| **color == Color::Dark).count();
            let svg = picture(text).unwrap().svg;
            let drawn: usize =
                svg.split('h').skip(1).filter_map(|part| part.split('v').next()?.parse::<usize>().ok()).sum();
            assert_eq!(drawn, dark, "{text}");
        }
    }
}
