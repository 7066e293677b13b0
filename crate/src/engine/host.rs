//! Numbers brought from the device to the host.
//!
//! A browser gives a GPU's numbers only to those who await them, so every read is asynchronous. What is
//! needed together is read together: each read waits for all the work that was queued before it.

use burn::tensor::{Tensor, Transaction};

/// The numbers of a transaction's tensors, in one read.
///
/// # Errors
///
/// Where the device fails.
pub async fn read_all(transaction: Transaction) -> Result<Vec<Vec<f32>>, String> {
    let data = transaction.execute_async().await.map_err(|e| e.to_string())?;
    data.into_iter()
        .map(|d| d.try_to_vec::<f32>().map_err(|e| format!("{e:?}")))
        .collect()
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
