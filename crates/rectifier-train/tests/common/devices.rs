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

/// Lists of several devices, each of which begins with `first`: the same one several times, which gives each a thread of its own, and
/// where there is one a different device of the same kind.
#[allow(dead_code)]
pub fn pairs(first: &Device) -> Vec<Vec<Device>> {
    #[allow(unused_mut)]
    let mut lists = vec![vec![first.clone(); 2], vec![first.clone(); 3]];
    #[cfg(feature = "wgpu")]
    if *first == Device::wgpu(burn::tensor::DeviceKind::DefaultDevice) {
        // The same adapter opened twice where there is one alone, with a memory and a queue each.
        let other = Device::wgpu(burn::tensor::DeviceKind::Cpu);
        lists.push(vec![first.clone(), other]);
    }
    lists
}
