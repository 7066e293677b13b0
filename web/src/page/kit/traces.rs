//! Trajectories with what they leave behind them.

use super::color;
use super::shared::Shared;
use super::surface::{Surface, point_at};
use rtb::message::Paths;

/// The part of diffusion time that a trace lasts.
const LASTS: f64 = 0.28;
/// Pieces of a trace, each fainter than the next.
const PIECES: usize = 12;
/// How opaque a whole way is.
const WAYS: f64 = 0.25;
/// Pixels across a point.
const RADIUS: f64 = 2.2;

/// What trajectories leave behind them.
#[derive(Clone, PartialEq)]
pub struct Traces {
    /// The group of each, and how many groups there are; every group has a colour of its own.
    pub groups: Shared<Vec<usize>>,
    pub count: usize,
    /// Whether the whole ways are drawn, too, faintly.
    pub ways: bool,
}

impl Surface {
    /// The points of trajectories at a step, each with the way that it came. States that are not numbers are not drawn.
    pub(super) fn traces(&self, paths: &Paths, step: f64, traces: &Traces, on_reward: bool, dark: bool) {
        let last = paths.steps.last().copied().unwrap_or_default() as f64;
        let back = LASTS * last;
        let members = |group: usize| {
            let all = 0..paths.count();
            all.filter(move |path| traces.groups.get(*path).copied().unwrap_or(0) == group)
        };
        let alone = if on_reward {
            self.ink.sample_on_reward
        } else {
            self.ink.sample
        };
        let colors: Vec<String> = match traces.count {
            0 | 1 => vec![alone.to_owned()],
            count => (0..count)
                .map(|group| color::of_group(group, count, dark))
                .collect(),
        };
        let c = &self.context;
        c.set_line_cap("round");
        c.set_line_join("round");
        if traces.ways {
            c.set_global_alpha(WAYS);
            c.set_line_width(self.scale);
            for (group, color) in colors.iter().enumerate() {
                c.set_stroke_style_str(color);
                for path in members(group) {
                    c.begin_path();
                    for at in 0..paths.steps.len() {
                        let (x, y) = self.pixel(paths.point(path, at).map(f64::from));
                        c.line_to(x, y);
                    }
                    c.stroke();
                }
            }
        }
        for piece in 0..PIECES {
            let at = |end: usize| (step - back * (1.0 - (piece + end) as f64 / PIECES as f64)).max(0.0);
            let (from, to) = (at(0), at(1));
            if to <= 0.0 {
                continue;
            }
            let share = (piece + 1) as f64 / PIECES as f64;
            c.set_global_alpha(0.75 * share * share);
            c.set_line_width((0.8 + 1.7 * share) * self.scale);
            for (group, color) in colors.iter().enumerate() {
                c.set_stroke_style_str(color);
                c.begin_path();
                for path in members(group) {
                    let [(x, y), (to_x, to_y)] =
                        [from, to].map(|step| self.pixel(point_at(paths, path, step)));
                    c.move_to(x, y);
                    c.line_to(to_x, to_y);
                }
                c.stroke();
            }
        }
        c.set_global_alpha(1.0);
        for (group, color) in colors.iter().enumerate() {
            for path in members(group) {
                let at = point_at(paths, path, step);
                c.set_fill_style_str(self.ink.surface);
                self.dot(at, RADIUS + 0.8);
                c.set_fill_style_str(color);
                self.dot(at, RADIUS);
            }
        }
    }
}
