//! Attention by heads, once queries, keys and values are there.

use burn::tensor::{Tensor, activation};

/// Queries, keys and values, side by side in `[rows·cells, 3·width]`, each `[rows, heads, cells, head]`.
pub(super) fn by_heads(all: &Tensor<2>, [rows, cells]: [usize; 2], heads: usize) -> [Tensor<4>; 3] {
    let width = all.dims()[1] / 3;
    [0, 1, 2].map(|at| {
        all.clone()
            .narrow(1, at * width, width)
            .reshape([rows, cells, heads, width / heads])
            .swap_dims(1, 2)
    })
}

/// Values mixed by softmax(query·keyᵀ/√head + unseen), `[rows·cells, width]`.
pub(super) fn attend(
    query: Tensor<4>,
    key: Tensor<4>,
    value: Tensor<4>,
    unseen: Option<Tensor<4>>,
) -> Tensor<2> {
    let [rows, heads, cells, head] = query.dims();
    let scores = query.matmul(key.swap_dims(2, 3)).div_scalar((head as f64).sqrt());
    let scores = match unseen {
        None => scores,
        Some(unseen) => scores + unseen,
    };
    let mixed = activation::softmax(scores, 3).matmul(value);
    mixed.swap_dims(1, 2).reshape([rows * cells, heads * head])
}
