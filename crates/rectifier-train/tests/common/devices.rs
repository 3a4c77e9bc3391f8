//! Every device of this build that a reference can be held against.

use burn::tensor::Device;

/// The devices, the processor first.
#[allow(clippy::vec_init_then_push, unused_mut)]
pub fn devices() -> Vec<Device> {
    let mut devices = vec![Device::flex()];
    #[cfg(feature = "ndarray")]
    {
        // The backend leaves Burn in 0.23; until then it is one of ours and held to the same numbers.
        #[allow(deprecated)]
        devices.push(Device::ndarray());
    }
    #[cfg(feature = "wgpu")]
    devices.push(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice));
    #[cfg(feature = "vulkan")]
    devices.push(Device::vulkan(burn::tensor::DeviceKind::DefaultDevice));
    #[cfg(feature = "cuda")]
    devices.push(Device::cuda(0));
    devices
}
