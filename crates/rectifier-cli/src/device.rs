//! The devices this build can compute on.

use crate::error::CliError;
#[cfg(feature = "remote")]
use crate::remote;
use burn::tensor::{Device, Tensor};
use rectifier_train::panic_reason;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

/// A device that some build of the command has.
struct Kind {
    name: &'static str,
    title: &'static str,
    open: Option<Way>,
}

/// How a device is opened.
#[derive(Clone, Copy)]
enum Way {
    /// By its number among those of this machine.
    #[allow(dead_code, reason = "a build may have no device at all")]
    Numbered(fn(usize) -> Device),
    /// By the address of the machine that serves it.
    #[cfg(feature = "remote")]
    At(fn(&str) -> Result<Device, CliError>),
}

/// Every device a build could have, those of this build with a way to open them. The first compiled one is the default.
fn kinds() -> [Kind; 8] {
    [
        Kind {
            name: "flex",
            title: "CPU, pure Rust",
            #[cfg(feature = "flex")]
            open: Some(Way::Numbered(|_| Device::flex())),
            #[cfg(not(feature = "flex"))]
            open: None,
        },
        Kind {
            name: "ndarray",
            title: "CPU, ndarray",
            #[cfg(feature = "ndarray")]
            open: Some(Way::Numbered(ndarray)),
            #[cfg(not(feature = "ndarray"))]
            open: None,
        },
        Kind {
            name: "wgpu",
            title: "GPU, WebGPU shaders on any graphics interface",
            #[cfg(feature = "wgpu")]
            open: Some(Way::Numbered(|index| Device::wgpu(gpu(index)))),
            #[cfg(not(feature = "wgpu"))]
            open: None,
        },
        Kind {
            name: "vulkan",
            title: "GPU, Vulkan",
            #[cfg(feature = "vulkan")]
            open: Some(Way::Numbered(|index| Device::vulkan(gpu(index)))),
            #[cfg(not(feature = "vulkan"))]
            open: None,
        },
        Kind {
            name: "metal",
            title: "GPU, Metal (macOS)",
            #[cfg(feature = "metal")]
            open: Some(Way::Numbered(|index| Device::metal(gpu(index)))),
            #[cfg(not(feature = "metal"))]
            open: None,
        },
        Kind {
            name: "cuda",
            title: "GPU, CUDA (NVIDIA)",
            #[cfg(feature = "cuda")]
            open: Some(Way::Numbered(|index| Device::cuda(index))),
            #[cfg(not(feature = "cuda"))]
            open: None,
        },
        Kind {
            name: "rocm",
            title: "GPU, ROCm (AMD)",
            #[cfg(feature = "rocm")]
            open: Some(Way::Numbered(|index| Device::rocm(index))),
            #[cfg(not(feature = "rocm"))]
            open: None,
        },
        Kind {
            name: "remote",
            title: "a device that another machine serves (`serve-device`)",
            #[cfg(feature = "remote")]
            open: Some(Way::At(remote::open)),
            #[cfg(not(feature = "remote"))]
            open: None,
        },
    ]
}

/// burn-ndarray is deprecated since Burn 0.22 and leaves in 0.23; it is offered for comparison until then.
#[cfg(feature = "ndarray")]
#[allow(deprecated)]
fn ndarray(_index: usize) -> Device {
    Device::ndarray()
}

#[cfg(any(feature = "wgpu", feature = "vulkan", feature = "metal"))]
fn gpu(index: usize) -> burn::tensor::DeviceKind {
    match index {
        0 => burn::tensor::DeviceKind::DefaultDevice,
        index => burn::tensor::DeviceKind::DiscreteGpu(index),
    }
}

/// The names of the devices of this build that this machine may have, the default first.
pub fn compiled() -> Vec<&'static str> {
    kinds()
        .iter()
        .filter(|kind| matches!(kind.open, Some(Way::Numbered(_))))
        .map(|kind| kind.name)
        .collect()
}

