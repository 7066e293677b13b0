//! What all pictures are drawn on: a white PNG, its font and its inks.

use crate::program::error::ProgramError;
use crate::program::storage;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::register_font;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::path::Path;

pub type Canvas<'a> = DrawingArea<BitMapBackend<'a>, Shift>;
pub type DrawError = DrawingAreaErrorKind<<BitMapBackend<'static> as DrawingBackend>::ErrorType>;
pub type Drawn = Result<(), DrawError>;

/// Text and axes.
pub const INK: RGBColor = RGBColor(32, 36, 44);
/// What is said in a lower voice.
pub const PALE: RGBColor = RGBColor(108, 114, 124);
/// Grid lines and frames.
pub const FAINT: RGBColor = RGBColor(226, 229, 233);

const FONT: &str = "sans-serif";

/// Draws a PNG of `size` pixels, whole or not at all.
pub fn picture(
    path: &Path,
    size: (u32, u32),
    draw: impl FnOnce(&Canvas) -> Drawn,
) -> Result<(), ProgramError> {
    let error = |reason: String| ProgramError::Picture {
        path: path.to_owned(),
        reason,
    };
    register_font(FONT, FontStyle::Normal, dejavu::sans::regular())
        .and_then(|()| register_font(FONT, FontStyle::Bold, dejavu::sans::bold()))
        .map_err(|_| error("the font is broken".to_owned()))?;
    // The format follows from how the name ends.
    storage::write_with(path, ".png", |fresh| {
        let canvas = BitMapBackend::new(fresh, size).into_drawing_area();
        canvas
            .fill(&WHITE)
            .and_then(|()| draw(&canvas))
            .and_then(|()| canvas.present())
            .map_err(|e| error(e.to_string()))
    })
}

/// A style of text, anchored at its upper left.
pub fn text(size: u32, color: RGBColor) -> TextStyle<'static> {
    styled((FONT, size).into_font(), color)
}

pub fn bold(size: u32, color: RGBColor) -> TextStyle<'static> {
    styled((FONT, size, FontStyle::Bold).into_font(), color)
}

fn styled(font: FontDesc<'static>, color: RGBColor) -> TextStyle<'static> {
    TextStyle {
        color: color.to_backend_color(),
        ..font.into()
    }
}

/// Text in lines of at most `width` pixels, broken between words.
pub fn wrapped(
    canvas: &Canvas,
    words: &str,
    style: &TextStyle,
    width: i32,
) -> Result<Vec<String>, DrawError> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer {
            Some(longer) if canvas.estimate_text_size(&longer, style)?.0 as i32 <= width => {
                lines.pop();
                lines.push(longer);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    Ok(lines)
}

/// The style anchored elsewhere.
pub fn anchored(style: TextStyle<'static>, h: HPos, v: VPos) -> TextStyle<'static> {
    style.pos(Pos::new(h, v))
}
