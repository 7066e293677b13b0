//! Work in parts on the processor's threads. A GPU gets its work whole.
//!
//! Where a cut could change figures (sums in another order, products of other shapes), it depends on the rows
//! alone: a seed then means the same on every machine, however many cores it has.

use burn::tensor::Device;
use std::ops::Range;

/// Fewest rows worth a part.
#[cfg(not(target_family = "wasm"))]
const ROWS_A_PART: usize = 16;
/// Most parts of a batch. More would cost one or two threads the more small operations.
#[cfg(not(target_family = "wasm"))]
const MOST_PARTS: usize = 4;

/// How many parts `rows` rows are cut into on this device.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn parts(device: &Device, rows: usize) -> usize {
    if is_processor(device) {
        MOST_PARTS.min(rows / ROWS_A_PART).max(1)
    } else {
        1
    }
}

/// How many chunks this device works on at once.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn at_once(device: &Device) -> usize {
    if is_processor(device) { threads() } else { 1 }
}

/// Whether this is the processor.
pub(crate) fn is_processor(device: &Device) -> bool {
    #[cfg(feature = "cpu")]
    return *device == Device::flex();
    #[cfg(not(feature = "cpu"))]
    return {
        let _ = device;
        false
    };
}

/// How many parts `rows` rows are cut into on this device: wasm has one thread, and rounds otherwise than
/// the processor anyway.
#[cfg(target_family = "wasm")]
pub(crate) fn parts(_device: &Device, _rows: usize) -> usize {
    1
}

/// How many chunks this device works on at once.
#[cfg(target_family = "wasm")]
pub(crate) fn at_once(_device: &Device) -> usize {
    1
}

/// Rows of host work that are worth a thread.
const HOST_ROWS_A_PART: usize = 2000;

/// Applies `work` to every row of `size` numbers; results in the order of the rows.
pub(crate) fn over_rows<N: Sync, R: Send>(
    numbers: &[N],
    size: usize,
    work: impl Fn(&[N]) -> R + Sync + Send,
) -> Vec<R> {
    let rows = numbers.len() / size;
    let parts = threads().min(rows / HOST_ROWS_A_PART).max(1);
    let blocks: Vec<&[N]> = numbers.chunks(rows.div_ceil(parts).max(1) * size).collect();
    let made = map(blocks, |block| {
        block.chunks_exact(size).map(&work).collect::<Vec<R>>()
    });
    made.into_iter().flatten().collect()
}

/// Threads there are; asked once, as the answer takes reading files of the system.
#[cfg(not(target_family = "wasm"))]
fn threads() -> usize {
    static THREADS: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *THREADS.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// wasm has one thread.
#[cfg(target_family = "wasm")]
fn threads() -> usize {
    1
}

/// Applies `work` to every item, on as many threads as there are; results in the order of the items.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let workers = threads().min(items.len()).max(1);
    let mut runs = split(items, workers).into_iter();
    let first = runs.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let work = &work;
        let of_run = move |run: Vec<T>| run.into_iter().map(work).collect::<Vec<R>>();
        let others: Vec<_> = runs.map(|run| scope.spawn(move || of_run(run))).collect();
        let mut results = of_run(first);
        for other in others {
            match other.join() {
                Ok(made) => results.extend(made),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
}

/// Applies `work` to every item.
#[cfg(target_family = "wasm")]
pub(crate) fn map<T, R>(items: Vec<T>, work: impl Fn(T) -> R) -> Vec<R> {
    items.into_iter().map(work).collect()
}

/// `count` rows in chunks of at most `size`: the numbers and sizes of the chunks, as many together
/// as this device works on at once.
pub(crate) fn groups(device: &Device, count: usize, size: usize) -> Vec<Vec<(u64, usize)>> {
    let chunks: Vec<_> = (0..count.div_ceil(size))
        .map(|chunk| (chunk as u64, size.min(count - chunk * size)))
        .collect();
    chunks.chunks(at_once(device)).map(<[_]>::to_vec).collect()
}

/// `count` rows in chunks of at most `most`, smaller ones where that makes [`parts`] of them, as many
/// together as this device works on at once.
pub(crate) fn ranges(device: &Device, count: usize, most: usize) -> Vec<Vec<Range<usize>>> {
    let size = count.div_ceil(parts(device, count)).clamp(1, most);
    let range = |(chunk, rows): (u64, usize)| {
        let start = chunk as usize * size;
        start..start + rows
    };
    let groups = groups(device, count, size).into_iter();
    groups
        .map(|group| group.into_iter().map(range).collect())
        .collect()
}

/// Items in `parts` runs of nearly equal length.
pub(crate) fn split<T>(items: Vec<T>, parts: usize) -> Vec<Vec<T>> {
    let count = items.len();
    let mut items = items.into_iter();
    (0..parts)
        .map(|part| {
            let wanted = count * (part + 1) / parts - count * part / parts;
            items.by_ref().take(wanted).collect()
        })
        .collect()
}