/// Every device with its title, and whether this build has it.
pub fn all() -> Vec<(&'static str, &'static str, bool)> {
    kinds()
        .iter()
        .map(|kind| (kind.name, kind.title, kind.open.is_some()))
        .collect()
}

/// Opens the device `name` or `name:index`; the first of this build where none is named.
///
/// # Errors
/// [`CliError::Usage`] for a name this build has not, [`CliError::Failed`] for a device that is not there.
pub fn open(request: Option<&str>) -> Result<(String, Device), CliError> {
    let compiled = compiled();
    let request = match (request, compiled.first()) {
        (Some(request), _) => request,
        (None, Some(first)) => first,
        (None, None) => {
            return Err(CliError::Usage(
                "this build has no device: build it with --features flex".into(),
            ));
        }
    };
    let (name, rest) = match request.split_once(':') {
        Some((name, rest)) => (name, Some(rest)),
        None => (request, None),
    };
    let kinds = kinds();
    let Some(kind) = kinds.iter().find(|kind| kind.name == name) else {
        let known: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
        let text = format!(
            "there is no device `{name}`: this build has {}; others could have {}",
            compiled.join(", "),
            known.join(", ")
        );
        return Err(CliError::Usage(text));
    };
    let make = match kind.open {
        Some(Way::Numbered(make)) => make,
        #[cfg(feature = "remote")]
        Some(Way::At(at)) => {
            let address = rest.unwrap_or_default();
            return Ok((request.to_string(), at(address)?));
        }
        None => {
            return Err(CliError::Usage(format!(
                "this build has no device `{name}`, it has {}: build it with `cargo build --release --features {name}`",
                compiled.join(", ")
            )));
        }
    };
    let index = match rest {
        Some(rest) => rest
            .parse::<usize>()
            .map_err(|_| CliError::Usage(format!("--device {request}: `{rest}` is no number")))?,
        None => 0,
    };
    // The processor is one device, whatever its number of cores.
    if index > 0 && kind.title.starts_with("CPU") {
        return Err(CliError::Usage(format!(
            "--device {request}: there is one device {name}, leave the `:{index}` out"
        )));
    }
    let device = quietly(|| {
        let device = make(index);
        computes(&device).then_some(device)
    });
    match device {
        Ok(Some(device)) => Ok((request.to_string(), device)),
        Ok(None) => Err(CliError::Failed(format!(
            "device {request} computes 1 + 1 wrongly: update its driver"
        ))),
        Err(reason) => Err(CliError::Failed(format!(
            "device {request} cannot be used here ({reason}): is there such a device and its driver? \
             `--device {}` works everywhere",
            compiled.first().unwrap_or(&"flex")
        ))),
    }
}

/// Whether `device` adds rightly. One that is not there shows itself at its first use.
pub fn computes(device: &Device) -> bool {
    let two = Tensor::<1>::ones([2], device).sum().into_scalar::<f32>();
    two == 2.0
}

/// Runs `work`, turning a panic into its message and printing nothing. A device's own thread may be the first to panic, and
/// who waits for it only says that it is gone: the first message is the reason.
pub fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let first = Arc::new(Mutex::new(None));
    let hook = std::panic::take_hook();
    let heard = first.clone();
    std::panic::set_hook(Box::new(move |panic| {
        if let Ok(mut first) = heard.lock() {
            first.get_or_insert_with(|| panic_reason(panic.payload()).to_string());
        }
    }));
    let result = catch_unwind(AssertUnwindSafe(work));
    std::panic::set_hook(hook);
    let first = first.lock().ok().and_then(|mut first| first.take());
    result.map_err(|payload| first.unwrap_or_else(|| panic_reason(payload.as_ref()).to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_that_failed_first_says_why() {
        let waits = || {
            let failed = std::thread::spawn(|| panic!("no card here")).join();
            failed.map_err(|_| "the other thread is gone").unwrap();
        };
        assert_eq!(quietly(waits), Err("no card here".into()));
        assert_eq!(quietly(|| 2), Ok(2));
    }
}
