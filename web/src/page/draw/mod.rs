//! Drawing on canvases.

pub mod color;
pub mod export;
pub mod image;
pub mod mosaic;
pub mod ridges;
pub mod surface;

pub use surface::Surface;
