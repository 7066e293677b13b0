//! What pictures are drawn on: the pixels of a PNG, or the shapes of an SVG.

use plotters::backend::{BitMapBackend, SVGBackend};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};
use std::cell::Cell;
use std::error::Error;
use std::io;
use std::path::Path;

/// A picture in the making.
pub enum Paper<'a> {
    Png(BitMapBackend<'a>),
    /// Shapes and text; what is drawn pixel by pixel is a picture of its own, to be laid below them.
    Svg {
        shapes: SVGBackend<'a>,
        pixels: BitMapBackend<'a>,
        has_pixels: &'a Cell<bool>,
    },
}

const WHITE: BackendColor = BackendColor {
    alpha: 1.0,
    rgb: (255, 255, 255),
};

impl<'a> Paper<'a> {
    pub fn png(path: &'a Path, size: (u32, u32)) -> Self {
        Self::Png(BitMapBackend::new(path, size))
    }

    /// Shapes go to `text`, and pixels, if there are any, to the PNG at `pixels`.
    pub fn svg(
        text: &'a mut String,
        pixels: &'a Path,
        has_pixels: &'a Cell<bool>,
        size: (u32, u32),
    ) -> Result<Self, DrawingErrorKind<io::Error>> {
        let mut pixels = BitMapBackend::new(pixels, size);
        let corner = (size.0 as i32, size.1 as i32);
        pixels.draw_rect((0, 0), corner, &WHITE, true).map_err(same)?;
        Ok(Self::Svg {
            shapes: SVGBackend::with_string(text, size),
            pixels,
            has_pixels,
        })
    }
}

/// The errors of both as one type.
fn same<E: Error + Send + Sync + 'static>(error: DrawingErrorKind<E>) -> DrawingErrorKind<io::Error> {
    match error {
        DrawingErrorKind::DrawingError(error) => DrawingErrorKind::DrawingError(io::Error::other(error)),
        DrawingErrorKind::FontError(error) => DrawingErrorKind::FontError(error),
    }
}

/// Hands a shape on.
macro_rules! shape {
    ($paper:ident, $on:ident => $drawn:expr) => {
        match $paper {
            Paper::Png($on) => $drawn.map_err(same),
            Paper::Svg { shapes: $on, .. } => $drawn.map_err(same),
        }
    };
}

type Drawn = Result<(), DrawingErrorKind<io::Error>>;

impl DrawingBackend for Paper<'_> {
    type ErrorType = io::Error;

    fn get_size(&self) -> (u32, u32) {
        match self {
            Self::Png(pixels) | Self::Svg { pixels, .. } => pixels.get_size(),
        }
    }

    fn ensure_prepared(&mut self) -> Drawn {
        shape!(self, on => on.ensure_prepared())
    }

    fn present(&mut self) -> Drawn {
        if let Self::Svg {
            pixels, has_pixels, ..
        } = self
            && has_pixels.get()
        {
            pixels.present().map_err(same)?;
        }
        shape!(self, on => on.present())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        match self {
            Self::Png(pixels) => pixels.draw_pixel(point, color).map_err(same),
            Self::Svg {
                pixels, has_pixels, ..
            } => {
                has_pixels.set(true);
                pixels.draw_pixel(point, color).map_err(same)
            }
        }
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        shape!(self, on => on.draw_line(from, to, style))
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        lower_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        shape!(self, on => on.draw_rect(upper_left, lower_right, style, fill))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        shape!(self, on => on.draw_path(path, style))
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        shape!(self, on => on.draw_circle(center, radius, style, fill))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        shape!(self, on => on.fill_polygon(corners, style))
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        shape!(self, on => on.draw_text(text, style, at))
    }
}
