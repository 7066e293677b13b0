//! Numbers brought from the device to the host.
//!
//! A browser reads from a GPU only asynchronously, so every read but [`read_now`] is asynchronous. Each read waits for all
//! the work queued before it, so tensors that are needed together are read in one transaction.

use burn::tensor::{Tensor, Transaction};
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

/// Reads of the whole program so far.
static READS: AtomicUsize = AtomicUsize::new(0);

/// How many reads there have been, of all devices: everything that is read passes through this module.
pub(crate) fn reads() -> usize {
    READS.load(Ordering::Relaxed)
}

/// The numbers of a transaction's tensors, in one read.
///
/// # Errors
///
/// Where the device fails.
pub async fn read_all(transaction: Transaction) -> Result<Vec<Vec<f32>>, String> {
    pause().await;
    READS.fetch_add(1, Ordering::Relaxed);
    let data = transaction
        .execute_async()
        .await
        .map_err(|e| format!("device: {e}"))?;
    data.into_iter()
        .map(|d| d.try_to_vec::<f32>().map_err(|e| format!("{e:?}")))
        .collect()
}

/// Gives way once: a processor has every number at once, and whoever polls long work could not break it off.
async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The numbers of a tensor, without its gradients.
///
/// # Errors
///
/// Where the device fails.
pub async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, String> {
    let transaction = Transaction::default().register(tensor.without_autodiff());
    Ok(read_all(transaction).await?.remove(0))
}

/// The same within a step, for what the host computes on the way of a chain: not from the GPU of a browser
/// ([`reads_at_once`](super::device::reads_at_once)).
///
/// # Errors
///
/// Where the device fails.
pub fn read_now<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, String> {
    READS.fetch_add(1, Ordering::Relaxed);
    let data = tensor.without_autodiff().try_into_data();
    let data = data.map_err(|e| format!("device: {e}"))?;
    data.try_to_vec::<f32>().map_err(|e| format!("{e:?}"))
}
