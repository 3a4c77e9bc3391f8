//! The devices this build can compute on.

use crate::error::CliError;
#[cfg(feature = "remote")]
use crate::remote;
#[cfg(any(feature = "wgpu", feature = "vulkan", feature = "metal"))]
use burn::tensor::DeviceKind;
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
    /// By its kind and number among the adapters of this machine's graphics interfaces.
    #[cfg(any(feature = "wgpu", feature = "vulkan", feature = "metal"))]
    Adapter(fn(DeviceKind) -> Device),
    /// By the address of the machine that serves it.
    #[cfg(feature = "remote")]
    At(fn(&str) -> Result<Device, CliError>),
}

impl Way {
    /// Whether it leads to a device of this machine.
    fn is_local(self) -> bool {
        match self {
            Self::Numbered(_) => true,
            #[cfg(any(feature = "wgpu", feature = "vulkan", feature = "metal"))]
            Self::Adapter(_) => true,
            #[cfg(feature = "remote")]
            Self::At(_) => false,
        }
    }

    /// The devices at `places` of `request`; the first one where there is no place.
    fn open(self, request: &str, places: &[&str]) -> Result<Vec<Device>, CliError> {
        let wrong = |why: &str| CliError::Usage(format!("--device {request}: {why}"));
        match self {
            Self::Numbered(make) => {
                let number = |place: &&str| place.parse::<usize>();
                let numbers: Result<Vec<usize>, _> = places.iter().map(number).collect();
                let mut numbers =
                    numbers.map_err(|_| wrong("its devices have numbers, such as 0 or 0,1"))?;
                if numbers.is_empty() {
                    numbers.push(0);
                }
                let open = |number: &usize| opened(request, || make(*number));
                numbers.iter().map(open).collect()
            }
            #[cfg(any(feature = "wgpu", feature = "vulkan", feature = "metal"))]
            Self::Adapter(make) => {
                let kinds = adapters(places).ok_or_else(|| {
                    wrong("its devices have numbers, such as 0 or 0,1, or are called cpu")
                })?;
                let open = |kind: DeviceKind| opened(request, || make(kind));
                kinds.into_iter().map(open).collect()
            }
            #[cfg(feature = "remote")]
            Self::At(at) => match places {
                [] => Ok(vec![at("")?]),
                [address] => Ok(vec![at(address)?]),
                _ => Err(wrong(
                    "one device of another machine at a time: give one address",
                )),
            },
        }
    }
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
            open: Some(Way::Adapter(Device::wgpu)),
            #[cfg(not(feature = "wgpu"))]
            open: None,
        },
        Kind {
            name: "vulkan",
            title: "GPU, Vulkan",
            #[cfg(feature = "vulkan")]
            open: Some(Way::Adapter(Device::vulkan)),
            #[cfg(not(feature = "vulkan"))]
            open: None,
        },
        Kind {
            name: "metal",
            title: "GPU, Metal (macOS)",
            #[cfg(feature = "metal")]
            open: Some(Way::Adapter(Device::metal)),
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

/// The names of the devices of this build that this machine may have, the default first.
pub fn compiled() -> Vec<&'static str> {
    kinds()
        .iter()
        .filter(|kind| kind.open.is_some_and(Way::is_local))
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

/// Devices of one kind that compute together.
pub struct Opened {
    /// What they were asked for by: `flex`, `cuda:0,1`.
    pub name: String,
    /// The first of them.
    pub device: Device,
    /// The others.
    pub further: Vec<Device>,
}

/// Opens the device `name` or `name:index`; the first of this build where none is named.
///
/// # Errors
/// As [`open_all`]; [`CliError::Usage`] for several devices.
pub fn open(request: Option<&str>) -> Result<(String, Device), CliError> {
    if let Some((request, (name, rest))) = request.zip(request.and_then(|r| r.split_once(':')))
        && let Some((first, _)) = rest.split_once(',')
    {
        return Err(CliError::Usage(format!(
            "--device {request}: this computes on one device, `train` and `experiment run` on several: give `--device {name}:{first}`"
        )));
    }
    open_all(request).map(|opened| (opened.name, opened.device))
}

/// Opens the device `name` or `name:index`, or several of a kind, `name:index,index`; the first of this build where none is named.
///
/// # Errors
/// [`CliError::Usage`] for a name this build has not, [`CliError::Failed`] for a device that is not there.
pub fn open_all(request: Option<&str>) -> Result<Opened, CliError> {
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
    let Some(way) = kind.open else {
        return Err(CliError::Usage(format!(
            "this build has no device `{name}`, it has {}: build it with `cargo build --release --features {name}`",
            compiled.join(", ")
        )));
    };
    let places: Vec<&str> = rest.map_or(Vec::new(), |rest| rest.split(',').collect());
    let wrong = |why: &str| CliError::Usage(format!("--device {request}: {why}"));
    // The processor is one device, whatever its number of cores.
    if kind.title.starts_with("CPU") && !matches!(places[..], [] | ["0"]) {
        let rest = rest.unwrap_or_default();
        return Err(wrong(&format!(
            "there is one device {name}, which uses all cores: leave the `:{rest}` out"
        )));
    }
    if let Some(twice) = (1..places.len()).find(|place| places[..*place].contains(&places[*place]))
    {
        return Err(wrong(&format!("`{}` stands there twice", places[twice])));
    }
    let mut devices = way.open(request, &places)?.into_iter();
    let device = devices.next().ok_or_else(|| wrong("no device is named"))?;
    Ok(Opened {
        name: request.to_string(),
        device,
        further: devices.collect(),
    })
}

/// The adapters of these names: a number of a graphics card, or `cpu` for a driver that computes on the processor. The first is
/// the best that there is, unless other cards are counted beside it.
#[cfg(any(feature = "wgpu", feature = "vulkan", feature = "metal"))]
fn adapters(places: &[&str]) -> Option<Vec<DeviceKind>> {
    let counted = places.iter().any(|place| !matches!(*place, "0" | "cpu"));
    let kind = |place: &&str| match (*place, place.parse::<usize>()) {
        ("cpu", _) => Some(DeviceKind::Cpu),
        (_, Ok(0)) if !counted => Some(DeviceKind::DefaultDevice),
        (_, Ok(number)) => Some(DeviceKind::DiscreteGpu(number)),
        (_, Err(_)) => None,
    };
    match places.is_empty() {
        true => Some(vec![DeviceKind::DefaultDevice]),
        false => places.iter().map(kind).collect(),
    }
}

/// The device that `make` makes, if it is there and computes.
fn opened(request: &str, make: impl FnOnce() -> Device) -> Result<Device, CliError> {
    let device = quietly(|| {
        let device = make();
        computes(&device).then_some(device)
    });
    match device {
        Ok(Some(device)) => Ok(device),
        Ok(None) => Err(CliError::Failed(format!(
            "device {request} computes 1 + 1 wrongly: update its driver"
        ))),
        Err(reason) => Err(CliError::Failed(format!(
            "device {request} cannot be used here ({reason}): is there such a device and its driver? \
             `--device {}` works everywhere",
            compiled().first().unwrap_or(&"flex")
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
