//! What a run is computed on.

#[cfg(any(feature = "gpu", feature = "cuda"))]
use super::SessionError;
use burn::tensor::Device;

/// The processor.
#[cfg(feature = "cpu")]
pub fn cpu_device() -> Device {
    Device::flex()
}

/// The GPU through wgpu: WebGPU in a browser; Vulkan, Metal or DX12 elsewhere.
///
/// # Errors
///
/// Where there is no adapter.
#[cfg(feature = "gpu")]
pub async fn gpu_device() -> Result<Device, SessionError> {
    Device::wgpu_options()
        .init_async()
        .await
        .map_err(|e| SessionError::Device(format!("no GPU for wgpu: {e}")))
}

/// The first CUDA device.
///
/// # Errors
///
/// Where there is none.
#[cfg(feature = "cuda")]
pub fn cuda_device() -> Result<Device, SessionError> {
    let device = Device::cuda(0usize);
    match device.sync() {
        Ok(()) => Ok(device),
        Err(e) => Err(SessionError::Device(format!("no CUDA device: {e:?}"))),
    }
}

/// What people call the device.
pub fn device_name(device: &Device) -> String {
    #[cfg(feature = "cpu")]
    if *device == Device::flex() {
        return match crate::parallel::parts(device, usize::MAX) {
            1 => "CPU, 1 thread".to_owned(),
            threads => format!("CPU, {threads} threads"),
        };
    }
    #[cfg(any(feature = "gpu", feature = "cuda"))]
    if let Some(identity) = device.identity() {
        return identity.name;
    }
    format!("{device:?}")
}
