//! Texts, one below the other.

use super::canvas::{Canvas, Drawn, FAINT, INK, text, wrapped};
use plotters::prelude::*;

/// Height of letters over the side of a picture, and of a line over theirs.
const LETTERS: i32 = 22;
const LINE: f64 = 1.25;

/// Draws as many texts as a square of `side` screen pixels holds.
pub fn draw_texts(canvas: &Canvas, texts: &[String], (left, top): (i32, i32), side: i32) -> Drawn {
    let size = (side / LETTERS).max(12);
    let line = (f64::from(size) * LINE) as i32;
    let style = text(size as u32, INK);
    let mut y = top;
    for text in texts {
        let lines = wrapped(canvas, text, &style, side)?;
        if y + lines.len() as i32 * line > top + side {
            break;
        }
        for words in lines {
            canvas.draw_text(&words, &style, (left, y))?;
            y += line;
        }
        let rule = y + line / 4;
        canvas.draw(&PathElement::new([(left, rule), (left + side, rule)], FAINT))?;
        y += line / 2;
    }
    Ok(())
}
