//! A task's own data inside general messages.

use super::{from_bytes, to_bytes};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A value as MessagePack; code that knows its type unpacks it, once.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Packed {
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    /// A page asks again and again while it draws.
    #[serde(skip)]
    unpacked: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Packed {
    /// Packs a value.
    pub fn new(value: &impl Serialize) -> Self {
        Self {
            bytes: to_bytes(value),
            unpacked: OnceLock::new(),
        }
    }

    /// The value; `None` if it has another type.
    pub fn of<T: DeserializeOwned + Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        if let Some(known) = self.unpacked.get() {
            return known.clone().downcast().ok();
        }
        let value: Arc<T> = Arc::new(from_bytes(&self.bytes).ok()?);
        // Whoever was first has put an equal value there.
        let _ = self.unpacked.set(value.clone());
        Some(value)
    }
}

impl PartialEq for Packed {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Packed({} bytes)", self.bytes.len())
    }
}
