//! What the page is built of: inputs, panels, charts and pictures, which know numbers, rows and
//! Html, and no task.

pub mod animation;
pub mod axis;
pub mod brush;
pub mod chart;
pub mod color;
pub mod corner;
pub mod field;
pub mod files;
pub mod fold;
pub mod frame;
pub mod kept;
pub mod listed;
pub mod math;
pub mod mosaic;
pub mod number;
pub mod paint;
pub mod painting;
pub mod panel;
pub mod picture;
pub mod place;
pub mod ridges;
pub mod selection;
pub mod settled;
pub mod shared;
pub mod sheet;
pub mod size;
pub mod storage;
pub mod surface;
pub mod theme;
pub mod thinned;
pub mod thumbnail;
pub mod timeline;
pub mod typed;
