//! What all pictures are drawn with: a white PNG or SVG, its font and its inks.

use super::paper::Paper;
use crate::program::error::ProgramError;
use crate::program::storage;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::register_font;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use rtb::run::ConfigError;
use std::cell::Cell;
use std::path::Path;
use std::{fs, io};

pub type Canvas<'a> = DrawingArea<Paper<'a>, Shift>;
pub type DrawError = DrawingAreaErrorKind<io::Error>;
pub type Drawn = Result<(), DrawError>;

/// Text and axes.
pub const INK: RGBColor = RGBColor(32, 36, 44);
/// What is said in a lower voice.
pub const PALE: RGBColor = RGBColor(108, 114, 124);
/// Grid lines and frames.
pub const FAINT: RGBColor = RGBColor(226, 229, 233);

const FONT: &str = "sans-serif";

/// Refuses the name of a picture, in this field, that ends in another format. A device or a pipe has no ending,
/// and gets a PNG.
pub fn check_name(field: &str, path: &Path) -> Result<(), ConfigError> {
    if is_svg(path) || storage::extension(path) == "png" || path.extension().is_none() {
        return Ok(());
    }
    let value = format!("`{}`", path.display());
    Err(ConfigError::new(
        field,
        value,
        "a file name that ends in .png or .svg",
    ))
}

fn is_svg(path: &Path) -> bool {
    storage::extension(path) == "svg"
}

/// Draws a PNG of `size` pixels, or an SVG where the name says so, whole or not at all.
pub fn picture(
    path: &Path,
    size: (u32, u32),
    draw: impl FnOnce(&Canvas) -> Drawn,
) -> Result<(), ProgramError> {
    let error = |reason: String| ProgramError::Picture {
        path: path.to_owned(),
        reason,
    };
    let written = |e| ProgramError::file("write", path, e);
    register_font(FONT, FontStyle::Normal, dejavu::sans::regular())
        .and_then(|()| register_font(FONT, FontStyle::Bold, dejavu::sans::bold()))
        .map_err(|_| error("the font is broken".to_owned()))?;
    // The format of pixels follows from how the name ends.
    storage::write_with(path, ".png", |fresh| {
        if !is_svg(path) {
            return drawn(Paper::png(fresh, size), draw).map_err(|e| error(e.to_string()));
        }
        let (mut text, has_pixels) = (String::new(), Cell::new(false));
        let paper = Paper::svg(&mut text, fresh, &has_pixels, size).map_err(|e| error(e.to_string()))?;
        drawn(paper, draw).map_err(|e| error(e.to_string()))?;
        if has_pixels.get() {
            let pixels = fs::read(fresh).map_err(written)?;
            text = with_pixels(&text, &pixels, size);
        }
        fs::write(fresh, text).map_err(written)
    })
}

/// Draws on a paper that is white before.
fn drawn(paper: Paper, draw: impl FnOnce(&Canvas) -> Drawn) -> Drawn {
    let canvas = paper.into_drawing_area();
    canvas.fill(&WHITE)?;
    draw(&canvas)?;
    canvas.present()
}

/// An SVG with the pixels of a PNG above its background, which is the first of its shapes.
fn with_pixels(svg: &str, png: &[u8], (width, height): (u32, u32)) -> String {
    let (ground, shapes) = svg.split_once("/>").unwrap_or((svg, ""));
    let png = STANDARD.encode(png);
    format!(
        "{ground}/>\n<image width=\"{width}\" height=\"{height}\" href=\"data:image/png;base64,{png}\"/>{shapes}"
    )
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
