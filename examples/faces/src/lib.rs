//! Finds faces in photographs by MTCNN (K. Zhang, Z. Zhang, Z. Li, Y. Qiao: Joint Face Detection and Alignment Using Multitask Cascaded
//! Convolutional Networks, 2016): three small networks, the first one over the photograph in many sizes.
//!
//! ```
//! use example_faces::{Detector, Picture};
//!
//! let photo = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/astronaut.jpg"))?.to_rgb8();
//! let faces = Detector::new()?.faces(&Picture::new(&photo))?;
//! assert_eq!(faces.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod area;
mod detector;
mod draw;
mod face;
pub mod networks;
mod picture;

pub use area::Area;
pub use detector::Detector;
pub use draw::draw;
pub use face::{Face, Landmarks};
pub use picture::Picture;
