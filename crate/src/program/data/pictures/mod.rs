//! Pictures (PNG or JPEG) of a folder, in a folder for each class.

use super::{Labelled, hash, last_part};
use crate::program::error::ProgramError;
use crate::program::storage;
use image::{DynamicImage, imageops::FilterType};
use rtb::run::ConfigError;
use rtb::task::images::Shape;
use rtb::task::images::data::{Images, MOST_CLASSES};
use std::fs;
use std::path::{Path, PathBuf};

/// The endings of pictures.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];
/// One picture of so many is held out.
const HELD_OUT: usize = 5;
/// Fewest pictures in all, and of a class.
const FEWEST: usize = 10;
const FEWEST_OF_CLASS: usize = 2;

/// How pictures become images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The side: what is longer than wide, or wider than long, is cut to its middle square, and that is resized.
    pub size: Option<usize>,
    /// Whether colours are left out.
    pub grey: bool,
}

/// A picture as an image.
struct Read {
    class: u8,
    shape: Shape,
    /// `[channels][height][width]`.
    pixels: Vec<u8>,
}

/// The pictures of a folder. Of every class one in five is held out. What comes first, and what is held out, is
/// decided by a hash of a picture's name, so that it does not depend on the machine.
///
/// # Errors
///
/// Where a file is no picture, sizes differ, or there are too few.
pub fn pictures(folder: &Path, form: Form) -> Result<Labelled, ProgramError> {
    let classes = classes(folder)?;
    check_counts(folder, &classes)?;
    let files = classes.iter().enumerate().flat_map(|(class, (name, files))| {
        let held_out = files.len().div_ceil(HELD_OUT);
        let keyed = by_hash(name, files).into_iter().enumerate();
        keyed.map(move |(place, (key, file))| (place < held_out, key, class as u8, file))
    });
    let mut files: Vec<_> = files.collect();
    files.sort();
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (is_held_out, _, class, file) in &files {
        let of = if *is_held_out { &mut test } else { &mut train };
        of.push((read(file, *class, form)?, *file));
    }
    let shape = common(train.iter().chain(&test))?;
    let names: Vec<String> = classes.iter().map(|(name, _)| name.clone()).collect();
    let images = |read: Vec<(Read, &PathBuf)>| {
        let labels = read.iter().map(|(read, _)| read.class).collect();
        let pixels = read
            .into_iter()
            .flat_map(|(read, _)| read.with_channels(shape.channels));
        Images::of(shape, names.clone(), pixels.collect(), labels)
            .map_err(|error| ProgramError::Data(format!("{}: {error}", folder.display())))
    };
    Ok(Labelled {
        train: images(train)?,
        test: images(test)?,
    })
}

/// The classes of a folder with their files, sorted; without folders in it, it is a class itself.
fn classes(folder: &Path) -> Result<Vec<(String, Vec<PathBuf>)>, ProgramError> {
    let (folders, files): (Vec<_>, Vec<_>) = listed(folder)?.into_iter().partition(|path| path.is_dir());
    if folders.is_empty() {
        all_pictures(&files)?;
        return Ok(vec![(last_part(folder), files)]);
    }
    if let Some(loose) = files.iter().find(|file| is_picture(file)) {
        return Err(refused(
            loose,
            "this picture lies beside the folders of the classes; move it into one of them",
        ));
    }
    let class = |folder: PathBuf| {
        let files = listed(&folder)?;
        match files.iter().find(|path| path.is_dir()) {
            Some(nested) => Err(refused(
                nested,
                "this folder lies in the folder of a class, where only pictures may be; --data wants the folder that \
                 holds the folders of the classes",
            )),
            None => all_pictures(&files).map(|()| (last_part(&folder), files)),
        }
    };
    folders.into_iter().map(class).collect()
}

/// What lies in a folder, sorted; hidden files are left out.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, ProgramError> {
    let failed = |e| ProgramError::file("list the folder", folder, e);
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_picture(path: &Path) -> bool {
    ENDINGS.contains(&storage::extension(path).as_str())
}

fn all_pictures(files: &[PathBuf]) -> Result<(), ProgramError> {
    match files.iter().find(|file| !is_picture(file)) {
        None => Ok(()),
        Some(other) => Err(refused(
            other,
            "this is not a picture; only files that end in .png, .jpg or .jpeg may lie here",
        )),
    }
}

fn refused(path: &Path, why: &str) -> ProgramError {
    ProgramError::Data(format!("{}: {why}", path.display()))
}

fn check_counts(folder: &Path, classes: &[(String, Vec<PathBuf>)]) -> Result<(), ProgramError> {
    let all: usize = classes.iter().map(|(_, files)| files.len()).sum();
    if all < FEWEST {
        return Err(refused(
            folder,
            &format!(
                "the folder has {all} pictures; use a folder with at least {FEWEST} PNG or JPEG files, in a folder for \
                 each class if there are classes"
            ),
        ));
    }
    if classes.len() > MOST_CLASSES {
        let count = classes.len();
        return Err(refused(
            folder,
            &format!("the folder has {count} classes; use at most {MOST_CLASSES}"),
        ));
    }
    match classes.iter().find(|(_, files)| files.len() < FEWEST_OF_CLASS) {
        None => Ok(()),
        Some((name, files)) => Err(refused(
            &folder.join(name),
            &format!(
                "the class has {} pictures; use at least {FEWEST_OF_CLASS}, of which one is held out",
                files.len()
            ),
        )),
    }
}

/// The files of a class in the order of a hash of class and name.
fn by_hash<'a>(class: &str, files: &'a [PathBuf]) -> Vec<(u64, &'a PathBuf)> {
    let key = |file: &Path| hash(&format!("{class}/{}", last_part(file)));
    let mut keyed: Vec<_> = files.iter().map(|file| (key(file), file)).collect();
    keyed.sort();
    keyed
}

/// A picture as an image, grey where it has no colours.
fn read(path: &Path, class: u8, form: Form) -> Result<Read, ProgramError> {
    let bytes = fs::read(path).map_err(|e| ProgramError::file("read the picture", path, e))?;
    let decoded = image::load_from_memory(&bytes)
        .map_err(|error| refused(path, &format!("this is not a picture that can be read ({error})")))?;
    let decoded = shown(decoded);
    let made = match form.size {
        Some(size) => resized(&decoded, size as u32),
        None => decoded,
    };
    let is_grey = form.grey || !made.color().has_color();
    let (channels, interleaved) = match is_grey {
        true => (1, made.to_luma8().into_raw()),
        false => (3, made.to_rgb8().into_raw()),
    };
    let of_channel = |channel: usize| interleaved.iter().skip(channel).step_by(channels).copied();
    Ok(Read {
        class,
        shape: Shape {
            channels,
            height: made.height() as usize,
            width: made.width() as usize,
        },
        pixels: (0..channels).flat_map(of_channel).collect(),
    })
}

/// A picture without transparency: what shows through is black.
fn shown(picture: DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return picture;
    }
    let has_color = picture.color().has_color();
    let mut pixels = picture.into_rgba8();
    for pixel in pixels.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let over_black = |value: u8| (u16::from(value) * u16::from(alpha) / 255) as u8;
        pixel.0 = [over_black(red), over_black(green), over_black(blue), 255];
    }
    let opaque = DynamicImage::ImageRgba8(pixels);
    match has_color {
        true => opaque.into_rgb8().into(),
        false => opaque.into_luma8().into(),
    }
}

/// The middle square of a picture at this side; the triangle averages over what becomes a pixel.
fn resized(picture: &DynamicImage, size: u32) -> DynamicImage {
    let side = picture.width().min(picture.height());
    let (left, top) = ((picture.width() - side) / 2, (picture.height() - side) / 2);
    let square = picture.crop_imm(left, top, side, side);
    square.resize_exact(size, size, FilterType::Triangle)
}

/// The shape that all images get: coloured, where one of them is.
fn common<'a>(mut all: impl Iterator<Item = &'a (Read, &'a PathBuf)> + Clone) -> Result<Shape, ProgramError> {
    let channels = all
        .clone()
        .map(|(read, _)| read.shape.channels)
        .max()
        .unwrap_or(1);
    let (first, its_file) = all.next().expect("there are pictures");
    let size = |shape: Shape| format!("{} × {}", shape.width, shape.height);
    let same = |read: &Read| [read.shape.height, read.shape.width] == [first.shape.height, first.shape.width];
    if let Some((other, file)) = all.find(|(read, _)| !same(read)) {
        return Err(refused(
            file,
            &format!(
                "this picture has {} pixels, and {} has {}; use --size N to make all of them N × N pixels",
                size(other.shape),
                its_file.display(),
                size(first.shape)
            ),
        ));
    }
    let shape = Shape {
        channels,
        ..first.shape
    };
    shape.checked().map_err(|_| {
        let why = format!(
            "the pictures have {} pixels; use --size N to make them N × N pixels, where N is one of the {}",
            size(shape),
            Shape::ALLOWED
        );
        refused(its_file, &why)
    })
}

impl Read {
    /// Its pixels in as many channels.
    fn with_channels(self, channels: usize) -> Vec<u8> {
        match self.shape.channels == channels {
            true => self.pixels,
            false => self.pixels.repeat(channels),
        }
    }
}

impl Form {
    /// Refuses a size that no network allows.
    ///
    /// # Errors
    ///
    /// Names the flag.
    pub fn check(self) -> Result<(), ConfigError> {
        match self.size {
            Some(size) if !Shape::allows(size) => Err(ConfigError::new("--size", size, Shape::ALLOWED)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
